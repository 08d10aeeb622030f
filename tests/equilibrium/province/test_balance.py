"""Shanxi 2022: what the balanced accounts must say about money, energy and carbon."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.province.accounts import Accounts, UnbalancedAccount, check_balance
from tanshi.equilibrium.province.balance import benchmark_carbon_price, build_accounts, render_moved
from tanshi.equilibrium.province.balance_energy import ImplausiblePrice, check_prices, statistical_energy
from tanshi.equilibrium.province.balance_factors import ImplausibleFactorPayment, factor_shares
from tanshi.equilibrium.province.tables import cell, total
from tanshi.scenarios.economy import load_economy

VALUE_ADDED = ["LAB", "CAP", "RES", "PTAX", "PERMIT"]
GENERATION = ["GENC", "GENG", "GENN"]


@pytest.fixture(scope="module")
def figures() -> dict[str, pd.DataFrame]:
    """All tables but the classes of coal units, which are cut from what is balanced here."""
    tables = load_economy("shanxi_2022").tables()
    return {name: table for name, table in tables.items() if name != "coal_classes"}


@pytest.fixture(scope="module")
def accounts(figures: dict[str, pd.DataFrame]) -> Accounts:
    return build_accounts(figures)


@pytest.fixture
def tables(figures: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables that a test may spoil."""
    return {name: table.copy() for name, table in figures.items()}


def value_added(accounts: Accounts, sectors: list[str]) -> float:
    return float(accounts.sam.loc[VALUE_ADDED, [f"A_{s}" for s in sectors]].to_numpy().sum())


def payers(accounts: Accounts, receiver: str) -> set[str]:
    return {str(payer) for payer in accounts.sam.columns if cell(accounts.sam, receiver, payer) > 0}


def test_every_account_receives_what_it_pays(accounts: Accounts) -> None:
    received, paid = accounts.sam.sum(axis=1), accounts.sam.sum()
    assert float(((received - paid).abs() / np.maximum(received, paid)).max()) < 1e-9


def test_gross_domestic_product_and_the_three_broad_sectors_are_the_published_ones(
    accounts: Accounts,
) -> None:
    duties = total(accounts.sam.loc["TARIFF"])
    secondary = [s for s in accounts.sectors if s not in ("AGR", "AIR", "TRAN", "SERV")] + GENERATION
    assert value_added(accounts, ["AGR"]) == pytest.approx(1340.40, rel=1e-12)
    assert value_added(accounts, secondary) == pytest.approx(13840.85, rel=1e-12)
    assert value_added(accounts, ["AIR", "TRAN", "SERV"]) + duties == pytest.approx(10461.34, rel=1e-12)
    assert value_added(accounts, list(accounts.activities)) + duties == pytest.approx(25642.59, rel=1e-12)


def test_gross_domestic_product_is_the_same_from_spending(accounts: Accounts) -> None:
    sam = accounts.sam
    goods = [f"C_{c}" for c in accounts.commodities]
    makers = [f"A_{a}" for a in accounts.activities]
    spent = float(sam.loc[goods, ["HH", "GOV", "SAV"]].to_numpy().sum())
    sold = float(sam.loc[makers, ["ROC", "ROW"]].to_numpy().sum())
    bought = float(sam.loc[["ROC", "ROW"], goods].to_numpy().sum())
    assert spent + sold - bought == pytest.approx(25642.59, rel=1e-12)


def test_no_payment_is_negative_but_the_net_tax_of_subsidised_farming(accounts: Accounts) -> None:
    sam = accounts.sam
    negative = [(i, j) for i in sam.index for j in sam.columns if cell(sam, i, j) < 0]
    assert negative == [("PTAX", "A_AGR")]


def test_only_sectors_with_a_natural_resource_pay_rent(accounts: Accounts) -> None:
    assert payers(accounts, "RES") == {"A_AGR", "A_COAL", "A_OGAS", "A_OMIN", "A_GENN"}


def test_capital_and_labour_earn_something_everywhere(accounts: Accounts) -> None:
    makers = [f"A_{a}" for a in accounts.activities]
    assert (accounts.sam.loc[["LAB", "CAP"], makers] > 0).to_numpy().all()


def test_gas_supply_earns_capital_income_although_its_old_accounts_show_a_loss(
    accounts: Accounts, figures: dict[str, pd.DataFrame]
) -> None:
    shares = figures["factor_shares"]
    old = shares[(shares["sector"] == "OGAS") & (shares["origin"] == "province")]
    assert float(old["capital"].iloc[0]) < 0
    assert factor_shares(shares)["origin"]["OGAS"] == "national"
    assert cell(accounts.sam, "CAP", "A_OGAS") > 0


def test_fuel_prices_lie_within_a_third_to_three_times_the_mean_of_their_fuel(accounts: Accounts) -> None:
    fuel = accounts.fuel
    sums = fuel.groupby("commodity")[["value", "mtce"]].sum()
    ratio = fuel["value"] / fuel["mtce"] / fuel["commodity"].map(sums["value"] / sums["mtce"])
    assert ratio.between(1 / 3, 3).all()
    assert (fuel["mtce"] > 0).all()


def test_a_fuel_cell_with_tonnes_and_hardly_any_money_is_refused_by_name(accounts: Accounts) -> None:
    fuel = accounts.fuel.copy()
    cell = (fuel["commodity"] == "OGAS") & (fuel["activity"] == "GENG")
    fuel.loc[cell, "value"] /= 70
    with pytest.raises(ImplausiblePrice, match=r"OGAS into GENG \(energy\)"):
        check_prices(fuel)


def test_fuel_money_is_exactly_what_users_pay_for_the_commodity(accounts: Accounts) -> None:
    for (commodity, user), cells in accounts.fuel.groupby(["commodity", "activity"]):
        payer = "HH" if user == "HH" else f"A_{user}"
        paid = cell(accounts.sam, f"C_{commodity}", payer)
        assert float(cells["value"].sum()) == pytest.approx(paid, rel=1e-12)


def test_statistical_energy_consumption_is_the_published_219_from_its_parts(accounts: Accounts) -> None:
    fuel, physical = accounts.fuel, accounts.physical
    assert statistical_energy(physical) == pytest.approx(219.0, abs=1e-9)
    burnt = float(fuel.loc[fuel["use"] != "feedstock", "mtce"].sum())
    assert physical["fuel_combustion_mtce"] == pytest.approx(burnt - physical["blast_furnace_gas_mtce"], abs=1e-9)
    parts = physical["non_energy_use_mtce"] + physical["transformation_loss_mtce"]
    parts += physical["statistical_difference_mtce"]
    assert physical["other_energy_mtce"] == pytest.approx(parts, abs=1e-9)
    assert min(v for name, v in physical.items() if name != "statistical_difference_mtce") > 0
    assert abs(physical["statistical_difference_mtce"]) < 0.06 * 219.0  # the page of the accounts says so


def test_emissions_of_2022_lie_in_the_range_the_inventory_allows(accounts: Accounts) -> None:
    """The inventory's own range, 530 to 600, and what it does not count: process carbon other than cement's."""
    new = accounts.process_co2.sum() - 13.95 - accounts.fuel.attrs["coke_oven_gas_co2_mt"]
    assert 530 + new < float(accounts.fuel["co2_mt"].sum() + accounts.process_co2.sum()) < 600 + new
    assert 20 < new < 35


def test_carbon_of_blast_furnace_gas_is_counted_once(accounts: Accounts, figures: dict[str, pd.DataFrame]) -> None:
    fuel = accounts.fuel
    factors = figures["fuels"].set_index("fuel")["tco2_per_tce"]
    coke = fuel[fuel["use"] == "reductant"].iloc[0]
    gas = fuel[fuel["commodity"] == "BPG"]
    assert coke["co2_mt"] == pytest.approx(coke["mtce"] * float(factors["Coke"]), rel=1e-12)
    assert float(gas["co2_mt"].sum()) == 0.0
    made = accounts.physical["blast_furnace_gas_mtce"] + accounts.physical["coke_oven_gas_mtce"]
    assert float(gas["mtce"].sum()) == pytest.approx(made, rel=1e-12)


def test_coking_answers_for_the_carbon_of_its_gas(accounts: Accounts, figures: dict[str, pd.DataFrame]) -> None:
    factor = float(figures["fuels"].set_index("fuel")["tco2_per_tce"]["Coke_Oven_Gas"])
    assert accounts.process_co2["COKE"] == pytest.approx(accounts.physical["coke_oven_gas_mtce"] * factor, rel=1e-12)


def test_by_product_gas_is_burnt_on_its_site_or_in_power(accounts: Accounts) -> None:
    assert set(accounts.fuel.loc[accounts.fuel["commodity"] == "BPG", "activity"]) == {"COKE", "STEEL", "GENG"}


def test_by_product_gas_away_from_its_site_is_refused_by_name(tables: dict[str, pd.DataFrame]) -> None:
    burnt = tables["fuel_2019"]
    burnt.loc[(burnt["user"] == "MACH") & (burnt["fuel"] == "Producer_Gas"), "fuel"] = "Other_Gas"
    with pytest.raises(ValueError, match=r"found Other_Gas into MACH: give it a fuel that is bought"):
        build_accounts(tables)


def test_cement_burns_what_its_kilns_need(accounts: Accounts) -> None:
    """47.99 Mt of cement at a clinker ratio of 0.55 to 0.75 and 105 to 120 kgce a tonne of clinker."""
    fuel = accounts.fuel
    coal = float(fuel.loc[(fuel["activity"] == "NMM") & (fuel["commodity"] == "COAL"), "mtce"].sum())
    assert 47.99 * 0.55 * 0.105 < coal < 47.99 * 0.75 * 0.120 + 2.0  # bricks, lime and glass beside it


def test_feedstock_emits_nothing_here(accounts: Accounts) -> None:
    feed = accounts.fuel[accounts.fuel["use"] == "feedstock"]
    assert {("COAL", "COKE"), ("COAL", "CHEM")} <= set(zip(feed["commodity"], feed["activity"], strict=True))
    assert float(feed["co2_mt"].sum()) == 0.0


def test_by_product_gas_is_made_by_coking_and_steel_and_never_leaves_the_province(accounts: Accounts) -> None:
    sellers = accounts.sam["C_BPG"]
    assert set(sellers[sellers > 0].index) == {"A_COKE", "A_STEEL"}


def test_kerosene_is_burnt_by_aircraft(accounts: Accounts) -> None:
    air = accounts.fuel[(accounts.fuel["activity"] == "AIR") & (accounts.fuel["use"] == "energy")]
    assert list(air["commodity"]) == ["COKE"]
    assert float(air["tco2_per_tce"].iloc[0]) == pytest.approx(2.064, abs=0.01)


def test_power_pays_the_observed_carbon_price_on_its_emissions(accounts: Accounts) -> None:
    assert accounts.carbon_price == pytest.approx(55.3, abs=0.05)
    for activity in ("GENC", "GENG"):
        emitted = float(accounts.fuel.loc[accounts.fuel["activity"] == activity, "co2_mt"].sum())
        paid = cell(accounts.sam, "PERMIT", f"A_{activity}")
        assert paid == pytest.approx(accounts.carbon_price * emitted / 100, rel=1e-12)
    assert total(accounts.sam.loc["PERMIT"]) == pytest.approx(cell(accounts.sam, "ENT", "PERMIT"))


def test_the_benchmark_price_is_turnover_over_volume_of_twelve_months(
    figures: dict[str, pd.DataFrame],
) -> None:
    monthly = figures["cea_monthly"]
    with pytest.raises(ValueError, match="12 months of 2022, found 11"):
        benchmark_carbon_price(monthly[monthly["date"] != "2022-12-31"])


def test_generation_adds_up_and_is_sold_to_the_grid_only(accounts: Accounts) -> None:
    assert float(accounts.power["twh"].sum()) == pytest.approx(418.4, abs=1e-9)
    assert accounts.power["twh"]["GENN"] == pytest.approx(accounts.physical["nonfossil_twh"])
    assert payers(accounts, "C_GEN") == {"A_ELEC"}
    makers = accounts.sam["C_GEN"]
    assert set(makers[makers > 0].index) == {f"A_{g}" for g in GENERATION}


def test_households_pay_for_the_electricity_they_use(accounts: Accounts) -> None:
    """The official table of 2017 has 226.9 yi yuan with heat; use grew since."""
    assert 230.0 <= cell(accounts.sam, "C_ELEC", "HH") <= 260.0


def test_trade_runs_both_ways_and_power_leaves_at_its_contract_price(accounts: Accounts) -> None:
    sam = accounts.sam
    both = [s for s in accounts.sectors if s != "CONS"]
    assert all(cell(sam, f"A_{s}", "ROC") > 0 for s in both)
    assert all(cell(sam, "ROC", f"C_{s}") > 0 for s in both)
    net = cell(sam, "A_ELEC", "ROC") - cell(sam, "ROC", "C_ELEC")
    assert net / 146.3 / 10 == pytest.approx(0.42)


def test_nobody_refines_oil_in_the_province(accounts: Accounts) -> None:
    inflow = cell(accounts.sam, "ROC", "C_COKE") + cell(accounts.sam, "ROW", "C_COKE")
    assert inflow >= float(accounts.fuel.attrs["oil_value"])


def test_the_report_lists_every_control_and_every_fuel_cell(accounts: Accounts) -> None:
    moved = accounts.moved
    items = set(moved["item"])
    for sector in accounts.sectors:
        assert {f"value added, {sector}", f"gross output, {sector}", f"net outflow, {sector}"} <= items
    for commodity, user in zip(accounts.fuel["commodity"], accounts.fuel["activity"], strict=True):
        assert f"{commodity} into {user}" in items
    assert not moved["item"].duplicated().any()
    assert set(moved["kind"]) == {"control", "fuel", "cell"}
    assert moved["reason"].str.len().gt(0).all()


def test_the_report_agrees_with_the_accounts(accounts: Accounts, figures: dict[str, pd.DataFrame]) -> None:
    moved = accounts.moved.set_index("item")
    prior = figures["use_prior"].set_index("commodity")
    assert moved["before"]["COAL into STEEL"] == pytest.approx(prior["STEEL"]["COAL"])
    assert moved["after"]["COAL into STEEL"] == pytest.approx(accounts.sam["A_STEEL"]["C_COAL"])
    assert moved["after"]["gross output, COKE"] == pytest.approx(total(accounts.sam.loc["A_COKE"]))
    ratio = moved["after"] / moved["before"].replace(0.0, np.nan)
    pd.testing.assert_series_equal(moved["ratio"], ratio, check_names=False)


def test_value_added_and_all_outputs_but_coke_are_kept(accounts: Accounts) -> None:
    controls = accounts.moved[accounts.moved["kind"] == "control"].set_index("item")
    off = controls.index[(controls["ratio"] - 1).abs() > 1e-6]
    kept_kinds = ("value added", "gross output", "spending", "gross domestic", "energy")
    assert [item for item in off if item.startswith(kept_kinds)] == ["gross output, COKE"]


def test_the_report_can_be_read(accounts: Accounts) -> None:
    text = render_moved(accounts.moved, largest=3)
    assert "gross output, COKE" in text
    assert "COAL into NMM" in text
    assert max(len(line) for line in text.splitlines()) < 260


def test_elasticities_reach_every_activity_and_traded_good(accounts: Accounts) -> None:
    table = accounts.elasticities
    for name in ("energy_other", "capital_labour", "electricity_fuels", "fuels"):
        assert table.loc[list(accounts.activities), name].notna().all()
    for name in ("armington", "inflow", "cet", "outflow"):
        assert table.loc[list(accounts.sectors), name].notna().all()
    assert table.loc[["AGR", "COAL", "OGAS", "OMIN", "GENN"], "resource_supply"].notna().all()


def test_building_twice_gives_the_same_accounts(accounts: Accounts, figures: dict[str, pd.DataFrame]) -> None:
    pd.testing.assert_frame_equal(build_accounts(figures).sam, accounts.sam, check_exact=True)


@pytest.mark.parametrize("coal", [5500.0, 7500.0])
def test_the_estimate_of_coal_value_added_can_be_varied(tables: dict[str, pd.DataFrame], coal: float) -> None:
    sectors = tables["sectors"].set_index("sector")
    kept = total(sectors.loc[["COKE", "ELEC", "CONS"], "value_added"])
    others = (sectors["broad"] == "secondary") & ~sectors.index.isin(["COAL", "COKE", "ELEC", "CONS"])
    scale = (13840.85 - coal - kept) / total(sectors.loc[others, "value_added"])
    sectors.loc[others, ["value_added", "gross_output"]] *= scale
    sectors.loc["COAL", ["value_added", "gross_output"]] = [coal, coal / 0.6]
    tables["sectors"] = sectors.reset_index()
    varied = build_accounts(tables)
    assert value_added(varied, ["COAL"]) == pytest.approx(coal)
    assert value_added(varied, list(varied.activities)) == pytest.approx(25642.59 - total(varied.sam.loc["TARIFF"]))


def test_a_factor_that_would_be_paid_less_than_nothing_is_named(tables: dict[str, pd.DataFrame]) -> None:
    power = tables["power"]
    power.loc[power["activity"] == "GENC", "capital"] = 0.2
    with pytest.raises(ImplausibleFactorPayment, match="GENC CAP -"):
        build_accounts(tables)


def test_more_fuel_than_the_energy_control_is_refused(tables: dict[str, pd.DataFrame]) -> None:
    controls = tables["controls"]
    controls.loc[controls["item"] == "energy_consumption", "value"] = 190.0
    with pytest.raises(ValueError, match=r"fuel use exceeds the energy control: 39\."):
        build_accounts(tables)


def test_accounts_cannot_be_made_from_an_unbalanced_matrix(accounts: Accounts) -> None:
    sam = accounts.sam.copy()
    sam.loc["C_STEEL", "A_MACH"] = 2 * cell(sam, "C_STEEL", "A_MACH")
    with pytest.raises(UnbalancedAccount, match=r"A_MACH.*C_STEEL|C_STEEL.*A_MACH"):
        check_balance(sam)
    fields = {name: getattr(accounts, name) for name in accounts.__dataclass_fields__}
    with pytest.raises(UnbalancedAccount):
        Accounts(**{**fields, "sam": sam})
