"""Figures of what things consist of: emissions by sector, power by kind, cap and bank, costs, who gains, fans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tanshi.language import mark, say, translate
from tanshi.simulator.results.bands import HIGH, LOW, MIDDLE, annual_band, many_seeds, quantile
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import (
    BANK,
    CAP,
    COVERED,
    GENERATION,
    KINDS,
    YIELD,
    YIELDS,
    cost_of,
    emissions_of,
    with_firms,
    yield_of,
)
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.printing import hold, printing
from tanshi.simulator.views.sectors import SECTOR_COLOURS, sector_name
from tanshi.simulator.views.table import reference_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 4
"""Scenarios that stand side by side."""
KIND_COLOURS = {"Coal": "#444444", "Gas": "#E69F00", "Non-Fossil": "#009E73"}
KIND_NAMES = {"Coal": mark("coal"), "Gas": mark("gas"), "Non-Fossil": mark("non-fossil")}
YIELD_COLOURS = {"Households": "#0072B2", "Leisure": "#56B4E9", "Government": "#D55E00", "Saving": "#E69F00"}
YIELD_NAMES = {
    "Households": mark("households' consumption"), "Leisure": mark("leisure"),
    "Government": mark("government's consumption"), "Saving": mark("saving and investment"),
}  # fmt: skip
BALANCES = {
    "emissions_by_sector": mark("CO₂ emissions by sector"),
    "generation": mark("Power generation by kind"),
    "cap_and_bank": mark("Cap, emissions and bank"),
    "cost_by_sector": mark("Cost of carbon policy by sector"),
    "incidence": mark("Who gains and who loses"),
    "price_fan": mark("Carbon price over the seeds"),
}
"""Figures of this room by name."""


def most() -> int:
    """Scenarios that have room side by side."""
    return max(1, min(MOST, int(printing().inches[0] / 1.8)))


Wide = Mapping[str, pd.DataFrame]
"""Scenario to its medians, a row a year and a column a variable."""


@dataclass(frozen=True)
class Part:
    """One layer of a stack: its name, its colour, and its values by year."""

    name: str
    colour: str
    values: pd.Series[float]


def draw_balances(results: Sequence[RunResult], source: str, reference: str | None = None) -> dict[str, Figure]:
    """All of these figures that the runs allow, by name.

    Parameters
    ----------
    reference
        As `tanshi.simulator.views.table.reference_of`.
    """
    groups: dict[str, list[RunResult]] = {}
    for result in results:
        groups.setdefault(result.scenario, []).append(result)
    wide = {
        name: annual_band(group, MIDDLE).set_index(["year", "variable"])["value"].unstack("variable")
        for name, group in groups.items()
    }
    if not wide or any(GENERATION not in table for table in wide.values()):
        return {}  # runs of an earlier version do not tell
    out = {"emissions_by_sector": emissions_figure(wide, source), "generation": generation_figure(wide, source)}
    out["cap_and_bank"] = cap_figure(wide, source)
    out["cost_by_sector"] = cost_figure(wide, source)
    base = reference_of(list(wide), reference)
    if len(distinct(wide)) > 1:
        out["incidence"] = incidence_figure(wide, base, source)
    if any(len(group) > 1 for group in groups.values()):
        out["price_fan"] = fan_figure(groups, source)
    return out


def distinct(wide: Wide) -> dict[str, pd.DataFrame]:
    """Scenarios that differ, under a name that says which are equal: ``S1 = S2``; the first ones, as many as fit."""
    names: dict[str, list[str]] = {}
    for name, table in wide.items():
        for first, same in names.items():
            other = wide[first]
            if table.shape == other.shape and np.allclose(table.to_numpy(float), other.to_numpy(float), rtol=1e-9):
                same.append(name)
                break
        else:
            names[name] = [name]
    found = {" = ".join(same): wide[first] for first, same in names.items()}
    return dict(list(found.items())[-most() :])


def emissions_figure(wide: Wide, source: str) -> Figure:
    """Emissions stacked by sector, a panel a scenario."""

    def parts(table: pd.DataFrame) -> list[Part]:
        own = [Part(sector_name(c), SECTOR_COLOURS[c], table[emissions_of(c)]) for c in with_firms(table.columns)]
        rest = table["Emissions|CO2"] - sum(part.values for part in own)
        return [*own, Part(say("other sectors and households"), style.PALE, rest)]

    unit = say("Mt CO₂ per year, territorial: combustion and process")
    return _stacked(wide, translate(BALANCES["emissions_by_sector"]), unit, source, parts)


def generation_figure(wide: Wide, source: str) -> Figure:
    """Generation by kind of plant, a panel a scenario."""

    def parts(table: pd.DataFrame) -> list[Part]:
        return [Part(translate(KIND_NAMES[k]), KIND_COLOURS[k], table[f"{GENERATION}|{k}"]) for k in KINDS]

    unit = say("TWh per year, generated in the province")
    return _stacked(wide, translate(BALANCES["generation"]), unit, source, parts)


def _stacked(wide: Wide, title: str, unit: str, source: str, parts: Any) -> Figure:
    shown = distinct(wide)
    layers = parts(next(iter(shown.values())))
    figure, axes = style.panels(len(shown), title, unit, source, **_room(len(layers)))
    rows: list[pd.DataFrame] = []
    top = max(float(table.abs().sum(axis=1).max()) for table in (_frame(parts(t)) for t in shown.values()))
    for axis, (name, table) in zip(axes, shown.items(), strict=True):
        layers = parts(table)
        years = table.index.to_numpy(float)
        axis.stackplot(
            years, [part.values.to_numpy(float) for part in layers], colors=[part.colour for part in layers],
            labels=[part.name for part in layers], linewidth=0.3, edgecolor="white",
        )  # fmt: skip
        _panel(axis, name, years)
        axis.set_ylim(0.0, 1.04 * top)
        rows += [
            pd.DataFrame({"scenario": name, "part": p.name, "year": table.index, "value": p.values}) for p in layers
        ]
    _below(figure, axes[0])
    hold(figure, pd.concat(rows, ignore_index=True))
    return figure


def _room(labels: int, *, titled: bool = True) -> dict[str, float]:
    """Where the panels stand: below title and names of panels, above a legend of so many labels."""
    wide, tall = printing().inches
    lines = -(-labels // _columns(labels)) if labels else 0
    bottom = 0.42 + 0.17 * lines + (0.3 if printing().source else 0.12)
    top = (0.95 if titled else 0.8) - (0.0 if printing().title else 0.27) + (0.16 if wide < style.NARROW else 0.0)
    return {"bottom": bottom / tall, "height": 1.0 - (bottom + top) / tall, "left": 0.6 / wide, "gap": 0.5 / wide}


def _columns(labels: int) -> int:
    return max(1, min(labels, int(printing().inches[0] / 1.9)))


def _frame(parts: Sequence[Part]) -> pd.DataFrame:
    return pd.concat([part.values for part in parts], axis=1)


def _panel(axis: Axes, name: str, years: Any) -> None:
    axis.set_title(name, fontsize=10.5, loc="left")
    first, last = int(years[0]), int(years[-1])
    axis.set_xlim(first, last if last > first else first + 1)
    axis.set_xticks(sorted({first, last} | ({(first + last) // 2} if last - first > 3 else set())))


def _below(figure: Figure, axis: Axes) -> None:
    """What the colours are, below all panels, in as many columns as there is room for."""
    handles, labels = axis.get_legend_handles_labels()
    style.legend_rows(figure, handles, labels, _columns(len(labels)))


def cap_figure(wide: Wide, source: str) -> Figure:
    """Allowances of the year, emissions of those who trade, and what is banked, a panel a scenario."""
    shown = distinct(wide)
    unit = say("Mt CO₂: allowances and emissions of the year, bank at its end")
    figure, axes = style.panels(len(shown), translate(BALANCES["cap_and_bank"]), unit, source, **_room(3))
    rows = []
    top = max(float(table[[CAP, COVERED, BANK]].max().max()) for table in shown.values())
    for axis, (name, table) in zip(axes, shown.items(), strict=True):
        years = table.index.to_numpy(float)
        axis.bar(years, table[BANK], width=0.6, color="#E69F00", label=say("bank"))
        axis.plot(years, table[CAP], color=style.INK, linestyle="--", linewidth=1.6, label=say("allowances"))
        axis.plot(years, table[COVERED], color="#0072B2", linewidth=1.8, marker="o", markersize=3.5,
                  label=say("emissions of sectors that trade"))  # fmt: skip
        _panel(axis, name, years)
        axis.set_xlim(years[0] - 0.5, years[-1] + 0.5)
        axis.set_ylim(0.0, 1.06 * top)
        rows.append(table[[CAP, COVERED, BANK]].reset_index().assign(scenario=name))
    _below(figure, axes[0])
    hold(figure, pd.concat(rows, ignore_index=True))
    return figure


def cost_figure(wide: Wide, source: str) -> Figure:
    """What carbon policy costs each sector in the last year, a bar a scenario."""
    shown = distinct(wide)
    last = max(int(table.index.max()) for table in shown.values())
    title = say("{title}, {years}", title=translate(BALANCES["cost_by_sector"]), years=last)
    unit = say("million yuan of 2022: allowances and offsets bought less sold, and abatement")
    room = _room(len(shown), titled=False) | {"left": 1.75 / printing().inches[0], "gap": 0.0}
    figure, (axis,) = style.panels(1, title, unit, source, **room)
    looks, step = style.looks(list(wide)), 0.8 / len(shown)
    codes = with_firms({name for table in shown.values() for name in table.columns})
    rows = []
    for place, (name, table) in enumerate(shown.items()):
        values = [float(table[cost_of(code)].iloc[-1]) if cost_of(code) in table else 0.0 for code in codes]
        at = np.arange(len(codes)) + step * (place - (len(shown) - 1) / 2)
        axis.barh(at, values, height=0.9 * step, color=looks[name.split(" = ")[0]].colour, label=name)
        rows += [{"scenario": name, "sector": c, "value": v} for c, v in zip(codes, values, strict=True)]
    axis.set_yticks(range(len(codes)), [sector_name(code) for code in codes])
    axis.invert_yaxis()
    axis.axvline(0.0, color=style.GREY, linewidth=0.8)
    axis.xaxis.set_major_formatter("{x:,.0f}")
    _below(figure, axis)
    hold(figure, pd.DataFrame(rows))
    return figure


def incidence_figure(wide: Wide, reference: str, source: str) -> Figure:
    """Change of what the last year yields, by whose it is, against the reference."""
    base = wide[reference]
    shown = {name: table for name, table in distinct(wide).items() if reference not in name.split(" = ")}
    last = int(base.index.max())
    title = say("{title}, {years}", title=translate(BALANCES["incidence"]), years=last)
    unit = say("billion yuan of 2022 against {name}: what the year yields, at 2022 prices", name=reference)
    kinds = [part for part in YIELDS if any(abs(float(t[yield_of(part)].iloc[-1])) > 0 for t in wide.values())]
    room = _room(len(kinds) + 1, titled=False) | {"left": 1.2 / printing().inches[0], "gap": 0.0}
    figure, (axis,) = style.panels(1, title, unit, source, **room)
    rows = []
    for place, (name, table) in enumerate(shown.items()):
        low = high = 0.0
        for part in kinds:
            change = float(table[yield_of(part)].iloc[-1] - base[yield_of(part)].iloc[-1])
            rows.append({"scenario": name, "part": part, "value": change})
            axis.barh(place, change, left=high if change >= 0 else low, height=0.55, color=YIELD_COLOURS[part],
                      label=translate(YIELD_NAMES[part]) if place == 0 else None)  # fmt: skip
            low, high = (low, high + change) if change >= 0 else (low + change, high)
        whole = float(table[YIELD].iloc[-1] - base[YIELD].iloc[-1])
        axis.plot(whole, place, marker="D", color=style.INK, markeredgecolor="white", markersize=8, linestyle="none",
                  label=say("together") if place == 0 else None)  # fmt: skip
    axis.set_yticks(range(len(shown)), list(shown))
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.axvline(0.0, color=style.GREY, linewidth=0.8)
    _below(figure, axis)
    hold(figure, pd.DataFrame(rows))
    return figure


def fan_figure(groups: Mapping[str, Sequence[RunResult]], source: str) -> Figure:
    """The price by year over the seeds: median, and two bands; of few seeds every one as a line."""
    shown = {name: group for name, group in groups.items() if len(group) > 1}
    shown = dict(list(shown.items())[-most() :])
    title = translate(BALANCES["price_fan"])
    unit = say("yuan of 2022 per t CO₂; of 20 seeds and more half of them and nine tenths, of fewer each one")
    figure, axes = style.panels(len(shown), title, unit, source, **_room(0))
    looks, rows = style.looks(list(groups)), []
    for axis, (name, group) in zip(axes, shown.items(), strict=True):
        prices = pd.concat([run.series("Price|Carbon") for run in group], axis=1)
        years, values, colour = prices.index.to_numpy(float), prices.to_numpy(float).T, looks[name].colour
        if many_seeds(len(group)):
            for low, high in ((LOW, HIGH), (0.25, 0.75)):
                axis.fill_between(years, quantile(values, low), quantile(values, high), color=colour, alpha=0.2, lw=0)
        else:
            axis.plot(years, values.T, color=colour, linewidth=0.7, alpha=0.5)
        axis.plot(years, quantile(values, MIDDLE), color=colour, linewidth=2.0)
        _panel(axis, say("{name}, {count} seeds", name=name, count=len(group)), years)
        ends = (0.0, LOW, 0.25, MIDDLE, 0.75, HIGH, 1.0)
        told = {f"quantile {at:g}": quantile(values, at) for at in ends}
        rows.append(pd.DataFrame({"scenario": name, "year": prices.index, **told}))
    low, high = min(axis.get_ylim()[0] for axis in axes), max(axis.get_ylim()[1] for axis in axes)
    for axis in axes:
        axis.set_ylim(min(low, 0.0) if low < 0.3 * high else low, high)
    hold(figure, pd.concat(rows, ignore_index=True))
    return figure
