"""From plain tables to balanced benchmark accounts.

Call::

    from tanshi.scenarios.economy import load_economy
    from tanshi.equilibrium.province.balance import build_accounts, render_moved

    accounts = build_accounts(load_economy("shanxi_2022").tables())
    print(render_moved(accounts.moved))

``build_accounts`` takes a mapping of plain DataFrames, so it knows no files and no scenario. In this order:
fuel cells are tonnes times price; value added is split with the carbon price of the benchmark; the
electricity chain follows; what is left of every column is filled from the prior table by RAS; gross trade
and incomes close the accounts. Controls kept exactly: gross domestic product (with import duties in the
tertiary sector, where Chinese accounts book them), the three broad sectors, value added by sector, spending
of households, government and on investment, statistical energy consumption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance_energy import FUEL_COMMODITIES, energy_balance, fuel_account
from tanshi.equilibrium.province.balance_factors import value_added
from tanshi.equilibrium.province.balance_incomes import close_incomes
from tanshi.equilibrium.province.balance_moved import moved_report, render_moved
from tanshi.equilibrium.province.balance_power import GENERATION, electricity_chain, joint_output
from tanshi.equilibrium.province.balance_ras import ras
from tanshi.equilibrium.province.balance_trade import foreign_trade, gross_trade
from tanshi.equilibrium.province.classes import split_coal
from tanshi.equilibrium.province.tables import cell, entry, named, total

__all__ = ["benchmark_carbon_price", "build_accounts", "render_moved"]

FINAL = {"HH": ["household"], "GOV": ["government"], "SAV": ["fixed_investment", "stocks"]}
OTHER_ACCOUNTS = (
    *("LAB", "CAP", "RES", "PTAX", "TARIFF", "YTAX_H", "YTAX_E", "PERMIT"),
    *("HH", "ENT", "GOV", "SAV", "ROC", "ROW"),
)


def benchmark_carbon_price(monthly: pd.DataFrame, controls: Mapping[str, float] | None = None) -> float:
    """Volume-weighted mean allowance price of 2022, yuan/t: turnover over volume of the twelve months.

    Accounts of another year say theirs in the control ``benchmark_carbon_price``.
    """
    if controls and "benchmark_carbon_price" in controls:
        return controls["benchmark_carbon_price"]
    year = monthly[monthly["date"].astype(str).str.startswith("2022-")]
    if len(year) != 12:
        raise ValueError(
            f"cea_monthly: expected the 12 months of 2022, found {len(year)}; accounts of another year say "
            "their price in the control benchmark_carbon_price"
        )
    return total(year["turnover_yuan"]) / total(year["volume_t"])


def _process_co2(
    tables: Mapping[str, pd.DataFrame], activities: Sequence[str], coke_oven_gas: float
) -> pd.Series[float]:
    """CO2 of processes by activity, Mt; what escapes of the coke ovens' gas is coking's."""
    process = pd.Series(0.0, index=list(activities), name="mt")
    for activity, mt in named(tables["process_co2"], "activity", "mt").items():
        process[activity] = mt
    if coke_oven_gas > 0.0:
        process["COKE"] += coke_oven_gas
    return process


def _by_output(controls: Mapping[str, float]) -> float:
    """Share of the benchmark's allowances that output has earned."""
    share = controls.get("allowances_by_output", 0.0)
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"controls: allowances_by_output between 0 and 1 expected, found {share:g}")
    return share


def _plants(tables: Mapping[str, pd.DataFrame], controls: Mapping[str, float]) -> pd.DataFrame:
    """Generation and capacity by kind of plant, TWh and GW."""
    power = tables["power"].set_index("activity").loc[list(GENERATION), ["twh", "capacity_gw"]].astype(float)
    power.attrs = {"generation_twh": controls["generation"], "export_net_twh": controls["power_export_net"]}
    return power


def build_accounts(tables: Mapping[str, pd.DataFrame]) -> Accounts:
    """Build and balance the benchmark accounts.

    Parameters
    ----------
    tables
        Plain tables by name: ``sectors, output_moves, use_prior, factor_shares, resource_shares, fuels,
        fuel_2019, fuel_growth, fuel_price_users, feedstocks, process_co2, electricity_use, power,
        power_materials, trade, controls, institutions, elasticities, population, cea_monthly``. Money in yi yuan, fuel
        in Mtce, power in TWh.

    Returns
    -------
    Accounts
        Balanced to 1e-9 of every account.

    Raises
    ------
    ValueError
        One of its kinds (``UnbalancedAccount``, ``NoBalance``, ``ImplausiblePrice``,
        ``ImplausibleFactorPayment``) that names the account, row or cell at fault.
    """
    controls = named(tables["controls"], "item", "value")
    sector_table = tables["sectors"].set_index("sector")
    sectors = tuple(str(s) for s in sector_table.index)
    activities, commodities = (*sectors, *GENERATION), (*sectors, "GEN", "BPG")
    price = benchmark_carbon_price(tables["cea_monthly"], controls)

    fuel = fuel_account(tables)
    process = _process_co2(tables, activities, float(fuel.attrs["coke_oven_gas_co2_mt"]))
    output = gross_output(tables)
    by_product = joint_output(fuel)
    own_output = output - by_product.reindex(output.index, fill_value=0.0)
    added = sector_table["value_added"].astype(float) * broad_scale(sector_table, controls)
    # Chinese accounts book import duties in wholesale trade: they leave SERV for their own account
    added["SERV"] -= total(foreign_trade(tables, own_output)["tariff"])
    power_co2 = {a: total(fuel.loc[fuel["activity"] == a, "co2_mt"]) for a in ("GENC", "GENG")}
    by_output = _by_output(controls)
    factors = value_added(tables, added, power_co2, price * (1.0 - by_output))

    use = pd.DataFrame(0.0, index=list(commodities), columns=[*activities, *FINAL])
    for (commodity, user), cells in fuel.groupby(["commodity", "activity"]):
        use.loc[commodity, user] = total(cells["value"])
    generation = electricity_chain(tables, output, factors, use, controls)
    totals = column_totals(tables, output, factors, generation, controls)
    flexible = [c for c in sectors if c not in FUEL_COMMODITIES and c != "ELEC"]
    use.loc["COAL", "SAV"] = cell(tables["use_prior"].set_index("commodity"), "COAL", "stocks")
    prior, open_totals = prior_use(tables, flexible, activities), totals - use.sum()
    if controls.get("rows_as_tabulated", 0.0) > 0.0:
        goods = tabulated_rows(tables, flexible, open_totals)
    else:
        goods = row_targets(prior, open_totals, own_output)
    use.loc[flexible] = ras(prior, goods, open_totals)

    # nobody refines oil in the province: what is burnt of its products flows in
    refined = {"COKE": float(fuel.attrs["oil_value"])}
    demand = use.loc[list(sectors)].sum(axis=1)
    trade = gross_trade(tables, own_output, demand, controls["two_way_floor"], refined)
    sam = assemble(sectors, activities, commodities, use, factors, trade, by_product, generation)
    close_incomes(sam, named(tables["institutions"], "item", "value"), controls["gdp"])

    physical = energy_balance(fuel, controls)
    tell_moved = partial(moved_report, tables, sam, fuel, use, output, trade, physical, process, flexible)
    accounts = Accounts(
        sectors=sectors,
        activities=activities,
        commodities=commodities,
        sam=sam,
        fuel=fuel,
        process_co2=process,
        power=_plants(tables, controls),
        physical=physical,
        elasticities=elasticity_table(tables["elasticities"], activities, commodities),
        carbon_price=price,
        by_output=by_output,
        coverable=with_firms(tables["population"]),
        tell_moved=tell_moved,
    )
    classes = tables.get("coal_classes")
    return accounts if classes is None else split_coal(accounts, classes)


def with_firms(population: pd.DataFrame) -> tuple[str, ...]:
    """The sectors whose firms are counted, in the table's order: those that carbon trading may cover.

    Examples
    --------
    >>> with_firms(pd.DataFrame({"sector": ["ELEC", "ELEC", "NMM"], "parameter": ["number_weight", "size_sigma",
    ...                                                                           "number_weight"]}))
    ('ELEC', 'NMM')
    """
    counted = population[population["parameter"] == "number_weight"]
    return tuple(dict.fromkeys(str(sector) for sector in counted["sector"]))


def broad_scale(sectors: pd.DataFrame, controls: Mapping[str, float]) -> pd.Series:
    """Factor that brings each sector's value added to the control of its broad sector."""
    sums = {str(broad): total(rows["value_added"]) for broad, rows in sectors.groupby("broad")}
    factors = {broad: controls[broad] / value for broad, value in sums.items()}
    return pd.Series([factors[str(broad)] for broad in sectors["broad"]], index=sectors.index)


def gross_output(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Gross output by sector, yi yuan, after the stated moves."""
    output = tables["sectors"].set_index("sector")["gross_output"].astype(float).copy()
    for sector, value in named(tables["output_moves"], "sector", "gross_output").items():
        output[sector] = value
    return output


def column_totals(
    tables: Mapping[str, pd.DataFrame],
    output: pd.Series,
    factors: pd.DataFrame,
    generation: pd.Series,
    controls: Mapping[str, float],
) -> pd.Series:
    """Intermediate spending of every activity and final spending, yi yuan."""
    sold = pd.concat([output, generation])
    totals: pd.Series = sold - factors.loc[list(sold.index)].sum(axis=1)
    totals["HH"] = controls["output_household"] * controls["gdp"]
    totals["GOV"] = controls["output_government"] * controls["gdp"]
    totals["SAV"] = controls["output_investment"] * controls["gdp"]
    return totals


def prior_use(tables: Mapping[str, pd.DataFrame], flexible: list[str], activities: tuple[str, ...]) -> pd.DataFrame:
    """Prior of the cells that RAS fills; power buys materials in the proportions of ``power_materials``.

    An old table of one power sector says little about the materials of grids and single technologies.
    """
    table = tables["use_prior"].set_index("commodity").loc[flexible]
    materials = tables["power_materials"].set_index("commodity")[["ELEC", *GENERATION]]
    materials = materials.astype(float).reindex(flexible).fillna(0.0)
    of_power = total(table["ELEC"])
    prior = pd.DataFrame(index=flexible)
    for activity in activities:
        power = activity in materials.columns
        prior[activity] = (materials[activity] * of_power if power else table[activity]).astype(float)
    for account, columns in FINAL.items():
        prior[account] = table[columns].astype(float).sum(axis=1)
    return prior.clip(lower=0.0)


def row_targets(prior: pd.DataFrame, columns: pd.Series, output: pd.Series) -> pd.Series:
    """Use within the province of the non-energy goods.

    Construction is used where it is built; what the energy rows gained or lost is spread over the other
    goods of the prior in proportion.
    """
    used = prior.drop(columns=list(GENERATION)).sum(axis=1)
    built = entry(output, "CONS")
    scale = (total(columns) - built) / (total(used) - entry(used, "CONS"))
    return pd.Series({good: built if good == "CONS" else entry(used, good) * scale for good in used.index})


def tabulated_rows(tables: Mapping[str, pd.DataFrame], flexible: list[str], columns: pd.Series) -> pd.Series:
    """Use of the non-energy goods as an own table of the year has it, scaled to what the columns spend.

    Asked for by the control ``rows_as_tabulated``: the rows of a current table are observed, those of an old
    prior are not.
    """
    table = tables["use_prior"].set_index("commodity").loc[flexible]
    users = [*(str(s) for s in tables["sectors"]["sector"]), *(c for names in FINAL.values() for c in names)]
    used: pd.Series = table[users].astype(float).sum(axis=1)
    return used * (total(columns) / total(used))


def assemble(
    sectors: tuple[str, ...],
    activities: tuple[str, ...],
    commodities: tuple[str, ...],
    use: pd.DataFrame,
    factors: pd.DataFrame,
    trade: pd.DataFrame,
    by_product: pd.Series,
    generation: pd.Series,
) -> pd.DataFrame:
    """Put use, value added and trade into one SAM; incomes and saving are still open."""
    names = [*(f"A_{a}" for a in activities), *(f"C_{c}" for c in commodities), *OTHER_ACCOUNTS]
    sam = pd.DataFrame(0.0, index=names, columns=names)
    for column in use.columns:
        payer = column if column in FINAL else f"A_{column}"
        sam.loc[[f"C_{c}" for c in use.index], payer] = use[column].to_numpy()
    for activity in activities:
        sam.loc[list(factors.columns), f"A_{activity}"] = factors.loc[activity].to_numpy()
    for s in sectors:
        sam.loc[f"A_{s}", f"C_{s}"] = cell(trade, s, "own")
        sam.loc[f"A_{s}", "ROC"] = cell(trade, s, "outflow")
        sam.loc[f"A_{s}", "ROW"] = cell(trade, s, "export")
        sam.loc["ROC", f"C_{s}"] = cell(trade, s, "inflow")
        sam.loc["ROW", f"C_{s}"] = cell(trade, s, "import")
        sam.loc["TARIFF", f"C_{s}"] = cell(trade, s, "tariff")
    for producer, value in by_product.items():
        sam.loc[f"A_{producer}", "C_BPG"] = value
    for generator, value in generation.items():
        sam.loc[f"A_{generator}", "C_GEN"] = value
    return sam


def elasticity_table(table: pd.DataFrame, activities: tuple[str, ...], commodities: tuple[str, ...]) -> pd.DataFrame:
    """Wide table of the values used: code by elasticity, NaN where an elasticity has no meaning."""
    codes = list(dict.fromkeys([*activities, *commodities, "HH"]))
    wide = table.pivot(index="code", columns="elasticity", values="value").astype(float)
    unknown = sorted(set(wide.index) - set(codes))
    if unknown:
        raise ValueError(f"elasticities: unknown codes {', '.join(map(str, unknown))}")
    wide = wide.reindex(codes)
    wide.index.name, wide.columns.name = "code", None
    return wide
