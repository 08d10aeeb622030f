"""Where the first paper's printed numbers pull against each other: S5's peak, its level against S1's, and its price.

All on the path of one equilibrium a year, with the printed energy of 2030 and both printed prices held: each case has
its own growth of productivity, and its own growth of S5's cap before 2026 and after 2028.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import newton

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.errors import Message
from tanshi.scenarios.draws import vary
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.reproduction.families import CLEAN
from tanshi.simulator.studies.reproduction.identity import ENERGY, S1_2030, S5_PEAK
from tanshi.simulator.studies.reproduction.physical import S5_PRICES
from tanshi.simulator.studies.tangent import path_of

Array = NDArray[np.float64]
Changes = Mapping[str, float]
PRODUCTIVITY = "dynamics.productivity_growth"
EARLY, MIDDLE_SPAN, LATE = "cap.growth.2024", "cap.growth.2026", "cap.growth.2029"
PRICE, CO2, ENERGY_USE = "Price|Carbon", "Emissions|CO2", "Energy Consumption"
SPANS = (-0.015, -0.02, -0.025, -0.03, -0.035, -0.04)
"""Growth of S5's cap a year from 2026 to 2028, within what is sourced for caps (calibration/paper.yaml)."""
RATIO = S5_PEAK / S1_2030
PEAK = 2028
CLOSE = 1e-5
"""How near a growth rate is sought."""


@dataclass(frozen=True)
class Case:
    """One set of assumptions with the printed energy and prices held.

    Attributes
    ----------
    name
        What differs from the family as it is.
    productivity, early, middle, late
        Growth of productivity, and of S5's cap in its three spans, 1/year.
    years
        Of the paths.
    s1, s5
        CO2 by year, 2022 = 1.
    """

    name: str
    productivity: float
    early: float
    middle: float
    late: float
    years: tuple[int, ...]
    s1: Array
    s5: Array

    @property
    def rise(self) -> float:
        """Rise of S1's emissions to the last year, fraction."""
        return float(self.s1[-1] - 1.0)

    @property
    def ratio(self) -> float:
        """S5's highest level over S1's last."""
        return float(self.s5.max() / self.s1[-1])

    @property
    def peak(self) -> int:
        """Year of S5's highest level."""
        return self.years[int(self.s5.argmax())]

    @property
    def steady(self) -> bool:
        """Whether S5 rises every year to the printed peak and falls every year after it."""
        top = self.years.index(PEAK)
        return bool((np.diff(self.s5[: top + 1]) > 0).all() and (np.diff(self.s5[top:]) < 0).all())


@dataclass(frozen=True)
class Conflict:
    """The curve along S5's middle span, and what single assumptions bring.

    Attributes
    ----------
    spans
        The family as it is, with other growth of S5's cap from 2026 to 2028.
    assumptions
        The family with one assumption changed.
    out_of_reach
        Assumptions under which the printed numbers cannot be held, and why.
    least
        The lowest ratio that a peak in 2028 allows at the printed price of 2030: S5's emissions of 2030 over S1's.
    asked_price
        Price of S5 in 2030 at which that would be the printed ratio, yuan/t; None where none was found.
    """

    spans: Sequence[Case]
    assumptions: Sequence[Case]
    least: float
    asked_price: float | None
    out_of_reach: Mapping[str, str]


def conflict(s1: Scenario, s5: Scenario, report: Callable[[int, int], None] | None = None) -> Conflict:
    """Draw the curve.

    Parameters
    ----------
    s1, s5
        Of the paper's family; S5's cap has the spans 2024, 2026 and 2029.
    report
        Cases done, and how many there are.

    Raises
    ------
    EquilibriumError
        Where the family as it is has no equilibrium.
    """
    changes = _assumptions(s1)
    done, most = 0, len(SPANS) + len(changes)

    def told() -> None:
        nonlocal done
        done += 1
        if report is not None:
            report(done, most)

    spans = []
    for growth in SPANS:
        spans.append(_case(s1, s5, f"{100 * growth:g} % a year", {MIDDLE_SPAN: growth}, {}))
        told()
    cases: list[Case] = []
    out_of_reach: dict[str, str] = {}
    for name, (both, first) in changes.items():
        try:
            cases.append(_case(s1, s5, name, both, first))
        except EquilibriumError as error:
            out_of_reach[name] = str(error)
        told()
    if not cases:
        raise EquilibriumError(next(iter(out_of_reach.values())), "printed number", float("nan"))
    own = cases[0]
    return Conflict(spans, cases, float(own.s5[-1] / own.s1[-1]), _price_of_ratio(s1, s5, own), out_of_reach)


def _assumptions(s1: Scenario) -> dict[str, tuple[Changes, Changes]]:
    """Name -> what changes in S1 and S5, and what in S1 alone; each value from a source that the files name."""
    known = catalogue(s1.economy)
    clean = {path: figure.value for path, figure in known.items() if path.startswith(CLEAN)}
    mine = {path: s1.figures.get(path, value) for path, value in clean.items()}
    first = next(iter(clean.values()))
    shift, power = "economy.parameters.construction_shift", "dynamics.aeei_power"
    slow = economy(s1.economy).figures.value("parameters", "aeei_power")
    return {
        "the family as it is": ({}, {}),
        "efficiency of power 0.3 % a year": ({power: slow}, {}),
        "construction turns from cement": ({shift: known[shift].value}, {}),
        "both": ({power: slow, shift: known[shift].value}, {}),
        "S1's cap as the baseline": ({}, _falling(s1, 0.0)),
        "S1's cap falls by 1 % a year": ({}, _falling(s1, 0.01)),
        "clean power stays as in 2022": (dict.fromkeys(mine, first), {}),
        "clean power as planned in 2026": (clean, {}),
    }


def _falling(s1: Scenario, rate: float) -> dict[str, float]:
    """A cap that falls by so much a year against the baseline, from the policy's first year on."""
    years = range(s1.policy_start, s1.years.end + 1)
    return {f"cap.share.{year}": (1.0 - rate) ** (1 + place) for place, year in enumerate(years)}


def _case(s1: Scenario, s5: Scenario, name: str, both: Changes, first: Changes) -> Case:
    """Hold energy by productivity, then both prices by the spans of S5's cap."""

    def energy(growth: float) -> float:
        path = path_of(vary(s1, {**_for(s1, both), **first, PRODUCTIVITY: growth})).values
        return path[ENERGY_USE][s1.years.end] / ENERGY[1] - 1.0

    own = s1.dynamics.productivity_growth
    productivity = own if not (both or first) or set(both) == {MIDDLE_SPAN} else _root(energy, own)
    lower = vary(s1, {**_for(s1, both), **first, PRODUCTIVITY: productivity})
    upper = vary(s5, {**both, PRODUCTIVITY: productivity})
    (one, early_price), (other, late_price) = sorted(S5_PRICES.items())
    early = _root(lambda g: _price(upper, {EARLY: g}, one) / early_price - 1.0, _span(s5, 2024))
    late = _root(lambda g: _price(upper, {EARLY: early, LATE: g}, other) / late_price - 1.0, _span(s5, 2029))
    years = tuple(range(s1.years.start, s1.years.end + 1))
    paths = [path_of(s).values[CO2] for s in (lower, vary(upper, {EARLY: early, LATE: late}))]
    low, high = (np.array([path[y] / path[years[0]] for y in years]) for path in paths)
    return Case(name, productivity, early, both.get(MIDDLE_SPAN, _span(s5, 2026)), late, years, low, high)


def _for(s1: Scenario, changes: Changes) -> dict[str, float]:
    """What of the changes S1 has: S5's cap is not its own."""
    return {path: value for path, value in changes.items() if not path.startswith("cap.")}


def _span(s5: Scenario, year: int) -> float:
    growth = None if s5.cap.growth is None else s5.cap.growth.at(year)
    if growth is None:
        message = Message("S5's cap states no growth in {year}, so that no span of it can be solved", year=year)
        raise EquilibriumError(message, "cap", float("nan"))
    return float(growth)


def _price(scenario: Scenario, changes: Changes, year: int) -> float:
    return path_of(vary(scenario, dict(changes))).values[PRICE][year]


def _root(gap: Callable[[float], float], start: float) -> float:
    """Where a smooth gap closes, by secants from a start that is near.

    Raises
    ------
    EquilibriumError
        Where none is found.
    """
    found, how = newton(gap, start, x1=start + 0.002, tol=CLOSE, maxiter=12, full_output=True, disp=False)
    if not how.converged:
        raise EquilibriumError("no growth rate holds the printed number", "printed number", float("nan"))
    return float(found)


def _price_of_ratio(s1: Scenario, s5: Scenario, own: Case) -> float | None:
    """Price of S5 in the last year at which its emissions there are the printed share of S1's."""
    last = own.years[-1]
    target = RATIO * own.s1[-1]

    def at(late: float) -> dict[str, dict[int, float]]:
        changes = {PRODUCTIVITY: own.productivity, EARLY: own.early, LATE: late}
        return path_of(vary(s5, changes)).values

    def gap(late: float) -> float:
        path = at(late)[CO2]
        return float(path[last] / path[own.years[0]] / target - 1.0)

    try:
        return at(_root(gap, own.late))[PRICE][last]
    except EquilibriumError:
        return None
