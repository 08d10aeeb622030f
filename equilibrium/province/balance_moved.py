"""What the builder moved: controls, fuel cells and the prior's other cells, before and after, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.balance_energy import FUEL_COMMODITIES, PRICE_RANGE, statistical_energy
from tanshi.equilibrium.province.balance_power import GENERATION
from tanshi.equilibrium.province.tables import cell, entry, named, total

COLUMNS = ["item", "kind", "before", "after", "ratio", "reason"]
POWER_FUEL = {"COAL": "GENC", "COKE": "GENC", "OGAS": "GENG"}
SPENDING = {"HH": "output_household", "GOV": "output_government", "SAV": "output_investment"}
FINAL_PRIOR = {"HH": ["household"], "GOV": ["government"], "SAV": ["fixed_investment", "stocks"]}


def moved_report(
    tables: Mapping[str, pd.DataFrame],
    sam: pd.DataFrame,
    fuel: pd.DataFrame,
    use: pd.DataFrame,
    output: pd.Series,
    trade: pd.DataFrame,
    physical: Mapping[str, float],
    process: pd.Series,
    flexible: list[str],
) -> pd.DataFrame:
    """List every control, every fuel cell and every other cell of the prior with its value before and after.

    Returns
    -------
    pandas.DataFrame
        ``item, kind (control | fuel | cell), before, after, ratio, reason``. Money in yi yuan, fuel cells in
        money, energy in Mtce, carbon in Mt; ``ratio`` is NaN where there was nothing before.
    """
    rows = control_rows(tables, sam, output, trade, physical, fuel, process)
    rows += fuel_rows(tables, fuel, use)
    rows += cell_rows(tables, use, flexible)
    report = pd.DataFrame(rows, columns=["item", "kind", "before", "after", "reason"])
    before = report["before"].replace(0.0, np.nan)
    report["ratio"] = report["after"] / before
    return report[COLUMNS]


def control_rows(
    tables: Mapping[str, pd.DataFrame],
    sam: pd.DataFrame,
    output: pd.Series,
    trade: pd.DataFrame,
    physical: Mapping[str, float],
    fuel: pd.DataFrame,
    process: pd.Series,
) -> list[tuple[str, str, float, float, str]]:
    """Rows of the control totals."""
    controls = named(tables["controls"], "item", "value")
    sectors = tables["sectors"].set_index("sector")
    paid = sam.loc[["LAB", "CAP", "RES", "PTAX", "PERMIT"]].sum()
    codes = [str(s) for s in sectors.index]
    added = {s: entry(paid, f"A_{s}") for s in codes}
    added["ELEC"] += sum(entry(paid, f"A_{g}") for g in GENERATION)
    added["SERV"] += total(sam.loc["TARIFF"])
    moves = tables["output_moves"]
    reasons = {str(s): str(why) for s, why in zip(moves["sector"], moves["source"], strict=True)}
    rows: list[tuple[str, str, float, float, str]] = []

    def control(item: str, before: float, after: float, reason: str) -> None:
        rows.append((item, "control", float(before), float(after), reason))

    control("gross domestic product", controls["gdp"], sum(added.values()), "kept; import duties in SERV")
    for broad in ("primary", "secondary", "tertiary"):
        members = [s for s in codes if sectors["broad"][s] == broad]
        control(f"value added, {broad}", controls[broad], sum(added[s] for s in members), "kept")
    for s in codes:
        before = cell(sectors, s, "value_added")
        control(f"value added, {s}", before, added[s], "kept, scaled to its broad sector")
    for s in codes:
        before = cell(sectors, s, "gross_output")
        control(f"gross output, {s}", before, entry(output, s), reasons.get(s, "kept"))
    prior = tables["use_prior"].set_index("commodity")
    inside = prior.drop(columns=["unit", "status", "source"], errors="ignore").astype(float).sum(axis=1)
    net = trade["outflow"] + trade["export"] - trade["inflow"] - trade["import"] - trade["tariff"]
    for s in codes:
        before = cell(sectors, s, "gross_output") - entry(inside, s)
        control(f"net outflow, {s}", before, entry(net, s), "output less use once energy was fixed")
    final = sam.loc[[a for a in sam.index if a.startswith("C_")], ["HH", "GOV", "SAV"]].sum()
    for account, key in SPENDING.items():
        control(f"spending, {account}", controls[key] * controls["gdp"], entry(final, account), "kept")
    parts = statistical_energy(physical)
    control("energy consumption, Mtce", controls["energy_consumption"], parts, "other energy use balances it")
    middle = 0.5 * (controls["co2_low"] + controls["co2_high"])
    co2 = total(fuel["co2_mt"]) + total(process)
    control("CO2, Mt (before: middle of the range)", middle, co2, "fuel by driver, gas counted once")
    return rows


def fuel_rows(
    tables: Mapping[str, pd.DataFrame], fuel: pd.DataFrame, use: pd.DataFrame
) -> list[tuple[str, str, float, float, str]]:
    """Rows of the fuel commodities' cells: money of the prior against tonnes times price."""
    prior = tables["use_prior"].set_index("commodity")
    rows: list[tuple[str, str, float, float, str]] = []
    for commodity in FUEL_COMMODITIES:
        own = fuel[fuel["commodity"] == commodity]
        mean = total(own["value"]) / total(own["mtce"])
        for user in map(str, use.columns):
            after = cell(use, commodity, user)
            columns = FINAL_PRIOR.get(user, [user])
            if user in ("ELEC", *GENERATION):
                # the prior's power sector is compared with the technology that took over its fuel
                columns = ["ELEC"] if user == POWER_FUEL.get(commodity) else []
            before = sum(cell(prior, commodity, c) for c in columns) if commodity in prior.index else 0.0
            if before == 0.0 and after == 0.0:
                continue
            mtce = total(own.loc[own["activity"] == user, "mtce"])
            if mtce > 0.0:
                implied = before / mtce
                near = mean / PRICE_RANGE <= implied <= mean * PRICE_RANGE
                far = "" if near else ", outside a third to three times"
                reason = (
                    f"{mtce:.4g} Mtce at {100 * after / mtce:.0f} yuan/tce; the prior's money implied "
                    f"{100 * implied:.0f}{far} the mean of {100 * mean:.0f}"
                )
            elif after > 0.0:
                reason = "stocks, money of the prior"
            else:
                reason = "no tonnes: money taken out"
            rows.append((f"{commodity} into {user}", "fuel", before, after, reason))
    table = tables["fuel_2019"]
    kerosene = total(table.loc[(table["fuel"] == "Kerosene") & (table["user"] == "TRAN"), "mtce"])
    rows.append(("kerosene in TRAN, Mtce of 2019", "fuel", kerosene, 0.0, "burnt by aircraft: moved to AIR"))
    rows.append(("kerosene in AIR, Mtce of 2019", "fuel", 0.0, kerosene, "from TRAN"))
    return rows


def cell_rows(
    tables: Mapping[str, pd.DataFrame], use: pd.DataFrame, flexible: list[str]
) -> list[tuple[str, str, float, float, str]]:
    """Rows of the other cells: electricity by TWh, the rest by RAS."""
    prior = tables["use_prior"].set_index("commodity")
    rows: list[tuple[str, str, float, float, str]] = []
    for commodity in ["ELEC", *flexible]:
        reason = "TWh times price class" if commodity == "ELEC" else "RAS after the energy rows were fixed"
        for user in map(str, use.columns):
            if user in GENERATION:
                continue
            before = sum(cell(prior, commodity, c) for c in FINAL_PRIOR.get(user, [user]))
            after = cell(use, commodity, user)
            if user == "ELEC":
                after += sum(cell(use, commodity, g) for g in GENERATION)
            if before != 0.0 or after != 0.0:
                rows.append((f"{commodity} into {user}", "cell", before, after, reason))
    return rows


def render_moved(moved: pd.DataFrame, largest: int = 25) -> str:
    """Readable report: all controls that moved, all fuel cells, and the largest other cells.

    Parameters
    ----------
    moved
        Table of :func:`moved_report`.
    largest
        How many of the other cells to show, by absolute change.
    """
    lines: list[str] = []
    controls = moved[moved["kind"] == "control"]
    kept = controls[(controls["after"] - controls["before"]).abs() <= 1e-6 * controls["before"].abs()]
    lines.append(f"Controls kept: {len(kept)} of {len(controls)}. Moved:")
    lines += [_line(row) for row in _rows(controls.drop(kept.index))]
    lines.append("Fuel cells (yi yuan):")
    lines += [_line(row) for row in _rows(moved[moved["kind"] == "fuel"])]
    cells = moved[moved["kind"] == "cell"]
    order = (cells["after"] - cells["before"]).abs().sort_values(ascending=False).index
    lines.append(f"Other cells: the {min(largest, len(cells))} largest of {len(cells)} changes (yi yuan):")
    lines += [_line(row) for row in _rows(cells.loc[order[:largest]])]
    return "\n".join(lines)


def _rows(table: pd.DataFrame) -> list[tuple[str, float, float, float, str]]:
    columns = (table["item"], table["before"], table["after"], table["ratio"], table["reason"])
    return [(str(i), float(b), float(a), float(r), str(w)) for i, b, a, r, w in zip(*columns, strict=True)]


def _line(row: tuple[str, float, float, float, str]) -> str:
    item, before, after, ratio, reason = row
    times = "     new" if np.isnan(ratio) else f"x {ratio:6.3g}"
    return f"  {item:<38} {before:>10.2f} -> {after:>10.2f}  {times}  {reason}"
