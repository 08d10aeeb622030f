"""The commands: one module a command, ``app`` joins them."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The command ``tanshi``; returns its exit code: 0 done, 1 a run failed, 2 the user's mistake."""
    from tanshi.numerics.threads import use_one_thread
    from tanshi.simulator.machine.memory import collect_seldom

    collect_seldom()
    use_one_thread()  # before anything below imports NumPy
    try:
        from tanshi.simulator.cli.app import main as run
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "tanshi"):
            raise
        print(_not_set_up(package), file=sys.stderr)
        return 2

    return run(arguments)


def _not_set_up(package: str) -> str:
    """What is said where a checkout is opened by a Python without the packages that the program needs."""
    from tanshi.language import say

    return say(
        "Error: this Python ({python}) has no {package}, which the program needs. In a checkout, make run makes an "
        "environment in .venv that has all of it; elsewhere run {python} -m pip install tanshi.",
        python=sys.executable,
        package=package,
    )
