"""What people see says what the runs say: numbers, equalities, failures, and nothing that runs by itself."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import KNOWN
from tanshi.simulator.views.charts.figures import ANNUAL_FIGURES, MORE_FIGURES, PRICE_PATH, draw_figures, write_figures
from tanshi.simulator.views.charts.style import coinciding, looks, spread
from tanshi.simulator.views.reports.report import report_html, write_report
from tanshi.simulator.views.table import columns, remark, rows, summarise, terminal_table
from tanshi.simulator.views.words import plain_words, sentences
from tests.simulator.made_up import batch, run

SAID = {
    "CNY_2022/t CO2": "yuan of 2022 per t CO₂", "CNY_2022/MWh": "yuan of 2022 per MWh", "Mt CO2/yr": "Mt CO₂",
    "Mt CO2": "Mt CO₂", "Mtce/yr": "Mtce", "billion CNY_2022/yr": "billion yuan of 2022",
    "million CNY_2022/yr": "million yuan of 2022",
}  # fmt: skip
"""Units of variables as they begin below a picture's title."""
NAMES = {spec.name for spec in ANNUAL_FIGURES} | {PRICE_PATH}


def changed(result: RunResult, variable: str, year: int, value: float) -> RunResult:
    annual = result.annual.copy()
    annual.loc[(annual["variable"] == variable) & (annual["year"] == year), "value"] = value
    return replace(result, annual=annual)


def printed(results: list[RunResult], width: int = 80) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(terminal_table(results))
    return stream.getvalue()


# --- figures ---


def test_every_figure_is_written_as_png_and_svg_with_title_unit_and_source(tmp_path: Path) -> None:
    written = write_figures(batch(), tmp_path)
    assert set(written) == NAMES
    for spec in ANNUAL_FIGURES:
        png, svg = written[spec.name]
        assert png.read_bytes().startswith(b"\x89PNG")
        assert png.stat().st_size > 20_000
        text = svg.read_text(encoding="utf-8")
        for expected in (spec.title, spec.unit, "Source: Tanshi", "2030", "S5"):
            assert expected in text


def test_figures_have_the_units_of_their_variables() -> None:
    for spec in (*ANNUAL_FIGURES, *MORE_FIGURES):
        assert spec.unit.startswith(SAID[KNOWN[spec.variable].unit]), spec.name


def test_a_line_and_its_name_in_the_legend_look_alike_and_end_at_the_runs_own_price() -> None:
    figure = draw_figures(batch())["price"]
    (axes,), (legend,) = figure.axes, figure.legends
    lines = {(line.get_color(), line.get_marker()): line for line in axes.lines}
    pairs = zip(legend.get_texts(), legend.legend_handles, strict=True)
    named = {text.get_text().split()[0]: handle for text, handle in pairs}
    assert list(named) == ["S1", "S2", "S3", "S4", "S5"]
    for name, handle in named.items():
        line = lines[handle.get_color(), handle.get_marker()]
        assert line.get_ydata()[-1] == run(name).series("Price|Carbon")[2030]


def test_the_same_numbers_give_the_same_files(tmp_path: Path) -> None:
    one, two = write_figures(batch(), tmp_path / "a"), write_figures(batch(), tmp_path / "b")
    for name in one:
        for first, second in zip(one[name], two[name], strict=True):
            assert first.read_bytes() == second.read_bytes()


def test_coinciding_scenarios_are_named_as_equal_in_every_figure() -> None:
    for figure in draw_figures(batch()).values():
        (axes,) = figure.axes
        assert any("S1 = S2 = S3" in text.get_text() for text in axes.texts)


def test_none_of_the_coinciding_lines_hides_another() -> None:
    (axes,) = draw_figures(batch())["price"].axes
    coloured = {line.get_color(): line for line in axes.lines}
    dashes = [
        coloured[looks(["S1", "S2", "S3"])[name].colour].__dict__["_unscaled_dash_pattern"]
        for name in ("S1", "S2", "S3")
    ]
    on, off = dashes[0][1]
    for step in np.arange(0.0, on + off, on / 4) + on / 8:
        visible = [(offset + step) % (on + off) < on for offset, _ in dashes]
        assert sum(visible) == 1


def test_lines_that_only_look_equal_are_not_called_equal() -> None:
    results = [
        run("S1"),
        changed(run("S2"), "Price|Carbon", 2030, run("S1").series("Price|Carbon")[2030] * 1.001),
    ]
    (axes,) = draw_figures(results)["price"].axes
    labels = " ".join(text.get_text() for text in axes.texts)
    assert "S1 ≈ S2" in labels
    assert "=" not in labels


def test_last_values_are_written_at_the_lines_ends() -> None:
    (axes,) = draw_figures(batch())["emissions"].axes
    labels = " ".join(text.get_text() for text in axes.texts)
    for name in ("S1", "S4", "S5"):
        assert f"{run(name).series('Emissions|CO2')[2030]:.1f}" in labels


def test_curves_farther_apart_than_the_tolerance_stay_apart() -> None:
    x = np.arange(3.0)
    curves = {"a": (x, x), "b": (x, x + 0.4), "c": (x, x + 2.0), "d": (x[:2], x[:2])}
    assert coinciding(curves, 0.5) == [["a", "b"], ["c"], ["d"]]


def test_labels_are_spread_until_they_do_not_overlap() -> None:
    places = spread([0.5, 0.5, 0.51, 0.99, 1.0], [0.1] * 5)
    assert np.diff(places).min() >= 0.1 - 1e-12
    assert max(places) <= 1.0


@pytest.mark.parametrize("results", [[run("S5")], [run("S1", seed) for seed in (1, 2, 3)]])
def test_one_scenario_or_several_seeds_draw_as_well(results: list[RunResult]) -> None:
    assert set(draw_figures(results)) == NAMES


def test_without_market_periods_there_is_no_price_path() -> None:
    result = run()
    assert PRICE_PATH not in draw_figures([replace(result, periods=result.periods.iloc[:0])])


def test_figures_draw_for_a_single_year() -> None:
    result = run()
    one = replace(result, annual=result.annual[result.annual["year"] == 2022], periods=result.periods.iloc[:0])
    drawn = draw_figures([one])
    assert set(drawn) == {spec.name for spec in ANNUAL_FIGURES}
    assert drawn["price"].texts[0].get_text() == "Carbon price, Shanxi, 2022"


def test_the_price_path_of_a_single_year_names_the_year() -> None:
    result = run()
    one = replace(
        result,
        annual=result.annual[result.annual["year"] == 2023],
        periods=result.periods[result.periods["year"] == 2023],
    )
    figure = draw_figures([one])[PRICE_PATH]
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2023"]
    assert low < axes.get_xticks()[0] < high


# --- table ---


def test_the_table_fits_eighty_columns_and_holds_the_runs_numbers() -> None:
    text = printed(batch())
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for name in ("S1", "S4", "S5"):
        (line,) = (row for row in text.splitlines() if row.strip().startswith(name))
        result = run(name)
        assert f"{result.series('Price|Carbon')[2025]:.1f}" in line
        assert f"{result.series('Price|Carbon')[2030]:.1f}" in line
        assert f"{result.series('Carbon Market|Trading Volume')[2030]:.2f}" in line
        assert f"{result.series('Energy Consumption')[2030]:.1f}" in line


def test_emissions_that_are_highest_at_the_end_have_no_peak_year() -> None:
    rising, falling = summarise([run("S1"), run("S5")])
    assert rising.still_rising
    assert not falling.still_rising
    assert falling.peak_year == run("S5").series("Emissions|CO2").idxmax()
    assert ">2030" in printed([run("S1")])


def test_the_loss_of_gdp_is_a_share_of_s1s() -> None:
    _, five = summarise([run("S1"), run("S5")])
    expected = 1 - run("S5").series("GDP|MER")[2030] / run("S1").series("GDP|MER")[2030]
    assert five.gdp_loss == pytest.approx(expected)
    assert summarise([run("S5")])[0].gdp_loss is None


def one_year(name: str = "S1", seed: int = 1) -> RunResult:
    result = run(name, seed)
    return replace(result, annual=result.annual[result.annual["year"] == 2023])


def test_a_run_of_one_year_has_one_column_a_quantity() -> None:
    heads = columns(summarise([one_year("S1"), one_year("S5")]))
    assert [head.split("\n")[0] for head in heads] == ["Scenario", "Price", "Volume", "CO₂", "Energy", "GDP"]
    assert all(head.split("\n")[1] == "2023" for head in heads[1:])
    page = report_html([one_year("S1")], pictures={})
    assert "<th>2023</th>" not in page
    assert "<th>S1 2023</th>" in page


def test_a_run_of_two_years_has_a_column_for_each() -> None:
    both = replace(run(), annual=run().annual[run().annual["year"] <= 2023])
    heads = [head.split("\n")[:2] for head in columns(summarise([both]))]
    assert heads[1:3] == [["Price", "2022"], ["Price", "2023"]]


def test_the_band_marks_a_peak_that_is_not_in_sight_as_the_median_does() -> None:
    marked = rows(summarise([run("S1", seed) for seed in range(1, 6)]))
    place = columns(summarise([run()])).index("CO₂\npeak\nyear")
    assert [row[place] for row in marked] == [">2030", ">2030", ">2030"]
    mixed = [run("S1", 1), *(changed(run("S1", seed), "Emissions|CO2", 2026, 900.0) for seed in range(2, 6))]
    assert [row[place] for row in rows(summarise(mixed))] == ["2026", "2026", ">2030"]


def test_a_mark_in_the_table_is_explained_wherever_the_table_stands() -> None:
    assert remark(summarise([run("S5")])) == ""
    said = remark(summarise([run("S1")]))
    assert said.startswith(">2030")
    assert "highest in the run's last year" in said
    assert said.split(":")[1].strip() in " ".join(printed([run("S1")]).split())
    assert said.split(":")[1].strip() in report_html([run("S1")], pictures={}).replace("&#x27;", "'")


# --- words ---


def test_a_run_of_one_year_is_not_told_as_a_path() -> None:
    words = " ".join(sentences([one_year("S1"), one_year("S5")])["S5"])
    price = one_year("S5").series("Price|Carbon")[2023]
    assert f"In 2023 the carbon price is {price:.1f} yuan/t" in words
    assert "Emissions are" in words
    for odd in ("hardly move", "from", " to 5", "highest", "a year"):
        assert odd not in words.partition("Against")[0]


def test_before_the_scenarios_part_they_are_equal_by_construction() -> None:
    early = [
        replace(r, annual=r.annual[r.annual["year"] == 2022], parameters=r.parameters | {"policy_start": 2023})
        for r in (run("S1"), run("S2"))
    ]
    (sentence,) = sentences(early)["S2"]
    assert sentence.endswith("every number equals that of S1, by construction: the scenarios part in 2023.")


def test_the_sectors_that_trade_are_as_many_as_the_title_says() -> None:
    trading = sentences([run("S5")])["S5"][0].partition("firms in ")[2].partition(" trade")[0]
    outside = re.sub(r"\(.*?\)", "", trading)
    assert len(re.split(r", (?:and )?", outside)) == 7
    assert "petrochemicals (coking and oil refining, chemicals)" in trading


def test_without_firms_nobody_is_said_to_trade() -> None:
    alone = replace(run("S4"), parameters=run("S4").parameters | {"market": {"mode": "equilibrium"}})
    words = " ".join(sentences([alone])["S4"])
    assert "firms in" not in words
    assert "change hands" not in words
    assert "one carbon price holds in power" in words
    quotas = replace(run("S2"), parameters=run("S2").parameters | {"market": {"mode": "equilibrium"}})
    assert "quotas in iron and steel" in sentences([quotas])["S2"][0]


def test_scenarios_equal_to_s1_say_so_and_why() -> None:
    said = sentences(batch())
    for name in ("S2", "S3"):
        (sentence,) = said[name]
        assert "equals that of S1, by construction" in sentence
        assert "bind nobody" in sentence
    assert "aviation" in said["S3"][0]
    assert "aviation" not in said["S2"][0]


def test_a_scenario_that_differs_in_one_number_is_not_called_equal() -> None:
    results = [run("S1"), changed(run("S2"), "GDP|MER", 2026, 3000.0)]
    assert not any("equals" in line for line in sentences(results)["S2"])


def test_equality_without_its_reason_is_not_called_by_construction() -> None:
    binding = replace(run("S2"), parameters={**run("S2").parameters, "allocation": {"binding": True}})
    (sentence,) = sentences([run("S1"), binding])["S2"]
    assert "equals that of S1" in sentence
    assert "by construction" not in sentence


def test_the_words_carry_the_numbers_of_the_run() -> None:
    words = " ".join(sentences(batch())["S5"])
    one, five = run("S1"), run("S5")
    emissions, price = five.series("Emissions|CO2"), five.series("Price|Carbon")
    energy, gap = five.series("Energy Consumption"), one.series("Emissions|CO2")[2030] - emissions[2030]
    for expected in (
        f"from {price[2022]:.1f} yuan/t in 2022 via {price[2025]:.1f} in 2025 to {price[2030]:.1f} in 2030",
        f"{five.series('Carbon Market|Trading Volume')[2030]:.2f} Mt change hands in 2030",
        f"from {emissions[2022]:.1f} Mt in 2022 to {emissions[2030]:.1f} in 2030",
        f"peak of {emissions.max():.1f} Mt in {emissions.idxmax()}",
        f"from {energy[2022]:.1f} to {energy[2030]:.1f} Mtce",
        f"emissions are {gap:.1f} Mt",
        "iron and steel",
        "GDP is",
    ):
        assert expected in words
    assert "have not peaked by 2030" in " ".join(sentences(batch())["S1"])


def test_the_words_turn_with_the_numbers() -> None:
    up = changed(run("S5"), "Emissions|CO2", 2030, 900.0)
    words = " ".join(sentences([run("S1"), up])["S5"])
    assert re.search(r"emissions are 286\.2 Mt \(46\.6 %\) higher", words)
    assert "have not peaked by 2030" in words


def test_failures_are_told() -> None:
    assert "S9 failed and has no results: no equilibrium" in plain_words([run()], {"S9": "no equilibrium"})


# --- report ---


class Page(HTMLParser):
    """Tags with attributes, and the text; complains where tags do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Page:
    page = Page()
    page.feed(text)
    assert page.open == []
    return page


def test_the_report_is_one_page_that_asks_for_nothing(tmp_path: Path) -> None:
    text = write_report(tmp_path, batch(), status=[{"item": "GDP", "status": "verified"}]).read_text(encoding="utf-8")
    page = read(text)
    images = [attrs["src"] for tag, attrs in page.tags if tag == "img"]
    assert len(images) == len(NAMES)
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in images)
    assert not {"a", "script", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert "http://" not in text
    assert "https://" not in text
    for expected in ("by construction", "verified", "电力", "cap.tightness", "Households"):
        assert expected in page.text


def test_the_report_is_the_same_for_the_same_runs() -> None:
    assert report_html([run()], pictures={}) == report_html([run()], pictures={})


def test_text_from_outside_cannot_become_code() -> None:
    evil = '<script>alert(1)</script><img src=x onerror="alert(1)">'
    result = replace(
        run("S1"),
        parameters={"title": evil, evil: evil, "coverage": {"ELEC": evil}},
        meta={"versions": {evil: evil}, "id": evil},
    )
    page = read(report_html([result], failed={evil: evil}, status=[{evil: evil}], pictures={evil: b"x"}))
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any("onerror" in attrs for _, attrs in page.tags)
    assert evil in page.text


def test_a_batch_in_which_everything_failed_still_has_a_report() -> None:
    assert "S1 failed" in read(report_html([], failed={"S1": "no equilibrium"})).text


def test_who_trades_from_a_later_year_is_not_called_without_trade() -> None:
    quick = {"years.end": 2024, "firms.number": 24, "market.periods_per_year": 1, "banking.horizon": 0}
    late = simulate(load_scenario("S1", {**quick, "sectors.STEEL.status": {"2024": "trading"}}))
    said = sentences([late])["S1"][0]
    assert "firms in power trade allowances; iron and steel trade from 2024 on" in said
    assert "not traded" not in said
