"""A year of the run: its allowances at the beginning, its compliance and its accounts at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.dynamics import advance
from tanshi.equilibrium.province.physical import Flows
from tanshi.market.allocation import grandfather, split
from tanshi.market.sales import Sales
from tanshi.numerics.units import TONNES
from tanshi.scenarios.link import OTHERS, OUTSIDE
from tanshi.simulator.run.across.trade import close_outside, open_outside
from tanshi.simulator.run.advantage import advantage
from tanshi.simulator.run.ahead.joint import linked, meets_supply
from tanshi.simulator.run.ahead.known import lent
from tanshi.simulator.run.ahead.lives import most_alive
from tanshi.simulator.run.ahead.outlook import look_ahead
from tanshi.simulator.run.compliance.closing import close_run
from tanshi.simulator.run.compliance.events import settle_firms
from tanshi.simulator.run.credits import note_credits
from tanshi.simulator.run.economics import Lived
from tanshi.simulator.run.grants import adjust_after, give, history_of
from tanshi.simulator.run.ground.plant_classes import move_firms
from tanshi.simulator.run.public.allotted import allotted
from tanshi.simulator.run.public.auctions import open_sales
from tanshi.simulator.run.public.border import border_of_the_year
from tanshi.simulator.run.public.entrants import entrants_of_the_year, open_entrants, out_by_sector, out_of_reserve
from tanshi.simulator.run.public.steps import auctioned, in_steps, taken, yearly_steps
from tanshi.simulator.run.rules import after_reserve
from tanshi.simulator.run.world import State, World, YearClosed

OWED_TO_ROUNDING = 1e-6
"""Part of what is owed by which an equilibrium's own tolerance may miss it; a shortfall is more."""


def open_year(w: World, s: State, moved: tuple[int, int] | None = None) -> None:
    """Set the year's policy on the economy and hand out the year's allowances.

    Parameters
    ----------
    moved
        What a stability reserve that several provinces share moves here (`after_reserve`).
    """
    policy, population = s.policy, s.firms
    parameters = s.economy.parameters.copy()
    policy.prepare(w.province, parameters, s.year, open_entrants(w, s))
    s.economy.parameters = parameters
    if w.province.closure.taxed:
        _take_over_technique(w, s)
    begins = s.year == w.scenario.policy_start  # what is brought along serves the policy, not the years before it
    newly = policy.mask(s.year) & (begins | ~policy.mask(s.year - 1)) & policy.started(s.year)
    brought = np.where(newly, w.scenario.banking.brought(begins) * policy.baseline.at(s.year), 0.0)
    open_outside(w, s)
    if not w.agents_trade:
        s.market.banked += float(brought.sum())
        look_ahead(w, s)
        return
    units = np.rint(policy.caps(s.year) * TONNES).astype(np.int64)
    free, auctioned = after_reserve(w, s, *split(units, policy.auctioned(s.year)), moved)
    s.registry.period = s.number
    beyond = s.market.entrants
    give(w, s, free + beyond.given if len(beyond.given) else free)
    sold = int(auctioned[policy.mask(s.year) & ~policy.by_rate(s.year)].sum()) + beyond.auctioned
    if sold or not policy.standard(s.year):
        s.registry.issue(w.government, sold, s.year)
    open_sales(w, s, sold)
    if brought.any():
        units = np.rint(brought * TONNES).astype(np.int64)
        s.registry.issue(
            np.arange(len(population)), grandfather(units, history_of(s), population.sector), s.registry.first_vintage
        )
    look_ahead(w, s)


def _take_over_technique(w: World, s: State) -> None:
    """Where a tax takes the place of a market, technique is what that market's price had brought it to."""
    model, economy = w.province, s.economy
    now, before = s.policy.taxes(model, s.year), s.policy.taxes(model, s.year - 1)
    mask = dict(zip(w.sectors, s.policy.mask(s.year).tolist(), strict=True))
    followed = dict(zip(w.sectors, economy.effective.tolist(), strict=True))
    taken = np.array([not mask.get(sector, False) for sector in model.taxable]) & (now > 0) & (before == 0)
    past = np.array([followed.get(sector, 0.0) for sector in model.taxable])
    economy.effective_tax = np.where(taken, past, economy.effective_tax)


def close_year(w: World, s: State, last: Lived) -> None:
    """Verify what accrued, surrender, penalise, bank; then the economy moves on.

    Parameters
    ----------
    last
        What the economy said in the year's last period.
    """
    flows = _flows_of_the_year(w, s)
    if w.agents_trade:
        adjust_after(w, s)
        gained = advantage(w, s) if w.reports else None
        settle_firms(w, s)
        cap = _cap(w, s, flows)  # while it is known what was given for the year: a closing run knows a later one
        _note(s, allotted(w, s, flows))
        if gained is not None:
            by_sector = zip(w.sectors, gained.sectors.tolist(), strict=True)
            gains = {name: value for name, value in by_sector if value > 0}
            _note(s, {"gains_yuan": gains, "curve_miss": list(gained.miss)})
            trading = s.policy.mask(s.year)[s.firms.sector]
            s.log.gains.append({"year": s.year, "gain": np.where(trading, gained.firms, np.nan)})
        if s.year == w.scenario.years.end and not w.shared:  # else all provinces' runs close together
            close_run(w, s, last)
    else:
        _settle_sectors(w, s)
        cap = _cap(w, s, flows)
        _note(s, allotted(w, s, flows))
    _note(s, border_of_the_year(w, s) | entrants_of_the_year(w, s))
    _close_accounts(w, s, last.solution, flows, cap)


def _flows_of_the_year(w: World, s: State) -> Flows:
    return Flows(s.economy.flow_sum / w.periods_per_year, s.economy.x_sum / w.periods_per_year)


def _note(s: State, found: Mapping[str, Any]) -> None:
    """Add to the year's row of compliance."""
    s.log.settlements[-1] = s.log.settlements[-1] | dict(found)


def _settle_sectors(w: World, s: State) -> None:
    """Without firms: what each sector sold by the year's end, and what is banked for all of them."""
    caps, mask = granted(w, s), s.policy.mask(s.year)
    cover = caps + note_credits(w, s)
    sales = {c: float((cover[i] - s.economy.accrued[i]) * TONNES) for i, c in enumerate(w.sectors) if mask[i]}
    crossed = _closed_border(w, s, sum(sales.values()))
    left = sum(sales.values()) + crossed.get("imported_t", 0)  # a surplus finds no buyer, a shortfall is bought off
    sales = {c: v - left * caps[w.sectors.index(c)] / caps[mask].sum() for c, v in sales.items()}
    left += _in_steps(w, s, left)
    most = float(most_alive(w, s, s.policy, range(s.year, s.year + 1))[0]) if s.policy.started(s.year) else np.inf
    ended = max(left / TONNES + s.market.banked - most, 0.0)  # the oldest, which may not be kept
    left -= ended * TONNES
    s.log.settlements.append({"year": s.year, "net_sales_t": sales, "surplus_t": left} | _settled(w, s, left) | crossed)
    if w.scenario.banking.life is not None:
        _note(s, {"expired_t": round(ended * TONNES)})
    bought, sold = (sum(max(side * v, 0.0) for v in sales.values()) for side in (-1.0, 1.0))
    moved = round(max(bought, sold))  # the least trade that equalises the sectors
    if crossed:
        sales[OTHERS if w.shared else OUTSIDE] = float(crossed["imported_t"])
    s.log.periods[-1] = s.log.periods[-1] | {"volume_t": moved, "turnover_yuan": moved * s.market.price}
    owing = float(lent(w, s).sum()) / TONNES
    s.market.banked = max(s.market.banked + left / TONNES, -owing) if w.scenario.banking.allowed else 0.0


def granted(w: World, s: State) -> NDArray[np.float64]:
    """Allowances of the year by sector without firms, Mt; where output and emissions bring them, by these."""
    beyond = out_by_sector(w, s)
    if w.scenario.sectors.methods_said or linked(w, s):
        return s.policy.fixed(s.year) + s.economy.earned + beyond
    return s.policy.caps(s.year) + beyond


def _in_steps(w: World, s: State, left: float) -> float:
    """Without firms: t that government sold beyond its auctions, or, negative, kept of them.

    Parameters
    ----------
    left
        t that remain of the year's allowances once all emissions are covered; negative: that are missing.
    """
    if not in_steps(w.scenario):
        return 0.0
    if w.shared:  # what all provinces together needed says it (`together.price`)
        return float(s.market.sales.beyond - s.market.sales.withheld)
    volume = auctioned(s.policy, s.year)
    steps = yearly_steps(s.policy, s.year, volume)
    price = np.average([row["price"] for row in s.log.periods[-w.periods_per_year :]])
    sold = taken(steps, float(price), volume - left / TONNES - s.market.banked)
    moved = round((sold - volume) * TONNES)
    s.market.sales = Sales(sold=round(sold * TONNES), beyond=max(moved, 0), withheld=max(-moved, 0))
    return float(moved)


def _closed_border(w: World, s: State, left: float) -> dict[str, float]:
    """What crossed the border in a year without firms; what the drift left short is bought at the year's last price.

    Parameters
    ----------
    left
        t that the province's sectors have left, short below zero.
    """
    if linked(w, s):
        across = s.market.across
        short = max(-(left / TONNES + across.imported + s.market.banked), 0.0)
        paid = short * s.market.price * YUAN_PER_TONNE
        if w.shared or meets_supply(w, s):
            short = paid = 0.0  # its price has cleared the year: the rest is bought off
        s.market.across = replace(across, imported=across.imported + short, paid=across.paid + paid,
                                  due=across.due + paid)  # fmt: skip
    return close_outside(w, s)


def _settled(w: World, s: State, left: float) -> dict[str, float]:
    """The compliance of sectors without firms, in whole tonnes; what is bought off at the ceiling is a shortfall."""
    owed = float(s.economy.accrued[s.policy.mask(s.year)].sum()) * TONNES
    lacking = -(left + s.market.banked * TONNES)
    borrowed = min(max(lacking, 0.0), float(lent(w, s).sum()))
    lacking -= borrowed
    short = min(round(max(lacking, 0.0)), round(owed)) if lacking > OWED_TO_ROUNDING * owed else 0
    banked = max(-lacking, 0.0) - borrowed if w.scenario.banking.allowed else 0.0
    return {
        "owed_t": round(owed),
        "surrendered_t": round(owed) - short,
        "shortfall_t": short,
        "penalty_yuan": short * s.market.price,
        "banked_t": round(banked),
        "borrowed_t": round(borrowed),
    }


def _cap(w: World, s: State, flows: Flows) -> float:
    """Allowances of the year for the sectors that trade, Mt."""
    mask = s.policy.mask(s.year)
    rate = s.policy.by_rate(s.year) & mask
    moved = (s.market.sales.beyond - s.market.sales.withheld) / TONNES + out_of_reserve(s)
    if not rate.any():
        return float(s.policy.caps(s.year)[mask].sum()) + moved
    if w.agents_trade:
        return s.policy.tonnes(s.year) + int(s.market.granted[rate[s.firms.sector]].sum()) / TONNES + moved
    if w.scenario.sectors.methods_said:
        return s.policy.tonnes(s.year) + float(s.economy.earned[mask].sum()) + out_of_reserve(s)
    earned = s.policy.rates(s.year) * w.province.earned_on(flows.leaf, flows.x)[1]
    return float(np.bincount(s.policy.baseline.earners, earned, len(w.sectors))[mask].sum())


def _close_accounts(w: World, s: State, last: Solution, flows: Flows, cap: float) -> None:
    """Note what the year came to and move the economy to the next one."""
    economy, n, year = s.economy, w.periods_per_year, s.year
    groups = economy.groups_sum / n
    s.log.years.append(
        YearClosed(year, flows, economy.welfare_sum / n, economy.accrued, s.policy.mask(year), cap, groups)
    )
    if year == w.scenario.years.end:
        s.calendar.finished = True
        return
    followed = economy.decision_sum / n
    economy.parameters = advance(w.province, economy.parameters, flows, last, w.economy.growth, year, followed)
    s.calendar.year, s.calendar.period = year + 1, 0
    if w.agents_trade and s.firms.kind.any():
        earned = w.province.earned_on(flows.leaf, flows.x)
        move_firms(s.firms, w.economy.economy, s.policy, earned, year + 1)
    economy.flow_sum, economy.decision_sum = np.zeros_like(flows.leaf), np.zeros_like(flows.leaf)
    economy.january = economy.effective
    economy.x_sum, economy.welfare_sum = np.zeros_like(flows.x), 0.0
    economy.groups_sum = np.zeros_like(groups)
    economy.accrued, s.market.to_date = np.zeros(len(w.sectors)), np.zeros(w.firms)
    economy.earned = np.zeros(len(w.sectors))
