"""What a period leaves behind: its row in the table of periods, its fills in the table of trades."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Solution
from tanshi.market.quality import of_period
from tanshi.market.venue import Fills
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.state import MARKET, PRICE, Context, emission_rates, outputs, prices, quantities
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.public.entrants import out_of_reserve
from tanshi.simulator.run.straying import multipliers
from tanshi.simulator.run.waiting import open_obligations
from tanshi.simulator.run.world import State, World

SERIES = ("emissions", "output", "star_emissions", "star_output", "effective", "covered")
"""What the table of periods holds by sector, a column each."""


@lru_cache
def by_sector(sectors: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Names of the columns of each of ``SERIES``."""
    return {name: tuple(f"{name}_{sector}" for sector in sectors) for name in SERIES}


@dataclass(frozen=True)
class Tonnes:
    """What those who trade in one auction have and need, Mt.

    Attributes
    ----------
    held
        What can still be surrendered this year.
    need
        What the year will have emitted at the present rate.
    spare
        Allowances of earlier vintages among it.
    allocation
        A year's allowances.
    rate, frozen
        Allowances and emissions of the frozen baseline, a year at the rate of now.
    """

    held: float
    need: float
    spare: float
    allocation: float
    rate: float
    frozen: float

    def __add__(self, other: Tonnes) -> Tonnes:
        return Tonnes(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def tonnes_of(w: World, s: State, mask: NDArray[np.bool_], z: NDArray[np.float64]) -> Tonnes:
    """What a province's firms have and need once the auction has left the state at ``z`` (17,)."""
    left = s.year + 1 - (s.year + s.period / w.periods_per_year)
    trading = np.flatnonzero(mask[s.firms.sector])
    return Tonnes(
        held=_held(w, s, trading),
        need=float(s.economy.accrued[mask].sum() + left * emission_rates(z)[mask].sum()),
        spare=_spare(w, s, trading),
        allocation=float(s.policy.caps(s.year)[mask].sum()),
        rate=float(s.policy.caps(s.year, whole=True)[mask].sum()),
        frozen=float(s.policy.baseline.at(s.year)[mask].sum()),
    )


def context_of(
    w: World, s: State, mask: NDArray[np.bool_], z: NDArray[np.float64], market: Tonnes | None = None
) -> Context:
    """What the drift may know of the market once the auction has left the state at ``z`` (17,).

    Nothing of it lies ahead of the period but the rules announced by then.

    Parameters
    ----------
    market
        What all have and need who trade in the auction, where firms of other provinces do too.
    """
    n = w.periods_per_year
    t0, t1 = s.year + s.period / n, s.year + (s.period + 1) / n
    have = tonnes_of(w, s, mask, z) if market is None else market
    here, there = s.announced.star(np.array([t0, t1]))[:, PRICE]
    slope = (there - here) * n
    gap = 1.0 - (1.0 + np.maximum(s.economy.effective[mask], 0.0)) / np.exp(z[PRICE])
    trading = np.flatnonzero(mask[s.firms.sector])
    expected = s.firms.expected_price[trading]
    return Context(
        covered=mask,
        bank_ratio=have.spare / have.allocation if have.allocation > 0 else 0.0,
        cap_tightness=1.0 - have.rate / have.frozen if have.frozen > 0 else 0.0,
        time_to_compliance=s.year + 1 - t0,
        reference_slope=float(slope),
        technique_gap=float(gap.mean()) if gap.size else 0.0,
        expectation_gap=float(z[PRICE] - np.log1p(expected.mean())) if w.agents_trade and expected.size else 0.0,
        balance=(have.held - have.need) / have.allocation if have.allocation > 0 else 0.0,
        period_length=1.0 / n,
    )


def _held(w: World, s: State, trading: NDArray[np.intp]) -> float:
    """What can still be surrendered this year, Mt: allowances of trading firms and of government, credits expected."""
    if not w.agents_trade:
        caps = s.policy.caps(s.year)
        return float(caps[s.policy.mask(s.year)].sum()) + out_of_reserve(s) + s.market.banked + s.market.credits
    held = s.registry.held
    return float(held[trading].sum() + held[w.government]) / TONNES + s.market.credits - _owed(s, trading)


def _owed(s: State, trading: NDArray[np.intp]) -> float:
    """Allowances still to be surrendered for years that have ended, Mt."""
    return int(open_obligations(s)[trading].sum()) / TONNES


def _spare(w: World, s: State, trading: NDArray[np.intp]) -> float:
    """Allowances of earlier vintages still held by trading firms, Mt."""
    if not w.agents_trade:
        return s.market.banked
    earlier = s.registry.holdings[: s.year - s.registry.first_vintage]
    return sum(int(vintage[trading].sum()) for vintage in earlier) / TONNES - _owed(s, trading)


def _gaps(before: NDArray[np.float64], z: NDArray[np.float64], covered: NDArray[np.bool_]) -> dict[str, float]:
    """How far the flow ended from what the market and the economy came to: root mean squares of logarithms."""
    on = covered if covered.any() else np.ones_like(covered)

    def size(part: slice) -> float:
        return float(np.sqrt(np.mean((z[part] - before[part])[on] ** 2)))

    emissions, output = quantities(z.size)
    return {"gap_emissions": size(emissions), "gap_output": size(output)}


def period_row(
    w: World, s: State, agreement: Agreement, solution: Solution, z: NDArray[np.float64], context: Context
) -> dict[str, Any]:
    """One row: the market's outcome, the state after the jump and its reference, and how well it was solved."""
    n = w.periods_per_year
    t = s.year + s.period / n
    fills = agreement.clearing.fills
    market = w.scenario.market
    star = s.announced.star(t)
    volume = int(fills.quantity.sum()) * market.lot
    row: dict[str, Any] = {
        "scenario": w.scenario.name,
        "seed": w.scenario.seed,
        "year": s.year,
        "period": s.period + 1,
        "t": t,
        "price": agreement.price,
        "pre_jump_price": s.market.expected,
        **_gaps(s.market.carried, z, context.covered),
        "volume_t": volume,
        "turnover_yuan": float((fills.price * fills.quantity).sum()) * market.lot * market.tick,
        "orders": len(agreement.orders),
        "iterations": agreement.iterations,
        "gap": agreement.gap,
        "residual": solution.residual,
        "walras": solution.walras,
        **{name: float(value) for name, value in zip(MARKET, context.market, strict=True)},
        "regime": int(np.searchsorted(s.announced.star.starts, t + 1e-9, side="right")),
        "star_price": float(prices(star)),
    }
    row |= _foreseen(s)
    row |= of_period(*(agreement.whole or (agreement.orders, agreement.clearing)), market.lot * market.tick)
    series = {
        "emissions": emission_rates(z),
        "output": outputs(z),
        "star_emissions": emission_rates(star),
        "star_output": outputs(star),
        "effective": s.economy.effective,
        "covered": context.covered.astype(int),
    }
    columns = by_sector(w.sectors)
    for name, values in series.items():
        row |= zip(columns[name], values.tolist(), strict=True)
    if w.surroundings is not None:
        row |= {f"driver_{name}": value for name, value in multipliers(w, s).items()} | {"belief": s.market.belief}
    if market.blocks > 0.0:
        row |= _blocks(w, agreement)
    row |= {f"own_price_{sector}": price for sector, price in w.province.own_prices(solution).items()}
    return row


def _blocks(w: World, agreement: Agreement) -> dict[str, float]:
    """Volume agreed in blocks beside the venue (t) and its mean price, yuan/t."""
    market, clearing = w.scenario.market, agreement.clearing
    some, price = clearing.fills.quantity[: clearing.blocks], clearing.fills.price[: clearing.blocks]
    volume = int(some.sum())
    mean = float((some * price).sum()) / volume * market.tick if volume else float("nan")
    return {"block_t": volume * market.lot, "block_price": mean}


def _foreseen(s: State) -> dict[str, float]:
    """What the firms' plan says of this year and the next: prices (yuan/t), rate of carrying, bank at year end (Mt)."""
    plan = s.market.outlook
    if plan is None:
        return dict.fromkeys(("plan_price", "plan_next", "plan_carry", "plan_bank", "plan_gap"), float("nan"))
    following = float(plan.following[-1])
    return {
        "plan_price": float(plan.price[0]),
        "plan_next": following if following > 0 else float("nan"),
        "plan_carry": float(plan.carry[0]),
        "plan_bank": float(plan.bank[0]),
        "plan_gap": plan.gap,
    }


def fill_rows(w: World, s: State, fills: Fills) -> dict[str, NDArray[Any]]:
    """The period's fills as plain columns; they become a table once, when the run is finished."""
    market = w.scenario.market
    last = len(s.firms.sectors)
    codes = np.concatenate((s.firms.sector, [last], np.full(w.scenario.firms.intermediaries, last + 1), [last + 2]))
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
