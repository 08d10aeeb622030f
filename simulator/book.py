"""From the economy's response to the book: what firms and government bring to one period's auction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agents.abatement import Demand, Position, Tangent, demand
from agents.expectations import present_value
from agents.intermediaries import inventory_demand
from agents.planning import Outlook, planned_bank
from agents.strategies import Situation, arrivals, place_orders, price_levels
from agents.strategies.schedule import step_orders
from agents.strategies.scheduled import urgency
from agents.strategies.sizing import as_blocks, in_parts
from agents.streams import stream
from equilibrium.province.carbon import COVERABLE, YUAN_PER_TONNE
from equilibrium.province.province import CarbonResponse
from market.orders import SELL, Floats, Ints, Orders, screen
from market.stability import Collar
from market.venue import Clearing, Fills
from market.venues import UNIFORM, Day, limits_of, open_venue
from simulator.coupling import REACH, Agreement

if TYPE_CHECKING:
    from simulator.model import CarbonMarket

TONNES = 1e6
"""Tonnes in one Mt."""

BAND = 0.3
"""Width of the band around the last price in which random bidders draw: the limit of China's block trades."""


def tangent_of(response: CarbonResponse) -> Tangent:
    """The response as firms divide it; a sector that a higher price would make emit more answers nothing."""
    return Tangent(response.price, response.emissions, np.minimum(response.slope, 0.0))


def history_of(m: CarbonMarket) -> Floats:
    """What free allowances are shared by within a sector: output, or past emissions."""
    population = m.population
    emitted = population.output_share * population.intensity
    return population.output_share if m.policy.by_output(m.state.year) else emitted


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
        self.held: Ints = m.registry.held[: len(m.population)]

    def lots(self) -> np.random.Generator:
        """The period's generator for ties, from its beginning each time."""
        return stream(self.m.scenario.seed, "venue", "ties", self.number)

    def __call__(self, response: CarbonResponse, step: float) -> Orders:
        """All orders at a response of the economy, with a price ladder of ``step`` ticks."""
        m, market = self.m, self.m.scenario.market
        situation = Situation(
            account=np.arange(len(m.population)),
            demand=self.demand(response),
            holdings=self.held // market.lot,
            levels=price_levels(response.price / market.tick, step, self.lowest, self.highest, REACH),
            arrival=self.arrival,
            tick=market.tick,
            lot=float(market.lot),
            band=self.band,
            patience=max(self.remaining - 1.0 / m.periods_per_year, 0.0),
            urgency=urgency(
                m.state.period / m.periods_per_year, (m.state.period + 1) / m.periods_per_year, m.scenario.firms.urgency
            ),
            quote=m.population.quote,
        )
        placed = place_orders(m.population, situation, self.draws, self.active)
        book = Orders.join([placed, self._government_offer(), self._intermediaries(response.price, situation)])
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
        position = Position(
            to_date=s.to_date,
            remaining=self.remaining,
            holdings=self.held.astype(np.float64),
            entitlement=entitlement,
            entitlement_slope=entitlement_slope,
            reserve=reserve,
            reserve_slope=reserve_slope,
        )
        return demand(m.population, tangent_of(response), position)

    def _reserve(self, response: CarbonResponse) -> tuple[Floats | float, Floats | float]:
        """Allowances firms want to keep into next year, and how that changes with the price.

        The whole reserve at the price they expect, nothing at ``1 + reserve_width`` times it, more below it.
        """
        m = self.m
        firms = m.scenario.firms
        if m.scenario.banking.allowed and m.scenario.banking.horizon is not None and m.policy.started(m.state.year):
            return self._carryable(*self._planned(response))
        if not m.scenario.banking.allowed or firms.reserve == 0:
            return 0.0, 0.0
        population = m.population
        worth = np.maximum(
            present_value(population.expected_price, population.discount_rate, self.remaining), 1.0
        )
        share, _ = population.shares()
        size = firms.reserve * share * m.policy.baseline.at(m.state.year)[population.sector] * TONNES
        width = worth * firms.reserve_width
        return self._carryable(size * (1.0 - (response.price - worth) / width), -size / width)

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
        share, _ = m.population.shares()
        weights = share * response.emissions[m.population.sector] * mask[m.population.sector]
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

    def _government_offer(self) -> Orders:
        """Government offers all it has at the floor.

        Firms bid for the whole year's need from the first period on; selling in parts would starve them early.
        """
        m = self.m
        lots = int(m.registry.held[m.government]) // m.scenario.market.lot
        if lots == 0:
            return Orders.empty()
        one = np.array([m.government])
        return Orders(one, np.array([SELL]), np.array([self.lowest]), np.array([lots]), np.array([0]))


def equilibrium_price(m: CarbonMarket, remaining: float) -> Agreement:
    """The price of the economy's own permit condition for the rest of the year: no firm, no book."""
    s = m.state
    mask = m.policy.mask(s.year)
    weight = m.adjustment(remaining)[1]
    left = float(m.policy.caps(s.year)[mask].sum() + s.banked - s.accrued[mask].sum())
    solution = m.economy_under(left / remaining, weight)
    price = float(solution.x[m.province.permit_var]) / YUAN_PER_TONNE
    held, response = m.economy_at(price, weight)
    nothing = Clearing(None, 0, Fills.none(), (None, None), None, np.zeros(0, np.int64))
    return Agreement(price, price, response, held, nothing, Orders.empty(), 1, 0.0)
