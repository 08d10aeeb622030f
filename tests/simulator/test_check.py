"""``tanshi check``: a table, an exit code, and how emissions answer the carbon price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tanshi.equilibrium.province.closure import Closure
from tanshi.simulator.cli.app import main
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies import check
from tanshi.simulator.studies.check import accounts_and_closure, checks_of, emission_falls


def test_check_prints_every_figure_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    for word in ("benchmark replicates", "Walras", "homogeneity", "balanced growth", "219.0 Mtce", "All 17 checks"):
        assert word in out


def test_a_failed_check_is_an_exit_code_of_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checks_of(economy("shanxi_2022").accounts, Closure())
    spoilt = [replace(c, figure=1.0) if "Walras" in c.name else c for c in found]
    monkeypatch.setattr(check, "checks_of", lambda accounts, closure: spoilt)
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "FAILED" in out
    assert "1 of 17 checks failed" in out


@pytest.mark.parametrize(
    "words",
    [
        ["--economy", "mars"],
        ["--capital", "sticky"],
        ["--external-saving", "some"],
        ["--set", "closure.outside=flat"],
        ["S9"],
        ["S1", "--set", "closure.labour_supply=0.2", "--set", "closure.miners_wage=0.9"],
        ["three-provinces"],
    ],
)
def test_what_cannot_be_checked_is_the_user_s_mistake(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *words]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "cap.tightnes=0.1"], "--set: cap.tightnes: expected one of the fields"),
        (
            ["--capital", "mobile"],
            "got mobile. What the scenario says counts; --set closure.capital=mobile changes it.",
        ),
    ],
)
def test_what_does_not_go_with_a_scenario_is_told_by_its_option(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "S5", *words]) == 2
    assert f"  {words[0]}: " in (said := capsys.readouterr().err)
    assert told in said


def test_a_scenario_is_checked_under_its_own_closure() -> None:
    name, _, closure = accounts_and_closure("tax-100", {"closure.recycling": "labour", "closure.capital": "vintage"})
    assert (name, closure.recycling, closure.capital, closure.taxed) == ("shanxi_2022", "labour", "vintage", True)
    assert closure.capacity


def test_lump_sums_save_most_where_borders_bear_least_and_rebates_save_little() -> None:
    falls = emission_falls(economy("shanxi_2022").accounts, Closure()).set_index(["case", "price"])["against_zero"]
    for price in (100.0, 184.0):
        none, half, full = (
            falls[f"all eight sectors pay, lump-sum rents, border bears {theta}", price]
            for theta in ("0%", "50%", "100%")
        )
        rebated = falls["all eight pay, all rebated by output", price]
        assert none > half > full > 2 * rebated > 0
        assert falls["power alone pays, fixed borders", price] < none
