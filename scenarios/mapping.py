"""Which of the model's sectors the sectors of a table belong to."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.scenarios.errors import Problem, UserError, did_you_mean
from tanshi.scenarios.national_table import NationalTable
from tanshi.scenarios.national_words import FINAL, fold

MAPPINGS = Path(__file__).parent / "mappings"
DEFAULT = MAPPINGS / "china_42.csv"
SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Row:
    """One line of a mapping."""

    line: int
    code: str
    names: tuple[str, ...]
    sector: str
    share: float


def read_mapping(path: Path, sectors: tuple[str, ...]) -> list[Row]:
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
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("The mapping cannot be read.", [Problem("text in UTF-8", str(error), str(path))]) from error
    reader = csv.DictReader(io.StringIO(text))
    columns = [str(name).strip() for name in reader.fieldnames or ()]
    missing = [name for name in ("code", "sector") if name not in columns]
    if missing:
        got = f"the columns {', '.join(columns) or 'none'}"
        problems = [Problem(f"the column {name}", got, str(path), 1, name) for name in missing]
        raise UserError("The mapping cannot be used.", problems)
    rows: list[Row] = []
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
            codes = f"one of {', '.join(sectors)}"
            problems.append(Problem(codes, repr(cell["sector"]), str(path), line, "sector", hint))
        try:
            share = float(cell.get("share") or 1.0)
        except ValueError:
            share = float("nan")
        if not 0.0 < share <= 1.0:
            problems.append(Problem("a share above 0, up to 1", repr(cell.get("share")), str(path), line, "share"))
        rows.append(Row(line, code, names, sector, share))
    for key, group in _groups(rows).items():
        total = sum(row.share for row in group)
        if not abs(total - 1.0) <= SHARE_TOLERANCE and not np.isnan(total):
            got = f"{total:g} over {', '.join(row.sector for row in group)}"
            problems.append(Problem("shares that add up to 1", got, str(path), group[0].line, key))
    if not rows:
        problems.append(Problem("at least one row", "none", str(path)))
    if problems:
        raise UserError("The mapping cannot be used.", problems)
    return rows


def _groups(rows: list[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(row.code or row.names[0], []).append(row)
    return out


def _code(text: str) -> str:
    """A code without leading zeros: spreadsheets drop them."""
    return fold(text).lstrip("0") if fold(text).isdigit() else fold(text)


def to_sectors(table: NationalTable, sectors: tuple[str, ...], path: Path | None = None) -> NationalTable:
    """Add up the sectors of a table to those of the model.

    A sector of the table that is split has the same inputs and buyers in all its parts.

    Parameters
    ----------
    table
        Any sectors.
    sectors
        The model's sectors.
    path
        Mapping; without one, sectors named as in the model stay, others are looked up in China's 42 sectors.

    Returns
    -------
    NationalTable
        The model's sectors in their order.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With every sector of the table that the mapping does not know, and every sector of the model that gets
        nothing.
    """
    if path is None:
        origin = f"the model or China's 42 sectors ({DEFAULT.name})"
        known = {s: [Row(0, s, (), s, 1.0)] for s in sectors} | _groups(read_mapping(DEFAULT, sectors))
    else:
        origin = str(path)
        known = _groups(read_mapping(path, sectors))
    groups = _looked_up(table, known, origin)
    weight = np.zeros((len(groups), len(sectors)))
    for i, group in enumerate(groups):
        for row in group:
            weight[i, sectors.index(row.sector)] += row.share
    names = list(sectors)
    out = NationalTable(
        file=table.file,
        labels=tuple((s,) for s in sectors),
        use=pd.DataFrame(weight.T @ table.use.to_numpy() @ weight, index=names, columns=names),
        final=pd.DataFrame(weight.T @ table.final.to_numpy(), index=names, columns=list(table.final.columns)),
        value_added=pd.DataFrame(
            table.value_added.to_numpy() @ weight, index=list(table.value_added.index), columns=names
        ),
        output=pd.Series(weight.T @ table.output.to_numpy(), index=names),
    )
    _usable(out, origin)
    return out


def _looked_up(table: NationalTable, groups: dict[str, list[Row]], origin: str) -> list[list[Row]]:
    """Rows of the mapping for every sector of the table: by name, else by code where no name speaks against it."""
    by_name = {fold(name): rows for rows in groups.values() for row in rows for name in row.names}
    by_code = {_code(rows[0].code): rows for rows in groups.values() if rows[0].code}
    found: list[list[Row]] = []
    problems: list[Problem] = []
    for words in table.labels:
        rows = next((by_name[fold(w)] for w in words if fold(w) in by_name), None)
        if rows is None:
            at = next((by_code[_code(w)] for w in words if _code(w) in by_code), None)
            bare = len(words) == 1 or (at is not None and not at[0].names)
            rows = at if bare else None
        if rows is None:
            name = " ".join(words)
            near = did_you_mean(words[-1], [n for g in groups.values() for row in g for n in row.names])
            hint = f"{near} Give its sector of the model in a mapping of your own: --map FILE.csv".strip()
            expected = f"a sector of {origin}"
            problems.append(Problem(expected, repr(name), table.file, field=f"sector {name}", hint=hint))
            continue
        found.append(rows)
    if problems:
        raise UserError("Sectors of the table are unknown.", problems)
    return found


def _usable(table: NationalTable, origin: str) -> None:
    """Refuse a table that leaves a sector of the model without what every sector needs."""
    problems: list[Problem] = []
    added = table.value_added
    split = f"Split another sector in the mapping, with a small share for this one. Now: {origin}."

    def add(expected: str, got: float, sector: str, hint: str = "") -> None:
        problems.append(Problem(expected, f"{got:.6g}", table.file, field=f"sector {sector} of the model", hint=hint))

    for s in table.sectors:
        output, value = float(table.output[s]), float(added[s].sum())
        if output <= 0.0:
            add("a gross output above 0", output, s, split)
            continue
        if value <= 0.0:
            add("a value added above 0", value, s)
        labour = float(added[s]["labour"])
        if labour <= 0.0:
            add("a labour compensation above 0", labour, s)
        if value >= output:
            add(f"a value added below gross output ({output:.6g})", value, s)
    for role in FINAL[:3]:
        if float(table.final[role].sum()) <= 0.0:
            problems.append(Problem("a total above 0", "0", table.file, field=role))
    if problems:
        raise UserError("The table cannot carry the model.", problems)
