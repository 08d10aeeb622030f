"""The page of validation: every point with its number before and after, and the years that are known."""

from __future__ import annotations

import importlib
import pkgutil

import pandas as pd

from tanshi.scenarios.load import TRADITIONAL, load_scenario
from tanshi.simulator.own_region.carried import reconciliation
from tanshi.simulator.own_region.derived import backcast
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.stepping import simulate
from tanshi.simulator.studies import validation
from tanshi.simulator.studies.validation.accounts import REGION
from tanshi.simulator.studies.validation.observed import confronted
from tanshi.simulator.studies.validation.point import Point
from tanshi.simulator.studies.validation.tried import missed_rows

WRITTEN = "Written by `make pages` from the program itself"


def all_points() -> list[Point]:
    """Points of every module of this room that has some, in their order."""
    found: list[Point] = []
    for module in pkgutil.iter_modules(validation.__path__):
        told = getattr(importlib.import_module(f"{validation.__name__}.{module.name}"), "points", None)
        if told is not None:
            found += told()
    return sorted(found, key=lambda p: p.number)


def validation_page() -> str:
    """The whole page."""
    points, seen = all_points(), confronted()
    met = sum(p.met for p in points)
    parts = [
        "# Validation\n",
        f"{WRITTEN}. What would count as mended was written down as the work on a point began, in a few rows after"
        " its first results; the number before is that of version 9422c8b."
        f" Of {len(points)} rows {met} are met, {len(points) - met} are missed.\n",
        "## Points\n",
        "| | measured | would count as mended | before | now | | how it comes about | limits |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(p) for p in points),
        "",
        "Point 0 is the base of the accounts. *By construction*: an identity of the model or its accounts."
        " *Calibrated*: fitted, or set from the series itself. *Validated*: held against data that set nothing."
        " *Assumed*: chosen or recalled, with its range in the economy's tables.\n",
        "## 2023 to 2025\n",
        "The observed allowance price is held (68.2, 96.0 and about 66 yuan/t), power alone pays, as it was. Series of"
        " another scope are compared as indices of 2022. *Outputs given*: the difference where plant of coal, coke,"
        " steel, building materials and metals can make no more than was observed, which is then an input.\n",
        "| | unit | year | observed | model | difference | | outputs given | series | note |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_compared(row) for _, row in seen.iterrows()),
        "",
        _summary(seen),
        "## What is missed, and what was tried\n",
        *missed_rows(),
        "",
        "## What the new base moved\n",
        "Accounts on the official coefficients of 2007 with totals of 2022 (version 9422c8b), and on the official table"
        " of 2017 carried to 2022: value added and output in yi yuan, shares as such. Rows that moved by a tenth,"
        " and all totals.\n",
        "| sector | | before | now | times |",
        "|---|---|---|---|---|",
        *_moved(),
        "",
        "What it did to results (equilibrium alone, no drift, no banking; each version with its own parameters and its"
        " own policies: caps of 4.9 % a year then, of 0.5 % in S1 and 1 % in S5 now):\n",
        "| | CO2 2022, Mt | CO2 2030 | energy 2030, Mtce | price 2025, yuan/t | price 2030 |",
        "|---|---|---|---|---|---|",
        *_results(),
        "",
        "## The method of the accounts, tested\n",
        "The official table of 2012 is carried to 2017 by the method that carries 2017 to 2022, and held against the"
        " official table of 2017: sum of absolute differences over the official sum, at the drivers' values and at both"
        " ends of their ranges; beside it the table of 2012 scaled by GDP, as if nothing were known.\n",
        "| block | cells | value | low | high | scaled by GDP | worst cell, yi yuan |",
        "|---|---|---|---|---|---|---|",
        *_blocks(),
        "",
        "Drivers of 2012 to 2017 are recalled where the series begin in 2015; `scenarios/tables/shanxi_drivers.csv` has"
        " each with its range. `tanshi new accounts --tables FOLDER` derives all of it from the published tables.\n",
    ]
    return "\n".join(parts).rstrip() + "\n"


def _row(p: Point) -> str:
    verdict = "met" if p.met else "**missed**"
    return f"| {p.number} | {p.what} | {p.mended} | {p.before} | {p.after} | {verdict} | {p.kind} | {p.note} |"


def _compared(row: pd.Series) -> str:
    observed, model = (f"{float(row[name]):,.4g}" if row[name] < 1e4 else f"{float(row[name]):,.0f}"
                       for name in ("observed", "model"))  # fmt: skip
    verdict = "met" if row["met"] else "**missed**"
    given = "input" if row["held"] != row["held"] else _percent(float(row["held"]))
    return (
        f"| {row['quantity']} | {row['unit']} | {row['year']} | {observed} | {model} | "
        f"{_percent(float(row['difference']))} | {verdict} | {given} | {row['used']} | {row['note']} |"
    )


def _percent(part: float) -> str:
    """A difference in percent; nothing has no sign of its own, which rounding would give it on one machine."""
    return f"{round(part, 3) + 0.0:+.1%}"


def _summary(seen: pd.DataFrame) -> str:
    own = seen[seen["used"] == "validated"]
    missed = own.loc[~own["met"]]
    names = ", ".join(f"{q} {y} ({d:+.0%})" for q, y, d in zip(missed["quantity"], missed["year"],
                                                               missed["difference"], strict=True))  # fmt: skip
    told = f"Of {len(own)} validated figures {int(own['met'].sum())} are met."
    return f"{told} Missed: {names}.\n" if names else f"{told}\n"


TENTH = 0.1
BEFORE = {"S1": (562.2, 527.2, 273.4, 86.5, 134.5), "S5": (562.2, 480.6, 262.2, 93.9, 165.3)}
"""S1 and S5 of version 9422c8b: CO2 2022 and 2030, energy 2030, price 2025 and 2030."""


def _moved() -> list[str]:
    table = reconciliation("shanxi", economy(REGION).accounts)
    far = (table["ratio"] - 1.0).abs() >= TENTH
    rows = []
    for item, sector, before, after, ratio in table[far | (table["sector"] == "all")].itertuples(index=False):
        values = " | ".join(f"{v:,.0f}" if abs(v) >= 100 else f"{v:.3f}" for v in (before, after))
        rows.append(f"| {sector} | {item} | {values} | {ratio:.2f} |")
    return rows


def _results() -> list[str]:
    rows = []
    for name, before in BEFORE.items():
        told = simulate(load_scenario(name, TRADITIONAL)).series
        co2, price = told("Emissions|CO2"), told("Price|Carbon")
        now = (co2[2022], co2[2030], told("Energy Consumption")[2030], price[2025], price[2030])
        for when, values in (("before", before), ("now", now)):
            rows.append(f"| {name} {when} | " + " | ".join(f"{float(v):.1f}" for v in values) + " |")
    return rows


def _blocks() -> list[str]:
    found = backcast()
    rows = []
    for at, (block, row) in enumerate(found["value"].iterrows()):
        others = " | ".join(f"{float(found[name]['error'].iloc[at]):.0%}" for name in ("value", "low", "high", "old"))
        rows.append(f"| {block} | {int(row['cells'])} | {others} | {row['worst']} |")
    return rows
