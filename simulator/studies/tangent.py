"""The equilibrium-only path of a scenario with its exact derivatives, year after year.

One equilibrium a year, as in the traditional model (no firms, no drift, nothing banked).  A parameter moves the
frozen baseline, with it every cap, the economy of each year and, through capital and technique, all later years.  Its
effect is carried along the path by the implicit function theorem: in each year the equilibrium moves by
``-phi_x^-1 phi_theta``, and the step to the next year is taken with complex numbers, so that no difference quotient is
formed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Compiled, Parameters
from tanshi.equilibrium.engine.evaluate import State
from tanshi.equilibrium.engine.sensitivity import STEP, along
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.draws import vary
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.accounting import economy_variables
from tanshi.simulator.run.economics import impose
from tanshi.simulator.run.ground.annual import Baseline, Year, annual_path, frozen_regime
from tanshi.simulator.run.ground.economy import asked_by_rules, economy, province, province_of
from tanshi.simulator.run.ground.policy import Policy

Array = NDArray[np.float64]
Series = dict[str, dict[int, float]]
"""Variable -> year -> value."""
Direction = Mapping[str, float]
"""Dotted field or figure -> its change per unit of a parameter."""

PRICE = "Price|Carbon"
BOUNDS = ("lower", "upper")
DIFFERENTIABLE = ("cap.tightness", "cap.decline", "cap.over_allocation")
INSTALLED = "closure.installed_elasticity"


@dataclass(frozen=True)
class Path:
    """Annual variables of a scenario's equilibrium-only path.

    Attributes
    ----------
    values
        The variables that need no firms: those of the economy, and the carbon price.
    slopes
        Name of a direction -> derivative of every value along it; directions that have none are left out.
    """

    values: Series
    slopes: dict[str, Series]


def path_of(scenario: Scenario, directions: Mapping[str, Direction] | None = None) -> Path:
    """Solve a scenario's path, one equilibrium a year, and differentiate it.

    Parameters
    ----------
    directions
        Name -> direction; exact derivatives exist for the cap, growth (`dynamics`) and those elasticities
        that are neither 0 nor 1, under an absolute cap that is not given by output.

    Raises
    ------
    EquilibriumError
        With the year and the worst equation.
    UserError
        For a scenario whose economy follows generated series.
    """
    if scenario.drift.input != "state":
        problem = Problem("drift.input state", scenario.drift.input, field="drift.input")
        raise UserError(
            "Exact derivatives exist of the economy's own growth, not of one that follows series.", [problem]
        )
    wanted = directions or {}
    model, accounts = province_of(scenario)
    years = range(scenario.years.start, scenario.years.end + 1)
    growth = economy(scenario.economy, scenario.figures).growth(scenario.dynamics, years[0], years[-1])
    frozen = _frozen(scenario.model_copy(update=_COMMON))
    baseline = Baseline.of(model, frozen)
    policy = Policy(scenario, baseline, annual=True)

    def regime(p: Parameters, year: int) -> None:
        impose(policy, model, p, year)

    solved = annual_path(model, accounts, growth, years, regime)
    values = _by_variable([_values(accounts, y.flows, y.solution.real["HH"], model) for y in solved], years)
    opened = {name: _opening(scenario, model, direction) for name, direction in wanted.items()}
    exact = {name: p for name, p in opened.items() if p is not None}
    if not exact:
        return Path(values, {})
    moved = [_moved(scenario, wanted[name]) for name in exact]
    growths = [economy(m.economy, m.figures).growth(m.dynamics, years[0], years[-1]) for m in moved]
    before = _carry(model, growths, frozen, list(exact.values()), frozen_regime(model))
    bases = [np.array([_emissions(accounts, _change(s)) for s in states]) for states in before]

    def complex_cap(k: int) -> Callable[[Parameters, int], None]:
        def set_cap(p: Parameters, year: int) -> None:
            regime(p, year)
            p.coefficient[model.cap_term] += 1j * STEP * _cap_slope(moved[k], policy, bases[k], year)

        return set_cap

    states = _carry(model, growths, solved, list(exact.values()), *[complex_cap(k) for k in range(len(exact))])
    household = model.compiled.consumers.index("HH")
    slopes = {}
    for name, found in zip(exact, states, strict=True):
        rows = [_values(accounts, _change(s), float(s.real.imag[household]) / STEP, model) for s in found]
        slopes[name] = _by_variable(rows, years)
    return Path(values, slopes)


# -- real numbers ------------------------------------------------------------------------------------------

_COMMON: dict[str, Any] = {"name": "any", "title": "", "seed": 1}


def _frozen(scenario: Scenario) -> list[Year]:
    figures = tuple(sorted(scenario.figures.items()))
    years = (scenario.years.start, scenario.years.end)
    rules = asked_by_rules(scenario)
    return _frozen_path(scenario.economy, scenario.closure, scenario.dynamics, years, figures, rules)


@lru_cache(maxsize=4)
def _frozen_path(
    name: str, closure: Any, dynamics: Any, years: tuple[int, int], figures: Any, rules: tuple[Any, ...]
) -> list[Year]:
    model, accounts = province(name, closure, dict(figures), *rules)
    growth = economy(name, dict(figures)).growth(dynamics, *years)
    return annual_path(model, accounts, growth, range(years[0], years[1] + 1), frozen_regime(model))


def _values(accounts: PhysicalAccounts, flows: Flows, welfare: float, model: Province) -> dict[str, float]:
    """Annual variables from flows, or their changes from changes of flows: all readings are linear in them."""
    nothing = np.zeros(len(model.sectors))
    out = economy_variables(accounts, flows, welfare, nothing, nothing.astype(bool))
    return out | {PRICE: float(flows.x[model.permit_var]) / YUAN_PER_TONNE}


def _emissions(accounts: PhysicalAccounts, flows: Flows) -> Array:
    emissions = accounts.emissions(flows)
    return np.array([emissions[s] for s in accounts.province.sectors])


def _by_variable(rows: Sequence[Mapping[str, float]], years: range) -> Series:
    return {name: {year: row[name] for year, row in zip(years, rows, strict=True)} for name in rows[0]}


# -- directions --------------------------------------------------------------------------------------------


def _carry(
    model: Province,
    growths: Sequence[Growth],
    path: Sequence[Year],
    opening: Sequence[Parameters],
    *regimes: Callable[[Parameters, int], None],
) -> list[list[State]]:
    """Move every direction through the years; with one regime it holds for all of them."""
    every = list(regimes) * len(growths) if len(regimes) == 1 else list(regimes)
    current = [p.copy() for p in opening]
    found: list[list[State]] = [[] for _ in growths]
    for number, year in enumerate(path):
        for p, regime in zip(current, every, strict=True):
            regime(p, year.year)
        states = along(year.solution, current)
        for k, state in enumerate(states):
            found[k].append(state)
            if number + 1 < len(path):
                last = replace(year.solution, parameters=current[k], x=state.x, state=state)
                flows = Flows(state.flow, state.x)
                current[k] = advance(model, current[k], flows, last, growths[k], year.year)
    return found


def _change(state: State) -> Flows:
    return Flows(state.flow.imag / STEP, state.x.imag / STEP)


def _moved(scenario: Scenario, direction: Direction) -> Scenario:
    """The scenario with an imaginary step in its cap and growth; not validated: the schema knows no such numbers."""
    groups: dict[str, dict[str, complex]] = {}
    for path, slope in direction.items():
        group, _, name = path.partition(".")
        if group in ("cap", "dynamics"):
            groups.setdefault(group, {})[name] = getattr(getattr(scenario, group), name) + 1j * STEP * slope
    return scenario.model_copy(
        update={group: getattr(scenario, group).model_copy(update=new) for group, new in groups.items()}
    )


def _cap_slope(moved: Scenario, policy: Policy, base: Array, year: int) -> float:
    """Change of the traded cap: of its share in the frozen baseline, and of the baseline itself."""
    if policy.standard(year):
        return 0.0
    mask, i = policy.mask(year), year - policy.baseline.years[0]
    share = complex(moved.cap_share(year))
    return float(share.imag / STEP * policy.baseline.at(year)[mask].sum() + share.real * base[i][mask].sum())


def _opening(scenario: Scenario, model: Province, direction: Direction) -> Parameters | None:
    """The benchmark's parameters with an imaginary step in a direction; None where there is no exact derivative."""
    allocation = scenario.allocation
    plain = scenario.cap.even and allocation.method == "grandfathered" and not allocation.binding
    nests = {path: slope for path, slope in direction.items() if path.startswith("economy.") or path == INSTALLED}
    others = [path for path in direction if path not in nests and path not in DIFFERENTIABLE]
    if not plain or any(not path.startswith("dynamics.") for path in others):
        return None
    p = model.parameters()
    arrays = {f.name: getattr(p, f.name).astype(complex) for f in fields(Parameters) if f.name not in BOUNDS}
    p = replace(p, **arrays)
    if nests:
        slope = _elasticities(scenario, model, nests)
        if slope is None:
            return None
        p = replace(p, sigma=p.sigma + 1j * STEP * slope)
    return p


def _elasticities(scenario: Scenario, model: Province, nests: Direction, step: float = 1e-4) -> Array | None:
    """Change of the nests' elasticities with figures of the economy; None where anything else moves with them.

    Elasticities enter the model in proportion, so that the difference of two built models is their exact slope. A nest
    that is exactly Leontief or Cobb-Douglas is another formula than its neighbours, and has no derivative here.
    """
    plus, minus = (
        _built(scenario, {path: sign * step * slope for path, slope in nests.items()}) for sign in (1.0, -1.0)
    )
    here = model.compiled
    for end in (plus, minus):
        if end.n != here.n or not np.array_equal(end.branch, here.branch):
            return None
        others = [f.name for f in fields(Parameters) if f.name != "sigma"]
        if not all(np.array_equal(getattr(end.default, name), getattr(here.default, name)) for name in others):
            return None
    return np.asarray((plus.default.sigma - minus.default.sigma) / (2 * step))


def _built(scenario: Scenario, moves: Direction) -> Compiled:
    known = catalogue(scenario.economy)
    changes = {}
    for path, move in moves.items():
        now = scenario.closure.installed_elasticity if path == INSTALLED else None
        changes[path] = (scenario.figures.get(path, known[path].value) if now is None else now) + move
    moved = vary(scenario, changes)
    return province_of(moved)[0].compiled
