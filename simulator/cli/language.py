"""The language that the command line or the environment asks for."""

from __future__ import annotations

from collections.abc import Sequence

from tanshi.language import LANGUAGES, VARIABLE, UnknownLanguage, speak
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
