"""Figures of one run say what the run says: curves cross where it cleared, flows add up to its accounts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, PathPatch

from tanshi.equilibrium.province.physical import Flows
from tanshi.market.orders import BUY, SELL
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.replay import auction, scenario_of
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import FIRM_SECTORS, emissions_of, net_sales_of
from tanshi.simulator.run.ground.economy import province
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.charts.abatement import abatement_curves, abatement_figure
from tanshi.simulator.views.charts.clearing import curve
from tanshi.simulator.views.charts.energy_flows import EXPORT, POWER, USERS, energy_flows
from tanshi.simulator.views.charts.firms import firm_table
from tanshi.simulator.views.charts.network import fills_of, flows_between, matrix_figure, network_figure
from tanshi.simulator.views.charts.phase import phase_figure, residuals
from tanshi.simulator.views.charts.plots import FIGURES, ONE, Plots
from tanshi.simulator.views.charts.printing import USUAL, Printing, numbers_of, printed
from tanshi.simulator.views.detail import detail_figures, write_details
from tanshi.simulator.views.sectors import SECTOR_COLOURS

FIELDS = {"years.end": 2023, "firms.number": 40, "market.periods_per_year": 3, "banking.horizon": 0}


@pytest.fixture(scope="module")
def run() -> RunResult:
    return simulate(load_scenario("S5", FIELDS))


def texts(figure: object) -> str:
    found = [text.get_text() for text in figure.texts]  # type: ignore[attr-defined]
    found += [text.get_text() for axes in figure.axes for text in axes.texts]  # type: ignore[attr-defined]
    return "\n".join(found)


def test_every_figure_is_drawn_with_title_unit_and_source(run: RunResult) -> None:
    drawn, left_out = detail_figures(run)
    assert set(drawn) == set(ONE)
    assert left_out == {}
    for figure in drawn.values():
        title, unit, source = (text.get_text() for text in figure.texts[:3])
        assert "Shanxi" in title
        assert len(unit) > 10
        assert source.startswith("Source: Tanshi")
        assert len(numbers_of(figure)) > 1


@pytest.mark.parametrize("size", [USUAL, (12.0, 9.0)])
def test_no_words_of_a_figure_leave_its_sheet(run: RunResult, size: tuple[float, float]) -> None:
    names = list(ONE) if size == USUAL else ["clearing", "network", "matrix", "firms"]
    with printed(Printing(size)):
        drawn = detail_figures(run, names)[0]
    assert list(drawn) == names
    for name, figure in drawn.items():
        style.png(figure)
        sheet = figure.bbox
        named = [text for legend in figure.legends for text in legend.get_texts()]
        for text in (*figure.texts, *(t for axes in figure.axes for t in axes.texts), *named):
            box = text.get_window_extent()
            inside = box.x0 >= sheet.x0 and box.x1 <= sheet.x1 and box.y0 >= sheet.y0 and box.y1 <= sheet.y1
            assert inside, f"{name}: {text.get_text()!r} is cut"


def test_every_name_that_is_listed_is_a_figure() -> None:
    assert all(callable(getattr(Plots, name)) for name in FIGURES)


def test_what_a_run_does_not_have_is_left_out_with_the_reason() -> None:
    fields = {"market.mode": "equilibrium", "drift.mode": "none", "years.end": 2022}
    drawn, left_out = detail_figures(simulate(load_scenario("S1", fields)))
    assert {"abatement", "energy_flows"} <= set(drawn)
    assert {"clearing", "network", "matrix", "phase"} == set(left_out)
    assert "no order book" in left_out["clearing"]
    assert "no trades" in left_out["network"]


def test_demand_and_supply_meet_at_the_price_of_the_run(run: RunResult) -> None:
    found = auction(run, 2023, 1)
    (bought, bids), (sold, asks) = (curve(found.orders, side, found.tick, found.lot) for side in (BUY, SELL))
    volume = found.clearing.fills.quantity.sum() * found.lot / 1e6
    assert (np.diff(bids) <= 0).all()
    assert (np.diff(asks) >= 0).all()
    for total, limits, sign in ((bought, bids, 1), (sold, asks, -1)):
        inside = sign * limits[1:][total[1:] <= volume + 1e-9]
        beyond = sign * limits[1:][total[:-1] >= volume - 1e-9]
        assert (inside >= sign * found.price - 1e-9).all()
        assert (beyond <= sign * found.price + 1e-9).all()


def test_the_matrix_adds_up_to_the_volume_and_to_net_sales(run: RunResult) -> None:
    flows = flows_between(fills_of(run, 2023)[0])
    assert flows.to_numpy().sum() == pytest.approx(run.series("Carbon Market|Trading Volume")[2023])
    for code in flows.index:
        net = float(flows.loc[code].sum() - flows[code].sum())
        assert net == pytest.approx(run.series(net_sales_of(code))[2023], abs=1e-9)
    figure = matrix_figure(run, 2023)
    assert f"{flows.to_numpy().max():.2f}" in texts(figure)
    assert numbers_of(figure)["mt"].sum() == pytest.approx(flows.to_numpy().sum())
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    seller, buyer = divmod(int((flows.to_numpy() * (1 - np.eye(len(flows)))).argmax()), len(flows))
    assert cells[buyer, seller] == f"{flows.iloc[seller, buyer]:.2f}", "who sells stands at the left, who buys above"


def test_the_network_says_how_much_of_the_trade_it_shows(run: RunResult) -> None:
    volume = run.series("Carbon Market|Trading Volume")[2023]
    figure = network_figure(run, 2023)
    assert f" of {volume:,.1f} Mt" in texts(figure)
    shown = numbers_of(figure)  # all pairs of so few firms
    assert shown["quantity_t"].sum() == pytest.approx(1e6 * volume)
    sales = shown.groupby("seller_sector")["quantity_t"].sum() - shown.groupby("buyer_sector")["quantity_t"].sum()
    assert sales["STEEL"] == pytest.approx(1e6 * run.series(net_sales_of("STEEL"))[2023])
    with pytest.raises(UserError, match="Nothing was traded in 2031"):
        network_figure(run, 2031)


def test_a_line_of_the_network_has_the_colour_of_who_sold(run: RunResult) -> None:
    figure = network_figure(run, 2023)
    drawn = [one for one in figure.axes[0].get_children() if isinstance(one, FancyArrowPatch | PathPatch)]
    shown = numbers_of(figure)
    assert (shown["seller_sector"] != shown["buyer_sector"]).any()
    colours = [SECTOR_COLOURS[code] for code in shown["seller_sector"]]
    assert [to_hex(line.get_edgecolor()).upper() for line in reversed(drawn)] == [to_hex(c).upper() for c in colours]


def test_a_higher_price_never_lets_all_sectors_together_emit_more(run: RunResult) -> None:
    curves = abatement_curves(scenario_of(run), prices=(0.0, 60.0, 120.0))
    assert (np.diff(curves.sum(axis=1)) < 0).all()
    assert tuple(curves.columns) == FIRM_SECTORS


def test_curves_of_another_economy_are_told_of_the_year_of_its_accounts(
    run: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    curves = abatement_curves(scenario_of(run), prices=(0.0, 120.0))
    monkeypatch.setattr("tanshi.simulator.views.charts.abatement.abatement_curves", lambda _: curves)
    assert ", 2022" in texts(abatement_figure(run))
    years = {**run.parameters["years"], "start": 2017}
    nation = replace(run, parameters=dict(run.parameters) | {"economy": "china_2017", "years": years})
    assert ", 2017" in texts(abatement_figure(nation))


def test_firms_add_up_to_their_sectors(run: RunResult) -> None:
    table = firm_table(run, 2023)
    by_sector = table.groupby("sector")[["emissions_t", "bought_t"]].sum()
    for code in FIRM_SECTORS:
        assert by_sector.loc[code, "emissions_t"] == pytest.approx(run.series(emissions_of(code))[2023] * 1e6)
        assert by_sector.loc[code, "bought_t"] == pytest.approx(-run.series(net_sales_of(code))[2023] * 1e6)


def test_energy_flows_of_the_benchmark_are_the_accounts(run: RunResult) -> None:
    scenario = scenario_of(run)
    model, accounts = province(scenario.economy, scenario.closure)
    solution = model.solve(model.parameters())
    table = energy_flows(accounts, Flows(solution.state.flow, solution.x))
    physical = model.accounts.physical
    into, out = table[table["target"] == POWER]["mtce"].sum(), table[table["source"] == POWER]["mtce"].sum()
    assert into == pytest.approx(out)
    fuels = table[~table["source"].isin([POWER, "Non-fossil\npower"])]["mtce"].sum()
    assert fuels == pytest.approx(physical["fuel_combustion_gross_mtce"], rel=1e-6)
    export = table[table["target"] == EXPORT]["mtce"].sum()
    assert export == pytest.approx(physical["power_export_net_twh"] * physical["coal_equivalent_mtce_per_twh"])
    assert set(USERS) | {"ELEC"} == {*model.accounts.sectors, "HH"}


def test_the_phase_portrait_starts_from_the_runs_own_gaps(run: RunResult) -> None:
    row = run.periods.iloc[3]
    gap = residuals(run.periods)[3]
    assert gap[0] == pytest.approx(np.log1p(row["price"]) - np.log1p(row["star_price"]))
    with pytest.raises(UserError, match="trading sectors only"):
        phase_figure(simulate(load_scenario("S1", FIELDS)), 2023, sector="STEEL")


def test_the_same_run_gives_the_same_files(run: RunResult, tmp_path: Path) -> None:
    one, two = (write_details(run, tmp_path / name) for name in ("a", "b"))
    for name, paths in one.items():
        assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in two[name]]
