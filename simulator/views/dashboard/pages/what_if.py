"""What if: sliders for the levers people argue about; each move runs the model and draws it beside the reference."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from tanshi.errors import TanshiError
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import library, load_scenario
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.variables import FIRM_SECTORS, emissions_of
from tanshi.simulator.results.variables import SECTORS as NAMES
from tanshi.simulator.views.charts.style import GREY
from tanshi.simulator.views.dashboard import sliders
from tanshi.simulator.views.dashboard.answer import SHOWN, Answer, what_if
from tanshi.simulator.views.dashboard.charts import NOW, against, bars, empty
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.levers import (
    EQUILIBRIUM,
    MODES,
    RULES,
    SECTORS,
    Settings,
    levers,
    link_of,
    read_link,
    scenario_of,
    settings_of,
    shares,
)
from tanshi.simulator.views.dashboard.parts import (
    choice,
    figure,
    figures,
    group,
    heading,
    notice,
    progress,
    running,
    sentence,
    share_done,
    table,
)
from tanshi.simulator.views.dashboard.sliders import slider_of
from tanshi.simulator.views.dashboard.warm import Superseded
from tanshi.simulator.views.table import signed

TITLE = "What if"
LEAD = (
    "Each move of a slider runs the model itself, and draws it beside the scenario it began from. In the"
    " equilibrium-only mode there are no firms, so that strategies move nothing there."
)


def view(desk: Desk, batch: Any, search: str) -> list[Any]:
    """The page, with the levers as the link says."""
    now = read_link(search)
    offered = [sliders.view(lever, now.numbers[lever.field]) for lever in levers()]
    names = {sector: NAMES[sector].name for sector in SECTORS}
    panel = html.Div(
        [
            choice("what-if-base", "Scenario to begin from", library(), now.base),
            group("what-if-mode", "Model", MODES, now.mode),
            *offered,
            group("what-if-covered", "Sectors that trade", names, list(now.covered), many=True),
            group("what-if-rule", "How allowances are given", RULES, now.rule),
            html.Button("Back to the scenario", id="what-if-reset"),
            html.P(
                [
                    html.A("Link to these settings", id="what-if-link", href="/what-if"), " ",
                    html.A("Scenario file", id="what-if-file", href="/files/what-if.yaml", download="what-if.yaml"),
                ],
                className="links",
            ),
        ],
        className="levers",
    )  # fmt: skip
    drawn = [figure(title, unit, empty("…"), "", name=f"what-if-{name}") for _, name, title, unit, _, _ in SHOWN]
    drawn.append(figure("Emissions by sector, last year", "Mt CO₂", empty("…"), "", name="what-if-sectors"))
    told = html.Div([progress("what-if"), html.Div(id="what-if-words", role="status")])
    return [
        *heading(TITLE, LEAD),
        html.Div([panel, html.Div([told, figures(*drawn)], className="answer")], className="split"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the sliders; put them where a newly chosen scenario has them."""
    sliders.register(app)
    offered = levers()
    outputs = [Output(f"what-if-{name}", "figure") for _, name, *_ in SHOWN]

    @app.callback(
        *outputs,
        Output("what-if-sectors", "figure"),
        Output("what-if-words", "children"),
        Output("what-if-link", "href"),
        Output("what-if-file", "href"),
        Input("what-if-base", "value"),
        Input("what-if-mode", "value"),
        Input("what-if-covered", "value"),
        Input("what-if-rule", "value"),
        *(Input(slider_of(lever), "value") for lever in offered),
        running=running("what-if"),
    )
    def redraw(base: str, mode: str, covered: list[str] | None, rule: str, *values: float | None) -> tuple[Any, ...]:
        turn = desk.levers.turn()  # first of all: two positions made ready at once must not change places
        numbers = {lever.field: float(v) for lever, v in zip(offered, values, strict=True) if v is not None}
        now = Settings(base, mode, numbers, tuple(covered or ()), rule)
        try:
            before, after = answers(desk, now, turn)
        except Superseded:
            raise PreventUpdate from None
        except (UserError, StoreError) as error:
            return (*[no_update] * (len(outputs) + 1), notice(sentence(error), alert=True), no_update, no_update)
        query = link_of(now)
        charts = [
            against(after.years, after.values[v], before.values[v], from_zero=zero, digits=digits)
            for v, _, _, _, zero, digits in SHOWN
        ]
        words = said(before, after, now)
        return (*charts, _sectors(before, after), words, f"/what-if?{query}", f"/files/what-if.yaml?{query}")

    @app.callback(
        *(Output(slider_of(lever), "value") for lever in offered),
        Output("what-if-covered", "value"),
        Output("what-if-rule", "value"),
        Input("what-if-base", "value"),
        Input("what-if-reset", "n_clicks"),
        prevent_initial_call=True,
    )
    def begin_from(base: str, clicks: int | None) -> tuple[Any, ...]:
        now = settings_of(base)
        return (*(now.numbers[lever.field] for lever in offered), list(now.covered), now.rule)

    @app.callback(
        Output("what-if-progress", "children"),
        Input("what-if-tick", "n_intervals"),
        State("what-if-mode", "value"),
        prevent_initial_call=True,
    )
    def tell(ticks: int, mode: str) -> Any:
        return [] if mode == "equilibrium" else share_done(desk.levers.progress, "Running the model")


def answers(desk: Desk, now: Settings, turn: int | None = None) -> tuple[Answer, Answer]:
    """The reference and the what-if; the reference is worked out once. ``turn`` as in `WarmWorker.ask`.

    Raises
    ------
    Superseded
        Where a newer position was asked for in the meantime.
    UserError
        Where the levers contradict each other, or the economy has no equilibrium there.
    """
    changed = scenario_of(now)
    key = ("reference", now.base, now.mode)
    base = load_scenario(now.base, EQUILIBRIUM if now.mode == "equilibrium" else {})
    before: Answer = desk.tables.kept(key, lambda: desk.levers.ask(what_if, base, turn))
    try:
        return before, desk.levers.ask(what_if, changed, turn)
    except (StoreError, UserError):
        raise
    except TanshiError as error:
        raise UserError("The model has no answer here: {error}", error=error) from error


def said(before: Answer, after: Answer, now: Settings) -> list[Any]:
    """The last year in numbers, and what was computed."""
    rows = []
    for variable, _, title, unit, _, digits in SHOWN:
        old, new = before.values[variable][-1], after.values[variable][-1]
        change = f"{signed(100 * (new / old - 1), 2)} %" if old else "–"
        rows.append(
            [
                html.Span([title, html.Span(f", {unit}", className="unit")]),
                f"{old:,.{digits}f}",
                f"{new:,.{digits}f}",
                change,
            ]
        )
    heads = ["", "Reference", "What if", "Change"]
    mix = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares(now).items() if share)
    strategies = f" Strategies: {mix}." if now.mode == "hybrid" else ""
    price, emitted = SHOWN[0][0], SHOWN[1][0]
    line = (
        f"{after.years[-1]}: {before.values[price][-1]:,.1f} → {after.values[price][-1]:,.1f} yuan/t,"
        f" {before.values[emitted][-1]:,.1f} → {after.values[emitted][-1]:,.1f} Mt CO₂."
    )
    how = f"{now.base} and what if, computed by the model in {after.seconds:.2f} s.{strategies}"
    return [
        html.P(line, id="what-if-line"),
        html.P(how, className="unit"),
        table(heads, rows, f"In {after.years[-1]}"),
    ]


def _sectors(before: Answer, after: Answer) -> dict[str, Any]:
    series = {
        "reference": [before.values[emissions_of(code)][-1] for code in FIRM_SECTORS],
        "what if": [after.values[emissions_of(code)][-1] for code in FIRM_SECTORS],
    }
    made = bars([NAMES[code].name for code in FIRM_SECTORS], series, [], digits=2)
    for trace, colour in zip(made["data"], (GREY, NOW), strict=True):
        trace["marker"] = {"color": colour}
    return made
