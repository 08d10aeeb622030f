"""From the pooled table to windows and rates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.state import active
from tanshi.simulator.drift.trajectories import read_trajectories, reversion, windows

Make = Callable[..., pd.DataFrame]


def test_residuals_of_uncovered_sectors_are_zero_and_of_covered_ones_are_not(make_table: Make) -> None:
    data = read_trajectories(make_table(1, 12).assign(emissions_AIR=500.0))
    on = active(data.covered)
    assert (data.r[~on] == 0).all()
    assert (data.r[on] != 0).all()


def test_the_order_of_the_rows_does_not_matter(make_table: Make) -> None:
    table = make_table(2, 12)
    shuffled = table.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(read_trajectories(shuffled).r, read_trajectories(table).r)


def test_a_window_lies_in_one_run_and_one_part_of_the_split(make_table: Make) -> None:
    data = read_trajectories(make_table(3, 24))
    rows = windows(data, 5, 2, after=2023.4, until=2024.6)
    assert len(rows) > 20
    assert (data.run[rows] == data.run[rows[:, :1]]).all()
    assert data.t[rows].min() > 2023.4
    assert data.t[rows].max() <= 2024.6
    np.testing.assert_allclose(np.diff(data.t[rows], axis=1), 1 / 12)


def test_no_window_crosses_a_missing_period_or_the_entry_of_a_sector(make_table: Make) -> None:
    table = make_table(1, 24)
    one = table[table.scenario == "B"].drop(columns="run").assign(run=0).reset_index(drop=True)
    late = one.assign(covered_STEEL=(one.index >= 12).astype(int))
    across = windows(read_trajectories(late), 4, 1)
    assert not ((across[:, 0] < 12) & (across[:, -1] >= 12)).any()
    gap = windows(read_trajectories(one.drop(index=[10])), 4, 1)
    assert not ((gap[:, 0] < 10) & (gap[:, -1] >= 10)).any()
    assert len(across) == len(gap) + 1 == 24 - 4 - 4


def test_the_reversion_of_a_linear_simulator_is_recovered(make_table: Make) -> None:
    data = read_trajectories(make_table(12, 96, nonlinear=False))
    rate = reversion(data, windows(data, 1, 1))
    np.testing.assert_allclose(rate, 3.0, rtol=0.25)
    assert rate[0] == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d.drop(columns=["price", "output_AIR"]), "lack 2 columns: price, output_AIR"),
        (lambda d: d.drop(columns=[c for c in d if c.startswith("covered_")]), "covered_SECTOR"),
        (lambda d: d.iloc[:0], "no rows"),
        (lambda d: d.assign(star_price=np.nan), "star_price"),
        (lambda d: pd.concat([d, d.iloc[[3]]]), "twice"),
        (lambda d: d.assign(emissions_ELEC=0.0), "above zero"),
        (lambda d: d.assign(price=-1.0), "zero or more"),
    ],
)
def test_a_bad_table_is_refused(change, text: str, make_table: Make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=text):
        read_trajectories(change(make_table(1, 12)))
