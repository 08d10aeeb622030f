"""Start a run from the page: a built-in scenario with edited fields, checked as in a file, watched and cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from tanshi.errors import said
from tanshi.language import mark, say, translate
from tanshi.scenarios.calibrated import STATUS, calibrated
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.parameters import Parameter, describe_parameters
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.views.dashboard.bases import Base, built_in, find_base, offered
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.edit import RAW, checked
from tanshi.simulator.views.dashboard.levers import base_scenario
from tanshi.simulator.views.dashboard.pages.parameters import written
from tanshi.simulator.views.dashboard.parts import choice, controls, heading, labelled, notice, sentence
from tanshi.simulator.views.dashboard.runs import Standing
from tanshi.simulator.views.vocabulary import group_name, status_name, unit_name

TITLE = mark("Start a run")
LEAD = mark(
    "An empty field stays as in the scenario, whose value stands in it in grey. What is typed is checked as in a"
    " scenario file when you leave the field; 5 % and 0.05 are the same. Results go to a new folder beside the others."
)
NOT_HERE = ("extends",)
OPEN = ("", "years", "cap")
MOST_SEEDS = 50


def view(desk: Desk, batch: Any, search: str) -> list[Any]:
    """The page."""
    first = built_in("S1")
    return [
        *heading(translate(TITLE), translate(LEAD)),
        controls(
            choice("start-base", say("Scenario to begin from"), offered(batch, first), first.key),
            labelled(say("Seeds"), dcc.Input(id="start-seeds", type="number", min=1, max=MOST_SEEDS, step=1, value=1)),
            html.Div(
                [
                    html.Button(say("Start the run"), id="start-go", className="main"),
                    html.Button(say("Cancel"), id="start-cancel", disabled=desk.started.standing.state != "running"),
                ],
                className="control buttons",
            ),
        ),
        html.Div(id="start-problems", role="status"),
        html.Div(standing(desk.started.standing), id="start-standing", role="status"),
        html.Button(say("Show its results"), id="start-show", hidden=desk.started.standing.state != "finished"),
        dcc.Interval(id="start-tick", interval=600),
        html.Details(
            [
                html.Summary(say("As a scenario file")),
                html.Label(
                    [
                        say("Lines of YAML as a scenario file has them; they go before the fields below."),
                        dcc.Textarea(
                            id={"field": RAW},
                            value="",
                            placeholder="cap: {tightness: 0.08}",
                            maxLength=5000,
                            className="raw",
                            spellCheck=False,
                        ),
                    ]
                ),
                html.Small(id={"problem": RAW}, className="problem", role="alert"),
            ]
        ),
        html.Div(_fields(first), id="start-fields"),
    ]


def _fields(base: Base) -> list[Any]:
    """The fields of the schema, group by group."""
    scenario = base_scenario(base)
    held = written(scenario.model_dump(mode="json"))
    fitted = {row.field for row in calibrated(scenario.economy)}
    groups: dict[str, list[Parameter]] = {}
    for row in describe_parameters():
        if row.name not in NOT_HERE:
            known = replace(row, status=STATUS) if row.name in fitted else row
            groups.setdefault(row.name.rpartition(".")[0], []).append(known)
    out = []
    for name, members in groups.items():
        title = group_name(name)
        shown = {
            "name": f"{base.name}-edited",
            **{row.name: held.get(row.name, "") for row in members if row.name != "name"},
        }
        boxes = html.Div([_field(row, shown[row.name]) for row in members], className="fields")
        opened: dict[str, Any] = {"open": True} if name in OPEN else {}
        out.append(html.Details([html.Summary(title), boxes], **opened))
    return out


def _field(row: Parameter, held: str) -> html.Div:
    name = row.name
    # Read when the reader leaves the field, which a click on a button does first of all.
    box: Any = dcc.Input(
        id={"field": name}, type="text", value="", placeholder=held, debounce=True, maxLength=300, autoComplete="off"
    )
    words = row.choices or (("true", "false") if row.kind == "true or false" else ())
    if words:
        usual = say("{value}, as in the scenario", value=held)
        offered = {"": usual, **{word: word for word in words}}
        listed = [{"label": text, "value": word} for word, text in offered.items()]
        box = dcc.Dropdown(id={"field": name}, options=listed, value="", clearable=False, searchable=False)
    unit = f", {unit_name(row.unit)}" if row.unit != "-" else ""
    may = "" if words else said(row.allowed)
    told = "; ".join(part for part in (f"{may[:1].upper()}{may[1:]}", status_name(row.status)) if part)
    meaning = translate(row.description).replace("``", "").rstrip("。.")
    return html.Div(
        [
            html.Label([f"{meaning}{unit} ", html.Code(name), box]),
            html.Small(f"{told}."),
            html.Small(id={"problem": name}, className="problem"),
        ],
        className="field",
    )


def register(app: Dash, desk: Desk) -> None:
    """Check what is typed, start, watch and cancel the run."""

    @app.callback(Output("start-fields", "children"), Input("start-base", "value"), prevent_initial_call=True)
    def begin_from(base: str) -> Any:
        try:
            return _fields(find_base(desk, base))
        except (UserError, StoreError) as error:
            return notice(sentence(error), alert=True)

    # One callback checks and starts: a click that follows a correction at once has the last word, on what was typed.
    @app.callback(
        Output({"problem": ALL}, "children"),
        Output("start-problems", "children"),
        Output("start-standing", "children", allow_duplicate=True),
        Input("start-go", "n_clicks"),
        Input({"field": ALL}, "value"),
        Input("start-seeds", "value"),
        State({"field": ALL}, "id"),
        State({"problem": ALL}, "id"),
        State("start-base", "value"),
        prevent_initial_call=True,
    )
    def check(
        clicks: int | None, values: list[str | None], seeds: Any, fields: list[Any], places: list[Any], base: str
    ) -> tuple[list[str], Any, Any]:
        try:
            scenario, _, problems = checked(find_base(desk, base), texts_of(fields, values))
        except StoreError as error:  # the folder it begins from went away
            return [""] * len(places), notice(sentence(error), alert=True), no_update
        beside = [problems.get(place["problem"], "") for place in places]
        asked = bool(clicks) and "start-go" in ctx.triggered_prop_ids.values()
        if said := wrong(problems, seeds):
            return beside, notice(say("Nothing was started. {why}", why=said) if asked else said, alert=True), no_update
        if scenario is None or not asked:
            return beside, "", no_update
        try:
            return beside, "", standing(desk.started.start(scenario, desk.root, seeds))
        except UserError as error:
            return beside, notice(sentence(error), alert=True), no_update

    @app.callback(
        Output("start-standing", "children"),
        Output("start-show", "hidden"),
        Output("start-cancel", "disabled"),
        Input("start-tick", "n_intervals"),
        Input("start-cancel", "n_clicks"),
        State("start-show", "hidden"),
        prevent_initial_call=True,
    )
    def watch(ticks: int, cancelled: int | None, hidden: bool | None) -> tuple[Any, Any, Any]:
        if ctx.triggered_id == "start-cancel":
            desk.started.cancel()
        now = desk.started.standing
        if ctx.triggered_id == "start-tick" and now.state != "running" and (now.state == "finished") != bool(hidden):
            return no_update, no_update, no_update
        return standing(now), now.state != "finished", now.state != "running"

    @app.callback(
        Output("folder", "options", allow_duplicate=True),
        Output("folder", "value", allow_duplicate=True),
        Output("url", "pathname", allow_duplicate=True),
        Input("start-show", "n_clicks"),
        prevent_initial_call=True,
    )
    def show(clicks: int | None) -> tuple[Any, Any, Any]:
        folder = desk.started.standing.folder
        if not clicks or folder is None:
            raise PreventUpdate
        chosen = next((name for name, path in desk.folders().items() if path.absolute() == folder.absolute()), None)
        return list(desk.folders()), chosen, "/"


def texts_of(fields: list[Any], values: list[str | None]) -> dict[str, str]:
    """Field to what was typed into it."""
    return {str(field["field"]): value or "" for field, value in zip(fields, values, strict=True)}


def wrong(problems: Mapping[str, str], seeds: object) -> str:
    """What keeps a run from being started, in words; empty where nothing does.

    Parameters
    ----------
    problems
        Of `tanshi.simulator.views.dashboard.edit.checked`.
    seeds
        How many, as the page has them; None where what was typed is no number that it takes.
    """
    out = []
    if count := len(problems):
        which = ", ".join(name for name in problems if name)
        rest = problems.get("", "")
        template = mark("{count} fields cannot be used; see beside {which}. {rest}")
        if count == 1:
            template = mark("{count} field cannot be used; see beside {which}. {rest}")
        out.append(say(template, count=count, which=which or say("them"), rest=rest))
    if not isinstance(seeds, int) or not 1 <= seeds <= MOST_SEEDS:
        out.append(say("Seeds: expected a whole number from 1 to {most}.", most=MOST_SEEDS))
    return " ".join(out).strip()


def standing(now: Standing) -> Any:
    """How far the run is, in words and as a bar."""
    if now.state == "none":
        return ""
    if now.state == "running":
        said = say("{name} is starting.", name=now.name)
        if now.total:
            said = say("{name} is running: {done} of {total} periods.", name=now.name, done=now.done, total=now.total)
        return html.Div([html.P(said), html.Progress(value=str(now.done), max=str(now.total or 1))], className="notice")
    if now.state == "finished":
        return notice(say("{name} is finished, in {folder}.", name=now.name, folder=now.folder))
    if now.state == "cancelled":
        return notice(say("{name} was cancelled; nothing of it is kept.", name=now.name))
    return notice(say("{name} failed and has no results: {error}", name=now.name, error=now.message), alert=True)
