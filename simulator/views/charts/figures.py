"""The figures of a batch: energy, trading volume, carbon price and emissions by year, price by period.

References
----------
The first four are those of the scenario comparison in Huo et al. (2026), S2 to S5 labelled as in its Table 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.language import in_a_row, mark, say, translate
from tanshi.simulator.results.bands import MIDDLE, ends, many_seeds, quantile
from tanshi.simulator.results.iamc import MODEL
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import CUMULATIVE, POWER_PRICE, REVENUE, cost_of
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.balances import BALANCES, draw_balances
from tanshi.simulator.views.charts.beside import beside_words, draw_beside, heights, known_beside
from tanshi.simulator.views.charts.printing import hold
from tanshi.simulator.views.vocabulary import modes_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class AnnualFigure:
    """What one figure by year shows."""

    name: str
    variable: str
    title: str
    unit: str
    from_zero: bool
    number: str


ANNUAL_FIGURES = (
    AnnualFigure(
        "energy", "Energy Consumption", mark("Total energy consumption"),
        mark("Mtce per year, statistical concept (exported power netted out)"), False, "{:,.1f}",
    ),
    AnnualFigure(
        "volume", "Carbon Market|Trading Volume", mark("Trading volume"),
        mark("Mt CO₂ per year, gross fills"), True, "{:,.2f}",
    ),
    AnnualFigure(
        "price", "Price|Carbon", mark("Carbon price"),
        mark("yuan of 2022 per t CO₂, volume-weighted mean of the year"), True, "{:,.1f}",
    ),
    AnnualFigure(
        "emissions", "Emissions|CO2", mark("CO₂ emissions"),
        mark("Mt CO₂ per year, territorial: combustion and process, exported power included"), False, "{:,.1f}",
    ),
)  # fmt: skip
MORE_FIGURES = (
    AnnualFigure(
        "gdp", "GDP|MER", mark("Gross domestic product"), mark("billion yuan of 2022, real"), False, "{:,.0f}",
    ),
    AnnualFigure(
        "cumulative", CUMULATIVE, mark("Cumulative CO₂ emissions"), mark("Mt CO₂ since the first year"), True,
        "{:,.0f}",
    ),
    AnnualFigure(
        "power_price", POWER_PRICE, mark("Price of electricity"),
        mark("yuan of 2022 per MWh, paid to power plants, carbon's cost in it"), False, "{:,.1f}",
    ),
    AnnualFigure(
        "cost", cost_of(), mark("Cost of carbon policy"),
        mark("million yuan of 2022, all sectors: allowances and offsets bought less sold, and abatement"), True,
        "{:,.0f}",
    ),
    AnnualFigure(
        "revenue", REVENUE, mark("Public revenue from the carbon market"),
        mark("million yuan of 2022, auctions and penalties"), True, "{:,.0f}",
    ),
)  # fmt: skip
"""Figures that a report and the dashboard have beside the first four."""
PRICE_PATH = "price_by_period"
PATH_TITLE = mark("Carbon price, period by period")
TITLES: dict[str, str] = {spec.name: spec.title for spec in (*ANNUAL_FIGURES, *MORE_FIGURES)} | {
    PRICE_PATH: PATH_TITLE
} | BALANCES  # fmt: skip
"""Name of every figure of several runs to its title in English."""
SEEDS = mark(" Line: median over the seeds, band: 5 to 95 %.")
FEW_SEEDS = mark(" Line: median over the seeds, band: lowest to highest.")


def draw_figures(
    results: Sequence[RunResult], *, source: str | None = None, whole: bool = False, reference: str | None = None
) -> dict[str, Figure]:
    """The figures of a batch by name; the price path is left out where no run has market periods.

    A scenario run with several seeds is drawn as the median over its seeds with a pale band (`bands.ends`).

    Parameters
    ----------
    whole
        Whether those of a report are drawn as well: GDP, costs, what things consist of.
    reference
        As `tanshi.simulator.views.table.reference_of`.
    """
    line = source if source is not None else source_line(results)
    told = {str(name) for result in results for name in result.annual["variable"].unique()}
    specs = (*ANNUAL_FIGURES, *(spec for spec in MORE_FIGURES if whole and spec.variable in told))
    out = {spec.name: annual_figure(results, spec, line) for spec in specs}
    if any(len(result.periods) for result in results):
        out[PRICE_PATH] = price_figure(results, line)
    return out | (draw_balances(results, line, reference) if whole else {})


def write_figures(
    results: Sequence[RunResult], folder: Path | str, *, source: str | None = None
) -> dict[str, tuple[Path, Path]]:
    """Draw and write all figures; name to the paths of its PNG and SVG.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    return {name: style.save(figure, folder, name) for name, figure in draw_figures(results, source=source).items()}


def source_line(results: Sequence[RunResult]) -> str:
    """Who computed the figure from what: model, its mode, economy and seeds."""
    return source_words([(result.parameters, result.seed) for result in results])


def source_words(runs: Sequence[tuple[Mapping[str, Any], int]]) -> str:
    """The same of the parameters and the seed of each run."""
    economies = sorted({str(parameters.get("economy", "shanxi_2022")) for parameters, _ in runs})
    seeds = sorted({seed for _, seed in runs})
    shown = in_a_row(map(str, seeds))
    if len(seeds) > 4:
        shown = say("{first} to {last} ({count} seeds)", first=seeds[0], last=seeds[-1], count=len(seeds))
    return say(
        "Source: {model} ({mode}), economy {economies}, seed {seeds}. Simulated, not observed.{several}",
        model=MODEL,
        mode=modes_words(parameters for parameters, _ in runs),
        economies=in_a_row(economies),
        seeds=shown,
        several=seeds_words(len(seeds)),
    )


def seeds_words(seeds: int) -> str:
    """What line and band are where a scenario has several seeds."""
    return "" if seeds < 2 else say(SEEDS if many_seeds(seeds) else FEW_SEEDS)


def annual_figure(results: Sequence[RunResult], spec: AnnualFigure, source: str) -> Figure:
    """One variable by year, a line for each scenario."""
    runs = {
        name: [result.series(spec.variable) for result in group if len(result.series(spec.variable))]
        for name, group in by_scenario(results).items()
    }
    curves, bands = _curves({name: [_years(s) for s in group] for name, group in runs.items() if group})
    known = known_beside(results, spec.variable, [float(x) for curve in curves.values() for x in curve[0]])
    figure, axes = _frame(results, translate(spec.title), translate(spec.unit), beside_words(source, known), curves)
    _limits(axes, curves, bands, spec.from_zero, heights(known))
    _draw(axes, curves, bands, 1, spec.number)
    draw_beside(axes, known)
    hold(figure, _numbers(curves, bands, "year"))
    return figure


def _numbers(
    curves: Mapping[str, style.Curve], bands: Mapping[str, tuple[NDArray[np.float64], ...]], across: str
) -> pd.DataFrame:
    """Every line's points, with the ends of its band."""
    rows = []
    for name, (x, y) in curves.items():
        _, low, high = bands.get(name, (x, y, y))
        rows.append(pd.DataFrame({"scenario": name, across: x, "median": y, "low": low, "high": high}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["scenario", across, "median"])


def price_figure(results: Sequence[RunResult], source: str) -> Figure:
    """The market price after every period, a line for each scenario."""
    paths = {
        name: [_path(result.periods) for result in group if len(result.periods)]
        for name, group in by_scenario(results).items()
    }
    curves, bands = _curves({name: group for name, group in paths.items() if group})
    figure, axes = _frame(
        results,
        translate(PATH_TITLE),
        say("yuan per t CO₂, price of each market period"),
        source,
        curves,
    )
    _limits(axes, curves, bands, True)
    if len(years := {int(x) for curve in curves.values() for x in curve[0]}) == 1:
        (only,) = years
        axes.set_xticks([only + 0.5], [str(only)])  # its beginning lies before the first period
    longest = max((len(x) for x, _ in curves.values()), default=1)
    _draw(axes, curves, bands, max(1, longest // 9), "{:,.1f}")
    hold(figure, _numbers(curves, bands, "time"))
    return figure


def by_scenario(results: Sequence[RunResult]) -> dict[str, list[RunResult]]:
    """The runs of each scenario, in the order given."""
    out: dict[str, list[RunResult]] = {}
    for result in results:
        out.setdefault(result.scenario, []).append(result)
    return out


def _years(series: pd.Series[float]) -> style.Curve:
    return np.asarray(series.index, dtype=np.float64), np.asarray(series, dtype=np.float64)


def _path(periods: pd.DataFrame) -> style.Curve:
    # Period p of P in a year stands at its middle, whether periods count from 0 or from 1.
    ordered = periods.sort_values(["year", "period"], kind="stable")
    within = ordered.groupby("year").cumcount().to_numpy(float)
    many = ordered.groupby("year")["period"].transform("size").to_numpy(float)
    return ordered["year"].to_numpy(float) + (within + 0.5) / many, ordered["price"].to_numpy(float)


def _curves(
    runs: Mapping[str, Sequence[style.Curve]],
) -> tuple[dict[str, style.Curve], dict[str, tuple[NDArray[np.float64], ...]]]:
    """Median over seeds, and where there are several the band; longer runs are cut to the shortest."""
    curves: dict[str, style.Curve] = {}
    bands: dict[str, tuple[NDArray[np.float64], ...]] = {}
    for name, group in runs.items():
        shortest = min(len(x) for x, _ in group)
        x = group[0][0][:shortest]
        values = np.array([y[:shortest] for _, y in group])
        curves[name] = (x, quantile(values, MIDDLE))
        if len(group) > 1:
            low, high = ends(len(group))
            bands[name] = (x, quantile(values, low), quantile(values, high))
    return curves, bands


def place(results: Iterable[RunResult]) -> str:
    """The regions of the results, in words."""
    regions = {str(region): None for result in results for region in result.annual["region"].unique()}
    return in_a_row(translate(region.split("|")[-1]) for region in regions) or say("no region")


def heading(what: str, result: RunResult, year: int, period: int | None = None) -> str:
    """Title of a figure about one run's year, or about one period of it."""
    words = {"what": what, "place": place([result]), "scenario": result.scenario, "year": year}
    if period is None:
        return say("{what}, {place}, {scenario}, {year}", **words)
    return say("{what}, {place}, {scenario}, {year}, period {period}", **words, period=period)


def _frame(
    results: Sequence[RunResult], title: str, unit: str, source: str, curves: Mapping[str, style.Curve]
) -> tuple[Figure, Axes]:
    titles = {name: translate(group[0].title) for name, group in by_scenario(results).items() if name in curves}
    years = [int(x) for curve in curves.values() for x in (curve[0][0], curve[0][-1])]
    ends = sorted({min(years), max(years)}) if years else []
    head = say("{title}, {place}", title=title, place=place(results))
    if ends:
        head = say("{title}, {years}", title=head, years="–".join(map(str, ends)))
    figure, axes = style.frame(
        head,
        unit,
        source,
        legend_rows=style.legend_lines(len(titles)),
    )
    style.legend(figure, titles, source=source)
    if years and max(years) - min(years) < 3:  # else the years would be divided
        axes.set_xticks(range(min(years), max(years) + 1))
    else:
        axes.locator_params(axis="x", integer=True, nbins=max(3, int(1.25 * figure.get_figwidth())))
    return figure, axes


def _limits(
    axes: Axes,
    curves: Mapping[str, style.Curve],
    bands: Mapping[str, tuple[NDArray[np.float64], ...]],
    from_zero: bool,
    beside: Sequence[NDArray[np.float64]] = (),
) -> None:
    values = [y for _, y in curves.values()] + [y for band in bands.values() for y in band[1:]] + list(beside)
    low, high = (
        min((float(y.min()) for y in values), default=0.0),
        max((float(y.max()) for y in values), default=1.0),
    )
    margin = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_ylim(min(0.0, low) if from_zero else low - margin, high + margin)
    ends = [float(x) for curve in curves.values() for x in (curve[0][0], curve[0][-1])]
    pad = 0.015 * (max(ends) - min(ends)) or 0.5
    axes.set_xlim(min(ends) - pad, max(ends) + pad)


def _draw(
    axes: Axes,
    curves: Mapping[str, style.Curve],
    bands: Mapping[str, tuple[NDArray[np.float64], ...]],
    every: int,
    number: str,
) -> None:
    appearance = style.looks(list(curves))
    for name, (x, low, high) in bands.items():
        axes.fill_between(x, low, high, color=appearance[name].colour, alpha=0.15, linewidth=0)
    style.draw(axes, curves, every=every, number=number)
