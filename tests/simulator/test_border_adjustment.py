"""Border adjustment: trade bears no carbon cost, government has what it comes to, and less of emissions moves away."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.border import Addresses, adjust, border_paid, crossing
from tanshi.equilibrium.province.national import nominal_gdp
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.taxes import set_tax
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import BORDER, CHARGED, GIVEN_BACK, border_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.ground.economy import province

PRICE = 200.0
SELLING, BUYING = ("exports", "outflow"), ("imports", "inflow")


@cache
def built() -> tuple[Province, Any]:
    scenario = load_scenario("S1")
    return province(scenario.economy, scenario.closure, None, (), False, True)


def carbon_costs(goods: Addresses, solution: Solution) -> dict[str, float]:
    """The carbon cost of a unit of each good, yi yuan per yi yuan of the benchmark."""
    return {good: float(solution.x[variable]) for good, variable in goods.cost.items()}


def at(price: float, covered: tuple[str, ...], share: float = 0.0, *, power: bool = False) -> Solution:
    model = built()[0]
    assert model.border is not None
    p = model.parameters()
    model.cover(p, covered)
    model.hold_price(p, price)
    adjust(model.border, p, dict.fromkeys(model.border.shares, share), power=power)
    return model.solve(p)


def bought_in_from_outside(solution: Solution, goods: tuple[str, ...]) -> float:
    """Emissions in net purchases from outside of some goods, Mt at the benchmark's emissions per output."""
    model = built()[0]
    assert model.border is not None
    first = model.emissions(model.solve(model.parameters()))
    moved = crossing(model.border, solution)
    net = {g: sum(v * (1 if way in BUYING else -1) for (good, way), v in moved.items() if good == g) for g in goods}
    return sum(net[g] * first[g] / built()[1].benchmark_output(g) for g in goods)


def made(solution: Solution, sector: str) -> float:
    """Output at the benchmark's prices, yi yuan."""
    accounts = built()[1]
    return float(
        accounts.output_index(Flows(solution.state.flow, solution.x), sector) * accounts.benchmark_output(sector)
    )


def sold_outside(solution: Solution, good: str) -> float:
    at_border = built()[0].border
    assert at_border is not None
    return sum(v for (g, way), v in crossing(at_border, solution).items() if g == good and way in SELLING)


@pytest.mark.parametrize("sector", ["NFM", "NMM", "STEEL", "CHEM"])
def test_with_full_adjustment_an_open_sector_has_hardly_a_disadvantage_outside(sector: str) -> None:
    """A tonne costs its price still, but sales outside bear it no more: what they lose is what all else loses."""
    nothing, alone, adjusted = at(0.0, (sector,)), at(PRICE, (sector,)), at(PRICE, (sector,), 1.0)
    lost = [1.0 - sold_outside(x, sector) / sold_outside(nothing, sector) for x in (alone, adjusted)]
    assert lost[0] > 0.1
    assert lost[1] < 0.35 * lost[0]
    assert made(adjusted, sector) > made(alone, sector)
    emitted = [built()[0].emissions(x)[sector] / made(x, sector) for x in (nothing, alone, adjusted)]
    assert emitted[2] == pytest.approx(emitted[1], rel=0.03)  # the same technique
    assert emitted[1] < emitted[0]


@pytest.mark.parametrize("power", [False, True])
def test_revenue_is_rate_times_quantity_and_product_one_number_from_three_sides(power: bool) -> None:
    model, accounts = built()
    assert model.border is not None
    solution = at(PRICE, ("ELEC", "STEEL", "NFM", "NMM"), 0.7, power=power)
    assert solution.residual < 1e-9
    assert abs(solution.walras) < 1e-9
    cost, moved = carbon_costs(model.border, solution), crossing(model.border, solution)
    for (good, way), paid in border_paid(model.border, solution).items():
        sign = 1.0 if way in BUYING else -1.0
        assert paid == pytest.approx(sign * 0.7 * cost[good] * moved[good, way], rel=1e-9, abs=1e-12)
    gdp = nominal_gdp(accounts, solution)
    assert gdp["production"] == pytest.approx(gdp["expenditure"], rel=1e-9)
    assert gdp["income"] == pytest.approx(gdp["expenditure"], rel=1e-9)


def test_the_cost_is_what_makers_pay_for_permits_and_with_power_that_of_their_electricity_too() -> None:
    model = built()[0]
    assert model.border is not None
    direct, whole = (at(PRICE, ("ELEC", "NFM"), 1.0, power=power) for power in (False, True))
    emitted = model.emissions(direct)["NFM"] / made(direct, "NFM")
    assert carbon_costs(model.border, direct)["NFM"] == pytest.approx(
        0.01 * PRICE * emitted, rel=1e-3
    )  # output at fixed prices
    used = sum(whole.flow(name, "ELEC") for name, _ in model.parts["NFM"]) / made(whole, "NFM")
    both = carbon_costs(model.border, whole)
    own = 0.01 * PRICE * model.emissions(whole)["NFM"] / made(whole, "NFM")
    assert both["NFM"] == pytest.approx(own + used * both["ELEC"], rel=1e-3)
    assert both["NFM"] > 1.5 * own  # aluminium: most of its carbon is in its power


def test_a_tax_is_adjusted_at_the_border_as_the_price_of_permits_is() -> None:
    """At one rate both cost makers the same, so that what crosses is charged and given back the same."""
    scenario, sectors = load_scenario("S1"), ("STEEL", "NMM")
    model, _ = province(scenario.economy, scenario.closure, None, (), True, True)
    assert model.border is not None
    p = model.parameters()
    model.cover(p, ())
    set_tax(model, p, np.array([PRICE if s in sectors else 0.0 for s in model.taxable]))
    adjust(model.border, p, dict.fromkeys(model.border.shares, 1.0), power=False)
    taxed, permits = model.solve(p), at(PRICE, sectors, 1.0)
    own, theirs = carbon_costs(model.border, taxed), carbon_costs(built()[0].border, permits)  # type: ignore[arg-type]
    for sector in sectors:
        assert own[sector] == pytest.approx(theirs[sector], rel=1e-3)
        assert own[sector] > 0.0


def test_what_output_earns_in_permits_is_no_cost_at_the_border() -> None:
    """Where a benchmark gives makers what they emit, they bear nothing, and nothing is charged or given back."""
    model = built()[0]
    assert model.border is not None
    covered, goods = ("STEEL", "NMM"), ("STEEL", "NMM")
    p = model.parameters()
    model.cover(p, covered)
    model.hold_price(p, PRICE)
    emitted = model.emissions(at(PRICE, covered, 1.0))
    output = {sector: made(at(PRICE, covered, 1.0), sector) for sector in goods}
    rates = [emitted[s] * built()[1].benchmark_output(s) / output[s] if s in goods else 0.0 for s in model.earners]
    model.give_quotas(p, np.array(rates), absolute=True)
    adjust(model.border, p, dict.fromkeys(model.border.shares, 1.0), power=False)
    cost, before = carbon_costs(model.border, model.solve(p)), carbon_costs(model.border, at(PRICE, covered, 1.0))
    for sector in goods:
        assert abs(cost[sector]) < 0.1 * before[sector]


def test_leakage_falls() -> None:
    goods = ("STEEL", "NFM", "NMM", "CHEM")
    nothing, alone, adjusted = (bought_in_from_outside(x, goods) for x in (at(0.0, goods), at(PRICE, goods),
                                                                           at(PRICE, goods, 1.0)))  # fmt: skip
    assert alone > nothing
    assert adjusted - nothing < 0.3 * (alone - nothing)


def test_without_a_share_the_equilibrium_is_that_of_the_model_without_an_adjustment() -> None:
    scenario = load_scenario("S1")
    plain, _ = province(scenario.economy, scenario.closure)
    p = plain.parameters()
    plain.cover(p, ("ELEC", "STEEL"))
    plain.hold_price(p, PRICE)
    before, now = plain.emissions(plain.solve(p)), built()[0].emissions(at(PRICE, ("ELEC", "STEEL")))
    assert now == pytest.approx(before, rel=1e-9)


SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 24, "drift.mode": "none", "banking.horizon": 0, "banking.allowed": False,
    "coverage.STEEL": "trading", "coverage.NMM": "trading", "cap.tightness": 0.05,
    "coupling.adjustment_rate": None,
}  # fmt: skip


@cache
def ran(mode: str, share: float | None, periods: int = 1) -> RunResult:
    changes = {"market.mode": mode, "market.periods_per_year": periods, "border_adjustment.share": share}
    # Power sends most of what it makes outside: its rebate would bring a class of plant to the point of standing still.
    changes |= {} if share is None else {"border_adjustment.sectors": ["STEEL", "NMM"]}
    model = CarbonMarket(load_scenario("S1", {**SMALL, **changes})).run()
    model.registry.check()
    return model.result()


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_in_a_run_the_cap_holds_the_price_rises_and_the_treasury_has_what_is_charged(mode: str) -> None:
    without, adjusted = ran(mode, None), ran(mode, 1.0)
    assert not len(without.series(BORDER))
    assert adjusted.series(BORDER).loc[2022] == 0.0
    for year in (2023, 2024):
        charged, back, net = (float(adjusted.series(name).loc[year]) for name in (CHARGED, GIVEN_BACK, BORDER))
        assert charged > 0.0
        assert back > 0.0
        assert net == pytest.approx(charged - back, rel=1e-12)
        assert net == pytest.approx(sum(adjusted.series(border_of(s)).loc[year] for s in ("STEEL", "NMM")))
        # Output no longer leaves, so that the same tonnes take more abatement.
        prices = [float(run.series("Price|Carbon").loc[year]) for run in (without, adjusted)]
        added = [float(run.series("Value Added|Building Materials").loc[year]) for run in (without, adjusted)]
        assert prices[1] > prices[0]
        assert added[1] > added[0]
        covered = [float(run.series("Carbon Market|Covered Emissions").loc[year]) for run in (without, adjusted)]
        assert covered[1] == pytest.approx(covered[0], rel=1e-4)


def test_agents_and_the_equilibrium_come_to_one_price_and_periods_add_up() -> None:
    agents, alone = (ran(mode, 1.0).series("Price|Carbon") for mode in ("agents", "equilibrium"))
    np.testing.assert_allclose(agents.loc[[2023, 2024]], alone.loc[[2023, 2024]], rtol=2e-3)
    once, twice = (ran("agents", 1.0, periods).series(CHARGED).loc[2023] for periods in (1, 2))
    assert twice == pytest.approx(once, rel=0.3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"border_adjustment.on": "sold"}, "border_adjustment.share: expected a share"),
        ({"border_adjustment.share": {"2022": 1.0}}, "border_adjustment.share.2022"),
        ({"border_adjustment.share": 1.5}, "border_adjustment.share"),
        ({"border_adjustment.share": 1.0, "border_adjustment.sectors": ["HATS"]}, "border_adjustment.sectors"),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said.replace(".", r"\.")):
        begin(load_scenario("S1", SMALL | changes))
