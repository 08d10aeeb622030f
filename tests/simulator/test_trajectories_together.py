"""Generated series in several provinces: each follows its own, and in one market they answer a policy together."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.followed import Followed, baseline_of
from tanshi.simulator.run.ground.series import SeriesError
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.world import JointWorld
from tanshi.simulator.views.charts.soundness import warnings_of

BOTH = ["inner_mongolia", "shanxi"]
ALONE: dict[str, Any] = {
    "economies": BOTH, "by_economy": {}, "years.end": 2024, "market.mode": "equilibrium", "banking.horizon": 0,
    "banking.allowed": False, "drift.input": "trajectories", "drift.initial.price": 1.2,
}  # fmt: skip
"""The equilibrium models alone, one equilibrium a year, from a state that is not the economies' own."""


def changed(**fields: Any) -> dict[str, Any]:
    return {**ALONE, **{key.replace("__", "."): value for key, value in fields.items()}}


@cache
def world(**fields: Any) -> JointWorld:
    return begin_together(load_scenario("three-provinces", changed(**fields)))[0]


def followed(w: JointWorld) -> list[Followed]:
    return [one for member in w.members if (one := member.followed) is not None]


def told(run: RunResult, column: str) -> np.ndarray:
    """(regions, years after the benchmark) of a column of the table of periods."""
    table = run.periods.groupby(["region", "year"])[column].mean().unstack()
    return table.loc[:, 2023:].to_numpy(float)


def test_without_new_policy_each_province_follows_the_series_about_its_own_path() -> None:
    found = simulate(load_scenario("three-provinces", changed(policy_start=2025)))
    series = [one.series for one in followed(world(policy_start=2025))]
    assert len(series) == len(BOTH)
    for column, wanted in (
        ("price", [one.price for one in series]),
        ("emissions_ELEC", [one.emissions for one in series]),
        ("output_ELEC", [one.output for one in series]),
    ):
        np.testing.assert_allclose(told(found, column), np.array(wanted), rtol=1e-7)


def test_what_the_flow_knows_of_a_province_is_how_far_it_is_from_its_own_path() -> None:
    """One movement for all, whatever their size: so that it is Shanxi's that the others are given."""
    joint, distances = world(drift__initial__price=1.0), []
    for member, one in zip(joint.members, followed(joint), strict=True):
        own, years = baseline_of(member.scenario), one.series.years
        power = member.province.sectors.index("ELEC")
        emitted, made = (np.array([part(year)[power] for year in years]) for part in (own.at, own.output))
        distances.append([np.log(one.series.emissions / emitted), np.log(one.series.output / made)])
    np.testing.assert_allclose(distances[0], distances[1], atol=1e-9)
    assert np.abs(distances).max() > 1e-5


def test_others_in_the_market_change_no_shift_and_the_policy_changes_none() -> None:
    together, tighter = followed(world()), followed(world(cap__tightness=0.06))
    assert [one.shifts for one in together] == [one.shifts for one in tighter]
    alone = load_scenario("S4", {k: v for k, v in ALONE.items() if k not in ("economies", "by_economy")})
    own = begin(alone)[0].followed
    assert own is not None
    assert own.shifts == together[1].shifts


def test_one_price_clears_both_from_the_worlds_of_the_series() -> None:
    """Both emit their caps together, which are measured on the worlds of the series, and what one buys one sells."""
    run = simulate(load_scenario("three-provinces", changed()))
    prices, emitted = told(run, "price"), told(run, "emissions_ELEC")
    assert (prices[0] == prices[1]).all()
    assert emitted.shape == prices.shape
    bought = run.annual[run.annual["variable"] == "Trade|Emissions Allowances|Other Provinces [Volume]"]
    sums = bought.groupby("year")["value"].sum()
    assert np.abs(sums.to_numpy(float)).max() < 1e-6
    assert bought["value"].abs().max() > 0.01


def test_a_flow_that_stays_on_every_path_leaves_the_market_what_it_was() -> None:
    still = {"drift.mode": "none", "drift.initial.price": 1.0}
    one, other = (
        simulate(load_scenario("three-provinces", {**ALONE, **still, "drift.input": given}))
        for given in ("trajectories", "state")
    )
    np.testing.assert_allclose(told(one, "price"), told(other, "price"), rtol=1e-9)


def test_who_knows_of_which_economy_is_said_of_the_others_alone() -> None:
    run = simulate(load_scenario("three-provinces", changed(policy_start=2025)))
    said = [words for region in run.regions for words in warnings_of([run.of(region)]) if "trained on Shanxi" in words]
    assert len(said) == 1
    assert "Inner Mongolia" in said[0]


def test_series_that_one_of_them_cannot_follow_are_refused_with_its_name() -> None:
    with pytest.raises(SeriesError, match=r"inner_mongolia_2017, 20\d\d: the economy"):
        world(drift__mode="ou", drift__initial__output=1.9)
