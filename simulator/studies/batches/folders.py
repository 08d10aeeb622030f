"""A folder of results that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tanshi.errors import Message
from tanshi.language import mark
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.store import publish


def claim_folder(folder: Path | str, record: str, *, overwrite: bool = False) -> Path:
    """Ask for the place of the results before the work is done.

    Parameters
    ----------
    record
        Name of the file by which an earlier result of the same command is known.

    Raises
    ------
    UserError
        Where something else is there, or earlier results and `overwrite` was not asked.
    """
    place = Path(folder)
    hint = ""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return place
    if place.is_dir() and (place / record).is_file():
        if overwrite:
            return place
        hint = "Add --overwrite to replace them."
    got = mark("earlier results") if hint else mark("other files") if place.is_dir() else mark("a file")
    raise UserError(
        "The results cannot be written.",
        [Problem("a new or empty folder", Message("{got} in {place}", got=got, place=place), "--out", hint=hint)],
    )


def write_folder(folder: Path | str, files: Mapping[str, bytes]) -> Path:
    """Write all files beside the folder and rename it into place: there whole or not at all.

    Raises
    ------
    StoreError
        Where the disk refuses; an earlier folder is still there.
    """
    place = Path(folder)

    def fill(part: Path) -> None:
        for name, content in files.items():
            write_file(part / name, content)

    publish(place, fill)
    return place
