"""The regions of the results are defined, and a region of one's own is defined by a command."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tanshi.scenarios.economy import ECONOMIES
from tanshi.simulator.results.variables import region_of

FOLDER = Path(__file__).parents[2] / "definitions"


def defined(folder: Path) -> set[str]:
    groups = [g for file in folder.glob("*.yaml") for g in YAML(typ="safe").load(file.read_text(encoding="utf-8"))]
    return {name for group in groups for regions in group.values() for region in regions for name in region}


def test_every_ready_region_and_province_is_defined() -> None:
    regions = defined(FOLDER / "region")
    assert {region_of(path.name) for path in ECONOMIES.iterdir() if path.is_dir()} <= regions
    assert len(regions) >= 32


def test_definitions_have_no_sign_that_nomenclature_refuses() -> None:
    # It reads no file at all where one name, unit or description has a semicolon, and every table then seems wrong.
    for file in FOLDER.glob("*/*.yaml"):
        assert ";" not in file.read_text(encoding="utf-8"), file.name


def test_a_region_of_one_s_own_is_defined_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = runpy.run_path(str(FOLDER / "validate.py"))
    add = script["add_region"]
    add.__globals__.update(FOLDER=tmp_path, OWN_REGIONS=tmp_path / "region" / "own.yaml")
    (tmp_path / "region").mkdir()
    for name in ("China|Mine", "Poland", "China|Mine"):
        add(name)
    assert defined(tmp_path / "region") == {"China|Mine", "Poland"}
    assert "defined already" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        add("China|a: b")


@pytest.mark.parametrize("arguments", [["nowhere.csv"], [], ["--add-region", "a|b|c"]])
def test_a_wrong_call_ends_in_a_message(arguments: list[str]) -> None:
    call = [sys.executable, str(FOLDER / "validate.py"), *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
