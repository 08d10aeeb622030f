"""An economy's figures say which sectors can be covered: seven without an airline's firms, nine with machinery's."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from ruamel.yaml import YAML

from tanshi.scenarios.economy import economy_folder
from tanshi.scenarios.errors import ScenarioError, UserError
from tanshi.scenarios.load import load_scenarios
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.weights import WeightsError
from tanshi.simulator.model import CarbonMarket, simulate
from tanshi.simulator.results.iamc import iamc_table, variable_definitions
from tanshi.simulator.results.tables import identity_gaps
from tanshi.simulator.results.variables import SECTORS as ACCOUNTED
from tanshi.simulator.views.charts.balances import cost_figure, emissions_figure
from tanshi.simulator.views.sectors import SECTOR_COLOURS
from tanshi.simulator.views.words import plain_words
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
        np.testing.assert_allclose(seven.series(name), eight.series(name), rtol=1e-6)


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


@pytest.fixture(scope="module")
def with_machinery(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shanxi with firms of machinery, alike those of non-ferrous metals."""
    folder = tmp_path_factory.mktemp("economies") / "machines_2022"
    shutil.copytree(economy_folder("shanxi_2022"), folder)
    firms = pd.read_csv(folder / "population.csv")
    made = firms[firms["sector"] == "NFM"].assign(sector="MACH")
    pd.concat([firms, made]).to_csv(folder / "population.csv", index=False)
    return str(folder)


NINE = {**SMALL, "firms.number": 27, "drift.mode": "none"}


@pytest.mark.parametrize("mode", ["agents", "equilibrium"])
def test_a_ninth_sector_trades_where_an_economy_has_its_firms(with_machinery: str, mode: str) -> None:
    asked = {**NINE, "economy": with_machinery, "market.mode": mode}
    out, within = (
        simulate(load_scenarios(["S2"], {**asked, "coverage.MACH": word})[0]) for word in ("none", "trading")
    )
    cost, sold = "Cost|Carbon|Machinery", "Trade|Emissions Allowances|Machinery [Volume]"
    assert out.series(sold).abs().max() == 0
    assert within.series(sold).abs()[2023] > 0
    assert within.series(cost)[2023] != 0
    assert within.series("Emissions|CO2|Machinery")[2023] < out.series("Emissions|CO2|Machinery")[2023]
    cap = "Carbon Market|Cap"  # its frozen baseline less the cut comes to the cap of the others
    assert within.series(cap)[2023] - out.series(cap)[2023] == pytest.approx(
        0.95 * within.series("Emissions|CO2|Machinery")[2023], rel=0.1
    )
    assert max(identity_gaps(within).values()) < 1e-6


def test_a_ninth_sector_is_drawn_named_and_exported_like_the_others(with_machinery: str) -> None:
    run = simulate(load_scenarios(["S2"], {**NINE, "economy": with_machinery, "coverage.MACH": "trading"})[0])
    wide = {"S2": run.annual.pivot(index="year", columns="variable", values="value")}
    bars = cost_figure(wide, "")
    names = [label.get_text() for label in bars.axes[0].get_yticklabels()]
    assert names[-1] == "Machinery"
    lengths = [bar.get_width() for bar in bars.axes[0].patches]
    assert lengths[-1] == pytest.approx(run.series("Cost|Carbon|Machinery")[2023])
    (colour,) = {tuple(band.get_facecolor()[0]) for band in emissions_figure(wide, "").axes[0].collections
                 if band.get_label() == "Machinery"}  # fmt: skip
    assert colour[:3] == pytest.approx(to_rgb(SECTOR_COLOURS["MACH"]))
    assert len({SECTOR_COLOURS[code] for code in ACCOUNTED}) == len(ACCOUNTED)  # nobody looks like another
    assert "machinery" in plain_words([run])
    exported = set(iamc_table([run])["Variable"])
    assert "Trade|Emissions Allowances|Machinery [Volume]" in exported
    defined = YAML(typ="safe").load(variable_definitions())
    assert exported <= {name for one in defined for name in one}


def test_a_ninth_sector_moves_nothing_as_long_as_it_is_outside(with_machinery: str) -> None:
    """Its name among those that could be covered changes no answer of the equilibrium, to the solver's tolerance."""
    asked = {**SMALL, "drift.mode": "none", "market.mode": "equilibrium"}
    nine = simulate(load_scenarios(["S1"], {**asked, "economy": with_machinery})[0])
    eight = simulate(load_scenarios(["S1"], asked)[0])
    for name in ("Price|Carbon", "Emissions|CO2", "Emissions|CO2|Machinery", "GDP|MER"):
        np.testing.assert_allclose(nine.series(name), eight.series(name), rtol=1e-6)


WRONG = """\
extends: S1
coverage:
  MACH: none
cap:
  by_sector: {MACH: 0.9}
sectors:
  MACH: {method: outputs}
shock: {year: 2024, sectors: [MACH]}
"""


def test_a_sector_that_the_economy_lacks_is_said_by_line(tmp_path: Path, with_machinery: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(WRONG, encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenarios([str(file)])
    lines = [(p.line, p.field) for p in refused.value.problems if p.got == "the sector 'MACH'"]
    assert lines == [(3, "coverage.MACH"), (5, "cap.by_sector.MACH"), (7, "sectors.MACH"), (8, "shock.sectors")]
    with pytest.raises(ScenarioError) as refused:  # there its economy has them, and one word alone is wrong
        load_scenarios([str(file)], {"economy": with_machinery})
    (problem,) = refused.value.problems
    assert (problem.line, problem.field, problem.got) == (7, "sectors.MACH.method", "'outputs'")


@pytest.mark.parametrize("field", ["coverage", "sectors", "cap.by_sector", "allocation.benchmarks"])
def test_a_scenario_made_without_a_file_is_held_against_the_economy_too(field: str) -> None:
    said: object = {"coverage": {"MACH": "trading"}, "sectors": {"MACH": {"status": "none"}}}.get(field, {"MACH": 0.9})
    for key in reversed(field.split(".")[1:]):
        said = {key: said}
    more = {"regime": "tps"} if "benchmarks" in field else {}
    given = {"name": "own", **({"cap": more} if more else {}), field.split(".")[0]: said}
    with pytest.raises(UserError, match=f"has no firms of a sector(?s:.*){field}.*MACH"):
        CarbonMarket(Scenario.model_validate(given))
