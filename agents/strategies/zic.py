"""Zero intelligence under a budget constraint (ZI-C): random limits, never at a loss.

References
----------
Gode and Sunder (1993), Allocative efficiency of markets with zero-intelligence traders, Journal of Political
Economy 101:119-137.
"""

from __future__ import annotations

import numpy as np

from tanshi.agents.strategies.schedule import Situation, step_orders
from tanshi.agents.streams import Draws
from tanshi.market.orders import Floats, Ints, Orders
from tanshi.numerics.compiled import compiled

STEPS = 12


@compiled
def zic_limits(worth: Ints, lowest: int, highest: int, bid_draw: Floats, ask_draw: Floats) -> tuple[Ints, Ints]:
    """Draw bids evenly between the lowest price and the worth, asks between the worth and the highest price.

    Parameters
    ----------
    worth : int64
        Value of what is bought, or cost of what is sold, in ticks.
    lowest, highest : int
        Ticks, both can be drawn.
    bid_draw, ask_draw : float
        In [0, 1), of the same shape as `worth` or broadcasting with it.

    Returns
    -------
    bid, ask : int64, ticks; bid <= worth <= ask
    """
    bid = lowest + np.floor(bid_draw * (worth - lowest + 1)).astype(np.int64)
    ask = worth + np.floor(ask_draw * (highest - worth + 1)).astype(np.int64)
    return np.minimum(bid, worth), np.minimum(ask, highest)


def zic(situation: Situation, rows: Ints, draws: Draws) -> Orders:
    """Bid and offer every step of the demand schedule at a random price no worse than it is worth.

    The ladder spans the band evenly, with the admissible extremes at its ends, and the draws belong to the
    period, so a clearing repeated within the period meets the same limits whatever ladder truthful firms use.
    Beyond the band an order is worth more to its owner than any price likely to be seen; there the limit is
    drawn within the band. Patience scales how far a limit lies from the worth.
    """
    extremes = int(situation.levels[0]), int(situation.levels[-1])
    band = situation.band or extremes
    # As long as these stay, as in a period they do, so do the limits.
    settled = "zic limits", extremes, band, situation.patience, rows.tobytes()
    levels, bid, ask = draws.once(settled, lambda: _steps(extremes, band, situation.patience, rows, draws))
    return step_orders(
        situation.account[rows],
        situation.wanted(levels, rows),
        bid,
        ask,
        situation.arrival[rows],
    )


def _steps(
    extremes: tuple[int, int], band: tuple[int, int], patience: float, rows: Ints, draws: Draws
) -> tuple[Ints, Ints, Ints]:
    """Return the ladder of worths, (levels,), and the limits of bids and asks at each, (levels, rows); all in ticks."""
    lowest, highest = band
    inner = np.rint(np.linspace(lowest, highest, STEPS + 1)).astype(np.int64)
    levels = np.unique(np.concatenate((inner, extremes)))
    steps = len(levels)
    # The width is fixed: were it the number of levels, a narrow price range would shift firms' draws.
    width = STEPS + 3
    luck = draws.uniform("zic", 2 * width)[rows].T
    bid, ask = shaded(levels[:, None], lowest, highest, patience, luck[:steps], luck[width : width + steps])
    return levels, bid, ask


@compiled
def shaded(
    worth: Ints, lowest: int, highest: int, patience: float, bid_draw: Floats, ask_draw: Floats
) -> tuple[Ints, Ints]:
    """Return limits as far off the worth as patience goes; a worth beyond the band draws from the whole band."""
    bid, ask = zic_limits(np.minimum(np.maximum(worth, lowest), highest), lowest, highest, bid_draw, ask_draw)
    bid = worth - np.floor(patience * (worth - bid)).astype(np.int64)
    ask = worth + np.floor(patience * (ask - worth)).astype(np.int64)
    return bid, ask
