"""The folder of a new economy: its tables, and a README that says what to replace first."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import total
from tanshi.scenarios.economy import ECONOMIES, OWN, load_economy
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.mapping import UnknownSectors, Went, added_up, assign, doubts, draft, went_table
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.own_region.tables import Region, new_region

REPLACE: tuple[tuple[str, str], ...] = (
    ("fuel_2019.csv", "Tonnes of fuel by user, from the region's energy balance or a carbon inventory (CEADs has "
     "every province). Give them for 2022, or give another year and the growth since in fuel_growth.csv. Nothing else "
     "moves emissions as much."),
    ("controls.csv: energy_consumption, generation, power_export_net, nonfossil_share", "Totals of the year from the "
     "statistical yearbook. nonfossil_share also belongs to power.csv (GENN) and to the first row of "
     "nonfossil_path.csv."),
    ("power.csv", "TWh and capacity of coal, gas and non-fossil power; value added by technology where it is known."),
    ("nonfossil_path.csv", "Clean capacity and TWh from 2022 to the last year you run, from the region's plans."),
    ("electricity_use.csv", "TWh by user from the electricity balance, and relative prices of the user classes."),
    ("process_co2.csv", "Process emissions of cement and other activities."),
    ("feedstocks.csv", "Fuel that is turned into other goods: coking coal, crude oil, naphtha."),
    ("fuel_price_users.csv, fuels.csv", "Purchasers' prices of fuels in the region."),
    ("population.csv", "Number and size of the firms in the eight sectors that can trade; spreads of intensity and "
     "cost."),
    ("institutions.csv", "Taxes, transfers between the region and the centre, and saving, from the flow of funds."),
    ("sectors.csv, use_prior.csv, factor_shares.csv, trade.csv", "Nothing, if the table is of 2022: they come from "
     "it."),
    ("resource_shares.csv, elasticities.csv, parameters.csv", "Published values serve any region; replace what "
     "you know."),
    ("co2_history.csv, macro_facts.csv", "Series to compare and calibrate with; runs do not read them."),
)  # fmt: skip
"""What to replace, what moves results most first."""
MAP_FILE = "sector_map.csv"
"""Which sector of the table went where, kept beside the figures."""


@dataclass(frozen=True)
class Made:
    """A new economy on disk.

    Attributes
    ----------
    folder : where it is.
    lines : what a person should know of it, a line each.
    went : which sector of the table went where, as `tanshi.scenarios.national.mapping.went_table`.
    """

    folder: Path
    lines: list[str]
    went: pd.DataFrame


def make_economy(
    name: str,
    table: Path,
    *,
    template: str = "shanxi_2022",
    out: Path | None = None,
    mapping: Path | None = None,
    unit: str | None = None,
    sheet: str | None = None,
    gdp: float | None = None,
) -> Made:
    """Make an economy's folder from an input-output table.

    Parameters
    ----------
    name
        Name of the new economy, and of its folder.
    table
        Text or workbook in the layout of national statistics.
    template
        Economy whose figures stand in for what the table does not have.
    out
        Folder in which the economy's folder is made; by default ``economies``.
    mapping
        Sectors of the table to those of the model.
    unit, sheet
        As in `tanshi.scenarios.national_table.read_table`.
    gdp
        Gross domestic product of 2022, yi yuan, to which a table of an earlier year is scaled as a whole.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        With everything that is wrong with the name, the table or the mapping, or what has no balance.
    """
    folder = _free(name, out or OWN)
    figures = load_economy(template)
    sectors = tuple(str(s) for s in figures.sectors["sector"])
    read = read_table(table, unit, sheet)
    went = _assigned(read, sectors, mapping, name)
    own = added_up(read, went, sectors)
    notes = [*read.notes, *doubts(went)]
    if gdp is not None:
        if not gdp > 0.0:
            problem = Problem("a number above 0 [yi yuan]", f"{gdp:g}", field="--gdp")
            raise UserError("The table cannot be scaled.", [problem])
        notes.append(f"All money was multiplied by {gdp / own.gdp():.4g}, so that GDP is {gdp:,.1f} yi yuan.")
        own = own.scaled(gdp / own.gdp())
    try:
        region = new_region(figures, own)
        Province(region.accounts, Closure())  # what cannot be compiled is said now, not at the first run
    except UserError:
        raise
    except ValueError as error:
        hint = "Look at the cells it names; docs/own_region.md says how the accounts are made."
        problem = Problem("a table whose accounts can be balanced", str(error), str(table), hint=hint)
        raise UserError("The economy cannot be made.", [problem]) from error
    region.notes[:0] = notes
    lines = _lines(region, own)
    where = went_table(went, read)
    _write(folder, name, template, table, region, lines, where)
    return Made(folder, lines, where)


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
        hint = f"Then: --map {path}"
        told = Problem(expected, f"one written to {path}, with the best guess for every sector", hint=hint)
        raise UserError(error.message, [*error.problems, told]) from error


def _free(name: str, parent: Path) -> Path:
    problems: list[Problem] = []
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        expected = "a name of letters, digits, dashes and underscores, such as hebei_2022"
        problems.append(Problem(expected, repr(name), field="NAME"))
    elif (ECONOMIES / name).exists():
        problems.append(Problem("a new name", f"{name}, which is built in", field="NAME"))
    elif (parent / name).exists():
        problems.append(Problem("a new name", f"the folder {parent / name}", field="NAME"))
    if problems:
        raise UserError("The economy cannot be made.", problems)
    return parent / name


def _lines(region: Region, table: NationalTable) -> list[str]:
    a = region.accounts
    co2 = total(a.fuel["co2_mt"]) + total(a.process_co2)
    coal = _coal_rate(a)
    return [
        f"GDP {table.gdp():,.1f} yi yuan (read); energy {a.physical['energy_consumption_mtce']:,.1f} Mtce, "
        f"CO2 {co2:,.1f} Mt, power {a.physical['generation_twh']:,.1f} TWh (estimates).",
        f"Coal power burns {coal:.0f} g of coal equivalent per kWh; plants need 280 to 330, with heat up to 450.",
        *region.notes,
    ]


def _coal_rate(accounts: Accounts) -> float:
    own = accounts.fuel["activity"] == "GENC"
    return 1000.0 * total(accounts.fuel.loc[own, "mtce"]) / float(accounts.power["twh"]["GENC"])


def checklist() -> list[str]:
    """What to replace in a new economy, a line each."""
    return [f"{files}: {why}" for files, why in REPLACE]


def sector_lines(went: pd.DataFrame) -> list[str]:
    """Which sectors of the table make up each sector of the model, a line each; what was guessed is marked."""
    lines = []
    for sector, rows in went.groupby("sector", sort=False):
        parts = []
        for row in rows.itertuples():
            name = f"{row.code} {str(row.name).split(' / ')[0]}".strip()
            share = "" if float(str(row.share)) == 1.0 else f" {float(str(row.share)):.0%}"
            parts.append(f"{name}{share}" + (" (guessed)" if row.how == "guess" else ""))
        lines.append(f"{sector}: {'; '.join(parts)}")
    return lines


def _write(folder: Path, name: str, template: str, table: Path, region: Region, lines: list[str],
           went: pd.DataFrame) -> None:  # fmt: skip
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        for key, frame in region.tables.items():
            frame.to_csv(part / f"{key}.csv", index=False, lineterminator="\n")
        went.to_csv(part / MAP_FILE, index=False, lineterminator="\n")
        (part / "README.md").write_text(_readme(name, template, table, region, lines), encoding="utf-8")
        part.rename(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        problem = Problem("a folder to write in", str(error), str(folder))
        raise UserError("The economy cannot be written.", [problem]) from error


def _readme(name: str, template: str, table: Path, region: Region, lines: list[str]) -> str:
    estimates = [
        f"- `{key}.csv`: {int((frame['status'] == 'estimate').sum())} of {len(frame)} rows"
        for key, frame in region.tables.items()
        if (frame["status"] == "estimate").any()
    ]
    parts = [
        f"# {name}",
        "",
        f"Made from the input-output table `{table.name}`, which gives money: use, value added, trade. Everything else "
        f"is taken over from the economy `{template}`, scaled by what the table says, and has the status `estimate`. "
        "Accounts are of 2022: money in yi yuan (10^8 yuan), energy in Mtce, power in TWh, carbon in Mt CO2.",
        "",
        *(f"- {line}" for line in lines),
        "",
        "## To replace, the most important first",
        "",
        *(f"- [ ] **{files}** {why}" for files, why in REPLACE),
        "",
        "When you replace a figure, set its `status` (verified, derived, published, recalled) and its `source`.",
        "`tanshi params economy --economy NAME` lists every figure with its status and source.",
        "",
        "## Rows that are estimates",
        "",
        *estimates,
        "",
    ]
    return "\n".join(parts)
