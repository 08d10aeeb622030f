"""Market experiments of the literature, many sessions at once."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.agents.sessions import SessionError, hold_sessions

SMITH = np.arange(75, 350, 25)  # Smith (1962), first test: eleven values and eleven costs, cents


@pytest.mark.parametrize("institution", ["continuous", "call"])
def test_zero_intelligence_under_a_ban_on_losses_realises_nearly_all_surplus(institution: str) -> None:
    """Gode and Sunder (1993): about 98 % in a continuous double auction."""
    held = hold_sessions(SMITH, SMITH, 400, institution=institution, offers=2000 if institution == "continuous" else 30)
    assert (held.competitive, held.largest) == ((200, 200), 750)
    assert held.efficiency.max() <= 1.0
    assert held.efficiency.mean() > 0.94
    prices = held.to_pandas()
    assert prices["price"].mean() == pytest.approx(200, rel=0.05)
    assert prices["volume"].between(5, 8).mean() > 0.9


def test_without_the_ban_surplus_is_wasted_where_most_sellers_are_costly() -> None:
    values, costs = [390, 380, 370, 360, 40, 30], [20, 30, 40, 50, *[395] * 12]
    free = hold_sessions(values, costs, 200, trader="zi_u")
    bound = hold_sessions(values, costs, 200, trader="zi_c")
    assert free.efficiency.mean() < 0.5 < 0.9 < bound.efficiency.mean()


def test_the_same_seed_holds_the_same_sessions() -> None:
    first, again, other = (hold_sessions(SMITH, SMITH, 5, seed=s).price for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)


def test_nobody_trades_at_a_loss_and_prices_lie_between_cost_and_value() -> None:
    held = hold_sessions(SMITH, SMITH, 50)
    assert np.nanmin(held.price) >= 75
    assert np.nanmax(held.price) <= 325


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trader": "genius"}, "trader 'genius' is unknown; known are zi_c"),
        ({"institution": "bazaar"}, "institution 'bazaar' is unknown"),
        ({"values": [1.5, 2.0]}, "values must be whole numbers"),
        ({"values": [[1], [1, 2]]}, "values must be whole numbers"),
        ({"sessions": 0}, "sessions is 0; a whole number >= 1"),
        ({"sessions": 1.5}, r"sessions is 1\.5; a whole number >= 1"),
        ({"offers": 0}, "offers is 0"),
        ({"seed": -1}, "seed is -1; a whole number >= 0"),
        ({"highest": 300}, "highest is 300; a whole price of at least the largest value or cost, 325"),
        ({"highest": "much"}, "highest is 'much'"),
        ({"values": [10], "costs": [20]}, "nothing to trade"),
    ],
)
def test_experiments_that_cannot_be_held_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(SessionError, match=message):
        hold_sessions(**{"values": SMITH, "costs": SMITH, **change})  # type: ignore[arg-type]
