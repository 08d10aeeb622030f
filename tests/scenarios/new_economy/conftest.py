"""The built-in economy as accounts and printed as a table, and a folder of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.layout import statistics_table


@pytest.fixture(scope="module")
def shanxi() -> Accounts:
    return build_accounts(load_economy("shanxi_2022").tables())


@pytest.fixture(scope="module")
def printed(shanxi: Accounts) -> NationalTable:
    return statistics_table(shanxi, "shanxi_2022")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
