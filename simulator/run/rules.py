"""What a scenario may switch on over the years: stability reserve, carrying over, borrowing, penalties, investment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tanshi.agents.investment import invest
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.apportion import apportion
from tanshi.market.banking import borrowing, carry_over
from tanshi.market.compliance import fine_per_unit
from tanshi.market.offsets import usable
from tanshi.market.orders import Floats, Ints
from tanshi.market.stability import StabilityReserve

if TYPE_CHECKING:
    from tanshi.simulator.model import CarbonMarket


def after_reserve(m: CarbonMarket, free: Ints, auctioned: Ints) -> tuple[Ints, Ints]:
    """Return the year's free and auctioned allowances by sector once the stability reserve has taken its part.

    The reserve takes from the auctions first, as the law says, and then from the free allocation of all sectors alike,
    where a market auctions less; what it gives back is auctioned.
    """
    s, rule = m.state, m.scenario.stability_reserve
    mask = m.policy.mask(s.year)
    if not rule.on or not m.policy.started(s.year):
        return free, auctioned
    reserve = StabilityReserve(rule.scale)
    trading = np.flatnonzero(mask[m.population.sector])
    moved = reserve.movement(int(m.registry.held[trading].sum()), s.reserve)
    supply = np.where(mask, free, 0), np.where(mask, auctioned, 0)
    moved = min(moved, int(supply[0].sum() + supply[1].sum()))
    if moved >= 0:
        from_auction = min(moved, int(supply[1].sum()))
        auctioned = auctioned - apportion(from_auction, supply[1])
        free = free - apportion(moved - from_auction, supply[0])
    else:
        auctioned = auctioned + apportion(-moved, np.where(mask, free + auctioned, 0))
    s.reserve += moved
    s.reserve -= reserve.invalid(s.reserve)
    return free, auctioned


def less_advances(m: CarbonMarket, grants: Ints) -> Ints:
    """Return firms' free allowances without what they have already borrowed and used."""
    s = m.state
    if not s.advances.any():
        return grants
    kept = np.minimum(s.advances, grants)
    s.advances = s.advances - kept
    return grants - kept


def carry_limit(m: CarbonMarket, held: Ints) -> Ints | None:
    """Return what each account may take into the next year, None for no limit. Only firms are limited."""
    rule = m.scenario.banking
    if rule.carry_base is None or not m.policy.started(m.state.year):
        return None
    limit = carry_over(held, m.state.net_sold, rule.carry_base, rule.carry_multiple)
    firms = len(m.population)
    return np.concatenate((limit[:firms], held[firms:]))


def advance_limit(m: CarbonMarket, firms: Ints, due: Ints) -> Ints | None:
    """Return what each firm may draw from next year's allocation, None where the rules do not allow it.

    Parameters
    ----------
    due : (firms,) t to be surrendered for the year.
    """
    s, rule = m.state, m.scenario.banking
    last = s.year == m.scenario.years.end
    if rule.borrow_share == 0 or last or not m.policy.started(s.year) or m.policy.standard(s.year):
        return None
    credits = usable(due, m.registry.offsets[firms], m.policy.offset_share(s.year))
    owed = m.registry.obligations[firms] + due - credits
    held = m.registry.holdings[: s.year - m.registry.first_vintage + 1, firms].sum(axis=0)
    return borrowing(owed - held, owed, rule.borrow_share, rule.borrow_threshold)


def fine(m: CarbonMarket) -> int:
    """Return the penalty for an uncovered tonne in ticks."""
    s, rule, n = m.state, m.scenario.penalty, m.periods_per_year
    month = s.periods[-max(1, n // 12) :]
    volume = sum(row["volume_t"] for row in month)
    mean = sum(row["turnover_yuan"] for row in month) / volume if volume else s.price
    multiple = rule.multiple if m.policy.started(s.year) else None
    return round(fine_per_unit(mean, fixed=rule.price, multiple=multiple) / m.scenario.market.tick)


def installed(response: CarbonResponse, emitted: Floats) -> CarbonResponse:
    """Return the economy's response once firms' own installations hold back their part of it, (8,) let through."""
    if (emitted == 1.0).all():
        return response
    return replace(response, emissions=response.emissions * emitted, slope=response.slope * emitted)


def build_installations(m: CarbonMarket) -> None:
    """Let firms decide at year end whether to build what cuts part of their emissions for good.

    The firm compares the price it expects with its yearly cost a tonne times the option value of waiting. The economy
    goes on choosing fuels and output as before; what it would emit is cut by what was built.
    """
    s, firms, rule = m.state, m.population, m.scenario.firms
    if rule.investment_cut == 0 or not m.policy.started(s.year):
        return
    able = m.policy.mask(s.year)[firms.sector]
    built = invest(firms.built, rule.investment_cost * firms.cost, firms.expected_price, rule.option_value)
    new = built & able & ~firms.built
    if not new.any():
        return
    firms.built |= new
    s.emitted = s.emitted * (1.0 - rule.investment_cut * firms.total(np.where(new, firms.share, 0.0)))
    for column in (firms.share, firms.intensity):
        column[new] *= 1.0 - rule.investment_cut
    firms.share = firms.normalised(firms.share)
