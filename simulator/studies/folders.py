"""A folder of results that is there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from scenarios.errors import Problem, UserError
from simulator.disk import StoreError, write_file


def claim_folder(folder: Path | str, record: str, *, overwrite: bool = False) -> Path:
    """Ask for the place of the results before the work is done.

    Parameters
    ----------
    record : name of the file by which an earlier result of the same command is known.

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
    got = "earlier results" if hint else "other files" if place.is_dir() else "a file"
    raise UserError(
        "The results cannot be written.", [Problem("a new or empty folder", f"{got} in {place}", "--out", hint=hint)]
    )


def write_folder(folder: Path | str, files: Mapping[str, bytes]) -> Path:
    """Write all files beside the folder and rename it into place: there whole or not at all.

    Raises
    ------
    StoreError
        Where the disk refuses; an earlier folder is still there.
    """
    place = Path(folder)
    mark = secrets.token_hex(4)
    part, earlier = (place.with_name(f".{place.name}.{mark}.{end}") for end in ("part", "old"))
    try:
        for name, content in files.items():
            write_file(part / name, content)
        if place.exists():
            os.rename(place, earlier)
        os.rename(part, place)
    except OSError as error:
        raise StoreError(f"cannot write results to {place}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if earlier.exists() and not place.exists():
            os.rename(earlier, place)
        shutil.rmtree(earlier, ignore_errors=True)
    return place
