"""The whole reproduction, small: few firms, two periods a year, one draw; stopped and gone on with; shares of draws."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.cli.app import main
from tanshi.simulator.results.store import RunExists
from tanshi.simulator.studies.reproduction.claims import all_claims, choose_claims
from tanshi.simulator.studies.reproduction.study import Reproduction, claim_folder, reproduce
from tanshi.simulator.studies.reproduction.uncertainty import Draws, draw_plan, is_drawn, shares_of
from tanshi.simulator.studies.reproduction.verdicts import CONSTRUCTED, IN_SHAPE, NOT, REPRODUCED, UNTESTABLE, VERDICTS
from tanshi.simulator.views.reproduction.files import claims_table, write_page, write_reproduction
from tests.simulator.studies.conftest import contents

SMALL: dict[str, object] = {
    "firms.number": 16,
    "market.periods_per_year": 2,
    "banking.horizon": 0,
    "years.end": 2024,
    "drift.mode": "none",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reproduction") / "out"


@pytest.fixture(scope="module")
def small(folder: Path) -> Reproduction:
    return reproduce(all_claims(), folder, seeds=1, draws=1, overrides=SMALL, workers=1)


def test_every_claim_gets_one_of_the_verdicts_and_a_reason(small: Reproduction) -> None:
    assert len(small.findings) == len(small.claims) == len(all_claims())
    assert {finding.verdict for finding in small.findings} <= set(VERDICTS)
    assert all(finding.reason for finding in small.findings)


def test_allocation_alone_changes_nothing_and_is_by_construction(small: Reproduction) -> None:
    verdicts = {c.id: f.verdict for c, f in zip(small.claims, small.findings, strict=True)}
    assert verdicts["huo-27"] == verdicts["huo-33"] == CONSTRUCTED
    assert verdicts["huo-16"] == CONSTRUCTED


def test_claims_beyond_the_runs_years_are_not_testable(small: Reproduction) -> None:
    found = {c.id: f for c, f in zip(small.claims, small.findings, strict=True)}
    assert found["huo-17"].verdict == UNTESTABLE
    assert "the claim is about 2030" in found["huo-17"].reason
    assert small.multiplier is None


def test_each_draw_is_judged_by_the_same_rules_in_both_modes(small: Reproduction) -> None:
    assert small.draws is not None
    assert small.draws.used == 1
    assert set(small.draws.verdicts["mode"]) == {"cheap", "own"}
    assert small.shares["huo-27"].holds == 1.0
    assert small.shares["huo-03"].checked == 1


def test_tables_figures_and_pages_are_written_and_say_the_same(
    small: Reproduction, folder: Path, tmp_path: Path
) -> None:
    blocks, pictures = write_reproduction(small, folder, "tanshi reproduce")
    write_page(tmp_path / "page.md", blocks, pictures)
    table = pd.read_csv(folder / "claims.csv")
    assert list(table["id"]) == [claim.id for claim in small.claims]
    assert list(table["verdict"]) == list(claims_table(small)["verdict"])
    page, text = (folder / "reproduction.html").read_text(), "".join(p.read_text() for p in tmp_path.glob("*.md"))
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    for claim in small.claims:
        if not claim.id.startswith("yang-t"):
            assert claim.id in page
            assert claim.id in text
    assert {path.stem for path in (folder / "figures").glob("*.png")} == set(pictures)
    assert len(list((tmp_path / "images").glob("reproduction_*.png"))) == len(pictures)


def test_the_same_command_goes_on_and_gives_the_same_bytes(small: Reproduction, folder: Path) -> None:
    before = {place: contents(folder / place) for place in ("runs", "draws", "comparison")}
    kept = (folder / "runs" / "S5" / "run.json").stat().st_mtime_ns
    shutil.rmtree(folder / "runs" / "S4-traditional")
    again = reproduce(small.claims, folder, seeds=1, draws=1, overrides=SMALL, workers=1)
    assert {place: contents(folder / place) for place in ("runs", "draws", "comparison")} == before
    assert (folder / "runs" / "S5" / "run.json").stat().st_mtime_ns == kept
    pd.testing.assert_frame_equal(claims_table(again), claims_table(small), check_exact=True)


def test_the_command_prints_the_verdicts_counted_and_where_the_page_is(
    small: Reproduction, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def stand_in(claims: object, out: Path, **given: object) -> Reproduction:
        asked.update(given)
        return small

    monkeypatch.setattr("tanshi.simulator.studies.reproduction.study.reproduce", stand_in)
    monkeypatch.setattr("tanshi.simulator.views.reproduction.files.write_reproduction", lambda *given: ([], {}))
    page = tmp_path / "page.md"
    assert main(["reproduce", "--out", str(tmp_path), "--seeds", "3", "--draws", "7", "--page", str(page)]) == 0
    said = capsys.readouterr().out
    assert "Huo et al. 2026: 78 claims on the paper's assumptions" in said
    assert "Huo et al. 2026: 78 claims on data" in said
    assert "reproduction.html" in said
    assert (asked["seeds"], asked["draws"]) == (3, 7)
    assert page.is_file()


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunExists, match=r"thesis\.txt"):
        claim_folder(tmp_path)
    claim_folder(tmp_path, overwrite=True)
    assert main(["reproduce", "--out", str(tmp_path), "--draws", "1"]) == 2
    assert "no part of a reproduction" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(RunExists, match="is a file"):
        claim_folder(tmp_path / "thesis.txt")
    claim_folder(tmp_path / "new")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--claim", "huo-999"], "the id of a claim"),
        (["--draws", "0"], "--draws"),
        (["--seeds", "0"], "--seeds"),
        (["--page", "page.html"], "ends in .md"),
        (["--set", "cap.tightnes=0.1"], "tightness"),
        (["--set", "years.end=2061"], "2060"),
    ],
)
def test_a_mistake_ends_with_one_message_and_nothing_written(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "--out", "out", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.parquet"))


def test_a_claim_whose_rule_does_not_exist_is_refused_before_anything_runs(tmp_path: Path) -> None:
    from dataclasses import replace

    claim = replace(choose_claims(["huo-02"])[0], rule="guess")
    with pytest.raises(UserError, match="guess"):
        reproduce([claim], tmp_path / "out", seeds=1, draws=1)
    assert not (tmp_path / "out").exists()


def test_draws_vary_what_the_ready_made_sweeps_vary() -> None:
    plan = draw_plan([load_scenario("S1"), load_scenario("S5")], 20)
    titles = {factor.title for factor in plan.factors}
    assert {"Value added of coal", "own against other provinces (Armington)"} <= titles
    assert plan.spec.design.samples == 20


def test_only_claims_that_rest_on_the_scenarios_alone_are_drawn() -> None:
    drawn = {claim.id for claim in all_claims() if is_drawn(claim)}
    assert {"huo-03", "huo-27", "huo-48"} <= drawn
    assert not {"huo-07", "huo-11", "huo-55", "huo-58", "huo-76", "huo-78", "yang-03"} & drawn


def test_shares_count_the_draws_in_which_a_claim_holds() -> None:
    rows = [(1, "cheap", REPRODUCED), (2, "cheap", IN_SHAPE), (3, "cheap", NOT), (4, "cheap", UNTESTABLE),
            (1, "own", REPRODUCED), (2, "own", NOT)]  # fmt: skip
    verdicts = pd.DataFrame([(p, mode, "huo-03", v) for p, mode, v in rows], columns=["point", "mode", "id", "verdict"])
    share = shares_of(Draws(verdicts, (), {}, {}, 4), {"huo-03": REPRODUCED})["huo-03"]
    assert (share.draws, share.holds, share.same) == (3, pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert (share.checked, share.agreement) == (2, 0.5)
