"""Caps, apportionment, and the yearly settlement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshi.market.allocation import AllocationError, grandfather, split
from tanshi.market.apportion import ApportionError, apportion, apportion_groups
from tanshi.market.compliance import settle_year, verify
from tanshi.market.network import trade_graph
from tanshi.market.orders import Ints
from tanshi.market.registry import Registry
from tanshi.market.stability import Collar
from tanshi.market.venue import Fills


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any))
def test_apportioned_units_add_up_and_stay_within_one_of_the_quota(total: int, weights: list[int]) -> None:
    units = apportion(total, weights)
    assert int(units.sum()) == total
    whole = sum(weights)
    for unit, weight in zip(units.tolist(), weights, strict=True):
        assert abs(unit * whole - total * weight) < whole


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 5))
def test_sector_totals_are_shared_out_exactly_whatever_the_order_of_firms(data: st.DataObject, groups: int) -> None:
    n = data.draw(st.integers(groups, 40))
    group = np.array([*range(groups), *(data.draw(st.integers(0, groups - 1)) for _ in range(n - groups))])
    weights = np.array(data.draw(st.lists(st.floats(1e-6, 1e6), min_size=n, max_size=n)))
    totals = np.array(data.draw(st.lists(st.integers(0, 10**9), min_size=groups, max_size=groups)))
    units = apportion_groups(totals, weights, group)
    assert (np.bincount(group, units, groups).astype(np.int64) == totals).all()
    quota = weights * (totals / np.bincount(group, weights, groups))[group]
    assert (np.abs(units - quota) < 1 + 1e-6).all()


def test_apportionment_without_anyone_to_carry_the_total_is_refused() -> None:
    with pytest.raises(ApportionError, match="group 1 has a total of 5 but no weight"):
        apportion_groups([3, 5], np.array([1.0, 0.0]), np.array([0, 1]))
    with pytest.raises(ApportionError, match="group 1 has a total of 1 but no weight"):
        apportion_groups([3, 1], np.array([1.0, 0.0]), np.array([0, 1]))
    with pytest.raises(ApportionError, match="not negative"):
        apportion(3, [2, -1])
    with pytest.raises(ApportionError, match="finite"):
        apportion(3, [1.0, float("nan")])


def test_free_and_auctioned_allowances_make_up_the_cap_and_firms_make_up_the_free() -> None:
    cap = np.array([98_000_001, 49_000_000])
    free, auctioned = split(cap, 0.07)
    assert (free + auctioned == cap).all()
    assert auctioned.tolist() == [6_860_000, 3_430_000]
    sector = np.array([0, 1, 0, 1, 0])
    given_out = grandfather(free, np.array([1.0, 3.0, 2.0, 1.0, 1e-9]), sector)
    assert (np.bincount(sector, given_out).astype(np.int64) == free).all()


def test_an_auctioned_share_above_the_whole_is_refused() -> None:
    with pytest.raises(AllocationError, match="auctioned share is"):
        split(np.array([1]), 1.2)


def test_verified_firms_add_up_to_their_verified_sector() -> None:
    rng = np.random.default_rng(5)
    emissions, sector = rng.lognormal(10, 2, 400), rng.integers(0, 3, 400)
    verified = verify(emissions, sector, 3)
    totals = np.rint(np.bincount(sector, emissions)).astype(np.int64)
    assert (np.bincount(sector, verified).astype(np.int64) == totals).all()
    assert np.abs(verified - emissions).max() < 1.5


def two_firms(verified: tuple[int, int]) -> tuple[Registry, Ints]:
    """Account 0 holds 100 of 2023, account 1 holds 40; account 2 is government."""
    registry = Registry(3, 2023, 2)
    registry.issue([0, 1], [100, 40], 2023)
    return registry, np.array(verified)


def test_penalty_is_paid_on_what_is_missing_and_may_end_the_obligation() -> None:
    registry, verified = two_firms((70, 55))
    result = settle_year(
        registry,
        2023,
        np.array([0, 1]),
        verified,
        penalty=200,
        government=2,
        extinguishes=True,
    )
    assert result.surrendered.tolist() == [70, 40]
    assert result.shortfall.tolist() == [0, 15]
    assert registry.cash.tolist() == [0, -3000, 3000]
    assert result.debt.tolist() == [0, 0]
    assert registry.held.tolist() == [30, 0, 0]
    registry.check()


def test_unforgiven_shortfall_is_owed_next_year_on_top_of_new_emissions() -> None:
    registry, verified = two_firms((70, 55))
    firms = np.array([0, 1])
    settle_year(registry, 2023, firms, verified, penalty=200, government=2, extinguishes=False)
    assert registry.obligations.tolist() == [0, 15, 0]
    registry.issue(1, 60, 2024)
    result = settle_year(registry, 2024, firms, np.array([30, 45]), penalty=200, government=2, extinguishes=False)
    assert result.surrendered.tolist() == [30, 60]
    assert result.debt.tolist() == [0, 0]
    registry.check()


def test_allowances_left_over_are_banked_expire_or_are_carried_up_to_a_limit() -> None:
    left = {}
    rules: dict[str, dict[str, Any]] = {
        "banking": {},
        "none": {"banking": False},
        "limited": {"carry": np.array([12, 0, 0])},
    }
    for name, rule in rules.items():
        registry, verified = two_firms((70, 40))
        settle_year(registry, 2023, np.array([0, 1]), verified, penalty=1, government=2, extinguishes=True, **rule)
        registry.check()
        left[name] = int(registry.held[0])
    assert left == {"banking": 30, "none": 0, "limited": 12}


def test_collar_holds_prices_and_rounds_its_limits_inward() -> None:
    collar = Collar.of(10.005, 99.999, 0.01)
    assert (collar.floor, collar.ceiling) == (1001, 9999)
    assert [collar.hold(price) for price in (5, 5000, 20000)] == [1001, 5000, 9999]
    assert Collar.of(0.29, 0.29, 0.01) == Collar(29, 29)
    with pytest.raises(ValueError, match="leave no price"):
        Collar(10, 9)


def test_trades_form_a_graph_of_sellers_to_buyers_and_a_matrix_of_sectors() -> None:
    fills = Fills(np.array([1, 1, 2]), np.array([0, 0, 1]), np.array([5, 7, 3]), np.array([10, 10, 10]))
    graph = trade_graph(fills)
    assert graph.edges[0, 1] == {"lots": 12, "turnover": 120, "fills": 2}
    assert graph.out_degree(weight="lots")[1] == 3
    assert trade_graph(Fills.none()).number_of_edges() == 0
