"""Generated series as the economy's input: without new policy it follows them, under a policy it answers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.shifts import INSTRUMENTS, shift
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.annual import annual_path, frozen_regime
from tanshi.simulator.run.ground.followed import MOST, Followed
from tanshi.simulator.run.ground.series import SeriesError
from tanshi.simulator.studies.tangent import path_of

ALONE = {"market.mode": "equilibrium", "banking.horizon": 0, "banking.allowed": False, "years.end": 2026}
"""The equilibrium model alone, one equilibrium a year: the paper's reader of the series."""
NO_POLICY = {**ALONE, "cap.tightness": 0.0, "cap.decline": 0.0}


def scenario(**changes: object) -> Scenario:
    fields = {key.replace("__", "."): value for key, value in changes.items()}
    return load_scenario("S1", {**ALONE, "drift.input": "trajectories", **fields})


@cache
def followed(mode: str = "neural", start: float = 1.0) -> Followed:
    found = begin(scenario(drift__mode=mode, drift__initial__price=start))[0].followed
    assert found is not None
    return found


def run(name: str, fields: dict[str, object]) -> RunResult:
    return simulate(load_scenario(name, {"drift.input": "trajectories", **fields}))


def series_of(result: RunResult) -> np.ndarray:
    """Price, emissions and output of power, a row a year."""
    table = result.periods.groupby("year")[["price", "emissions_ELEC", "output_ELEC"]].mean()
    return table.loc[2023:].to_numpy(float)


@pytest.mark.parametrize("start", [0.8, 1.0, 1.2])
def test_without_new_policy_the_equilibrium_follows_the_generated_series(start: float) -> None:
    said = followed(start=start).series
    found = series_of(run("S1", {**NO_POLICY, "drift.initial.price": start}))
    wanted = np.column_stack([said.price, said.emissions, said.output])
    assert np.abs(found / wanted - 1.0).max() < 1e-8
    assert np.abs(wanted[:, 0] / 55.296379 - 1.0).max() > 1e-3  # and they are not what the economy does anyway


@pytest.mark.parametrize("mode", ["none", "ou"])
def test_the_economys_own_series_ask_for_no_shift(mode: str) -> None:
    shifts = np.array(followed(mode).shifts)
    assert shifts.shape == (4, len(INSTRUMENTS))
    assert np.abs(shifts).max() < 1e-9
    if mode == "none":  # then both readings are one
        other = simulate(load_scenario("S1", {**ALONE, "drift.mode": "none"}))
        assert run("S1", {**ALONE, "drift.mode": "none"}).periods.equals(other.periods)


def test_under_a_policy_the_shifts_stay_and_the_economy_answers() -> None:
    """A cap by 5 % lower is dearer and is kept; the world from which it starts is that of the series."""
    fields = {**NO_POLICY, "drift.initial.price": 1.2}
    before, tight = begin(load_scenario("S1", {**fields, "drift.input": "trajectories"}))[0], {"cap.tightness": 0.05}
    after = begin(load_scenario("S1", {**fields, **tight, "drift.input": "trajectories"}))[0]
    assert before.followed == after.followed
    free, capped = series_of(run("S1", fields)), series_of(run("S1", {**fields, **tight}))
    assert (capped[:, 0] > free[:, 0] + 1.0).all()
    np.testing.assert_allclose(capped[:, 1], 0.95 * free[:, 1], rtol=1e-8)
    assert (capped[:, 2] < free[:, 2]).all()


def test_initial_states_that_differ_are_scenarios_that_differ_and_come_together_again() -> None:
    """The paper's several scenarios: each begins where it is said to, and mean reversion draws them together."""
    low, own, high = (np.array(followed(start=x).series.price) for x in (0.8, 1.0, 1.2))
    assert low[0] < own[0] < high[0]
    assert (np.abs(high - low)[-1] < 0.2 * np.abs(high - low)[0]).all()


def test_firms_trade_from_the_world_of_the_series() -> None:
    small = {"firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0, "years.end": 2023}
    one, other = (run("S5", {**small, "drift.initial.price": start}) for start in (0.8, 1.25))
    first, second = (r.periods.set_index(["year", "period"])["price"] for r in (one, other))
    assert (first[2022] == second[2022]).all()  # the benchmark year was what it was
    assert (first[2023] < second[2023]).all()
    told = other.meta["trajectories"]
    assert told["missed"] < 1e-8
    assert set(INSTRUMENTS) <= set(told)
    assert other.meta["drift"]["mode"] == "none"


def test_a_shift_of_productivity_is_a_year_of_growth() -> None:
    """Two ways to say one thing: the shift stays in every later year, as growth does."""
    world = begin(load_scenario("S1", {**ALONE, "drift.mode": "none"}))[0]
    region, years = world.economy, range(2022, 2026)
    model = region.province
    faster = {2024: (np.log(1.03), 0.0, 0.0)}
    growing = replace(region.growth, shifts=faster)
    first = annual_path(model, region.accounts, growing, years, frozen_regime(model))

    def by_hand(p: Parameters, year: int) -> None:
        frozen_regime(model)(p, year)
        if year == 2024:
            shift(model, p, np.array([np.log(1.03), 0.0, 0.0]))

    second = annual_path(model, region.accounts, region.growth, years, by_hand)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.emissions, b.emissions, rtol=1e-9)
    plain = annual_path(model, region.accounts, region.growth, years, frozen_regime(model))
    assert first[1].emissions == pytest.approx(plain[1].emissions, rel=1e-12)
    assert first[-1].outputs.sum() > plain[-1].outputs.sum()


def test_what_no_economy_follows_is_refused_by_name() -> None:
    with pytest.raises(SeriesError, match=r"shanxi_2022, 20\d\d: the economy .* drift\.initial nearer to 1") as refused:
        begin(scenario(drift__mode="ou", drift__initial__output=1.9))
    assert refused.value.exit_code == 1
    assert MOST < 1.0


def test_exact_derivatives_are_those_of_the_economys_own_growth() -> None:
    with pytest.raises(UserError, match=r"drift\.input"):
        path_of(scenario())


def test_an_initial_state_needs_series_that_begin_there() -> None:
    with pytest.raises(UserError, match=r"drift\.input"):
        load_scenario("S1", {"drift.initial.price": 1.2})
    with pytest.raises(UserError, match=r"drift\.initial\.price"):
        load_scenario("S1", {"drift.input": "trajectories", "drift.initial.price": 0.0})
