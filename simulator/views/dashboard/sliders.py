"""One lever on the page: a slider, a box to type its number, and what is wrong with a number that it does not take.

The box that Dash itself puts beside a slider shows numbers that the slider has not taken; it is hidden (``style.css``).
"""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from tanshi.language import say, translate
from tanshi.simulator.views.dashboard.levers import Lever, levers
from tanshi.simulator.views.dashboard.parts import spoken


def slider_of(lever: Lever) -> str:
    """The id of a lever's slider."""
    return "what-if-" + lever.field.replace(".", "-")


def box_of(lever: Lever) -> str:
    """The id of the box beside it."""
    return slider_of(lever) + "-box"


def refusals() -> dict[str, str]:
    """What is said of a number that is not taken, with its places in brackets for the browser."""
    return {
        "number": say("Expected a number from [low] to [high]. The slider stays at [now]."),
        "refused": say("[given] is not taken: expected a number from [low] to [high]. The slider stays at [now]."),
    }


def view(lever: Lever, value: float) -> html.Div:
    """A lever where it stands."""
    low, high, step = (lever.shown(number) for number in (lever.low, lever.high, lever.step))
    marks = {low: f"{low:g}", high: say("none") if lever.none_at_top else f"{high:g}"}
    name, box = slider_of(lever), box_of(lever)
    slider = dcc.Slider(
        id=name, min=low, max=high, step=step, value=lever.shown(value), marks=marks, updatemode="drag",
        tooltip={"placement": "top", "always_visible": False},
    )  # fmt: skip
    typed = dcc.Input(id=box, type="number", step="any", value=lever.shown(value), debounce=True, autoComplete="off")
    return html.Div(
        [
            html.Label([translate(lever.title), html.Span(f" {translate(lever.unit)}", className="unit")], htmlFor=box),
            html.Div([html.Div(slider), typed], className="slid"),
            html.Small(id=name + "-problem", className="problem", role="alert"),
            dcc.Store(id=name + "-range", data={"box": box, "low": low, "high": high, **refusals()}),
        ],
        className="lever", role="group", **spoken(translate(lever.title)),
    )  # fmt: skip


def register(app: Dash) -> None:
    """Keep every slider and its box at one number; in the browser, so that a box follows a drag."""
    in_the_browser: Any = app.clientside_callback
    for lever in levers():
        name, box = slider_of(lever), box_of(lever)
        in_the_browser(
            ClientsideFunction("levers", "agree"),
            Output(name, "value", allow_duplicate=True),
            Output(box, "value"),
            Output(name + "-problem", "children"),
            Input(name, "value"),
            Input(box, "value"),
            State(name + "-range", "data"),
            prevent_initial_call=True,
        )
