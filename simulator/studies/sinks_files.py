"""Results of the forest sinks into a folder that is there whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from scenarios.errors import Problem, UserError
from simulator.disk import StoreError, write_file
from simulator.studies.sinks import SinksResult

RECORD = "sinks.json"
#: Column to its unit, which a file's header carries.
UNITS = (
    dict.fromkeys(
        (
            "shadow_price", "lowest_price", "highest_price", "band_low", "band_high", "true_price", "lowest", "highest",
            "recomputed", "printed", "difference", "demand_price", "bid", "price", "expectation", "entropy",
            "hyper_entropy", "printed_expectation", "printed_entropy", "printed_hyper_entropy",
        ),
        "yuan_per_t",
    )
    | dict.fromkeys(("inefficiency", "true_inefficiency"), "means")
    | {"quantity": "t_per_year"}
)  # fmt: skip


def files_of(result: SinksResult, figures: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files of a result by name: tables as CSV, figures as PNG, the settings as JSON."""
    out = {
        f"{name}.csv": table.rename(columns=_with_unit)
        .to_csv(index=False, float_format="%.10g", lineterminator="\n")
        .encode()
        for name, table in result.tables.items()
    }
    out |= {f"{name}.png": content for name, content in figures.items()}
    record = {"units": result.source or "published ranges and made-up survey", "settings": asdict(result.settings)}
    out[RECORD] = (json.dumps(record | {"words": result.words}, indent=1, ensure_ascii=False) + "\n").encode()
    return out


def _with_unit(column: str) -> str:
    return f"{column}_{UNITS[column]}" if column in UNITS else column


def claim(folder: Path | str, *, overwrite: bool = False) -> Path:
    """Ask for the place of the results before the work is done.

    Raises
    ------
    UserError
        Where something else is there, or earlier results and `overwrite` was not asked.
    """
    place = Path(folder)
    hint = ""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return place
    if place.is_dir() and (place / RECORD).is_file():
        if overwrite:
            return place
        hint = "Add --overwrite to replace them."
    got = "earlier results" if hint else "other files" if place.is_dir() else "a file"
    raise UserError(
        "The results cannot be written.", [Problem("a new or empty folder", f"{got} in {place}", "--out", hint=hint)]
    )


def write_results(folder: Path | str, files: Mapping[str, bytes]) -> Path:
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
