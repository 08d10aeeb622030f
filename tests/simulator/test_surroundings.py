"""Shocks from outside in a run: the same weather everywhere, none where none is asked, halved where none survives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tanshi.agents.bank import wanted_bank
from tanshi.equilibrium.engine import EquilibriumError
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.drivers.process import estimated
from tanshi.simulator.model import CarbonMarket, simulate
from tanshi.simulator.results.collect import diagnostics
from tanshi.simulator.run import straying
from tanshi.simulator.run.ahead.believing import believe
from tanshi.simulator.run.ahead.outlook import plain_values, temper_of, value_of
from tanshi.simulator.run.straying import believed, multipliers

SMALL = {"years.end": 2024, "firms.number": 40, "market.periods_per_year": 4}
QUICK: dict[str, object] = {"years__end": 2023, "banking__horizon": 0}
DRIVEN = [f"driver_{name}" for name in straying.NAMES]


def scenario(name: str = "S5", **fields: object) -> Scenario:
    return load_scenario(name, {**SMALL, **{k.replace("__", "."): v for k, v in fields.items()}})


def test_without_shocks_the_run_is_what_it_was_to_the_byte() -> None:
    plain = simulate(scenario()).periods
    off = {f"shocks__{name}": "none" for name in (*straying.NAMES, "cap_news")}
    turned_off = simulate(scenario(shocks__drivers="estimated", **off)).periods
    pd.testing.assert_frame_equal(plain, turned_off, check_exact=True)
    assert not [c for c in plain.columns if c.startswith("driver_")]


def test_all_scenarios_meet_the_same_weather_and_the_benchmark_year_stays() -> None:
    runs = {name: simulate(scenario(name, shocks__drivers="estimated")).periods for name in ("S1", "S5")}
    assert np.array_equal(runs["S1"][DRIVEN], runs["S5"][DRIVEN])
    assert (runs["S5"].loc[runs["S5"]["year"] == 2022, DRIVEN] == 1.0).all(axis=None)
    still = simulate(scenario()).periods
    same = still["year"] == 2022
    assert np.array_equal(still.loc[same, "price"], runs["S5"].loc[same, "price"])
    later = runs["S5"].loc[~same, DRIVEN]
    assert (later.std() > 0).sum() >= 5
    other = simulate(scenario(shocks__drivers="estimated", seed=2)).periods
    assert not np.array_equal(other[DRIVEN], runs["S5"][DRIVEN])


def test_one_driver_alone_moves_as_it_does_among_all() -> None:
    alone = simulate(scenario(shocks__availability="estimated")).periods
    among = simulate(scenario(shocks__drivers="estimated")).periods
    assert np.array_equal(alone["driver_availability"], among["driver_availability"])
    assert (alone["driver_productivity"] == 1.0).all()


def test_the_mirror_image_of_a_seed_turns_every_shock_round() -> None:
    """Of a driver and its image the product is what the season says, whatever the seed."""
    logs = {}
    for seed in (1, 2):
        own: dict[str, object] = {"shocks__drivers": "estimated", "shocks__belief": "network", "seed": seed}
        runs = [simulate(scenario(**own, shocks__mirrored=m, **QUICK)).periods for m in (False, True)]
        logs[seed] = np.log(runs[0][DRIVEN]) + np.log(runs[1][DRIVEN])
        assert not np.array_equal(runs[0]["price"], runs[1]["price"])
        first = runs[0]["year"].to_numpy().searchsorted(2023)
        assert abs(runs[0]["belief"].iloc[first]) < 0.05  # until more has been seen, drivers are taken to bring most
        alone: dict[str, object] = {"shocks__belief": "network", "seed": seed, **QUICK}
        beliefs = [simulate(scenario(**alone, shocks__mirrored=m)).periods["belief"].iloc[first] for m in (False, True)]
        assert beliefs[0] * beliefs[1] < 0
        assert abs(sum(beliefs)) < 0.02
    assert np.allclose(logs[1], logs[2], atol=1e-12)
    assert (logs[1] != 0).any(axis=None)


def test_a_calm_month_is_no_calm_year() -> None:
    model = CarbonMarket(scenario(shocks__availability="estimated"))
    model.run(5)
    world, state = model.world, model.state
    state.economy.drivers = np.where(world.surroundings is not None and world.surroundings.moving, 0.3, 0.0)
    now, ahead = (multipliers(world, state, now=n)["availability"] for n in (True, False))
    state.economy.drivers = np.zeros(7)
    assert now / multipliers(world, state)["availability"] == pytest.approx(np.exp(0.3))
    assert abs(np.log(ahead)) < 0.3
    state.calendar.period = 4  # the year is over: what is asked looks back on its last period
    assert multipliers(world, state, now=False)["availability"] > 0


def test_a_shock_that_no_equilibrium_survives_is_halved_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    real = straying.surrounded

    def fragile(province: object, p: object, given: dict[str, float]) -> object:
        if abs(np.log(given["productivity"])) > 0.02:
            raise EquilibriumError("no equilibrium")
        return real(province, p, given)  # type: ignore[arg-type]

    model = CarbonMarket(scenario(shocks__productivity="estimated"))
    model.run(5)
    monkeypatch.setattr(straying, "surrounded", fragile)
    drivers = estimated()
    shocked = np.zeros(7)
    shocked[4] = 0.06
    monkeypatch.setattr(type(drivers), "step", lambda self, y, *_: shocked.copy())
    model.step()
    assert model.state.log.halved == 1
    assert model.state.economy.halvings == 0
    assert model.state.economy.drivers[4] == pytest.approx(0.06 / 4)  # halved twice
    told = diagnostics(model.world, model.state)["shocks"]
    assert told["halved_periods"] == 1
    assert told["marked"]  # one of six periods is more than 1 %
    shocked[4] = 50.0
    before = model.state.number
    with pytest.raises(EquilibriumError):
        model.step()
    assert model.state.number == before


def test_a_restored_run_goes_on_in_the_same_weather() -> None:
    fields = {"shocks__drivers": "estimated", "shocks__belief": "network"}
    whole = simulate(scenario(**fields)).periods
    model = CarbonMarket(scenario(**fields))
    model.run(6)
    saved = model.save()
    fresh = CarbonMarket(scenario(**fields))
    fresh.restore(saved)
    pd.testing.assert_frame_equal(fresh.run().result().periods, whole, check_exact=True)


def test_beliefs_of_scarcity_raise_what_firms_pay_and_touch_no_cleared_price() -> None:
    """The price clears with the economy's own tonnes, whatever firms believe: only what they bank moves it."""
    model = CarbonMarket(scenario(shocks__belief="network"))
    model.run(6)
    state = model.state
    assert np.ndim(believed(state)) == 1
    saved = model.save()
    prices = []
    for belief in (-0.4, 0.4):
        fresh = CarbonMarket(scenario(shocks__belief="network"))
        fresh.restore(saved)
        fresh.state.market.belief = belief
        fresh.step()
        row = fresh.state.log.periods[-1]
        prices.append(row["price"])
        assert row["gap"] < 0.05  # the book and the economy agree
    assert prices[1] > prices[0]


def test_disagreement_about_scarcity_lets_firms_together_want_the_bank_that_they_would_without() -> None:
    """Pessimists cannot bank less than nothing: without a correction own beliefs alone would raise the price."""
    model = CarbonMarket(scenario(shocks__belief="network", shocks__own_belief=2.0))
    model.run(5)
    world, state = model.world, model.state
    own = state.market.own_belief
    assert own.std() > 0.03
    assert state.market.outlook is not None
    size = np.where(state.policy.mask(state.year), state.policy.baseline.at(state.year), 0.0)[state.firms.sector]
    size = size * state.firms.shares()[0] * 1e6
    planned = size * (float(state.market.outlook.bank[0]) * 1e6 / size.sum())
    price, temper = value_of(world, state), temper_of(world)

    def banked(beliefs: NDArray[np.float64]) -> float:
        wish = wanted_bank(planned, size, plain_values(world, state) * np.exp(beliefs), price, temper)
        return float(np.clip(wish.level, wish.least, wish.most).sum() / size.sum())

    assert banked(own) == pytest.approx(banked(np.zeros(len(own))), abs=0.01)
    assert banked(own - own.mean() + 0.1) > banked(own) + 0.02  # so much does a common belief move


def test_the_mean_of_what_scarcity_is_believed_to_be_worth_is_one_month_by_month() -> None:
    """A belief and its mirror image, over many draws: what curvature adds to the mean is taken off."""
    model = CarbonMarket(scenario(shocks__belief="network", market__periods_per_year=1))
    model.run(1)
    state, found = model.state, []
    for seed in range(60):
        for mirrored in (False, True):
            drawn = scenario(shocks__belief="network", shocks__mirrored=mirrored, market__periods_per_year=1, seed=seed)
            after = state.copy()
            believe(replace(model.world, scenario=drawn), after)
            found.append(after.market.belief)
    assert np.std(found) > 0.1
    assert np.exp(found).mean() == pytest.approx(1.0, abs=0.006)


def test_a_driver_that_enters_nowhere_is_refused_by_name_and_told_among_all() -> None:
    model = CarbonMarket(scenario(shocks__drivers="estimated"))
    absent = diagnostics(model.world, model.state)["shocks"]["absent"]
    if not absent:
        pytest.skip("every driver enters this economy")
    with pytest.raises(UserError, match="nowhere to enter"):
        CarbonMarket(scenario(**{f"shocks__{absent[0]}": "estimated"}))


def test_shocks_may_be_one_word_and_the_word_survives_what_is_laid_over_it(tmp_path: Path) -> None:
    assert load_scenario("S5", {"shocks": "estimated"}).shocks.on("fuel_price")
    (tmp_path / "base.yaml").write_text("extends: S5\nname: base\nshocks: estimated\n")
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\nname: mine\nshocks:\n  belief: network\n")
    both = load_scenario(tmp_path / "mine.yaml").shocks
    assert (both.drivers, both.belief) == ("estimated", "network")
    laid = load_scenario("S5", {"shocks": "estimated", "shocks.fuel_price": "none"}).shocks
    assert laid.on("availability")
    assert not laid.on("fuel_price")


def test_a_word_that_is_no_choice_is_a_message() -> None:
    with pytest.raises(UserError, match=r"shocks\.drivers"):
        load_scenario("S5", {"shocks": "wild"})
