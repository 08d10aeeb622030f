"""Shadow prices: what a distance function must give back where the truth is known."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tanshi.agents.sinks import parametric
from tanshi.agents.sinks.distance import Choices, estimate, shadow_prices
from tanshi.agents.sinks.errors import ProgrammeError, SinksError
from tanshi.agents.sinks.noise import noise_band
from tanshi.agents.sinks.nonparametric import Returns, solve_duals
from tanshi.agents.sinks.parametric import Properties, fit
from tanshi.agents.sinks.published import abatement_costs, unit_counts
from tanshi.agents.sinks.survey import Design, draw_survey
from tanshi.agents.sinks.units import Units, read_units
from tanshi.market.orders import Floats

BY = ("sector", "year")


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    return draw_survey()


def arrays(table: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    units = read_units(table)
    return units.inputs / units.inputs.mean(axis=0), units.output / units.output.mean(), units.co2 / units.co2.mean()


def sample(survey: pd.DataFrame, number: int = 120) -> pd.DataFrame:
    return survey[survey["year"] == 2012].sample(number, random_state=5).reset_index(drop=True)


# The made-up survey


def test_the_survey_has_the_counts_of_table_1_in_each_of_three_years(survey: pd.DataFrame) -> None:
    counts = survey.groupby(["sector", "province", "year"]).size().unstack("year")
    expected = unit_counts().set_index(["sector", "province"])["units"]
    for year in (2012, 2013, 2014):
        pd.testing.assert_series_equal(counts[year].sort_index(), expected.sort_index(), check_names=False)
    assert survey["firm"].nunique() == 89
    assert (survey.groupby(["firm", "year"]).size() == 31).all()


def test_the_survey_spans_each_range_of_table_2_exactly(survey: pd.DataFrame) -> None:
    drawn = survey.assign(year=survey["year"] - 2011).groupby(["sector", "year", "province"])["true_price"]
    table = abatement_costs().set_index(["sector", "year", "province"])
    np.testing.assert_array_equal(drawn.min().reindex(table.index), table["lowest"])
    np.testing.assert_array_equal(drawn.max().reindex(table.index), table["highest"])


@pytest.mark.parametrize("seed", range(4))
def test_every_survey_can_be_drawn_and_estimated(seed: int) -> None:
    table = draw_survey(Design(seed=seed, inefficiency=0.15, noise=0.1))
    assert (table[["capital", "labour", "intermediate", "output", "co2"]] > 0).all(axis=None)


# The quadratic function


@pytest.mark.parametrize("null_joint", [False, True])
def test_without_noise_the_true_price_of_every_unit_is_recovered(survey: pd.DataFrame, null_joint: bool) -> None:
    choices = Choices(properties=Properties(null_joint=null_joint))
    told: list[tuple[int, int]] = []
    priced = shadow_prices(
        read_units(survey), BY, choices, progress=lambda done, all_of_them: told.append((done, all_of_them))
    )
    groups = len(survey.drop_duplicates(BY))
    assert told == [(done, groups) for done in range(1, groups + 1)]
    np.testing.assert_allclose(priced["shadow_price"], survey["true_price"], rtol=1e-9)
    np.testing.assert_allclose(priced["inefficiency"], survey["true_inefficiency"], atol=1e-9)
    assert not priced["non_unique"].any()
    assert (priced["boundary"] == "").all()


def test_output_noise_of_five_per_cent_moves_prices_by_a_quarter_or_more(survey: pd.DataFrame) -> None:
    year = read_units(survey[survey["year"] == 2012])
    luck = np.exp(0.05 * np.random.default_rng(1).normal(size=len(year)))
    before, after = (estimate(u, Choices()).price for u in (year, year.with_outputs(year.output * luck, year.co2)))
    assert np.median(np.abs(after / before - 1)) > 0.15


@pytest.mark.parametrize("direction", [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.4, 1.7)])
def test_a_step_along_the_direction_lowers_the_distance_by_the_step(
    survey: pd.DataFrame, direction: tuple[float, float]
) -> None:
    x, y, c = arrays(sample(survey))
    function = fit(x, y, c, direction)
    before = function.value(x, y, c)
    after = function.value(x, y + 0.3 * direction[0], c - 0.3 * direction[1])
    np.testing.assert_allclose(after, before - 0.3, atol=1e-10)


def test_the_function_has_the_properties_asked_for(survey: pd.DataFrame) -> None:
    x, y, c = arrays(sample(survey))
    function = fit(x, y, c, properties=Properties(null_joint=True))
    by_output, by_co2 = function.slopes(x, y, c)
    assert function.value(x, y, c).min() >= -1e-9
    assert by_output.max() <= 1e-9
    assert by_co2.min() >= -1e-9
    assert function.value(x, y, np.zeros_like(c)).max() <= 1e-9
    more = x.copy()
    more[:, 1] += 1e-6
    assert (function.value(more, y, c) - function.value(x, y, c)).min() >= -1e-12


def test_rows_added_step_by_step_give_the_optimum_of_the_whole_programme(survey: pd.DataFrame) -> None:
    x, y, c = arrays(survey[survey["year"] == 2013])
    noisy = y * np.exp(0.1 * np.random.default_rng(0).normal(size=len(y)))
    mine = fit(x, noisy, c)
    asked = Properties()
    particular, basis = parametric._solve_equations(x, noisy, c, (1.0, 1.0), True)
    rows, least = parametric._constraints(x, noisy, c, asked)
    whole = linprog(
        parametric._terms(x, noisy, c).mean(axis=0) @ basis,
        A_ub=-rows @ basis, b_ub=rows @ particular - least, bounds=(None, None), method="highs",
    )  # fmt: skip
    best = float(parametric._terms(x, noisy, c).mean(axis=0) @ (particular + basis @ whole.x))
    assert mine.rounds > 1
    assert mine.value(x, noisy, c).mean() == pytest.approx(best, abs=1e-8)


def test_without_translation_the_scale_still_holds_at_the_mean(survey: pd.DataFrame) -> None:
    x, y, c = arrays(sample(survey))
    function = fit(x, y, c, properties=Properties(translation=False))
    at_mean = (x.mean(axis=0, keepdims=True), np.ones(1), np.ones(1))
    by_output, by_co2 = function.slopes(*at_mean)
    assert (by_output - by_co2)[0] == pytest.approx(-1.0, abs=1e-9)


def test_few_units_leave_prices_open_and_are_refused(survey: pd.DataFrame) -> None:
    some = read_units(sample(survey, 5))
    with pytest.raises(ProgrammeError, match=r"All units are on the frontier.*\n.*all 5 on it"):
        estimate(some, Choices())


def test_a_programme_without_solution_names_group_and_property(
    survey: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = linprog

    def refusing(goal: Floats, **keywords: object) -> object:
        rows = np.asarray(keywords["A_ub"])
        # Any programme with the rows of null-jointness has more than six rows a unit.
        return real(goal, **keywords) if len(rows) <= 40 * 6 else SimpleNamespace(status=2)

    monkeypatch.setattr(parametric, "linprog", refusing)
    some = read_units(sample(survey, 40))
    with pytest.raises(ProgrammeError, match=r"Group all units, 40 units.*a solution without .*null_joint"):
        shadow_prices(some, (), Choices(properties=Properties(null_joint=True)))


# The hull of the units


def test_prices_on_a_frontier_drawn_by_hand() -> None:
    """Three efficient units with one input bundle: slopes 0.8 and 0.4 between them, one unit below."""
    x = np.ones((4, 3))
    c, y = np.array([1.0, 2.0, 3.0, 2.5]), np.array([1.0, 1.8, 2.2, 1.5])
    duals = solve_duals(x, y, c, np.array([1.0, 0.0]), "vrs")
    np.testing.assert_allclose(duals.inefficiency, [0, 0, 0, 0.5], atol=1e-12)
    np.testing.assert_allclose(duals.low[:2], [0.8, 0.4])
    np.testing.assert_allclose(duals.high[1:], [0.8, 0.4, 0.4])
    assert duals.high[0] == np.inf
    assert duals.low[2] == -np.inf
    assert duals.low[3] == pytest.approx(0.4)


def envelopment(x: Floats, y: Floats, c: Floats, returns: Returns, along: Floats, strong: bool) -> Floats:
    """The distances from the programmes as textbooks have them, one call a unit."""
    n, m = x.shape
    out = []
    for k in range(n):
        above = np.column_stack([np.vstack([x.T, -y]), [*np.zeros(m), along[k, 0]]])
        limits = [*x[k], -y[k]]
        equal, level = np.append(c, along[k, 1])[None, :], [c[k]]
        if strong:
            above, limits = np.vstack([above, equal]), [*limits, c[k]]
            equal, level = np.empty((0, n + 1)), []
        if returns == "vrs":
            equal, level = np.vstack([equal, np.append(np.ones(n), 0.0)]), [*level, 1.0]
        found = linprog(
            np.append(np.zeros(n), -1.0), A_ub=above, b_ub=limits,
            A_eq=equal if len(equal) else None, b_eq=level if level else None,
            bounds=[(0, None)] * n + [(None, None)], method="highs-ds",
        )  # fmt: skip
        out.append(-found.fun)
    return np.array(out)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
@pytest.mark.parametrize("strong", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_the_walk_gives_the_distances_of_the_envelopment_programmes(
    survey: pd.DataFrame, returns: Returns, strong: bool, own: bool
) -> None:
    x, y, c = arrays(sample(survey, 80))
    along = np.column_stack([y, c]) if own else np.tile([1.0, 1.0], (len(y), 1))
    duals = solve_duals(x, y, c, along, returns, strong=strong)
    np.testing.assert_allclose(duals.inefficiency, envelopment(x, y, c, returns, along, strong), atol=1e-9)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_the_range_of_prices_is_that_of_all_supporting_weights(survey: pd.DataFrame, returns: Returns) -> None:
    x, y, c = arrays(sample(survey, 60))
    duals = solve_duals(x, y, c, np.ones(2), returns)
    size = 5 + (returns == "vrs")
    rows = np.column_stack([x, -y, c, *([np.ones(len(y))] if returns == "vrs" else [])])
    checked = 0
    for k in np.flatnonzero(duals.high > duals.low + 1e-6)[:15]:
        value = duals.inefficiency[k]
        even = rows[k] - value * np.eye(size)[3] - value * np.eye(size)[4]
        for end, sign in ((duals.low[k], 1.0), (duals.high[k], -1.0)):
            found = linprog(
                sign * np.eye(size)[4], A_ub=-rows, b_ub=np.zeros(len(rows)),
                A_eq=np.vstack([even, np.eye(size)[3]]), b_eq=[0.0, 1.0],
                bounds=[(0, None)] * 4 + [(None, None)] * (size - 4), method="highs-ds",
            )  # fmt: skip
            if found.status == 3:
                assert np.isinf(end)
            else:
                assert sign * end == pytest.approx(found.fun, rel=1e-6, abs=1e-6)
            checked += 1
    assert checked >= 20


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["crs", "vrs"]), st.integers(8, 30))
@example(3211, "vrs", 14)  # a corner 200,000 means of the data out, where 1e-11 is less than rounding
def test_no_unit_is_beyond_the_frontier_and_prices_do_not_hang_on_the_order(
    seed: int, returns: Returns, number: int
) -> None:
    luck = np.random.default_rng(seed)
    x, y, c = luck.lognormal(0, 0.4, (number, 3)), luck.lognormal(0, 0.4, number), luck.lognormal(0, 0.4, number)
    duals = solve_duals(x, y, c, np.ones(2), returns)
    order = luck.permutation(number)
    again = solve_duals(x[order], y[order], c[order], np.ones(2), returns)
    assert (duals.inefficiency >= 0).all()
    assert (duals.low <= duals.high + 1e-7).all()
    np.testing.assert_allclose(again.inefficiency, duals.inefficiency[order], atol=1e-9)
    np.testing.assert_allclose(again.low, duals.low[order], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(again.high, duals.high[order], rtol=1e-5, atol=1e-6)


def test_a_doubled_unit_changes_nobodys_distance(survey: pd.DataFrame) -> None:
    x, y, c = arrays(sample(survey, 40))
    once = solve_duals(x, y, c, np.ones(2), "vrs")
    twice = solve_duals(np.vstack([x, x]), np.tile(y, 2), np.tile(c, 2), np.ones(2), "vrs")
    np.testing.assert_allclose(twice.inefficiency, np.tile(once.inefficiency, 2), atol=1e-10)


def test_the_tie_rule_picks_from_the_range_and_the_flags_say_so(survey: pd.DataFrame) -> None:
    units = read_units(survey[survey["year"] == 2012])
    found = {tie: estimate(units, Choices(method="vrs", ties=tie)) for tie in ("lowest", "middle", "highest")}
    several = found["middle"].non_unique & np.isfinite(found["middle"].high)
    assert several.sum() > 20
    assert (found["lowest"].price[several] <= found["middle"].price[several] + 1e-9).all()
    assert (found["middle"].price[several] <= found["highest"].price[several] + 1e-9).all()
    np.testing.assert_array_equal(found["highest"].price, found["highest"].high)
    infinite = np.isinf(found["highest"].price)
    assert [flag == "infinite" for flag in found["highest"].boundary] == infinite.tolist()


def test_where_co2_can_be_thrown_away_no_price_is_negative(survey: pd.DataFrame) -> None:
    found = estimate(read_units(sample(survey)), Choices(method="vrs", strong=True))
    assert found.low.min() >= -1e-6


def test_prices_do_not_hang_on_the_units_of_measurement(survey: pd.DataFrame) -> None:
    table = sample(survey)
    other = table.assign(capital=table["capital"] * 1e4, output=table["output"] / 1e4, co2=table["co2"])
    for method in ("parametric", "vrs"):
        one = estimate(read_units(table), Choices(method=method)).price
        two = estimate(read_units(other), Choices(method=method, output_unit=1e8)).price
        np.testing.assert_allclose(one, two, rtol=1e-6)


# Noise


def test_the_band_widens_with_the_noise_and_closes_without(survey: pd.DataFrame) -> None:
    units = read_units(survey[(survey["year"] == 2012) & (survey["sector"] == "steel")])
    widths = [
        np.median(band.high - band.low)
        for band in (noise_band(units, (), Choices(), noise=noise, replications=6) for noise in (0.0, 0.01, 0.05))
    ]
    assert widths[0] < 1e-6 < widths[1] < widths[2]


# Bad input


def good(number: int = 30) -> pd.DataFrame:
    luck = np.random.default_rng(3)
    columns = ["capital", "labour", "intermediate", "output", "co2"]
    table = pd.DataFrame(luck.lognormal(3, 0.4, (number, 5)), columns=columns)
    return table.assign(sector=["steel", "power"] * (number // 2))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SinksError, match="column co2: expected a column with CO2 emitted, t"):
        read_units(good().drop(columns="co2"))


@pytest.mark.parametrize("cell", ["0", "-3", "", "abc", "inf", "nan", "1,200"])
def test_a_cell_that_is_no_positive_number_is_named_with_row_and_column(cell: str) -> None:
    table = good().astype(object)
    table.loc[6, "labour"] = cell
    with pytest.raises(SinksError, match=r"row 6, column labour: expected a number > 0"):
        read_units(table)


def test_one_unit_in_a_group_is_named_with_its_row() -> None:
    table = good()
    table.loc[4, "sector"] = "chemicals"
    with pytest.raises(SinksError, match=r"row 4, column sector: .* got chemicals alone"):
        shadow_prices(read_units(table), ["sector"])


def test_a_group_column_that_is_not_there_is_named() -> None:
    with pytest.raises(SinksError, match="column year: expected a column of the table, got the group columns sector"):
        shadow_prices(read_units(good()), ["sector", "year"])


def test_all_units_efficient_is_refused_by_group() -> None:
    with pytest.raises(ProgrammeError, match=r"Group power, 2 units: All units are on the frontier"):
        shadow_prices(read_units(good().iloc[[0, 2, 4, 6, 8, 10, 12, 14, 1, 3]].iloc[::-1]), ["sector"], Choices("crs"))


def test_units_all_alike_are_refused() -> None:
    units = read_units(good())
    same = Units(
        np.ones((30, 3)), np.ones(30), np.ones(30), units.groups, units.rows
    )  # fmt: skip
    for method in ("parametric", "crs", "vrs"):
        with pytest.raises(ProgrammeError):
            estimate(same, Choices(method=method))


def test_figures_too_far_apart_are_named_with_row_and_column() -> None:
    table = good()
    table.loc[9, "capital"] = 1e-7
    with pytest.raises(ProgrammeError, match=r"row 9, column capital: expected figures less than 1e\+07 times apart"):
        estimate(read_units(table), Choices())


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"direction": (-1.0, 1.0)}, "direction"),
        ({"direction": (0.0, 0.0)}, "direction"),
        ({"direction": "own"}, "direction"),
        ({"method": "dea"}, "method"),
        ({"ties": "first"}, "ties"),
        ({"output_unit": 0.0}, "output_unit"),
    ],
)
def test_weights_outside_their_range_are_refused(change: dict[str, object], column: str) -> None:
    with pytest.raises(SinksError, match=f"column {column}"):
        replace(Choices(), **change)
