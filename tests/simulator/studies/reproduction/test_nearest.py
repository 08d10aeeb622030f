"""The least move within sourced ranges at which a claim holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tanshi.scenarios.draws import vary
from tanshi.simulator.studies.reproduction.claims import Claim, all_claims
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.families import DATA, family_of
from tanshi.simulator.studies.reproduction.knobs import cut_late, knobs_of
from tanshi.simulator.studies.reproduction.margins import margin_of
from tanshi.simulator.studies.reproduction.nearest import Nearest, _least, nearest
from tanshi.simulator.studies.reproduction.runs import VARIABLES
from tanshi.simulator.studies.reproduction.verdicts import REPRODUCED, judge_raw
from tanshi.simulator.studies.tangent import path_of
from tests.simulator.studies.reproduction.conftest import YEARS, bent, line

Make = Callable[..., Evidence]
Say = Callable[..., Claim]
SHORT: dict[str, object] = {"years.end": 2024}
ALONE = {"huo-06", "huo-17", "huo-19", "huo-37", "huo-42", "huo-48", "huo-49", "huo-50", "huo-52", "huo-53", "huo-73"}


@pytest.mark.parametrize(
    ("s1", "s5"),
    [
        (line(600, 780), bent(600, 620, 2028, 610)),
        (line(600, 1790), bent(600, 1380, 2028, 1300)),
        (line(600, 700), line(600, 690)),
        (line(600, 640), bent(600, 660, 2025, 400)),
    ],
)
def test_all_margins_of_a_claim_are_positive_where_its_rule_says_reproduced(
    evidence: Make, s1: list[float], s5: list[float]
) -> None:
    given = {"S1": {"emissions": s1, "energy": line(219, 271), "price": line(55, 80)},
             "S5": {"emissions": s5, "energy": line(219, 240), "price": line(55, 184)}}  # fmt: skip
    e = evidence(given)
    full = {
        s: {VARIABLES[v]: dict(zip(YEARS, values, strict=True)) for v, values in paths.items()}
        for s, paths in given.items()
    }
    for claim in all_claims():
        if claim.id in ALONE:
            margin = margin_of(claim)
            assert margin is not None
            assert (margin(full).min() > 0) == (judge_raw(claim, e).verdict == REPRODUCED), claim.id


def test_the_shortest_move_beyond_a_plane_is_along_its_slope_and_stays_in_the_box() -> None:
    nothing, box = np.zeros(2), np.full(2, 10.0)
    found = _least(nothing, np.array([-5.0]), np.array([[3.0, 4.0]]), -box, box)
    assert found == pytest.approx([0.6, 0.8], abs=1e-3)
    cut = _least(nothing, np.array([-5.0]), np.array([[3.0, 4.0]]), -box, np.array([10.0, 0.5]))
    assert cut == pytest.approx([1.0, 0.5], abs=1e-3)
    # Out of reach: as near as the box lets it.
    assert _least(nothing, np.array([-50.0]), np.array([[3.0, 4.0]]), -box, np.ones(2)) == pytest.approx(
        [1, 1], abs=1e-3
    )


def test_the_claim_holds_at_the_point_found_within_the_ranges_and_no_shorter_single_move_does(claim: Say) -> None:
    data = family_of(DATA, ("S1", "S4", "S5"), SHORT)
    now = path_of(data["S5"]).values["Price|Carbon"][2024]
    say = claim("level", 1.1 * now, variable="price", scenario="S5", year=2024, within=0.02)
    found = nearest([say], data)[say.id]
    assert found.holds
    assert 0 < found.distance < 1
    assert found.exact > found.assumptions / 2
    knobs = {knob.title: knob for knob in knobs_of(data)}
    changes: dict[str, float] = {}
    for title, (start, end) in found.moved.items():
        assert knobs[title].low <= end <= knobs[title].high
        assert start == knobs[title].start
        changes |= knobs[title].moves(end, "S5")
    changes.pop("late", None)
    there = path_of(vary(data["S5"], changes)).values["Price|Carbon"][2024]
    assert there == pytest.approx(1.1 * now, rel=0.021)
    for title in list(found.moved)[:2]:  # one assumption by itself would have to move further
        knob = knobs[title]
        start, end = found.moved[title]
        as_far = start + np.sign(end - start) * 0.9 * found.distance * knob.half
        if knob.low <= as_far <= knob.high:
            alone = path_of(vary(data["S5"], knob.moves(float(as_far), "S5"))).values["Price|Carbon"][2024]
            assert abs(alone / (1.1 * now) - 1) > 0.0199


def test_a_further_cut_starts_after_2028_and_leaves_earlier_years() -> None:
    scenario = family_of(DATA, ("S5",))["S5"]
    moved = cut_late(scenario, 0.05)
    assert [moved.cap_share(y) for y in range(2023, 2029)] == pytest.approx(
        [scenario.cap_share(y) for y in range(2023, 2029)]
    )
    assert moved.cap_share(2030) == pytest.approx(scenario.cap_share(2030) * 0.95**2)


def test_a_claim_that_is_no_number_of_the_path_is_left_out_and_words_name_what_carries(claim: Say) -> None:
    assert nearest([claim("coverage", scenario="S1")], {}) == {}
    far = Nearest(True, {"a": (0.01, 0.02), "b": (1.0, 0.0), "c": (0.0, 0.1), "d": (0.1, 0.2)}, 1.5, 2, 9)
    assert "a from 1 to 2 %, b from 100 to 0 %, c from 0 to 10 % (1 more move less)" in far.sentence
    assert "a carries most of it" in far.sentence
    assert "no point" in Nearest(False, {}, 0.0, 2, 9).sentence
