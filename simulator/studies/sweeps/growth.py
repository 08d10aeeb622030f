"""A sweep that grows: more points, seeds, scenarios or outputs, and what would not belong to it any more.

A run is known by its id, so that growing is a comparison of two plans: what the larger one asks of the smaller one's
runs must be the same runs. A design grows where its first points stay: sequences, trajectories and grids do, a Latin
hypercube does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tanshi.errors import Message
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.errors import Problem, UserError, did_you_mean, shorten
from tanshi.scenarios.folder_names import sharing
from tanshi.scenarios.load import load_scenarios
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep import DISTRIBUTIONS, DesignSpec
from tanshi.scenarios.sweep_load import Plan, plan_from
from tanshi.simulator.results.store import RunExists
from tanshi.simulator.results.variables import CATALOGUE, COMPARISONS, SETTLED
from tanshi.simulator.studies.sweeps.outputs import check_outputs

VARIABLES = (*(name for name in CATALOGUE if name not in COMPARISONS), *SETTLED)
"""What an output may be."""
LABELS = ("title", "levels")
"""Fields of a parameter that change no run."""


class CannotGrow(UserError):
    """A plan that is no larger one of the same sweep."""


# -- what is asked for more ----------------------------------------------------------------------------------


def grow(
    plan: Plan, samples: int | None = None, seeds: int | None = None, more: Sequence[str] = (), *, begun: bool = True
) -> Plan:
    """A larger plan of the same sweep.

    Parameters
    ----------
    samples
        Size of the design, as the sweep's file would give it.
    seeds
        How many seeds in all; new ones count on from the largest there is.
    more
        Scenarios, by name or file, and outputs as ``NAME=VARIABLE`` or ``NAME=VARIABLE@YEAR``.
    begun
        Whether the plan is one that a folder holds; that of a file may have another size, a smaller one too.

    Raises
    ------
    UserError
        Where the design cannot grow, fewer are asked than there are, or something added makes no sense.
    """
    data = plan.as_data()
    spec = data["spec"]
    if samples is not None:
        if plan.spec.design.method == "grid":
            hint = "Give `levels` in the sweep's file: every old value must be among the new."
            problem = Problem("a design with samples", "a grid", "--samples", hint=hint)
            raise CannotGrow("The sweep cannot grow so.", [problem])
        spec["design"]["samples"] = samples
    if seeds is not None:
        there = plan.spec.seeds if begun else plan.spec.seeds[:seeds]
        spec["seeds"] = _more_seeds(there, seeds)
    for word in more:
        if "=" in word:
            name, _, what = word.partition("=")
            spec["outputs"][name.strip()] = _output(name.strip(), what.strip())
        else:
            for scenario in load_scenarios([word], plan.spec.set, dict.fromkeys(plan.spec.set, "set")):
                spec["scenarios"].append(word)
                data["scenarios"].append(scenario.model_dump(mode="json"))
    if twice := sharing(item["name"] for item in data["scenarios"]):
        problem = Problem("a scenario that the sweep does not hold yet", ", ".join(twice), "--add")
        raise CannotGrow("The sweep cannot grow so.", [problem])
    grown = plan_from(data, VARIABLES)
    if begun and (problems := differences(plan, grown)):
        raise CannotGrow("The sweep cannot grow so.", problems)
    return check_outputs(grown)


def _more_seeds(there: Sequence[int], count: int) -> list[int]:
    if count < len(there):
        problem = Problem(Message("{count} seeds or more", count=len(there)), str(count), "--seeds")
        raise CannotGrow("A sweep only grows.", [problem])
    first = max(there) + 1
    return [*there, *range(first, first + count - len(there))]


def _output(name: str, what: str) -> dict[str, Any]:
    variable, _, year = what.partition("@")
    problems = []
    if variable not in VARIABLES:
        hint = did_you_mean(variable, list(VARIABLES))
        problems.append(Problem("an annual variable", repr(variable), f"--add {name}", hint=hint))
    if year and not year.isdigit():
        problems.append(Problem("a year", repr(year), f"--add {name}"))
    if problems:
        raise CannotGrow("The output cannot be read.", problems)
    return {"variable": variable, "year": int(year) if year else None, "over": "year"}


# -- whether it is the same sweep ------------------------------------------------------------------------------


def check_growth(before: Plan, now: Plan, out: Path) -> None:
    """Refuse a plan to which the runs of a folder would not all belong.

    Raises
    ------
    RunExists
        Naming every difference, and what to do instead.
    """
    problems = differences(before, now)
    if problems:
        raise RunExists(
            "{out} holds another sweep:\n{differences}\nFor a new sweep choose another folder with --out, or give"
            " --overwrite to put this one in its place (runs that are the same are kept); to go on with the one that"
            " is there: tanshi sweep {out}",
            out=out,
            differences="\n".join(f"  {problem}" for problem in problems),
        )


def differences(before: Plan, now: Plan) -> list[Problem]:
    """Why the runs of a plan do not all belong to another one; empty where it is the same sweep, grown or not."""
    problems = [*_scenarios(before.scenarios, now.scenarios), *_factors(before.factors, now.factors, now.spec.design)]
    problems += _design(before.spec.design, now.spec.design)
    if before.spec.constraints != now.spec.constraints:
        problems.append(_changed("constraints", before.spec.constraints, now.spec.constraints))
    if gone := [seed for seed in before.spec.seeds if seed not in now.spec.seeds]:
        problems.append(
            Problem("every seed that was run", Message("none of {gone}", gone=shorten(gone)), field="seeds")
        )
    return problems


def _changed(field: str, before: object, now: object) -> Problem:
    return Problem(Message("{before} as it was", before=shorten(before)), shorten(now), field=field)


def _scenarios(before: Sequence[Scenario], now: Sequence[Scenario]) -> list[Problem]:
    problems = []
    here = {scenario.name: _flat(scenario.model_dump(mode="json")) for scenario in now}
    for scenario in before:
        if scenario.name not in here:
            problems.append(Problem(Message("{name} as before", name=scenario.name), "nothing", field="scenarios"))
            continue
        new, old = here[scenario.name], _flat(scenario.model_dump(mode="json"))
        problems += [
            _changed(f"{scenario.name}, {field}", old.get(field), new.get(field))
            for field in dict.fromkeys([*old, *new])
            if old.get(field) != new.get(field)
        ]
    return problems


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out


def _factors(before: Sequence[Factor], now: Sequence[Factor], design: DesignSpec) -> list[Problem]:
    names, new = [factor.name for factor in before], [factor.name for factor in now]
    if names != new:
        hint = "A parameter more or less, or another order, makes other points."
        expected = Message("{names} as before", names=", ".join(names))
        return [Problem(expected, ", ".join(new), field="parameters", hint=hint)]
    return [problem for pair in zip(before, now, strict=True) for problem in _factor(*pair, design)]


def _factor(before: Factor, now: Factor, design: DesignSpec) -> list[Problem]:
    old, new = before.draw.model_dump(exclude=set(LABELS)), now.draw.model_dump(exclude=set(LABELS))
    if design.method == "grid":
        if before.choices and now.choices:
            lost = [value for value in before.choices if value not in now.choices]
            same = {kind: None for kind in DISTRIBUTIONS if kind in ("values", "variants")}
            changed = {k: v for k, v in (before.draw.variants or {}).items() if (now.draw.variants or {}).get(k) != v}
            if not lost and not changed and {**old, **same} == {**new, **same}:
                return []
        levels = [factor.draw.levels for factor in (before, now)]
        if before.choices == now.choices and levels[0] != levels[1] and not _nested(*levels):
            return [_levels(f"parameters.{now.name}.levels", levels[0], levels[1])]
    if old == new and before.ranges == now.ranges and before.fields == now.fields:
        return []
    parts = [field for field in old if old[field] != new[field]] or ["fields"]
    shown = (old, new) if parts != ["fields"] else ({"fields": before.fields}, {"fields": now.fields})
    return [_changed(f"parameters.{now.name}.{part}", shown[0].get(part), shown[1].get(part)) for part in parts]


def _nested(before: int | None, now: int | None) -> bool:
    """Whether so many evenly spaced values are among so many more."""
    return bool(before and now and before > 1 and now > 1 and (now - 1) % (before - 1) == 0)


def _levels(field: str, before: int | None, now: int | None) -> Problem:
    n = before or 0
    hint = Message("The {before} values are among {one} or {other} evenly spaced ones.",
                   before=n, one=2 * n - 1, other=3 * n - 2)  # fmt: skip
    return Problem(Message("a grid that holds the {before} values as they were", before=n), str(now), field=field,
                   hint=hint)  # fmt: skip


def _design(before: DesignSpec, now: DesignSpec) -> list[Problem]:
    problems = []
    checks: list[tuple[str, Callable[[DesignSpec], Any]]] = [("method", lambda d: d.method), ("seed", lambda d: d.seed)]
    if before.method == "morris":
        checks.append(("levels", lambda d: d.levels))
    for field, of in checks:
        if of(before) != of(now):
            problems.append(_changed(f"design.{field}", of(before), of(now)))
    if problems:
        return problems
    if before.method == "grid" and before.levels != now.levels and not _nested(before.levels, now.levels):
        return [_levels("design.levels", before.levels, now.levels)]
    if before.method != "grid" and before.samples != now.samples:
        if now.samples < before.samples:
            hint = "A sweep only grows."
        elif before.method == "lhs":
            hint = "No Latin hypercube holds a smaller one. A new sweep that can grow has design: {method: qmc}."
        else:
            hint = ""
        if hint:
            problems.append(
                Problem(Message("{samples} samples as before", samples=before.samples), str(now.samples),
                        field="design.samples", hint=hint)
            )  # fmt: skip
    if before.method == "sobol" and before.second_order and not now.second_order:
        problems.append(_changed("design.second_order", True, False))
    return problems
