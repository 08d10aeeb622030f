"""Years that a scenario does not say itself follow the benchmark year of its economy."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tanshi.scenarios.document import Document, Mark
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.gathering import economies_of

YEARS: tuple[tuple[str, ...], ...] = (("years", "start"), ("years", "end"), ("policy_start",))
DEFAULTS = {("years", "start"): 2022, ("years", "end"): 2030, ("policy_start",): 2023}
"""Years of the built-in scenarios, on accounts of 2022."""


def base_year(economy: str) -> int | None:
    """Benchmark year of an economy as its table ``controls`` says, else 2022; None without the economy."""
    from tanshi.scenarios.economy import BASE_YEAR, economy_folder  # reads tables: only where an economy is asked for

    try:
        path = economy_folder(economy) / "controls.csv"
    except UserError:
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            said = [row.get("value") for row in csv.DictReader(file) if row.get("item") == "base_year"]
        return int(float(said[0] or "")) if said else BASE_YEAR
    except (OSError, ValueError):
        return None  # a table that cannot be read is told when the run opens the economy


def follow_the_economy(document: Document, library: Path) -> None:
    """Move first year, last year and policy start, where no file or option of the user says them, with the accounts."""
    named = [year for name in economies_of(document.values) if (year := base_year(name)) is not None]
    year = max(named, default=None)  # several economies begin together, in the latest year among them
    if year is None or year == DEFAULTS["years", "start"]:
        return
    shift = year - DEFAULTS["years", "start"]
    for keys in YEARS:
        if _users_own(document, keys, library):
            continue
        group: Any = document.values
        for key in keys[:-1]:
            group = group.setdefault(key, {})
        if isinstance(group, dict):
            value = group.get(keys[-1], DEFAULTS[keys])
            group[keys[-1]] = value + shift if isinstance(value, int) else value
            document.marks.setdefault(keys, Mark(""))


def _users_own(document: Document, keys: tuple[str, ...], library: Path) -> bool:
    """Whether a value stands in a file or option of the user and not in a built-in scenario."""
    group: Any = document.values
    for key in keys:
        if not isinstance(group, Mapping) or key not in group:
            return False
        group = group[key]
    mark = next((document.marks[keys[:i]] for i in range(len(keys), 0, -1) if keys[:i] in document.marks), Mark(""))
    return bool(mark.file) and Path(mark.file).resolve().parent != library.resolve()
