"""What is printed reaches any terminal: signs that its encoding lacks are written with those that it has.

Redirected output on Chinese and Western Windows is GBK or cp1252: neither has the subscript of CO₂.
"""

from __future__ import annotations

import codecs
import io
import os
import shlex
import subprocess
import sys
import unicodedata

PLAIN = {
    "–": "-", "—": "-", "−": "-", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "±": "+-", "×": "x", "·": ".",
    "…": "...", "≈": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "█": "#", "━": "-", "│": "|", "•": "*", "⟂": "|",
}  # fmt: skip
"""Signs of ours that no decomposition makes plain."""
HANDLER = "tanshi.plain"


def plain(text: str, encoding: str) -> str:
    """The text in signs that an encoding has.

    Parameters
    ----------
    text
        Any text.
    encoding
        A name such as ``gbk``.

    Examples
    --------
    >>> plain("CO₂ ≥ 5 – 碳", "ascii")
    'CO2 >= 5 - ?'
    >>> plain("CO₂ ≥ 5 – 碳", "gbk")
    'CO2 ≥ 5 – 碳'
    """
    return text.encode(encoding, HANDLER).decode(encoding)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    out = ""
    for sign in error.object[error.start : error.end]:
        known = PLAIN.get(sign) or unicodedata.normalize("NFKD", sign)
        out += "".join(part if part.isascii() else "" for part in known) or "?"
    return out, error.end


codecs.register_error(HANDLER, _instead)


def columns_of(text: str) -> int:
    """Columns that a text takes on a terminal: a Chinese sign takes two.

    Examples
    --------
    >>> columns_of("price"), columns_of("碳价")
    (5, 4)
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def flush_left(text: str, columns: int) -> str:
    """The text with blanks behind it, so that it fills so many columns of a terminal."""
    return text + " " * (columns - columns_of(text))


def flush_right(text: str, columns: int) -> str:
    """The text with blanks before it, so that it fills so many columns of a terminal."""
    return " " * (columns - columns_of(text)) + text


def quoted(word: str) -> str:
    """One word of a command line, in the quotes of this system's shell where it needs any."""
    return subprocess.list2cmdline([word]) if os.name == "nt" else shlex.quote(word)


def speak_plainly() -> None:
    """Let this process's output and messages be written in whatever encoding they go to."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)
