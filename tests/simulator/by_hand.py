"""Two firms of two sectors and what stands around them, as small as a case worked out by hand needs it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from tanshi.agents.population import Population, build
from tanshi.market.registry import Registry
from tanshi.scenarios.auctions import Auctions
from tanshi.scenarios.containment import Containment
from tanshi.scenarios.link import Link
from tests.sectors import SECTORS

MT = 1_000_000
POWER = np.array([sector == "ELEC" for sector in SECTORS])
BOTH = np.array([sector in ("ELEC", "STEEL") for sector in SECTORS])


PLAIN_SALES = {"auctions": Auctions(), "containment": Containment()}


def stub(**parts: Any) -> Any:
    """What a test has of a world or a state; a market is closed where it does not say otherwise."""
    return cast(Any, SimpleNamespace(**{"open": False, "shared": False, **parts}))


CLOSED = Link()
"""A market of the province alone."""


def two_firms() -> Population:
    return build({"ELEC": 1, "STEEL": 1}, 1, size_sigma=0.0, intensity_sigma=0.0, cost_sigma=0.0)


def by_sector(power: float, steel: float = 0.0) -> np.ndarray:
    return np.array([power, steel, *[0.0] * 6])


def accounts(*issued: tuple[int, int, int]) -> Registry:
    """Three accounts, government's the last, with (account, tonnes, vintage) from 2021 on."""
    registry = Registry(3, 2021, 6)
    for account, tonnes, vintage in issued:
        registry.issue([account], [tonnes], vintage)
    return registry


def rules(mask: np.ndarray = POWER, caps: np.ndarray | None = None, **more: Any) -> Any:
    """A policy that has begun, with the same sectors and caps (Mt) every year."""
    caps = by_sector(10.0) if caps is None else caps
    return stub(
        mask=lambda year: mask, caps=lambda year, whole=False: caps, started=lambda year: True,
        standard=lambda year: False, offset_share=lambda year: 0.0, follows=lambda year: np.zeros(8, bool), **more,
    )  # fmt: skip
