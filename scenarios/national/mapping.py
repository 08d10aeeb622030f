"""Which of the model's sectors the sectors of a table belong to, and the table in the model's sectors."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national import editions
from tanshi.scenarios.national.editions import Known, code_of, isic_code
from tanshi.scenarios.national.guess import SURE, Guess, guess, stem
from tanshi.scenarios.national.labels import is_code
from tanshi.scenarios.national.mapping_file import MapRow, groups_of, read_mapping
from tanshi.scenarios.national.sheet import listed
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import FINAL, fold

UNKNOWN = Message("Sectors of the table are unknown.")
ISIC_SHARE = 0.6
"""Share of a table's sectors whose codes must be of ISIC before its codes are read so."""


@dataclass(frozen=True)
class Went:
    """Where one sector of a table went.

    Parameters
    ----------
    labels
        Its code and names.
    parts
        Sectors of the model and shares; empty where nobody knows.
    how
        By what it was found: mapping, model, name, stem, code, guess.
    where
        The file or word that said so.
    confidence
        Between 0 and 1.
    """

    labels: tuple[str, ...]
    parts: tuple[tuple[str, float], ...]
    how: str
    where: str
    confidence: float

    @property
    def name(self) -> str:
        """Its labels as one phrase."""
        return " ".join(self.labels)


class UnknownSectors(UserError):
    """Sectors that nothing is known of, with a draft for a mapping.

    Parameters
    ----------
    went
        Every sector of the table, with the best guess where there is one.
    """

    def __init__(self, problems: Sequence[Problem], went: Sequence[Went]) -> None:
        super().__init__(UNKNOWN, problems)
        self.went = tuple(went)


def assign(table: NationalTable, sectors: tuple[str, ...], path: Path | None = None) -> list[Went]:
    """Find the model's sector of every sector of a table.

    Parameters
    ----------
    table
        Any sectors.
    sectors
        The model's sectors.
    path
        Mapping of one's own; without one, sectors named as in the model stay, others are looked up in the known
        classifications by name, by the stem of the name, by code, and by the words in it.

    Raises
    ------
    UnknownSectors
        With every sector that the mapping, or nothing, knows.
    """
    if path is not None:
        went = _by_own(table, sectors, path)
        origin: str = str(path)
    else:
        isic = _is_isic(table, sectors)
        went = [_known(labels, table, sectors, isic) for labels in table.labels]
        origin = Message("the model or of a known classification")
    lost = [w for w in went if w.confidence < SURE]
    if lost:
        raise UnknownSectors(_unknown(lost, table.file, origin), went)
    return went


def _unknown(lost: list[Went], file: str, origin: str) -> list[Problem]:
    hint = "Give its sector of the model in a mapping of your own: --map FILE.csv"
    if len(lost) <= 3:
        return [
            Problem(
                Message("a sector of {origin}", origin=origin),
                _near(w),
                file,
                field=f"sector {w.name}",
                hint=hint,
            )
            for w in lost
        ]
    names = listed([_near(w) for w in lost])
    return [
        Problem(
            Message("sectors of {origin}", origin=origin),
            Message("{number_of_lost} others: {names}", number_of_lost=len(lost), names=names),
            file,
            field="sectors",
            hint=hint,
        )
    ]


def _near(went: Went) -> str:
    if not went.parts:
        return repr(went.name)
    return Message("{name!r} (perhaps {codes})", name=went.name, codes="+".join(code for code, _ in went.parts))


def _known(labels: tuple[str, ...], table: NationalTable, sectors: tuple[str, ...], isic: bool) -> Went:
    own = next((s for s in sectors if any(fold(w) == fold(s) for w in labels)), None)
    if own is not None:
        return Went(labels, ((own, 1.0),), "model", own, 1.0)
    names = sorted((w for w in labels if not is_code(w)), key=lambda w: w.isascii())
    for name in names:
        hit = editions.by_name(sectors).get(fold(name))
        if hit is not None:
            return _went(labels, hit, "name", 1.0)
    for name in names:
        hit = editions.by_stem(sectors).get(stem(name)) if not name.isascii() else None
        if hit is not None:
            return _went(labels, hit, "stem", 0.97)
    if isic:
        codes = (isic_code(w) for w in labels)
        hit = next((editions.by_isic(sectors)[c] for c in codes if c in editions.by_isic(sectors)), None)
        if hit is not None:
            return _went(labels, hit, "code", 0.97)
    if not names:
        edition = editions.BY_CODE.get((len(table.labels), table.year or 0))
        known = editions.by_code(edition, sectors) if edition else {}
        hit = next((known[code_of(w)] for w in labels if code_of(w) in known), None)
        if hit is not None:
            return _went(labels, hit, "code", 0.95)
    found = guess(tuple(names))
    return _guessed(labels, found, sectors)


def _guessed(labels: tuple[str, ...], found: Guess | None, sectors: tuple[str, ...]) -> Went:
    if found is None or any(code not in sectors for code, _ in found.shares):
        return Went(labels, (), "nothing", "", 0.0)
    return Went(labels, found.shares, "guess", found.word, found.confidence)


def _went(labels: tuple[str, ...], known: Known, how: str, confidence: float) -> Went:
    return Went(labels, tuple((r.sector, r.share) for r in known.rows), how, known.edition, confidence)


def _is_isic(table: NationalTable, sectors: tuple[str, ...]) -> bool:
    """Whether the table's codes are of ISIC: letters in front, or most of them known and with English names."""
    known = editions.by_isic(sectors)
    codes = [next((isic_code(w) for w in labels if isic_code(w)), ()) for labels in table.labels]
    lettered = [any(is_code(w) and any(c.isalpha() for c in w) for w in labels) for labels in table.labels]
    hits = sum(code in known and letter for code, letter in zip(codes, lettered, strict=True))
    return hits >= ISIC_SHARE * len(table.labels)


def _by_own(table: NationalTable, sectors: tuple[str, ...], path: Path) -> list[Went]:
    """Rows of the user's mapping: by name, else by code where no name speaks against it."""
    groups = groups_of(read_mapping(path, sectors)).values()
    by_name: dict[str, list[MapRow]] = {fold(name): list(rows) for rows in groups for r in rows for name in r.names}
    by_code = {code_of(rows[0].code): list(rows) for rows in groups if rows[0].code}
    out = []
    for labels in table.labels:
        rows = next((by_name[fold(w)] for w in labels if fold(w) in by_name), None)
        if rows is None:
            at = next((by_code[code_of(w)] for w in labels if code_of(w) in by_code), None)
            bare = len(labels) == 1 or (at is not None and not at[0].names)
            rows = at if bare else None
        if rows is None:
            found = _guessed(labels, guess(labels), sectors)
            out.append(replace(found, confidence=min(found.confidence, SURE - 0.01)))
        else:
            out.append(Went(labels, tuple((r.sector, r.share) for r in rows), "mapping", path.name, 1.0))
    return out


def doubts(went: Sequence[Went]) -> list[str]:
    """Sectors of a user's mapping whose names speak for another sector of the model: a map shifted by one shows so."""
    odd = []
    for w in went:
        if w.how != "mapping":
            continue
        found = guess(w.labels)
        if found and found.confidence >= SURE and not {c for c, _ in found.shares} & {c for c, _ in w.parts}:
            odd.append(f"{w.name}: {w.parts[0][0]}, {found.shares[0][0]}")
    if not odd:
        return []
    told = (
        "The mapping and the names disagree for {count} sectors (name: mapped to, the name speaks for): {names}. Check"
        " it."
    )
    return [Message(told, count=len(odd), names=listed(odd, 4))]


def went_table(went: Sequence[Went], table: NationalTable) -> pd.DataFrame:
    """What went where, a row for every part: code, name, sector, share, output in yi yuan, how, confidence, source."""
    rows = []
    for n, w in enumerate(went):
        codes = [x for x in w.labels if is_code(x)]
        names = [x for x in w.labels if not is_code(x)]
        for sector, share in w.parts or (("", float("nan")),):
            output = float(table.output.iloc[n]) * share
            rows.append((" ".join(codes), " / ".join(names), sector, share, output, w.how, w.confidence, w.where))
    columns = ["code", "name", "sector", "share", "gross_output", "how", "confidence", "found_in"]
    return pd.DataFrame(rows, columns=columns)


def draft(went: Sequence[Went]) -> str:
    """A mapping to check and complete: the best guess for every sector, with how sure it is, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["code", "name", "sector", "share", "confidence", "note"])
    for w in went:
        codes = [x for x in w.labels if is_code(x)]
        names = [x for x in w.labels if not is_code(x)]
        for sector, share in w.parts or (("", 1.0),):
            note = "" if w.confidence >= SURE else ("CHECK" if w.parts else "FILL IN")
            writer.writerow(
                [" ".join(codes), names[0] if names else "", sector, f"{share:g}", f"{w.confidence:g}", note]
            )
    return out.getvalue()


def to_sectors(table: NationalTable, sectors: tuple[str, ...], path: Path | None = None) -> NationalTable:
    """Add up the sectors of a table to those of the model; see `assign` and `added_up`."""
    return added_up(table, assign(table, sectors, path), sectors)


def added_up(table: NationalTable, went: Sequence[Went], sectors: tuple[str, ...]) -> NationalTable:
    """A table in the model's sectors, in their order.

    A sector of the table that is split has the same inputs and buyers in all its parts.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        Where a sector of the model gets no value added, or a final use is empty.
    """
    weight = np.zeros((len(went), len(sectors)))
    for i, w in enumerate(went):
        for sector, share in w.parts:
            weight[i, sectors.index(sector)] += share
    names = list(sectors)
    out = replace(
        table,
        labels=tuple((s,) for s in sectors),
        use=pd.DataFrame(weight.T @ table.use.to_numpy() @ weight, index=names, columns=names),
        final=pd.DataFrame(weight.T @ table.final.to_numpy(), index=names, columns=list(table.final.columns)),
        value_added=pd.DataFrame(
            table.value_added.to_numpy() @ weight, index=list(table.value_added.index), columns=names
        ),
        output=pd.Series(weight.T @ table.output.to_numpy(), index=names),
    )
    _usable(out)
    return out


def _usable(table: NationalTable) -> None:
    """Refuse a table that leaves a sector of the model without what every sector needs."""
    problems: list[Problem] = []
    added = table.value_added
    split = "Split another sector in a mapping (--map), with a small share for this one."

    def add(expected: str, got: float, sector: str, hint: str = "") -> None:
        problems.append(Problem(expected, f"{got:.6g}", table.file, field=f"sector {sector} of the model", hint=hint))

    for s in table.sectors:
        output, value = float(table.output[s]), float(added[s].sum())
        if output == 0.0 and value == 0.0:
            continue  # a sector that the region does not have
        if output <= 0.0:
            add("a gross output above 0", output, s, split)
            continue
        if value <= 0.0:
            add("a value added above 0", value, s)
        labour = float(added[s]["labour"])
        if labour <= 0.0 and "value_added" not in table.unparted:
            add("a labour compensation above 0", labour, s)
        if value >= output:
            add(Message("a value added below gross output ({output:.6g})", output=output), value, s)
    for role in FINAL[:3]:
        if float(table.final[role].sum()) <= 0.0 and not (role == "government" and "consumption" in table.unparted):
            problems.append(Problem("a total above 0", "0", table.file, field=role))
    if problems:
        raise UserError("The table cannot carry the model.", problems)
