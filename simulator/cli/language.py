"""The language that the command line or the environment asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tanshi.language import LANGUAGES, VARIABLE, UnknownLanguage, mark, say, speak, spoken, translate
from tanshi.scenarios.errors import Problem, UserError


def speak_as_told(words: Sequence[str]) -> list[str]:
    """Choose the language, and return the words without it: ``--lang`` may stand before or after the command.

    Raises
    ------
    UserError
        For a language that is not spoken, or none after ``--lang``.
    """
    left: list[str] = []
    wanted: str | None = None
    rest = iter(words)
    for word in rest:
        if word == "--":
            left += [word, *rest]
        elif word == "--lang":
            wanted = next(rest, "")
        elif word.startswith("--lang="):
            wanted = word.removeprefix("--lang=")
        else:
            left.append(word)
    try:
        speak(wanted)
    except UnknownLanguage as error:
        speak("en")
        where = "--lang" if wanted is not None else VARIABLE
        known = " or ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
        raise UserError(
            "There is no such language.", [Problem(known, repr(error.message.fields["wanted"]), where)]
        ) from error
    return left


HELD = ("help", "epilog", "short_help")
"""What a command says of itself."""


def commands(top: Any) -> Iterator[Any]:
    """A command and all below it."""
    yield top
    for command in getattr(top, "commands", {}).values():
        yield from commands(command)


def help_words(top: Any) -> Iterator[str]:
    """Every word of help, for the list of translations."""
    for command in commands(top):
        yield from (words for name in HELD if (words := getattr(command, name, None)))
        yield from (words for option in command.params if (words := getattr(option, "help", None)))


def in_language(top: Any) -> Any:
    """The command whose help is in the language that is spoken; it is changed, and built anew for every call."""
    within = top.context_class(top, **top.context_settings)
    for command in commands(top):
        for name in HELD:
            if words := getattr(command, name, None):
                setattr(command, name, whole_names(flowing(translate(words))))
        for option in command.params:
            if words := getattr(option, "help", None):
                option.help = breakable(translate(words))
        asks_for_help = command.get_help_option(within)
        if asks_for_help is not None:
            asks_for_help.help = say("Show this message and exit.")
    if spoken() != "en":
        from typer import rich_utils

        rich_utils.ARGUMENTS_PANEL_TITLE, rich_utils.OPTIONS_PANEL_TITLE = say("Arguments"), say("Options")
        rich_utils.COMMANDS_PANEL_TITLE = say("Commands")
        rich_utils.DEFAULT_STRING = say("[default: {value}]", value="{}")
        rich_utils.REQUIRED_LONG_STRING = say("[required]")
        top.context_class.formatter_class = _with_usage(top.context_class.formatter_class)
    return top


def _with_usage(formatter: Any) -> Any:
    """A formatter of help whose first line begins in the language that is spoken."""

    class InLanguage(formatter):  # type: ignore[misc]
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, say("Usage: ") if prefix is None else prefix)

    return InLanguage


MISUSES = (
    (r"No such option: (?P<option>\S+) \(Possible options: (?P<others>.+)\)",
     mark("No such option: {option} (possible: {others})")),
    (r"No such option: (?P<option>\S+) Did you mean (?P<other>\S+)\?",
     mark("No such option: {option}. Did you mean {other}?")),
    (r"No such option: (?P<option>\S+)", mark("No such option: {option}")),
    (r"Missing argument '(?P<name>.+)'\.?", mark("Missing argument {name}.")),
    (r"Missing option '(?P<name>.+)'\.?", mark("Missing option {name}.")),
    (r"Got unexpected extra argument(?:s|\(s\))? \((?P<words>.+)\)", mark("Got unexpected extra arguments: {words}")),
    (r"Option '(?P<option>.+)' requires an argument\.?", mark("Option {option} requires an argument.")),
    (r"Option '(?P<option>.+)' does not take a value\.?", mark("Option {option} does not take a value.")),
    (r"Invalid value for (?P<where>.+?): .*valid integer.*", mark("Invalid value for {where}: not a whole number.")),
    (r"Invalid value for (?P<where>.+?): .*valid (?:float|number).*", mark("Invalid value for {where}: not a number.")),
    (r"Invalid value for (?P<where>.+?): .*greater than or equal to (?P<least>\S+?)\.?",
     mark("Invalid value for {where}: less than {least}.")),
    (r"Invalid value for (?P<where>.+?): .*less than or equal to (?P<most>\S+?)\.?",
     mark("Invalid value for {where}: more than {most}.")),
    (r"Invalid value for (?P<where>.+?): (?P<value>.+) is not in the range (?P<span>.+?)\.",
     mark("Invalid value for {where}: {value} is not in the range {span}.")),
)  # fmt: skip
"""What the library of commands says of words that do not fit a command, and the same for the list of translations."""


def misuse(told: str) -> str:
    """What the library of commands said of words that do not fit, in the language that is spoken.

    Examples
    --------
    >>> misuse("No such option: --points")
    'No such option: --points'
    """
    for pattern, template in MISUSES:
        if spoken() != "en" and (found := re.fullmatch(pattern, told)):
            return say(template, **found.groupdict())
    return told


def breakable(words: str) -> str:
    """Words that a narrow column can break: Chinese has no spaces, and what does not fit would be cut.

    Examples
    --------
    >>> breakable("默认：S1；没有时为第一个。")
    '默认： S1； 没有时为第一个。'
    """
    return re.sub(r"([，；：。、])(?=.)", r"\1 ", words)


def flowing(words: str) -> str:
    r"""Paragraphs without the line breaks that only the source has.

    Examples
    --------
    >>> flowing("Run it.\n\nReady-made: cap,\nrobust.")
    'Run it.\n\nReady-made: cap, robust.'
    """
    return re.sub(r"(?<!\n)\n(?!\n)", " ", words)


def whole_names(words: str) -> str:
    """Words whose Latin names a line does not break in the middle: it breaks before them.

    Examples
    --------
    >>> whole_names("现成的扫描：cap、weak_cells，各一个。")
    '现成的扫描： cap、 weak_cells，各一个。'
    """
    return re.sub(r"([，；：。、])(?=[A-Za-z-])", r"\1 ", words)
