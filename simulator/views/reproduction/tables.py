"""The second paper's Tables 2 to 5 and the effects behind the emissions, as grids of text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.equilibrium.province.decompose import EFFECTS
from tanshi.language import mark, say, translate
from tanshi.simulator.studies.reproduction.claims import NAMES
from tanshi.simulator.studies.reproduction.decomposition import HOUSEHOLDS
from tanshi.simulator.views.reports.blocks import Grid
from tanshi.simulator.views.sinks.panels import NAMES as PANEL_NAMES
from tanshi.simulator.views.sinks.panels import group_of, label_of

TITLES = (mark("Power"),)
GENERATORS = (mark("first moment"), mark("fourth moment"), mark("multi-step"))
_FLUSH = frozenset(range(2, 6))


def _title(name: object) -> str:
    text = NAMES.get(str(name), str(name))
    text = text[:1].upper() + text[1:]
    return translate(text) if text in TITLES or text in PANEL_NAMES.values() else text


def costs_grid() -> Grid:
    """Table 2: lowest to highest cost of each cell."""
    cells = published.abatement_costs().set_index(["sector", "year", "province"])

    def shown(sector: str, year: int, province: str) -> str:
        low, high = (float(cells[end].loc[sector, year, province]) for end in ("lowest", "highest"))
        return say("{low} to {high}", low=f"{low:,.2f}", high=f"{high:,.2f}")

    return _by_cell(shown)


def prices_grid(table: pd.DataFrame) -> Grid:
    """Table 3: printed and recomputed prices.

    Parameters
    ----------
    table
        As `tanshi.agents.sinks.comparison.compare_demand_prices` gives it.
    """
    marks = {"agrees": "", "rounding": " *", "unexplained": " **"}
    cells = table.set_index(["sector", "year", "province"])

    def shown(sector: str, year: int, province: str) -> str:
        printed, ours = (float(cells[name].loc[sector, year, province]) for name in ("printed", "recomputed"))
        return f"{printed:,.2f} / {ours:,.2f}{marks[str(cells['verdict'].loc[sector, year, province])]}"

    return _by_cell(shown)


def _by_cell(shown: Callable[[str, int, str], str]) -> Grid:
    """A table in the form of the paper's Tables 2 and 3."""
    rows = [
        [_title(sector), str(year), *(shown(sector, year, province) for province in published.PROVINCES)]
        for sector in published.SECTORS
        for year in published.YEARS
    ]
    return Grid((say("Sector"), say("Year"), *map(label_of, published.PROVINCES)), rows, _FLUSH, stack=True)


def clouds_grid(table: pd.DataFrame, by: str) -> Grid:
    """Table 4 or 5: printed figures and those of each backward generator.

    Parameters
    ----------
    table
        As `tanshi.agents.sinks.comparison.compare_clouds` gives it.
    """
    table = table[table["by"] == by]
    generators = list(dict.fromkeys(table["generator"]))

    def shown(row: pd.Series, prefix: str = "") -> str:
        values = [float(row[f"{prefix}{name}"]) for name in ("expectation", "entropy", "hyper_entropy")]
        return " / ".join(f"{value:,.1f}" if np.isfinite(value) else say("none") for value in values)

    rows = []
    for name, cells in table.groupby("name", sort=False):
        here = cells.set_index("generator")
        rows.append([_title(name), shown(here.iloc[0], "printed_"), *(shown(here.loc[g]) for g in generators)])
    return Grid(
        (group_of(by).capitalize(), say("Printed"), *(translate(g).capitalize() for g in generators)),
        rows,
        frozenset(range(1, 5)),
        stack=True,
    )


EFFECT_NAMES = {
    "change": mark("change"),
    "scale": mark("scale"),
    "composition": mark("composition"),
    "intensity": mark("intensity"),
    "fuel mix": mark("fuel mix"),
    "carbon content": mark("carbon content"),
    HOUSEHOLDS: mark("households"),
}
"""What moves emissions, as it is stored, and what is said of it."""


def effect_name(effect: str) -> str:
    """What an effect behind the change of emissions is called."""
    return translate(EFFECT_NAMES[effect]) if effect in EFFECT_NAMES else effect


def comparison_name(name: str) -> str:
    """A scenario, or one against another."""
    one, against, other = name.partition(" against ")
    return say("{one} against {other}", one=one, other=other) if against else name


def effects_grid(effects: pd.DataFrame) -> Grid:
    """Contributions to the change of emissions, Mt, a row for each comparison."""
    kinds = ["change", *EFFECTS, HOUSEHOLDS]
    rows = []
    for (name, start, end), cells in effects.groupby(["comparison", "start", "end"], sort=False):
        values = cells.set_index("effect")["mt"]
        span = say("{low} to {high}", low=start, high=end) if start != end else say("in {year}", year=end)
        rows.append(
            [
                f"{comparison_name(str(name))}, {span}",
                *(f"{float(values[kind]):+.1f}".replace("-0.0", "+0.0") for kind in kinds),
            ]
        )
    return Grid((say("Mt CO2"), *map(effect_name, kinds)), rows, frozenset(range(1, 1 + len(kinds))), stack=True)
