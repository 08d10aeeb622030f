"""What the store does not keep, computed anew from a run's own parameters: every order book, every year's flows.

A run is determined by its parameters and seed, so it is run once more, in a process of its own; that its prices come
out as stored is checked, and said where they do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.market.orders import BUY, Orders
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.collect import gains_table
from tanshi.simulator.results.variables import region_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.period import Period, one_period
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.period import one_period as period_together
from tanshi.simulator.run.world import State, World
from tanshi.simulator.views.dashboard.accounts import Sums, YearFlows, flows_of
from tanshi.simulator.views.dashboard.warm import Step

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Book:
    """The orders of one auction, added up by limit price, and what cleared.

    Parameters
    ----------
    bids, asks
        (levels, 2), limit price (yuan/t) and tonnes, best price first.
    price
        yuan/t; None where nothing cleared.
    volume
        t.
    """

    year: int
    period: int
    bids: Array
    asks: Array
    price: float
    volume: int
    orders: int
    interval: tuple[float | None, float | None]


@dataclass(frozen=True)
class Recomputed:
    """A run with what the store leaves out.

    Parameters
    ----------
    books
        By year and period, counted from 1; empty where the price comes from the equilibrium.
    flows
        By year.
    gains
        What trade was worth to every firm by year (`tanshi.simulator.results.collect.gains_table`).
    gap
        Largest difference between the prices of now and those given, yuan/t.
    """

    books: dict[tuple[int, int], Book]
    flows: dict[int, YearFlows]
    gains: pd.DataFrame
    gap: float


@dataclass(frozen=True)
class Question:
    """What is to be run again.

    Parameters
    ----------
    region
        Which one of a market of several provinces is looked at; empty where there is one.
    """

    scenario: Scenario
    region: str = ""

    def begun(self) -> tuple[World, State, Callable[[], Period]]:
        """The province that is looked at, where it stands, and what runs the coming period of all."""
        if not self.region:
            world, state = begin(self.scenario)
            return world, state, lambda: one_period(world, state)
        whole, all_of_them = begin_together(self.scenario)
        place = [region_of(name) for name in whole.names].index(self.region)
        return whole.members[place], all_of_them.members[place], lambda: period_together(whole, all_of_them)[place]


def recompute(question: tuple[Question, pd.DataFrame], step: Step) -> Recomputed:
    """Run a scenario and keep its books and flows.

    The book of a market of several provinces is the whole market's; flows are those of the province that is looked at.

    Parameters
    ----------
    question
        What to run, and the stored periods with ``year``, ``period``, ``price``.
    """
    asked, stored = question
    world, state, next_period = asked.begun()
    scenario = world.scenario
    books: dict[tuple[int, int], Book] = {}
    flows: dict[int, YearFlows] = {}
    prices: list[float] = []
    sums = Sums()
    while not state.calendar.finished:
        year, period = state.year, state.period + 1
        done = next_period()
        prices.append(done.agreement.price)
        if world.agents_trade:
            books[(year, period)] = _book(scenario, year, period, done.agreement)
        sums.add(done.closing.solution)
        if period == world.periods_per_year:
            flows[year] = flows_of(world.economy.accounts, sums, state.policy.sold(year))
            sums = Sums()
        step(len(prices), world.periods_in_all)
    before = stored.sort_values(["year", "period"])["price"].to_numpy(float)
    same = len(before) == len(prices)
    gap = float(np.abs(before - np.array(prices)).max()) if same else float("inf")
    return Recomputed(books, flows, gains_table(state), gap)


def _book(scenario: Scenario, year: int, period: int, agreement: Agreement) -> Book:
    market = scenario.market
    orders, clearing = agreement.whole or (agreement.orders, agreement.clearing)
    low, high = (None if end is None else float(end) * market.tick for end in clearing.interval)
    return Book(
        year, period,
        _levels(orders, BUY, market.tick, market.lot), _levels(orders, -BUY, market.tick, market.lot),
        float(agreement.price), int(clearing.fills.quantity.sum()) * market.lot, len(orders), (low, high),
    )  # fmt: skip


def _levels(orders: Orders, side: int, tick: float, lot: int) -> Array:
    mine = orders.side == side
    price, place = np.unique(orders.price[mine], return_inverse=True)
    lots = np.bincount(place, orders.quantity[mine], minlength=len(price))
    table = np.column_stack((price * tick, lots * lot)).astype(np.float64)
    return table[::-1] if side == BUY else table


def warm(question: Scenario, step: Step) -> str:
    """Build a model and leave: the economy, its compiled province and the baseline stay in the process."""
    begin(question)
    return question.name


def traits(question: Question, step: Step) -> pd.DataFrame:
    """What tells a scenario's firms apart from the start, one row a firm: ``firm, sector, strategy, size, cost``.

    Size is the share of the sector's output, intensity and cost are relative to the sector's typical firm.
    """
    p = question.begun()[1].firms
    return pd.DataFrame(
        {
            "firm": np.arange(len(p)),
            "sector": np.array(p.sectors)[p.sector],
            "strategy": np.array(p.strategies)[p.strategy],
            "size": p.output_share,
            "intensity": p.intensity,
            "cost": p.cost,
        }
    )
