"""Series of price, emissions and output that the drift generates on its own, in a world without new policy.

The first use that Huo et al. (2026), section 1.2, make of their network: from an initial state it generates emissions,
price and output, and these are the input of the equilibrium model. Here the flow starts in the year after the
benchmark, runs about the path of the economy under the benchmark's policy, and sees a market in which nothing is banked
and nothing is tightened. A year's figure is that path's own times the flow's mean distance from it, a mean of
logarithms, so that a flow that stays on the path gives the path back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.equilibrium.province.province import Province
from tanshi.errors import TanshiError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import BLOWN_UP, Flow
from tanshi.simulator.drift.forecast import forecast
from tanshi.simulator.drift.state import PRICE, Array, Context, Mask, emission_rates, outputs, pack, prices, quantities
from tanshi.simulator.run.ground.annual import FROZEN, Baseline

A_YEAR = 12
"""Steps of the flow in a year; weights know monthly and weekly markets."""
SUBSTEPS = 2


class SeriesError(TanshiError, ValueError):
    """Series that cannot be generated, or that the economy cannot follow."""

    exit_code = 1


@dataclass(frozen=True)
class Series:
    """Generated series, a figure a year.

    Attributes
    ----------
    years
        From the year after the benchmark to the run's last.
    price
        Yuan/t.
    emissions, output
        Of the sectors that trade without new policy: Mt/yr, and an index, 1 in the benchmark.
    whole_output
        Output of all sectors that can be covered, weighted by the benchmark's; 1 in the benchmark.
    silent
        Share of the network's answers that were left to mean reversion, outside its trained range.
    """

    years: tuple[int, ...]
    price: tuple[float, ...]
    emissions: tuple[float, ...]
    output: tuple[float, ...]
    whole_output: tuple[float, ...]
    silent: float = 0.0


def generated(scenario: Scenario, flow: Flow, province: Province, baseline: Baseline) -> Series:
    """Series from the initial state that a scenario names.

    Parameters
    ----------
    flow
        The drift, which counts what it is asked.
    baseline
        The economy's own path under the benchmark's policy.

    Raises
    ------
    SeriesError
        Where the flow blows up.
    """
    first, last = scenario.years.start + 1, scenario.years.end
    here = pack(baseline.prices[0], baseline.at(first), baseline.output(first))
    covered = trading(province)
    times = np.linspace(first, last + 1, (last + 1 - first) * A_YEAR + 1)
    begin = here + _away(scenario, covered, float(baseline.prices[0]))
    before = flow.evaluated, flow.switched_off
    path = forecast(
        flow,
        begin[None],
        times,
        np.repeat(here[None], len(times), axis=0),
        Context(covered, time_to_compliance=1.0, period_length=1.0 / A_YEAR),
        adjustment=scenario.coupling.adjustment_rate,
        learning=scenario.firms.learning,
        substeps=SUBSTEPS,
    )[:, 0]
    away = path - here
    if not (np.abs(away) < BLOWN_UP).all():
        raise SeriesError(
            "scenario {scenario}: the drift's series leave the economy's path by more than a factor of 20; choose "
            "drift.initial nearer to 1, other weights, or drift.mode ou",
            scenario=scenario.name,
        )
    asked = flow.evaluated - before[0]
    silent = (flow.switched_off - before[1]) / asked if asked else 0.0
    each = [_year(baseline, province, away[k * A_YEAR :][: A_YEAR + 1], first + k) for k in range(last + 1 - first)]
    price, emissions, output, whole = (tuple(column) for column in zip(*each, strict=True))
    return Series(tuple(range(first, last + 1)), price, emissions, output, whole, silent)


def trading(province: Province) -> Mask:
    """(sectors,) who trades without new policy."""
    return np.array([sector in FROZEN for sector in province.sectors])


def output_weights(province: Province) -> Array:
    """(2, sectors) parts in the benchmark's output: of those that trade without new policy, of all.

    Weighted with them, indices of output come to one number each.
    """
    sam = province.accounts.sam
    value = np.array([float(sam[f"A_{sector}"].sum()) for sector in province.sectors])
    own = np.where(trading(province), value, 0.0)
    return np.array([own / own.sum(), value / value.sum()])


def _away(scenario: Scenario, covered: Mask, price: float) -> Array:
    """Logarithms by which the initial state differs from the economy's own."""
    initial = scenario.drift.initial
    away = np.zeros(1 + 2 * len(covered))
    emissions, output = quantities(away.size)
    away[emissions] = np.where(covered, np.log(initial.emissions), 0.0)
    away[output] = np.where(covered, np.log(initial.output), 0.0)
    away[PRICE] = np.log1p(initial.price * price) - np.log1p(price)
    return away


def _year(baseline: Baseline, province: Province, away: Array, year: int) -> tuple[float, float, float, float]:
    """Price, emissions, output and whole output of a year, whose (13, state) distances are given."""
    place = year - baseline.years[0]
    own = pack(baseline.prices[place], baseline.at(year), baseline.output(year))
    z = own + np.trapezoid(away, dx=1.0 / A_YEAR, axis=0)
    made, whole = output_weights(province) @ outputs(z)
    return float(prices(z)), float(emission_rates(z)[trading(province)].sum()), float(made), float(whole)
