"""A batch in plain words: what each scenario did, every number computed from its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import FIRM_SECTORS, SECTORS
from tanshi.simulator.views.table import Summary, summarise

PETROCHEMICALS = ("COKE", "CHEM")


def sentences(results: Sequence[RunResult]) -> dict[str, list[str]]:
    """Scenario to the sentences about it."""
    return {summary.scenario: _about(summary) for summary in summarise(results)}


def plain_words(results: Sequence[RunResult], failed: Mapping[str, str] | None = None) -> str:
    """The sentences as paragraphs, one a scenario, runs that failed last."""
    paragraphs = [" ".join(lines) for lines in sentences(results).values()]
    paragraphs += [f"{name} failed and has no results: {error}" for name, error in (failed or {}).items()]
    return "\n\n".join(paragraphs)


def _about(s: Summary) -> list[str]:
    if s.reference is not None and s.equals_reference:
        return [f"{s.scenario}, {_title(s)}: {_equality(s, s.reference)}"]
    lines = [f"{s.scenario}, {_title(s)}: {_who(s)}.", _price(s), _emissions(s)]
    if s.reference is not None:
        lines.append(_against(s, s.reference))
    return lines


def _title(s: Summary) -> str:
    title = s.title.strip().rstrip(".")
    return title if s.seeds == 1 else f"{title} (median of {s.seeds} seeds)"


def _names(codes: Sequence[str]) -> str:
    """Sectors in words; coking and chemicals together are the petrochemicals of policy, which counts them as one."""
    known = {code: SECTORS[code].name.lower() if code in SECTORS else code for code in codes}
    if all(code in known for code in PETROCHEMICALS):
        first, *others = PETROCHEMICALS
        known[first] = f"petrochemicals ({', '.join(known[code] for code in PETROCHEMICALS)})"
        known = {code: name for code, name in known.items() if code not in others}
    names = list(known.values())
    if len(names) < 3:
        return " and ".join(names)
    return ", ".join(names[:-1]) + ", and " + names[-1]


def _with(s: Summary, status: str) -> list[str]:
    return [code for code in FIRM_SECTORS if s.coverage.get(code) == status]


def _who(s: Summary) -> str:
    trading, allocated = _with(s, "trading"), _with(s, "allocated")
    if not trading:
        text = "nobody trades allowances"
    elif s.auctions:
        text = f"firms in {_names(trading)} trade allowances"
    else:
        text = (
            f"one carbon price holds in {_names(trading)}; the equilibrium itself sets it, without firms and auctions"
        )
    if allocated:
        names = _names(allocated)
        firms, quotas = f"firms in {names} have free quotas that are", f"quotas in {names} are free and"
        text += f"; {firms if s.auctions else quotas} not traded"
    return text


def _equality(s: Summary, base: Summary) -> str:
    allocated = _with(s, "allocated")
    by_construction = allocated and _with(s, "trading") == _with(base, "trading") and not s.binding
    if s.policy_start is not None and s.policy_start == base.policy_start and s.last < s.policy_start:
        return f"every number equals that of {base.scenario}, by construction: the scenarios part in {s.policy_start}."
    if not by_construction:
        return f"every number equals that of {base.scenario}."
    return (
        f"every number equals that of {base.scenario}, by construction: the free quotas in"
        f" {_names(allocated)} bind nobody and are not traded."
    )


def _price(s: Summary) -> str:
    years = s.last - s.first
    if not years:
        return f"In {s.last} the carbon price is {s.price_last:,.1f} yuan/t{_traded(s)}."
    path = f"from {s.price_first:,.1f} yuan/t in {s.first} to {s.price_last:,.1f} in {s.last}"
    if s.middle not in (s.first, s.last):
        path = (
            f"from {s.price_first:,.1f} yuan/t in {s.first} via {s.price_middle:,.1f} in {s.middle}"
            f" to {s.price_last:,.1f} in {s.last}"
        )
    change = s.price_last / s.price_first - 1.0 if s.price_first > 0 else 0.0
    rate = ""
    if years > 0 and s.price_first > 0 and s.price_last > 0:
        rate = f" ({_percent((s.price_last / s.price_first) ** (1.0 / years) - 1.0, sign=True)} a year)"
    return f"The carbon price {_moves(change)} {path}{rate}{_traded(s)}."


def _traded(s: Summary) -> str:
    """What changed hands in the last year; without auctions, what sectors need of one another."""
    when = f" in {s.last}" if s.last > s.first else ""
    if not s.volume_last > 0:
        return f"; nothing is traded{when}" if s.auctions else ""
    return f"; {s.volume_last:,.2f} Mt {'change hands' if s.auctions else 'pass from sector to sector'}{when}"


def _emissions(s: Summary) -> str:
    if s.last == s.first:
        return f"Emissions are {s.emissions_last:,.1f} Mt, energy consumption is {s.energy_last:,.1f} Mtce."
    text = (
        f"Emissions {_move(s.emissions_change)} from {s.emissions_first:,.1f} Mt in {s.first}"
        f" to {s.emissions_last:,.1f} in {s.last} ({_percent(s.emissions_change, sign=True)})"
    )
    if s.still_rising:
        text += f" and have not peaked by {s.last}"
    elif s.peak_year == s.first:
        text += f" and are highest at the start, in {s.first}"
    else:
        text += f", with their peak of {s.peak:,.1f} Mt in {s.peak_year}"
    change = s.energy_last / s.energy_first - 1.0
    return (
        f"{text}; energy consumption {_moves(change)} from {s.energy_first:,.1f} to {s.energy_last:,.1f} Mtce"
        f" ({_percent(change, sign=True)})."
    )


def _against(s: Summary, base: Summary) -> str:
    parts = [
        _difference("the price", s.price_last, base.price_last, "yuan/t", 1),
        _difference("the traded volume", s.volume_last, base.volume_last, "Mt", 2),
        _difference("emissions", s.emissions_last, base.emissions_last, "Mt", 1, verb="are"),
        _difference("energy consumption", s.energy_last, base.energy_last, "Mtce", 1),
        _difference("GDP", s.gdp_last, base.gdp_last, "billion yuan", 1, places=2),
    ]
    return f"Against {base.scenario} in {s.last}: " + "; ".join(parts) + "."


def _difference(
    what: str, value: float, base: float, unit: str, digits: int, *, places: int = 1, verb: str = "is"
) -> str:
    gap = value - base
    if abs(gap) < 0.5 * 10.0**-digits:
        return f"{what} {verb} the same"
    share = "" if base == 0 else f" ({_percent(abs(gap / base), places=places)})"
    return f"{what} {verb} {abs(gap):,.{digits}f} {unit}{share} {'higher' if gap > 0 else 'lower'}"


def _moves(change: float) -> str:
    return "hardly moves," if abs(change) < 5e-4 else "rises" if change > 0 else "falls"


def _move(change: float) -> str:
    return "hardly move," if abs(change) < 5e-4 else "rise" if change > 0 else "fall"


def _percent(share: float, *, sign: bool = False, places: int = 1) -> str:
    text = f"{100 * share:+,.{places}f}" if sign else f"{100 * share:,.{places}f}"
    return text.replace("-", "−") + " %"
