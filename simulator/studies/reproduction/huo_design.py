"""Rules for what the first paper sets up (scenarios, parameters, the split of data), and for what nobody can test."""

from __future__ import annotations

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


@rule("paid_share")
def paid_share(claim: Claim, e: Evidence) -> Finding:
    """Whether allowances are sold; the paper states no share."""
    scenario = claim.get("scenario")
    share = float(e.hybrid.parameters[scenario]["allocation"]["auctioned_share"])
    said = (
        f"The paper's Table 1 gives free quotas in every scenario and prints no share that is sold; {scenario} sells"
        f" {100 * share:g} % of its cap here."
    )
    return measured(UNTESTABLE, said, [100 * share], "%")
