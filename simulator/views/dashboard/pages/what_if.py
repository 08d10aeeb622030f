"""What if: sliders for the levers people argue about; each move runs the model and draws it beside the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from tanshi.errors import TanshiError
from tanshi.language import listed, mark, say, translate
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.variables import emissions_of
from tanshi.simulator.views.charts.style import GREY
from tanshi.simulator.views.dashboard import sliders
from tanshi.simulator.views.dashboard.answer import SHOWN, Answer, what_if
from tanshi.simulator.views.dashboard.bases import economies_of, find_base, offered
from tanshi.simulator.views.dashboard.charts import NOW, against, bars, empty
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import NothingToShow
from tanshi.simulator.views.dashboard.levers import (
    MODES,
    RULES,
    Settings,
    base_scenario,
    levers,
    link_of,
    read_link,
    scenario_of,
    sectors_of,
    settings_of,
    shares,
)
from tanshi.simulator.views.dashboard.pages.firms import strategy_name
from tanshi.simulator.views.dashboard.parts import (
    choice,
    figure,
    figures,
    group,
    heading,
    notice,
    progress,
    prose,
    running,
    sentence,
    share_done,
    table,
)
from tanshi.simulator.views.dashboard.reach import beyond
from tanshi.simulator.views.dashboard.sliders import slider_of
from tanshi.simulator.views.dashboard.warm import Superseded
from tanshi.simulator.views.sectors import sector_name
from tanshi.simulator.views.table import signed
from tanshi.simulator.views.vocabulary import mode_words

TITLE = mark("What if")
LEAD = mark(
    "Each move of a slider runs the model itself, and draws it beside the scenario it began from. Without firms every"
    " year clears by itself and strategies move nothing; the full hybrid is what `tanshi run` computes, so its prices"
    " are those of the page of scenarios."
)


def view(desk: Desk, batch: Any, search: str) -> list[Any]:
    """The page, with the levers as the link says."""
    told = None
    try:
        now = read_link(search, desk)
    except NothingToShow as error:
        now, told = read_link(""), notice(sentence(error), alert=True)
    moving = [sliders.view(lever, now.numbers[lever.field]) for lever in levers()]
    names = {sector: sector_name(sector) for sector in sectors_of(now.base)}
    rules = {key: translate(words) for key, words in RULES.items()}
    file = "what-if.yaml"
    panel = html.Div(
        [
            choice("what-if-base", say("Scenario to begin from"), offered(batch, now.base), now.base.key),
            choice("what-if-economy", say("Economy"), economies_of(now.base), now.base.economy),
            group("what-if-mode", say("Model"), {k: translate(v) for k, v in MODES.items()}, now.mode),
            *moving,
            group("what-if-covered", say("Sectors that trade"), names, list(now.covered), many=True),
            group("what-if-rule", say("How allowances are given"), rules, now.rule),
            html.Button(say("Back to the scenario"), id="what-if-reset"),
            html.P(
                [
                    html.A(say("Link to these settings"), id="what-if-link", href="/what-if"), " ",
                    html.A(say("Scenario file"), id="what-if-file", href=f"/files/{file}", download=file),
                ],
                className="links",
            ),
        ],
        className="levers",
    )  # fmt: skip
    drawn = [
        figure(translate(title), translate(unit), empty("…"), "", name=f"what-if-{name}")
        for _, name, title, unit, _, _ in SHOWN
    ]
    drawn.append(figure(say("Emissions by sector, last year"), say("Mt CO₂"), empty("…"), "", name="what-if-sectors"))
    answer = html.Div([progress("what-if"), html.Div(id="what-if-words", role="status"), dcc.Store(id="what-if-kept")])
    return [
        *heading(translate(TITLE), prose(translate(LEAD))),
        *([told] if told else []),
        html.Div([panel, html.Div([answer, figures(*drawn)], className="answer")], className="split"),
    ]


def register(app: Dash, desk: Desk) -> None:
    """Answer the sliders; put them where a newly chosen scenario has them."""
    sliders.register(app)
    moving = levers()
    outputs = [Output(f"what-if-{name}", "figure") for _, name, *_ in SHOWN]

    @app.callback(
        *outputs,
        Output("what-if-sectors", "figure"),
        Output("what-if-words", "children"),
        Output("what-if-link", "href"),
        Output("what-if-file", "href"),
        Input("what-if-base", "value"),
        Input("what-if-economy", "value"),
        Input("what-if-mode", "value"),
        Input("what-if-covered", "value"),
        Input("what-if-rule", "value"),
        *(Input(slider_of(lever), "value") for lever in moving),
        running=running("what-if"),
    )
    def redraw(
        base: str, economy: str, mode: str, covered: list[str] | None, rule: str, *values: float | None
    ) -> tuple[Any, ...]:
        turn = desk.levers.turn()  # first of all: two positions made ready at once must not change places
        numbers = {lever.field: lever.held(v) for lever, v in zip(moving, values, strict=True) if v is not None}
        try:
            now = Settings(find_base(desk, base, economy), mode, numbers, tuple(covered or ()), rule)
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
        return (
            *charts,
            _sectors(before, after, sectors_of(now.base)),
            words,
            f"/what-if?{query}",
            f"/files/what-if.yaml?{query}",
        )

    @app.callback(
        *(Output(slider_of(lever), "value") for lever in moving),
        Output("what-if-covered", "options"),
        Output("what-if-covered", "value"),
        Output("what-if-rule", "value"),
        Output("what-if-economy", "options"),
        Output("what-if-economy", "value"),
        Input("what-if-base", "value"),
        Input("what-if-economy", "value"),
        Input("what-if-reset", "n_clicks"),
        prevent_initial_call=True,
    )
    def begin_from(base: str, economy: str, clicks: int | None) -> tuple[Any, ...]:
        try:
            now = settings_of(find_base(desk, base, economy))
        except (UserError, StoreError):
            raise PreventUpdate from None  # the answer says what is wrong
        listed = [{"label": words, "value": name} for name, words in economies_of(now.base).items()]
        switches = [{"label": sector_name(sector), "value": sector} for sector in sectors_of(now.base)]
        positions = (lever.shown(now.numbers[lever.field]) for lever in moving)
        return (*positions, switches, list(now.covered), now.rule, listed, now.base.economy)

    @app.callback(
        Output("what-if-progress", "children"),
        Input("what-if-tick", "n_intervals"),
        State("what-if-mode", "value"),
        prevent_initial_call=True,
    )
    def tell(ticks: int, mode: str) -> Any:
        return [] if mode == "equilibrium" else share_done(desk.levers.progress, say("Running the model"))


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
    base = base_scenario(now.base, now.mode)
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
                html.Span([translate(title), html.Span(f", {translate(unit)}", className="unit")]),
                f"{old:,.{digits}f}",
                f"{new:,.{digits}f}",
                change,
            ]
        )
    heads = ["", say("Reference"), translate(TITLE), say("Change")]
    parts = [(name, share) for name, share in shares(now).items() if share]
    mix = listed([f"{strategy_name(name)} {100 * share:.0f} %" for name, share in parts])
    price, emitted = SHOWN[0][0], SHOWN[1][0]
    line = say(
        "{year}: {old:,.1f} → {new:,.1f} yuan/t, {before:,.1f} → {after:,.1f} Mt CO₂.",
        year=after.years[-1], old=before.values[price][-1], new=after.values[price][-1],
        before=before.values[emitted][-1], after=after.values[emitted][-1],
    )  # fmt: skip
    how = say("{base} and what if: {mode}; computed in {seconds:.2f} s.", base=now.base.name,
              mode=mode_words(scenario_of(now).model_dump()), seconds=after.seconds)  # fmt: skip
    if now.mode == "hybrid":
        how = say("{how} Strategies: {mix}.", how=how, mix=mix)
    return [
        html.P(line, id="what-if-line"),
        *([notice(of_provinces(base_scenario(now.base)))] if base_scenario(now.base).economies else []),
        *(notice(words, alert=True) for words in beyond(before, after, sectors_of(now.base))),
        html.P(how, className="unit"),
        table(heads, rows, say("In {year}", year=after.years[-1])),
    ]


def of_provinces(known: Scenario) -> str:
    """What is to be known of a market of several provinces."""
    words = say(
        "{provinces} in one market: price as paid by all who trade, everything else added up.",
        provinces=listed(list(known.all_economies)),
    )
    apart = [economy for economy in known.all_economies if known.by_economy.get(economy, {}).get("cap")]
    if apart:
        words += " " + say(
            "The cap of {provinces} is the scenario's own, which no slider moves.", provinces=listed(apart)
        )
    return words


def _sectors(before: Answer, after: Answer, sectors: Sequence[str]) -> dict[str, Any]:
    series = {
        say("reference"): [before.values[emissions_of(code)][-1] for code in sectors],
        say("what if"): [after.values[emissions_of(code)][-1] for code in sectors],
    }
    made = bars([sector_name(code) for code in sectors], series, [], digits=2)
    for trace, colour in zip(made["data"], (GREY, NOW), strict=True):
        trace["marker"] = {"color": colour}
    return made
