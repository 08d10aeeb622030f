"""The commands: one module a command, ``app`` joins them."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The command ``tanshi``; returns its exit code: 0 done, 1 a run failed, 2 the user's mistake."""
    from tanshi.simulator.machine.threads import use_one_thread

    use_one_thread()  # before anything below imports NumPy
    from tanshi.simulator.cli.app import main as run

    return run(arguments)
