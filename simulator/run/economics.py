"""What the economy says: at a carbon price, and under a cap.  Questions only: nothing here writes into a state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.province import CarbonResponse, Province
from tanshi.equilibrium.province.taxes import follow_tax
from tanshi.errors import Message
from tanshi.simulator.drift.state import pack
from tanshi.simulator.run.ground.forest import credit_rule, paying_for_credits
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.ground.starts import kept_positive
from tanshi.simulator.run.straying import log_multipliers, surrounding
from tanshi.simulator.run.world import State, World

Array = NDArray[np.float64]


LEAST = 1e-6
"""Mt a year, one tonne, and of output a millionth of the benchmark's: a sector below it stands still.

What an equilibrium leaves of a sector that it shuts down is rounding, 1e-24 Mt or nothing, as the processor has it.
"""


@dataclass(frozen=True)
class Near:
    """An equilibrium of the same period from which the next one is sought.

    Attributes
    ----------
    solution : Solution
    price : float
        Yuan/t, at which it was found.
    change : Array
        Change of its variables per yuan/t.
    """

    solution: Solution
    price: float
    change: Array

    def guess(self, price: float) -> Array:
        """The equilibrium carried to another price along its tangent; what must be positive stays so."""
        start = np.asarray(self.solution.x + self.change * (price - self.price))
        strict = self.solution.compiled.positive
        start[strict] = np.where(start[strict] > 0, start[strict], self.solution.x[strict])
        return start


@dataclass(frozen=True)
class Answer:
    """What the economy says at a carbon price.

    Attributes
    ----------
    parameters : Parameters
        Under which it was asked, before what forest owners and the outside are paid.
    response : CarbonResponse
        Emissions of the sectors and how they answer the price.
    near : Near
        The equilibrium, to ask again from.
    """

    parameters: Parameters
    response: CarbonResponse
    near: Near

    @property
    def solution(self) -> Solution:
        """The equilibrium."""
        return self.near.solution

    def as_mean_of(self, price: float) -> Answer:
        """The same answer to a price of now where the one that was asked for is the mean that follows from it."""
        answer, per = self.response, self.response.price / price if price > 0 else 1.0
        scaled = replace(answer, price=price, slope=answer.slope * per, allocation_slope=answer.allocation_slope * per)
        return replace(self, response=scaled)


@dataclass(frozen=True)
class Lived:
    """What the economy did at a price that was paid: nobody asks how it would have answered another.

    Attributes
    ----------
    parameters : Parameters
        Under which it lived, before what forest owners and the outside are paid.
    emissions, allocation : (sectors,) float
        Mt/yr, and Mt/yr of allowances given for output and emissions.
    solution : Solution
    """

    parameters: Parameters
    emissions: Array
    allocation: Array
    solution: Solution


@dataclass(frozen=True)
class Capped:
    """What the economy says under a cap: the equilibrium with its own permit price, yuan/t."""

    parameters: Parameters
    solution: Solution
    price: float

    @property
    def near(self) -> Near:
        """The equilibrium, to ask again from."""
        return Near(self.solution, self.price, np.zeros_like(self.solution.x))


def at_price(
    w: World,
    s: State,
    price: float,
    weight: float,
    *,
    income: float | None = None,
    across: float | None = None,
    base: Parameters | None = None,
    near: Near | None = None,
    start: Array | None = None,
) -> Answer:
    """Ask the economy at a carbon price, technique following part of it and the rest of the past.

    The surroundings are those expected for the rest of the year.

    Parameters
    ----------
    price : float
        Yuan/t.
    weight : float
        Part of the price that technique follows.
    income : float, optional
        Yi yuan a year that forest owners are paid; by default what the state holds.
    across : float, optional
        Yi yuan a year that leave the province for allowances; by default what the state holds.
    base
        Parameters, optional
        Others than the state's.
    near
        Near, optional
        An equilibrium of the same period.
    start : (n,) float, optional
        Where to seek, without one; by default where the economy stands.

    Raises
    ------
    EquilibriumError
        Naming scenario, year and period.
    """
    p = _at(w, s, price, weight, s.economy.parameters if base is None else base)
    solution = _from(w, s, _paying(w, s, p, income, across), price, near, start=start)
    response = w.province.response(solution, s.policy.returned(s.year))
    return Answer(p, response, Near(solution, price, response.change))


def lived_at(w: World, s: State, price: float, weight: float, answer: Answer) -> Lived:
    """Let the economy live a period at the price that is paid, in the period's own surroundings.

    Parameters
    ----------
    price : float
        Yuan/t.
    weight : float
        Part of it that technique has followed on the mean of the period.
    answer
        What it said before, near by.

    Raises
    ------
    EquilibriumError
        Naming scenario, year and period.
    """
    p = _at(w, s, price, weight, answer.parameters)
    found = _from(w, s, _paying(w, s, p, None), price, answer.near, start=_as_it_is(w, s, answer.near, price), now=True)
    given = w.province.granted(found.state.flow, found.x, s.policy.returned(s.year))
    return Lived(p, w.province.coverable_emissions(found), given, found)


def _as_it_is(w: World, s: State, near: Near, price: float) -> Array | None:
    """An equilibrium in the surroundings expected of the rest of the year, carried to those of the period itself."""
    starts = s.economy.starts
    if not starts.driven.size:
        return None
    return starts.surrounded(near.guess(price), log_multipliers(w, s, now=True) - log_multipliers(w, s, now=False))


def _at(w: World, s: State, price: float, weight: float, base: Parameters) -> Parameters:
    """Parameters at a carbon price, technique following part of it."""
    p = _written(base, _PRICED)
    w.province.hold_price(p, price)
    w.province.adjust(p, weight, s.economy.effective)
    follow_tax(w.province, p, weight, s.economy.effective_tax)
    return p


def _from(
    w: World,
    s: State,
    p: Parameters,
    price: float,
    near: Near | None,
    *,
    start: Array | None = None,
    now: bool = False,
) -> Solution:
    """The equilibrium of parameters, sought from one near by, a given start, or where the economy stands."""
    there = s.economy.start if near is None else near.guess(price)
    solution = None if near is None else near.solution
    if start is not None:
        with suppress(EquilibriumError):
            return _solve(w, s, p, kept_positive(start, w.province.compiled.positive, there), solution, now=now)
    return _solve(w, s, p, there, solution, now=now)


def under_cap(
    w: World,
    s: State,
    cap: float,
    weight: float,
    credits: float = 0.0,
    income: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> Capped:
    """Ask the economy under a cap and offset credits (Mt/yr) for an equilibrium with its own permit price.

    ``bounds`` are of that price, yuan/t; by default the policy's.

    Raises
    ------
    EquilibriumError
        Naming scenario, year and period.
    """
    p = _written(s.economy.parameters, (*_PRICED, "coefficient"))
    set_cap(w.province, s.policy, p, s.year, cap, credits, bounds)
    w.province.adjust(p, weight, s.economy.effective)
    follow_tax(w.province, p, weight, s.economy.effective_tax)
    start = s.economy.start
    if w.periods_per_year == 1:
        start = s.announced.ahead.get(s.year, start)
    solution = _solve(w, s, _paying(w, s, p, income), start)
    return Capped(p, solution, permit_price(w.province, solution))


def set_cap(
    province: Province,
    policy: Policy,
    p: Parameters,
    year: int,
    cap: float,
    credits: float = 0.0,
    bounds: tuple[float, float] | None = None,
) -> None:
    """Let the economy of ``p`` find the price itself, under a cap and credits (Mt/yr), within the policy's bounds."""
    standard = policy.standard(year)
    within = policy.collar(year) if bounds is None else bounds
    if _worthless(policy, year):
        within = within[0], within[0]  # any price would do
    province.cap_emissions(p, (0.0 if standard else max(cap, 0.0)) + credits, *within)


def impose(policy: Policy, province: Province, p: Parameters, year: int) -> None:
    """Set a year's rules and its cap, so that the economy's own permit condition finds the price."""
    policy.prepare(province, p, year)
    set_cap(province, policy, p, year, policy.tonnes(year))


def _worthless(policy: Policy, year: int) -> bool:
    """Whether all that trade are given what they emit: nobody needs an allowance of another, at any price."""
    return policy.started(year) and {policy.method(s, year) for s in policy.trading(year)} == {"verified"}


def permit_price(province: Province, solution: Solution) -> float:
    """Permit price of an equilibrium, yuan/t."""
    return float(solution.x[province.permit_var]) / YUAN_PER_TONNE


def covered_emissions(province: Province, policy: Policy, solution: Solution, year: int) -> float:
    """Emissions of the sectors that trade in a year, Mt/yr."""
    emissions = province.emissions(solution)
    return sum(emissions[sector] for sector in policy.trading(year))


def packed(scenario: str, sectors: tuple[str, ...], year: int, price: float, emissions: Array, outputs: Array) -> Array:
    """The continuous state of a price (yuan/t), emissions (Mt/yr) and outputs by sector.

    Raises
    ------
    EquilibriumError
        Naming year and sector where one emits or makes as good as nothing: the state holds logarithms.
    """
    nothing = np.flatnonzero((emissions < LEAST) | (outputs < LEAST))
    if nothing.size:
        sector = sectors[nothing[0]]
        raise EquilibriumError(
            Message(
                "scenario {scenario}, {year}: at {price:,.0f} yuan/t the sector {sector} stands still, "
                "and a logarithm of nothing is no state to go on from: loosen cap.tightness or "
                "cap.decline, or lower penalty.price",
                scenario=scenario,
                year=year,
                price=price,
                sector=sector,
            )
        )
    return pack(price, emissions, outputs)


_PRICED = ("alpha", "beta", "lower", "upper")
"""Parameters that a question about a price sets: what choices follow, and the bounds of the permit's price."""


def _written(p: Parameters, names: tuple[str, ...]) -> Parameters:
    """The same parameters, of which those of ``names`` may be written."""
    return replace(p, **{name: getattr(p, name).copy() for name in names})


def _paying(w: World, s: State, p: Parameters, income: float | None, across: float | None = None) -> Parameters:
    paid = s.market.forest_income if income is None else income
    q = paying_for_credits(w.province, credit_rule(s.policy, s.year), p, paid)
    return w.province.paying_outside(q, s.market.across.rate if across is None else across)


def _solve(
    w: World, s: State, p: Parameters, start: Array, near: Solution | None = None, *, now: bool = False
) -> Solution:
    try:
        return w.province.solve(surrounding(w, s, p, now=now), start, near=near)
    except EquilibriumError as error:
        when = Message(
            "scenario {name}, {year}, period {period}", name=w.scenario.name, year=s.year, period=s.period + 1
        )
        raise EquilibriumError(
            Message("{when}: {error}", when=when, error=error), error.equation, error.residual
        ) from error
