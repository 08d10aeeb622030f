"""The five scenarios of the study, and what they share."""

import pytest

from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.load import library, load_scenario, load_scenarios
from tanshi.scenarios.parameters import describe_parameters
from tanshi.scenarios.schema import Scenario

FOUR = {"STEEL", "NFM", "NMM", "COKE", "CHEM"}
SIX = FOUR | {"PAPER", "AIR"}
FIVE = ("S1", "S2", "S3", "S4", "S5")


SCHEMES = {"china-2019-2030", "china-closed", "eu-style", "rggi-style", "tax-100"}
"""Rules of real carbon markets."""
BESIDE = {"S1-one-cap", "S4-entry", "S5-entry"}


def test_there_are_two_families_of_five_and_variants_of_them() -> None:
    paper = {name for name in library() if name.startswith("paper-")}
    assert set(library()) - paper == {*FIVE, *BESIDE, "S5-sinks", "S5-paid", "three-provinces", *SCHEMES}
    assert paper == {f"paper-{name}" for name in {*FIVE, *BESIDE, "S5-free", "banking"}}


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


@pytest.mark.parametrize("prefix", ["", "paper-"])
@pytest.mark.parametrize(("name", "policy"), [("S2", ()), ("S3", ()), ("S4", ("cap",)), ("S5", ("cap",))])
def test_the_scenarios_differ_only_in_who_is_covered_and_in_policies_that_they_state(
    prefix: str, name: str, policy: tuple[str, ...]
) -> None:
    own = {"name", "title", "coverage", *policy, *(("allocation",) if prefix and policy else ())}
    one, other = (load_scenario(prefix + word).model_dump(exclude=own) for word in (name, "S1"))
    assert one == other


@pytest.mark.parametrize("name", FIVE)
def test_nothing_that_was_fitted_to_data_comes_into_the_paper_s_family(name: str) -> None:
    with_fit, without = (load_scenarios([f"paper-{name}"], fitted=fitted)[0] for fitted in (True, False))
    assert with_fit == without


def test_entry_alone_leaves_power_under_the_cap_of_s1_and_one_cap_is_that_of_s5() -> None:
    for prefix in ("", "paper-"):
        first, fifth = (load_scenario(prefix + name) for name in ("S1", "S5"))
        entry, same = (load_scenario(prefix + name) for name in ("S5-entry", "S1-one-cap"))
        for year in range(2023, 2031):
            assert entry.cap.of_sector("ELEC", year, 2023) == pytest.approx(first.cap_share(year))
            assert entry.cap_share(year) == same.cap_share(year) == fifth.cap_share(year) < first.cap_share(year)


@pytest.mark.parametrize(("with_sale", "without"), [("paper-S5", "paper-S5-free"), ("S5-paid", "S5")])
def test_a_share_that_is_sold_may_change_by_year_and_its_twin_sells_none(with_sale: str, without: str) -> None:
    paid, free = load_scenario(with_sale), load_scenario(without)
    sold = [paid.allocation.auctioned_share.at(year) for year in (2023, 2026, 2030)]
    assert sold == sorted(sold)
    assert sold[0] == 0.0 < sold[-1]
    assert free.allocation.auctioned_share.at(2030) == 0.0
    own = {"name", "title", "allocation"}
    assert free.model_dump(exclude=own) == paid.model_dump(exclude=own)


def test_power_of_the_paper_s_family_gets_the_printed_rate_of_efficiency_and_nothing_of_later_years() -> None:
    scenario = load_scenario("paper-S1")
    assert scenario.dynamics.aeei == scenario.dynamics.aeei_power == 0.01
    assert scenario.figures["economy.parameters.construction_shift"] == 0.0


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
        plain = value.plain() if isinstance(value, ByYear) else value
        assert row.name == "name" or plain == row.default


def test_a_scenario_cannot_be_changed_after_it_is_read() -> None:
    scenario = load_scenario("S1")
    with pytest.raises(ValueError, match="frozen"):
        scenario.seed = 2  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        scenario.coverage.STEEL = "trading"  # type: ignore[misc]


def test_a_price_told_as_a_multiple_is_not_taken_for_yuan() -> None:
    said = {row.name: row for row in describe_parameters()}
    for name in ("price", "emissions", "output"):
        assert said[f"drift.initial.{name}"].unit == "-"
        assert "over the economy's own" in said[f"drift.initial.{name}"].description
