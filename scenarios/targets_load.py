"""A calibration's file read and checked whole: every mistake at once, with its line, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tanshi.errors import Message, both
from tanshi.language import mark
from tanshi.scenarios.document import Document
from tanshi.scenarios.draws import Factor, current_value, scenario_fields
from tanshi.scenarios.errors import UserError, did_you_mean
from tanshi.scenarios.factors import add_problem, check_overlap, check_range, read_factor, read_scenarios
from tanshi.scenarios.fields import Group
from tanshi.scenarios.figures import Figure, catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.study_file import Kind, check_variable, check_year
from tanshi.scenarios.sweep import Draw
from tanshi.scenarios.targets import Against, Calibration, Free, Target

CALIBRATIONS = Path(__file__).parent / "calibration"


class CalibrationError(UserError):
    """A calibration that cannot be read or makes no sense."""


@dataclass(frozen=True)
class Task:
    """A checked calibration.

    Parameters
    ----------
    name
        The file's own, without its ending.
    spec
        What the file says.
    scenarios
        Those that the targets name, by that name, with what the file sets for all of them.
    factors
        The free parameters, ready to be set, in the file's order; ``starts`` where they start.
    text
        The file as it was read, for the record.
    """

    name: str
    spec: Calibration
    scenarios: Mapping[str, Scenario]
    factors: tuple[Factor, ...]
    starts: tuple[float, ...]
    text: str

    def holds_in(self, place: int, scenario: str) -> bool:
        """Whether a parameter, by its place among them, is set in a scenario."""
        own = self.spec.parameters[self.factors[place].name].scenarios
        return not own or scenario in own


def load_calibration(
    name_or_path: str | Path, variables: Collection[str], overrides: Mapping[str, object] | None = None
) -> Task:
    """Read and check a calibration.

    Parameters
    ----------
    name_or_path
        A ready-made calibration such as ``shanxi_2022``, or a YAML file.
    variables
        Names that targets may have.
    overrides
        Dotted field -> value for all runs, laid over the file's own ``set``.

    Raises
    ------
    CalibrationError
        With one problem for every mistake: unknown fields, variables, years and scenarios, targets that contradict each
        other, parameters without a range, ranges that the schema or the economy's tables do not allow.
    """
    path, document, spec = KIND.read(name_or_path)
    named: dict[str, str] = {}
    for name, goal in spec.targets.items():
        for reference in (goal.scenario, *([goal.against.scenario] if goal.against else [])):
            named.setdefault(reference, name)
    scenarios: dict[str, Scenario] = {}
    for scenario, target in named.items():
        place = ("targets", target, "scenario")
        # A calibration replaces the one before it as a whole, and so begins without what that one found.
        for found in read_scenarios(document, [scenario], place, path.parent, spec.set, overrides or {}, fitted=False):
            scenarios[scenario] = found
    _check_targets(document, spec, scenarios, variables)
    factors, starts = _parameters(document, spec, tuple(scenarios.values()))
    KIND.refuse(document)
    return Task(path.stem, spec, scenarios, factors, starts, path.read_text(encoding="utf-8"))


def _group(keys: Sequence[str]) -> type[Group]:
    if keys[:1] == ("targets",) and keys[2:] == ("against",):
        return Against
    groups: dict[str, type[Group]] = {"targets": Target, "parameters": Free}
    return groups.get(keys[0], Calibration) if keys else Calibration


def _why_needed(field: str) -> str:
    return Message("A parameter may move only within a range that has a source.") if field in ("lower", "upper") else ""


KIND = Kind(
    "calibration", CALIBRATIONS, Calibration, _group, CalibrationError,
    mark("The calibration cannot be used: {count}."), _why_needed,
)  # fmt: skip


def _check_targets(
    document: Document, spec: Calibration, scenarios: Mapping[str, Scenario], variables: Collection[str]
) -> None:
    owners: dict[tuple[str, str, int], str] = {}
    for name, target in spec.targets.items():
        here = ("targets", name)
        check_variable(document, (*here, "variable"), target.variable, variables)
        wanted: list[tuple[str, int, tuple[str, ...]]] = [(target.scenario, target.year, (*here, "year"))]
        if target.against is not None:
            wanted.append((target.against.scenario, target.against.year, (*here, "against", "year")))
        for reference, year, keys in wanted:
            scenario = scenarios.get(reference)
            if scenario is not None:
                check_year(document, keys, scenario, year)
        owner = owners.setdefault((target.scenario, target.variable, target.year), name)
        if owner != name:
            other = spec.targets[owner].value
            got = (
                Message("{value:g}, and {other:g} by {owner}", value=target.value, other=other, owner=owner)
                if other != target.value
                else Message("it again after {owner}", owner=owner)
            )
            expected = Message(
                "one value of {variable} of {scenario} in {year}",
                variable=target.variable,
                scenario=target.scenario,
                year=target.year,
            )
            add_problem(
                document, (*here, "value"), expected, got, Message("Targets that contradict each other cannot be met.")
            )


def _parameters(
    document: Document, spec: Calibration, scenarios: Sequence[Scenario]
) -> tuple[tuple[Factor, ...], tuple[float, ...]]:
    if not scenarios:
        return (), ()
    known = [catalogue(economy) for economy in {s.economy: None for s in scenarios}]
    factors, starts = [], []
    every = {s.name for s in scenarios}
    for name, free in spec.parameters.items():
        here = ("parameters", name)
        strange = [other for other in free.scenarios if other not in every]
        if strange:
            hint = did_you_mean(strange[0], sorted(every))
            add_problem(document, (*here, "scenarios"), "scenarios that targets name", repr(strange[0]), hint)
            continue
        own = [s for s in scenarios if not free.scenarios or s.name in free.scenarios]
        if not free.lower < free.upper:
            add_problem(
                document,
                (*here, "upper"),
                Message("a number above lower = {lower:g}", lower=free.lower),
                f"{free.upper:g}",
            )
            continue
        draw = Draw(title=free.title, fields=free.fields, relative=free.relative, uniform=[free.lower, free.upper])
        before = len(document.problems)
        factor = read_factor(document, name, draw, known)
        if factor is not None and not _whole(document, here, factor):
            check_range(document, factor, own, known)
        # The shared check speaks of a distribution and its ends; here they are the two ends of a range.
        document.problems[before:] = [
            replace(p, field=p.field.removesuffix(".uniform")) for p in document.problems[before:]
        ]
        if factor is None or len(document.problems) > before:
            continue
        factors.append(factor)
        starts.append(_start(document, here, factor, free, own, known))
    check_overlap(document, factors)
    return tuple(factors), tuple(starts)


def _whole(document: Document, here: Sequence[str], factor: Factor) -> bool:
    """Refuse a field that does not move continuously: a whole number, a word, true or false."""
    for path in factor.fields:
        row = scenario_fields().get(path)
        if row is not None and not row.kind.startswith("a number"):
            add_problem(
                document,
                here,
                "a field that can take any number of a range",
                Message("{path}, {kind}", path=path, kind=row.kind),
            )
            return True
    return False


def _start(
    document: Document,
    here: Sequence[str],
    factor: Factor,
    free: Free,
    scenarios: Sequence[Scenario],
    known: Sequence[Mapping[str, Figure]],
) -> float:
    if free.start is not None:
        values = {free.start}
    elif free.relative:
        values = {1.0}
    else:
        values = {_current(s, factor.fields[0], known[0]) for s in scenarios}
    start = min(values)
    if len(values) > 1 or not free.lower <= start <= free.upper:
        got = both([f"{value:g}" for value in sorted(values)])
        hint = "" if free.start is not None else Message("The scenarios start there; give another `start`.")
        key = (*here, "start") if free.start is not None else here
        add_problem(
            document,
            key,
            Message("one start between {lower:g} and {upper:g}", lower=free.lower, upper=free.upper),
            got,
            hint,
        )
    return start


def _current(scenario: Scenario, path: str, known: Mapping[str, Figure]) -> float:
    value = current_value(scenario, path, {name: figure.value for name, figure in known.items()})
    return float("nan") if value is None else float(value)
