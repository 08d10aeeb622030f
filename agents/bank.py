"""What firms want to bank at a price of today, and at what rate somebody carries a bank over.

A firm hedges what its plan says and leans to either side by what it believes: it holds

    bank = planned + size (V - p) / V / (risk aversion x volatility^2),

within a position limit, where V is the price it expects, discounted at its own rate to today, and `volatility` how
uncertain it takes the price of a year hence to be. It is the mean-variance position of a hedger (Johnson 1960) with
risk aversion relative to the firm's size. The smaller the aversion the steeper the demand: in the limit whoever values
the bank most holds all of it that the limit lets it hold.

References
----------
Johnson (1960), The theory of hedging and speculation in commodity futures, Review of Economic Studies 27:139-151.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tanshi.market.orders import Floats, Mask
from tanshi.numerics.compiled import compiled

GROUPS = 256
"""Firms are put together in so many groups of like valuation where a market's rate of carrying is looked for."""
NODES = 193
MOST_BANKED = 2.0
"""Yearly emissions; from there on a larger bank needs no more holders than all."""
ALIKE = 1e-12
"""Part of the returns that firms ask by which they may differ and count as one."""
WORTHLESS = 1e-6
"""Yuan/t below which an allowance of next year is worth nothing today."""


@dataclass(frozen=True)
class Temper:
    """How firms take risks.

    Attributes
    ----------
    risk_aversion : float
        Relative to the firm's size, positive.
    volatility : float
        Standard deviation of the logarithm of the price a year hence, as firms see it, positive.
    position_limit : float
        Most that a firm leans to either side of its plan, as part of its yearly emissions.
    """

    risk_aversion: float
    volatility: float
    position_limit: float

    @property
    def stiffness(self) -> float:
        """Relative gain asked for leaning by a year's emissions."""
        return self.risk_aversion * self.volatility**2


@dataclass(frozen=True)
class Wish:
    """Allowances that firms want to hold beyond the year, t: level + slope (p - price), within least and most.

    Attributes
    ----------
    level, slope, least, most : (firms,) float
        At the price for which it was made; t, t per yuan/t, t, t.
    """

    level: Floats
    slope: Floats
    least: Floats
    most: Floats


def wanted_bank(
    planned: Floats, size: Floats, value: Floats, price: float, temper: Temper, lent: Floats | float = 0.0
) -> Wish:
    """Return what firms want to bank around a price of today.

    Parameters
    ----------
    planned : (firms,) float
        Their parts of the planned bank, t.
    size : (firms,) float
        Yearly emissions, t.
    value : (firms,) float
        Price expected and discounted to today, yuan/t; 0 where the firm looks no further than this year.
    price : float
        Yuan/t.
    temper : Temper
    lent : (firms,) float or float
        Allowances of next year that may serve this year's emissions, t: so much less than nothing may be kept.

    Examples
    --------
    A firm that plans to bank 10 t and values them at today's price does so; at a price 1 % lower it leans to more:

    >>> one = np.ones(1)
    >>> calm = Temper(2.0, 0.25, 0.5)
    >>> float(wanted_bank(10 * one, 1000 * one, 80 * one, 80.0, calm).level[0])
    10.0
    >>> float(wanted_bank(10 * one, 1000 * one, 80 * one, 79.2, calm).level[0].round(6))
    90.0
    """
    worth = value > WORTHLESS
    lean = size / temper.stiffness / np.where(worth, value, 1.0)
    room = temper.position_limit * size
    least = np.where(worth, np.maximum(planned - room, -lent), 0.0)
    most = np.where(worth, planned + room, 0.0)
    level = np.where(worth, planned + lean * (value - price), 0.0)
    return Wish(level, np.where(worth, -lean, 0.0), least, most)


def common_part(
    own: Floats, planned: Floats, size: Floats, value: Floats, price: float, temper: Temper,
    lent: Floats | float = 0.0,
) -> float:  # fmt: skip
    """Return what firms' own beliefs have in common, a logarithm: without it they want the bank they would without.

    Nobody may keep less than nothing: pessimists fall silent, optimists bank, so that beliefs whose mean is nothing
    raise what all together want.

    Parameters
    ----------
    own : (firms,) float
        Logarithms of what each believes an allowance kept to be worth, over what it plans with.
    price : float
        Yuan/t, at which firms together hold what is planned.
    planned, size, value, temper, lent
        As in `wanted_bank`, without beliefs.

    Examples
    --------
    Nothing is planned, so that only who believes in more than the price banks anything: the largest belief is common.

    >>> two = np.ones(2)
    >>> round(common_part(np.array([-0.2, 0.3]), 0 * two, 100 * two, 80 * two, 80.0, Temper(2.0, 0.25, 0.5)), 9)
    0.3
    """
    wish = wanted_bank(planned, size, value, price, temper, lent)
    aim = float(np.minimum(np.maximum(wish.level, wish.least), wish.most).sum()) + 1e-9 * float(size.sum())
    believing = wanted_bank(planned, size, np.asarray(value * np.exp(own), np.float64), price, temper, lent)
    # What is wanted is a line in the price over the value: a belief less by x is a price dearer by exp(x).
    fixed, per_price = believing.level - believing.slope * price, believing.slope * price
    low, high = float(own.min(initial=0.0)), float(own.max(initial=0.0))
    for _ in range(40):
        middle = 0.5 * (low + high)
        wanted = np.minimum(np.maximum(fixed + per_price * np.exp(middle), believing.least), believing.most)
        low, high = (middle, high) if wanted.sum() > aim else (low, middle)
    return high


def market_carry(required: Floats, weight: Floats, temper: Temper, lent: float = 0.0) -> Callable[[Floats], Floats]:
    """Return the rate at which a market of these firms carries a bank over, per year, as a function of the bank.

    Each firm asks for a return of its own; they hold the bank in the end who ask for least, as far as their aversion
    and limits let them. The larger the bank the more of them are needed, up to the mean; a bank of nothing is carried
    at the lowest return of all.

    Parameters
    ----------
    required : (firms,) float
        Return that each firm asks for a year: (1 + its discount rate) / its belief, above 0.
    weight : (firms,) float
        Size, any unit.
    temper : Temper
    lent : float
        Allowances that firms may owe from one year to the next, as part of their yearly emissions.

    Returns
    -------
    From banks of several sizes (n,), as part of the yearly emissions of all, to rates.
    """
    if _alike(required):
        rate = float(required.min()) - 1.0
        return lambda banked: np.full(len(banked), rate)
    asked, share = _groups(required, weight)
    return lambda banked: carried_at(
        asked, share, np.maximum(banked, -lent), temper.stiffness, temper.position_limit, lent
    )


def _alike(required: Floats) -> bool:
    """Whether all firms ask for the same return."""
    highest = float(required.max())
    return highest - float(required.min()) <= ALIKE * highest


def _groups(required: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Returns that firms ask, ascending, and their shares of all; many firms in groups of like ones."""
    order = np.argsort(required, kind="stable")
    share = weight[order] / weight.sum()
    asked = required[order]
    if len(asked) <= GROUPS:
        return asked, share
    group = np.minimum((np.cumsum(share) * GROUPS).astype(np.int64), GROUPS - 1)
    mass = np.bincount(group, share, GROUPS)
    asked = np.bincount(group, share * asked, GROUPS) / np.where(mass > 0, mass, 1.0)
    return np.asarray(asked[mass > 0], np.float64), np.asarray(mass[mass > 0], np.float64)


@dataclass(frozen=True)
class CarryCurve:
    """`market_carry` of one market as a table over the size of the bank, straight between its nodes.

    A node is worked out when somebody asks beside it: a plan asks for a few.

    Attributes
    ----------
    banked : (n,) float
        Nodes: bank as part of the yearly emissions of all, ascending.
    made : callable
        From banks to rates per year.
    """

    banked: Floats
    made: Callable[[Floats], Floats]
    _rate: Floats
    _known: Mask

    @staticmethod
    def of(required: Floats, weight: Floats, temper: Temper, lent: float = 0.0) -> CarryCurve:
        """Return the table; nodes lie closer together where the bank is small and the rate changes most."""
        nodes = MOST_BANKED * np.linspace(0.0, 1.0, NODES) ** 2
        if _alike(required):
            nodes = nodes[[0, -1]]
        if lent > 0.0:
            nodes = np.concatenate((-lent * np.linspace(1.0, 0.0, NODES)[:-1] ** 2, nodes))
        made = market_carry(required, weight, temper, lent)
        return CarryCurve(nodes, made, np.zeros(len(nodes)), np.zeros(len(nodes), np.bool_))

    def at(self, banked: Floats) -> tuple[Floats, Floats]:
        """Return the rate for banks of several sizes, and its change with the size."""
        place = np.clip(np.searchsorted(self.banked, banked, side="right") - 1, 0, len(self.banked) - 2)
        around = np.unique(np.concatenate((place, place + 1)))
        new = around[~self._known[around]]
        if len(new):
            self._rate[new], self._known[new] = self.made(self.banked[new]), True
        steep = (self._rate[place + 1] - self._rate[place]) / (self.banked[place + 1] - self.banked[place])
        within = (banked >= self.banked[0]) & (banked <= self.banked[-1])
        return np.interp(banked, self.banked, self._rate), np.where(within, steep, 0.0)


@compiled
def carried_at(required: Any, share: Any, banked: Any, stiffness: float, limit: float, lent: float) -> Floats:
    """Return `market_carry`, by bisection on the price over next year's: the higher it is the less is held."""
    rate = np.empty(len(banked))
    for year in range(len(banked)):
        low, high = 1.0 / required[-1], 1.0 / required[0]  # everybody leans up; nobody does
        for _ in range(60):
            ratio = 0.5 * (low + high)
            held = 0.0
            for i in range(len(required)):
                wish = banked[year] + (1.0 - required[i] * ratio) / stiffness
                wish = min(max(wish, banked[year] - limit, -lent), banked[year] + limit)
                held += share[i] * wish
            if held > banked[year]:
                low = ratio
            else:
                high = ratio
        rate[year] = 1.0 / high - 1.0
    return rate
