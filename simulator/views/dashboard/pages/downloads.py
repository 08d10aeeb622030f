"""What can be taken away: tables as CSV and Parquet, the IAMC form, the house figures as PNG and SVG."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dash import Dash, html

from tanshi.language import mark, say, translate
from tanshi.simulator.views.charts.figures import TITLES
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.files import run_inside
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.pages.auction import label
from tanshi.simulator.views.dashboard.parts import heading, notice, prose, table

TITLE = mark("Downloads")
OF_FILLS = {"network": mark("Who traded with whom"), "matrix": mark("Trade from sector to sector")}
SO_MANY = mark("A figure of so many runs is drawn by `tanshi analyse`.")
LISTED = mark("The first {most} of {whole:,} runs are listed; all lie in {folder}.")
FORMS = ("PNG", "SVG", "PDF", "CSV")
OF_RUN = ("periods.csv", "trades.parquet", "scenario.yaml")
MANY = 60
"""Runs of a batch up to which figures are drawn."""


def view(desk: Desk, batch: Batch, search: str) -> list[Any]:
    """The page: plain links, each a file."""
    folder = quote(str(batch.folder), safe="")

    def link(name: str, words: str) -> html.A:
        return html.A(words, href=f"/files/{name}?folder={folder}", download=name.split("/")[-1])

    tables = [
        [
            link("iamc.csv", "iamc.csv"),
            say("every variable by year, the wide form of the integrated-assessment community"),
        ],
        [link("annual.csv", "annual.csv"), say("the same, a row a value: for every run")],
        [
            link("bands.csv", "bands.csv"),
            say("median of each scenario, 5th and 95th percentile; of fewer than 20 runs lowest and highest"),
        ],
    ]
    inside = run_inside(batch)
    of_fills = {name: f"{translate(words)}, {label(inside)}" for name, words in OF_FILLS.items() if inside.trades}
    pictures = [
        [words, html.Span([link(f"{name}.{kind.lower()}", kind) for kind in FORMS], className="links")]
        for name, words in (_titles(batch) | of_fills).items()
    ]
    command = f"`tanshi report {batch.folder} --figures FOLDER`"
    others = say("{command} draws more: order book, abatement costs, firms, energy flows, drift.", command=command)
    runs = [
        [
            run.name,
            html.Span([link(f"runs/{run.name}/{one}", one) for one in OF_RUN], className="links"),
            f"{run.trades:,}",
        ]
        for run in batch.runs[:MANY]
    ]  # fmt: skip
    more = [notice(say(LISTED, most=MANY, whole=len(batch.runs), folder=batch.folder))]
    head = [say("Figure"), say("File")]
    drawn = [table(head, pictures, say("Figures in the house style"), text=(0, 1)), html.P(prose(others))]
    return [
        *heading(translate(TITLE), say("From {folder}.", folder=batch.folder)),
        table([say("File"), say("What")], tables, say("Tables of the whole batch"), text=(0, 1)),
        *(drawn if len(batch.runs) <= MANY else [notice(say(SO_MANY))]),
        table([say("Run"), say("Files"), say("Fills")], runs, say("One run"), text=(0, 1)),
        *(more if len(batch.runs) > MANY else []),
    ]  # fmt: skip


def _titles(batch: Batch) -> dict[str, str]:
    """Figures of the whole batch: a fan needs several seeds, a comparison several scenarios."""
    named = {name: translate(title) for name, title in TITLES.items()}
    if len(batch.scenarios) < 2:
        named.pop("incidence")
    if all(len(runs) < 2 for runs in batch.scenarios.values()):
        named.pop("price_fan")
    return named


def register(app: Dash, desk: Desk) -> None:
    """Nothing to answer: the links lead to files."""
