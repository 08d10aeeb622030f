"""One run that somebody watches: the hybrid model, the rules moved by sliders, and what the last auction left."""

from __future__ import annotations

import threading
from calendar import month_name
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tanshi.agents.abatement import emission_rate
from tanshi.equilibrium.engine import EquilibriumError
from tanshi.language import say, spoken
from tanshi.market.orders import Floats, Ints
from tanshi.numerics.units import TONNES
from tanshi.scenarios.cap import NO_PATH
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.book import tangent_of
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.run.period import one_period, open_period
from tanshi.simulator.run.seat import leave
from tanshi.simulator.run.world import State, World

STRATEGIES = ("truthful", "scheduled", "hesitant", "zip", "zic")


@dataclass(frozen=True, eq=False)
class Moment:
    """What one auction left, all that the page shows of it; the run may go on meanwhile.

    Attributes
    ----------
    year, period
        Of the auction, the period counted from 1.
    agreement
        Price, book, clearing and the economy's response.
    rows
        The table of periods up to this one.
    held
        (firms,) t after the auction, and at year end after surrender.
    emitted, ahead
        (firms,) t emitted this year, and to be emitted in the rest of it at the current rate.
    trading
        (8,) sectors that trade in this year; ``cap`` their allowances of the year, Mt.
    capped
        Whether the policy holds; before it, power has as many allowances as it emits without one.
    """

    year: int
    period: int
    agreement: Agreement
    rows: tuple[Mapping[str, Any], ...]
    held: Ints
    emitted: Floats
    ahead: Floats
    trading: tuple[str, ...]
    cap: float
    capped: bool


class Seated(Protocol):
    """Whoever sits in a firm's seat, a row of the population, under a name where several do."""

    row: int
    name: str

    def prepare(self) -> None:
        """Place the firm's orders, before the auction."""

    def record(self, agreement: Agreement) -> None:
        """Note what the auction brought."""


@dataclass(eq=False)
class Twin:
    """The same run in which every firm bids by itself.

    Attributes
    ----------
    state
        Stepped along with the market.
    begun
        Periods that were over when it began.
    agreement
        Of its last auction; None before the first.
    """

    state: State
    begun: int
    agreement: Agreement | None = None

    def step(self, world: World) -> None:
        """Run its next period."""
        self.agreement = one_period(world, self.state).agreement


class LiveMarket(CarbonMarket):
    """A run to be stepped from a page; it opens on its first auction.

    Parameters
    ----------
    scenario
        What the command was given.
    tightness, decline
        % of the cap, as in the scenario's ``cap``; None keeps the scenario's own.
    sectors
        Sectors that trade, any of the economy's that can; None keeps the scenario's own.
    truthful, scheduled, hesitant, zip, zic
        Weights of the strategies, any scale; all zero keeps the scenario's own.
    """

    def __init__(
        self,
        scenario: Scenario,
        tightness: float | None = None,
        decline: float | None = None,
        sectors: Sequence[str] | None = None,
        truthful: float | None = None,
        scheduled: float | None = None,
        hesitant: float | None = None,
        zip: float | None = None,
        zic: float | None = None,
    ) -> None:
        levers = {"tightness": tightness, "decline": decline}
        mix = {"truthful": truthful, "scheduled": scheduled, "hesitant": hesitant, "zip": zip, "zic": zic}
        super().__init__(varied(scenario, levers | mix, sectors))
        self.forget()  # a page that is reset makes models without end, and no agent joins later
        self.games: list[Seated] = []
        self.twins: list[Twin] = []
        self.trouble = ""
        self.lock = threading.RLock()
        self.moment = self._advance()  # a scenario that cannot even begin raises here

    def step(self) -> None:
        """Run one period, with the orders of whoever sits in a seat; at the end of the run, do nothing.

        A period without equilibrium stops the run; ``trouble`` says why.
        """
        with self.lock:
            if self.over:
                return
            try:
                self._advance()
            except EquilibriumError as error:
                self.trouble = str(error)
            self.running = not self.over

    def _advance(self) -> Moment:
        for game in self.games:
            game.prepare()
        year, period = self.state.year, self.state.period + 1
        agreement = one_period(self.world, self.state).agreement
        self.moment = self._moment(year, period, agreement)
        for twin in self.twins:
            twin.step(self.world)
        for game in self.games:
            game.record(agreement)
        if self.games and not self.state.calendar.finished:
            open_period(self.world, self.state)
        return self.moment

    def twin(self) -> Twin:
        """The run in which every firm bids by itself from here on; seats taken in the same period share one."""
        found = next((twin for twin in self.twins if twin.begun == self.state.number), None)
        if found is None:
            state = self.state.copy()
            for game in self.games:
                leave(state, game.row)
            found = Twin(state, self.state.number)
            self.twins.append(found)
        return found

    @property
    def over(self) -> bool:
        """Whether no further period can be run."""
        return self.state.calendar.finished or bool(self.trouble)

    def _moment(self, year: int, period: int, agreement: Agreement) -> Moment:
        n, population = self.periods_per_year, self.population
        rate = emission_rate(population, tangent_of(agreement.response), agreement.price)
        mask = self.policy.mask(year)
        return Moment(
            year=year,
            period=period,
            agreement=agreement,
            rows=tuple(self.state.log.periods),
            held=self.registry.held[: len(population)],
            emitted=population.emissions.copy(),
            ahead=rate * (1.0 - period / n) * TONNES,
            trading=tuple(s for s, on in zip(self.world.sectors, mask, strict=True) if on),
            cap=float(self.policy.caps(year, whole=True)[mask].sum()),
            capped=self.policy.started(year),
        )


def sectors_of(scenario: Scenario) -> tuple[str, ...]:
    """Sectors that the scenario's economy lets trade, in its order."""
    return economy(scenario.economy, scenario.figures).accounts.coverable


def lever_positions(scenario: Scenario) -> dict[str, float]:
    """Where the sliders stand for a scenario, in the names of ``LiveMarket``: % of the cap, weights in %."""
    cap, mix = scenario.cap, scenario.firms.strategies.as_dict()
    return {
        "tightness": round(100 * cap.tightness, 10),
        "decline": round(100 * cap.decline, 10),
        **{name: round(100 * mix[name], 10) for name in STRATEGIES},
    }


def varied(scenario: Scenario, levers: Mapping[str, float | None], sectors: Sequence[str] | None = None) -> Scenario:
    """The scenario with the sliders' cap, coverage and strategies, validated as a file would be.

    Parameters
    ----------
    levers
        As ``lever_positions``; None, and a slider left where it stood, keep what the scenario says.
    sectors
        That trade; None, and the scenario's own in any order, keep what it says of all of them.
    """
    before, data = lever_positions(scenario), scenario.model_dump()
    moved = {name: value for name, value in levers.items() if value is not None and value != before[name]}
    for name in ("tightness", "decline"):
        if name in moved:
            data["cap"] |= {name: moved[name] / 100.0, **NO_PATH}
    if sectors is not None and set(sectors) != set(scenario.ever("trading")):
        idle = {s: "none" if kind == "trading" else kind for s, kind in data["coverage"].items()}
        data["coverage"] = idle | dict.fromkeys(sectors, "trading")
        for rules in data["sectors"].values():
            rules["status"] = None
        data["shock"]["sectors"] = [s for s in data["shock"]["sectors"] if s not in sectors]
    if moved.keys() & set(STRATEGIES):
        weights = {name: moved.get(name, before[name]) for name in STRATEGIES}
        total = sum(weights.values())
        if total > 0:
            data["firms"]["strategies"] = {name: weight / total for name, weight in weights.items()}
    return Scenario.model_validate(data)


def when(year: int, period: int, periods_per_year: int) -> str:
    """The period in words.

    Examples
    --------
    >>> when(2023, 4, 12), when(2023, 4, 52), when(2023, 1, 1)
    ('April 2023', 'period 4 of 52, 2023', '2023')
    """
    if periods_per_year == 1:
        return str(year)
    if periods_per_year != 12:
        return say("period {period} of {most}, {year}", period=period, most=periods_per_year, year=year)
    return f"{year} 年 {period} 月" if spoken() == "zh" else f"{month_name[period]} {year}"


def largest_first(market: CarbonMarket, sector: str) -> Ints:
    """Rows of a sector's firms, the largest emitters first."""
    place = market.population.sectors.index(sector)
    rows = np.arange(market.population.start[place], market.population.start[place + 1])
    return rows[np.argsort(-market.population.share[rows], kind="stable")]
