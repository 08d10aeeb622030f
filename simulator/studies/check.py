"""``tanshi check``: the checks of an economy under a closure as a table, and how emissions answer a price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from tanshi.equilibrium.engine import EquilibriumError, Parameters
from tanshi.equilibrium.engine.checks import Check
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.checks import check_province
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.errors import said
from tanshi.language import mark, say
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.together import refuse_several
from tanshi.simulator.run.ground.economy import province_of

PRICES = (100.0, 184.0)  # yuan/t


def accounts_and_closure(name: str, changes: Mapping[str, object]) -> tuple[str, Accounts, Closure]:
    """A scenario's economy by name, its accounts with the scenario's figures, and its whole closure.

    Raises
    ------
    UserError
        Where the scenario, or what it says of its economy and closure, cannot be.
    """
    scenario = load_scenario(name, changes)
    refuse_several(scenario)
    model, _ = province_of(scenario)
    return scenario.economy, model.accounts, model.closure


def checks_of(accounts: Accounts, closure: Closure) -> list[Check]:
    """All checks of an economy's accounts under a closure."""
    return list(check_province(accounts, closure))


def check_table(checks: Sequence[Check], title: str) -> Table:
    """Each check with its figure, its limit, whether it holds, and what is worst."""
    table = Table(
        say("Check"), say("Value"), say("Limit"), "", say("Worst"), title=title, box=SIMPLE_HEAD, title_justify="left"
    )
    for check in checks:
        verdict = say("passed") if check.passed else "[bold red]" + say("FAILED") + "[/]"
        worst = said(check.detail).replace("[", r"\[")
        table.add_row(said(check.name), f"{check.figure:.1e}", f"{check.limit:.0e}", verdict, worst)
    return table


def emission_falls(accounts: Accounts, closure: Closure) -> pd.DataFrame:
    """Fall of the province's CO2 (households included) at a carbon price, by who pays and who is rebated.

    Parameters
    ----------
    closure
        Its ``border_pass_through`` is replaced where a row says so.

    Returns
    -------
    DataFrame with a row per case and price, and the falls against the benchmark (in which power pays the benchmark's
    price) and against a carbon price of zero, as shares; NaN where there is no equilibrium.
    """
    rows = []
    cases: list[tuple[str, float, tuple[str, ...], bool]] = [
        (
            say("all eight sectors pay, lump-sum rents, border bears {theta:.0%}", theta=theta),
            theta,
            accounts.coverable,
            False,
        )
        for theta in (0.0, 0.5, 1.0)
    ]
    cases.append((say("power alone pays, fixed borders"), 0.0, ("ELEC",), False))
    cases.append((say("all eight pay, all rebated by output"), 0.5, accounts.coverable, True))
    for name, theta, covered, rebated in cases:
        model = Province(accounts, replace(closure, border_pass_through=theta))
        benchmark = _emitted(model, model.parameters(), rebated=False)
        free = _emitted(model, _priced(model, covered, 0.0), rebated=False)
        for price in PRICES:
            emitted = _emitted(model, _priced(model, covered, price), rebated)
            rows.append((name, price, 1 - emitted / benchmark, 1 - emitted / free))
    return pd.DataFrame(rows, columns=["case", "price", "against_benchmark", "against_zero"])


def _priced(model: Province, covered: tuple[str, ...], price: float) -> Parameters:
    p = model.parameters()
    model.cover(p, covered)
    model.hold_price(p, price)
    return p


def _ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """A / b, and one where a sector stands still and both are nothing."""
    return np.divide(a, b, out=np.ones_like(a), where=b > 0.0)


def _emitted(model: Province, p: Parameters, rebated: bool) -> float:
    reader = PhysicalAccounts(model)
    try:
        s = model.solve(p)
        if rebated:  # each sector gets back, by output, what it pays
            emissions, made = model.earned_on(s.state.flow, s.x)
            own, rates = _ratio(emissions, made), np.ones(len(model.sectors))
            for _ in range(60):
                model.give_quotas(p, own * rates[model.earner_sector], absolute=False)
                s = model.solve(p, s.x)
                r = model.response(s)
                factor = _ratio(r.emissions, r.allocation)
                rates = rates * factor
                if np.abs(factor - 1).max() < 1e-9:
                    break
    except EquilibriumError:
        return float("nan")
    return sum(reader.emissions(Flows(s.state.flow, s.x)).values())


def falls_table(falls: pd.DataFrame) -> Table:
    """The falls as a table, a column a price and base."""
    bases = (mark("{price:g} yuan/t, against benchmark"), mark("{price:g} yuan/t, against no price"))
    columns = [say(told, price=price) for price in PRICES for told in bases]
    title = say("Fall of the province's CO2")
    table = Table(say("Case"), *columns, title=title, box=SIMPLE_HEAD, title_justify="left")
    for case, part in falls.groupby("case", sort=False):
        cells = []
        for price in PRICES:
            row = part[part["price"] == price].iloc[0]
            cells += [f"{row['against_benchmark']:.1%}", f"{row['against_zero']:.1%}"]
        table.add_row(str(case), *cells)
    return table
