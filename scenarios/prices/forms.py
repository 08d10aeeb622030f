"""One date as people write it: numbers in any order, names of months in six languages, weeks, months, quarters."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Order = Literal["dmy", "mdy", "ymd"]
"""Which of day, month and year stands first where a date is three numbers."""

EARLIEST, LATEST = 1990, 2100
MINGUO = 1911
"""Years from the calendar of the Republic of China to the common one."""
EPOCHS = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}
"""Day 0 of Excel's two systems of day numbers."""
_NAMES = (
    ("jan", "ene", "gen", "sty", "янв"), ("feb", "fév", "fev", "lut", "фев"), ("mar", "mär", "mrz", "mrt", "мар"),
    ("apr", "avr", "abr", "kwi", "апр"),
    ("may", "mai", "mag", "mei", "maj", "мая", "май"), ("jun", "juin", "giu", "cze", "июн"),
    ("jul", "juil", "lug", "lip", "июл"), ("aug", "aoû", "aou", "ago", "sie", "авг"), ("sep", "set", "wrz", "сен"),
    ("oct", "okt", "ott", "out", "paź", "окт"), ("nov", "lis", "ноя"), ("dec", "déc", "dez", "dic", "gru", "дек"),
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names}
_LONGEST = max(map(len, _MONTHS))
_WORD = r"[^\W\d_]"
_CLOCK = r"(?:[T ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?(?: ?[AP]\.?M\.?)?)?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}|(?:GMT|UTC)?[+-]\d{2}:?\d{2})(?: \([\w ]+\))?)?"
_BIG = re.compile(rf"^(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})[日号]?{_CLOCK}{_ZONE}$", re.IGNORECASE)
_MONTH = re.compile(r"^(\d{4})(?:[-/.年]|[ -]?M)?(\d{1,2})月?$", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"^(\d{1,2})[-/.](\d{4})$")
_QUARTER = re.compile(r"^(\d{4})[-/. 年]{0,2}(?:Q|第)([1-4一二三四])(?:季度?)?$", re.IGNORECASE)
_QUARTER_FIRST = re.compile(r"^Q([1-4])[-/. ]?(\d{4})$", re.IGNORECASE)
LITTLE = re.compile(rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}$", re.IGNORECASE)
_SHORT_CHINESE = re.compile(rf"^(\d{{2}})年(\d{{1,2}})月(\d{{1,2}})[日号]?{_CLOCK}$")
_DAY_NAME = rf"(?:{_WORD}{{2,10}}\.?,? )?"
_WORD_DAY = re.compile(
    rf"^{_DAY_NAME}(\d{{1,2}})(?:st|nd|rd|th)?\.?[- ]?({_WORD}{{3,10}})\.?,?[- ]?(\d{{4}}|'?\d{{2}}){_CLOCK}{_ZONE}$"
)
_YEAR_WORD_DAY = re.compile(rf"^(\d{{4}})[- ]({_WORD}{{3,10}})[- ](\d{{1,2}}){_CLOCK}{_ZONE}$")
_WORD_DAY_YEAR = re.compile(rf"^({_WORD}{{3,10}})-(\d{{1,2}})-(\d{{4}})$")
_YEAR_DAY = re.compile(r"^(\d{4})-(\d{3})$")
_WORD_MONTH = re.compile(rf"^{_DAY_NAME}({_WORD}{{3,10}})\.? (\d{{1,2}}),?{_CLOCK} (\d{{4}}){_CLOCK}{_ZONE}$")
_WORD_YEAR = re.compile(rf"^({_WORD}{{3,10}})\.?[- ](\d{{4}}|\d{{2}})$")
_WEEKDAY = re.compile(
    r"\s*(?:[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?|[(（][月火水木金土日월화수목금토일][)）])$"
)
_DAY_BEFORE = re.compile(r"^(?:mon|tues?|wed|thu(?:rs)?|fri|sat|sun)[a-z]{0,6}\.?,? (?=\d{1,2}[-/.]\d)", re.IGNORECASE)
_STROKE = re.compile(r"^(\d{4})([\u2010-\u2015\u2212_\\ ])(\d{1,2})\2(\d{1,2})(?=\D|$)")
_MINGUO = re.compile(r"^(?:中华民国|民国)(\d{1,3})年")
_CHINESE_CLOCK = re.compile(r"\s*(?:上午|下午|早上|晚上)?\s*\d{1,2}(?:时|点|:)(?:\d{1,2}(?:分|:)?)?(?:\d{1,2}秒?)?$")
_WEEK = re.compile(r"^(\d{4})[- ]?W(\d{2})(?:-?([1-7]))?$", re.IGNORECASE)
_CHINESE_WEEK = re.compile(r"^(\d{4})年第?(\d{1,2})周$")
_NUMERALS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}


def spelled(cell: str) -> str:
    """A cell in half-width signs, single spaces and Arabic numerals, without the name of the weekday.

    Examples
    --------
    >>> spelled("二〇二一年七月十九日"), spelled("2021年7月19日 星期一"), spelled("2021/7/19 下午3:00")
    ('2021年7月19日', '2021年7月19日', '2021/7/19')
    """
    word = _WEEKDAY.sub("", " ".join(unicodedata.normalize("NFKC", cell).split()))
    word = _STROKE.sub(r"\1-\3-\4", _DAY_BEFORE.sub("", word))
    word = re.sub(r"(?<=\d)\s*년\s*(\d{1,2})\s*월\s*(\d{1,2})\s*일", r"年\1月\2日", word)
    word = _MINGUO.sub(lambda m: f"{int(m[1]) + MINGUO}年", word)
    word = re.sub(r"(?<=[\d)])(?: ?r?\.|\*+)$", "", word)  # 2021.07.19. and 19.07.2021 r.
    if any(mark in word for mark in "上下午早晚时点"):
        word = _CHINESE_CLOCK.sub("", word)
    if "年" in word or "月" in word:
        word = re.sub(r"[〇○零一二三四五六七八九十]+(?=[年月日号])", _numeral, word)
    return word


def _numeral(found: re.Match[str]) -> str:
    text = found[0]
    if "十" not in text:
        return "".join(str(_NUMERALS[c]) for c in text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return text
    return str(10 * (_NUMERALS[tens] if tens else 1) + (_NUMERALS[ones] if ones else 0))


def parsed(word: str, order: Order = "dmy", excel: int = 0, month_of_six: bool = True) -> date | None:
    """The date that a cell says, None where it says none; a month or quarter is its last day.

    Parameters
    ----------
    word
        As `spelled` gives it.
    order
        Of three numbers with the year of two digits, or at the end.
    excel
        System of day numbers, 1900 or 1904; 0 where five digits are no day number.
    month_of_six
        Whether six digits are a year and a month; else year, month and day.

    Examples
    --------
    >>> parsed("19. Juli 2021"), parsed("2021Q3"), parsed("21/07/19", "ymd")
    (datetime.date(2021, 7, 19), datetime.date(2021, 9, 30), datetime.date(2021, 7, 19))
    """
    try:
        found = _numbers(word, order, excel, month_of_six) or _names(word)
    except (ValueError, OverflowError, KeyError):
        return None
    return found if found is not None and EARLIEST <= found.year <= LATEST else None


def _numbers(word: str, order: Order, excel: int, month_of_six: bool) -> date | None:
    if hit := _BIG.match(word):
        return date(int(hit[1]), int(hit[2]), int(hit[3]))
    if excel and re.fullmatch(r"\d{5}(?:\.\d+)?", word):
        return EPOCHS[excel] + timedelta(days=int(float(word)))
    if re.fullmatch(r"\d{8}(?:\.0)?", word):
        return date(int(word[:4]), int(word[4:6]), int(word[6:8]))
    if re.fullmatch(r"\d{8}T\d{4,6}Z?", word):
        return date(int(word[:4]), int(word[4:6]), int(word[6:8]))
    if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}|\d{16}|\d{19}", word):
        return datetime.fromtimestamp(int(word[:10]), UTC).date()
    if re.fullmatch(r"\d{6}", word) and not month_of_six:
        return date(2000 + int(word[:2]), int(word[2:4]), int(word[4:]))
    if hit := LITTLE.match(word):
        place = {letter: hit[k] for k, letter in enumerate(order, 1)}
        return date(_year(place["y"]), int(place["m"]), int(place["d"])) if len(place["d"]) < 3 else None
    if hit := _YEAR_DAY.match(word):
        day = date(int(hit[1]), 1, 1) + timedelta(days=int(hit[2]) - 1)
        return day if day.year == int(hit[1]) else None
    if hit := _SHORT_CHINESE.match(word):
        return date(_year(hit[1]), int(hit[2]), int(hit[3]))
    if hit := _WEEK.match(word):
        return date.fromisocalendar(int(hit[1]), int(hit[2]), int(hit[3] or 5))
    if hit := _CHINESE_WEEK.match(word):
        return date.fromisocalendar(int(hit[1]), int(hit[2]), 5)
    if hit := _QUARTER.match(word):
        quarter = _NUMERALS.get(hit[2]) or int(hit[2])
        return _month_end(int(hit[1]), 3 * quarter)
    if hit := _QUARTER_FIRST.match(word):
        return _month_end(int(hit[2]), 3 * int(hit[1]))
    if hit := _MONTH.match(word):
        return _month_end(int(hit[1]), int(hit[2]))
    if hit := _MONTH_FIRST.match(word):
        return _month_end(int(hit[2]), int(hit[1]))
    return None


def _names(word: str) -> date | None:
    if hit := _WORD_DAY.match(word):
        return date(_year(hit[3].lstrip("'")), _month(hit[2]), int(hit[1]))
    if hit := _YEAR_WORD_DAY.match(word):
        return date(int(hit[1]), _month(hit[2]), int(hit[3]))
    if hit := _WORD_DAY_YEAR.match(word):
        return date(int(hit[3]), _month(hit[1]), int(hit[2]))
    if hit := _WORD_MONTH.match(word):
        return date(int(hit[3]), _month(hit[1]), int(hit[2]))
    if hit := _WORD_YEAR.match(word):
        return _month_end(_year(hit[2]), _month(hit[1]))
    return None


def _month(name: str) -> int:
    """Number of a month by how its name begins; KeyError for another word."""
    word = name.casefold()
    longest = next((word[:k] for k in range(_LONGEST, 2, -1) if word[:k] in _MONTHS), word)
    return _MONTHS[longest]


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _month_end(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
