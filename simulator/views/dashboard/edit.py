"""A scenario edited on the page: what was typed becomes a scenario file, read and checked as any other."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tanshi.language import say
from tanshi.scenarios.document import replaced
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import field_keys, load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.views.dashboard.bases import Base, built_in

RAW = "yaml"
"""Stands for the text of a scenario file among the fields."""
LONGEST = 300
"""Characters of one field that are read."""


def typed(text: str) -> Any:
    """What a text means in a scenario file; a text that is no YAML stays a text.

    Examples
    --------
    >>> typed("0.08"), typed("true"), typed("null"), typed("trading"), typed("5%"), typed("[PAPER, AIR]")
    (0.08, True, None, 'trading', 0.05, ['PAPER', 'AIR'])
    """
    cut = text.strip()[:LONGEST]
    if part := re.fullmatch(r"([-+]?\d+(?:\.\d+)?)\s*[%％]", cut):
        return round(float(part[1]) / 100.0, 12)
    try:
        value = YAML(typ="safe", pure=True).load(cut)
    except (YAMLError, ValueError):
        return cut
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else cut


def scenario_text(base: Base | str, changes: Mapping[str, object], *, name: str = "", title: str = "") -> str:
    """A scenario file that extends a built-in scenario, or holds all that a stored run's says.

    Parameters
    ----------
    base
        Where it begins; a name is that of a built-in scenario.
    changes
        Dotted field to value.
    """
    start = built_in(base) if isinstance(base, str) else base
    content: dict[str, Any] = {key: value for key, value in (("name", name), ("title", title)) if value}
    content = deepcopy(dict(start.content)) | content
    for field, value in changes.items():
        *groups, last = field_keys(field)
        place = content
        for key in groups:
            if not isinstance(place.get(key), dict):
                place[key] = {}
            place = place[key]
        for other in replaced(tuple(groups), [last]):
            place.pop(other, None)
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


def raw_fields(text: str) -> tuple[dict[str, Any], str]:
    """Fields that lines of a scenario file name, dotted, and what is wrong with the lines; empty where nothing is.

    Examples
    --------
    >>> raw_fields("cap: {tightness: 0.08}")
    ({'cap.tightness': 0.08}, '')
    """
    if not text.strip():
        return {}, ""
    try:
        found = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        return {}, say("no YAML: {error}", error=str(error).strip().splitlines()[0])
    if not isinstance(found, dict):
        return {}, say("expected lines such as cap: {example}", example="{tightness: 0.08}")
    out: dict[str, Any] = {}

    def take(part: dict[Any, Any], prefix: str) -> None:
        for key, value in part.items():
            name = f"{prefix}{key}"
            if isinstance(value, dict) and name != "figures":
                take(value, f"{name}.")
            else:
                out[name] = value

    take(found, "")
    return {name: value for name, value in out.items() if name != "extends"}, ""


def checked(base: Base | str, texts: Mapping[str, str]) -> tuple[Scenario | None, str, dict[str, str]]:
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
    changes, wrong = raw_fields(texts.get(RAW, ""))
    if wrong:
        return None, "", {RAW: wrong}
    changes |= {field: typed(text) for field, text in texts.items() if field != RAW and text and text.strip()}
    known = base if isinstance(base, str) else base.name
    name = str(changes.pop("name", "") or f"{known}-edited")
    try:
        text = scenario_text(base, {**changes, "name": name})
        return read_text(text), text, {}
    except ScenarioError as error:
        problems: dict[str, str] = {}
        for problem in error.problems:
            field = problem.field if problem.field in texts or problem.field == "name" else ""
            said = say("expected {expected}, got {got}", expected=problem.expected, got=problem.got)
            said += f". {problem.hint}" if problem.hint else ""
            where = "" if field or not problem.field else f"{problem.field}: "
            problems[field] = "; ".join(part for part in (problems.get(field, ""), where + said) if part)
        return None, "", problems
