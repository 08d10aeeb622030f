"""A sweep's file is checked whole before anything runs; a parameter's quantile function says what it draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshi.scenarios.document import names_in
from tanshi.scenarios.draws import Factor, drawn, vary
from tanshi.scenarios.errors import Problem
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.sweep import Draw
from tanshi.scenarios.sweep_load import SWEEPS, SweepError, load_sweep, plan_from

VARIABLES = (
    *("Price|Carbon", "Carbon Market|Trading Volume", "Carbon Market|Net Transfers", "Emissions|CO2", "GDP|MER"),
    "Compliance|Shortfall",
)
ORIGINAL = {path: figure.value for path, figure in catalogue("shanxi_2022").items()}
HEAD = "scenarios: [S1]\n"
TWO = HEAD + "parameters:\n  cap.tightness: {uniform: [0, 0.1]}\n  cap.decline: {uniform: [0, 0.1]}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems_of(text: str) -> tuple[Problem, ...]:
    Path("mine.yaml").write_text(text)
    with pytest.raises(SweepError) as caught:
        load_sweep("mine.yaml", VARIABLES)
    return caught.value.problems


def parameter(text: str) -> str:
    return f"{HEAD}parameters:\n  {text}\n"


# text of the file, line, part of the field, of what was expected, of what was got, of the hint
CASES = {
    "a bound that is not set, multiplied": (
        parameter("price.ceiling: {relative: true, uniform: [0.8, 1.2]}"), 3, "price.ceiling", "to multiply", "nothing",
        "",
    ),
    "a choice multiplied": (
        parameter("coverage.ELEC: {relative: true, uniform: [0.8, 1.2]}"), 3, "coverage.ELEC", "to multiply",
        "'trading'", "",
    ),
    "the complement of a word": (
        parameter('firms.strategies.zic: {values: ["a"], complement: firms.strategies.zip}'), 3, "values", "numbers",
        "'a'", "",
    ),
    "a range wider than numbers reach": (
        parameter("firms.number: {uniform: [-1.0e+308, 1.0e+308]}"), 3, "uniform", "between", "1e+308", ""),
    "an unknown field": (TWO + "desing: {}\n", 5, "desing", "design", "'desing'", "design?"),
    "an unknown field of a draw": (
        parameter("cap.tightness: {unform: [0, 1]}"), 3, "cap.tightness.unform", "uniform", "unform", "uniform?"),
    "a list for a draw": (
        parameter("cap.tightness: [0, 0.1]"), 3, "cap.tightness", "title, fields, uniform", "[0, 0.1]", ""),
    "a list of parameters": (HEAD + "parameters: [cap.tightness]\n", 2, "parameters", "a group of fields", "[", ""),
    "a design that is not there": (
        TWO + "design: {method: soboll}\n", 5, "design.method", "one of qmc, lhs", "'soboll'", "sobol?"),
    "no scenario": ("parameters: {cap.tightness: {uniform: [0, 0.1]}}\n", None, "scenarios", "a value", "nothing", ""),
    "an unknown scenario": (TWO.replace("S1", "S9"), 1, "scenario", "S1, S2", "'S9'", "S5?"),
    "no parameter": (HEAD + "parameters: {}\n", 2, "parameters", "at least 1", "{}", ""),
    "an unknown path": (
        parameter("cap.tightnes: {uniform: [0, 0.1]}"), 3, "cap.tightnes", "a field", "tightnes", "cap.tightness?"),
    "an unknown figure": (
        parameter("economy.controls.gpd: {uniform: [1, 2]}"), 3, "gpd", "a figure", "gpd", "economy.controls.gdp?"),
    "no distribution": (parameter("cap.tightness: {}"), 3, "cap.tightness", "exactly one", "none", ""),
    "two distributions": (
        parameter("cap.tightness: {uniform: [0, 0.1], values: [0.1]}"), 3, "", "exactly one", "uniform and values", ""),
    "a range upside down": (
        parameter("cap.tightness: {uniform: [0.1, 0]}"), 3, "uniform", "below the highest", "0.1 and 0", ""),
    "a logarithm of nothing": (
        parameter("penalty.price: {loguniform: [0, 10]}"), 3, "loguniform", "above 0", "0", ""),
    "an endless number among values": (
        parameter("firms.number: {values: [24, .inf]}"), 3, "values", "finite numbers", "[24, inf]", ""),
    "no number among values": (
        parameter("firms.number: {values: [.nan]}"), 3, "values", "finite numbers", "[nan]", ""),
    "a distribution beyond the schema": (
        parameter("cap.tightness: {uniform: [0, 1.5]}"), 3, "uniform", "cap.tightness to be a number >= 0 and < 1",
        "1.5", ""),
    "a tail beyond the schema": (
        parameter("cap.tightness: {normal: [0.1, 0.1]}"), 3, "normal", "cap.tightness", "-0.2", ""),
    "a word that is no choice": (
        parameter("drift.mode: {values: [none, wild]}"), 3, "values", "drift.mode", "'wild'", ""),
    "a figure beyond its published range": (
        parameter("economy.elasticities.ELEC.armington: {uniform: [0.1, 2]}"), 3, "armington", "published range",
        "0.1", "beyond_range"),
    "a negative figure": (
        parameter("economy.process_co2.NMM: {uniform: [-2, 1], beyond_range: true}"), 3, "NMM", ">= 0", "-2", ""),
    "no published range": (
        parameter("economy.controls.gdp: {published: true}"), 3, "gdp", "a published range", "has none", "ends"),
    "the seed as a parameter": (parameter("seed: {values: [1, 2]}"), 3, "seed", "varied", "'seed'", "`seeds`"),
    "two parameters for one field": (
        parameter("cap.decline: {uniform: [0, 0.1]}\n  mine: {fields: [cap.decline], uniform: [0, 0.1]}"), 4, "mine",
        "cap.decline does not set too", "cap.decline", ""),
    "shares that miss one": (
        parameter("firms.strategies.truthful: {uniform: [0, 1]}"), 3, "truthful", "sum to 1", "", ""),
    "a sample that is no power of two": (
        TWO + "design: {method: sobol, samples: 100}\n", 5, "design.samples", "power of two", "100", "64 or 128"),
    "one parameter for Sobol": (
        parameter("cap.tightness: {uniform: [0, 0.1]}\ndesign: {method: sobol}"), 2, "parameters", "two", "1", ""),
    "odd levels for Morris": (TWO + "design: {method: morris, levels: 3}\n", 5, "levels", "even", "3", ""),
    "too many runs": (TWO + "design: {method: grid, levels: 100}\nseeds: [" + ", ".join(map(str, range(200))) + "]\n",
                      5, "design", "at most 1,000,000 runs", "2,000,000", ""),
    "a seed twice": (TWO + "seeds: [1, 1]\n", 5, "seeds", "each seed once", "[1, 1]", ""),
    "an unknown output": (
        TWO + "outputs: {p: {variable: Price|Carbn}}\n", 5, "outputs.p", "annual variable", "Carbn", "Price|Carbon?"),
    "an output beyond the years": (
        TWO + "outputs: {p: {variable: Price|Carbon, year: 2050}}\n", 5, "outputs.p.year", "2022 to 2030", "2050", ""),
    "a wrong setting for all": (TWO + "set: {firms.number: -1}\n", 5, "set.firms.number", ">= 8", "-1", ""),
    "an empty file": ("", None, "", "fields", "an empty file", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("folder")
def test_a_mistake_is_told_with_its_place_and_what_was_expected(case: str) -> None:
    text, line, field, expected, got, hint = CASES[case]
    problems = problems_of(text)
    assert len(problems) == 1, problems
    (problem,) = problems
    assert problem.line == line
    for part, whole in ((field, problem.field), (expected, problem.expected), (got, problem.got), (hint, problem.hint)):
        assert part in whole


@pytest.mark.usefixtures("folder")
def test_all_mistakes_are_told_at_once() -> None:
    problems = problems_of(
        HEAD + "parameters:\n  cap.tightnes: {uniform: [0, 1]}\n  cap.decline: {uniform: [0, 2]}\n"
        "design: {method: sobol, samples: 100}\noutputs: {p: {variable: Price}}\n"
    )
    assert [p.line for p in problems] == [3, 4, 5, 6]


def test_an_unknown_sweep_names_those_there_are() -> None:
    with pytest.raises(SweepError, match="Did you mean coverage"):
        load_sweep("coverag", VARIABLES)


@pytest.mark.parametrize("name", names_in(SWEEPS))
def test_every_ready_made_sweep_loads_and_reads_back(name: str) -> None:
    plan = load_sweep(name, VARIABLES)
    assert plan.factors
    assert plan_from(plan.as_data(), VARIABLES) == plan


def test_ready_made_sweeps_are_those_of_the_documentation() -> None:
    assert set(names_in(SWEEPS)) == {
        *(
            "cap",
            "coverage",
            "benchmarks",
            "elasticities",
            "abatement_spread",
            "strategies",
            "drift",
            "initial_states",
            "weak_cells",
            "robust",
        )
    }


@pytest.mark.parametrize("name", names_in(SWEEPS))
def test_a_change_against_a_scenario_is_not_called_a_loss(name: str) -> None:
    """It is below zero where less is made: called a loss, the least of it would be the worst."""
    told = {output: spec.against for output, spec in load_sweep(name, VARIABLES).spec.outputs.items()}
    assert [output for output, against in told.items() if against and "loss" in output] == []


def test_the_template_is_a_sweep() -> None:
    from tanshi import scenarios

    template = Path(scenarios.__file__).parent / "templates" / "sweep.yaml"
    assert len(load_sweep(template, VARIABLES).factors) == 5


DRAWS = {
    "uniform": Draw(uniform=[2.0, 6.0]),
    "loguniform": Draw(loguniform=[0.1, 10.0]),
    "triangular": Draw(triangular=[0.0, 1.0, 4.0]),
    "normal": Draw(normal=[5.0, 2.0]),
}
ENDS = {"uniform": (2.0, 6.0), "loguniform": (0.1, 10.0), "triangular": (0.0, 4.0), "normal": (-1.0, 11.0)}
MEDIANS = {"uniform": 4.0, "loguniform": 1.0, "triangular": 4.0 - 6.0**0.5, "normal": 5.0}


@pytest.mark.parametrize("kind", DRAWS)
@given(one=st.floats(0, 1), other=st.floats(0, 1))
def test_a_quantile_function_rises_between_its_ends(kind: str, one: float, other: float) -> None:
    factor = Factor("x", "x", ("x",), DRAWS[kind])
    low, high = sorted((one, other))
    assert factor.ends() == pytest.approx(ENDS[kind])
    assert ENDS[kind][0] - 1e-9 <= factor.quantile(low) <= factor.quantile(high) + 1e-12 <= ENDS[kind][1] + 1e-9
    assert factor.quantile(0.5) == pytest.approx(MEDIANS[kind])


def factor(name: str, draw: dict[str, Any]) -> Factor:
    fields = tuple(draw.get("fields", (name,))) if "variants" not in draw else ()
    return Factor(name, name, fields, Draw(**draw))


def test_variants_change_several_fields_together_and_keep_the_others() -> None:
    f = factor("who", {"variants": {"a": {"coverage": {"STEEL": "trading"}}, "b": {"coverage.AIR": "trading"}}})
    base = load_scenario("S1")
    values, overrides = drawn([f], [0.2], base, ORIGINAL)
    assert values == {"who": "a"}
    assert vary(base, overrides).coverage.sectors("trading") == ("ELEC", "STEEL")
    assert vary(base, drawn([f], [0.9], base, ORIGINAL)[1]).coverage.sectors("trading") == ("ELEC", "AIR")


def test_a_relative_draw_multiplies_what_is_there() -> None:
    path = "economy.controls.gdp"
    both = factor("both", {"fields": [path, "penalty.price"], "relative": True, "uniform": [0.0, 2.0]})
    base = load_scenario("S1")
    changed = vary(base, drawn([both], [0.75], base, ORIGINAL)[1])
    assert changed.figures[path] == pytest.approx(1.5 * ORIGINAL[path])
    assert changed.penalty.price == pytest.approx(1.5 * base.penalty.price)
    again = vary(changed, drawn([both], [0.5], changed, ORIGINAL)[1])
    assert again.figures[path] == pytest.approx(1.5 * ORIGINAL[path])


def test_a_complement_keeps_shares_at_one() -> None:
    f = factor("firms.strategies.scheduled", {"uniform": [0.0, 1.0], "complement": "firms.strategies.zic"})
    base = load_scenario("S1")
    shares = vary(base, drawn([f], [0.3], base, ORIGINAL)[1]).firms.strategies
    assert (shares.scheduled, shares.zic) == pytest.approx((0.3, 0.7))


def test_a_whole_number_stays_one() -> None:
    f = factor("firms.number", {"uniform": [10.0, 20.0]})
    base = load_scenario("S1")
    assert vary(base, drawn([f], [0.333], base, ORIGINAL)[1]).firms.number == 13


def test_figures_move_together_over_their_own_ranges(folder: Path) -> None:
    (folder / "mine.yaml").write_text(
        HEAD + "parameters:\n  all: {fields: [economy.elasticities.*.armington], published: true}\n"
        "  economy.process_co2.NMM: {published: true}\n"
    )
    plan = load_sweep("mine.yaml", VARIABLES)
    values, overrides = drawn(plan.factors, [1.0, 0.5], plan.scenarios[0], ORIGINAL)
    assert values == {"all": 1.0, "economy.process_co2.NMM": 17.45}
    figures = catalogue("shanxi_2022")
    for path, value in overrides.items():
        if "armington" in path:
            assert value == pytest.approx(figures[path].high)
