"""Rules for the first paper's numbers: levels, changes, peaks.

Huo et al. (2026), section 3, Figures 3 to 6. A number is reproduced within the relative distance that its claim
states, and reproduced in shape where it only moves the way the print does.
"""

from __future__ import annotations

import numpy as np

from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.runs import UNITS, WORDS
from tanshi.simulator.studies.reproduction.verdicts import IN_SHAPE, NOT, REPRODUCED, Finding, measured, near, rule

NEAR_PEAK = 2
"""Years by which a peak may miss its printed year and still be reproduced in shape."""
SHAPE = 0.25
"""A number further off than this share of the print is not reproduced, however its path runs."""


def naming(claim: Claim) -> tuple[str, str]:
    """Short name of the claim's variable, and what to call it."""
    variable = claim.get("variable")
    return variable, WORDS[variable]


def capital(words: str) -> str:
    """The words with a capital at the beginning, the others as they are.

    Examples
    --------
    >>> capital("the price of CO2")
    'The price of CO2'
    """
    return words[:1].upper() + words[1:]


@rule("level")
def level(claim: Claim, e: Evidence) -> Finding:
    """A number in one year."""
    variable, what = naming(claim)
    year, scenario, within = claim.year("year"), claim.get("scenario"), claim.number("within")
    ours = e.hybrid.at(scenario, variable, year) * claim.number("scale", 1.0)
    middle = float(np.median(ours))
    off = middle / claim.value - 1.0
    start = float(np.median(e.hybrid.path(scenario, variable)[:, 0])) * claim.number("scale", 1.0)
    said = (
        f"{scenario}, {what} in {year}: {middle:,.4g} {claim.unit}, {100 * off:+.1f} % from the print (allowed"
        f" {100 * within:g} %)" + (f", from {start:,.4g} in {e.hybrid.years[0]}." if year > e.hybrid.years[0] else ".")
    )
    if claim.get("multiplier") == "yes" and not near(ours, claim.value, within):
        said += f" The print is {claim.value / middle:.2f} times that."
    if near(ours, claim.value, within):
        return measured(REPRODUCED, said, ours)
    if claim.get("shape") == "rises" and middle > start and abs(off) <= SHAPE:
        return measured(IN_SHAPE, f"{said} It rises as the print does.", ours)
    return measured(NOT, said, ours)


@rule("change")
def change(claim: Claim, e: Evidence) -> Finding:
    """A relative change between two years, %; with ``least`` any change of at least the printed one."""
    variable, what = naming(claim)
    first, last = claim.year("from"), claim.year("to")
    scenario = claim.get("scenario")
    ours = 100.0 * (e.hybrid.at(scenario, variable, last) / e.hybrid.at(scenario, variable, first) - 1.0)
    middle = float(np.median(ours))
    said = f"{scenario}, {what}: {middle:+.1f} % from {first} to {last}; printed {claim.value:+.1f} %."
    reached = middle >= claim.value if claim.get("least") == "yes" else near(ours, claim.value, claim.number("within"))
    if reached:
        return measured(REPRODUCED, said, ours)
    return measured(IN_SHAPE if middle * claim.value > 0 else NOT, said, ours)


@rule("growth")
def growth(claim: Claim, e: Evidence) -> Finding:
    """A yearly rate of growth, %."""
    variable, what = naming(claim)
    first, last = claim.year("from"), claim.year("to")
    scenario = claim.get("scenario")
    ratio = e.hybrid.at(scenario, variable, last) / e.hybrid.at(scenario, variable, first)
    ours = 100.0 * (ratio ** (1.0 / (last - first)) - 1.0)
    middle = float(np.median(ours))
    said = f"{scenario}, {what}: {middle:+.1f} % a year from {first} to {last}; printed {claim.value:g} %."
    if near(ours, claim.value, claim.number("within")):
        return measured(REPRODUCED, said, ours)
    return measured(IN_SHAPE if middle > 0 else NOT, said, ours)


@rule("peak_year")
def peak_year(claim: Claim, e: Evidence) -> Finding:
    """The year of the highest value."""
    variable, what = naming(claim)
    scenario = claim.get("scenario")
    years = np.array(e.hybrid.years)
    ours = years[e.hybrid.path(scenario, variable).argmax(axis=1)]
    middle = int(np.median(ours))
    path = np.median(e.hybrid.path(scenario, variable), axis=0)
    said = f"{scenario}, {what}: highest in {middle}, {path.max():,.1f} {UNITS[variable]}."
    if middle == round(claim.value):
        return measured(REPRODUCED, said, ours, "year")
    if years[0] < middle < years[-1] and abs(middle - claim.value) <= NEAR_PEAK:
        return measured(IN_SHAPE, f"{said} It peaks within the span, in another year.", ours, "year")
    ends = {int(years[0]): "starts at its highest", int(years[-1]): f"still rises in {years[-1]}"}
    where = ends.get(middle, f"peaks more than {NEAR_PEAK} years from the print")
    told = why(e, scenario)
    return measured(NOT, f"{said} The path {where}.{told}", ours, "year")


def why(e: Evidence, scenario: str) -> str:
    """The effects behind a scenario's path, where they were computed."""
    from tanshi.simulator.studies.reproduction.decomposition import effect_words

    if e.effects is None:
        return ""
    line = effect_words(e.effects, scenario, e.hybrid.years[0], e.hybrid.years[-1])
    return f" {scenario} from {e.hybrid.years[0]} to {e.hybrid.years[-1]}, {line}." if line else ""


@rule("earlier_peak")
def earlier_peak(claim: Claim, e: Evidence) -> Finding:
    """A peak that comes earlier than in another scenario."""
    variable, what = naming(claim)
    years = np.array(e.hybrid.years)
    own, other = claim.get("scenario"), claim.get("than")
    at = {s: years[e.hybrid.path(s, variable).argmax(axis=1)] for s in (own, other)}
    ours = at[own] - at[other]
    one, two = (int(np.median(at[s])) for s in (own, other))
    said = f"{capital(what)}: highest in {one} in {own} and in {two} in {other}."
    if one < two:
        return measured(REPRODUCED, said, ours, "years")
    return measured(NOT, f"{said} No peak is brought forward.{why(e, other)}", ours, "years")


@rule("peak_level")
def peak_level(claim: Claim, e: Evidence) -> Finding:
    """The highest value."""
    variable, what = naming(claim)
    scenario = claim.get("scenario")
    ours = e.hybrid.path(scenario, variable).max(axis=1) * claim.number("scale", 1.0)
    middle = float(np.median(ours))
    said = (
        f"{scenario}, {what}: {middle:.3g} {claim.unit} at the highest; the print is {claim.value / middle:.2f}"
        f" times that."
    )
    return measured(REPRODUCED if near(ours, claim.value, claim.number("within")) else NOT, said, ours)


@rule("peak_ratio")
def peak_ratio(claim: Claim, e: Evidence) -> Finding:
    """The highest value over another scenario's value in the last year."""
    variable, _ = naming(claim)
    own, other = claim.get("scenario"), claim.get("to")
    path = e.hybrid.path(own, variable)
    end = e.hybrid.path(other, variable)[:, -1]
    ours = path.max(axis=1) / end
    last = float(np.median(path[:, -1] / end))
    said = (
        f"{own}'s highest level is {float(np.median(ours)):.2f} of {other}'s in {e.hybrid.years[-1]};"
        f" in that year itself {own} stands at {last:.2f} of {other}."
    )
    if near(ours, claim.value, claim.number("within")):
        return measured(REPRODUCED, said, ours)
    said += why(e, other) + why(e, own)
    return measured(IN_SHAPE if float(np.median(ours)) < 1 else NOT, said, ours)
