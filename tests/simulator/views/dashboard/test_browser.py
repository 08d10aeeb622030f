"""The dashboard in a real browser: pages, clicks, a run, a slider; nothing asked of the outside, no errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshi.simulator.views.dashboard.app import PAGES
from tanshi.simulator.views.dashboard.bases import built_in
from tanshi.simulator.views.dashboard.levers import levers, settings_of
from tanshi.simulator.views.dashboard.server import Serving, in_background
from tests.browser import BrowserPage

PATIENCE = 60_000
"""Milliseconds; test machines are busy."""


@pytest.fixture(scope="module")
def served(batch_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with in_background(batch_folder, tmp_path_factory.mktemp("started")) as found:
        yield found


@pytest.fixture
def open_page(browser_page: BrowserPage, served: Serving) -> BrowserPage:
    browser_page.page.set_default_timeout(PATIENCE)
    browser_page.page.goto(served.address)
    browser_page.page.wait_for_selector("#compare-view .js-plotly-plot .scatterlayer")
    return browser_page


def go(shown: BrowserPage, title: str) -> None:
    shown.page.get_by_role("link", name=title, exact=True).click()
    shown.page.wait_for_function("t => document.querySelector('main h2')?.innerText === t", arg=title)


def test_the_first_page_shows_scenarios_as_text_and_as_plots(open_page: BrowserPage) -> None:
    page = open_page.page
    assert page.title() == "Tanshi 碳市"
    assert "S5" in page.inner_text("#summary")
    assert page.locator(".js-plotly-plot").count() >= 6
    assert "Simulated, not observed" in page.inner_text("main")


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_opens_by_its_link_and_fits_the_window(open_page: BrowserPage, width: int) -> None:
    open_page.width(width)
    for page in PAGES:
        go(open_page, page.title)
        open_page.page.wait_for_timeout(200)
        assert open_page.overflow() <= 0, page.title


def test_a_scenario_can_be_taken_out_of_the_comparison(open_page: BrowserPage) -> None:
    page = open_page.page
    page.get_by_label("S1", exact=True).click()
    page.wait_for_function("() => !document.querySelector('#summary').innerText.includes('S1 ')")
    page.wait_for_function("() => document.querySelectorAll('#summary tbody tr').length === 3")


def test_what_is_compared_stands_in_the_address_and_a_reload_brings_it_back(
    batch_folder: Path, tmp_path: Path, browser_page: BrowserPage
) -> None:
    import shutil

    shutil.copytree(batch_folder / "S5-seed1", tmp_path / "mine" / "S5")
    page = browser_page.page
    page.set_default_timeout(PATIENCE)
    with in_background(batch_folder, tmp_path, warm=False) as found:
        page.goto(found.address)
        page.wait_for_selector("#summary")
        page.click("#compare-folders")
        page.get_by_role("option", name="mine").click()
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.querySelector('#summary').innerText.includes('S5 in mine')")
        page.get_by_label("differences from the reference").click()
        page.wait_for_function("() => location.search.includes('as=differences')")
        page.reload()
        page.wait_for_function("() => document.querySelector('#compare-view')?.innerText.includes('S5 in mine')")
        assert "Carbon price against S1" in page.inner_text("#compare-view")
        assert "results=" in page.url
        page.goto(found.address + "/?results=%2Fnowhere")
        page.wait_for_selector("main .alert")
        assert "is not among the folders of results" in page.inner_text("main")
        page.goto("about:blank")


def test_order_book_and_flows_are_found_again(open_page: BrowserPage) -> None:
    page = open_page.page
    go(open_page, "Order book")
    page.wait_for_selector("#auction-view .js-plotly-plot .scatterlayer")
    assert "Demand and supply, S5, seed 2, 2024, period 1" in page.inner_text("#auction-view")
    page.get_by_role("button", name="Earlier").click()
    page.wait_for_function("() => document.querySelector('#auction-view').innerText.includes('2023, period 2')")
    go(open_page, "Flows")
    page.wait_for_selector("#flows-view .sankey-link")
    page.get_by_label("income").click()
    page.wait_for_function("() => document.querySelector('#flows-view').innerText.includes('Value added')")


def test_firms_are_searched_and_sorted_by_their_heads(open_page: BrowserPage) -> None:
    page = open_page.page
    go(open_page, "Firms")
    page.wait_for_selector("#firms-table")
    page.get_by_label("Search").fill("steel")
    page.wait_for_function(
        "() => [...document.querySelectorAll('#firms-table tbody tr')].every(r => r.innerText.includes('Steel'))"
    )
    page.get_by_role("button", name="Bought, t", exact=True).click()
    page.wait_for_function("() => document.querySelector('#firms-table thead').innerText.includes('Bought, t ▼')")


def test_a_slider_moves_the_price_and_its_state_is_a_link(open_page: BrowserPage, served: Serving) -> None:
    page = open_page.page
    go(open_page, "What if")
    page.wait_for_selector("#what-if-line")
    before = page.inner_text("#what-if-words table")
    lever = next(lever for lever in levers() if lever.field == "cap.tightness")
    wanted = f"{settings_of(built_in()).numbers[lever.field] + 10 * lever.step:.10g}"
    thumb = page.get_by_role("slider").first
    thumb.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("b => document.querySelector('#what-if-words table').innerText !== b", arg=before)
    page.wait_for_function(
        "w => document.querySelector('#what-if-link').href.includes('cap.tightness=' + w + '&')"
        " || document.querySelector('#what-if-link').href.endsWith('cap.tightness=' + w)",
        arg=wanted,
    )
    link = page.get_attribute("#what-if-link", "href")
    page.goto(served.address + link)
    page.wait_for_selector("#what-if-line")
    assert page.get_by_role("slider").first.get_attribute("aria-valuenow") == f"{lever.shown(float(wanted)):g}"
    assert f"cap.tightness={wanted}" in page.url  # its state stands in the address
    answer = page.request.get(served.address + page.get_attribute("#what-if-file", "href"))
    assert f"tightness: {wanted}" in answer.text()


def test_a_typed_number_moves_the_slider_and_one_beyond_its_range_is_refused_in_words(
    browser_page: BrowserPage, served: Serving
) -> None:
    page = browser_page.page
    page.set_default_timeout(PATIENCE)
    page.goto(served.address + "/what-if")
    page.wait_for_selector("#what-if-line")
    box, slider = page.locator("#what-if-price-floor-box"), page.locator("#what-if-price-floor [role=slider]")
    box.fill("63")
    box.press("Enter")
    page.wait_for_function("() => document.querySelector('#what-if-link').href.includes('price.floor=63')")
    assert slider.get_attribute("aria-valuenow") == "63"
    box.fill("500")
    box.press("Tab")
    page.wait_for_selector("#what-if-price-floor-problem:not(:empty)")
    told = page.inner_text("#what-if-price-floor-problem")
    assert told == "500 is not taken: expected a number from 0 to 300. The slider stays at 63."
    assert slider.get_attribute("aria-valuenow") == "63"
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#what-if-price-floor-problem').innerText === ''")
    assert box.input_value() == slider.get_attribute("aria-valuenow")


def test_levers_that_contradict_each_other_say_so(browser_page: BrowserPage, served: Serving) -> None:
    browser_page.page.goto(served.address + "/what-if?price.floor=300&penalty.price=100")
    browser_page.page.wait_for_selector("#what-if-words .alert", timeout=PATIENCE)
    assert "expected more than the price floor of 300" in browser_page.page.inner_text("#what-if-words")


def test_a_run_is_started_from_the_page_and_its_results_are_shown(open_page: BrowserPage) -> None:
    page = open_page.page
    go(open_page, "Start a run")
    page.locator("details", has_text="firms.number").locator("summary").first.click()
    page.locator("details", has_text="market.periods_per_year").locator("summary").first.click()
    page.get_by_label("market.periods_per_year").fill("2")
    page.get_by_label("years.end").fill("2023")
    page.get_by_label("firms.number").fill("many")
    page.get_by_role("button", name="Start the run").click()
    refused = "() => document.querySelector('#start-problems').innerText.startsWith('Nothing was started. 1 field')"
    page.wait_for_function(refused)
    assert "expected a whole number" in page.inner_text("#start-fields")
    page.get_by_label("Seeds").fill("99")
    page.wait_for_function("() => document.querySelector('#start-problems').innerText.includes('from 1 to 50')")
    page.get_by_label("Seeds").fill("1")
    page.get_by_label("firms.number").fill("24")
    page.get_by_role("button", name="Start the run").click()  # at once: the click sees what was typed before it
    page.wait_for_function("() => document.querySelector('#start-problems').innerText === ''")
    page.wait_for_function(
        "() => document.querySelector('#start-standing').innerText.includes('S1-edited is finished')"
    )
    page.get_by_role("button", name="Show its results").click()
    page.wait_for_function("() => document.querySelector('#summary')?.innerText.includes('S1-edited')")


def test_the_tab_key_reaches_links_and_controls_and_they_show_it(open_page: BrowserPage) -> None:
    reached = open_page.reached_by_tab(22)
    assert reached[0] == "a:Skip to the page"
    assert {"folder", "again", "to-compare", "to-start"} <= set(reached)
    assert any(name.startswith("input") for name in reached), reached
    open_page.page.focus("#to-firms")
    open_page.page.keyboard.press("Shift+Tab")
    open_page.page.keyboard.press("Tab")
    assert open_page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    open_page.page.keyboard.press("Enter")
    open_page.page.wait_for_function("() => document.querySelector('main h2')?.innerText === 'Firms'")


def test_a_folder_that_goes_away_is_said_and_the_page_stays(
    batch_folder: Path, tmp_path: Path, browser_page: BrowserPage
) -> None:
    import shutil

    copy = Path(shutil.copytree(batch_folder, tmp_path / "copy"))
    page = browser_page.page
    with in_background(copy, tmp_path, warm=False) as found:
        page.goto(found.address)
        page.wait_for_selector("#summary", timeout=PATIENCE)
        shutil.rmtree(copy)
        page.click("#again")
        page.wait_for_selector("main .alert", timeout=PATIENCE)
        assert "is not there (any more)" in page.inner_text("main")
        page.get_by_role("link", name="What if").click()
        page.wait_for_selector("#what-if-base", timeout=PATIENCE)
        page.goto("about:blank")
