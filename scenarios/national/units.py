"""Units of money by their whole word, Chinese and English: 百万元 is a million yuan and never 万元."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

YI = 1e8
"""Yuan in a yi yuan, the unit of the accounts."""

_DIGITS = {"一": 1.0, "二": 2.0, "三": 3.0, "五": 5.0, "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8}
_DIGITS |= {"億": 1e8, "拾": 1e1, "佰": 1e2, "仟": 1e3}
_CHINESE_MONEY = {
    "人民币元": "CNY", "元人民币": "CNY", "人民币": "CNY", "元": "CNY", "圆": "CNY", "美元": "USD", "欧元": "EUR",
    "日元": "JPY", "英镑": "GBP", "韩元": "KRW", "港元": "HKD", "港币": "HKD", "卢布": "RUB", "卢比": "INR",
    "加元": "CAD", "澳元": "AUD", "新台币": "TWD", "法郎": "CHF",
}  # fmt: skip
_ENGLISH_MONEY = {
    "yuan": "CNY", "renminbi": "CNY", "rmb": "CNY", "cny": "CNY", "¥": "CNY", "usd": "USD", "us dollars": "USD",
    "us dollar": "USD", "u.s. dollars": "USD", "dollars": "USD", "dollar": "USD", "us$": "USD", "$": "USD",
    "euros": "EUR", "euro": "EUR", "eur": "EUR", "€": "EUR", "yen": "JPY", "jpy": "JPY", "pounds": "GBP", "gbp": "GBP",
    "£": "GBP", "won": "KRW", "krw": "KRW", "rupees": "INR", "inr": "INR", "zloty": "PLN", "pln": "PLN", "czk": "CZK",
    "sek": "SEK", "dkk": "DKK", "huf": "HUF", "ron": "RON", "chf": "CHF", "nok": "NOK", "hkd": "HKD", "twd": "TWD",
    "rub": "RUB", "brl": "BRL", "cad": "CAD", "aud": "AUD", "nac": "NAC", "national currency": "NAC",
}  # fmt: skip
_ENGLISH_SIZES = {
    "hundred": 1e2, "hundreds": 1e2, "thousand": 1e3, "thousands": 1e3, "thd": 1e3, "tsd": 1e3, "'000": 1e3,
    "000s": 1e3, "k": 1e3, "000": 1e3, "wan": 1e4, "million": 1e6, "millions": 1e6, "mio": 1e6, "mln": 1e6, "mn": 1e6,
    "mill": 1e6, "m": 1e6,
    "yi": 1e8, "billion": 1e9, "billions": 1e9, "bn": 1e9, "mrd": 1e9, "bln": 1e9, "trillion": 1e12,
    "trillions": 1e12, "ten": 10.0, "tens": 10.0,
}  # fmt: skip
_SHORT = {"wanyuan": 1e4, "yi": 1e8, "yiyuan": 1e8, "qianyuan": 1e3, "baiwanyuan": 1e6, "yuan": 1.0, "wan": 1e4}


@dataclass(frozen=True)
class Unit:
    """A unit of money.

    Parameters
    ----------
    size
        Units of the currency in it.
    currency
        Three letters; yuan is CNY.
    word
        As it stands in the table.
    """

    size: float
    currency: str = "CNY"
    word: str = ""

    @property
    def yi(self) -> float:
        """Yi (10^8) of the currency in one unit: 1e-4 for ten thousand yuan."""
        return self.size / YI

    def __str__(self) -> str:
        return self.word or f"{self.size:g} {self.currency}"

    def same(self, other: Unit) -> bool:
        """Whether both are as much."""
        return self.size == other.size and self.currency == other.currency


@lru_cache(maxsize=10_000)
def parse_unit(text: str, bare: bool = False) -> Unit | None:
    """A unit from its whole word; None where the words are no unit of money.

    Parameters
    ----------
    bare
        Whether a size without a currency counts (as yuan), as behind «单位:» or «--unit».

    Examples
    --------
    >>> [parse_unit(w).size for w in ("元", "千元", "万元", "十万元", "百万元", "千万元", "亿元", "十亿元", "万亿元")]
    [1.0, 1000.0, 10000.0, 100000.0, 1000000.0, 10000000.0, 100000000.0, 1000000000.0, 1000000000000.0]
    >>> parse_unit("million euro"), parse_unit("MIO_EUR").size, parse_unit("10,000 yuan").size
    (Unit(size=1000000.0, currency='EUR', word='million euro'), 1000000.0, 10000.0)
    >>> parse_unit("10^8 yuan").size, parse_unit("100 million RMB").size, parse_unit("单元"), parse_unit("million")
    (100000000.0, 100000000.0, None, None)
    """
    word = _flat(text).strip(" \t\n.,;:。、()[]")
    size = _chinese(word, bare)
    if size is None:
        size = _english(word, bare)
    return None if size is None else Unit(size[0], size[1], text.strip())


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _flat(text: str) -> str:
    """Words in half-width letters, powers of ten as ``10^4``."""
    text = re.sub(r"10([⁰¹²³⁴-⁹]+)", lambda m: "10^" + m[1].translate(_RAISED), text)
    return re.sub(r"10的(\d+)次方", r"10^\1", unicodedata.normalize("NFKC", text))


def _chinese(word: str, bare: bool) -> tuple[float, str] | None:
    compact = re.sub(r"\s+", "", word)
    names = sorted(_CHINESE_MONEY, key=len, reverse=True)
    tail = next((n for n in names if compact.endswith(n)), "")
    head = compact[: len(compact) - len(tail)]
    if head.startswith("人民币"):
        head, tail = head.removeprefix("人民币"), tail or "人民币"
    if not tail and not (bare and head and all(c in _DIGITS for c in head)):
        return None
    figure = re.match(r"^(?:10\^(\d+)|([\d,]+))", head)
    size = 1.0
    if figure:
        size = 10.0 ** int(figure[1]) if figure[1] else float(figure[2].replace(",", "") or 0)
        if not re.fullmatch(r"10*", f"{size:.0f}"):
            return None  # a year, not a unit
        head = head[figure.end() :]
    for letter in head:
        if letter not in _DIGITS:
            return None
        size *= _DIGITS[letter]
    return (size, _CHINESE_MONEY.get(tail, "CNY")) if size > 0.0 else None


def _english(word: str, bare: bool) -> tuple[float, str] | None:
    text = word.casefold().replace("_", " ")
    if text.replace(" ", "") in _SHORT and (bare or text.replace(" ", "") in ("wanyuan", "yiyuan", "yuan")):
        return _SHORT[text.replace(" ", "")], "CNY"
    text = re.sub(
        r"\b(in|of|chinese|current|constant|prices?|units?|values?|figures|amounts|data|all|at|basic|producers?'?)\b|×",
        " ",
        text,
    )
    text = re.sub(r"10\s*\^\s*(\d+)|10\*\*(\d+)|1e\+?(\d+)",
                  lambda m: " " + str(10 ** int(m[1] or m[2] or m[3])) + " ", text)  # fmt: skip
    text = re.sub(r"(?<=\d)[ ,](?=\d{3}\b)", "", text)
    currency = ""
    for name in sorted(_ENGLISH_MONEY, key=len, reverse=True):
        edge = r"(?<![a-z])" + re.escape(name) + r"(?![a-z])" if name[0].isalpha() else re.escape(name)
        if re.search(edge, text):
            currency, text = _ENGLISH_MONEY[name], re.sub(edge, " ", text, count=1)
            break
    if not currency and not bare:
        return None
    size, sized = 1.0, False
    for part in re.findall(r"'?\d[\d.]*|[a-z]+|'000|\S", text):
        if part in ".,;:-/()[]":
            continue
        if part in _ENGLISH_SIZES:
            size, sized = size * _ENGLISH_SIZES[part], True
        elif re.fullmatch(r"10*|0\.0*1", part):
            size, sized = size * float(part), True
        else:
            return None
    return (size, currency or "CNY") if size > 0.0 and (sized or currency) else None


_MARK = re.compile(
    r"(?:(?:计量|计价|货币)?[单單単]\s*位\s*(?:[:：=]|为|是)?|(?<![a-z])units?(?: of (?:money|measure))?\s*[:：=])\s*",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_ENGLISH_TAIL = re.compile(
    r"(?<![a-z0-9.,])((?:in )?(?:0\.0*1|1[0, ]*|tens?|hundreds?|thousands?|millions?|billions?|mio\.?|mn|bn)[\w ,.'^]*?"
    r"(?:yuan|rmb|cny|usd|us dollars?|dollars?|euros?|eur|yen|us\$|€|\$))(?![a-z])",
    re.IGNORECASE,
)


def units_said(cells: Iterable[str]) -> list[Unit]:
    """Every different unit of money that the cells of a heading name.

    Examples
    --------
    >>> [str(u) for u in units_said(["2017年投入产出表", "单位：百万元", "多元统计 (万元)"])]
    ['百万元', '万元']
    """
    found: list[Unit] = []
    for cell in cells:
        text = _flat(cell).strip()
        for piece, bare in _pieces(text):
            unit = parse_unit(piece, bare)
            if unit is not None and _only_money(piece) and _SIZED.search(text.replace(piece, " ")):
                continue  # «in millions of ... (CNY)»: the size stands outside
            if unit is not None:
                beside = []
                if mark := _MARK.search(text):
                    words = [*_INSIDE.findall(text), *_beside(re.split(r"[()\[;；。]", text[mark.end() :])[0])]
                    beside = [parse_unit(word) for word in words if not _only_money(word)]
                for said in (unit, *beside):  # «单位：万元 （亿元）» leaves open which
                    if said is not None and not any(said.same(u) for u in found):
                        found.append(said)
                break
    return found


_SIZED = re.compile(
    r"(?<![a-z])(?:thousands?|millions?|billions?|trillions?|hundreds?|mio|mln|mill|mrd|bn|thd|tsd)(?![a-z])|10\^|[十百千万萬亿億]",
    re.IGNORECASE,
)


def _only_money(piece: str) -> bool:
    """Whether words name a currency and no size."""
    return not _SIZED.search(piece) and not re.search(r"\d", piece)


def _beside(words: str) -> list[str]:
    """Units parted by a comma or stroke; figures as ``10,000`` stay whole, and those of people are no money."""
    return [piece.strip() for piece in re.split(r"[、，/]|,(?!\d{3})", words)]


def _pieces(text: str) -> Iterable[tuple[str, bool]]:
    """Parts of a cell that may be a unit: behind «单位:», in parentheses, the whole, behind a comma."""
    mark = _MARK.search(text)
    if mark:
        rest = text[mark.end() :].strip()
        first = re.split(r"[()\[;；。]|\s注", rest)[0]
        yield from ((piece.strip(), True) for piece in (first, rest) if piece.strip())
        yield from ((piece, False) for piece in _beside(first))
        for inside in _INSIDE.findall(rest):
            yield inside.strip(), True
        return
    if len(text) <= 40 and not re.fullmatch(r"[\d.,'\s-]+", text):
        yield text, False
    for inside in _INSIDE.findall(text):
        yield inside.strip(), False
        for part in re.split(r"[,;，、]", inside):
            yield part.strip(), False
    for part in re.split(r"[,;，;]", text)[1:]:
        yield part.strip(), False
    dash = re.match(r"^(.*[表图\w])\s*[-—–]\s*([十百千万萬亿億]+元)$", text)
    if dash and parse_unit(dash[1]) is None:
        yield dash[2], False
    for part in re.findall(r"以([^以,，。;；]+元)计(?!算)", text):
        yield part.strip(), False
    tail = _ENGLISH_TAIL.search(text)
    if tail and not re.search(r"\d\s*$", text[: tail.start()]):  # 2.5 million yuan are an amount
        yield tail[1], False
