"""What a common market is worth: a gain for all together, and a loss of one explained by its terms."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.studies.welfare.joining import TERMS, Joined, gains, joined_against_closed, words

TRADITIONAL: dict[str, Any] = {
    "years.end": 2023,
    "market.mode": "equilibrium",
    "drift.mode": "none",
    "banking.horizon": 0,
    "market.periods_per_year": 1,
    "firms.number": 24,
    "coupling.adjustment_rate": None,
}


@lru_cache(maxsize=1)
def found() -> Joined:
    return joined_against_closed("three-provinces", TRADITIONAL)


def differences(measure: str) -> dict[str, float]:
    rows = found().table
    rows = rows[(rows["year"] == 2023) & (rows["measure"] == measure)]
    return dict(zip(rows["region"], rows["difference"], strict=True))


def test_all_together_gain_and_each_gains_where_its_price_moves() -> None:
    assert gains(found().table)[2022] == pytest.approx(0.0, abs=1e-9)  # before the policy there is no common market
    assert gains(found().table)[2023] > 0.0
    price, bought, gained = (differences(name) for name in ("price", "bought of other provinces", "gain from trade"))
    assert sum(bought.values()) == pytest.approx(0.0, abs=1e-6)
    for region, change in price.items():
        assert change * bought[region] <= 0.0  # who pays less than alone buys, who pays more sells
        assert gained[region] >= 0.0


def test_the_terms_add_up_to_the_change_of_welfare() -> None:
    change = differences("consumption and saving")
    terms = [differences(f"welfare: {term}") for term in TERMS]
    for region, billion in change.items():
        assert sum(term[region] for term in terms) == pytest.approx(1000.0 * billion, abs=1e-6)
    # Shanxi sells coal, coke and power to others: where it pays less for carbon it passes less on to them.
    assert differences("price")["China|Shanxi"] < 0.0
    assert differences("welfare: prices beyond the border")["China|Shanxi"] < 0.0


def test_words_have_a_block_for_each_region_and_the_whole_gain() -> None:
    text = words(found(), 2023)
    assert text.count("gain from trade") == 3
    assert "All provinces together gain" in text


def test_one_province_alone_joins_nothing() -> None:
    with pytest.raises(UserError, match="is of one province"):
        joined_against_closed("S1", TRADITIONAL)
