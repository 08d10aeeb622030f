"""What a forest credit is worth to a firm beside the allowance it stands for, and who pays what for credits.

Government may pay a subsidy for a tonne that is covered by a credit, and such a tonne may be spared the tax on
emissions (Yang et al. 2021, eq. 3: the tax is on c - q, the subsidy V3 on q V1). Both are paid out by government, to
the firm that buys the credit; the tax itself is levied whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from tanshi.agents.sinks.supply import Forestry
from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.province import Province
from tanshi.numerics.units import TONNES
from tanshi.scenarios.schema import Offsets
from tanshi.simulator.run.ground.credit_supply import DEAREST, at_one_price, cost_of_kinds, kinds_of
from tanshi.simulator.run.ground.policy import Policy

STEP = 0.01
"""Yuan/t, over which what several kinds of credits offer is differenced."""


def credit_rule(policy: Policy, year: int) -> Offsets:
    """The rule of credits in a year; its subsidy is all that government pays for a tonne, a tax spared among it."""
    return policy.once("credits", year, lambda: _rule_of_year(policy, year))


def _rule_of_year(policy: Policy, year: int) -> Offsets:
    rule = policy.scenario.offsets
    changed: dict[str, Any] = {} if rule.share_by_year is None else {"share": rule.share_of(year)}
    if rule.kinds.any:
        changed["kinds"] = rule.kinds.in_year(year, rule.share_of(year))
    if rule.spares_tax and policy.started(year):
        changed["subsidy"] = rule.subsidy + policy.scenario.carbon_tax.rate_of(year)
    return rule.model_copy(update=changed) if changed else rule


def rule_of(policy: Policy, year: int) -> Offsets | None:
    """The rule of credits in a year; None where none may be used."""
    return credit_rule(policy, year) if policy.offset_share(year) > 0 else None


def forestry_of(rule: Offsets) -> Forestry:
    """The scenario's supply curve, in t a year."""
    return Forestry(rule.potential * TONNES, rule.median_cost, rule.spread)


def cost_of_credits(rule: Offsets, credits: float, owed: float = np.inf) -> float:
    """What is paid for ``credits`` (Mt), yi yuan: all of them at the price of the last, kind by kind.

    Parameters
    ----------
    owed
        What has to be surrendered, Mt, of which each kind may cover a part.
    """
    if credits <= 0.0:
        return 0.0
    if rule.kinds.any:
        kinds = kinds_of(rule)
        used = at_one_price(kinds, np.array([kind.most(owed * TONNES) for kind in kinds]), credits * TONNES, DEAREST)
        return cost_of_kinds(kinds, used) / TONNES * YUAN_PER_TONNE
    return credits * float(forestry_of(rule).price(credits * TONNES)) * YUAN_PER_TONNE


def credits_per_yuan(rule: Offsets, price: float, owed: float) -> float:
    """By how much the credits that one firm with all obligations would buy rise with the price, Mt per yuan/t.

    Nothing where the limit of their use binds, or where what is bid does not follow the price.

    Parameters
    ----------
    owed
        Mt of emissions of the year, of which credits may cover `Offsets.share`.
    """
    if rule.kinds.any:
        kinds = kinds_of(rule)
        most = np.array([kind.most(owed * TONNES) for kind in kinds])
        here, above = (
            at_one_price(kinds, most, rule.share * owed * TONNES, rule.worth(p)).sum() for p in (price, price + STEP)
        )
        return float(above - here) / STEP / TONNES
    forestry, bid = forestry_of(rule), rule.worth(price)
    if bid <= 0.0 or rule.share * owed <= float(forestry.quantity(bid)) / TONNES or rule.worth(price + 1e-6) == bid:
        return 0.0
    return float(forestry.slope(bid)) / TONNES


def credits_for(rule: Offsets, paid: float) -> float:
    """Credits (Mt) that forestry sells for so many yi yuan: the other way round."""
    most = (1.0 - 1e-12) * rule.potential
    if paid <= 0.0:
        return 0.0
    if paid >= cost_of_credits(rule, most):
        return most
    return float(brentq(lambda credits: cost_of_credits(rule, credits) - paid, 0.0, most, xtol=1e-12, rtol=1e-12))


def paying_for_credits(province: Province, rule: Offsets, p: Parameters, paid: float) -> Parameters:
    """Parameters under which enterprises pay forest owners, yi yuan/yr, and government its part to enterprises."""
    q = province.paying_forest_owners(p, paid)
    if rule.subsidy == 0.0 or paid == 0.0:
        return q
    return province.supporting(q, credits_for(rule, paid) * rule.subsidy * YUAN_PER_TONNE)
