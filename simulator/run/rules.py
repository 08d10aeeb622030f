"""What a scenario may switch on over the years: stability reserve, carrying over, borrowing, penalties."""

from __future__ import annotations

import numpy as np

from tanshi.market.apportion import apportion
from tanshi.market.banking import carry_over
from tanshi.market.compliance import fine_per_unit
from tanshi.market.orders import Ints
from tanshi.market.stability import StabilityReserve
from tanshi.scenarios.containment import StabilityReserve as Reserve
from tanshi.simulator.run.ground.past_prices import past_mean, periods_in
from tanshi.simulator.run.world import State, World


def after_reserve(
    w: World, s: State, free: Ints, auctioned: Ints, together: tuple[int, int] | None = None
) -> tuple[Ints, Ints]:
    """Return the year's free and auctioned allowances by sector once the stability reserve has taken its part.

    The reserve takes from the auctions first, as the law says, and then from the free allocation of all sectors alike,
    where a market auctions less; what it gives back is auctioned.

    Parameters
    ----------
    together
        t that it takes here, and t of it that are valid then, where several provinces share one.
    """
    rule = w.scenario.stability_reserve
    mask = s.policy.mask(s.year)
    if not rule.on or not s.policy.started(s.year):
        return free, auctioned
    supply = np.where(mask, free, 0), np.where(mask, auctioned, 0)
    if together is None:
        moved = reserve_of(rule, s.year).movement(circulating(w, s), s.market.reserve)
        moved = min(moved, int(supply[0].sum() + supply[1].sum()))
        held = valid(rule, s.year, s.market.reserve + moved, s.market.sales.sold)
    else:
        moved, held = together
    if moved >= 0:
        from_auction = min(moved, int(supply[1].sum()))
        auctioned = auctioned - apportion(from_auction, supply[1])
        free = free - apportion(moved - from_auction, supply[0])
    else:
        auctioned = auctioned + apportion(-moved, np.where(mask, free + auctioned, 0))
    s.market.reserve = held
    return free, auctioned


def circulating(w: World, s: State) -> int:
    """Allowances of firms and of traders without obligations beyond what is owed for years that have ended, t."""
    trading = np.flatnonzero(s.policy.mask(s.year)[s.firms.sector])
    owed = sum(int((year.owed - year.credits)[trading].sum()) for year in s.market.open)
    traders = s.registry.held[w.government + 1 : w.outside]
    return int(s.registry.held[trading].sum() + traders.sum()) - owed


def valid(rule: Reserve, year: int, held: int, sold: int) -> int:
    """What a stability reserve of so many t goes on holding in a year.

    Parameters
    ----------
    sold
        t that were auctioned in the year before.
    """
    stays = rule.stays_in(year)
    if stays == "all":
        return held
    return held - reserve_of(rule, year).invalid(held, auctioned=sold if stays == "auctioned" else None)


def reserve_of(rule: Reserve, year: int) -> StabilityReserve:
    """Return the stability reserve of a year: what the scenario does not say is the European Union's."""
    said = {
        "lower": rule.lower, "upper": rule.upper, "rate": rule.intake,
        "release_below": rule.release_below, "release": rule.release, "keep": rule.keep,
    }  # fmt: skip
    values = {name: path.at(year) for name, path in said.items() if path is not None}
    return StabilityReserve(rule.scale, **{name: value for name, value in values.items() if value is not None})


def less_advances(s: State, grants: Ints) -> Ints:
    """Return firms' free allowances without what they have already borrowed and used."""
    if not s.market.advances.any():
        return grants
    kept = np.minimum(s.market.advances, grants)
    s.market.advances = s.market.advances - kept
    return grants - kept


def carry_limit(w: World, s: State, held: Ints) -> Ints | None:
    """Return what each account may take into the next year, None for no limit. Only firms are limited."""
    rule = w.scenario.banking
    if rule.carry_base is None or not rule.carries_at(s.year) or not s.policy.started(s.year):
        return None
    if rule.carry_at:  # later vintages are not its concern
        held = s.registry.holdings[: max(rule.carry_vintage - s.registry.first_vintage + 1, 0)].sum(axis=0)
    firms, given = len(s.firms), np.zeros(s.registry.accounts)
    given[:firms] = s.market.granted
    sold = net_sales(w, s)
    limit = carry_over(held, sold, rule.carry_base, rule.multiple_in(s.year), rule.part_in(s.year), given)
    limit[:firms] = np.where(s.market.late & (not rule.carry_late), 0, limit[:firms])
    return np.concatenate((limit[:firms], held[firms:]))


def net_sales(w: World, s: State, upto: int | None = None) -> Ints:
    """Allowances that each account has sold beyond what it bought, of those that count for the carry-over limit, t.

    Parameters
    ----------
    upto
        Last year whose sales count where only a few do; by default the current one.
    """
    past, last = w.scenario.banking.carry_past, s.year if upto is None else upto
    if past is None:
        return s.market.net_sold
    sold = np.zeros(s.registry.accounts, np.int64)
    for fills in reversed(s.log.trades):
        year = int(fills["year"][0])
        if year <= last - past or not s.policy.started(year):
            break
        if year > last:
            continue
        np.add.at(sold, fills["seller"], fills["quantity_t"])
        np.subtract.at(sold, fills["buyer"], fills["quantity_t"])
    return sold


def fine_per_firm(w: World, s: State, year: int) -> int:
    """Return what each firm pays that surrenders too little, however much, in ticks x tonne."""
    rule = w.scenario.penalty.per_firm
    value = rule.at(year) if rule is not None and s.policy.started(year) else None
    return round((value or 0.0) / w.scenario.market.tick)


def made_good(w: World, s: State, year: int) -> str:
    """Return what becomes of missing tonnes: ``none``, ``owed``, or ``cut`` from next year's allowances."""
    rule = w.scenario.penalty
    said = rule.make_good.at(year) if rule.make_good is not None and s.policy.started(year) else None
    return said or ("none" if rule.extinguishes else "owed")


def made_good_by(w: World, s: State, year: int, missing: Ints) -> Ints:
    """Return what missing tonnes are made good by, whole tonnes."""
    rule = w.scenario.penalty.factor
    factor = rule.at(year) if rule is not None and s.policy.started(year) else None
    return missing if factor is None else np.rint(factor * missing).astype(np.int64)


def fine(w: World, s: State, year: int) -> int:
    """Return the penalty for an uncovered tonne of a year in ticks; nothing where the fine is one per firm."""
    rule, n = w.scenario.penalty, w.periods_per_year
    if fine_per_firm(w, s, year) > 0:
        return 0
    mean = past_mean([*s.log.periods, *s.log.closing], periods_in(rule.of_months, n), s.market.price)
    multiple = rule.multiple_in(year) if s.policy.started(year) else None
    found = fine_per_unit(mean, fixed=rule.price, multiple=multiple)
    most = rule.most.at(year) if rule.most is not None and multiple is not None else None
    return round((found if most is None else min(found, most)) / w.scenario.market.tick)
