"""The dashboard as a reader meets it: first view, clicks, sliders, two batches of a thousand runs, ten million fills.

Run from the project's folder: ``python -m benchmarks.dashboard DIR``, DIR a batch of the five scenarios; it needs
Debian's package `chromium`. Wall time by the browser's own clock, the median of several repeats, and what it is meant
to stay below. The machine should be idle: a busy one counts twice, in the server and in the browser.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from tanshi.simulator.machine.disk import write_table
from tanshi.simulator.results.identity import RunKey
from tanshi.simulator.results.reading import read_record
from tanshi.simulator.results.store import write_manifest, write_run
from tanshi.simulator.results.tables import TRADE_COLUMNS, RunResult
from tanshi.simulator.results.variables import FIRM_SECTORS
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.server import in_background
from tests.browser import chromium, watched

FILLS, FIRMS = 10_000_000, 600
RUNS = 1_000
"""Runs of each of two batches laid side by side."""


def row(what: str, seconds: list[float], goal: float) -> None:
    middle = statistics.median(seconds)
    print(f"{what:<52} {middle:8.3f} s   goal {goal:5.1f} s   ratio {middle / goal:5.2f}", flush=True)


def changed(page: Any, selector: str, act: Callable[[], Any]) -> float:
    """Seconds from an act until the words of a part of the page are others."""
    before = page.inner_text(selector)
    begun = time.perf_counter()
    act()
    page.wait_for_function(
        "([s, b]) => document.querySelector(s) && document.querySelector(s).innerText !== b", arg=[selector, before]
    )
    return time.perf_counter() - begun


def in_the_browser(folder: Path) -> None:
    with in_background(folder, folder.parent) as served, chromium() as browser, watched(browser) as shown:
        page = shown.page
        page.set_default_timeout(120_000)
        first = []
        for _ in range(4):
            begun = time.perf_counter()
            page.goto(served.address)
            page.wait_for_selector("#compare-view .js-plotly-plot .scatterlayer")
            first.append(time.perf_counter() - begun)
        row("first view of the batch", first[1:], 2.0)
        toggle = page.get_by_label("S1", exact=True)
        row("a scenario taken out or put back", [changed(page, "#summary", toggle.click) for _ in range(6)], 0.3)
        page.click("#to-firms")
        page.wait_for_selector("#firms-table")
        head = page.get_by_role("button", name="Net bought, t")
        row("firms sorted", [changed(page, "#firms-table", head.click) for _ in range(6)], 0.3)
        page.click("#to-network")
        page.wait_for_selector("#network-view .scatterlayer")
        kinds = [page.get_by_label(word, exact=True) for word in ("firms", "sectors")] * 3
        row("network of firms or of sectors", [changed(page, "#network-view", one.click) for one in kinds], 0.3)
        page.click("#to-what-if")
        page.wait_for_selector("#what-if-line")
        thumb = page.get_by_role("slider").first

        def move() -> None:
            thumb.focus()
            page.keyboard.press("ArrowRight")

        row("a slider, equilibrium only", [changed(page, "#what-if-line", move) for _ in range(8)], 0.3)
        page.get_by_label("full hybrid").click()
        page.get_by_text("Strategies:").wait_for()
        row("a slider, full hybrid", [changed(page, "#what-if-line", move) for _ in range(4)], 1.0)
        shown.assert_quiet()


def many_runs(template: Path, folder: Path, scenarios: tuple[str, ...], shift: float) -> None:
    """A batch as large as asked for: the runs of a stored one under other seeds, each year's values moved a little."""
    rng = np.random.default_rng(1)
    desk = Desk(template, template.parent)
    named: dict[str, str] = {}
    for scenario in scenarios:
        run = desk.batch(None).scenarios[scenario][0]
        annual, periods = (pd.read_parquet(run.folder / f"{name}.parquet") for name in ("annual", "periods"))
        record = read_record(run.folder)
        for seed in range(1, RUNS // len(scenarios) + 1):
            moved = annual.assign(seed=seed, value=annual["value"] * (1.0 + shift + 0.02 * rng.standard_normal()))
            parameters = {**run.parameters, "seed": seed}
            key = RunKey(scenario, parameters, seed, str(record["data"]), str(record["code"]))
            fills = pd.DataFrame(columns=list(TRADE_COLUMNS))
            result = RunResult(scenario, seed, moved, periods.assign(seed=seed), fills, parameters, run.meta)
            named[f"{scenario}-{seed:04d}"] = str(key.id)
            write_run(folder / f"{scenario}-{seed:04d}", result, key)
    write_manifest(folder, named, code=str(record["code"]), data={})
    desk.close()


def two_batches(template: Path) -> None:
    """A comparison of two batches of a thousand runs, from the address until its chart is drawn."""
    with tempfile.TemporaryDirectory() as place:
        one, other = Path(place) / "one", Path(place) / "other"
        many_runs(template, one, ("S1", "S5"), 0.0)
        many_runs(template, other, ("S1", "S5"), 0.03)
        asked = urlencode([("results", one), ("beside", f"{other}::S1"), ("beside", f"{other}::S5")])
        for what in ("as they lie", "gathered"):
            seconds = []
            for _ in range(2):  # a page that nobody has opened yet, twice
                with in_background(one, Path(place)) as served, chromium() as browser, watched(browser) as shown:
                    shown.page.set_default_timeout(120_000)
                    shown.page.goto(f"{served.address}/parameters")
                    begun = time.perf_counter()
                    shown.page.goto(f"{served.address}/?{asked}")
                    shown.page.wait_for_selector("#compare-view .js-plotly-plot .scatterlayer")
                    seconds.append(time.perf_counter() - begun)
            row(f"two batches of {RUNS:,} runs compared, {what}", seconds, 3.0)
            for folder in (one, other):
                compact(folder)


def made_up_fills(count: int) -> pd.DataFrame:
    """Fills that nobody made, as many as asked for."""
    rng = np.random.default_rng(1)
    codes = np.array(FIRM_SECTORS)
    buyer, seller = rng.integers(0, FIRMS, (2, count))
    each = FIRMS // len(codes)
    return pd.DataFrame(
        {
            "scenario": "S5", "seed": 1, "year": rng.integers(2022, 2031, count), "period": rng.integers(1, 13, count),
            "buyer": buyer, "seller": seller,
            "buyer_sector": codes[buyer // each], "seller_sector": codes[seller // each],
            "price": rng.integers(8000, 15000, count) / 100.0, "quantity_t": rng.integers(1, 5000, count),
        }
    )  # fmt: skip


def many_fills(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(folder, Path(place) / "huge"))
        desk = Desk(copy, Path(place))
        run = desk.batch(None).runs[-1]
        write_table(run.folder / "trades.parquet", made_up_fills(FILLS), TRADE_COLUMNS)
        questions: dict[str, Callable[[], Any]] = {
            "sectors, all years": lambda: desk.tables.sector_flows(run, None, None),
            "sectors, one period": lambda: desk.tables.sector_flows(run, 2025, 3),
            "largest pairs of a year": lambda: desk.tables.firm_pairs(run, 2025, None, 150),
            "all firms of a year": lambda: desk.tables.firms(run, 2025),
        }
        for what, ask in questions.items():
            begun = time.perf_counter()
            ask()
            row(f"ten million fills: {what}", [time.perf_counter() - begun], 2.0)
        desk.close()


if __name__ == "__main__":
    chosen = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    in_the_browser(chosen)
    two_batches(chosen)
    many_fills(chosen)
