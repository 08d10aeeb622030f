"""Read an economy folder: plain tables of figures, each row with its source and status."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

import tanshi.plugins as plugins
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean

ECONOMIES = Path(__file__).parent / "economies"
OWN = Path("economies")
"""Where `new economy` puts a region of one's own: below the folder from which the program is started."""
BASE_YEAR = 2022
"""Year of accounts that say no other, and of the prices of all."""
NO_MARKET_PRICE = 1.0
"""Carbon price of a benchmark year without a market, yuan/t: a token, so that shares are defined."""
STATUSES = ("verified", "derived", "recalled", "estimate", "published")

REQUIRED: dict[str, tuple[str, ...]] = {
    "sectors": ("sector", "broad", "gross_output", "value_added"),
    "output_moves": ("sector", "gross_output"),
    "use_prior": ("commodity", "household", "government", "fixed_investment", "stocks"),
    "factor_shares": ("sector", "origin", "labour", "capital", "production_tax"),
    "resource_shares": ("activity", "share", "low", "high"),
    "fuels": ("fuel", "commodity", "oil_product", "joint_output_of", "tco2_per_tce", "yuan_per_tce"),
    "fuel_2019": ("user", "fuel", "mtce"),
    "fuel_growth": ("user", "fuel", "ratio_2022_2019"),
    "fuel_price_users": ("commodity", "activity", "use", "yuan_per_tce"),
    "feedstocks": ("commodity", "activity", "use", "mtce", "yuan_per_tce"),
    "process_co2": ("activity", "mt", "low", "high"),
    "electricity_use": ("user", "twh", "relative_price"),
    "power": (
        *("activity", "twh", "capacity_gw", "value_added_share"),
        *("labour", "capital", "production_tax", "materials"),
    ),
    "power_materials": ("commodity", "ELEC", "GENC", "GENG", "GENN"),
    "trade": ("commodity", "two_way_share", "export_share", "import_share", "tariff_rate"),
    "controls": ("item", "value", "unit"),
    "institutions": ("item", "value", "low", "high", "unit"),
    "elasticities": ("code", "elasticity", "value", "low", "high"),
    "cea_monthly": ("date", "close_last", "close_mean", "volume_t", "turnover_yuan", "vwap"),
    "parameters": ("parameter", "value", "low", "high", "unit"),
    "population": ("sector", "parameter", "value", "low", "high"),
    "nonfossil_path": ("year", "clean_gw", "hours", "twh", "twh_status"),
    "co2_history": ("sector", "year", "mt"),
    "macro_facts": ("year", "variable", "value", "unit"),
    "mac_published": ("sector", "calendar_year", "province", "mac_min", "mac_max"),
}
"""Columns that every table must have, besides ``status`` and ``source``."""

OPTIONAL: dict[str, tuple[str, ...]] = {
    "coal_classes": ("class", "item", "value", "low", "high", "unit"),
    "households": ("group", "item", "value", "unit"),
}
"""The same of tables that an economy may leave out."""

SIGNED = {
    *(("factor_shares", column) for column in ("capital", "production_tax")),
    *(("parameters", column) for column in ("value", "low", "high")),
    *(("coal_classes", column) for column in ("value", "low", "high")),
}
"""Columns that may be negative: the builder judges old shares, farms are subsidised, people and plant get fewer."""

SIGNED_ROWS = {("controls", "value", "power_export_net")}
"""Figures that may be negative in a column that otherwise may not: many a province buys power."""


@dataclass(frozen=True)
class Figures:
    """All tables of an economy folder; columns and units as in ``REQUIRED`` and the files' own unit columns.

    Every table has ``status`` (verified, derived, recalled, estimate, published) and ``source`` in each row.
    """

    name: str
    sectors: pd.DataFrame
    output_moves: pd.DataFrame
    use_prior: pd.DataFrame
    factor_shares: pd.DataFrame
    resource_shares: pd.DataFrame
    fuels: pd.DataFrame
    fuel_2019: pd.DataFrame
    fuel_growth: pd.DataFrame
    fuel_price_users: pd.DataFrame
    feedstocks: pd.DataFrame
    process_co2: pd.DataFrame
    electricity_use: pd.DataFrame
    power: pd.DataFrame
    power_materials: pd.DataFrame
    trade: pd.DataFrame
    controls: pd.DataFrame
    institutions: pd.DataFrame
    elasticities: pd.DataFrame
    cea_monthly: pd.DataFrame
    parameters: pd.DataFrame
    population: pd.DataFrame
    nonfossil_path: pd.DataFrame
    co2_history: pd.DataFrame
    macro_facts: pd.DataFrame
    mac_published: pd.DataFrame
    coal_classes: pd.DataFrame | None = None
    households: pd.DataFrame | None = None

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name, as plain DataFrames; without those that the economy leaves out."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}
        return {name: table for name, table in found.items() if table is not None}

    @property
    def base_year(self) -> int:
        """Year of the accounts: the control ``base_year``, 2022 where there is none."""
        hit = self.controls.loc[self.controls["item"] == "base_year", "value"]
        return int(hit.iloc[0]) if len(hit) else BASE_YEAR

    @property
    def with_firms(self) -> tuple[str, ...]:
        """Sectors of whose firms there are figures, in the table's order: those that carbon trading may cover."""
        return tuple(dict.fromkeys(self.population["sector"].astype(str)))

    def value(self, table: str, key: str) -> float:
        """One number of a table whose first column names it, for example ``value("parameters", "aeei")``."""
        frame = self.tables()[table]
        hit = frame.loc[frame.iloc[:, 0] == key, "value"]
        if len(hit) != 1:
            raise KeyError(f"{table} has {len(hit)} rows named {key}")
        return float(hit.iloc[0])


def economy_folder(name: str | Path) -> Path:
    """The folder of an economy.

    Parameters
    ----------
    name
        Path of a folder (absolute, or from where the program is started), name of a folder below ``economies``
        there, of a built-in one, or of one from outside
        (`tanshi.plugins`).

    Raises
    ------
    tanshi.scenarios.errors.UserError
        If there is none.
    """
    places = (Path(name), OWN / str(name), ECONOMIES / str(name))
    for place in (places[0],) if places[0].is_absolute() else places:
        if os.path.isdir(place):  # a name that no folder can have is no error here
            return place
    if str(name) in plugins.known("economy"):
        return _brought(str(name))
    own = OWN.iterdir() if OWN.is_dir() else ()
    known = sorted({p.name for p in (*ECONOMIES.iterdir(), *own) if p.is_dir()} | {*plugins.known("economy")})
    problem = Problem(
        Message("one of {known}, or a folder", known=", ".join(known)),
        repr(str(name)),
        hint=did_you_mean(str(name), known),
    )
    raise UserError("There is no economy '{name}'.", [problem], name=name)


def _brought(name: str) -> Path:
    """The folder of an economy from outside: a path, or the folder of a package."""
    found = plugins.load("economy", name)
    place = Path(found.__file__).parent if hasattr(found, "__file__") else Path(found)
    if not place.is_dir():
        problem = Problem(
            "the folder of an economy",
            Message("{place}, which is none", place=place),
            hint=Message("It is {origin}.", origin=plugins.origin("economy", name)),
        )
        raise UserError("The economy '{name}' cannot be read.", [problem], name=name)
    return place


def load_economy(name: str | Path) -> Figures:
    """Load an economy by name, or from a folder.

    Parameters
    ----------
    name
        As in `economy_folder`.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With every problem found at once: unknown economy, missing files, unreadable tables, missing columns,
        text or gaps where numbers are due, negative numbers where none may be, unknown status words, no
        source.
    """
    folder = economy_folder(name)
    problems: list[Problem] = []
    tables: dict[str, pd.DataFrame] = {}
    for table, columns in (REQUIRED | OPTIONAL).items():
        path = folder / f"{table}.csv"
        if not path.is_file():
            if table in OPTIONAL:
                continue
            expected = Message("a CSV table with the columns {columns}", columns=", ".join(columns))
            problems.append(Problem(expected, "no such file", str(path)))
            continue
        try:
            tables[table] = pd.read_csv(path)
        except (ValueError, OSError) as error:
            problems.append(
                Problem("a CSV table", Message("a file that cannot be read: {error}", error=error), str(path))
            )
            continue
        problems += _table_problems(str(path), tables[table], table, columns)
    if problems:
        raise UserError("The economy in {folder} cannot be used.", problems, folder=folder)
    return Figures(name=str(name), **tables)


def may_be_negative(table: str, column: str, key: str) -> bool:
    """Whether a figure may be below zero; ``key`` is the first cell of its row."""
    return (table, column) in SIGNED or (table, column, key) in SIGNED_ROWS


TEXT = {
    *("sector", "broad", "commodity", "origin", "activity", "fuel", "oil_product", "joint_output_of"),
    *("user", "use", "item", "unit", "code", "elasticity", "date", "parameter", "variable"),
    *("province", "status", "source", "twh_status", "class", "group"),
}


def _table_problems(file: str, frame: pd.DataFrame, table: str, columns: tuple[str, ...]) -> list[Problem]:
    missing = [column for column in (*columns, "status", "source") if column not in frame.columns]
    if missing:
        found = Message("the columns {columns}", columns=", ".join(map(str, frame.columns)))
        return [Problem(Message("the column {column}", column=column), found, file, 1, column) for column in missing]
    if frame.empty:
        return [Problem("at least one row", "none", file)]
    problems: list[Problem] = []
    keys = frame.iloc[:, 0].astype(str)
    for column in frame.columns:
        if column in TEXT or (table == "macro_facts" and column in ("year", "value")):
            continue
        numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
        for i in map(int, np.flatnonzero(~(numbers >= 0) | np.isinf(numbers))):
            number = numbers[i]
            if not np.isfinite(number):
                problems.append(Problem("a number", repr(frame[column].iloc[i]), file, i + 2, str(column)))
            elif not may_be_negative(table, str(column), keys.iloc[i]):
                problems.append(Problem("a number of at least 0", f"{number:g}", file, i + 2, str(column)))
    for i, (status, source) in enumerate(zip(frame["status"], frame["source"], strict=True)):
        if status not in STATUSES:
            problems.append(
                Problem(Message("one of {statuses}", statuses=", ".join(STATUSES)), repr(status), file, i + 2, "status")
            )
        if pd.isna(source) or not str(source).strip():
            problems.append(Problem("the source of the figure", "nothing", file, i + 2, "source"))
    return problems
