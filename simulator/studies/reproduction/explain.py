"""What it would take: for a claim that fails on data, the fewest of the paper's assumptions under which it holds.

Every subset of the assumptions in which the families differ is tried on the path of one equilibrium a year, smallest
first. Along the smallest that carries the claim, the way from the data's numbers to the paper's is then searched for
the nearest point at which it holds; words (how capital moves, what outside buyers pay) change as a whole. Beside it
stands the least move within the sourced ranges of single assumptions (`nearest`), whoever's they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from pydantic import BaseModel

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.errors import Message, both
from tanshi.language import mark
from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.studies.batches.execute import Progress
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.families import ASSUMPTIONS, DATA, PAPER, family_of, mixed
from tanshi.simulator.studies.reproduction.nearest import Nearest, nearest
from tanshi.simulator.studies.reproduction.rules import RULES
from tanshi.simulator.studies.reproduction.runs import VARIABLES, OutOfReach, Runs
from tanshi.simulator.studies.reproduction.verdicts import HOLDS, UNTESTABLE
from tanshi.simulator.studies.tangent import path_of

PATHS = ("S1", "S4", "S5")
SAME_AS_S1 = ("S2", "S3")
HALVINGS = 4
"""Steps of the search along the way from data to paper: the place is found to a sixteenth."""
FIRM_VARIABLES = ("volume",)
"""What the path does not know."""


@dataclass(frozen=True)
class Explanation:
    """What a claim that fails on data would need.

    Attributes
    ----------
    id
        Of the claim.
    taken
        The paper's assumptions under which it holds, the fewest; None where no set of them does.
    part
        Place on the way from the data's numbers (0) to the paper's (1) from which it holds.
    ours
        The claim's number there, where it has one.
    nearest
        The least move within the sourced ranges; None for claims that are no number of the path.
    """

    id: str
    taken: tuple[str, ...] | None
    part: float = 1.0
    ours: float | None = None
    nearest: Nearest | None = None

    @property
    def sentence(self) -> str:
        """The explanation in words."""
        if self.nearest is None:
            return self._of_sets
        return Message("{sets} {nearest}", sets=self._of_sets, nearest=self.nearest.sentence)

    @property
    def _of_sets(self) -> str:
        if self.taken is None:
            return Message("Without firms, no set of the paper's assumptions carries it.")
        if not self.taken:
            return Message("One equilibrium a year carries it: firms' banking and the market take it away.")
        titles = both([Message(ASSUMPTIONS[name][0]) for name in self.taken])
        if self.part >= 1.0:
            return Message("It takes the paper's assumption of {titles}.", titles=titles)
        told = "It takes the paper's assumption of {titles}, from {part:.0f} % of the way to its numbers."
        return Message(told, titles=titles, part=100 * self.part)


def explain(
    claims: Sequence[Claim], failing: Sequence[str], fields: Mapping[str, object], progress: Progress | None = None
) -> list[Explanation]:
    """Explain the claims that fail on data.

    Parameters
    ----------
    failing
        Ids of claims that do not hold on data.
    fields
        Overrides of all runs.
    """
    wanted = [c for c in claims if c.id in set(failing) and _on_the_path(c)]
    if not wanted:
        return []
    data, paper = family_of(DATA, PATHS, fields), family_of(PAPER, PATHS, fields)
    known = {path: figure.value for path, figure in catalogue(data["S1"].economy).items()}
    sets = [s for n in range(len(ASSUMPTIONS) + 1) for s in combinations(ASSUMPTIONS, n)]
    found: dict[str, tuple[tuple[str, ...], float | None]] = {}
    for number, taken in enumerate(sets):
        world = _world({s: mixed(data[s], paper[s], taken, known) for s in PATHS})
        for claim in wanted:
            if claim.id not in found and world is not None and (held := _held(claim, world)) is not None:
                found[claim.id] = (taken, held[0])
        if progress is not None:
            progress(mark("what it would take"), number + 1, len(sets))
    parts = _nearest(wanted, found, data, paper, known)
    least = nearest(wanted, data, None if progress is None else partial(progress, "nearest points"))
    return [Explanation(c.id, *found_at(found, parts, c.id), least.get(c.id)) for c in wanted]


def found_at(
    found: Mapping[str, tuple[tuple[str, ...], float | None]], parts: Mapping[str, tuple[float, float | None]], id: str
) -> tuple[tuple[str, ...] | None, float, float | None]:
    """Fields of an explanation: the set, the place on the way, and the claim's number there."""
    if id not in found:
        return None, 1.0, None
    taken, ours = found[id]
    return (taken, *parts.get(id, (1.0, ours)))


def _on_the_path(claim: Claim) -> bool:
    """Whether a claim is judged on what one equilibrium a year knows."""
    own = claim.get("variable")
    return claim.paper == "huo" and not RULES[claim.rule].needs and own != "" and own not in FIRM_VARIABLES


def _held(claim: Claim, world: Runs) -> tuple[float | None, bool] | None:
    """The claim's number where it holds in a world; None where it does not."""
    try:
        finding = RULES[claim.rule].judge(claim, Evidence(world))
    except OutOfReach:
        return None
    if finding.verdict == UNTESTABLE or finding.verdict not in HOLDS:
        return None
    return finding.ours, True


def _world(scenarios: Mapping[str, Scenario]) -> Runs | None:
    """S1 to S5 on the path of one equilibrium a year, as runs of one seed; None where a year has no equilibrium."""
    values: dict[str, dict[str, np.ndarray]] = {}
    years: tuple[int, ...] = ()
    for name, scenario in scenarios.items():
        try:
            path = path_of(scenario).values
        except EquilibriumError:
            return None
        years = tuple(range(scenario.years.start, scenario.years.end + 1))
        rows = {short: [path.get(full, {}).get(y, np.nan) for y in years] for short, full in VARIABLES.items()}
        values[name] = {short: np.array([row]) for short, row in rows.items()}
    for name in SAME_AS_S1:
        values[name] = values["S1"]
    return Runs(years, values)


def _nearest(
    claims: Sequence[Claim],
    found: Mapping[str, tuple[tuple[str, ...], float | None]],
    data: Mapping[str, Scenario],
    paper: Mapping[str, Scenario],
    known: Mapping[str, float],
) -> dict[str, tuple[float, float | None]]:
    """Place on the way from data to paper from which each claim holds, by halving; sets share their worlds."""
    out: dict[str, tuple[float, float | None]] = {}
    worlds: dict[tuple[tuple[str, ...], float], Runs | None] = {}
    for claim in claims:
        taken = found.get(claim.id, ((), None))[0]
        if not taken:
            continue
        low, high, ours = 0.0, 1.0, found[claim.id][1]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if (taken, middle) not in worlds:
                between = {s: _between(data[s], mixed(data[s], paper[s], taken, known), middle, known) for s in PATHS}
                worlds[taken, middle] = _world(between)
            world = worlds[taken, middle]
            held = None if world is None else _held(claim, world)
            low, high = (low, middle) if held is not None else (middle, high)
            ours = held[0] if held is not None else ours
        out[claim.id] = (high, ours)
    return out


def _between(one: Scenario, other: Scenario, part: float, known: Mapping[str, float]) -> Scenario:
    """Numbers part of the way from one scenario to another; words are the other's."""
    touched = {path: known[path] for path in (*one.figures, *other.figures)}
    figures = {
        path: (1 - part) * one.figures.get(path, value) + part * other.figures.get(path, value)
        for path, value in touched.items()
    }
    update: dict[str, Any] = {"figures": figures}
    for name in ("closure", "dynamics"):
        update[name] = _blend(getattr(one, name), getattr(other, name), part)
    years = range(one.policy_start, one.years.end + 1)
    shares = tuple((y, (1 - part) * one.cap_share(y) + part * other.cap_share(y)) for y in years)
    update["cap"] = one.cap.model_copy(
        update={"share": ByYear(shares), "tonnes": None, "growth": None, "cut": None, "by_sector": other.cap.by_sector}
    )
    return other.model_copy(update=update)


def _blend(one: BaseModel, other: BaseModel, part: float) -> BaseModel:
    return other.model_copy(update=dict(_numbers(one, other, part)))


def _numbers(one: BaseModel, other: BaseModel, part: float) -> Iterator[tuple[str, float]]:
    for name in type(one).model_fields:
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, float) and isinstance(b, float):
            yield name, (1 - part) * a + part * b
