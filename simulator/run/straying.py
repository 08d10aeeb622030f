"""Straying through a run: the drivers move on, enter the economy in every period, and firms' beliefs stray.

The benchmark year is what it was; from the next year on each driver is a continuous-time state of its own, the same in
every scenario with the same seed. Beliefs move what an allowance kept is worth to firms, and so what they bank; the
price still clears, with the economy's own tonnes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.streams import stream
from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.surroundings import NAMES, surrounded
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.drift.markets.memory import Memory
from tanshi.simulator.drift.markets.paths import LARGEST_SHOCK
from tanshi.simulator.drift.markets.spread import STILL
from tanshi.simulator.run.ground.surroundings import Surroundings
from tanshi.simulator.run.world import State, World

Array = NDArray[np.float64]
NEWS = DRIVERS.index("cap_news")
MOST_HALVINGS = 6
"""Times that a period's shock is halved before the run gives up: a 64th of it is left."""

MARKED = 0.01
"""Share of periods with a halved shock above which a run is marked."""


def stray(w: World, s: State) -> None:
    """Move the drivers and beliefs on to the coming period."""
    around = w.surroundings
    if around is None or s.year == w.scenario.years.start:
        return
    asked, length = w.scenario.shocks, 1.0 / w.periods_per_year
    seeds = [asked.seed_of(name, w.scenario.seed) for name in DRIVERS]
    moved = around.drivers.step(s.economy.drivers, length, seeds, s.number)
    s.economy.drivers = np.where(around.moving, moved, 0.0)
    if around.moving[NEWS] or around.network is not None:
        _believe(w, s, around, length)


def multipliers(w: World, s: State, *, now: bool = True) -> dict[str, float]:
    """What each driver multiplies its parameters of the economy by, by name; 1 for those that do not move.

    Parameters
    ----------
    now : bool
        In the coming period; else as expected on average over the rest of the year, the shock dying out as it does.
        Who needs allowances for the year looks at the latter: a calm month is no calm year.
    """
    around = w.surroundings
    if around is None or s.year == w.scenario.years.start:
        return dict.fromkeys(NAMES, 1.0)
    n = w.periods_per_year
    first = min(s.period, n - 1)  # at the year's end its last period is looked back on
    periods = [first] if now else list(range(first, n))
    logs = np.zeros(len(DRIVERS))
    for period in periods:
        ahead = (period - first) / n
        logs += around.drivers.fading(ahead) * s.economy.drivers
        if n > 1:
            logs += around.drivers.seasons(s.year + (period + 0.5) / n)
    logs = np.where(around.moving, logs / len(periods), 0.0) * 0.5**s.economy.halvings
    return {name: float(np.exp(logs[DRIVERS.index(name)])) for name in NAMES}


def surrounding(w: World, s: State, p: Parameters, *, now: bool) -> Parameters:
    """Parameters in the surroundings of the coming period, or of the rest of the year; ``p`` itself stays."""
    return p if w.surroundings is None else surrounded(w.province, p, multipliers(w, s, now=now))


def believed(s: State) -> Array | float:
    """What firms hold an allowance kept to be worth, over what they would without beliefs; (firms,), or 1."""
    own = s.market.own_belief
    return 1.0 if own.size == 0 else np.asarray(np.exp(s.market.belief + own))


def halve(s: State, halvings: int) -> None:
    """Let the coming period's shock be a part of itself."""
    s.economy.halvings = halvings


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


def _believe(w: World, s: State, around: Surroundings, length: float) -> None:
    """Shared and own beliefs, logarithms: the news' or the network's spread, and half as much of each firm's own.

    What the network learnt from prices has news about caps in it, so that it takes the place of the driver.
    """
    asked, market = w.scenario.shocks, s.market
    before = market.belief
    news = float(s.economy.drivers[NEWS])
    market.belief = news if around.network is None else _week_by_week(w, s, around, before)
    kept = float(0.5 ** (length / asked.belief_half_life))
    spread = asked.own_belief * abs(market.belief - kept * before)
    own = market.own_belief if market.own_belief.size else np.zeros(w.firms)
    draws = stream(w.scenario.seed, "beliefs", "own", s.number).standard_normal(w.firms)
    market.own_belief = kept * own + spread * draws


def _week_by_week(w: World, s: State, around: Surroundings, belief: float) -> float:
    """The shared belief after the period's weeks, and the memory that its spread follows from."""
    assert around.network is not None
    assert around.memory is not None
    market, first = s.market, s.period
    if market.belief_memory.size == 0:
        memory = around.memory
    else:
        parts = market.belief_memory
        memory = Memory(parts[None, :3], parts[3:4], parts[4:5])
    weeks = round(52 * (first + 1) / w.periods_per_year) - round(52 * first / w.periods_per_year)
    rng = stream(w.scenario.shocks.seed_of("belief", w.scenario.seed), "beliefs", "shared", s.number)
    kept = float(0.5 ** (1.0 / (52.0 * w.scenario.shocks.belief_half_life)))
    for _ in range(max(weeks, 1)):
        sigma, still = around.network.width(memory)
        rests = rng.random(1) < still
        wide = np.clip(sigma * rng.standard_t(around.network.freedom, 1), -LARGEST_SHOCK, LARGEST_SHOCK)
        shock = np.where(rests, STILL * rng.standard_normal(1), wide)
        belief = kept * belief + float(shock[0])
        memory = memory.after(shock, rests)
    market.belief_memory = np.concatenate([memory.moves[0], memory.scale, memory.still])
    return belief
