"""A market and the windows that look at it: one window with a market of its own, or a class around one market."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from tanshi.scenarios.schema import Scenario
from tanshi.simulator.views.live.game import Game
from tanshi.simulator.views.live.market import LiveMarket, lever_positions

Told = Callable[[], None]


class Room:
    """One market at a time, and whoever is told of its news.

    Parameters
    ----------
    scenario
        What the command was given.
    shared
        Whether several windows look at it: the lecturer holds the auctions, others sit in seats.
    """

    def __init__(self, scenario: Scenario, *, shared: bool = False) -> None:
        self.scenario = scenario
        self.shared = shared
        self.positions = lever_positions(scenario)
        self.sectors = scenario.ever("trading")
        self.market = self._opened()
        self.windows: dict[int, tuple[AbstractContextManager[object], Told]] = {}
        self.lock = threading.RLock()
        self._next = 0

    @property
    def seats(self) -> list[Game]:
        """The seats that are taken, in order."""
        return [game for game in self.market.games if isinstance(game, Game)]

    @property
    def begun(self) -> bool:
        """Whether there is a game to lose."""
        return len(self.market.moment.rows) > 1 or bool(self.market.games)

    def watch(self, told: Told, window: AbstractContextManager[object] | None = None) -> Callable[[], None]:
        """Tell a window of every change; returns how it leaves.

        Parameters
        ----------
        told
            Called after every change.
        window
            What must be entered to speak to that window from another.
        """
        with self.lock:
            self._next += 1
            number = self._next
            self.windows[number] = (window or nullcontext(), told)

        def leave() -> None:
            with self.lock:
                self.windows.pop(number, None)

        return leave

    def tell(self) -> None:
        """Let every window show what there is."""
        with self.lock:
            listening = tuple(self.windows.values())
        for window, told in listening:
            with window:
                told()

    def step(self) -> None:
        """Hold the next auction."""
        self.market.step()
        self.tell()

    def restart(self, positions: Mapping[str, float], sectors: Sequence[str]) -> None:
        """Begin anew, by other rules; whoever had a seat gets up.

        Parameters
        ----------
        positions
            As `lever_positions`.
        sectors
            Those that trade.
        """
        with self.lock:
            self.positions, self.sectors = dict(positions), tuple(sectors)
            self.market = self._opened()
        self.tell()

    def _opened(self) -> LiveMarket:
        """A market by the rules in use; a class begins where the policy does, so that every seat can trade at once."""
        market = LiveMarket(self.scenario, sectors=self.sectors, **self.positions)
        while self.shared and market.state.year < self.scenario.policy_start and market.running:
            market.step()
        return market
