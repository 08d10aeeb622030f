"""The language of what people read: English is written in the source and is the key, a catalogue holds the others.

Words are templates with named fields, written whole, so that another language may order them as it likes. What is
stored, such as names of variables and reasons of failed runs, stays English whatever is spoken.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from tanshi.errors import TanshiError, speak_by

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
"""Code of every language that is spoken, and its own name."""
VARIABLE = "TANSHI_LANG"
"""Environment variable that chooses a language where the command line does not."""
CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "tanshi"

_spoken = ["en"]


class UnknownLanguage(TanshiError, ValueError):
    """A language that is not spoken."""


def speak(language: str | None = None) -> str:
    """Choose the language of everything said from now on in this process.

    Parameters
    ----------
    language
        A code of `LANGUAGES`; by default that of the environment variable ``TANSHI_LANG``, else English.

    Returns
    -------
    str
        The code that is spoken now.

    Raises
    ------
    UnknownLanguage
        Where it is none of `LANGUAGES`. The language stays as it was.
    """
    wanted = language if language is not None else os.environ.get(VARIABLE) or "en"
    if wanted not in LANGUAGES:
        raise UnknownLanguage(
            "{wanted!r} is not spoken here; take one of {known}.", wanted=wanted, known=", ".join(LANGUAGES)
        )
    _spoken[0] = wanted
    speak_by(None if wanted == "en" else translate)
    return wanted


def spoken() -> str:
    """Code of the language that is spoken."""
    return _spoken[0]


def translate(template: str) -> str:
    """A template in the language that is spoken, or as it is where that language has no words for it."""
    return _catalogue(_spoken[0]).gettext(template) if template else template


def say(template: str, /, **fields: object) -> str:
    """What a template says, in the language that is spoken.

    Parameters
    ----------
    template
        The words in English, with fields in braces as `str.format` writes them.
    **fields
        What stands in the braces.

    Examples
    --------
    >>> say("{count} firms", count=3)
    '3 firms'
    """
    return translate(template).format(**fields)


def mark(template: str) -> str:
    """The template as it is: marks words for the catalogue that are said later, such as those of a constant."""
    return template


def listed(names: Sequence[str]) -> str:
    """Names in one phrase.

    Examples
    --------
    >>> listed(["power"]), listed(["power", "steel"]), listed(["power", "steel", "paper"])
    ('power', 'power and steel', 'power, steel, and paper')
    """
    if spoken() == "zh":
        return "、".join(names)
    if len(names) < 3:
        return " and ".join(names)
    return ", ".join(names[:-1]) + ", and " + names[-1]


def in_a_row(parts: Iterable[str]) -> str:
    """Names or figures one after the other, without a word between the last two.

    Examples
    --------
    >>> in_a_row(["S1", "S5"])
    'S1, S5'
    """
    return ("、" if spoken() == "zh" else ", ").join(parts)


def clauses(parts: Iterable[str]) -> str:
    """Parts of a sentence that hold commas themselves.

    Examples
    --------
    >>> clauses(["power, year 2", "steel, year 2"])
    'power, year 2; steel, year 2'
    """
    return ("；" if spoken() == "zh" else "; ").join(parts)


def paragraph(sentences: Iterable[str]) -> str:
    """Sentences one after the other.

    Examples
    --------
    >>> paragraph(["Prices rise.", "Tonnes fall."])
    'Prices rise. Tonnes fall.'
    """
    return ("" if spoken() == "zh" else " ").join(sentences)


@cache
def _catalogue(language: str) -> NullTranslations:
    """The words of a language: compiled where the program was installed, from the list itself in a checkout."""
    if language == "en":
        return NullTranslations()
    folder = CATALOGUES / language / "LC_MESSAGES"
    compiled = folder / f"{DOMAIN}.mo"
    if compiled.is_file():
        return GNUTranslations(BytesIO(compiled.read_bytes()))
    return GNUTranslations(BytesIO(compiled_catalogue(folder / f"{DOMAIN}.po")))


def compiled_catalogue(source: Path) -> bytes:
    """A list of translations (``.po``) as gettext reads it (``.mo``)."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as opened:
        words = read_po(opened, locale=source.parent.parent.name)
    out = BytesIO()
    write_mo(out, words)
    return out.getvalue()
