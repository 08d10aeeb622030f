"""Shanxi's accounts and its province model under every closure, built once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.economy import load_economy

Build = Callable[..., Province]


@lru_cache(maxsize=1)
def shanxi() -> Accounts:
    return build_accounts(load_economy("shanxi_2022").tables())


@lru_cache(maxsize=16)
def built(numeraire: str, closure: Closure) -> Province:
    return Province(shanxi(), closure, numeraire)


@pytest.fixture(scope="session")
def province() -> Build:
    def build(numeraire: str = "FX", **closure: object) -> Province:
        return built(numeraire, Closure(**closure))  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session", params=["mobile", "vintage"])
def model(request: pytest.FixtureRequest, province: Build) -> Province:
    return province(capital=request.param)
