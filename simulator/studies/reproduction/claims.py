"""The claims of the two papers, each with where it stands, what was printed and which rule judges it.

Sentences and single numbers stand in ``scenarios/claims/*.csv``; the cells of the second paper's tables are claims too
and are made from `tanshi.agents.sinks.published`, so that no number is typed twice.

References
----------
Huo, C. et al. (2026): Evaluation of impact of high-energy-consuming industries on carbon emissions and carbon market
based on Neural ODE-CGE model. Journal of Electric Power Science and Technology 41(1): 233-242 (in Chinese).
Yang, H. et al. (2021): Demand price simulation of forest carbon sink of enterprises based on offset mechanism. Journal
of Zhejiang A&F University 38(1): 173-183 (in Chinese).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tanshi.agents.sinks import published
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean
from tanshi.simulator.machine.places import room

CLAIMS = room("scenarios") / "claims"
PAPERS = {"huo": "Huo et al. 2026", "yang": "Yang et al. 2021"}
KINDS = ("number", "order", "shape", "sentence")
USES = ("calibrated", "held-out", "by construction", "outside")
COLUMNS = (
    *("id", "section", "page", "place", "kind", "use", "claim", "published", "unit"),
    *("rule", "arguments", "depends", "note"),
)
NAMES = {"thermal_power": "power", "steel": "steel", "chemicals": "chemicals"}
IDENTITY = "identity"


@dataclass(frozen=True)
class Claim:
    """One claim of a paper.

    Attributes
    ----------
    published
        Printed value in ``unit``; None where the claim is no number.
    arguments
        What the rule is given, by name.
    depends
        ``identity`` where the claim falls with the identity of CO2 and energy, else empty.
    """

    id: str
    paper: str
    section: str
    page: int
    place: str
    kind: str
    use: str
    claim: str
    published: float | None
    unit: str
    rule: str
    arguments: tuple[tuple[str, str], ...] = ()
    depends: str = ""
    note: str = ""

    def get(self, name: str, default: str = "") -> str:
        """One argument of the rule as text."""
        return dict(self.arguments).get(name, default)

    def words(self, name: str) -> list[str]:
        """One argument as a list, parted at commas."""
        return [word.strip() for word in self.get(name).split(",") if word.strip()]

    def number(self, name: str, default: float = 0.0) -> float:
        """One argument as a number."""
        return float(self.get(name) or default)

    def year(self, name: str) -> int:
        """One argument as a year."""
        return int(self.get(name))

    @property
    def value(self) -> float:
        """The printed value.

        Raises
        ------
        ValueError
            For a claim that is no number.
        """
        if self.published is None:
            raise ValueError(f"{self.id} has no printed value")
        return self.published


def all_claims() -> list[Claim]:
    """Every claim of both papers, in the order of the papers."""
    return [*read_claims(CLAIMS / "huo_2026.csv"), *read_claims(CLAIMS / "yang_2021.csv"), *_cells()]


def choose_claims(words: Sequence[str]) -> list[Claim]:
    """The claims of some ids, or all.

    Raises
    ------
    UserError
        For an id that no claim has.
    """
    claims = all_claims()
    known = {claim.id: claim for claim in claims}
    unknown = [word for word in words if word not in known]
    if unknown:
        problems = [
            Problem("the id of a claim", repr(word), "--claim", hint=did_you_mean(word, list(known))
                    or "The table claims.csv lists all.")
            for word in unknown
        ]  # fmt: skip
        raise UserError("There is no such claim.", problems)
    return [known[word] for word in dict.fromkeys(words)] if words else claims


def read_claims(path: Path) -> list[Claim]:
    """Read a file of claims.

    Raises
    ------
    UserError
        With one problem for every mistake: columns, kinds, uses, numbers, ids used twice.
    """
    problems: list[Problem] = []
    claims: list[Claim] = []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            got = ", ".join(rows.fieldnames or ()) or "nothing"
            raise UserError("The claims cannot be read.", [Problem(", ".join(COLUMNS), got, path.name, 1)])
        for line, row in enumerate(rows, start=2):
            found = list(_mistakes(row, path.name, line))
            if row["id"] in {claim.id for claim in claims}:
                found.append(Problem("an id of its own", Message("{row} twice", row=row["id"]), path.name, line, "id"))
            problems += found
            if not found:
                claims.append(_claim(row))
    if problems:
        raise UserError("The claims cannot be read.", problems)
    return claims


def _mistakes(row: dict[str, str], file: str, line: int) -> Iterator[Problem]:
    for column, choices in (("kind", KINDS), ("use", USES), ("depends", ("", IDENTITY))):
        if row[column] not in choices:
            yield Problem(
                Message("one of {choices}", choices=", ".join(choices)), repr(row[column]), file, line, column
            )
    for column in ("id", "section", "place", "claim", "rule"):
        if not (row[column] or "").strip():
            yield Problem("a text", "nothing", file, line, column)
    if row["id"].split("-")[0] not in PAPERS:
        yield Problem(
            Message("an id that begins with {papers}", papers=" or ".join(PAPERS)), repr(row["id"]), file, line, "id"
        )
    for column in ("page", "published"):
        try:
            float(row[column] or "0")
        except ValueError:
            yield Problem("a number", repr(row[column]), file, line, column)
    if row["kind"] == "number" and not row["published"]:
        yield Problem("the printed value of a number", "nothing", file, line, "published")
    for part in filter(None, (part.strip() for part in (row["arguments"] or "").split(";"))):
        if "=" not in part:
            yield Problem("name=value", repr(part), file, line, "arguments")


def _claim(row: dict[str, str]) -> Claim:
    parts = (part.split("=", 1) for part in row["arguments"].split(";") if part.strip())
    return Claim(
        id=row["id"],
        paper=row["id"].split("-")[0],
        section=row["section"],
        page=int(row["page"]),
        place=row["place"],
        kind=row["kind"],
        use=row["use"],
        claim=row["claim"],
        published=float(row["published"]) if row["published"] else None,
        unit=row["unit"],
        rule=row["rule"],
        arguments=tuple((name.strip(), value.strip()) for name, value in parts),
        depends=row["depends"],
        note=row["note"],
    )


def _cells() -> Iterator[Claim]:
    """The cells of Tables 1 to 5 of the second paper."""

    def cell(
        table: int, key: str, page: int, use: str, said: str, value: float, unit: str, rule: str, *arguments: str
    ) -> Claim:
        pairs = tuple((name, text) for name, _, text in (a.partition("=") for a in arguments))
        section = {1: "1.3", 2: "2", 3: "3.1", 4: "3.2", 5: "3.2"}[table]
        return Claim(f"yang-t{table}-{key}", "yang", section, page, f"Table {table}", "number", use, said, value, unit,
                     rule, pairs)  # fmt: skip

    for row in published.unit_counts().itertuples():
        where = f"{NAMES[str(row.sector)]}, {row.province}"
        key = f"{NAMES[str(row.sector)]}-{row.province}".lower()
        yield cell(1, key, 177, "by construction", f"Sampled units: {where}.", float(str(row.units)), "units",
                   "survey", "what=cell", f"sector={row.sector}", f"province={row.province}")  # fmt: skip
    for row in published.abatement_costs().itertuples():
        where, key = _place(row)
        for end in ("lowest", "highest"):
            yield cell(2, f"{key}-{end}", 177, "outside", f"The {end} abatement cost of {where}.",
                       float(str(getattr(row, end))), "yuan/t", "unpublished_units")  # fmt: skip
    for row in published.demand_prices().itertuples():
        where, key = _place(row)
        arguments = (f"sector={row.sector}", f"year={row.year}", f"province={row.province}")
        yield cell(3, key, 178, "held-out", f"The demand price of {where}.", float(str(row.demand_price)), "yuan/t",
                   "table3", *arguments)  # fmt: skip
    figures = {"expectation": "expectation Ex", "entropy": "entropy En", "hyper_entropy": "hyper-entropy He"}
    for row in published.cloud_figures().itertuples():
        table = 4 if row.by == "sector" else 5
        name = NAMES.get(str(row.name), str(row.name))
        for figure, word in figures.items():
            yield cell(table, f"{name.lower()}-{figure}", 178, "held-out", f"Cloud of {name}: {word}.",
                       float(str(getattr(row, figure))), "yuan/t", "cloud", f"name={row.name}",
                       f"figure={figure}")  # fmt: skip


def _place(row: object) -> tuple[str, str]:
    sector, year, province = (getattr(row, name) for name in ("sector", "year", "province"))
    name = NAMES[str(sector)]
    return f"{name} in {province}, year {year}", f"{name}-{year}-{province}".lower()
