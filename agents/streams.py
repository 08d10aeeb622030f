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
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tanshi.market.orders import Floats, Ints

Made = TypeVar("Made")


@lru_cache(maxsize=4096)
def _key(seed: int, sector: str, purpose: str) -> npt.NDArray[np.uint64]:
    words = (zlib.crc32(sector.encode()), zlib.crc32(purpose.encode()))
    key = np.random.SeedSequence(seed, spawn_key=words).generate_state(2, np.uint64).astype(np.uint64)
    key.flags.writeable = False
    return key


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
    key = _key(seed, sector, purpose)
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
    _made: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what somebody makes of the period's draws, made at its first request: repeated clearings ask again."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def uniform(self, purpose: str, columns: int = 1) -> Floats:
        """Return (firms, columns) draws from [0, 1), read-only and made once."""

        def make() -> Floats:
            made = np.empty((int(self.counts.sum()), columns))
            for generator, rows in self._streams(purpose):
                generator.random(out=made[rows])
            made.flags.writeable = False
            return made

        return self.once((purpose, columns), make)

    def normal(self, purpose: str, columns: int = 1) -> Floats:
        """Return (firms, columns) standard normal draws."""
        made = np.empty((int(self.counts.sum()), columns))
        for generator, rows in self._streams(purpose):
            generator.standard_normal(out=made[rows])
        return made

    def _streams(self, purpose: str) -> Iterator[tuple[np.random.Generator, slice]]:
        """Each sector's `stream`, to be drawn from before the next, and the rows of its firms.

        It is one generator set anew: making another asks the operating system for entropy that nobody uses.
        """
        if not len(self.sectors):
            return
        generator = stream(self.seed, self.sectors[0], purpose, self.period)
        beginning = generator.bit_generator.state
        first = 0
        for sector, count in zip(self.sectors, self.counts.tolist(), strict=True):
            beginning["state"]["key"] = _key(self.seed, sector, purpose)
            generator.bit_generator.state = beginning
            yield generator, slice(first, first + count)
            first += count
