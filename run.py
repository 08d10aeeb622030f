"""The old door: ``python run.py`` does what the command ``tanshi`` does, in a checkout without installing."""

from tanshi.simulator.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
