"""An equilibrium found from a neighbour's factorised Jacobian is the one that is found alone."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.province import Province


def at_price(model: Province, price: float, near: Solution | None = None) -> Solution:
    p: Parameters = model.parameters()
    model.cover(p, ("ELEC", "STEEL"))
    model.hold_price(p, price)
    return model.solve(p, None if near is None else near.x, near=near)


@pytest.mark.parametrize("price", [100.0, 100.5, 140.0, 900.0])  # from the same point to far beyond a tangent's reach
def test_a_neighbour_leads_to_the_same_equilibrium(model: Province, price: float) -> None:
    neighbour = at_price(model, 100.0)
    np.testing.assert_allclose(at_price(model, price, neighbour).x, at_price(model, price).x, rtol=1e-7, atol=1e-9)


def test_close_by_no_new_jacobian_is_needed(model: Province) -> None:
    neighbour = at_price(model, 100.0)
    assert at_price(model, 100.2, neighbour).iterations == 0
    assert at_price(model, 100.2).iterations > 0


def test_other_parameters_are_seen_behind_a_neighbour(model: Province) -> None:
    """What the neighbour's evaluator has calibrated must not serve an economy with other numbers."""
    neighbour = at_price(model, 100.0)
    p = model.parameters()
    model.cover(p, ("ELEC",))  # steel no longer needs permits
    model.hold_price(p, 100.0)
    alone, led = model.solve(p), model.solve(p, near=neighbour)
    np.testing.assert_allclose(led.x, alone.x, rtol=1e-7, atol=1e-9)
    assert not np.allclose(led.x, neighbour.x, rtol=1e-4)


def test_a_response_read_at_another_price_is_its_tangent(model: Province) -> None:
    response = model.response(at_price(model, 100.0))
    beside = response.at(101.0)
    np.testing.assert_allclose(beside.emissions, response.emissions + response.slope, rtol=1e-12)
    exact = model.response(at_price(model, 101.0)).emissions
    np.testing.assert_allclose(beside.emissions, exact, rtol=1e-3)
    assert response.at(1e9).emissions.min() == 0.0
