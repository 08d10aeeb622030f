"""Who gets allowances, free or for money, does not move their price (Montgomery 1972), whenever firms like to buy."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.tables import RunResult

SMALL: dict[str, Any] = {
    "years.end": 2024, "firms.number": 40, "market.periods_per_year": 4, "drift.mode": "none", "firms.urgency": 4.0
}  # fmt: skip
ALONE = {"market.mode": "equilibrium", "market.periods_per_year": 1}


@cache
def run(share: float, horizon: int, alone: bool) -> RunResult:
    fields = {**SMALL, "allocation.auctioned_share": share, "banking.horizon": horizon}
    return simulate(load_scenario("S5", {**fields, **(ALONE if alone else {})}))


def price(share: float, horizon: int, alone: bool) -> Any:
    """Means over time; those over volume lean to January, when most is sold."""
    return run(share, horizon, alone).periods.groupby("year")["price"].mean().loc[[2023, 2024]].to_numpy()


@pytest.mark.parametrize("horizon", [0, 20])
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_what_is_sold_in_january_is_bought_at_the_price_of_what_is_given(share: float, horizon: int) -> None:
    """Beside what the revenue does in the economy, which the equilibrium model says too."""
    own = price(share, horizon, alone=False) / price(0.0, horizon, alone=False)
    assert own.tolist() == pytest.approx((price(share, horizon, True) / price(0.0, horizon, True)).tolist(), rel=0.01)
    sold = run(share, horizon, False)
    auctioned = sold.series("Carbon Market|Trading Volume|Primary Auction").loc[2023]
    assert auctioned == pytest.approx(share * sold.series("Carbon Market|Cap").loc[2023], rel=1e-6)
    assert sold.series("Carbon Market|Compliance|Shortfall").loc[[2023, 2024]].max() < 0.01
