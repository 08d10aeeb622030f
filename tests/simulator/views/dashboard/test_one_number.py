"""One number for one thing: what two pages tell of the same run is the same, and each says what kind of model it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tanshi.simulator.results.iamc import iamc_table
from tanshi.simulator.results.replay import place_of, replayed
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.charts.energy_flows import EXPORT as OUT_OF_THE_FIGURE
from tanshi.simulator.views.charts.energy_flows import energy_flows
from tanshi.simulator.views.dashboard import selection
from tanshi.simulator.views.dashboard.accounts import EXPORT as OUT_OF_THE_PAGE
from tanshi.simulator.views.dashboard.accounts import POWER
from tanshi.simulator.views.dashboard.answer import what_if
from tanshi.simulator.views.dashboard.bases import of_batch
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.levers import base_scenario, settings_of
from tanshi.simulator.views.dashboard.pages import what_if as page
from tanshi.simulator.views.table import summarise
from tanshi.simulator.views.vocabulary import mode_words
from tests.simulator.views.dashboard.words import words

LAST = 2024


@pytest.fixture
def stored(batch: Batch) -> RunResult:
    return read_run(batch.run("S5-seed1").folder)


def test_power_sent_out_is_one_number(desk: Desk, batch: Batch, stored: RunResult) -> None:
    """In the table of variables, the dashboard's diagram and the figure, in TWh or at coal equivalent."""
    twh = float(stored.series("Trade|Secondary Energy|Electricity|Volume")[LAST])
    run = replayed(stored, place_of(stored, LAST, 2) + 1)
    accounts = run.world.economy.accounts
    mtce = twh * accounts.province.accounts.physical["coal_equivalent_mtce_per_twh"]
    on_the_page = desk.recomputed(batch.run("S5-seed1")).flows[LAST].energy[(POWER, OUT_OF_THE_PAGE)]
    closed = next(closed for closed in run.state.log.years if closed.year == LAST)
    table = energy_flows(accounts, closed.flows).set_index("target")["mtce"]
    assert twh > 50.0
    assert on_the_page == pytest.approx(mtce, rel=1e-9)
    assert table[OUT_OF_THE_FIGURE] == pytest.approx(mtce, rel=1e-9)


def test_a_years_price_is_one_number(desk: Desk, batch: Batch, stored: RunResult) -> None:
    """In the table, the export, the terminal and report, the page that compares, and What if."""
    price = float(stored.series("Price|Carbon")[LAST])
    exported = iamc_table([stored])
    assert float(exported.loc[exported["Variable"] == "Price|Carbon", str(LAST)].iloc[0]) == pytest.approx(price)
    (summary,) = summarise([stored])
    assert summary.price_last == pytest.approx(price)
    (entry, *_), _ = selection.entries(desk, batch, [], [f"{batch.folder}::S5-seed1"])
    band = selection.bands(desk.tables, [entry], ["Price|Carbon"]).set_index("year")
    assert float(band["middle"][LAST]) == pytest.approx(price)
    answer = what_if(base_scenario(of_batch(batch, "S5")), lambda done, total: None)
    assert answer.values["Price|Carbon"][-1] == pytest.approx(price)


def test_where_the_kind_of_model_differs_the_page_says_so(desk: Desk, batch: Batch, stored: RunResult) -> None:
    base = of_batch(batch, "S5")
    said = {}
    for mode in ("equilibrium", "hybrid"):
        now = settings_of(base, mode)
        before, after = page.answers(desk, now)
        said[mode] = words(page.said(before, after, now))
        assert mode_words(base_scenario(base, mode).model_dump()) in said[mode]
    assert said["equilibrium"] != said["hybrid"]
    assert mode_words(stored.parameters) in desk.source_of(batch.run("S5-seed1"))


def rows_of(page: str, pattern: str) -> list[tuple[str, ...]]:
    """What a pattern finds in a page of the guide, line by line."""
    text = (Path(__file__).parents[4] / "docs" / page).read_text("utf-8")
    return [found.groups() for line in text.splitlines() if (found := re.match(pattern, line))]


def test_the_guides_pages_have_one_price_of_s5_by_year() -> None:
    """As `tanshi run S5` has it: on the pages of the drift, of forest sinks, and of the first paper's claims."""
    ((state,), *_) = rows_of("drift_skill.md", r"\| S5 \| state \|(.*)\|$")  # the first such table is of prices
    price = dict(zip(map(str, range(2022, 2031)), map(float, state.split("|")), strict=True))
    ((row,),) = rows_of("forest_sinks.md", r"\| carbon price, S5, yuan/t \|(.*)\|$")
    told = dict(zip(("2023", "2024", "2025", "2026", "2028", "2030"), map(float, row.split("|")[:6]), strict=True))
    assert told == {year: price[year] for year in told}
    claims = rows_of("reproduction_huo.md", r"\| The price of S5 is about .* in (20\d\d)\..*\| ([\d.]+) yuan/t \| \*\*")
    assert len(claims) == 2
    for year, value in claims:
        assert float(value) == pytest.approx(price[year], abs=0.1)
