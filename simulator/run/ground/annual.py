"""Equilibrium-only paths, one equilibrium a year: the frozen baseline and the reference path of the drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.errors import Message
from tanshi.scenarios.schema import Closure, Dynamics
from tanshi.simulator.run.ground.economy import economy, province

Array = NDArray[np.float64]


FROZEN = ("ELEC",)
"""Who trades in the benchmark year, and goes on where no policy is new."""


@dataclass(frozen=True)
class Year:
    """One year of an equilibrium-only path."""

    year: int
    solution: Solution
    flows: Flows
    emissions: Array  # (sectors,) Mt/yr, in the order of `Province.sectors`
    outputs: Array  # (sectors,) index, 1 in the benchmark
    earning: tuple[Array, Array]  # emissions (Mt/yr) and output index of each of the province's earners of quotas


def annual_path(
    model: Province,
    accounts: PhysicalAccounts,
    growth: Growth,
    years: range,
    regime: Callable[[Parameters, int], None],
    solve: Callable[[Parameters, int, Array | None], Solution] | None = None,
    sure: int | None = None,
) -> list[Year]:
    """Solve one equilibrium a year.

    Parameters
    ----------
    regime
        Sets coverage and the price or cap of a year on the parameters.
    solve
        From parameters, year and where to start to that year's equilibrium; the model's own by default.
    sure
        The last year that has to be found, by default the last of all: a later one without an equilibrium ends the
        path, for who only looks ahead.

    Raises
    ------
    EquilibriumError
        with the year and the worst equation.
    """
    p = model.parameters()
    start = None
    path: list[Year] = []
    for year in years:
        regime(p, year)
        try:
            solution = model.solve(p, start) if solve is None else solve(p, year, start)
        except EquilibriumError as error:
            if sure is not None and year > sure:
                break
            message = Message("{year}, one equilibrium a year: {error}", year=year, error=error)
            raise EquilibriumError(message, error.equation, error.residual) from error
        path.append(year_of(model, accounts, year, solution))
        p, start = advance(model, p, path[-1].flows, solution, growth, year) if year < years[-1] else p, solution.x
    return path


def year_of(model: Province, accounts: PhysicalAccounts, year: int, solution: Solution) -> Year:
    """A year of a path, from its equilibrium."""
    flows = Flows(solution.state.flow, solution.x)
    emissions = accounts.emissions(flows)
    covered = np.array([emissions[s] for s in model.sectors])
    earning = model.earned_on(flows.leaf, flows.x)
    return Year(year, solution, flows, covered, accounts.coverable_outputs(flows), earning)


def carry(model: Province, growth: Growth, first: int, year: int) -> tuple[Parameters, Array]:
    """An economy in a later year than its accounts', as growth and the benchmark's policy lead to it.

    Parameters
    ----------
    first, year
        Of the accounts, and the one that it is carried to.

    Returns
    -------
    Parameters of that year, and an equilibrium to begin from: the benchmark itself where the two years are one.
    """
    p, start, regime = model.parameters(), model.compiled.start.copy(), frozen_regime(model)
    for past in range(first, year):
        regime(p, past)
        solution = model.solve(p, start)
        p, start = advance(model, p, Flows(solution.state.flow, solution.x), solution, growth, past), solution.x
    return p, start


def frozen_regime(model: Province, prices: Mapping[int, float] | None = None) -> Callable[[Parameters, int], None]:
    """The benchmark's policy held for ever: power pays the benchmark's price, nothing else is priced.

    Parameters
    ----------
    prices
        Year -> yuan/t, where the price of this world is given; the last one goes on.
    """

    def regime(p: Parameters, year: int) -> None:
        model.cover(p, FROZEN)
        model.benchmark_quotas(p)
        model.hold_price(p, price_of(prices, year, model.accounts.carbon_price))

    return regime


def price_of(prices: Mapping[int, float] | None, year: int, otherwise: float) -> float:
    """Price of a year of a path that begins later and ends earlier: before it `otherwise`, after it as it ended."""
    if not prices or year < min(prices):
        return otherwise
    return prices[min(year, max(prices))]


def growing_on(growth: Growth, last: int) -> Growth:
    """The same growth to a later year: where the path of non-fossil power ends, its last rate goes on."""
    path = dict(growth.nonfossil)
    if not path or last <= max(path):
        return growth
    end = max(path)
    rate = path[end] / path[end - 1] if end - 1 in path else 1.0
    for year in range(end + 1, last + 1):
        path[year] = path[year - 1] * rate
    return replace(growth, nonfossil=path)


@dataclass(frozen=True)
class Baseline:
    """Emissions (Mt/yr) and outputs of the coverable sectors with the benchmark's policy frozen.

    Attributes
    ----------
    emissions, outputs
        By year and sector; outputs are indices, 1 in the benchmark.
    sectors
        Their codes, as the economy has them.
    activities
        Those whose output can earn quotas: classes of thermal plant in power, the sector itself elsewhere.
    earners
        Their sectors, as places in ``sectors``.
    twh
        Power that they generated in the benchmark year, TWh.
    earning_emissions, earning_outputs
        Mt/yr and indices of these activities by year.
    prices
        Yuan/t that those who trade pay, by year.
    """

    years: range
    emissions: Array  # (years, sectors)
    outputs: Array  # (years, sectors)
    sectors: tuple[str, ...]
    activities: tuple[str, ...]
    earners: NDArray[np.int64]
    twh: Array
    earning_emissions: Array
    earning_outputs: Array
    prices: Array

    @staticmethod
    def of(model: Province, path: Sequence[Year], prices: Mapping[int, float] | None = None) -> Baseline:
        """The baseline that a path of years is, at the prices of `frozen_regime`."""
        power, first = model.accounts.power, model.accounts.carbon_price
        return Baseline(
            range(path[0].year, path[-1].year + 1),
            np.array([y.emissions for y in path]),
            np.array([y.outputs for y in path]),
            model.sectors,
            model.earners,
            model.earner_sector,
            np.array([float(power["twh"].get(a, 0.0)) for a in model.earners]),
            np.array([y.earning[0] for y in path]),
            np.array([y.earning[1] for y in path]),
            np.array([price_of(prices, y.year, first) for y in path]),
        )

    def at(self, year: int) -> Array:
        """Emissions of a year by sector."""
        return np.asarray(self.emissions[year - self.years[0]])

    def output(self, year: int) -> Array:
        """Outputs of a year as indices, 1 in the benchmark, shape ``(8,)``."""
        return np.asarray(self.outputs[year - self.years[0]])

    def earning(self, year: int) -> tuple[Array, Array]:
        """Emissions and outputs of a year of the activities whose output can earn quotas."""
        i = year - self.years[0]
        return np.asarray(self.earning_emissions[i]), np.asarray(self.earning_outputs[i])


def frozen_baseline(
    name: str,
    closure: Closure,
    dynamics: Dynamics,
    first: int,
    last: int,
    changes: Mapping[str, float] | None = None,
    beyond: int = 0,
) -> Baseline:
    """The path on which caps are measured: power pays the benchmark's price for ever, nothing else is priced.

    Depends on its arguments alone, so runs that agree in them share it; ``changes`` as in ``economy``.

    Parameters
    ----------
    beyond
        Years after the last one, in which growth goes on (``growing_on``): for who looks ahead. The baseline ends
        sooner where growth leads to a year that has no equilibrium.
    """
    return _frozen_baseline(name, closure, dynamics, first, last, tuple(sorted((changes or {}).items())), beyond)


@lru_cache(maxsize=16)
def _frozen_baseline(
    name: str,
    closure: Closure,
    dynamics: Dynamics,
    first: int,
    last: int,
    changes: tuple[tuple[str, float], ...],
    beyond: int,
) -> Baseline:
    model, accounts = province(name, closure, dict(changes))
    built = economy(name, dict(changes))
    growth, base = growing_on(built.growth(dynamics, first, last, carried=True), last + beyond), built.base_year
    path = annual_path(model, accounts, growth, range(base, last + beyond + 1), frozen_regime(model), sure=last)
    return Baseline.of(model, path[first - base :])
