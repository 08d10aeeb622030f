"""Regimes of carbon pricing at the same emission cut: who gets the permits, and what the border bears."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from scipy.optimize import brentq

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.engine.structure import Array
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.national import equivalent_variation
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import total
from tanshi.equilibrium.province.trade import FX
from tanshi.language import mark, say, translate

REGIMES = (
    mark("cap, lump sums"), mark("cap, auctioned"), mark("rebated, sector benchmarks"), mark("rebated, one benchmark"),
)  # fmt: skip


def regime_table(accounts: Accounts, cut: float = 0.1, thetas: tuple[float, ...] = (0.0, 0.5, 1.0)) -> pd.DataFrame:
    """Price, welfare, GDP and leakage of every regime and border pass-through at one cut of covered emissions.

    Parameters
    ----------
    cut
        Share of the benchmark's emissions of the eight energy-intensive sectors, all of which are priced.

    Returns
    -------
    One row a regime and pass-through: ``price`` (yuan/t), ``welfare`` (equivalent variation, % of households'
    benchmark spending), ``gdp`` (%), ``leakage`` (% of the cut in the province that appears elsewhere) and
    ``leakage <SECTOR>`` (Mt). Capital is mobile. Elsewhere is taken to emit per output what the province does in the
    benchmark.
    """
    rows = []
    for theta in thetas:
        model = Province(accounts, Closure(capital="mobile", border_pass_through=theta))
        reader = PhysicalAccounts(model)
        base = model.solve(model.parameters())
        target = (1.0 - cut) * _covered(model, base)
        for name, solution in _solutions(model, base, target):
            rows.append({"regime": name, "theta": theta, **_readings(reader, base, solution)})
    return pd.DataFrame(rows)


def render_regimes(table: pd.DataFrame) -> Table:
    """The table for the terminal, without the leakage of single sectors."""
    columns = (
        say("Regime"), say("Border bears"), say("Price, yuan/t"), say("Welfare, %"), say("GDP, %"),
        say("Leakage, % of the cut"), say("of power, Mt"), say("of steel, Mt"),
    )  # fmt: skip
    shown = Table(*columns, box=SIMPLE_HEAD, title=say("Regimes at a cut of 10 %"), title_justify="left")
    for row in table.to_dict("records"):
        numbers = [f"{row[k]:.2f}" for k in ("price", "welfare", "gdp", "leakage", "leakage ELEC", "leakage STEEL")]
        shown.add_row(translate(str(row["regime"])), f"{row['theta']:g}", *numbers)
    return shown


def _covered(model: Province, solution: Solution) -> float:
    emissions = model.emissions(solution)
    return sum(emissions[s] for s in model.sectors)


def _solutions(model: Province, base: Solution, target: float) -> Iterator[tuple[str, Solution]]:
    for name, share in zip(REGIMES[:2], (0.0, 1.0), strict=True):
        p = _priced(model)
        model.auction(p, share)
        model.cap_emissions(p, target)
        yield name, model.solve(p)
    emissions, made = model.earned_on(base.state.flow, base.x)
    own = emissions / made
    one = emissions.sum() * model.quota_output / model.quota_output.sum()
    for name, rates in zip(REGIMES[2:], (own, one), strict=True):
        yield name, _rebated(model, rates, target)


def _priced(model: Province) -> Parameters:
    p = model.parameters()
    model.cover(p, model.sectors)
    return p


def _rebated(model: Province, rates: Array, target: float) -> Solution:
    """All permits given for output, scaled so that emissions meet the target."""
    found: dict[float, Solution] = {}

    def gap(scale: float) -> float:
        p = _priced(model)
        model.give_quotas(p, rates * scale, absolute=False)
        model.cap_emissions(p, 0.0)
        found[scale] = model.solve(p)
        return _covered(model, found[scale]) - target

    low, high = 1.0, 1.0
    while gap(low) > 0:
        low -= 0.02
        if low < 0.5:
            raise EquilibriumError("no benchmark meets the target: output outruns every standard tried")
    while gap(high) < 0:
        high += 0.02
        if high > 1.5:
            raise EquilibriumError("no benchmark meets the target: emissions stay below it")
    if low == high:
        return found[low]
    return found[brentq(gap, low, high, xtol=1e-9)]


def _readings(reader: PhysicalAccounts, base: Solution, solution: Solution) -> dict[str, float]:
    model = reader.province
    before, after = (Flows(s.state.flow, s.x) for s in (base, solution))
    old, new = reader.emissions(before), reader.emissions(after)
    abated = sum(old.values()) - sum(new.values())
    leaked = {s: _leaked(model, base, solution, s, old[s]) for s in model.sectors}
    h = base.compiled.consumers.index("HH")
    spending = float(base.x[base.compiled.income_index["HH"]]) * float(base.evaluator.values.kept[h])
    gdp = [reader.real_gdp(f)["gdp"] for f in (before, after)]
    return {
        "price": float(solution.x[model.permit_var]) / YUAN_PER_TONNE,
        "welfare": 100.0 * equivalent_variation(solution, base) / spending,
        "gdp": 100.0 * (gdp[1] / gdp[0] - 1.0),
        "leakage": 100.0 * sum(leaked.values()) / abated,
        **{f"leakage {s}": value for s, value in leaked.items()},
    }


def _leaked(model: Province, base: Solution, solution: Solution, sector: str, emitted: float) -> float:
    """Emissions elsewhere from the sector's lost net outflow, at the province's benchmark emissions per output, Mt."""
    c = base.compiled
    owners = {name for name, _ in model.parts[sector]} | {f"ARM_{sector}", f"EXPORT_{sector}"}
    intensity = emitted / total(model.accounts.sam.loc[f"A_{sector}"])
    change = 0.0
    for (owner, side, _), i in c.leaf_at.items():
        if owner in owners and c.leaves[i].commodity == FX:
            sign = -1.0 if side == "output" else 1.0
            change += sign * float(solution.state.flow[i] - base.state.flow[i])
    return change * intensity
