"""Which outputs the scenarios of a sweep can make: what none makes is refused before the first run, the rest named."""

from __future__ import annotations

from tanshi.errors import Message
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep import Output
from tanshi.scenarios.sweep_load import Plan
from tanshi.simulator.results.variables import CATALOGUE, OFFSETS, SETTLED, Variable


def absent_outputs(plan: Plan) -> dict[tuple[str, str], str]:
    """Outputs that scenarios of a plan cannot make, and why."""
    touched = {path for factor in plan.factors for path in _touched(factor)}
    found: dict[tuple[str, str], str] = {}
    for scenario in plan.scenarios:
        for name, output in plan.spec.outputs.items():
            if why := _why_absent(scenario, output, touched):
                found[scenario.name, name] = why
    return found


def _touched(factor: Factor) -> list[str]:
    named = [path for changes in (factor.draw.variants or {}).values() for path in changes]
    return [*factor.fields, *named]


def _why_absent(scenario: Scenario, output: Output, touched: set[str]) -> str:
    def varied(path: str) -> bool:
        return any(path.startswith(one) or one.startswith(path) for one in touched)

    if output.variable in OFFSETS and scenario.offsets.share <= 0 and not varied("offsets.share"):
        return str(Message("it has no offsets (offsets.share is 0)"))
    if output.variable in SETTLED and scenario.market.mode == "equilibrium" and not varied("market.mode"):
        return str(Message("its market is solved as an equilibrium, in which every cap is met"))
    last = output.year if output.year is not None else scenario.years.end
    if output.over != "year" and scenario.policy_start > last and not varied("policy_start"):
        return str(Message("its policy begins in {start}, after {last}", start=scenario.policy_start, last=last))
    if output.against == scenario.name:
        return str(Message("the others are laid against it"))
    return ""


def check_outputs(plan: Plan) -> Plan:
    """A plan, if every output is made by one of its scenarios at least.

    Raises
    ------
    UserError
        Naming the outputs that no scenario makes, with the reason.
    """
    absent = absent_outputs(plan)
    problems = []
    for name, output in plan.spec.outputs.items():
        reasons = [absent.get((scenario.name, name)) for scenario in plan.scenarios]
        if all(reasons):
            got = Message("{scenario}: {why}", scenario=plan.scenarios[0].name, why=reasons[0])
            expected = Message("a scenario that makes {variable}", variable=output.variable)
            problems.append(Problem(expected, got, field=f"outputs.{name}"))
    if problems:
        raise UserError("No scenario of the sweep makes an output.", problems)
    return plan


def label_of(output: Output) -> str:
    """Unit of an output: a sum over years has no "per year" any more, a comparison is in per cent."""
    if output.against:
        return "%"
    known: Variable | None = CATALOGUE.get(output.variable) or SETTLED.get(output.variable)
    unit = known.unit if known else ""
    return unit.removesuffix("/yr") if output.over == "sum" else unit
