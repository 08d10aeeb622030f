"""A page in Debian's Chromium that notes every request to elsewhere and every error in its console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

HERE = ("127.0.0.1", "localhost")
MISSING = "there is no Chromium to test with: install Debian's package `chromium` (apt-get install chromium)"


@dataclass
class BrowserPage:
    """A Playwright page and what it did behind the reader's back.

    Attributes
    ----------
    page : the page itself.
    outside : addresses it asked for that are not on this machine; each was refused.
    errors : errors in its console, and exceptions that nobody caught.
    """

    page: Any
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def width(self, pixels: int, height: int = 900) -> None:
        """Make the window so wide: 1280 a laptop, 390 a telephone."""
        self.page.set_viewport_size({"width": pixels, "height": height})

    def overflow(self) -> int:
        """How many pixels the page is wider than its window; 0 where nobody has to scroll sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def reached_by_tab(self, most: int = 40) -> list[str]:
        """What the Tab key comes to, one after the other: the element's id, or its kind and text."""
        script = """() => { const e = document.activeElement;
            const text = (e.innerText || e.getAttribute('aria-label') || '').trim();
            return e.id || `${e.tagName.toLowerCase()}:${text}` }"""
        found = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            found.append(str(self.page.evaluate(script)))
        return found

    def assert_quiet(self) -> None:
        """Nothing was asked of the outside, and the console has no errors."""
        assert self.outside == [], "the page asked for addresses outside this machine"
        assert self.errors == [], "the browser's console has errors"


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium.

    Raises
    ------
    RuntimeError
        Where it is not installed: a test that needs a browser must fail, not be skipped.
    """
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise RuntimeError(MISSING)
    # Chromium's own sandbox refuses to start for root, as in a container.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*root, "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Any) -> Iterator[BrowserPage]:
    """A fresh page, 1280 pixels wide, that notes what it should not do."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    found = BrowserPage(page)

    def look(route: Any) -> None:
        url = urlsplit(route.request.url)
        if url.scheme in ("data", "blob", "about") or url.hostname in HERE:
            route.continue_()
        else:
            found.outside.append(route.request.url)
            route.abort()

    context.route("**/*", look)
    page.on("console", lambda message: message.type == "error" and found.errors.append(message.text))
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    try:
        yield found
    finally:
        context.close()
