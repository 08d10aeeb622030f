"""Values at the bounds of the schema and near them: a short run works, or says why it cannot.

What must be true of a run wherever its parameters stand: every number of its tables is finite, the price lies between
the floor and what not complying costs, emissions are above zero, and more allowances are never sold in a year than
there are for a few turns of the whole cap.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.parameters import Parameter, describe_parameters
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.model import simulate
from tests.attack.attempt import Case, Defect
from tests.attack.rules import limits

TINY: dict[str, Any] = {
    "years.end": 2023, "firms.number": 24, "market.periods_per_year": 1, "drift.mode": "none", "banking.horizon": 0,
}  # fmt: skip
TIERS = ("withhold", "first", "second", "third")
AT_WORK: tuple[tuple[str, dict[str, Any]], ...] = (
    (r"offsets\.", {"offsets.share": 0.05}),
    (r"offsets\.share_by_year", {"offsets.share": 1.0, "offsets.bargaining_tax": 0.5}),
    *(
        (rf"offsets\.kinds\.{kind}\.(median_cost|spread|share)", {f"offsets.kinds.{kind}.potential": 5.0})
        for kind in ("ccer", "forestry", "other")
    ),
    (r"offsets\.kinds\.\w+\.share", {"offsets.share": 1.0, "offsets.bargaining_tax": 0.5}),
    (r"allocation\.benchmarks", {"cap.regime": "tps"}),
    (r"firms\.reserve", {"firms.reserve": 0.3}),
    (r"firms\.intermediar", {"firms.intermediaries": 20}),
    (r"stability", {"stability_reserve.on": True}),
    (r"banking\.borrow", {"banking.borrow_share": 0.5}),
    (r"penalty\.(of_months|most)", {"penalty.multiple": 3.0}),
    (r"auctions\.(reserve_most|reserve_multiple|one_bidder)", {"allocation.auctioned_share": 0.3}),
    (r"auctions\.reserve_most", {"auctions.reserve_multiple": 1.2}),
    (r"banking\.carry", {"banking.carry_base": 10_000}),
    (r"penalty\.factor", {"penalty.make_good": "owed"}),
    (r"shocks", {"shocks.drivers": "estimated", "shocks.belief": "network", "banking.horizon": 3}),
    (r"shock\.", {"shock.year": 2023, "shock.cap_cut": 0.1}),
    (r"auctions\.unsold_over", {"auctions.unsold": "next", "allocation.auctioned_share": 0.1}),
    *(
        (
            rf"containment\.{tier}\.(amount|multiple|over|of_|validity|price|returns)",
            {f"containment.{tier}.multiple": 2.0, f"containment.{tier}.amount": 1.0},
        )
        for tier in ("first", "second", "third")
    ),
    *((rf"containment\.{tier}\.at", {f"containment.{tier}.amount": 1.0}) for tier in TIERS),
    *((rf"containment\.{tier}\.share", {f"containment.{tier}.at": 100.0}) for tier in TIERS),
    (r"containment\.withhold\.amount", {"containment.withhold.at": 100.0}),
    *((rf"sectors\.{code}\.limits\.slope", {f"sectors.{code}.method": "band"}) for code in ("ELEC", "NMM")),
    (r"cap\.growth", {"cap.share": 1.0}),
    (r"new_entrants\.(threshold|over_years)", {"new_entrants.share": 0.05}),
    (r"market\.link\.price", {"market.link.to": "price"}),
    (r"market\.link\.growth", {"market.link.to": "price", "market.link.observed": "china"}),
    (
        r"market\.link\.(response|bank|emissions|cap)",
        {"market.link.to": "supply", "market.link.emissions": {2023: 4900}, "market.link.cap": {2023: 4800}},
    ),
    (r"market\.limits", {"market.venue": "listed_agreement", "market.limits.untraded": "quotation"}),
    (r"border_adjustment", {"coverage.STEEL": "trading"}),
    (
        r"compliance\.(verification|estimate)",
        {"compliance.deadline": 12, "compliance.verification": 3, "compliance.estimate_error": 0.05},
    ),
    (r"price\.floor", {"penalty.price": 1_000_000.0}),
    (r"carbon_tax\.rate", {"carbon_tax.beside_market": "adds"}),
    (r"firms\.(risk|price_vol|position|discount|belief|horizon)", {"banking.horizon": 3}),
)
"""What makes a field matter: a reserve's width, where there is a reserve."""
NOT_ALONE = (
    *(
        "firms.strategies.",
        "years.",
        "policy_start",
        "shock.year",
        "shock.period",
        "seed",
        "offsets.bargaining_tax",
        "cap.of_year",
    ),
    *("closure.clean_cost", "closure.installed_elasticity", "drift.initial."),
    *(f"containment.withhold.{name}" for name in ("multiple", "over_months", "of_months")),
    *("cap.cut", "stability_reserve.lower", "stability_reserve.upper"),
)
"""Fields whose ends are set by others, and said so in words: shares that sum to 1, years of the run, periods of a year,
what power cost in the benchmark, series that an economy can follow, thresholds in rising order, cuts of some years.
What is withheld has a price for its trigger, no mean. Plant that cannot be used differently at all has no equilibrium
in Shanxi's plan."""
FARTHEST = {
    "firms.number": 2_000, "firms.intermediaries": 2_000, "market.periods_per_year": 52, "coupling.iterations": 50,
    "auctions.reserve_price": 999.0, "auctions.reserve_most": 999.0,
    **{f"containment.{tier}.at": 999.0 for tier in TIERS},
}  # fmt: skip
"""Fields whose upper end takes minutes, and prices that lie below what ends all bids; that far and no farther here."""
TURNS = 2.0
"""Times that a cap may change hands in a year."""


def numeric() -> Iterator[Parameter]:
    """Every field that holds a number and may be moved alone."""
    for row in describe_parameters():
        if "number" in row.kind and row.name != "figures" and not row.name.startswith(NOT_ALONE):
            yield row


def ends(row: Parameter) -> dict[str, Any]:
    """The bounds of a field by their signs; a strict one is kept off by a part in a billion."""
    out: dict[str, Any] = {}
    for sign, number in re.findall(r"(>=|>|<=|<) ([^\s,]+)", limits(row)):
        bound = int(number) if "whole" in row.kind else float(number)
        strict = {">": 1e-9 * max(abs(bound), 1.0), "<": -1e-9 * abs(bound)}
        value = bound + strict[sign] if sign in strict else bound
        side = "low" if sign.startswith(">") else "high"
        out[side] = min(value, FARTHEST.get(row.name, value)) if side == "high" else value
    return out


def setting_of(field: str, value: float) -> dict[str, Any]:
    """A tiny run in which the field is at work."""
    around = [extra for pattern, extra in AT_WORK if re.match(pattern, field)]
    return {**TINY, **{key: what for extra in around for key, what in extra.items()}, field: value}


def run(overrides: dict[str, Any], name: str = "S5") -> None:
    """Run a scenario and check what must be true of every run.

    Raises
    ------
    Defect
        Where something is not.
    """
    scenario = load_scenario(name, overrides)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        result = simulate(scenario)
    for table in (result.annual, result.periods, result.trades):
        numbers = table.select_dtypes("number").to_numpy(dtype=float)
        if np.isinf(numbers).any():
            raise Defect("an infinite number in a table")
    check_year(result.annual, scenario)


def check_year(annual: Any, scenario: Scenario) -> None:
    """What must be true of a run's yearly numbers."""
    wide = annual[annual["region"] == annual["region"].iloc[0]].pivot_table(
        index="year", columns="variable", values="value"
    )
    price = wide["Price|Carbon"].dropna()
    dearest = max(scenario.penalty.price, scenario.price.ceiling or 0.0, 1e-9)
    if scenario.market.mode == "agents" and not price.between(0.0, dearest * (1 + 1e-9) + scenario.market.tick).all():
        raise Defect(f"a price outside 0 to {dearest:g}: {price.to_dict()}")
    emissions = wide["Emissions|CO2"]
    if not (emissions > 0).all() or not all(math.isfinite(x) for x in emissions):
        raise Defect(f"emissions of {emissions.to_dict()}")
    sold = wide.get("Carbon Market|Trading Volume")
    if sold is not None and (sold > TURNS * emissions).any():
        raise Defect(f"{sold.to_dict()} Mt are sold where {emissions.to_dict()} are emitted")


def attack(case: Case) -> None:
    """One to three fields at a bound, beside a bound, or anywhere between; any of the five scenarios."""
    dice = case.dice
    overrides: dict[str, Any] = {}
    for row in dice.sample(list(numeric()), dice.choice((1, 1, 1, 2, 3))):
        found = ends(row)
        low = found.get("low", -1.0)
        high = found.get("high", low + 1e6)
        at = dice.choice((low, high, low + (high - low) * 1e-6, high - (high - low) * 1e-6, dice.uniform(low, high)))
        overrides |= setting_of(row.name, round(at) if "whole" in row.kind else at)
    name = dice.choice(("S1", "S2", "S3", "S4", "S5"))
    case.tried = f"{name} {overrides}"
    run(overrides, name)
