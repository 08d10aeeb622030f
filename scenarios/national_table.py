"""Read an input-output table as statistical offices print it; say everything that is wrong with it at once.

Rows and columns are found by name or code, Chinese or English, wherever they stand: the sectors first, then the
intermediate total, final uses, trade and gross output to the right, value added and total input below.

References
----------
National Bureau of Statistics of China (2020). Input-Output Tables of China 2018: layout, codes and names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national_words import (
    COLUMN_ROLES,
    COLUMNS,
    FINAL,
    NOT_NEGATIVE,
    ROW_ROLES,
    ROWS,
    TOTAL_WORDS,
    TRADE,
    UNIT_WORDS,
    UNITS,
    VALUE_ADDED,
    fold,
    named,
)
from tanshi.scenarios.sheet import Sheet, address, number, read_sheets

BALANCE = 1e-3
"""Largest accepted difference of a row or column, as a share of the sector's gross output."""


@dataclass(frozen=True)
class NationalTable:
    """An input-output table in yi yuan.

    Parameters
    ----------
    file : where it was read.
    labels : labels (code, name) of every sector.
    use : (n, n) intermediate use, row sells to column.
    final : (n, ...) columns `FINAL`, and of `TRADE` those that the table has.
    value_added : rows `VALUE_ADDED`, (4, n).
    output : (n,) gross output.
    """

    file: str
    labels: tuple[tuple[str, ...], ...]
    use: pd.DataFrame
    final: pd.DataFrame
    value_added: pd.DataFrame
    output: pd.Series

    @property
    def sectors(self) -> list[str]:
        """The sectors' keys."""
        return [str(s) for s in self.output.index]

    def gdp(self) -> float:
        """Gross domestic product, yi yuan."""
        return float(self.value_added.to_numpy().sum())

    def scaled(self, factor: float) -> NationalTable:
        """The same table with all money times a factor."""
        return replace(
            self,
            use=self.use * factor,
            final=self.final * factor,
            value_added=self.value_added * factor,
            output=self.output * factor,
        )


def read_table(path: Path, unit: str | None = None, sheet: str | None = None) -> NationalTable:
    """Read and check a table.

    Parameters
    ----------
    path
        CSV or XLSX.
    unit
        One of `UNITS`; by default what a cell of the table says.
    sheet
        Name of the sheet; by default the first that holds such a table.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With everything that is wrong, each with its cell, row or column.
    """
    sheets = read_sheets(path, sheet)
    found = [(s, _frame(s)) for s in sheets]
    good = [(s, frame) for s, frame in found if frame is not None]
    if not good:
        expected = (
            "column headings such as 居民消费 or household consumption, 总产出 or gross output, "
            "and row headings such as 劳动者报酬 or labour compensation"
        )
        hint = "To see the layout: tanshi new table example.csv"
        raise UserError(
            "No input-output table found.", [Problem(expected, "none of them", s.file, hint=hint) for s, _ in found]
        )
    return _Reading(*good[0]).table(unit)


@dataclass(frozen=True)
class _Frame:
    """Where the numbers begin: first row and column below and beside the headings."""

    top: int
    left: int


def _frame(sheet: Sheet) -> _Frame | None:
    """Find the headings: the lowest of the first rows with uses, the rightmost of the first columns with inputs."""
    top = [i + 1 for i, row in enumerate(sheet.cells[:15]) if sum(fold(cell) in COLUMN_ROLES for cell in row) >= 3]
    left = [j + 1 for j in range(min(6, sheet.width)) if sum(fold(row[j]) in ROW_ROLES for row in sheet.cells) >= 2]
    return _Frame(max(top), max(left)) if top and left else None


class _Reading:
    """One table being read; problems are gathered in the order in which they stand."""

    def __init__(self, sheet: Sheet, frame: _Frame) -> None:
        self.sheet, self.frame = sheet, frame
        self.problems: list[Problem] = []
        cells = sheet.cells
        column_labels = {
            j: tuple(cells[i][j].strip() for i in range(frame.top) if cells[i][j].strip())
            for j in range(frame.left, sheet.width)
        }
        row_labels = {
            i: tuple(cells[i][j].strip() for j in range(frame.left) if cells[i][j].strip())
            for i in range(frame.top, len(cells))
        }
        self.columns, self.sector_columns = self._sort(column_labels, COLUMN_ROLES, "column")
        self.rows, self.sector_rows = self._sort(row_labels, ROW_ROLES, "row")

    def table(self, unit: str | None) -> NationalTable:
        """The table, or every problem found."""
        factor = self._unit(unit)
        self._missing()
        labels = self._sectors()
        rows, columns = [i for i, _ in self.sector_rows], [j for j, _ in self.sector_columns]
        keys = [" ".join(labels_) for labels_ in labels]
        if len(rows) != len(columns) or not rows:
            raise self._error()
        use = pd.DataFrame([[self._cell(i, j) for j in columns] for i in rows], index=keys, columns=keys)
        final = pd.DataFrame({r: [self._cell(i, j) for i in rows] for r, j in self.columns.items()}, index=keys)
        added = pd.DataFrame([[self._cell(i, j) for j in columns] for i in self.rows.values()],
                             index=list(self.rows), columns=keys)  # fmt: skip
        self._signs(use, final, added, rows, columns)
        if "household" not in final and {"rural", "urban"} <= set(final):
            final["household"] = final["rural"] + final["urban"]
        if not ({*FINAL, "output"} <= set(final) and set(VALUE_ADDED) <= set(added.index)):
            raise self._error()
        self._balances(use, final, added, rows, columns, factor)
        if self.problems:
            raise self._error()
        kept = [role for role in (*FINAL, *TRADE) if role in final]
        table = NationalTable(
            self.sheet.file, tuple(labels), use, final[kept], added.loc[list(VALUE_ADDED)], final["output"]
        )
        return table.scaled(factor)

    def _error(self) -> UserError:
        return UserError("The input-output table cannot be used.", self.problems)

    def _add(self, expected: str, got: str, row: int | None = None, field: str = "", hint: str = "") -> None:
        self.problems.append(Problem(expected, got, self.sheet.file, None if row is None else row + 1, field, hint))

    # -- headings ------------------------------------------------------------------------------------------

    def _sort(
        self, labels: dict[int, tuple[str, ...]], roles: dict[str, str], kind: str
    ) -> tuple[dict[str, int], list[tuple[int, tuple[str, ...]]]]:
        """Part lines (rows or columns) into those with a role, and sectors, which stand before them."""
        found: dict[str, int] = {}
        sectors: list[tuple[int, tuple[str, ...]]] = []
        for place, words in labels.items():
            # of headings above one another the lowest, which stands nearest to the numbers, tells
            role = next((roles[fold(word)] for word in reversed(words) if fold(word) in roles), None)
            where = address(self.frame.top - 1, place) if kind == "column" else address(place, 0)
            if role is not None:
                if role in found:
                    self._add(f"one {kind} for {role}", f"a second one, {words[-1]!r}", field=f"cell {where}")
                found.setdefault(role, place)
            elif any(fold(word) in TOTAL_WORDS for word in words) or not self._numbers(place, kind):
                continue  # sums, notes and empty lines
            elif found:
                name = " ".join(words) or "nothing"
                known = ", ".join(COLUMNS if kind == "column" else ROWS)
                hint = f"After the first of these, every {kind} must be one of them; leave others out."
                self._add(f"the heading of {known}", repr(name), field=f"cell {where}", hint=hint)
            elif not words:
                self._add(f"the code or name of a sector at the head of the {kind}", "nothing", field=f"cell {where}")
            else:
                sectors.append((place, words if kind == "row" else _own(words)))
        return found, sectors

    def _numbers(self, place: int, kind: str) -> bool:
        cells = self.sheet.cells
        line: Iterable[str] = (
            (row[place] for row in cells[self.frame.top :]) if kind == "column" else cells[place][self.frame.left :]
        )
        return any(cell.strip() and number(cell) is not None for cell in line)

    def _missing(self) -> None:
        have = set(self.columns)
        need: list[tuple[str, ...]] = [(role,) for role in ("government", "fixed_investment", "stocks", "output")]
        if not {"rural", "urban"} <= have:
            need.insert(0, ("household",))
        need += [("export", "outflow", "net_outflow"), ("import", "inflow", "net_outflow")]
        for roles in need:
            if not have & set(roles):
                words = " or ".join(named(COLUMNS[role]) for role in roles)
                self._add(f"a column headed {words}", "none", field=" or ".join(roles))
        for role in VALUE_ADDED:
            if role not in self.rows:
                self._add(f"a row headed {named(ROWS[role])}", "none", field=role)

    def _sectors(self) -> list[tuple[str, ...]]:
        """Labels of the sectors; rows and columns must be the same sectors in the same order."""
        rows, columns = [words for _, words in self.sector_rows], [words for _, words in self.sector_columns]
        if not rows:
            self._add("a row for every sector above the rows of value added", "none", field="sectors")
        for here, there, kind, other in ((rows, columns, "row", "column"), (columns, rows, "column", "row")):
            known = {fold(word) for words in there for word in words}
            for words in here:
                if not known & {fold(word) for word in words}:
                    name = " ".join(words)
                    self._add(f"a {other} for the sector of the {kind} {name!r}", "none", field=name)
        if len(rows) == len(columns) and not self.problems:
            for (i, row), column in zip(self.sector_rows, columns, strict=True):
                if not {fold(word) for word in row} & {fold(word) for word in column}:
                    got = f"column {' '.join(column)!r}"
                    self._add(f"columns in the order of the rows, here {' '.join(row)!r}", got, i, "sectors")
        seen: dict[str, int] = {}
        for i, words in self.sector_rows:
            key = " ".join(words)
            if key in seen:
                self._add("every sector once", f"{key!r} again, as in row {seen[key] + 1}", i, "sectors")
            seen.setdefault(key, i)
        return list(rows)

    # -- numbers -------------------------------------------------------------------------------------------

    def _cell(self, row: int, column: int) -> float:
        text = self.sheet.cells[row][column]
        value = number(text)
        if value is None:
            self._add("a number", repr(text), field=f"cell {address(row, column)}")
            return float("nan")
        return value

    def _unit(self, unit: str | None) -> float:
        if unit is not None and unit not in UNITS:
            self._add(f"one of {', '.join(UNITS)}", repr(unit), field="--unit")
        if unit is None:
            words = {fold(cell) for row in self.sheet.cells[: self.frame.top] for cell in row}
            said = [u for u, names in UNIT_WORDS.items() if any(fold(n) in w for n in names for w in words)]
            if len(said) == 1:
                return UNITS[said[0]]
            got = "no unit in the head of the table" if not said else "two of them"
            self._add("the unit of money, 万元 or 亿元", got, field="unit", hint="Say --unit wanyuan or --unit yi.")
        return UNITS.get(unit or "yi", 1.0)

    def _signs(
        self, use: pd.DataFrame, final: pd.DataFrame, added: pd.DataFrame, rows: Sequence[int], columns: Sequence[int]
    ) -> None:
        """Name every negative cell that has no meaning; imports may be printed as negative numbers throughout."""
        for role in ("import", "inflow"):
            if role in final and (final[role] <= 0).all():
                final[role] = -final[role]
        places = [(use.to_numpy(), rows, columns)]
        for role in (*NOT_NEGATIVE, "import", "inflow", "rural", "urban"):
            if role in final:
                places.append((final[[role]].to_numpy(), rows, [self.columns[role]]))
            if role in added.index:
                places.append((added.loc[[role]].to_numpy(), [self.rows[role]], columns))
        for values, down, across in places:
            for i, j in np.argwhere(values < 0):
                what = f"cell {address(down[i], across[j])}"
                hint = self._flow(down[i], across[j])
                self._add("a flow of at least 0", f"{values[i, j]:g}", field=what, hint=hint)

    def _flow(self, row: int, column: int) -> str:
        names = {i: " ".join(w) for i, w in self.sector_rows} | {i: role for role, i in self.rows.items()}
        heads = {j: " ".join(w) for j, w in self.sector_columns} | {j: role for role, j in self.columns.items()}
        return f"It is the flow {names[row]} into {heads[column]}."

    def _balances(
        self, use: pd.DataFrame, final: pd.DataFrame, added: pd.DataFrame, rows: Sequence[int],
        columns: Sequence[int], factor: float,
    ) -> None:  # fmt: skip
        """Name every empty sector, and every row and column whose sum is not its gross output."""
        output = final["output"]
        sold: pd.Series = use.sum(axis=1) + final[list(FINAL)].sum(axis=1)
        for role in TRADE:
            if role in final:
                sold = sold + final[role] * (-1.0 if role in ("import", "inflow") else 1.0)
        spent = use.sum(axis=0) + added.loc[list(VALUE_ADDED)].sum(axis=0)
        least = 1e-6 * float(output.abs().sum())
        for n, key in enumerate(output.index):
            x = float(output.iloc[n])
            if x == 0.0:
                hint = "Add the sector to a similar one, in the table or by --map with a share of both."
                self._add("a gross output above 0", "0", rows[n], f"row {key}", hint)
            elif not (use.iloc[n].any() or final.drop(columns="output").iloc[n].any()):
                self._add("a buyer of the sector's goods", "a row of zeros", rows[n], f"row {key}")
            column = f"column {key} ({address(0, columns[n])[:-1]})"
            checks: list[tuple[str, pd.Series, str, int | None]] = [
                ("uses, with exports and less imports, equal to gross output", sold, f"row {key}", rows[n]),
                ("inputs and value added equal to gross output", spent, column, None),
            ]
            if "output" in added.index:
                checks.append(("total input equal to gross output", added.loc[["output"]].sum(), column, None))
            for what, sums, field, row in checks:
                value = float(sums.iloc[n])
                gap = value - x
                if abs(gap) > max(BALANCE * abs(x), least):
                    share = f", {gap / x:+.2%}" if x else ""
                    much = "too much" if gap > 0 else "too little"
                    got = f"{value * factor:.6g}, {abs(gap) * factor:.4g} {much}{share}"
                    self._add(f"{what} ({x * factor:.6g} yi yuan)", got, row, field)


def _own(words: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of a column without those of the groups above it (a code and a name are two)."""
    return words[-2:]
