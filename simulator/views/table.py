"""The batch in one table: what each scenario came to, a row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from simulator import bands
from simulator.results import RunResult
from simulator.variables import COMPARISONS, MONEY_METRIC, REFERENCE

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
    it.
    """

    scenario: str
    title: str
    coverage: dict[str, str]
    binding: bool
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


def summarise(results: Sequence[RunResult], reference: str = REFERENCE) -> list[Summary]:
    """One summary a scenario, in the order given."""
    groups: dict[str, list[RunResult]] = {}
    for result in results:
        groups.setdefault(result.scenario, []).append(result)
    medians = {name: _median(group) for name, group in groups.items()}
    base = _summary(groups[reference], medians[reference]) if reference in groups else None
    out = [_summary(group, medians[name], base, medians.get(reference)) for name, group in groups.items()]
    if all(len(group) == 1 for group in groups.values()):
        return out
    bases = {result.seed: result for result in groups.get(reference, [])}
    return [
        replace(s, by_seed=tuple(_seed(r, bases.get(r.seed)) for r in groups[s.scenario])) if s.seeds > 1 else s
        for s in out
    ]


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
    comparable = base_wide is not None and base is not None and base.last == last
    welfare = None
    if comparable and base_wide is not None and MONEY_METRIC in wide and MONEY_METRIC in base_wide:
        welfare = at(MONEY_METRIC, last) - float(base_wide.loc[last, MONEY_METRIC])  # type: ignore[arg-type]
    return Summary(
        scenario=group[0].scenario,
        title=group[0].title,
        coverage=group[0].coverage,
        binding=bool(allocation.get("binding", False)),
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


def columns(summaries: Sequence[Summary]) -> list[str]:
    """Heads of the table's columns; the years are those of the batch."""
    one = summaries[0]
    return [
        "Scenario",
        f"Price\n{one.middle}\nyuan/t",
        f"Price\n{one.last}\nyuan/t",
        f"Volume\n{one.last}\nMt",
        f"CO₂\n{one.first}\nMt",
        f"CO₂\n{one.last}\nMt",
        "CO₂\nchange\n%",
        "CO₂\npeak\nyear",
        f"Energy\n{one.last}\nMtce",
        f"GDP\n{one.last}\n% to {REFERENCE}",
    ]


def cells(summary: Summary) -> list[str]:
    """One row of the table as text."""
    s = summary
    loss = s.gdp_loss
    return [
        s.scenario,
        f"{s.price_middle:,.1f}",
        f"{s.price_last:,.1f}",
        f"{s.volume_last:,.2f}",
        f"{s.emissions_first:,.1f}",
        f"{s.emissions_last:,.1f}",
        signed(100 * s.emissions_change, 1),
        f">{s.last}" if s.still_rising else str(s.peak_year),
        f"{s.energy_last:,.1f}",
        "–" if loss is None else signed(-100 * loss, 2),
    ]


def band_cells(summary: Summary) -> list[list[str]]:
    """Rows of the 5th and 95th percentile of every number over the seeds; none where there is one seed."""
    if not summary.by_seed:
        return []
    out = []
    for at, head in ((bands.LOW, "  5 %"), (bands.HIGH, " 95 %")):

        def over(number: Callable[[Summary], float | None], at: float = at) -> float:
            found = [value for s in summary.by_seed if (value := number(s)) is not None]
            return float(bands.quantile(found, at)) if found else float("nan")

        loss = over(lambda s: s.gdp_loss)
        out.append(
            [
                head,
                f"{over(lambda s: s.price_middle):,.1f}",
                f"{over(lambda s: s.price_last):,.1f}",
                f"{over(lambda s: s.volume_last):,.2f}",
                f"{over(lambda s: s.emissions_first):,.1f}",
                f"{over(lambda s: s.emissions_last):,.1f}",
                signed(100 * over(lambda s: s.emissions_change), 1),
                f"{over(lambda s: s.peak_year):.0f}",
                f"{over(lambda s: s.energy_last):,.1f}",
                "–" if loss != loss else signed(-100 * loss, 2),
            ]
        )
    return out


def signed(value: float, digits: int) -> str:
    """A number with its sign, and no sign where it rounds to nothing."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if not any(c in "123456789" for c in text) else text.replace("-", "−")


def terminal_table(results: Sequence[RunResult]) -> Table:
    """The table for a terminal; fits into 80 columns."""
    from rich import box
    from rich.table import Table

    summaries = summarise(results)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, padding=(0, 1))
    if summaries:
        for n, head in enumerate(columns(summaries)):
            table.add_column(head, justify="left" if n == 0 else "right", no_wrap=True)
        for summary in summaries:
            table.add_row(*cells(summary))
            for row in band_cells(summary):
                table.add_row(*row, style="dim")
    return table
