"""Guess a sector of the model from the name of any industry or product, with how sure the guess is.

Names of Chinese editions differ in their endings (化学工业, 化学产品): two names are the same where their stems are.
Beyond that, words decide, in the order of ``mappings/keywords.csv``; what no word decides has no guess.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tanshi.scenarios.national.words import fold

KEYWORDS = Path(__file__).parents[1] / "mappings" / "keywords.csv"
SURE = 0.9
"""A guess at least so sure is taken; what is below goes into a draft that a person checks."""


@dataclass(frozen=True)
class Guess:
    """A guessed sector.

    Parameters
    ----------
    shares
        Sectors of the model and the share of each.
    confidence
        Between 0 and 1.
    word
        The word that decided.
    """

    shares: tuple[tuple[str, float], ...]
    confidence: float
    word: str


def stem(name: str) -> str:
    """A name without its joining words and ending.

    Examples
    --------
    >>> stem("石油和天然气开采业") == stem("石油、天然气开采产品"), stem("化学工业") == stem("化学产品")
    (True, True)
    """
    text = re.sub(r"[和及与的、]|\(.*?\)", "", unicodedata.normalize("NFKC", name)).replace("其它", "其他")
    text = fold(text)
    text = re.sub(r"(?:生产供应)", "供应", text)
    for ending in (
        "制造业",
        "加工业",
        "工业",
        "产品服务",
        "服务业",
        "事业",
        "产品",
        "加工品",
        "制品",
        "业",
        "品",
        "服务",
    ):
        if text.endswith(ending) and len(text) - len(ending) >= 2:
            return text.removesuffix(ending)
    return text


@lru_cache(maxsize=1)
def _rules() -> list[tuple[re.Pattern[str], Guess]]:
    with KEYWORDS.open(encoding="utf-8", newline="") as file:
        return [
            (
                re.compile(row["pattern"], re.IGNORECASE),
                Guess(_shares(row["sector"]), float(row["confidence"]), row["pattern"]),
            )
            for row in csv.DictReader(file)
        ]


def _shares(text: str) -> tuple[tuple[str, float], ...]:
    parts = [part.partition(":") for part in text.split("+")]
    return tuple((code.strip(), float(share or 1.0)) for code, _, share in parts)


def guess(names: tuple[str, ...]) -> Guess | None:
    """The sector that the words of a name speak for; None where none does.

    Examples
    --------
    >>> guess(("农产品",)).shares, guess(("Manufacture of basic iron and steel",)).shares[0][0], guess(("量子",))
    ((('AGR', 1.0),), 'STEEL', None)
    """
    for name in names:
        flat = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", name).strip())
        chinese = re.search(r"[\u3400-\u9fff]", flat)
        flat = flat.replace(" ", "") if chinese else flat
        for pattern, found in _rules():
            if pattern.search(flat):
                return found
    return None
