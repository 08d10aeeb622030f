"""The table of units: what each puts in, what comes out, and the group it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.errors import Message
from tanshi.market.orders import Floats, Ints

#: Column to unit and meaning. Money may be in any unit, the same for output in all rows; see `output_unit`.
QUANTITIES: Mapping[str, str] = {
    "capital": "fixed capital, 10,000 yuan",
    "labour": "employees, persons",
    "intermediate": "intermediate inputs, 10,000 yuan",
    "output": "value of output, 10,000 yuan",
    "co2": "CO2 emitted, t",
}
INPUTS = ("capital", "labour", "intermediate")
#: Columns that name a unit or its group; kept as text where present.
GROUPS = ("unit", "firm", "sector", "province", "year")
#: Faults named one by one; beyond these only their number is given.
MOST_FAULTS = 20
#: A value so many times its peers' median, or so much less, is probably in another unit.
OUT_OF_SCALE = 1e4
FEWEST_PEERS = 5
MOST_SINGLY = 3
#: Two parts of a column so many times apart, with nothing between, are probably in two units.
APART = 1e3
#: Smallest and largest plausible median of t CO2 a 10,000 yuan of output.
INTENSITIES = (1e-3, 1e3)


@dataclass(frozen=True)
class Units:
    """Units of production observed in one period each.

    Attributes
    ----------
    inputs : (units, inputs) float
        Greater than 0.
    output : (units,) float
        Desirable output, greater than 0.
    co2 : (units,) float
        Undesirable output, t, greater than 0.
    groups : DataFrame
        A row per unit, text: those of `GROUPS` that the table has.
    rows : (units,) int
        What messages call the row: the line of the file, or 1, 2, 3 ...
    """

    inputs: Floats
    output: Floats
    co2: Floats
    groups: pd.DataFrame
    rows: Ints

    def __len__(self) -> int:
        return len(self.output)

    def take(self, which: Ints) -> Units:
        """The units of these positions."""
        return Units(
            self.inputs[which],
            self.output[which],
            self.co2[which],
            self.groups.iloc[which].reset_index(drop=True),
            self.rows[which],
        )

    def with_outputs(self, output: Floats, co2: Floats) -> Units:
        """The same units with other outputs."""
        return replace(self, output=output, co2=co2)

    def split(self, by: Sequence[str]) -> Iterator[tuple[str, Ints]]:
        """Name and positions of each group; one group of all units where `by` is empty.

        Raises
        ------
        SinksError
            Where a column is missing, or a group has one unit only: it has nobody to be compared with.
        """
        missing = [name for name in by if name not in self.groups.columns]
        if missing:
            there = ", ".join(map(str, self.groups.columns))
            raise SinksError(
                "The units cannot be grouped.",
                [
                    Fault(
                        name,
                        "a column of the table",
                        Message("the group columns {there}", there=there) if there else "none",
                    )
                    for name in missing
                ],
            )
        if not by:
            yield "all units", np.arange(len(self), dtype=np.int64)
            return
        groups = self.groups.groupby(list(by), sort=False).indices
        positions = {_name(key): np.sort(np.asarray(where, np.int64)) for key, where in groups.items()}
        alone = [(name, where[0]) for name, where in positions.items() if len(where) < 2]
        if alone:
            raise SinksError(
                "A group needs at least two units.",
                [
                    Fault(
                        ", ".join(by), "two units or more in each group", Message("{name} alone", name=name),
                        row=int(self.rows[k]), hint="Group by fewer columns or leave the unit out.",
                    )
                    for name, k in alone[:MOST_FAULTS]
                ],
            )  # fmt: skip
        yield from positions.items()


def _name(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _each_once(groups: pd.DataFrame, rows: Ints) -> None:
    """Refuse a unit that stands twice in one year: it would be compared with itself.

    Raises
    ------
    SinksError
        With every row that repeats another.
    """
    if not {"unit", "firm"} & set(groups.columns):
        return
    compared = groups.apply(lambda column: column.str.casefold())
    again = compared.duplicated(keep="first").to_numpy()
    if not again.any():
        return
    first = {tuple(key): int(row) for key, row in zip(compared[::-1].to_numpy(), rows[::-1], strict=True)}
    faults = [
        Fault(
            ", ".join(groups.columns),
            "each unit once in a year",
            Message("{unit} again", unit=" ".join(groups.iloc[k])),
            int(rows[k]),
            Message("It stands in row {row} already.", row=first[tuple(compared.iloc[k])]),
        )
        for k in np.flatnonzero(again)[:MOST_FAULTS]
    ]
    raise SinksError("{total} rows of the table of units stand twice.", faults, total=int(again.sum()))


def out_of_scale(units: Units, output_unit: float = 1e4) -> list[str]:
    """What looks like another unit of measurement, a sentence each.

    Single values 10,000 times their peers' or as much less, a part of a column that lies `APART` times above the rest,
    and emissions over output that no trade has.  Peers are the units of the same sector where the table names sectors
    with five units or more, else all.

    Parameters
    ----------
    output_unit
        Yuan in one unit of output.
    """
    sectors = units.groups["sector"] if "sector" in units.groups else pd.Series([""] * len(units))
    columns = dict(zip(INPUTS, units.inputs.T, strict=True)) | {"output": units.output, "co2": units.co2}
    told: list[str] = []
    for name, values in columns.items():
        size = pd.Series(np.log10(values))
        peers = size.groupby(sectors.to_numpy()).transform("median").to_numpy()
        many = size.groupby(sectors.to_numpy()).transform("size").to_numpy() >= FEWEST_PEERS
        away = size.to_numpy() - np.where(many, peers, float(size.median()))
        far = np.flatnonzero(np.abs(away) >= np.log10(OUT_OF_SCALE))
        unit = QUANTITIES[name].partition(", ")[2] or Message("the unit of the others")
        if len(far) > MOST_SINGLY or not len(far):
            told += _two_scales(name, values, units.rows, unit)
        for k in far if len(far) <= MOST_SINGLY else ():
            told.append(
                Message(
                    "Row {row}: {name} {value:.4g} is {times:.3g} times the median of its peers. Is it in {unit}?",
                    row=int(units.rows[k]),
                    name=name,
                    value=values[k],
                    times=10.0 ** away[k],
                    unit=unit,
                )
            )
    middle = float(np.median(units.co2 / units.output)) * 1e4 / output_unit
    if not INTENSITIES[0] <= middle <= INTENSITIES[1]:
        told.append(
            Message(
                "The middle unit emits {middle:.3g} t for 10,000 yuan of output. Is co2 in t, and output in units of "
                "{output_unit:g} yuan?",
                middle=middle,
                output_unit=output_unit,
            )
        )
    return told


def _two_scales(name: str, values: Floats, rows: Ints, unit: str) -> list[str]:
    """A column of which one part lies far above the other, with nothing between."""
    order = np.argsort(values, kind="stable")
    steps = np.diff(np.log10(values[order]))
    if not len(steps) or float(steps.max()) < np.log10(APART):
        return []
    low, high = order[: int(np.argmax(steps)) + 1], order[int(np.argmax(steps)) + 1 :]
    fewer = high if len(high) <= len(low) else low
    ratio = float(np.median(values[high]) / np.median(values[low]))
    which = ", ".join(str(int(rows[k])) for k in np.sort(fewer)[:5]) + (" ..." if len(fewer) > 5 else "")
    return [
        Message(
            "{fewer} of {all} values of {name} (rows {rows}) are {ratio:.3g} times the others, or as much less, with"
            " none between. Are all in {unit}?",
            fewer=len(fewer),
            all=len(values),
            name=name,
            rows=which,
            ratio=ratio,
            unit=unit,
        )
    ]


def _gathered(faults: list[Fault]) -> list[Fault]:
    """One fault a cause: more than `MOST_SINGLY` cells of a column that are wrong in one way are one."""
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.column, re.sub(r"[\d.,]+", "0", fault.got)), []).append(fault)
    out: list[Fault] = []
    for same in kinds.values():
        if len(same) <= MOST_SINGLY:
            out += same
            continue
        rows = ", ".join(str(fault.row) for fault in same[:5]) + (" ..." if len(same) > 5 else "")
        got = Message("{count} others, the first {cell} (rows {rows})", count=len(same), cell=same[0].got, rows=rows)
        out.append(replace(same[0], got=got))
    return out


def read_units(table: pd.DataFrame) -> Units:
    """Check a table of units, cells as text or numbers, and take what is needed from it.

    The index of the table is what messages call the row. Columns beyond `QUANTITIES` and `GROUPS` are ignored.

    Raises
    ------
    SinksError
        For missing or doubled columns, no rows, a cell that is not a number greater than 0; each with its row
        and column, the first twenty by name.
    """
    names = [str(name) for name in table.columns]
    faults = [
        Fault(
            name,
            Message("a column with {meaning}", meaning=Message(meaning)),
            Message("the columns {names}", names=", ".join(names)) if names else "no column",
        )
        for name, meaning in QUANTITIES.items()
        if name not in names
    ]
    wanted = (*QUANTITIES, *GROUPS)
    faults += [Fault(n, "one column of this name", str(names.count(n))) for n in wanted if names.count(n) > 1]
    if faults:
        raise SinksError("The table of units lacks columns.", faults)
    if table.empty:
        raise SinksError("The table of units has no rows.")
    columns: dict[str, Floats] = {}
    rows = np.asarray(table.index, np.int64)
    for name in QUANTITIES:
        text = table[name].astype(str).str.strip()
        numbers = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
        columns[name] = numbers
        for k in np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0))):
            hint = Message("Write it without thousands separators.") if "," in text.iloc[k] else ""
            cell = text.iloc[k] or "an empty cell"
            faults.append(
                Fault(
                    name,
                    Message("a number > 0 ({quantities})", quantities=Message(QUANTITIES[name])),
                    cell,
                    int(rows[k]),
                    hint,
                )
            )
    if faults:
        shown = sorted(_gathered(faults), key=lambda fault: fault.row or 0)[:MOST_FAULTS]
        raise SinksError(
            "{number_of_faults} cells of the table of units cannot be used.", shown, number_of_faults=len(faults)
        )
    groups = pd.DataFrame({name: table[name].astype(str).str.strip().to_numpy() for name in GROUPS if name in names})
    _each_once(groups, rows)
    if groups.empty:
        groups = pd.DataFrame({"unit": [str(row) for row in rows]})
    return Units(np.column_stack([columns[name] for name in INPUTS]), columns["output"], columns["co2"], groups, rows)
