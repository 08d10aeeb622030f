"""The identity on the economy's own figures, and the decomposition that explains the path."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tanshi.equilibrium.province.decompose import EFFECTS
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.reproduction.decomposition import HOUSEHOLDS, effect_words, effects_of
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.identity import identity
from tanshi.simulator.studies.reproduction.physical import COLUMNS, physical_table
from tanshi.simulator.studies.reproduction.runs import OutOfReach
from tests.simulator.studies.reproduction.conftest import line

Make = Callable[..., Evidence]


def test_the_print_asks_for_more_co2_per_energy_and_the_plan_leaves_no_room(evidence: Make) -> None:
    hybrid = evidence({"S1": {"emissions": line(619.7, 620.0), "energy": line(219.0, 272.0)}}).hybrid
    found = identity(hybrid, economy("shanxi_2022").figures, 0.03)
    assert found.needed_co2 == pytest.approx(1.79 / 1.38 - 1)
    assert found.needed_ratio == pytest.approx(0.044, abs=5e-4)
    assert found.ours_co2 == pytest.approx(620.0 / 619.7 - 1)
    assert found.excluded
    assert max(case.most for case in found.cases if case.planned) == pytest.approx(0.2047, abs=5e-4)
    assert found.needed_export_twh > found.export_2022_twh * (1 + found.export_growth) ** 8


def test_from_a_lower_level_of_2022_the_same_data_would_leave_room(evidence: Make) -> None:
    hybrid = evidence({"S1": {"emissions": line(500.0, 650.0), "energy": line(219.0, 272.0)}}).hybrid
    assert not identity(hybrid, economy("shanxi_2022").figures, 0.03).excluded


def test_runs_that_end_early_have_no_identity(evidence: Make) -> None:
    hybrid = evidence({}).hybrid
    short = type(hybrid)(hybrid.years[:3], {s: {n: p[:, :3] for n, p in v.items()} for s, v in hybrid.values.items()})
    with pytest.raises(OutOfReach, match="2030"):
        identity(short, economy("shanxi_2022").figures, 0.03)


def test_effects_and_households_add_up_to_the_change() -> None:
    scenarios = {name: load_scenario(name, {"years.end": 2023}) for name in ("S1", "S5")}
    table = effects_of(scenarios, [(2022, 2023), (2022, 2030)])
    assert set(table["comparison"]) == {"S1", "S5", "S5 against S1"}
    for _, cells in table.groupby(["comparison", "start", "end"]):
        values = cells.set_index("effect")["mt"]
        assert values[[*EFFECTS, HOUSEHOLDS]].sum() == pytest.approx(values["change"], abs=1e-9)
    assert "scale" in effect_words(table, "S1", 2022, 2023)
    assert effect_words(table, "S1", 2022, 2030) == ""


def test_statistics_stand_beside_print_and_model(evidence: Make) -> None:
    hybrid = evidence({"S1": {"emissions": line(619.7, 620.0), "energy": line(219.0, 272.0)},
                       "S5": {"price": line(55.0, 183.0)}}).hybrid  # fmt: skip
    table = physical_table(hybrid, economy("shanxi_2022").figures)
    assert tuple(table.columns) == COLUMNS
    row = table.set_index("quantity").loc["CO2 of the province"]
    assert row["observed"] == "564.9 in 2019; 560 to 640 for 2022"
    assert "2.8 to 3.2 times" in row["what_it_says"]
    assert "71.30" in table["what_it_says"].str.cat()


def test_planned_clean_power_is_told_over_the_years_of_the_printed_energy(evidence: Make) -> None:
    table = physical_table(evidence({}).hybrid, economy("shanxi_2022").figures).set_index("quantity")
    row = table.loc["Clean power capacity, gas among it"]
    assert row["observed"].endswith("plan 190 in 2030"), "90.5 GW at the end of 2025 and the 100 of the plan"
    # 257.0 TWh in 2030 and 75.7 in 2022, a TWh being 0.3 Mtce; the print's energy goes from 219 to 272.
    assert row["what_it_says"].startswith("From 2022 to 2030 planned clean power adds 54 Mtce, the printed energy 53")
