"""The rules of other markets as the guide writes them: each file is read, and runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/market.md").read_text("utf-8").split("## Other markets' rules as files")[1].split("\n## ")[0]
FILES = re.findall(r"```yaml\n(# ([A-Z]\w+).*?)```", TEXT, re.DOTALL)
SMALL = {
    "years.end": 2024,
    "firms.number": 24,
    "market.periods_per_year": 2,
    "drift.mode": "none",
    "banking.horizon": 0,
}


@pytest.mark.parametrize(("text", "name"), FILES, ids=[name for _, name in FILES])
def test_a_markets_rules_are_read_and_keep_their_books(text: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, "utf-8")
    whole = load_scenario(str(path))
    assert whole.years.end == 2030
    model = CarbonMarket(load_scenario(str(path), SMALL)).run()
    model.registry.check()
    assert not model.state.market.open
    for row in model.state.log.settlements:
        assert row["verified_t"] <= row["surrendered_t"] + row["shortfall_t"]  # and what was missing before is owed


def test_seven_markets_are_written_down() -> None:
    assert len(FILES) == 7
