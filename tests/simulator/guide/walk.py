"""The steps of an executed page: its blocks of commands and its script, each with what it needs of the others."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tanshi.simulator.guide.execute import Fence, commands_of, fences, remake

MADE = re.compile(r"(?:--out|new table|new economy|new scenario) +(\S+)")
"""What a command leaves behind, which a later step may name."""


@dataclass(frozen=True)
class Step:
    """One step of a page.

    Attributes
    ----------
    title
        Its first command, or ``script``.
    text
        The part of the page that it runs, with what the page says it prints.
    needs
        Titles of earlier steps whose files it names.
    """

    title: str
    text: str
    needs: tuple[str, ...]


def steps(page: str) -> list[Step]:
    """The steps of a page, in order."""
    found: list[Step] = []
    made: dict[str, str] = {}
    files = ""
    for fence in fences(page):
        if fence.kind == "console":
            commands = commands_of(fence.body)
            body = page[fence.start : fence.end]
            found.append(Step(commands[0], files + body, _needed(body, made)))
            made |= {name: commands[0] for command in commands for name in MADE.findall(command)}
        elif fence.title and fence.kind != "python":
            files += page[fence.start : fence.end]
    if scripts := [fence for fence in fences(page) if fence.kind == "python"]:
        code = "".join(fence.body for fence in scripts)
        found.append(
            Step("script", _without(page, [f for f in fences(page) if f.kind == "console"]), _needed(code, made))
        )
    return found


def _needed(text: str, made: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(title for name, title in made.items() if name in text))


def _without(page: str, left_out: list[Fence]) -> str:
    for fence in sorted(left_out, key=lambda one: -one.start):
        page = page[: fence.start] + page[fence.end :]
    return page


@dataclass
class Walk:
    """A reader's folder, in which steps are taken at most once."""

    folder: Path
    steps: list[Step]
    printed: dict[str, str] = field(default_factory=dict)

    def take(self, title: str) -> str:
        """The step's text with what it prints now, after the steps that it needs."""
        if title not in self.printed:
            step = next(step for step in self.steps if step.title == title)
            for earlier in step.needs:
                self.take(earlier)
            self.printed[title] = remake(step.text, self.folder)
        return self.printed[title]
