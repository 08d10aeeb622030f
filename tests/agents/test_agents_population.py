"""Populations add up, and nobody's luck depends on the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.agents.abatement import Position, Tangent, demand, emission_rate
from tanshi.agents.expectations import adapt, present_value
from tanshi.agents.population import Population, PopulationError, build, firm_counts
from tanshi.agents.strategies import arrivals
from tanshi.agents.streams import Draws, stream
from tanshi.market.orders import Floats

COUNTS = {"ELEC": 12, "STEEL": 7, "NMM": 4}
COLUMNS = ("output_share", "intensity", "cost", "share", "strategy")


def of_sector(population: Population, sector: str, column: str) -> Floats:
    member = population.sector == population.sectors.index(sector)
    return np.asarray(getattr(population, column)[member], np.float64)


def population(**options: object) -> Population:
    return build(COUNTS, 7, strategies={"truthful": 0.5, "zic": 0.5}, **options)  # type: ignore[arg-type]


def test_new_sector_or_more_firms_elsewhere_change_no_other_firm() -> None:
    mix = {"truthful": 0.5, "zic": 0.5}
    small = build({"STEEL": 7}, 7, strategies=mix)
    large = build({"ELEC": 40, "STEEL": 7, "AIR": 3}, 7, strategies=mix)
    for column in COLUMNS:
        assert (of_sector(small, "STEEL", column) == of_sector(large, "STEEL", column)).all(), column
    one, other = small.draws(7, 30), large.draws(7, 30)
    steel = large.sector == large.sectors.index("STEEL")
    assert (one.uniform("zic", 5) == other.uniform("zic", 5)[steel]).all()
    assert (one.normal("output shock") == other.normal("output shock")[steel]).all()


def test_further_firms_of_a_sector_leave_the_first_ones_their_draws() -> None:
    few, many = (build({"STEEL": n}, 7) for n in (5, 50))
    assert (few.cost == many.cost[:5]).all()
    assert (few.draws(7, 3).uniform("zic", 4) == many.draws(7, 3).uniform("zic", 4)[:5]).all()


def test_streams_differ_by_seed_sector_purpose_and_period_and_by_nothing_else() -> None:
    keys = [(7, "ELEC", "size", 0), (8, "ELEC", "size", 0), (7, "AIR", "size", 0)]
    keys += [(7, "ELEC", "cost", 0), (7, "ELEC", "size", 1)]
    draws = [stream(*key).random(1000) for key in keys]
    assert all(not np.isin(a, b).any() for i, a in enumerate(draws) for b in draws[:i])
    assert (stream(*keys[0]).random(1000) == draws[0]).all()
    correlations = np.asarray(np.corrcoef(draws)) - np.eye(len(keys))
    assert np.abs(correlations).max() < 0.15  # s.d. of independent streams is 0.03


def test_consecutive_periods_do_not_overlap() -> None:
    first, second = (stream(7, "ELEC", "zic", period).random(100_000) for period in (1, 2))
    assert not np.isin(first, second).any()


def test_shares_add_up_to_one_in_every_sector_under_shocks() -> None:
    firms = population()
    for period in range(24):
        firms.move_shocks(firms.draws(7, period), sigma=0.3, persistence=0.9)
        for share in firms.shares():
            assert firms.total(share) == pytest.approx(np.ones(3), abs=1e-12)


def test_shocks_have_the_dispersion_asked_for_whatever_the_number_of_periods() -> None:
    for months in (1.0, 12.0 / 52.0):
        firms = build({"ELEC": 4000}, 3)
        for period in range(int(60 / months)):
            firms.move_shocks(firms.draws(3, period), sigma=0.2, persistence=0.9, months=months)
        assert firms.shock.std() == pytest.approx(0.2, rel=0.05)


def test_strategies_are_dealt_out_exactly_in_each_sector() -> None:
    firms = population()
    assert firms.total((firms.strategy == 0).astype(float)).tolist() == [6, 4, 2]


@settings(max_examples=100, deadline=None)
@given(st.integers(16, 2000), st.lists(st.floats(0.001, 10), min_size=8, max_size=8))
def test_firm_counts_add_up_and_leave_no_sector_below_two(total: int, weights: list[float]) -> None:
    counts = firm_counts(total, {str(i): weight for i, weight in enumerate(weights)})
    assert sum(counts.values()) == total
    assert min(counts.values()) >= 2


def test_impossible_populations_are_refused() -> None:
    with pytest.raises(PopulationError, match="too few"):
        firm_counts(5, {"ELEC": 1.0, "STEEL": 1.0, "NMM": 1.0})
    with pytest.raises(PopulationError, match="STEEL has -1 firms"):
        build({"STEEL": -1}, 7)
    with pytest.raises(PopulationError, match="size dispersion"):
        build({"STEEL": 5}, 7, size_sigma=-1.0)
    with pytest.raises(ValueError, match="must not be negative"):
        stream(7, "STEEL", "size", -1)


def test_firms_add_up_to_their_sectors_tangent() -> None:
    firms = population()
    firms.move_shocks(firms.draws(7, 1), sigma=0.1, persistence=0.9)
    tangent = Tangent(60.0, np.array([300.0, 60.0, 40.0]), np.array([-0.3, -0.05, -0.02]))
    for price in (0.0, 60.0, 110.0):
        expected = tangent.emissions + tangent.slope * (price - 60.0)
        assert firms.total(emission_rate(firms, tangent, price)) == pytest.approx(expected, rel=1e-12)


def test_cheaper_abaters_answer_a_price_more() -> None:
    firms = population()
    tangent = Tangent(60.0, np.array([300.0, 60.0, 40.0]), np.array([-0.3, -0.05, -0.02]))
    cut = 1 - emission_rate(firms, tangent, 80.0) / emission_rate(firms, tangent, 60.0)
    for first, last in zip(firms.start[:-1], firms.start[1:], strict=True):
        assert (np.diff(cut[first:last][np.argsort(firms.cost[first:last])]) < 0).all()


def test_settled_shares_are_the_emissions_at_the_settled_price() -> None:
    firms = population()
    firms.move_shocks(firms.draws(7, 1), sigma=0.2, persistence=0.9)
    ratio = np.array([0.8, 0.95, 1.0])
    trial, _ = firms.shares(ratio)
    before = firms.share.copy()
    firms.respond(ratio)
    assert firms.shares()[0] == pytest.approx(trial, rel=1e-12)
    assert firms.share[firms.sector == 2] == pytest.approx(before[firms.sector == 2], rel=1e-12)
    with pytest.raises(PopulationError, match="ratios have shape"):
        firms.respond(trial)


def test_marginal_cost_is_the_price_at_which_holdings_suffice() -> None:
    firms = population()
    tangent = Tangent(60.0, np.array([300.0, 60.0, 40.0]), np.array([-0.3, -0.05, -0.02]))
    rng = np.random.default_rng(1)
    holdings = firms.shares()[0] * tangent.emissions[firms.sector] * 1e6 * rng.uniform(0.95, 1.02, len(firms))
    need = demand(firms, tangent, Position(np.zeros(len(firms)), 1.0, holdings))
    cost = need.marginal_cost(0.0, 500.0)
    inside = (cost > 0) & (cost < 500)
    assert inside.any()
    at_cost = need.slope * (cost - 60.0) + need.level + need.fixed
    assert np.abs(at_cost[inside]).max() < 1e-6
    rich = demand(firms, tangent, Position(np.zeros(len(firms)), 1.0, holdings * 100))
    poor = demand(firms, tangent, Position(1e12 * np.ones(len(firms)), 1.0, holdings))
    assert (rich.marginal_cost(5.0, 500.0) == 5.0).all()
    assert (poor.marginal_cost(5.0, 500.0) == 500.0).all()


def test_output_based_entitlement_lowers_the_need_and_its_slope_adds_to_the_response() -> None:
    firms = population()
    n = len(firms)
    tangent = Tangent(60.0, np.array([300.0, 60.0, 40.0]), np.array([-0.3, -0.05, -0.02]))
    plain = demand(firms, tangent, Position(np.zeros(n), 0.5, np.zeros(n)))
    entitled = demand(
        firms, tangent, Position(np.zeros(n), 0.5, np.zeros(n), entitlement=1000.0, entitlement_slope=-2.0)
    )
    assert entitled.at(70.0) - plain.at(70.0) == pytest.approx(np.full(n, -1000.0 + 20.0))


def test_senseless_tangents_are_refused() -> None:
    with pytest.raises(ValueError, match="rise with the price"):
        Tangent(60.0, np.array([1.0]), np.array([0.1]))
    with pytest.raises(ValueError, match="finite"):
        Tangent(float("nan"), np.array([1.0]), np.array([-0.1]))


def test_saved_population_goes_on_the_same() -> None:
    firms = population()
    firms.move_shocks(firms.draws(7, 1), sigma=0.2, persistence=0.9)
    again = Population.restore(firms.state())
    for each in (firms, again):
        each.move_shocks(each.draws(7, 2), sigma=0.2, persistence=0.9)
    assert again.sectors == firms.sectors
    assert all((value == again.state()[name]).all() for name, value in firms.state().items())


def test_expectations_move_part_of_the_way_and_discount() -> None:
    assert adapt(np.array([50.0, 70.0]), 60.0, 0.25).tolist() == [52.5, 67.5]
    assert present_value(np.array([105.0]), np.array([0.05]), 1.0) == pytest.approx([100.0])
    with pytest.raises(ValueError, match="weight is 2"):
        adapt(np.array([50.0]), 60.0, 2.0)


def test_arrivals_are_nobodys_privilege() -> None:
    draws = [Draws(7, ("ELEC",), np.array([50]), period) for period in range(40)]
    first = [int(np.argmin(arrivals(draw))) for draw in draws]
    assert len(set(first)) > 15
