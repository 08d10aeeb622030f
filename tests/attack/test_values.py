"""Bounds are where the model works: every numeric field at both of its bounds."""

from __future__ import annotations

import pytest

from tests.attack.values import ends, numeric, run, setting_of

ALIKE = ("STEEL", "NFM", "COKE", "CHEM", "PAPER", "AIR")
"""Sectors whose fields are those of two others, power and cement."""
CASES = [
    (row.name, side, value)
    for row in numeric()
    if not set(ALIKE) & set(row.name.split(".")) or "by year" not in row.kind
    for side, value in ends(row).items()
]


@pytest.mark.parametrize(("field", "side", "value"), CASES, ids=[f"{field} {side}" for field, side, _ in CASES])
def test_a_run_works_at_the_bounds_of_every_field(field: str, side: str, value: float) -> None:
    run(setting_of(field, value))
