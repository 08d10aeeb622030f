"""A scenario with weights of its own, and what the command says of bad ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.cli.app import main
from tanshi.simulator.drift.weights import load_default, save
from tanshi.simulator.studies.batches.batch import run_key


def scenario_file(tmp_path: Path, weights: Path) -> str:
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: S1\nname: mine\ndrift: {{mode: neural, weights: {weights}}}\n")
    return str(file)


def test_the_content_of_the_weights_is_part_of_the_runs_id_and_their_place_is_told(tmp_path: Path) -> None:
    save(load_default(), tmp_path / "w")
    name = scenario_file(tmp_path, tmp_path / "w")
    first = run_key(load_scenario(name))
    assert "+drift-" in first.data
    assert run_key(load_scenario(name)).id == first.id
    default = load_default()
    save(replace(default, rate=default.rate * 1.01), tmp_path / "w")
    assert run_key(load_scenario(name)).id != first.id
    assert "+drift-" not in run_key(load_scenario("S1")).data


@pytest.mark.parametrize(
    ("change", "text"),
    [(None, "card.json is absent"), ({"version": 1}, "version 1"), ({"state_size": 5}, "state_size 5")],
)
def test_absent_or_foreign_weights_are_a_message_and_no_traceback(
    change: dict[str, int] | None, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "w"
    if change is not None:
        save(load_default(), folder)
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps({**card, **change}))
    code = main(["run", scenario_file(tmp_path, folder), "--out", str(tmp_path / "out")])
    told = capsys.readouterr()
    assert code in (1, 2)
    assert text in (told.err + told.out).replace("\n", " ")
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["2023-01-31,50", "2023-01-31,51"], "one price a date"),
        (["2023-01-31,-5"], "a price above 0"),
        (["2023-01-31,50"] * 1, "at least 2 calendar years"),
    ],
)
def test_a_bad_price_file_is_refused_before_anything_is_computed(
    rows: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchdiffeq")
    (tmp_path / "p.csv").write_text("\n".join(["date,close", *rows]) + "\n")
    code = main(["train", "--prices", str(tmp_path / "p.csv"), "--out", str(tmp_path / "w"), "--work", str(tmp_path)])
    assert code == 2
    assert text in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--variant", "papr"], "paper"),
        (["--variant", "paper"], "--out"),
        (["--evaluate", "--generate"], "One thing at a time"),
    ],
)
def test_train_says_what_it_cannot_do(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torchdiffeq")
    assert main(["train", *words]) == 2
    assert text in capsys.readouterr().err
