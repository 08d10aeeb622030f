"""What a rule says of a claim: a verdict, our number beside the printed one, and the reason in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tanshi.language import mark
from tanshi.simulator.results.bands import HIGH, LOW, MIDDLE, quantile
from tanshi.simulator.studies.reproduction.claims import IDENTITY, Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence

REPRODUCED = mark("reproduced")
IN_SHAPE = mark("reproduced in shape")
NOT = mark("not reproduced")
NOT_JOINTLY = mark("not jointly reproducible")
CONSTRUCTED = mark("by construction")
UNTESTABLE = mark("not testable")
VERDICTS = (REPRODUCED, IN_SHAPE, CONSTRUCTED, NOT_JOINTLY, NOT, UNTESTABLE)
HOLDS = frozenset({REPRODUCED, IN_SHAPE, CONSTRUCTED})
"""Verdicts under which a claim holds, at least in shape."""


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes
    ----------
    verdict
        One of ``VERDICTS``.
    reason
        A sentence made from what was computed.
    ours, low, high
        Our number, median and 5 to 95 % over the seeds, in the claim's unit; None where there is none.
    unit
        Of our number, where it is not the claim's own.
    """

    verdict: str
    reason: str
    ours: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the claim holds, at least in shape."""
        return self.verdict in HOLDS


Judge = Callable[[Claim, Evidence], Finding]


@dataclass(frozen=True)
class Rule:
    """A rule by name, and the parts of the evidence without which it cannot judge."""

    name: str
    judge: Judge
    needs: tuple[str, ...]


RULES: dict[str, Rule] = {}


def rule(name: str, *needs: str) -> Callable[[Judge], Judge]:
    """Enter a function under its name.

    Parameters
    ----------
    needs
        Fields of `Evidence` that must be there, besides the hybrid's runs.
    """

    def enter(judge: Judge) -> Judge:
        if name in RULES:
            raise ValueError(f"two rules are called {name}")
        RULES[name] = Rule(name, judge, needs)
        return judge

    return enter


def judge_raw(claim: Claim, evidence: Evidence) -> Finding:
    """What the claim's rule says, the plan of clean power left out of account.

    Raises
    ------
    KeyError
        For a rule that does not exist.
    """
    found = RULES[claim.rule]
    missing = [name for name in found.needs if getattr(evidence, name) is None]
    if missing:
        return Finding(UNTESTABLE, f"The rule needs the {' and the '.join(missing)}, not computed here.")
    return found.judge(claim, evidence)


def judge(claim: Claim, evidence: Evidence) -> Finding:
    """The verdict on a claim.

    What was put in is ``by construction`` where it holds; what falls with the identity of CO2 and energy is ``not
    jointly reproducible`` where the plan of clean power excludes that identity. A claim on what entry does is judged
    with power under S1's cap as well, and the reason says what is left of it.
    """
    finding = judge_raw(claim, evidence)
    if claim.get("entry") == "yes" and evidence.variants is not None:
        alone = judge_raw(claim, entry_alone(evidence))
        told = f"{finding.reason} Entry alone, power capped as in S1, {alone.verdict}: {uncapital(alone.reason)}"
        finding = replace(finding, reason=told)
    if claim.use == "by construction" and finding.verdict == REPRODUCED:
        finding = replace(finding, verdict=CONSTRUCTED)
    identity = evidence.identity
    if claim.depends == IDENTITY and finding.verdict == NOT and identity is not None and identity.excluded:
        finding = replace(finding, verdict=NOT_JOINTLY, reason=f"{finding.reason} {identity.sentence}")
    return replace(finding, reason=f"{finding.reason} {claim.note}".strip())


def entry_alone(evidence: Evidence) -> Evidence:
    """The evidence with S4 and S5 as they are where power stays under S1's cap."""
    own = evidence.variants
    assert own is not None
    values = dict(evidence.hybrid.values)
    values |= {name: own.values[f"{name}-entry"] for name in ("S4", "S5") if f"{name}-entry" in own}
    return replace(evidence, hybrid=replace(evidence.hybrid, values=values), effects=None, variants=None)


def uncapital(sentence: str) -> str:
    """A sentence to go on with after a colon; names such as CO2 and S5 stay as they are.

    Examples
    --------
    >>> uncapital("Energy falls."), uncapital("CO2 falls."), uncapital("S5 falls.")
    ('energy falls.', 'CO2 falls.', 'S5 falls.')
    """
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def measured(verdict: str, reason: str, values: ArrayLike, unit: str = "") -> Finding:
    """A finding with the median of a number over the seeds and its band."""
    sample = np.atleast_1d(np.asarray(values, dtype=np.float64))
    middle, low, high = (float(quantile(sample, at)) for at in (MIDDLE, LOW, HIGH))
    return Finding(verdict, reason, middle, low, high, unit)


def near(values: ArrayLike, printed: float, within: float) -> bool:
    """Whether the median lies within a relative distance of the printed value.

    Examples
    --------
    >>> near([98.0, 101.0, 120.0], 100.0, 0.02), near([110.0], 100.0, 0.02)
    (True, False)
    """
    return abs(float(np.median(np.asarray(values))) - printed) <= within * abs(printed) + 1e-12


def listed(words: Sequence[Any]) -> str:
    """Words in a row: ``S1, S4 and S5``."""
    texts = [str(word) for word in words]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]
