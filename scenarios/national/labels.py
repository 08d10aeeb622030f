"""Headings of rows and columns: codes and names parted, roles recognised, banners told from headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tanshi.scenarios.national.units import parse_unit
from tanshi.scenarios.national.words import CODE_FOLDS, COLUMN_ROLES, ORIGINS, ROW_ROLES, TOTAL_WORDS, fold

_CODE = re.compile(
    r"^(?:(?:CPA|TTL|DOM|IMP)_)?(?:[A-Za-z]{1,4}[_ ]?)?\d{1,3}[A-Za-z]?"
    r"(?:\s*[-_,.&T、–]\s*[A-Za-z]{0,4}\d{1,3}[A-Za-z]{0,2})*$"
)
_LETTER = re.compile(r"^(?:CPA_|TTL_|DOM_|IMP_)?[A-U](?:[-_][A-U])?$")
_CODED = re.compile(
    r"^\s*((?:CPA_|TTL_|DOM_|IMP_)?[A-Za-z]?\d{1,3}[a-zA-Z]?(?:\s*[-_,&T–]\s*[A-Za-z]?\d{1,3})*|[A-U])"
    r"(?:\s*[.:：、)）]\s*|\s+-\s+|\s+|-(?=[^\d]))(?=\D)(.{2,})$",
    re.DOTALL,
)
_GLUED = re.compile(r"^\s*([A-Z]{0,3}\d{2,3})[-_]?([\u3400-\u9fff].*)$", re.DOTALL)
_TAILED = re.compile(r"^(.{2,}?)\s*[(\[（【]\s*([A-Za-z_]{0,6}\d{1,3}[A-Za-z]?)\s*[)\]）】]\s*$", re.DOTALL)
_SIGN = re.compile(r"^\s*(?:[(（]?\s*[-－−+＋]\s*[)）]?|减[:：]?|less:?|minus)\s*", re.IGNORECASE)


def is_code(word: str) -> bool:
    """Whether a label is a code and no name.

    Examples
    --------
    >>> [is_code(w) for w in ("01", "C10-C12", "CPA_A01", "D35", "农业", "TIU", "-", "D05T06")]
    [True, True, True, True, False, False, True, True]
    """
    text = unicodedata.normalize("NFKC", word).strip()
    return bool(_CODE.match(text) or _LETTER.match(text)) or text in ("-", "--", "—")


def parted(word: str) -> tuple[str, ...]:
    """Code and name of a label that holds both, else the label.

    Examples
    --------
    >>> parted("01 农林牧渔产品和服务"), parted("C24 - Basic metals"), parted("煤炭(02)"), parted("01农业")
    (('01', '农林牧渔产品和服务'), ('C24', 'Basic metals'), ('02', '煤炭'), ('01', '农业'))
    >>> parted("14 days' credit"), parted("出口")
    (('14', "days' credit"), ('出口',))
    """
    text = unicodedata.normalize("NFKC", word).strip()
    for pattern in (_CODED, _GLUED):
        hit = pattern.match(text)
        if hit and fold(hit[2]):
            return hit[1].strip(), hit[2].strip()
    hit = _TAILED.match(text)
    if hit:
        return hit[2].strip(), hit[1].strip()
    return (word.strip(),)


def _spellings(word: str) -> Iterator[str]:
    """Ways to read one label as a known word."""
    yield word
    bare = _SIGN.sub("", word)
    if bare != word:
        yield bare
    yield from re.split(r"[\n/|]", word)
    outside = re.sub(r"[(（\[][^()（）\[\]]*[)）\]]", "", word)
    if outside.strip() and outside != word:
        yield outside
    for inside in re.findall(r"[(（\[]([^()（）\[\]]+)[)）\]]", word):
        short = len(fold(inside)) <= 1 or inside.strip().isdigit()
        if fold(outside) and not short and not parse_unit(inside) and fold(inside) not in ORIGINS:
            yield inside
    whole = re.sub(r"(?<=\w\w)(?:合计|小计|总计|总额|金额|额)$", "", word.strip())
    if whole != word.strip():
        yield whole
    yield from parted(word)
    coded = re.match(r"^\s*[A-Z]{1,4}[\dX_]{0,5}(?:[ :.、_-]+(?=\S)|(?=[\u3400-\u9fff]))(.*)$", word, re.DOTALL)
    if coded:  # a code of a role and its name in one cell
        yield coded[1]
    letters = re.match(r"^(.*[\u3400-\u9fff])\s*([A-Za-z][A-Za-z &,'-]{3,})$", word.strip(), re.DOTALL)
    if letters:  # Chinese and English in one cell
        yield from (letters[1], letters[2])


@lru_cache(maxsize=20_000)
def role_of(word: str, across: bool) -> str | None:
    """The role that a label of a column (``across``) or row has, if any.

    Examples
    --------
    >>> [role_of(w, True) for w in ("出口 (EX)", "减：进口", "Exports", "农业", "总产出 Gross output")]
    ['export', 'import', 'export', None, 'output']
    >>> role_of("VA001 劳动者报酬", False), role_of("Other transport", True)
    ('labour', None)
    """
    if not any(c.isalpha() for c in word):
        return None
    roles = COLUMN_ROLES if across else ROW_ROLES
    return next((roles[f] for text in _spellings(word) if (f := fold(text)) in roles), None)


def folds(words: Sequence[str]) -> frozenset[str]:
    """The labels of a sector in a form that compares."""
    return frozenset(f for word in words for part in (word, *parted(word)) if (f := fold(part)))


@dataclass(frozen=True)
class Heading:
    """What the labels of one row or column say.

    Parameters
    ----------
    words
        Code and names of a sector, nearest to the numbers last.
    role
        Its role in the table, empty for sectors, sums and what is not known.
    total
        Whether it is a sum without a role.
    origin
        Where the goods come from: domestic, imported, both, or nothing said.
    """

    words: tuple[str, ...]
    role: str = ""
    total: bool = False
    origin: str = ""


def heading(labels: Sequence[str], across: bool) -> Heading:
    """What the labels from the outermost to the nearest say: the nearest that is no code decides.

    Examples
    --------
    >>> heading(["中间使用", "农业", "01"], True).words
    ('01', '农业')
    >>> heading(["最终使用", "居民消费", "小计", "THC"], True).role
    'household'
    """
    codes: list[str] = []
    names: list[str] = []
    origin = ""
    cleaned = [" ".join(label.split()) for label in labels if label.strip()]
    for i in range(len(cleaned) - 1, -1, -1):
        word, told = _without_origin(cleaned[i], across)
        origin = origin or told
        if fold(word) in CODE_FOLDS or parse_unit(word):
            continue
        if fold(word) in ORIGINS and (i > 0 or names or codes) and fold(word) not in TOTAL_WORDS:
            if not names and role_of(word, across) and not any(_a_name(w, across) for w in cleaned[:i]):
                return Heading(tuple(codes), role_of(word, across) or "", origin=origin)
            origin = origin or ORIGINS[fold(word)]
            continue
        known = None if names else role_of(word, across)
        if known is None and not names and i > 0:
            known = (COLUMN_ROLES if across else ROW_ROLES).get(fold(cleaned[i - 1] + word))
        if known is not None:
            return Heading((*codes, word), known, origin=origin)
        if not names and fold(word) in TOTAL_WORDS:
            if ORIGINS.get(fold(word)) == "both" and any(_a_name(w, across) for w in cleaned[:i]):
                origin = "both"
                continue
            return Heading((word,), total=True, origin=origin)
        if is_code(word):
            codes.insert(0, word)
        elif not role_of(word, across) and fold(word) not in TOTAL_WORDS:
            names.insert(0, word)
    return Heading(tuple(dict.fromkeys(p for word in (*codes, *names) for p in parted(word))), origin=origin)


_OF = re.compile(r"^(.+)(?:[(（\[]([^()（）\[\]]+)[)）\]]|[-–—]\s*([^-–—()（）]+))$", re.DOTALL)


_BEFORE = re.compile(
    r"^(?:(?P<imported>进口|imported\b)|(?P<domestic>国产|国内|domestic\b|home-made\b))\s*[:：-]?\s*(?P<name>\S.+)$",
    re.IGNORECASE | re.DOTALL,
)


def _without_origin(word: str, across: bool) -> tuple[str, str]:
    """A name without the word before or behind it that says where the goods come from, and what that word says."""
    before = None if across or role_of(word, across) or fold(word) in ORIGINS else _BEFORE.match(word)
    if before and fold(before["name"]) not in TOTAL_WORDS:
        return before["name"], "imported" if before["imported"] else "domestic"
    found = _OF.match(word)
    behind = fold(found[2] or found[3]) if found else ""
    if not found or behind not in ORIGINS or behind in TOTAL_WORDS or role_of(found[1], across):
        return word, ""
    return found[1].strip(), ORIGINS[behind]


def _a_name(word: str, across: bool) -> bool:
    known = fold(word) in CODE_FOLDS or fold(word) in TOTAL_WORDS or role_of(word, across)
    return bool(fold(word)) and not known and not is_code(word)
