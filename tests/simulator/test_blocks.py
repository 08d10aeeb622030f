"""Blocks beside the auction: they move neither the price nor who ends with what, and are told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket

SMALL: dict[str, Any] = {
    "years.end": 2023,
    "firms.number": 40,
    "market.periods_per_year": 4,
    "banking.horizon": 0,
}


def test_with_blocks_prices_and_accounts_are_the_same_and_part_of_the_volume_is_told_apart() -> None:
    one, other = (
        CarbonMarket(load_scenario("S5", SMALL | change)).run()
        for change in ({}, {"market.blocks": 0.8, "market.block_size": 20_000})
    )
    mine, theirs = one.state.log.periods, other.state.log.periods
    assert [row["price"] for row in theirs] == pytest.approx([row["price"] for row in mine], abs=0.011)
    assert [row["volume_t"] for row in theirs] == pytest.approx([row["volume_t"] for row in mine], rel=1e-3)
    blocks = np.array([row["block_t"] for row in theirs])
    assert 0 < blocks.sum() < 0.8 * sum(row["volume_t"] for row in theirs)
    for row in theirs:
        assert row["block_t"] == 0 or abs(row["block_price"] / row["price"] - 1) < 0.001
    assert "block_t" not in mine[0]
    held = one.registry.held.sum(), other.registry.held.sum()
    assert held[0] == pytest.approx(held[1], abs=2000)
    trades = other.result().trades
    assert trades["quantity_t"].sum() == sum(row["volume_t"] for row in theirs)  # no tonne twice
