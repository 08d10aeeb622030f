"""Who trades in which year, and how free allowances are counted there, as readers are told."""

from __future__ import annotations

from typing import Any

import pytest

from tanshi.simulator.results.timetable import timetable

POWER: dict[str, Any] = {"coverage": {"PWR": "trading"}, "policy_start": 2023}


@pytest.mark.parametrize(
    ("rules", "method"),
    [
        ({}, "history"),
        ({"allocation": {"method": "output_based"}}, "output"),
        ({"cap": {"regime": "tps"}}, "benchmark"),
        ({"cap": {"kind": "intensity"}}, "benchmark"),
        ({"cap": {"regime": "tps", "kind": "absolute"}}, "history"),
    ],
)
def test_a_sector_without_rules_of_its_own_is_given_by_the_kind_of_cap(rules: dict[str, Any], method: str) -> None:
    (span,) = timetable(POWER | rules, 2022, 2025).methods("PWR")
    assert (span.word, span.first, span.last) == (method, 2023, 2025)


def test_a_standard_that_becomes_a_cap_is_told_in_two_spans() -> None:
    told = timetable(POWER | {"cap": {"kind": {2023: "intensity", 2025: "absolute"}}}, 2022, 2026)
    assert [(span.word, span.first, span.last) for span in told.methods("PWR")] == [
        ("benchmark", 2023, 2024),
        ("history", 2025, 2026),
    ]
    assert told.methods_said
