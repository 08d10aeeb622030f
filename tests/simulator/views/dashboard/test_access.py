"""The dashboard for everybody: in both languages, on a telephone, by keyboard and by screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshi.language import speak, translate
from tanshi.simulator.views.dashboard.app import PAGES
from tanshi.simulator.views.dashboard.server import in_background
from tests.browser import BrowserPage

PATIENCE = 60_000
DASHS = {"aria-hidden-focus", "aria-input-field-name", "nested-interactive"}
"""Serious findings of axe-core in the lists and sliders of Dash 4.4 itself, by rule; none is in what is ours, and a new
one fails."""


@pytest.fixture(scope="module", params=["en", "zh"])
def served(
    request: pytest.FixtureRequest, batch_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A desk in a language: the language and its address."""
    speak(request.param)
    with in_background(batch_folder, tmp_path_factory.mktemp("started"), warm=False) as found:
        yield request.param, found.address
    speak("en")


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_every_page_can_be_read_by_everybody(served: tuple[str, str], path: str, browser_page: BrowserPage) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-not-found, import-untyped, unused-ignore]

    language, address = served
    (title,) = (one.title for one in PAGES if one.path == path)
    page = browser_page.page
    page.set_default_timeout(PATIENCE)
    page.goto(address + path)
    page.wait_for_function("t => document.querySelector('main h2')?.innerText === t", arg=translate(title))
    page.wait_for_timeout(300)
    assert page.get_attribute("html", "lang") == language
    serious = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    ours = [
        (v["id"], node["html"][:120])
        for v in serious
        for node in v["nodes"]
        if v["id"] not in DASHS or "dash-" not in node["html"]
    ]
    assert ours == []
    for width in (390, 1280):
        browser_page.width(width)
        # Charts are drawn anew for the width, which takes a moment.
        page.wait_for_function("() => document.documentElement.scrollWidth <= window.innerWidth")
        assert browser_page.overflow() <= 0, width
    page.goto("about:blank")


def test_chinese_is_drawn_with_the_font_that_comes_with_the_program(
    served: tuple[str, str], browser_page: BrowserPage
) -> None:
    page = browser_page.page
    page.set_default_timeout(PATIENCE)
    page.goto(served[1] + PAGES[0].path)
    page.wait_for_function("() => document.querySelector('main h2')")
    load = "([font, signs]) => document.fonts.load(font, signs).then(found => found.length)"
    assert page.evaluate(load, ["16px 'Tanshi Han'", "碳市"]) == 1  # whatever the machine has
    page.goto("about:blank")
