"""From the economy's response to the book: what firms and government bring to one period's auction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from tanshi.agents.abatement import Demand, Position, Tangent, demand
from tanshi.agents.bank import Wish, wanted_bank
from tanshi.agents.expectations import present_value
from tanshi.agents.intermediaries import inventory_demand
from tanshi.agents.strategies import Situation, arrivals, place_orders, price_levels
from tanshi.agents.strategies.hesitant import least_worth, uncertain_part
from tanshi.agents.strategies.schedule import step_orders
from tanshi.agents.strategies.sizing import as_blocks, in_parts
from tanshi.agents.streams import stream
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.apportion import apportion
from tanshi.market.containment import Step
from tanshi.market.orders import Floats, Ints, Mask, Orders, screen
from tanshi.market.stability import Collar
from tanshi.market.venues import Day, limits_of, one_price, open_venue
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.across.trade import orders_outside, still_to_pay
from tanshi.simulator.run.ahead.estimates import misjudged, seen
from tanshi.simulator.run.ahead.joint import linked
from tanshi.simulator.run.ahead.known import carry_most, lent
from tanshi.simulator.run.ahead.outlook import temper_of, values
from tanshi.simulator.run.coupling import REACH, Agreement, Economy, Limits, Placed, agree
from tanshi.simulator.run.credits import CreditPlan, plan_credits
from tanshi.simulator.run.grants import adjusts, around, by_benchmark, expected_grants, history_of
from tanshi.simulator.run.public.auctions import later_supply, offer, supply
from tanshi.simulator.run.public.sale_rules import under_sale_rules
from tanshi.simulator.run.straying import believed
from tanshi.simulator.run.waiting import booked, bound, in_the_market, open_obligations, urgency_for, waiting
from tanshi.simulator.run.world import State, World

BAND = 0.3
"""Width of the band around the last price in which random bidders draw: the limit of China's block trades."""


def tangent_of(response: CarbonResponse, trading: Mask | bool = True) -> Tangent:
    """The response of sectors that trade as firms divide it; one that would emit more at more answers nothing."""
    emissions, slope = np.where(trading, (response.emissions, np.minimum(response.slope, 0.0)), 0.0)
    return Tangent(response.price, emissions, slope)


def abated(s: State, emissions: Floats) -> Floats:
    """Emissions of each sector over its frozen baseline's, (8,); 1 where it does not trade and nobody abates."""
    base = s.policy.baseline.at(s.year)
    part = np.divide(emissions, base, out=np.ones_like(emissions), where=base > 0)
    return np.where(s.policy.mask(s.year), part, 1.0)


Wanted = tuple[Demand, CreditPlan | None]
"""What firms want to buy around a response's price, and the credits that they count on with it."""


@dataclass(frozen=True)
class Sold:
    """What firms of a province know that government sells them.

    Attributes
    ----------
    now
        (firms,) lots that they take of what is on sale; empty where that is nothing.
    later
        Ticks, and (firms,) lots that each waits for, of what is sold later in the year.
    """

    now: Ints
    later: tuple[tuple[int, Ints], ...]


class Book:
    """One period's order book as a function of the economy's response; draws are the period's own, made once.

    Parameters
    ----------
    remaining
        Part of the year that is left.
    close
        Last close, yuan/t, where it is not the last period's.
    """

    def __init__(self, w: World, s: State, remaining: float, close: float | None = None) -> None:
        self.w, self.s, self.remaining = w, s, remaining
        market = w.scenario.market
        self.number = s.number
        collar = Collar.of(*s.policy.collar(s.year), market.tick)
        assert collar.ceiling is not None
        self.lowest, self.highest = collar.floor, collar.ceiling
        self.draws = s.firms.draws(w.scenario.seed, self.number)
        self.arrival = arrivals(self.draws)
        self.active = np.flatnonzero(in_the_market(s))
        self.bidding = np.setdiff1d(self.active, list(s.market.by_hand)) if s.market.by_hand else self.active
        self.by_hand = placed_by_hand(s, self.arrival)
        self.close = s.market.price if close is None else close
        last = self.close / market.tick
        self.band = (collar.hold(round((1 - BAND) * last)), collar.hold(max(round((1 + BAND) * last), 1)))
        beside = market.blocks, market.block_size
        rules = market.k, market.ties, float(market.lot), *beside, market.limits.untraded == "quotation"
        self.main = open_venue(market.venue, Day(round(last), *rules))
        self.limits = limits_of(self.main)
        if self.limits is not None:
            self.lowest = max(self.lowest, min(self.limits.lowest, self.highest))
            self.highest = min(self.highest, max(self.limits.highest, self.lowest))
        elif not one_price(market.venue, self.main):  # a limit far off would be paid: firms stay within the band
            self.lowest, self.highest = self.band
        self.band = (max(self.band[0], self.lowest), min(self.band[1], self.highest))
        held = s.registry.held
        self.held: Ints = held[: len(s.firms)]
        self.on_sale, self.later = supply(w, s, self.lowest), later_supply(w, s, self.lowest)
        self.venue = under_sale_rules(self.main, [w], [self.on_sale])
        self.standing = Orders.join([*self.by_hand, offer(w, self.on_sale)])
        self.triggers = [int(step.price) for step in (*self.on_sale, *self.later) if step.price > self.lowest]
        first = sum(int(step.amount) for step in self.on_sale if step.name == "base")
        self.ties = stream(w.scenario.seed, "venue", "ties", self.number)
        self.beginning = self.ties.bit_generator.state
        self.seen, self.off = seen(w, s), misjudged(w, s)
        self._shared: tuple[CarbonResponse, tuple[Floats, Floats]] | None = None
        late, aside = waiting(w, s)
        self.situation = partial(
            Situation,
            account=np.arange(len(s.firms)),
            holdings=self.held // market.lot,
            arrival=self.arrival,
            tick=market.tick,
            lot=float(market.lot),
            band=self.band,
            patience=max(remaining - 1.0 / w.periods_per_year, 0.0),
            urgency=urgency_for(w, s, s.year),
            late=late / market.lot,
            aside=aside / market.lot,
            offered=self._offered(first // market.lot),
            quote=s.firms.quote,
        )

    def lots(self) -> np.random.Generator:
        """The period's generator for ties, from its beginning each time."""
        self.ties.bit_generator.state = self.beginning
        return self.ties

    def agree(
        self, economy: Economy, start: float, expected: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ) -> Agreement:
        """The price on which this book and an economy agree, within the scenario's coupling (`coupling.agree`)."""
        return agree(
            economy, self, self.venue, limits=self.limits_of_price, rng=self.lots, start=start, expected=expected
        )

    @property
    def limits_of_price(self) -> Limits:
        """Between what prices, and how closely, the book and the economy look for one another."""
        market, coupling = self.w.scenario.market, self.w.scenario.coupling
        lowest, highest = self.lowest * market.tick, self.highest * market.tick
        bracket = self.w.province.border is not None  # its rebate may send rounds back and forth
        return Limits(lowest, highest, market.tick, coupling.tolerance, coupling.iterations, bracket)

    def __call__(self, response: CarbonResponse, step: float) -> Placed:
        """All orders at a response of the economy, with a price ladder of ``step`` ticks."""
        wanted = self.wanted(response)
        return self.place(response, step, wanted, beside_government([self], [wanted], response.price)[0])

    def place(self, response: CarbonResponse, step: float, what: Wanted, sold: Sold | None) -> Placed:
        """The same by what firms want, and by what government sells them where it sells in steps or later.

        Parameters
        ----------
        what, sold
            Of `wanted` and `beside_government` at the same response.
        """
        s, market = self.s, self.w.scenario.market
        wanted, credits = what
        levels = price_levels(response.price / market.tick, step, self.lowest, self.highest, REACH)
        if self.triggers:  # where supply jumps firms say what they want on both sides
            around = [trigger + side for trigger in self.triggers for side in (-1, 0)]
            levels = np.union1d(levels, np.clip(around, self.lowest, self.highest))
        situation = self._hesitating(self.situation(demand=wanted, levels=levels), response)
        if sold is not None:
            situation = replace(situation, offered=sold.now, later=sold.later)
        placed = place_orders(s.firms, situation, self.draws, self.bidding)
        book = Orders.join([placed, self.standing, self._intermediaries(response.price, situation)])
        across: float | None = None
        if linked(self.w, s):
            beyond = orders_outside(self.w, s, book, situation.levels, response.price, situation)
            book = Orders.join([book, beyond])
            across = still_to_pay(s, wanted, self.active, response.price, self.w.government)
        if self.limits is not None and self.limits.largest is not None:
            book = in_parts(book, self.limits.largest)
        if self.limits is not None and self.limits.smallest is not None:
            book = as_blocks(book, self.limits.smallest)
        orders = screen(book, s.registry.accounts, lowest=self.lowest, highest=self.highest).orders
        return Placed(orders, credits, across)

    def _hesitating(self, situation: Situation, response: CarbonResponse) -> Situation:
        """The same with what hesitant firms do not yet know of their needs, and from what amount on a trade pays."""
        w, s, firms = self.w, self.s, self.w.scenario.firms
        if not firms.strategies.as_dict().get("hesitant"):
            return situation
        n, lot = w.periods_per_year, w.scenario.market.lot
        left = max(round(self.remaining * n) - 1, 0)
        size = self._shares(response)[0] * np.where(s.policy.mask(s.year), response.emissions, 0.0)[s.firms.sector]
        part = firms.caution * uncertain_part(firms.shock_sigma, firms.shock_persistence, left, n)
        least = least_worth(firms.trade_cost, size * TONNES, response.price, temper_of(w).stiffness, 1.0 / n)
        return replace(situation, unsure=part * size * TONNES / lot, least=least / lot)

    def demand(self, response: CarbonResponse) -> Demand:
        """Firms' wanted purchases around the response's price."""
        return self.wanted(response)[0]

    def wanted(self, response: CarbonResponse) -> Wanted:
        """Firms' wanted purchases around the response's price, and the credits that they count on with them."""
        w, s = self.w, self.s
        wish = self._wish(response)
        entitlement: Floats | float = 0.0
        entitlement_slope: Floats | float = 0.0
        before = open_obligations(s)  # of years that have ended
        # Beside these: what was given too much and sold, and what was missing in earlier years.
        owed = (s.registry.obligations[: len(s.firms)] - booked(s)).astype(np.float64)
        rate = s.policy.by_rate(s.year)
        if rate.any():
            share = s.firms.normalised(history_of(s)) * self.remaining * TONNES
            share = np.where(rate[s.firms.sector], share, 0.0)
            entitlement = share * by_benchmark(s, response.allocation, response.emissions)[s.firms.sector]
            entitlement_slope = share * response.allocation_slope[s.firms.sector]
        told = s.policy.around_emissions(s.year)[s.firms.sector]
        if self._adjusts:
            entitlement = np.asarray(entitlement + expected_grants(w, s) - s.market.given, np.float64)
        if told.any():
            entitlement, entitlement_slope = self._around(response, told, entitlement, entitlement_slope)
        credits: CreditPlan | None = None
        if s.policy.offset_share(s.year) > 0:
            emitted, slope = self._emissions(response)
            credits = plan_credits(w, s, response.price, owed + self.seen * emitted, self.seen * slope)
        position = Position(
            to_date=s.market.to_date,
            remaining=self.remaining,
            holdings=(self.held - bound(s)).astype(np.float64),
            entitlement=entitlement,
            entitlement_slope=entitlement_slope,
            reserve=wish.level,
            reserve_slope=wish.slope,
            reserve_least=wish.least,
            reserve_most=wish.most,
            credits=0.0 if credits is None else credits.used,
            credits_slope=0.0 if credits is None else credits.slope,
            obliged=self.seen,
            owed=owed + before + self.off,
        )
        tangent = tangent_of(response, s.policy.mask(s.year))
        return demand(s.firms, tangent, position, self._shares(response)), credits

    def _shares(self, response: CarbonResponse) -> tuple[Floats, Floats]:
        """Firms' shares of what their sectors emit and answer at the response's price, on their own curves."""
        if self._shared is None or self._shared[0] is not response:
            self._shared = response, self.s.firms.shares(abated(self.s, response.emissions))
        return self._shared[1]

    def _emissions(self, response: CarbonResponse) -> tuple[Floats, Floats]:
        """Emissions that firms expect for the year at the response's price, t, and their change with it."""
        s = self.s
        tangent = tangent_of(response, s.policy.mask(s.year))
        share, answer = self._shares(response)
        rest, sector = self.remaining * TONNES, s.firms.sector
        return s.market.to_date + rest * share * tangent.emissions[sector], rest * answer * tangent.slope[sector]

    def _around(
        self, response: CarbonResponse, told: Mask, to_come: Floats | float, slope: Floats | float
    ) -> tuple[Floats, Floats]:
        """What firms are still given, and its change with the price, where what they emit moves it.

        Verified emissions, a band around them, or what output and the cap give within limits: all of the year's,
        less what has been given.
        """
        s = self.s
        emitted, change = self._emissions(response)
        given, per_tonne = around(s, emitted, np.asarray(to_come + s.market.given, np.float64))
        left = np.where(told, np.where(told, given, 0.0) - s.market.given, to_come)
        inside = told & (per_tonne == 0.0)
        return np.asarray(left, np.float64), np.where(told & ~inside, per_tonne * change, slope)

    def _wish(self, response: CarbonResponse) -> Wish:
        """What firms want to take into next year: by their plans, or a reserve where they do not look ahead."""
        w, s = self.w, self.s
        sector, nothing = s.firms.sector, np.zeros(len(s.firms))
        if s.market.outlook is not None:
            yearly = np.where(s.policy.mask(s.year), response.emissions, 0.0) * TONNES
            wish = planned_wish(w, s, self._shares(response)[0] * yearly[sector], response.price, self._leaning)
        elif w.scenario.banking.allowed and w.scenario.firms.reserve > 0:
            worth, size, width = self._wished
            level = size * (1.0 - (response.price - worth) / width)
            wish = Wish(level, -size / width, nothing, np.full(len(nothing), np.inf))
        else:
            return Wish(nothing, nothing, nothing, nothing)
        most = np.minimum(wish.most, self._most)
        return Wish(wish.level, wish.slope, np.minimum(wish.least, most), most)

    @cached_property
    def _leaning(self) -> tuple[Floats, Floats]:
        """What firms value an allowance of next year at, yuan/t, and what of it may be owed, t: whatever the price."""
        return values(self.w, self.s), lent(self.w, self.s)

    @cached_property
    def _most(self) -> Floats:
        return carry_most(self.w, self.s)

    @cached_property
    def _adjusts(self) -> bool:
        return adjusts(self.w, self.s)

    @cached_property
    def _wished(self) -> tuple[Floats, Floats, Floats]:
        """What firms expect an allowance to be worth, yuan/t, their reserves there, t, and over what width these go.

        The whole reserve at that price, nothing at ``1 + reserve_width`` times it, more below it.
        """
        s, firms = self.s, self.w.scenario.firms
        population = s.firms
        worth = present_value(population.expected_price, population.discount_rate, self.remaining) * believed(s)
        worth = np.maximum(worth, 1.0)
        yearly = np.where(s.policy.mask(s.year), s.policy.baseline.at(s.year), 0.0)
        size = firms.reserve * population.shares()[0] * yearly[population.sector] * TONNES
        return worth, size, worth * firms.reserve_width

    def _intermediaries(self, price: float, situation: Situation) -> Orders:
        """What traders without obligations bid and offer: they expect what the market on average expects."""
        w, s, market, number = self.w, self.s, self.w.scenario.market, self.w.scenario.firms.intermediaries
        if number == 0:
            return Orders.empty()
        account = np.arange(w.government + 1, w.government + 1 + number)
        held = s.registry.held[account]
        cap = float(s.policy.caps(s.year)[s.policy.mask(s.year)].sum()) * TONNES
        capacity = np.full(number, w.scenario.firms.intermediary_capacity * cap / number)
        worth = np.full(number, s.firms.expected_price[self.active].mean())
        wants = inventory_demand(held, capacity, worth, w.scenario.firms.reserve_width, price)
        theirs = replace(situation, account=account, demand=wants, holdings=held // market.lot, later=())
        wanted = theirs.wanted(theirs.levels, np.arange(number))
        level = theirs.levels[:, None]
        arrival = (stream(w.scenario.seed, "intermediaries", "arrival", self.number).random(number) * 2**31).astype(int)
        return step_orders(account, wanted, level, level, arrival)

    def lacking(self, wanted: Demand, price: float) -> Floats:
        """Lots that each firm that bids wants to buy at a price, or, below zero, to sell, as far as it holds them."""
        bought = np.maximum(wanted.at(price), -self.held)[self.bidding]
        return np.asarray(bought / self.w.scenario.market.lot)

    def _offered(self, lots: int) -> Ints:
        """What government sells in this period by the firms that are not given it: in proportion to their history."""
        if lots == 0:
            return np.zeros(0, np.int64)
        parts = self.to_be_sold
        return apportion(lots, parts) if parts.any() else np.zeros(0, np.int64)

    @cached_property
    def to_be_sold(self) -> Floats:
        """In what proportion firms buy what government sells and they are not given, (firms,)."""
        s = self.s
        counts = s.policy.mask(s.year) & ~s.policy.by_rate(s.year)
        sold = np.where(counts, s.policy.caps(s.year) * s.policy.auctioned(s.year), 0.0)
        if not sold.any():  # given back by the stability reserve
            sold = np.where(counts, s.policy.caps(s.year), 0.0)
        return np.asarray(s.firms.normalised(history_of(s)) * sold[s.firms.sector])


def beside_government(books: Sequence[Book], wanted: Sequence[Wanted], price: float) -> list[Sold | None]:
    """What firms know of a supply in steps: how much of it they will take by their needs, now and later.

    They wait for what will be sold later in the year in proportion to what they lack at the trial price, and above
    the price at which all are served they sell, to buy again then. Of what is on sale now they take at once what
    all of them together lack at each step's price. Where several provinces trade their governments' steps are one
    supply, and their firms are all firms.

    Returns
    -------
    Of each book; None where nothing is sold in steps or later.
    """
    if not any(book.triggers or book.later for book in books):
        return [None] * len(books)
    market, demands = books[0].w.scenario.market, [own for own, _ in wanted]

    def lacking(at: float) -> float:
        return sum(float(book.lacking(own, at).sum()) for book, own in zip(books, demands, strict=True))

    def lots(all_steps: Sequence[list[Step]]) -> list[tuple[int, int]]:
        found: dict[tuple[str, int], int] = {}
        for step in (one for steps in all_steps for one in steps):
            at = step.name, int(step.price)
            found[at] = found.get(at, 0) + int(step.amount) // market.lot
        return [(ticks, n) for (_, ticks), n in found.items()]

    needs = [np.zeros(len(demand.fixed)) for demand in demands]
    for book, own, need in zip(books, demands, needs, strict=True):
        need[book.bidding] = np.maximum(book.lacking(own, price), 0.0)
    later, whole = lots([book.later for book in books]), np.concatenate(needs)
    waits = [(ticks, _of_all(books, n, whole)) for ticks, n in later if n > 0]
    taken = 0
    for ticks, n in sorted(lots([book.on_sale for book in books]), key=lambda one: one[0]):
        ahead = sum(more for at, more in later if at <= ticks)
        left = lacking(ticks * market.tick) - ahead - taken
        taken += int(min(max(left, 0.0), n))
    now = _of_all(books, taken, np.zeros(0))
    return [Sold(own, tuple((ticks, each[place]) for ticks, each in waits)) for place, own in enumerate(now)]


def _of_all(books: Sequence[Book], lots: int, weights: Floats) -> list[Ints]:
    """What firms of each book get of some lots, by weights, or where there are none as government's sales go."""
    if lots == 0:
        return [np.zeros(0, np.int64) for _ in books]
    if not weights.any():
        weights = np.concatenate([book.to_be_sold for book in books])
        if not weights.any():
            return [np.zeros(0, np.int64) for _ in books]
    ends = np.cumsum([len(book.s.firms) for book in books])[:-1]
    return np.split(apportion(lots, weights), ends)


def planned_wish(w: World, s: State, size: Floats, price: float, leaning: tuple[Floats, Floats]) -> Wish:
    """What firms want to bank around a price, by the plan and their own leanings.

    Parameters
    ----------
    size
        (firms,) yearly emissions, t; 0 for firms that do not trade.
    leaning
        `values`, and t that may be owed (`tanshi.simulator.run.ahead.known.lent`).
    """
    outlook = s.market.outlook
    assert outlook is not None
    whole = float(size.sum())
    planned = size * (float(outlook.bank[0]) * TONNES / whole if whole > 0 else 0.0)
    value, owing = leaning
    return wanted_bank(planned, size, value, price, temper_of(w), owing)


def placed_by_hand(s: State, arrival: Ints) -> list[Orders]:
    """The orders of firms in whose seats somebody sits, (n, 3) each: side, ticks, lots (see ``run.seat``)."""
    books = []
    for firm, rows in s.market.by_hand.items():
        account, time = np.full(len(rows), firm), np.full(len(rows), arrival[firm])
        books.append(Orders(account, rows[:, 0].astype(np.int8), rows[:, 1], rows[:, 2], time))
    return books
