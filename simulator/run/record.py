"""What a period leaves behind: its row in the table of periods, its fills in the table of trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import COVERABLE
from tanshi.market.quality import of_period
from tanshi.simulator.drift.state import EMISSIONS, MARKET, OUTPUT, PRICE, Context, emission_rates, outputs, prices
from tanshi.simulator.results.tables import TRADE_COLUMNS
from tanshi.simulator.run.book import TONNES
from tanshi.simulator.run.coupling import Agreement

if TYPE_CHECKING:
    from tanshi.market.venue import Fills
    from tanshi.simulator.model import CarbonMarket


SERIES = ("emissions", "output", "star_emissions", "star_output", "effective", "covered")
BY_SECTOR = {name: tuple(f"{name}_{sector}" for sector in COVERABLE) for name in SERIES}
"""Columns of what the table of periods holds by sector."""


def context_of(m: CarbonMarket, mask: NDArray[np.bool_], z: NDArray[np.float64]) -> Context:
    """What the drift may know of the market once the auction has left the state at ``z`` (17,).

    Nothing of it lies ahead of the period but the rules announced by then.
    """
    s, n = m.state, m.periods_per_year
    t0, t1 = s.year + s.period / n, s.year + (s.period + 1) / n
    left = s.year + 1 - t0
    allocation = float(m.policy.caps(s.year)[mask].sum())
    base = float(m.policy.baseline.at(s.year)[mask].sum())
    rate = float(m.policy.caps(s.year, whole=True)[mask].sum())
    here, there = m.star(np.array([t0, t1]))[:, PRICE]
    slope = (there - here) * n
    gap = 1.0 - (1.0 + np.maximum(s.effective[mask], 0.0)) / np.exp(z[PRICE])
    trading = np.flatnonzero(mask[m.population.sector])
    expected = m.population.expected_price[trading]
    need = float(s.accrued[mask].sum() + left * emission_rates(z)[mask].sum())
    return Context(
        covered=mask,
        bank_ratio=_spare(m, trading) / allocation if allocation > 0 else 0.0,
        cap_tightness=1.0 - rate / base if base > 0 else 0.0,
        time_to_compliance=left,
        reference_slope=float(slope),
        technique_gap=float(gap.mean()) if gap.size else 0.0,
        expectation_gap=float(z[PRICE] - np.log1p(expected.mean())) if agents_trade(m) and expected.size else 0.0,
        balance=(_held(m, trading) - need) / allocation if allocation > 0 else 0.0,
        period_length=1.0 / n,
    )


def agents_trade(m: CarbonMarket) -> bool:
    """Whether the price comes from firms' trade."""
    return bool(m.scenario.market.mode == "agents")


def _held(m: CarbonMarket, trading: NDArray[np.intp]) -> float:
    """What can still be surrendered this year, Mt: allowances of trading firms and of government, credits expected."""
    if not agents_trade(m):
        caps = m.policy.caps(m.state.year)
        return float(caps[m.policy.mask(m.state.year)].sum()) + m.state.banked + m.state.credits
    held = m.registry.held
    return float(held[trading].sum() + held[m.government]) / TONNES + m.state.credits


def _spare(m: CarbonMarket, trading: NDArray[np.intp]) -> float:
    """Allowances of earlier vintages still held by trading firms, Mt."""
    if not agents_trade(m):
        return m.state.banked
    earlier = m.registry.holdings[: m.state.year - m.registry.first_vintage]
    return sum(int(vintage[trading].sum()) for vintage in earlier) / TONNES


def _gaps(before: NDArray[np.float64], z: NDArray[np.float64], covered: NDArray[np.bool_]) -> dict[str, float]:
    """How far the flow ended from what the market and the economy came to: root mean squares of logarithms."""
    on = covered if covered.any() else np.ones_like(covered)

    def size(part: slice) -> float:
        return float(np.sqrt(np.mean((z[part] - before[part])[on] ** 2)))

    return {"gap_emissions": size(EMISSIONS), "gap_output": size(OUTPUT)}


def period_row(
    m: CarbonMarket, agreement: Agreement, solution: Solution, z: NDArray[np.float64], context: Context
) -> dict[str, Any]:
    """One row: the market's outcome, the state after the jump and its reference, and how well it was solved."""
    s, n = m.state, m.periods_per_year
    t = s.year + s.period / n
    fills = agreement.clearing.fills
    market = m.scenario.market
    star = m.star(t)
    volume = int(fills.quantity.sum()) * market.lot
    row: dict[str, Any] = {
        "scenario": m.scenario.name,
        "seed": m.scenario.seed,
        "year": s.year,
        "period": s.period + 1,
        "t": t,
        "price": agreement.price,
        "pre_jump_price": s.expected,
        **_gaps(s.carried, z, context.covered),
        "volume_t": volume,
        "turnover_yuan": float((fills.price * fills.quantity).sum()) * market.lot * market.tick,
        "orders": len(agreement.orders),
        "iterations": agreement.iterations,
        "gap": agreement.gap,
        "residual": solution.residual,
        "walras": solution.walras,
        **{name: float(value) for name, value in zip(MARKET, context.market, strict=True)},
        "regime": int(np.searchsorted(m.star.starts, t + 1e-9, side="right")),
        "star_price": float(prices(star)),
    }
    row |= of_period(agreement.orders, agreement.clearing, market.lot * market.tick)
    series = {
        "emissions": emission_rates(z),
        "output": outputs(z),
        "star_emissions": emission_rates(star),
        "star_output": outputs(star),
        "effective": s.effective,
        "covered": context.covered.astype(int),
    }
    for name, values in series.items():
        row |= zip(BY_SECTOR[name], values.tolist(), strict=True)
    row |= {f"own_price_{sector}": price for sector, price in m.province.own_prices(solution).items()}
    return row


def fill_rows(m: CarbonMarket, fills: Fills) -> dict[str, NDArray[Any]]:
    """The period's fills as plain columns; they become a table once, when the run is finished."""
    s, market = m.state, m.scenario.market
    last = len(m.population.sectors)
    codes = np.concatenate((m.population.sector, [last], np.full(m.scenario.firms.intermediaries, last + 1)))
    return {
        "year": np.full(len(fills), s.year),
        "period": np.full(len(fills), s.period + 1),
        "buyer": fills.buyer,
        "seller": fills.seller,
        "buyer_sector": codes[fills.buyer],
        "seller_sector": codes[fills.seller],
        "price": fills.price * market.tick,
        "quantity_t": fills.quantity * market.lot,
    }


def trade_table(m: CarbonMarket) -> pd.DataFrame:
    """All fills of the run so far, columns ``TRADE_COLUMNS``; sectors by their codes, GOV and INT for the others."""
    rows = m.state.trades
    types = {"price": np.float64}
    columns: dict[str, Any] = {
        name: np.concatenate([row[name] for row in rows]) if rows else np.zeros(0, types.get(name, np.int64))
        for name in TRADE_COLUMNS[2:]
    }
    words = pd.array([*m.population.sectors, "GOV", "INT"], dtype="str")
    for name in ("buyer_sector", "seller_sector"):
        columns[name] = words.take(columns[name])
    table = pd.DataFrame(columns)
    table.insert(0, "scenario", m.scenario.name)
    table.insert(1, "seed", np.int64(m.scenario.seed))
    return table
