"""A folder of results by the time: two runs of one second do not share it."""

from __future__ import annotations

import re
from pathlib import Path

from tanshi.simulator.machine.folders import new_folder


def test_two_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    found = []
    for _ in range(3):
        folder = new_folder(tmp_path, "cap")
        assert not folder.exists()
        folder.mkdir()
        found.append(folder.name)
    assert len(set(found)) == 3
    assert all(re.fullmatch(r"cap-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?", name) for name in found)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d", new_folder(tmp_path / "elsewhere").name)
