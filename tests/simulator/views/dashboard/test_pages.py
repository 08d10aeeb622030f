"""Each page, without a browser: its words, its charts, and what its controls make of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dash import html

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.store import read_run
from tanshi.simulator.views.dashboard.app import PAGES, draw, make_app
from tanshi.simulator.views.dashboard.charts import by_year
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.files import run_file
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.market_charts import sector_network
from tanshi.simulator.views.dashboard.pages import (
    auction,
    compare,
    downloads,
    firms,
    flows,
    network,
    parameters,
    sectors,
    sweeps,
)
from tanshi.simulator.views.dashboard.parts import prose
from tanshi.simulator.views.dashboard.recompute import recompute
from tests.simulator.views.dashboard.words import charts, parts_of, traces, words


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("page", [page for page in PAGES if page.needs_results], ids=lambda page: page.title)
def test_every_page_of_results_opens(desk: Desk, page: object) -> None:
    shown = draw(desk, page.path, None, "")  # type: ignore[attr-defined]
    assert page.title in words(shown)  # type: ignore[attr-defined]


def test_the_comparison_draws_a_line_and_a_band_for_each_scenario(desk: Desk, batch: Batch) -> None:
    page = compare.view(desk, batch, "")
    titles = " ".join(words(part) for part in parts_of(page) if isinstance(part, html.Figcaption))
    for title in ("Carbon price", "Trading volume", "CO₂ emissions", "Energy consumption", "Gross domestic product"):
        assert title in titles
    price = charts(page)[0]["data"]
    assert [trace["name"] for trace in price if "name" in trace] == ["S1", "S5"]
    assert any(trace.get("fill") == "toself" for trace in price)
    expected = [read_run(batch.run(f"S5-seed{seed}").folder).series("Price|Carbon") for seed in (1, 2)]
    assert traces(page)["S5"]["y"] == pytest.approx(pd.concat(expected, axis=1).median(axis=1).to_list())


def test_a_scenario_that_is_not_chosen_is_not_drawn_and_none_at_all_is_said(desk: Desk, batch: Batch) -> None:
    assert list(traces(compare.body(desk, batch, ["S5"]))) == ["S5"]
    assert "Choose at least one scenario" in words(compare.body(desk, batch, []))


def test_a_sector_is_shown_with_what_it_sells(desk: Desk, batch: Batch) -> None:
    page = sectors.body(desk, batch, "STEEL", 2024, ["S1", "S5"])
    assert "Iron and Steel 钢铁业: net sales of allowances" in words(page)
    assert traces(page, 2)["S1"]["y"] == [0.0, 0.0, 0.0]  # in S1 only power trades
    assert "net sales of allowances" not in words(sectors.body(desk, batch, "SERV", 2024, ["S1"]))


def test_the_order_book_of_a_period_clears_at_the_stored_price(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    stored = desk.tables.periods(run)
    found = recompute((desk.question(run), stored), quiet)
    assert found.gap == 0.0
    book = found.books[(2024, 2)]
    row = stored[(stored["year"] == 2024) & (stored["period"] == 2)].iloc[0]
    assert (book.price, book.volume) == (row["price"], row["volume_t"])
    demand = book.bids[book.bids[:, 0] >= book.price, 1].sum()
    supply = book.asks[book.asks[:, 0] <= book.price, 1].sum()
    assert book.volume <= min(demand, supply)
    assert (book.bids[:-1, 0] > book.bids[1:, 0]).all()
    assert (book.asks[:-1, 0] < book.asks[1:, 0]).all()


def test_the_page_of_the_order_book_shows_both_sides_and_the_clearing(desk: Desk, batch: Batch) -> None:
    page = auction.body(desk, batch.run("S5-seed1"), 2024, 1)
    assert {"demand (bids)", "supply (offers)"} < set(traces(page))
    assert "Bids nearest to the price" in words(page)
    assert "has no period 9 in 2024" in words(auction.body(desk, batch.run("S5-seed1"), 2024, 9))


def test_a_run_that_comes_out_differently_is_refused(desk: Desk, batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    run = batch.run("S1-seed2")
    stored = desk.tables.periods(run)
    monkeypatch.setattr(type(desk.tables), "periods", lambda self, _: stored.assign(price=stored["price"] + 1.0))
    with pytest.raises(UserError, match="made by another version"):
        desk.recomputed(run)
    table = firms.firms_of(desk, run, 2024)
    assert table["gain_yuan"].isna().all()
    assert table["bought_t"].sum() > 0
    assert "prices come out as stored; here it is not" in firms.remarks(table, "Source: …")
    with monkeypatch.context() as patch:
        patch.setattr(desk.again, "ask", None)
        assert firms.gains_by_firm(desk, run, 2023) is None, "what came out otherwise once is run no second time"


def test_the_network_shows_sectors_and_firms(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    by_sector = network.body(desk, run, 0, 0, "sectors")
    by_firm = network.body(desk, run, 2024, 0, "firms")
    assert charts(by_sector)[0]["layout"]["annotations"]
    assert "Power" in words(by_firm)
    assert "pairs of firms with most tonnes" in words(by_firm)
    assert "Nobody traded" in words(network.body(desk, run, 2030, 0, "sectors"))
    sellers = float(desk.tables.quality(run)["hhi_sellers"][2024])
    for page in (by_sector, by_firm):
        assert "The market year by year" in words(page)
        assert f"{sellers:.3f}" in words(page)


@pytest.mark.parametrize("page", [auction, flows])
def test_what_is_under_way_is_said_once(desk: Desk, batch: Batch, page: Any) -> None:
    assert words(page.view(desk, batch, "")).count(page.WORDS) == 1


def test_equal_scenarios_of_a_single_year_are_named_and_no_other_year_is() -> None:
    table = pd.DataFrame({"scenario": ["S1", "S5"], "x": 2022, "low": 1.0, "middle": 1.0, "high": 1.0})
    drawn = by_year(table, ["S1", "S5"], from_zero=True)
    assert [trace["name"] for trace in drawn["data"]] == ["S1 = S5"]
    assert drawn["layout"]["showlegend"]
    assert drawn["layout"]["xaxis"]["tickvals"] == [2022.0]
    assert not by_year(table[:1], ["S1"], from_zero=True)["layout"]["showlegend"]


def test_arrows_of_the_network_end_at_the_rims_of_its_dots() -> None:
    sold = pd.DataFrame({"seller": ["ELEC", "PAPER", "ELEC"], "buyer": ["STEEL", "ELEC", "ELEC"],
                         "tonnes": [9e6, 1e5, 2e6]})  # fmt: skip
    drawn = sector_network(sold)
    (dots,) = drawn["data"]
    at = dict(zip(zip(dots["x"], dots["y"], strict=True), dots["marker"]["size"], strict=True))
    for arrow in drawn["layout"]["annotations"]:
        for x, y, gap in ((arrow["x"], arrow["y"], "standoff"), (arrow["ax"], arrow["ay"], "startstandoff")):
            near = min(at, key=lambda dot: (dot[0] - x) ** 2 + (dot[1] - y) ** 2)
            assert 0 <= at[near] / 2 - arrow[gap] <= 2
    assert drawn["layout"]["yaxis"]["scaleanchor"] == "x"


def test_a_market_of_one_sector_is_shown_firm_by_firm(desk: Desk, batch: Batch) -> None:
    page = network.body(desk, batch.run("S1-seed1"), 0, 0, "sectors")
    assert "Only firms of Power traded" in words(page)
    assert len(charts(page)[0]["data"][-1]["x"]) > 1


def test_firms_are_searched_and_sorted(desk: Desk, batch: Batch) -> None:
    found = firms.firms_of(desk, batch.run("S5-seed1"), 2024)
    assert len(found) == 40
    steel = firms.search_firms(found, "", "iron scheduled")
    assert set(steel["sector"]) == {"STEEL"}
    assert set(steel["strategy"]) == {"scheduled"}
    assert list(firms.search_firms(found, "", "7")["firm"]) == [7]
    assert "No firm fits" in words(firms.body(firms.search_firms(found, "", "nothing"), "firm", False, 0))
    table = firms.body(found, "bought_t", True, 0)
    rows = [[words(cell) for cell in row.children] for row in parts_of(table) if isinstance(row, html.Tr)][1:]
    bought = [float(row[6].replace(",", "")) for row in rows]
    assert bought == sorted(bought, reverse=True)
    assert len(rows) == firms.ROWS


def test_firms_show_what_trade_was_worth_to_each(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    stored = read_run(run.folder).series("Carbon Market|Gains from Trade")
    for year in (2024, None):
        shown = firms.firms_of(desk, run, year)
        assert firms.remarks(shown, "Source: …") == "Source: …"
        gains = shown["gain_yuan"]
        assert gains.min() >= 0.0
        assert gains.sum() / 1e6 == pytest.approx(stored.sum() if year is None else stored[year], rel=1e-9)


def test_a_column_that_does_not_exist_sorts_by_number(desk: Desk, batch: Batch) -> None:
    found = firms.firms_of(desk, batch.run("S5-seed1"), 2024)
    assert words(firms.body(found, "; drop table fills", False, -5)) == words(firms.body(found, "firm", False, 0))


def test_energy_that_goes_into_power_comes_out_and_earners_are_paid(desk: Desk, batch: Batch) -> None:
    found = desk.recomputed(batch.run("S5-seed1")).flows[2024]
    into = sum(value for (_, to), value in found.energy.items() if to == "Power plants")
    out = sum(value for (source, _), value in found.energy.items() if source == "Power plants")
    assert into == pytest.approx(out)
    for kind in ("Labour", "Capital", "Natural resources", "Taxes on production", "Carbon allowances"):
        earned = sum(value for (_, to), value in found.money.items() if to == kind)
        paid = sum(value for (source, _), value in found.money.items() if source == kind)
        assert paid == pytest.approx(earned)
    page = flows.body(desk, batch.run("S5-seed1"), 2024, "energy")
    assert charts(page)[0]["data"][0]["type"] == "sankey"


def test_the_fuel_in_the_diagram_is_the_fuel_of_the_accounts(desk: Desk, batch: Batch) -> None:
    found = desk.recomputed(batch.run("S5-seed1")).flows[2024]
    burnt = sum(
        value for (source, _), value in found.energy.items() if source not in ("Power plants", "Non-fossil power")
    )
    rows = desk.tables.bands(batch)
    stored = read_run(batch.run("S5-seed1").folder).series("Fuel Combustion")[2024]
    assert len(rows)
    # What is made of coke in blast furnaces is burnt twice over in the diagram and once in the statistic.
    assert stored < burnt < 1.1 * stored


def test_parameters_are_listed_with_unit_status_and_source(batch: Batch) -> None:
    page = words(parameters.body(batch, "scenario", "firms.number", False))
    assert "firms.number 40 40 firms assumed a whole number" in page
    differing = words(parameters.body(batch, "scenario", "", True))
    assert "coverage.STEEL" in differing
    assert "closure.capital" not in differing
    fitted = words(parameters.body(batch, "scenario", "dynamics.productivity_growth", False))
    assert "1/year calibrated" in fitted
    assert "calibrated (fitted to stated targets)" in fitted
    economy = words(parameters.body(batch, "economy", "elasticities elec armington", False))
    assert "recalled (" in economy
    assert "economy.elasticities.ELEC.armington" in economy
    assert "Nothing fits" in words(parameters.body(batch, "scenario", "no such field xyzzy", False))


def test_a_batch_is_told_from_a_sweep(desk: Desk, batch: Batch) -> None:
    assert "is a batch, not a sweep" in words(sweeps.view(desk, batch, ""))


def test_downloads_are_the_tables_themselves(desk: Desk, batch: Batch) -> None:
    client = make_app(desk).server.test_client()
    tables = ("iamc.csv", "annual.csv", "bands.csv", "runs/S5-seed1/scenario.yaml")
    for name in (*tables, "price.png", "price.svg", "network.png", "matrix.svg"):
        answer = client.get(f"/files/{name}", headers={"Host": "127.0.0.1"})
        assert answer.status_code == 200, name
        assert answer.data
    assert client.get("/files/price.png", headers={"Host": "127.0.0.1"}).data[:4] == b"\x89PNG"
    trades = client.get("/files/runs/S5-seed1/trades.parquet", headers={"Host": "127.0.0.1"})
    assert trades.data == (batch.run("S5-seed1").folder / "trades.parquet").read_bytes()
    trades.close()
    listed = words(downloads.view(desk, batch, ""))
    for title in ("Carbon price, period by period", "Who traded with whom, S5, seed 1", "Trade from sector to sector"):
        assert title in listed


def test_the_scenario_file_of_a_run_is_the_runs_scenario(
    desk: Desk, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a rule is said by year, which a file says in one way only."""
    run = batch.run("S5-seed1")
    by_year = load_scenario("S5", {"cap.share": {2023: 0.95}, "sectors.STEEL.status": {2024: "trading"}})
    for held in (run.parameters, by_year.model_dump(mode="json")):
        monkeypatch.setattr(type(run), "parameters", held)
        text = run_file(desk, batch, run.name, "scenario.yaml")
        assert isinstance(text, bytes)
        (tmp_path / "again.yaml").write_bytes(text)
        assert load_scenario(tmp_path / "again.yaml") == Scenario.model_validate(held)


def test_commands_in_notices_are_set_as_code(desk: Desk, batch: Batch) -> None:
    code = [words(part) for part in parts_of(sweeps.view(desk, batch, "")) if isinstance(part, html.Code)]
    assert code == ["tanshi sweep cap --out results/cap"]
    assert "`" not in words(prose("a `command` and `another`"))
    assert words(prose("a lone ` of its own")) == "a lone ` of its own"


@pytest.mark.parametrize(
    "path", ["/files/run.json", "/files/runs/S5-seed1/run.json", "/files/runs/..%2f..%2fetc/periods.csv",
             "/files/iamc.csv?folder=%2Fetc"],
)  # fmt: skip
def test_no_other_file_is_ever_served(desk: Desk, path: str) -> None:
    answer = make_app(desk).server.test_client().get(path, headers={"Host": "127.0.0.1"})
    # An address that is none of the files' is that of a page, which says that there is no such page.
    refused = answer.status_code == 404
    assert refused or answer.mimetype == "text/html"
    assert "Content-Disposition" not in answer.headers
    assert b"root:" not in answer.data


def test_pages_of_other_sites_are_refused_and_nothing_may_be_loaded_from_elsewhere(desk: Desk) -> None:
    client = make_app(desk).server.test_client()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "127.0.0.1", "Origin": "http://evil.example"}).status_code == 403
    allowed = client.get("/", headers={"Host": "127.0.0.1"})
    assert allowed.status_code == 200
    assert "default-src 'self'" in allowed.headers["Content-Security-Policy"]
    assert not re.search("(src|href)=.?(https?:)?//", allowed.get_data(as_text=True))


def test_runs_of_another_folder_stand_beside_and_against_any_of_them(desk: Desk, batch: Batch, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(batch.run("S5-seed1").folder, other / "S5")
    both = Desk(batch.folder, tmp_path)
    beside = f"{other}::S5"
    page = compare.view(both, both.batch(None), f"?beside={beside}")
    assert set(traces(page)) >= {"S1", "S5 in small", "S5 in other"}
    assert "Against S1 in 2024" in words(page)
    against = compare.body(both, both.batch(None), ["S1"], [beside], "S5 in other", "differences")
    stored = {name: read_run(batch.run(f"{name}-seed1").folder).series("Price|Carbon") for name in ("S1", "S5")}
    assert len(traces(against)) == 1
    gap = [low.series("Price|Carbon") for low in map(read_run, (run.folder for run in batch.scenarios["S1"]))]
    expected = pd.concat(gap, axis=1).median(axis=1) - stored["S5"]
    assert traces(against)["S1"]["y"] == pytest.approx(expected.to_list())
    assert "Against S5 in other in 2024" in words(against)
    both.close()


def test_differences_are_taken_seed_by_seed_where_both_have_the_same(desk: Desk, batch: Batch) -> None:
    shown = traces(compare.body(desk, batch, ["S1", "S5"], (), "S1", "percent"))["S5"]
    runs = {
        name: [read_run(run.folder).series("Price|Carbon") for run in batch.scenarios[name]] for name in batch.scenarios
    }
    paired = [100 * (five / one - 1) for one, five in zip(runs["S1"], runs["S5"], strict=True)]
    assert shown["y"] == pytest.approx(pd.concat(paired, axis=1).median(axis=1).to_list())


def test_a_reference_or_folder_that_is_not_there_is_said_and_the_page_stays(desk: Desk, batch: Batch) -> None:
    page = words(compare.view(desk, batch, "?against=S9&beside=/nowhere::S1&as=nonsense"))
    assert "The reference S9 is not here" in page
    assert "nowhere is not among the folders of results" in page
    assert "Against S1 in 2024" in page


def test_bands_of_few_seeds_are_ranges(desk: Desk, batch: Batch) -> None:
    rows = desk.tables.bands(batch)
    rows = rows[(rows["scenario"] == "S5") & (rows["variable"] == "Price|Carbon")].set_index("year")
    every = pd.concat([read_run(run.folder).series("Price|Carbon") for run in batch.scenarios["S5"]], axis=1)
    assert rows["low"].to_list() == pytest.approx(every.min(axis=1).to_list())
    assert rows["high"].to_list() == pytest.approx(every.max(axis=1).to_list())
    assert "from the lowest to the highest run" in words(compare.view(desk, batch, ""))
