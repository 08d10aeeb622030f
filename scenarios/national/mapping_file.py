"""A mapping of sectors in a file: the columns code, name, english, sector, share."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean
from tanshi.scenarios.national.sheet import decoded, separator_of

SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class MapRow:
    """One line of a mapping."""

    line: int
    code: str
    names: tuple[str, ...]
    sector: str
    share: float


def read_mapping(path: Path, sectors: tuple[str, ...]) -> list[MapRow]:
    """Read a mapping: columns ``code, sector``, and ``name, english, share`` where wanted.

    Parameters
    ----------
    sectors
        The model's sectors.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With every problem: a missing file or column, unknown sectors of the model, shares that are no shares or
        do not add up to one.
    """
    if not path.is_file():
        problem = Problem("a mapping of sectors in CSV", "no such file", str(path))
        raise UserError("The mapping cannot be read.", [problem])
    text, _ = decoded(path.read_bytes(), str(path))
    reader = csv.DictReader(io.StringIO(text.replace("\r\n", "\n")), delimiter=separator_of(text))
    columns = [str(name).strip() for name in reader.fieldnames or ()]
    missing = [name for name in ("code", "sector") if name not in columns]
    if missing:
        got = Message("the columns {columns}", columns=", ".join(columns)) if columns else "no column"
        problems = [Problem(Message("the column {name}", name=name), got, str(path), 1, name) for name in missing]
        raise UserError("The mapping cannot be used.", problems)
    rows: list[MapRow] = []
    problems = []
    for record in reader:
        line = reader.line_num
        cell = {str(k).strip(): (v or "").strip() for k, v in record.items() if isinstance(v, str | None)}
        code, sector = cell["code"], cell["sector"].upper()
        names = tuple(n for n in (cell.get("name", ""), cell.get("english", "")) if n)
        if not (code or names):
            problems.append(Problem("the code or name of a sector", "nothing", str(path), line, "code"))
        if sector not in sectors:
            hint = did_you_mean(sector, list(sectors))
            codes = Message("one of {sectors}", sectors=", ".join(sectors))
            problems.append(Problem(codes, repr(cell["sector"]), str(path), line, "sector", hint))
        try:
            share = float(cell.get("share") or 1.0)
        except ValueError:
            share = float("nan")
        if not 0.0 < share <= 1.0:
            problems.append(Problem("a share above 0, up to 1", repr(cell.get("share")), str(path), line, "share"))
        rows.append(MapRow(line, code, names, sector, share))
    for key, group in groups_of(rows).items():
        total = sum(row.share for row in group)
        if not abs(total - 1.0) <= SHARE_TOLERANCE and not np.isnan(total):
            got = Message("{total:g} over {group}", total=total, group=", ".join(row.sector for row in group))
            problems.append(Problem("shares that add up to 1", got, str(path), group[0].line, key))
    if not rows:
        problems.append(Problem("at least one row", "none", str(path)))
    if problems:
        raise UserError("The mapping cannot be used.", problems)
    return rows


def groups_of(rows: Sequence[MapRow]) -> dict[str, list[MapRow]]:
    """Rows of every sector of the classification, by its code, or its name where it has none."""
    out: dict[str, list[MapRow]] = {}
    for row in rows:
        out.setdefault(row.code or row.names[0], []).append(row)
    return out
