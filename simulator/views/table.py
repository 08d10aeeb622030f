"""The batch in one table: what each scenario came to, a row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.language import say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.results import bands
from tanshi.simulator.results.tables import TOGETHER, RunResult
from tanshi.simulator.results.timetable import Timetable, timetable
from tanshi.simulator.results.variables import COMPARISONS, REFERENCE, YIELD

if TYPE_CHECKING:
    from rich.table import Table

PRICE, VOLUME = "Price|Carbon", "Carbon Market|Trading Volume"
EMISSIONS, ENERGY, GDP = "Emissions|CO2", "Energy Consumption", "GDP|MER"
MIDDLE = 2025


@dataclass(frozen=True)
class Summary:
    """What a scenario came to; the median over its seeds where there are several.

    Prices are in yuan of 2022 per t, volumes and emissions in Mt CO2 a year, energy in Mtce a year, money
    in billion yuan of 2022. What compares with the reference scenario is None where the batch does not hold
    it. ``auctions`` says whether firms trade, rather than the equilibrium setting the price itself.
    """

    scenario: str
    title: str
    coverage: dict[str, str]
    binding: bool
    auctions: bool
    policy_start: int | None
    seeds: int
    first: int
    middle: int
    last: int
    price_first: float
    price_middle: float
    price_last: float
    volume_last: float
    emissions_first: float
    emissions_last: float
    peak_year: int
    peak: float
    energy_first: float
    energy_last: float
    gdp_last: float
    reference: Summary | None = None
    welfare: float | None = None
    equals_reference: bool = False
    by_seed: tuple[Summary, ...] = ()
    timetable: Timetable | None = None
    taxed: bool = False

    @property
    def still_rising(self) -> bool:
        """Whether emissions are highest in the last year, so that no peak has been seen."""
        return self.peak_year == self.last and self.last > self.first

    @property
    def emissions_change(self) -> float:
        """Change of emissions from the first to the last year, a share."""
        return self.emissions_last / self.emissions_first - 1.0

    @property
    def gdp_loss(self) -> float | None:
        """Loss of GDP against the reference in the last year, a share of the reference's."""
        return None if self.reference is None else 1.0 - self.gdp_last / self.reference.gdp_last


def reference_of(names: Sequence[str], asked: str | None = None) -> str:
    """The scenario beside which the others are laid.

    Parameters
    ----------
    names
        Scenarios at hand, in their order.
    asked
        The one that is wanted; by default S1, or the first where S1 is not among them.

    Raises
    ------
    UserError
        Where the one that is wanted is not among them.
    """
    if asked is None:
        return REFERENCE if REFERENCE in names or not names else names[0]
    if asked not in names:
        problem = Problem(Message("one of {names}", names=", ".join(names)), asked, "--reference")
        raise UserError("The reference is not among the scenarios.", [problem])
    return asked


def summarise(results: Sequence[RunResult], reference: str | None = None) -> list[Summary]:
    """One summary a scenario, in the order given.

    Parameters
    ----------
    reference
        As `reference_of`.
    """
    groups: dict[str, list[RunResult]] = {}
    for result in results:
        groups.setdefault(result.scenario, []).append(result)
    reference = reference_of(list(groups), reference)
    medians = {name: _median(group) for name, group in groups.items()}
    beside = {name: _in_region(groups, name, reference) for name in groups}
    bases = {name: _summary(groups[name], medians[name]) for name in {*beside.values()}}
    out = [_summary(group, medians[name], bases[beside[name]], medians[beside[name]]) for name, group in groups.items()]
    if all(len(group) == 1 for group in groups.values()):
        return out
    seeds = {name: {result.seed: result for result in groups[name]} for name in bases}
    return [
        replace(s, by_seed=tuple(_seed(r, seeds[beside[s.scenario]].get(r.seed)) for r in groups[s.scenario]))
        if s.seeds > 1
        else s
        for s in out
    ]


def _in_region(groups: Mapping[str, Sequence[RunResult]], name: str, reference: str) -> str:
    """The scenario beside which one is laid: the reference; of one region of several the reference there, or itself."""
    region = groups[name][0].regions
    if TOGETHER not in groups[name][0].meta:
        return reference
    whole = reference.partition(": ")[0]
    for candidate in (reference, *groups):
        alike = candidate == reference or candidate.partition(": ")[0] == whole
        if alike and groups[candidate][0].regions == region:
            return candidate
    return name


def _seed(result: RunResult, base: RunResult | None) -> Summary:
    """One run against the reference of the same seed."""
    if base is None:
        return _summary([result], _median([result]))
    wide = _median([base])
    return _summary([result], _median([result]), _summary([base], wide), wide)


def _median(group: Sequence[RunResult]) -> pd.DataFrame:
    return bands.annual_band(group, bands.MIDDLE).set_index(["year", "variable"])["value"].unstack("variable")


def _summary(
    group: Sequence[RunResult],
    wide: pd.DataFrame,
    base: Summary | None = None,
    base_wide: pd.DataFrame | None = None,
) -> Summary:
    first, last = int(wide.index.min()), int(wide.index.max())
    middle = MIDDLE if first < MIDDLE < last else (first + last) // 2

    def at(variable: str, year: int) -> float:
        return float(wide.loc[year, variable])  # type: ignore[arg-type]

    emissions = wide[EMISSIONS]
    allocation = group[0].parameters.get("allocation") or {}
    market = group[0].parameters.get("market") or {}
    told = timetable(group[0].parameters, first, last)
    comparable = base_wide is not None and base is not None and base.last == last
    welfare = None
    if comparable and base_wide is not None and YIELD in wide and YIELD in base_wide:
        welfare = at(YIELD, last) - float(base_wide.loc[last, YIELD])  # type: ignore[arg-type]
    return Summary(
        scenario=group[0].scenario,
        title=group[0].title,
        coverage=told.strongest(),
        timetable=told,
        taxed=bool((group[0].parameters.get("carbon_tax") or {}).get("rate")),
        binding=bool(allocation.get("binding", False)),
        auctions=market.get("mode") != "equilibrium",
        policy_start=group[0].parameters.get("policy_start"),
        seeds=len(group),
        first=first,
        middle=middle,
        last=last,
        price_first=at(PRICE, first),
        price_middle=at(PRICE, middle),
        price_last=at(PRICE, last),
        volume_last=at(VOLUME, last),
        emissions_first=at(EMISSIONS, first),
        emissions_last=at(EMISSIONS, last),
        peak_year=int(emissions.index[int(np.argmax(emissions.to_numpy()))]),
        peak=float(emissions.max()),
        energy_first=at(ENERGY, first),
        energy_last=at(ENERGY, last),
        gdp_last=at(GDP, last),
        reference=base if comparable and base is not None and base.scenario != group[0].scenario else None,
        welfare=welfare,
        equals_reference=comparable and base_wide is not None and _equal(wide, base_wide),
    )


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    names = [name for name in one.columns if name not in COMPARISONS]
    if not one.index.equals(other.index) or any(name not in other.columns for name in names):
        return False
    return bool(np.allclose(one[names].to_numpy(float), other[names].to_numpy(float), rtol=1e-9, atol=1e-9))


@dataclass(frozen=True)
class Column:
    """A column of numbers: its head, its number of a summary (None: there is none), and the number as text.

    ``path`` says whether it tells of several years, and nothing of one.
    """

    head: str
    value: Callable[[Summary], float | None]
    said: Callable[[float], str]
    path: bool = False


def _columns(summaries: Sequence[Summary]) -> list[Column]:
    """The columns of some summaries; runs of a single year have no change, no peak and one column a quantity."""
    one = summaries[0]
    base = next((s.reference.scenario for s in summaries if s.reference is not None), None)
    single = all(s.first == s.last for s in summaries)
    whole = [
        Column(say("Price\n{year}\nyuan/t", year=one.middle), lambda s: s.price_middle, _plain(1)),
        Column(say("Price\n{year}\nyuan/t", year=one.last), lambda s: s.price_last, _plain(1)),
        Column(say("Volume\n{year}\nMt", year=one.last), lambda s: s.volume_last, _plain(2)),
        Column(say("CO₂\n{year}\nMt", year=one.first), lambda s: s.emissions_first, _plain(1)),
        Column(say("CO₂\n{year}\nMt", year=one.last), lambda s: s.emissions_last, _plain(1)),
        Column(say("CO₂\nchange\n%"), lambda s: 100 * s.emissions_change, lambda v: signed(v, 1), path=True),
        Column(say("CO₂\npeak\nyear"), lambda s: s.peak_year, lambda year: _peak(year, one), path=True),
        Column(say("Energy\n{year}\nMtce", year=one.last), lambda s: s.energy_last, _plain(1)),
        Column(say("GDP\n{year}\nbn yuan", year=one.last), lambda s: s.gdp_last, _plain(1))
        if base is None
        else Column(
            say("GDP\n{year}\n% to {base}", year=one.last, base=_short(base)),
            lambda s: None if s.gdp_loss is None else -100 * s.gdp_loss,
            lambda v: signed(v, 2),
        ),
    ]
    found = {column.head: column for column in reversed(whole) if not (single and column.path)}
    return [found[head] for head in dict.fromkeys(column.head for column in whole) if head in found]


def _short(name: str, most: int = 12) -> str:
    """A scenario's name cut to what the head of a column holds."""
    return name if len(name) <= most else name[: most - 1] + "…"


def _plain(digits: int) -> Callable[[float], str]:
    return lambda value: f"{value:,.{digits}f}"


def _peak(year: float, run: Summary) -> str:
    """The year of the peak; the last year of a run is none, since it may yet rise."""
    return f">{run.last}" if round(year) >= run.last > run.first else f"{year:.0f}"


def columns(summaries: Sequence[Summary]) -> list[str]:
    """Heads of the table's columns; the years are those of the batch."""
    return [say("Scenario"), *(column.head for column in _columns(summaries))]


def rows(summaries: Sequence[Summary]) -> list[list[str]]:
    """The table as text: a row a scenario, below it the ends of its band where it has several seeds."""
    return [row for summary in summaries for row in (_row(summaries, summary), *_band(summaries, summary))]


def _row(summaries: Sequence[Summary], summary: Summary) -> list[str]:
    return [summary.scenario, *(_cell(column, column.value(summary)) for column in _columns(summaries))]


def _band(summaries: Sequence[Summary], summary: Summary) -> list[list[str]]:
    def over(column: Column, at: float) -> float | None:
        found = [value for s in summary.by_seed if (value := column.value(s)) is not None]
        return float(bands.quantile(found, at)) if found else None

    if not summary.by_seed:
        return []
    return [
        [head, *(_cell(column, over(column, at)) for column in _columns(summaries))]
        for at, head in zip(bands.ends(summary.seeds), _ends(summary.seeds), strict=True)
    ]


def _ends(seeds: int) -> tuple[str, str]:
    """Heads of the rows of a band: percentiles, or of few seeds the lowest and the highest."""
    return ("  5 %", " 95 %") if bands.many_seeds(seeds) else (say("  lowest"), say("  highest"))


def _cell(column: Column, value: float | None) -> str:
    return "–" if value is None else column.said(value)


def remark(summaries: Sequence[Summary]) -> str:
    """What a reader must know of the table's marks; empty where it has none."""
    marks = sorted({cell for row in rows(summaries) for cell in row if cell.startswith(">")})
    if not marks:
        return ""
    return say(
        "{marks} as the year of the peak: emissions are highest in the run's last year.", marks=say(" or ").join(marks)
    )


def signed(value: float, digits: int) -> str:
    """A number with its sign, and no sign where it rounds to nothing."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if not any(c in "123456789" for c in text) else text.replace("-", "−")


def terminal_table(results: Sequence[RunResult], reference: str | None = None) -> Table:
    """The table for a terminal; fits into 80 columns."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table

    summaries = summarise(results, reference)
    said = remark(summaries) if summaries else ""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, padding=(0, 1),
        caption=f"{said}\n" if said else None, caption_justify="left",
    )  # fmt: skip
    if summaries:
        heads, body = columns(summaries), rows(summaries)
        table.add_column(heads[0], overflow="fold")  # a long name takes two lines rather than a number's last digits
        for head, *cells in zip(heads[1:], *(row[1:] for row in body), strict=True):
            width = max(map(cell_len, (*head.splitlines(), *cells)))
            table.add_column(head, justify="right", no_wrap=True, min_width=width)
        for row in body:
            table.add_row(*row, style="dim" if row[0].startswith(" ") else None)
    return table
