"""The page's part about the two readings of the network's series as the economy's input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from tanshi.language import mark, say, translate
from tanshi.simulator.studies.learning.readings import VARIABLES, Readings
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.words import markdown_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SOURCE = mark("Source: Tanshi. Runs of one seed; the network learnt from the simulator, it is no evidence.")
_WORDS = {
    "Price|Carbon": mark("Price, yuan/t CO₂"),
    "Emissions|CO2": mark("Emissions, Mt CO₂/yr"),
    "GDP|MER": mark("GDP, billion yuan/yr"),
}
_STATE, _NONE, _ALONE, _OWN = "state", "no drift", "equilibrium alone", "trajectories, price x 1"
_STARTED = "trajectories, price x "
_READINGS = {
    _STATE: mark("state"), _NONE: mark("no drift"), _ALONE: mark("equilibrium alone"),
    f"{_ALONE}, trajectories": mark("equilibrium alone, trajectories"),
}  # fmt: skip
_DIGITS = {"Price|Carbon": 1, "Emissions|CO2": 1, "GDP|MER": 0}


def readings_figure(found: Readings) -> Figure:
    """Price, emissions and GDP under both readings, against the run without drift, %."""
    scenarios = list(found.values["scenario"].unique())
    told = say("difference from the run without drift, %; solid: state; dashed: trajectories, thin from other prices")
    title = say("The network's series as the economy's input")
    figure, axes = style.panels(3, title, told, translate(_SOURCE), gap=0.07)
    looks = style.looks(scenarios)
    for axis, variable in zip(axes, VARIABLES, strict=True):
        for scenario in scenarios:
            wide = _wide(found, scenario, variable)
            for reading in wide.columns:
                if reading == _NONE or reading.startswith(_ALONE):
                    continue
                apart = 100.0 * (wide[reading] / wide[_NONE] - 1.0)
                main = reading in (_STATE, _OWN)
                axis.plot(wide.index, apart, color=looks[scenario].colour, linewidth=1.8 if main else 0.9,
                          linestyle="-" if reading == _STATE else "--",
                          label=scenario if reading == _STATE else None)  # fmt: skip
        axis.axhline(0.0, color="0.6", linewidth=0.8)
        axis.set_title(_what(variable), fontsize=10.5, loc="left")
    style.legend_of(figure, axes[0])
    return figure


def _what(variable: str) -> str:
    """A variable without its unit."""
    return re.split("[,，]", translate(_WORDS[variable]))[0]


def _reading(reading: str) -> str:
    """What a reading is called."""
    if reading.startswith(_STARTED):
        return say("trajectories, price x {price}", price=reading.removeprefix(_STARTED))
    return translate(_READINGS[reading]) if reading in _READINGS else reading


def readings_part(found: Readings) -> list[str]:
    """The part as Markdown, a block an entry."""
    return [
        "## " + say("The network's series as the economy's input"),
        say(
            "The first paper: from several initial states the network generates emissions, price and output, and these"
            " are the input of the equilibrium model. `drift.input: state` (default) lets the drift carry the state"
            " between auctions. `drift.input: trajectories` generates the series first; shifts of productivity, energy"
            " efficiency and demand outside make the economy without new policy follow them (here to a part in"
            " {part:.0e}); they stay, and the economy answers the policy. `price x` says from which price the series"
            " start, over the economy's own.",
            part=1.0 / max(found.missed, 1e-16),
        ),
        "\n".join(f"- {line}" for line in findings(found)),
        *[_table(found, variable) for variable in VARIABLES],
        f"![{say('Both readings')}](drift_skill/readings.png)",
        "### " + say("What was generated, and the shifts that follow it"),
        _series_table(found),
    ]


def findings(found: Readings) -> list[str]:
    """What the readings come to, a sentence each."""
    lines = []
    for scenario in found.values["scenario"].unique():
        for variable in VARIABLES:
            wide = _wide(found, str(scenario), variable)
            apart = {r: float(100.0 * (wide[r] / wide[_NONE] - 1.0).abs().max()) for r in wide.columns}
            from_elsewhere = max(apart[r] for r in apart if r.startswith("trajectories, price") and r != _OWN)
            told = mark(
                "{scenario}, {what}: the network moves it by at most {state:.2g} % as state, by {series:.2g} % through"
                " its series, by {elsewhere:.2g} % where these start elsewhere."
            )
            moved = {"state": apart[_STATE], "series": apart[_OWN], "elsewhere": from_elsewhere}
            lines.append(say(told, scenario=scenario, what=_what(variable), **moved))
    return lines


def _wide(found: Readings, scenario: str, variable: str) -> pd.DataFrame:
    own = found.values[(found.values["scenario"] == scenario) & (found.values["variable"] == variable)]
    return own.pivot_table(index="year", columns="reading", values="value", sort=False)


def _table(found: Readings, variable: str) -> str:
    rows = []
    for scenario in found.values["scenario"].unique():
        wide = _wide(found, str(scenario), variable)
        for reading in wide.columns:
            cells = [f"{value:,.{_DIGITS[variable]}f}" for value in wide[reading]]
            rows.append([str(scenario), _reading(str(reading)), *cells])
    years = [str(year) for year in sorted(found.values["year"].unique())]
    return f"### {translate(_WORDS[variable])}\n\n" + markdown_table([say("scenario"), say("reading"), *years], rows)


def _series_table(found: Readings) -> str:
    table, rows = found.series, []
    shown = (
        ("price", say("price, yuan/t"), "{:.1f}"),
        ("emissions", say("emissions of power, Mt"), "{:.1f}"),
        ("output", say("output of power, 2022 = 1"), "{:.3f}"),
        ("productivity", say("shift of productivity, %"), "{:+.2f}"),
        ("efficiency", say("of energy efficiency, %"), "{:+.2f}"),
        ("outside_demand", say("of demand outside, %"), "{:+.2f}"),
    )
    for reading in (r for r in table["reading"].unique() if not r.startswith(_ALONE)):  # these follow the same
        own = table[table["reading"] == reading]
        for column, words, form in shown:
            values = own[column] if "%" not in words else 100.0 * own[column]
            rows.append([_reading(str(reading)), words, *[form.format(v) for v in values]])
    return markdown_table([say("reading"), "", *[str(y) for y in table["year"].unique()]], rows)
