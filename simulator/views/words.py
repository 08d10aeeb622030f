"""A batch in plain words: what each scenario did, every number computed from its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tanshi.language import clauses, listed, mark, paragraph, say, translate
from tanshi.scenarios.facts.observed import observed_years
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.timetable import timetable
from tanshi.simulator.results.variables import TRADING_SECTORS, allocation_of, emissions_of
from tanshi.simulator.views.sectors import sector_name
from tanshi.simulator.views.table import Summary, summarise

PETROCHEMICALS = ("COKE", "CHEM")
MARKET = "china"
"""The market whose observed prices stand beside runs by its rules."""


def sentences(results: Sequence[RunResult], reference: str | None = None) -> dict[str, list[str]]:
    """Scenario to the sentences about it, beside a reference as `tanshi.simulator.views.table.summarise` takes it."""
    out: dict[str, list[str]] = {}
    for summary in summarise(results, reference):
        group = [run for run in results if run.scenario == summary.scenario]
        out[summary.scenario] = [*_about(summary), *given_words(group), *nation_words(group[0])]
    return out


def plain_words(
    results: Sequence[RunResult], failed: Mapping[str, str] | None = None, reference: str | None = None
) -> str:
    """The sentences as paragraphs, one a scenario, runs that failed last."""
    paragraphs = [paragraph(lines) for lines in sentences(results, reference).values()]
    paragraphs += [failure(name, error) for name, error in (failed or {}).items()]
    return "\n\n".join(paragraphs)


def failure(name: str, error: str) -> str:
    """What is said of a run that failed."""
    return say("{name} failed and has no results: {error}", name=name, error=error)


def _about(s: Summary) -> list[str]:
    if s.reference is not None and s.equals_reference:
        return [
            say("{scenario}, {title}: {what}", scenario=s.scenario, title=_title(s), what=_equality(s, s.reference))
        ]
    lines = [say("{scenario}, {title}: {what}.", scenario=s.scenario, title=_title(s), what=_who(s))]
    lines += [*_methods(s), _price(s), _emissions(s)]
    if s.reference is not None:
        lines.append(_against(s, s.reference))
    return lines


def _title(s: Summary) -> str:
    title = translate(s.title).strip().rstrip(".")
    return title if s.seeds == 1 else say("{title} (median of {seeds} seeds)", title=title, seeds=s.seeds)


def _names(codes: Sequence[str]) -> str:
    """Sectors in words; coking and chemicals together are the petrochemicals of policy, which counts them as one."""
    known = {code: sector_name(code).lower() for code in codes}
    if all(code in known for code in PETROCHEMICALS):
        first, *others = PETROCHEMICALS
        one, two = (known[code] for code in PETROCHEMICALS)
        known[first] = say("petrochemicals ({one}, {two})", one=one, two=two)
        known = {code: name for code, name in known.items() if code not in others}
    return listed(list(known.values()))


def _with(s: Summary, status: str) -> list[str]:
    return [code for code in TRADING_SECTORS if s.coverage.get(code) == status]


def _who(s: Summary) -> str:
    changes = _changes(s)
    later = {code for _, codes in changes for code, _ in codes}
    trading, allocated = ([code for code in _at_first(s, status) if code in _with(s, status) or code in later]
                          for status in ("trading", "allocated"))  # fmt: skip
    if not trading:
        text = say("nobody trades allowances")
    elif s.auctions:
        text = say("firms in {sectors} trade allowances", sectors=_names(trading))
    else:
        text = say(
            "one carbon price holds in {sectors}; the equilibrium itself sets it, without firms and auctions",
            sectors=_names(trading),
        )
    if allocated and s.auctions:
        text += say("; firms in {sectors} have free quotas that are not traded", sectors=_names(allocated))
    elif allocated:
        text += say("; quotas in {sectors} are free and not traded", sectors=_names(allocated))
    for year, moved in changes:
        for status, words in _MOVES.items():
            if moving := [code for code, word in moved if word == status]:
                text += say(words, sectors=_names(moving), year=year)
    if s.taxed:
        text += say("; emissions are taxed")
    return text


_MOVES = {
    "trading": mark("; {sectors} trade from {year} on"),
    "allocated": mark("; {sectors} have free quotas that are not traded from {year} on"),
    "none": mark("; {sectors} are outside from {year} on"),
}
"""What a sector becomes in a year of the policy."""


def _at_first(s: Summary, status: str) -> list[str]:
    """Sectors of a status in the policy's first year."""
    if s.timetable is None:
        return _with(s, status)
    first = {code: spans[0].word for code in s.coverage if (spans := s.timetable.statuses(code))}
    return [code for code in TRADING_SECTORS if first.get(code) == status]


def _changes(s: Summary) -> list[tuple[int, list[tuple[str, str]]]]:
    """Year to the sectors whose status changes then, and what it becomes."""
    found: dict[int, list[tuple[str, str]]] = {}
    for code in TRADING_SECTORS:
        spans = s.timetable.statuses(code) if s.timetable is not None and code in s.coverage else []
        for span in spans[1:]:
            found.setdefault(span.first, []).append((code, span.word))
    return sorted(found.items())


METHODS = {
    "history": mark("past emissions"),
    "output": mark("output, out of a cap"),
    "benchmark": mark("benchmarks"),
    "verified": mark("verified emissions"),
    "band": mark("a band around verified emissions"),
    "auction": mark("sale at auctions"),
}
"""What allowances go by."""


def _methods(s: Summary) -> list[str]:
    """How allowances are counted, by year, where a timetable says it; sectors with the same rules together."""
    if s.timetable is None or not s.timetable.methods_said:
        return []
    groups: dict[str, list[str]] = {}
    for code in TRADING_SECTORS:
        spans = s.timetable.methods(code) if code in s.coverage else []
        told = listed([_span(translate(METHODS[x.word]), x.first, x.last, s.last) for x in spans])
        if told:
            groups.setdefault(told, []).append(code)
    return [say("Allowances of {sectors} go by {methods}.", sectors=_names(codes), methods=told)
            for told, codes in groups.items()]  # fmt: skip


def _span(what: str, first: int, last: int, end: int) -> str:
    if last == end > first:
        return say("{what} from {year} on", what=what, year=first)
    if last == first:
        return say("{what} in {year}", what=what, year=first)
    return say("{what} from {first} to {last}", what=what, first=first, last=last)


def given_words(group: Sequence[RunResult]) -> list[str]:
    """What sectors that trade in the last year were given free and what they emitted; nothing without a timetable.

    Parameters
    ----------
    group
        The runs of one scenario; with several seeds the median is told.
    """
    last = int(group[0].annual["year"].max())
    said = timetable(group[0].parameters, last, last)
    codes = [c for c in TRADING_SECTORS if said.method.get(c) and len(group[0].series(allocation_of(c)))]
    if not codes:
        return []
    given, emitted = (
        float(np.median([sum(run.series(name(code)).loc[last] for code in codes) for run in group]))
        for name in (allocation_of, emissions_of)
    )
    return [say("In {year} sectors that trade are given {given:,.1f} Mt free and emit {emitted:,.1f} Mt.", year=last,
                given=given, emitted=emitted)]  # fmt: skip


def by_the_nations_rules(run: RunResult) -> bool:
    """Whether a run is by the rules of China's national market: at its observed price, or with benchmarks by class."""
    parameters = run.parameters
    link = (parameters.get("market") or {}).get("link") or {}
    power = (parameters.get("sectors") or {}).get("ELEC") or {}
    classes = (power.get("classes") or {}).values()
    return link.get("observed") == MARKET or any(value is not None for value in classes)


def nation_words(run: RunResult) -> list[str]:
    """What the national market paid and traded in the years of a run by its rules, in one sentence; else nothing."""
    if not by_the_nations_rules(run):
        return []
    simulated = set(run.annual["year"])
    known = {year: found for year, found in observed_years(MARKET).items() if year in simulated}
    if not known:
        return []
    told = [
        say("{year}: {price:,.1f} yuan/t and {volume:,.0f} Mt", year=year, price=found.mean, volume=found.volume)
        for year, found in known.items()
    ]
    return [say("The national market itself paid and traded, in prices of 2022, {years}.", years=listed(told))]


def _equality(s: Summary, base: Summary) -> str:
    allocated = _with(s, "allocated")
    by_construction = allocated and _with(s, "trading") == _with(base, "trading") and not s.binding
    if s.policy_start is not None and s.policy_start == base.policy_start and s.last < s.policy_start:
        return say(
            "every number equals that of {base}, by construction: the scenarios part in {year}.",
            base=base.scenario,
            year=s.policy_start,
        )
    if not by_construction:
        return say("every number equals that of {base}.", base=base.scenario)
    return say(
        "every number equals that of {base}, by construction: the free quotas in {sectors} bind nobody and are not"
        " traded.",
        base=base.scenario,
        sectors=_names(allocated),
    )


#: A change that rounds to nothing, rises, falls; with the price of the middle year and without.
_PRICES = {
    (0, True): mark(
        "The carbon price hardly moves, from {first:,.1f} yuan/t in {start} via {middle:,.1f} in {between} to"
        " {last:,.1f} in {end}{rate}{traded}."
    ),
    (1, True): mark(
        "The carbon price rises from {first:,.1f} yuan/t in {start} via {middle:,.1f} in {between} to {last:,.1f} in"
        " {end}{rate}{traded}."
    ),
    (-1, True): mark(
        "The carbon price falls from {first:,.1f} yuan/t in {start} via {middle:,.1f} in {between} to {last:,.1f} in"
        " {end}{rate}{traded}."
    ),
    (0, False): mark(
        "The carbon price hardly moves, from {first:,.1f} yuan/t in {start} to {last:,.1f} in {end}{rate}{traded}."
    ),
    (1, False): mark(
        "The carbon price rises from {first:,.1f} yuan/t in {start} to {last:,.1f} in {end}{rate}{traded}."
    ),
    (-1, False): mark(
        "The carbon price falls from {first:,.1f} yuan/t in {start} to {last:,.1f} in {end}{rate}{traded}."
    ),
}


def _price(s: Summary) -> str:
    if s.last == s.first:
        return say(
            "In {year} the carbon price is {price:,.1f} yuan/t{traded}.",
            year=s.last,
            price=s.price_last,
            traded=_traded(s),
        )
    change = s.price_last / s.price_first - 1.0 if s.price_first > 0 else 0.0
    rate = ""
    if s.price_first > 0 and s.price_last > 0:
        yearly = (s.price_last / s.price_first) ** (1.0 / (s.last - s.first)) - 1.0
        rate = say(" ({rate} a year)", rate=percent(yearly, sign=True))
    return say(
        _PRICES[_way(change), s.middle not in (s.first, s.last)],
        first=s.price_first,
        start=s.first,
        middle=s.price_middle,
        between=s.middle,
        last=s.price_last,
        end=s.last,
        rate=rate,
        traded=_traded(s),
    )


def _traded(s: Summary) -> str:
    """What changed hands in the last year; without auctions, what sectors need of one another."""
    when = say(" in {year}", year=s.last) if s.last > s.first else ""
    if not s.volume_last > 0:
        return say("; nothing is traded{when}", when=when) if s.auctions else ""
    if s.auctions:
        return say("; {volume:,.2f} Mt change hands{when}", volume=s.volume_last, when=when)
    return say("; {volume:,.2f} Mt pass from sector to sector{when}", volume=s.volume_last, when=when)


_EMISSIONS = {
    0: mark(
        "Emissions hardly move, from {first:,.1f} Mt in {start} to {last:,.1f} in {end} ({change}){peak}; {energy}."
    ),
    1: mark("Emissions rise from {first:,.1f} Mt in {start} to {last:,.1f} in {end} ({change}){peak}; {energy}."),
    -1: mark("Emissions fall from {first:,.1f} Mt in {start} to {last:,.1f} in {end} ({change}){peak}; {energy}."),
}
_ENERGY = {
    0: mark("energy consumption hardly moves, from {first:,.1f} to {last:,.1f} Mtce ({change})"),
    1: mark("energy consumption rises from {first:,.1f} to {last:,.1f} Mtce ({change})"),
    -1: mark("energy consumption falls from {first:,.1f} to {last:,.1f} Mtce ({change})"),
}


def _emissions(s: Summary) -> str:
    if s.last == s.first:
        return say(
            "Emissions are {emissions:,.1f} Mt, energy consumption is {energy:,.1f} Mtce.",
            emissions=s.emissions_last,
            energy=s.energy_last,
        )
    if s.still_rising:
        peak = say(" and have not peaked by {year}", year=s.last)
    elif s.peak_year == s.first:
        peak = say(" and are highest at the start, in {year}", year=s.first)
    else:
        peak = say(", with their peak of {peak:,.1f} Mt in {year}", peak=s.peak, year=s.peak_year)
    change = s.energy_last / s.energy_first - 1.0
    energy = say(_ENERGY[_way(change)], first=s.energy_first, last=s.energy_last, change=percent(change, sign=True))
    return say(
        _EMISSIONS[_way(s.emissions_change)],
        first=s.emissions_first,
        start=s.first,
        last=s.emissions_last,
        end=s.last,
        change=percent(s.emissions_change, sign=True),
        peak=peak,
        energy=energy,
    )


#: What is compared: the same, higher, lower.
_COMPARED = {
    "price": (
        mark("the price is the same"),
        mark("the price is {gap:,.1f} yuan/t{share} higher"),
        mark("the price is {gap:,.1f} yuan/t{share} lower"),
    ),
    "volume": (
        mark("the traded volume is the same"),
        mark("the traded volume is {gap:,.2f} Mt{share} higher"),
        mark("the traded volume is {gap:,.2f} Mt{share} lower"),
    ),
    "emissions": (
        mark("emissions are the same"),
        mark("emissions are {gap:,.1f} Mt{share} higher"),
        mark("emissions are {gap:,.1f} Mt{share} lower"),
    ),
    "energy": (
        mark("energy consumption is the same"),
        mark("energy consumption is {gap:,.1f} Mtce{share} higher"),
        mark("energy consumption is {gap:,.1f} Mtce{share} lower"),
    ),
    "gdp": (
        mark("GDP is the same"),
        mark("GDP is {gap:,.1f} billion yuan{share} higher"),
        mark("GDP is {gap:,.1f} billion yuan{share} lower"),
    ),
}


def _against(s: Summary, base: Summary) -> str:
    parts = [
        _difference("price", s.price_last, base.price_last, 1),
        _difference("volume", s.volume_last, base.volume_last, 2),
        _difference("emissions", s.emissions_last, base.emissions_last, 1),
        _difference("energy", s.energy_last, base.energy_last, 1),
        _difference("gdp", s.gdp_last, base.gdp_last, 1, places=2),
    ]
    return say("Against {base} in {year}: {differences}.", base=base.scenario, year=s.last, differences=clauses(parts))


def _difference(what: str, value: float, base: float, digits: int, *, places: int = 1) -> str:
    gap = value - base
    same, higher, lower = _COMPARED[what]
    if abs(gap) < 0.5 * 10.0**-digits:
        return say(same)
    share = "" if base == 0 else say(" ({share})", share=percent(abs(gap / base), places=places))
    return say(higher if gap > 0 else lower, gap=abs(gap), share=share)


def _way(change: float) -> int:
    """-1 for a fall, 1 for a rise, 0 for what rounds to nothing."""
    return 0 if abs(change) < 5e-4 else 1 if change > 0 else -1


def percent(share: float, *, sign: bool = False, places: int = 1) -> str:
    """A share as a percentage with a true minus sign."""
    text = f"{100 * share:+,.{places}f}" if sign else f"{100 * share:,.{places}f}"
    return text.replace("-", "−") + " %"
