"""Money tables of an economy's folder from an official table of an earlier year, carried to the benchmark year.

The same door as for any region: what results are the tables ``sectors, use_prior, factor_shares, trade`` and the
expenditure shares of ``controls``; everything in tonnes and kilowatt-hours stays as the folder has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.tables import cell, total
from tanshi.scenarios.economy import Figures
from tanshi.scenarios.national.mapping import to_sectors
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import FINAL
from tanshi.simulator.own_region.carry import Drivers, carry, drivers
from tanshi.simulator.own_region.power import without_own_use

TABLES = Path(__file__).parents[2] / "scenarios" / "tables"
"""Official tables in the model's sectors, as the project carries them."""
SPENDING = "expenditure of 2022, see scenarios/tables/shanxi_drivers.csv"


@dataclass(frozen=True)
class Moved:
    """What a new base does to an economy.

    Attributes
    ----------
    tables
        All tables of the folder.
    accounts
        Balanced on them.
    base, table
        The official table, and what it became.
    """

    tables: dict[str, pd.DataFrame]
    accounts: Accounts
    base: NationalTable
    table: NationalTable


def shipped(name: str, year: int, sectors: list[str]) -> NationalTable:
    """An official table in the model's sectors, as the project carries it."""
    return to_sectors(read_table(TABLES / f"{name}_{year}.csv"), tuple(sectors))


def broad_of(figures: Figures) -> dict[str, str]:
    """Broad sector of each sector."""
    return dict(zip(figures.sectors["sector"].astype(str), figures.sectors["broad"].astype(str), strict=True))


def rebuilt(figures: Figures, base: NationalTable, moved: Drivers, origin: str) -> Moved:
    """An economy's tables on another base.

    Parameters
    ----------
    figures
        The folder's tables; what they say in tonnes, and all of the nation, stays.
    base
        Official table of ``moved.first`` in the model's sectors.
    origin
        The table's name, for the sources of what is derived from it.
    """
    base = without_own_use(base)
    table = carry(base, moved, broad_of(figures))
    how = f"{origin}, carried to {moved.last} by measured drivers (scenarios/tables)"
    tables = {name: frame.copy() for name, frame in figures.tables().items()}
    tables["sectors"] = _sectors(figures, table, how)
    tables["use_prior"] = _use(table, how)
    tables["factor_shares"] = _factors(figures.factor_shares, table, origin, how)
    tables["trade"] = _trade(figures.trade, base, origin)
    tables["controls"] = _controls(figures.controls, moved)
    return Moved(tables, build_accounts(tables), base, table)


def _sectors(figures: Figures, table: NationalTable, how: str) -> pd.DataFrame:
    broad = broad_of(figures)
    rows = pd.DataFrame({"sector": table.sectors, "broad": [broad[s] for s in table.sectors]})
    rows["gross_output"] = table.output.to_numpy()
    rows["value_added"] = table.value_added.sum(axis=0).to_numpy()
    return rows.round(4).assign(unit="yi yuan 2022", status="derived", source=how)


def _use(table: NationalTable, how: str) -> pd.DataFrame:
    """Prior of intermediate and final use; fuel and power for government and stocks counts as sold outside."""
    prior = pd.concat([table.use, table.final[list(FINAL)]], axis=1).clip(lower=0.0)
    prior.loc[["OGAS", "COKE", "ELEC"], ["government", "fixed_investment", "stocks"]] = 0.0
    prior.loc["COAL", ["government", "fixed_investment"]] = 0.0
    out = prior.round(4).rename_axis("commodity").reset_index()
    return out.assign(unit="yi yuan 2022", status="derived", source=how)


def _factors(old: pd.DataFrame, table: NationalTable, origin: str, how: str) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for s in table.sectors:
        value = total(table.value_added[s])
        labour, tax = (cell(table.value_added, r, s) / value for r in ("labour", "production_tax"))
        source = how if s == "COAL" else origin
        rows.append((s, "province", round(labour, 6), round(1.0 - labour - tax, 6), round(tax, 6), "derived", source))
        if s == "COAL":  # a boom's wages are a small share of value added and no sign of an old table's losses
            rows.append((s, "chosen", *rows[-1][2:]))
    columns = ["sector", "origin", "labour", "capital", "production_tax", "status", "source"]
    kept = old[old["origin"] == "national"]
    return pd.concat([pd.DataFrame(rows, columns=columns), kept[columns]], ignore_index=True)


def _trade(old: pd.DataFrame, base: NationalTable, origin: str) -> pd.DataFrame:
    tariff = old.set_index("commodity")["tariff_rate"].astype(float)
    rows = []
    for s in base.sectors:
        x = float(base.output[s])
        out, into, exported, imported = (cell(base.final, s, r) for r in ("outflow", "inflow", "export", "import"))
        shares = [round(v / x, 6) for v in (min(out, into), exported, imported)]
        said = f"{origin}: smaller of outflow and inflow, exports and imports over output; tariff rate chosen near the"
        rows.append((s, *shares, float(tariff[s]), "derived", f"{said} 2022 national average of 2-3 % of imports"))
    columns = ["commodity", "two_way_share", "export_share", "import_share", "tariff_rate", "status", "source"]
    return pd.DataFrame(rows, columns=columns)


def _controls(old: pd.DataFrame, moved: Drivers) -> pd.DataFrame:
    spent = moved.spending
    shares = {
        "output_household": spent["household"],
        "output_government": spent["government"],
        "output_investment": spent["fixed_investment"] + spent["stocks"],
    }
    out = old.copy()
    for item, value in shares.items():
        at = out["item"] == item
        out.loc[at, "value"] = value
        out.loc[at, "status"], out.loc[at, "source"] = "derived", SPENDING
    return out


def reconciliation(name: str, after: Accounts) -> pd.DataFrame:
    """What moved from the base before to this one, by sector.

    Parameters
    ----------
    name
        Of the province, whose figures before the project carries.

    Returns
    -------
    DataFrame
        ``item, sector, before, after, ratio``: output and value added (yi yuan), value added over output, shares of
        labour, two-way trade and net outflow; accounts' totals under the sector ``all``.
    """
    table = pd.read_csv(TABLES / f"{name}_moved.csv")[["item", "sector", "before"]]
    now = {(item, s): value for s in after.sectors for item, value in _of_sector(after, s).items()}
    now |= {(item, "all"): value for item, value in _of_all(after).items()}
    keys = zip(table["item"].astype(str), table["sector"].astype(str), strict=True)
    table["after"] = [now[key] for key in keys]
    table["ratio"] = table["after"] / table["before"].where(table["before"] != 0.0)
    return table


def _of_sector(accounts: Accounts, sector: str) -> Mapping[str, float]:
    sam = accounts.sam
    generation = [str(a) for a in sam.index if str(a).startswith("A_GEN")]
    members = [f"A_{sector}", *(generation if sector == "ELEC" else [])]
    added = float(sam.loc[["LAB", "CAP", "RES", "PTAX", "PERMIT"], members].to_numpy().sum())
    labour = float(sam.loc[["LAB"], members].to_numpy().sum())
    output = total(sam.loc[f"A_{sector}"])
    out, into = cell(sam, f"A_{sector}", "ROC"), cell(sam, "ROC", f"C_{sector}")
    return {
        "gross output": output,
        "value added": added,
        "value added over output": added / output,
        "labour in value added": labour / added,
        "two-way trade over output": min(out, into) / output,
        "net outflow over output": (out - into) / output,
    }


def _of_all(accounts: Accounts) -> Mapping[str, float]:
    sam = accounts.sam
    gdp = float(sam.loc[["LAB", "CAP", "RES", "PTAX", "PERMIT", "TARIFF"]].to_numpy().sum())
    goods = [a for a in sam.index if a.startswith("C_")]
    buyers = (("household", "HH"), ("government", "GOV"), ("investment", "SAV"))
    spent = {name: float(sam.loc[goods, [account]].to_numpy().sum()) / gdp for name, account in buyers}
    saving = float(sam.loc[["SAV"], ["HH", "ENT", "GOV"]].to_numpy().sum()) / gdp
    co2 = total(accounts.fuel["co2_mt"]) + total(accounts.process_co2)
    return {
        "GDP": gdp,
        **{f"{name} over GDP": value for name, value in spent.items()},
        "saving over GDP": saving,
        "labour in GDP": total(sam.loc["LAB"]) / gdp,
        "CO2, Mt": co2,
    }


def moved_by(name: str, figures: Figures, first: int, last: int) -> Drivers:
    """The drivers that the project carries for a province."""
    table = pd.read_csv(TABLES / f"{name}_drivers.csv")
    return drivers(table, first, last, [str(s) for s in figures.sectors["sector"]])


__all__ = ["Moved", "broad_of", "moved_by", "rebuilt", "reconciliation", "shipped"]
