"""A scenario changes single figures of its economy; the accounts are built anew from them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import ScenarioError, UserError
from tanshi.scenarios.figures import ADDRESSES, catalogue, with_changes
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.parameters import describe_parameters
from tanshi.simulator.run.ground.economy import economy

SHANXI = "shanxi_2022"


def test_every_figure_has_its_value_unit_status_and_source() -> None:
    figures = catalogue(SHANXI)
    assert {figure.table for figure in figures.values()} == set(ADDRESSES)
    for path, figure in figures.items():
        assert path.startswith(f"economy.{figure.table}.")
        assert figure.unit
        assert figure.status
        assert figure.source
        assert figure.value >= figure.lowest
        if figure.low is not None and figure.high is not None:
            assert figure.low <= figure.value <= figure.high


def test_no_figure_has_the_name_of_a_scenarios_field() -> None:
    assert not set(catalogue(SHANXI)) & {row.name for row in describe_parameters()}


@pytest.mark.parametrize(
    "path",
    [
        "economy.elasticities.ELEC.armington",
        "economy.sectors.COAL.value_added",
        "economy.use_prior.STEEL.CONS",
        "economy.fuel_growth.ELEC.*",
        "economy.process_co2.NMM",
        "economy.institutions.household_tax_rate",
    ],
)
def test_a_changed_figure_changes_the_balanced_accounts(path: str) -> None:
    base = economy(SHANXI).accounts
    changed = economy(SHANXI, {path: catalogue(SHANXI)[path].value * 1.05}).accounts
    same = (
        base.sam.equals(changed.sam)
        and base.elasticities.equals(changed.elasticities)
        and base.fuel.equals(changed.fuel)
        and base.process_co2.equals(changed.process_co2)
    )
    assert not same
    receipts, payments = changed.sam.sum(axis=1), changed.sam.sum(axis=0)
    assert ((receipts - payments).abs() <= 1e-9 * receipts.abs().clip(lower=1.0)).all()


def test_the_original_tables_stay_as_they_are() -> None:
    figures = load_economy(SHANXI)
    before = figures.controls.copy()
    changed = with_changes(figures, {"economy.controls.gdp": 26_000})
    pd.testing.assert_frame_equal(figures.controls, before)
    assert changed.value("controls", "gdp") == 26_000
    assert changed.elasticities is figures.elasticities


def test_the_same_figures_share_one_economy_whatever_their_order() -> None:
    one = {"economy.controls.gdp": 25_700.0, "economy.process_co2.NMM": 13.0}
    assert economy(SHANXI, one) is economy(SHANXI, dict(reversed(one.items())))
    assert economy(SHANXI) is economy(SHANXI, {})


def test_wrong_figures_in_a_file_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: S1\nfigures:\n  economy.elasticities.ELEC.armingto: 2\n  economy.controls.gdp: -3\n"
        "  economy.controls.primary: many\n"
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "mine.yaml")
    problems = caught.value.problems
    assert [(p.line, p.field.split(".")[-1]) for p in problems] == [(3, "armingto"), (4, "gdp"), (5, "primary")]
    assert "Did you mean economy.elasticities.ELEC.armington?" in problems[0].hint
    assert problems[1].expected == "a number >= 0 [yi yuan]"


def test_a_figure_can_be_overridden_by_its_path_and_extended() -> None:
    scenario = load_scenario("S1", {"economy.elasticities.ELEC.armington": 2.5})
    assert scenario.figures == {"economy.elasticities.ELEC.armington": 2.5}
    with pytest.raises(UserError, match="expected a figure of the economy"):
        economy(SHANXI, {"economy.nothing": 1.0})
