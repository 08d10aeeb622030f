"""The two families: what they differ in, what takes a claim from failing to holding, and eq. 15 as it is printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tanshi.scenarios.figures import catalogue
from tanshi.simulator.studies.reproduction.as_printed import as_printed
from tanshi.simulator.studies.reproduction.claims import Claim, choose_claims
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.explain import explain
from tanshi.simulator.studies.reproduction.families import ASSUMPTIONS, DATA, PAPER, family_of, mixed
from tanshi.simulator.studies.reproduction.runs import Runs
from tanshi.simulator.studies.reproduction.verdicts import IN_SHAPE, NOT, REPRODUCED, judge
from tanshi.simulator.studies.tangent import path_of
from tests.simulator.studies.reproduction.conftest import line

Make = Callable[..., Evidence]
Say = Callable[..., Claim]
SHORT: dict[str, object] = {"years.end": 2024}


def test_with_all_assumptions_taken_the_path_is_the_paper_s_and_with_none_it_is_the_data_s() -> None:
    data, paper = (family_of(family, ["S5"], SHORT)["S5"] for family in (DATA, PAPER))
    known = {path: figure.value for path, figure in catalogue(data.economy).items()}
    for taken, wanted in ((tuple(ASSUMPTIONS), paper), ((), data)):
        ours, own = path_of(mixed(data, paper, taken, known)).values, path_of(wanted).values
        for variable in ("Emissions|CO2", "Energy Consumption", "Price|Carbon"):
            assert ours[variable][2024] == pytest.approx(own[variable][2024], rel=1e-6)


def test_thermal_power_beside_its_fuel_and_coking_coal_make_eq_15_about_twice_the_physical_accounts() -> None:
    found = as_printed(family_of(PAPER, ["S1"], SHORT)["S1"])
    assert 1.5 < found.used[2022] / found.physical[2022] < found.made[2022] / found.physical[2022] < 2.5
    assert found.made[2022] < 1380  # the print asks for less than that in 2022


def test_an_explanation_names_assumptions_only_for_claims_that_fail() -> None:
    assert explain(choose_claims(["huo-22"]), [], SHORT) == []


def test_a_claim_on_entry_is_judged_with_power_under_the_cap_of_s1_too(evidence: Make, claim: Say) -> None:
    paths = {"S1": {"emissions": line(100.0, 100.0)}, "S5": {"emissions": line(100.0, 80.0)}}
    given = evidence(paths)
    entry = {"S5-entry": {**given.hybrid.values["S5"], "emissions": given.hybrid.values["S1"]["emissions"] * 0.99}}
    beside = Runs(given.hybrid.years, entry)
    say = claim("order", variable="emissions", lower="S5", than="S1", least=0.05, entry="yes")
    found = judge(say, evidence(paths, variants=beside))
    assert found.verdict == REPRODUCED
    assert "Entry alone, power capped as in S1, reproduced in shape" in found.reason
    assert "Entry alone" not in judge(say, given).reason


@pytest.mark.parametrize("name", ["S5-paid", "S5-free"])
@pytest.mark.parametrize(("dearer", "verdict"), [(1.02, REPRODUCED), (1.0, NOT), (0.98, NOT)])
def test_paid_quotas_are_judged_on_both_readings_of_table_1_by_means_over_time(
    evidence: Make, claim: Say, name: str, dearer: float, verdict: str
) -> None:
    """Most is sold in January, so that a mean over volume would lean to that month."""
    given = evidence({"S5": {"sold": line(0.0, 50.0)}})
    own = given.hybrid
    other = {**own.values["S5"], "sold": 0.0 * own.values["S5"]["sold"] + (20.0 if name == "S5-paid" else 0.0)}
    monthly = own.monthly["S5"] * (dearer if name == "S5-paid" else 1.0 / dearer)
    beside = Runs(own.years, {name: other}, {name: monthly})
    e = evidence({"S5": {"sold": line(0.0, 50.0)}}, variants=beside)
    assert judge(claim("paid_raises_price", scenario="S5"), e).verdict == verdict
    assert judge(claim("paid_share", scenario="S5"), e).verdict == REPRODUCED


def test_household_groups_are_read_off_the_runs(evidence: Make, claim: Say) -> None:
    e = evidence({})
    own = family_of(PAPER, ["S1"])["S1"].model_dump(mode="json")
    e.hybrid.parameters["S1"].update(own)  # type: ignore[attr-defined]
    found = judge(claim("households"), e)
    assert (found.verdict, found.ours) == (IN_SHAPE, 2.0)
    assert "Urban and rural households" in found.reason
