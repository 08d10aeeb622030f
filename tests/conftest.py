"""One thread for every test process, as in every run; a browser for the tests of pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from tanshi.numerics.threads import use_one_thread

use_one_thread()

from tests.browser import BrowserPage, chromium, watched  # noqa: E402


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, started once a test process."""
    with chromium() as found:
        yield found


@pytest.fixture
def browser_page(browser: Any) -> Iterator[BrowserPage]:
    """A page whose test fails where it asked for anything outside this machine or its console has errors.

    A test that provokes errors on purpose clears ``errors`` itself.
    """
    with watched(browser) as page:
        yield page
        page.assert_quiet()
