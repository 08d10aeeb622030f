"""Who is in the market in which year, and how free allowances are counted there, read off a run's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tanshi.scenarios.by_year import Reading

_STATUS = Reading("none", "allocated", "trading")
_METHOD = Reading("history", "output", "benchmark", "verified", "band", "auction")
_KIND = Reading("absolute", "intensity")
_NUMBER = Reading(kind="number")
STRENGTH = ("none", "allocated", "trading")
"""What a sector may be in the market, the weakest first."""


@dataclass(frozen=True)
class Years:
    """Years in a row in which one word holds of a sector: its status, or the method of a sector that trades."""

    word: str
    first: int
    last: int


@dataclass(frozen=True)
class Timetable:
    """What a run's rules say of every sector, by year.

    Attributes
    ----------
    status
        Sector to year to ``none | allocated | trading``.
    method
        Sector to year to the method of its free allowances, in years in which it trades.
    methods_said
        Whether the file says methods by sector, or lets a standard become a cap.
    """

    status: Mapping[str, Mapping[int, str]]
    method: Mapping[str, Mapping[int, str]]
    methods_said: bool

    def strongest(self) -> dict[str, str]:
        """What each sector is at most, over the years."""
        return {s: max(years.values(), key=_strength, default="none") for s, years in self.status.items()}

    def statuses(self, sector: str) -> list[Years]:
        """A sector's status, in spans of years."""
        return _spans(self.status[sector])

    def methods(self, sector: str) -> list[Years]:
        """A sector's method, in spans of years; empty for one that never trades."""
        return _spans(self.method.get(sector, {}))

    def most_trading(self) -> int:
        """The largest number of sectors that trade in one year."""
        years = {year for told in self.status.values() for year in told}
        return max((sum(t.get(y) == "trading" for t in self.status.values()) for y in years), default=0)


def timetable(parameters: Mapping[str, Any], first: int, last: int) -> Timetable:
    """The timetable of a run.

    Parameters
    ----------
    parameters
        A scenario as plain data, of this version of the program or an older one.
    first, last
        Years of the run; those before the policy's start are left out, but where the run has no others.

    Examples
    --------
    >>> said = {"sectors": {"NMM": {"status": {2024: "trading"}}}, "policy_start": 2023}
    >>> [span.word for span in timetable(said, 2022, 2025).statuses("NMM")]
    ['none', 'trading']
    """
    start = int(parameters.get("policy_start") or first)
    years = range(max(first, min(start, last)), last + 1)
    coverage = {str(code): str(kind) for code, kind in dict(parameters.get("coverage") or {}).items()}
    sectors = {str(code): dict(rules or {}) for code, rules in dict(parameters.get("sectors") or {}).items()}
    status: dict[str, dict[int, str]] = {}
    method: dict[str, dict[int, str]] = {}
    for code in dict.fromkeys((*coverage, *sectors)):
        said = _STATUS(sectors.get(code, {}).get("status"))
        own = coverage.get(code, "none")
        status[code] = {y: own if said is None else str(said.at(y) or "none") for y in years}
        _after_the_shock(parameters, code, status[code])
        _outside_by_tax(parameters, code, status[code])
        way = _METHOD(sectors.get(code, {}).get("method"))
        usual = {y: _usual(parameters, y) for y in years}
        method[code] = {
            y: str((way.at(y) if way is not None else None) or usual[y]) for y in years if status[code][y] == "trading"
        }
    cap = dict(parameters.get("cap") or {})
    switch = isinstance(cap.get("kind"), Mapping) and len(set(cap["kind"].values())) > 1
    by_sector = any(rules.get("method") is not None for rules in sectors.values())
    return Timetable(status, method, by_sector or switch)


def _strength(status: str) -> int:
    """Place of a status; a word of another program is the weakest."""
    return STRENGTH.index(status) if status in STRENGTH else -1


def _usual(parameters: Mapping[str, Any], year: int) -> str:
    """How allowances are counted where a sector's own rules say nothing."""
    cap, allocation = dict(parameters.get("cap") or {}), dict(parameters.get("allocation") or {})
    kind = _KIND(cap.get("kind"))
    if cap.get("regime") == "tps" if kind is None else kind.at(year) == "intensity":
        return "benchmark"
    return "output" if allocation.get("method") == "output_based" else "history"


def _after_the_shock(parameters: Mapping[str, Any], code: str, status: dict[int, str]) -> None:
    shock = dict(parameters.get("shock") or {})
    if shock.get("year") is not None and code in (shock.get("sectors") or ()):
        status |= {y: "trading" for y in status if y >= int(shock["year"])}


def _outside_by_tax(parameters: Mapping[str, Any], code: str, status: dict[int, str]) -> None:
    tax = dict(parameters.get("carbon_tax") or {})
    rate = _NUMBER(tax.get("rate"))
    if rate is None or tax.get("beside_market") != "instead" or code not in (tax.get("sectors") or (code,)):
        return
    status |= {y: "none" for y in status if (rate.at(y) or 0.0) > 0}


def _spans(by_year: Mapping[int, str]) -> list[Years]:
    """Years in a row with one word."""
    out: list[Years] = []
    for _, rows in groupby(enumerate(sorted(by_year)), key=lambda row: (by_year[row[1]], row[1] - row[0])):
        years = [year for _, year in rows]
        out.append(Years(by_year[years[0]], years[0], years[-1]))
    return out
