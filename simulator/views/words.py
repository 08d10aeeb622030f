"""A batch in plain words: what each scenario did, every number computed from its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tanshi.language import listed, mark, say, spoken, translate
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import FIRM_SECTORS
from tanshi.simulator.views.sectors import sector_name
from tanshi.simulator.views.table import Summary, summarise

PETROCHEMICALS = ("COKE", "CHEM")


def sentences(results: Sequence[RunResult], reference: str | None = None) -> dict[str, list[str]]:
    """Scenario to the sentences about it, beside a reference as `tanshi.simulator.views.table.summarise` takes it."""
    return {summary.scenario: _about(summary) for summary in summarise(results, reference)}


def plain_words(
    results: Sequence[RunResult], failed: Mapping[str, str] | None = None, reference: str | None = None
) -> str:
    """The sentences as paragraphs, one a scenario, runs that failed last."""
    paragraphs = [joined(lines) for lines in sentences(results, reference).values()]
    paragraphs += [failure(name, error) for name, error in (failed or {}).items()]
    return "\n\n".join(paragraphs)


def joined(lines: Sequence[str]) -> str:
    """Sentences as one paragraph."""
    return ("" if spoken() == "zh" else " ").join(lines)


def failure(name: str, error: str) -> str:
    """What is said of a run that failed."""
    return say("{name} failed and has no results: {error}", name=name, error=error)


def _about(s: Summary) -> list[str]:
    if s.reference is not None and s.equals_reference:
        return [
            say("{scenario}, {title}: {what}", scenario=s.scenario, title=_title(s), what=_equality(s, s.reference))
        ]
    lines = [say("{scenario}, {title}: {what}.", scenario=s.scenario, title=_title(s), what=_who(s))]
    lines += [_price(s), _emissions(s)]
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
    return [code for code in FIRM_SECTORS if s.coverage.get(code) == status]


def _who(s: Summary) -> str:
    later = {code: year for code, year in s.since.items() if s.policy_start is not None and year > s.policy_start}
    trading, allocated = [code for code in _with(s, "trading") if code not in later], _with(s, "allocated")
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
    for year in sorted(set(later.values())):
        entering = [code for code, first in later.items() if first == year]
        text += say("; {sectors} trade from {year} on", sectors=_names(entering), year=year)
    if s.taxed:
        text += say("; emissions are taxed")
    return text


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
    told = ("；" if spoken() == "zh" else "; ").join(parts)
    return say("Against {base} in {year}: {differences}.", base=base.scenario, year=s.last, differences=told)


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
