"""``python -m tanshi``: the command."""

from tanshi.simulator.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
