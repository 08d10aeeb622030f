"""Government's auctions: what is offered when and at what least price, and what becomes of what is left.

The year's volume is issued to government in January and offered at the dates of `auctions.months`. A period's offer
is a supply schedule: the volume at the reserve price, a part of it at the trigger below which it is withheld, and the
tiers of `containment` at theirs. What a tier sells is issued, or leaves the stability reserve, when it is sold.

Firms know the calendar. At prices at which government will sell later in the year they need that much less now.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tanshi.market.apportion import apportion
from tanshi.market.containment import Step, sold_of, spread_over
from tanshi.market.orders import SELL, Ints, Orders
from tanshi.market.stability import Collar
from tanshi.market.venue import Fills
from tanshi.numerics.units import TONNES
from tanshi.scenarios.auctions import Auctions, periods_of
from tanshi.scenarios.containment import TIERS, Tier
from tanshi.simulator.run.public.sale_rules import reserve_price
from tanshi.simulator.run.public.steps import most_of
from tanshi.simulator.run.world import State, World

WITHOUT_LIMIT = 2.0
"""What a tier without limit holds, as a multiple of the frozen baseline's emissions: more than anybody needs."""


def calendar(w: World) -> list[int]:
    """Market periods of a year in which government auctions, ascending; a period twice where two months fall in it."""
    return periods_of(w.scenario.auctions.months, w.periods_per_year)


def open_sales(w: World, s: State, issued: int) -> None:
    """Lay out the year's auctions.

    Parameters
    ----------
    issued
        t issued to government for this year's auctions; what it holds beyond them was not sold before.
    """
    rule, before = w.scenario.auctions, s.market.sales
    dates = calendar(w)
    parts = np.array(rule.parts)
    upto = np.rint(np.cumsum(parts) * issued).astype(np.int64)
    offers = np.zeros(w.periods_per_year, np.int64)
    np.add.at(offers, dates, np.diff(upto, prepend=0))
    left_over = int(s.registry.held[w.government]) - issued
    places = sorted(set(dates))[: rule.unsold_over] if rule.unsold == "next" else [0]
    offers += spread_over(left_over, places, len(offers))
    s.market.sales = replace(
        before, offers=offers, left=_sizes(w, s, issued), sold=0, before=before.sold, beyond=0, withheld=0
    )


def _sizes(w: World, s: State, issued: int) -> Ints:
    """T of the year's tiers, and of what may be withheld."""
    if not w.scenario.containment.any or not s.policy.started(s.year):
        return np.zeros(1 + len(TIERS), np.int64)
    mask = s.policy.mask(s.year)
    cap = float((s.policy.caps(s.year) + s.policy.set_aside(s.year))[mask].sum())
    endless = WITHOUT_LIMIT * float(s.policy.baseline.at(s.year)[mask].sum())
    sizes = []
    for name, tier in w.scenario.containment.tiers():
        most = most_of(s.policy, tier, s.year, cap) if tier.said else 0.0
        units = math.floor((endless if most is None else most) * TONNES + 1e-6)
        if tier.said and tier.at is not None and tier.at.at(s.year) is None:
            units = 0  # not yet in force
        sizes.append(min(units, issued) if name == "withhold" else units)
    return np.array(sizes, np.int64)


def change_sales(w: World, s: State, more: int) -> int:
    """Let a change of policy in mid-year bring more to the year's coming auctions, or take of what they will sell.

    Parameters
    ----------
    more
        t; below zero fewer.

    Returns
    -------
    t that were issued, or, below zero, cancelled: what has been sold already is not government's to withdraw.
    """
    sales, government = s.market.sales, w.government
    if more >= 0:
        s.registry.issue(government, more, s.year)
        dates = [date for date in sorted(set(calendar(w))) if date >= s.period] or [s.period]
        s.market.sales = replace(sales, offers=sales.offers + spread_over(more, dates, len(sales.offers)))
        return more
    back = min(-more, int(s.registry.held[government]))
    s.registry.cancel(government, back, first=s.year)
    to_come = np.where(np.arange(len(sales.offers)) >= s.period, sales.offers, 0)
    fewer = min(back, int(to_come.sum()))
    if fewer:
        s.market.sales = replace(sales, offers=sales.offers - apportion(fewer, to_come))
    return -back


# -- in a period -------------------------------------------------------------------------------------------


def volume(w: World, s: State) -> int:
    """What is to be auctioned in the coming period whatever the price, t: the date's volume, and what was left before.

    Where unsold allowances are offered again at once, that is all that government holds and later dates do not need.
    """
    held, offers = int(s.registry.held[w.government]), s.market.sales.offers
    if w.scenario.auctions.unsold == "again":
        return max(held - int(offers[s.period + 1 :].sum()), 0)
    return min(int(offers[s.period : s.period + 1].sum()), held)  # after the run's last period no date is left


def supply(w: World, s: State, lowest: int = 0) -> list[Step]:
    """Government's supply schedule of the coming period: ticks and t.

    Parameters
    ----------
    lowest
        Lowest price that the venue admits, ticks.
    """
    offered, left = volume(w, s), s.market.sales.left
    base = max(_ticks(w, reserve_price(w, s)), lowest)
    if not left.any():
        return [Step("base", base, offered)] if offered else []
    today = s.period in calendar(w)
    withheld = min(int(left[0]), offered) if today else 0
    steps = [Step("base", base, offered - withheld)]
    steps += [Step(name, max(trigger, base), units) for name, trigger, units in
              _at_prices(w, s, withheld, lambda tier: today or endless(tier))]  # fmt: skip
    return [step for step in steps if step.amount > 0]


def later_supply(w: World, s: State, lowest: int) -> list[Step]:
    """What government will still sell this year after the coming period, ticks and t, where that is on dates."""
    sales = s.market.sales
    ahead = int(sales.offers[s.period + 1 :].sum())
    base = max(_ticks(w, reserve_price(w, s)), lowest)
    steps = [Step("base", base, ahead)] if ahead else []
    dates = calendar(w)
    if not sales.left.any() or s.period in dates or not any(date > s.period for date in dates):
        return steps
    withheld = min(int(sales.left[0]), ahead)
    steps = [Step("base", base, ahead - withheld)]
    steps += [Step(name, max(trigger, base), units) for name, trigger, units in
              _at_prices(w, s, withheld, lambda tier: not endless(tier))]  # fmt: skip
    return [step for step in steps if step.amount > 0]


def _at_prices(w: World, s: State, withheld: int, sells: Callable[[Tier], bool]) -> Iterator[tuple[str, int, int]]:
    """Names, triggers in ticks and t of the tiers that have a price; what a stability reserve holds is offered once.

    Parameters
    ----------
    withheld
        t that are withheld below their trigger.
    sells
        Whether a tier is on offer.
    """
    reserve, sizes = s.market.reserve, (withheld, *s.market.sales.left[1:].tolist())
    for (name, tier), units in zip(w.scenario.containment.tiers(), sizes, strict=True):
        if tier.at is None or units == 0 or not sells(tier):
            continue
        if tier.from_reserve:  # lower triggers come first
            units = min(units, reserve)
            reserve -= units
        yield name, _ticks(w, tier.at.at(s.year) or 0.0), units


def endless(tier: Tier) -> bool:
    """Whether a tier is a ceiling at which any number is sold."""
    return tier.at is not None and tier.amount is None and tier.share is None


def _ticks(w: World, price: float) -> int:
    """A least price in ticks, rounded up."""
    return Collar.of(price, None, w.scenario.market.tick).floor


def offer(w: World, steps: list[Step]) -> Orders:
    """Government's orders for a supply schedule, in whole lots; it comes first."""
    lot = w.scenario.market.lot
    kept = [step for step in steps if int(step.amount) // lot > 0]
    if not kept:
        return Orders.empty()
    return Orders(
        np.full(len(kept), w.government),
        np.full(len(kept), SELL),
        np.array([int(step.price) for step in kept]),
        np.array([int(step.amount) // lot for step in kept]),
        np.zeros(len(kept), np.int64),
    )


def settle_sales(w: World, s: State, fills: Fills) -> None:
    """Deliver a clearing's fills, what tiers sold in it issued before, and do with what is left what the rule says."""
    steps = supply(w, s)
    sold = deliverable(w, s, steps, fills)
    s.registry.settle(fills, w.government)
    after_sales(w, s, steps, sold)


def deliverable(w: World, s: State, steps: list[Step], fills: Fills) -> dict[str, int]:
    """Bring what tiers have sold into government's account before it is delivered; returns t sold by step."""
    mine = fills.seller == w.government
    sold = sold_of(steps, int(fills.quantity[mine].sum()) * w.scenario.market.lot)
    sales = s.market.sales
    left, beyond = sales.left.copy(), 0
    for place, (name, tier) in enumerate(w.scenario.containment.tiers()):
        units = sold.get(name, 0)
        if units == 0:
            continue
        left[place] -= units
        if name == "withhold":
            continue
        s.registry.issue(w.government, units, s.year)
        beyond += units
        if tier.from_reserve:
            s.market.reserve -= units
    own = sold.get("base", 0) + sold.get("withhold", 0)
    s.market.sales = replace(sales, left=left, sold=sales.sold + own, beyond=sales.beyond + beyond)
    return sold


def after_sales(w: World, s: State, steps: list[Step], sold: dict[str, int]) -> None:
    """Do with what nobody bought what the rule says."""
    rule, sales = w.scenario.auctions, s.market.sales
    withheld = sum(int(step.amount) for step in steps if step.name == "withhold") - sold.get("withhold", 0)
    if withheld > 0:
        s.registry.cancel(w.government, withheld)
        left = sales.left.copy()
        left[0] -= withheld
        sales = replace(sales, left=left, withheld=sales.withheld + withheld)
    unsold = sum(int(step.amount) for step in steps if step.name == "base") - sold.get("base", 0)
    if unsold > 0 and rule.unsold != "again":
        ahead = [date for date in sorted(set(calendar(w))) if date > s.period]
        if rule.unsold in ("next", "same_year") and ahead:
            places = ahead[: rule.unsold_over]
            sales = replace(sales, offers=sales.offers + spread_over(unsold, places, len(sales.offers)))
        elif rule.unsold == "reserve":
            s.registry.cancel(w.government, unsold)
            s.market.reserve += unsold
        elif rule.unsold in ("cancel", "same_year"):
            s.registry.cancel(w.government, unsold)
            sales = replace(sales, withheld=sales.withheld + unsold)
    s.market.sales = sales


def release_by_past_prices(w: World, s: State) -> None:
    """Auction tiers whose trigger is a multiple of a past mean, once their condition is met, at the next date."""
    for place, (_, tier) in enumerate(w.scenario.containment.tiers()):
        recently = s.market.sales.released >= 0 and s.number - s.market.sales.released < w.periods_per_year
        if recently or not s.policy.started(s.year) or not triggered(tier, s.log.periods, s.year, w.periods_per_year):
            continue
        sales, dates = s.market.sales, [date for date in calendar(w) if date >= s.period]
        units = int(sales.left[place])
        units = min(units, s.market.reserve) if tier.from_reserve else units
        if units == 0 or not dates:
            continue
        s.registry.issue(w.government, units, s.year)
        if tier.from_reserve:
            s.market.reserve -= units
        left, offers = sales.left.copy(), sales.offers.copy()
        left[place] -= units
        offers[dates[0]] += units
        s.market.sales = replace(sales, left=left, offers=offers, beyond=sales.beyond + units, released=s.number)


def triggered(tier: Tier, rows: Sequence[Mapping[str, Any]], year: int, periods_per_year: int) -> bool:
    """Whether past prices bring a tier to market: their mean, or each of them in a row, above a multiple of others.

    Parameters
    ----------
    rows
        Market periods so far.
    """
    multiple = tier.multiple.at(year) if tier.multiple is not None else None
    if multiple is None:
        return False
    months = (tier.over_months.at(year) or 1, tier.of_months)
    short, long = (max(1, math.ceil(span * periods_per_year / 12)) for span in months)
    if len(rows) < short + long:
        return False
    prices = np.array([row["price"] for row in rows[-(short + long) :]])
    now = prices[long:].min() if tier.every_month else prices[long:].mean()
    return bool(now > multiple * prices[:long].mean())


def sold_in_year(w: World, s: State) -> dict[str, int]:
    """What auctions and tiers came to, where the scenario has rules for them."""
    sc, sales = w.scenario, s.market.sales
    if not sc.containment.any and sc.auctions == Auctions():
        return {}
    return {"auctioned_t": sales.sold, "beyond_cap_t": sales.beyond, "withheld_t": sales.withheld}
