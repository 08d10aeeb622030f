"""Permits in the province: caps, prices, quotas, what they cost, who is paid, how emissions answer."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution, checks
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.province.carbon import PERMIT, PERMITS_USED, YUAN_PER_TONNE, activities_of
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import cell, total
from tanshi.equilibrium.province.trade import LINE, WITHOUT_QUOTA, border
from tests.equilibrium.province.conftest import Build, shanxi
from tests.sectors import SECTORS

POWER, ALL = ("ELEC",), SECTORS


def covered(model: Province, names: tuple[str, ...] = ALL) -> Parameters:
    p = model.parameters()
    model.cover(p, names)
    return p


def at_price(model: Province, price: float, names: tuple[str, ...] = ALL, tolerance: float = 1e-11) -> Solution:
    p = covered(model, names)
    model.hold_price(p, price)
    return model.solve(p, tolerance=tolerance)


def carbon_price(model: Province, s: Solution) -> float:
    return s.price[PERMIT] / YUAN_PER_TONNE


@pytest.mark.parametrize("names", [POWER, ALL], ids=["power", "all"])
@pytest.mark.parametrize("share", [0.95, 0.8])
def test_a_tax_at_the_permit_price_gives_the_capped_emissions(
    model: Province, names: tuple[str, ...], share: float
) -> None:
    free = model.response(at_price(model, 0.0, names)).emissions
    mine = np.isin(SECTORS, names)
    cap = share * free[mine].sum()
    p = covered(model, names)
    model.cap_emissions(p, cap)
    capped = model.solve(p, tolerance=1e-11)
    price = carbon_price(model, capped)
    assert price > 1
    taxed = at_price(model, price, names)
    assert model.response(taxed).emissions[mine].sum() == pytest.approx(cap, rel=1e-8)
    assert taxed.real["HH"] == pytest.approx(capped.real["HH"], rel=1e-9)


def test_a_slack_cap_has_a_price_of_zero(model: Province) -> None:
    p = covered(model)
    model.cap_emissions(p, 1.05 * model.response(at_price(model, 0.0)).emissions.sum())
    assert carbon_price(model, model.solve(p)) == pytest.approx(0.0, abs=1e-6)


def test_the_price_stays_between_floor_and_ceiling(model: Province) -> None:
    emissions = model.response(at_price(model, 60.0)).emissions.sum()
    for cap, expected in ((2 * emissions, 40.0), (0.5 * emissions, 80.0), (emissions, 60.0)):
        p = covered(model)
        model.cap_emissions(p, cap, floor=40.0, ceiling=80.0)
        assert carbon_price(model, model.solve(p)) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("price", [5.0, 55.3, 150.0])
def test_the_slope_of_emissions_is_the_difference_quotient_s(model: Province, price: float) -> None:
    step = 0.02
    up, down = (model.response(at_price(model, price + d, tolerance=1e-13)).emissions for d in (step, -step))
    slope = model.response(at_price(model, price, tolerance=1e-13)).slope
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6, atol=1e-6 * np.abs(slope).max())


def test_emissions_fall_at_every_higher_price(model: Province) -> None:
    amounts = [model.response(at_price(model, p)).emissions.sum() for p in (0, 10, 30, 60, 100, 150, 200, 300)]
    assert np.all(np.diff(amounts) < 0)


def test_permits_pay_out_what_they_receive(model: Province) -> None:
    s = at_price(model, 90.0)
    c = model.compiled
    bought = sum(float(s.state.flow[i]) for i in set(model.permit_leaf.tolist()))
    assert bought == pytest.approx(model.response(s).emissions.sum(), rel=1e-10)
    assert bought == pytest.approx(s.auxiliary[PERMITS_USED], rel=1e-10)
    receipts, payments = checks.accounts(s)[f"commodity '{PERMIT}'"]
    assert receipts == pytest.approx(0.9 * bought, rel=1e-10)
    assert payments == pytest.approx(receipts, rel=1e-10)
    assert {c.consumers[c.endow_owner[i] - c.income_slice.start] for i in _owners(model)} == {"ENT", "GOV"}


def _owners(model: Province) -> tuple[int, int]:
    return model.owner_enterprises, model.owner_government


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_auctioned_permits_are_government_revenue(model: Province, share: float) -> None:
    p = covered(model)
    model.auction(p, share)
    model.hold_price(p, 90.0)
    s = model.solve(p)
    owners = [float(p.endowment[i]) for i in _owners(model)]
    assert owners == [1 - share, share]
    check = checks.every_payment_is_received(s)
    assert check.passed, check
    assert s.auxiliary["household tax"] < at_price(model, 90.0).auxiliary["household tax"] or share == 0.0


def emitted(model: Province, s: Solution) -> float:
    amounts = model.emissions(s)
    return sum(amounts[k] for k in SECTORS)


def earned(model: Province, s: Solution) -> float:
    """Permits given for output, Mt."""
    return sum(float(s.state.flow[quota.leaf]) for quota in model.quotas)


def quota_rates(model: Province, share: float) -> np.ndarray:
    s = model.solve(model.parameters())
    emissions, made = model.earned_on(s.state.flow, s.x)
    return np.asarray(share * emissions / made)


def test_those_who_earn_quotas_emit_all_that_is_covered(model: Province) -> None:
    s = at_price(model, 70.0)
    emissions, _ = model.earned_on(s.state.flow, s.x)
    by_sector = np.bincount(model.earner_sector, emissions, len(SECTORS))
    assert by_sector == pytest.approx(model.response(s).emissions, rel=1e-12)
    assert "GENN" not in model.earners  # clean power earns nothing: the benchmark is one of thermal plant


def test_under_a_standard_emissions_equal_what_output_earns(model: Province) -> None:
    p = covered(model)
    model.give_quotas(p, quota_rates(model, 0.95), absolute=False)
    model.cap_emissions(p, 0.0)
    s = model.solve(p)
    assert carbon_price(model, s) > 1
    assert earned(model, s) == pytest.approx(emitted(model, s), rel=1e-8)
    assert s.auxiliary[PERMITS_USED] == pytest.approx(0.0, abs=1e-6)
    check = checks.every_payment_is_received(s)
    assert check.passed, check


def test_output_based_quotas_come_out_of_an_absolute_cap(model: Province) -> None:
    p = covered(model)
    cap = 0.9 * quota_rates(model, 1.0).sum()
    model.give_quotas(p, quota_rates(model, 0.5), absolute=True)
    model.cap_emissions(p, cap)
    s = model.solve(p)
    assert emitted(model, s) == pytest.approx(cap, rel=1e-8)
    assert earned(model, s) > 0
    assert earned(model, s) + s.auxiliary[PERMITS_USED] == pytest.approx(cap, rel=1e-8)


def test_rebating_by_output_saves_less_carbon_than_a_lump_sum(model: Province) -> None:
    p = covered(model)
    model.give_quotas(p, quota_rates(model, 0.9), absolute=False)
    model.hold_price(p, 100.0)
    rebated = model.response(model.solve(p)).emissions.sum()
    assert rebated > model.response(at_price(model, 100.0)).emissions.sum()


def test_a_tonne_whose_permit_comes_back_costs_nothing(model: Province) -> None:
    """Where allowances are what is emitted (A = E) the price moves nothing; where they are half, half of it does."""
    n = len(model.earners)
    p = covered(model)
    model.return_tonnes(p, np.ones(n))
    model.hold_price(p, 150.0)
    free = model.solve(p)
    assert model.response(free).emissions == pytest.approx(model.response(at_price(model, 0.0)).emissions, rel=1e-8)
    r = model.response(free, np.ones(n))
    assert r.allocation == pytest.approx(r.emissions, rel=1e-12)
    p = covered(model)
    model.return_tonnes(p, np.full(n, 0.5))
    model.hold_price(p, 150.0)
    half = model.response(model.solve(p), np.full(n, 0.5))
    whole = model.response(at_price(model, 75.0))
    assert half.emissions == pytest.approx(whole.emissions, rel=1e-8)
    assert half.slope == pytest.approx(0.5 * whole.slope, rel=1e-6)
    assert half.allocation_slope == pytest.approx(0.5 * half.slope, rel=1e-9)
    with pytest.raises(ValueError, match="shares from -1 to 1"):
        model.return_tonnes(p, np.full(n, 1.5))


@pytest.mark.parametrize("theta", [0.0, 0.5, 1.0])
def test_the_border_price_bears_theta_of_the_cost_share(province: Build, theta: float) -> None:
    model = province(border_pass_through=theta)
    p = covered(model)
    model.give_quotas(p, quota_rates(model, 0.3), absolute=True)
    model.hold_price(p, 120.0)
    s = model.solve(p)
    r, sam = model.response(s), shanxi().sam
    for k, good in enumerate(SECTORS):
        output = s.level[good] * total(sam.loc[f"A_{good}"])
        share = 1.2 * (r.emissions[k] - r.allocation[k]) / output
        before = sum(cell(sam, PERMIT, f"A_{a}") for a in activities_of(shanxi(), good)) / total(sam.loc[f"A_{good}"])
        found = s.auxiliary[str(border(model.accounts, good))]
        assert found == pytest.approx(1 + theta * (share - before), rel=1e-9), good
    assert "ELEC" in WITHOUT_QUOTA


def test_power_lines_earn_a_rent_only_when_they_are_full(model: Province) -> None:
    c = model.compiled
    assert model.solve(model.parameters()).price[LINE] == pytest.approx(0.0, abs=1e-9)
    p = model.parameters()
    p.endowment[c.endow_at[("ENT", LINE, "")]] *= 0.8
    s = model.solve(p)
    assert s.price[LINE] > 0.01
    used = s.flow("EXPORT_ELEC", LINE)
    assert used == pytest.approx(float(p.endowment[c.endow_at[("ENT", LINE, "")]]), rel=1e-9)


def test_choices_that_follow_the_price_are_the_plain_ones(model: Province) -> None:
    p = covered(model)
    model.adjust(p, 1.0, np.full(len(SECTORS), 33.0))
    model.hold_price(p, 120.0)
    np.testing.assert_allclose(model.solve(p, tolerance=1e-12).x, at_price(model, 120.0, tolerance=1e-12).x, rtol=1e-10)


def test_choices_that_ignore_the_price_still_pay_it(model: Province) -> None:
    c = model.compiled
    p = covered(model)
    model.adjust(p, 0.0, np.zeros(len(SECTORS)))
    x = c.start.copy()
    states = []
    for price in (0.0, 200.0):
        x[model.permit_var] = price * YUAN_PER_TONNE
        states.append(Evaluator(c, p).state(x))
    np.testing.assert_allclose(states[0].quantity, states[1].quantity, rtol=1e-13)  # same technique
    steel = c.activity_index["STEEL"]
    cost = (states[1].residual[steel] - states[0].residual[steel]) * c.scale[steel]
    unit = states[0].quantity[model.permit_leaf[model.source_level == steel]].sum()
    assert cost == pytest.approx(2.0 * unit, rel=1e-10)
    free = covered(model)
    model.hold_price(p, 120.0)
    model.hold_price(free, 120.0)
    sluggish, quick = (model.response(model.solve(q)).emissions.sum() for q in (p, free))
    assert sluggish > quick


def test_an_unknown_sector_cannot_be_covered(model: Province) -> None:
    with pytest.raises(ValueError, match="STEAL cannot be covered"):
        model.cover(model.parameters(), ("STEAL",))


def test_a_negative_cap_and_crossed_bounds_are_refused(model: Province) -> None:
    with pytest.raises(ValueError, match="negative"):
        model.cap_emissions(model.parameters(), -1.0)
    with pytest.raises(ValueError, match="ceiling 10 below price floor 20"):
        model.cap_emissions(model.parameters(), 100.0, floor=20.0, ceiling=10.0)


def test_taking_power_out_of_the_market_is_a_price_of_nothing_for_it(model: Province) -> None:
    """Its plant was built while permits had their price: who asks for none does not build it anew."""
    p = model.parameters()
    model.cover(p, ("STEEL",))
    model.hold_price(p, 0.0)
    out, free = model.solve(p), at_price(model, 0.0)
    assert model.response(out).emissions == pytest.approx(model.response(free).emissions, rel=1e-7)
    model.cover(p, ("ELEC", "STEEL"))
    model.hold_price(p, model.accounts.carbon_price)
    q = model.parameters()
    model.cover(q, ("ELEC", "STEEL"))
    model.hold_price(q, model.accounts.carbon_price)
    assert model.solve(p).x == pytest.approx(model.solve(q).x, rel=1e-9, abs=1e-9)
