"""Words for what is stored as a code: groups of fields, units, how much is known of a value, the kind of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tanshi.language import mark, say, translate
from tanshi.simulator.views.sectors import sector_name

GROUPS: Mapping[str, str] = {
    "": mark("Run"),
    "years": mark("Years"),
    "coverage": mark("Coverage: who takes part"),
    "cap": mark("Cap"),
    "cap.by_sector": mark("Cap by sector"),
    "allocation": mark("Allocation of allowances"),
    "allocation.benchmarks": mark("Allocation: benchmarks"),
    "price": mark("Price floor and ceiling"),
    "penalty": mark("Penalty"),
    "banking": mark("Banking"),
    "compliance": mark("Compliance"),
    "offsets": mark("Offsets"),
    "auctions": mark("Auctions of the government"),
    "stability_reserve": mark("Stability reserve"),
    "containment": mark("Containment"),
    "market": mark("Market"),
    "market.link": mark("Market: link to a wider one"),
    "firms": mark("Firms"),
    "firms.strategies": mark("Firms: strategies of bidding"),
    "coupling": mark("Coupling of market and equilibrium"),
    "drift": mark("Drift between auctions"),
    "drift.initial": mark("Drift: initial state"),
    "closure": mark("Closure of the equilibrium"),
    "dynamics": mark("Dynamics from year to year"),
    "shock": mark("Shock announced within a year"),
    "shocks": mark("Shocks drawn at random"),
    "carbon_tax": mark("Carbon tax"),
    "border_adjustment": mark("Border adjustment"),
}
"""Groups of fields by their dotted name."""

PARTS: Mapping[str, str] = {
    "limits": mark("limits of allowances"),
    "classes": mark("benchmarks by class of plant"),
    "withhold": mark("allowances withheld"),
    "first": mark("first step"),
    "second": mark("second step"),
    "third": mark("third step"),
}
"""Groups within those of a sector, and within containment."""

_UNITS = (
    mark("1/month"), mark("1/year"), mark("CNY_2022/kWh"), mark("CNY_2022/t CO2"), mark("Mt CO2"), mark("Mt CO2/yr"),
    mark("as the cap's"), mark("auctions"), mark("firms"), mark("fraction"), mark("month"), mark("months"),
    mark("rounds"), mark("s.d."), mark("s.d. of log"), mark("t CO2"), mark("traders"), mark("year"), mark("years"),
    mark("yuan"), mark("yuan/t CO2"), mark("CNY_2022/MWh"), mark("CNY_2022/yr"), mark("GW"), mark("Mtce/yr"),
    mark("TWh/yr"), mark("billion CNY_2022/yr"), mark("million CNY_2022/yr"),
    mark("Mtce"), mark("TWh"), mark("billion CNY_2022"), mark("million CNY_2022"),
)  # fmt: skip
_STATUSES = (
    mark("assumed"), mark("calibrated"), mark("law"), mark("literature"), mark("measured"), mark("setting"),
    mark("verified"), mark("derived"), mark("published"), mark("recalled"), mark("estimate"),
)  # fmt: skip

_FLOWS = {"neural": mark("neural drift"), "ou": mark("mean-reverting drift"), "none": mark("no drift")}


def group_name(group: str) -> str:
    """What a group of the schema's fields is about.

    Examples
    --------
    >>> group_name("years"), group_name("sectors.STEEL"), group_name("sectors.STEEL.limits")
    ('Years', 'Rules of one sector: Iron and Steel', 'Rules of one sector: Iron and Steel, limits of allowances')
    """
    if group in GROUPS:
        return translate(GROUPS[group])
    first, *rest = group.split(".")
    if first == "sectors" and rest:
        sector = sector_name(rest[0])
        if len(rest) == 1:
            return say("Rules of one sector: {sector}", sector=sector)
        return say("Rules of one sector: {sector}, {part}", sector=sector, part=_part(rest[1]))
    if first in GROUPS and rest:
        return say("{group}: {part}", group=translate(GROUPS[first]), part=_part(rest[-1]))
    return group.replace(".", ": ").replace("_", " ").capitalize()


def _part(name: str) -> str:
    return translate(PARTS[name]) if name in PARTS else name


def unit_name(unit: str) -> str:
    """A unit as it is said; as it is written where it is none of the schema's, and nothing for none."""
    return "" if unit == "-" else translate(unit) if unit in _UNITS else unit


def status_name(status: str) -> str:
    """How much is known of a value, as it is said."""
    return translate(status) if status in _STATUSES else status


def mode_words(parameters: Mapping[str, Any]) -> str:
    """The kind of one run.

    Examples
    --------
    >>> mode_words({"market": {"mode": "equilibrium"}})
    'equilibrium without firms, every year by itself'
    >>> mode_words({"banking": {"horizon": 5}, "drift": {"mode": "neural"}})
    'firms trade and look 5 years ahead, neural drift'
    """
    market, banking, drift = (dict(parameters.get(name) or {}) for name in ("market", "banking", "drift"))
    ahead = int(banking.get("horizon") or 0) if banking.get("allowed", True) else 0
    if market.get("mode") == "equilibrium":
        if ahead:
            return say("equilibrium without firms, looking {years} years ahead", years=ahead)
        return say("equilibrium without firms, every year by itself")
    flow = translate(_FLOWS.get(str(drift.get("mode", "neural")), str(drift.get("mode"))))
    if ahead:
        return say("firms trade and look {years} years ahead, {drift}", years=ahead, drift=flow)
    return say("firms trade, every year by itself, {drift}", drift=flow)


def modes_words(several: Iterable[Mapping[str, Any]]) -> str:
    """The kinds of some runs, each once."""
    return say("; or ").join(dict.fromkeys(mode_words(parameters) for parameters in several))
