"""Every example in a docstring is collected once, under the only name its file is imported by."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.package.installs import ROOT, copy_of_the_checkout, said

PYTEST = ("-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "-p", "no:xdist")


def collected(folder: Path, *words: str, code: int = 0) -> str:
    return said(sys.executable, *PYTEST, *words, cwd=folder, code=code)


def test_examples_are_collected_once_and_as_modules_of_the_package() -> None:
    names = [line for line in collected(ROOT, "tanshi/market").splitlines() if "::" in line]
    assert "tanshi/market/banking.py::tanshi.market.banking.borrowing" in names
    assert len(names) == len(set(names))
    assert all(name.startswith("tanshi/market/") and "::tanshi.market." in name for name in names)


def test_a_product_file_under_its_short_name_is_refused() -> None:
    refused = collected(ROOT, "market/banking.py", code=4)
    assert "market/__init__.py is collected as tanshi/market/__init__.py" in refused


def test_where_links_are_missing_the_tests_still_run(tmp_path: Path) -> None:
    flat = copy_of_the_checkout(tmp_path / "checkout", links=False)
    assert " passed" in said(sys.executable, "-m", "pytest", "-q", "tests/market/test_market_orders.py", cwd=flat)
