"""Plant that a high price of carbon puts out of use comes back when the price falls, and the other way round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.province import Province

OLD = ("GENC2", "GENC3")
FEW = 14
"""Newton's steps; from a corner, without looking at the plant itself, it took up to sixty and then failed."""


def at_price(model: Province, price: float, start: np.ndarray | None = None) -> Solution:
    p: Parameters = model.parameters()
    model.cover(p, ("ELEC",))
    model.hold_price(p, price)
    return model.solve(p, start)


@pytest.fixture(scope="module")
def vintages(province: Callable[..., Province]) -> Province:
    return province(capital="vintage")


@pytest.mark.parametrize(("before", "after"), [(400.0, 60.0), (400.0, 110.0), (60.0, 400.0), (900.0, 60.0)])
def test_old_units_stop_and_start_in_a_few_steps(vintages: Province, before: float, after: float) -> None:
    there = at_price(vintages, before)
    led, alone = at_price(vintages, after, there.x), at_price(vintages, after)
    np.testing.assert_allclose(led.x, alone.x, rtol=1e-6, atol=1e-8)
    assert led.iterations <= FEW
    running = [[s.level[name] > 1e-3 for name in OLD] for s in (there, led)]
    assert running[0] != running[1]


def test_idle_plant_earns_nothing_and_makes_nothing(vintages: Province) -> None:
    idle = at_price(vintages, 900.0)
    for name in OLD:
        assert idle.level[name] == pytest.approx(0.0, abs=1e-6)
        assert idle.price[f"CAP_{name}"] < 1e-6
