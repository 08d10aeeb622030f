"""The path of prices that meets a supply which rises in steps, where the rates of carrying are known.

Between two bounds of the bank prices rise at the rates, so one price, the first, says all of them, and the higher it
is the more is banked by the end of every year: emissions fall, and government sells more. So the first price is found
by halving, however many steps there are, where Newton's method may go round in circles between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tanshi.market.orders import Floats

WIDTH = 1e-6
"""Yuan/t above a step's price over which all of it is sold: so two years that stand at steps share it as they need."""
HALVINGS = 100
"""Of an interval of prices; more than a number's digits need."""
Steps = tuple[tuple[tuple[float, float], ...], ...]
"""Of each year, ascending: prices from which government sells more, and how many."""


class Ahead(NamedTuple):
    """Years ahead, in which emissions are straight lines.

    Attributes
    ----------
    supply, low, high : (years,) float
        Allowances at any price, and the least and most that can be banked.
    emissions, slope, at : (years,) float
        Emissions at the prices `at`, and their change with the price, below zero.
    rises : (years,) float
        What next year's price is over this year's where somebody banks.
    floor, ceiling : float
    steps : Steps
    """

    supply: Floats
    low: Floats
    high: Floats
    emissions: Floats
    slope: Floats
    at: Floats
    rises: Floats
    floor: float
    ceiling: float
    steps: Steps

    def left(self, price: Floats, start: int) -> Floats:
        """What is left of each year's allowances at some prices from a year on."""
        here = slice(start, start + len(price))
        sold = [
            sum(amount * min(max((p - trigger) / WIDTH, 0.0), 1.0) for trigger, amount in of_year)
            for of_year, p in zip(self.steps[here], price.tolist(), strict=True)
        ]
        return np.asarray(self.supply[here] + sold - self.emissions[here] - self.slope[here] * (price - self.at[here]))


def stepped_path(ahead: Ahead, opening: float) -> tuple[Floats, Floats]:
    """Return the prices and banks that meet the condition (`tanshi.agents.planning.tangent_path`) with steps of supply.

    Parameters
    ----------
    opening
        Bank at the start.

    Examples
    --------
    Emissions 100 - p in two years, 50 allowances in each, 30 more from 40 on in the second; at 5 %:

    >>> two = np.zeros(2), np.full(2, np.inf), np.full(2, 100.0), np.full(2, -1.0), np.zeros(2), np.full(2, 1.05)
    >>> ahead = Ahead(np.full(2, 50.0), *two, 0.0, 1000.0, ((), ((40.0, 30.0),)))
    >>> price, bank = stepped_path(ahead, 0.0)
    >>> price.round(3).tolist(), bank.round(3).tolist()
    ([50.0, 40.0], [0.0, 0.0])
    """
    years = len(ahead.supply)
    price, bank, start, held = np.empty(years), np.empty(years), 0, opening
    while start < years:
        growth = np.cumprod(np.append(1.0, ahead.rises[start : years - 1]))
        bounds = [
            [_first_price(ahead, growth[: n + 1], start, held, bound) for bound in pair]
            for n, pair in enumerate(zip(ahead.low[start:], ahead.high[start:], strict=True))
        ]
        least, most = (np.array(side) for side in zip(*bounds, strict=True))
        end, first = segment(np.minimum(least, ahead.ceiling / growth), most)
        part, last = slice(start, start + end + 1), start + end
        price[part] = np.clip(first * growth[: end + 1], ahead.floor, ahead.ceiling)
        bank[part] = held + np.cumsum(ahead.left(price[part], start))
        bank[last] = min(max(bank[last], ahead.low[last]), ahead.high[last])  # bought off at the ceiling
        start, held = last + 1, float(bank[last])
    return price, bank


def _first_price(ahead: Ahead, growth: Floats, start: int, held: float, goal: float) -> float:
    """The first year's price from which the bank at the end of the last of some years is at least at a bound."""
    if not np.isfinite(goal):
        return float(goal)
    low, high = 0.0, 1.0

    def short(first: float) -> bool:
        return bool(held + ahead.left(first * growth, start).sum() < goal)

    while short(high) and high < 1e9:
        low, high = high, 2.0 * high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if short(middle) else (low, middle)
    return high


def segment(least: Floats, most: Floats) -> tuple[int, float]:
    """Return the last year of a segment and the price of its first, by the bounds that each of its years sets to it."""
    low, high, at_low, at_high = -np.inf, np.inf, len(least) - 1, len(least) - 1
    for year, (a, b) in enumerate(zip(least.tolist(), most.tolist(), strict=True)):
        if a > high:
            return at_high, high
        if b < low:
            return at_low, low
        if a >= low:
            low, at_low = a, year
        if b <= high:
            high, at_high = b, year
    return at_low, low
