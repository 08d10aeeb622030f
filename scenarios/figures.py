"""Single figures of an economy by a dotted path, such as ``economy.elasticities.ELEC.armington``.

A scenario changes a figure by naming its path under ``figures``; a sweep draws it from a distribution. The path is
``economy``, the table, the keys of the row, and the column where a table has several numbers a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.economy import Figures, load_economy, may_be_negative
from tanshi.scenarios.errors import SAID, Problem, UserError, did_you_mean, with_list

ROOT = "economy"
ACTIVITY_COLUMNS = ("AGR", "COAL", "OGAS", "OMIN", "LIGHT", "PAPER", "COKE", "CHEM", "NMM", "STEEL", "NFM", "MACH",
                    "CONS", "AIR", "TRAN", "SERV")  # fmt: skip


@dataclass(frozen=True)
class Address:
    """How the figures of one table are found.

    Parameters
    ----------
    keys
        Columns whose words name a row.
    columns
        Columns that hold its numbers; where there is only one, paths leave it out.
    leave_out
        Rows that no run reads, by their first key.
    only
        Rows that runs read, by their last key; empty for all.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    leave_out: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


LIMITED = ("COAL", "COKE", "STEEL", "NFM", "NMM")
MOVING = (
    *(f"outside_growth_{good}" for good in ("COAL", "COKE", "STEEL", "ELEC")),
    *("outside_coal_response", "outside_coal_cost", "construction_shift", "capacity_growth"),
    *(f"capacity_{sector}" for sector in LIMITED),
)
"""Parameters that runs read from the economy; the others are ranges of a scenario's own fields."""

ADDRESSES: dict[str, Address] = {
    "controls": Address(("item",), ("value",), leave_out=("co2_low", "co2_high")),
    "institutions": Address(("item",), ("value",)),
    "elasticities": Address(("code", "elasticity"), ("value",)),
    "resource_shares": Address(("activity",), ("share",)),
    "process_co2": Address(("activity",), ("mt",)),
    "sectors": Address(("sector",), ("gross_output", "value_added")),
    "output_moves": Address(("sector",), ("gross_output",)),
    "use_prior": Address(
        ("commodity",),
        (*ACTIVITY_COLUMNS, "household", "government", "fixed_investment", "stocks"),
        leave_out=("COAL", "OGAS", "COKE", "ELEC"),  # tonnes times price fill these rows
    ),
    "fuels": Address(("fuel",), ("tco2_per_tce", "yuan_per_tce")),
    "fuel_2019": Address(("user", "fuel"), ("mtce",)),
    "fuel_growth": Address(("user", "fuel"), ("ratio_2022_2019",)),
    "fuel_price_users": Address(("commodity", "activity", "use"), ("yuan_per_tce",)),
    "feedstocks": Address(("commodity", "activity", "use"), ("mtce", "yuan_per_tce")),
    "electricity_use": Address(("user",), ("twh", "relative_price"), leave_out=("HH",)),  # what the others leave
    "power": Address(("activity",), ("twh", "value_added_share"), leave_out=("ELEC",)),
    "power_materials": Address(("commodity",), ("ELEC", "GENC", "GENG", "GENN")),
    "trade": Address(("commodity",), ("two_way_share", "export_share", "import_share", "tariff_rate")),
    "population": Address(("sector", "parameter"), ("value",), only=("number_weight",)),
    "nonfossil_path": Address(("year",), ("twh",)),
    "coal_classes": Address(("class", "item"), ("value",)),
    "households": Address(("group", "item"), ("value",)),
    "parameters": Address(("parameter",), ("value",), only=MOVING),
}
"""Tables whose figures can be changed one by one.

The others are series to compare results with, or shares of which none moves without the rest.
"""

UNITS = {
    "share": "share", "mt": "Mt CO2", "gross_output": "yi yuan", "value_added": "yi yuan", "mtce": "Mtce",
    "tco2_per_tce": "t CO2/tce", "yuan_per_tce": "yuan/tce", "ratio_2022_2019": "ratio", "twh": "TWh",
    "relative_price": "ratio", "value_added_share": "share", "two_way_share": "share of output",
    "export_share": "share of output", "import_share": "share of output", "tariff_rate": "share of imports",
}  # fmt: skip
TABLE_UNITS = {"use_prior": "yi yuan", "power_materials": "share of materials", "elasticities": "-"}


@dataclass(frozen=True)
class Figure:
    """One figure of an economy.

    Parameters
    ----------
    path
        Its name everywhere, such as ``economy.controls.gdp``.
    value, unit
        As the table has it.
    low, high
        Range in published models or from the reasons in ``source``; None where the table gives none.
    lowest
        Smallest value that makes sense, 0 or minus infinity.
    status, source
        How well it is known, and from where.
    table, row, column
        Its place.
    """

    path: str
    value: float
    unit: str
    low: float | None
    high: float | None
    lowest: float
    status: str
    source: str
    table: str
    row: int
    column: str

    @property
    def expectation(self) -> str:
        """What may stand there, as a phrase for a message."""
        unit = "" if self.unit in ("-", "1") else f" [{self.unit}]"
        return ("a number" if np.isneginf(self.lowest) else "a number >= 0") + unit


@lru_cache(maxsize=4)
def catalogue(name: str) -> Mapping[str, Figure]:
    """Every figure of an economy that can be changed, by its path, in the order of the tables.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        As `load_economy`.

    Examples
    --------
    >>> figure = catalogue("shanxi_2022")["economy.process_co2.NMM"]
    >>> figure.value, figure.low, figure.high, figure.unit
    (17.55, 14.2, 20.7, 'Mt CO2')
    """
    return {figure.path: figure for figure in _all(load_economy(name))}


def _all(figures: Figures) -> Iterable[Figure]:
    tables = figures.tables()
    for table, address in ADDRESSES.items():
        if table not in tables:
            continue
        frame = tables[table]
        for row, record in enumerate(frame.to_dict("records")):
            keys = [str(record[key]) for key in address.keys]
            if keys[0] in address.leave_out or (address.only and keys[-1] not in address.only):
                continue
            for column in address.columns:
                if not np.isfinite(float(record[column])):
                    continue
                tail = [column] if len(address.columns) > 1 else []
                ranged = len(address.columns) == 1 and {"low", "high"} <= set(frame.columns)
                unit = record.get("unit") if len(address.columns) == 1 else None
                yield Figure(
                    path=".".join([ROOT, table, *keys, *tail]),
                    value=float(record[column]),
                    unit=str(unit or TABLE_UNITS.get(table) or UNITS.get(column, "-")),
                    low=float(record["low"]) if ranged else None,
                    high=float(record["high"]) if ranged else None,
                    lowest=-np.inf if may_be_negative(table, column, keys[0]) else 0.0,
                    status=str(record["status"]),
                    source=str(record["source"]),
                    table=table,
                    row=row,
                    column=column,
                )


def problems_with(name: str, values: Mapping[str, float]) -> list[Problem]:
    """Everything wrong with figures to be changed: paths that do not exist, numbers that make no sense."""
    known = catalogue(name)
    problems: list[Problem] = []
    for path, value in values.items():
        figure = known.get(path)
        if figure is None:
            near = did_you_mean(path, list(known)) if len(problems) < SAID else ""
            hint = with_list(near, Message("`tanshi params economy` lists them."))
            problems.append(
                Problem(Message("a figure of the economy {name}", name=name), repr(path), field=path, hint=hint)
            )
        elif not value >= figure.lowest:
            problems.append(Problem(figure.expectation, f"{value:g}", field=path))
    return problems


def with_changes(figures: Figures, values: Mapping[str, float]) -> Figures:
    """The economy's figures with some of them changed; the tables given are left as they are.

    Raises
    ------
    UserError
        With every path that does not exist and every number that makes no sense.
    """
    if not values:
        return figures
    problems = problems_with(figures.name, values)
    if problems:
        raise UserError("The figures of the economy cannot be changed so.", problems)
    known = catalogue(figures.name)
    changed: dict[str, pd.DataFrame] = {}
    for path, value in values.items():
        place = known[path]
        if place.table not in changed:
            changed[place.table] = figures.tables()[place.table].copy()
        frame = changed[place.table]
        column = frame[place.column].to_numpy(dtype=np.float64, copy=True)
        column[place.row] = float(value)
        frame[place.column] = column
    return Figures(**{"name": figures.name, **figures.tables(), **changed})  # type: ignore[arg-type]
