"""Rules of allocation that a scenario may switch on: in advance and adjusted, a capped gap, benchmarks by sector."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.tables import RunResult, identity_gaps
from tanshi.simulator.run.grants import history_of
from tanshi.simulator.run.period import open_period
from tanshi.simulator.studies.tangent import Path, path_of

QUICK: dict[str, Any] = {
    "years.end": 2024, "firms.number": 60, "market.periods_per_year": 4, "drift.mode": "none", "seed": 5,
    "banking.horizon": 0,
    "firms.shock_sigma": 0.2,
}  # fmt: skip


@cache
def _ran(name: str, changes: tuple[tuple[str, Any], ...]) -> tuple[CarbonMarket, RunResult]:
    model = CarbonMarket(load_scenario(name, dict(changes))).run()
    model.registry.check()
    return model, model.result()


def quick(name: str = "S5", **changes: Any) -> tuple[CarbonMarket, RunResult]:
    given = QUICK | {k.replace("__", "."): v for k, v in changes.items()}
    return _ran(name, tuple(sorted(given.items(), key=lambda item: item[0])))


# -- in advance, and adjusted to what firms have made --------------------------------------------------------


def opened(period: int, **changes: Any) -> CarbonMarket:
    """A model in the year 2023 just before an auction, its allowances out."""
    model = CarbonMarket(load_scenario("S5", QUICK | {k.replace("__", "."): v for k, v in changes.items()}))
    model.run(until=4 + period)
    open_period(model.world, model.state)
    return model


def test_in_january_seventy_percent_of_last_years_verified_emissions_is_given() -> None:
    """From 2023 on (allocation plan for 2023 and 2024); who was not verified gets that part of its usual allowances."""
    part, whole = opened(0, allocation__in_advance=0.7), opened(0)
    before, usual = part.state.market.verified, whole.state.market.granted
    assert before[part.population.sector == 0].all()
    expected = np.floor(0.7 * np.where(before > 0, before, usual) + 1e-9)
    assert part.state.market.given.tolist() == expected.tolist()
    assert (part.state.market.granted == usual).all()


def test_before_the_last_auction_the_year_s_allowances_follow_what_firms_have_made() -> None:
    m = opened(3, allocation__in_advance=0.7)
    population, s = m.population, m.state.market
    caps = np.rint(m.policy.caps(2023) * 1e6)
    assert population.total(s.granted.astype(float)) == pytest.approx(caps, abs=1)
    made, history = s.made + np.exp(population.shock), history_of(m.state)
    expected = population.normalised(history * made) * caps[population.sector]
    assert s.granted == pytest.approx(expected, abs=1)
    assert (s.given == s.granted).all()
    usual = opened(0).state.market.granted
    more = np.log(s.granted / usual)
    within = np.log(made) - np.log(population.total(history * made) / population.total(history))[population.sector]
    assert more == pytest.approx(within, abs=1e-3)  # who made more than usual gets more
    assert more.std() > 0.05


@pytest.mark.parametrize("method", ["grandfathered", "output_based"])
@pytest.mark.parametrize("part", [0.7, 1.0])
def test_adjustment_moves_allowances_between_firms_and_not_the_cap(method: str, part: float) -> None:
    model, result = quick(allocation__in_advance=part, allocation__method=method)
    plain, usual = quick(allocation__method=method)
    totals = [m.registry.totals() for m in (model, plain)]
    # What is taken back is cancelled, and what a firm has sold of it is owed instead.
    issued = totals[0]["issued"] - totals[0]["cancelled"]
    left_in_the_market = int((issued - totals[1]["issued"]).sum())
    settled = model.state.log.settlements
    owed_back = sum(row["surrendered_t"] + row["shortfall_t"] - row["verified_t"] for row in settled)
    assert left_in_the_market == owed_back >= 0
    assert result.periods["price"].iloc[-1] == pytest.approx(usual.periods["price"].iloc[-1], rel=0.15)
    assert max(identity_gaps(result).values()) < 1e-6


def test_under_a_standard_the_quarters_output_is_given_before_the_last_auction() -> None:
    changes = {"cap__regime": "tps", "cap__tightness": 0.0, "cap__decline": 0.0}
    model, _ = quick(**changes, allocation__in_advance=0.7)
    plain, _ = quick(**changes)
    given = [m.registry.totals()["issued"] - m.registry.totals()["cancelled"] for m in (model, plain)]
    assert given[0][2:].sum() == pytest.approx(given[1][2:].sum(), rel=0.03)
    for row in model.state.log.settlements:  # firms count on what is still to come
        assert row["shortfall_t"] < 0.005 * row["verified_t"]


def test_a_run_with_adjustment_goes_on_from_the_middle_of_a_year() -> None:
    scenario = load_scenario("S5", QUICK | {"allocation.in_advance": 0.7})
    half = CarbonMarket(scenario).run(until=6)
    rest = CarbonMarket(scenario)
    rest.restore(half.save())
    assert rest.run().result().periods.equals(quick(allocation__in_advance=0.7)[1].periods)


# -- the capped gap ----------------------------------------------------------------------------------------


def test_where_gaps_are_capped_allowances_are_topped_up_and_all_is_owed() -> None:
    tight = {"cap__tightness": 0.2, "firms__intensity_sigma": 0.6}
    model, result = quick(**tight, allocation__gap_cap=0.05)
    plain, usual = quick(**tight)
    settled, whole = model.state.log.settlements[-1], plain.state.log.settlements[-1]
    assert settled["owed_t"] == settled["verified_t"]
    assert model.registry.totals()["issued"].sum() > plain.registry.totals()["issued"].sum()
    assert whole["owed_t"] == whole["verified_t"]
    assert settled["surrendered_t"] <= settled["owed_t"]
    # What need not be covered is not bought.
    years = [r.periods.query("year == 2024")["price"].mean() for r in (result, usual)]
    assert years[0] < years[1] - 1


def test_a_cap_on_the_gap_that_nobody_reaches_changes_nothing() -> None:
    _, capped = quick(allocation__gap_cap=1.0)
    _, plain = quick()
    assert capped.periods["price"].to_numpy() == pytest.approx(plain.periods["price"].to_numpy())


def test_a_capped_gap_is_the_rule_s_own_formula_for_every_firm() -> None:
    m = opened(3, allocation__gap_cap=0.05, cap__tightness=0.2)
    m.run(until=8)
    verified, given = m.state.market.verified, m.state.market.granted
    usual = opened(0, cap__tightness=0.2).state.market.granted
    assert given.tolist() == np.maximum(usual, np.floor(0.95 * verified + 1e-6)).tolist()
    assert (given > usual).any()


# -- benchmarks by sector and year ---------------------------------------------------------------------------


def test_a_stricter_benchmark_of_power_raises_the_price() -> None:
    rate = {"cap__regime": "tps"}
    prices = [quick(**rate, allocation__benchmarks__ELEC=b)[1].series("Price|Carbon")[2024] for b in (1.0, 0.99, 0.98)]
    assert prices == sorted(prices)
    assert prices[-1] > prices[0] + 1


UNTIGHTENED: dict[str, Any] = {"cap.regime": "tps", "cap.tightness": 0.0, "cap.decline": 0.0}


STATED: dict[str, Any] = {
    "dynamics__productivity_growth": 0.018, "dynamics__labour_growth": 0.0, "dynamics__capital_growth": 0.039,
    "dynamics__aeei": 0.003, "dynamics__aeei_power": 0.01, "dynamics__depreciation": 0.07,
    "closure__installed_elasticity": 0.3,
}  # fmt: skip
"""Growth that is stated, not fitted. With that fitted to 2023 (3.8 % of productivity) a world without growth outside,
or with 60 % more clean power, has the price at 42 yuan/t where the benchmark's is 55, and a benchmark below the plant's
own intensity is at the penalty at once."""


def clean_power(factor: float) -> dict[str, float]:
    """Non-fossil power by year with ``factor`` times the usual growth over 2022."""
    path = load_economy("shanxi_2022").nonfossil_path
    twh = dict(zip(path["year"].astype(int).tolist(), path["twh"].astype(float).tolist(), strict=True))
    return {year: twh[2022] + factor * (value - twh[2022]) for year, value in twh.items() if year > 2022}


def standard(**changes: Any) -> tuple[dict[int, float], Path]:
    """Carbon price by year of power's standard, one equilibrium a year."""
    path = path_of(load_scenario("S1", UNTIGHTENED | {k.replace("__", "."): v for k, v in changes.items()}))
    return path.values["Price|Carbon"], path


@pytest.mark.parametrize("capital", ["vintage", "mobile"])
@pytest.mark.parametrize(
    "world",
    [{}, STATED | {"dynamics__external_growth": 0.0}, {"dynamics__external_growth": 0.06},
     STATED | {"dynamics__line_growth": 0.08}, {"dynamics__productivity_growth": 0.0},
     {"dynamics__productivity_growth": 0.04}],
)  # fmt: skip
def test_a_standard_that_is_not_tightened_asks_for_the_technique_that_there_was(
    capital: str, world: dict[str, Any]
) -> None:
    """Technique answers the price alone, so the price is the benchmark's whatever is demanded of power.

    What is left is the output effect: plant that runs more buys coal, whose price outside answers, and costs the
    baseline's price of capital no more.
    """
    prices, _ = standard(closure__capital=capital, **world)
    for year in range(2023, 2031):
        assert prices[year] == pytest.approx(prices[2022], rel=0.2), year


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_clean_power_does_not_tighten_a_standard_of_thermal_power(factor: float) -> None:
    more = {f"economy.nonfossil_path.{year}": twh for year, twh in clean_power(factor).items()}
    prices, path = standard(figures=more, **STATED)
    _, usual = standard(**STATED)
    clean = [p.values["Energy Consumption|Non-Fossil Power"][2030] for p in (path, usual)]
    assert (clean[0] / clean[1] - 1) * (factor - 1) > 0.05  # there is more of it, or less
    for year in range(2023, 2031):
        assert prices[year] == pytest.approx(prices[2022], rel=0.2), year


def test_a_rate_held_at_that_of_2022_costs_less_as_plant_gets_better() -> None:
    free, _ = standard(**STATED)
    held, _ = standard(**STATED, allocation__benchmarks__ELEC=1.0)
    better, _ = standard(**STATED | {"allocation__benchmarks__ELEC": 1.0, "dynamics__aeei_power": 0.02})
    for year in range(2023, 2031):
        assert 0.0 <= better[year] <= held[year] < free[year]
    assert better[2030] == 0.0  # everybody has more than is needed


def test_allowances_given_by_output_out_of_a_cap_do_not_tighten_with_clean_power() -> None:
    """What thermal plant gets for the frozen baseline's output is the cap, clean power or no."""
    model, _ = quick("S1", cap__tightness=0.0, cap__decline=0.0, allocation__method="output_based")
    policy = model.policy
    for year in (2023, 2024):
        _, made = policy.baseline.earning(year)
        given = (policy.rates(year) * made)[policy.baseline.earners == 0].sum()
        assert given == pytest.approx(policy.baseline.at(year)[0], rel=1e-9)


def test_a_benchmark_that_declines_raises_the_price_year_by_year() -> None:
    prices, _ = standard(
        **STATED, closure__capital="mobile", allocation__benchmarks__ELEC=0.97, allocation__benchmarks__decline=0.02
    )
    rising = [prices[year] for year in range(2023, 2031)]
    assert rising == sorted(rising)
    assert rising[-1] > rising[0] + 20
