"""Errors that tell the person what to do: where, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tanshi.errors import Message, TanshiError, said
from tanshi.language import mark

WITH_HINT = mark("{problem}. {hint}")
OVERRIDE = "override"
"""In the place of a file: where a field is changed as a scenario is asked for."""
SAID = 20
"""Problems that one message tells; the others are counted."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the user gave.

    Parameters
    ----------
    expected, got
        What was asked for and what stood there, each a phrase in plain words; a `Message` where it has fields.
    file
        File name as the user would type it, or the option of the command line; empty where there is none.
    line
        Line in that file, counted from 1.
    field
        Dotted path of the field, such as ``firms.number``; empty for the file as a whole.
    hint
        What to do about it, a whole sentence.

    Examples
    --------
    >>> print(Problem("a whole number >= 1 [firms]", "-5", "mine.yaml", 7, "firms.number"))
    mine.yaml:7: firms.number: expected a whole number >= 1 [firms], got -5
    """

    expected: str
    got: str
    file: str = ""
    line: int | None = None
    field: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        where = "".join(f"{part}: " for part in (place, self.field) if part)
        parts = {"expected": said(self.expected), "got": said(self.got)}
        text = where + said(Message("expected {expected}, got {got}", **parts))
        if self.hint:
            text = said(Message(WITH_HINT, problem=text, hint=said(self.hint)))
        return visible(text)


class UserError(TanshiError):
    """A mistake the user can mend; shown as one message, never as a traceback.

    Parameters
    ----------
    template
        One line that says what could not be done, with named fields in braces.
    problems
        Every single thing found wrong, all at once, in the order in which they stand in the files.
    **fields
        What stands in the braces.
    """

    def __init__(self, template: str, problems: Iterable[Problem] = (), /, **fields: object) -> None:
        super().__init__(template, **fields)
        self.problems: tuple[Problem, ...] = tuple(problems)

    def __str__(self) -> str:
        told = [f"  {problem}" for problem in self.problems[:SAID]]
        left = len(self.problems) - SAID
        more = [said(Message("  and {left:,} more.", left=left))] if left > 0 else []
        return "\n".join([super().__str__(), *told, *more])


class ScenarioError(UserError):
    """A scenario that cannot be read or does not follow the schema."""


def did_you_mean(word: str, choices: Sequence[str]) -> str:
    """Return a hint naming the choice nearest to a misspelt word, or an empty string if none is near.

    Examples
    --------
    >>> did_you_mean("tradign", ["none", "allocated", "trading"])
    'Did you mean trading?'
    >>> did_you_mean("S9", ["S1", "S5"])
    'Did you mean S5?'
    >>> did_you_mean("xyz", ["none", "trading"])
    ''
    """
    folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.5)
    return Message("Did you mean {word}?", word=folded[near[0]]) if near else ""


def with_list(near: str, listed: str) -> str:
    """Return a hint of `did_you_mean`, where there is one, and after it where all choices are listed."""
    return Message("{near} {listed}", near=near, listed=listed) if near else listed


def visible(text: str) -> str:
    r"""The text with whatever would steer a terminal or a page, such as escape sequences, written out.

    Examples
    --------
    >>> visible("cap.\x1b[2J 碳市")
    'cap.\\x1b[2J 碳市'
    """
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def shorten(value: object, longest: int = 60) -> str:
    """Return a value as Python would print it, cut to a length.

    Examples
    --------
    >>> shorten("a" * 100, longest=10)
    "'aaaaaa..."
    """
    text = repr(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."
