"""What a calibration leaves behind: tables, the record of the fit, and a fragment that the economy can adopt."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tanshi.errors import Message
from tanshi.scenarios.calibrated import COLUMNS, FILE, STATUS
from tanshi.scenarios.economy import economy_folder
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.targets_load import Task
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.machine.places import checkout, room
from tanshi.simulator.run.ground.economy import data_version
from tanshi.simulator.studies.batches.execute import code_version
from tanshi.simulator.studies.calibration.calibrate import Calibrated
from tanshi.simulator.studies.calibration.models import changes_of

RECORD = "calibration.json"
FORMAT = 1


def record_of(found: Calibrated, day: date | None = None) -> dict[str, Any]:
    """The whole fit as plain data: targets, ranges, found values, residuals, identifiability, versions, the file.

    Parameters
    ----------
    day
        Date to be written; today's by default.
    """
    identified, intervals = found.identified, found.intervals
    edges = found.at_bounds
    parameters = {}
    for j, (name, free) in enumerate(found.task.spec.parameters.items()):
        entry: dict[str, Any] = {
            "title": found.task.factors[j].title, "lower": free.lower, "upper": free.upper,
            "start": found.task.starts[j], "found": float(found.theta[j]), "moved": j in found.free,
            "at_bound": edges.get(name, ""), "source": free.source,
        }  # fmt: skip
        if j in found.free:
            k = found.free.index(j)
            entry |= {
                "interval": [_number(x) for x in intervals[k]],
                "determined": _number(identified.determined[k]),
                "derivatives": found.kinds[k],
            }
        parameters[name] = entry
    targets = {
        name: {
            "scenario": t.scenario, "variable": t.variable, "year": t.year, "target": t.value,
            "tolerance": t.tolerance, "found": _number(found.values[i]),
            "residual": _number(found.values[i] - t.value), "residual_in_tolerances": _number(found.distances[i]),
            "met": bool(abs(found.distances[i]) <= 1.0), "seed_spread": _number(found.spread[i]),
            "equilibrium_path": _number(found.path_values[i]), "source": t.source,
        }
        for i, (name, t) in enumerate(found.task.spec.targets.items())
    }  # fmt: skip
    economies = sorted({s.economy for s in found.task.scenarios.values()})
    return {
        "format": FORMAT,
        "name": found.task.name,
        "title": found.task.spec.title,
        "met": found.met,
        "model": "runs with firms" if found.whole else "equilibrium-only path",
        "date": (day or date.today()).isoformat(),
        "code": code_version(),
        "data": {name: data_version(name) for name in economies},
        "seeds": found.task.spec.seeds,
        "runs": found.runs,
        "targets": targets,
        "parameters": parameters,
        "identifiability": {
            "singular_values": [_number(x) for x in identified.values],
            "determined_directions": identified.rank,
            "weak_directions": identified.weak(found.names),
        },
        "file": found.task.text,
    }


def _number(value: float) -> float | None:
    return float(f"{float(value):.10g}") if math.isfinite(value) else None


def files_of(found: Calibrated, record: dict[str, Any]) -> dict[str, bytes]:
    """All tables of a calibration, its record and the fragments, by file name."""
    names, targets = found.names, list(found.task.spec.targets)
    identified = found.identified
    derivatives = [
        [t, n, found.kinds[k], found.path_slopes[i, k], found.slopes[i, k] if found.whole else math.nan]
        for k, n in enumerate(names)
        for i, t in enumerate(targets)
    ]
    directions = [
        [k + 1, identified.values[k], "yes" if k < identified.rank else "no", *identified.directions[k]]
        for k in range(len(names))
    ]
    search = [[n, s.round, s.model, *s.values] for n, s in enumerate(found.tried, start=1)]
    return {
        RECORD: (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode(),
        "targets.csv": _table_of(record["targets"], "target_name"),
        "parameters.csv": _table_of(record["parameters"], "parameter"),
        "derivatives.csv": _csv(
            ["target", "parameter", "on_the_path", "equilibrium_path", "runs_with_firms"], derivatives
        ),
        "directions.csv": _csv(["direction", "singular_value", "determined", *names], directions),
        "search.csv": _csv(["step", "round", "model", *targets], search),
        FILE: fragment(found),
        "scenario.yaml": _scenario_fragment(found),
    }


def _table_of(entries: dict[str, dict[str, Any]], key: str) -> bytes:
    heads = [key, *dict.fromkeys(h for entry in entries.values() for h in entry)]
    rows = [[name, *(entry.get(h, "") for h in heads[1:])] for name, entry in entries.items()]
    return _csv(heads, rows)


def _csv(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([[_cell(value) for value in row] for row in rows])
    return stream.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(_cell(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


# -- fragments ---------------------------------------------------------------------------------------------


def _fields(found: Calibrated, base: Scenario) -> dict[str, tuple[int, float]]:
    """Field or figure -> its parameter's place and the value found, of the parameters that moved."""
    out: dict[str, tuple[int, float]] = {}
    for j in found.free:
        for path, value in changes_of(found.task.factors[j], float(found.theta[j]), base).items():
            out[path] = (j, float(f"{float(value):.10g}"))
    return out


def fragment(found: Calibrated) -> bytes:
    """The values found as the file that an economy keeps apart from its measured and assumed figures."""
    base = next(iter(found.task.scenarios.values()))
    known = catalogue(base.economy)
    frees = list(found.task.spec.parameters.values())
    rows: list[list[Any]] = []
    for path, (j, value) in _fields(found, base).items():
        free, start = frees[j], found.task.starts[j]
        figure = known.get(path)
        if figure is not None and free.relative:
            low, high, start = free.lower * figure.value, free.upper * figure.value, figure.value
        else:
            low, high = free.lower, free.upper
        told = f"fitted to {found.task.name} (calibration.json); range: {' '.join(free.source.split())}"
        rows.append([path, value, start, low, high, STATUS, told])
    return _csv(COLUMNS, rows)


def _scenario_fragment(found: Calibrated) -> bytes:
    """The same as a scenario that can be run, or extended by others."""
    name, base = next(iter(found.task.scenarios.items()))
    groups: dict[str, dict[str, float]] = {}
    figures: dict[str, float] = {}
    for path, (_, value) in _fields(found, base).items():
        group, _, field = path.partition(".")
        if path.startswith("economy."):
            figures[path] = value
        else:
            groups.setdefault(group, {})[field] = value
    lines = [f"# Found by calibrating to {found.task.name}; targets {'met' if found.met else 'NOT met'}.", ""]
    lines += [f"extends: {name}", "name: calibrated"]
    for group, values in [*groups.items(), *([("figures", figures)] if figures else [])]:
        lines.append(f"{group}:")
        lines += [f"  {field}: {value:.10g}" for field, value in values.items()]
    return ("\n".join(lines) + "\n").encode()


# -- adoption ----------------------------------------------------------------------------------------------


def check_own(task: Task) -> None:
    """Refuse, before anything is computed, to change an economy that belongs to an installed program.

    Raises
    ------
    UserError
        Where an economy's folder lies inside the installed package.
    """
    inside = room("scenarios")
    for name in sorted({scenario.economy for scenario in task.scenarios.values()}):
        folder = economy_folder(name).resolve()
        if checkout() is None and folder.is_relative_to(inside):
            hint = Message(
                "Copy that folder to economies/{name}-mine here, and name it as the scenarios' economy.",
                name=folder.name,
            )
            problem = Problem(
                "an economy of your own",
                Message("the installed program's, {folder}", folder=folder),
                "--adopt",
                hint=hint,
            )
            raise UserError("An installed program changes none of its own files.", [problem])


def check_adoptable(found: Calibrated) -> Path:
    """The economy's folder that the values may be written to.

    Raises
    ------
    UserError
        Where targets are not met, several economies are meant, or a scenario's own value would hide what is adopted.
    """
    problems = []
    economies = sorted({s.economy for s in found.task.scenarios.values()})
    if not found.met:
        problems.append(Problem("targets that are met", "the nearest point reached", "--adopt"))
    if not found.whole:
        hint = "Leave out --equilibrium-only."
        problems.append(Problem("a fit on full runs", "one on the equilibrium-only path", "--adopt", hint=hint))
    if len(economies) > 1:
        problems.append(Problem("one economy", ", ".join(economies), "--adopt"))
    values = [_fields(found, base) for base in found.task.scenarios.values()]
    if any(other != values[0] for other in values[1:]):
        problems.append(Problem("the same values in all scenarios", "others in some", "--adopt"))
    if problems:
        raise UserError("The values found are not adopted; nothing was changed.", problems)
    return economy_folder(economies[0])


def adopt(found: Calibrated, record: dict[str, Any]) -> Path:
    """Write the values found, and the record of the fit, into the economy's folder; each file whole or not at all.

    Returns
    -------
    The folder.

    Raises
    ------
    UserError
        As `check_adoptable`; nothing is changed then.
    StoreError
        Where the disk refuses.
    """
    folder = check_adoptable(found)
    content = fragment(found)
    write_file(folder / RECORD, files_of(found, record)[RECORD])
    write_file(folder / FILE, content)  # last: only with this file do the values hold
    return folder
