"""From a market's memory to the spread of its next week: g of dz = f dt + g dW, as a recursion or as a network.

A week's change is a Student t of scale sigma, or, with probability q, a still week: a narrow normal of half a tick or
so. Over k weeks without a quote the scale grows as k^(gamma/2): what was not traded was mostly not moved either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tanshi.simulator.drift.markets.memory import FEATURES, HALF_LIVES, Memory
from tanshi.simulator.drift.state import Array

STILL = 0.004
"""S.d. of the log price in a still week."""

STEEPEST = 3.0
"""The network may change a spread by this in logarithms, not more: a factor of 20 either way."""


class Spread(Protocol):
    """What says how wide the next week is.

    Attributes
    ----------
    freedom
        Degrees of freedom of the Student t.
    gaps
        gamma in [0, 1]: variance over k weeks without a quote grows as k^gamma.
    """

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the Student t, above 1.5."""
        ...

    @property
    def gaps(self) -> float:
        """Power of the number of weeks without a quote in the variance, in [0, 1]."""
        ...

    def width(self, memory: Memory) -> tuple[Array, Array]:
        """Scale sigma (n,) of the coming week, logarithms, and probability (n,) that it is still."""
        ...


@dataclass(frozen=True)
class Recursion:
    """Variance as a weighted sum of the slow scale and the three running sizes, squared; one set for all markets.

    Attributes
    ----------
    level
        (4,) non-negative weights of the scale and of the three sizes.
    still
        (2,) log odds of a still week: constant, and by the running share of still weeks.
    """

    level: Array
    still: Array
    freedom: float
    gaps: float

    def width(self, memory: Memory) -> tuple[Array, Array]:
        """See `Spread`."""
        squares = np.concatenate([memory.scale[:, None], memory.moves], axis=1) ** 2
        return np.sqrt(squares @ self.level), _logistic(self.still[0] + self.still[1] * memory.still)

    def arrays(self) -> dict[str, Array]:
        """As plain arrays."""
        return {"level": self.level, "still": self.still, "tails": np.array([self.freedom, self.gaps])}

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Recursion:
        """From plain arrays."""
        level, still, tails = arrays["level"], arrays["still"], arrays["tails"]
        if level.shape != (1 + len(HALF_LIVES),) or still.shape != (2,) or tails.shape != (2,):
            raise ValueError("these are weights of another recursion")
        return cls(level, still, float(tails[0]), float(tails[1]))


@dataclass(frozen=True)
class Network:
    """The head g: log sigma over the scale and log odds of a still week, linear in the features plus one tanh layer.

    Attributes
    ----------
    direct, offset
        (5, 2), (2,).
    hidden, hidden_offset
        (5, units), (units,).
    out
        (units, 2).
    """

    direct: Array
    offset: Array
    hidden: Array
    hidden_offset: Array
    out: Array
    freedom: float
    gaps: float

    def width(self, memory: Memory) -> tuple[Array, Array]:
        """See `Spread`."""
        x = memory.features()
        y = x @ self.direct + self.offset + np.tanh(x @ self.hidden + self.hidden_offset) @ self.out
        return memory.scale * np.exp(np.clip(y[:, 0], -STEEPEST, STEEPEST)), _logistic(y[:, 1])

    def arrays(self) -> dict[str, Array]:
        """As plain arrays."""
        return {
            "direct": self.direct, "offset": self.offset, "hidden": self.hidden, "hidden_offset": self.hidden_offset,
            "out": self.out, "tails": np.array([self.freedom, self.gaps]),
        }  # fmt: skip

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Network:
        """From plain arrays."""
        tails = arrays["tails"]
        if arrays["direct"].shape != (len(FEATURES), 2) or tails.shape != (2,):
            raise ValueError("these are weights of another network: five features and two answers are expected")
        return cls(
            arrays["direct"], arrays["offset"], arrays["hidden"], arrays["hidden_offset"], arrays["out"],
            float(tails[0]), float(tails[1]),
        )  # fmt: skip


def _logistic(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
