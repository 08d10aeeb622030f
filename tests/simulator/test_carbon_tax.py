"""A tax on emissions is a price of them: what a market comes to at a price, a tax of that rate comes to as well."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.national import nominal_gdp
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.taxes import set_tax, tax_paid
from tanshi.scenarios.errors import ScenarioError, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import MONEY_METRIC, TAX_RATE, TAX_REVENUE, TAXED, cost_of
from tanshi.simulator.run.ground.economy import economy
from tests.sectors import SECTORS

SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 24, "market.periods_per_year": 2, "drift.mode": "none", "banking.horizon": 0,
    "banking.allowed": False, "cap.tightness": 0.05, "cap.decline": 0.03, "allocation.auctioned_share": 1.0,
}  # fmt: skip
NOBODY = {f"coverage.{sector}": "none" for sector in SECTORS}
ALONE = {"market.mode": "equilibrium"}


@cache
def _ran(*changes: tuple[str, Any]) -> RunResult:
    plain = {k: dict(v) if k == "carbon_tax.rate" and isinstance(v, tuple) else v for k, v in changes}
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}
    model = CarbonMarket(load_scenario("S1", {**SMALL, **plain})).run()
    model.registry.check()
    return model.result()


def ran(changes: dict[str, Any]) -> RunResult:
    return _ran(*((k, tuple(v.items()) if isinstance(v, dict) else tuple(v) if isinstance(v, list) else v)
                  for k, v in changes.items()))  # fmt: skip


@pytest.mark.parametrize("rate", [None, 2.0], ids=["at once", "with a lag"])
def test_a_tax_at_the_price_of_an_auctioned_cap_is_its_equilibrium(rate: float | None) -> None:
    one = {**ALONE, "market.periods_per_year": 1, "coupling.adjustment_rate": rate}
    capped = ran({**one, "coverage.STEEL": "trading"})
    price = capped.series("Price|Carbon")
    path = {str(year): float(price.loc[year]) for year in (2023, 2024)}
    taxed = ran({**one, **NOBODY, "carbon_tax.rate": path, "carbon_tax.sectors": ["ELEC", "STEEL"]})
    for name in ("Emissions|CO2", "Emissions|CO2|Power", "GDP|MER", MONEY_METRIC, "Energy Consumption"):
        assert taxed.series(name).loc[2024] == pytest.approx(capped.series(name).loc[2024], rel=1e-8), name
    assert taxed.series("Price|Carbon").loc[[2023, 2024]].tolist() == [0.0, 0.0]


def test_without_a_market_a_tax_runs_and_government_has_what_is_paid() -> None:
    result = ran({**NOBODY, "carbon_tax.rate": {"2023": 100.0, "2024": 120.0}})
    for year, rate in ((2022, 0.0), (2023, 100.0), (2024, 120.0)):
        values = {
            name: float(result.series(name).loc[year]) for name in (TAX_RATE, TAXED, TAX_REVENUE, "Emissions|CO2")
        }
        assert values[TAX_RATE] == rate
        assert values[TAX_REVENUE] == pytest.approx(rate * values[TAXED], rel=1e-9)
        if rate:
            homes = float(result.series("Emissions|CO2|Households").loc[year])
            assert values[TAXED] == pytest.approx(values["Emissions|CO2"] - homes, rel=1e-9)
    steel = result.series(cost_of("STEEL", "Tax")).loc[2023]
    assert steel == pytest.approx(100.0 * result.series("Emissions|CO2|Iron and Steel").loc[2023], rel=1e-9)
    assert result.trades.query("year > 2022").empty


def test_a_tax_beside_a_market_lowers_its_price_by_as_much_and_no_emissions() -> None:
    market = ran({})
    both = ran({"carbon_tax.rate": 50.0, "carbon_tax.sectors": ["ELEC"], "carbon_tax.beside_market": "adds"})
    for year in (2023, 2024):
        prices = [float(run.series("Price|Carbon").loc[year]) for run in (market, both)]
        assert prices[1] + 50.0 == pytest.approx(prices[0], abs=1.0)
        power = [float(run.series("Emissions|CO2|Power").loc[year]) for run in (market, both)]
        assert power[0] == pytest.approx(power[1], rel=1e-4)


def test_a_tax_in_place_of_the_market_takes_the_sector_out() -> None:
    rule = {"carbon_tax.rate": 80.0, "carbon_tax.sectors": ["STEEL"], "carbon_tax.beside_market": "instead"}
    result = ran({"coverage.STEEL": "trading", **rule})
    assert result.trades.query("year > 2022 and buyer_sector == 'STEEL'").empty
    assert float(result.series(TAXED).loc[2024]) == pytest.approx(
        float(result.series("Emissions|CO2|Iron and Steel").loc[2024]), rel=1e-9
    )
    assert float(result.series("Price|Carbon").loc[2024]) > 1.0


@pytest.mark.parametrize("recycling", ["lump_sum", "output", "labour"])
def test_product_is_one_number_from_three_sides_and_what_is_paid_is_received(recycling: Any) -> None:
    accounts = economy("shanxi_2022").accounts
    model = Province(accounts, Closure(capital="vintage", recycling=recycling, border_pass_through=0.5, taxed=True))
    p = model.parameters()
    model.cover(p, ("ELEC",))
    rates = np.array([90.0 if s in ("STEEL", "TRAN") else 0.0 for s in model.taxable])
    set_tax(model, p, rates)
    solution = model.solve(p)
    sides = nominal_gdp(PhysicalAccounts(model), solution)
    assert max(sides.values()) == pytest.approx(min(sides.values()), rel=1e-9)
    emitted = model.emissions(solution)
    due = [rate * emitted[s] / 100.0 for rate, s in zip(rates.tolist(), model.taxable, strict=True)]
    paid = tax_paid(model, solution.state.flow)
    assert paid.tolist() == pytest.approx(due, abs=1e-9)
    assert paid.sum() == pytest.approx(solution.auxiliary["carbon tax"], rel=1e-9)
    assert solution.walras < 1e-9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"carbon_tax.rate": 50.0}, "one price of a tonne, or a word on which counts, got ELEC with a tax and"),
        ({"carbon_tax.sectors": ["TRAN"]}, "a rate for a tax that is described"),
        ({"carbon_tax.rate": {"2020": 50.0}, "carbon_tax.sectors": ["TRAN"]}, "years of the policy, from 2023 on"),
        ({"carbon_tax.rate": -1.0}, "a number >= 0"),
    ],
)
def test_a_tax_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match="1 problem") as refused:
        load_scenario("S1", changes)
    assert words in str(refused.value)


def test_who_emits_nothing_cannot_be_taxed() -> None:
    with pytest.raises(UserError, match="cannot tax a sector"):
        CarbonMarket(load_scenario("S1", {"carbon_tax.rate": 50.0, "carbon_tax.sectors": ["MOON"]}))
