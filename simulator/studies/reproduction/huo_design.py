"""Rules for what the first paper sets up (scenarios, parameters, the split of data), and for what nobody can test."""

from __future__ import annotations

import numpy as np

from tanshi.scenarios.schema import Coverage
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.verdicts import (
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


@rule("paid_share", "variants")
def paid_share(claim: Claim, e: Evidence) -> Finding:
    """Whether a part of the allowances is sold, where the scenario is run with one; the paper states no share."""
    assert e.variants is not None
    paid = f"{claim.get('scenario')}-paid"
    if paid not in e.variants:
        return Finding(UNTESTABLE, "All quotas are free here.")
    ours = e.variants.at(paid, "sold", e.hybrid.years[-1])
    said = (
        f"{paid} sells {float(np.median(ours)):.1f} Mt in {e.hybrid.years[-1]}; Table 1 of the paper gives all away,"
        " and it prints no share: ours is an assumption."
    )
    return measured(REPRODUCED if float(np.median(ours)) > 0 else NOT, said, ours, "Mt")


@rule("paid_raises_price", "variants")
def paid_raises_price(claim: Claim, e: Evidence) -> Finding:
    """The price where a share is sold against the same scenario with all quotas free."""
    assert e.variants is not None
    scenario = claim.get("scenario")
    paid = f"{scenario}-paid"
    if paid not in e.variants:
        return Finding(UNTESTABLE, "All quotas are free here.")
    last = e.hybrid.years[-1]
    ours = 100.0 * (e.variants.at(paid, "price", last) / e.hybrid.at(scenario, "price", last) - 1.0)
    middle = float(np.median(ours))
    said = f"Price of {scenario} in {last} with a share sold against all quotas free: {middle:+.2f} %."
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


@rule("households")
def households(claim: Claim, e: Evidence) -> Finding:
    """How many groups of households there are."""
    return measured(NOT, "Here the province has one group of households.", [1.0], "groups")
