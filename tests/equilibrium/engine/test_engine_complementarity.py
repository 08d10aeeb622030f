"""Permits, bounds and shutdown: what holds with equality, and what gives way."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from tanshi.equilibrium.engine import (
    Activity,
    Auxiliary,
    Commodity,
    Compiled,
    Consumer,
    Endowment,
    Leaf,
    Model,
    Nest,
    Solution,
    Term,
    compile_model,
    solve,
)

EMITTED = 50.0  # of the dirty sector in the benchmark


@pytest.fixture(scope="module")
def economy() -> Compiled:
    """A dirty and a clean sector; permits are rationed by a price between bounds, their value is paid to the owner."""
    dirty = Nest(0.0, (Nest(0.8, (Leaf("L", 60), Leaf("K", 40))), Leaf("PERMIT", EMITTED, price=0.0)))
    terms = (Term(EMITTED), Term(-1.0, (("aux", "used"),)))
    return compile_model(
        Model(
            (
                Activity("dirty", Leaf("X", 100), dirty),
                Activity("clean", Leaf("Y", 100), Nest(0.8, (Leaf("L", 40), Leaf("K", 60)))),
            ),
            (
                Consumer(
                    "HH",
                    Nest(2.0, (Leaf("X", 100), Leaf("Y", 100))),
                    (Endowment("L", 100), Endowment("K", 100), Endowment("PERMIT", 1.0, "used")),
                ),
            ),
            numeraire="L",
            commodities=(Commodity("PERMIT", price=0.0),),
            auxiliaries=(Auxiliary("used", terms, value=EMITTED, pairs_price="PERMIT", scale=EMITTED),),
        )
    )


def under_cap(c: Compiled, cap: float, floor: float = 0.0, ceiling: float = inf) -> Solution:
    p = c.default.copy()
    p.coefficient[0] = cap
    p.lower[c.price_index["PERMIT"]], p.upper[c.price_index["PERMIT"]] = floor, ceiling
    return solve(c, p, tolerance=1e-12)


def test_a_slack_cap_has_a_price_of_zero(economy: Compiled) -> None:
    s = under_cap(economy, 60.0)
    assert s.price["PERMIT"] == pytest.approx(0.0, abs=1e-12)
    assert s.auxiliary["used"] == pytest.approx(EMITTED, rel=1e-12)


def test_a_cap_just_met_has_a_price_of_zero(economy: Compiled) -> None:
    assert under_cap(economy, EMITTED).price["PERMIT"] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("cap", [49.0, 40.0, 25.0, 5.0, 0.5])
def test_a_tight_cap_binds_at_a_positive_price(economy: Compiled, cap: float) -> None:
    s = under_cap(economy, cap)
    assert s.price["PERMIT"] > 0
    assert s.flow("dirty", "PERMIT") == pytest.approx(cap, rel=1e-10)


def test_a_floor_leaves_permits_unused(economy: Compiled) -> None:
    floor = 2 * under_cap(economy, 40.0).price["PERMIT"]
    s = under_cap(economy, 40.0, floor=floor)
    assert s.price["PERMIT"] == pytest.approx(floor, rel=1e-12)
    assert s.auxiliary["used"] < 40.0


def test_a_ceiling_lets_emissions_exceed_the_cap(economy: Compiled) -> None:
    ceiling = under_cap(economy, 40.0).price["PERMIT"] / 2
    s = under_cap(economy, 40.0, ceiling=ceiling)
    assert s.price["PERMIT"] == pytest.approx(ceiling, rel=1e-12)
    assert 40.0 < s.auxiliary["used"] < EMITTED


def test_a_tax_at_the_permit_price_gives_the_capped_emissions(economy: Compiled) -> None:
    capped = under_cap(economy, 37.0)
    price = capped.price["PERMIT"]
    taxed = under_cap(economy, 0.0, floor=price, ceiling=price)
    assert taxed.auxiliary["used"] == pytest.approx(37.0, rel=1e-10)
    assert taxed.real["HH"] == pytest.approx(capped.real["HH"], rel=1e-12)


def test_the_owner_receives_what_permits_cost(economy: Compiled) -> None:
    s = under_cap(economy, 30.0)
    factors = 100 * (s.price["L"] + s.price["K"])
    assert s.income["HH"] == pytest.approx(factors + 30.0 * s.price["PERMIT"], rel=1e-12)


def two_technologies(cost: float) -> Compiled:
    """An old way to make the only good, and one that needs ``cost`` times its inputs."""
    new = Nest(1.0, (Leaf("L", 50 * cost), Leaf("K", 50 * cost)))
    return compile_model(
        Model(
            (
                Activity("old", Leaf("G", 100), Nest(1.0, (Leaf("L", 50), Leaf("K", 50))), complementary=True),
                Activity("new", Leaf("G", 100), new, level=0.0, complementary=True),
            ),
            (Consumer("HH", Leaf("G", 100), (Endowment("L", 50), Endowment("K", 50))),),
            numeraire="L",
        )
    )


def test_a_dearer_technology_stays_idle() -> None:
    s = solve(two_technologies(1.1), tolerance=1e-12)
    assert s.level["new"] == pytest.approx(0.0, abs=1e-12)
    assert s.level["old"] == pytest.approx(1.0, rel=1e-12)


def test_a_technology_that_becomes_cheaper_drives_out_the_other() -> None:
    c = two_technologies(1.1)
    p = c.default.copy()
    p.augment[c.tree_root[[t for t, o in enumerate(c.tree_owner) if c.tree_side[t] == "inputs" and o == 1]]] = 1.5
    s = solve(c, p, tolerance=1e-12)
    assert s.level["old"] == pytest.approx(0.0, abs=1e-10)
    assert s.level["new"] == pytest.approx(1.5 / 1.1, rel=1e-10)


def test_a_factor_in_excess_costs_nothing() -> None:
    c = compile_model(
        Model(
            (Activity("A", Leaf("G", 100), Nest(0.0, (Leaf("L", 50), Leaf("K", 50)))),),
            (Consumer("HH", Leaf("G", 100), (Endowment("L", 50), Endowment("K", 50))),),
            numeraire="G",
            commodities=(Commodity("K", free=True), Commodity("L", free=True)),
        )
    )
    p = c.default.copy()
    p.endowment[c.endow_at[("HH", "K", "")]] = 80
    s = solve(c, p, tolerance=1e-12)
    assert s.price["K"] == pytest.approx(0.0, abs=1e-10)
    assert s.price["L"] == pytest.approx(2.0, rel=1e-10)
    assert s.level["A"] == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize(("labour", "employed"), [(51.0, 1.0), (80.0, None)])
def test_a_wage_floor_makes_unemployment_only_where_it_binds(labour: float, employed: float | None) -> None:
    floor = (Term(0.9, (("index", "HH"),)), Term(-1.0, (("price", "L"),)))
    c = compile_model(
        Model(
            (Activity("A", Leaf("G", 100), Nest(0.5, (Leaf("L", 50), Leaf("K", 50)))),),
            (Consumer("HH", Leaf("G", 100), (Endowment("L", 50, "employment"), Endowment("K", 50))),),
            numeraire="G",
            auxiliaries=(Auxiliary("employment", floor, lower=0.0, upper=1.0),),
        )
    )
    p = c.default.copy()
    p.endowment[c.endow_at[("HH", "L", "employment")]] = labour
    s = solve(c, p, tolerance=1e-12)
    if employed is None:
        assert s.auxiliary["employment"] < 0.99
        assert s.price["L"] == pytest.approx(0.9, rel=1e-10)
    else:
        assert s.auxiliary["employment"] == pytest.approx(employed, rel=1e-10)
        assert s.price["L"] > 0.9


def test_an_unbounded_pair_of_bounds_changes_nothing(economy: Compiled) -> None:
    wide = under_cap(economy, 30.0, floor=0.0, ceiling=1e6)
    np.testing.assert_allclose(wide.x, under_cap(economy, 30.0).x, rtol=1e-9)


# -- a backstop that takes the whole market -----------------------------------------------------------------


def power(cost: float, declared: bool) -> Compiled:
    """Power from coal that emits, and an idle backstop at ``cost``; the price of a permit is held."""
    coal = Nest(0.5, (Leaf("L", 15), Leaf("K", 15), Leaf("COAL", 20)))
    made = Nest(0.0, (coal, Leaf("CO2", 20, price=0.0)))
    backstop = Nest(1.0, (Leaf("L", 25 * cost), Leaf("K", 25 * cost)))
    activities = (
        Activity("coal power", Leaf("E", 50), made, complementary=declared),
        Activity("backstop", Leaf("E", 50), backstop, level=0.0, complementary=declared),
        Activity("mine", Leaf("COAL", 20), Nest(0.3, (Leaf("L", 10), Leaf("K", 10))), complementary=declared),
        Activity("industry", Leaf("Y", 150), Nest(0.5, (Leaf("L", 60), Leaf("K", 60), Leaf("E", 30)))),
    )
    household = Consumer(
        "HH",
        Nest(0.5, (Leaf("Y", 150), Leaf("E", 20))),
        (Endowment("L", 85), Endowment("K", 85), Endowment("CO2", 1.0, "used")),
    )
    used = Auxiliary("used", (Term(20.0), Term(-1.0, (("aux", "used"),))), value=20.0, pairs_price="CO2", scale=20.0)
    return compile_model(Model(activities, (household,), "L", (Commodity("CO2", price=0.0),), (used,)))


@pytest.mark.filterwarnings("ignore::tanshi.equilibrium.engine.solve.UndeterminedWarning")  # of the closed mine's price
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("cost", [1.05, 1.3, 1.6])
def test_a_backstop_enters_at_its_threshold_from_a_cold_start_at_any_price(cost: float, declared: bool) -> None:
    """Below the threshold coal alone makes power, above it nobody pays more for power than the backstop costs."""
    c = power(cost, declared)
    shares = []
    for price in np.linspace(0.0, 3.0, 61):
        p = c.default.copy()
        p.lower[c.price_index["CO2"]] = p.upper[c.price_index["CO2"]] = price
        s = solve(c, p)
        assert s.price["E"] <= cost * s.price["K"] ** 0.5 * (1 + 1e-8)
        shares.append(s.level["backstop"] / (s.level["backstop"] + s.level["coal power"]))
    assert shares[0] == pytest.approx(0.0, abs=1e-9)
    assert shares[-1] == pytest.approx(1.0, abs=1e-9)
    assert np.diff(shares).min() > -1e-8


@pytest.mark.parametrize("sigma", [100.0, 500.0, 10_000.0])
def test_near_perfect_substitutes_answer_a_small_shock(sigma: float) -> None:
    """Two goods that hardly differ have nearly one price."""
    goods = (
        Activity("X", Leaf("X", 100), Nest(1.0, (Leaf("L", 50), Leaf("K", 50)))),
        Activity("Z", Leaf("Z", 100), Nest(1.0, (Leaf("L", 40), Leaf("K", 60)))),
    )
    owned = (Endowment("L", 91), Endowment("K", 110))
    s = solve(Model(goods, (Consumer("HH", Nest(sigma, (Leaf("X", 100), Leaf("Z", 100))), owned),), "L"))
    assert abs(s.price["X"] / s.price["Z"] - 1) < 1 / sigma
