"""The what-if's question and answer: the real model, run once in the warm process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from tanshi.language import mark
from tanshi.scenarios.link import OTHERS
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.together import TURNOVER, VOLUME, joint_result, summed
from tanshi.simulator.results.variables import TRADING_SECTORS, emissions_of, net_sales_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import one_period
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.period import one_period as period_together
from tanshi.simulator.views.dashboard.warm import Step

#: Variable, id, title, unit, whether the axis starts at zero, digits.
SHOWN = (
    ("Price|Carbon", "price", mark("Carbon price"), mark("yuan of 2022 per t"), True, 1),
    ("Emissions|CO2", "emissions", mark("CO₂ emissions"), mark("Mt a year"), False, 1),
    ("Carbon Market|Trading Volume", "volume", mark("Trading volume"), mark("Mt a year"), True, 2),
    ("Energy Consumption", "energy", mark("Energy consumption"), mark("Mtce a year"), False, 1),
    ("GDP|MER", "gdp", mark("Gross domestic product"), mark("billion yuan of 2022"), False, 1),
)


@dataclass(frozen=True)
class Answer:
    """One run of the model.

    Parameters
    ----------
    values
        Variable to its values by year.
    seconds
        How long the model took.
    """

    years: tuple[int, ...]
    values: Mapping[str, tuple[float, ...]]
    seconds: float


def what_if(question: Scenario, step: Step) -> Answer:
    """Run a scenario; a newer question stops it at its next period.

    What only reports tell is not worked out, nearly a tenth of a run.
    """
    begun = time.perf_counter()
    if question.economies:
        whole, all_of_them = begin_together(question)
        whole = replace(whole, members=tuple(replace(member, reports=False) for member in whole.members))
        while not all_of_them.calendar.finished:
            period_together(whole, all_of_them)
            step(all_of_them.number, whole.periods_in_all)
        return answer_of(joint_result(whole, all_of_them), time.perf_counter() - begun)
    world, state = begin(question)
    world = replace(world, reports=False)
    while not state.calendar.finished:
        one_period(world, state)
        step(state.number, world.periods_in_all)
    return answer_of(result_of(world, state), time.perf_counter() - begun)


def answer_of(result: RunResult, seconds: float) -> Answer:
    """The variables that the page shows, out of a run's annual table; of several provinces those of all together."""
    several = len(result.regions) > 1
    wide = together(result) if several else result.annual.pivot(index="year", columns="variable", values="value")
    wanted = [variable for variable, *_ in SHOWN] + [emissions_of(code) for code in TRADING_SECTORS]
    values = {name: tuple(float(v) for v in wide[name]) for name in wanted}
    return Answer(tuple(int(year) for year in wide.index), values, seconds)


def together(result: RunResult) -> pd.DataFrame:
    """Annual values of several provinces in one market, by year: added up, the price as paid by all who trade.

    What passes from one province to another is in the volume of both, and counts once.
    """
    wide, annual = summed(result).pivot(index="year", columns="variable", values="value"), result.annual
    price = annual[annual["variable"] == "Price|Carbon"].groupby("year")["value"].mean()
    volume, turnover = (
        annual[annual["variable"] == name].groupby("year")["value"].sum() for name in (VOLUME, TURNOVER)
    )
    wide["Price|Carbon"] = (turnover / volume.where(volume > 0)).fillna(price)
    if not len(result.trades):  # without fills what has crossed a border says it
        crossing = annual[annual["variable"] == net_sales_of(OTHERS)]
        crossed = crossing["value"].abs().groupby(crossing["year"]).sum() / 2.0
        wide[VOLUME] = volume - crossed.reindex(wide.index, fill_value=0.0)
    return wide
