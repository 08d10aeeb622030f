"""Everything that an installation brings has a licence that goes with the project's own, and stands in the guide."""

from __future__ import annotations

import importlib
import re
import sys

import pytest

from tests.package.installs import ROOT

sys.path.append(str(ROOT / ".ci"))
licences = importlib.import_module("licences")
FREE = r"MIT|BSD|Apache|PSF|ISC|MPL|NCSA|Zlib|CC0|0BSD|BSL|LLVM-exception|Unlicense|MIT-CMU|HPND"


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", licences.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: licence for name, licence in rows if name != "distribution"}


def test_the_page_names_whatever_is_brought(table: dict[str, str]) -> None:
    lost = set(licences.brought()) - set(table)
    assert not lost, f"run python .ci/licences.py: {sorted(lost)}"


def test_every_licence_lets_the_project_stay_under_its_own(table: dict[str, str]) -> None:
    for name, licence in table.items():
        words = re.split(r"\s+(?:AND|OR|WITH)\s+", licence.strip())
        assert all(re.match(FREE, word) for word in words), f"{name}: {licence}"


def test_what_is_under_the_gpl_comes_only_when_it_is_asked_for() -> None:
    assert "harpy3" not in licences.brought()
    assert "GPL" in licences.licence_of("harpy3")
