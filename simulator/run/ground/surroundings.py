"""What strays around a world: which drivers move its economy, and where the spread of beliefs comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.surroundings import NAMES, entries
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.drivers.process import DRIVERS, FILE, Drivers, estimated, load_drivers
from tanshi.simulator.drift.markets.forecast import load_markets, shipped
from tanshi.simulator.drift.markets.memory import Memory, remember
from tanshi.simulator.drift.markets.spread import Network
from tanshi.simulator.drift.markets.unexplained import anchored

HOME_MARKET = "CHN"
"""Market whose newest spread beliefs start from."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What strays in a world.

    Attributes
    ----------
    drivers : Drivers
        Their laws.
    moving : (7,) bool
        Which of them move here.
    absent : tuple of str
        Those that were asked for with all others but enter this economy nowhere.
    network : Network or None
        g at the level of the home market, where firms' beliefs stray with the spread of real markets.
    memory : Memory or None
        What g starts from.
    """

    drivers: Drivers
    moving: NDArray[np.bool_]
    absent: tuple[str, ...]
    network: Network | None = None
    memory: Memory | None = None


def surroundings_of(scenario: Scenario, province: Province) -> Surroundings | None:
    """What strays in a scenario; None where nothing does.

    Raises
    ------
    UserError
        For a driver asked for by name that enters this economy nowhere.
    """
    asked = scenario.shocks
    if not asked.any:
        return None
    known = entries(province)
    nowhere = [name for name in NAMES if asked.on(name) and not known[name]]
    for name in nowhere:
        if getattr(asked, name) == "estimated":
            hint = "Demand outside must slope for it: closure.outside: sloped, or leave the driver to shocks.drivers."
            problem = Problem("a driver that enters this economy", name, field=f"shocks.{name}", hint=hint)
            raise UserError("A shock has nowhere to enter.", [problem])
    moving = np.array([asked.on(name) and name not in nowhere for name in DRIVERS])
    network = memory = None
    own = None if scenario.drift.weights is None else Path(scenario.drift.weights)
    if asked.belief == "network":
        from tanshi.simulator.drift.markets.closes import real_markets

        home = real_markets()[HOME_MARKET]
        vintage = (load_markets(own) if own is not None and (own / "markets.npz").exists() else shipped()).vintages[-1]
        memory = remember(home).at(len(home) - 1, 1)
        network = _at_level(vintage.networks[0], memory)
    drivers = load_drivers(own / FILE.name) if own is not None and (own / FILE.name).exists() else estimated()
    return Surroundings(drivers, moving, tuple(nowhere), network, memory)


_LEVELS: dict[tuple[bytes, ...], Network] = {}


def _at_level(network: Network, memory: Memory) -> Network:
    """`anchored`, once for each network in a process."""
    key = tuple(a.tobytes() for a in (*network.arrays().values(), memory.moves, memory.scale, memory.still))
    if key not in _LEVELS:
        _LEVELS[key] = anchored(network, memory)
    return _LEVELS[key]
