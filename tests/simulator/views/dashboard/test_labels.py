"""What stands beside a number is what it is: its unit, whose it is, who sold and who bought."""

from __future__ import annotations

import numpy as np
import pandas as pd
from dash import html

from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.variables import KNOWN, gains_of
from tanshi.simulator.run.build import begin
from tanshi.simulator.views.charts.network import ORDER, short_name
from tanshi.simulator.views.dashboard.charts import DEMAND, SUPPLY
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch
from tanshi.simulator.views.dashboard.market_charts import sector_network
from tanshi.simulator.views.dashboard.pages import auction, compare, firms, network, sectors
from tests.simulator.views.dashboard.words import charts, parts_of, traces, words
from tests.simulator.views.test_views import SAID

CODES = {short_name(code): code for code in ORDER}


def table_of(page: object) -> list[dict[str, str]]:
    """The first table of a page, its cells by their heads."""
    heads, *rows = [[words(cell) for cell in row.children] for row in parts_of(page) if isinstance(row, html.Tr)]
    names = [head.rstrip(" ▼▲") for head in heads]
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]


def test_charts_have_the_units_of_their_variables() -> None:
    for variable, _, unit, apart, _, _ in compare.CHARTS:
        assert unit.startswith(SAID[KNOWN[variable].unit])
        assert apart.startswith(SAID[KNOWN[variable].unit])


def test_differences_are_told_in_their_unit_or_in_percent(desk: Desk, batch: Batch) -> None:
    in_percent = words(compare.body(desk, batch, ["S1", "S5"], (), "S1", compare.PERCENT))
    in_units = words(compare.body(desk, batch, ["S1", "S5"], (), "S1", compare.DIFFERENCES))
    assert "% of the reference" in in_percent
    assert "billion yuan" not in in_percent.split("In one table")[0]
    assert "billion yuan of 2022" in in_units
    assert "% of the reference" not in in_units


def test_what_trade_is_worth_to_a_sector_is_told_in_millions(desk: Desk, batch: Batch) -> None:
    page = sectors.body(desk, batch, "STEEL", 2024, ["S5"])
    assert KNOWN[gains_of("STEEL")].unit.startswith("million")
    assert "what trade in allowances is worth million yuan a year" in words(page)


def test_a_firms_row_is_what_its_fills_add_up_to(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    traded = read_run(run.folder).trades.query("year == 2024")
    row = table_of(firms.body(firms.firms_of(desk, run, 2024), "bought_t", True, 0))[0]
    firm = int(row["Firm"])
    bought, sold = traded[traded["buyer"] == firm], traded[traded["seller"] == firm]
    paid = float((bought["price"] * bought["quantity_t"]).sum() - (sold["price"] * sold["quantity_t"]).sum())
    into, out = int(bought["quantity_t"].sum()), int(sold["quantity_t"].sum())
    assert into > out
    told = [row[head].replace(",", "") for head in ("Bought, t", "Sold, t", "Net bought, t")]
    assert told == [str(into), str(out), str(into - out)]
    assert row["Paid less received, yuan"] == f"{paid:,.0f}"
    everyone = begin(desk.question(run).scenario)[1].firms
    assert row["Emission intensity, sector = 1"] == f"{everyone.intensity[firm]:.2f}"
    assert row["Abatement cost, sector = 1"] == f"{everyone.cost[firm]:.2f}"


def test_flows_between_sectors_name_who_sold_first(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    traded = read_run(run.folder).trades.query("year == 2024")
    tonnes = traded.groupby(["seller_sector", "buyer_sector"])["quantity_t"].sum()
    rows = table_of(network.body(desk, run, 2024, 0, "sectors"))
    assert any(row["Seller"] != row["Buyer"] for row in rows)
    for row in rows:
        assert row["Tonnes"] == f"{tonnes[CODES[row['Seller']], CODES[row['Buyer']]]:,}"


def test_an_arrow_leads_from_who_sold_to_who_bought() -> None:
    chart = sector_network(pd.DataFrame([{"seller": "ELEC", "buyer": "STEEL", "tonnes": 10.0}]))
    dots = next(trace for trace in chart["data"] if len(trace.get("x", ())) == 2)
    place = {code: np.array(at) for code, *at in zip(("ELEC", "STEEL"), dots["x"], dots["y"], strict=True)}
    (arrow,) = chart["layout"]["annotations"]
    head, tail = np.array([arrow["x"], arrow["y"]]), np.array([arrow["ax"], arrow["ay"]])
    assert np.linalg.norm(head - place["STEEL"]) < np.linalg.norm(head - place["ELEC"])
    assert np.linalg.norm(tail - place["ELEC"]) < np.linalg.norm(tail - place["STEEL"])


def test_in_a_book_demand_falls_and_supply_rises(desk: Desk, batch: Batch) -> None:
    run = batch.run("S5-seed1")
    page = auction.body(desk, run, 2024, 1)
    drawn = traces(page)
    demand, supply = drawn["demand (bids)"], drawn["supply (offers)"]
    assert (np.diff(demand["y"]) <= 0).all()
    assert (np.diff(supply["y"]) >= 0).all()
    assert (demand["line"]["color"], supply["line"]["color"]) == (DEMAND, SUPPLY)
    row = desk.tables.periods(run).query("year == 2024 and period == 1").iloc[0]
    told = [words(part.children) for part in parts_of(page) if isinstance(part, html.Div) and len(charts(part)) == 0]
    assert f"Concentration of buyers, sellers {row['hhi_buyers']:.3f}, {row['hhi_sellers']:.3f}" in " ".join(told)
