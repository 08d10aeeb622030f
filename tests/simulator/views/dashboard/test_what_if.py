"""The levers: their link, their file, and the model's answer, which is that of the same file run by hand."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.economy import economy_folder
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.parameters import describe_parameters
from tanshi.scenarios.schema import Years
from tanshi.simulator.cli.app import main
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.together import joint_result
from tanshi.simulator.results.variables import emissions_of, net_sales_of
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.period import run_until
from tanshi.simulator.views.dashboard.answer import SHOWN, answer_of, what_if
from tanshi.simulator.views.dashboard.bases import Base, built_in, economies_of, find_base, of_batch, offered
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow
from tanshi.simulator.views.dashboard.levers import (
    Settings,
    base_scenario,
    changes,
    file_of,
    levers,
    link_of,
    read_link,
    scenario_of,
    sectors_of,
    settings_of,
    shares,
)
from tanshi.simulator.views.dashboard.warm import Step, Superseded, WarmWorker
from tests.sectors import SECTORS


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


def moved(base: str = "S5", mode: str = "equilibrium", **numbers: float) -> Settings:
    start = settings_of(built_in(base), mode)
    fields = {name.replace("__", "."): value for name, value in numbers.items()}
    return Settings(built_in(base), mode, {**start.numbers, **fields}, start.covered, start.rule)


def test_levers_stay_within_the_schema_and_leave_out_what_it_lacks() -> None:
    rows = {row.name: row for row in describe_parameters()}
    offered = levers()
    assert {"cap.tightness", "price.floor", "penalty.price"} <= {lever.field for lever in offered}
    assert {lever.field for lever in offered} <= set(rows)
    plain = [lever for lever in offered if not lever.field.startswith("firms.strategies.")]
    for lever in plain:
        for end in (lever.low, lever.high):
            load_scenario("S1", {lever.field: end})


def test_levers_that_nobody_moved_change_nothing() -> None:
    assert changes(settings_of(built_in("S4"), "hybrid")) == {}
    assert scenario_of(settings_of(built_in("S4"), "hybrid")).model_dump(exclude={"name", "title"}) == load_scenario(
        "S4"
    ).model_dump(exclude={"name", "title"})


def test_a_value_between_two_steps_that_the_slider_rounds_is_not_a_move() -> None:
    lever = next(lever for lever in levers() if lever.field == "cap.decline")
    start = settings_of(built_in("S5")).numbers[lever.field]
    assert changes(moved(mode="hybrid", cap__decline=start + 0.4 * lever.step)) == {}
    assert changes(moved(mode="hybrid", cap__decline=start + 0.6 * lever.step)) != {}


def test_a_link_brings_back_every_lever() -> None:
    numbers = {"cap.tightness": 0.1, "price.floor": 60.0, "firms.strategies.zip": 0.25}
    now = Settings(
        built_in("S4"), "hybrid", {**settings_of(built_in("S4")).numbers, **numbers}, ("ELEC", "STEEL"), "output_based"
    )
    assert read_link("?" + link_of(now)) == now


@pytest.mark.parametrize(
    "search",
    [
        "?scenario=../../etc/passwd",
        "?cap.tightness=9e99&mode=none&rule=x",
        "?trading=NOBODY&price.floor=nan",
        "?" + "a" * 9000,
    ],
)
def test_a_link_with_nonsense_is_a_link_without_it(search: str) -> None:
    found = read_link(search)
    assert found.base == built_in("S5")
    assert found.mode == "equilibrium"
    assert found.numbers == settings_of(built_in("S5")).numbers


def test_weights_of_strategies_become_shares() -> None:
    now = moved(firms__strategies__zip=1.0)
    assert shares(now) == pytest.approx({"truthful": 0.0, "zic": 0.0, "zip": 0.5, "scheduled": 0.5, "hesitant": 0.0})
    assert scenario_of(now).firms.strategies.zip == pytest.approx(0.5)


def test_the_end_of_the_ceiling_means_none() -> None:
    assert scenario_of(moved(price__ceiling=120.0)).price.ceiling == 120.0
    assert scenario_of(settings_of(built_in("S5"))).price.ceiling is None


def test_levers_against_each_other_are_refused_as_in_a_file() -> None:
    with pytest.raises(UserError, match="more than the price floor"):
        scenario_of(moved(price__floor=200.0, penalty__price=100.0))


def test_coverage_and_the_rule_of_allocation_reach_the_scenario() -> None:
    start = settings_of(built_in("S5"))
    found = scenario_of(Settings(built_in("S5"), "hybrid", start.numbers, ("ELEC", "AIR"), "tps"))
    assert found.coverage.sectors("trading") == ("ELEC", "AIR")
    assert found.cap.regime == "tps"


def test_the_file_run_by_hand_gives_the_numbers_of_the_page(tmp_path: Path) -> None:
    now = moved(cap__tightness=0.12, price__floor=70.0)
    shown = what_if(scenario_of(now), quiet)
    (tmp_path / "what-if.yaml").write_text(file_of(now), encoding="utf-8")
    assert main(["run", str(tmp_path / "what-if.yaml"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    stored = read_run(tmp_path / "out" / "what-if")
    for variable, *_ in SHOWN:
        assert stored.series(variable).to_list() == list(shown.values[variable]), variable
    before = what_if(scenario_of(settings_of(built_in("S5"))), quiet)
    assert shown.values["Price|Carbon"][-1] > before.values["Price|Carbon"][-1]


def test_a_stored_runs_scenario_gives_the_stored_numbers_and_its_levers_move_them(desk: Desk, batch: Batch) -> None:
    base = of_batch(batch, "S5")
    stored = read_run(batch.scenarios["S5"][0].folder)
    here = what_if(base_scenario(base), quiet)
    for variable, *_ in SHOWN:
        assert stored.series(variable).to_list() == pytest.approx(here.values[variable], rel=1e-9), variable
    start = settings_of(base, "hybrid")
    tighter = Settings(base, "hybrid", {**start.numbers, "cap.tightness": 0.2}, start.covered, start.rule)
    assert read_link("?" + link_of(tighter), desk) == tighter
    changed = scenario_of(tighter)
    assert changed.cap.tightness == 0.2
    assert changed.firms.number == 40
    assert changed.years == base_scenario(base).years


def test_a_built_in_scenario_on_another_economy_is_that_of_the_command(tmp_path: Path) -> None:
    base = built_in("S5", "china_2017")
    assert base_scenario(base).model_dump() == load_scenario("S5", {"economy": "china_2017"}).model_dump() | {
        "title": base_scenario(base).title
    }
    assert read_link("?scenario=S5&economy=china_2017").base == base
    assert read_link("?scenario=S5&economy=../../x").base == built_in("S5")


def test_a_folder_that_an_address_names_is_one_of_those_offered_or_said(desk: Desk, batch: Batch) -> None:
    names = offered(batch, built_in())
    assert list(names.values())[-2:] == ["small: S1", "small: S5"]
    assert find_base(desk, list(names)[-1]) == of_batch(batch, "S5")
    for key in ("/etc::passwd", f"{batch.folder}::nobody", "/nowhere::S5"):
        with pytest.raises(NothingToShow):
            read_link(f"?scenario={key}", desk)


def count_slowly(question: int, step: Step) -> int:
    for done in range(question):
        step(done, question)
        time.sleep(0.02)
    return question


def die(question: int, step: Step) -> None:
    import os

    os._exit(1)


@pytest.fixture
def worker() -> object:
    made = WarmWorker()
    yield made
    made.close()


def test_a_newer_question_takes_the_place_of_the_older(worker: WarmWorker) -> None:
    assert worker.ask(count_slowly, 1) == 1
    with ThreadPoolExecutor(1) as other:
        old = other.submit(worker.ask, count_slowly, 10_000)
        while (worker.progress or (0, 0))[1] != 10_000:
            time.sleep(0.01)
        begun = time.perf_counter()
        assert worker.ask(count_slowly, 2) == 2
        assert time.perf_counter() - begun < 10.0
        with pytest.raises(Superseded):
            old.result()
    assert worker.progress is None


def test_a_worker_that_dies_is_said_and_the_next_question_has_another(worker: WarmWorker) -> None:
    from tanshi.simulator.views.dashboard.warm import WorkerLost

    with pytest.raises(WorkerLost, match="memory"):
        worker.ask(die, 0)
    assert worker.ask(count_slowly, 1) == 1


def test_a_ninth_sector_is_switched_on_where_the_economy_has_its_firms(tmp_path: Path) -> None:
    """Under a cap that takes it in at its frozen baseline, a sector that pays for its carbon emits less."""
    folder = tmp_path / "machines_2022"
    shutil.copytree(economy_folder("shanxi_2022"), folder)
    firms = pd.read_csv(folder / "population.csv")
    made = firms[firms["sector"] == "NFM"].assign(sector="MACH")
    pd.concat([firms, made]).to_csv(folder / "population.csv", index=False)
    content = {"extends": "S2", "economy": str(folder), "years": {"end": 2023}, "drift": {"mode": "none"}}
    base = Base("somewhere::S2", content=content)
    assert sectors_of(base) == (*SECTORS, "MACH")
    start = settings_of(base)
    now = Settings(base, "equilibrium", start.numbers, (*start.covered, "MACH"), start.rule)
    assert changes(now)["coverage.MACH"] == "trading"
    name = "Emissions|CO2|Machinery"
    out, within = (what_if(scenario_of(one), quiet).values[name] for one in (start, now))
    assert within[1] < out[1]
    assert within[0] == pytest.approx(out[0], rel=1e-9)  # before the policy nobody pays


def test_provinces_in_one_market_add_up_and_pay_one_price() -> None:
    base = built_in("three-provinces")
    assert economies_of(base) == {"": "as in the scenario"}
    short = scenario_of(settings_of(base)).model_copy(update={"years": Years(start=2022, end=2023)})
    world, state = begin_together(short)
    run_until(world, state)
    result = joint_result(world, state)
    found = answer_of(result, 0.0)
    for variable in ("Emissions|CO2", "GDP|MER", emissions_of("STEEL")):
        each = [result.series(variable, region).loc[2023] for region in result.regions]
        assert found.values[variable][1] == pytest.approx(sum(each), rel=1e-12)
    prices = [result.series("Price|Carbon", region).loc[2023] for region in result.regions]
    assert found.values["Price|Carbon"][1] == pytest.approx(prices[0], rel=1e-6)
    sold = sum(max(result.series(net_sales_of(code), region).get(2023, 0.0), 0.0)
               for region in result.regions for code in (*SECTORS, "GOV", "INT"))  # fmt: skip
    assert found.values["Carbon Market|Trading Volume"][1] == pytest.approx(sold, rel=1e-6)
