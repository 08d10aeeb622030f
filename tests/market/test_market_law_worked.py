"""Rules of seven markets worked through by hand from their published numbers, to the tonne or the cent.

Numbers and sources: International Carbon Action Partnership and the regulators' texts, as named at each case.
"""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.market.banking import borrowing, carry_over
from tanshi.market.compliance import fine_per_unit
from tanshi.market.containment import Step, meets, sold_of, spread_over
from tanshi.market.law import Rule, china
from tanshi.market.law.china import Unit
from tanshi.market.new_entrants import EntrantsReserve, january
from tanshi.market.offsets import usable
from tanshi.market.stability import StabilityReserve
from tanshi.scenarios.auctions import Auctions
from tanshi.scenarios.cap import Cap
from tanshi.scenarios.containment import Containment, Tier
from tanshi.scenarios.schema import Offsets

# -- China: allocation plans for 2019-2020, 2021-2022, 2023-2024, and the draft for 2025-2026 ----------------------


def test_a_unit_with_heat_is_corrected_for_low_load_from_2021_on_only() -> None:
    # 2,000,000 MWh supplied, 500,000 GJ, a tenth of the energy to heat, water cooled, a load of 70 %.
    unit = Unit("coal_I", supplied=2_000_000, heat=500_000, heat_ratio=0.1, load=0.70)
    # 2019: 1,754,000 x 0.978 = 1,715,412; heat 63,000.
    assert china.firm(2019, [unit]).by_benchmark == 1_715_412 + 63_000
    # 2021: 1,643,600 x 0.978 x 1.015^2 = 1,656,025.698; heat 55,550.
    assert china.firm(2021, [unit]).by_benchmark == 1_711_575
    # 70 % of it comes early, rounded down: 1,778,412 x 0.7 = 1,244,888.4.
    assert china.in_advance(2019, by_benchmark=1_778_412) == 1_244_888


def test_a_unit_of_power_alone_at_82_and_77_percent_and_air_cooled() -> None:
    # 0.877 x 1.0042 = 0.8806834; in air x 1.05 = 0.92471757; at 77 %: 0.877 x 1.0118 = 0.8873486.
    def given(load: float, air: bool = False) -> int:
        return china.firm(2020, [Unit("coal_I", supplied=1_000_000, load=load, air_cooled=air)]).by_benchmark

    assert [given(0.82), given(0.82, air=True), given(0.77), given(0.85)] == [880_683, 924_717, 887_348, 877_000]


def test_the_draft_for_2025_corrects_below_half_load_with_six_decimals() -> None:
    # 7.254 - 0.633 (1 - e^-1.341292) - 5.643 (1 - e^-5.821569) = 7.254 - 0.467466 - 5.626276 = 1.160255 or so.
    assert china.load_correction(2025, "coal_II", 0.40) == pytest.approx(1.1603, abs=1e-4)
    assert round(china.load_correction(2025, "coal_II", 0.40), 6) == china.load_correction(2025, "coal_II", 0.40)
    assert china.load_correction(2025, "coal_II", 0.50) == 1.0
    assert china.load_correction(2025, "coal_III", 0.40) == 1.0


def test_in_2022_a_gap_is_owed_up_to_a_fifth_of_emissions_and_half_of_it_may_be_borrowed() -> None:
    large = china.settle(2022, [Unit("coal_I", verified=1_000_000)], [790_000])
    assert (large.owed, large.gap) == (990_000, 200_000)  # the gap is 21 % of what is emitted, 20 % are owed
    small = china.settle(2022, [Unit("coal_I", verified=1_000_000)], [810_000])
    assert (small.owed, small.gap) == (1_000_000, 190_000)
    gas = china.settle(2022, [Unit("gas", verified=500_000)], [450_000])
    assert (gas.owed, gas.gap) == (450_000, 0)
    # Ten per cent of what is owed or more: half of the gap, out of 2023's allowances.
    gaps, owed = np.array([120_000, 100_000, 99_999]), np.full(3, 1_000_000)
    assert borrowing(gaps, owed).tolist() == [60_000, 50_000, 0]


def test_steel_at_the_ends_of_its_band_and_what_it_may_keep_of_2024() -> None:
    # Balance 1.5 t per t of hot metal, 1,000,000 t. Own 1.2, 1.35, 1.65 and 2.1: X is 20, 10, -10 and -40 %.
    rule = china.industry(2026, "steel", balance=1.5)
    emitted = np.array([1_200_000.0, 1_350_000.0, 1_650_000.0, 2_100_000.0])
    given = rule.entitle(emitted, np.full(4, 1_000_000.0)).whole
    assert given.tolist() == [1_236_000, 1_370_250, 1_625_250, 2_037_000]
    assert china.carried(5_000, sold=9_000, bought=0, sector="steel") == 0
    assert china.carried(5_000, sold=0, bought=0) == 5_000
    assert china.in_advance(2026, "aluminium", verified_before=1_000_001) == 500_000


def test_tianjins_base_intensity_and_the_reserves_of_shenzhen_and_chongqing() -> None:
    # Tianjin 2021: output x base intensity x 0.98.
    assert Rule("own_intensity", benchmark=0.5, factor=0.98).entitle(0.0, 200_001.0).whole == 98_000
    # Shenzhen 2022: 2 % of 26 Mt for new entrants. Two new works ask for 400,000 and 200,000 t.
    opened = january(EntrantsReserve(), 520_000, np.array([400_000, 200_000]))
    assert opened.given.tolist() == [346_667, 173_333]
    # Chongqing 2023: what the reserve has not used by the period's end is cancelled.
    closed = january(EntrantsReserve(held=70_000), 0, np.zeros(2, np.int64), "cancel")
    assert (closed.cancelled, closed.held) == (70_000, 0)


# -- European Union: Decision (EU) 2020/1722; Decision (EU) 2015/1814 as amended; Directive (EU) 2023/959 -------------


def test_the_unions_cap_falls_by_43_million_a_year_and_its_reserve_moves_by_thresholds() -> None:
    told = Cap.model_validate({"tonnes": {"2021": 1571.583007, "2023": 1485.575977, "between": "even"}})
    amounts = [told.amount(year, 2021) for year in (2021, 2022, 2023)]
    assert [round(one.value * 1e6) for one in amounts if one] == [1_571_583_007, 1_528_579_492, 1_485_575_977]
    reserve = StabilityReserve()
    moved = [reserve.movement(millions * 1_000_000, 60_000_000) for millions in (399, 400, 833, 834, 1_096, 1_097)]
    assert moved == [-60_000_000, 0, 0, 1_000_000, 263_000_000, 263_280_000]
    assert reserve.invalid(700_000_000) == 300_000_000
    phased_out = {"2026": 0.025, "2027": 0.05, "2028": 0.1, "2029": 0.225, "2030": 0.485, "2034": 1.0}
    path = Cap.model_validate({"share": phased_out, "may_rise": True})  # any path by year holds until the next
    assert [path.amount(year, 2026).value for year in (2026, 2029, 2033)] == [0.025, 0.225, 0.485]  # type: ignore[union-attr]


# -- RGGI: model rule of 2017 and third programme review ------------------------------------------------------------


def test_rggis_triggers_grow_by_seven_percent_to_the_cent() -> None:
    def tier(value: float) -> list[float]:
        told = Tier.model_validate({"at": {"from": 2021, "value": value, "growth": 0.07}, "share": 0.1})
        assert told.at is not None
        return [round(told.at.at(year) or 0.0, 2) for year in range(2021, 2027)]

    assert tier(13.0) == [13.0, 13.91, 14.88, 15.93, 17.04, 18.23]  # published 15.92, 17.03, 18.22: rounded each year
    assert tier(6.0) == [6.0, 6.42, 6.87, 7.35, 7.86, 8.42]
    two = Containment.model_validate(
        {"first": {"at": {"2027": 19.5}, "amount": 5.875}, "second": {"at": {"2027": 29.25}, "amount": 5.875}}
    )
    # Third review, 69.8 million short tons in 2027: demand 130 - 1.5 p takes the first tier, then the second in part.
    steps = [Step(name, one.at.at(2027) or 0.0, one.most(2027, 69.8) or 0.0) for name, one in two.tiers() if one.at]
    assert meets(steps, 69.8, lambda cap: (130.0 - cap) / 1.5, lambda p: p, float) == pytest.approx(
        (130.0 - 69.8 - 11.75) / 1.5
    )
    # Demand 115 - 1.5 p: the first tier is sold out and the price stays below the second.
    between = meets(steps, 69.8, lambda cap: (115.0 - cap) / 1.5, lambda p: p, float)
    assert between == pytest.approx((115.0 - 69.8 - 5.875) / 1.5)


# -- California: 17 CCR 95841, 95911, 95913, 95915 ------------------------------------------------------------------


def test_californias_budgets_tiers_and_ceiling() -> None:
    budgets = {"2024": 280.7, "2025": 267.4, "2026": 254.0}
    told = Cap.model_validate({"tonnes": budgets})
    assert [told.amount(year, 2024).value for year in (2024, 2025, 2026)] == [280.7, 267.4, 254.0]  # type: ignore[union-attr]
    # 2025: reserve price 25.87, tiers at 60.47 and 77.70, any number at 94.92. Demand 400 - p under 267.4.
    tiers = [Step("first", 60.47, 20.0), Step("second", 77.70, 20.0), Step("third", 94.92, 500.0)]

    def price(demand: float) -> float:
        return meets(tiers, 267.4, lambda cap: demand - cap, lambda p: p, float)

    assert price(320.0) == pytest.approx(52.6)  # below the first tier
    assert price(340.0) == 60.47  # 12.13 of the twenty are sold
    assert price(370.0) == 77.70  # all of the first, 4.9 of the second
    assert price(500.0) == 94.92  # the ceiling, whatever is asked
    # Credits: 4 % of what is owed to 2025, 6 % from 2026.
    credits = Offsets.model_validate(
        {"share": 0.06, "share_by_year": {"2021": 0.04, "2026": 0.06}, "bargaining_tax": 0.1}
    )
    shares = [credits.share_of(year) for year in (2025, 2026)]
    assert [int(usable(np.array([1_000_000]), np.array([90_000]), share)[0]) for share in shares] == [40_000, 60_000]


# -- New Zealand: regulations 2020/264; United Kingdom: future markets policy; Korea: factsheets ----------------------


def test_new_zealands_two_tiers_and_what_nobody_bought() -> None:
    # 2025: floor 68, tiers of 193 and 242. The cheaper ones sell first.
    steps = [Step("base", 68, 1_500_000), Step("first", 193, 500_000), Step("second", 242, 600_000)]
    assert sold_of(steps, 1_800_000) == {"base": 1_500_000, "first": 300_000, "second": 0}
    path = Auctions.model_validate(
        {"months": [3, 6, 9, 12], "reserve_price": {"2023": 33.06, "2024": 64.0, "2025": 68.0}, "unsold": "same_year"}
    )
    assert [path.least_price(year) for year in (2023, 2024, 2026)] == [33.06, 64.0, 68.0]


def test_the_united_kingdoms_reserve_price_and_four_auctions_for_what_is_left() -> None:
    path = Auctions.model_validate(
        {
            "months": list(range(1, 13)),
            "reserve_price": {"2021": 22.0, "2026": 28.0},
            "unsold": "next",
            "unsold_over": 4,
        }
    )
    assert [path.least_price(year) for year in (2025, 2026)] == [22.0, 28.0]
    assert spread_over(2_000_001, [4, 5, 6, 7], 12)[4:8].tolist() == [500_001, 500_000, 500_000, 500_000]


def test_koreas_carry_over_by_net_sales_and_its_fine() -> None:
    # Net sales times five in 2024, three in 2023; three times the market price (9,000 won) for what is missing.
    held, sold = np.array([400_000, 400_000]), np.array([60_000, 90_000])
    assert carry_over(held, sold, base=0, multiple=5.0).tolist() == [300_000, 400_000]
    assert carry_over(held, sold, base=0, multiple=3.0).tolist() == [180_000, 270_000]
    assert fine_per_unit(9_000.0, multiple=3.0) == 27_000.0
