"""What the province does not decide enters as a parameter, and the economy answers as economics says."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.surroundings import NAMES, PRICE_ANSWER, entries, surrounded
from tests.equilibrium.province.conftest import Build


@pytest.fixture
def model(province: Build) -> Province:
    return province(capital="vintage")


def base(model: Province) -> Parameters:
    p = model.parameters()
    model.cover(p, ("ELEC",))
    model.hold_price(p, model.accounts.carbon_price)
    return p


def at(model: Province, **multipliers: float) -> Solution:
    return model.solve(surrounded(model, base(model), multipliers))


def test_surroundings_as_usual_change_nothing_and_parameters_stay_what_they_were(model: Province) -> None:
    p = base(model)
    kept = {name: getattr(p, name).copy() for name in ("endowment", "augment", "coefficient")}
    assert surrounded(model, p, dict.fromkeys(NAMES, 1.0)) is p
    for name in NAMES:
        if entries(model)[name]:
            q = surrounded(model, p, {name: 1.3})
            assert q is not p
            back = surrounded(model, q, {name: 1.0})
            assert back is q
    for name, value in kept.items():
        assert np.array_equal(getattr(p, name), value)


def test_more_wind_and_sun_leave_less_to_burn(model: Province) -> None:
    low, high = (model.emissions(at(model, availability=m))["ELEC"] for m in (0.9, 1.1))
    assert high < low


def test_productivity_makes_everybody_richer(model: Province) -> None:
    usual, better = at(model), at(model, productivity=1.02)
    assert 1.005 < better.real["HH"] / usual.real["HH"] < 1.05


@pytest.mark.parametrize(("name", "sector"), [("steel_demand", "STEEL"), ("cement_demand", "NMM")])
def test_what_other_provinces_ask_for_is_made(name: str, sector: str, model: Province) -> None:
    usual, more = (model.emissions(at(model, **{name: m}))[sector] for m in (1.0, 1.2))
    assert more > usual


def test_where_demand_is_flat_the_border_price_takes_up_a_part(model: Province) -> None:
    entry = entries(model)["cement_demand"][0]
    if entry.array != "coefficient":
        pytest.skip("demand for cement outside slopes here")
    assert at(model, cement_demand=1.2).auxiliary["border.NMM"] == pytest.approx(1.2**PRICE_ANSWER, abs=2e-3)


def test_every_surrounding_is_felt(model: Province) -> None:
    usual = at(model)
    for name in NAMES:
        if entries(model)[name]:
            moved = at(model, **{name: 1.1})
            assert abs(moved.x - usual.x).max() > 1e-6, name


@pytest.mark.parametrize(("given", "text"), [({"rain": 1.1}, "no such name"), ({"availability": 0.0}, "above 0")])
def test_what_is_no_surrounding_is_refused(given: dict[str, float], text: str, model: Province) -> None:
    with pytest.raises(ValueError, match=text):
        surrounded(model, base(model), given)
