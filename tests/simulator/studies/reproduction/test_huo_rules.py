"""Every rule of the first paper can say yes and no: constructed paths for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.identity import Case, Identity
from tanshi.simulator.studies.reproduction.rules import RULES
from tanshi.simulator.studies.reproduction.runs import OutOfReach
from tanshi.simulator.studies.reproduction.verdicts import (
    CONSTRUCTED,
    IN_SHAPE,
    NOT,
    NOT_JOINTLY,
    REPRODUCED,
    UNTESTABLE,
    judge,
    judge_raw,
    rule,
)
from tests.simulator.studies.reproduction.conftest import bent, line

Make = Callable[..., Evidence]
Say = Callable[..., Claim]
ALLOWED, ASKED = 0.22, 0.30


def made_identity(most: float) -> Identity:
    case = Case("planned clean power", "exports as in 2022", 255.0, 146.0, most, True)
    return Identity(ASKED, 0.24, 0.044, -0.05, 0.26, -0.25, (case,), 323.0, 146.0, 0.077)


def test_a_number_is_reproduced_within_its_distance_in_shape_near_it_and_else_not(evidence: Make, claim: Say) -> None:
    say = claim("level", 272.0, "Mtce", variable="energy", scenario="S1", year=2030, within=0.02, shape="rises")
    verdicts = [
        judge(say, evidence({"S1": {"energy": line(219.0, end)}})).verdict for end in (270.0, 290.0, 400.0, 200.0)
    ]
    assert verdicts == [REPRODUCED, IN_SHAPE, NOT, NOT]


def test_a_finding_carries_the_median_and_the_band_over_seeds(evidence: Make, claim: Say) -> None:
    e = evidence({"S1": {"energy": line(219.0, 272.0)}})
    spread = np.linspace(0.9, 1.1, 21)[:, None] * e.hybrid.values["S1"]["energy"][:1]
    hybrid = replace(e.hybrid, values={"S1": dict(e.hybrid.values["S1"]) | {"energy": spread}})
    found = judge(
        claim("level", 272.0, "Mtce", variable="energy", scenario="S1", year=2030, within=0.02), Evidence(hybrid)
    )
    assert found.ours == pytest.approx(272.0)
    assert (found.low, found.high) == (pytest.approx(272.0 * 0.91), pytest.approx(272.0 * 1.09))


@pytest.mark.parametrize(("end", "verdict"), [(272.0, REPRODUCED), (300.0, IN_SHAPE), (200.0, NOT)])
def test_a_change_and_a_rate_of_growth_say_yes_and_no(evidence: Make, claim: Say, end: float, verdict: str) -> None:
    e = evidence({"S1": {"energy": line(219.0, end)}})
    change = claim("change", 24.2, "%", variable="energy", scenario="S1", from_=2022, to=2030, within=0.1)
    growth = claim("growth", 2.75, "%/yr", variable="energy", scenario="S1", from_=2022, to=2030, within=0.1)
    assert judge(change, e).verdict == verdict
    assert judge(growth, e).verdict == verdict


def test_at_least_the_printed_change_is_enough_where_the_claim_says_so(evidence: Make, claim: Say) -> None:
    say = claim("change", 4.4, "%", variable="energy", scenario="S1", from_=2022, to=2030, least="yes")
    assert judge(say, evidence({"S1": {"energy": line(100.0, 150.0)}})).verdict == REPRODUCED
    assert judge(say, evidence({"S1": {"energy": line(100.0, 101.0)}})).verdict == IN_SHAPE
    assert judge(say, evidence({"S1": {"energy": line(100.0, 90.0)}})).verdict == NOT


def test_rising_and_falling_are_judged_year_by_year(evidence: Make, claim: Say) -> None:
    for name, ends in (("rises", (1.0, 2.0)), ("falls", (2.0, 1.0))):
        say = claim(name, variable="volume", scenarios="S1,S5", from_=2026, to=2030)
        good, back = line(*ends), line(ends[1], ends[0])
        dented = list(good)
        dented[-2] = good[-3]
        assert judge(say, evidence({"S1": {"volume": good}, "S5": {"volume": good}})).verdict == REPRODUCED
        assert judge(say, evidence({"S1": {"volume": good}, "S5": {"volume": dented}})).verdict == IN_SHAPE
        assert judge(say, evidence({"S1": {"volume": good}, "S5": {"volume": back}})).verdict == IN_SHAPE
        assert judge(say, evidence({"S1": {"volume": back}, "S5": {"volume": back}})).verdict == NOT


def test_a_step_back_on_the_median_alone_keeps_its_verdict_and_the_words_name_the_mean(
    evidence: Make, claim: Say
) -> None:
    say = claim("rises", variable="volume", scenarios="S1", from_=2026, to=2030)
    e = evidence({"S1": {"volume": line(1.0, 2.0)}})
    straight = np.tile(line(1.0, 2.0), (3, 1))
    lone, common = straight.copy(), straight.copy()
    lone[:2, 7] = straight[:2, 6] - 0.01  # two of three dip a little in 2029 ...
    lone[2, 7] += 0.2  # ... and the third makes up for both
    common[:, 7] = straight[:, 6] - 0.01

    def found(paths: NDArray[np.float64]) -> tuple[str, str]:
        values = {"S1": dict(e.hybrid.values["S1"]) | {"volume": paths}}
        finding = judge(say, Evidence(replace(e.hybrid, values=values)))
        return finding.verdict, finding.reason

    verdict, words = found(lone)
    assert verdict == IN_SHAPE
    assert "not in 2029 on the median of 3 seeds; in every year on their mean" in words
    verdict, words = found(common)
    assert verdict == IN_SHAPE
    assert "their mean" not in words


def test_a_peak_is_found_in_its_year_in_another_or_not_at_all(evidence: Make, claim: Say) -> None:
    say = claim("peak_year", 2028.0, "year", variable="emissions", scenario="S5")
    for path, verdict in (
        (bent(500.0, 560.0, 2028, 540.0), REPRODUCED),
        (bent(500.0, 560.0, 2026, 540.0), IN_SHAPE),
        (bent(500.0, 560.0, 2023, 540.0), NOT),
        (line(560.0, 500.0), NOT),
        (line(500.0, 560.0), NOT),
    ):
        assert judge(say, evidence({"S5": {"emissions": path}})).verdict == verdict


def test_a_missing_peak_is_explained_by_the_effects(evidence: Make, claim: Say) -> None:
    effects = pd.DataFrame(
        [
            ("S5", 2022, 2030, "change", -60.0),
            ("S5", 2022, 2030, "scale", 130.0),
            ("S5", 2022, 2030, "intensity", -190.0),
        ],
        columns=["comparison", "start", "end", "effect", "mt"],
    )
    say = claim("peak_year", 2028.0, "year", variable="emissions", scenario="S5")
    found = judge(say, evidence({"S5": {"emissions": line(560.0, 500.0)}}, effects=effects))
    assert "scale +130.0, intensity -190.0" in found.reason


def test_no_peak_level_ratio_and_an_earlier_peak_say_yes_and_no(evidence: Make, claim: Say) -> None:
    up, down, hump = line(1.0, 2.0), line(2.0, 1.0), bent(1.0, 2.0, 2028, 1.5)
    no_peak = claim("no_peak", variable="energy", scenarios="S1,S5")
    assert judge(no_peak, evidence({"S1": {"energy": up}, "S5": {"energy": up}})).verdict == REPRODUCED
    assert judge(no_peak, evidence({"S1": {"energy": up}, "S5": {"energy": hump}})).verdict == NOT
    level = claim("peak_level", 2.0, "Mt", variable="emissions", scenario="S5", within=0.05)
    assert judge(level, evidence({"S5": {"emissions": hump}})).verdict == REPRODUCED
    assert judge(level, evidence({"S5": {"emissions": line(5.0, 4.0)}})).verdict == NOT
    ratio = claim("peak_ratio", 0.77, "", variable="emissions", scenario="S5", to="S1", within=0.1)
    for end, verdict in ((2.6, REPRODUCED), (2.1, IN_SHAPE), (1.0, NOT)):
        assert (
            judge(ratio, evidence({"S5": {"emissions": hump}, "S1": {"emissions": line(1.0, end)}})).verdict == verdict
        )
    earlier = claim("earlier_peak", variable="emissions", scenario="S5", than="S1")
    assert judge(earlier, evidence({"S5": {"emissions": hump}, "S1": {"emissions": up}})).verdict == REPRODUCED
    assert judge(earlier, evidence({"S5": {"emissions": down}, "S1": {"emissions": down}})).verdict == NOT


def test_an_order_holds_at_the_end_and_on_the_mean_or_only_in_shape(evidence: Make, claim: Say) -> None:
    say = claim("order", variable="emissions", lower="S4,S5", than="S1", least=0.05)
    flat = line(100.0, 100.0)
    crossing = line(150.0, 90.0)
    for path, verdict in ((line(100.0, 80.0), REPRODUCED), (line(100.0, 98.0), IN_SHAPE), (crossing, IN_SHAPE),
                          (line(100.0, 120.0), NOT), (flat, NOT)):  # fmt: skip
        paths = {"S1": {"emissions": flat}, "S4": {"emissions": path}, "S5": {"emissions": path}}
        assert judge(say, evidence(paths)).verdict == verdict


def test_an_order_that_some_seeds_break_is_reproduced_in_shape_only(evidence: Make, claim: Say) -> None:
    e = evidence({"S1": {"price": line(100.0, 100.0)}, "S5": {"price": line(100.0, 110.0)}})
    prices = np.vstack([e.hybrid.values["S5"]["price"], line(100.0, 90.0)])
    values = dict(e.hybrid.values) | {
        "S5": dict(e.hybrid.values["S5"]) | {"price": prices},
        "S1": dict(e.hybrid.values["S1"]) | {"price": np.tile(line(100.0, 100.0), (3, 1))},
    }
    say = claim("order", variable="price", higher="S5", than="S1")
    assert judge(say, Evidence(replace(e.hybrid, values=values))).verdict == IN_SHAPE


def test_a_ranking_needs_every_neighbour(evidence: Make, claim: Say) -> None:
    say = claim("ranking", variable="volume", rising="S1,S4,S5")
    for four, five, verdict in ((20.0, 30.0, REPRODUCED), (30.0, 20.0, IN_SHAPE), (20.0, 5.0, NOT)):
        paths = {
            "S1": {"volume": line(10.0, 10.0)},
            "S4": {"volume": line(four, four)},
            "S5": {"volume": line(five, five)},
        }
        assert judge(say, evidence(paths)).verdict == verdict


def test_equal_paths_are_by_construction_and_unequal_ones_are_not(evidence: Make, claim: Say) -> None:
    say = claim("equal", use="by construction", variable="price", scenarios="S2,S3", as_="S1")
    same = {name: {"price": line(50.0, 100.0)} for name in ("S1", "S2", "S3")}
    assert judge(say, evidence(same)).verdict == CONSTRUCTED
    assert judge(say, evidence(same | {"S3": {"price": line(50.0, 130.0)}})).verdict == NOT
    assert judge(say, evidence(same | {"S3": {"price": line(50.0, 100.5)}})).verdict == IN_SHAPE
    assert judge(say, evidence(same, scenarios=("S1", "S4", "S5"))).verdict == UNTESTABLE


def test_what_quotas_alone_do_is_told_beside_quotas_that_bind(evidence: Make, claim: Say) -> None:
    say = claim("allocation_only", variable="energy", direction="lower")
    same = {name: {"energy": line(219.0, 270.0)} for name in ("S1", "S2", "S3")}
    bound = evidence({name: {"energy": line(219.0, 256.5)} for name in ("S2", "S3")}, scenarios=("S2", "S3")).hybrid
    found = judge(say, evidence(same, binding=bound))
    assert found.verdict == NOT
    assert "S2 -5.00 % and S3 -5.00 %" in found.reason
    lower = same | {name: {"energy": line(219.0, 260.0)} for name in ("S2", "S3")}
    assert judge(say, evidence(lower)).verdict == REPRODUCED


def test_the_set_up_is_read_off_the_scenarios(evidence: Make, claim: Say) -> None:
    e = evidence({})
    kinds = dict.fromkeys(("ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR"), "none") | {"ELEC": "trading"}
    e.hybrid.parameters["S1"]["coverage"].update(kinds)  # type: ignore[index]
    assert judge(claim("coverage", scenario="S1", trading="ELEC"), e).verdict == REPRODUCED
    found = judge(claim("coverage", scenario="S1", trading="ELEC,STEEL"), e)
    assert (found.verdict, found.reason) == (NOT, "In S1 STEEL is none, not trading.")
    assert judge(claim("parameter", 1.0, "%/yr", field="dynamics.aeei", scale=100), e).verdict == REPRODUCED
    assert judge(claim("parameter", 2.0, "%/yr", field="dynamics.aeei", scale=100), e).verdict == NOT
    assert judge(claim("reduction_scenarios", 4.0), e).verdict == REPRODUCED
    assert judge(claim("reduction_scenarios", 3.0), e).verdict == NOT
    assert judge(claim("training_share", 70.0, "%", part=0), e).verdict == REPRODUCED
    assert judge(claim("training_share", 60.0, "%", part=0), e).verdict == NOT
    assert judge(claim("paid_share", scenario="S5"), e).verdict == UNTESTABLE
    assert judge(claim("none", note="Nobody measured it."), e).reason == "Nobody measured it."


def test_a_claim_that_the_plan_of_clean_power_excludes_is_not_jointly_reproducible(evidence: Make, claim: Say) -> None:
    paths = {"S1": {"emissions": line(560.0, 530.0)}}
    say = claim("rises", depends="identity", variable="emissions", scenarios="S1", from_=2022, to=2030)
    assert judge(say, evidence(paths, identity=made_identity(ALLOWED))).verdict == NOT_JOINTLY
    assert judge(say, evidence(paths, identity=made_identity(ASKED + 0.01))).verdict == NOT
    assert judge(say, evidence(paths)).verdict == NOT
    rising = {"S1": {"emissions": line(560.0, 700.0)}}
    assert judge(say, evidence(rising, identity=made_identity(ALLOWED))).verdict == REPRODUCED
    assert judge_raw(say, evidence(paths, identity=made_identity(ALLOWED))).verdict == NOT


def test_the_identity_is_told_in_sentences_with_its_verdict_last() -> None:
    excluded, open_ = made_identity(ALLOWED), made_identity(ASKED + 0.01)
    assert excluded.excluded
    assert not open_.excluded
    assert "30.0 %" in excluded.words()[0]
    assert "exclude the printed numbers taken together" in excluded.words()[-1]
    assert "does not exclude" in open_.words()[-1]


def test_a_year_or_scenario_that_was_not_run_is_out_of_reach(evidence: Make, claim: Say) -> None:
    e = evidence({}, scenarios=("S1",))
    with pytest.raises(OutOfReach, match="the claim is about 2040"):
        e.hybrid.at("S1", "energy", 2040)
    with pytest.raises(OutOfReach, match="S5 was not run"):
        judge_raw(claim("peak_year", 2028.0, variable="emissions", scenario="S5"), e)


def test_a_rule_without_its_evidence_is_not_testable_and_no_rule_is_entered_twice(evidence: Make, claim: Say) -> None:
    assert (
        judge(claim("same_trend", variable="emissions", scenarios="S1", within=0.02), evidence({})).verdict
        == UNTESTABLE
    )
    with pytest.raises(ValueError, match="two rules are called level"):
        rule("level")(RULES["level"].judge)


@pytest.mark.parametrize(("mode", "verdict"), [("neural", REPRODUCED), ("none", NOT)])
def test_generated_series_are_the_input_of_the_equilibrium(evidence: Make, claim: Say, mode: str, verdict: str) -> None:
    """A flow that stays on the economy's own path puts nothing in."""
    e = evidence({})
    short = load_scenario("S1", {"drift.mode": mode, "years.end": 2027}).model_dump(mode="json")
    hybrid = replace(e.hybrid, parameters={**e.hybrid.parameters, "S1": short})
    assert judge_raw(claim("series_are_input", scenario="S1"), Evidence(hybrid)).verdict == verdict
