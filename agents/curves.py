"""Firms' own abatement curves: cheap firms cut more as the price rises, and a sector still emits what the economy says.

    e_i = s_i h(q / k_i),    sum of e_i over the sector = E(p) / B,    h falling, h(0) = 1

with s_i the firm's share where nobody abates, k_i its abatement cost relative to the others, and q the effort at which
the sum is what the economy emits at the price p, as part of the frozen baseline B. Since E falls with p, q rises with
it: every firm's curve falls in the price, the sector's is the economy's at every price, and with k_i = 1 the shares
never move. Effort is measured from the frozen baseline, so that what was cut in earlier years stays cut; a sector that
emits more than that has none, and its firms emit more alike.

The exponential form (default) is convex and never reaches zero; the linear one is the textbook's: a quadratic cost of
abatement with marginal cost k_i (1 - e_i / s_i).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.market.orders import Floats
from tanshi.numerics.compiled import compiled

EXACT = 1e-14
"""Relative miss of the sector's sum at which an effort is found."""
MOST = 80
"""Most steps to find it."""
FURTHEST = 1e6
"""No effort is larger: what is left of the sector there is nothing."""


@compiled
def efforts(weight: Any, cost: Any, start: Any, ratio: Any, guess: Any, linear: bool = False) -> Floats:
    """Return the effort at which each sector emits a part of what it would without any, (sectors,).

    Parameters
    ----------
    weight : (firms,) float
        Share of the sector's emissions without effort; adds up to 1 in each sector.
    cost : (firms,) float
        k_i, positive.
    start : (sectors + 1,) int64
        Rows of each sector.
    ratio : (sectors,) float
        Emissions over those without effort; above 1 there is no effort, and none is known where it is not positive.
    guess : (sectors,) float
        Where to begin.
    linear : bool
        The linear form in place of the exponential one.
    """
    found = np.zeros(len(start) - 1)
    for s in range(len(start) - 1):
        if ratio[s] >= 1.0:
            continue
        if ratio[s] <= 0.0:
            found[s] = guess[s]
            continue
        q = max(guess[s], 0.0)
        for _ in range(MOST):
            total, steep = 0.0, 0.0
            for i in range(start[s], start[s + 1]):
                if linear:
                    left = 1.0 - q / cost[i]
                    if left > 0.0:
                        total += weight[i] * left
                        steep += weight[i] / cost[i]
                else:
                    left = weight[i] * np.exp(-q / cost[i])
                    total += left
                    steep += left / cost[i]
            if steep <= 0.0:  # beyond where anything is left
                q *= 0.5
                continue
            # Newton on the logarithm, which is convex, or on the sum itself where that is straight.
            miss = total / ratio[s] - 1.0
            step = (total - ratio[s]) / steep if linear else np.log(total / ratio[s]) * total / steep
            q = min(max(q + step, 0.0), FURTHEST)
            if abs(miss) <= EXACT:
                break
        found[s] = q
    return found


@compiled
def left_and_response(weight: Any, cost: Any, sector: Any, effort: Any, linear: bool = False) -> tuple[Floats, Floats]:
    """Return what is left of each firm's emissions at its sector's effort, and how fast it falls with effort.

    Parameters
    ----------
    weight, cost, effort
        As in `efforts`
    sector : (firms,) int64

    Returns
    -------
    left, response : (firms,) float
        In the unit of the weights; neither is negative.
    """
    left, response = np.empty(len(weight)), np.empty(len(weight))
    for i in range(len(weight)):
        q = effort[sector[i]]
        if linear:
            part = max(1.0 - q / cost[i], 0.0)
            response[i] = weight[i] / cost[i] if part > 0.0 else 0.0
            left[i] = weight[i] * part
        else:
            left[i] = weight[i] if q == 0.0 else weight[i] * np.exp(-q / cost[i])
            response[i] = left[i] / cost[i]
    return left, response


@compiled
def divided(values: Any, totals: Any, start: Any) -> Floats:
    """Return values over their sector's totals, (firms,); the rows of a sector begin at its `start`."""
    out = np.empty(len(values))
    for s in range(len(totals)):
        total = totals[s]
        for i in range(start[s], start[s + 1]):
            out[i] = values[i] / total
    return out
