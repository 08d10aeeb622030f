"""The second paper's levers as instruments: a share, a subsidy that government pays, a tax that is paid and spared."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tanshi.agents.sinks.choice import Instruments, choose
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.results.variables import SUPPORT, cost_of, offsets_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.economics import at_price
from tanshi.simulator.run.ground.forest import cost_of_credits, credit_rule, credits_for
from tests.simulator.test_collapse import FRICTIONLESS as WITHOUT_FRICTION

FRICTIONLESS: dict[str, Any] = {**WITHOUT_FRICTION, "years.end": 2023, "offsets.bid": "own_curve", "offsets.share": 1.0}
CREDITS = "Price|Carbon|Offsets"
TAXED = {"carbon_tax.rate": 20.0, "carbon_tax.beside_market": "adds"}


@cache
def _ran(changes: tuple[tuple[str, Any], ...]) -> CarbonMarket:
    return CarbonMarket(load_scenario("S5-sinks", FRICTIONLESS | dict(changes))).run()


def ran(**changes: Any) -> tuple[CarbonMarket, dict[str, float]]:
    model = _ran(tuple((k.replace("__", "."), v) for k, v in changes.items()))
    result = model.result()
    names = ("Price|Carbon", CREDITS, offsets_of(), *([SUPPORT] if len(result.series(SUPPORT)) else []))
    return model, {name: float(result.series(name).loc[2023]) for name in names}


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_a_firm_takes_credits_until_they_cost_what_an_allowance_does_and_the_subsidy(mode: str) -> None:
    """Eq. 3's first-order condition: P - V3 = a, and on a firm's own curve a is what a market brings it to."""
    _, without = ran(market__mode=mode)
    model, paid = ran(market__mode=mode, offsets__subsidy=15.0)
    assert without[CREDITS] == pytest.approx(without["Price|Carbon"], abs=0.05)
    assert paid[CREDITS] == pytest.approx(paid["Price|Carbon"] + 15.0, abs=0.05)
    assert paid[offsets_of()] > without[offsets_of()]  # hypothesis 3 of the paper, and their price rises
    assert paid[CREDITS] > without[CREDITS]
    assert paid["Price|Carbon"] < without["Price|Carbon"]
    assert paid[SUPPORT] == pytest.approx(15.0 * paid[offsets_of()], rel=1e-6)
    if mode == "agents":
        model.registry.check()


def test_at_the_cost_of_the_last_credit_the_papers_choice_is_indifferent() -> None:
    _, paid = ran(market__mode="agents", offsets__subsidy=15.0)
    costs = np.array([paid["Price|Carbon"] - 1.0, paid["Price|Carbon"] + 1.0])
    policy = Instruments(paid[CREDITS], offset_share=1.0, tax=0.0, subsidy=15.0)
    table = choose(np.full(2, 1e9), np.zeros(2), costs, np.full(2, 1e4), np.full(2, 100.0), policy)
    assert table["buys"].tolist() == [False, True]


def test_agents_and_the_equilibrium_agree_on_credits_that_are_supported() -> None:
    one, other = (ran(market__mode=mode, offsets__subsidy=15.0)[1] for mode in ("agents", "equilibrium"))
    for name in ("Price|Carbon", CREDITS, offsets_of(), SUPPORT):
        assert one[name] == pytest.approx(other[name], rel=2e-3), name


def test_a_tonne_covered_by_a_credit_may_be_spared_a_tax_that_is_paid() -> None:
    _, levied = ran(market__mode="equilibrium", **{k.replace(".", "__"): v for k, v in TAXED.items()})
    _, spared = ran(
        market__mode="equilibrium", offsets__spares_tax=True, **{k.replace(".", "__"): v for k, v in TAXED.items()}
    )
    assert levied[CREDITS] == pytest.approx(levied["Price|Carbon"], abs=0.05)  # paid either way: no word on the choice
    assert spared[CREDITS] == pytest.approx(spared["Price|Carbon"] + 20.0, abs=0.05)
    assert spared[SUPPORT] == pytest.approx(20.0 * spared[offsets_of()], rel=1e-6)


def test_what_government_pays_is_what_firms_have_and_every_yuan_is_in_the_books() -> None:
    model, paid = ran(market__mode="agents", offsets__subsidy=15.0)
    row = model.state.log.credit_trades[-1]
    yuan = 15.0 * row["bought_t"].sum()
    assert paid[SUPPORT] * 1e6 == pytest.approx(yuan, rel=1e-9)
    assert int(model.registry.cash.sum()) == 0
    cost = float(model.result().series(cost_of(None, "Offsets")).loc[2023])
    assert cost == pytest.approx((paid[CREDITS] - 15.0) * paid[offsets_of()], rel=1e-6)


def test_in_the_economy_the_subsidy_passes_from_government_to_enterprises() -> None:
    runs = [begin(load_scenario("S5-sinks", FRICTIONLESS | {"offsets.subsidy": value})) for value in (0.0, 15.0)]
    rule = credit_rule(runs[1][1].policy, 2023)
    income = cost_of_credits(rule, 3.0)
    assert credits_for(rule, income) == pytest.approx(3.0, rel=1e-9)
    plain, paid = (at_price(world, state, 60.0, 1.0, income=income) for world, state in runs)
    assert abs(paid.solution.walras) < 1e-9
    rise = paid.solution.income["ENT"] - plain.solution.income["ENT"]
    assert rise == pytest.approx(0.15 * 3.0, rel=0.05)  # yi yuan, and what follows from it


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_credits_may_be_used_in_the_years_and_shares_that_are_said(mode: str) -> None:
    told = {"years.end": 2025, "offsets.share": 0.004, "offsets.share_by_year": {"2024": 0.002, "2025": 0.004}}
    result = CarbonMarket(load_scenario("S5-sinks", FRICTIONLESS | told | {"market.mode": mode})).run().result()
    used, covered = (result.series(f"Carbon Market|{name}") for name in ("Offsets|Surrendered", "Covered Emissions"))
    assert used.loc[2023] == 0.0
    for year, share in ((2024, 0.002), (2025, 0.004)):
        assert used.loc[year] == pytest.approx(share * covered.loc[year], rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offsets.spares_tax": True}, "offsets.spares_tax: expected a tax on sectors that trade"),
        (TAXED | {"carbon_tax.sectors": ["ELEC"], "offsets.spares_tax": True}, "a tax that all sectors pay that trade"),
        ({"offsets.share_by_year": {"2024": 0.2}}, "offsets.share_by_year: expected at most offsets.share"),
        ({"offsets.subsidy": -1.0}, "offsets.subsidy"),
        ({"offsets.bid": "high"}, "offsets.bid"),
    ],
)
def test_levers_that_cannot_be_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        load_scenario("S5-sinks", changes)
