"""Scenarios and parameters of a sweep or a calibration: found, their ranges checked, every mistake with its line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tanshi.errors import Message, both
from tanshi.scenarios.document import Document, Mark
from tanshi.scenarios.draws import Factor, current_value, scenario_fields, vary, year_of_a_rule
from tanshi.scenarios.errors import OVERRIDE, Problem, UserError, did_you_mean, shorten, with_list
from tanshi.scenarios.figures import Figure
from tanshi.scenarios.load import field_keys, library, load_scenarios
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep import DISTRIBUTIONS, Draw

CONTINUOUS = ("uniform", "loguniform", "triangular", "normal")
LARGEST = 1e18
"""Largest number of a distribution: beyond it the ends of a range are no longer apart by a whole number."""
NOT_SWEPT = {
    "name": Message("It tells runs apart."),
    "title": Message("It is only a label."),
    "extends": Message("Name the scenario under `scenarios`."),
    "economy": Message("Name scenarios of each economy under `scenarios`."),
    "seed": Message("Name the seeds under `seeds`."),
    "figures": Message("Name single figures, such as economy.controls.gdp."),
}


def place_of(document: Document, *keys: str) -> Mark:
    """Where a field stands in a file, or the nearest group around it."""
    near = next(keys[:n] for n in range(len(keys), -1, -1) if keys[:n] in document.marks or not n)
    return document.marks.get(near, Mark(""))


def add_problem(document: Document, keys: Sequence[str], expected: str, got: str, hint: str = "") -> None:
    """Note a mistake at a field of the file."""
    mark = place_of(document, *keys)
    document.problems.append(Problem(expected, got, mark.file, mark.line, ".".join(keys), hint))


def read_scenarios(
    document: Document,
    references: Iterable[str],
    keys: Sequence[str],
    folder: Path,
    fixed: Mapping[str, object],
    overrides: Mapping[str, object],
    *,
    fitted: bool = True,
) -> tuple[Scenario, ...]:
    """Load the scenarios that a study's file names, with what it sets for all of them.

    Parameters
    ----------
    references
        Built-in names, or files beside the study's in ``folder``.
    keys
        Where the file names them.
    fixed
        The file's own ``set``; ``overrides`` come on top.
    fitted
        Whether the economy's calibrated values hold.

    Returns
    -------
    Those that can be read; the problems of the others are added to the document.
    """
    found: list[Scenario] = []
    for reference in references:
        named = reference in library() or not reference.endswith((".yaml", ".yml"))
        place = reference if named else str(folder / reference)
        try:
            found += load_scenarios([place], {**fixed, **overrides}, dict.fromkeys(fixed, "set"), fitted=fitted)
        except UserError as error:
            document.problems += [_of_scenario(document, problem, keys) for problem in error.problems]
    for scenario in (one for one in found if one.economies):
        got = Message("{name}, which is of several provinces", name=scenario.name)
        hint = Message(
            "What a study reads has one value a year; `tanshi link` compares a market of several with closed ones."
        )
        add_problem(document, tuple(keys), "scenarios of one economy", got, hint)
    return tuple(one for one in found if not one.economies)


def _of_scenario(document: Document, problem: Problem, named: Sequence[str]) -> Problem:
    """A scenario's problem in the study's terms: where the scenario is named, where a field is set, or its own file."""
    if problem.field == "scenario":
        keys = tuple(named)
    elif problem.file in ("", "set", OVERRIDE):
        keys = ("set", problem.field)
    else:
        return problem
    at = place_of(document, *keys)
    return replace(problem, file=at.file, line=at.line, field=".".join(keys))


def read_factor(document: Document, key: str, draw: Draw, known: Sequence[Mapping[str, Figure]]) -> Factor | None:
    """Find a parameter's fields; None where something is wrong with it, which is then noted.

    Parameters
    ----------
    known
        The figures of each economy of the study.
    """
    here = ("parameters", key)
    before = len(document.problems)
    given = [kind for kind in DISTRIBUTIONS if getattr(draw, kind) not in (None, False)]
    if len(given) != 1:
        add_problem(
            document,
            here,
            Message("exactly one of {distributions}", distributions=", ".join(DISTRIBUTIONS)),
            both(given) if given else "none of them",
        )
        return None
    fields: tuple[str, ...] = ()
    if draw.variants is None:
        fields = tuple(f for pattern in draw.fields or [key] for f in _fields(document, here, pattern, known))
    elif draw.fields or draw.relative or draw.complement:
        add_problem(document, here, "variants alone: they name their own fields", "fields, relative or complement")
    for path in [draw.complement] if draw.complement else []:
        _fields(document, (*here, "complement"), path, known)
    for label, changes in (draw.variants or {}).items():
        for path in changes:
            _fields(document, (*here, "variants", label, path), path, known, groups=True)
    _check_numbers(document, here, draw, given[0])
    ranges: dict[str, tuple[float, float]] = {}
    for path in fields if draw.published else ():
        figure = known[0].get(path)
        if figure is None or figure.low is None or figure.high is None:
            hint = Message("Give the ends yourself, such as `uniform: [0.5, 2]`.")
            add_problem(
                document, here, "figures with a published range", Message("{path}, which has none", path=path), hint
            )
        else:
            ranges[path] = (figure.low, figure.high)
    if len(document.problems) > before:
        return None
    return Factor(key, draw.title or key, fields, draw, ranges)


def _fields(
    document: Document, here: Sequence[str], pattern: str, known: Sequence[Mapping[str, Figure]], groups: bool = False
) -> list[str]:
    every = [path for path in known[0] if all(path in other for other in known)]
    names = [*scenario_fields(), *every]
    if pattern in NOT_SWEPT:
        add_problem(document, here, "a field that can be varied", repr(pattern), NOT_SWEPT[pattern])
        return []
    if (
        pattern in names
        or year_of_a_rule(pattern)
        or (groups and pattern in Scenario.model_fields)
        or (groups and _is_group(pattern))
    ):
        return [pattern]
    if "*" in pattern and (found := [name for name in names if fnmatchcase(name, pattern)]):
        return [name for name in found if name not in NOT_SWEPT]
    hint = with_list(did_you_mean(pattern, names), Message("`tanshi params` lists all fields."))
    add_problem(document, here, "a field of the scenario or a figure of the economy", repr(pattern), hint)
    return []


def _is_group(path: str) -> bool:
    return any(name.startswith(f"{path}.") for name in scenario_fields())


def _check_numbers(document: Document, here: Sequence[str], draw: Draw, kind: str) -> None:
    numbers = getattr(draw, kind)
    if kind in ("uniform", "loguniform") and not numbers[0] < numbers[1]:
        add_problem(
            document,
            (*here, kind),
            "a lowest value below the highest",
            Message("{low:g} and {high:g}", low=numbers[0], high=numbers[1]),
        )
    elif kind == "loguniform" and numbers[0] <= 0:
        add_problem(document, (*here, kind), "values above 0", f"{numbers[0]:g}")
    elif kind == "triangular" and not (numbers[0] <= numbers[1] <= numbers[2] and numbers[0] < numbers[2]):
        add_problem(
            document, (*here, kind), "lowest, likeliest, highest in order", ", ".join(f"{x:g}" for x in numbers)
        )
    elif kind == "normal" and numbers[1] <= 0:
        add_problem(document, (*here, kind), "a standard deviation above 0", f"{numbers[1]:g}")
    elif kind == "values" and (draw.relative or draw.complement) and not all(_is_number(v) for v in numbers):
        why = Message("they multiply") if draw.relative else Message("another field takes 1 less each")
        add_problem(document, (*here, kind), Message("numbers, since {why}", why=why), shorten(numbers))
    elif kind == "values" and any(isinstance(v, float) and not _is_number(v) for v in numbers):
        add_problem(document, (*here, kind), "finite numbers", shorten(numbers))
    if kind in CONTINUOUS and not all(abs(number) <= LARGEST for number in numbers):
        got = ", ".join(f"{number:g}" for number in numbers)
        add_problem(
            document,
            (*here, kind),
            Message("numbers between {lowest:g} and {largest:g}", lowest=-LARGEST, largest=LARGEST),
            got,
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def check_range(
    document: Document, factor: Factor, scenarios: Sequence[Scenario], known: Sequence[Mapping[str, Figure]]
) -> None:
    """Refuse a distribution with an end that a field cannot take."""
    figures = known[0]
    original = {path: figure.value for path, figure in figures.items()}
    kind = next(k for k in DISTRIBUTIONS if getattr(factor.draw, k) not in (None, False))
    keys = ("parameters", factor.name, kind)
    said: set[str] = set()
    for scenario in scenarios:
        if factor.draw.relative and _cannot_multiply(document, keys, factor, scenario, original):
            return
        for end in factor.ends():
            overrides = factor.overrides(end, scenario, original)
            for path, value in overrides.items():
                figure = figures.get(path)
                if figure is not None and path not in said:
                    said |= _figure_range(document, keys, factor, figure, value)
            try:
                vary(scenario, overrides)
            except ValidationError as error:
                for item in error.errors(include_url=False):
                    context: Mapping[str, Any] = item.get("ctx", {})
                    place = context.get("at") or ".".join(str(x) for x in item["loc"])
                    if str(place) in said:
                        continue
                    said.add(str(place))
                    row = scenario_fields().get(str(place))
                    expected = context.get("expected") or (row.expectation if row else str(item["msg"]))
                    got = context.get("got") or shorten(item["input"])
                    add_problem(
                        document,
                        keys,
                        Message("{place} to be {expected}", place=place, expected=expected),
                        Message("{got} at one end", got=got),
                    )


def _cannot_multiply(
    document: Document, keys: Sequence[str], factor: Factor, scenario: Scenario, original: Mapping[str, float]
) -> bool:
    """Refuse to multiply what is no number: a text, a choice, a bound that the scenario does not set."""
    for path in factor.fields:
        found = current_value(scenario, path, original)
        if not _is_number(found):
            got = "nothing" if found is None else shorten(found)
            hint = Message("Give its values themselves, without `relative`.")
            add_problem(
                document,
                keys,
                Message("a number in {path} of {scenario} to multiply", path=path, scenario=scenario.name),
                got,
                hint,
            )
            return True
    return False


def _figure_range(document: Document, keys: Sequence[str], factor: Factor, figure: Figure, value: Any) -> set[str]:
    if not _is_number(value) or value < figure.lowest:
        got = f"{value:g}" if _is_number(value) else shorten(value)
        add_problem(
            document,
            keys,
            Message("{path} to be {expectation}", path=figure.path, expectation=figure.expectation),
            Message("{got} at one end", got=got),
        )
        return {figure.path}
    if figure.low is None or figure.high is None or factor.draw.beyond_range:
        return set()
    slack = 1e-9 * max(abs(figure.low), abs(figure.high))
    if figure.low - slack <= value <= figure.high + slack:
        return set()
    expected = Message(
        "{path} within its published range of {low:g} to {high:g}", path=figure.path, low=figure.low, high=figure.high
    )
    add_problem(
        document,
        keys,
        expected,
        Message("{value:g} at one end", value=value),
        Message("To leave it on purpose: beyond_range: true."),
    )
    return {figure.path}


def check_overlap(document: Document, factors: Sequence[Factor]) -> None:
    """Refuse two parameters that set the same field."""
    owners: dict[str, str] = {}
    for factor in factors:
        for path in _touched(factor):
            owner = owners.setdefault(path, factor.name)
            if owner != factor.name:
                add_problem(
                    document,
                    ("parameters", factor.name),
                    Message("fields that {owner} does not set too", owner=owner),
                    path,
                )
                break


def _touched(factor: Factor) -> Iterator[str]:
    yield from factor.fields
    if factor.draw.complement:
        yield factor.draw.complement
    yield from dict.fromkeys(
        ".".join(field_keys(p)) for changes in (factor.draw.variants or {}).values() for p in changes
    )
