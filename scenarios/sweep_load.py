"""A sweep's file read and checked whole: every mistake at once, with its line, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.document import Document, Mark, read_document
from scenarios.draws import Factor, scenario_fields, vary
from scenarios.errors import Problem, UserError, did_you_mean, shorten
from scenarios.figures import Figure, catalogue
from scenarios.load import field_keys, library, load_scenarios
from scenarios.schema import Group, Scenario
from scenarios.sweep import DISTRIBUTIONS, DesignSpec, Draw, Output, Sweep

SWEEPS = Path(__file__).parent / "sweeps"
NOT_SWEPT = {
    "name": "It tells runs apart.",
    "title": "It is only a label.",
    "extends": "Name the scenario under `scenarios`.",
    "economy": "Name scenarios of each economy under `scenarios`.",
    "seed": "Name the seeds under `seeds`.",
    "figures": "Name single figures, such as economy.controls.gdp.",
}
LARGEST = 1_000_000
"""Most runs of a sweep."""


class SweepError(UserError):
    """A sweep that cannot be read or makes no sense."""


@dataclass(frozen=True)
class Plan:
    """A checked sweep.

    Parameters
    ----------
    name : the file's own, without its ending.
    spec : what the file says.
    scenarios : the scenarios it varies, with what it sets for all of them.
    factors : its parameters, ready to be drawn, in the file's order.
    """

    name: str
    spec: Sweep
    scenarios: tuple[Scenario, ...]
    factors: tuple[Factor, ...]

    def as_data(self) -> dict[str, Any]:
        """The whole plan as plain data; `plan_from` reads it back."""
        return {
            "name": self.name,
            "spec": self.spec.model_dump(mode="json"),
            "scenarios": [scenario.model_dump(mode="json") for scenario in self.scenarios],
        }


def ready_made() -> tuple[str, ...]:
    """Names of the sweeps that come with the program."""
    return tuple(sorted(path.stem for path in SWEEPS.glob("*.yaml")))


def load_sweep(
    name_or_path: str | Path, variables: Collection[str], overrides: Mapping[str, object] | None = None
) -> Plan:
    """Read and check a sweep.

    Parameters
    ----------
    name_or_path : a ready-made sweep such as ``cap``, or a YAML file.
    variables : names that outputs may have.
    overrides : dotted field -> value for all runs, laid over the file's own ``set``.

    Raises
    ------
    SweepError
        With one problem for every mistake: unknown fields and paths, distributions that leave a field's range, a
        Sobol sample that is no power of two, scenarios that cannot be read.
    """
    reference = str(name_or_path)
    path = SWEEPS / f"{reference}.yaml" if reference in ready_made() else Path(reference)
    if path.suffix not in (".yaml", ".yml"):
        hint = did_you_mean(reference, ready_made())
        expected = f"a ready-made sweep ({', '.join(ready_made())}) or a YAML file"
        raise _refusal([Problem(expected, repr(reference), hint=hint)])
    document = read_document(path, reference if path.parent != SWEEPS else path.name)
    spec = _validate(document)
    if spec is None or document.problems:
        raise _refusal(document.problems)
    scenarios = _scenarios(document, spec, path.parent, overrides or {})
    plan = _plan(path.stem, spec, scenarios, document, variables)
    if document.problems:
        raise _refusal(document.problems)
    return plan


def plan_from(data: Mapping[str, Any], variables: Collection[str]) -> Plan:
    """Read a plan back from `Plan.as_data`.

    Raises
    ------
    SweepError
        Where the data were changed into something that makes no sense.
    """
    document = Document(marks={(): Mark("sweep.json")})
    try:
        spec = Sweep.model_validate(data["spec"])
        scenarios = tuple(Scenario.model_validate(item) for item in data["scenarios"])
    except (ValidationError, KeyError, TypeError) as error:
        raise SweepError(f"sweep.json is no sweep: {str(error).splitlines()[0]}") from error
    plan = _plan(str(data["name"]), spec, scenarios, document, variables)
    if document.problems:
        raise _refusal(document.problems)
    return plan


def _refusal(problems: Sequence[Problem]) -> SweepError:
    unique = list(dict.fromkeys(sorted(problems, key=lambda p: (p.file, p.line or 0))))
    count = "1 problem" if len(unique) == 1 else f"{len(unique)} problems"
    return SweepError(f"The sweep cannot be used: {count}.", unique)


# -- the file's form ---------------------------------------------------------------------------------------


def _at(document: Document, *keys: str) -> Mark:
    near = next(keys[:n] for n in range(len(keys), -1, -1) if keys[:n] in document.marks or not n)
    return document.marks.get(near, Mark(""))


def _add(document: Document, keys: Sequence[str], expected: str, got: str, hint: str = "") -> None:
    mark = _at(document, *keys)
    document.problems.append(Problem(expected, got, mark.file, mark.line, ".".join(keys), hint))


def _validate(document: Document) -> Sweep | None:
    if document.problems and not document.values:
        return None
    try:
        return Sweep.model_validate(document.values)
    except ValidationError as error:
        found: list[dict[str, Any]] = [dict(item) for item in error.errors(include_url=False)]
    for item in found:
        keys = tuple(str(step) for step in item["loc"])
        if item["type"] == "extra_forbidden":
            fields = list(_group(keys[:-1]).model_fields)
            _add(document, keys, f"one of {', '.join(fields)}", repr(keys[-1]), did_you_mean(keys[-1], fields))
        elif item["type"] == "missing":
            _add(document, keys, "a value", "nothing")
        else:
            expected = str(item["msg"]).removeprefix("Input should be ").removeprefix("Value should ")
            got = "nothing" if item["input"] is None else shorten(item["input"])
            _add(document, keys, expected, got)
    return None


def _group(path: Sequence[str]) -> type[Group]:
    groups: dict[str, type[Group]] = {"parameters": Draw, "outputs": Output, "design": DesignSpec}
    return groups[path[0]] if path and path[0] in groups else Sweep


# -- what it means -----------------------------------------------------------------------------------------


def _scenarios(
    document: Document, spec: Sweep, folder: Path, overrides: Mapping[str, object]
) -> tuple[Scenario, ...]:
    found: list[Scenario] = []
    changes = {**spec.set, **overrides}
    for reference in spec.scenarios:
        place = reference if reference in library() else str(folder / reference)
        try:
            found += load_scenarios([place], changes, dict.fromkeys(spec.set, "set"))
        except UserError as error:
            document.problems += [_of_scenario(document, problem) for problem in error.problems]
    names = [scenario.name for scenario in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        _add(document, ("scenarios",), "scenarios with different names", f"{', '.join(twice)} twice")
    return tuple(found)


def _of_scenario(document: Document, problem: Problem) -> Problem:
    """A scenario's problem in the sweep's terms: where the scenario is named, where a field is set, or its own file."""
    if problem.field == "scenario":
        keys: tuple[str, ...] = ("scenarios",)
    elif problem.file in ("", "set", "override"):
        keys = ("set", problem.field)
    else:
        return problem
    at = _at(document, *keys)
    return replace(problem, file=at.file, line=at.line, field=".".join(keys))


def _plan(
    name: str, spec: Sweep, scenarios: tuple[Scenario, ...], document: Document, variables: Collection[str]
) -> Plan:
    factors = []
    if scenarios:
        known = [catalogue(economy) for economy in {s.economy: None for s in scenarios}]
        for key, draw in spec.parameters.items():
            factor = _factor(document, key, draw, known)
            if factor is not None:
                factors.append(factor)
                _check_range(document, factor, scenarios, known)
        _check_overlap(document, factors)
    _check_design(document, spec, factors)
    _check_outputs(document, spec, scenarios, variables)
    return Plan(name, spec, scenarios, tuple(factors))


def _factor(
    document: Document, key: str, draw: Draw, known: Sequence[Mapping[str, Figure]]
) -> Factor | None:
    here = ("parameters", key)
    before = len(document.problems)
    given = [kind for kind in DISTRIBUTIONS if getattr(draw, kind) not in (None, False)]
    if len(given) != 1:
        _add(document, here, f"exactly one of {', '.join(DISTRIBUTIONS)}", " and ".join(given) or "none of them")
        return None
    fields: tuple[str, ...] = ()
    if draw.variants is None:
        fields = tuple(f for pattern in draw.fields or [key] for f in _fields(document, here, pattern, known))
    elif draw.fields or draw.relative or draw.complement:
        _add(document, here, "variants alone: they name their own fields", "fields, relative or complement")
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
            hint = "Give the ends yourself, such as `uniform: [0.5, 2]`."
            _add(document, here, "figures with a published range", f"{path}, which has none", hint)
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
        _add(document, here, "a field that can be varied", repr(pattern), NOT_SWEPT[pattern])
        return []
    if pattern in names or (groups and pattern in Scenario.model_fields) or (groups and _is_group(pattern)):
        return [pattern]
    if "*" in pattern and (found := [name for name in names if fnmatchcase(name, pattern)]):
        return [name for name in found if name not in NOT_SWEPT]
    hint = f"{did_you_mean(pattern, names)} `python run.py params` lists all fields.".strip()
    _add(document, here, "a field of the scenario or a figure of the economy", repr(pattern), hint)
    return []


def _is_group(path: str) -> bool:
    return any(name.startswith(f"{path}.") for name in scenario_fields())


def _check_numbers(document: Document, here: Sequence[str], draw: Draw, kind: str) -> None:
    numbers = getattr(draw, kind)
    if kind in ("uniform", "loguniform") and not numbers[0] < numbers[1]:
        _add(document, (*here, kind), "a lowest value below the highest", f"{numbers[0]:g} and {numbers[1]:g}")
    elif kind == "loguniform" and numbers[0] <= 0:
        _add(document, (*here, kind), "values above 0", f"{numbers[0]:g}")
    elif kind == "triangular" and not (numbers[0] <= numbers[1] <= numbers[2] and numbers[0] < numbers[2]):
        _add(document, (*here, kind), "lowest, likeliest, highest in order", ", ".join(f"{x:g}" for x in numbers))
    elif kind == "normal" and numbers[1] <= 0:
        _add(document, (*here, kind), "a standard deviation above 0", f"{numbers[1]:g}")
    elif kind == "values" and draw.relative and not all(_is_number(v) for v in numbers):
        _add(document, (*here, kind), "numbers, since they multiply", shorten(numbers))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_range(
    document: Document, factor: Factor, scenarios: Sequence[Scenario], known: Sequence[Mapping[str, Figure]]
) -> None:
    """Refuse a distribution with an end that a field cannot take."""
    figures = known[0]
    original = {path: figure.value for path, figure in figures.items()}
    kind = next(k for k in DISTRIBUTIONS if getattr(factor.draw, k) not in (None, False))
    keys = ("parameters", factor.name, kind)
    said: set[str] = set()
    for scenario in scenarios:
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
                    _add(document, keys, f"{place} to be {expected}", f"{got} at one end")


def _figure_range(
    document: Document, keys: Sequence[str], factor: Factor, figure: Figure, value: Any
) -> set[str]:
    if not _is_number(value) or value < figure.lowest:
        got = f"{value:g}" if _is_number(value) else shorten(value)
        _add(document, keys, f"{figure.path} to be {figure.expectation}", f"{got} at one end")
        return {figure.path}
    if figure.low is None or figure.high is None or factor.draw.beyond_range:
        return set()
    slack = 1e-9 * max(abs(figure.low), abs(figure.high))
    if figure.low - slack <= value <= figure.high + slack:
        return set()
    expected = f"{figure.path} within its published range of {figure.low:g} to {figure.high:g}"
    _add(document, keys, expected, f"{value:g} at one end", "To leave it on purpose: beyond_range: true.")
    return {figure.path}


def _check_overlap(document: Document, factors: Sequence[Factor]) -> None:
    owners: dict[str, str] = {}
    for factor in factors:
        for path in _touched(factor):
            owner = owners.setdefault(path, factor.name)
            if owner != factor.name:
                _add(document, ("parameters", factor.name), f"fields that {owner} does not set too", path)
                break


def _touched(factor: Factor) -> Iterator[str]:
    yield from factor.fields
    if factor.draw.complement:
        yield factor.draw.complement
    yield from dict.fromkeys(
        ".".join(field_keys(p)) for changes in (factor.draw.variants or {}).values() for p in changes
    )


def _check_design(document: Document, spec: Sweep, factors: Sequence[Factor]) -> None:
    design, n, d = spec.design, spec.design.samples, len(spec.parameters)
    if design.method == "sobol" and n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        hint = f"Take {below} or {2 * below}: Sobol's sequence is balanced at powers of two only."
        _add(document, ("design", "samples"), "a power of two for the sobol design", str(n), hint)
    if design.method == "morris" and design.levels % 2:
        _add(document, ("design", "levels"), "an even number for the morris design", str(design.levels))
    if design.method in ("morris", "sobol") and d < 2:
        _add(document, ("parameters",), f"at least two parameters for the {design.method} design", str(d))
    if len(set(spec.seeds)) < len(spec.seeds):
        _add(document, ("seeds",), "each seed once", shorten(spec.seeds))
    points = count_points(design, [len(f.choices) or f.draw.levels or design.levels for f in factors])
    runs = points * len(spec.scenarios) * len(spec.seeds)
    if runs > LARGEST:
        _add(document, ("design",), f"at most {LARGEST:,} runs", f"{runs:,}")


def count_points(design: DesignSpec, levels: Sequence[int]) -> int:
    """Points of a design.

    Parameters
    ----------
    levels : values of each parameter on a grid.
    """
    n, d = design.samples, len(levels)
    if design.method == "grid":
        return math.prod(levels)
    if design.method == "morris":
        return n * (d + 1)
    if design.method == "sobol":
        return n * (2 * d + 2 if design.second_order else d + 2)
    return n


def _check_outputs(
    document: Document, spec: Sweep, scenarios: Sequence[Scenario], variables: Collection[str]
) -> None:
    for name, output in spec.outputs.items():
        if output.variable not in variables:
            hint = did_you_mean(output.variable, list(variables))
            _add(document, ("outputs", name, "variable"), "an annual variable", repr(output.variable), hint)
        for scenario in scenarios:
            years = scenario.years
            if output.year is not None and not years.start <= output.year <= years.end:
                expected = f"a year of {scenario.name}, {years.start} to {years.end}"
                _add(document, ("outputs", name, "year"), expected, str(output.year))
                break
