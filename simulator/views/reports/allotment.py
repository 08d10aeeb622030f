"""What the rules gave beside what was emitted, year by year; and the national market beside runs by its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from tanshi.language import mark, say, translate
from tanshi.scenarios.facts.observed import Observed, observed_years
from tanshi.simulator.results.bands import MIDDLE, annual_band
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.timetable import timetable
from tanshi.simulator.results.variables import (
    FIRM_SECTORS,
    PLANT_CLASSES,
    allocation_of,
    emissions_of,
    verified_of,
)
from tanshi.simulator.views.reports.page import heading, note, table
from tanshi.simulator.views.sectors import sector_name
from tanshi.simulator.views.words import MARKET, by_the_nations_rules

RULES = {
    "history": mark("history"), "output": mark("output"), "benchmark": mark("benchmark"),
    "verified": mark("verified"), "band": mark("band"), "auction": mark("auction"),
}  # fmt: skip
"""What free allowances go by, in a word for a cell."""
INSET = "\u2003"
_TITLES = (
    mark("Coal above 300 MW"), mark("Unconventional Coal"), mark("Coal up to 300 MW"), mark("Gas"),
)  # fmt: skip
"""Classes of plant as `PLANT_CLASSES` names them, to be translated."""
PRICE, VOLUME = "Price|Carbon", "Carbon Market|Trading Volume"
Wide = pd.DataFrame
"""Years down, variables across."""


def allotments(groups: Mapping[str, Sequence[RunResult]]) -> list[str]:
    """The section of a page; empty where no run's timetable says how allowances are counted.

    Parameters
    ----------
    groups
        Scenario to its runs; with several seeds their median is shown.
    """
    parts: list[str] = []
    for name, group in groups.items():
        wide = annual_band(group, MIDDLE).set_index(["year", "variable"])["value"].unstack("variable")
        years = [int(year) for year in wide.index]
        said = timetable(group[0].parameters, min(years), max(years))
        rows = _rows(wide, said.method)
        if rows:
            words = say(
                "{scenario}: free allowances beside emissions, Mt a year; a dash: not in the market", scenario=name
            )
            parts += [note(words), table([say("Sector"), "", *map(str, years)], rows)]
        if by_the_nations_rules(group[0]):
            parts += [note(_beside(name)), table(*_observed(wide, observed_years(MARKET)))]
    return [heading(say("Allowances and emissions by year")), *parts] if parts else []


def _rows(wide: Wide, methods: Mapping[str, Mapping[int, str]]) -> list[list[str]]:
    rows: list[list[str]] = []
    for code in FIRM_SECTORS:
        given = allocation_of(code)
        by_year = methods.get(code, {})
        if given not in wide or not by_year:
            continue
        inside = [year in by_year or (year < min(by_year) and code == "ELEC") for year in wide.index]
        rows.append([sector_name(code), say("rule"), *(translate(RULES[by_year[y]]) if y in by_year else "–"
                                                   for y in wide.index)])  # fmt: skip
        rows.append(["", _unbroken(say("given free")), *_cells(wide, given, inside)])
        rows.append(["", say("emitted"), *_cells(wide, emissions_of(code), inside)])
        if code == "ELEC":
            rows += _classes(wide)
    return rows


def _classes(wide: Wide) -> list[list[str]]:
    """Two rows for each class of power plant, in the years in which it has a benchmark of its own."""
    rows: list[list[str]] = []
    for kind, title in PLANT_CLASSES.items():
        given, emitted = allocation_of("ELEC", kind), verified_of(kind)
        if given in wide:
            inside = [bool(value > 0) for value in wide[emitted]]
            rows.append(
                [INSET + _unbroken(translate(title)), _unbroken(say("given free")), *_cells(wide, given, inside)]
            )
            rows.append(["", say("emitted"), *_cells(wide, emitted, inside)])
    return rows


def _cells(wide: Wide, name: str, inside: Sequence[bool]) -> list[str]:
    return [f"{value:,.1f}" if here else "–" for value, here in zip(wide[name], inside, strict=True)]


def _beside(name: str) -> str:
    return say(
        "{scenario} beside the national market itself, prices in yuan/t of 2022 (means of the year), volumes in Mt; the"
        " nation's volume is that of all provinces",
        scenario=name,
    )


def _observed(wide: Wide, known: Mapping[int, Observed]) -> tuple[list[str], list[list[str]]]:
    years = sorted({*known, *(int(year) for year in wide.index)})
    run = {int(year) for year in wide.index}

    def cells(values: Mapping[int, float], digits: int) -> list[str]:
        return [f"{values[year]:,.{digits}f}" if year in values else "–" for year in years]

    rows = [
        [say("price, this run"), *cells({y: float(wide[PRICE][y]) for y in run}, 1)],
        [say("price, national market"), *cells({y: found.mean for y, found in known.items()}, 1)],
        [say("year's last price, national market"), *cells({y: found.close for y, found in known.items()}, 1)],
        [say("volume, this run"), *cells({y: float(wide[VOLUME][y]) for y in run}, 1)],
        [say("volume, national market"), *cells({y: found.volume for y, found in known.items()}, 1)],
    ]
    return ["", *map(str, years)], rows


def _unbroken(words: str) -> str:
    return words.replace(" ", "\u00a0")
