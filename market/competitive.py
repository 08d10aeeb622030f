"""The competitive benchmark: prices, emissions and bank of firms that know the future and may save allowances.

Without borrowing, ``bank(t) >= 0`` is orthogonal to ``(1 + rate) price(t) - price(t + 1) >= 0`` (Rubin 1996).  Years
that share one bank share one price in the first year's money; such runs of years are found by pooling neighbours.

Rubin, J. (1996), A model of intertemporal emission trading, banking, and borrowing, Journal of Environmental Economics
and Management 31, 269-286.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tanshi.errors import Message
from tanshi.market.curves import CurveError, Curves, real, reals
from tanshi.market.orders import Floats
from tanshi.numerics.given import is_whole

HALVINGS = 200  # of an interval of prices: to the last bit


@dataclass(frozen=True)
class Benchmark:
    """A competitive equilibrium over years.

    Attributes
    ----------
    price
        (years,) yuan/t
    emissions
        (years, n) t
    bank
        (years,) t, at the end of each year
    cost
        (years, n) yuan, of abatement
    """

    curves: Curves
    cap: Floats
    rate: float
    price: Floats
    emissions: Floats
    bank: Floats
    cost: Floats

    def to_pandas(self) -> pd.DataFrame:
        """A row a year: price, emissions, cap, bank, cost of abatement."""
        return pd.DataFrame(
            {
                "price": self.price,
                "emissions": self.emissions.sum(axis=1),
                "cap": self.cap,
                "bank": self.bank,
                "cost": self.cost.sum(axis=1),
            },
            index=pd.RangeIndex(1, self.price.size + 1, name="year"),
        )

    def __repr__(self) -> str:
        return self.to_pandas().round(6).to_string()


def solve(
    curves: Curves, cap: npt.ArrayLike, years: int | None = None, rate: float = 0.0, *, bank: float = 0.0
) -> Benchmark:
    """The competitive equilibrium under yearly caps, with banking and without borrowing.

    Parameters
    ----------
    curves
        Firms' marginal abatement curves, the same every year.
    cap
        t/yr, one number or one a year.
    years
        How many; the number of caps when None.
    rate
        Of interest, a year.
    bank
        t carried in.

    Raises
    ------
    CurveError
        for caps or rates that mean nothing, or caps below what the firms can abate to.

    Examples
    --------
    Rubin's two periods: marginal cost 100 - e, caps 90 and 50, 5 %.

    >>> from tanshi.market import linear_curves
    >>> solve(linear_curves([100.0], [1.0]), [90.0, 50.0], rate=0.05).price.round(6).tolist()
    [29.268293, 30.731707]
    """
    if not isinstance(curves, Curves):
        raise CurveError("curves are {found}; Curves are expected", found=type(curves).__name__)
    caps = np.atleast_1d(reals(Message("caps"), cap))
    count = caps.size if years is None else years
    if not is_whole(count, 1) or caps.ndim > 1:
        raise CurveError(
            "caps of shape {shape} for {count!r} years; one for all, or one a year", shape=caps.shape, count=count
        )
    if caps.size == 1:
        caps = np.full(count, caps[0])
    if caps.size != count:
        raise CurveError("{size} caps for {count} years; one for all, or one a year", size=caps.size, count=count)
    bank, rate = real(Message("the bank"), bank), real(Message("the rate"), rate)
    if not (np.isfinite([*caps, bank, rate]).all() and (caps >= 0).all() and bank >= 0 and rate > -1):
        raise CurveError(
            "caps {caps}, bank {bank}, rate {rate}: caps and bank are finite and >= 0, the rate is finite and above -1",
            caps=caps.tolist(),
            bank=bank,
            rate=rate,
        )
    runs = [(t, t + 1) for t in range(count)]  # years that share one bank
    supply = caps.copy()
    supply[0] += bank
    prices: list[float] = []  # of each run, in the first year's money
    stack: list[tuple[int, int]] = []
    for run in runs:
        stack.append(run)
        prices.append(_price(curves, supply, run, rate))
        while len(stack) > 1 and prices[-1] > prices[-2]:  # dearer later: saving pays until one price holds for both
            (first, _), (_, last) = stack[-2], stack[-1]
            stack[-2:] = [(first, last)]
            prices[-2:] = [_price(curves, supply, (first, last), rate)]
    price = np.concatenate(
        [p * (1 + rate) ** np.arange(first, last) for p, (first, last) in zip(prices, stack, strict=True)]
    )
    emissions = _exactly(curves, price, supply, stack)
    held = bank + np.cumsum(caps - emissions.sum(axis=1))
    return Benchmark(
        curves,
        caps,
        rate,
        price,
        emissions,
        np.where(np.abs(held) < 1e-9 * max(1.0, float(caps.max())), 0.0, held),
        np.stack([curves.expense(curves.baseline - e) for e in emissions]),
    )


def _price(curves: Curves, supply: Floats, run: tuple[int, int], rate: float) -> float:
    """Price in the first year's money at which the years of a run together emit what they have, or 0 if less."""
    first, last = run
    growth = (1 + rate) ** np.arange(first, last)
    there = float(supply[first:last].sum())

    def excess(p: float) -> float:
        return float(curves.emissions(p * growth).sum()) - there

    low, high = 0.0, curves.choke / float(growth.min())
    if excess(low) <= 0:
        return 0.0
    if excess(high) > 1e-9 * max(there, 1.0):
        raise CurveError(
            "the caps of the years {first} to {last} allow {there:g} t; with everything abated that "
            "can be, {excess:g} t are left",
            first=first + 1,
            last=last,
            there=there,
            excess=there + excess(high),
        )
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def _exactly(curves: Curves, price: Floats, supply: Floats, runs: list[tuple[int, int]]) -> Floats:
    """Emissions that use up what a run has: where a step is only partly taken, in the same part by all."""
    above, below = curves.emissions(price * (1 - 1e-12)), curves.emissions(price)
    emissions = below.copy()
    for first, last in runs:
        if price[first] <= 0:
            continue
        left = float(supply[first:last].sum() - below[first:last].sum())
        room = above[first:last] - below[first:last]
        if room.sum() > 0:
            emissions[first:last] += room * np.clip(left / room.sum(), 0.0, 1.0)
    return emissions
