"""Rules for what the first paper says of the traditional model against the hybrid (its section 3, last paragraph).

The traditional model is the same economy under the same cap with one equilibrium a year: no firms, no auction, no
drift. Where the paper says that a path is smoother, it gives no measure; the measure here is named in each rule.
"""

from __future__ import annotations

import numpy as np

from tanshi.simulator.studies.compare import BASE, DAILY
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.runs import Array, Runs
from tanshi.simulator.studies.reproduction.verdicts import (
    IN_SHAPE,
    NOT,
    REPRODUCED,
    Finding,
    measured,
    rule,
)

POLICY_YEARS = slice(1, None)


def _changes(world: Runs, scenario: str) -> Array:
    """Changes of the log price from period to period since the policy's first year, (seeds, changes)."""
    price = world.monthly[scenario][:, POLICY_YEARS]
    flat = np.log(np.maximum(price.reshape(len(price), -1), 0.01))
    return np.diff(flat, axis=1)


def _within(world: Runs, scenario: str) -> Array:
    """Standard deviation of the price within a year over its mean, by seed and year, %."""
    price = world.monthly[scenario][:, POLICY_YEARS]
    return np.asarray(100 * price.std(axis=2) / price.mean(axis=2))


@rule("same_trend", "traditional")
def same_trend(claim: Claim, e: Evidence) -> Finding:
    """The traditional model's path within some distance of the hybrid's in every year."""
    assert e.traditional is not None
    variable = claim.get("variable")
    apart = [
        np.abs(e.traditional.path(s, variable)[:1] / e.hybrid.path(s, variable) - 1.0).max(axis=1)
        for s in claim.words("scenarios")
    ]
    ours = 100 * np.max(apart, axis=0)
    said = (
        f"CO2 emissions of the traditional model stay within {float(np.median(ours)):.2f} % of the hybrid's in"
        f" every year."
    )
    within = 100 * claim.number("within")
    return measured(REPRODUCED if float(np.median(ours)) <= within else NOT, said, ours, "%")


@rule("first_year", "traditional")
def first_year(claim: Claim, e: Evidence) -> Finding:
    """The price's movement within the policy's first year."""
    assert e.traditional is not None
    scenario = claim.get("scenario")
    ours, theirs = _within(e.hybrid, scenario)[:, 0], float(_within(e.traditional, scenario)[0, 0])
    said = (
        f"Within {e.hybrid.years[1]} the price of {scenario} has a standard deviation of {float(np.median(ours)):.1f}"
        f" % of its"
        f" mean in the hybrid and {theirs:.1f} % in the traditional model, which has one price a year."
    )
    return measured(REPRODUCED if float(np.median(ours)) > theirs else NOT, said, ours, "%")


@rule("smoother", "traditional")
def smoother(claim: Claim, e: Evidence) -> Finding:
    """Second differences of the log price, put on the same months: the traditional model's are smaller."""
    assert e.traditional is not None
    scenario = claim.get("scenario")
    own = _changes(e.hybrid, scenario)
    months = e.hybrid.monthly[scenario].shape[2]
    yearly = np.log(e.traditional.monthly[scenario][0, POLICY_YEARS].mean(axis=1))
    count = len(yearly) * months
    at = (np.arange(count) + 0.5) / months
    other = np.diff(np.interp(at, np.arange(len(yearly)) + 0.5, yearly))
    ours = 100 * np.diff(own, axis=1).std(axis=1) if own.shape[1] > 1 else np.zeros(len(own))
    theirs = 100 * float(np.diff(other).std()) if len(other) > 1 else 0.0
    said = (
        f"Roughness (standard deviation of the change of the monthly change of the log price):"
        f" {float(np.median(ours)):.2f} %"
        f" in the hybrid, {theirs:.2f} % on the straight lines between the traditional model's years. Rougher is no"
        f" merit in"
        " itself."
    )
    return measured(REPRODUCED if theirs < float(np.median(ours)) else NOT, said, ours, "%")


@rule("realism", "comparison")
def realism(claim: Claim, e: Evidence) -> Finding:
    """The price's volatility against the national market's."""
    assert e.comparison is not None
    table = e.comparison.moments
    scenario = claim.get("scenario")
    rows = table[(table["measure"] == "volatility") & table["source"].str.startswith(scenario)]
    found = rows.set_index("source")["value"]
    hybrid = float(found[f"{scenario} hybrid"])
    traditional = float(found[next(name for name in found.index if "traditional" in str(name))])
    real = DAILY["volatility"]
    said = (
        f"Yearly volatility of the price: {100 * real:.0f} % in the national market's daily closes,"
        f" {100 * hybrid:.1f} % in the"
        f" hybrid, {100 * traditional:.1f} % in the traditional model's years."
    )
    closer = abs(hybrid - real) < abs(traditional - real)
    if not closer:
        return measured(NOT, f"{said} The hybrid is no closer to the real one.", [100 * hybrid], "%")
    if hybrid > 0.5 * real:
        return measured(REPRODUCED, said, [100 * hybrid], "%")
    return measured(IN_SHAPE, f"{said} The hybrid is closer, and still less than half of it.", [100 * hybrid], "%")


@rule("bend")
def bend(claim: Claim, e: Evidence) -> Finding:
    """How far the monthly path leaves the straight lines between its own yearly means."""
    scenario = claim.get("scenario")
    price = e.hybrid.monthly[scenario][:, POLICY_YEARS]
    seeds, years, months = price.shape
    at = (np.arange(years * months) + 0.5) / months
    flat = price.reshape(seeds, -1)
    nodes = np.arange(years) + 0.5
    lines = np.array([np.interp(at, nodes, mean) for mean in price.mean(axis=2)])
    # Before the first and after the last mid-year there is no line to leave.
    inside = (at >= nodes[0]) & (at <= nodes[-1])
    ours = 100 * np.sqrt(((flat / lines - 1.0)[:, inside] ** 2).mean(axis=1))
    middle = float(np.median(ours))
    said = (
        f"The monthly price of {scenario} leaves the straight lines between its yearly means by {middle:.1f} %"
        f" (root mean square)."
    )
    return measured(REPRODUCED if middle > 1.0 else NOT, said, ours, "%")


@rule("between_years", "traditional")
def between_years(claim: Claim, e: Evidence) -> Finding:
    """How many prices a year there are."""
    assert e.traditional is not None
    scenario = claim.get("scenario")
    ours = e.hybrid.monthly[scenario].shape[2]
    theirs = e.traditional.monthly[scenario].shape[2]
    drift = e.hybrid.parameters[scenario]["drift"]["mode"]
    said = (
        f"The hybrid has {ours} auctions a year with a flow ({drift}) between them, the traditional model {theirs}"
        f" price a year."
    )
    return measured(REPRODUCED if ours > theirs and drift != "none" else NOT, said, [float(ours)], "prices a year")


@rule("disturbance", "comparison")
def disturbance(claim: Claim, e: Evidence) -> Finding:
    """A cap cut in mid-year: who answers when it is announced, and who before anybody knows."""
    assert e.comparison is not None
    table = e.comparison.response
    table = table[table["scenario"] == claim.get("scenario")]
    shock = str(table["shock"].iloc[0])
    rows = table[table["shock"] == shock].set_index("variant")
    impact, before = (float(rows[name].loc["hybrid"]) for name in ("impact", "before"))
    early = float(rows["before"].loc["traditional"])
    said = (
        f"After '{shock}', announced at {e.comparison.when:.2f}: the hybrid's price moves by"
        f" {impact:+.2f} yuan/t in"
        f" the first period that knows, and by {before:.2f} before; the traditional model moves by"
        f" {early:.2f} yuan/t from January on, before anybody knew."
    )
    sharp = abs(impact) > 0 and before < early
    return measured(REPRODUCED if sharp else NOT, said, [impact], "yuan/t")


@rule("cut_raises_price", "comparison")
def cut_raises_price(claim: Claim, e: Evidence) -> Finding:
    """A smaller supply of allowances raises the price."""
    assert e.comparison is not None
    table = e.comparison.response
    rows = table[(table["shock"] != BASE) & table["shock"].str.startswith("cap cut") & (table["variant"] == "hybrid")]
    ours = float(rows["after_1_year"].iloc[0])
    said = f"A year after '{rows['shock'].iloc[0]}' the price is {ours:+.2f} yuan/t against the run without it."
    return measured(REPRODUCED if ours > 0 else NOT, said, [ours], "yuan/t")
