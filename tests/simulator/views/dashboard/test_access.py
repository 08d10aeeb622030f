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


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    yield speak(request.param)
    speak("en")


def test_every_page_can_be_read_by_everybody(
    language: str, batch_folder: Path, tmp_path: Path, browser_page: BrowserPage
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-not-found, unused-ignore]

    page, axe = browser_page.page, Axe()
    page.set_default_timeout(PATIENCE)
    with in_background(batch_folder, tmp_path, warm=False) as found:
        for one in PAGES:
            page.goto(found.address + one.path)
            page.wait_for_function("t => document.querySelector('main h2')?.innerText === t", arg=translate(one.title))
            page.wait_for_timeout(300)
            assert page.get_attribute("html", "lang") == language
            serious = [v for v in axe.run(page).response["violations"] if v["impact"] in ("serious", "critical")]
            ours = [
                (v["id"], node["html"][:120])
                for v in serious
                for node in v["nodes"]
                if v["id"] not in DASHS or "dash-" not in node["html"]
            ]
            assert ours == [], one.path
            for width in (390, 1280):
                browser_page.width(width)
                # Charts are drawn anew for the width, which takes a moment.
                page.wait_for_function("() => document.documentElement.scrollWidth <= window.innerWidth")
                assert browser_page.overflow() <= 0, (one.path, width)
        load = "([font, signs]) => document.fonts.load(font, signs).then(found => found.length)"
        signs = page.evaluate(load, ["16px 'Tanshi Han'", "碳市"])
        assert signs == 1  # Chinese is drawn with the font that comes with the program, whatever the machine has
        page.goto("about:blank")
