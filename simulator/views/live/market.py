"""One run that somebody watches: the hybrid model, the rules moved by sliders, and what the last auction left."""

from __future__ import annotations

import threading
from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.abatement import emission_rate
from equilibrium.engine import EquilibriumError
from equilibrium.province.carbon import COVERABLE
from market.orders import Floats, Ints
from scenarios.schema import Scenario
from simulator.book import TONNES, tangent_of
from simulator.coupling import Agreement
from simulator.model import CarbonMarket
from simulator.period import one_period, open_period

if TYPE_CHECKING:
    from simulator.views.live.game import Game


@dataclass(frozen=True, eq=False)
class Moment:
    """What one auction left, all that the page shows of it; the run may go on meanwhile.

    Attributes
    ----------
    year, period : of the auction, the period counted from 1.
    agreement : price, book, clearing and the economy's response.
    rows : the table of periods up to this one.
    held : (firms,) t after the auction, and at year end after surrender.
    emitted, ahead : (firms,) t emitted this year, and to be emitted in the rest of it at the current rate.
    trading : (8,) sectors that trade in this year; ``cap`` their allowances of the year, Mt.
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


class LiveMarket(CarbonMarket):
    """A run to be stepped from a page; it opens on its first auction.

    Parameters
    ----------
    scenario : what the command was given.
    tightness, decline : % of the cap, as in the scenario's ``cap``; None keeps the scenario's own.
    sectors : how many sectors trade, in the order of ``COVERABLE``; None keeps the scenario's own.
    truthful, scheduled, zip, zic : weights of the strategies; None or all zero keeps the scenario's own.
    """

    def __init__(
        self,
        scenario: Scenario,
        tightness: float | None = None,
        decline: float | None = None,
        sectors: int | None = None,
        truthful: float | None = None,
        scheduled: float | None = None,
        zip: float | None = None,  # noqa: A002, the strategy's name in the scenario
        zic: float | None = None,
    ) -> None:
        weights = {"truthful": truthful, "scheduled": scheduled, "zip": zip, "zic": zic}
        mix = {name: float(weight or 0.0) for name, weight in weights.items()}
        super().__init__(varied(scenario, tightness, decline, sectors, mix))
        self.forget()  # a page that is reset makes models without end, and no agent joins later
        self.game: Game | None = None
        self.trouble = ""
        self.lock = threading.RLock()
        self.moment: Moment
        self.step()

    def step(self) -> None:
        """Run one period, with the orders of whoever sits in a seat; at the end of the run, do nothing.

        A period without equilibrium stops the run; ``trouble`` says why.
        """
        with self.lock:
            if self.state.finished or self.trouble:
                return
            try:
                if self.game is not None:
                    self.game.prepare()
                year, period = self.state.year, self.state.period + 1
                agreement = one_period(self)
                self.moment = self._moment(year, period, agreement)
                if self.game is not None:
                    self.game.record(agreement)
                    if not self.state.finished:
                        open_period(self)
            except EquilibriumError as error:
                self.trouble = str(error)
            self.running = not self.state.finished and not self.trouble

    def _moment(self, year: int, period: int, agreement: Agreement) -> Moment:
        n, population = self.periods_per_year, self.population
        rate = emission_rate(population, tangent_of(agreement.response), agreement.price)
        mask = self.policy.mask(year)
        return Moment(
            year=year,
            period=period,
            agreement=agreement,
            rows=tuple(self.state.periods),
            held=self.registry.held[: len(population)],
            emitted=population.emissions.copy(),
            ahead=rate * (1.0 - period / n) * TONNES,
            trading=tuple(s for s, on in zip(COVERABLE, mask, strict=True) if on),
            cap=float(self.policy.caps(year, whole=True)[mask].sum()),
        )


def varied(
    scenario: Scenario,
    tightness: float | None,
    decline: float | None,
    sectors: int | None,
    weights: Mapping[str, float],
) -> Scenario:
    """The scenario with the sliders' cap, coverage and strategies, validated as a file would be.

    Parameters
    ----------
    tightness, decline : %
    sectors : number of trading sectors; at the scenario's own number its own sectors trade.
    weights : of the strategies, any scale.
    """
    data = scenario.model_dump()
    for name, value in (("tightness", tightness), ("decline", decline)):
        if value is not None:
            data["cap"][name] = value / 100.0
    own = scenario.coverage.sectors("trading")
    if sectors is not None and sectors != len(own):
        idle = {s: "none" if kind == "trading" else kind for s, kind in data["coverage"].items()}
        data["coverage"] = idle | dict.fromkeys(COVERABLE[:sectors], "trading")
        data["shock"]["sectors"] = [s for s in data["shock"]["sectors"] if s not in COVERABLE[:sectors]]
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
    if periods_per_year == 12:
        return f"{month_name[period]} {year}"
    return str(year) if periods_per_year == 1 else f"period {period} of {periods_per_year}, {year}"


def largest_first(market: CarbonMarket, sector: str) -> Ints:
    """Rows of a sector's firms, the largest emitters first."""
    place = market.population.sectors.index(sector)
    rows = np.arange(market.population.start[place], market.population.start[place + 1])
    return rows[np.argsort(-market.population.share[rows], kind="stable")]
