"""Yearly emissions: what is refused, what is counted, what they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.emission_history import read_emissions
from tanshi.simulator.run.ground.economy import economy
from tests.sectors import SECTORS

TWO = ("ELEC", "STEEL")


def history(years: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for sector, growth in (("ELEC", 0.05), ("STEEL", -0.02), ("AGR", 0.0)):
        level = np.cumsum(growth + 0.03 * rng.standard_normal(years))
        rows += [{"sector": sector, "year": 2000 + k, "mt": 50 * np.exp(x)} for k, x in enumerate(level)]
    return pd.DataFrame(rows)


def test_growth_and_scatter_of_a_known_history_are_found() -> None:
    found = read_emissions(history(2000), TWO)
    np.testing.assert_allclose(found.growth, [0.05, -0.02], atol=0.003)
    np.testing.assert_allclose(found.scatter, 0.03, rtol=0.06)
    assert np.abs(found.persistence).max() < 3 * found.persistence_se


def test_a_missing_year_is_interpolated_and_an_outlier_replaced_and_both_are_counted() -> None:
    table = history()
    spoilt = table[~((table.sector == "ELEC") & (table.year == 2007))].copy()
    spoilt.loc[(spoilt.sector == "STEEL") & (spoilt.year >= 2012), "mt"] *= 40.0
    found = read_emissions(spoilt, TWO)
    counts = found.preparation
    assert (counts.interpolated, counts.other_sectors, counts.rows) == (1, 20, len(spoilt))
    assert counts.replaced == 1
    assert found.scatter[1] < 0.06
    assert "1 gaps interpolated" in found.lines()[0]


def test_the_built_in_history_covers_all_eight_sectors() -> None:
    found = read_emissions(economy("shanxi_2022").figures.co2_history, SECTORS)
    assert (found.first, found.last) == (1997, 2019)
    assert 0.04 < found.growth[SECTORS.index("ELEC")] < 0.12
    assert "no K is taken" in found.lines()[1]


def first(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    table = table.astype({"mt": object})
    for name, value in values.items():
        table.loc[table.index[0], name] = value
    return table


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d.drop(columns="mt"), "lacks the columns mt"),
        (lambda d: first(d, mt=-1.0), "ELEC has emissions that are not above zero"),
        (lambda d: pd.concat([d, d.iloc[[2]]]), "ELEC has the year 2002 twice"),
        (lambda d: d[d.year < 2005], "ELEC has 5 years, at least 8"),
        (lambda d: d[~d.year.between(2005, 2008)], "ELEC lacks 4 years in a row"),
        (lambda d: d[~((d.sector == "STEEL") & (d.year == 2019))], "cover different years"),
    ],
)
def test_a_bad_history_is_refused(change: Callable[[pd.DataFrame], pd.DataFrame], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read_emissions(change(history()), TWO)
