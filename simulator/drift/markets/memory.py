"""What a market's past says about the size of its next move; all of it is known at the time, all of it keeps updating.

Sizes are mean absolute weekly changes of the log price, at three speeds and one slow scale. A market of which only a
few weeks are known borrows the scale of the pool, as much as half a year of data would weigh.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.simulator.drift.markets.closes import Closes
from tanshi.simulator.drift.state import Array

HALF_LIVES = (1.5, 6.0, 26.0)
"""Weeks after which a move counts half, in the three running sizes."""

SCALE_HALF_LIFE = 104.0
STILL_HALF_LIFE = 13.0
TRADING_HALF_LIFE = 26.0
POOL_SIZE = 0.05
"""Mean absolute weekly change of the nine markets together, rounded."""

POOL_WEEKS = 26.0
"""Weeks of data that the pool's scale weighs in a market's own."""

NOTHING = 1e-9
"""A weekly change below this is none: the price stood still."""

LARGEST = 8.0
"""A move counts in the memory up to this many scales, so that one spike does not set the spread for a year."""

FEATURES = ("recent moves", "moves of six weeks", "moves of half a year", "scale", "weeks without a move")
_DECAY = 0.5 ** (1.0 / np.array(HALF_LIVES))
_SCALE_DECAY = 0.5 ** (1.0 / SCALE_HALF_LIFE)
_STILL_DECAY = 0.5 ** (1.0 / STILL_HALF_LIFE)


@dataclass(frozen=True)
class Memory:
    """Sizes after some week, for a batch of paths or for all weeks of a market.

    Attributes
    ----------
    moves
        (n, 3) running mean absolute weekly change at the three half-lives.
    scale
        (n,) slow mean absolute weekly change, the pool's share in it.
    still
        (n,) running share of weeks without a move.
    """

    moves: Array
    scale: Array
    still: Array

    def features(self) -> Array:
        """(n, 5) in the order of `FEATURES`: moves over the scale and the scale over the pool's in logarithms."""
        scale = self.scale[:, None]
        relative = np.log((self.moves + 0.1 * scale) / (1.1 * scale))
        return np.concatenate([relative, np.log(scale / POOL_SIZE), self.still[:, None]], axis=1)

    def after(self, move: Array, still: NDArray[np.bool_]) -> Memory:
        """The memory a week later, the scale held: within a forecast nothing new is learnt about it."""
        size = np.minimum(np.abs(move), LARGEST * self.scale)
        return Memory(
            moves=_DECAY * self.moves + (1.0 - _DECAY) * size[:, None],
            scale=self.scale,
            still=_STILL_DECAY * self.still + (1.0 - _STILL_DECAY) * still,
        )

    def at(self, row: int, copies: int) -> Memory:
        """``copies`` of the memory of one week."""
        return Memory(
            np.repeat(self.moves[row : row + 1], copies, axis=0),
            np.repeat(self.scale[row], copies),
            np.repeat(self.still[row], copies),
        )


def remember(closes: Closes) -> Memory:
    """The memory after each week of a market, from that week and earlier ones alone."""
    size = np.abs(np.diff(closes.log_close, prepend=closes.log_close[0]))
    n = size.size
    moves, scale, still = np.empty((n, len(HALF_LIVES))), np.empty(n), np.empty(n)
    total, weight = POOL_WEEKS * POOL_SIZE, POOL_WEEKS
    scale[0], still[0], moves[0] = POOL_SIZE, 0.1, POOL_SIZE
    for t in range(1, n):
        counted = min(size[t], LARGEST * scale[t - 1])
        total, weight = _SCALE_DECAY * total + counted, _SCALE_DECAY * weight + 1.0
        scale[t] = total / weight
        moves[t] = _DECAY * moves[t - 1] + (1.0 - _DECAY) * counted
        still[t] = _STILL_DECAY * still[t - 1] + (1.0 - _STILL_DECAY) * (size[t] < NOTHING)
    return Memory(moves, scale, still)


def trading_share(closes: Closes) -> float:
    """Share of weeks in which the market traded, recent weeks weighing more."""
    weight = 0.5 ** (np.arange(len(closes))[::-1] / TRADING_HALF_LIFE)
    return float((weight * closes.traded).sum() / weight.sum())


def bounce(closes: Closes, half_life: float = 156.0, pool_weeks: float = 52.0) -> float:
    """Part of a week's surprise that the next week takes back: theta <= 0 of a moving average of order one.

    Quotes of thin markets stray and return, so that months move them less than weeks would add up to. From the first
    autocorrelation of weekly changes cut at four mean sizes, recent weeks weighing more, drawn to none by a year's
    weight; never above none, because nothing here forecasts a direction.
    """
    change = np.diff(closes.log_close)
    size = float(np.abs(change).mean()) if change.size else 0.0
    if change.size < 3 or size < NOTHING:
        return 0.0
    cut = np.clip(change, -4 * size, 4 * size)
    weight = 0.5 ** (np.arange(cut.size)[::-1] / half_life)
    together = float((weight[1:] * cut[1:] * cut[:-1]).sum())
    alone = float((weight * cut**2).sum()) + pool_weeks * (1.5 * size) ** 2
    rho = float(np.clip(together / alone, -0.45, 0.0))
    return (1.0 - np.sqrt(1.0 - 4.0 * rho**2)) / (2.0 * rho) if rho < -1e-6 else 0.0
