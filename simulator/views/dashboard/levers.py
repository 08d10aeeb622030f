"""The levers of the what-if page: their sliders, and their state as a link and as a scenario file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tanshi.language import mark, say
from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import TRADITIONAL, library
from tanshi.scenarios.parameters import describe_parameters
from tanshi.scenarios.schema import Coverage, Scenario
from tanshi.simulator.views.dashboard.bases import START, Base, built_in, find_base
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.edit import read_text, scenario_text
from tanshi.simulator.views.dashboard.selection import BETWEEN

EQUILIBRIUM = {**TRADITIONAL, "market.periods_per_year": 1}
"""The traditional equilibrium model in one period a year, as the exact derivatives have it."""
MODES = {"equilibrium": mark("equilibrium only (at once)"), "hybrid": mark("full hybrid (some seconds)")}
RULES = {
    "grandfathered": mark("lump sums"),
    "output_based": mark("benchmark × output"),
    "tps": mark("performance standard"),
}
"""How allowances are given: under a cap by past emissions or by output, or without a cap by a standard."""
STRATEGIES = ("truthful", "zic", "zip", "scheduled", "hesitant")


@dataclass(frozen=True)
class Lever:
    """One slider.

    Parameters
    ----------
    field
        Dotted field of the scenario.
    low, high, step
        What the slider offers; within the schema's bounds.
    none_at_top
        Whether the slider's end means that there is none (null).
    scale
        What the slider shows for 1: 100 for a share, which it shows in per cent.
    """

    field: str
    title: str
    unit: str
    low: float
    high: float
    step: float
    none_at_top: bool = False
    scale: float = 1.0

    def shown(self, value: float) -> float:
        """A value of the field as the slider shows it: shares in per cent."""
        return round(value * self.scale, 10)

    def held(self, shown: float) -> float:
        """The field's value where the slider shows a number."""
        return round(shown / self.scale, 12)


OFFERED = (
    Lever("cap.tightness", mark("Cap or benchmark: first cut"), mark("% of the baseline"), 0.0, 0.4, 0.005, scale=100),
    Lever("cap.decline", mark("Cap or benchmark: further cut"), mark("% a year"), 0.0, 0.12, 0.0025, scale=100),
    Lever("allocation.auctioned_share", mark("Auctioned share"), mark("% of the cap"), 0.0, 1.0, 0.05, scale=100),
    Lever("offsets.share", mark("Offsets, at most"), mark("% of what is owed"), 0.0, 0.3, 0.01, scale=100),
    Lever("price.floor", mark("Price floor"), mark("yuan/t"), 0.0, 300.0, 5.0),
    Lever("price.ceiling", mark("Price ceiling"), mark("yuan/t, at the end: none"), 40.0, 1000.0, 10.0, True),
    Lever("penalty.price", mark("Penalty"), mark("yuan/t"), 50.0, 3000.0, 50.0),
    *(
        Lever(f"firms.strategies.{name}", title, mark("weight"), 0.0, 1.0, 0.05)
        for name, title in (
            ("truthful", mark("Truthful bidders")), ("zic", mark("Random bidders (ZI-C)")),
            ("zip", mark("Learning bidders (ZIP)")),
            ("scheduled", mark("Bidders by the calendar")), ("hesitant", mark("Hesitant bidders")),
        )
    ),
)  # fmt: skip


@lru_cache(maxsize=1)
def levers() -> tuple[Lever, ...]:
    """The sliders whose fields this version's schema has, held within its bounds."""
    bounds = {row.name: row.bounds for row in describe_parameters()}
    return tuple(_within(lever, bounds[lever.field]) for lever in OFFERED if lever.field in bounds)


def _within(lever: Lever, bounds: str) -> Lever:
    low, high = lever.low, lever.high
    for sign, number in re.findall(r"(>=|<=|>|<) ([-+.\deE]+)", bounds):
        inner = 0.0 if sign.endswith("=") else lever.step
        low = max(low, float(number) + inner) if sign[0] == ">" else low
        high = min(high, float(number) - inner) if sign[0] == "<" else high
    return Lever(lever.field, lever.title, lever.unit, low, high, lever.step, lever.none_at_top, lever.scale)


@dataclass(frozen=True)
class Settings:
    """Where all levers stand.

    Parameters
    ----------
    base
        Where they began.
    numbers
        Field of a lever to its value; strategies as weights, which are scaled to shares.
    covered
        Sectors that trade.
    rule
        One of ``RULES``.
    """

    base: Base = field(default_factory=built_in)
    mode: str = "equilibrium"
    numbers: Mapping[str, float] = field(default_factory=dict)
    covered: tuple[str, ...] = ()
    rule: str = "grandfathered"


@lru_cache(maxsize=32)
def settings_of(base: Base, mode: str = "equilibrium") -> Settings:
    """The levers as a scenario has them; read once, for every move of a slider asks."""
    known = base_scenario(base)
    numbers = {lever.field: _read(known, lever) for lever in levers()}
    rule = "tps" if known.cap.standard(known.policy_start) else known.allocation.method
    covered = known.ever("trading")
    return Settings(base, mode if mode in MODES else "equilibrium", numbers, covered, rule)


@lru_cache(maxsize=32)
def base_scenario(base: Base, mode: str = "hybrid") -> Scenario:
    """The scenario itself that the levers begin from, as a mode runs it.

    Raises
    ------
    ScenarioError
        Where this version of the program cannot read a stored one any more.
    """
    return read_text(scenario_text(base, EQUILIBRIUM if mode == "equilibrium" else {}, name=base.name), base.name)


@lru_cache(maxsize=32)
def sectors_of(base: Base) -> tuple[str, ...]:
    """The sectors that may trade: those of which the economies of a scenario have firms; first those of the schema."""
    known = base_scenario(base)
    found = {sector for economy in known.all_economies for sector in _with_firms(economy)}
    return (*(s for s in Coverage.model_fields if s in found), *sorted(found - set(Coverage.model_fields)))


def _with_firms(economy: str) -> tuple[str, ...]:
    try:
        return load_economy(economy).with_firms
    except UserError:  # it went away, or cannot be read: the model says so when it is asked
        return tuple(Coverage.model_fields)


def _read(scenario: Scenario, lever: Lever) -> float:
    value: Any = scenario
    for key in lever.field.split("."):
        value = getattr(value, key)
    if isinstance(value, ByYear):  # a lever moves all years at once, and stands where the first one does
        value = value.at(scenario.policy_start) or 0.0
    return lever.high if value is None else float(value)


def changes(now: Settings) -> dict[str, object]:
    """The fields in which the levers differ from the scenario they began from, and those of the mode."""
    before = settings_of(now.base)
    out: dict[str, object] = {}
    held = numbers_of(now)
    for lever in levers():
        value = held[lever.field]
        if not lever.field.startswith("firms.strategies.") and value != before.numbers[lever.field]:
            out[lever.field] = None if lever.none_at_top and value >= lever.high else value
    for sector in sectors_of(now.base):
        if (sector in now.covered) != (sector in before.covered):
            out[f"coverage.{sector}"] = "trading" if sector in now.covered else "none"
            if sector not in now.covered:  # who never trades has no method
                rules, said = base_scenario(now.base).sectors[sector], f"sectors.{sector}"
                out |= {f"{said}.{name}": None for name in ("method", "benchmark") if getattr(rules, name) is not None}
                out |= {} if rules.limits.slope is None else {f"{said}.limits.slope": None}
    if now.rule != before.rule:
        out["cap.regime"] = "tps" if now.rule == "tps" else "absolute"
        out["allocation.method"] = "output_based" if now.rule == "output_based" else "grandfathered"
    if (mix := shares(now)) != shares(before):
        out |= {f"firms.strategies.{name}": share for name, share in mix.items()}
    return out | (EQUILIBRIUM if now.mode == "equilibrium" else {})


def numbers_of(now: Settings) -> dict[str, float]:
    """Where the sliders stand.

    A scenario may begin between two steps of a slider, which the slider then rounds: what is nearer than half a step
    to where it began has not been moved.
    """
    before = settings_of(now.base).numbers
    out: dict[str, float] = {}
    for lever in levers():
        start = before[lever.field]
        value = now.numbers.get(lever.field, start)
        out[lever.field] = start if abs(value - start) < 0.499 * lever.step else value
    return out


def shares(now: Settings) -> dict[str, float]:
    """Shares of firms by strategy: the weights, scaled to add up to one; all truthful where all are zero."""
    weights = {name: now.numbers.get(f"firms.strategies.{name}", 0.0) for name in STRATEGIES}
    whole = math.fsum(weights.values())
    if whole <= 0.0:
        return dict.fromkeys(STRATEGIES, 0.0) | {"truthful": 1.0}
    return {name: weight / whole for name, weight in weights.items()}


def file_of(now: Settings) -> str:
    """The levers as a scenario file for ``tanshi run FILE``."""
    return scenario_text(now.base, changes(now), name="what-if", title=say("What if, from {name}", name=now.base.name))


def scenario_of(now: Settings) -> Scenario:
    """The scenario that the levers make, read from its file.

    Raises
    ------
    ScenarioError
        Where levers contradict each other, such as a floor above the penalty.
    """
    return read_text(file_of(now), "what-if")


def link_of(now: Settings) -> str:
    """The levers as the query of a link: what differs from the scenario they began from."""
    before = settings_of(now.base)
    query: dict[str, str] = {"scenario": now.base.key, "mode": now.mode}
    if now.base.economy:
        query["economy"] = now.base.economy
    for name, value in numbers_of(now).items():
        if value != before.numbers[name]:
            query[name] = f"{value:.10g}"
    if set(now.covered) != set(before.covered):
        query["trading"] = ",".join(sector for sector in sectors_of(now.base) if sector in now.covered)
    if now.rule != before.rule:
        query["rule"] = now.rule
    return urlencode(query)


def read_link(search: str, desk: Desk | None = None) -> Settings:
    """The levers of a link; what it does not name, or names wrongly, is as in its scenario.

    Parameters
    ----------
    desk
        Whose folders of results may be named; None for the built-in scenarios alone.

    Raises
    ------
    NothingToShow
        Where it names a folder of results that is not there any more, or holds no such scenario.

    Examples
    --------
    >>> read_link("?scenario=S4&cap.tightness=0.1&price.floor=-3&x=1").numbers["cap.tightness"]
    0.1
    """
    query = dict(parse_qsl(search.lstrip("?")[:2000]))
    key, economy = query.get("scenario", START), query.get("economy", "")
    if BETWEEN in key and desk is not None:
        base = find_base(desk, key)
    else:
        base = built_in(key if key in library() else START, economy)
    now = settings_of(base, query.get("mode", "equilibrium"))
    numbers = dict(now.numbers)
    for lever in levers():
        try:
            value = float(query[lever.field])
        except (KeyError, ValueError):
            continue
        if lever.low <= value <= lever.high:
            numbers[lever.field] = value
    covered = now.covered
    if "trading" in query:
        covered = tuple(sector for sector in sectors_of(base) if sector in query["trading"].split(","))
    rule = query.get("rule", now.rule)
    return Settings(now.base, now.mode, numbers, covered, rule if rule in RULES else now.rule)
