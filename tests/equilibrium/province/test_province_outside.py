"""What the rest of the country buys, what plant and permits allow, and who pays for carbon on either side."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import cell, total
from tanshi.equilibrium.province.trade import sloped
from tests.equilibrium.province.conftest import Build, shanxi

HEAVY = ("COKE", "STEEL", "ELEC")


def sold(model: Province, s: Solution, good: str) -> float:
    """What other provinces buy, of the benchmark."""
    c = model.compiled
    i = c.leaf_at[(f"SOLD_{good}", "inputs", f"O_{good}")]
    return float(s.state.flow[i] / c.default.quantity[i])


def price(s: Solution, name: str) -> float:
    return float(s.x[s.compiled.price_index[name]])


def at(model: Province, covered: tuple[str, ...], carbon: float) -> Solution:
    p = model.parameters()
    model.cover(p, covered)
    model.hold_price(p, carbon)
    return model.solve(p)


def test_demand_outside_slopes_for_the_goods_of_which_the_province_is_no_small_seller() -> None:
    assert set(sloped(shanxi(), Closure())) == {"COAL", *HEAVY}
    assert sloped(shanxi(), Closure(outside="flat")) == {}


@pytest.mark.parametrize("good", ["COAL", "COKE", "STEEL"])
def test_other_provinces_answer_a_price_with_the_elasticity_of_the_table(province: Build, good: str) -> None:
    """The arc elasticity between two states is that of the table, whatever moved the price."""
    model = province(capital="vintage")
    e = sloped(model.accounts, model.closure)[good]
    low, high = (at(model, ("ELEC", "COKE", "STEEL"), carbon) for carbon in (0.0, 250.0))
    border = [s.auxiliary.get(f"border.{good}", 1.0) for s in (low, high)]
    paid = np.log(price(high, f"O_{good}") / border[1]) - np.log(price(low, f"O_{good}") / border[0])
    bought = np.log(sold(model, high, good)) - np.log(sold(model, low, good))
    assert abs(paid) > 1e-4
    assert bought / paid == pytest.approx(-e, rel=0.1)


def test_more_coal_for_other_provinces_is_coal_at_a_lower_price(province: Build) -> None:
    """Coal that a carbon price displaces at home finds no market at yesterday's price."""
    sloping, flat = province(capital="vintage"), province(capital="vintage", outside="flat")
    p = sloping.parameters()
    rows = np.flatnonzero(sloping.compiled.endow_price_var == sloping.compiled.price_index["DEMAND_COAL"])
    p.endowment[rows] *= 0.9
    s = sloping.solve(p)
    assert price(s, "O_COAL") < 0.995
    assert sold(sloping, s, "COAL") < 0.99
    assert price(at(flat, ("ELEC",), 300.0), "FX") == pytest.approx(1.0)
    made = [PhysicalAccounts(m).output_index(_flows(at(m, ("ELEC",), 300.0)), "COAL") for m in (sloping, flat)]
    assert made[0] < made[1]


def test_no_cost_is_passed_on_twice(province: Build) -> None:
    """With equal carbon costs on both sides, rivals' price rises by the good's own carbon cost and what is sold follows
    the price against theirs alone: the demand curve adds nothing to what theta has passed on."""
    model = province(capital="vintage", border_pass_through=1.0)
    s = at(model, HEAVY, 100.0)
    for good in HEAVY:
        e = sloped(model.accounts, model.closure)[good]
        relative = price(s, f"O_{good}") / s.auxiliary[f"border.{good}"]
        assert sold(model, s, good) == pytest.approx(relative**-e, rel=0.02)
        assert s.auxiliary[f"border.{good}"] > 1.0
    alone = at(province(capital="vintage", border_pass_through=0.0), HEAVY, 100.0)
    assert all(alone.auxiliary[f"border.{good}"] == pytest.approx(1.0) for good in HEAVY)
    assert sold(model, s, "STEEL") > sold(province(capital="vintage", border_pass_through=0.0), alone, "STEEL")


def test_a_carbon_price_elsewhere_shifts_the_demand_for_coal_in(province: Build) -> None:
    """At yesterday's price the rest of the country buys less by its response; then the price falls."""
    model = province(capital="vintage")
    size = {2022: 1.0, 2023: 0.9}
    p, s = model.parameters(), at(model, ("ELEC",), model.accounts.carbon_price)
    still, less = (
        model.solve(advance(model, p, _flows(s), s, Growth(outside_size=sizes), 2022)) for sizes in ({}, {"COAL": size})
    )
    assert price(less, "O_COAL") < price(still, "O_COAL")
    ratio = sold(model, less, "COAL") / sold(model, still, "COAL")
    e = sloped(model.accounts, model.closure)["COAL"]
    assert ratio == pytest.approx(0.9 * (price(less, "O_COAL") / price(still, "O_COAL")) ** -e, rel=0.02)
    assert ratio < 1.0


def test_a_smaller_elasticity_passes_more_of_the_cost_on(province: Build) -> None:
    """Pass-through follows from the slope: with theta at nothing, power sent out is dearer by a part of its carbon."""
    s = at(province(capital="vintage", border_pass_through=0.0), ("ELEC",), 150.0)
    flat = at(province(capital="vintage", border_pass_through=0.0, outside="flat"), ("ELEC",), 150.0)
    assert price(s, "O_ELEC") > 1.02
    assert price(flat, "FX") == pytest.approx(1.0)


def test_capacity_binds_where_more_would_be_made(province: Build) -> None:
    headroom = (("STEEL", 1.0), ("COKE", 1.0))
    model, free = province(capacity=headroom), province()
    for carbon in (0.0, 100.0):
        s = at(model, ("ELEC",), carbon)
        limited = PhysicalAccounts(model)
        assert limited.output_index(_flows(s), "STEEL") <= 1.0 + 1e-9
        assert limited.output_index(_flows(s), "COKE") <= 1.0 + 1e-9
    more = _demanding(free)
    assert PhysicalAccounts(free).output_index(_flows(free.solve(more)), "STEEL") > 1.0
    s = model.solve(_demanding(model))
    used = s.flow("STEEL", "PLANT_STEEL")
    assert used == pytest.approx(total(model.accounts.sam.loc["A_STEEL"]), rel=1e-9)
    assert price(s, "PLANT_STEEL") > 0.0


def test_a_carbon_price_on_coking_lowers_its_output(province: Build) -> None:
    """Its gas is worth more where fuel pays for carbon, so a price on power alone raises coke output; a price on coking
    itself, which answers for the carbon of its gas, takes that back."""
    model = province(capital="vintage")
    outputs = {
        covered: PhysicalAccounts(model).output_index(_flows(at(model, covered, 150.0)), "COKE")
        for covered in (("ELEC",), ("ELEC", "COKE"))
    }
    assert outputs[("ELEC", "COKE")] < outputs[("ELEC",)]
    assert outputs[("ELEC", "COKE")] < 1.0 + 2e-3


def test_a_capacity_below_what_is_made_is_named() -> None:
    with pytest.raises(ClosureError, match=r"capacity of STEEL: expected at least .* found 0\.9"):
        Closure(capacity=(("STEEL", 0.9),))
    with pytest.raises(ClosureError, match="outside is"):
        Closure(outside="open")  # type: ignore[arg-type]


def test_what_the_rest_of_the_country_owns_stays_outside_the_province(model: Province) -> None:
    """Exports are what is paid for the goods; the factor that gives demand its slope is in no account here."""
    s = model.solve(model.parameters())
    real = PhysicalAccounts(model).real_gdp(_flows(s))
    sam = model.accounts.sam
    goods = [f"A_{good}" for good in model.accounts.sectors]
    assert real["exports"] == pytest.approx(sum(cell(sam, a, out) for a in goods for out in ("ROC", "ROW")), rel=1e-9)


def _flows(s: Solution) -> Flows:
    return Flows(s.state.flow, s.x)


def _demanding(model: Province) -> Parameters:
    p = model.parameters()
    c = model.compiled
    p.endowment[np.flatnonzero(c.endow_price_var == c.price_index["DEMAND_STEEL"])] *= 1.3
    return p
