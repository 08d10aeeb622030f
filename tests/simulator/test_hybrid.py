"""The running system: what must hold in every run of the hybrid."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.machine.disk import write_table
from tanshi.simulator.model import CarbonMarket, simulate
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.tables import RunResult, identity_gaps
from tanshi.simulator.run.book import Book
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.economics import at_price, packed
from tanshi.simulator.run.period import run_until
from tests.sectors import SECTORS

# A cap that bites from its first year, whatever the calibration of the day found.
SHORT = {"years.end": 2025, "firms.number": 150, "cap.tightness": 0.05, "cap.decline": 0.03}


@cache
def short(name: str, seed: int = 7) -> RunResult:
    return simulate(load_scenario(name, {**SHORT, "seed": seed}))


def table_bytes(result: RunResult, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    for name in ("annual", "periods", "trades"):
        write_table(folder / name, getattr(result, name))
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", ["S1", "S5"])
def test_every_period_is_solved_and_walras_law_holds(name: str) -> None:
    periods = short(name).periods
    assert len(periods) == 48
    assert periods["residual"].max() <= 1e-9
    assert periods["walras"].max() <= 1e-8
    assert (periods["gap"] <= 0.0101).mean() > 0.9


def test_registry_balances_exactly_after_every_period() -> None:
    model = CarbonMarket(load_scenario("S5", {**SHORT, "years.end": 2023}))
    while not model.state.calendar.finished:
        model.step()
        model.registry.check()
        totals = model.registry.totals()
        ended = sum(totals[k] for k in ("held", "surrendered", "cancelled", "expired"))
        assert (totals["issued"] == ended).all()
        assert model.registry.cash.sum() == 0
    assert (model.registry.rebuilt() == model.registry._balances).all()


def test_2022_is_the_benchmark_in_every_scenario() -> None:
    tables = {
        name: short(name).annual.query("year == 2022").set_index("variable")["value"] for name in ("S1", "S3", "S5")
    }
    assert tables["S1"].equals(tables["S3"])
    assert tables["S1"].equals(tables["S5"])
    assert tables["S1"]["Energy Consumption"] == pytest.approx(219.0, abs=0.5)
    assert 560.0 < tables["S1"]["Emissions|CO2"] < 640.0
    assert tables["S1"]["Price|Carbon"] == pytest.approx(55.3, rel=0.05)  # the market's own, beside the observed


def test_free_quotas_that_bind_nobody_change_nothing() -> None:
    first = short("S1").annual.drop(columns="scenario")
    assert first.equals(short("S2").annual.drop(columns="scenario"))
    assert first.equals(short("S3").annual.drop(columns="scenario"))


@pytest.mark.parametrize("name", ["S4", "S5"])
def test_more_trading_sectors_mean_more_volume_and_lower_emissions(name: str) -> None:
    more, base = short(name), short("S1")
    years = [2023, 2024, 2025]
    volume, emissions = "Carbon Market|Trading Volume", "Emissions|CO2"
    assert (more.series(volume)[years] > base.series(volume)[years]).all()
    assert (more.series(emissions)[years] < base.series(emissions)[years]).all()


def test_accounts_of_a_run_add_up() -> None:
    assert max(identity_gaps(short("S5")).values()) < 1e-9


def test_same_seed_same_bytes_and_another_seed_differs(tmp_path: Path) -> None:
    again = simulate(load_scenario("S5", {**SHORT, "seed": 7}))
    assert table_bytes(short("S5"), tmp_path / "a") == table_bytes(again, tmp_path / "b")
    other = simulate(load_scenario("S5", {**SHORT, "seed": 8, "years.end": 2022}))
    assert not np.allclose(other.periods["price"], short("S5").periods["price"][:12])


def test_a_run_saved_after_period_30_and_continued_gives_the_same_bytes(tmp_path: Path) -> None:
    scenario = load_scenario("S5", {**SHORT, "seed": 7})
    first = CarbonMarket(scenario).run(until=30)
    saved = first.save()
    first.run()  # what is saved is a copy: the run goes on without it
    second = CarbonMarket(scenario)
    second.restore(saved)
    result = second.run().result()
    assert table_bytes(result, tmp_path / "a") == table_bytes(short("S5"), tmp_path / "b")


def test_in_the_last_month_only_that_month_can_respond() -> None:
    """The wanted purchase of a firm answers the price by what it can still emit."""
    world, state = begin(load_scenario("S1", {**SHORT, "years.end": 2022, "banking.allowed": False}))
    response = at_price(world, state, 56.0, 1.0).response
    at = {}
    for remaining in (1.0, 1.0 / 12.0):
        wanted = Book(world, state, remaining).demand(response)
        at[remaining] = float((wanted.at(60.0) - wanted.at(50.0)).sum())
    assert at[1.0] < 0
    assert at[1.0 / 12.0] == pytest.approx(at[1.0] / 12.0, rel=1e-9)


def test_technique_lags_behind_the_price() -> None:
    """q' = k (p - q): after one month of k = 2 a sixth of the way, after a year most of it."""
    world = begin(load_scenario("S1", {**SHORT, "coupling.adjustment_rate": 2.0}))[0]
    at_end, mean = world.adjustment(1.0 / 12.0)
    assert at_end == pytest.approx(1 - np.exp(-1 / 6))
    assert mean == pytest.approx(1 - at_end * 6)
    assert world.adjustment(50.0)[0] == pytest.approx(1.0)


def test_prices_stay_within_the_collar() -> None:
    result = simulate(load_scenario("S5", {**SHORT, "drift.mode": "none", "price.floor": 80.0, "price.ceiling": 100.0}))
    later = result.periods.query("year >= 2023")["price"]
    assert later.min() >= 80.0
    assert later.max() <= 100.0
    assert result.periods.query("year == 2022")["price"].max() < 80.0  # before the policy there is no collar


def test_auctioned_allowances_are_sold_by_government_and_paid_for() -> None:
    result = simulate(load_scenario("S5", {**SHORT, "years.end": 2023, "allocation.auctioned_share": 0.5}))
    sold = result.trades.query("year == 2023 and seller_sector == 'GOV'")["quantity_t"].sum()
    assert sold > 0
    assert result.series("Trade|Emissions Allowances|Government [Volume]")[2023] == pytest.approx(sold / 1e6)
    assert identity_gaps(result)["net sales of sectors, Mt"] < 1e-9


def test_a_performance_standard_follows_output() -> None:
    """Under the standard the economy's emissions less its output-based quotas are zero where the price is free."""
    scenario = load_scenario(
        "S5",
        {
            **SHORT,
            "years.end": 2023,
            "cap.regime": "tps",
            "cap.tightness": 0.01,
            "closure.capital": "mobile",
            "market.mode": "equilibrium",
            "drift.mode": "none",
        },
    )
    world, state = begin(scenario)
    last = run_until(world, state)
    assert last is not None
    price = float(result_of(world, state).series("Price|Carbon")[2023])
    assert 0 < price < 1000
    response = world.province.response(last.closing.solution)
    covered = response.emissions.sum()
    assert response.allocation.sum() == pytest.approx(covered, rel=1e-8)


def test_binding_quotas_hold_each_sector_at_its_own_shadow_price() -> None:
    change = {**SHORT, "years.end": 2023, "drift.mode": "none", "allocation.binding": True, "firms.number": 40}
    world, state = begin(load_scenario("S3", change))
    done = run_until(world, state)
    assert done is not None
    solution = done.closing.solution
    emissions = world.province.response(solution).emissions
    quotas, last = state.policy.caps(2023), state.log.periods[-1]
    for sector, price in world.province.own_prices(solution).items():
        place = SECTORS.index(sector)
        assert emissions[place] == pytest.approx(quotas[place], rel=1e-8) or price == pytest.approx(1000.0)
        assert 0.0 < price <= 1000.0 + 1e-9
        assert price != pytest.approx(last["price"], rel=1e-3)  # not the market's: nothing is traded
    assert not set(result_of(world, state).trades["buyer_sector"]) - {"ELEC"}


def test_a_cap_that_shuts_a_sector_down_is_refused_by_year_and_sector() -> None:
    said = r"S5, 2027: at 1,000 yuan/t the sector ELEC stands still.*cap\.tightness"
    outputs = np.ones(len(SECTORS))
    outputs[SECTORS.index("ELEC")] = 0.0
    with pytest.raises(EquilibriumError, match=said):
        packed("S5", SECTORS, 2027, 1000.0, np.ones(len(SECTORS)), outputs)


def test_a_cap_of_nearly_nothing_is_paid_for_by_the_penalty() -> None:
    """What cannot be abated pays the penalty, and the works that burn their own gas run on."""
    change = {"cap.tightness": 0.999, "years.end": 2024, "market.periods_per_year": 1, "banking.horizon": 0}
    prices = simulate(load_scenario("S5", change)).series("Price|Carbon")
    assert prices[2024] == pytest.approx(1000.0)
