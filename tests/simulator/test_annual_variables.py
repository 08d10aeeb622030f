"""What analysts look for is in the annual table, means what it says, and adds up as the IAMC form has it."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import simulate
from tanshi.simulator.results.iamc import iamc_table
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import (
    BANK,
    CAP,
    CAPACITY,
    COMPLIANCE,
    COVERED,
    CUMULATIVE,
    FIRM_SECTORS,
    GENERATION,
    POWER_PRICE,
    POWER_SENT,
    REVENUE,
    YIELD,
    YIELDS,
    auctions_of,
    cost_of,
    emissions_of,
    yield_of,
)
from tests.package.installs import ROOT

SMALL = {"years.end": 2024, "firms.number": 24, "market.periods_per_year": 2, "banking.horizon": 0}
AUCTIONED = {"allocation.auctioned_share": 0.2}
EQUILIBRIUM = {"market.mode": "equilibrium", "market.periods_per_year": 1, "drift.mode": "none"}
NOT_SUMS = ("Price|",)
"""Names under which nothing is added up."""


@cache
def ran(kind: str) -> RunResult:
    changes: dict[str, object] = {
        "auctioned": AUCTIONED, "standard": {"cap.regime": "tps"}, "equilibrium": AUCTIONED | EQUILIBRIUM,
        "loose": EQUILIBRIUM | {"cap.tightness": 0.0, "cap.decline": 0.0},
        "strict": EQUILIBRIUM | {"cap.tightness": 0.25, "price.ceiling": 100.0},
    }[kind]  # fmt: skip
    return simulate(load_scenario("S5", SMALL | changes))


KINDS = ("auctioned", "standard", "equilibrium")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_has_parts_is_their_sum(kind: str) -> None:
    """As pyam's ``check_aggregate`` has it: a variable is the sum of those one level below it."""
    wide = ran(kind).annual.pivot(index="variable", columns="year", values="value")
    checked = set()
    for name in wide.index:
        below = [part for part in wide.index if part.startswith(f"{name}|") and "|" not in part[len(name) + 1 :]]
        if below and not name.startswith(NOT_SUMS):
            gap = np.abs(wide.loc[below].sum() - wide.loc[name]).max()
            assert gap <= 1e-9 * max(1.0, np.abs(wide.loc[below]).to_numpy().max()), (name, below)
            checked.add(name)
    assert {"Emissions|CO2", "Energy Consumption", GENERATION, CAPACITY, "Carbon Market|Trading Volume",
            "Carbon Market|Turnover", REVENUE, auctions_of(), cost_of(), YIELD} <= checked  # fmt: skip


def test_the_first_year_is_the_province_as_its_statistics_have_it() -> None:
    # Shanxi 2022: generation 418.4 TWh, of which 75.67 without fossil fuel; 146.3 TWh sent out; 120.8 GW.
    first = {name: ran("auctioned").series(name)[2022] for name in (GENERATION, POWER_SENT, CAPACITY, POWER_PRICE)}
    assert first[GENERATION] == pytest.approx(418.4, rel=1e-3)
    assert first[POWER_SENT] == pytest.approx(146.3, rel=1e-3)
    assert first[CAPACITY] == pytest.approx(71.5 + 6.0 + 43.3, rel=1e-3)
    assert ran("auctioned").series(f"{GENERATION}|Non-Fossil")[2022] == pytest.approx(75.67, rel=1e-3)


def test_the_guide_tells_what_paper_and_aviation_emit() -> None:
    told = re.search(r"and aviation emit ([\d.]+) % of the province's CO2", (ROOT / "docs/index.md").read_text("utf-8"))
    assert told is not None
    emitted = sum(ran("auctioned").series(emissions_of(code))[2022] for code in ("PAPER", "AIR"))
    assert float(told[1]) == pytest.approx(100 * emitted / ran("auctioned").series("Emissions|CO2")[2022], abs=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_given_is_surrendered_banked_or_lost(kind: str) -> None:
    run = ran(kind)
    given, bank = run.series(CAP), run.series(BANK)
    used = run.series(f"{COMPLIANCE}|Surrendered")
    left = bank.shift(fill_value=0.0) + given - used - bank
    assert (left > -1e-3).all()
    assert run.series(COVERED).to_numpy() == pytest.approx(run.series(f"{COMPLIANCE}|Obligations").to_numpy(), abs=1e-5)


def test_government_earns_what_the_fills_say() -> None:
    run = ran("auctioned")
    sold = run.trades[run.trades["seller_sector"] == "GOV"]
    value = (sold["price"] * sold["quantity_t"]).groupby(sold["year"]).sum() / 1e6
    assert run.series(auctions_of())[value.index].to_numpy() == pytest.approx(value.to_numpy())
    tonnes = sold.groupby("year")["quantity_t"].sum() / 1e6
    primary = run.series("Carbon Market|Trading Volume|Primary Auction")
    assert primary[tonnes.index].to_numpy() == pytest.approx(tonnes.to_numpy())
    fines = {row["year"]: row["penalty_yuan"] / 1e6 for row in run.meta["settlements"]}
    assert run.series(f"{REVENUE}|Penalties").to_dict() == pytest.approx(fines)


def test_without_firms_the_auctioned_share_is_paid_for_at_the_price() -> None:
    run = ran("equilibrium")
    expected = 0.2 * run.series("Price|Carbon") * run.series(CAP)
    assert run.series(auctions_of())[2024] == pytest.approx(expected[2024])
    assert run.series(cost_of(None, "Allowances"))[2024] == pytest.approx(expected[2024], rel=1e-6)
    assert run.series(auctions_of())[2022] == 0.0  # before the policy


def test_a_ceiling_that_is_met_leaves_tonnes_unsurrendered_and_they_are_paid_for() -> None:
    run = ran("strict")
    assert run.series("Price|Carbon")[2024] == pytest.approx(100.0)
    short = run.series(f"{COMPLIANCE}|Shortfall")[2024]
    assert short == pytest.approx((run.series(COVERED) - run.series(CAP))[2024], rel=1e-4)
    assert short > 1.0
    assert run.series(f"{REVENUE}|Penalties")[2024] == pytest.approx(100.0 * short, rel=1e-6)
    assert run.series(f"{COMPLIANCE}|Shortfall")[2022] == 0.0


def test_carbon_is_paid_for_in_the_price_of_power_and_coal_gives_way() -> None:
    dear, cheap = ran("strict"), ran("loose")
    gap = (dear.series("Price|Carbon") - cheap.series("Price|Carbon"))[2024]
    assert gap > 20.0
    assert dear.series(POWER_PRICE)[2024] > cheap.series(POWER_PRICE)[2024]
    coal = f"{GENERATION}|Coal"
    assert dear.series(coal)[2024] < cheap.series(coal)[2024]


def test_emissions_add_up_over_the_years_and_yields_over_those_who_have_them() -> None:
    run = ran("auctioned")
    assert run.series(CUMULATIVE).to_numpy() == pytest.approx(run.series("Emissions|CO2").cumsum().to_numpy())
    parts = pd.concat([run.series(yield_of(part)) for part in YIELDS], axis=1).sum(axis=1)
    assert parts.to_numpy() == pytest.approx(run.series(YIELD).to_numpy())


def test_the_export_names_every_sector_that_pays() -> None:
    table = iamc_table([ran("auctioned")])
    named = set(table["Variable"])
    assert {auctions_of(code) for code in FIRM_SECTORS} <= named
    assert {cost_of(code) for code in FIRM_SECTORS} <= named
    assert table.set_index("Variable")["Unit"][GENERATION] == "TWh/yr"
