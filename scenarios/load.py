"""Scenarios by name or from files: `extends` followed, overrides on top, fitted values under, validated at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tanshi.errors import Message
from tanshi.scenarios.document import Document, Mark, overlay, read_document, twice
from tanshi.scenarios.errors import OVERRIDE, SAID, Problem, ScenarioError, UserError, did_you_mean, shorten, visible
from tanshi.scenarios.folder_names import sharing
from tanshi.scenarios.following import follow_the_economy
from tanshi.scenarios.gathering import economies_of, gather_economies
from tanshi.scenarios.named_sectors import check_named_sectors, like_a_built_in
from tanshi.scenarios.parameters import describe_parameters
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.together import AS_ELSEWHERE

LIBRARY = Path(__file__).parent / "library"
TRADITIONAL: Mapping[str, object] = {"market.mode": "equilibrium", "drift.mode": "none", "banking.horizon": 0}
"""What makes a scenario the traditional model: the economy finds the price, no firms, no drift, each year by itself."""


def library() -> tuple[str, ...]:
    """Return the names of the built-in scenarios: the five, variants and real schemes, then the paper's family.

    Examples
    --------
    >>> tuple(name for name in library() if name.startswith("S"))
    ('S1', 'S2', 'S3', 'S4', 'S5', 'S4-entry', 'S5-entry', 'S5-paid', 'S5-sinks', 'S1-one-cap')
    """
    return tuple(sorted((path.stem for path in LIBRARY.glob("*.yaml")), key=_by_family))


@lru_cache
def of_several(name: str) -> bool:
    """Whether a built-in scenario is of several economies in one market.

    Examples
    --------
    >>> [name for name in library() if of_several(name)]
    ['three-provinces']
    """
    written = (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")
    return any(line.startswith("economies:") for line in written.splitlines())


def _by_family(name: str) -> tuple[bool, bool, int, str]:
    """Place of a built-in scenario in a row: the five on data, their variants, others' rules; then the paper's."""
    plain = name.removeprefix("paper-")
    return name != plain, name == plain and not plain.startswith("S"), plain.count("-"), name


def load_scenario(
    name_or_path: str | Path,
    overrides: Mapping[str, object] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Scenario:
    """Load one scenario.

    Parameters
    ----------
    name_or_path
        A built-in name such as ``S4``, or a YAML file.
    overrides
        Dotted field -> value, laid over the file: ``{"firms.number": 50}``.
    labels
        Dotted field -> what to call the origin of its override in messages, such as ``--firms``.

    Returns
    -------
    Scenario
        Complete and valid, `extends` resolved.

    Raises
    ------
    ScenarioError
        With one problem for every mistake in the file, in those it extends, and in the overrides.

    Examples
    --------
    >>> load_scenario("S5", {"firms.number": 50}).firms.number
    50
    """
    return load_scenarios([name_or_path], overrides, labels)[0]


def load_scenarios(
    names_or_paths: Iterable[str | Path],
    overrides: Mapping[str, object] | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    fitted: bool = True,
) -> tuple[Scenario, ...]:
    """Load several scenarios with the same overrides; see `load_scenario`.

    Parameters
    ----------
    fitted
        Whether the economy's calibrated values hold where a scenario says nothing.

    Raises
    ------
    ScenarioError
        With the problems of all of them, and where two have the same name.
    """
    scenarios: dict[str, Scenario] = {}
    problems: dict[Problem, None] = {}  # in order, each once
    for reference in map(str, names_or_paths):
        document = _gather(reference, None, ())
        for field, value in (overrides or {}).items():
            _override(document, field, value, (labels or {}).get(field, OVERRIDE))
        gather_economies(document, LIBRARY)
        follow_the_economy(document, LIBRARY)
        if fitted:
            _lay_calibration_under(document)
        scenario = _validate(document)
        document.problems.sort(key=lambda problem: (problem.file, problem.line or 0))
        if document.problems:
            # Overrides and shared bases are wrong for every scenario alike: say it once.
            problems |= dict.fromkeys(document.problems)
        elif scenario is not None and (alike := sharing([scenario.name, *scenarios])):
            hint = "Give one of them another `name`."
            got = _two_names(alike)
            problems[Problem("scenarios with different names", got, reference, hint=hint)] = None
        elif scenario is not None:
            scenarios[scenario.name] = scenario
    if problems:
        if len(problems) == 1:
            raise ScenarioError("The scenario cannot be used: 1 problem.", problems)
        raise ScenarioError("The scenario cannot be used: {count:,} problems.", problems, count=len(problems))
    return tuple(scenarios.values())


def _two_names(alike: Sequence[str]) -> Message:
    """That a name was given twice, or that two differ in what some systems do not tell apart."""
    if len(alike) == 1:
        return Message("{name} twice", name=alike[0])
    return Message("{one} and {other}, which Windows and macOS do not tell apart", one=alike[0], other=alike[1])


def _lay_calibration_under(document: Document) -> None:
    """Put what was fitted for the document's economy under all that the document says."""
    from tanshi.scenarios.calibrated import calibrated, calibrated_file  # reads the economy's folder

    several = document.values.get("economies")
    for economy in economies_of(document.values):
        try:
            fitted = calibrated(economy)
        except UserError as error:
            # An economy that does not exist is said when the run opens it; a broken file of one that does, here.
            document.problems += [problem for problem in error.problems if problem.file]
            return
        base = Document(marks={})
        for row in fitted:
            keys = field_keys(row.field)
            if several and _said(document.values, keys):
                continue  # what the file says holds in all of them
            keys = ("by_economy", economy, *keys) if several else keys
            overlay(base, _nest(keys, row.value), {keys: Mark(str(calibrated_file(economy)), row.line)})
        overlay(base, document.values, document.marks)
        document.values, document.marks = base.values, {**base.marks, **document.marks}


def _said(values: object, keys: Sequence[str]) -> bool:
    """Whether something stands in a field."""
    for key in keys:
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def _gather(reference: str, origin: Mark | None, chain: tuple[Path, ...]) -> Document:
    """Read a scenario and all it extends into one document, the nearest file's values on top."""
    path, label = _locate(reference, chain[-1].parent if chain else Path())
    if path is None:
        # A name keeps the schema from complaining about the lack of one as well.
        return Document({"name": "unknown"}, problems=[_unknown(reference, origin)])
    if path in chain:
        files = " -> ".join(step.name for step in (*chain, path))
        at = origin or Mark(label)
        problem = Problem("an `extends` that comes to an end", files, at.file, at.line, "extends")
        return Document({"name": "unknown"}, problems=[problem])

    own = read_document(path, label)
    own.values.setdefault("name", path.stem)
    own.problems += twice(own)
    if own.values.get("extends") is None:
        return own
    base_reference, at = own.values.pop("extends"), own.marks[("extends",)]
    if not isinstance(base_reference, str):
        expected = "the name of a built-in scenario or a YAML file"
        own.problems.append(Problem(expected, _say(base_reference), at.file, at.line, "extends"))
        return own
    base = _gather(base_reference, at, (*chain, path))
    # A name tells scenarios apart and a title says what one is: neither is inherited.
    for field in ("name", "title"):
        base.values.pop(field, None)
        base.marks.pop((field,), None)
    overlay(base, own.values, own.marks)
    base.marks[()] = own.marks[()]
    base.problems = own.problems + base.problems
    return base


def _locate(reference: str, folder: Path) -> tuple[Path | None, str]:
    """Return the file a reference means, if it means one, and what to call it in messages."""
    path = LIBRARY / f"{reference}.yaml" if reference in library() else folder / reference
    try:
        if not reference or (path.suffix not in (".yaml", ".yml") and not path.exists()):
            return None, reference
        path = path.resolve()
    except (OSError, ValueError, RuntimeError):  # no name a file could have; a link that leads to itself
        return None, reference
    if path.is_symlink():  # resolved and yet a link: it leads to itself, of which Python 3.13 says nothing
        return None, reference
    near = os.path.relpath(path)
    return path, str(path) if near.startswith("..") else near


def _unknown(reference: str, origin: Mark | None) -> Problem:
    at, field = (origin, "extends") if origin else (Mark(""), "scenario")
    names = library()
    expected = Message("a built-in scenario ({names}) or a YAML file", names=", ".join(names))
    return Problem(expected, shorten(reference), at.file, at.line, field, did_you_mean(reference, names))


def _override(document: Document, field: str, value: object, label: str) -> None:
    keys = field_keys(field)
    if isinstance(value, str) and visible(value) != value:
        document.problems.append(Problem("a text without control characters", shorten(value), label, field=field))
        return
    nested = _nest(keys, value)
    marks = {keys[: i + 1]: Mark(label) for i in range(len(keys)) if keys[: i + 1] not in document.marks}
    overlay(document, nested, {**marks, keys: Mark(label)}, into_paths=True)


def _nest(keys: Sequence[str], value: object) -> dict[str, Any]:
    nested: Any = value
    for key in reversed(keys):
        nested = {key: nested}
    return dict(nested)


def field_keys(field: str) -> tuple[str, ...]:
    """Return the keys under which a dotted field stands in a scenario; a figure's path is one key of `figures`.

    Examples
    --------
    >>> field_keys("firms.number"), field_keys("economy.controls.gdp")
    (('firms', 'number'), ('figures', 'economy.controls.gdp'))
    """
    for prefix in ("figures.economy.", "economy."):
        if field.startswith(prefix):
            return ("figures", field.removeprefix("figures."))
    return tuple(field.split("."))


def _check_figures(document: Document) -> None:
    """Add the problems of the economy's figures that the scenario changes."""
    changed, economy = document.values.get("figures"), document.values.get("economy", "shanxi_2022")
    if not isinstance(changed, Mapping) or not isinstance(economy, str):
        return
    # What is no number, or larger than any, the schema says.
    numbers = {
        k: float(v)
        for k, v in changed.items()
        if isinstance(v, int | float) and not isinstance(v, bool) and abs(v) <= sys.float_info.max
    }
    if not numbers:
        return
    from tanshi.scenarios.figures import problems_with  # reads tables: only where figures are changed

    try:
        found = problems_with(economy, numbers)
    except UserError:  # no such economy: said when the run opens it
        return
    for problem in found:
        at = document.marks.get(("figures", problem.field), Mark(""))
        document.problems.append(replace(problem, file=at.file, line=at.line, field=f"figures.{problem.field}"))


def _validate(document: Document) -> Scenario | None:
    """Validate a document against the schema, adding its problems in the order in which they stand."""
    _check_figures(document)
    check_named_sectors(document)
    try:
        return Scenario.model_validate(document.values)
    except ValidationError as error:
        items = [dict(item) for item in error.errors(include_url=False)]
    found = [_problem(item, document) for item in items[:SAID]]
    found += [_in_short(item, document) for item in items[SAID:]]
    # A value that could not be read is left empty; that is no second mistake.
    unread = {(problem.file, problem.field) for problem in document.problems}
    nothing = _say(None)
    document.problems += [p for p in found if p.got != nothing or (p.file, p.field) not in unread]
    return None


def _problem(item: Mapping[str, Any], document: Document) -> Problem:
    """Say one complaint of the schema in terms of the file."""
    path = tuple(str(step) for step in item["loc"])
    context = item.get("ctx", {})
    if item["type"] == "several_fields":
        path = tuple(context["at"].split("."))
        expected, got, hint = context["expected"], context["got"], context["hint"]
        if expected == AS_ELSEWHERE:  # a field of one economy of several: what the field of all may be
            inside = ".".join(like_a_built_in(path[2:] if path[0] == "by_economy" else path))
            expected = next((row.expectation for row in describe_parameters() if row.name == inside), expected)
    elif item["type"] == "by_year":
        path = (*path, context["key"]) if context["key"] else path
        expected, got, hint = context["expected"], context["got"], context["hint"]
    elif item["type"] == "extra_forbidden":
        expected, got, hint = _unknown_field(path)
    else:
        path = path[:-1] if path[-1].isdecimal() else path  # an item of a list
        described = like_a_built_in(path)
        row = next((row for row in describe_parameters() if row.name == ".".join(described)), None)
        figure = path[0] == "figures" and len(path) > 1
        fields = "" if row or figure else ", ".join(_group(described).model_fields)
        expected = row.expectation if row else "a number"
        if not row and not figure:
            expected = Message("a group with the fields {fields}", fields=fields)
        got = _say(item["input"])
        hint = _hint(item["input"], row.choices if row else (), expected)
        if item["type"] == "string_pattern_mismatch":
            hint = Message("Use letters, digits, dots, dashes and underscores, at most 64 and no spaces.")
    nearest = next(path[:i] for i in range(len(path), -1, -1) if path[:i] in document.marks or not i)
    at = document.marks.get(nearest, Mark(""))
    return Problem(expected, got, at.file, at.line, ".".join(path), hint)


def _in_short(item: Mapping[str, Any], document: Document) -> Problem:
    """One of very many complaints: where it stands, without looking for what may have been meant."""
    path = tuple(str(step) for step in item["loc"])
    at = document.marks.get(path, document.marks.get((), Mark("")))
    return Problem("what the schema allows", shorten(item["input"]), at.file, at.line, ".".join(path))


def _group(path: Sequence[str]) -> type[BaseModel]:
    group: type[BaseModel] = Scenario
    for step in path:
        group = type(group.model_fields[step].default)
    return group


def _unknown_field(path: Sequence[str]) -> tuple[str, str, str]:
    """Return what was expected, what was got and a hint for a field the schema does not have."""
    group, key = _group(like_a_built_in(tuple(path[:-1]))), path[-1]
    fields = list(group.model_fields)
    elsewhere = [row.name for row in describe_parameters() if row.name.split(".")[-1] == key]
    hint = Message("Did you mean {elsewhere}?", elsewhere=elsewhere[0]) if elsewhere else did_you_mean(key, fields)
    return Message("one of the fields {fields}", fields=", ".join(fields)), Message("the field {key!r}", key=key), hint


def _say(value: object) -> str:
    """Return a value as a phrase, at most about sixty characters long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a group of fields" if value else "an empty group"
    text = shorten(value)
    if isinstance(value, str):
        return Message("the text {text}", text=text)
    return Message("the list {text}", text=text) if isinstance(value, list) else text


def _hint(value: object, choices: Sequence[str], expected: str) -> str:
    if isinstance(value, str) and choices:
        return did_you_mean(value, choices)
    if isinstance(value, str) and expected.startswith("true or false"):
        return Message("YAML 1.2 knows only true and false.")
    if isinstance(value, str) and value.endswith("%"):
        return "Write a fraction: 5% is 0.05."
    if isinstance(value, str) and value.replace(".", "", 1).lstrip("+-").isdigit():
        return Message("Write the number without quotes.")
    return Message("Give it a value or leave it out.") if value is None else ""
