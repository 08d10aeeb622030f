"""Gains from trade: what the same cut would cost if every firm had to make its own, less what it costs with trade.

Without trade a firm emits its quota, where its own marginal cost may lie far from everybody else's; with trade it emits
e(p) and pays or receives p for the difference. With A the quota and e(x) what the firm emits at the price x

    gain = integral over x > p of max(e(x) - A, 0)  +  integral over x < p of max(A - e(x), 0),

the area between its curve and its quota, from the market's price to where the two meet. It is never negative
(Montgomery 1972, Markets in licenses and efficient pollution control programs, Journal of Economic Theory 5:395-418).

Quotas add up to what is emitted with trade, so that both cut the same. A firm that could not meet its quota at the
highest price pays that for the rest, with trade and without.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.agents.curves import efforts, left_and_response
from tanshi.market.orders import Floats
from tanshi.numerics.compiled import compiled
from tanshi.numerics.units import TONNES


def gains_from_trade(
    weight: Floats,
    cost: Floats,
    sector: Any,
    start: Any,
    quota: Floats,
    prices: Floats,
    emissions: Floats,
    baseline: Floats,
    price: float,
    *,
    linear: bool = False,
) -> Floats:
    """Return each firm's yearly gain, (firms,), yuan.

    Parameters
    ----------
    weight, cost : (firms,) float
        Share of the sector's emissions without effort, and abatement cost (`tanshi.agents.curves`).
    sector, start
        As in `tanshi.agents.population.Population`
    quota : (firms,) float
        What the firm would have to keep to alone, t; scaled here so that all quotas add up to all emissions at `price`.
        Firms of sectors that emit nothing at `price`, or whose quota is not a number, do not take part.
    prices : (n,) float
        Ascending, yuan/t; from the lowest to the highest price that anybody would pay. `price` should be among them.
    emissions : (n, sectors) float
        Each sector's emissions at these prices, Mt/yr, not rising.
    baseline : (sectors,) float
        Mt/yr without effort.
    price : float
        The market's, yuan/t.
    linear : bool
        The textbook's linear curves in place of exponential ones.
    """
    taking = np.isfinite(quota) & (baseline[sector] > 0)
    at = int(np.argmin(np.abs(prices - price)))
    grid, rows = np.asarray(prices, np.float64).copy(), np.empty((len(prices), len(weight)))
    guess = np.zeros(len(baseline))
    safe = np.where(baseline > 0, baseline, 1.0)
    for place in range(len(grid)):
        ratio = emissions[place] / safe
        guess = efforts(weight, cost, start, ratio, guess, linear)
        left, _ = left_and_response(weight, cost, sector, guess, linear)
        above = np.maximum(ratio, 1.0)[sector]  # without effort all emit alike
        rows[place] = left * above * baseline[sector] * TONNES
    emitted = rows[at]
    given = np.where(taking, quota, 0.0)
    scale = emitted[taking].sum() / given.sum() if given.sum() > 0 else 0.0
    return between(grid, rows, np.where(taking, given * scale, np.nan), at)


@compiled
def between(prices: Any, emitted: Any, quota: Any, at: int) -> Floats:
    """Return the area between each firm's curve and its quota, beyond the quota above price `at`, short of it below."""
    gain = np.zeros(len(quota))
    for i in range(len(quota)):
        if np.isnan(quota[i]):
            continue
        total = 0.0
        for k in range(len(prices) - 1):
            sign = 1.0 if k >= at else -1.0
            a, b = sign * (emitted[k, i] - quota[i]), sign * (emitted[k + 1, i] - quota[i])
            width = prices[k + 1] - prices[k]
            if a >= 0.0 and b >= 0.0:
                total += 0.5 * width * (a + b)
            elif a > 0.0:
                total += 0.5 * width * a * a / (a - b)
            elif b > 0.0:
                total += 0.5 * width * b * b / (b - a)
        gain[i] = total
    return gain
