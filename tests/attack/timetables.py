"""Random timetables of rules: a short run keeps its books to the tonne, or is refused with the rule's name.

A case draws for each sector when it is in, how its allowances are counted and within which limits; a cap by year; and
any of the other rules: advances, auctions, tiers, a reserve, carrying over, borrowing, credits, penalties, deadlines, a
tax, a link, border adjustment. What must be true whatever they are: after every market period every identity of the
registry holds exactly and its balances follow from its audit log alone, every allowance issued is held or gone in one
of the ways there are, and every tonne verified is surrendered for or missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tests.attack.attempt import Case, Defect, Dice
from tests.sectors import SECTORS

START, END = 2023, 2025
TINY: dict[str, Any] = {
    "years.end": END, "firms.number": 24, "drift.mode": "none", "banking.horizon": 0, "firms.shock_sigma": 0.05,
}  # fmt: skip
METHODS = ("history", "output", "benchmark", "verified", "band", "auction")
YEARS = tuple(range(START, END + 1))


def by_year(dice: Dice, value: Callable[[], Any], first: int = START) -> Any:
    """A rule by year: one value, or some from named years on."""
    if dice.random() < 0.4:
        return value()
    later = [year for year in YEARS if year > first and dice.random() < 0.5]
    named = [year for year in (first, *later) if not dice.oddly(0.1)]
    return {str(year): value() for year in named or [first]}


def number(dice: Dice, low: float, high: float) -> float:
    """A number of a range, at one of its ends now and then."""
    return round(dice.choice((low, high, dice.uniform(low, high), dice.uniform(low, high))), 4)


def of_sector(dice: Dice, sector: str) -> dict[str, Any]:
    """The rules of one sector."""
    first = dice.choice(YEARS) if sector != "ELEC" or dice.oddly(0.5) else START
    told: dict[str, Any] = {"status": {str(first): "trading"}}
    if dice.random() < 0.15:
        told["status"] |= {str(min(first + 1, END)): dice.choice(("none", "allocated", "trading"))}
    if dice.random() < 0.85:
        told["method"] = by_year(dice, lambda: dice.choice(METHODS), first)
    path = told.get("method", "")
    said = set(path.values()) if isinstance(path, dict) else {path}
    if (said & {"benchmark", "band"} and dice.random() < 0.6) or dice.oddly(0.1):
        told["benchmark"] = by_year(dice, lambda: number(dice, 0.8, 1.1), first)
    limits: dict[str, Any] = {}
    if "band" in said and not dice.oddly(0.2):
        limits["slope"] = by_year(dice, lambda: number(dice, 0.0, 0.4), first)
    for name in ("surplus", "deficit"):
        if dice.random() < 0.3:
            limits[name] = by_year(dice, lambda: number(dice, 0.0, 0.3), first)
    if limits:
        told["limits"] = limits
    if dice.random() < 0.2:
        told["auctioned_share"] = by_year(dice, lambda: number(dice, 0.0, 1.0), first)
    if dice.random() < 0.3:
        told["in_advance"] = by_year(dice, lambda: number(dice, 0.0, 1.0), first)
    if sector == "ELEC" and dice.random() < 0.2:
        told["gas_deficit"] = number(dice, 0.0, 0.5)
    if sector == "ELEC" and dice.random() < 0.2:
        kinds = [kind for kind in ("coal_I", "coal_II", "coal_III", "gas", "heat") if dice.random() < 0.5]
        told["classes"] = {kind: by_year(dice, lambda: number(dice, 0.8, 1.05), first) for kind in kinds}
        if not kinds:
            del told["classes"]
    return told


def cap(dice: Dice) -> dict[str, Any]:
    """A cap, a standard, or one that becomes the other."""
    told: dict[str, Any] = {"may_rise": dice.random() < 0.7}
    kinds = [dice.choice(("absolute", "intensity")) for _ in YEARS]
    if dice.random() < 0.6:
        told["kind"] = {str(year): kind for year, kind in zip(YEARS, kinds, strict=True)}
    if dice.random() < 0.75:
        told["share"] = by_year(dice, lambda: number(dice, 0.85, 1.05))
    elif dice.random() < 0.8:
        told["tonnes"] = by_year(dice, lambda: number(dice, 200.0, 420.0))
    if dice.random() < 0.2:
        told["growth"] = {str(dice.choice(YEARS)): number(dice, -0.05, 0.02)}
    if dice.random() < 0.2:
        told["cut"] = {str(dice.choice(YEARS)): number(dice, 0.0, 0.1)}
    if dice.random() < 0.2:
        told["of_year"] = dice.choice((2022, *YEARS))
    if dice.random() < 0.15:
        told["by_sector"] = {dice.choice(SECTORS): by_year(dice, lambda: number(dice, 0.8, 1.05))}
    return told


def rules(dice: Dice) -> dict[str, dict[str, Any]]:
    """What may stand beside the sectors' timetables."""

    def price(low: float, high: float) -> Any:
        return by_year(dice, lambda: number(dice, low, high))

    drawn: dict[str, Callable[[], dict[str, Any]]] = {
        "allocation": lambda: {
            "auctioned_share": price(0.0, 1.0),
            **({"gap_cap": number(dice, 0.05, 0.4)} if dice.random() < 0.3 else {}),
            **({"in_advance": number(dice, 0.0, 1.0)} if dice.random() < 0.3 else {}),
            **({"binding": True} if dice.random() < 0.2 else {}),
            "method": dice.choice(("grandfathered", "output_based")),
        },
        "auctions": lambda: {
            "months": sorted(dice.sample(range(1, 13), dice.choice((1, 2, 4)))),
            "unsold": dice.choice(("again", "next", "same_year", "cancel", "reserve")),
            **({"reserve_price": price(5.0, 120.0)} if dice.random() < 0.6 else {}),
            **({"reserve_multiple": number(dice, 0.5, 2.0), "of_months": [dice.choice((0.1, 3.0, 6.0))]}
               if dice.random() < 0.4 else {}),
            **({"one_bidder": number(dice, 0.05, 1.0)} if dice.random() < 0.4 else {}),
            **({"bidders": "obliged"} if dice.random() < 0.3 else {}),
            **({"all_or_nothing": True} if dice.random() < 0.3 else {}),
        },
        "containment": lambda: {
            "first": {"at": price(80.0, 140.0), "share": number(dice, 0.0, 0.2)},
            **({"withhold": {"at": price(10.0, 80.0), "share": number(dice, 0.0, 0.2)}} if dice.random() < 0.5 else {}),
            **({"third": {"at": 200.0}} if dice.random() < 0.3 else {}),
        },
        "stability_reserve": lambda: {"on": True, "scale": number(dice, 0.001, 0.1)},
        "banking": lambda: {
            **({"carry_base": dice.choice((0, 1000, 10_000)), "carry_at": dice.choice(([], [2024], [2023, 2025]))}
               if dice.random() < 0.5 else {}),
            **({"borrow_share": price(0.0, 1.0), "borrow_threshold": number(dice, 0.0, 0.2),
                "borrow_of": dice.choice(("gap", "allocation"))} if dice.random() < 0.5 else {}),
            **({"carry_base": 0, "carry_at": [], "carry_past": dice.choice((1, 2)), "carry_multiple": price(0.0, 5.0),
                "carry_part": price(0.0, 0.2)} if dice.random() < 0.3 else {}),
            "opening": number(dice, 0.0, 0.2),
            **({"allowed": False} if dice.random() < 0.2 else {}),
            **({"life": dice.choice((1, 1, 2, 4))} if dice.random() < 0.3 else {}),
        },
        "new_entrants": lambda: {
            "share": price(0.0, 0.2), "threshold": number(dice, 0.0, 0.1), "over_years": dice.choice((1, 2)),
            "left_over": dice.choice(("auction", "stability", "cancel")), "falls": dice.random() < 0.5,
            **({"closes": [dice.choice(YEARS)]} if dice.random() < 0.5 else {}),
        },
        "offsets": lambda: {
            "share": number(dice, 0.0, 0.1),
            **({"potential": number(dice, 0.1, 20.0)} if dice.random() < 0.6 else kinds(dice)),
            **({"subsidy": number(dice, 0.0, 60.0)} if dice.random() < 0.5 else {}),
            **({"bid": "own_curve"} if dice.random() < 0.5 else {}),
            **({"spares_tax": True} if dice.random() < 0.2 else {}),
        },
        "penalty": lambda: {
            "price": number(dice, 150.0, 1000.0),
            "make_good": by_year(dice, lambda: dice.choice(("none", "owed", "cut"))),
            **({"multiple": price(1.0, 10.0), "of_months": dice.choice((0.5, 1.0, 6.0)),
                "most": number(dice, 100.0, 900.0)} if dice.random() < 0.5 else {}),
            **({"factor": by_year(dice, lambda: number(dice, 1.0, 4.0))} if dice.random() < 0.3 else {}),
            **({"per_firm": price(0.0, 30_000.0)} if dice.random() < 0.3 else {}),
        },
        "compliance": lambda: {
            "deadline": by_year(dice, lambda: dice.choice((0, 3, 9, 12, 18)), 2022),
            **({"next_vintage": True} if dice.random() < 0.3 else {}),
        },
        "carbon_tax": lambda: {
            "rate": price(0.0, 150.0),
            "sectors": dice.sample((*SECTORS, "TRAN", "COAL"), dice.choice((1, 2, 3))),
            **({} if dice.oddly(0.3) else {"beside_market": dice.choice(("adds", "instead"))}),
        },
        "border_adjustment": lambda: {
            "share": price(0.0, 1.0),
            "sectors": dice.sample(SECTORS[1:5], dice.choice((1, 2))),
            "power": dice.random() < 0.3,
            "on": dice.choice(("both", "bought", "sold")),
            "partners": dice.choice(("outside", "abroad")),
        },
        "price": lambda: {"floor": number(dice, 0.0, 60.0), **({"ceiling": 180.0} if dice.random() < 0.4 else {})},
        "market": lambda: {"link": dice.choice((
            {"to": "price", "observed": "china", "growth": 0.03},
            {"to": "price", "price": price(40.0, 120.0)},
            {"to": "supply", "emissions": {str(START): 4900.0}, "cap": {str(START): number(dice, 4700.0, 5000.0)}},
        ))},
    }  # fmt: skip
    return {name: say() for name, say in drawn.items() if dice.random() < 0.25}


def kinds(dice: Dice) -> dict[str, Any]:
    """Kinds of credits, some of them within limits and years of their own."""
    told: dict[str, Any] = {}
    for name in ("ccer", "forestry", "other"):
        if dice.random() < 0.5:
            continue
        told[f"kinds.{name}.potential"] = by_year(dice, lambda: number(dice, 0.0, 20.0))
        told[f"kinds.{name}.median_cost"] = number(dice, 10.0, 120.0)
        told[f"kinds.{name}.spread"] = number(dice, 0.01, 1.0)
        if dice.random() < 0.5:
            told[f"kinds.{name}.share"] = by_year(dice, lambda: number(dice, 0.0, 0.05))
        if dice.random() < 0.3:
            told[f"kinds.{name}.{dice.choice(('issued', 'valid'))}"] = [dice.choice(YEARS), dice.choice((END, 2030))]
    return told


def draw(dice: Dice) -> dict[str, Any]:
    """A scenario's fields, dotted where a run is made small."""
    sectors = ["ELEC", *(s for s in SECTORS[1:] if dice.random() < 0.3)]
    fields: dict[str, Any] = {**TINY, "market.periods_per_year": dice.choice((1, 1, 1, 2, 4))}
    fields["years.end"] = dice.choice((END - 1, END - 1, END))
    fields["market.mode"] = "equilibrium" if dice.random() < 0.15 else "agents"
    for name, group in {"cap": cap(dice), **rules(dice)}.items():
        fields |= {f"{name}.{field}": value for field, value in group.items()}
    for sector in sectors:
        fields |= {f"sectors.{sector}.{field}": value for field, value in of_sector(dice, sector).items()}
    return fields


def attack(case: Case) -> None:
    """One random timetable, run to its end."""
    fields = draw(case.dice)
    case.tried = repr(fields)
    try:
        scenario = load_scenario("S1", fields)
        model = CarbonMarket(scenario)
    except UserError as refusal:
        nameless = [problem for problem in refusal.problems if not problem.field]
        if nameless or not refusal.problems:
            raise Defect(f"refused without the name of a rule: {refusal}") from refusal
        raise
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            while not model.state.calendar.finished:
                model.step()
                exact(model)
            settled(model)
            result = model.result()
    finally:
        model.forget()
    for table in (result.annual, result.periods, result.trades):
        if np.isinf(table.select_dtypes("number").to_numpy(dtype=float)).any():
            raise Defect("an infinite number in a table")


def exact(model: CarbonMarket) -> None:
    """Hold the registry's identities after a period.

    Raises
    ------
    UnbalancedError, Defect
        Where one does not hold.
    """
    book = model.registry
    book.check()
    totals = book.totals()
    gone = sum(totals[name] for name in ("held", "surrendered", "cancelled", "expired"))
    if not np.array_equal(totals["issued"], gone):
        raise Defect(f"issued {totals['issued']} and accounted for {gone}")
    if not np.array_equal(book.rebuilt(), book._balances):
        raise Defect("the audit log does not give the balances")


def settled(model: CarbonMarket) -> None:
    """Hold every year's tonnes once the run is over.

    Raises
    ------
    Defect
        Where tonnes were verified and neither surrendered for nor missing.
    """
    if model.state.market.open:
        raise Defect("a year is still open after the run")
    for row in model.state.log.settlements:
        if "verified_t" in row and row["verified_t"] > row["surrendered_t"] + row["shortfall_t"]:
            raise Defect(f"tonnes of {row['year']} are neither surrendered for nor missing: {row}")
