"""A progress bar on the terminal for everything that takes longer than a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tanshi.language import translate

REFRESH = 4
"""Times a second that the bar is drawn: more would take processor time from the runs that it counts."""


class Report(Protocol):
    """What a long computation calls as it goes on."""

    def __call__(self, name: str, done: int, total: int, note: str = "") -> None:
        """Show that ``done`` of ``total`` steps of ``name`` are done."""


@contextmanager
def bar() -> Iterator[Report]:
    """Show a bar for each name; yields ``progress(name, steps done, steps in all)``, with a note where there is one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=REFRESH) as shown:

        def progress(name: str, done: int, total: int, note: str = "") -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=total)
            told = f"{translate(name)}: {note}" if note else translate(name)
            shown.update(tasks[name], completed=done, total=total, description=told)

        yield progress
