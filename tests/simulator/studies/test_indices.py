"""Known functions through the sweep's own sampling and analysis: their analytic indices lie in the intervals."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from tanshi.scenarios.constraints import read_constraint
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.sweep import DesignSpec, Draw
from tanshi.simulator.studies.sweeps.analyse import Finding, finding
from tanshi.simulator.studies.sweeps.conditions import parse_condition
from tanshi.simulator.studies.sweeps.design import points_of, sample
from tanshi.simulator.studies.sweeps.indices import AnalysisError, indices, tornado
from tanshi.simulator.studies.sweeps.rules import find_boxes, say
from tanshi.simulator.studies.sweeps.surface import fit as surface

Array = NDArray[np.float64]


def uniform(names: list[str], low: float, high: float) -> list[Factor]:
    return [Factor(name, name, (name,), Draw(uniform=[low, high])) for name in names]


def run(design: DesignSpec, factors: list[Factor], function: object) -> Finding:
    """Sample, draw and analyse as a sweep does; only the simulator is another."""
    unit = points_of(design, factors).unit
    x = np.array([[f.quantile(float(u)) for f, u in zip(factors, row, strict=True)] for row in unit])
    return finding(design, factors, unit, function(x), "function", "y")  # type: ignore[operator]


def ishigami(x: Array) -> Array:
    return np.asarray(np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def ishigami_indices() -> tuple[list[float], list[float]]:
    """Ishigami and Homma (1990), a = 7, b = 0.1; the fourth factor is irrelevant."""
    a, b, pi = 7.0, 0.1, math.pi
    variance = a**2 / 8 + b * pi**4 / 5 + b**2 * pi**8 / 18 + 0.5
    first = [0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8, 0.0, 0.0]
    pair = b**2 * pi**8 * 8 / 225
    total = [first[0] + pair, first[1], pair, 0.0]
    return [v / variance for v in first], [v / variance for v in total]


G = (0.0, 1.0, 4.5, 9.0, 99.0, 99.0)


def g_function(x: Array) -> Array:
    """Sobol's G-function; the last column is not used."""
    a = np.array(G)
    return np.asarray(np.prod((np.abs(4.0 * x[:, : len(a)] - 2.0) + a) / (1.0 + a), axis=1))


def g_indices() -> tuple[list[float], list[float]]:
    """Saltelli and Sobol (1995)."""
    parts = [1.0 / (3.0 * (1.0 + a) ** 2) for a in G]
    variance = math.prod(1.0 + v for v in parts) - 1.0
    total = [v * math.prod(1.0 + w for j, w in enumerate(parts) if j != i) for i, v in enumerate(parts)]
    return [*(v / variance for v in parts), 0.0], [*(v / variance for v in total), 0.0]


@pytest.mark.parametrize(
    ("function", "analytic", "names", "low", "high"),
    [
        (ishigami, ishigami_indices(), ["x1", "x2", "x3", "nothing"], -math.pi, math.pi),
        (g_function, g_indices(), [*(f"a{a:g}-{n}" for n, a in enumerate(G)), "nothing"], 0.0, 1.0),
    ],
    ids=["ishigami", "g-function"],
)
def test_analytic_sobol_indices_lie_in_the_intervals(
    function: object, analytic: tuple[list[float], list[float]], names: list[str], low: float, high: float
) -> None:
    found = run(DesignSpec(method="sobol", samples=2048), uniform(names, low, high), function)
    for measure, expected in zip(("first", "total"), analytic, strict=True):
        estimates = {m.parameter: m for m in found.measures if m.measure == measure}
        for name, value in zip(names, expected, strict=True):
            m = estimates[name]
            assert m.low - 1e-3 <= value <= m.high + 1e-3, (name, measure, value, m)
            assert m.high - m.low < 0.2
    nothing = next(m for m in found.measures if (m.parameter, m.measure) == ("nothing", "total"))
    assert (nothing.value, nothing.low, nothing.high) == (0.0, 0.0, 0.0)


def test_pairs_of_ishigami_interact_as_they_should() -> None:
    design = DesignSpec(method="sobol", samples=1024, second_order=True)
    found = run(design, uniform(["x1", "x2", "x3"], -math.pi, math.pi), ishigami)
    pairs = {m.parameter: m for m in found.measures if m.measure == "second"}
    assert pairs["x1 x x3"].low < ishigami_indices()[1][2] < pairs["x1 x x3"].high
    assert pairs["x1 x x2"].low < 0.0 < pairs["x1 x x2"].high


def test_a_skewed_distribution_comes_in_through_its_quantiles() -> None:
    # Variances of independent terms: a uniform's 1/12, a triangular's (a^2 + b^2 + c^2 - ab - ac - bc) / 18.
    factors = [Factor("u", "u", ("u",), Draw(uniform=[0.0, 1.0])), Factor("t", "t", ("t",), Draw(triangular=[0, 0, 3]))]
    found = run(DesignSpec(method="sobol", samples=1024), factors, lambda x: x[:, 0] + x[:, 1])
    share = (9 / 18) / (9 / 18 + 1 / 12)
    m = next(m for m in found.measures if (m.parameter, m.measure) == ("t", "first"))
    assert m.low < share < m.high


def test_morris_finds_the_slopes_of_a_plane_and_no_curvature() -> None:
    factors = uniform(["a", "b", "c"], 0.0, 2.0)
    found = run(DesignSpec(method="morris", samples=10), factors, lambda x: 3.0 * x[:, 0] - x[:, 1])
    star = {m.parameter: m.value for m in found.measures if m.measure == "mu_star"}
    sigma = [m.value for m in found.measures if m.measure == "sigma"]
    assert star == pytest.approx({"a": 6.0, "b": 2.0, "c": 0.0})  # effects over the whole range
    assert sigma == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize("method", ["sobol", "morris", "lhs", "grid"])
def test_what_moves_nothing_is_zero_and_not_a_number_out_of_rounding(method: str) -> None:
    design = DesignSpec(method=method, samples=8)  # type: ignore[arg-type]
    unit = sample(design, ["a", "b"])
    found = indices(design, ["a", "b"], unit, np.full(len(unit), 99.12))
    assert [(m.parameter, m.value) for m in found] == [("a", 0.0), ("b", 0.0)]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_outcome_that_is_no_number_is_refused(bad: float) -> None:
    design = DesignSpec(method="sobol", samples=8)
    unit = sample(design, ["a", "b"])
    outcome = unit[:, 0].copy()
    outcome[3] = bad
    with pytest.raises(AnalysisError, match="1 of 32 outcomes are not finite"):
        indices(design, ["a", "b"], unit, outcome)
    with pytest.raises(AnalysisError, match="do not belong together"):
        indices(design, ["a", "b"], unit, outcome[:-1])


def test_designs_have_the_sizes_they_say_and_stay_the_same() -> None:
    names = ["a", "b", "c"]
    sizes = {"grid": 4**3, "lhs": 16, "morris": 16 * 4, "sobol": 16 * 5}
    for method, size in sizes.items():
        design = DesignSpec(method=method, samples=16)  # type: ignore[arg-type]
        unit = sample(design, names)
        assert unit.shape == (size, 3)
        assert unit.min() >= 0.0
        assert unit.max() <= 1.0
        assert np.array_equal(unit, sample(design, names))
    columns = np.sort(sample(DesignSpec(method="lhs", samples=16), names), axis=0)
    assert (np.floor(columns * 16) == np.arange(16)[:, None]).all()  # one point in every slice


def test_a_grid_meets_every_value_once() -> None:
    words = Factor("word", "word", ("drift.mode",), Draw(values=["none", "ou", "neural"]))
    number = Factor("n", "n", ("cap.tightness",), Draw(uniform=[0.0, 0.1], levels=5))
    unit = points_of(DesignSpec(method="grid"), [words, number]).unit
    drawn = {(words.quantile(u), round(number.quantile(v), 6)) for u, v in unit}
    assert drawn == {(w, n) for w in ("none", "ou", "neural") for n in (0.0, 0.025, 0.05, 0.075, 0.1)}


def test_the_tornado_compares_the_ends_and_sorts_by_swing() -> None:
    unit = sample(DesignSpec(method="lhs", samples=1000), ["a", "b"])
    first, second = tornado(["a", "b"], unit, 10.0 * unit[:, 1] + unit[:, 0])
    assert (first.parameter, second.parameter) == ("b", "a")
    assert first.high - first.low == pytest.approx(8.0, abs=0.1)  # means of the outer fifths: 9 and 1


def test_a_quadratic_is_its_own_response_surface() -> None:
    unit = sample(DesignSpec(method="lhs", samples=60), ["a", "b", "c"])
    y = 1.0 + unit[:, 0] ** 2 - 3.0 * unit[:, 0] * unit[:, 2]
    fitted = surface(unit, y)
    assert fitted is not None
    assert fitted.explained == pytest.approx(1.0)
    assert fitted(np.array([[0.5, 0.1, 0.2]]))[0] == pytest.approx(0.95)
    assert surface(unit[:5], y[:5]) is None  # not even a plane
    noise = np.random.default_rng(1).normal(size=60)
    poor = surface(unit, noise)
    assert poor is not None
    assert poor.explained < 0.2


def test_a_box_is_found_where_the_outcome_is() -> None:
    unit = sample(DesignSpec(method="lhs", samples=1000), ["a", "b", "c", "d"])
    hits = (unit[:, 0] > 0.6) & (unit[:, 2] < 0.5)
    (box,) = find_boxes(unit, hits, [0, 0, 0, 0])
    assert set(box.bounds) == {0, 2}
    assert box.bounds[0].low == pytest.approx(0.6, abs=0.05)
    assert box.bounds[2].high == pytest.approx(0.5, abs=0.05)
    assert box.density > 0.9
    assert box.coverage > 0.9
    factors = [Factor(n, n, (n,), Draw(uniform=[0.0, 10.0])) for n in "abcd"]
    assert re.fullmatch(r"a >= [56]\.\d+ and c <= [45]\.\d+", say(box, factors))


def test_a_box_names_the_choices_that_lead_there() -> None:
    unit = sample(DesignSpec(method="lhs", samples=300), ["mode", "a"])
    hits = (unit[:, 0] < 1 / 3) | (unit[:, 0] > 2 / 3)
    (box,) = find_boxes(unit, hits, [3, 0])
    mode = Factor("mode", "Drift", ("drift.mode",), Draw(values=["none", "ou", "neural"]))
    assert say(box, [mode, mode]) == "Drift is none or neural"
    assert (box.density, box.coverage) == (1.0, 1.0)


def test_noise_has_no_rule() -> None:
    unit = sample(DesignSpec(method="lhs", samples=400), ["a", "b"])
    hits = np.random.default_rng(2).random(400) < 0.5
    assert all(box.density < 0.75 for box in find_boxes(unit, hits, [0, 0]))
    assert not find_boxes(unit, np.zeros(400, dtype=bool), [0, 0])
    assert not find_boxes(unit, np.ones(400, dtype=bool), [0, 0])


@pytest.mark.parametrize("text", ["price", "price >", "price = 3", "price > x", "price > 1.2.3"])
def test_an_outcome_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="The outcome cannot be read"):
        parse_condition(text, ["price"])


def test_an_unknown_outcome_is_refused_with_the_nearest() -> None:
    with pytest.raises(Exception, match="Did you mean price"):
        parse_condition("prise > 150", ["price", "volume"])
    condition = parse_condition(" price>=1.5e2 ", ["price"])
    assert str(condition) == "price >= 150"
    assert condition({"price": np.array([149.0, 150.0])}).tolist() == [False, True]
    both = parse_condition("price > 150 and volume < 2 or volume > 9", ["price", "volume"])
    values = {"price": np.array([160.0, 160.0, 1.0]), "volume": np.array([1.0, 3.0, 10.0])}
    assert both(values).tolist() == [True, False, True]
    assert both.outputs == ("price", "volume")


def test_shares_of_a_plain_sample_are_those_of_the_function() -> None:
    first, total = ishigami_indices()
    found = run(DesignSpec(samples=1024), uniform(["x1", "x2", "x3", "nothing"], -math.pi, math.pi), ishigami)
    shares = {m.parameter: m for m in found.measures if m.measure == "first"}
    for name, value in zip(shares, first, strict=True):
        assert shares[name].low - 2e-3 <= value <= shares[name].high + 2e-3, (name, shares[name])
    # A quadratic surface does not follow Ishigami's waves: no total is read off it. Of a plane's product it is exact.
    assert not [m for m in found.measures if m.measure == "total"]
    assert max(total) > 0.5
    found = run(DesignSpec(samples=64), uniform(["a", "b", "c"], 0.0, 1.0), lambda x: (1 + 2 * x[:, 0]) * (1 + x[:, 1]))
    # y = (2 + s)(1.5 + t): variances 1/3, 1/12 of the factors, means 2 and 1.5.
    a, b, ab = 1.5**2 / 3, 2**2 / 12, 1 / 36
    totals = {m.parameter: m.value for m in found.measures if m.measure == "total"}
    whole = a + b + ab
    assert totals == pytest.approx({"a": (a + ab) / whole, "b": (b + ab) / whole, "c": 0.0}, abs=1e-6)


def test_shares_hold_where_a_constraint_ties_the_parameters() -> None:
    """On a < b the variance of a + b is 1/6, and its mean at a given a, (1 + 3 a) / 2, has three quarters of it."""
    factors = uniform(["a", "b"], 0.0, 1.0)
    constraint = read_constraint("a <= b", ["a", "b"])
    assert constraint is not None
    design = DesignSpec(samples=512)
    drawn = points_of(design, factors, [constraint])
    assert drawn.left_out == pytest.approx(512, rel=0.05)  # half of the square
    found = finding(design, factors, drawn.unit, drawn.unit.sum(axis=1), "f", "y", independent=False)
    for name in ("a", "b"):
        share = next(m for m in found.measures if (m.parameter, m.measure) == (name, "first"))
        assert share.low < 0.75 < share.high
        assert share.high - share.low < 0.15
    assert not [m for m in found.measures if m.measure == "total"]


def test_groups_have_one_share_each() -> None:
    """Of y = a + b + 3 c the group of a and b has 2/11 of the variance, c the rest."""
    factors = [
        Factor(name, name, (name,), Draw(uniform=[0.0, 1.0], group="both" if name in "ab" else "")) for name in "abc"
    ]
    design = DesignSpec(method="sobol", samples=512)
    unit = points_of(design, factors).unit
    assert len(unit) == 512 * 4
    found = finding(design, factors, unit, unit @ np.array([1.0, 1.0, 3.0]), "f", "y")
    shares = {m.parameter: m for m in found.measures if m.measure == "total"}
    assert list(shares) == ["both", "c"]
    assert shares["both"].value == pytest.approx(2 / 11, abs=0.02)
    assert shares["both"].low < 2 / 11 < shares["both"].high
    design = DesignSpec(method="morris", samples=6)
    unit = points_of(design, factors).unit
    assert len(unit) == 6 * 3
    found = finding(design, factors, unit, unit @ np.array([1.0, 1.0, 3.0]), "f", "y")
    assert [m.parameter for m in found.measures] == ["both", "c"]


@pytest.mark.parametrize("function", [ishigami, g_function], ids=["ishigami", "g-function"])
def test_intervals_of_small_samples_hold_the_truth_about_as_often_as_they_say(function: object) -> None:
    first, total = ishigami_indices() if function is ishigami else g_indices()
    names = [f"x{n}" for n in range(len(first))]
    ends = (-math.pi, math.pi) if function is ishigami else (0.0, 1.0)
    held: list[bool] = []
    for seed in range(12):
        found = run(DesignSpec(method="sobol", samples=32, seed=seed), uniform(names, *ends), function)
        for measure, truth in (("first", first), ("total", total)):
            measures = {m.parameter: m for m in found.measures if m.measure == measure}
            held += [measures[n].low <= value <= measures[n].high for n, value in zip(names, truth, strict=True)]
    assert np.mean(held) > 0.85


def test_the_tornado_is_that_of_the_parameter_and_not_of_the_design() -> None:
    """Where a sample ties two parameters, means over its points give the idle one the other's swing."""
    u = sample(DesignSpec(samples=256), ["strong", "idle"])
    tied = np.column_stack([u[:, 0], np.clip(0.8 * u[:, 0] + 0.2 * u[:, 1], 0, 1)])
    y = 10.0 * tied[:, 0]
    misled = {s.parameter: abs(s.high - s.low) for s in tornado(["strong", "idle"], tied, y)}
    fitted = {s.parameter: abs(s.high - s.low) for s in tornado(["strong", "idle"], tied, y, surface(tied, y))}
    assert misled["idle"] > 5.0
    assert fitted["idle"] == pytest.approx(0.0, abs=1e-6)
    assert fitted["strong"] == pytest.approx(8.0, abs=1e-6)


def test_a_list_of_words_is_fitted_value_by_value() -> None:
    unit = sample(DesignSpec(samples=60), ["mode", "a"])
    effect = np.array([5.0, 1.0, 3.0])
    y = effect[np.minimum((unit[:, 0] * 3).astype(int), 2)] + unit[:, 1]
    fitted = surface(unit, y, [3, 0])
    assert fitted is not None
    assert fitted.choice_means(0) == pytest.approx(effect + 0.5)
    (mode, a) = tornado(["mode", "a"], unit, y, fitted, [True, False])
    assert (mode.low, mode.high) == pytest.approx((1.5, 5.5))
    assert a.high - a.low == pytest.approx(0.8)


def test_a_rule_that_splits_perfectly_is_found_however_few_lie_outside() -> None:
    unit = sample(DesignSpec(samples=64), [f"x{n}" for n in range(7)])
    hits = unit[:, 2] <= 0.95
    assert 0.9 < hits.mean() < 1.0
    (box,) = find_boxes(unit, hits, [0] * 7)
    assert set(box.bounds) == {2}
    assert (box.density, box.coverage) == (1.0, 1.0)
    assert unit[hits, 2].max() < box.bounds[2].high < unit[~hits, 2].min()
    few = np.zeros(64, dtype=bool)
    few[[3, 40]] = True  # two points lie in some box for sure: that says nothing
    assert all(box.density < 1.0 or box.coverage < 1.0 for box in find_boxes(unit, few, [0] * 7))


def test_the_path_of_peeling_is_kept_and_bounds_are_held_against_chance() -> None:
    unit = sample(DesignSpec(samples=1000), ["a", "b", "c"])
    noise = np.random.default_rng(4).random(1000)
    hits = (unit[:, 0] > 0.6) & (unit[:, 2] < 0.5) & (noise < 0.9)
    (box,) = find_boxes(unit, hits, [0, 0, 0])
    assert set(box.bounds) == {0, 2}
    assert box.bounds[0].low == pytest.approx(0.6, abs=0.03)
    assert box.bounds[2].high == pytest.approx(0.5, abs=0.03)
    assert (box.path[0].points, box.path[0].coverage) == (1000, 1.0)
    points = [step.points for step in box.path]
    coverage = [step.coverage for step in box.path]
    assert points == sorted(points, reverse=True)
    assert coverage == sorted(coverage, reverse=True)
    assert max(step.density for step in box.path) > 0.85
    assert max(box.chances.values()) < 1e-6
