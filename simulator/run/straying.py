"""Straying through a run: the drivers move on and enter the economy in every period.

The benchmark year is what it was; from the next year on each driver is a continuous-time state of its own, the same in
every scenario with the same seed; on the path without shocks each is at the middle of its law. Beliefs
(`tanshi.simulator.run.ahead.believing`) move what an allowance kept is worth to firms, and so what they bank; the price
still clears, with the economy's own tonnes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import EquilibriumError, Parameters
from tanshi.equilibrium.province.surroundings import NAMES, surrounded
from tanshi.scenarios.together import seed_of
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.run.ground.surroundings import Surroundings
from tanshi.simulator.run.world import State, World

Array = NDArray[np.float64]
T = TypeVar("T")
NEWS = DRIVERS.index("cap_news")
OF_A_PROVINCE = ("productivity", "availability")
"""Drivers that each province of a market has for itself: how much its labour and capital make, and its weather.

The price of coal, what the rest of the country asks for and news about the cap come from beyond all of them.
"""
MOST_HALVINGS = 6
"""Times that a period's shock is halved before the run gives up: a 64th of it is left."""

MARKED = 0.01
"""Share of periods with a halved shock above which a run is marked."""


def stray(w: World, s: State) -> Array:
    """Move the drivers on to the coming period; returns by how much they differ from what was expected, logarithms."""
    around = w.surroundings
    if around is None or s.year == w.scenario.years.start:
        return np.zeros(len(DRIVERS))
    length, before = 1.0 / w.periods_per_year, s.economy.drivers
    seeds = [_seed_of(w, name) for name in DRIVERS]
    moved = around.drivers.step(before, length, seeds, s.number, sign_of(w))
    s.economy.drivers = np.where(around.moving, moved, 0.0)
    return s.economy.drivers * 0.5**s.economy.halvings - around.drivers.fading(length) * before


def common_seed(w: World) -> int:
    """Seed of what all provinces of a market meet alike."""
    return int(w.scenario.seed if w.of_market is None else w.of_market)


def _seed_of(w: World, name: str) -> int:
    """Seed of a driver: the market's, but for what each province has for itself."""
    common = common_seed(w)
    seed, own = w.scenario.shocks.seed_of(name, common), name in OF_A_PROVINCE and w.scenario.seed != common
    return seed_of(seed, w.scenario.economy) if own else seed


def sign_of(w: World) -> float:
    """Size of the run's shocks, with a minus where it meets the mirror image of its seed's."""
    asked = w.scenario.shocks
    return -asked.size if asked.mirrored else asked.size


def years_strayed(w: World, s: State) -> float:
    """Years that drivers have strayed for by the coming period, it included."""
    return float(s.year - w.scenario.years.start - 1) + (s.period + 1.0) / w.periods_per_year


def multipliers(w: World, s: State, *, now: bool = True, later: int = 0) -> dict[str, float]:
    """What each driver multiplies its parameters of the economy by, by name; 1 for those that do not move.

    Parameters
    ----------
    now : bool
        In the coming period; else as expected on average over the rest of the year, the shock dying out as it does.
        Who needs allowances for the year looks at the latter: a calm month is no calm year.
    later : int
        Years from this one: what is expected now of a whole year to come.
    """
    around = w.surroundings
    if around is None or s.year == w.scenario.years.start:
        return dict.fromkeys(NAMES, 1.0)
    n = w.periods_per_year
    first = min(s.period, n - 1)  # at the year's end its last period is looked back on
    periods = range(first, first + 1) if now else range(0 if later else first, n)
    return dict(_means(around, s.economy.drivers.tobytes(), s.economy.halvings, n, first, periods, later))


def log_multipliers(w: World, s: State, *, now: bool) -> Array:
    """Logarithms of `multipliers`, in the order of `NAMES`; none where nothing strays."""
    if w.surroundings is None:
        return np.zeros(0)
    return np.asarray(np.log(list(multipliers(w, s, now=now).values())))


@lru_cache(maxsize=64)
def _means(
    around: Surroundings, drivers: bytes, halvings: int, n: int, first: int, periods: range, later: int
) -> Mapping[str, float]:
    """`multipliers` over some periods of a year, seen from one; asked for at every price that is tried."""
    at = np.array(periods)
    logs = around.drivers.fading(later + (at - first) / n) * np.frombuffer(drivers)
    if n > 1:
        logs += around.drivers.seasons((at + 0.5) / n)
    means = np.exp(np.where(around.moving, logs, 0.0) * 0.5**halvings).mean(axis=0)
    return {name: float(means[DRIVERS.index(name)]) for name in NAMES}


def surrounding(w: World, s: State, p: Parameters, *, now: bool, later: int = 0) -> Parameters:
    """Parameters in the surroundings of the coming period, or as expected of the rest of the year or of a later one.

    ``p`` itself stays.
    """
    return p if w.surroundings is None else surrounded(w.province, p, multipliers(w, s, now=now, later=later))


def believed(s: State) -> Array | float:
    """What firms hold an allowance kept to be worth, over what they would without beliefs; (firms,), or 1."""
    own = s.market.own_belief
    return 1.0 if own.size == 0 else np.asarray(np.exp(s.market.belief + own))


class Restorable(Protocol):
    """A state that can be put back to what it was."""

    def copy(self) -> Self:
        """The same once more, to go its own way."""

    def become(self, other: Self) -> None:
        """Take another's values."""


R = TypeVar("R", bound=Restorable)


def survived(s: R, phases: Callable[[], T], members: Callable[[R], Sequence[State]], *, strays: bool) -> T:
    """Run a period's phases, or leave the state as it was; a shock that no equilibrium survives is halved before.

    Parameters
    ----------
    members
        From the state to those of all provinces in it, whose shocks are halved together.
    strays
        Whether there are shocks from outside.

    Raises
    ------
    EquilibriumError
        Where an economy has no equilibrium; nothing of the period has happened then.
    """
    before, halvings = s.copy(), 0
    while True:
        try:
            return phases()
        except EquilibriumError:
            s.become(before.copy())
            halvings += 1
            if not strays or halvings > MOST_HALVINGS:
                raise
            for one in members(s):
                one.economy.halvings = halvings
        except BaseException:
            s.become(before)
            raise


def settle_shock(w: World, s: State) -> None:
    """Keep what the period came through with: a halved shock goes on halved, and is counted."""
    if w.surroundings is None or s.economy.halvings == 0:
        return
    s.economy.drivers = s.economy.drivers * 0.5**s.economy.halvings
    s.log.halved += 1
    s.economy.halvings = 0


def told(w: World, s: State) -> dict[str, object]:
    """What strayed, for the run's record; empty where nothing does."""
    around = w.surroundings
    if around is None:
        return {}
    share = s.log.halved / max(s.number, 1)
    return {
        "shocks": {
            "moving": [name for name, on in zip(DRIVERS, around.moving, strict=True) if on],
            "absent": list(around.absent),
            "belief": w.scenario.shocks.belief,
            "halved_periods": s.log.halved,
            "halved_share": share,
            "marked": share > MARKED,
        }
    }
