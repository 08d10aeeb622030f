"""The years ahead as the economy itself would live them: what each emits on a path of prices.

From where the economy stands it is moved on year by year, one equilibrium a year at that year's price, with the
capital, the technique and the effective price that the years before have left. It is the same economy, under the same
rules, as the run's own: with one period a year the run lives exactly what was foreseen. Nothing of the run's state is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import CarbonResponse, Province
from tanshi.equilibrium.province.taxes import follow_tax
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.credits import wanted_credits
from tanshi.simulator.run.ground.forest import credit_rule, paying_for_credits
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.ground.starts import Starts, kept_positive, moved_on
from tanshi.simulator.run.public.entrants import EntrantsAhead

Array = NDArray[np.float64]
STEP = 0.01
"""Yuan/t, over which the supply of credits is differenced."""
FRESH = 3
"""Years from now that are always asked anew."""
STEADY = 1e-3
"""How far the last of them may emit from what was foreseen, as part of it, for later years to be taken as foreseen."""
MOST_KEPT = 9
"""Years of earlier plans that are remembered beyond those asked for again."""
NEAR = 0.02
"""How far a year's price may lie from where it was asked, as part of it: the tangent is off by about NEAR^2 / 4."""


@dataclass(frozen=True)
class Foreseen:
    """What years ahead were found to emit when somebody asked last.

    Attributes
    ----------
    year
        The first one.
    at, emissions, slope
        (years,) yuan/t at which each was asked, Mt (as `YearsAhead` counts them), and Mt per yuan/t.
    """

    year: int
    at: Array
    emissions: Array
    slope: Array

    def window(self, year: int, years: int) -> Foreseen:
        """The same from a later year on; what lies beyond goes on as it ended."""
        cut = slice(year - self.year, year - self.year + years)
        at, emissions, slope = self.at[cut], self.emissions[cut], self.slope[cut]
        for _ in range(years - len(at)):
            grown, dearer = (x[-1] / x[-2] if len(x) > 1 and x[-2] > 0 else 1.0 for x in (emissions, at))
            at, emissions = np.append(at, at[-1] * dearer), np.append(emissions, emissions[-1] * grown)
            slope = np.append(slope, slope[-1] * grown / dearer)
        return Foreseen(year, at, emissions, slope)

    def __call__(self, prices: Array) -> tuple[Array, Array]:
        """The answers of a path of prices along these tangents."""
        return self.emissions + self.slope * (prices - self.at), self.slope


@dataclass(frozen=True)
class Standing:
    """Where the economy stands when somebody looks ahead; nothing of it is written to.

    Attributes
    ----------
    year
        The current year.
    remaining
        Part of it still to come.
    parameters
        Of the current year, its policy set.
    effective, effective_tax
        (8,) and (taxable,) yuan/t, the price and the tax that technique has adjusted to.
    start
        An equilibrium to begin from.
    forest_income
        yi yuan a year that enterprises pay forest owners.
    across
        yi yuan a year that leave the province for allowances.
    flows, decision
        Of the part of the year that has passed, weighted by that part; None in January.
    """

    year: int
    remaining: float
    parameters: Parameters
    effective: Array
    start: Array
    forest_income: float = 0.0
    effective_tax: Array = field(default_factory=lambda: np.zeros(0))
    flows: Flows | None = None
    decision: Array | None = None
    across: float = 0.0


@dataclass
class YearsAhead:
    """The economy on a path of prices, from where it stands to a horizon.

    Parameters
    ----------
    province, growth, policy
        Of the run; growth and policy have to reach as far as is looked ahead.
    adjustment
        From a span in years to the weight of the price in technique at its end, and its mean over the span.
    years
        How many, the current one included.
    surrounded
        From parameters of a year and its distance from the current one to those in the surroundings that are
        expected of it: what strays dies out as it does, a price of coal over years, a calm month within weeks.
    before
        What was foreseen of the same years under the same rules. While the years nearest to now emit what was foreseen
        of them, those further off are taken along their tangents and not asked anew; once a path after such a one has
        not done so, all are asked.
    entrants
        The reserve for new entrants, which gives by the output of years before: what it brings counts as emitted less.
    starts, ahead
        What the last plan found of these years, and by year the equilibria of the path that is announced, to seek from.
    rebases
        Whether a path that was asked whole takes the place of ``before`` for the paths that come close to it: where
        surroundings stray, January finds little as it was foreseen.
    """

    province: Province
    growth: Growth
    policy: Policy
    adjustment: Callable[[float], tuple[float, float]]
    standing: Standing
    years: int
    surrounded: Callable[[Parameters, int], Parameters] = lambda p, _: p
    before: Foreseen | None = None
    entrants: EntrantsAhead | None = None
    starts: Starts = field(default_factory=Starts)
    ahead: Mapping[int, Array] = field(default_factory=dict)
    rebases: bool = False
    solved: int = 0
    unanswered: int = 0
    _last: list[tuple[float, Solution, CarbonResponse]] = field(default_factory=list)
    _tangents: tuple[Array, Array, Array] | None = None
    _followed: bool = False

    @property
    def foreseen(self) -> Foreseen:
        """What was found on the path that was asked for last.

        Raises
        ------
        ValueError
            Where none was.
        """
        if self._tangents is None:
            raise ValueError("foresight: no path of prices has been asked for yet")
        return Foreseen(self.standing.year, *self._tangents)

    @property
    def nearest(self) -> Solution:
        """The current year's equilibrium on the path that was asked for last; there is one once any was."""
        return self._last[0][1]

    def __call__(self, prices: Array) -> tuple[Array, Array]:
        """Return what each year emits beyond what it is granted for output and covers by credits, and the slopes.

        Parameters
        ----------
        prices
            (years,) yuan/t, each the mean of its year; the first of what is left of the current one.

        Returns
        -------
        emissions, slope : (years,) Mt, and Mt per yuan/t of the same year's price. From a year on that has no
            equilibrium on this path they are those of the path asked for before, carried to the new prices, or of the
            year before; `unanswered` counts how often.

        Raises
        ------
        EquilibriumError
            Where the current year has none.
        """
        at = self.standing
        p, effective, taxed = at.parameters.copy(), at.effective, at.effective_tax
        emissions, slope = np.empty(self.years), np.empty(self.years)
        found: list[tuple[float, Solution, CarbonResponse]] = []
        if self.entrants is not None:
            self.entrants.begin()
        for place, price in enumerate(prices.tolist()):
            year = at.year + place
            span = at.remaining if place == 0 else 1.0
            at_end, mean = self.adjustment(span)
            beyond = self.entrants.come(year) if place and self.entrants is not None else None
            if place:
                self.policy.prepare(self.province, p, year, beyond)
            self.province.hold_price(p, price)
            self.province.adjust(p, mean, effective)
            follow_tax(self.province, p, mean, taxed)
            rule = credit_rule(self.policy, year)
            paying = paying_for_credits(self.province, rule, self.surrounded(p, place), at.forest_income)
            paying = self.province.paying_outside(paying, at.across)
            try:
                solution, response = self._solve(place, year, paying, price, found)
            except EquilibriumError:
                if place == 0:
                    raise
                self._carry_on(place, prices, emissions, slope)
                break
            found.append((price, solution, response))
            emissions[place], slope[place] = self._net(year, price, response, span)
            if self.entrants is not None:
                emissions[place] -= 0.0 if beyond is None else beyond.out / TONNES
                self.entrants.note(year, self._flows(solution, place)[0])
            if self._as_foreseen(place, prices, emissions[place]):
                self._last = [*found, *self._last[len(found) :]]
                return self._along(place, prices, emissions, slope)
            mask = self.policy.mask(year)
            paid = np.where(mask, price, effective)
            for sector, own in self.province.own_prices(solution).items():
                paid[self.province.sectors.index(sector)] = own
            effective = effective + at_end * (paid - effective)
            if self.province.closure.taxed:
                taxed = taxed + at_end * (self.policy.taxes(self.province, year) - taxed)
            if place + 1 < self.years:
                p = self._advanced(p, solution, year, place)
        self._last = found
        self._tangents = prices.copy(), emissions.copy(), slope.copy()
        if self.rebases:
            self.before = self.foreseen
        return emissions, slope

    def _as_foreseen(self, place: int, prices: Array, emitted: float) -> bool:
        """Whether what comes after a year can be taken as it was foreseen."""
        if self.before is None or place != FRESH - 1 or place + 1 >= self.years:
            return False
        told, later = self.before(prices)[0][place], slice(place + 1, self.years)
        close = np.abs(prices[later] - self.before.at[later]) <= NEAR * self.before.at[later]
        steady = bool(abs(emitted - told) <= STEADY * abs(told) and close.all())
        if self._followed and not steady:
            # At the edge of what was foreseen there are two answers, between which no path settles.
            self.before, self.rebases = None, False
        self._followed = steady
        return steady

    def _along(self, place: int, prices: Array, emissions: Array, slope: Array) -> tuple[Array, Array]:
        """Fill in the years after one along the tangents of what was foreseen, as far off as that year is."""
        before = self.before
        assert before is not None
        part = emissions[place] / before(prices)[0][place]
        later = slice(place + 1, self.years)
        at, level, tilt = prices.copy(), emissions.copy(), slope.copy()
        at[later] = before.at[later]
        level[later], tilt[later] = part * before.emissions[later], part * before.slope[later]
        emissions[later], slope[later] = level[later] + tilt[later] * (prices[later] - at[later]), tilt[later]
        self._tangents = at, level, tilt
        return emissions, slope

    def _carry_on(self, place: int, prices: Array, emissions: Array, slope: Array) -> None:
        """Fill in the years from one on that has no equilibrium on this path."""
        self.unanswered += 1
        here = slice(place, self.years)
        if self._tangents is None:
            emissions[here], slope[here] = emissions[place - 1], slope[place - 1]
            return
        at, level, tilt = (column[here] for column in self._tangents)
        emissions[here], slope[here] = level + tilt * (prices[here] - at), tilt

    def _solve(
        self, place: int, year: int, p: Parameters, price: float, found: list[tuple[float, Solution, CarbonResponse]]
    ) -> tuple[Solution, CarbonResponse]:
        if place < len(self._last):  # the same year on the path asked for before
            at, near, answer = self._last[place]
            start = near.x + answer.change * (price - at)
            solution = self.province.solve(p, kept_positive(start, near.compiled.positive, near.x), near=near)
        else:
            solution = self._first(year, price, p, found)
        self.solved += 1
        return solution, self.province.response(solution, self.policy.returned(year))

    def _first(
        self, year: int, price: float, p: Parameters, found: list[tuple[float, Solution, CarbonResponse]]
    ) -> Solution:
        """A year on the first path, from where it is expected; where that leads nowhere, from the year before."""
        last = found[-1][1].x if found else self.standing.start
        start = self._start(year, price, found)
        if start is not None:
            with suppress(EquilibriumError):
                return self.province.solve(p, kept_positive(start, self.province.compiled.positive, last))
        return self.province.solve(p, last)

    def _start(self, year: int, price: float, found: list[tuple[float, Solution, CarbonResponse]]) -> Array | None:
        """Where a year is expected: as the last plan foresaw it, or as the years before it go on."""
        starts, first = self.starts, self.standing.year
        start = starts.planned(year, price)
        if not found:
            return self.ahead.get(year) if start is None else start
        last = found[-1][1].x
        then = starts.planned(first, found[0][0])
        if start is not None and then is not None:
            return moved_on(start, found[0][1].x, then)
        return moved_on(last, last, found[-2][1].x) if len(found) > 1 else None

    def remembered(self) -> dict[str, Any]:
        """What was found on the path that was asked for last, to seek from (`Starts`)."""
        first, found, starts = self.standing.year, self._last, self.starts
        later = max(first + len(found) - starts.plan_year, 0)  # what was not asked for again stays as it was
        kept = slice(later, later + MOST_KEPT) if starts.plan_year <= first else slice(0, 0)
        columns = (
            (starts.plan, [one.x for _, one, _ in found]),
            (starts.plan_change, [answer.change for _, _, answer in found]),
            (starts.plan_price, [price for price, _, _ in found]),
        )
        plan, change, price = (np.array([*now, *before[kept]]) for before, now in columns)
        return {"plan": plan, "plan_change": change, "plan_price": price, "plan_year": first}

    def _net(self, year: int, price: float, response: CarbonResponse, span: float) -> tuple[float, float]:
        mask = self.policy.mask(year)
        emitted = response.emissions
        change = response.slope
        follows = self.policy.follows(year)
        if follows.any():
            emitted = emitted - np.where(follows, response.allocation, 0.0)
            change = change - np.where(follows, response.allocation_slope, 0.0)
        net, slope = span * float(emitted[mask].sum()), span * float(change[mask].sum())
        if self.policy.offset_share(year) > 0:
            owed = span * float(response.emissions[mask].sum())
            credits = [wanted_credits(credit_rule(self.policy, year), price + move, owed) for move in (0.0, STEP)]
            net, slope = net - credits[0], slope - (credits[1] - credits[0]) / STEP
        return net, slope

    def _advanced(self, p: Parameters, solution: Solution, year: int, place: int) -> Parameters:
        flows, decision = self._flows(solution, place)
        return advance(self.province, p, flows, solution, self.growth, year, decision)

    def _flows(self, solution: Solution, place: int) -> tuple[Flows, Array]:
        """A year's flows and the prices that choices followed, with what has passed of the current one."""
        at = self.standing
        flows, decision = Flows(solution.state.flow, solution.x), solution.state.decision
        if place == 0 and at.flows is not None and at.decision is not None:
            part = at.remaining
            flows = Flows(at.flows.leaf + part * flows.leaf, at.flows.x + part * flows.x)
            decision = at.decision + part * decision
        return flows, decision
