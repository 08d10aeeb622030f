"""Which sectors can be covered is said by an economy's figures: a province without an airline's firms has seven."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.economy import economy_folder
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.drift.weights import WeightsError
from tanshi.simulator.model import CarbonMarket, simulate
from tests.sectors import SECTORS

SEVEN = tuple(sector for sector in SECTORS if sector != "AIR")
SMALL = {"years.end": 2023, "firms.number": 21, "market.periods_per_year": 1, "banking.horizon": 0}


@pytest.fixture(scope="module")
def grounded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shanxi without firms of aviation."""
    folder = tmp_path_factory.mktemp("economies") / "grounded_2022"
    shutil.copytree(economy_folder("shanxi_2022"), folder)
    firms = pd.read_csv(folder / "population.csv")
    firms[firms["sector"] != "AIR"].to_csv(folder / "population.csv", index=False)
    return str(folder)


def test_everything_by_sector_has_the_length_of_the_economy_s_own(grounded: str) -> None:
    run = simulate(load_scenarios(["S1"], {**SMALL, "economy": grounded, "drift.mode": "none"})[0])
    columns = {name.removeprefix("emissions_") for name in run.periods.columns if name.startswith("emissions_")}
    assert columns == set(SEVEN)
    assert run.series("Price|Carbon")[2023] > 0
    assert run.series("Emissions|CO2|Aviation").min() > 0  # it flies on, and nobody there trades


def test_seven_sectors_emit_what_they_do_among_eight(grounded: str) -> None:
    """Who may be covered moves nothing where nobody new is: the same equilibrium, to the solver's tolerance."""
    asked = {**SMALL, "drift.mode": "none", "market.mode": "equilibrium"}
    seven, eight = (simulate(load_scenarios(["S1"], {**asked, **more})[0]) for more in ({"economy": grounded}, {}))
    for name in ("Price|Carbon", "Emissions|CO2", "Emissions|CO2|Aviation", "GDP|MER"):
        np.testing.assert_allclose(*(run.series(name) for run in (seven, eight)), rtol=1e-6)


def test_a_drift_trained_for_other_sectors_is_refused(grounded: str) -> None:
    with pytest.raises(WeightsError, match=r"trained for the sectors .*AIR, this economy has ELEC.*PAPER;.*drift mode"):
        CarbonMarket(load_scenarios(["S1"], {**SMALL, "economy": grounded, "drift.mode": "neural"})[0])


@pytest.mark.parametrize("where", ["coverage", "shock"])
def test_a_sector_without_firms_cannot_be_covered(grounded: str, where: str) -> None:
    change = {"coverage.AIR": "trading"}
    if where == "shock":
        change = {"shock.year": 2023, "shock.period": 1, "shock.sectors": ["AIR"]}  # type: ignore[dict-item]
    scenario = load_scenarios(["S1"], {**SMALL, "economy": grounded, "drift.mode": "none", **change})[0]
    with pytest.raises(UserError, match=f"has no firms of a sector.*(?s:.*){where}.*AIR"):
        CarbonMarket(scenario)
