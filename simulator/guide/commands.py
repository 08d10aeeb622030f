"""The reference of commands, written from the command line itself."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

HEAD = """# Commands

Written by `make pages` from the program itself; `tanshi --help` and `tanshi COMMAND --help` say the same.
In a checkout `python run.py` is the same command.
Without a command the five scenarios S1 to S5 run. Exit codes: 0 done, 1 a run failed, 2 a mistake in what was given.
"""
KINDS = {int: "N", float: "X", Path: "PATH", str: "TEXT"}


@dataclass(frozen=True)
class Word:
    """An argument or option of a command.

    Attributes
    ----------
    written
        As the user types it.
    """

    written: str
    help: str
    default: str
    argument: bool


def commands_page() -> str:
    """The page of all commands with arguments, options and examples."""
    from tanshi.simulator.cli.app import app

    found = sorted(_commands(app, ""), key=lambda command: command[0])
    top = [f"- [`{name}`](#{name.replace(' ', '-')}): {_first(function)}" for name, function, _ in found]
    sections = [_section(name, function, epilog) for name, function, epilog in found]
    return "\n".join([HEAD, *top, "", *sections]).rstrip() + "\n"


def words_of(function: Callable[..., Any]) -> list[Word]:
    """The arguments and options of a command's function, in order."""
    hints = get_type_hints(function, include_extras=True)
    out = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints[name]
        kind, info = (get_args(hint)[0], get_args(hint)[1]) if get_origin(hint) is Annotated else (hint, None)
        if isinstance(info, ArgumentInfo | OptionInfo) and not info.hidden:
            out.append(_word(name, kind, info, parameter.default))
    return out


def _word(name: str, kind: Any, info: ArgumentInfo | OptionInfo, default: object) -> Word:
    inner = [part for part in get_args(kind) if part is not types.NoneType] if _is_union(kind) else [kind]
    several = get_origin(inner[0]) is list
    plain = get_args(inner[0])[0] if several else inner[0]
    shown = "" if default in (None, False, inspect.Parameter.empty) or not info.show_default else f"`{default}`"
    words = " ".join((info.help or "").split())
    if isinstance(info, ArgumentInfo):
        written = (info.metavar or name.upper()) + ("..." if several else "")
        return Word(written if default is inspect.Parameter.empty else f"[{written}]", words, shown, True)
    # Where the hint holds the option, Typer keeps its first name in the place of the default.
    names = ([info.default] if isinstance(info.default, str) else []) + list(info.param_decls or ())
    option = ", ".join(names or [f"--{name.replace('_', '-')}"])
    if plain is bool and default is True and not names:
        option += f"`, `--no-{name.replace('_', '-')}"
    value = "" if plain is bool else f" {info.metavar or KINDS.get(plain, 'TEXT')}"
    return Word(option + value, words + (" May be given several times." if several else ""), shown, False)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _commands(app: typer.Typer, before: str) -> Iterator[tuple[str, Callable[..., Any], str]]:
    for info in app.registered_commands:
        if info.callback is not None and not info.hidden:
            name = info.name or str(info.callback.__name__).replace("_", "-")
            yield f"{before}{name}", info.callback, info.epilog or ""
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from _commands(group.typer_instance, f"{before}{group.name} ")


def _section(name: str, function: Callable[..., Any], epilog: str) -> str:
    words = words_of(function)
    usage = ["tanshi", name, *(["[OPTIONS]"] if any(not word.argument for word in words) else [])]
    usage += [word.written for word in words if word.argument]
    parts = [f"## {name}", "", f"    {' '.join(usage)}", "", _paragraphs(function.__doc__), ""]
    if words:
        parts += ["| | | default |", "|---|---|---|"]
        ordered = sorted(words, key=lambda word: not word.argument)
        parts += [f"| {_code(word.written)} | {_cell(word.help)} | {word.default} |" for word in ordered]
        parts.append("")
    examples = [line.strip() for line in epilog.splitlines() if line.strip().startswith("tanshi")]
    if examples:
        parts += ["```bash", *(re.sub(r"\s{3,}\((.*)\)$", r"    # \1", line) for line in examples), "```", ""]
    return "\n".join(parts)


def _first(function: Callable[..., Any]) -> str:
    return _paragraphs(function.__doc__).split("\n\n")[0]


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").strip().split("\n\n"))


def _code(text: str) -> str:
    """Code within a table: a bar would part its cells."""
    return f"`{text}`" if "|" not in text else f"<code>{_cell(text)}</code>"


def _cell(text: str) -> str:
    return text.replace("|", "&#124;")
