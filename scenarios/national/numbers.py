"""Numbers as people write them: thousands and decimals, minus, nothing, flags.

A cell never decides for itself whether ``1.234`` is one or a thousand: the notation of a whole sheet does, and where
the sheet leaves it open, nobody guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Mark = Literal[".", ","]

NOTHING = frozenset(
    {"", "-", "--", "---", "—", "——", "–", "−", "…", "...", "……", "..", ".", ":", "*", "/", "n.a.", "n.a", "na", "n/a"}
    | {
        "零",
        "〇",
        "×",
        "暂无",
        "没有",
        "不详",
        "未统计",
        "数据缺失",
        "保密",
        "(d)",
        "(x)",
        "(s)",
        "[..]",
        "n.d",
        "nd.",
        "na.",
    }
    | {"z", "not available", "confidential", "unknown"}
    | {"#n/a", "nil", "null", "none", "nd", "n.d.", "无", "空", "(空)", "缺", "不适用", "未公布", "x", "(-)", "c", ":c"}
)
"""What statisticians write where there is nothing, nothing is known, or nothing is told."""

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]+")
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u2060-\u2064]")
"""Signs that are not printed: of the direction of writing, of what belongs together."""
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2015\u2500\ufe63\u25b2\u25b3", "-"))
_LONG_MINUS = re.compile(r"^(?:[\u2014\u30fc负負](?=\d)|-\((?=[\d.,' ]+\)$))")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'", "\u00b4": "'"})
_STROKES = re.compile(r"^[-\u2014\u30fc.\u00b7\u2026~ ]+$")
"""Strokes and points of any number, as printers fill cells with."""
_MONEY = re.compile(r"^([-+]?)\s*(?:cny|rmb|usd|eur|us\$|[$¥€£])\s*(?=[\d.,(-])")
_MONEY_BEHIND = re.compile(r"(?<=[\d)])\s*(?:元|圆|yuan|cny|rmb|usd|eur|us\$|[$¥€£])(?:\s*/\s*(?:吨|t|tco2e?|tonne))?$")
_FLAG = re.compile(
    r"(?<=\d)(?:\s+(?!cr$)[bcdefinprsuz]{1,3}|\s*\*+|\s*[†‡]|\s*\[\w{1,3}\]|\s*\([bcdefinprsuz]{1,2}\)|[bcdefpsu](?![\w]))$"
)
_SHAPE = re.compile(r"^([-+]?)([\d][\d.,' ]*|[.,]\d+)(e[-+]?\d+)?(-?)$")


class Exact(str):
    """A number that the file holds as a number, not as text: a point in it is always the decimal one."""

    __slots__ = ()


@dataclass(frozen=True)
class Notation:
    """How the numbers of a sheet are written.

    Parameters
    ----------
    decimal
        The mark before the decimals.
    sure
        Whether the sheet leaves no doubt; else the other reading is possible as well.
    clash
        Two cells that cannot be written in one notation, if there are such.
    """

    decimal: Mark = "."
    sure: bool = True
    clash: tuple[str, str] | None = None


def plain(text: str) -> str:
    """A cell in half-width letters, ordinary minus and apostrophe, small, with single spaces.

    Examples
    --------
    >>> plain(" \u2212１２\u00a0３４５ ")
    '-12 345'
    """
    word = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).translate(_MINUS).translate(_QUOTES)
    return _SPACES.sub(" ", word).strip().casefold()


def nothing(text: str) -> bool:
    """Whether a cell says that there is nothing.

    Examples
    --------
    >>> nothing(" : "), nothing("n.a."), nothing("0"), nothing("nan")
    (True, True, False, False)
    """
    if isinstance(text, Exact):
        return False
    word = plain(text)
    return word in NOTHING or _STROKES.match(word) is not None


def _body(text: str) -> str:
    """The number in a cell without what stands around it: currency, flags, parentheses for a minus."""
    word = _MONEY.sub(r"\1", _LONG_MINUS.sub("-", plain(text)))
    if word.startswith("-") and word.endswith(")") and "(" not in word:  # -(5)
        word = word[:-1]
    word = _FLAG.sub("", _MONEY_BEHIND.sub("", word)).strip()
    inside = re.fullmatch(r"\(\s*-?\s*([^()-]+?)\s*\)", word)
    word = f"-{inside[1]}" if inside else word
    word = _MONEY.sub(r"\1", word)
    return re.sub(r"^([-+])\s+", r"\1", word)


def money_behind(text: str) -> bool:
    """Whether a cell names money behind its number, which in a table of another unit is not the number's scale.

    Examples
    --------
    >>> money_behind("12 yuan"), money_behind("12"), money_behind("12 p")
    (True, False, False)
    """
    return not isinstance(text, Exact) and _MONEY_BEHIND.search(plain(text)) is not None


def number(text: str, decimal: Mark = ".") -> float | None:
    """The number in a cell; 0 where it says nothing, None for what is no finite number.

    Parameters
    ----------
    text
        Thousands may be parted by blanks of any kind, apostrophes, or the mark that is not the decimal one; a minus may
        be a sign before or behind, a typographic one, or parentheses; flags of statistics (``12.3 p``) are passed over.
    decimal
        The decimal mark.

    Examples
    --------
    >>> number("1,234.5"), number(" - "), number("12 units"), number("nan")
    (1234.5, 0.0, None, None)
    >>> number("(2)"), number("\u22125"), number("1\u00a0234"), number("1.234,5", ","), number("１，２３４")
    (-2.0, -5.0, 1234.0, 1234.5, 1234.0)
    """
    if isinstance(text, Exact):
        value = float(text)
        return value if abs(value) < float("inf") else None
    if nothing(text):
        return 0.0
    shape = _SHAPE.match(_body(text))
    if shape is None or (shape[1] and shape[4]):
        return None
    digits = _ungrouped(shape[2].strip(), decimal)
    if digits is None:
        return None
    value = float(f"{shape[1] or shape[4]}{digits}{shape[3] or ''}")
    return value if abs(value) < float("inf") else None


def _ungrouped(digits: str, decimal: Mark) -> str | None:
    """Digits with a decimal point and no marks of thousands; None where the marks stand wrongly."""
    whole, _, rest = digits.partition(decimal)
    if not re.fullmatch(r"\d*", rest) or not (whole or rest):
        return None
    marks = set(re.findall(r"\D", whole))
    if len(marks) > 1:
        return None
    if marks:
        mark = re.escape(marks.pop())
        if not re.fullmatch(rf"\d{{1,3}}(?:{mark}\d{{3}})+|\d{{1,3}}(?:{mark}\d{{2}})*{mark}\d{{3}}", whole):
            return None
    return re.sub(r"\D", "", whole or "0") + "." + (rest or "0")


def notation(cells: Iterable[str], separator: str = ",") -> Notation:
    """How the numbers of a sheet are written, from all its cells together.

    Parameters
    ----------
    separator
        What parts the cells of the file. Where cells are parted by commas, three digits behind a mark are thousands
        behind a comma and decimals behind a point; elsewhere such a sheet stays open.

    Examples
    --------
    >>> notation(["1.234,5", "12"]).decimal, notation(["1,5"]).decimal, notation(["1,234.5"]).decimal
    (',', ',', '.')
    >>> notation(["1.234", "5.678"], ";").sure, notation(["1.234", "0.5"], ";").sure
    (False, True)
    """
    evidence: dict[str, str] = {}
    open_marks: dict[str, str] = {}
    whole = False
    for text in cells:
        if isinstance(text, Exact):
            continue
        shape = _SHAPE.match(_body(text))
        if shape is None:
            continue
        body = shape[2].strip()
        verdict, mark = _verdict(body)
        if shape[3] and verdict == "open":  # 1.234e+05: what stands before an exponent has decimals
            verdict = "sure"
        if verdict == "sure":
            evidence.setdefault(mark, text)
        elif verdict == "open":
            open_marks.setdefault(mark, text)
        whole |= body.isdigit() and len(body) > 3
    if len(evidence) == 2:
        return Notation(clash=(evidence["."], evidence[","]))
    if evidence:
        return Notation("." if "." in evidence else ",")
    if whole and open_marks:  # who writes 12345 does not write 1,234 for a thousand
        if len(open_marks) == 1:
            return Notation("." if "." in open_marks else ",")
        return Notation(clash=(open_marks["."], open_marks[","]))
    if len(open_marks) == 2:
        return Notation(clash=(open_marks["."], open_marks[","]))
    if not open_marks or separator in (",", ""):
        return Notation(".")
    return Notation("." if "." in open_marks else ",", sure=False)


def _verdict(body: str) -> tuple[str, Mark]:
    """What one number says of the decimal mark: ``sure`` or ``open`` with the mark, or nothing."""
    points, commas = body.count("."), body.count(",")
    if points and commas:
        last: Mark = "." if body.rindex(".") > body.rindex(",") else ","
        return ("sure", last) if body.count(last) == 1 else ("none", ".")
    mark: Mark = "." if points else ","
    other: Mark = "," if points else "."
    count = points or commas
    if count == 0:
        return "none", "."
    if count > 1:
        return "sure", other
    before, _, after = body.partition(mark)
    blank = " " in before or "'" in before
    thousands = len(after) == 3 and 1 <= len(before) <= 3 and before != "0" and not before.startswith("0")
    return ("open", mark) if thousands and not blank else ("sure", mark)
