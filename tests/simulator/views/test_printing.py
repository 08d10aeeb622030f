"""Figures fit to print: their size, their resolution, what stands on them, their numbers beside them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli.report import resolution, size_of
from tanshi.simulator.results.variables import FIRM_SECTORS, emissions_of
from tanshi.simulator.studies.validation.beside import Beside
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.balances import BALANCES, distinct
from tanshi.simulator.views.charts.beside import draw_beside
from tanshi.simulator.views.charts.figures import TITLES, draw_figures
from tanshi.simulator.views.charts.plots import Plots
from tanshi.simulator.views.charts.printing import INCH, Printing, numbers_of, printed
from tests.simulator.made_up import batch, run


@pytest.mark.parametrize("size", [(9.0, 7.0), (30.0, 20.0)])
def test_a_figure_has_the_size_and_resolution_that_were_asked_for(size: tuple[float, float]) -> None:
    with printed(Printing(size, dpi=100)):
        for name in ("price", "emissions_by_sector", "cost_by_sector"):
            picture = Image.open(io.BytesIO(style.png(getattr(Plots(batch()), name)())))
            assert picture.size == pytest.approx([side / INCH * 100 for side in size], abs=1), name


def test_no_words_leave_a_small_sheet() -> None:
    with printed(Printing((9.0, 7.0), dpi=100)):
        for name, figure in draw_figures(batch(), whole=True).items():
            style.png(figure)
            width, height = figure.get_size_inches() * figure.dpi
            for text in (*figure.texts, *(t for axes in figure.axes for t in axes.texts)):
                box = text.get_window_extent()
                inside = box.x0 >= -2 and box.x1 <= width + 2 and box.y0 >= -2 and box.y1 <= height + 2
                assert inside, (name, text.get_text())


def test_the_name_of_what_is_known_stays_on_the_sheet_of_a_short_run() -> None:
    figure, axes = style.frame("Emissions", "Mt", "Source: …")
    axes.set_xlim(2022, 2024)
    axes.set_ylim(0, 100)
    draw_beside(axes, Beside({2023: 40.0, 2024: 60.0}, "estimated from observed output", False))
    style.png(figure)
    (name,) = axes.texts
    assert name.get_window_extent().x1 <= figure.bbox.x1


def test_title_and_source_are_left_out_where_they_are_not_wanted() -> None:
    def words(how: Printing) -> str:
        with printed(how):
            return " ".join(text.get_text() for text in draw_figures(batch())["price"].texts)

    assert "Carbon price, Shanxi" in words(Printing())
    assert "Simulated, not observed" in words(Printing())
    bare = words(Printing(title=False, source=False))
    assert "Shanxi" not in bare
    assert "Simulated" not in bare
    assert "yuan of 2022" in bare  # the unit of the axis stays


def test_a_figures_numbers_are_those_of_the_runs() -> None:
    figures = draw_figures(batch(), whole=True)
    prices = numbers_of(figures["price"]).set_index(["scenario", "year"])["median"]
    assert prices["S5", 2030] == pytest.approx(run("S5").series("Price|Carbon")[2030])
    stack = numbers_of(figures["emissions_by_sector"])
    together = stack[stack["scenario"] == "S5"].groupby("year")["value"].sum()
    assert together.to_numpy() == pytest.approx(run("S5").series("Emissions|CO2").to_numpy())
    power = stack[(stack["scenario"] == "S5") & (stack["part"] == "Power")].set_index("year")["value"]
    assert power[2030] == pytest.approx(run("S5").series(emissions_of(FIRM_SECTORS[0]))[2030])
    gains = numbers_of(figures["incidence"])
    assert set(gains["scenario"]) == {"S4", "S5"}  # the others are the reference's equals


def test_equal_scenarios_share_a_panel_that_names_them() -> None:
    wide = {r.scenario: r.annual.pivot(index="year", columns="variable", values="value") for r in batch()}
    assert list(distinct(wide)) == ["S1 = S2 = S3", "S4", "S5"]


def test_a_fan_needs_several_seeds_and_few_seeds_have_no_percentiles() -> None:
    assert "price_fan" not in draw_figures(batch(), whole=True)
    several = [run("S5", seed) for seed in range(1, 23)]
    fan = numbers_of(draw_figures(several, whole=True)["price_fan"]).set_index("year")
    prices = np.array([r.series("Price|Carbon")[2030] for r in several])
    assert fan.loc[2030, "quantile 0.95"] == pytest.approx(np.quantile(prices, 0.95))
    (axes,) = draw_figures(several[:5], whole=True)["price_fan"].axes
    assert len(axes.collections) == 0
    assert len(axes.lines) == 6


def test_a_notebook_saves_figures_in_every_form(tmp_path: Path) -> None:
    written = Plots(batch()).save(tmp_path, ["price", "generation"], size=(9.0, 7.0), title=False)
    assert {path.name for path in written} == {
        f"{name}.{kind}" for name in ("price", "generation") for kind in ("png", "svg", "pdf", "csv")
    }
    svg = (tmp_path / "price.svg").read_text("utf-8")
    assert re.search(r'width="255\.\d+pt" height="198\.\d+pt"', svg)  # 9 by 7 cm
    assert len(pd.read_csv(tmp_path / "price.csv")) == 5 * 9
    with pytest.raises(UserError, match="no such figure"):
        Plots(batch()).save(tmp_path, ["weather"])


def test_every_figure_of_several_runs_has_a_title_and_a_method() -> None:
    for name in (*TITLES, *BALANCES):
        assert callable(getattr(Plots(batch()), name))


@pytest.mark.parametrize("text", ["16", "axb", "1x1", "900x10", "16x10mm"])
def test_a_size_that_is_none_is_told(text: str) -> None:
    with pytest.raises(UserError, match="from 5 to 60 cm, such as 16x10"):
        size_of(text)


def test_a_resolution_that_is_none_is_told() -> None:
    assert resolution(600) == 600
    with pytest.raises(UserError, match="from 50 to 1200"):
        resolution(10)
