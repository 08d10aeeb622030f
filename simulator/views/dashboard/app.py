"""The dashboard put together: one frame, a page for every address, the choice of the folder of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, State, ctx, dcc, html, no_update

from tanshi import language
from tanshi.language import say, translate
from tanshi.simulator.results.reading import or_broken
from tanshi.simulator.studies.query import check_tables
from tanshi.simulator.views.dashboard import address
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.files import add_routes
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow
from tanshi.simulator.views.dashboard.pages import (
    accounts,
    auction,
    compare,
    downloads,
    firms,
    flows,
    network,
    parameters,
    sectors,
    start,
    sweeps,
    what_if,
)
from tanshi.simulator.views.dashboard.parts import notice, spoken, told

View = Callable[[Desk, Any, str], list[Any]]


@dataclass(frozen=True)
class Page:
    """One page: its address, what makes it, and whether it needs results."""

    path: str
    title: str
    view: View
    register: Callable[[Dash, Desk], None]
    needs_results: bool = True


PAGES = (
    Page("/", compare.TITLE, compare.view, compare.register),
    Page("/accounts", accounts.TITLE, accounts.view, accounts.register),
    Page("/sectors", sectors.TITLE, sectors.view, sectors.register),
    Page("/order-book", auction.TITLE, auction.view, auction.register),
    Page("/network", network.TITLE, network.view, network.register),
    Page("/firms", firms.TITLE, firms.view, firms.register),
    Page("/flows", flows.TITLE, flows.view, flows.register),
    Page("/sweep", sweeps.TITLE, sweeps.view, sweeps.register),
    Page("/parameters", parameters.TITLE, parameters.view, parameters.register),
    Page("/downloads", downloads.TITLE, downloads.view, downloads.register),
    Page("/what-if", what_if.TITLE, what_if.view, what_if.register, needs_results=False),
    Page("/start", start.TITLE, start.view, start.register, needs_results=False),
)
KEPT = (compare.KEPT, accounts.KEPT)
LARGEST_REQUEST = 16_000_000
"""Bytes; the widest tables and figures that a page sends back are a tenth of it."""
FRAME = """<!DOCTYPE html>
<html lang="{language}"><head>{{%metas%}}<title>{{%title%}}</title>{{%favicon%}}{{%css%}}</head>
<body>{{%app_entry%}}<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer></body></html>"""


def make_app(desk: Desk) -> Dash:
    """The application over a desk; nothing it serves comes from outside this machine."""
    app = Dash(
        "tanshi", assets_folder=_assets(), serve_locally=True, suppress_callback_exceptions=True, title="Tanshi 碳市",
        update_title="", index_string=FRAME.format(language=language.spoken()), add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )  # fmt: skip
    app.server.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.layout = lambda: frame(desk)
    _route(app, desk)
    address.register(app, KEPT)
    for page in PAGES:
        page.register(app, desk)
    add_routes(app.server, desk)
    return app


def _assets() -> str:
    from pathlib import Path

    return str(Path(__file__).parent / "assets")


def frame(desk: Desk) -> html.Div:
    """What all pages have in common."""
    folders = desk.folders()
    options = [{"label": path.name, "value": name} for name, path in folders.items()]
    chosen = dcc.Dropdown(
        id="folder", options=options, value=desk.default(), clearable=False, searchable=len(folders) > 8
    )
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            html.A(say("Skip to the page"), href="#page", className="skip"),
            html.Header(
                [
                    html.H1([html.Span("Tanshi "), html.Span("碳市", lang="zh")]),
                    html.Div([html.Label(say("Results"), htmlFor="folder"), chosen], className="folder"),
                    html.Button(say("Read again"), id="again", title=say("Read the folder again: runs may have come")),
                ]
            ),
            html.Nav(
                [dcc.Link(translate(page.title), href=page.path, id=_link(page)) for page in PAGES],
                **spoken(say("Pages")),
            ),
            html.Main(id="page", tabIndex=-1),
            dcc.Store(id="shown"),
            dcc.Store(id="address"),
        ]
    )


def _link(page: Page) -> str:
    return "to" + (page.path.replace("/", "-") if page.path != "/" else "-compare")


def page_of(path: str | None) -> Page | None:
    """The page of an address."""
    wanted = "/" + (path or "/").strip("/")
    return next((page for page in PAGES if page.path == wanted), None)


def _route(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output("page", "children"),
        Output("folder", "value"),
        Output("shown", "data"),
        Input("url", "pathname"),
        Input("folder", "value"),
        Input("again", "n_clicks"),
        State("url", "search"),
        State("address", "data"),
    )
    def show(
        path: str | None, folder: str | None, clicks: int | None, search: str | None, now: str | None
    ) -> tuple[Any, Any, Any]:
        asked, named = (search or ""), folder
        if ctx.triggered_id == "folder":
            asked = ""  # what was chosen of the folder before is none of this one's
        elif ctx.triggered_id == "again":
            asked = now or ""
        else:
            named = next(iter(address.read_address(asked).get(address.FOLDER, [])), folder)
        content = told(draw)(desk, path, named, asked)
        there = named in desk.folders()
        return content, named if there and named != folder else no_update, {"folder": named if there else folder}

    @app.callback(*(Output(_link(page), "className") for page in PAGES), Input("url", "pathname"))
    def mark(path: str | None) -> tuple[str, ...]:
        here = page_of(path)
        return tuple("here" if page is here else "" for page in PAGES)

    @app.callback(
        Output("folder", "options"), Input("again", "n_clicks"), Input("url", "pathname"), prevent_initial_call=True
    )
    def listed(clicks: int | None, path: str | None) -> list[dict[str, str]]:
        return [{"label": place.name, "value": name} for name, place in desk.folders().items()]


def draw(desk: Desk, path: str | None, folder: str | None, search: str) -> list[Any]:
    """The content of a page.

    Raises
    ------
    StoreError
        Where it needs results and there are none.
    """
    page = page_of(path)
    if page is None:
        return [notice(say("There is no such page; the pages are listed above."), alert=True)]
    if not page.needs_results:
        return page.view(desk, _batch_if_any(desk, folder), search)
    batch = desk.batch(folder)
    with or_broken(lambda: check_tables(batch.folder)):
        return [*(notice(text) for text in batch.notes), *page.view(desk, batch, search)]


def _batch_if_any(desk: Desk, folder: str | None) -> Batch | None:
    """The folder's results, for a page that can do without."""
    try:
        return desk.batch(folder)
    except NothingToShow:
        return None
