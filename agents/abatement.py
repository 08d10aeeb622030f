"""What each firm needs at a price: its share of the economy's response, and no response of its own.

The economy says how a sector's emissions answer a price, as a tangent at the trial price; firms divide that
answer among themselves by size and abatement cost. Added up, they are the sector's tangent exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tanshi.agents.population import Population
from tanshi.market.orders import Floats, Ints
from tanshi.numerics.compiled import compiled
from tanshi.numerics.units import TONNES


@dataclass(frozen=True)
class Tangent:
    """Sectors' emissions as a linear function of the price near a trial price.

    Attributes
    ----------
    price : float
        Trial price, yuan/t.
    emissions : (sectors,) float
        Mt/yr at the trial price.
    slope : (sectors,) float
        Mt/yr per yuan/t, not positive.

    Raises
    ------
    ValueError
        For a positive slope, negative emissions or a value that is not finite.
    """

    price: float
    emissions: Floats
    slope: Floats

    def __post_init__(self) -> None:
        values = np.concatenate(([self.price], self.emissions, self.slope))
        if not np.isfinite(values).all():
            raise ValueError("tangent: price, emissions and slopes must be finite")
        if (self.emissions < 0).any() or (self.slope > 0).any():
            raise ValueError("tangent: emissions must not be negative nor rise with the price")


@dataclass(frozen=True)
class Position:
    """Where firms stand in the compliance year, all in tonnes.

    Attributes
    ----------
    to_date : (firms,) float
        Emitted since the year began.
    remaining : float
        Part of the year still to come, in years.
    holdings : (firms,) float
        Allowances held and usable for this year.
    reserve : (firms,) float or float
        Allowances the firm wants to keep beyond the year, at the trial price.
    reserve_slope : (firms,) float or float
        Its change with the price, t per yuan/t.
    reserve_least, reserve_most : (firms,) float or float
        Bounds of the reserve, t.
    entitlement : (firms,) float or float
        Allocation of this year still to come, at the trial price (output-based allocation).
    entitlement_slope : (firms,) float or float
        Its change with the price, t per yuan/t.
    credits : (firms,) float or float
        Offset credits the firm will surrender in place of allowances, at the trial price.
    credits_slope : (firms,) float or float
        Its change with the price, t per yuan/t.
    obliged : (firms,) float or float
        Part of its emissions for which the firm must surrender, as it sees it; below 1 where its obligation is capped,
        off 1 where it misjudges them.
    owed : (firms,) float or float
        What it must surrender whatever it emits, as where its obligation is capped.
    """

    to_date: Floats
    remaining: float
    holdings: Floats
    reserve: Floats | float = 0.0
    reserve_slope: Floats | float = 0.0
    reserve_least: Floats | float = 0.0
    reserve_most: Floats | float = np.inf
    entitlement: Floats | float = 0.0
    entitlement_slope: Floats | float = 0.0
    credits: Floats | float = 0.0
    credits_slope: Floats | float = 0.0
    obliged: Floats | float = 1.0
    owed: Floats | float = 0.0


@dataclass(frozen=True)
class Demand:
    """Net purchase each firm wants, a function of the price.

    Tonnes at price p: fixed + tilt (p - anchor) + max(0, level + slope (p - anchor)) + reserve + reserve_slope
    (p - anchor), held between `least` and `most`: the third term is what the firm will still emit this year, the last
    what it keeps beyond it.

    Attributes
    ----------
    anchor : float
        Trial price, yuan/t.
    fixed, tilt, level, slope, reserve, reserve_slope : (firms,) float
        Tonnes, and tonnes per yuan/t.
    least, most : (firms,) float
        Tonnes, of what is kept beyond the year; by default nothing, and no bound.
    """

    anchor: float
    fixed: Floats
    tilt: Floats
    level: Floats
    slope: Floats
    reserve: Floats
    reserve_slope: Floats
    least: Floats = field(default_factory=lambda: np.zeros(0))
    most: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.least):
            object.__setattr__(self, "least", np.zeros(len(self.fixed)))
        if not len(self.most):
            object.__setattr__(self, "most", np.full(len(self.fixed), np.inf))

    def at(self, price: Floats | float) -> Floats:
        """Return wanted purchases, t, sales negative: (firms,), or (prices, firms) for several prices."""
        return self._away(np.asarray(price, np.float64)[..., None] - self.anchor)

    def _away(self, away: Floats) -> Floats:
        emitted = self.slope * away
        emitted += self.level
        np.maximum(emitted, 0.0, out=emitted)
        emitted += self.fixed
        if self.tilt.any():
            emitted += self.tilt * away
        if self._keeps:
            emitted += self._kept(away)
        return np.asarray(emitted)

    @property
    def terms(self) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
        """The firms' columns, in the order in which the compiled loops take them."""
        return (
            self.fixed,
            self.tilt,
            self.level,
            self.slope,
            self.reserve,
            self.reserve_slope,
            self.least,
            self.most,
        )

    @property
    def _keeps(self) -> bool:
        return bool(self.reserve.any() or self.reserve_slope.any() or self.least.any())

    def _kept(self, away: Floats) -> Floats:
        return np.minimum(np.maximum(self.reserve + self.reserve_slope * away, self.least), self.most)

    def marginal_cost(self, lowest: float = 0.0, highest: float = np.inf) -> Floats:
        """Return the price at which each firm's holdings just suffice, within limits.

        It is the firm's marginal abatement cost if it does not trade, or where it keeps something beyond the year what
        that is worth to it, yuan/t. A firm that has enough at any price stands at `lowest`, one that cannot abate
        enough at `highest`.

        Returns
        -------
        (firms,) float
        """
        return marginal_costs(*self.terms, self.anchor, float(lowest), float(highest), self._keeps)

    def take(self, rows: Ints) -> Demand:
        """Return the demand of some firms; all of them, in their sequence, without a copy."""
        if len(rows) == len(self.fixed):
            return self
        return Demand(self.anchor, *(column[rows] for column in self.terms))


@compiled
def marginal_costs(
    fixed: Any,
    tilt: Any,
    level: Any,
    slope: Any,
    reserve: Any,
    reserve_slope: Any,
    least: Any,
    most: Any,
    anchor: float,
    lowest: float,
    highest: float,
    keeps: bool,
) -> Floats:
    """Return `Demand.marginal_cost` of every firm."""
    found = np.empty(len(fixed))
    far = (highest if np.isfinite(highest) else 1e12) - anchor
    for i in range(len(fixed)):
        short, steep = fixed[i] + level[i], slope[i] + tilt[i]
        emitted = slope[i] * far + level[i]
        at_highest = (emitted if emitted > 0.0 else 0.0) + fixed[i] + tilt[i] * far
        if keeps:
            at_highest += min(max(reserve[i] + reserve_slope[i] * far, least[i]), most[i])
            price = without_trade(short + reserve[i], steep + reserve_slope[i], anchor, lowest, highest, at_highest)
            # What is kept is a straight line between its bounds: first as if it had none, then with one it would break.
            kept = reserve[i] + reserve_slope[i] * (price - anchor)
            if kept < least[i] or kept > most[i]:
                bound = least[i] if kept < least[i] else most[i]
                price = without_trade(short + bound, steep, anchor, lowest, highest, at_highest)
        else:
            price = without_trade(short, steep, anchor, lowest, highest, at_highest)
        found[i] = price
    return found


@compiled
def without_trade(short: float, slope: float, anchor: float, lowest: float, highest: float, at_highest: float) -> float:
    """Return the price at which a firm that is short of something at the anchor is not any more."""
    if at_highest > 0.0:  # beyond the price at which nothing is left to abate, a further rise does not help
        return highest
    price = anchor - short / slope if slope < 0.0 else highest if short > 0.0 else lowest
    return min(max(price, lowest), highest)


def demand(
    population: Population, tangent: Tangent, position: Position, shares: tuple[Floats, Floats] | None = None
) -> Demand:
    """Return what each firm wants to buy or sell at any price.

    need_f(p) = owed + obliged (to date + remaining x e_f(p)) - holdings + reserve(p) - entitlement - credits,
    e_f(p) = s_f E + v_f E' (p - p_hat), floored at zero.

    Parameters
    ----------
    shares : (firms,) float, twice
        s_f and v_f where they are known already (`Population.shares`).
    """
    share, response = population.shares() if shares is None else shares
    n, scale, sector = len(population), position.remaining * TONNES, population.sector
    obliged, told = position.obliged, isinstance(position.obliged, np.ndarray) or position.obliged != 1.0
    fixed = (obliged * position.to_date if told else position.to_date) - position.holdings
    level, slope = scaled(scale, share, tangent.emissions, sector), scaled(scale, response, tangent.slope, sector)
    return Demand(
        tangent.price,
        _plus(_plus(_plus(fixed, position.entitlement, -1.0), position.credits, -1.0), position.owed),
        _plus(_plus(np.zeros(n), position.entitlement_slope, -1.0), position.credits_slope, -1.0),
        obliged * level if told else level,
        obliged * slope if told else slope,
        *(_column(n, one) for one in (position.reserve, position.reserve_slope)),
        *(_column(n, one) for one in (position.reserve_least, position.reserve_most)),
    )


def _plus(sum_: Floats, term: Floats | float, sign: float = 1.0) -> Floats:
    """Add a term, or take it off; nothing where it is none."""
    if not isinstance(term, np.ndarray) and term == 0.0:
        return sum_
    return np.asarray(sum_ + term if sign > 0 else sum_ - term)


def _column(n: int, value: Floats | float) -> Floats:
    return value if isinstance(value, np.ndarray) else np.zeros(n) if value == 0.0 else np.full(n, value)


@compiled
def scaled(scale: float, share: Any, by_sector: Any, sector: Any) -> Floats:
    """Return each firm's share of something of its sector's, times a scale, (firms,)."""
    out = np.empty(len(share))
    for i in range(len(share)):
        out[i] = scale * share[i] * by_sector[sector[i]]
    return out


def emission_rate(
    population: Population, tangent: Tangent, price: float, shares: tuple[Floats, Floats] | None = None
) -> Floats:
    """Return firms' emission rates at a price, (firms,), Mt/yr; in each sector they add up to its tangent."""
    share, response = population.shares() if shares is None else shares
    rate = share * tangent.emissions[population.sector]
    rate += response * tangent.slope[population.sector] * (price - tangent.price)
    return np.maximum(rate, 0.0)
