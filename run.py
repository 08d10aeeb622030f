"""The door: ``python run.py`` runs the five scenarios, ``python run.py --help`` shows the rest."""

from simulator.threads import use_one_thread

use_one_thread()  # before anything below imports NumPy

from simulator.cli import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main())
