"""Classifications that are known, each a mapping file with its source in ``mappings/README.md``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tanshi.scenarios.national.guess import stem
from tanshi.scenarios.national.mapping_file import MapRow, groups_of, read_mapping
from tanshi.scenarios.national.words import fold

MAPPINGS = Path(__file__).parents[1] / "mappings"
CHINA = (
    "china_42", "china_42_2012", "china_42_2002_2010", "china_122_2002", "china_135_2007", "china_139_2012",
    "china_149_2017",
)  # fmt: skip
ISIC = "isic4"
OTHERS = ("exiobase3",)
BY_CODE = {
    **{(42, y): "china_42_2002_2010" for y in (2002, 2005, 2007, 2010)},
    **{(42, y): "china_42_2012" for y in (2012, 2015)},
    **{(42, y): "china_42" for y in (2017, 2018, 2020, 2022)},
    (122, 2002): "china_122_2002", (135, 2007): "china_135_2007", (139, 2012): "china_139_2012",
}  # fmt: skip
"""Edition whose codes a table of so many sectors and that year has, where it gives codes alone."""


@dataclass(frozen=True)
class Known:
    """A sector of a known classification.

    Parameters
    ----------
    rows
        Its rows in the mapping.
    edition
        File of the mapping, without its ending.
    """

    rows: tuple[MapRow, ...]
    edition: str


@lru_cache(maxsize=2)
def by_name(sectors: tuple[str, ...]) -> dict[str, Known]:
    """Every name of every edition, folded."""
    found: dict[str, Known] = {}
    for edition in (*CHINA, ISIC, *OTHERS):
        for rows in groups_of(_rows(edition, sectors)).values():
            for name in rows[0].names:
                found.setdefault(fold(name), Known(tuple(rows), edition))
    return found


@lru_cache(maxsize=2)
def by_stem(sectors: tuple[str, ...]) -> dict[str, Known]:
    """Every Chinese name without its ending; endings that two sectors share are left out."""
    found: dict[str, Known] = {}
    for known in by_name(sectors).values():
        for name in known.rows[0].names:
            if re.search(r"[\u3400-\u9fff]", name):
                found.setdefault(stem(name), known)
    return found


@lru_cache(maxsize=4)
def by_code(edition: str, sectors: tuple[str, ...]) -> dict[str, Known]:
    """Every code of one edition."""
    groups = groups_of(_rows(edition, sectors))
    return {code_of(rows[0].code): Known(tuple(rows), edition) for rows in groups.values() if rows[0].code}


@lru_cache(maxsize=2)
def by_isic(sectors: tuple[str, ...]) -> dict[tuple[str, ...], Known]:
    """Every code of ISIC Rev. 4 and NACE Rev. 2 in one spelling."""
    groups = groups_of(_rows(ISIC, sectors)).values()
    return {isic_code(rows[0].code): Known(tuple(rows), ISIC) for rows in groups if rows[0].code}


@lru_cache(maxsize=16)
def _rows(edition: str, sectors: tuple[str, ...]) -> tuple[MapRow, ...]:
    return tuple(read_mapping(MAPPINGS / f"{edition}.csv", sectors))


def code_of(text: str) -> str:
    """A code without leading zeros: spreadsheets drop them."""
    return fold(text).lstrip("0") if fold(text).isdigit() else fold(text)


def isic_code(text: str) -> tuple[str, ...]:
    """A code of ISIC or NACE in one spelling; nothing for another word.

    Examples
    --------
    >>> isic_code("C10-C12") == isic_code("CPA_C10-12") == isic_code("C10T12") == isic_code("10_12")
    True
    >>> isic_code("B05_06"), isic_code("D"), isic_code("农业"), isic_code("C24A"), isic_code("L68A")
    (('05', '06'), ('D',), (), ('24A',), ('68A',))
    """
    word = unicodedata.normalize("NFKC", text).strip().upper()
    word = re.sub(r"^(?:CPA|TTL|DOM|IMP|D|ISIC|NACE)_(?=[A-Z0-9])", "", word)
    if re.fullmatch(r"[A-U](?:[-_][A-U])?", word):
        return tuple(re.findall(r"[A-U]", word))
    if not re.fullmatch(r"[A-U]?\d{2,3}[A-Z]?(?:\s*[-_T&,–]\s*[A-U]?\d{2,3}[A-Z]?)*", word):
        return ()
    parts = re.findall(r"\d{2,3}(?:[AB](?!\d))?", word)
    return tuple(parts)
