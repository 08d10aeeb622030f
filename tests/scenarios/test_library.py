"""The five scenarios of the study, and what they share."""

import pytest

from tanshi.scenarios.load import library, load_scenario
from tanshi.scenarios.parameters import describe_parameters
from tanshi.scenarios.schema import Scenario

FOUR = {"STEEL", "NFM", "NMM", "COKE", "CHEM"}
SIX = FOUR | {"PAPER", "AIR"}


def test_there_are_the_five_scenarios_and_one_with_forest_offsets() -> None:
    assert library() == ("S1", "S2", "S3", "S4", "S5", "S5-sinks")


def test_the_scenario_with_offsets_differs_from_its_twin_in_nothing_else() -> None:
    twin, own = (load_scenario(name).model_dump() for name in ("S5", "S5-sinks"))
    assert {field for field in twin if twin[field] != own[field]} == {"name", "title", "offsets"}
    assert (twin["offsets"]["share"], own["offsets"]["share"]) == (0.0, 0.05)


@pytest.mark.parametrize(
    ("name", "trading", "allocated"),
    [
        ("S1", {"ELEC"}, set()),
        ("S2", {"ELEC"}, FOUR),
        ("S3", {"ELEC"}, SIX),
        ("S4", {"ELEC"} | FOUR, set()),
        ("S5", {"ELEC"} | SIX, set()),
    ],
)
def test_each_scenario_covers_its_sectors(name: str, trading: set[str], allocated: set[str]) -> None:
    coverage = load_scenario(name).coverage
    assert set(coverage.sectors("trading")) == trading
    assert set(coverage.sectors("allocated")) == allocated


@pytest.mark.parametrize("name", ["S2", "S3", "S4", "S5"])
def test_the_scenarios_differ_only_in_who_is_covered(name: str) -> None:
    own = {"name", "title", "coverage"}
    assert load_scenario(name).model_dump(exclude=own) == load_scenario("S1").model_dump(exclude=own)


def test_the_run_covers_2022_to_2030_and_the_policy_starts_after_the_benchmark() -> None:
    scenario = load_scenario("S1")
    assert (scenario.years.start, scenario.years.end, scenario.policy_start) == (2022, 2030, 2023)


def test_the_cap_declines_from_its_first_tightness() -> None:
    scenario = load_scenario("S1", {"cap.tightness": 0.1, "cap.decline": 0.02})
    assert scenario.cap_share(2022) == 1
    assert scenario.cap_share(2023) == pytest.approx(0.9)
    assert scenario.cap_share(2030) == pytest.approx(0.9 * 0.98**7)


def test_over_allocation_gives_a_slack_cap() -> None:
    assert load_scenario("S1", {"cap.over_allocation": 0.2}).cap_share(2023) > 1


def test_every_field_has_a_unit_a_status_and_a_meaning() -> None:
    rows = list(describe_parameters())
    assert len(rows) > 50
    assert all(row.unit and row.status and row.description for row in rows)
    assert len({row.name for row in rows}) == len(rows)


def test_described_defaults_are_those_of_an_empty_scenario() -> None:
    scenario = Scenario(name="empty")
    for row in describe_parameters():
        value: object = scenario
        for step in row.name.split("."):
            value = getattr(value, step)
        assert row.name == "name" or value == row.default


def test_a_scenario_cannot_be_changed_after_it_is_read() -> None:
    scenario = load_scenario("S1")
    with pytest.raises(ValueError, match="frozen"):
        scenario.seed = 2  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        scenario.coverage.STEEL = "trading"  # type: ignore[misc]
