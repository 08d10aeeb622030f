"""Words of a file are data: a sector called like a part of the program, an economy that no folder can be called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario


@pytest.mark.parametrize(
    "said",
    [
        "cap: {by_sector: {AIR: null, __class__: 0.0}}",
        "sectors: {model_fields: {limits: {deficit: null}}}",
        "coverage: {model_dump: trading}",
        "allocation: {benchmarks: {at: 0.9}}",
    ],
)
def test_a_sector_called_like_a_part_of_the_program_is_none_of_the_economy(said: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(f"extends: S5\n{said}\n")
    with pytest.raises(UserError, match="expected one of the sectors ELEC"):
        load_scenario(file)


def test_an_economy_with_a_name_that_no_folder_can_have_is_none(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(f"extends: S5\neconomy: {'x' * 300}\ncoverage: {{MACH: trading}}\n")
    with pytest.raises(UserError, match="economy"):
        load_scenario(file)
