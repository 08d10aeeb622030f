"""Files, `extends` and overrides become one valid scenario."""

import pickle
from pathlib import Path

import pytest

from tanshi.scenarios.errors import ScenarioError
from tanshi.scenarios.load import load_scenario, load_scenarios
from tanshi.scenarios.schema import Scenario


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def test_a_file_says_only_what_differs(folder: Path) -> None:
    mine = load_scenario(write(folder, "mine.yaml", "extends: S4\ncap: {decline: 0.05}\n"))
    base = load_scenario("S4")
    assert mine.cap.decline == 0.05
    assert mine.cap.tightness == base.cap.tightness
    assert mine.coverage == base.coverage
    assert mine.extends is None


def test_a_file_without_extends_starts_from_the_defaults(folder: Path) -> None:
    scenario = load_scenario(write(folder, "own.yaml", "coverage: {ELEC: trading}\n"))
    assert scenario.coverage.sectors("trading") == ("ELEC",)
    assert scenario.firms.number == 600


def test_extending_nothing_is_the_same_as_not_extending(folder: Path) -> None:
    assert load_scenario(write(folder, "own.yaml", "extends: null\nseed: 4\n")).seed == 4


def test_a_name_is_the_files_own_and_is_not_inherited(folder: Path) -> None:
    scenario = load_scenario(write(folder, "碳价.yaml", "extends: S5\n"))
    assert scenario.name == "碳价"
    assert scenario.title == ""


def test_chains_of_extends_are_followed_nearest_first(folder: Path) -> None:
    (folder / "deep").mkdir()
    write(folder / "deep", "a.yaml", "extends: S5\nseed: 5\nfirms: {number: 80, discount_rate: 0.2}\n")
    write(folder, "b.yaml", "extends: deep/a.yaml\nfirms: {number: 90}\n")
    scenario = load_scenario(write(folder, "c.yaml", "extends: b.yaml\ncoverage: {AIR: none}\n"))
    assert (scenario.seed, scenario.firms.number, scenario.firms.discount_rate) == (5, 90, 0.2)
    assert "AIR" not in scenario.coverage.sectors("trading")
    assert "PAPER" in scenario.coverage.sectors("trading")


def test_null_takes_an_inherited_number_away(folder: Path) -> None:
    name = write(folder, "mine.yaml", "extends: S1\ncoupling: {adjustment_rate: null}\n")
    scenario = load_scenario(name)
    assert scenario.coupling.adjustment_rate is None


def test_overrides_are_laid_over_the_file(folder: Path) -> None:
    name = write(folder, "mine.yaml", "extends: S1\nfirms: {number: 10}\n")
    shares = {"truthful": 1, "scheduled": 0}
    scenario = load_scenario(name, {"firms.number": 20, "years.end": 2025, "firms.strategies": shares})
    assert scenario.firms.number == 20
    assert (scenario.years.start, scenario.years.end) == (2022, 2025)
    assert {name: share for name, share in scenario.firms.strategies.as_dict().items() if name in shares} == shares


def test_a_scenario_travels_to_another_process_and_back() -> None:
    scenario = load_scenario("S5")
    assert pickle.loads(pickle.dumps(scenario)) == scenario  # noqa: S301 - what a process pool does


def test_the_scenario_as_plain_data_reads_back_the_same() -> None:
    scenario = load_scenario("S3")
    assert type(scenario).model_validate_json(scenario.model_dump_json()) == scenario


def test_two_scenarios_of_one_name_are_refused(folder: Path) -> None:
    name = write(folder, "mine.yaml", "extends: S1\nname: S4\n")
    with pytest.raises(ScenarioError, match=r"mine\.yaml: .* different names, got S4 twice"):
        load_scenarios(["S4", name])


def test_text_with_a_byte_order_mark_is_read(folder: Path) -> None:
    (folder / "mine.yaml").write_bytes(b"\xef\xbb\xbfextends: S1\n")
    assert load_scenario("mine.yaml").name == "mine"


def test_a_scenario_without_banking_is_the_same_when_it_is_read_back() -> None:
    scenario = load_scenario("S5", {"banking.allowed": False})
    assert scenario.banking.horizon == 0
    assert Scenario.model_validate(scenario.model_dump()) == scenario
