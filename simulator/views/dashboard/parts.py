"""The pieces every page is made of: notices, captions, labelled controls, tables; errors become words on the page."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.exceptions import PreventUpdate

from tanshi.language import say
from tanshi.scenarios.errors import UserError
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.views.dashboard.charts import Chart
from tanshi.simulator.views.dashboard.warm import Superseded

logger = logging.getLogger(__name__)
CONFIG: Any = {"displayModeBar": False, "responsive": True, "showTips": False}


def spoken(label: str) -> dict[str, Any]:
    """What a screen reader calls a part of the page."""
    return {"aria-label": label}


def prose(text: str) -> list[Any]:
    """A text whose commands and names stand between backticks, as on the command line; a page sets them as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick of the text's own
        return [text]
    return [html.Code(part) if place % 2 else part for place, part in enumerate(parts) if part]


def notice(text: str, *, alert: bool = False) -> html.Div:
    """Words in a box: something to know, or (``alert``) something that went wrong."""
    lines = [html.P(prose(line)) for line in text.splitlines() if line.strip()]
    return html.Div(lines, className="notice alert" if alert else "notice", role="alert" if alert else "status")


def told(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a callback answer with the message of what went wrong in place of its content.

    A question whose answer nobody waits for any more changes nothing. A defect is logged with its traceback and said;
    the dashboard goes on.
    """

    @functools.wraps(view)
    def answer(*values: Any) -> Any:
        try:
            return view(*values)
        except PreventUpdate:
            raise
        except Superseded:
            raise PreventUpdate from None
        except (StoreError, UserError) as error:
            return notice(sentence(error), alert=True)
        except Exception as error:
            logger.exception("a page of the dashboard failed")
            return notice(
                say("This page has a defect ({kind}); its traceback is in the terminal.", kind=type(error).__name__),
                alert=True,
            )

    return answer


def sentence(error: Exception) -> str:
    """An error's message as a sentence."""
    text = str(error).strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + "."


def heading(title: str, lead: str | list[Any] = "") -> list[Any]:
    """A page's title and one line about it."""
    return [html.H2(title, id="title", tabIndex=-1), *([html.P(lead, className="lead")] if lead else [])]


def figure(
    title: str, unit: str, drawn: Chart, source: str, *, name: str | None = None, wide: bool = False
) -> html.Figure:
    """A chart with its title and unit above and its source below.

    Parameters
    ----------
    name
        Id of the chart, where a callback draws it anew.
    """
    named: dict[str, Any] = {"id": name} if name else {}
    graph = dcc.Graph(figure=drawn, config=CONFIG, **named)
    caption = html.Figcaption([html.Strong(title), html.Span(unit, className="unit")])
    parts = [caption, html.Div(graph, className="chart", role="img", **spoken(f"{title}, {unit}"))]
    parts += [html.Small(source)] if source else []
    return html.Figure(parts, className="figure wide" if wide else "figure")


def figures(*children: Any) -> html.Div:
    """Charts side by side where there is room."""
    return html.Div(list(children), className="figures")


def controls(*children: Any) -> html.Div:
    """Labelled controls in a row that wraps."""
    return html.Div(list(children), className="controls")


def labelled(label: str, control: Any, *, wide: bool = False) -> html.Div:
    """A control with its label."""
    return html.Div([html.Label(label, htmlFor=control.id), control], className="control broad" if wide else "control")


def choice(
    name: str, label: str, options: Mapping[Any, str] | Sequence[Any], value: Any, *, wide: bool = False
) -> html.Div:
    """A list to choose one thing from."""
    known = options if isinstance(options, Mapping) else {option: str(option) for option in options}
    dropdown = dcc.Dropdown(
        id=name, options=[{"label": text, "value": key} for key, text in known.items()], value=value, clearable=False,
        searchable=len(known) > 12,
    )  # fmt: skip
    return labelled(label, dropdown, wide=wide)


def several(name: str, label: str, options: Mapping[str, str], value: Sequence[str], hint: str) -> html.Div:
    """A list to choose any number of things from, with what stands in it while nothing is chosen."""
    dropdown = dcc.Dropdown(
        id=name, options=[{"label": text, "value": key} for key, text in options.items()], value=list(value),
        multi=True, placeholder=hint, searchable=len(options) > 8,
    )  # fmt: skip
    return labelled(label, dropdown, wide=True)


def group(name: str, label: str, options: Mapping[str, str], value: Any, *, many: bool = False) -> html.Fieldset:
    """A few things to choose one, or many, of: all visible at once."""
    listed = [{"label": text, "value": key} for key, text in options.items()]
    kind = dcc.Checklist if many else dcc.RadioItems
    made = kind(id=name, options=listed, value=value, inline=True, className="options")
    return html.Fieldset([html.Legend(label), made], className="control group")


def table(
    heads: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    caption: str = "",
    *,
    text: Sequence[int] = (0,),
    name: str = "",
) -> html.Div:
    """A table that scrolls sideways by itself on a narrow screen.

    Parameters
    ----------
    text
        Columns of words, set flush left; all others are numbers.
    """

    def cell(kind: Any, column: int, content: Any) -> Any:
        return kind(content, className="word" if column in text else "number")

    body = [html.Tr([cell(html.Td, i, value) for i, value in enumerate(row)]) for row in rows]
    head = html.Thead(html.Tr([cell(html.Th, i, value) for i, value in enumerate(heads)]))
    parts = [html.Caption(caption)] if caption else []
    named: dict[str, Any] = {"id": name} if name else {}
    made = html.Table([*parts, head, html.Tbody(body)], **named)
    return html.Div(made, className="scroll", tabIndex=0, role="region", **spoken(caption or say("table")))


def progress(name: str, words: str = "") -> html.Div:
    """A line that tells how far a computation is, hidden while there is none; with the clock that asks.

    Parameters
    ----------
    words
        What is computed when the page opens, until the clock asks for the first time.
    """
    first = share_done((0, 0), words) if words else []
    return html.Div(
        [
            dcc.Interval(id=f"{name}-tick", interval=400, disabled=True),
            html.Div(first, id=f"{name}-progress", role="status", hidden=True),
        ],
        className="progress",
    )


def leaves(part: str, leaf: int, count: int) -> html.Div:
    """Buttons to turn the leaves of a long table; ids ``{"part": part, "by": 1 or -1}``."""
    return html.Div(
        [
            html.Button(say("Previous"), id={"part": part, "by": -1}, disabled=leaf == 0),
            html.Span(say("{leaf} of {count}", leaf=leaf + 1, count=count)),
            html.Button(say("Next"), id={"part": part, "by": 1}, disabled=leaf >= count - 1),
        ],
        className="leaves",
    )


def share_done(standing: tuple[int, int] | None, words: str) -> list[Any]:
    """The words and bar of a computation under way; nothing where there is none."""
    if standing is None:
        return []
    done, total = standing
    if not total:
        return [html.Span(f"{words} …")]
    return [
        html.Span(say("{words}: {done} of {total} periods", words=words, done=done, total=total)),
        html.Progress(value=str(done), max=str(total)),
    ]


def running(name: str) -> list[Any]:
    """What Dash switches while a callback computes: the clock of `progress` and its line.

    Their own callback may not wait for the computation's outputs: Dash holds such a callback back until they are there.
    """
    from dash import Output

    return [(Output(f"{name}-tick", "disabled"), False, True), (Output(f"{name}-progress", "hidden"), False, True)]
