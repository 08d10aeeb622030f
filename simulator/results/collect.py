"""From a run to its tables: what the log holds, as annual variables, periods, fills and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tanshi.numerics.units import MILLION, TONNES
from tanshi.scenarios.link import OTHERS, OUTSIDE
from tanshi.simulator.results.accounting import BILLION_PER_YI, economy_variables
from tanshi.simulator.results.alarms import alarms
from tanshi.simulator.results.costs import cost_variables, offset_variables, purchases_of
from tanshi.simulator.results.rules import (
    allocation_variables,
    border_variables,
    entrants_variables,
    gains_variables,
    link_variables,
    rule_variables,
    tax_variables,
    taxes_of,
)
from tanshi.simulator.results.tables import TRADE_COLUMNS, RunResult, annual_table, market_variables
from tanshi.simulator.results.variables import (
    CLEAN,
    CUMULATIVE,
    HEADS,
    HOUSEHOLD_GROUPS,
    MONEY_METRIC,
    SUPPORT,
    group_of,
    kind_of_credit,
    region_of,
)
from tanshi.simulator.run.ahead.known import seen_to
from tanshi.simulator.run.ahead.outlook import UNSETTLED
from tanshi.simulator.run.public.allotted import tells
from tanshi.simulator.run.straying import told
from tanshi.simulator.run.world import State, World, YearClosed

IN_TABLES = (
    *("net_sales_t", "allotted_t", "classes_t", "border_charged_yuan", "border_given_back_yuan"),
    *("set_aside_t", "entrants_t", "left_over_t", "entrants_reserve_t"),
)
"""What a year's row of compliance holds that the annual variables tell."""
YUAN_PER_HEAD = 100.0
"""Yuan a head in a yi yuan for a million."""
Series = dict[str, dict[int, float]]
"""Variable to year to value."""


def result_of(w: World, s: State) -> RunResult:
    """The run's tables so far."""
    scenario, log = w.scenario, s.log
    periods, trades = pd.DataFrame(log.periods), trade_table(w, s)
    annual = _annual(w, s)
    net_sales = None
    if not w.agents_trade:
        net_sales = {row["year"]: row["net_sales_t"] for row in log.settlements}
    market = market_variables(
        periods,
        trades,
        years=[closed.year for closed in log.years],
        opening_price=w.province.accounts.carbon_price,
        net_sales_t=net_sales,
        sectors=w.sectors,
    )
    values = {**annual, **market}
    if scenario.offsets.share > 0:
        values |= _offsets(w, s, values)
    if w.province.closure.taxed:
        values |= tax_variables(w, s)
    if w.province.border is not None:
        values |= border_variables(w, s)
    if w.scenario.new_entrants.any:
        values |= entrants_variables(s)
    if tells(w):
        values |= allocation_variables(w, s)
    if w.open:
        values |= link_variables(w, s)
    if w.agents_trade:
        values |= gains_variables(w, s)
    values |= _costs(w, s, values, trades) | rule_variables(w, s, values["Price|Carbon"], trades)
    return RunResult(
        scenario=scenario.name,
        seed=scenario.seed,
        annual=annual_table(scenario.name, scenario.seed, values, region_of(scenario.economy)),
        periods=periods,
        trades=trades,
        parameters=scenario.model_dump(mode="json"),
        meta=diagnostics(w, s),
    )


def gains_table(s: State) -> pd.DataFrame:
    """What trade in allowances was worth to every firm that traded, by year.

    Returns
    -------
    Columns ``year``, ``firm``, ``sector`` (code) and ``gain_yuan``: what it would have cost the firm to make its own
    part of the same cut alone, less what the cut cost it with trade (`tanshi.agents.gains`). No rows without firms.
    """
    gains = np.array([row["gain"] for row in s.log.gains]).reshape(len(s.log.gains), len(s.firms))
    place, firm = np.nonzero(np.isfinite(gains))
    year = np.array([row["year"] for row in s.log.gains], np.int64)[place]
    sector = np.array(s.firms.sectors)[s.firms.sector[firm]]
    return pd.DataFrame({"year": year, "firm": firm, "sector": sector, "gain_yuan": gains[place, firm]})


def _annual(w: World, s: State) -> Series:
    """The years' variables that come from the economy."""
    values: Series = {}
    for closed in s.log.years:
        found = economy_variables(
            w.economy.accounts, closed.flows, closed.welfare, closed.accrued, closed.covered, _clean(w, closed.year)
        )
        for name, value in found.items():
            values.setdefault(name, {})[closed.year] = value
        for name, value in _of_groups(w, closed).items():
            values.setdefault(name, {})[closed.year] = value
    emitted = values["Emissions|CO2"]
    values[CUMULATIVE] = dict(zip(sorted(emitted), np.cumsum([emitted[year] for year in sorted(emitted)]), strict=True))
    return values


def _of_groups(w: World, closed: YearClosed) -> dict[str, float]:
    """What the groups of households that have a name in the results have of a year."""
    groups = w.economy.economy.groups
    if groups is None or not w.reports:
        return {}
    out = {}
    for name, persons, metric, income in zip(groups.names, groups.persons, *closed.groups, strict=True):
        if name in HOUSEHOLD_GROUPS:
            out[group_of(MONEY_METRIC, name)] = float(metric) * BILLION_PER_YI
            out[group_of(HEADS, name)] = YUAN_PER_HEAD * float(income / persons)
    return out


def _clean(w: World, year: int) -> dict[str, float]:
    """GW of every kind of non-fossil plant in a year, as the economy's path has them."""
    capacity = w.economy.economy.clean_capacity[year]
    return {kind: capacity[kind.lower()] for kind in CLEAN}


def _offsets(w: World, s: State, annual: Mapping[str, Mapping[int, float]]) -> Series:
    """Volume and price of offsets."""
    log = s.log
    if w.agents_trade:
        used = {int(row["year"]): row["offsets_t"] / TONNES for row in log.settlements}
    else:
        used = {int(row["year"]): float(row["bought_t"].sum()) / TONNES for row in log.credit_trades}
    out = offset_variables(log.credit_trades, used, sorted(annual["Price|Carbon"]), w.sectors)
    told = {int(row["year"]): row.get("kinds", {}) for row in log.credit_trades}
    for kind, _ in w.scenario.offsets.kinds.said():
        for place, what, unit in ((1, "Volume", TONNES), (0, "Price", 1.0)):
            found = {year: told.get(year, {}).get(kind, (0.0, 0.0))[place] / unit for year in annual["Price|Carbon"]}
            out[kind_of_credit(kind, what)] = found
    if w.scenario.offsets.subsidy > 0 or w.scenario.offsets.spares_tax:
        paid = {int(row["year"]): row.get("support", 0.0) * float(row["bought_t"].sum()) for row in log.credit_trades}
        out[SUPPORT] = {year: paid.get(year, 0.0) / MILLION for year in annual["Price|Carbon"]}
    return out


def _costs(w: World, s: State, annual: Mapping[str, Mapping[int, float]], trades: pd.DataFrame) -> Series:
    """What the market costs each sector."""
    price = annual["Price|Carbon"]
    if w.agents_trade:
        purchases = purchases_of(trades)
    else:
        purchases = {}
        for row in s.log.settlements:  # what is auctioned is paid for by the sector that would have been given it
            year = row["year"]
            caps = np.where(s.policy.mask(year), s.policy.caps(year), 0.0)
            sold = s.policy.auctioned(year) * s.policy.caps(year) * TONNES
            left = row.get("left_over_t", {}).get("auction", 0)
            sold = sold + left * caps / caps.sum() if left else sold
            paid = dict(zip(w.sectors, sold.tolist(), strict=True))
            for sector, tonnes in row["net_sales_t"].items():
                if sector not in (OUTSIDE, OTHERS):
                    purchases[year, sector] = (paid[sector] - tonnes) * price[year]
    baseline = {year: dict(zip(w.sectors, s.policy.baseline.at(year).tolist(), strict=True)) for year in sorted(price)}
    taxes = taxes_of(w, s) if w.province.closure.taxed else None
    support = {int(row["year"]): float(row.get("support", 0.0)) for row in s.log.credit_trades}
    opening = w.province.accounts.carbon_price
    return cost_variables(annual, purchases, baseline, opening, w.sectors, taxes, support)


def diagnostics(w: World, s: State) -> dict[str, Any]:
    """Worst residuals, iterations, firms by sector, and how often the drift's network was out of range."""
    rows, firms = s.log.periods, s.firms
    market = w.scenario.market
    settled = max(w.scenario.coupling.tolerance, market.tick)
    unplanned = [int(row["year"]) for row in rows if row["period"] == 1 and row["plan_gap"] > UNSETTLED]
    bidders = ", ".join(name for name, part in w.scenario.firms.strategies.as_dict().items() if part > 0)
    return {
        "worst_residual": max((r["residual"] for r in rows), default=0.0),
        "worst_walras": max((r["walras"] for r in rows), default=0.0),
        "iterations": int(sum(r["iterations"] for r in rows)),
        "unsettled_periods": int(sum(r["gap"] > settled * (1 + 1e-9) for r in rows)),
        "unsettled_plans": unplanned,
        "alarms": alarms(
            rows,
            s.log.settlements,
            venue=market.venue,
            bidders=bidders,
            unplanned=unplanned,
            seen_to=seen_to(w, s),
            strays=w.surroundings is not None,
        ),
        "firms": {name: int(n) for name, n in zip(firms.sectors, firms.counts, strict=True)},
        "settlements": [{k: v for k, v in r.items() if k not in IN_TABLES} for r in s.log.settlements],
        "drift": {"mode": w.flow.mode, **s.log.drift},
        **told(w, s),
        **({} if w.followed is None else w.followed.told()),
    }


def trade_table(w: World, s: State) -> pd.DataFrame:
    """All fills of the run so far, columns ``TRADE_COLUMNS``; sectors by their codes, GOV and INT for the others."""
    rows = s.log.trades
    types = {"price": np.float64}
    columns: dict[str, Any] = {
        name: np.concatenate([row[name] for row in rows]) if rows else np.zeros(0, types.get(name, np.int64))
        for name in TRADE_COLUMNS[2:]
    }
    words = pd.array([*s.firms.sectors, "GOV", "INT", OTHERS if w.shared else OUTSIDE], dtype="str")
    for name in ("buyer_sector", "seller_sector"):
        columns[name] = words.take(columns[name])
    table = pd.DataFrame(columns)
    table.insert(0, "scenario", w.scenario.name)
    table.insert(1, "seed", np.int64(w.scenario.seed))
    return table
