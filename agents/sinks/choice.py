"""Abate or buy sinks: the firm's net benefit under each, without and with the three policies.

Without policy (eq. 1) a firm that must reduce q tonnes keeps Z1 = U - E - a q where it abates and
Z2 = U - E - P q where it buys sinks; it does what leaves more. With policy (eq. 3) sinks may stand for a share
V1 of q at most, each tonne brings a subsidy V3, and what is still emitted is taxed:

    Z' = U - E - [(P - V3) q V1 + a (1 - V1) q + V2 (c - q)].

Here V2 is in yuan/t, unlike the rate of eq. 7. The tax term is the same whether q is abated or offset, so that
in eq. 3 the tax lowers the benefit and leaves the choice alone. A firm to which both cost the same abates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.errors import Message
from tanshi.market.orders import Floats


@dataclass(frozen=True)
class Instruments:
    """What eq. 3 asks for.

    Parameters
    ----------
    sink_price : float
        P, what a tonne of sink costs, yuan/t.
    offset_share : float
        V1, 0 to 1, of the tonnes to be reduced.
    tax : float
        V2, yuan/t on what is still emitted.
    subsidy : float
        V3, yuan/t of sink.
    """

    sink_price: float
    offset_share: float = 0.05
    tax: float = 0.0
    subsidy: float = 20.0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, "yuan/t, 0 or more", str(value))
            for name, value in (("sink_price", self.sink_price), ("tax", self.tax), ("subsidy", self.subsidy))
            if not 0 <= value < np.inf
        ]
        if not 0 <= self.offset_share <= 1:
            faults.append(Fault("offset_share", "a share from 0 to 1", str(self.offset_share)))
        if faults:
            raise SinksError("The choice between sinks and abatement cannot be made.", faults)


def net_benefit(revenue: ArrayLike, cost: ArrayLike, sink_price: float, reduction: ArrayLike) -> Floats:
    """Eq. 1: Z = U - E - P q, yuan, where all tonnes are bought as sinks (or abated at that cost)."""
    u, e, q = (np.asarray(value, np.float64) for value in (revenue, cost, reduction))
    return np.asarray(u - e - sink_price * q, np.float64)


def net_benefit_with_policy(
    revenue: ArrayLike,
    cost: ArrayLike,
    abatement_cost: ArrayLike,
    emissions: ArrayLike,
    reduction: ArrayLike,
    policy: Instruments,
) -> Floats:
    """Eq. 3: Z', yuan, where the firm buys sinks for the whole share allowed."""
    given = (revenue, cost, abatement_cost, emissions, reduction)
    u, e, a, c, q = (np.asarray(value, np.float64) for value in given)
    share = policy.offset_share
    sinks = (policy.sink_price - policy.subsidy) * q * share
    return np.asarray(u - e - (sinks + a * (1 - share) * q + policy.tax * (c - q)), np.float64)


def choose(
    revenue: ArrayLike,
    cost: ArrayLike,
    abatement_cost: ArrayLike,
    emissions: ArrayLike,
    reduction: ArrayLike,
    policy: Instruments,
) -> pd.DataFrame:
    """What each firm does, without and with policy, and what it keeps.

    Parameters
    ----------
    revenue, cost
        U and E, yuan; E without the cost of abatement.
    abatement_cost
        a, yuan/t; infinite where abatement is not possible.
    emissions, reduction
        c and q, t; q between 0 and c.

    Returns
    -------
    DataFrame
        ``buys_without_policy``, ``buys`` (bool), ``sinks_without_policy_t``, ``sinks_t``, ``abated_t``,
        ``benefit_without_policy_yuan``, ``benefit_yuan``, ``gain_from_sinks_yuan`` (against abating all under
        the same policy; infinite where that is not possible).

    Raises
    ------
    SinksError
        For a firm with a reduction below 0 or above its emissions, or a negative or missing abatement cost.
    """
    u, e, a, c, q = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, np.float64)) for v in (revenue, cost, abatement_cost, emissions, reduction))
    )
    faults = [
        Fault("reduction", "0 to the firm's emissions", Message("{q:g} of {c:g} t", q=q[k], c=c[k]), row=int(k) + 1)
        for k in np.flatnonzero(~((q >= 0) & (q <= c)))[:10]
    ]
    faults += [
        Fault("abatement_cost", "yuan/t, 0 or more", f"{a[k]:g}", row=int(k) + 1)
        for k in np.flatnonzero(~(a >= 0))[:10]
    ]
    if faults:
        raise SinksError("The choice between sinks and abatement cannot be made.", faults)
    alone = policy.sink_price < a
    buys = (policy.sink_price - policy.subsidy < a) & (policy.offset_share > 0) & (q > 0)
    sinks = np.where(buys, policy.offset_share * q, 0.0)
    abated = q - sinks
    abatement = np.where(abated > 0, a, 0.0) * abated
    abating_all = np.where(q > 0, a, 0.0) * q
    tax = policy.tax * (c - q)
    paid = (policy.sink_price - policy.subsidy) * sinks + abatement + tax
    with np.errstate(invalid="ignore"):
        gain = np.where(np.isinf(a) & (q > 0), np.where(buys, np.inf, 0.0), abating_all + tax - paid)
    return pd.DataFrame(
        {
            "buys_without_policy": alone & (q > 0),
            "buys": buys,
            "sinks_without_policy_t": np.where(alone, q, 0.0),
            "sinks_t": sinks,
            "abated_t": abated,
            "benefit_without_policy_yuan": u - e - np.where(alone, policy.sink_price * q, abating_all),
            "benefit_yuan": u - e - paid,
            "gain_from_sinks_yuan": gain,
        }
    )
