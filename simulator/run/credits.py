"""Forest offsets in the market: who bids, what forestry offers, what the auction brings.

Credits are auctioned once a year, with the year's last auction of allowances. Only then do firms know what they have
to surrender, of which credits may cover a part; a credit earns nothing by being held, and forestry's year is over.
But what credits will free lowers what firms need from January on: in every period the same auction is held on paper,
at the trial price of allowances and with the emissions expected at it, and its outcome enters the firms' demand. In
the year's last period that outcome is booked, so that nobody gets another number of credits than it counted on.

Forestry's asks are its supply curve. A firm bids for what it may use, at the least of its own bargaining price and the
price of the allowance that the credit stands for.

In the accounts of the economy enterprises pay households, who own the forests; the saved permits' rent stays with
enterprises. What land and labour growing trees takes is not taken out of the economy: the payment is a transfer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from tanshi.agents.population import Population
from tanshi.agents.sinks.bargaining import Policy as Weights
from tanshi.agents.sinks.bargaining import demand_price
from tanshi.agents.sinks.supply import Forestry, offset_bid
from tanshi.agents.streams import stream
from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.market.call_auction import CallAuction
from tanshi.market.offsets import deliver
from tanshi.market.orders import BUY, SELL, Floats, Ints, Orders
from tanshi.market.venue import Clearing
from tanshi.numerics.units import TONNES
from tanshi.scenarios.schema import Offsets, Scenario
from tanshi.simulator.run.ground.credit_supply import (
    DEAREST,
    KindSupply,
    at_one_price,
    kinds_of,
    limits_of,
    prices_of,
)
from tanshi.simulator.run.ground.economy import Economy
from tanshi.simulator.run.ground.forest import credit_rule, forestry_of
from tanshi.simulator.run.waiting import booked, booked_credits, open_obligations
from tanshi.simulator.run.world import State, World

STEPS = 1000
"""Parts of equal size in which forestry asks for its credits, beside the prices that are bid."""


@dataclass(frozen=True)
class KindSold:
    """What the auction of one kind of credits brings.

    Attributes
    ----------
    kind
        The kind.
    price
        Yuan/t; None where none is sold.
    bought
        (firms,) t.
    clearing
        The auction.
    """

    kind: KindSupply
    price: float | None
    bought: Ints
    clearing: Clearing


@dataclass(frozen=True)
class CreditPlan:
    """What the auction of credits brings at a trial price of allowances.

    Attributes
    ----------
    price
        Of a credit, yuan/t; None where none is sold.
    bought
        (firms,) t.
    used
        (firms,) t that each firm will surrender, credits of earlier years included.
    slope
        (firms,) its change with the price of allowances, t per yuan/t, as far as it matters for the next trial.
    clearing
        The auction, to be booked at year end.
    by_kind
        Auctions of each kind of credits in its place, where there are kinds; `price` is their mean then.
    """

    price: float | None
    bought: Ints
    used: Floats
    slope: Floats
    clearing: Clearing
    by_kind: tuple[KindSold, ...] = ()

    @property
    def expected(self) -> float:
        """What firms together expect to surrender for the year, Mt."""
        return float(self.used.sum()) / TONNES

    @property
    def payment(self) -> float:
        """What firms pay forest owners, yi yuan."""
        return 0.0 if self.price is None else self.price * int(self.bought.sum()) / TONNES * YUAN_PER_TONNE


def bargaining_prices(scenario: Scenario, economy: Economy, population: Population) -> Floats:
    """What each firm would pay for a credit by eq. 7, (firms,), up to a common factor.

    A sector's lowest and highest abatement cost lie as far around its place in the order of sectors as its costs
    spread, taken as log-uniform; both figures of the province come from the second paper
    (`tanshi.agents.sinks.supply`).
    Within a sector who abates dearly would pay more, in proportion.
    """
    rule, own = scenario.offsets, scenario.firms.cost_sigma
    order, spread = (economy.firm_parameter(name) for name in ("cost_order", "cost_sigma"))
    middle = np.array([order[s] for s in population.sectors])
    half = np.sqrt(3.0) * np.array([spread[s] if own is None else own for s in population.sectors])
    weights = Weights(rule.share, rule.bargaining_tax, rule.bargaining_subsidy)
    by_sector = demand_price(middle * np.exp(-half), middle * np.exp(half), weights)
    return np.asarray(by_sector[population.sector] * population.cost)


def plan_credits(w: World, s: State, price: float, owed: Floats, owed_slope: Floats) -> CreditPlan:
    """Hold the auction of credits at a trial price of allowances.

    Parameters
    ----------
    price
        yuan/t, the trial price of allowances.
    owed, owed_slope
        (firms,) what firms expect to have to surrender for the year, t, and its change with the price.
    """
    rule = credit_rule(s.policy, s.year)
    firms = len(s.firms)
    trading = s.policy.mask(s.year)[s.firms.sector]
    if rule.kinds.any:
        return _plan_kinds(w, s, price, np.where(trading, np.maximum(owed, 0.0), 0.0), owed_slope)
    limit = np.where(trading, s.policy.offset_share(s.year) * np.maximum(owed, 0.0), 0.0)
    held = s.registry.offsets[:firms] - (booked(s) - open_obligations(s))  # without those of years that have ended
    room = np.floor(np.maximum(limit - held, 0.0)).astype(np.int64)
    bid = _bids(w, rule, price, owed, room)
    bought, paid, clearing = _auction(w, s, forestry_of(w.scenario.offsets), bid, room)
    full = bought == room
    used = np.where(full, limit, held + bought)  # the part of a tonne that the limit leaves is nobody's worry
    slope = np.where(full & (room > 0), s.policy.offset_share(s.year) * owed_slope, 0.0)
    if paid is not None and not full.all():  # those who get less than they want take what a higher price brings
        short = np.where(full, 0, bought)
        slope += float(forestry_of(rule).slope(paid)) * short / max(int(short.sum()), 1)
    return CreditPlan(paid, bought, used, slope, clearing)


def _bids(w: World, rule: Offsets, price: float, owed: Floats, room: Ints) -> Ints:
    """What each firm bids for a credit, (firms,) ticks; nothing where it may not use one."""
    bid, buyers = np.zeros(len(room), np.int64), np.flatnonzero(room > 0)
    if len(buyers):
        level = price if rule.level is None else rule.level
        assert w.bargaining is not None, "there are credits to bid for"
        worth = np.full(len(buyers), price)
        if rule.bid == "bargaining":
            worth = offset_bid(w.bargaining[buyers], level, price, weights=owed[buyers])
        worth = worth + rule.subsidy
        tick = w.scenario.market.tick
        bid[buyers] = np.floor(worth / tick * (1 + 1e-12))  # on tick, whatever the division leaves
    return bid


def _plan_kinds(w: World, s: State, price: float, owed: Floats, owed_slope: Floats) -> CreditPlan:
    """The same where there are kinds of credits: an auction for each, of as much as one price for all would use."""
    rule, tick = credit_rule(s.policy, s.year), w.scenario.market.tick
    kinds, firms = kinds_of(rule), len(s.firms)
    held = s.registry.offsets_by_kind[:, :firms] - booked_credits(s)
    own = np.outer(limits_of(rule), owed)
    counted = np.minimum(held, own)
    limit = s.policy.offset_share(s.year) * owed
    whole = np.maximum(limit - counted.sum(axis=0), 0.0)
    bid = _bids(w, rule, price, owed, np.floor(whole).astype(np.int64))
    free = np.array([np.maximum(own - counted, 0.0)[kind.place] for kind in kinds]).reshape(len(kinds), firms)
    used = at_one_price(kinds, free.sum(axis=1), float(whole.sum()), float(bid.max(initial=0)) * tick)
    full, slope, found = np.ones(firms, np.bool_), np.zeros(firms), []
    for kind, most, part in zip(kinds, free, used / max(float(used.sum()), 1e-9), strict=True):
        room = np.floor(np.minimum(most, part * whole)).astype(np.int64)
        bought, paid, clearing = _auction(w, s, kind.supply, bid, room)
        served = bought == room
        full &= served
        slope += np.where(served & (room > 0), min(part * rule.share, kind.limit) * owed_slope, 0.0)
        if paid is not None and not served.all():
            short = np.where(served, 0, bought)
            slope += float(kind.supply.slope(paid)) * short / max(int(short.sum()), 1)
        found.append(KindSold(kind, paid, bought, clearing))
    total = sum((one.bought for one in found), np.zeros(firms, np.int64))
    yuan = sum((one.price or 0.0) * int(one.bought.sum()) for one in found)
    enough = full & (float(used.sum()) >= float(whole.sum()) * (1 - 1e-9))
    nothing = _clear(w, s, Forestry(), *(np.zeros(0, np.int64) for _ in range(3)))
    return CreditPlan(yuan / int(total.sum()) if total.any() else None, total,
                      np.where(enough, limit, counted.sum(axis=0) + total), slope, nothing, tuple(found))  # fmt: skip


def _auction(w: World, s: State, forestry: Forestry, bid: Ints, room: Ints) -> tuple[Ints, float | None, Clearing]:
    """What each firm buys of one kind, (firms,) t, what is paid for it, yuan/t, None where nothing is sold."""
    buyers = np.flatnonzero((room > 0) & (bid > 0))
    clearing = _clear(w, s, forestry, bid[buyers], room[buyers], buyers)
    bought = np.bincount(clearing.fills.buyer, clearing.fills.quantity, s.registry.accounts)[: len(bid)]
    paid = None if clearing.price is None else clearing.price * w.scenario.market.tick
    return bought.astype(np.int64), paid, clearing


def _clear(w: World, s: State, forestry: Forestry, bid: Ints, room: Ints, buyers: Ints) -> Clearing:
    """Clear one call auction of credits; quantities in t, prices in ticks."""
    market = w.scenario.market
    auction = CallAuction(market.k, market.ties)
    if not len(buyers):
        return auction.clear(Orders.empty(), np.random.default_rng(0))
    top = int(bid.max())
    grid = forestry.price(np.arange(1, STEPS + 1) / STEPS * forestry.quantity(top * market.tick)) / market.tick
    levels = np.unique(np.concatenate((np.clip(np.ceil(grid), 1, top).astype(np.int64), bid)))
    offered = np.rint(forestry.quantity(levels * market.tick)).astype(np.int64)
    asked = np.diff(offered, prepend=0)
    levels, asked = levels[asked > 0], asked[asked > 0]
    n = len(levels)
    orders = Orders(
        np.concatenate((buyers, np.full(n, w.forestry))),
        np.concatenate((np.full(len(buyers), BUY), np.full(n, SELL))),
        np.concatenate((bid, levels)),
        np.concatenate((room, asked)),
        np.zeros(len(buyers) + n, np.int64),
    )
    return auction.clear(orders, stream(w.scenario.seed, "offsets", "ties", s.number))


def book_credits(w: World, s: State, plan: CreditPlan) -> None:
    """Issue, deliver and pay what the auction brought; government pays its part to those who bought."""
    deliver(s.registry, plan.clearing.fills)
    for one in plan.by_kind:
        deliver(s.registry, one.clearing.fills, one.kind.place)
    support = credit_rule(s.policy, s.year).subsidy
    if support > 0.0:
        buyers = np.flatnonzero(plan.bought)
        amount = np.rint(plan.bought[buyers] * (support / w.scenario.market.tick)).astype(np.int64)
        s.registry.pay(w.government, buyers, amount)
    sold = {one.kind.name: (one.price or 0.0, int(one.bought.sum())) for one in plan.by_kind}
    _note(s, plan.price or 0.0, s.firms.total(plan.bought.astype(np.float64)), sold)


def used_credits(s: State) -> float:
    """Mt of credits that a year without firms uses: those that were counted on, up to the limit of its emissions."""
    emitted = float(np.where(s.policy.mask(s.year), s.economy.accrued, 0.0).sum())
    return max(min(s.market.credits, s.policy.offset_share(s.year) * emitted), 0.0)


def note_credits(w: World, s: State) -> Floats:
    """Note the credits of a year without firms by sector and return them, Mt; sectors use them alike."""
    rule = credit_rule(s.policy, s.year)
    emitted = np.where(s.policy.mask(s.year), s.economy.accrued, 0.0)
    total, used = float(emitted.sum()), used_credits(s)
    if used <= 0.0:
        return np.zeros(len(w.sectors))
    credits = emitted * (used / total)
    if rule.kinds.any:
        kinds = kinds_of(rule)
        most = np.array([kind.most(total * TONNES) for kind in kinds])
        parts = at_one_price(kinds, most, used * TONNES, DEAREST)
        prices = prices_of(kinds, parts)
        sold = {k.name: (float(p), float(t)) for k, p, t in zip(kinds, prices, parts, strict=True)}
        _note(s, float(prices @ parts) / float(parts.sum()), credits * TONNES, sold)
        return credits
    _note(s, float(forestry_of(rule).price(used * TONNES)), credits * TONNES)
    return credits


def _note(s: State, price: float, tonnes: Floats, kinds: Mapping[str, tuple[float, float]] | None = None) -> None:
    support = credit_rule(s.policy, s.year).subsidy
    s.log.credit_trades.append({"year": s.year, "price": price, "bought_t": tonnes}
                               | ({"support": support} if support > 0.0 else {})
                               | ({"kinds": dict(kinds)} if kinds else {}))  # fmt: skip


# -- without firms -----------------------------------------------------------------------------------------


def wanted_credits(rule: Offsets, price: float, owed: float) -> float:
    """Mt that one firm with all obligations would buy: up to the share, as far as forestry offers at its bid."""
    if rule.kinds.any:
        kinds = kinds_of(rule)
        most = np.array([kind.most(owed * TONNES) for kind in kinds])
        total = rule.share * owed * TONNES if rule.share > 0 else 0.0
        return float(at_one_price(kinds, most, total, rule.worth(price)).sum()) / TONNES
    return float(min(rule.share * owed, float(forestry_of(rule).quantity(rule.worth(price))) / TONNES))


def with_credits(
    rule: Offsets,
    solve: Callable[[float], Solution],
    price_of: Callable[[Solution], float],
    owed_of: Callable[[Solution], float],
) -> tuple[float, Solution]:
    """Find the credits that firms want at the price that comes out with them: an elastic supply of permits.

    Parameters
    ----------
    solve
        From credits (Mt) to the equilibrium with that many more permits.
    price_of, owed_of
        Its permit price (yuan/t), and the year's emissions to be covered (Mt).

    Returns
    -------
    Credits, Mt, and the equilibrium.
    """

    def excess(credits: float) -> float:
        solution = solve(credits)
        return wanted_credits(rule, price_of(solution), owed_of(solution)) - credits

    # With more credits the price falls, and with it what forestry offers: most at the price without any, and never
    # quite its potential, which has no price.
    without = solve(0.0)
    owed = 2.0 * owed_of(without) if rule.kinds.any else np.inf  # kinds have limits of their own
    offered = wanted_credits(rule.model_copy(update={"share": 1.0}), price_of(without), owed)
    most = min(offered, (1.0 - 1e-9) * rule.in_all)
    if most <= 0.0:
        return 0.0, without
    if excess(most) >= 0.0:
        return most, solve(most)
    credits = float(brentq(excess, 0.0, most, xtol=1e-10, rtol=1e-12))
    return credits, solve(credits)
