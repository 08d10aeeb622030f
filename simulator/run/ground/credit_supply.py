"""What several kinds of credits offer together: one price for all, each within its own limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from tanshi.agents.sinks.supply import Forestry
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.scenarios.schema import Offsets

DEAREST = 1e12
"""Yuan/t, above any price at which credits are offered."""

NEARLY = 1e-9
"""Part of a potential that has no price any more."""


@dataclass(frozen=True)
class KindSupply:
    """One kind of credits in a year.

    Attributes
    ----------
    name : str
    place : int
        Its ledger in the registry.
    supply : Forestry
        What is offered by price, t a year.
    limit : float
        Part of what is owed that it may cover.
    """

    name: str
    place: int
    supply: Forestry
    limit: float

    def most(self, owed: float) -> float:
        """Most of it that may be used where so much is owed; in the same unit."""
        return self.limit * owed if self.limit > 0 else 0.0


def kinds_of(rule: Offsets) -> list[KindSupply]:
    """The kinds that are offered under a rule of one year (`tanshi.simulator.run.ground.forest.credit_rule`)."""
    found = []
    for place, (name, kind) in enumerate(rule.kinds.said()):
        offered, limit = (0.0 if path is None else path.at(0) or 0.0 for path in (kind.potential, kind.share))
        if offered > 0 and limit > 0:
            found.append(KindSupply(name, place, Forestry(offered * TONNES, kind.median_cost, kind.spread), limit))
    return found


def limits_of(rule: Offsets) -> Floats:
    """Part of what is owed that each kind may cover, (kinds,), those that are no longer issued among them."""
    return np.array([0.0 if kind.share is None else kind.share.at(0) or 0.0 for _, kind in rule.kinds.said()])


def at_one_price(kinds: list[KindSupply], most: Floats, total: float, price: float) -> Floats:
    """What is used of each kind, (kinds,) t: as much as is offered at a price, or at a lower one that suffices.

    Cheap credits come first, so that the last tonne of all kinds costs the same, but for those at their limit.

    Parameters
    ----------
    most : (kinds,) float
        Limits of each, t.
    total : float
        Limit of all, t.
    price : float
        Most that is paid, yuan/t.
    """

    def used(at: float) -> Floats:
        return np.array([min(float(k.supply.quantity(at)), float(m)) for k, m in zip(kinds, most, strict=True)])

    found = used(price)
    if not len(kinds) or found.sum() <= total or price <= 0.0:
        return found
    if total <= 0.0:
        return np.zeros(len(kinds))
    low = min(k.supply.median_cost * float(np.exp(-9.0 * k.supply.spread)) for k in kinds)
    low = min(low, 0.5 * price)
    if used(low).sum() >= total:
        return np.asarray(used(low) * (total / used(low).sum()))
    log = brentq(
        lambda x: float(used(float(np.exp(x))).sum()) - total, np.log(low), np.log(price), xtol=1e-13, rtol=1e-13
    )
    found = used(float(np.exp(log)))
    return np.asarray(found * min(total / found.sum(), 1.0))


def cost_of_kinds(kinds: list[KindSupply], used: Floats) -> float:
    """What is paid for so many t of each kind, yuan: all of a kind at the price of its last."""
    return float(np.dot(prices_of(kinds, used), used))


def prices_of(kinds: list[KindSupply], used: Floats) -> Floats:
    """Price of the last tonne of each kind, (kinds,) yuan/t; 0 where none is used, and finite at the potential too."""
    most = [min(float(t), (1.0 - NEARLY) * kind.supply.potential) for kind, t in zip(kinds, used, strict=True)]
    return np.array([float(kind.supply.price(t)) if t > 0 else 0.0 for kind, t in zip(kinds, most, strict=True)])
