"""Every run reports its groups of households, which together have what the one household has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.economy import ECONOMIES
from tanshi.scenarios.load import TRADITIONAL, load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.iamc import write_iamc
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import EV, HEADS, MONEY_METRIC, YIELD, group_of

SHORT = {"years.end": 2023, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0}


@pytest.fixture(scope="module")
def runs() -> list[RunResult]:
    return [simulate(load_scenario(name, SHORT)) for name in ("S1", "S5")]


def test_town_and_country_together_have_what_the_one_household_has(runs: list[RunResult]) -> None:
    """To a second-order term where they save; the one household's metric leaves out nothing of goods and saving."""
    for result in runs:
        parts = [result.series(group_of(MONEY_METRIC, group)) for group in ("urban", "rural")]
        whole = result.series(MONEY_METRIC)
        pd.testing.assert_series_equal(parts[0] + parts[1], whole, check_names=False, rtol=1e-4)
        assert (result.series(group_of(HEADS, "urban")) > result.series(group_of(HEADS, "rural"))).all()


def test_the_export_compares_groups_with_the_reference_run(runs: list[RunResult], tmp_path: Path) -> None:
    table = pd.read_csv(write_iamc(tmp_path, runs)[0]).set_index(["Scenario", "Variable"])["2023"]
    parts = [table["S5", group_of(EV, group)] for group in ("urban", "rural")]
    assert sum(parts) == pytest.approx(table["S5", EV], abs=1e-3 * abs(table["S5", YIELD]))
    assert table["S1", group_of(EV, "urban")] == 0.0


def test_an_economy_without_groups_has_no_such_rows() -> None:
    result = simulate(load_scenario("S1", SHORT | {"economy": "shandong_2017", "years.end": 2018}))
    assert not result.annual["variable"].str.contains("Urban Households").any()


CLASSES = {"low": 0.25, "lower_middle": 0.5, "middle": 0.8, "upper_middle": 1.25, "high": 2.2}
"""Classes by income of one's own making, and what they earn over the mean."""
AUCTIONED = {"allocation.auctioned_share": 1.0, "cap.tightness": 0.1}


def test_five_classes_of_one_s_own_take_the_place_of_town_and_country(tmp_path: Path) -> None:
    """A table of classes is all that it takes; paid by head, what a class gains falls with its income."""
    folder = tmp_path / "shanxi_classes"
    shutil.copytree(ECONOMIES / "shanxi_2022", folder)
    both = pd.read_csv(folder / "households.csv").pivot_table(index="item", columns="group", values="value", sort=False)
    persons = both.loc["persons"]
    rows = []
    for name, ratio in CLASSES.items():
        for item, whole in both.iterrows():
            each = (whole * persons).sum() / persons.sum() * ratio  # of income and consumption, per head
            bought = whole.sum() / len(CLASSES) * ratio
            value = persons.sum() / 5 if item == "persons" else bought if "bought" in str(item) else each
            rows.append((name, item, value, "as given", "estimate", "made up for a test"))
    table = pd.DataFrame(rows, columns=["group", "item", "value", "unit", "status", "source"])
    table.to_csv(folder / "households.csv", index=False)
    change = {"economy": str(folder), **TRADITIONAL, "years.end": 2023}
    s1, s5 = (simulate(load_scenario(name, change | own)) for name, own in (("S1", {}), ("S5", AUCTIONED)))
    whole = sum(s5.series(group_of(MONEY_METRIC, name)) for name in CLASSES)
    pd.testing.assert_series_equal(whole, s5.series(MONEY_METRIC), check_names=False, rtol=1e-4)
    income = [s5.series(group_of(HEADS, name))[2023] for name in CLASSES]
    assert income == sorted(income)
    gain = [s5.series(group_of(MONEY_METRIC, n))[2023] / s1.series(group_of(MONEY_METRIC, n))[2023] for n in CLASSES]
    assert gain == sorted(gain, reverse=True)
