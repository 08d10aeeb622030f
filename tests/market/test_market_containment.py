"""Reserve prices, tiers and reserves with the numbers of the rules that they come from."""

from __future__ import annotations

import pytest

from tanshi.market.containment import Step, meets, sold_of, spread_over
from tanshi.market.stability import StabilityReserve
from tanshi.market.venues import Day, limits_of, open_venue
from tanshi.scenarios.containment import StabilityReserve as Rule
from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.rules import reserve_of


def test_the_rule_of_2019_to_2023_takes_24_percent_of_all_above_833_million() -> None:
    # Commission, 15 May 2019: 1,654,909,824 in circulation, 397,178,358 into the reserve (24 % of the number); 15 May
    # 2023: 1,134,794,738 and 272,350,737. The rule from 2024 on takes the excess over 833 million up to 1,096 million.
    rule = Rule.model_validate({"on": True, "scale": 1.0, "upper": {"2019": 833.0, "2024": 1096.0}})
    assert reserve_of(rule, 2019).movement(1_654_909_824, 0) == 397_178_357  # a whole number; published rounded up
    assert reserve_of(rule, 2023).movement(1_134_794_738, 0) == 272_350_737
    assert reserve_of(rule, 2023).movement(900_000_000, 0) == 216_000_000
    assert reserve_of(rule, 2024).movement(900_000_000, 0) == 67_000_000


def test_in_2023_the_reserve_kept_as_much_as_had_been_auctioned() -> None:
    # Commission, 15 May 2023: on 1 January 2023 2,515,135,787 became invalid, all above the auctions of the year before
    # (Decision (EU) 2015/1814, Art. 1(5a)); whatever these were, so much is left.
    for auctioned in (400_000_000, 486_000_000):
        reserve = StabilityReserve()
        assert reserve.invalid(auctioned + 2_515_135_787, auctioned=auctioned) == 2_515_135_787
        assert reserve.invalid(auctioned, auctioned=auctioned) == 0


def test_price_limits_after_a_close_of_97_49() -> None:
    # Shanghai exchange, 31 December 2024: 97.49. Notice of 21 June 2021: 10 and 30 %, inward to 0.01 yuan.
    for venue, lowest, highest in (("listed_agreement", 8775, 10723), ("block_agreement", 6825, 12673)):
        limits = limits_of(open_venue(venue, Day(9749)))
        assert limits is not None
        assert (limits.lowest, limits.highest) == (lowest, highest)


def test_rggi_sells_a_tenth_of_its_cap_at_its_trigger_and_no_more() -> None:
    # 2021: trigger 13.00, and 10 % of the cap. Demand 130 - p under a cap of 100: at 13 the market takes 17, of which
    # ten are there; then the price is what 110 leave.
    price = meets([Step("ccr", 13.0, 10.0)], 100.0, lambda cap: 130.0 - cap, lambda p: p, float)
    assert price == 20.0
    assert meets([Step("ccr", 25.0, 10.0)], 100.0, lambda cap: 130.0 - cap, lambda p: p, float) == 25.0
    # Emissions containment: ten of the hundred are withheld below a trigger of 6. Demand 94 - p leaves a price of 4 for
    # 90, below the trigger: none of the ten is sold. Demand 104 - p: at 6 it takes 98 of the hundred.
    withheld = [Step("ecr", 6.0, 10.0)]
    assert meets(withheld, 90.0, lambda cap: 94.0 - cap, lambda p: p, float) == 4.0
    assert meets(withheld, 90.0, lambda cap: 104.0 - cap, lambda p: p, float) == 6.0


def test_cheaper_steps_sell_first_and_nothing_is_lost() -> None:
    steps = [Step("base", 10, 70), Step("withhold", 20, 30), Step("first", 40, 25)]
    for sold in range(126):
        found = sold_of(steps, sold)
        assert sum(found.values()) == sold
        assert found["withhold"] == 0 or found["base"] == 70
        assert found["first"] == 0 or found["withhold"] == 30
    for amount in range(40):
        assert int(spread_over(amount, [2, 5, 7], 12).sum()) == amount


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auctions.months": [3, 1]}, "in the order of the year"),
        ({"auctions.months": [1, 4], "auctions.shares": [0.5, 0.6]}, "sum to 1"),
        ({"auctions.months": [1, 4], "auctions.shares": [1.0]}, "a share for each of auctions.months"),
        ({"auctions.unsold_over": 4}, "where nothing is left to spread"),
        ({"auctions.reserve_price": {"2025": 2000.0}}, "which ends all bids"),
        ({"containment.first.share": 0.1}, "a trigger for a tier that is described"),
        ({"containment.first.at": 70.0}, "a size, in tonnes or as part of the cap"),
        ({"containment.first.at": 70.0, "containment.first.share": 0.1, "containment.first.amount": 3.0}, "one size"),
        (
            {"containment.first.at": 70.0, "containment.first.share": 0.1, "containment.second.at": 60.0,
             "containment.second.share": 0.1},
            "triggers that rise from tier to tier",
        ),
        (
            {"containment.first.at": 70.0, "containment.first.amount": 1.0, "containment.first.from_reserve": True},
            "a stability reserve to take from",
        ),
        ({"stability_reserve.upper": 500.0}, "in rising order"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ScenarioError, match="1 problem") as refused:
        load_scenario("S1", changes)
    assert words in str(refused.value)
