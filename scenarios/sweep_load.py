"""A sweep's file read and checked whole: every mistake at once, with its line, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tanshi.errors import Message
from tanshi.language import mark
from tanshi.scenarios.constraints import Constraint, read_constraints
from tanshi.scenarios.document import Document, Mark
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.errors import UserError, shorten
from tanshi.scenarios.factors import add_problem, check_overlap, check_range, read_factor, read_scenarios
from tanshi.scenarios.fields import Group
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.folder_names import sharing
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.study_file import Kind, check_variable, check_year
from tanshi.scenarios.sweep import DesignSpec, Draw, Output, Sweep

SWEEPS = Path(__file__).parent / "sweeps"
LARGEST = 1_000_000
"""Most runs of a sweep."""


class SweepError(UserError):
    """A sweep that cannot be read or makes no sense."""


@dataclass(frozen=True)
class Plan:
    """A checked sweep.

    Parameters
    ----------
    name
        The file's own, without its ending.
    spec
        What the file says.
    scenarios
        The scenarios it varies, with what it sets for all of them.
    factors
        Its parameters, ready to be drawn, in the file's order.
    constraints
        What must hold between their drawn values.
    """

    name: str
    spec: Sweep
    scenarios: tuple[Scenario, ...]
    factors: tuple[Factor, ...]
    constraints: tuple[Constraint, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """The whole plan as plain data; `plan_from` reads it back."""
        return {
            "name": self.name,
            "spec": self.spec.model_dump(mode="json"),
            "scenarios": [scenario.model_dump(mode="json") for scenario in self.scenarios],
        }


def load_sweep(
    name_or_path: str | Path, variables: Collection[str], overrides: Mapping[str, object] | None = None
) -> Plan:
    """Read and check a sweep.

    Parameters
    ----------
    name_or_path
        A ready-made sweep such as ``cap``, or a YAML file.
    variables
        Names that outputs may have.
    overrides
        Dotted field -> value for all runs, laid over the file's own ``set``.

    Raises
    ------
    SweepError
        With one problem for every mistake: unknown fields and paths, distributions that leave a field's range, a
        Sobol sample that is no power of two, scenarios that cannot be read.
    """
    path, document, spec = KIND.read(name_or_path)
    scenarios = read_scenarios(document, spec.scenarios, ("scenarios",), path.parent, spec.set, overrides or {})
    if twice := sharing(scenario.name for scenario in scenarios):
        add_problem(
            document, ("scenarios",), "scenarios with different names", Message("{twice} twice", twice=", ".join(twice))
        )
    spec = spec.model_copy(update={"set": {**spec.set, **(overrides or {})}})
    plan = _plan(path.stem, spec, scenarios, document, variables)
    KIND.refuse(document)
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
        name = str(data["name"])
    except (ValidationError, KeyError, TypeError) as error:
        raise SweepError("sweep.json is no sweep: {why}", why=str(error).splitlines()[0]) from error
    plan = _plan(name, spec, scenarios, document, variables)
    KIND.refuse(document)
    return plan


def _group(path: Sequence[str]) -> type[Group]:
    groups: dict[str, type[Group]] = {"parameters": Draw, "outputs": Output, "design": DesignSpec}
    return groups[path[0]] if path and path[0] in groups else Sweep


KIND = Kind("sweep", SWEEPS, Sweep, _group, SweepError, mark("The sweep cannot be used: {count}."))


# -- what it means -----------------------------------------------------------------------------------------


def _plan(
    name: str, spec: Sweep, scenarios: tuple[Scenario, ...], document: Document, variables: Collection[str]
) -> Plan:
    factors = []
    if scenarios:
        known = [catalogue(economy) for economy in {s.economy: None for s in scenarios}]
        for key, draw in spec.parameters.items():
            factor = read_factor(document, key, draw, known)
            if factor is not None:
                factors.append(factor)
                check_range(document, factor, scenarios, known)
        check_overlap(document, factors)
    whole = len(factors) == len(spec.parameters)
    constraints = read_constraints(document, spec.constraints, factors) if whole else ()
    _check_design(document, spec, factors)
    _check_outputs(document, spec, scenarios, variables)
    return Plan(name, spec, scenarios, tuple(factors), constraints)


def _check_design(document: Document, spec: Sweep, factors: Sequence[Factor]) -> None:
    design, n = spec.design, spec.design.samples
    d = len({draw.group or key for key, draw in spec.parameters.items()})
    if design.method == "sobol" and n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        hint = Message(
            "Take {below} or {above}: Sobol's sequence is balanced at powers of two only.",
            below=below,
            above=2 * below,
        )
        add_problem(document, ("design", "samples"), "a power of two for the sobol design", str(n), hint)
    if design.method == "morris" and design.levels % 2:
        add_problem(document, ("design", "levels"), "an even number for the morris design", str(design.levels))
    if design.method in ("morris", "sobol") and d < 2:
        expected = Message("at least two parameters, or groups of them, for the {method} design", method=design.method)
        add_problem(document, ("parameters",), expected, str(d))
    if design.method not in ("morris", "sobol") and any(draw.group for draw in spec.parameters.values()):
        add_problem(document, ("parameters",), "groups with the morris and sobol designs alone", design.method)
    if any(draw.group in spec.parameters for draw in spec.parameters.values()):
        add_problem(document, ("parameters",), "a group that is not called like a parameter", "one that is")
    if design.method == "sobol" and spec.constraints:
        instead = Message("Take the qmc design: it estimates the shares from the points themselves.")
        add_problem(document, ("constraints",), "none with the sobol design, whose shares of variance need parameters"
                    " that vary independently", str(len(spec.constraints)), instead)  # fmt: skip
    if len(set(spec.seeds)) < len(spec.seeds):
        add_problem(document, ("seeds",), "each seed once", shorten(spec.seeds))
    levels = [len(f.choices) or f.draw.levels or design.levels for f in factors]
    points = count_points(design, levels, len({f.group for f in factors}))
    runs = points * len(spec.scenarios) * len(spec.seeds)
    if runs > LARGEST:
        add_problem(document, ("design",), Message("at most {largest:,} runs", largest=LARGEST), f"{runs:,}")


def count_points(design: DesignSpec, levels: Sequence[int], d: int) -> int:
    """Points of a design.

    Parameters
    ----------
    levels
        Values of each parameter on a grid.
    d
        Parameters that are moved one by one, or groups of them.
    """
    n = design.samples
    if design.method == "grid":
        return math.prod(levels)
    if design.method == "morris":
        return n * (d + 1)
    if design.method == "sobol":
        return n * (2 * d + 2 if design.second_order else d + 2)
    return n


def _check_outputs(document: Document, spec: Sweep, scenarios: Sequence[Scenario], variables: Collection[str]) -> None:
    for name, output in spec.outputs.items():
        check_variable(document, ("outputs", name, "variable"), output.variable, variables)
        if output.against and output.against not in [scenario.name for scenario in scenarios]:
            expected = Message("a scenario of the sweep: {names}", names=", ".join(s.name for s in scenarios))
            add_problem(document, ("outputs", name, "against"), expected, repr(output.against))
        if output.year is not None:
            for scenario in scenarios:
                if not check_year(document, ("outputs", name, "year"), scenario, output.year):
                    break
