"""Names of folders that every system can hold: Windows keeps some for itself, and like macOS tells no a from A."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_PORTS = (f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³")
RESERVED = frozenset({"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *_PORTS})
"""Names that no file or folder has on Windows, whatever comes after a dot."""
FORBIDDEN = frozenset('<>:"|?*')
"""Signs that no name has on Windows: a colon writes into a hidden part of another file."""


def is_kept(name: str) -> bool:
    """Whether Windows keeps a name for itself, or would quietly give it another.

    Examples
    --------
    >>> is_kept("nul.2030"), is_kept("S5."), is_kept("S5")
    (True, True, False)
    """
    return name.endswith((".", " ")) or name.split(".")[0].strip().upper() in RESERVED


def no_name(part: str) -> bool:
    """Whether Windows has no file or folder of this name.

    Examples
    --------
    >>> no_name("12:30"), no_name("prn.txt"), no_name("碳市 1"), no_name("..")
    (True, True, False, False)
    """
    return part not in (".", "..") and (is_kept(part) or bool(FORBIDDEN & set(part)))


def folded(name: str) -> str:
    """A name as file systems compare it that tell neither case nor ways of writing the same sign apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def sharing(names: Iterable[str]) -> list[str]:
    """Names of which some system would put two into one folder, sorted; a name given twice stands once.

    Examples
    --------
    >>> sharing(["S5", "s5", "S1"])
    ['S5', 's5']
    >>> sharing(["S5", "S5"])
    ['S5']
    """
    held: dict[str, list[str]] = {}
    for name in names:
        held.setdefault(folded(name), []).append(name)
    return sorted({name for alike in held.values() if len(alike) > 1 for name in alike})
