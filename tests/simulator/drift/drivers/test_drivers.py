"""The drivers' law: exact over any step, the same for all scenarios, and found again where it is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.drivers.estimate import FILE as SERIES
from tanshi.simulator.drift.drivers.estimate import Series, _fit, estimate, monthly
from tanshi.simulator.drift.drivers.process import DRIVERS, Driver, Drivers, estimated, load_drivers, save_drivers
from tanshi.simulator.drift.state import Array
from tanshi.simulator.drift.weights import WeightsError


def alike(reversion: float = 2.0, volatility: float = 0.2, jumps: float = 0.0) -> Drivers:
    each = tuple(
        Driver(name, "assumed", "made up", reversion, volatility, jumps=jumps, jump_size=0.3) for name in DRIVERS
    )
    correlation = np.full((7, 7), 0.5) + 0.5 * np.eye(7)
    return Drivers(each, correlation)


def paths(drivers: Drivers, step: float, steps: int, seeds: int) -> Array:
    out = np.zeros((seeds, steps + 1, 7))
    for seed in range(seeds):
        for k in range(steps):
            out[seed, k + 1] = drivers.step(out[seed, k], step, [seed] * 7, k)
    return out


def test_two_half_steps_spread_as_one_whole_step_does() -> None:
    one, two = paths(alike(), 1 / 6, 1, 600)[:, -1], paths(alike(), 1 / 12, 2, 600)[:, -1]
    assert one.std() == pytest.approx(two.std(), rel=0.06)
    expected = 0.2 * np.sqrt((1 - np.exp(-4 / 6)) / 4)
    assert one.std() == pytest.approx(expected, rel=0.06)


def test_in_the_long_run_the_spread_is_that_of_the_law_and_shocks_hang_together_as_asked() -> None:
    drivers = alike(reversion=6.0, jumps=0.5)
    found = paths(drivers, 1 / 4, 12, 400)[:, -1]
    assert found.std() == pytest.approx(drivers.each[0].long_run, rel=0.08)
    calm = paths(alike(reversion=6.0), 1 / 4, 1, 600)[:, -1]
    assert np.corrcoef(calm.T)[0, 1] == pytest.approx(0.5, abs=0.1)


def test_less_half_its_variance_what_is_believed_is_one_on_average_and_the_mirror_image_is_the_opposite() -> None:
    drivers = alike(reversion=1.0, volatility=0.4, jumps=0.5)
    logs = paths(drivers, 1 / 2, 3, 3000)[:, -1]
    off = drivers.variances(1.5) / 2.0
    assert np.exp(logs).mean() > 1.03
    assert np.exp(logs - off).mean() == pytest.approx(1.0, abs=0.008)
    start = np.full(7, 0.1)
    both = [drivers.step(start, 1 / 12, [4] * 7, 2, sign) for sign in (1.0, -1.0)]
    assert np.mean(both, axis=0) == pytest.approx(start * np.exp(-1.0 / 12), rel=1e-12)


def test_a_shock_is_drawn_by_its_name_so_that_another_law_beside_it_changes_nothing() -> None:
    drivers = estimated()
    wilder = replace(drivers, each=(replace(drivers.each[0], volatility=9.0, jumps=5.0), *drivers.each[1:]))
    y = np.zeros(7)
    assert np.array_equal(drivers.step(y, 1 / 12, [3] * 7, 5)[1:], wilder.step(y, 1 / 12, [3] * 7, 5)[1:])
    assert not np.array_equal(drivers.step(y, 1 / 12, [3] * 7, 5), drivers.step(y, 1 / 12, [4] * 7, 5))


def test_a_season_makes_no_year_larger_or_smaller() -> None:
    """The accounts of the economy are of whole years: what months take away others bring, in tonnes, not logarithms."""
    for driver in estimated().each:
        year = [np.exp(driver.seasonal(2025 + (k + 0.5) / 12)) for k in range(12)]
        assert np.mean(year) == pytest.approx(1.0, abs=1e-6)
    sun = estimated().each[DRIVERS.index("availability")]
    assert sun.seasonal(2025 + 4.5 / 12) > sun.seasonal(2025 + 11.5 / 12)  # May against December


def test_the_laws_that_ship_are_those_of_the_series() -> None:
    again, ships = estimate(), estimated()
    for a, b in zip(again.each, ships.each, strict=True):
        assert a.reversion == pytest.approx(b.reversion)
        assert a.volatility == pytest.approx(b.volatility)
        assert a.status == b.status
        if a.status == "estimated":
            assert b.intervals is not None
            low, high = b.intervals["reversion"]
            assert low <= b.reversion <= high
    assert {d.name for d in ships.each if d.status == "assumed"} == {"productivity", "cap_news"}


def test_a_known_law_is_found_again() -> None:
    months = np.arange(300)
    kept = np.exp(-3.0 / 12)
    rates, held = [], 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        y = np.zeros(months.size)
        for k in range(1, months.size):
            y[k] = kept * y[k - 1] + 0.05 * rng.standard_normal()
        logs = 0.002 * months + 0.1 * np.cos(2 * np.pi * months / 12) + y
        found, _ = _fit("made", Series(months, logs, "made up"), 100, rng)
        assert found.intervals is not None
        low, high = found.intervals["reversion"]
        held += low < 3.0 < high
        rates.append(found.reversion)
        assert found.volatility == pytest.approx(0.05 * np.sqrt(6.0 / (1 - kept**2)), rel=0.25)
        assert found.season[0] == pytest.approx(0.1, abs=0.03)
        assert found.jumps < 0.2
    assert held >= 8  # a 90 % interval
    assert np.median(rates) == pytest.approx(3.0, rel=0.2)


def test_a_driver_without_a_series_or_with_a_short_one_is_named(tmp_path: Path) -> None:
    table = pd.read_csv(SERIES)
    table[table["series"] != "steel"].to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(WeightsError, match="steel_demand has no series steel"):
        monthly(tmp_path / "a.csv")
    table[(table["series"] != "steel") | (table["month"] < "2017")].to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(WeightsError, match="steel_demand needs 48 months"):
        monthly(tmp_path / "b.csv")


def test_drivers_come_back_as_they_were_written(tmp_path: Path) -> None:
    save_drivers(estimated(), tmp_path / "drivers.json")
    assert load_drivers(tmp_path / "drivers.json").each[2].volatility == estimated().each[2].volatility
    (tmp_path / "drivers.json").write_text("[]")
    with pytest.raises(WeightsError, match="no drivers"):
        load_drivers(tmp_path / "drivers.json")
    with pytest.raises(WeightsError, match="--only drivers"):
        load_drivers(tmp_path / "none.json")
