"""What is known of the rules of the years ahead: how far they reach, what may be borrowed, what may be carried over."""

from __future__ import annotations

import numpy as np

from tanshi.market.banking import beyond_base
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ahead.lives import most_of_firms
from tanshi.simulator.run.grants import history_of
from tanshi.simulator.run.ground.followed import baseline_of
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.rules import net_sales
from tanshi.simulator.run.world import State, World


def known_policy(w: World, s: State) -> Policy:
    """The rules as they are known, reaching beyond the run's last year."""
    sc = w.scenario
    if sc.banking.beyond == "end":
        return s.policy
    return s.policy.reaching(baseline_of(sc, w.followed, beyond=sc.banking.horizon))


def seen_to(w: World, s: State) -> int | None:
    """The year at which the economy's path ends before firms' horizon does; None where it does not, or nobody looks."""
    rule = w.scenario.banking
    if not rule.allowed or rule.horizon == 0 or rule.beyond == "end":
        return None
    last: int = known_policy(w, s).baseline.years[-1]
    return last if last < w.scenario.years.end + rule.horizon else None


def lowest_banks(w: World, s: State, policy: Policy, years: range) -> Floats:
    """Least bank at the end of each year, (years,) Mt: nothing, or less by what the next year lends to older debts."""
    low = np.zeros(len(years))
    for place, year in enumerate(years[:-1]):
        if w.scenario.compliance.lends(year):
            low[place] = -float(_given_away(policy, year + 1)[policy.mask(year + 1)].sum())
    return low


def lent(w: World, s: State) -> Floats:
    """Free allowances of the coming year that may serve what firms owe for this one, (firms,) t."""
    rule = w.scenario
    if not rule.compliance.lends(s.year):
        return np.zeros(w.firms)
    last = s.year == rule.years.end
    if last and (rule.banking.beyond == "end" or rule.banking.horizon == 0):  # nobody knows of a coming year
        return np.zeros(w.firms)
    return allowances_of(s, known_policy(w, s) if last else s.policy, s.year + 1)


def allowances_of(s: State, policy: Policy, year: int) -> Floats:
    """Free allowances in tonnes that each firm is given for a year, (firms,) t."""
    free = np.where(policy.mask(year), _given_away(policy, year), 0.0)
    return np.asarray(s.firms.normalised(history_of(s)) * free[s.firms.sector] * TONNES, np.float64)


def _given_away(policy: Policy, year: int) -> Floats:
    """Allowances given away in tonnes, (8,) Mt; what follows output is known too late to be lent."""
    return np.where(policy.by_rate(year), 0.0, policy.caps(year, whole=True) * (1.0 - policy.auctioned(year)))


def carry_most(w: World, s: State) -> Floats:
    """Most allowances that each firm may take into the next year, (firms,) t; without a limit infinity."""
    most = most_of_firms(w, s)
    if not w.scenario.banking.carries_at(s.year) or not s.policy.started(s.year):
        return most
    return np.minimum(carry_limits(w, s), most)


def carry_limits(w: World, s: State, year: int | None = None) -> Floats:
    """What each firm could carry at the next date of the limit, by what it has sold so far, (firms,) t.

    Parameters
    ----------
    year
        One that is planned for: where only a few years' sales count, as much is expected as in those before (assumed).
    """
    rule = w.scenario.banking
    assert rule.carry_base is not None
    sold = net_sales(w, s)[: w.firms]
    if year is not None and rule.carry_past is not None:
        sold = np.maximum(sold, net_sales(w, s, s.year - 1)[: w.firms])
    at = s.year if year is None else year
    return rule.carry_base + beyond_base(sold, rule.multiple_in(at), rule.part_in(at), s.market.granted)
