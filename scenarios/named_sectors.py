"""Sectors that a file names, beside those of the built-in economies: whether its economy has firms of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tanshi.errors import Message, both
from tanshi.scenarios.cap import BySector
from tanshi.scenarios.document import Document, Keys, Mark
from tanshi.scenarios.errors import SAID, Problem, UserError, did_you_mean, shorten
from tanshi.scenarios.fields import OfSectors
from tanshi.scenarios.meanings import meaning
from tanshi.scenarios.schema import Benchmarks, Coverage
from tanshi.scenarios.sectors import Sectors

GROUPS: dict[Keys, type[OfSectors]] = {
    ("coverage",): Coverage,
    ("sectors",): Sectors,
    ("cap", "by_sector"): BySector,
    ("allocation", "benchmarks"): Benchmarks,
}
"""Where the fields of a scenario are sectors."""
LISTS: tuple[Keys, ...] = (("shock", "sectors"),)
"""Where its values are."""


def like_a_built_in(path: Keys) -> Keys:
    """The path of the same field for a sector of the built-in economies, which the schema describes.

    Examples
    --------
    >>> like_a_built_in(("sectors", "MACH", "limits", "slope"))
    ('sectors', 'STEEL', 'limits', 'slope')
    """
    for keys, group in GROUPS.items():
        place = len(keys)
        if path[:place] == keys and len(path) > place and path[place] not in group.model_fields:
            return (*keys, "STEEL", *path[place + 1 :])
    return path


def check_named_sectors(document: Document) -> None:
    """Add a problem for every sector of which the document's economy has no firms."""
    if not (named := list(_further(document))):
        return
    known = _with_firms(document.values.get("economy", "shanxi_2022"))
    if known is None:  # no such economy, or one that cannot be read: said when the run opens it
        return
    for keys, word in [(keys, word) for keys, word in named if word not in known][:SAID]:
        at = document.marks.get((*keys, word), document.marks.get(keys, Mark("")))
        expected = Message("one of the sectors {known}", known=", ".join(known))
        got = Message("the sector {word}", word=shorten(word))
        words = [*known, *(GROUPS[keys].model_fields if keys in GROUPS else ())]
        field = ".".join(keys if keys in LISTS else (*keys, word))
        document.problems.append(Problem(expected, got, at.file, at.line, field, _meant(word, words)))


def _further(document: Document) -> Iterator[tuple[Keys, str]]:
    """Sectors that are not those of the built-in economies, and where they stand."""
    for keys, group in GROUPS.items():
        said = _under(document.values, keys)
        for word in said if isinstance(said, Mapping) else ():
            if word not in group.model_fields:
                yield keys, str(word)
    for keys in LISTS:
        said = _under(document.values, keys)
        for word in said if isinstance(said, list) else ():
            if isinstance(word, str) and word not in Coverage.model_fields:
                yield keys, word


def _under(values: object, keys: Keys) -> object:
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _with_firms(economy: object) -> tuple[str, ...] | None:
    from tanshi.scenarios.economy import load_economy  # reads tables: only where a sector has to be looked up

    if not isinstance(economy, str):
        return None
    try:
        return load_economy(economy).with_firms
    except UserError:
        return None


def _meant(word: str, known: Sequence[str]) -> str:
    described = {code: meaning(Coverage, code).casefold() for code in Coverage.model_fields}
    told = [code for code in known if word and word.casefold() in described.get(code, "")]
    return Message("Did you mean {told}?", told=both(told)) if told else did_you_mean(word, known)
