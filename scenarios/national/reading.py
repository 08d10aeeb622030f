"""One table being read: from the sorted lines of a frame to money in yi yuan, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tanshi.errors import Message, either
from tanshi.scenarios.errors import Problem
from tanshi.scenarios.national.balance import SINGLY, Gap, coefficients, columns_gap, gap_problems, one_cell, rows_gap
from tanshi.scenarios.national.cells import Array, Cells
from tanshi.scenarios.national.frame import Frame
from tanshi.scenarios.national.numbers import Mark
from tanshi.scenarios.national.sectors import Lines, Matched, match, sort_lines
from tanshi.scenarios.national.sheet import listed
from tanshi.scenarios.national.subtotals import without_subtotals
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import (
    COLUMNS,
    FINAL,
    NOT_NEGATIVE,
    PARTS,
    ROWS,
    TRADE,
    VALUE_ADDED,
    named,
)

ADDED_UP = frozenset({"export", "import", "inflow", "outflow", "export_part", "import_part", "other", "valuables"})
"""Columns that may stand several times, as parts of one sum."""


class Reading:
    """A frame's rows and columns understood; problems are gathered in the order in which they stand.

    Parameters
    ----------
    frame
        Where the numbers are.
    decimal
        The decimal mark.
    """

    def __init__(self, frame: Frame, decimal: Mark) -> None:
        self.frame, self.file = frame, frame.sheet.file
        self.cells = Cells(frame.sheet, decimal)
        self.columns, self.rows = sort_lines(frame, True), sort_lines(frame, False)
        self.problems: list[Problem] = []
        self.notes: list[str] = [Message("The table lies on its side; it was turned.")] if frame.sheet.turned else []
        self.rows, self.columns, sums = without_subtotals(frame, self.rows, self.columns, decimal)
        self.notes += sums
        self.unparted: set[str] = set()
        matched, self.problems = match(frame, self.rows, self.columns, self.file)
        self.matched: Matched | None = matched
        self.gaps: tuple[Gap, Gap] | None = None

    @property
    def balanced(self) -> bool:
        """Whether everything was read and adds up."""
        return not self.problems

    def _add(self, expected: str, got: str, field: str = "", hint: str = "", line: int | None = None) -> None:
        self.problems.append(Problem(expected, got, self.file, line, field, hint))

    def table(self, factor: float, matrix: tuple[Array, Array] | None = None) -> NationalTable | None:
        """The table in yi yuan; None where `problems` says why not.

        Parameters
        ----------
        factor
            Yi yuan in a unit of the table.
        matrix
            Imports by sector and user (n, n) and by sector and final use (n, 4), where they stand in another sheet.
        """
        m = self.matched
        if m is None:
            self._missing_columns()
            self._missing_rows()
            return None
        keys = [" ".join(words) for words in m.labels]
        use = pd.DataFrame(self.cells.block(m.home, m.columns), index=keys, columns=keys)
        final = self._final(m, keys)
        added = self._added(m, keys)
        if "output" not in final and "output" in added.index:
            final["output"] = added.loc["output"]
            self.notes.append(Message("Gross output stands in a row alone; it was read there."))
        self._with_parts(use, final)
        if m.bought:
            self._with_imports(m, use, final)
        elif matrix is not None:
            self._with_matrix(use, final, matrix)
        self.problems += self.cells.problems()
        self._missing_columns_after(final)
        self._signs(use, final, added, m)
        if self.problems or not set(VALUE_ADDED) <= set(added.index):
            return None  # sums of what was not read would be false alarms
        self._balances(use, final, added, m, factor, matrix is not None)
        self.notes += self.cells.notes()
        self._unknown_lines()
        kept = [role for role in (*FINAL, *TRADE) if role in final]
        table = NationalTable(
            self.file, tuple(m.labels), use, final[kept], added.loc[list(VALUE_ADDED)], final["output"],
            unparted=frozenset(self.unparted), notes=tuple(self.notes),
        )  # fmt: skip
        return None if self.problems else table.scaled(factor)

    # -- columns of final use ------------------------------------------------------------------------------

    def _final(self, m: Matched, keys: list[str]) -> pd.DataFrame:
        found: dict[str, Array] = {}
        for role in COLUMNS:
            places = self.columns.roles.get(role, [])
            if places:
                found[role] = self._one(self.cells.block(m.home, places), role, places, True)
        for part, whole in PARTS.items():
            if part not in found:
                continue
            if part in ("npish", "valuables") or whole not in found:
                found[whole] = found.get(whole, np.zeros(len(keys))) + found[part]
        if "household" not in found and {"rural", "urban"} <= set(found):
            found["household"] = found["rural"] + found["urban"]
        self._part_sums(found)
        return pd.DataFrame(found, index=keys)

    def _one(self, values: Array, role: str, places: list[int], across: bool) -> Array:
        """Several lines of one role as one: their sum, or the line that is the sum of the others."""
        if values.shape[1] == 1:
            return np.asarray(values[:, 0], dtype=float)
        total: Array = values.sum(axis=1)
        for k in range(values.shape[1]):
            if np.allclose(values[:, k], total - values[:, k], rtol=1e-6, atol=1e-6 * (np.abs(total).max() + 1e-300)):
                return np.asarray(values[:, k], dtype=float)
        if role in ADDED_UP:
            return total
        top, address = self.frame.top - 1, self.frame.sheet.address
        where = [address(top, p) if across else address(p, 0) for p in places]
        kind = Message("column") if across else Message("row")
        self._add(
            Message("one {kind} for {role}", kind=kind, role=role),
            Message("{count} of them", count=len(places)),
            field=f"cells {listed(where)}",
        )
        return total

    def _part_sums(self, found: dict[str, Array]) -> None:
        """Uses that the table gives as sums alone."""
        if "consumption" in found and "household" in found and "government" not in found:
            found["government"] = found["consumption"] - found["household"]
        elif "consumption" in found and "government" in found and "household" not in found:
            found["household"] = found["consumption"] - found["government"]
        elif "consumption" in found and not {"household", "government"} & set(found):
            found["household"], found["government"] = found["consumption"], np.zeros_like(found["consumption"])
            self.unparted.add("consumption")
        if "capital_formation" in found:
            if "fixed_investment" in found and "stocks" not in found:
                found["stocks"] = found["capital_formation"] - found["fixed_investment"]
            elif "fixed_investment" not in found and "stocks" not in found:
                found["fixed_investment"], found["stocks"] = (
                    found["capital_formation"],
                    0.0 * found["capital_formation"],
                )
                self.notes.append(
                    Message("Capital formation stands in one column: all of it was read as fixed investment.")
                )

    def _missing_columns(self) -> None:
        self._missing_columns_after(pd.DataFrame(columns=[*self.columns.roles]))

    def _missing_columns_after(self, final: pd.DataFrame) -> None:
        have = set(final.columns)
        need: list[tuple[str, ...]] = [(role,) for role in ("government", "fixed_investment", "stocks", "output")]
        if not {"rural", "urban"} <= have:
            need.insert(0, ("household",))
        if "consumption" in have and not {"household", "government"} & have:
            need = [n for n in need if n[0] not in ("household", "government")]
        need += [("export", "outflow", "net_outflow"), ("import", "inflow", "net_outflow")]
        bought = any(said.origin == "imported" for _, said in self.rows.sectors)
        bought |= self.matched is not None and bool(self.matched.bought)
        for roles in need:
            if not have & set(roles) and not ("import" in roles and bought):
                words = either([named(COLUMNS[role]) for role in roles])
                hint = (
                    ""
                    if "import" not in roles
                    else Message("Imports in a matrix of their own: --imports FILE or a sheet.")
                )
                self._add(Message("a column headed {words}", words=words), "none", field=" or ".join(roles), hint=hint)

    # -- rows of value added -------------------------------------------------------------------------------

    def _added(self, m: Matched, keys: list[str]) -> pd.DataFrame:
        found: dict[str, Array] = {}
        for role in ROWS:
            places = self.rows.roles.get(role, [])
            if places and role not in ("imports", "import_use", "supply", "intermediate"):
                found[role] = self._row(role, places, m.columns)
        if "labour" not in found and {"wages", "contributions"} <= set(found):
            found["labour"] = found["wages"] + found["contributions"]
        if "surplus" not in found and "gross_surplus" in found:
            found["surplus"] = found["gross_surplus"] - found.get("depreciation", 0.0 * found["gross_surplus"])
            if "depreciation" not in found:
                found["depreciation"] = 0.0 * found["surplus"]
                self.notes.append(Message("Operating surplus is gross: depreciation is in it."))
        if not set(VALUE_ADDED) & set(found) and "value_added" in found:
            found |= dict.fromkeys(VALUE_ADDED, 0.0 * found["value_added"]) | {"surplus": found["value_added"]}
            self.unparted.add("value_added")
        if "product_tax" in found and "production_tax" in found:
            found["production_tax"] = found["production_tax"] + found["product_tax"]
            self.notes.append(
                Message("Taxes less subsidies on products were added to the taxes of their buyers' production.")
            )
        elif "product_tax" in found and "value_added" in self.unparted:
            found["production_tax"] = found["product_tax"]
        self._missing_rows(set(found))
        return pd.DataFrame(found, index=keys).T

    def _row(self, role: str, places: list[int], columns: list[int]) -> Array:
        if role in ("output", "value_added") and len(places) > 1:
            places = places[-1:]
        values = self.cells.block(places, columns).T
        if role in ("surplus", "production_tax", "product_tax") and len(places) > 1:
            total: Array = values.sum(axis=1)
            whole = [k for k in range(len(places)) if np.allclose(values[:, k], total - values[:, k], rtol=1e-6)]
            return np.asarray(values[:, whole[0]] if whole else total, dtype=float)
        return self._one(values, role, places, False)

    def _missing_rows(self, have: set[str] | None = None) -> None:
        have = set(self.rows.roles) if have is None else have
        for role in VALUE_ADDED:
            if role not in have:
                self._add(Message("a row headed {rows}", rows=named(ROWS[role])), "none", field=role)

    def _with_parts(self, use: pd.DataFrame, final: pd.DataFrame) -> None:
        """Add columns that may be a part of exports or imports to them where the rows balance with them alone."""
        parts = [p for p in ("export_part", "import_part") if p in final and PARTS[p] in final]
        if not parts or "output" not in final:
            return
        known = final.assign(**self._known_trade(final))
        whole = known.assign(**{PARTS[p]: known[PARTS[p]] + known[p] for p in parts})
        without, with_them = (
            float(np.abs(rows_gap(use, one, self.cells.rounding).gaps).sum()) for one in (known, whole)
        )
        if not with_them < without:
            return
        for p in parts:
            final[PARTS[p]] = whole[PARTS[p]]
        self.notes.append(
            Message("Purchases by foreigners, or other parts of trade, stand beside it: they were added to it.")
        )

    # -- imports that stand apart --------------------------------------------------------------------------

    def _with_imports(self, m: Matched, use: pd.DataFrame, final: pd.DataFrame) -> None:
        """Add rows of imported goods to those of home-made ones: what all buyers buy, and what comes from outside."""
        bought = self.cells.block(m.bought, m.columns)
        total = bought.sum(axis=1)
        for role in (*FINAL, "export", "outflow", "rural", "urban"):
            places = self.columns.roles.get(role, [])
            if role not in final or (not places and role != "household"):
                continue
            if role == "household" and not places:
                places = self.columns.roles.get("consumption", []) if "consumption" in self.unparted else []
            column = self._one(self.cells.block(m.bought, places), role, places, True) if places else 0.0 * total
            final[role] = final[role] + column
            if role not in ("rural", "urban") or "household" not in self.columns.roles:
                total = total + column
        if not self.columns.roles.get("household") and {"rural", "urban"} <= set(self.columns.roles):
            final["household"] = final["rural"] + final["urban"]
        use += bought
        final["import"] = total
        self.notes.append(Message("Imports stand in rows of their own: they were added to the use of home-made goods."))

    def _with_matrix(self, use: pd.DataFrame, final: pd.DataFrame, matrix: tuple[Array, Array]) -> None:
        if (
            "import" in final
            and not rows_gap(use, final.assign(**self._known_trade(final)), self.cells.rounding).wrong.size
        ):
            self.notes.append(Message("The matrix of imports was left out: the table holds imports already."))
            return
        inside, outside = matrix
        use += inside
        for k, role in enumerate(FINAL):
            final[role] = final[role] + outside[:, k]
        final["import"] = inside.sum(axis=1) + outside.sum(axis=1)
        self.notes.append(Message("Imports from their own matrix were added to the use of home-made goods."))

    def _known_trade(self, final: pd.DataFrame) -> dict[str, pd.Series]:
        return {r: -final[r] for r in ("import", "inflow") if r in final and (final[r] <= 0).all()}

    # -- signs and sums ------------------------------------------------------------------------------------

    def _signs(self, use: pd.DataFrame, final: pd.DataFrame, added: pd.DataFrame, m: Matched) -> None:
        """Name negative cells that have no meaning; imports may be printed as negative numbers throughout."""
        for role, values in self._known_trade(final).items():
            final[role] = values
        negative: list[tuple[str, str, float]] = []
        names = [" ".join(words) for words in m.labels]
        address = self.frame.sheet.address
        for i, j in np.argwhere(use.to_numpy() < 0):
            flow = Message("the flow {row} into {column}", row=m.labels[i][0], column=m.labels[j][0])
            negative.append((address(m.home[i], m.columns[j]), flow, float(use.iloc[i, j])))
        for role in (*NOT_NEGATIVE, "import", "inflow", "rural", "urban"):
            places = self.columns.roles.get(role, [])
            if role in final and places:
                for i in np.flatnonzero(final[role].to_numpy() < 0):
                    negative.append(
                        (
                            address(m.home[i], places[0]),
                            f"{names[i]}, {role}",
                            float(final[role].to_numpy(dtype=float)[i]),
                        )
                    )
            if role in added.index and self.rows.roles.get(role):
                for j in np.flatnonzero(added.loc[role].to_numpy(dtype=float) < 0):
                    place = address(self.rows.roles[role][0], m.columns[j])
                    negative.append((place, f"{names[j]}, {role}", float(added.loc[role].to_numpy(dtype=float)[j])))
        if len(negative) <= 3:
            for place, where, value in negative:
                hint = Message("It is {flow}.", flow=where)
                self._add("a flow of at least 0", f"{value:g}", field=f"cell {place}", hint=hint)
        else:
            worst = min(negative, key=lambda one: one[2])
            got = Message(
                "{number_of_negative} negative ones, the largest {most:g} in {row} ({column})",
                number_of_negative=len(negative),
                most=worst[2],
                row=worst[0],
                column=worst[1],
            )
            self._add("flows of at least 0", got, field=f"cells {listed(place for place, _, _ in negative)}")

    def _balances(self, use: pd.DataFrame, final: pd.DataFrame, added: pd.DataFrame, m: Matched, factor: float,
                  matrix: bool) -> None:  # fmt: skip
        """Name every sector without output that buys, and every row and column whose sum is not its gross output."""
        output, rounding = final["output"], self.cells.rounding
        names = [" ".join(words) for words in m.labels]
        sheet = self.frame.sheet
        lines: list[int | None] = [None if sheet.turned else sheet.line(i) for i in m.home]
        spent = use.sum(axis=0) + added.loc[list(VALUE_ADDED)].sum(axis=0)
        if coefficients(spent.to_numpy(dtype=float), output.to_numpy(dtype=float)):
            hint = "Give the table of transactions (基本流量表) itself."
            self._add("flows of money", "columns that add up to one each, as coefficients do", hint=hint)
            return
        made = np.ones(len(names), dtype=bool)
        for n, key in enumerate(names):
            if output.iloc[n] == 0.0 and abs(spent.iloc[n]) > rounding * (len(names) + 5):
                made[n] = False
                hint = "Add the sector to a similar one, in the table or by --map with a share of both."
                self._add("a gross output above 0", "0", f"row {key}", hint, lines[n])
        rows = rows_gap(use, final, rounding)
        if rows.wrong.size and "other" in final:
            turned = rows_gap(use, final.assign(other=-final["other"]), rounding)
            if not turned.wrong.size:
                final["other"] = -final["other"]
                rows = turned
                self.notes.append(
                    Message("The statistical difference is taken from uses, not added: its sign was turned.")
                )
        columns = columns_gap(use, added, output, rounding)
        for gap in (rows, columns):
            gap.gaps[~made] = 0.0
        self.gaps = (rows, columns)
        cell = one_cell(rows, columns)
        if cell is not None and not matrix and not m.bought:
            self._wrong_cell(use, cell, rows, m)
            return
        values = output.to_numpy(dtype=float)
        what = Message("uses, with exports and less imports, equal to gross output")
        hint = self._row_hint(use, final, rounding, rows, matrix)
        row_names = [f"row {name}" for name in names]
        self.problems += gap_problems(rows, row_names, values, factor, what, self.file, hint, lines)
        column_names = [f"column {n} ({sheet.address(0, j).rstrip('0123456789')})"
                        for n, j in zip(names, m.columns, strict=True)]  # fmt: skip
        what, bare = Message("inputs and value added equal to gross output"), [None] * len(names)
        hint, singly = self._left_out(self.rows, "rows"), SINGLY
        if m.bought or matrix:  # one cause: what stands apart was not all found
            hint, singly = "Imports stand apart and were added; inputs may hold them already, or lack some.", 0
        self.problems += gap_problems(columns, column_names, values, factor, what, self.file, hint, list(bare), singly)
        if "output" in added.index and not columns.wrong.size and added.loc["output"].abs().sum() > 0.0:
            total = added.loc["output"].to_numpy(dtype=float)
            gap = Gap(total, total - values, columns.allowed)
            what = Message("total input equal to gross output")
            self.problems += gap_problems(gap, column_names, values, factor, what, self.file, "", list(bare))
        if self.problems or rounding == 0.0:
            return
        rounded = max(float(np.abs(rows.gaps).max()), float(np.abs(columns.gaps).max()))
        if rounded > 1e-3 * float(np.abs(values).max()):
            told = "Sums differ from gross output by up to {gap:.3g} of the table's units, as rounding does."
            self.notes.append(Message(told, gap=rounded))

    def _wrong_cell(self, use: pd.DataFrame, cell: tuple[int, int], rows: Gap, m: Matched) -> None:
        """Name the flow that its row and its column find too large, or too small, by as much."""
        i, j = cell
        found, gap = float(use.to_numpy(dtype=float)[i, j]), float(rows.gaps[i])
        expected = Message("a flow near {fit:.6g}, with which its row and its column add up", fit=found - gap)
        hint = Message(
            "It is {seller} into {buyer}; all other rows and columns add up.", seller=m.labels[i][-1],
            buyer=m.labels[j][-1],
        )  # fmt: skip
        self._add(expected, f"{found:.6g}", f"cell {self.frame.sheet.address(m.home[i], m.columns[j])}", hint)

    def _row_hint(self, use: pd.DataFrame, final: pd.DataFrame, rounding: float, rows: Gap, matrix: bool) -> str:
        """A likely cause of rows that do not add up."""
        if not rows.wrong.size:
            return ""
        trade = tuple(r for r in ("import", "inflow") if r in final)
        if trade and not matrix and not rows_gap(use, final, rounding, trade).wrong.size:
            return Message("The rows are of home-made goods alone: give the matrix of imports as well, in another sheet"
                           " or by --imports FILE.")  # fmt: skip
        return self._left_out(self.columns, "columns")

    def _left_out(self, lines: Lines, kind: str) -> str:
        if not lines.unknown:
            return ""
        names = listed(
            [
                repr(" ".join(said.words)) if said.words else Message("one without a heading")
                for _, said in lines.unknown
            ]
        )
        told = "These columns are not known and were left out: {names}."
        if kind == "rows":
            told = "These rows are not known and were left out: {names}."
        return Message(told, names=names)

    def _unknown_lines(self) -> None:
        if not self.problems:
            self.notes += [t for t in (self._left_out(self.columns, "columns"), self._left_out(self.rows, "rows")) if t]


def matrix_of(sheet_reading: Frame, labels: Sequence[tuple[str, ...]], decimal: Mark) -> tuple[Array, Array] | None:
    """Imports by user from a sheet of their own, in the order of the sectors; None where sectors differ."""
    columns, rows = sort_lines(sheet_reading, True), sort_lines(sheet_reading, False)
    matched, _ = match(sheet_reading, rows, columns, sheet_reading.sheet.file)
    if matched is None or len(matched.labels) != len(labels):
        return None
    cells = Cells(sheet_reading.sheet, decimal)
    inside = cells.block(matched.home, matched.columns)
    outside = np.zeros((len(labels), len(FINAL)))
    for k, role in enumerate(FINAL):
        names = ["rural", "urban"] if role == "household" and "household" not in columns.roles else [role]
        if role == "household" and not any(n in columns.roles for n in names):
            names = ["consumption"]
        for name in names:
            for place in columns.roles.get(name, []):
                outside[:, k] += cells.block(matched.home, [place])[:, 0]
    return None if cells.unread else (inside, outside)
