"""A market of several provinces at the desk: each province a run of its own, nothing added up over them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshi.numerics.units import TONNES
from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.views.dashboard.app import PAGES, draw
from tanshi.simulator.views.dashboard.bases import find_base, offered
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow, open_batch
from tanshi.simulator.views.dashboard.pages import network
from tanshi.simulator.views.dashboard.pages.firms import firms_of

TWO = {
    "economies": ["inner_mongolia_2017", "shanxi_2022"],
    "years.end": 2023,
    "firms.number": 24,
    "market.periods_per_year": 1,
    "drift.mode": "none",
    "banking.horizon": 0,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("results") / "two"
    assert not run_batch(load_scenarios(["three-provinces"], TWO), found, workers=1).failed
    return found


@pytest.fixture(scope="module")
def stored(folder: Path) -> RunResult:
    return read_run(folder / "three-provinces")


@pytest.fixture(scope="module")
def provinces(folder: Path) -> Iterator[Desk]:
    made = Desk(folder, folder.parent)
    yield made
    made.close()


def test_each_province_is_a_line_of_its_own_with_the_values_of_its_region(provinces: Desk, stored: RunResult) -> None:
    batch = provinces.batch(None)
    assert list(batch.scenarios) == ["three-provinces: Inner Mongolia", "three-provinces: Shanxi"]
    bands = provinces.tables.bands(batch)
    for name, region in zip(batch.scenarios, stored.regions, strict=True):
        shown = bands[(bands["scenario"] == name) & (bands["variable"] == "Emissions|CO2")].set_index("year")["middle"]
        assert shown.to_dict() == stored.series("Emissions|CO2", region).to_dict()


def test_a_gathered_batch_keeps_its_provinces_apart(folder: Path, tmp_path: Path) -> None:
    before = open_batch(folder)
    copy = tmp_path / "gathered"
    shutil.copytree(folder, copy)
    compact(copy)
    assert list(open_batch(copy).scenarios) == list(before.scenarios)


@pytest.mark.parametrize("path", [page.path for page in PAGES if page.needs_results])
def test_every_page_shows_provinces(provinces: Desk, path: str) -> None:
    shown = str(draw(provinces, path, None, ""))
    wanted = {"/sweep": "is a batch", "/downloads": "three-provinces-Shanxi"}
    assert wanted.get(path, "three-provinces: Shanxi") in shown


def test_what_was_bought_of_other_provinces_is_in_the_network(provinces: Desk, stored: RunResult) -> None:
    batch, last = provinces.batch(None), int(stored.trades["year"].max())
    for run, region in zip(batch.runs, stored.regions, strict=True):
        fills = stored.trades[(stored.trades["year"] == last)]
        bought = fills[(fills["buyer_region"] == region) & (fills["seller_region"] != region)]["quantity_t"].sum()
        flows = provinces.tables.sector_flows(run, last, None)
        assert flows.loc[flows["seller"] == "OTH", "tonnes"].sum() == bought
        assert "Other Provinces" in str(network.body(provinces, run, last, 0, "sectors"))


def test_order_book_and_flows_are_found_again_by_running_the_whole_market(provinces: Desk, stored: RunResult) -> None:
    batch = provinces.batch(None)
    for run, region in zip(batch.runs, stored.regions, strict=True):
        found = provinces.recomputed(run)
        (year, period), book = list(found.books.items())[-1]
        fills = stored.trades[(stored.trades["year"] == year) & (stored.trades["period"] == period)]
        assert book.volume == fills["quantity_t"].sum()  # the whole market's
        burnt = sum(size for (_, to), size in found.flows[year].energy.items() if to != "Power to other provinces")
        assert burnt > 0.5 * stored.series("Energy Consumption", region)[year]
    energy = [provinces.recomputed(run).flows[year].energy for run in batch.runs]
    assert energy[0] != energy[1]


def test_a_provinces_firms_have_their_traits_and_its_other_traders_none(provinces: Desk, stored: RunResult) -> None:
    run = provinces.batch(None).runs[0]
    firms = firms_of(provinces, run, None)
    assert firms["size"].notna().sum() >= 20
    sold = stored.trades[stored.trades["seller_region"] == stored.regions[0]]["quantity_t"].sum()
    own = firms[firms["sector"] != "OTH"]
    assert own["sold_t"].sum() / TONNES == pytest.approx(sold / TONNES, abs=1e-9)


def test_one_province_alone_is_nothing_to_begin_a_what_if_from(provinces: Desk) -> None:
    batch: Batch = provinces.batch(None)
    assert not [key for key in offered(batch, find_base(provinces, "S5")) if str(batch.folder) in key]
    with pytest.raises(NothingToShow, match="one province of a market"):
        find_base(provinces, f"{batch.folder}::three-provinces: Shanxi")
