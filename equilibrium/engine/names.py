"""Addresses by name, which say what there is instead when a name is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeVar

from tanshi.errors import Message, TanshiError, either

Key = TypeVar("Key", str, tuple[str, str, str])

MOST_LISTED = 8


class UnknownNameError(TanshiError, KeyError):
    """No such activity, commodity, leaf or variable; the message lists those whose names are nearest."""


def nearest(wanted: object, known: Iterable[object]) -> str:
    """Words that name what was probably meant, or all there is where that is little."""
    there = [_shown(k) for k in known]
    close = get_close_matches(_shown(wanted), there, n=4, cutoff=0.5)
    if close:
        return Message("did you mean {close}?", close=either(close))
    if not there:
        return Message("there are none")
    listed = ", ".join(there[:MOST_LISTED]) + (" ..." if len(there) > MOST_LISTED else "")
    return Message("there are {listed}", listed=listed)


def _shown(key: object) -> str:
    return "(" + ", ".join(repr(k) for k in key) + ")" if isinstance(key, tuple) else repr(key)


class Addresses(dict[Key, int]):
    """Places of named things; an unknown name is refused in words.

    Parameters
    ----------
    what
        What the names are of, in the singular.
    form
        How a name is written.
    """

    def __init__(self, what: str, form: str = "name") -> None:
        super().__init__()
        self.what, self.form = Message(what), Message(form)

    def __missing__(self, key: Key) -> int:
        raise UnknownNameError(
            "no {what} {key} (written {form}): {nearest}",
            what=self.what,
            key=_shown(key),
            form=self.form,
            nearest=nearest(key, self),
        )


class Named(dict[str, float]):
    """Numbers by name that print compactly."""

    what = "variable"

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{k}: {v:.6g}" for k, v in self.items()) + "}"

    def __missing__(self, key: str) -> float:
        raise UnknownNameError(
            "no {what} {key!r}: {nearest}", what=Message(self.what), key=key, nearest=nearest(key, self)
        )
