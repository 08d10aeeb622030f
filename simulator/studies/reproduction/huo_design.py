"""Rules for what the first paper sets up (scenarios, parameters, the split of data), and for what nobody can test."""

from __future__ import annotations

import numpy as np

from tanshi.scenarios.schema import Coverage
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.huo_numbers import capital
from tanshi.simulator.studies.reproduction.runs import Runs
from tanshi.simulator.studies.reproduction.verdicts import (
    IN_SHAPE,
    NOT,
    REPRODUCED,
    UNTESTABLE,
    Finding,
    listed,
    measured,
    near,
    rule,
)

LITTLE = 0.1
"""%, below which a price counts as unmoved."""
FOLLOWED = 1e-8
"""Relative distance at which series count as followed."""


@rule("none")
def not_testable(claim: Claim, e: Evidence) -> Finding:
    """A claim that nothing here could bear out; the claims' file says why."""
    return Finding(UNTESTABLE, "")


@rule("coverage")
def coverage(claim: Claim, e: Evidence) -> Finding:
    """Who trades and who is allocated, as in Table 1."""
    scenario = claim.get("scenario")
    if scenario not in e.hybrid.parameters:
        return Finding(UNTESTABLE, f"{scenario} was not run here.")
    ours = e.hybrid.parameters[scenario]["coverage"]
    wanted = dict.fromkeys(Coverage.model_fields, "none")
    for kind in ("trading", "allocated"):
        wanted |= dict.fromkeys(claim.words(kind), kind)
    wrong = [f"{s} is {ours[s]}, not {kind}" for s, kind in wanted.items() if ours[s] != kind]
    if wrong:
        return Finding(NOT, f"In {scenario} {listed(wrong)}.")
    told = {kind: [s for s in ours if ours[s] == kind] for kind in ("trading", "allocated")}
    named = "; ".join(f"{kind}: {', '.join(sectors)}" for kind, sectors in told.items() if sectors)
    return Finding(REPRODUCED, f"{scenario}, {named}.")


@rule("parameter")
def parameter(claim: Claim, e: Evidence) -> Finding:
    """A field of the scenario S1."""
    value: object = e.hybrid.parameters["S1"]
    for key in claim.get("field").split("."):
        value = value[key]  # type: ignore[index]
    ours = claim.number("scale", 1.0) * float(str(value))
    said = f"The field {claim.get('field')} gives {ours:.4g} {claim.unit}."
    return measured(REPRODUCED if near([ours], claim.value, 1e-9) else NOT, said, [ours])


@rule("training_share")
def training_share(claim: Claim, e: Evidence) -> Finding:
    """A share of the split in time order that the drift is trained with, %."""
    from tanshi.simulator.drift.history import SPLIT

    ours = 100.0 * SPLIT[int(claim.number("part"))]
    said = f"The drift's rows are split in time order, {ours:g} % here."
    return measured(REPRODUCED if near([ours], claim.value, 1e-9) else NOT, said, [ours])


@rule("reduction_scenarios")
def reduction_scenarios(claim: Claim, e: Evidence) -> Finding:
    """How many scenarios there are besides the benchmark."""
    ours = len(e.hybrid.values) - 1
    verdict = REPRODUCED if ours == round(claim.value) else NOT
    return measured(verdict, f"Here {ours} scenarios stand beside the benchmark.", [float(ours)])


def _sold_and_given(e: Evidence, scenario: str) -> tuple[tuple[Runs, str], tuple[Runs, str]] | None:
    """A scenario with a part of the quotas sold, and with all of them free; None where it was run in one way only."""
    beside = e.variants
    if beside is not None and f"{scenario}-paid" in beside:
        return (beside, f"{scenario}-paid"), (e.hybrid, scenario)
    if beside is not None and f"{scenario}-free" in beside:
        return (e.hybrid, scenario), (beside, f"{scenario}-free")
    return None


@rule("paid_share", "variants")
def paid_share(claim: Claim, e: Evidence) -> Finding:
    """Whether a part of the allowances is sold, where the scenario is run with one; the paper states no share."""
    both = _sold_and_given(e, claim.get("scenario"))
    if both is None:
        return Finding(UNTESTABLE, "All quotas are free here.")
    (runs, name), _ = both
    ours = runs.at(name, "sold", e.hybrid.years[-1])
    said = (
        f"{name} sells {float(np.median(ours)):.1f} Mt in {e.hybrid.years[-1]}; Table 1 of the paper gives all away,"
        " and it prints no share: ours is an assumption."
    )
    return measured(REPRODUCED if float(np.median(ours)) > 0 else NOT, said, ours, "Mt")


@rule("paid_raises_price", "variants")
def paid_raises_price(claim: Claim, e: Evidence) -> Finding:
    """The price where a share is sold against the same scenario with all quotas free, means of the last year's periods.

    A mean over volume would lean to the time of the sale.
    """
    both = _sold_and_given(e, claim.get("scenario"))
    if both is None:
        return Finding(UNTESTABLE, "All quotas are free here.")
    sold, given = (runs.monthly[name][:, -1].mean(axis=1) for runs, name in both)
    ours = 100.0 * (sold / given - 1.0)
    middle = float(np.median(ours))
    said = (
        f"Price of {both[0][1]} in {e.hybrid.years[-1]} against {both[1][1]}, a share sold against all quotas free:"
        f" {middle:+.2f} %."
    )
    if abs(middle) < LITTLE:
        return measured(NOT, f"{said} Who owns an allowance moves incomes; its price hardly.", ours, "%")
    return measured(REPRODUCED if middle > 0 else NOT, said, ours, "%")


@rule("cap_by_year")
def cap_by_year(claim: Claim, e: Evidence) -> Finding:
    """A reduction for every year, as eq. 13 writes it, that differs between scenarios."""
    own, other = (e.hybrid.parameters[claim.get(name)]["cap"] for name in ("scenario", "than"))
    if own == other:
        return Finding(NOT, "All scenarios share one cap here.")
    return Finding(REPRODUCED, f"{claim.get('scenario')} and {claim.get('than')} have caps of their own, year by year.")


@rule("series_are_input")
def series_are_input(claim: Claim, e: Evidence) -> Finding:
    """Whether the equilibrium follows what the network generates, where the scenario is read as the paper has it."""
    from tanshi.scenarios.schema import Scenario
    from tanshi.simulator.run.build import begin

    parameters = dict(e.hybrid.parameters[claim.get("scenario")])
    parameters["drift"] = {**parameters["drift"], "input": "trajectories"}
    followed = begin(Scenario.model_validate(parameters))[0].followed
    if followed is None:
        return Finding(UNTESTABLE, "No year follows the benchmark's.")
    largest = 100.0 * float(np.abs(followed.shifts).max())
    if largest < LITTLE:
        return measured(NOT, "The flow stays on the economy's own path: nothing is put in.", [largest], "%")
    said = (
        f"With drift.input trajectories the economy without new policy follows the generated price, emissions and"
        f" output, to a part in {1.0 / max(followed.missed, 1e-16):.0e}, by shifts of up to {largest:.1f} %, which stay"
        " under a policy; by default the drift carries the state between auctions instead."
    )
    return measured(REPRODUCED if followed.missed < FOLLOWED else NOT, said, [largest], "%")


@rule("households")
def households(claim: Claim, e: Evidence) -> Finding:
    """How many groups of households the economy tells apart, and whether its equilibrium knows them."""
    found = e.hybrid.parameters["S1"]
    table = economy(found["economy"], found["figures"]).figures.households
    groups = [] if table is None else list(dict.fromkeys(table["group"].astype(str)))
    if len(groups) < 2:
        return measured(NOT, "The economy tells no groups of households apart.", [1.0], "groups")
    said = (
        f"{capital(listed(groups))} households are told apart by surveys and tables of what they earn and buy; the"
        " equilibrium itself has one household, and the groups meet its prices."
    )
    return measured(IN_SHAPE, said, [float(len(groups))], "groups")
