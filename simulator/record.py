"""What a period leaves behind: its row in the table of periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from equilibrium.engine import Solution
from equilibrium.province.carbon import COVERABLE
from simulator.book import TONNES
from simulator.coupling import Agreement
from simulator.drift.state import Context, emission_rates, outputs, prices

if TYPE_CHECKING:
    from simulator.model import CarbonMarket


def context_of(m: CarbonMarket, mask: NDArray[np.bool_], to_compliance: float) -> Context:
    """What the drift may know of the market: bank, coverage, tightness of the cap, time to the compliance date."""
    s = m.state
    allocation = float(m.policy.caps(s.year)[mask].sum())
    base = float(m.policy.baseline.at(s.year)[mask].sum())
    return Context(
        covered=mask,
        bank_ratio=_spare(m, mask) / allocation if allocation > 0 else 0.0,
        cap_tightness=1.0 - allocation / base if base > 0 else 0.0,
        time_to_compliance=to_compliance,
    )


def _spare(m: CarbonMarket, mask: NDArray[np.bool_]) -> float:
    """Allowances of earlier vintages still held by trading firms, Mt."""
    if m.scenario.market.mode == "equilibrium":
        return m.state.banked
    firms = np.flatnonzero(mask[m.population.sector])
    earlier = m.registry.holdings[: m.state.year - m.registry.first_vintage, firms]
    return float(earlier.sum()) / TONNES


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
        "volume_t": volume,
        "turnover_yuan": float((fills.price * fills.quantity).sum()) * market.lot * market.tick,
        "orders": len(agreement.orders),
        "iterations": agreement.iterations,
        "gap": agreement.gap,
        "residual": solution.residual,
        "walras": solution.walras,
        "bank_ratio": float(context.bank_ratio),
        "cap_tightness": float(context.cap_tightness),
        "time_to_compliance": float(context.time_to_compliance),
        "star_price": float(prices(star)),
    }
    series = {
        "emissions": emission_rates(z),
        "output": outputs(z),
        "star_emissions": emission_rates(star),
        "star_output": outputs(star),
        "effective": s.effective,
        "covered": context.covered.astype(int),
    }
    for name, values in series.items():
        row |= {f"{name}_{sector}": values[i].item() for i, sector in enumerate(COVERABLE)}
    return row
