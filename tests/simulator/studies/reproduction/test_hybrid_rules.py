"""The traditional model against the hybrid, on constructed prices: every rule says yes and no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.verdicts import CONSTRUCTED, IN_SHAPE, NOT, REPRODUCED, judge
from tests.simulator.studies.reproduction.conftest import YEARS, line

Make = Callable[..., Evidence]
Say = Callable[..., Claim]


def pair(evidence: Make, ripple: float, months: int = 12, off: float = 1.0) -> Evidence:
    """A hybrid whose price ripples within the year, and a traditional model with one price a year."""
    paths = {"S5": {"price": line(50.0, 180.0), "emissions": line(560.0, 500.0)}}
    e = evidence(paths)
    yearly = np.array(line(50.0, 180.0))
    wave = 1.0 + ripple * np.where(np.arange(months) % 2, 1.0, -1.0)
    monthly = np.tile(yearly[:, None] * wave[None, :], (2, 1, 1))
    hybrid = replace(e.hybrid, monthly={"S5": monthly})
    values = {"S5": {name: off * path for name, path in e.hybrid.values["S5"].items()}}
    return Evidence(hybrid, replace(e.hybrid, values=values, monthly={"S5": yearly[None, :, None]}))


def compared(hybrid: float, traditional: float, impact: float = 5.0, before: float = 0.0, later: float = 9.0) -> Any:
    moments = pd.DataFrame(
        [("S5 hybrid", "volatility", hybrid), ("S5 traditional, yearly", "volatility", traditional)],
        columns=["source", "measure", "value"],
    )
    response = pd.DataFrame(
        [
            ("S5", "cap cut by 5 %", "hybrid", before, impact, later),
            ("S5", "cap cut by 5 %", "traditional", 4.0, 8.0, later),
        ],
        columns=["scenario", "shock", "variant", "before", "impact", "after_1_year"],
    )
    return SimpleNamespace(moments=moments, response=response, when=2026.5)


def test_the_trends_are_the_same_where_the_paths_are(evidence: Make, claim: Say) -> None:
    say = claim("same_trend", variable="emissions", scenarios="S5", within=0.02)
    assert judge(say, pair(evidence, 0.1)).verdict == REPRODUCED
    assert judge(say, pair(evidence, 0.1, off=1.1)).verdict == NOT


def test_movement_within_the_year_is_the_hybrids_where_there_is_any(evidence: Make, claim: Say) -> None:
    for name in ("first_year", "smoother", "bend"):
        assert judge(claim(name, scenario="S5"), pair(evidence, 0.1)).verdict == REPRODUCED, name
    assert judge(claim("first_year", scenario="S5"), pair(evidence, 0.0)).verdict == NOT
    flat = pair(evidence, 0.0)
    straight = 50.0 + 15.0 * (np.arange(len(YEARS) * 12) + 0.5) / 12
    smooth = replace(flat, hybrid=replace(flat.hybrid, monthly={"S5": straight.reshape(1, len(YEARS), 12)}))
    assert judge(claim("bend", scenario="S5"), smooth).verdict == NOT
    still = replace(flat, hybrid=replace(flat.hybrid, monthly={"S5": np.full((1, len(YEARS), 12), 100.0)}))
    assert judge(claim("smoother", scenario="S5"), still).verdict == NOT


def test_continuous_time_is_by_construction_where_there_is_a_drift(evidence: Make, claim: Say) -> None:
    say = claim("between_years", use="by construction", scenario="S5")
    assert judge(say, pair(evidence, 0.1)).verdict == CONSTRUCTED
    assert judge(say, pair(evidence, 0.0, months=1)).verdict == NOT


def test_the_hybrid_is_more_like_the_real_market_or_it_is_not(evidence: Make, claim: Say) -> None:
    say = claim("realism", scenario="S5")
    for hybrid, traditional, verdict in ((0.2, 0.05, REPRODUCED), (0.1, 0.05, IN_SHAPE), (0.05, 0.06, NOT)):
        e = replace(evidence({}), comparison=compared(hybrid, traditional))
        assert judge(say, e).verdict == verdict


def test_only_the_hybrid_waits_for_the_announcement_of_a_cut(evidence: Make, claim: Say) -> None:
    say = claim("disturbance", scenario="S5")
    assert judge(say, replace(evidence({}), comparison=compared(0.1, 0.1))).verdict == REPRODUCED
    assert judge(say, replace(evidence({}), comparison=compared(0.1, 0.1, before=6.0))).verdict == NOT
    rising = claim("cut_raises_price")
    assert judge(rising, replace(evidence({}), comparison=compared(0.1, 0.1))).verdict == REPRODUCED
    assert judge(rising, replace(evidence({}), comparison=compared(0.1, 0.1, later=-1.0))).verdict == NOT
