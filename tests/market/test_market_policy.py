"""Policy rules, each with the numbers of the rule it comes from."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.market.allocation import ex_post, split
from tanshi.market.banking import borrowing, carry_over
from tanshi.market.compliance import fine_per_unit, settle_year
from tanshi.market.law import china
from tanshi.market.law.china import Unit
from tanshi.market.ledger import OverdrawnError
from tanshi.market.offsets import deliver, usable
from tanshi.market.orders import from_yuan
from tanshi.market.registry import Registry
from tanshi.market.stability import Collar, StabilityReserve
from tanshi.market.venue import Fills
from tanshi.scenarios.parameters import describe_parameters


def test_what_was_given_in_advance_is_made_up_or_taken_back_after_verification() -> None:
    # A coal unit above 300 MW (0.877 t/MWh, 0.126 t/GJ in the plan for 2019-2020): 70 % of 4 TWh and 2 PJ of 2018
    # in advance are 2,632,000 t. Verified are 5 TWh and 2 PJ, 4,637,000 t; or 2 TWh and no heat, 1,754,000 t.
    given, verified = np.array([2_632_000, 2_632_000]), np.array([4_637_000, 1_754_000])
    assert ex_post(verified, given).tolist() == [2_005_000, -878_000]


def test_auctioned_and_free_allowances_add_up_to_the_cap() -> None:
    free, auctioned = split(np.array([1_000_001]), 0.57)  # 57 % is the European Union's auctioned share
    assert (free + auctioned).tolist() == [1_000_001]
    assert auctioned.tolist() == [570_001]


def test_collar_refuses_orders_outside_and_holds_prices_inside() -> None:
    # The United Kingdom's auction reserve price is 22 pounds; a ceiling of 100 is made up.
    collar = Collar.of(22.0, 100.0, 0.01)
    gate = from_yuan(
        [0, 1, 2], [1, 1, 1], [21.99, 22.0, 100.01], [1, 1, 1], [0, 1, 2],
        accounts=3, lowest=collar.floor, highest=collar.ceiling,
    )  # fmt: skip
    assert gate.refused == {"below the price floor": 1, "above the price ceiling": 1}
    assert [collar.hold(p) for p in (100, 5000, 20000)] == [2200, 5000, 10000]


# Decision (EU) 2015/1814 as amended in 2023; counts of the European Commission's yearly communications.


@pytest.mark.parametrize(
    ("circulation", "moved"),
    [
        (1_134_794_738, 272_350_737),  # 2022, published May 2023
        (1_111_736_535, 266_816_768),  # 2023, published June 2024
        (1_096_000_000, 263_000_000),  # at the upper threshold: what exceeds 833 million
        (900_000_000, 67_000_000),
        (833_000_000, 0),
        (400_000_000, 0),
        (399_999_999, -100_000_000),
    ],
)
def test_stability_reserve_moves_what_the_decision_says(circulation: int, moved: int) -> None:
    assert StabilityReserve().movement(circulation, 500_000_000) == moved


def test_stability_reserve_releases_no_more_than_it_has_and_keeps_400_million() -> None:
    reserve = StabilityReserve()
    assert reserve.movement(0, 30_000_000) == -30_000_000
    assert reserve.invalid(2_900_000_000) == 2_500_000_000
    assert reserve.invalid(400_000_000) == 0


def test_stability_reserve_scales_with_the_market() -> None:
    tenth = StabilityReserve(scale=0.1)
    assert tenth.movement(113_479_474, 0) == 27_235_073
    assert tenth.movement(90_000_000, 0) == 6_700_000
    assert tenth.movement(39_000_000, 50_000_000) == -10_000_000


def test_thresholds_that_are_given_are_scaled_too_and_the_list_of_parameters_says_so() -> None:
    fifth = StabilityReserve(scale=0.2, release_below=50.0, lower=100.0, upper=200.0)
    assert fifth.movement(30_000_000, 0) == 10_000_000, "20 Mt may circulate, not 100"
    said = {row.name: row.description for row in describe_parameters()}
    for name in ("lower", "upper", "release_below", "release", "keep"):
        assert "before `scale`" in said[f"stability_reserve.{name}"]


def test_carry_over_is_ten_thousand_tonnes_and_one_and_a_half_times_net_sales() -> None:
    held = np.array([60_000, 60_000, 60_000, 9_000])
    assert carry_over(held, np.array([20_000, 0, -5_000, 0])).tolist() == [40_000, 10_000, 10_000, 9_000]
    assert carry_over(held, np.array([33_334, 0, 0, 0]))[0] == 60_000


def test_what_may_not_be_carried_over_expires() -> None:
    registry = Registry(3, 2024, 2)
    registry.issue([0, 1], [100_000, 100_000], 2024)
    registry.transfer(0, 1, 20_000)
    left = np.array([80_000, 120_000, 0]) - np.array([30_000, 30_000, 0])
    done = settle_year(
        registry, 2024, np.array([0, 1]), np.array([30_000, 30_000]), penalty=1, government=2, extinguishes=True,
        carry=carry_over(left, np.array([20_000, -20_000, 0])),
    )  # fmt: skip
    assert done.expired.tolist() == [10_000, 80_000, 0]
    assert registry.held.tolist() == [40_000, 10_000, 0]
    registry.check()


def test_half_of_a_large_gap_may_be_borrowed_from_next_year() -> None:
    registry = Registry(3, 2022, 2)
    registry.issue([0, 1], [70_000, 96_000], 2022)
    verified = np.array([100_000, 100_000])
    gap = verified - np.array([70_000, 96_000])
    done = settle_year(
        registry, 2022, np.array([0, 1]), verified, penalty=1, government=2, extinguishes=True,
        advance=borrowing(gap, verified),
    )  # fmt: skip
    assert done.borrowed.tolist() == [15_000, 0]  # 4 % of what it owes is no large gap
    assert done.surrendered.tolist() == [85_000, 96_000]
    assert done.shortfall.tolist() == [15_000, 4_000]
    assert registry.totals()["issued"].tolist() == [166_000, 15_000]
    registry.check()


def test_offsets_cover_at_most_five_percent_of_what_is_owed() -> None:
    assert usable(np.array([1_000_000, 100]), np.array([80_000, 80])).tolist() == [50_000, 5]
    registry = Registry(2, 2023, 1)
    registry.issue(0, 950_000, 2023)
    registry.issue_offsets(1, 80_000)
    registry.transfer_offsets(1, 0, 60_000)
    registry.oblige(0, 1_000_000)
    registry.surrender(0, 950_000)
    registry.surrender_offsets(0, usable(np.array([1_000_000]), registry.offsets[:1]))
    registry.check()
    assert (registry.obligations[0], registry.offsets.tolist()) == (0, [10_000, 20_000])
    with pytest.raises(OverdrawnError, match="account 1 has offsets of 20000, 20001 asked"):
        registry.transfer_offsets(1, 0, 20_001)
    assert (registry.rebuilt() == registry.state()["balances"]).all()


def test_an_auction_of_credits_issues_delivers_and_pays_them() -> None:
    registry = Registry(3, 2023, 1)
    fills = Fills(np.array([0, 1]), np.array([2, 2]), np.array([30, 20]), np.array([5_000, 5_000]))
    deliver(registry, fills)
    assert registry.offsets.tolist() == [30, 20, 0]
    assert registry.cash.tolist() == [-150_000, -100_000, 250_000]
    deliver(registry, Fills.none())
    registry.check()
    assert (registry.rebuilt() == registry.state()["balances"]).all()


def test_settlement_takes_credits_up_to_their_share_before_allowances() -> None:
    registry = Registry(3, 2023, 1)
    registry.issue([0, 1], [1_000, 1_000], 2023)
    registry.issue_offsets([0, 1], [80, 30])
    done = settle_year(
        registry, 2023, np.array([0, 1]), np.array([1_000, 1_000]), penalty=1, government=2, extinguishes=True,
        offset_share=0.05,
    )  # fmt: skip
    assert done.offsets.tolist() == [50, 30]
    assert done.surrendered.tolist() == [1_000, 1_000]
    assert registry.held.tolist() == [50, 30, 0]  # what credits have freed
    assert registry.offsets.tolist() == [30, 0, 0]
    registry.check()


def test_first_cycle_caps_the_gap_at_a_fifth_of_verified_emissions() -> None:
    for given, coal, gas in ((700_000, 900_000, 700_000), (850_000, 1_000_000, 850_000)):
        owed = [china.settle(2020, [Unit(kind, verified=1_000_000)], [given]).owed for kind in ("coal_I", "gas")]
        assert owed == [coal, gas]  # a gas-fired unit owes no more than it was given


def test_penalties_are_a_multiple_of_the_mean_price_or_a_fixed_sum() -> None:
    assert fine_per_unit(95.96, multiple=5.0) == pytest.approx(479.8)
    assert fine_per_unit(95.96, multiple=10.0) == pytest.approx(959.6)
    assert fine_per_unit(80.0, fixed=100.0) == 100.0  # Directive 2003/87/EC, Art. 16(3): 100 euro
    registry = Registry(2, 2023, 2)
    registry.issue(0, 90, 2023)
    kept = settle_year(
        registry, 2023, np.array([0]), np.array([100]), penalty=round(fine_per_unit(95.96, multiple=5.0) / 0.01),
        government=1, extinguishes=False,
    )  # fmt: skip
    assert kept.penalty.tolist() == [10 * 47_980]
    assert kept.debt.tolist() == [10]  # Art. 16(3): the payment does not release from surrendering
