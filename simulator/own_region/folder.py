"""The folder of a new economy: its tables, and a README that says what to replace first."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.classes import coal_fired
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import total
from tanshi.errors import Message
from tanshi.errors import said as in_words
from tanshi.language import say, translate
from tanshi.scenarios.calibrated import FILE as CALIBRATED
from tanshi.scenarios.economy import ECONOMIES, OWN, load_economy
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.mapping import UnknownSectors, Went, added_up, assign, doubts, draft, went_table
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.machine.moving import move
from tanshi.simulator.own_region.benchmark import NOTHING_GIVEN, PER_KWH, Totals
from tanshi.simulator.own_region.given import check_given, fitted_file, real_money, table_year
from tanshi.simulator.own_region.tables import Region, new_region
from tanshi.simulator.own_region.todo import REPLACE
from tanshi.simulator.own_region.tokens import with_tokens

COAL_PRICES = (250.0, 2000.0)
"""Mean price of coal that is burnt, yuan per tonne of coal equivalent in prices of 2022: a third of what power paid in
2022 at the mines, and twice what others did (recalled)."""
TOLD = 0.9
"""How near the plausible coal per kWh may come from outside before a person is told: oil stands beside the coal."""
MAP_FILE = "sector_map.csv"
"""Which sector of the table went where, kept beside the figures."""


@dataclass(frozen=True)
class Made:
    """A new economy on disk.

    Attributes
    ----------
    folder
        Where it is.
    lines
        What a person should know of it, a line each.
    went
        Which sector of the table went where, as `tanshi.scenarios.national.mapping.went_table`.
    year
        Of the accounts.
    calibrated_from
        Economy whose fitted values were taken over.
    """

    folder: Path
    lines: list[str]
    went: pd.DataFrame
    year: int
    calibrated_from: str | None = None


@dataclass(frozen=True)
class Given:
    """What the user says of a table and its region.

    Parameters
    ----------
    unit, sheet, year, decimal, imports, rate
        As in `tanshi.scenarios.national.read.read_table`.
    mapping
        Sectors of the table to those of the model.
    base_year
        Year of the accounts, where it is not the table's.
    gdp
        Gross domestic product of that year in its own prices, yi yuan, to which all money is scaled.
    totals
        The region's own energy, carbon and power of that year.
    calibrated_from
        Economy whose fitted values are taken over.
    source
        What the table is and who published it.
    """

    unit: str | None = None
    sheet: str | None = None
    year: int | None = None
    decimal: str | None = None
    imports: Path | None = None
    rate: float | None = None
    mapping: Path | None = None
    base_year: int | None = None
    gdp: float | None = None
    totals: Totals = NOTHING_GIVEN
    calibrated_from: str | None = None
    source: str = ""


def make_economy(
    name: str, table: Path, given: Given | None = None, *, template: str = "shanxi_2022", out: Path | None = None
) -> Made:
    """Make an economy's folder from an input-output table.

    Parameters
    ----------
    name
        Name of the new economy, and of its folder.
    table
        Text or workbook in the layout of national statistics.
    given
        What the table does not say, and the region's own totals.
    template
        Economy whose figures stand in for what the table does not have.
    out
        Folder in which the economy's folder is made; by default ``economies``.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With everything that is wrong with the name, the table, the mapping or the totals, or what has no balance.
    """
    said = given or Given()
    folder = _free(name, out or OWN)
    check_given(said.totals, said.gdp, {"--year": said.year, "--base-year": said.base_year})
    figures = load_economy(template)
    fitted = None if said.calibrated_from is None else fitted_file(said.calibrated_from)
    sectors = tuple(str(s) for s in figures.sectors["sector"])
    read = read_table(
        table, said.unit, said.sheet, year=said.year, decimal=said.decimal, imports=said.imports, rate=said.rate
    )
    when = table_year(read, name)
    base = said.base_year if said.base_year is not None else when
    went = _assigned(replace(read, year=when), sectors, said.mapping, name)
    own, money = real_money(added_up(read, went, sectors), when, base, said.gdp)
    own, tokens = with_tokens(own, figures)
    try:
        region = new_region(figures, own, said.totals, base, said.source)
        Province(region.accounts, Closure())  # what cannot be compiled is said now, not at the first run
    except UserError:
        raise
    except ValueError as error:
        hint = "Look at the cells it names; docs/own_region.md says how the accounts are made."
        why = error.args[0] if error.args and isinstance(error.args[0], Message) else str(error)
        problem = Problem("a table whose accounts can be balanced", why, str(table), hint=hint)
        raise UserError("The economy cannot be made.", [problem]) from error
    region.notes[:0] = [*read.notes, *doubts(went), *tokens]
    lines = [*map(in_words, money), *_lines(region, said.totals)]
    where = went_table(went, read)
    _write(folder, name, template, table, region, lines, where, fitted)
    return Made(folder, lines, where, base, said.calibrated_from)


def _assigned(read: NationalTable, sectors: tuple[str, ...], mapping: Path | None, name: str) -> list[Went]:
    """The model's sector of every sector; where some are unknown, a draft of a mapping is left to be completed."""
    try:
        return assign(read, sectors, mapping)
    except UnknownSectors as error:
        path = Path(f"{name}-map.csv")
        if mapping is not None or path.exists():
            raise
        write_file(path, draft(error.went).encode("utf-8-sig"))
        expected = "a look at the draft of a mapping, its rows marked CHECK and FILL IN"
        hint = Message("Then: --map {path}", path=path)
        told = Problem(
            expected, Message("one written to {path}, with the best guess for every sector", path=path), hint=hint
        )
        raise UserError(error.message, [*error.problems, told]) from error


def _free(name: str, parent: Path) -> Path:
    problems: list[Problem] = []
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        expected = "a name of letters, digits, dashes and underscores, such as hebei_2022"
        problems.append(Problem(expected, repr(name), field="NAME"))
    elif (ECONOMIES / name).exists():
        problems.append(Problem("a new name", Message("{name}, which is built in", name=name), field="NAME"))
    elif (parent / name).exists():
        problems.append(Problem("a new name", Message("the folder {parent}", parent=parent / name), field="NAME"))
    if problems:
        raise UserError("The economy cannot be made.", problems)
    return parent / name


def _lines(region: Region, totals: Totals) -> list[str]:
    a = region.accounts
    co2 = total(a.fuel["co2_mt"]) + total(a.process_co2)
    coal = _coal_rate(a)
    how = {True: say("as given"), False: say("estimate")}
    energy = a.physical["energy_consumption_mtce"]
    met = totals.energy is not None and abs(energy / totals.energy - 1.0) < 1e-9
    return [
        say(
            "Energy {energy:,.1f} Mtce ({energy_is}), CO2 {co2:,.1f} Mt ({co2_is}), power {power:,.1f} TWh "
            "({power_is}).",
            energy=energy,
            energy_is=say("raised, see below") if totals.energy is not None and not met else how[met],
            co2=co2,
            co2_is=how[totals.co2 is not None],
            power=a.physical["generation_twh"],
            power_is=how[totals.generation is not None],
        ),
        *_plausible(a, coal),
        *map(in_words, region.notes),
    ]


def _plausible(accounts: Accounts, rate: float) -> list[str]:
    """What coal plants burn per kWh and pay for it, and whether that can be."""
    low, high = PER_KWH
    coal = accounts.fuel[accounts.fuel["commodity"] == "COAL"]
    bought = coal[coal["use"] != "feedstock"]
    price = 100.0 * total(bought["value"]) / total(bought["mtce"])
    lines = [
        say(
            "Coal power burns {rate:.0f} g of coal equivalent per kWh; plants need 280 to 330, with heat up to "
            "{high:.0f}.",
            rate=rate,
            high=high,
        ),
        say("Coal that is burnt costs {price:.0f} yuan per tonne of coal equivalent, in prices of 2022.", price=price),
    ]
    if not TOLD * low <= rate <= high / TOLD:
        lines.append(
            say(
                "CHECK THE FUEL OF POWER: {rate:.0f} g per kWh is not between {low:.0f} and {high:.0f}. Give "
                "--power, and "
                "tonnes of your own in fuel_2019.csv.",
                rate=rate,
                low=low,
                high=high,
            )
        )
    if not COAL_PRICES[0] <= price <= COAL_PRICES[1]:
        lines.append(
            say(
                "CHECK THE PRICE OF COAL: {price:.0f} yuan per tonne of coal equivalent is not between {low:.0f} and "
                "{high:.0f}. Money and tonnes do not belong together; is the unit of money right, and are --energy and "
                "--co2 those of the table's year?",
                price=price,
                low=COAL_PRICES[0],
                high=COAL_PRICES[1],
            )
        )
    return lines


def _coal_rate(accounts: Accounts) -> float:
    plants = coal_fired(accounts.activities)
    burnt = total(accounts.fuel.loc[accounts.fuel["activity"].isin(plants), "mtce"])
    return 1000.0 * burnt / total(accounts.power.loc[list(plants), "twh"])


def sector_lines(went: pd.DataFrame) -> list[str]:
    """Which sectors of the table make up each sector of the model, a line each; what was guessed is marked."""
    lines = []
    for sector, rows in went.groupby("sector", sort=False):
        parts = []
        for row in rows.itertuples():
            name = f"{row.code} {str(row.name).split(' / ')[0]}".strip()
            share = "" if float(str(row.share)) == 1.0 else f" {float(str(row.share)):.0%}"
            parts.append(f"{name}{share}" + (say(" (guessed)") if row.how == "guess" else ""))
        lines.append(f"{sector}: {'; '.join(parts)}")
    return lines


def _write(folder: Path, name: str, template: str, table: Path, region: Region, lines: list[str],
           went: pd.DataFrame, fitted: str | None) -> None:  # fmt: skip
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        for key, frame in region.tables.items():
            frame.to_csv(part / f"{key}.csv", index=False, lineterminator="\n")
        if fitted is not None:
            (part / CALIBRATED).write_bytes(fitted.encode())
        went.to_csv(part / MAP_FILE, index=False, lineterminator="\n")
        (part / "README.md").write_bytes(_readme(name, template, table, region, lines).encode())
        move(part, folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        problem = Problem("a folder to write in", str(error), str(folder))
        raise UserError("The economy cannot be written.", [problem]) from error


def _readme(name: str, template: str, table: Path, region: Region, lines: list[str]) -> str:
    estimates = [
        say(
            "- `{table}.csv`: {count} of {rows} rows",
            table=key,
            count=int((frame["status"] == "estimate").sum()),
            rows=len(frame),
        )
        for key, frame in region.tables.items()
        if (frame["status"] == "estimate").any()
    ]
    parts = [
        f"# {name}",
        "",
        say(
            "Made from the input-output table `{table}`, which gives money: use, value added, trade. Everything else"
            " is taken over from the economy `{template}`, scaled by what the table says, and has the status"
            " `estimate`. Money in yi yuan (10^8 yuan) of 2022, energy in Mtce, power in TWh, carbon in Mt CO2.",
            table=table.name,
            template=template,
        ),
        "",
        *(f"- {line}" for line in lines),
        "",
        "## " + say("To replace, the most important first"),
        "",
        *(f"- [ ] **{files}** {translate(why)}" for files, why in REPLACE),
        "",
        say("When you replace a figure, set its `status` (verified, derived, published, recalled) and its `source`."),
        say("`tanshi params economy --economy NAME` lists every figure with its status and source."),
        "",
        "## " + say("Rows that are estimates"),
        "",
        *estimates,
        "",
    ]
    return "\n".join(parts)
