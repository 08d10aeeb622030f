"""Equations of the guide are set with what comes with it, every one, and nobody else is asked for anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import markdown
import pytest

from tanshi.simulator.guide.pages import DOCS
from tests.browser import BrowserPage

EXTENSIONS = ["tables", "attr_list", "md_in_html", "pymdownx.superfences", "pymdownx.arithmatex"]
PAGES = sorted(path.stem for path in DOCS.glob("*.md") if "$$" in path.read_text(encoding="utf-8"))
HEAD = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>t</title>
<link rel="stylesheet" href="/vendor/katex/katex.min.css"><link rel="icon" href="data:,">
<script src="/vendor/katex/katex.min.js"></script><script src="/vendor/page.js"></script>
"""


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...

    def do_GET(self) -> None:
        name = self.path.strip("/").removesuffix(".html")
        if name not in PAGES:
            return super().do_GET()
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        made = markdown.markdown(
            text, extensions=EXTENSIONS, extension_configs={"pymdownx.arithmatex": {"generic": True}}
        )
        content = (HEAD + made).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return None


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(DOCS)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_equation_is_set(browser_page: BrowserPage, address: str) -> None:
    assert {"model", "market", "live", "forest_sinks"} <= set(PAGES)
    page = browser_page.page
    for name in PAGES:
        page.goto(f"{address}/{name}.html")
        count, done = page.evaluate(
            "() => [document.querySelectorAll('.arithmatex').length, document.querySelectorAll('.arithmatex > .katex,"
            " .arithmatex > .katex-display').length]"
        )
        assert count == done > 0, name
        assert page.locator(".katex-error").count() == 0
        left = page.evaluate("() => document.body.innerText.match(/\\$[^$\\n]{3,80}\\$/g)")
        assert left is None, (name, left)
    font = page.evaluate("() => document.fonts.load('16px KaTeX_Main').then(found => found.length)")
    assert font >= 1


def test_katex_is_vendored_with_its_licence_and_nothing_of_it_is_missing() -> None:
    folder = DOCS / "vendor/katex"
    style = (folder / "katex.min.css").read_text(encoding="utf-8")
    named = {part.split(")")[0] for part in style.split("url(")[1:]}
    assert named == {f"fonts/{path.name}" for path in Path(folder / "fonts").iterdir()}
    assert "MIT" in (folder / "LICENSE").read_text(encoding="utf-8")
