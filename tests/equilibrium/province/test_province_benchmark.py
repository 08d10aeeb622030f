"""The province model at its benchmark: it replicates the accounts in money, energy and carbon."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import checks
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import emitting_flows
from tanshi.equilibrium.province.national import nominal_gdp
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import total
from tests.equilibrium.province.conftest import Build, shanxi
from tests.sectors import SECTORS

CLOSURES = [(capital, saving) for capital in ("mobile", "vintage") for saving in ("fixed", "flexible")]


def benchmark_flows(model: Province) -> Flows:
    s = model.solve(model.parameters())
    return Flows(s.state.flow, s.x)


@pytest.mark.parametrize(("capital", "saving"), CLOSURES)
def test_the_benchmark_replicates_at_zero_iterations(province: Build, capital: str, saving: str) -> None:
    model = province(capital=capital, external_saving=saving)
    check = checks.benchmark(model.compiled)
    assert check.passed, check
    s = model.solve(model.parameters())
    assert s.iterations == 0
    assert s.walras <= 1e-9


@pytest.mark.parametrize(("capital", "saving"), CLOSURES)
def test_every_unknown_has_an_equation(province: Build, capital: str, saving: str) -> None:
    check = checks.square(province(capital=capital, external_saving=saving).compiled)
    assert check.passed, check


def test_the_jacobian_is_exact_under_a_standard_with_sluggish_choices(model: Province) -> None:
    rng = np.random.default_rng(0)
    p = model.parameters()
    model.cover(p, SECTORS)
    model.give_quotas(p, rng.uniform(0.5, 2.0, len(model.earners)), absolute=True)
    model.adjust(p, 0.4, rng.uniform(20, 90, len(SECTORS)))
    x = model.compiled.start * np.exp(0.1 * rng.standard_normal(model.compiled.n))
    x[model.compiled.start == 0] = 0.1
    check = checks.exact_jacobian(model.compiled, p, x)
    assert check.passed, check


def test_every_payment_of_the_benchmark_is_received(model: Province) -> None:
    check = checks.every_payment_is_received(model.solve(model.parameters()), 1e-10)
    assert check.passed, check


def test_the_benchmark_consumes_219_mtce_of_energy(model: Province) -> None:
    energy = PhysicalAccounts(model).energy(benchmark_flows(model))
    assert energy["total"] == pytest.approx(219.0, rel=1e-9)
    assert energy["combustion"] == pytest.approx(shanxi().physical["fuel_combustion_mtce"], rel=1e-9)


def test_the_benchmark_emits_what_its_fuel_and_processes_emit(model: Province) -> None:
    emissions = PhysicalAccounts(model).emissions(benchmark_flows(model))
    accounts: Accounts = shanxi()
    counted = total(accounts.fuel["co2_mt"]) + total(accounts.process_co2)
    assert sum(emissions.values()) == pytest.approx(counted, rel=1e-9)
    assert 560 < sum(emissions.values()) < 640  # the range of controls.csv


def test_carbon_is_counted_once(model: Province) -> None:
    """No tonne of feedstock, no household, no gas whose carbon was counted with the coke it came from."""
    accounts = shanxi()
    burnt = accounts.fuel[(accounts.fuel["activity"] != "HH") & (accounts.fuel["use"] != "feedstock")]
    flows = emitting_flows(accounts)
    assert sum(f.co2 for f in flows) == pytest.approx(total(burnt["co2_mt"]) + total(accounts.process_co2), rel=1e-12)
    assert len({(f.activity, f.leaf, f.permit) for f in flows}) == len(flows)
    amounts = model.emissions(model.solve(model.parameters()))
    assert sum(amounts.values()) == pytest.approx(sum(f.co2 for f in flows), rel=1e-9)


def test_every_tonne_of_by_product_gas_has_a_place(model: Province) -> None:
    """What is made is burnt by its makers, burnt in power, or flared, whatever carbon costs."""
    p, accounts = model.parameters(), PhysicalAccounts(model)
    for price in (0.0, 100.0, 300.0):
        model.cover(p, SECTORS)
        model.hold_price(p, price)
        s = model.solve(p)
        gas = accounts.by_product_gas(Flows(s.state.flow, s.x))
        assert set(gas) == {"made", "on site", "in power", "flared"}
        assert min(gas.values()) >= -1e-9 * gas["made"]  # nothing, to the solver's accuracy
        assert gas["made"] == pytest.approx(gas["on site"] + gas["in power"] + gas["flared"], rel=1e-9)


def test_emissions_of_the_works_do_not_hang_on_where_their_gas_is_burnt(model: Province) -> None:
    """Carbon of coke-oven gas follows coking, whoever burns the gas."""
    p, accounts = model.parameters(), PhysicalAccounts(model)
    model.cover(p, ("ELEC",))
    model.hold_price(p, 300.0)
    s = model.solve(p)
    flows = Flows(s.state.flow, s.x)
    burnt = shanxi().fuel[(shanxi().fuel["activity"] == "COKE") & (shanxi().fuel["use"] == "energy")]
    process = float(shanxi().process_co2["COKE"]) * accounts.output_index(flows, "COKE")
    rest = accounts.emissions(flows)["COKE"] - process
    assert 0.9 * total(burnt["co2_mt"]) < rest < 1.1 * total(burnt["co2_mt"])


@pytest.mark.parametrize("price", [0.0, 55.3, 184.0])
def test_gdp_is_one_number_from_three_sides(model: Province, price: float) -> None:
    p = model.parameters()
    model.cover(p, SECTORS)
    model.hold_price(p, price)
    gdp = nominal_gdp(PhysicalAccounts(model), model.solve(p))
    assert gdp["production"] == pytest.approx(gdp["expenditure"], rel=1e-9)
    assert gdp["income"] == pytest.approx(gdp["expenditure"], rel=1e-9)


def test_benchmark_gdp_is_the_accounts_value_added(model: Province) -> None:
    accounts = shanxi()
    value_added = total(accounts.sam.loc[["LAB", "CAP", "RES", "PTAX", "PERMIT", "TARIFF"]])
    gdp = nominal_gdp(PhysicalAccounts(model), model.solve(model.parameters()))
    assert gdp["expenditure"] == pytest.approx(value_added, rel=1e-9)
