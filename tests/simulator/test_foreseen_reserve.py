"""A stability reserve that firms foresee: its movements are in their plan, so January brings no news."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import run_until

PERIODS, YEARS = 2, (2023, 2024, 2025)
CERTAIN: dict[str, Any] = {
    "drift.mode": "none",
    "firms.number": 24,
    "firms.shock_sigma": 0.0,
    "firms.discount_sigma": 0.0,
    "firms.belief_sigma": 0.0,
    "market.periods_per_year": PERIODS,
    "years.end": YEARS[-1],
    "banking.opening": 0.3,
    "stability_reserve.on": True,
    "stability_reserve.scale": 0.1,
}


@cache
def lived(**changes: Any) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray], np.ndarray]:
    """Prices by period from 2023 on, banks at the ends of the years (Mt), banks planned in each January, reserve."""
    named = {name.replace("__", "."): dict(v) if isinstance(v, tuple) else v for name, v in changes.items()}
    world, state = begin(load_scenario("S5", CERTAIN | named))
    planned = {}
    for year in range(2022, world.scenario.years.end + 1):
        run_until(world, state, (year - 2021) * PERIODS)
        if state.market.outlook is not None:
            planned[year] = state.market.outlook.bank
    prices = np.array([row["price"] for row in state.log.periods[PERIODS:]])
    banked, reserve = (
        np.array([row[name] for row in state.log.settlements[1:]]) / 1e6 for name in ("banked_t", "reserve_t")
    )
    return prices, banked, planned, reserve


def beyond_the_carry(prices: np.ndarray) -> float:
    """Largest rise from one period to the next beyond what 8 % a year gives."""
    return float((prices[1:] / prices[:-1]).max() / 1.08 ** (1 / PERIODS) - 1)


def test_who_foresees_the_reserve_is_not_surprised_in_january() -> None:
    """Otherwise money lies about: bought in December before an intake that everybody could reckon with."""
    prices, banked, planned, reserve = lived(stability_reserve__foreseen=True)
    assert banked.max() - banked.min() > 50
    assert reserve.max() > 30  # the rule is at work
    assert beyond_the_carry(prices) < 0.005
    np.testing.assert_allclose(planned[2023][: len(YEARS)], banked, atol=2.0)


def test_where_nobody_foresees_it_the_price_jumps_when_it_takes() -> None:
    """The default: each January's intake is news, and a plan made before it sees a larger bank than there will be."""
    surprised, banked, planned, _ = lived()
    prices = lived(stability_reserve__foreseen=True)[0]
    assert beyond_the_carry(surprised) > 0.02
    assert planned[2023][1] > banked[1] + 20
    assert prices[0] > surprised[0]  # what will be taken away is dearer from the day on which it is known


def test_a_reserve_that_moves_nothing_changes_nothing_by_being_foreseen() -> None:
    still = {"stability_reserve__scale": 10.0, "years__end": 2024}
    assert (lived(stability_reserve__foreseen=True, **still)[0] == lived(**still)[0]).all()


FED: dict[str, Any] = {
    "stability_reserve__foreseen": True,
    "stability_reserve__release": 0.0,
    "allocation__auctioned_share": 0.2,
    "containment__first__at": 75.0,
}
ONCE: dict[str, Any] = {
    "stability_reserve__lower": ((2022, 833.0), (2025, 20_000.0)),
    "stability_reserve__upper": ((2022, 1_096.0), (2025, 20_000.0)),
    "years__end": 2023,
}
"""Something is taken in in 2024 alone."""


def test_a_tier_that_the_reserve_feeds_is_foreseen_as_far_as_the_reserve_goes() -> None:
    """What it takes out of the reserve is a supply like any other: the same tonnes, named year by year, sell alike.

    The reserve holds 40 Mt by then and gives back nothing by itself. The tier's price is reached in 2026, so that of
    15 Mt a year 10 are left for 2028.
    """
    named = ((2022, 15.0), (2028, 10.0), (2029, 1e-6))
    (fed, _, held, _), (said, _, kept, _), (without, _, _, _) = (
        lived(containment__first__amount=amount, containment__first__from_reserve=feeds, **FED, **ONCE)
        for amount, feeds in ((15.0, True), (named, False), (1e-6, False))
    )
    np.testing.assert_allclose(fed, said, rtol=2e-4)
    np.testing.assert_allclose(held[2023], kept[2023], atol=0.05)
    assert fed[0] < 0.98 * without[0]


def test_a_foreseen_tier_out_of_the_reserve_is_no_news_when_it_sells() -> None:
    change = {"containment__first__amount": 15.0, "containment__first__from_reserve": True}
    again = {"stability_reserve__release": 100.0, "containment__first__at": 72.0}
    prices, banked, planned, reserve = lived(**FED | change | again)
    assert reserve[-1] == reserve[-2] - 15.0
    assert beyond_the_carry(prices) < 0.005
    np.testing.assert_allclose(planned[2023][: len(YEARS)], banked, atol=0.5)
