"""What is known beside the figures: observed prices, and accounts of 2022 moved by observed output."""

from __future__ import annotations

import pytest

from tanshi.simulator.studies.validation.beside import OUTPUT, USE, beside, estimates
from tanshi.simulator.studies.validation.observed import series


def test_estimates_reach_as_far_as_output_was_observed_and_start_from_the_accounts() -> None:
    found = estimates()
    reach = min(max(series(name)) for name in (*OUTPUT.values(), USE))
    for variable in ("Emissions|CO2", "Energy Consumption"):
        assert list(found[variable]) == list(range(2023, reach + 1))
    # Thermal power rose by 4 % in 2023, coke, steel and cement fell: emissions lie between their indices.
    thermal = series(OUTPUT["ELEC"])[2023] / series(OUTPUT["ELEC"])[2022]
    cement = series(OUTPUT["NMM"])[2023] / series(OUTPUT["NMM"])[2022]
    assert cement < found["Emissions|CO2"][2023] / 619.7 < thermal


def test_an_economy_of_more_clean_power_and_the_same_output_uses_energy_at_its_coal_equivalent() -> None:
    """Power sent out counts elsewhere: what is made more and not used here adds nothing."""
    energy = estimates()["Energy Consumption"]
    used = series(USE)
    rise = 0.3 * (used[2023] - used[2022])  # at the coal equivalent of a TWh
    assert energy[2023] - 219.0 == pytest.approx(rise, abs=1.0)


def test_only_whole_years_of_the_nation_s_volume_count_and_each_mark_says_what_it_is() -> None:
    volume, price = beside("Carbon Market|Trading Volume"), beside("Price|Carbon")
    assert volume is not None
    assert price is not None
    assert list(volume.values) == [2023, 2024]
    assert volume.values[2023] == pytest.approx(211.94 * 364.5 / 5100, rel=0.01)
    assert (price.seen, volume.seen) == (True, False)
    assert beside("Carbon Market|Trading Volume|Primary Auction") is None
    assert beside("GDP|MER") is None


def test_observed_prices_stand_in_the_prices_of_the_axis_on_which_they_are_drawn() -> None:
    price = beside("Price|Carbon")
    assert price is not None
    # Turnover over volume in yuan of the year (2025: 146.3 yi yuan for 235 Mt); China's price level fell a little.
    paid = {2023: 68.15, 2024: 95.96, 2025: 62.36}
    assert list(price.values) == list(paid)
    assert all(1.0 < price.values[year] / paid[year] < 1.02 for year in paid)
    assert price.values[2025] == pytest.approx(100 * 146.3 / 235 / 0.9874, rel=0.005)
