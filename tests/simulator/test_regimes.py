"""Regimes of carbon pricing at one emission cut."""

from __future__ import annotations

import pytest

from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.regimes import REGIMES, regime_table


def test_rebating_by_output_needs_a_higher_price_and_a_bearing_border_a_higher_one_too() -> None:
    table = regime_table(economy("shanxi_2022").accounts, thetas=(0.0, 1.0)).set_index(["regime", "theta"])
    lump, auctioned, sectors, one = REGIMES
    for theta in (0.0, 1.0):
        assert table.at[(sectors, theta), "price"] > table.at[(one, theta), "price"] > table.at[(lump, theta), "price"]
        assert table.at[(auctioned, theta), "price"] == pytest.approx(table.at[(lump, theta), "price"], rel=0.05)
        assert table.at[(auctioned, theta), "welfare"] > table.at[(lump, theta), "welfare"]  # the rent goes home
    assert table.at[(lump, 1.0), "leakage"] < table.at[(lump, 0.0), "leakage"]
    assert table.at[(lump, 1.0), "price"] > table.at[(lump, 0.0), "price"]
    assert (table["gdp"] < 0.0).all()
