"""Firms that look ahead: under certainty the run is the intertemporal equilibrium, found by another algorithm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from tanshi.equilibrium.engine import EquilibriumError, Parameters
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket, simulate
from tanshi.simulator.run.ahead.foresight import Foreseen, YearsAhead
from tanshi.simulator.run.ahead.outlook import UnsettledPlanError
from tanshi.simulator.run.ground.annual import annual_path
from tanshi.simulator.run.world import World

RATE = 0.08
EQUAL: dict[str, Any] = {
    "drift.mode": "none",
    "firms.number": 40,
    "firms.shock_sigma": 0.0,
    "firms.strategies": {"truthful": 1.0, "zic": 0.0, "zip": 0.0, "scheduled": 0.0},
    "firms.discount_rate": RATE,
    "firms.discount_sigma": 0.0,
    "firms.belief_sigma": 0.0,
    "firms.horizon_spread": 0.0,
}
EXACT: dict[str, Any] = EQUAL | {
    "years.end": 2026,
    "market.periods_per_year": 1,
    "market.tick": 1e-6,
    "coupling.adjustment_rate": None,
    "coupling.tolerance": 1e-7,
    "coupling.iterations": 60,
    "penalty.price": 2000.0,
    "banking.beyond": "end",
}
CAPS: dict[str, dict[str, Any]] = {
    "mild": {"cap.tightness": 0.03, "cap.decline": 0.03},
    "tight": {"cap.tightness": 0.2, "cap.decline": 0.0},
    "falls fast": {"cap.tightness": 0.02, "cap.decline": 0.08},
}


def model(name: str, **changes: Any) -> CarbonMarket:
    return CarbonMarket(load_scenario(name, EXACT | changes))


def emissions_on(world: World, covered: Callable[[int], np.ndarray], first: int) -> Callable[[np.ndarray], np.ndarray]:
    """What the sectors that trade emit each year from ``first`` on, on a whole path of prices from the benchmark on."""
    region, years = world.economy, world.scenario.years

    @cache
    def path(prices: tuple[float, ...]) -> np.ndarray:
        def regime(p: Parameters, year: int) -> None:
            known = begun.policy
            known.prepare(region.province, p, year)
            price = region.province.accounts.carbon_price if year < first else prices[year - first]
            region.province.hold_price(p, price)

        last = first + len(prices) - 1
        solved = annual_path(
            region.province, region.accounts, region.growth, range(years.start, last + 1), regime
        )  # fmt: skip
        return np.array([y.emissions[covered(y.year)].sum() for y in solved if y.year >= first])

    begun = CarbonMarket(world.scenario).state
    return lambda prices: path(tuple(float(p) for p in prices))


def _left(
    caps: np.ndarray,
    emits: Callable[[np.ndarray], np.ndarray],
    before: np.ndarray,
    growth: np.ndarray,
    held: float,
    p: float,
) -> float:
    """The bank at the end of a segment whose first price is p."""
    path = np.append(before, p * growth)
    return held + float((caps[: len(path)] - emits(path))[len(before) :].sum())


def shot(run: CarbonMarket, opening: float) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Prices, banks and ends of segments: every first price shot at through the whole recursive path."""
    policy, first, last = run.policy, run.world.scenario.policy_start, run.world.scenario.years.end
    caps = np.array([policy.caps(y)[policy.mask(y)].sum() for y in range(first, last + 1)])
    emits = emissions_on(run.world, policy.mask, first)
    years, start, held, price, ends = len(caps), 0, opening, np.zeros(0), []
    while start < years:
        best: tuple[float, int] = (-1.0, start)
        for end in range(start, years):
            growth = (1 + RATE) ** np.arange(end + 1 - start)

            short = partial(_left, caps, emits, price, growth, held)
            if short(1.0) > 0:  # more than is needed at almost any price: no segment ends here
                continue
            found = float(brentq(short, 1.0, 1900.0, xtol=1e-9, rtol=1e-12))
            if found > best[0]:
                best = (found, end)
        first_price, end = best
        assert first_price > 0.0
        price = np.append(price, first_price * (1 + RATE) ** np.arange(end + 1 - start))
        ends.append(end)
        start, held = end + 1, 0.0
    return price, opening + np.cumsum(caps - emits(price)), ends


@pytest.mark.parametrize("cap", list(CAPS))
@pytest.mark.parametrize("opening", [0.0, 0.06])
@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_under_certainty_the_agents_are_the_intertemporal_equilibrium(cap: str, opening: float, capital: str) -> None:
    if capital == "vintage" and cap != "falls fast":
        return
    run = model("S5", **CAPS[cap], **{"banking.opening": opening, "closure.capital": capital})
    brought = opening * float(run.policy.baseline.at(2023)[run.policy.mask(2023)].sum())
    price, bank, ends = shot(run, brought)
    ours = run.run().result()
    np.testing.assert_allclose(ours.series("Price|Carbon").to_numpy()[1:], price, rtol=1e-6)
    banked = np.array([row["banked_t"] for row in run.state.log.settlements][1:]) / 1e6
    np.testing.assert_allclose(banked, bank, atol=2e-3)
    if cap == "tight" and opening == 0.0:
        assert len(ends) > 1  # with the corner: the bank runs out, and the price rises by less than the rate
    growth = price[1:] / price[:-1] - 1
    assert (growth <= RATE + 1e-9).all()


def test_without_firms_the_economy_banks_alike() -> None:
    change = CAPS["falls fast"] | {"closure.capital": "mobile", "banking.opening": 0.03}
    hybrid, pure = (model("S5", **change, **{"market.mode": mode}).run().result() for mode in ("agents", "equilibrium"))
    for variable in ("Price|Carbon", "Emissions|CO2", "Welfare|Money Metric"):
        one, other = hybrid.series(variable).to_numpy(), pure.series(variable).to_numpy()
        np.testing.assert_allclose(one, other, rtol=1e-6, err_msg=variable)


def test_who_looks_at_this_year_only_clears_it_by_itself() -> None:
    change = CAPS["falls fast"] | {"closure.capital": "mobile", "banking.horizon": 0}
    blind = model("S5", **change).run()
    alone = simulate(load_scenario("S5", EXACT | change | {"banking.allowed": False, "market.mode": "equilibrium"}))
    np.testing.assert_allclose(
        blind.result().series("Price|Carbon").to_numpy(), alone.series("Price|Carbon").to_numpy(), rtol=1e-6
    )
    assert all(row["banked_t"] < 1000 for row in blind.state.log.settlements)


def test_the_price_of_2023_rises_with_how_far_firms_look_until_the_bank_has_run_out() -> None:
    found = []
    for years in (0, 1, 2, 3):
        run = model("S5", **CAPS["falls fast"], **{"closure.capital": "mobile", "banking.horizon": years})
        found.append(run.run(2).state.log.periods[1]["price"])
    assert found == sorted(found)
    assert found[-1] > found[0] * 1.05


@pytest.mark.parametrize("horizon", [0, 12])
def test_the_year_does_not_depend_on_how_often_there_is_an_auction(horizon: int) -> None:
    change = {
        "years.end": 2025,
        "banking.horizon": horizon,
        "closure.capital": "mobile",
        "coupling.adjustment_rate": None,
    }
    found = {}
    for n in (1, 4, 12):
        result = simulate(load_scenario("S5", EQUAL | change | {"market.periods_per_year": n}))
        names = ("Price|Carbon|Time Mean", "Emissions|CO2", "Welfare|Money Metric", "Carbon Market|Trading Volume")
        found[n] = [result.series(name).to_numpy()[1:] for name in names]
    for n in (4, 12):
        for one, other, close in zip(found[n], found[1], (1e-3, 1e-4, 1e-5, 0.1), strict=True):
            np.testing.assert_allclose(one, other, rtol=close, atol=0.1 if close == 0.1 else 0)


def test_a_rising_price_makes_no_dirtier_plant() -> None:
    """Who keeps a reserve buys early and at other prices within the year; later years have the same plant and price.

    Were flows of the whole year valued at December's prices, the plant would be taken for a dirtier one and 2027 cost
    1.6 percent more.

    Plant wears out fast here. What is chosen in 2022 and 2023, when the reserve is built up at prices 39 and 16 % above
    the others, is cleaner in earnest; at 5 % wear a year enough of it is left in 2027 for a price 1 % lower.
    """
    steady = {
        "banking.horizon": 0, "coupling.adjustment_rate": None, "years.end": 2027, "dynamics.depreciation": 0.3,
    }  # fmt: skip
    early = simulate(load_scenario("S5", EQUAL | steady | {"firms.reserve": 0.02}))
    plain = simulate(load_scenario("S5", EQUAL | steady))
    prices = early.periods.query("year == 2024")["price"]
    assert prices.max() / prices.min() > 1.1
    one, other = (r.series("Price|Carbon|Time Mean").to_numpy()[-1] for r in (early, plain))
    assert one == pytest.approx(other, rel=0.003)


@pytest.mark.parametrize(("periods", "end"), [(12, 2030), (52, 2025)])
def test_within_a_year_and_over_it_no_rise_exceeds_the_carry(periods: int, end: int) -> None:
    """S5 as it stands, chance and all: what can be foreseen is bought before."""
    run = CarbonMarket(load_scenario("S5", {"market.periods_per_year": periods, "years.end": end})).run()
    rows = [row for row in run.state.log.periods if row["year"] >= 2023]
    price = np.array([row["price"] for row in rows])
    carry = np.array([row["plan_carry"] for row in rows])[:-1]
    move = price[1:] / price[:-1] - 1
    assert (move - ((1 + carry) ** (1 / periods) - 1)).max() < 0.005


def test_by_default_volume_gathers_before_the_deadline() -> None:
    """October to December hold 68 to 90 % of a year in the national market; turnover is a few percent of the cap."""
    run = CarbonMarket(load_scenario("S5")).run()
    rows = [row for row in run.state.log.periods if row["year"] >= 2023]
    late, whole = (sum(row["volume_t"] for row in rows if row["period"] > first) for first in (9, 0))
    assert 0.6 < late / whole < 0.9
    verified = [row["verified_t"] for row in run.state.log.settlements[1:]]
    assert 0.01 < whole / sum(verified) < 0.1


def test_results_hardly_hang_on_where_the_run_ends() -> None:
    change = EQUAL | {"market.periods_per_year": 4}
    short, long = (simulate(load_scenario("S5", change | {"years.end": end})) for end in (2026, 2030))
    for name in ("Price|Carbon", "Emissions|CO2", "GDP|MER"):
        one, other = short.series(name), long.series(name)
        np.testing.assert_allclose(one.to_numpy(), other[one.index].to_numpy(), rtol=0.005, err_msg=name)


def test_nobody_foresees_what_is_not_announced() -> None:
    change = EQUAL | {"market.periods_per_year": 4, "years.end": 2025}
    calm = CarbonMarket(load_scenario("S5", change)).run(10)
    cut = {"shock.year": 2024, "shock.period": 3, "shock.cap_cut": 0.1}
    surprised = CarbonMarket(load_scenario("S5", change | cut)).run(11)
    before = [[row["price"] for row in m.state.log.periods[:10]] for m in (calm, surprised)]
    assert before[0] == before[1]
    then = surprised.state.log.periods[10]["price"]
    assert then > before[1][-1] * 1.05
    assert surprised.state.market.outlook is not None
    assert surprised.state.market.outlook.year == 2024


def test_a_run_saved_in_the_middle_of_a_year_goes_on_alike() -> None:
    scenario = load_scenario(
        "S5", EQUAL | {"market.periods_per_year": 4, "years.end": 2024, "firms.belief_sigma": 0.05}
    )
    whole, half, again = (CarbonMarket(scenario) for _ in range(3))
    whole.run()
    again.restore(half.run(7).save())
    again.run()
    assert [r["price"] for r in again.state.log.periods] == [r["price"] for r in whole.state.log.periods]


# A standard


TPS: dict[str, Any] = {
    "cap.regime": "tps",
    "cap.tightness": 0.0,
    "cap.decline": 0.0,
    "coverage.STEEL": "trading",
    "coverage.NMM": "trading",
    "allocation.benchmarks": {"ELEC": 0.97, "STEEL": 0.99, "NMM": 0.99, "decline": 0.01},
    "banking.horizon": 0,
}
STATED: dict[str, Any] = {
    "dynamics.productivity_growth": 0.018,
    "dynamics.labour_growth": 0.0,
    "dynamics.capital_growth": 0.039,
    "dynamics.aeei": 0.003,
    "dynamics.aeei_power": 0.01,
    "dynamics.depreciation": 0.07,
    "closure.installed_elasticity": 0.3,
}
"""Growth that is stated, not fitted. With that fitted to 2023 (3.8 % of productivity, plant that bends less) power's
benchmark of 0.97 is met at no price below the penalty: 1,000 yuan/t in every month, 4 Mt of 505 short in 2023."""


def test_a_standard_collapses_to_the_equilibrium_too() -> None:
    change = TPS | {"closure.capital": "mobile", "years.end": 2025}
    hybrid, pure = (model("S1", **change, **{"market.mode": mode}).run().result() for mode in ("agents", "equilibrium"))
    for variable in ("Price|Carbon", "Emissions|CO2", "Welfare|Money Metric"):
        one, other = hybrid.series(variable).to_numpy(), pure.series(variable).to_numpy()
        np.testing.assert_allclose(one, other, rtol=1e-6, err_msg=variable)
    assert pure.series("Price|Carbon")[2024] > 60.0


def test_under_a_standard_the_months_of_a_year_have_one_price() -> None:
    change = EQUAL | TPS | STATED | {"years.end": 2024, "coupling.adjustment_rate": None}
    monthly = CarbonMarket(load_scenario("S1", change)).run()
    for year in (2023, 2024):
        prices = [row["price"] for row in monthly.state.log.periods if row["year"] == year]
        assert max(prices) / min(prices) < 1.002
    assert all(row["shortfall_t"] < 1000 for row in monthly.state.log.settlements)


# What cannot be planned


def test_planning_where_nothing_can_be_kept_is_refused() -> None:
    with pytest.raises(UserError, match=r"banking\.horizon"):
        load_scenario("S5", {"banking.allowed": False, "banking.horizon": 5})
    with pytest.raises(UserError, match="discount_rate"):
        load_scenario("S5", {"firms.discount_rate": -0.02})


def test_expectations_that_do_not_settle_are_named_with_both_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tanshi.simulator.run.ahead.outlook.ITERATIONS", 1)
    change = EQUAL | {"years.end": 2023, "market.periods_per_year": 2}
    on = CarbonMarket(load_scenario("S5", change)).run()
    assert on.result().meta["unsettled_plans"] == [2023]
    with pytest.raises(UnsettledPlanError, match=r"S5, 2023: .*2023: .*clear the years then: 2023: "):
        CarbonMarket(load_scenario("S5", change | {"banking.unsettled": "stop"})).run()


def test_a_cap_that_no_price_meets_stands_at_the_penalty() -> None:
    change = {"cap.tightness": 0.4, "penalty.price": 150.0, "years.end": 2024, "closure.capital": "mobile"}
    run = model("S5", **change).run()
    assert [row["price"] for row in run.state.log.periods][1:] == pytest.approx([150.0] * 2, rel=1e-3)
    assert run.state.log.settlements[-1]["shortfall_t"] > 1e6


def test_a_far_year_without_an_equilibrium_on_some_path_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    change = EQUAL | {
        "years.end": 2023,
        "market.periods_per_year": 1,
        "closure.capital": "mobile",
        "banking.horizon": 4,
    }
    plain = CarbonMarket(load_scenario("S5", change)).run()
    solve, asked = YearsAhead._solve, []

    def fails(self: YearsAhead, place: int, *rest: Any) -> Any:
        asked.append(place)
        if place == 3 and asked.count(3) == 2:
            raise EquilibriumError("no equilibrium", "some market", 1.0)
        return solve(self, place, *rest)

    monkeypatch.setattr(YearsAhead, "_solve", fails)
    stumbling = CarbonMarket(load_scenario("S5", change)).run()
    assert asked.count(3) > 2
    one, other = (m.state.log.periods[-1]["price"] for m in (stumbling, plain))
    assert one == pytest.approx(other, rel=1e-3)


# What need not be asked again


def asked_of(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], *, forget: bool
) -> tuple[np.ndarray, Counter[int]]:
    """Prices of a run, and how many years ahead each year's plan asked for an equilibrium."""
    asked, solve = Counter[int](), YearsAhead._solve

    def counted(self: YearsAhead, *rest: Any) -> Any:
        asked[self.standing.year] += 1
        return solve(self, *rest)

    with monkeypatch.context() as m:
        m.setattr(YearsAhead, "_solve", counted)
        if forget:
            m.setattr("tanshi.simulator.run.ahead.outlook._foreseen", lambda s, years: None)
        run = CarbonMarket(load_scenario("S5", EQUAL | changes)).run()
    return np.array([row["price"] for row in run.state.log.periods]), asked


def test_years_that_come_as_foreseen_are_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    change = {"years.end": 2025, "market.periods_per_year": 1, "coupling.adjustment_rate": None}
    kept, few = asked_of(monkeypatch, change, forget=False)
    anew, many = asked_of(monkeypatch, change, forget=True)
    np.testing.assert_allclose(kept, anew, rtol=1e-3)
    assert few[2023] == many[2023]  # nothing was foreseen before
    for year in (2024, 2025):  # the years until the bank runs out and three more, and of them the first three
        assert 0 < few[year] <= 3 < 12 <= many[year]


def test_where_surroundings_stray_a_plan_asks_far_years_no_more_once_its_path_hardly_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strays = {"years.end": 2024, "market.periods_per_year": 4, "banking.horizon": 12, "shocks": "estimated"}
    kept, few = asked_of(monkeypatch, strays, forget=False)
    call = YearsAhead.__call__

    def whole(self: YearsAhead, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.rebases = False
        return call(self, prices)

    monkeypatch.setattr(YearsAhead, "__call__", whole)
    anew, many = asked_of(monkeypatch, strays, forget=False)
    np.testing.assert_allclose(kept, anew, rtol=1e-3)  # a month's news moves prices by fifty times as much
    assert few[2023] < many[2023]


def test_news_makes_firms_ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut of the cap that nobody foresaw: what was found under the old rules serves no more."""
    cut = {"shock.year": 2025, "shock.period": 1, "shock.cap_cut": 0.1}
    change = {"years.end": 2026, "market.periods_per_year": 1, "coupling.adjustment_rate": None, "banking.horizon": 8}
    kept, _ = asked_of(monkeypatch, change | cut, forget=False)
    anew, _ = asked_of(monkeypatch, change | cut, forget=True)
    np.testing.assert_allclose(kept, anew, rtol=1e-3)
    assert kept[3] > 1.03 * kept[2] * 1.08


# What trade is worth


def test_the_more_firms_differ_the_more_they_trade_and_gain_by_it() -> None:
    volume, gains = [], []
    for sigma in (0.0, 0.5, 1.5):
        change = {"firms.cost_sigma": sigma, "market.periods_per_year": 2, "years.end": 2024, "firms.number": 200}
        run = CarbonMarket(load_scenario("S5", EQUAL | change)).run()
        rows = run.state.log.settlements[1:]
        assert all(value > 0 for row in rows for value in row["gains_yuan"].values())
        gains.append(sum(row["gains_yuan"]["ELEC"] for row in rows))
        result = run.result()
        volume.append(result.series("Carbon Market|Trading Volume").to_numpy()[1:].sum())
        worth = result.series("Carbon Market|Gains from Trade|Power")
        assert worth[2022] == 0.0 < min(worth[2023], worth[2024])
        _firms_share_their_sectors_gains(run, worth)
        whole = run.gains().groupby("year")["gain_yuan"].sum() / 1e6
        np.testing.assert_allclose(result.series("Carbon Market|Gains from Trade")[whole.index], whole, rtol=1e-9)
        for row in rows:  # the curve is exact at half and at twice the price, but for what rises
            assert max(row["curve_miss"]) < 0.005
    assert volume[0] < 0.8 * volume[1] < 0.64 * volume[2]
    assert gains == sorted(gains)


def _firms_share_their_sectors_gains(run: CarbonMarket, power: pd.Series) -> None:
    firms = run.gains()
    assert (firms["gain_yuan"] >= 0.0).all()  # nobody is made to trade
    assert (firms.groupby("year")["firm"].nunique() == len(run.population)).all()
    found = firms[firms["sector"] == "ELEC"].groupby("year")["gain_yuan"].sum() / 1e6
    np.testing.assert_allclose(found, power[found.index], rtol=1e-9)
    again = CarbonMarket(run.world.scenario)
    again.restore(run.save())
    pd.testing.assert_frame_equal(again.gains(), firms)


def test_a_plan_at_the_edge_of_what_was_foreseen_asks_all_years_anew_from_then_on() -> None:
    """Where paths on one side are taken as foreseen and on the other not, there are two answers and no path settles."""
    nobody: Any = None
    level = np.full(5, 100.0)
    before = Foreseen(2023, np.full(5, 10.0), level, -np.ones(5))
    ahead = YearsAhead(nobody, nobody, nobody, nobody, nobody, 5, before=before)
    steps = [ahead._as_foreseen(2, np.full(5, 10.0), emitted) for emitted in (120.0, 100.0, 100.0, 120.0, 100.0)]
    assert steps == [False, True, True, False, False]
