"""Run what a page of the guide tells its reader to run, and put what it prints into the page.

In a page, a fence ``yaml title="mine.yaml"`` is a file the reader makes; in a fence ``console`` every line that starts
with ``$`` is a command and the lines below it are what it prints; fences ``python`` are one script after the other,
each followed by a fence ``text`` with what it prints. A ``python`` fence with a title makes the picture of that name
from its variable ``figure``. Fences of any other kind are only read. Commands run first, in order, then the script.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tanshi.errors import TanshiError
from tanshi.simulator.machine.places import checkout, search_path

ROOT = checkout() or Path.cwd()
FENCE = re.compile(r"^```(?P<kind>\w+)(?P<info>[^\n]*)\n(?P<body>.*?)^```\n", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"\n```text\n.*?^```\n", re.MULTILINE | re.DOTALL)
BETWEEN = "-- end of block --"
LONGEST = 600
"""Seconds that one command or script may take."""


class PageError(TanshiError, RuntimeError):
    """A page whose command or code does not run."""

    exit_code = 1


@dataclass(frozen=True)
class Fence:
    """One fenced block of a page.

    Attributes
    ----------
    start, end
        Where it stands in the page, both fences included.
    """

    kind: str
    title: str
    body: str
    start: int
    end: int


def fences(page: str) -> Iterator[Fence]:
    r"""All fenced blocks of a page in order.

    Examples
    --------
    >>> [(f.kind, f.title, f.body) for f in fences('``' '`yaml title="a.yaml"\nseed: 1\n``' '`\n')]
    [('yaml', 'a.yaml', 'seed: 1\n')]
    """
    for found in FENCE.finditer(page):
        title = re.search(r'title="([^"]*)"', found["info"])
        yield Fence(found["kind"], title[1] if title else "", found["body"], found.start(), found.end())


def remake(page: str, folder: Path, pictures: Path | None = None) -> str:
    """The page with the output of its commands and code as they print it now.

    Parameters
    ----------
    folder
        An empty folder in which the reader would work.
    pictures
        Folder for the pictures of titled ``python`` fences; by default they are not drawn.

    Raises
    ------
    PageError
        Where code fails, or a command fails in another way than by refusing what it was given (exit code 2).
    """
    replaced: list[tuple[int, int, str]] = []
    scripts: list[Fence] = []
    for fence in fences(page):
        if fence.kind == "python":
            scripts.append(fence)
        elif fence.kind == "console":
            body = "".join(f"$ {command}\n{run_command(command, folder)}" for command in commands_of(fence.body))
            replaced.append((fence.start, fence.end, f"```console\n{body}```\n"))
        elif fence.title:
            (folder / fence.title).write_text(fence.body, encoding="utf-8")
    for fence, printed in zip(scripts, run_scripts(scripts, folder, pictures), strict=True):
        below = PRINTS.match(page, fence.end)
        text = f"\n```text\n{printed}```\n" if printed else ""
        replaced.append((fence.end, below.end() if below else fence.end, text))
    for start, end, text in sorted(replaced, reverse=True):
        page = page[:start] + text + page[end:]
    return page


def commands_of(body: str) -> list[str]:
    r"""The commands of a console block.

    Examples
    --------
    >>> commands_of("$ tanshi params cap\nwhat it prints\n$ ls\n")
    ['tanshi params cap', 'ls']
    """
    return [line[2:] for line in body.splitlines() if line.startswith("$ ")]


def run_command(command: str, folder: Path) -> str:
    """What a command prints; where it refuses what it was given, its message."""
    here = f'tanshi() {{ "{sys.executable}" -m tanshi "$@"; }}\n'  # this very program, whatever else is installed
    done = subprocess.run(
        ["bash", "-c", here + command],
        cwd=folder, env=_environment(), capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 2):
        raise PageError(
            "{command}\nends with code {returncode}:\n{stdout}{stderr}",
            command=command,
            returncode=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr,
        )
    return _tidy(done.stdout + (done.stderr if done.returncode else ""))


def run_scripts(blocks: Sequence[Fence], folder: Path, pictures: Path | None = None) -> list[str]:
    """What each block prints when all run one after the other in one process."""
    if not blocks:
        return []
    script = ""
    for block in blocks:
        script += block.body
        if block.title and pictures is not None:
            place = str(pictures / f"{block.title}.png")
            script += "from tanshi.simulator.machine.disk import write_file\n"
            script += "from tanshi.simulator.views.charts.style import png\n"
            script += f"write_file({place!r}, png(figure))\n"
        script += f"print({BETWEEN!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder, env=_environment(), capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip
    if done.returncode:
        raise PageError("the code of the page fails:\n{stderr}", stderr=done.stderr)
    return [_tidy(part) for part in done.stdout.split(BETWEEN + "\n")[: len(blocks)]]


def _environment() -> dict[str, str]:
    """As on the reader's machine: the project's Python first, a terminal of 80 columns without colours."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORCE_", "CLICOLOR"))}
    return kept | {"PATH": paths, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb", "PYTHONPATH": str(search_path())}


def _tidy(text: str) -> str:
    """Without blanks at the ends of lines and empty lines at either end."""
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)
