"""What a stored run does not hold, found again by running the same scenario up to that point.

A run is determined by its parameters, so its order books, energy flows and firms need not be stored: the model is
run once more, as far as is asked for. The price that comes out is compared with the stored one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tanshi.errors import Message
from tanshi.market.orders import Orders
from tanshi.market.venue import Clearing
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.tables import TOGETHER, RunResult
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import Period, expect, open_period, run_until, trade_and_equilibrate
from tanshi.simulator.run.world import State, World


@dataclass(frozen=True)
class Auction:
    """The book of one period and how it cleared.

    Attributes
    ----------
    year, period
        From 1.
    price
        yuan/t.
    orders, clearing
        In ticks and lots.
    tick
        yuan/t; ``lot`` : t.
    """

    year: int
    period: int
    price: float
    orders: Orders
    clearing: Clearing
    tick: float
    lot: int


def scenario_of(result: RunResult) -> Scenario:
    """The scenario of a stored run, from its parameters.

    Raises
    ------
    UserError
        Where this version of the program does not know them all, or the run is of one province of several.
    """
    several = result.meta.get(TOGETHER) or result.parameters.get("economies")  # tables may not be read yet
    if several:
        hint = "Prices, fills and years of each province are in the run's tables."
        problem = Problem("a run of one province", ", ".join(several), f"run {result.scenario}", hint=hint)
        raise UserError("A market of several provinces cannot be looked at from the inside.", [problem])
    return as_it_was_run(result.parameters, result.scenario)


def as_it_was_run(parameters: Mapping[str, Any], name: str) -> Scenario:
    """The scenario that a run's record describes.

    Parameters
    ----------
    name
        The run's, for what is said where it cannot be read.

    Raises
    ------
    UserError
        Where this version of the program does not know them all.
    """
    try:
        return Scenario.model_validate(dict(parameters))
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in item["loc"])
        problem = Problem("parameters of this version", str(item["msg"]), f"run {name}", None, field)
        raise UserError(
            "The run was made by another version of the program and cannot be replayed.", [problem]
        ) from error


@dataclass(frozen=True)
class Replay:
    """A stored run after some of its periods; ``last`` is what the last of them came to, None before the first."""

    world: World
    state: State
    last: Period | None


def replayed(result: RunResult, periods: int) -> Replay:
    """A stored run after so many periods.

    Raises
    ------
    UserError
        Where the run comes out differently: it was made by another version, or from other figures.
    """
    world, state = begin(scenario_of(result))
    last = run_until(world, state, periods)
    _same_price(result, periods, state.market.price)
    return Replay(world, state, last)


def auction(result: RunResult, year: int, period: int = 1) -> Auction:
    """The order book of a period (counted from 1) of a stored run.

    Raises
    ------
    UserError
        For a period that the run does not have, a run without an order book, or one that comes out differently.
    """
    before = place_of(result, year, period)
    scenario = scenario_of(result)
    if scenario.market.mode != "agents":
        problem = Problem("market.mode: agents", scenario.market.mode, f"run {result.scenario}")
        raise UserError("The price of this run comes from the equilibrium alone: it has no order book.", [problem])
    run = replayed(result, before)
    open_period(run.world, run.state)
    expect(run.world, run.state)
    found = trade_and_equilibrate(run.world, run.state)
    _same_price(result, before + 1, found.price)
    market = scenario.market
    return Auction(year, period, found.price, found.orders, found.clearing, market.tick, market.lot)


def place_of(result: RunResult, year: int, period: int) -> int:
    """How many periods of a run lie before this one.

    Raises
    ------
    UserError
        Where the run has no such period.
    """
    rows = result.periods
    found = ((rows["year"] == year) & (rows["period"] == period)).to_numpy().nonzero()[0]
    if not len(found):
        most = int(rows["period"].max()) if len(rows) else 0
        told = "a year of {first} to {last} and a period of 1 to {most}" if len(rows) else "a run with periods"
        problem = Problem(
            Message(told, first=rows["year"].min(), last=rows["year"].max(), most=most),
            Message("{year}, period {period}", year=year, period=period),
        )
        raise UserError("The run {scenario} has no such period.", [problem], scenario=result.scenario)
    return int(found[0])


def _same_price(result: RunResult, periods: int, price: float) -> None:
    if periods == 0:
        return
    stored = float(result.periods["price"].iloc[periods - 1])
    if abs(stored - price) > 1e-9 * max(abs(stored), 1.0):
        hint = "Run it again with this version."
        problem = Problem(
            Message("{stored:.6g} yuan/t, as stored", stored=stored),
            f"{price:.6g}",
            f"run {result.scenario}",
            hint=hint,
        )
        raise UserError("The run comes out differently from what is stored: another version made it.", [problem])
