"""Random streams keyed by seed, sector, purpose and period, without state.

A stream is found by its key and not by the draws made before it: a sector added, a firm added elsewhere, or
a clearing repeated changes nobody else's luck, and a run that is saved needs to save no generator. Within a
sector firm i owns the i-th row of what its stream draws, so further firms leave the first ones theirs.

References
----------
Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11 (Philox).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from market.orders import Floats, Ints


@lru_cache(maxsize=4096)
def _key(seed: int, sector: str, purpose: str) -> tuple[int, int]:
    words = (zlib.crc32(sector.encode()), zlib.crc32(purpose.encode()))
    low, high = np.random.SeedSequence(seed, spawn_key=words).generate_state(2, np.uint64)
    return int(low), int(high)


def stream(seed: int, sector: str, purpose: str, period: int = 0) -> np.random.Generator:
    """Return the generator of one sector for one purpose in one period, always from its beginning.

    Parameters
    ----------
    seed : int
        The run's seed, not negative.
    sector, purpose : str
    period : int
        Not negative.

    Raises
    ------
    ValueError
        For a negative seed or period.

    Examples
    --------
    >>> first, again = (stream(7, "STEEL", "size").random() for _ in range(2))
    >>> first == again
    True
    """
    if seed < 0 or period < 0:
        raise ValueError(f"streams: seed {seed} and period {period} must not be negative")
    key = np.array(_key(seed, sector, purpose), np.uint64)
    # The period goes into a high word of the counter; draws count up the low one and never reach it.
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, period, 0], np.uint64)))


@dataclass(frozen=True)
class Draws:
    """The draws of a whole population in one period.

    Attributes
    ----------
    seed : int
    sectors : tuple[str, ...]
    counts : (sectors,) int64
        Firms in each sector; firms lie sector by sector.
    period : int
    """

    seed: int
    sectors: tuple[str, ...]
    counts: Ints
    period: int
    _made: dict[tuple[str, int], Floats] = field(default_factory=dict, repr=False, compare=False)

    def uniform(self, purpose: str, columns: int = 1) -> Floats:
        """Return (firms, columns) draws from [0, 1), read-only; made once, since repeated clearings ask again."""
        key = purpose, columns
        if key not in self._made:
            made = np.concatenate([s.random((int(n), columns)) for s, n in self._streams(purpose)])
            made.flags.writeable = False
            self._made[key] = made
        return self._made[key]

    def normal(self, purpose: str, columns: int = 1) -> Floats:
        """Return (firms, columns) standard normal draws."""
        return np.concatenate([s.standard_normal((int(n), columns)) for s, n in self._streams(purpose)])

    def _streams(self, purpose: str) -> list[tuple[np.random.Generator, int]]:
        return [
            (stream(self.seed, sector, purpose, self.period), int(count))
            for sector, count in zip(self.sectors, self.counts, strict=True)
        ]
