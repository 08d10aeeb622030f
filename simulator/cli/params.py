"""The command that lists every field of a scenario and every figure of an economy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshi.errors import Message, said
from tanshi.language import mark, say, translate
from tanshi.scenarios.errors import Problem, UserError, did_you_mean

if TYPE_CHECKING:
    from tanshi.scenarios.figures import Figure

BY_PART = mark("as a part of the name")
BY_BEGINNING = mark("as the beginning of a part of the name")
BY_LETTERS = mark("in the name")
FIELD_HEADS = (mark("Field"), mark("Default"), mark("May be [unit]"), mark("Status"), mark("Meaning"))
FIGURE_HEADS = (
    mark("Figure of the economy"),
    mark("Value"),
    mark("Unit"),
    mark("Range"),
    mark("Status"),
    mark("Source"),
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi params firms\n\n"
        "tanshi params economy.elasticities\n\n"
        "tanshi params benchmark --text    (wherever the word stands, meanings and sources included)"
    )(params)


def params(
    word: Annotated[
        str,
        typer.Argument(
            help="A part of the dotted name, such as cap or firms.strategies, or the beginning of one.",
            show_default=False,
        ),
    ] = "",
    economy: Annotated[str, typer.Option(help="Economy whose figures are listed.")] = "shanxi_2022",
    text: Annotated[
        bool, typer.Option("--text", help="Look for the word anywhere: names, units, statuses, meanings, sources.")
    ] = False,
) -> None:
    """List every field of a scenario and every figure of its economy: default, range, unit, status, meaning."""
    from rich.console import Console

    from tanshi.scenarios.calibrated import STATUS, calibrated
    from tanshi.scenarios.figures import catalogue
    from tanshi.scenarios.parameters import describe_parameters
    from tanshi.simulator.views.vocabulary import status_name, unit_name

    fitted = {row.field: row for row in calibrated(economy)}
    fields = {
        r.name: (
            r.name,
            f"{fitted[r.name].value:g}",
            said(r.expectation),
            status_name(STATUS),
            translate(r.description),
        )
        if r.name in fitted
        else (r.name, _plain(r.default), said(r.expectation), status_name(r.status), translate(r.description))
        for r in describe_parameters()
    }
    figures = {
        f.path: (
            f.path,
            f"{fitted[f.path].value:g}",
            unit_name(f.unit),
            _range(f),
            status_name(STATUS),
            fitted[f.path].source,
        )
        if f.path in fitted
        else (f.path, f"{f.value:g}", unit_name(f.unit), _range(f), status_name(f.status), f.source)
        for f in catalogue(economy).values()
    }
    everything: dict[str, tuple[str, ...]] = {**fields, **figures}
    anywhere = [name for name, row in everything.items() if word.casefold() in " ".join(row).casefold()]
    how, found = (mark("somewhere"), anywhere) if text else named(word, list(everything))
    if not found:
        parts = {part for name in everything for part in name.split(".")}
        told = "{count} has it elsewhere: {command}" if len(anywhere) == 1 else "{count} have it elsewhere: {command}"
        elsewhere = Message(told, count=_count(anywhere), command=_again(word)) if anywhere else ""
        hint = elsewhere or did_you_mean(word, sorted(parts))
        raise UserError("Nothing to show.", [Problem("part of a field's name", repr(word), hint=hint)])
    console = Console(highlight=False)
    # A pipe has no width of its own; 80 columns would break every cell.
    console = Console(highlight=False, width=console.width if console.is_terminal else 200)
    if shown := [fields[name] for name in found if name in fields]:
        console.print(_table(FIELD_HEADS, shown))
    if known := [figures[name] for name in found if name in figures]:
        console.print(_table(FIGURE_HEADS, known))
    if word:
        more = [name for name in anywhere if name not in set(found)]
        told = mark("{count} has '{word}' {how}.") if len(found) == 1 else mark("{count} have '{word}' {how}.")
        line = say(told, count=said(_count(found)), word=word, how=translate(how))
        if more:
            told = mark("{count} more has it elsewhere: {command}")
            told = told if len(more) == 1 else mark("{count} more have it elsewhere: {command}")
            line += " " + say(told, count=said(_count(more)), command=_again(word))
        console.print(line, soft_wrap=True, markup=False)


def named(word: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """The names that a word most likely means, and how they hold it.

    Examples
    --------
    >>> names = ["cap.decline", "shock.cap_cut", "closure.capital", "allocation.gap_cap"]
    >>> named("cap", names)
    ('as a part of the name', ['cap.decline'])
    >>> named("capit", names)
    ('as the beginning of a part of the name', ['closure.capital'])
    >>> named("p_c", names)
    ('in the name', ['shock.cap_cut', 'allocation.gap_cap'])
    """
    wanted = word.casefold()
    # Between two points stands a part; a word of several parts holds points itself.
    dotted = {name: f".{name.casefold()}." for name in names}
    for how, looked in ((BY_PART, f".{wanted}."), (BY_BEGINNING, f".{wanted}"), (BY_LETTERS, wanted)):
        if found := [name for name, text in dotted.items() if looked in text]:
            return how, found
    return BY_LETTERS, []


def _again(word: str) -> str:
    """The command that looks everywhere."""
    return f"tanshi params {word if word.isidentifier() else chr(34) + word + chr(34)} --text"


def _count(names: Sequence[str]) -> str:
    if len(names) == 1:
        return Message("1 field or figure")
    return Message("{count:,} fields and figures", count=len(names))


def _plain(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _range(figure: Figure) -> str:
    if figure.low is not None and figure.high is not None:
        return say("{low} to {high}", low=f"{figure.low:g}", high=f"{figure.high:g}")
    return figure.expectation.split(" [")[0]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(*(translate(head).replace("[", r"\[") for head in heads), box=SIMPLE_HEAD)
    for cells in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in cells))
    return table
