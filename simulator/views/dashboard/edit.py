"""A scenario edited on the page: what was typed becomes a scenario file, read and checked as any other."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, ScenarioError
from tanshi.scenarios.load import field_keys, library, load_scenario
from tanshi.scenarios.schema import Scenario

LONGEST = 300
"""Characters of one field that are read."""


def typed(text: str) -> Any:
    """What a text means in a scenario file; a text that is no YAML stays a text.

    Examples
    --------
    >>> typed("0.08"), typed("true"), typed("null"), typed("trading"), typed("5%"), typed("[PAPER, AIR]")
    (0.08, True, None, 'trading', '5%', ['PAPER', 'AIR'])
    """
    cut = text.strip()[:LONGEST]
    try:
        value = YAML(typ="safe", pure=True).load(cut)
    except (YAMLError, ValueError):
        return cut
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else cut


def scenario_text(base: str, changes: Mapping[str, object], *, name: str = "", title: str = "") -> str:
    """A scenario file that extends a built-in scenario.

    Parameters
    ----------
    changes
        Dotted field to value.
    """
    if base not in library():
        problem = Problem(Message("one of {library}", library=", ".join(library())), repr(base)[:60], field="extends")
        raise ScenarioError("The scenario cannot be used: 1 problem.", [problem])
    content: dict[str, Any] = {"extends": base}
    content |= {key: value for key, value in (("name", name), ("title", title)) if value}
    for field, value in changes.items():
        *groups, last = field_keys(field)
        place = content
        for key in groups:
            place = place.setdefault(key, {})
        place[last] = value
    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment, unused-ignore]
    writer.dump(content, stream)
    return stream.getvalue()


def read_text(text: str, name: str = "edited") -> Scenario:
    """The scenario of a file's text, by way of a file, so that it is checked as one.

    Raises
    ------
    ScenarioError
        With every problem in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(path)


def checked(base: str, texts: Mapping[str, str]) -> tuple[Scenario | None, str, dict[str, str]]:
    """Check what was typed.

    Parameters
    ----------
    texts
        Dotted field to what was typed; empty where nothing was.

    Returns
    -------
    tuple
        The scenario, or None where something is wrong; the file's text; and what is wrong, by field (the empty
        field for what concerns none of them).
    """
    changes = {field: typed(text) for field, text in texts.items() if text and text.strip()}
    name = str(changes.pop("name", "") or f"{base}-edited")
    try:
        text = scenario_text(base, {**changes, "name": name})
        return read_text(text), text, {}
    except ScenarioError as error:
        problems: dict[str, str] = {}
        for problem in error.problems:
            field = problem.field if problem.field in texts or problem.field == "name" else ""
            said = f"expected {problem.expected}, got {problem.got}" + (f". {problem.hint}" if problem.hint else "")
            where = "" if field or not problem.field else f"{problem.field}: "
            problems[field] = "; ".join(part for part in (problems.get(field, ""), where + said) if part)
        return None, "", problems
