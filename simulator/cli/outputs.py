"""What a command will write is refused before it works for minutes, not after."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, visible
from tanshi.scenarios.folder_names import no_name
from tanshi.simulator.machine.examine import cannot_write

REFUSAL = "The results cannot be written."
ON_WINDOWS = os.name == "nt"


def writable_folder(option: typer.CallbackParam, value: Path | None) -> Path | None:
    """A folder given on the command line, if one can be made there.

    Raises
    ------
    UserError
        Where a file is in the way, the name is too long, or the place may not be written to.
    """
    if value is not None:
        _refuse_unless(_why_not(value, is_folder=True), "a folder that can be written", value, option)
    return value


def writable_file(option: typer.CallbackParam, value: Path | None) -> Path | None:
    """A file given on the command line, if it can be written there.

    Raises
    ------
    UserError
        As `writable_folder`, and where a folder is in the way.
    """
    if value is not None:
        _refuse_unless(_why_not(value, is_folder=False), "a file that can be written", value, option)
    return value


def _refuse_unless(why: str, expected: str, value: Path, option: typer.CallbackParam) -> None:
    if why:
        name = max(option.opts, key=len)
        raise UserError(REFUSAL, [Problem(expected, Message("{value}: {why}", value=_short(value), why=why), name)])


def _why_not(path: Path, *, is_folder: bool) -> str:
    """Why nothing can be written at a path, or an empty text."""
    if visible(str(path)) != str(path):
        return Message("its name has signs that cannot be seen")
    try:
        if ON_WINDOWS and (no := next((part for part in path.parts[bool(path.anchor) :] if no_name(part)), "")):
            return Message("Windows has no name {name}", name=no)
        if path.exists():
            if path.is_dir() != is_folder:
                return Message("it is a folder") if path.is_dir() else Message("it is a file")
            if not path.is_dir():
                return "" if os.access(path, os.W_OK) else Message("permission denied")
            return cannot_write(path)
        above = next(parent for parent in path.absolute().parents if parent.exists())
        if not above.is_dir():
            return Message("{path} is a file", path=above)
        longest = max(len(os.fsencode(part)) for part in path.parts)
        if longest > os.pathconf(above, "PC_NAME_MAX") if hasattr(os, "pathconf") else longest > 255:
            return Message("its name is too long")
        why = cannot_write(above)  # tried, since root may do everything and yet nothing in /proc
        return Message("{why} in {path}", why=why, path=above) if why else ""
    except (OSError, ValueError) as error:
        return (getattr(error, "strerror", None) or str(error)).lower()


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 80 else f"{text[:40]}...{text[-36:]}"


Results = Annotated[
    Path | None,
    typer.Option(callback=writable_folder, help="Folder for the results. Default: results/<time>.", show_default=False),
]
Reference = Annotated[
    str | None,
    typer.Option(
        metavar="SCENARIO",
        help="Scenario beside which the others are laid. Default: S1, or the first where S1 is not among them.",
        show_default=False,
    ),
]
Joint = Annotated[
    bool, typer.Option("--joint", help="Of several provinces in one market, tell what they add up to as well.")
]
NamedResults = Annotated[
    Path | None,
    typer.Option(
        callback=writable_folder, help="Folder for the results. Default: results/<name>-<time>.", show_default=False
    ),
]
