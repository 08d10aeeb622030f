"""Downloads, and who may ask: files are made from a batch by fixed names, and only for pages of this machine."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import flask
import pandas as pd

from tanshi.language import say, translate
from tanshi.scenarios.document import said_once
from tanshi.scenarios.errors import UserError
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.iamc import iamc_table
from tanshi.simulator.results.store import read_run
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.figures import TITLES
from tanshi.simulator.views.charts.plots import Plots
from tanshi.simulator.views.charts.printing import csv
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, Run
from tanshi.simulator.views.dashboard.levers import file_of, read_link
from tanshi.simulator.views.detail import FROM_FILLS, detail_figures
from tanshi.simulator.views.guard import REFUSED, is_ours
from tanshi.simulator.views.reports.folder_report import shown_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = (*TITLES, *FROM_FILLS)
KINDS: dict[str, Callable[[Figure], bytes]] = {
    "png": style.png, "svg": style.svg, "pdf": style.pdf, "csv": csv
}  # fmt: skip
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
    " script-src 'self' 'unsafe-inline'; font-src 'self' data:; frame-ancestors 'none'; form-action 'self'"
)
"""What a page may load: nothing from elsewhere, whatever stands in its data."""


def add_routes(server: flask.Flask, desk: Desk) -> None:
    """Serve the files, refuse other hosts' pages, and forbid every request to the outside."""

    @server.before_request
    def only_this_machine() -> Any:
        ours = is_ours(flask.request.host, flask.request.headers.get("Origin", ""))
        return None if ours else flask.Response(translate(REFUSED), 403)

    @server.after_request
    def nothing_from_elsewhere(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @server.get("/fonts/" + style.HAN_FILE.name)
    def chinese_signs() -> flask.Response:
        return flask.send_file(style.HAN_FILE, mimetype="font/ttf", max_age=86_400)

    @server.get("/files/what-if.yaml")
    def levers_file() -> flask.Response:
        query = flask.request.query_string.decode("ascii", "ignore")
        return _or_words(lambda: file_of(read_link(query, desk)).encode("utf-8"), "what-if.yaml")

    @server.get("/files/<name>")
    def of_batch(name: str) -> flask.Response:
        return _or_words(lambda: batch_file(desk, desk.batch(flask.request.args.get("folder")), name), name)

    @server.get("/files/runs/<run>/<name>")
    def of_run(run: str, name: str) -> flask.Response:
        return _or_words(
            lambda: run_file(desk, desk.batch(flask.request.args.get("folder")), run, name), f"{run}-{name}"
        )


def _or_words(make: Any, name: str) -> flask.Response:
    try:
        content = make()
    except (StoreError, UserError) as error:
        return flask.Response(f"{error}\n", 404, mimetype="text/plain")
    if content is None:
        return flask.Response(say("There is no such file.") + "\n", 404, mimetype="text/plain")
    if isinstance(content, flask.Response):
        return content
    kinds = {
        "csv": "text/csv",
        "png": "image/png",
        "svg": "image/svg+xml",
        "pdf": "application/pdf",
        "yaml": "application/yaml",
    }
    return _attached(content, name, kinds.get(name.rsplit(".", 1)[-1], "application/octet-stream"))


def _attached(content: bytes, name: str, kind: str) -> flask.Response:
    return flask.send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)


def batch_file(desk: Desk, batch: Batch, name: str) -> bytes | None:
    """A file of a whole batch by its name; None for a name that is none."""
    if name == "iamc.csv":
        return _csv(iamc_table(desk.tables.results(batch)))
    if name == "annual.csv":
        frames = [
            run.light(r.annual).annual.assign(run=run.name)
            for run, r in zip(batch.runs, desk.tables.results(batch), strict=True)
        ]
        return _csv(pd.concat(frames, ignore_index=True))
    if name == "bands.csv":
        return _csv(desk.tables.bands(batch).rename(columns={"middle": "median"}))
    figure, _, kind = name.rpartition(".")
    if figure in FIGURES and kind in KINDS:
        drawn = _drawn(desk, batch, figure)
        return None if drawn is None else KINDS[kind](drawn)
    return None


def _drawn(desk: Desk, batch: Batch, name: str) -> Figure | None:
    if name not in FROM_FILLS:
        drawn: Figure = getattr(Plots(desk.tables.results(batch, periods=True)), name)()
        return drawn
    figures, left_out = detail_figures(read_run(run_inside(batch).folder), [name])
    if name in left_out:
        raise UserError(left_out[name])
    return figures[name]


def run_inside(batch: Batch) -> Run:
    """The run whose fills are drawn: the one that the report shows from the inside."""
    light = [run.light(pd.DataFrame()) for run in batch.runs]
    shown = shown_run(light)
    return next(run for run, one in zip(batch.runs, light, strict=True) if one is shown)


def run_file(desk: Desk, batch: Batch, run: str, name: str) -> bytes | flask.Response | None:
    """A file of one run; its fills are sent as they lie."""
    found = batch.run(run)
    if name == "periods.csv":
        return _csv(desk.tables.periods(found))
    if name == "scenario.yaml":
        from ruamel.yaml import YAML

        stream = io.StringIO()
        writer = YAML(typ="safe", pure=True)
        writer.default_flow_style = False
        writer.dump({key: value for key, value in said_once(found.parameters).items() if key != "extends"}, stream)
        return stream.getvalue().encode("utf-8")
    if name == "trades.parquet":
        path = found.folder / name
        if not path.is_file():
            raise StoreError("{path} is not there any more", path=path)
        return flask.send_file(path.absolute(), as_attachment=True, download_name=f"{run}-{name}")
    return None


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n", float_format="%.10g").encode("utf-8")
