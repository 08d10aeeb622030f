"""From the economy's response to the book: what firms and government bring to one period's auction."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from tanshi.agents.abatement import Demand, Position, Tangent, demand
from tanshi.agents.expectations import present_value
from tanshi.agents.intermediaries import inventory_demand
from tanshi.agents.planning import Outlook, planned_bank
from tanshi.agents.strategies import Situation, arrivals, place_orders, price_levels
from tanshi.agents.strategies.schedule import step_orders
from tanshi.agents.strategies.scheduled import urgency
from tanshi.agents.strategies.sizing import as_blocks, in_parts
from tanshi.agents.streams import stream
from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import COVERABLE
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.orders import SELL, Floats, Ints, Orders, screen
from tanshi.market.stability import Collar
from tanshi.market.venue import Clearing, Fills
from tanshi.market.venues import UNIFORM, Day, limits_of, open_venue
from tanshi.simulator.run.coupling import REACH, Agreement
from tanshi.simulator.run.credits import CreditPlan, cost_of_credits, plan_credits, with_credits
from tanshi.simulator.run.grants import adjusts, expected_grants, history_of

if TYPE_CHECKING:
    from tanshi.simulator.model import CarbonMarket

TONNES = 1e6
"""Tonnes in one Mt."""

BAND = 0.3
"""Width of the band around the last price in which random bidders draw: the limit of China's block trades."""


def tangent_of(response: CarbonResponse) -> Tangent:
    """The response as firms divide it; a sector that a higher price would make emit more answers nothing."""
    return Tangent(response.price, response.emissions, np.minimum(response.slope, 0.0))


class Book:
    """One period's order book as a function of the economy's response; draws are the period's own, made once."""

    def __init__(self, m: CarbonMarket, remaining: float) -> None:
        self.m, self.remaining = m, remaining
        market, s = m.scenario.market, m.state
        self.number = len(s.periods)
        collar = Collar.of(*m.policy.collar(s.year), market.tick)
        assert collar.ceiling is not None
        self.lowest, self.highest = collar.floor, collar.ceiling
        self.draws = m.population.draws(m.scenario.seed, self.number)
        self.arrival = arrivals(self.draws)
        self.active = np.flatnonzero(m.policy.mask(s.year)[m.population.sector])
        self.bidding = np.setdiff1d(self.active, list(s.by_hand)) if s.by_hand else self.active
        self.by_hand = placed_by_hand(m, self.arrival)
        last = s.price / market.tick
        self.band = (collar.hold(round((1 - BAND) * last)), collar.hold(max(round((1 + BAND) * last), 1)))
        self.venue = open_venue(market.venue, Day(round(last), market.k, market.ties, float(market.lot)))
        self.limits = limits_of(self.venue)
        if self.limits is not None:
            self.lowest = max(self.lowest, min(self.limits.lowest, self.highest))
            self.highest = min(self.highest, max(self.limits.highest, self.lowest))
        elif market.venue not in UNIFORM:  # a limit far from the market would be paid: firms stay within the band
            self.lowest, self.highest = self.band
        self.band = (max(self.band[0], self.lowest), min(self.band[1], self.highest))
        held = m.registry.held
        self.held: Ints = held[: len(m.population)]
        self.shares = m.population.shares()
        self.credits: CreditPlan | None = None
        self.standing = Orders.join([*self.by_hand, self._government_offer(int(held[m.government]))])
        self.ties = stream(m.scenario.seed, "venue", "ties", self.number)
        self.beginning = self.ties.bit_generator.state
        year, firms = m.periods_per_year, m.scenario.firms
        self.situation = partial(
            Situation,
            account=np.arange(len(m.population)),
            holdings=self.held // market.lot,
            arrival=self.arrival,
            tick=market.tick,
            lot=float(market.lot),
            band=self.band,
            patience=max(remaining - 1.0 / year, 0.0),
            urgency=urgency(s.period / year, (s.period + 1) / year, firms.urgency),
            quote=m.population.quote,
        )

    def lots(self) -> np.random.Generator:
        """The period's generator for ties, from its beginning each time."""
        self.ties.bit_generator.state = self.beginning
        return self.ties

    def __call__(self, response: CarbonResponse, step: float) -> Orders:
        """All orders at a response of the economy, with a price ladder of ``step`` ticks."""
        m, market = self.m, self.m.scenario.market
        situation = self.situation(
            demand=self.demand(response),
            levels=price_levels(response.price / market.tick, step, self.lowest, self.highest, REACH),
        )
        placed = place_orders(m.population, situation, self.draws, self.bidding)
        book = Orders.join([placed, self.standing, self._intermediaries(response.price, situation)])
        if self.limits is not None and self.limits.largest is not None:
            book = in_parts(book, self.limits.largest)
        if self.limits is not None and self.limits.smallest is not None:
            book = as_blocks(book, self.limits.smallest)
        return screen(book, m.registry.accounts, lowest=self.lowest, highest=self.highest).orders

    def demand(self, response: CarbonResponse) -> Demand:
        """Firms' wanted purchases around the response's price."""
        m, s = self.m, self.m.state
        reserve, reserve_slope = self._reserve(response)
        entitlement: Floats | float = 0.0
        entitlement_slope: Floats | float = 0.0
        if m.policy.standard(s.year):
            share = m.population.normalised(history_of(m)) * self.remaining * TONNES
            entitlement = share * response.allocation[m.population.sector]
            entitlement_slope = share * response.allocation_slope[m.population.sector]
        owed, obliged = self._capped(response, entitlement)
        if adjusts(m):
            entitlement = np.asarray(entitlement + expected_grants(m) - s.given, np.float64)
            sold = m.registry.obligations[: len(m.population)]  # of what was given too much
            owed = np.asarray(owed + sold, np.float64)
        if m.policy.offset_share(s.year) > 0:
            emitted, slope = self._emissions(response)
            self.credits = plan_credits(m, response.price, owed + obliged * emitted, obliged * slope)
        position = Position(
            to_date=s.to_date,
            remaining=self.remaining,
            holdings=self.held.astype(np.float64),
            entitlement=entitlement,
            entitlement_slope=entitlement_slope,
            reserve=reserve,
            reserve_slope=reserve_slope,
            credits=0.0 if self.credits is None else self.credits.used,
            credits_slope=0.0 if self.credits is None else self.credits.slope,
            obliged=obliged,
            owed=owed,
        )
        return demand(m.population, tangent_of(response), position, self.shares)

    def _emissions(self, response: CarbonResponse) -> tuple[Floats, Floats]:
        """Emissions that firms expect for the year at the response's price, t, and their change with it."""
        m, tangent = self.m, tangent_of(response)
        share, answer = self.shares
        rest, sector = self.remaining * TONNES, m.population.sector
        return m.state.to_date + rest * share * tangent.emissions[sector], rest * answer * tangent.slope[sector]

    def _capped(self, response: CarbonResponse, to_come: Floats | float) -> tuple[Floats | float, Floats | float]:
        """What firms owe whatever they emit, t, and the part of their emissions they owe beside: 0 and 1 without a cap.

        Where the gap is capped, a firm beyond it owes its free allowances and the capped part of its emissions.
        """
        gap = self.m.scenario.allocation.gap_cap
        if gap is None or not self.m.policy.started(self.m.state.year):
            return 0.0, 1.0
        free = expected_grants(self.m) + to_come
        beyond = (1.0 - gap) * self._emissions(response)[0] > free
        return np.where(beyond, free, 0.0), np.where(beyond, gap, 1.0)

    def _reserve(self, response: CarbonResponse) -> tuple[Floats | float, Floats | float]:
        """Allowances firms want to keep into next year, and how that changes with the price.

        The whole reserve at the price they expect, nothing at ``1 + reserve_width`` times it, more below it.
        """
        m = self.m
        firms, banking = m.scenario.firms, m.scenario.banking
        if banking.allowed and banking.horizon is not None and m.policy.started(m.state.year):
            return self._carryable(*self._planned(response))
        if not banking.allowed or firms.reserve == 0:
            return 0.0, 0.0
        worth, size, width = self._wished
        return self._carryable(size * (1.0 - (response.price - worth) / width), -size / width)

    @cached_property
    def _wished(self) -> tuple[Floats, Floats, Floats]:
        """What firms expect an allowance to be worth, yuan/t, their reserves there, t, and over what width these go."""
        m, firms = self.m, self.m.scenario.firms
        population = m.population
        worth = np.maximum(present_value(population.expected_price, population.discount_rate, self.remaining), 1.0)
        size = firms.reserve * self.shares[0] * m.policy.baseline.at(m.state.year)[population.sector] * TONNES
        return worth, size, worth * firms.reserve_width

    def _planned(self, response: CarbonResponse) -> tuple[Floats, Floats]:
        """The bank that firms plan over the horizon, by their shares of emissions, and its change with the price."""
        m, s = self.m, self.m.state
        policy, mask = m.policy, m.policy.mask(s.year)
        years = range(s.year + 1, min(s.year + (m.scenario.banking.horizon or 0), m.scenario.years.end) + 1)
        if not len(years):
            return np.zeros(len(m.population)), np.zeros(len(m.population))
        weight = max(m.adjustment(self.remaining)[1], 0.05)  # by next year, technique will have followed the price
        outlook = Outlook(
            cap=np.array([policy.caps(year)[mask].sum() for year in years]),
            emissions=np.array([policy.baseline.at(year)[mask] for year in years]),
            slope=np.minimum(response.slope, 0.0)[mask] / weight,
            at=np.where(np.array(COVERABLE) == "ELEC", m.province.accounts.carbon_price, 0.0)[mask],
        )
        bank, slope = planned_bank(outlook, response.price, m.scenario.firms.discount_rate)
        weights = self.shares[0] * response.emissions[m.population.sector] * mask[m.population.sector]
        weights = weights / weights.sum()
        return bank * TONNES * weights, slope * TONNES * weights

    def _carryable(self, reserve: Floats, slope: Floats) -> tuple[Floats, Floats]:
        """Cap what firms want to keep at what the rules let them carry over."""
        rule = self.m.scenario.banking
        if rule.carry_base is None or not self.m.policy.started(self.m.state.year):
            return reserve, slope
        sold = np.maximum(self.m.state.net_sold[: len(self.m.population)], 0)
        most = rule.carry_base + rule.carry_multiple * sold
        return np.minimum(reserve, most), np.where(reserve < most, slope, 0.0)

    def _intermediaries(self, price: float, situation: Situation) -> Orders:
        """What traders without obligations bid and offer: they expect what the market on average expects."""
        m, market, number = self.m, self.m.scenario.market, self.m.scenario.firms.intermediaries
        if number == 0:
            return Orders.empty()
        account = np.arange(m.government + 1, m.government + 1 + number)
        held = m.registry.held[account]
        cap = float(m.policy.caps(m.state.year)[m.policy.mask(m.state.year)].sum()) * TONNES
        capacity = np.full(number, m.scenario.firms.intermediary_capacity * cap / number)
        worth = np.full(number, m.population.expected_price[self.active].mean())
        wants = inventory_demand(held, capacity, worth, m.scenario.firms.reserve_width, price)
        theirs = replace(situation, account=account, demand=wants, holdings=held // market.lot)
        wanted = theirs.wanted(theirs.levels, np.arange(number))
        level = theirs.levels[:, None]
        arrival = (stream(m.scenario.seed, "intermediaries", "arrival", self.number).random(number) * 2**31).astype(int)
        return step_orders(account, wanted, level, level, arrival)

    def _government_offer(self, held: int) -> Orders:
        """Government offers all it has, in units, at the floor.

        Firms bid for the whole year's need from the first period on; selling in parts would starve them early.
        """
        m = self.m
        lots = held // m.scenario.market.lot
        if lots == 0:
            return Orders.empty()
        one = np.array([m.government])
        return Orders(one, np.array([SELL]), np.array([self.lowest]), np.array([lots]), np.array([0]))


def placed_by_hand(m: CarbonMarket, arrival: Ints) -> list[Orders]:
    """The orders of firms in whose seats somebody sits, (n, 3) each: side, ticks, lots (see ``run.seat``)."""
    books = []
    for firm, rows in m.state.by_hand.items():
        account, time = np.full(len(rows), firm), np.full(len(rows), arrival[firm])
        books.append(Orders(account, rows[:, 0].astype(np.int8), rows[:, 1], rows[:, 2], time))
    return books


def equilibrium_price(m: CarbonMarket, remaining: float) -> Agreement:
    """The price of the economy's own permit condition for the rest of the year: no firm, no book."""
    s = m.state
    mask = m.policy.mask(s.year)
    weight = m.adjustment(remaining)[1]
    left = float(m.policy.caps(s.year)[mask].sum() + s.banked - s.accrued[mask].sum())
    solution = _under(m, left, remaining, weight)
    price = m.permit_price(solution)
    held, response = m.economy_at(price, weight)
    nothing = Clearing(None, 0, Fills.none(), (None, None), None, np.zeros(0, np.int64))
    return Agreement(price, response, held, nothing, Orders.empty(), 1, 0.0)


def _under(m: CarbonMarket, left: float, remaining: float, weight: float) -> Solution:
    """The economy under what is left of the cap, Mt, with as many credits as are wanted at the price it comes to."""
    s, rule = m.state, m.scenario.offsets
    if m.policy.offset_share(s.year) == 0:
        return m.economy_under(left / remaining, weight)
    part = 1.0 if m.policy.standard(s.year) else remaining  # a standard is a rate, whatever part of the year is left

    def solve(credits: float) -> Solution:
        s.credits, s.forest_income = credits, cost_of_credits(rule, credits)
        return m.economy_under(left / remaining, weight, credits / part)

    emitted = float(s.accrued[m.policy.mask(s.year)].sum())
    return with_credits(rule, solve, m.permit_price, lambda x: emitted + remaining * m.covered_emissions(x, s.year))[1]
