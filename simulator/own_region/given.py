"""What the user says of a region beside its table: checked, and turned into money of 2022."""

from __future__ import annotations

import csv
import io

from tanshi.errors import Message
from tanshi.scenarios.calibrated import COLUMNS, calibrated, calibrated_file
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.facts.money import deflator, nation_gdp
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.year import FIRST, LAST, years_in
from tanshi.simulator.own_region.benchmark import Totals

LEAST_GDP = 100.0
"""Yi yuan: no province of China had less in any of the years."""


def check_given(totals: Totals, gdp: float | None, years: dict[str, int | None]) -> None:
    """Refuse numbers that cannot be.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With all of them at once.
    """
    problems = []
    given = {
        "--gdp": (gdp, "yi yuan"),
        "--energy": (totals.energy, "Mtce"),
        "--co2": (totals.co2, "Mt CO2"),
        "--power": (totals.generation, "TWh"),
    }
    for option, (value, unit) in given.items():
        if value is not None and not 0.0 < value < float("inf"):
            problems.append(Problem(Message("a number above 0 [{unit}]", unit=unit), f"{value:g}", field=option))
    if totals.nonfossil is not None and not 0.0 < totals.nonfossil < 0.95:
        problems.append(Problem("a share between 0 and 0.95", f"{totals.nonfossil:g}", field="--nonfossil"))
    for option, year in years.items():
        if year is not None and not FIRST <= year <= LAST:
            problems.append(
                Problem(Message("a year from {first} to {last}", first=FIRST, last=LAST), str(year), field=option)
            )
    if problems:
        raise UserError("The economy cannot be made.", problems)


def table_year(table: NationalTable, name: str) -> int:
    """Year of a table: as read, else what the name of the new economy says.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        Where nothing says it, or it is none that accounts can have.
    """
    found = years_in(name.replace("_", " ").replace("-", " "))
    year = table.year if table.year is not None else (found[0] if len(found) == 1 else None)
    if year is None:
        hint = "Say it: --year 2017."
        expected = "the year of the table in its title, its file name or the new name"
        problem = Problem(expected, "none", table.file, hint=hint)
        raise UserError("The economy cannot be made.", [problem])
    if not FIRST <= year <= LAST:
        problem = Problem(
            Message("a table of a year from {first} to {last}", first=FIRST, last=LAST),
            str(year),
            table.file,
            field="--year",
        )
        raise UserError("The economy cannot be made.", [problem])
    return year


def real_money(table: NationalTable, when: int, base: int, gdp: float | None) -> tuple[NationalTable, list[str]]:
    """The table in prices of 2022, as large as the benchmark year's economy where its GDP is given.

    Parameters
    ----------
    when, base
        Year of the table, and of the accounts.
    gdp
        Of the benchmark year in its own prices, yi yuan.

    Returns
    -------
    table, lines
        What was read and what was set.
    """
    read = table.gdp()
    prices = deflator(base if gdp is not None else when)
    nominal = read if gdp is None else gdp
    real = table.scaled(nominal / read / prices)
    told = "GDP {read:,.6g} yi yuan of {when} was read (unit: {unit})."
    lines: list[str] = [Message(told, read=read, when=when, unit=table.unit)]
    if gdp is not None:
        told = "All money was multiplied by {factor:.4g}: GDP was set to {gdp:,.1f} yi yuan of {base}."
        lines.append(Message(told, factor=gdp / read, gdp=gdp, base=base))
    if prices != 1.0:
        year = base if gdp is not None else when
        lines.append(
            Message(
                "In prices of 2022 that is {real:,.6g} yi yuan (deflator of {year}: {prices:.4f}). Tonnes and TWh do"
                " not follow prices.",
                real=real.gdp(),
                year=year,
                prices=prices,
            )
        )
    if base != when and gdp is None:
        told = "The accounts are of {base}, but money is of {when}: give --gdp, the GDP of {base}."
        lines.append(Message(told, base=base, when=when))
    most = nation_gdp(when)
    if not LEAST_GDP <= read <= (1.05 * most if most else float("inf")):
        told = (
            "CHECK THE UNIT: a GDP of {read:,.6g} yi yuan is outside what China's provinces ({least:.0f} and more) had"
            " in {when}."
        )
        known = {"read": read, "least": LEAST_GDP, "when": when}
        if most:
            told = (
                "CHECK THE UNIT: a GDP of {read:,.6g} yi yuan is outside what China's provinces ({least:.0f} and more)"
                " and the nation's {most:,.0f} had in {when}."
            )
            known["most"] = most
        lines.append(Message(told, **known))
    return real, lines


def fitted_file(economy: str) -> str:
    """Fitted values of another economy as a file for a new one, each saying where it comes from.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        Where that economy does not exist, or has no fitted values.
    """
    rows = calibrated(economy)
    if not rows:
        problem = Problem(
            "an economy with fitted values",
            Message("no {name} of {economy}", name=calibrated_file(economy).name, economy=economy),
            field="--calibrated-from",
        )
        raise UserError("No fitted values can be taken over.", [problem])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        source = f"taken over from {economy}, not fitted to this region; there: {row.source}"
        writer.writerow(
            [row.field, f"{row.value:g}", f"{row.start:g}", f"{row.low:g}", f"{row.high:g}", "calibrated", source]
        )
    return out.getvalue()
