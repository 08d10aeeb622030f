"""Side by side: firms that expect, abate and place an order, as arrays under Mesa and as plain Mesa agents.

1. One firm-step is one firm's expectation, abatement and order, without clearing. The plain model has the same firms,
   the same rule and the same draws: a `mesa.Agent` each, stepped by ``agents.do``; its orders must equal ours. Beside
   them the same rule as one Numba loop, in NumPy and in the libraries that are installed (`benchmarks.firm_peers`).
2. One weekly period of the whole hybrid with many firms: the fixed point with the economy, the auction, every fill
   settled in the registry; without construction and without collection by agent.

Run from the project's folder: ``OMP_NUM_THREADS=1 python -m benchmarks.firms [FIRMS] [HYBRID FIRMS]``. One thread,
processor time, the best of several repeats.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import mesa
import numpy as np

from benchmarks.firm_peers import Rows, arrays, peers
from tanshi.agents.abatement import TONNES, Position, Tangent, demand
from tanshi.agents.expectations import adapt
from tanshi.agents.firm import enrol, release
from tanshi.agents.population import Population, build
from tanshi.agents.strategies import Situation, arrivals, place_orders, price_levels
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.machine.memory import keep_memory
from tanshi.simulator.run.build import begin
from tanshi.simulator.run.period import one_period, run_until

SECTORS = ("ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR")
EMISSIONS = np.linspace(300.0, 10.0, 8)
SLOPE = -np.linspace(0.4, 0.02, 8)
PRICE, TICK, LEARNING = 60.0, 0.01, 0.5
BAND = (4200, 7800)


class ArrayFirms:
    """Our firms: rows of a population, each with its Mesa agent."""

    def __init__(self, number: int, strategy: str) -> None:
        self.model = mesa.Model(rng=1)
        counts = {sector: number // len(SECTORS) for sector in SECTORS}
        self.firms: Population = build(counts, 1, strategies={strategy: 1.0})
        self.agents = enrol(self.model, self.firms)
        rng = np.random.default_rng(1)
        self.firms.expected_price = rng.uniform(50, 70, len(self.firms))
        self.firms.quote = rng.uniform(50, 70, len(self.firms))
        self.held = np.rint(self.firms.shares()[0] * EMISSIONS[self.firms.sector] * 0.97e6).astype(np.int64)
        self.to_date = np.zeros(len(self.firms))
        self.draws = self.firms.draws(1, 1)
        self.arrival = arrivals(self.draws)

    def step(self) -> Any:
        firms = self.firms
        firms.expected_price = adapt(firms.expected_price, PRICE, LEARNING)
        need = demand(firms, Tangent(PRICE, EMISSIONS, SLOPE), Position(self.to_date, 1.0, self.held.astype(float)))
        levels = price_levels(PRICE / TICK, 100, 0, 100_000, 8)
        now = Situation(
            np.arange(len(firms)), need, self.held, levels, self.arrival, TICK, 1.0, BAND, quote=firms.quote
        )
        return place_orders(firms, now, self.draws)


class PlainFirm(mesa.Agent):
    """The same firm as most Mesa models would write it."""

    def __init__(self, model: mesa.Model, sector: int, share: float, response: float, held: int, *known: float):
        super().__init__(model)
        self.sector, self.share, self.response, self.held = sector, share, response, held
        self.expected, self.quote = known
        self.order: tuple[int, int, int] | None = None

    def expect(self) -> None:
        self.expected += LEARNING * (PRICE - self.expected)

    def abate(self) -> None:
        self.emission = TONNES * self.share * self.model.emissions[self.sector]
        self.slope = TONNES * self.response * self.model.slope[self.sector]

    def need(self, price: float) -> float:
        return max(self.emission + self.slope * (price - PRICE), 0.0) - self.held

    def bid(self) -> None:
        low, high = BAND[0] * TICK, BAND[1] * TICK
        limit = PRICE - (self.emission - self.held) / self.slope
        limit = high if self.need(high) > 0 else min(max(limit, low), high)
        quote = min(self.quote, limit) if limit >= 0.5 * (low + high) else max(self.quote, limit)
        ticks = min(max(round(quote / TICK), BAND[0]), BAND[1])
        lots = max(round(self.need(ticks * TICK)), -self.held)
        self.order = (1 if lots > 0 else -1, ticks, abs(lots)) if lots else None


class PlainModel(mesa.Model):
    """Plain Mesa agents with the same data as an array population."""

    def __init__(self, ours: ArrayFirms) -> None:
        super().__init__(rng=1)
        firms = ours.firms
        share, response = firms.shares()
        self.emissions, self.slope = EMISSIONS.tolist(), SLOPE.tolist()
        rows = (firms.sector, share, response, ours.held, firms.expected_price, firms.quote)
        for values in zip(*(column.tolist() for column in rows), strict=True):
            PlainFirm(self, *values)

    def step(self) -> None:
        self.agents.do("expect")
        self.agents.do("abate")
        self.agents.do("bid")


def best(work: Callable[[], Any], repeats: int) -> float:
    """Shortest of several runs, seconds of processor time."""
    times = []
    gc.disable()
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    gc.enable()
    return min(times)


def firm_steps(number: int) -> None:
    print(f"{number:,} firms: expectation, abatement, order\n")
    print(f"{'':34}{'ms':>9}{'million firm-steps/s':>22}{'orders':>12}{'plain Mesa x':>14}")
    learning = ArrayFirms(number, "zip")
    plain = PlainModel(learning)
    slow = number / best(plain.step, 3)
    print(f"{'plain Mesa, one quote':34}{1e3 * number / slow:9.1f}{slow / 1e6:22.3f}{number:12,}{1:14.0f}")
    kinds = {"arrays under Mesa, one quote": learning, "arrays, whole schedule": ArrayFirms(number, "truthful")}
    for name, firms in kinds.items():
        orders = firms.step()
        rate = number / best(firms.step, 30 if firms is learning else 5)
        print(f"{name:34}{1e3 * number / rate:9.2f}{rate / 1e6:22.2f}{len(orders):12,}{rate / slow:14.0f}")
    share, response = learning.firms.shares()
    emission, slope = (
        TONNES * part * of[learning.firms.sector] for part, of in ((share, EMISSIONS), (response, SLOPE))
    )
    rows = Rows(learning.firms.expected_price, learning.firms.quote, emission, slope, learning.held)
    told = arrays(rows)[2]
    for name, step, lots in peers(rows):
        step()
        rate = number / best(step, 3 if name == "AgentPy" else 30)
        odd = int((np.abs(lots() - told) > 0.5).sum())
        print(f"{name:34}{1e3 * number / rate:9.2f}{rate / 1e6:22.2f}{number:12,}{rate / slow:14.0f}  {odd} differ")
    theirs = sorted((i, *a.order) for i, a in enumerate(plain.agents) if a.order is not None)
    made = learning.step()
    mine = sorted(zip(*(c.tolist() for c in (made.account, made.side, made.price, made.quantity)), strict=True))
    odd = len(set(mine) ^ set(theirs))
    print(f"\norders that differ between the two by rounding: {odd // 2} of {len(mine):,}")
    for each in (learning.model, plain):
        release(each)


def hybrid(number: int) -> None:
    shares = {f"firms.strategies.{s}": float(s == "zip") for s in ("truthful", "zic", "zip", "scheduled")}
    settings = {"firms.number": number, "market.periods_per_year": 52, "years.end": 2023, "drift.mode": "none"}
    world, state = begin(load_scenario("S5", {**settings, **shares}))
    run_until(world, state, 53)
    print(f"\n{number:,} firms of all eight sectors, one weekly period of the hybrid, one quote a firm\n")
    print(f"{'wall, s':>9}{'processor, s':>14}{'rounds    ':>12}{'orders':>12}{'fills':>10}{'peak memory, GB':>18}")
    for _ in range(4):
        wall, busy = time.perf_counter(), time.process_time()
        one_period(world, state)
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        row = state.log.periods[-1]
        fills = len(state.log.trades[-1]["buyer"])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{wall:9.2f}{busy:14.2f}{row['iterations']:12}{row['orders']:12,}{fills:10,}{peak:18.2f}")
    state.registry.check()


if __name__ == "__main__":
    keep_memory()
    firm_steps(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    hybrid(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
