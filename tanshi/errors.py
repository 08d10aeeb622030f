"""What a person can mend, said in messages that can be translated: templates with named fields, kept apart.

Every room may import this file; it imports none.  A message's template is what a catalogue of translations is asked
for, so a template is written whole in the source, never put together from pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

_catalogue: list[Callable[[str], str]] = []


def speak_by(translation: Callable[[str], str] | None) -> None:
    """Say every message from now on by a translation of its template; None: as it is written in the source.

    Parameters
    ----------
    translation : callable
        Returns the template in another language, or as it is where it knows none, such as ``gettext``.
    """
    _catalogue[:] = [] if translation is None else [translation]


def translate(template: str) -> str:
    """The template in the language that is spoken; the one place where a translation is asked for."""
    return _catalogue[0](template) if _catalogue else template


class Message(str):
    """A sentence or phrase with its template and named fields; as a text it is the sentence in English.

    Attributes
    ----------
    template
        The words, with fields in braces as ``str.format`` writes them.
    fields
        What stands in the braces.

    Examples
    --------
    >>> found = Message("{year}: the cap of {cap:.1f} Mt is below 0.", year=2027, cap=-1.25)
    >>> print(found)
    2027: the cap of -1.2 Mt is below 0.
    >>> found.template, found.fields["year"]
    ('{year}: the cap of {cap:.1f} Mt is below 0.', 2027)
    """

    template: str
    fields: dict[str, Any]

    def __new__(cls, template: str, /, **fields: object) -> Self:
        """The sentence, with what it is made of beside it.

        Parameters
        ----------
        template
            The words, with fields in braces as ``str.format`` writes them. Without fields it is taken as it stands.
        **fields
            What stands in the braces; a message among them is translated with the whole.
        """
        if isinstance(template, Message) and not fields:
            fields, template = template.fields, template.template
        fields = {name: _plain(v) for name, v in fields.items()}
        made = super().__new__(cls, template.format(**fields) if fields else template)
        made.template, made.fields = str(template), fields
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.fields


def said(words: str) -> str:
    """The words in the language that is spoken.

    Examples
    --------
    >>> speak_by({"{n} firms": "{n} 家企业"}.get)
    >>> said(Message("{n} firms", n=3))
    '3 家企业'
    >>> speak_by(None)
    """
    if not isinstance(words, Message):
        return translate(words) if words else words
    template = translate(words.template)
    if not words.fields:
        return template
    return template.format(**{name: said(v) if isinstance(v, Message) else v for name, v in words.fields.items()})


def either(names: Sequence[str]) -> str:
    """Names of which one may be chosen, as a phrase.

    Examples
    --------
    >>> print(either(["a"]), either(["a", "b", "c"]), sep="; ")
    a; a, b or c
    """
    *others, last = names
    return Message("{others} or {last}", others=row_of(others), last=last) if others else last


def both(names: Sequence[str]) -> str:
    """Names that all count, as a phrase.

    Examples
    --------
    >>> print(both(["a"]), both(["a", "b", "c"]), sep="; ")
    a; a, b and c
    """
    *others, last = names
    return Message("{others} and {last}", others=row_of(others), last=last) if others else last


def row_of(names: Sequence[str]) -> str:
    """Names one after the other, each of them translated where it is a message.

    Examples
    --------
    >>> print(row_of(["a", Message("b of {c}", c=1)]))
    a, b of 1
    """
    first, *rest = names
    return Message("{first}, {rest}", first=first, rest=row_of(rest)) if rest else first


class TanshiError(Exception):
    """What a person can mend: shown as one message, never as a traceback.  Any other exception is a defect.

    Parameters
    ----------
    template : str
        Where, what was expected, what was found, what to do; fields in braces.
    **fields : object
        What stands in the braces.

    Attributes
    ----------
    exit_code : int
        What the command line ends with: 2 the person's mistake, 1 a computation that failed.
    message : Message
        Template and fields.

    Examples
    --------
    >>> print(TanshiError("{sector}: no firm is left", sector="steel"))
    steel: no firm is left
    """

    exit_code = 2

    def __init__(self, template: str, /, **fields: object) -> None:
        self.message = Message(template, **fields)
        super().__init__(self.message)

    def __str__(self) -> str:
        return said(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes an error goes as it is: its class may ask for more than a message to be made.
        return _again, (type(self), self.args), self.__dict__


def _plain(value: object) -> object:
    """What may stand in a field: of an error of ours its message, which is translated with the whole."""
    if isinstance(value, TanshiError) and type(value).__str__ is TanshiError.__str__:
        return value.message
    return str(value) if isinstance(value, BaseException | Path) else value


def _again(kind: type[TanshiError], args: tuple[object, ...]) -> TanshiError:
    return kind.__new__(kind, *args)
