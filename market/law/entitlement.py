"""Free allowances by method, and what a tonne and a unit of output count at the margin.

Firms take benchmarks as given. Of allowances A(E, Q) by emissions E and output Q, a tonne costs p (1 - dA/dE) and a
unit of output earns p dA/dQ:

=================  ==========================  =====================  ==============
method             A                           a tonne costs          output earns
=================  ==========================  =====================  ==============
none, auction      0                           p                      0
history            factor x base               p                      0
own_intensity      Q x own base rate x factor  p                      p x that rate
benchmark          Q B                         p                      p B
verified           E                           0                      0
band               E (1 + s X)                 p s (1 - 2 X)          p s (1 - X) E/Q
=================  ==========================  =====================  ==============

with X = 1 - E / (Q B). Limits clip A to [E (1 - deficit), E (1 + surplus)]; there a tonne costs p x deficit or
-p x surplus, and output earns nothing. All but history are of degree one: A = E dA/dE + Q dA/dQ.
Where a year's emissions are the next one's base, a tonne also brings `updating` allowances of that year, worth their
discounted price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from tanshi.errors import TanshiError
from tanshi.market.orders import Floats, Ints

Method = Literal["none", "history", "own_intensity", "benchmark", "verified", "band", "auction"]
METHODS: tuple[str, ...] = get_args(Method)
"""How free allowances are counted."""
ROUNDING = 1e-6
"""Tonnes by which a sum of binary fractions may miss the whole tonne that it is."""


class RuleError(TanshiError, ValueError):
    """A rule that lacks what its method needs, or figures that it cannot be applied to."""


class Margin(NamedTuple):
    """What counts at the margin, in the unit of the price: cost of a tonne emitted, earning of a unit of output."""

    tonne: Floats
    output: Floats


@dataclass(frozen=True)
class Entitlement:
    """What a rule gives firms for a year.

    Attributes
    ----------
    allowance : (firms,) float
        t, before rounding.
    owed : (firms,) float
        t that have to be surrendered.
    per_tonne, per_output : (firms,) float
        dA/dE, and dA/dQ in t per unit of output.
    next_year : (firms,) float
        Allowances of the next year that a tonne emitted brings.
    """

    allowance: Floats
    owed: Floats
    per_tonne: Floats
    per_output: Floats
    next_year: Floats

    @property
    def whole(self) -> Ints:
        """Allowances in whole tonnes, rounded down as the plans do."""
        return np.asarray(np.floor(self.allowance + ROUNDING), np.int64)

    def margin(self, price: float, next_price: float = 0.0, rate: float = 0.0) -> Margin:
        """What a tonne costs and a unit of output earns, yuan.

        Parameters
        ----------
        price, next_price
            Of an allowance, this year and as expected for the next, yuan/t.
        rate
            At which the next year is discounted.
        """
        tonne = price * (1.0 - self.per_tonne) - next_price / (1.0 + rate) * self.next_year
        return Margin(np.asarray(tonne), np.asarray(price * self.per_output))


@dataclass(frozen=True)
class Rule:
    """A rule of free allocation for a sector, or for a class of plant in it.

    Attributes
    ----------
    method
        One of ``METHODS``.
    benchmark
        B, t per unit of output; for `own_intensity` each firm's own base rate.
    factor
        Part of the base that is given (`history`, `own_intensity`).
    slope
        s of a band (China 2025: 0.15).
    surplus, deficit
        Largest surplus and deficit as parts of verified emissions; None: no limit. A deficit may be each firm's own.
    updating
        Allowances of the next year that a tonne of this one brings.

    Examples
    --------
    A works that emits a tenth less than its benchmark gets 1.5 % more than it emits; beyond 20 % it is 3 %:

    >>> steel = Rule("band", benchmark=2.0, slope=0.15, surplus=0.03, deficit=0.03)
    >>> steel.entitle(emissions=[1800.0, 1000.0], output=[1000.0, 1000.0]).whole.tolist()
    [1827, 1030]
    """

    method: Method
    benchmark: float | Floats | None = None
    factor: float = 1.0
    slope: float | None = None
    surplus: float | None = None
    deficit: float | Floats | None = None
    updating: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a rule that lacks what its method needs.

        Raises
        ------
        RuleError
            Naming the field.
        """
        if self.method not in METHODS:
            raise RuleError(
                "allocation: expected one of {known}, got {method}", known=", ".join(METHODS), method=self.method
            )
        if self.method in ("benchmark", "band", "own_intensity") and self.benchmark is None:
            raise RuleError("allocation by {method} needs a benchmark", method=self.method)
        if self.method == "band" and self.slope is None:
            raise RuleError("allocation by band needs a slope")
        for name, value in (("surplus", self.surplus), ("deficit", self.deficit), ("factor", self.factor)):
            odd = np.asarray(0.0 if value is None else value, np.float64)
            odd = odd[~((odd >= 0.0) & (odd <= (1.0 if name == "deficit" else np.inf)))]
            if odd.size:
                raise RuleError("allocation: {name} is {value:g}, expected 0 or more", name=name, value=odd.flat[0])

    def entitle(self, emissions: ArrayLike, output: ArrayLike = 0.0, base: ArrayLike = 0.0) -> Entitlement:
        """Allowances of firms and their derivatives.

        Parameters
        ----------
        emissions
            (firms,) verified emissions of the year, t.
        output
            (firms,) output of the year, in the benchmark's unit.
        base
            (firms,) emissions of the base years, t (`history`).

        Raises
        ------
        RuleError
            Where a band is asked for firms that make nothing.
        """
        e, q, b = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (emissions, output, base)))
        zero = np.zeros_like(e)
        rate = zero if self.benchmark is None else np.asarray(self.benchmark, np.float64) + zero
        if self.method in ("none", "auction"):
            given, by_e, by_q = zero, zero, zero
        elif self.method == "history":
            given, by_e, by_q = self.factor * b, zero, zero
        elif self.method in ("benchmark", "own_intensity"):
            part = rate * (self.factor if self.method == "own_intensity" else 1.0)
            given, by_e, by_q = part * q, zero, part
        elif self.method == "verified":
            given, by_e, by_q = e, zero + 1.0, zero
        else:
            given, by_e, by_q = self._band(e, q, rate)
        return self._within_limits(e, given, by_e, by_q)

    def _band(self, e: Floats, q: Floats, rate: Floats) -> tuple[Floats, Floats, Floats]:
        if np.any((q * rate <= 0) & (e > 0)):
            raise RuleError("allocation by band: a firm emits and makes nothing, so that it has no intensity")
        slope = self.slope or 0.0
        part = np.divide(e, q * rate, out=np.ones_like(e), where=q * rate > 0)  # 1 - X
        intensity = np.divide(e, q, out=np.zeros_like(e), where=q > 0)
        return e * (1.0 + slope * (1.0 - part)), 1.0 + slope * (1.0 - 2.0 * part), slope * part * intensity

    def _within_limits(self, e: Floats, given: Floats, by_e: Floats, by_q: Floats) -> Entitlement:
        for limit, least in ((self.surplus, False), (self.deficit, True)):
            if limit is None:
                continue
            part = 1.0 - limit if least else 1.0 + limit
            clipped = given < part * e if least else given > part * e
            given = np.where(clipped, part * e, given)
            by_e, by_q = np.where(clipped, part, by_e), np.where(clipped, 0.0, by_q)
        owed = np.zeros_like(e) if self.method == "none" else e
        return Entitlement(given, owed, by_e, by_q, np.zeros_like(e) + self.updating)


def balanced(rule: Rule, emissions: ArrayLike, output: ArrayLike) -> float:
    """The benchmark at which a sector's allowances equal its verified emissions (the plans' balance value).

    Parameters
    ----------
    rule
        A band; its own benchmark does not matter.
    emissions, output
        (firms,) of the whole sector.

    Examples
    --------
    >>> rule = Rule("band", benchmark=1.0, slope=0.15, surplus=0.03, deficit=0.03)
    >>> round(balanced(rule, [900.0, 1100.0], [500.0, 500.0]), 6)
    2.02
    """
    e, q = np.asarray(emissions, np.float64), np.asarray(output, np.float64)
    if not (q > 0).any() or e.sum() <= 0:
        raise RuleError("a balance value needs a sector that emits and makes something")

    def gap(rate: float) -> float:
        one = Rule("band", rate, slope=rule.slope, surplus=rule.surplus, deficit=rule.deficit)
        return float((one.entitle(e, q).allowance - e).sum())

    rates = e[q > 0] / q[q > 0]
    low, high = float(rates.min()), float(rates.max())
    if high - low <= 1e-12 * high or gap(high) <= 0.0:  # no surplus is allowed: each firm gets what it emits
        return high
    if gap(low) >= 0.0:  # no deficit is: the same
        return low
    return float(brentq(gap, low, high, xtol=1e-14 * high, rtol=1e-14))
