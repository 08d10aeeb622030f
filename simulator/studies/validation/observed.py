"""The years 2023 to 2025 as they were, against the model with the allowance price of these years held.

The rule is that of the time: power alone pays.  The price is an input, not a result; the path of clean power of 2023
is observed, later years come from capacity and hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.production import plant_of
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.annual import annual_path
from tanshi.simulator.run.ground.economy import economy, province

TABLE = Path(__file__).parents[3] / "scenarios" / "tables" / "shanxi_observed.csv"
PRICE = "allowance price, mean of the year"
LAST, LONG = 2030, 2060


FITTED = {("gdp", 2023), ("export", 2023)}
"""Of which year a series is a target of `calibrate`."""


@dataclass(frozen=True)
class Compared:
    """A quantity of the model and the observed series it is held against.

    Attributes
    ----------
    observed
        Name of the series; ``scaled`` ones are read as indices of 2022, since scopes differ.
    used
        Whether the series served to set the model: ``calibrated`` or ``validated``.
    close
        Difference, as a share, up to which it counts as met.
    """

    key: str
    observed: str
    unit: str
    scaled: bool
    used: str
    close: float
    note: str = ""


COMPARED = (
    Compared("gdp", "GDP real growth", "1e8 yuan of 2022", True, "validated", 0.03, "growth chained"),
    Compared("coal", "raw coal output (above scale)", "Mt", True, "calibrated", 0.05, "ceiling: output of 2023"),
    Compared("thermal", "power generation thermal (above scale)", "TWh", True, "validated", 0.03, "index of 2022"),
    Compared("clean", "power generation renewable with biomass (all scales)", "TWh", False, "calibrated", 0.02, "path"),
    Compared("use", "electricity consumption (whole society)", "TWh", True, "validated", 0.03),
    Compared("export", "net power export (generation less consumption)", "TWh", False, "calibrated", 0.05,
             "growth outside was chosen near 2023"),
    Compared("sent", "power sent out", "TWh", False, "calibrated", 0.05, "gross, as the model's lines count; as above"),
    Compared("coke", "coke", "Mt", True, "validated", 0.05),
    Compared("steel", "crude steel", "Mt", True, "validated", 0.05, "ceiling: output of 2021"),
    Compared("cement", "cement", "Mt", True, "validated", 0.05, "building materials stand for cement"),
    Compared("metals", "ten non-ferrous metals", "Mt", True, "calibrated", 0.05, "ceiling: output of 2024"),
)  # fmt: skip


def observed() -> pd.DataFrame:
    """Observed figures: ``year, variable, value, unit, status, source``."""
    return pd.read_csv(TABLE)


@lru_cache(maxsize=1)
def _by_series() -> Mapping[str, Mapping[int, float]]:
    """All observed series, by year."""
    found: dict[str, dict[int, float]] = {}
    for name, year, value in observed()[["variable", "year", "value"]].itertuples(index=False):
        found.setdefault(name, {})[int(year)] = float(value)
    return found


def series(name: str) -> dict[int, float]:
    """One observed series by year."""
    return dict(_by_series().get(name, {}))


Changes = tuple[tuple[str, float], ...]
"""Fields of the scenario and figures of the economy, and the values they get."""


@lru_cache(maxsize=16)
def path(
    last: int = LAST, pays: tuple[str, ...] = ("ELEC",), held: bool = False, changes: Changes = ()
) -> Mapping[int, Mapping[str, float]]:
    """The model's own years with the observed allowance price held, and the last known price after them.

    Parameters
    ----------
    held
        Whether plant of `ACTIVITY` can make no more than was observed, where that is known: then these outputs are
        input, and what depends on them, such as the use of power, can be told from what made them fall.
    changes
        What is not as shipped.

    Returns
    -------
    mapping
        year -> quantities: ``gdp, investment`` (yi yuan at prices of 2022), ``coal, coke, steel, cement, metals`` (Mt),
        ``thermal, clean, use, export`` (TWh), ``energy`` (Mtce), ``co2`` (Mt), ``price`` (yuan/t).
    """
    scenario = load_scenario("S1", dict(changes))
    found = economy(scenario.economy, scenario.figures)
    model, accounts = province(scenario.economy, scenario.closure, scenario.figures)
    price = {2022: model.accounts.carbon_price} | {y: p for y, p in series(PRICE).items() if y > 2022}
    tonnes = {key: series(name)[2022] for key, name in TONNES.items()}
    c, first = model.compiled, model.parameters().endowment
    plants = {k: np.flatnonzero(c.endow_price_var == c.price_index[plant_of(a)]) for k, a in ACTIVITY.items()}
    limits = dict(model.closure.capacity)
    room = {key: first[plants[key]] / limits[activity] for key, activity in ACTIVITY.items()}

    def regime(p: Parameters, year: int) -> None:
        model.cover(p, pays)
        model.hold_price(p, price.get(year, price[max(price)]))
        for key, name in TONNES.items() if held else ():
            made = series(name)
            if year > 2022 and year in made:
                p.endowment[plants[key]] = room[key] * made[year] / made[2022]

    years: dict[int, Mapping[str, float]] = {}
    for y in annual_path(model, accounts, found.growth(scenario.dynamics, 2022, last), range(2022, last + 1), regime):
        power, energy = accounts.power(y.flows), accounts.energy(y.flows)
        made = {key: size * accounts.output_index(y.flows, ACTIVITY[key]) for key, size in tonnes.items()}
        real = accounts.real_gdp(y.flows)
        generation = power["GENC_twh"] + power["GENG_twh"] + power["nonfossil_twh"]
        gas = accounts.by_product_gas(y.flows)
        years[y.year] = {
            "gdp": real["gdp"],
            "investment": real["investment"],
            **made,
            "thermal": generation - power["nonfossil_twh"],
            "clean": power["nonfossil_twh"],
            "use": generation - power["net_export_twh"],
            "export": power["net_export_twh"],
            "sent": power["net_export_twh"],
            "energy": energy["total"],
            "co2": sum(accounts.emissions(y.flows).values()),
            "machinery co2": accounts.emissions(y.flows)["MACH"],
            "gas away": gas["made"] - gas["on site"] - gas["in power"] - gas["flared"],
            "price": price.get(y.year, price[max(price)]),
        }
    return years


TONNES = {"coal": "raw coal output (above scale)", "coke": "coke", "steel": "crude steel", "cement": "cement",
          "metals": "ten non-ferrous metals"}  # fmt: skip
ACTIVITY = {"coal": "COAL", "coke": "COKE", "steel": "STEEL", "cement": "NMM", "metals": "NFM"}


def confronted() -> pd.DataFrame:
    """The model beside what was observed, 2023 to 2025.

    Returns
    -------
    DataFrame
        ``quantity, unit, year, observed, model, difference (share), used, met, note, held``; the last is the difference
        where the outputs of `ACTIVITY` are held at what was observed, nan where it is one of them.
    """
    years, given, rows = path(), path(held=True), []
    for c in COMPARED:
        told = series(c.observed)
        if c.key == "gdp":  # chained growth
            level, chained = years[2022]["gdp"], {}
            for year in sorted(y for y in told if y > 2022):
                level *= 1.0 + told[year] / 100.0
                chained[year] = level
            told = {2022: years[2022]["gdp"]} | chained
        for year in (2023, 2024, 2025):
            if year not in told:
                continue
            model = years[year][c.key]
            seen = told[year] * (years[2022][c.key] / told[2022] if c.scaled else 1.0)
            off = model / seen - 1.0
            used = "calibrated" if (c.key, year) in FITTED else c.used
            again = float("nan") if c.key in ACTIVITY else given[year][c.key] / seen - 1.0
            rows.append((c.observed, c.unit, year, seen, model, off, used, abs(off) <= c.close, c.note, again))
    columns = ["quantity", "unit", "year", "observed", "model", "difference", "used", "met", "note", "held"]
    return pd.DataFrame(rows, columns=columns)
