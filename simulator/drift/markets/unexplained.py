"""What drivers and trade leave unexplained of a price: weekly steps of belief with the spread of real carbon markets.

The network g says how far a price strays in all; its level in the long run is the market's own slow scale, as the
variance of a GARCH is aimed at that of its series (Engle and Mezrich 1996), for a likelihood of weeks says little
about years. Of the variance V of the coming week by g belief brings what the price's other moves do not bring anyway:

    step = sqrt(max(0, 1 - D / V)) u,   u a clipped Student t of the network's scale, or still, with variance V,

where D is the running mean square of a week's move that belief does not account for. Variances add up, sizes do not,
and both are of one week: what drivers bring hardly changes from week to week, so that nothing is left in a calm one
and much in a wild one. Until it has been seen what drivers leave, they are taken to bring all of it. The memory that g
reads follows the price's whole moves over what is usual in this run, so that after a month that is wild for this
market belief strays more, whatever made it wild.

References
----------
Engle, R. and Mezrich, J. (1996): GARCH for groups. Risk 9 (8), 36-40.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from tanshi.agents.streams import stream
from tanshi.simulator.drift.markets.memory import LARGEST, POOL_WEEKS, SCALE_HALF_LIFE, Memory
from tanshi.simulator.drift.markets.paths import LARGEST_SHOCK
from tanshi.simulator.drift.markets.spread import STILL, Network
from tanshi.simulator.drift.state import Array

_DECAY = 0.5 ** (1.0 / SCALE_HALF_LIFE)
_PATHS, _WEEKS, _GAIN = 512, 520, 0.05
_NODES = 1024


@dataclass(frozen=True)
class Trail:
    """What a market's price has done so far, as far as the next step of belief needs it.

    Attributes
    ----------
    memory
        One row; its sizes are those of the whole price, put to the scale of the market that g starts from.
    driven, whole, weight
        Sums of the squares of weekly moves that belief does not account for, and of the sizes of all, over the scale,
        older ones fading; and of their weights.
    moves
        (weeks,) steps of belief in the period that is being traded, logarithms.
    foreseen
        Logarithm of the price that this period would close at but for these steps and for news; nan if nothing is.
    compensator
        What is taken off the belief so that the mean of its exponential is 1.
    """

    memory: Memory
    driven: float = 0.0
    whole: float = POOL_WEEKS
    weight: float = POOL_WEEKS
    moves: Array = field(default_factory=lambda: np.zeros(0))
    foreseen: float = float("nan")
    compensator: float = 0.0

    @classmethod
    def beside_drivers(cls, network: Network, memory: Memory) -> Trail:
        """The trail before anything has been seen of a market that drivers move."""
        sigma, still = network.width(memory)
        variance = _variance(network, float(sigma[0]), float(still[0])) / float(memory.scale[0]) ** 2
        return cls(memory, driven=POOL_WEEKS * variance)

    def left(self, variance: float) -> float:
        """Part of a week's variance in all that drivers and trade do not bring, 0 to 1."""
        return max(0.0, 1.0 - self.driven / self.weight * float(self.memory.scale[0]) ** 2 / variance)

    def after(self, log_price: float) -> Trail:
        """The trail once the period has closed at a price.

        A move that belief does not account for is spread over the period's weeks as a random walk would have made it.
        """
        weeks = len(self.moves)
        if not weeks:
            return self
        other = log_price - self.foreseen - float(self.moves.sum())
        other = 0.0 if np.isnan(other) else abs(other) / float(np.sqrt(weeks))
        memory, driven, whole, weight = self.memory, self.driven, self.whole, self.weight
        scale = float(memory.scale[0])
        for own in self.moves.tolist():
            size = float(np.hypot(own, other))
            memory = memory.after(np.array([size * weight / whole]), np.array([size < STILL]))
            driven = _DECAY * driven + min(other / scale, LARGEST) ** 2
            whole = _DECAY * whole + min(size / scale, LARGEST)
            weight = _DECAY * weight + 1.0
        return replace(self, memory=memory, driven=driven, whole=whole, weight=weight, moves=np.zeros(0))

    def step(self, network: Network, weeks: int, kept: float, rng: np.random.Generator, sign: float = 1.0) -> Trail:
        """The trail with the coming period's steps of belief.

        Parameters
        ----------
        kept
            Part of a belief that is left after a week.
        sign
            What the same draws are multiplied by; -1: their mirror image.
        """
        memory, compensator = self.memory, self.compensator
        moves = np.empty(weeks)
        for week in range(weeks):
            sigma, still = network.width(memory)
            rests = rng.random(1) < still
            wide = np.clip(sigma * rng.standard_t(network.freedom, 1), -LARGEST_SHOCK, LARGEST_SHOCK)
            whole = np.where(rests, STILL * rng.standard_normal(1), wide)
            width, rest = float(sigma[0]), float(still[0])
            part = sign * float(np.sqrt(self.left(_variance(network, width, rest))))
            moves[week] = part * float(whole[0])
            compensator = kept**2 * compensator + _log_mean(network, abs(part), width, rest)
            memory = memory.after(whole, rests)
        return replace(self, moves=moves, compensator=compensator)

    def array(self) -> Array:
        """As one plain array; `Trail.of` reads it."""
        m = self.memory
        return np.concatenate((m.moves[0], m.scale, m.still, [self.driven, self.whole, self.weight, self.foreseen,
                               self.compensator], self.moves))  # fmt: skip

    @classmethod
    def of(cls, array: Array) -> Trail:
        """From a plain array."""
        driven, whole, weight, foreseen, compensator = array[5:10].tolist()
        memory = Memory(array[None, :3], array[3:4], array[4:5])
        return cls(memory, driven, whole, weight, array[10:], foreseen, compensator)


def anchored(network: Network, start: Memory) -> Network:
    """The network at the level at which the mean size of a week's move is, in the long run, the market's slow scale.

    The level is moved along simulated paths until their sizes agree with the scale (Robbins and Monro 1951), and is
    the mean over their second half. From a likelihood of single weeks it comes out too high for a calm market: ten
    years on, paths of China's market would move by 44 to 60 % a year, where the market has moved by 23.
    """
    rng, level, levels = stream(0, "beliefs", "level"), 0.0, []
    memory, scale = start.at(0, _PATHS), float(start.scale[0])
    for _ in range(_WEEKS):
        sigma, still = network.width(memory)
        rests = rng.random(_PATHS) < still
        wide = np.exp(level) * sigma * rng.standard_t(network.freedom, _PATHS)
        move = np.where(rests, STILL * rng.standard_normal(_PATHS), np.clip(wide, -LARGEST_SHOCK, LARGEST_SHOCK))
        memory = memory.after(move, rests)
        level -= _GAIN * float(np.log(np.abs(move).mean() / scale))
        levels.append(level)
    return replace(network, offset=network.offset + np.array([np.mean(levels[_WEEKS // 2 :]), 0.0]))


def _variance(network: Network, sigma: float, still: float) -> float:
    """Of one step in all."""
    wide = float((np.minimum(sigma * _quantiles(network.freedom), LARGEST_SHOCK) ** 2).mean())
    return (1.0 - still) * wide + still * STILL**2


def _log_mean(network: Network, part: float, sigma: float, still: float) -> float:
    """Logarithm of the mean of the exponential of one step."""
    wide = np.cosh(part * np.minimum(sigma * _quantiles(network.freedom), LARGEST_SHOCK)).mean()
    return float(np.log((1.0 - still) * wide + still * np.exp((part * STILL) ** 2 / 2.0)))


@lru_cache(maxsize=8)
def _quantiles(freedom: float) -> Array:
    """Upper half of a Student t, at the middles of equal shares."""
    from scipy.stats import t as student  # here: it takes half a second to import

    return np.asarray(student.ppf(0.5 + (np.arange(_NODES) + 0.5) / (2 * _NODES), freedom), np.float64)
