"""The firms of `benchmarks.firms` as others would write them: one Numba loop, bare NumPy, ambr, mesa-frames, AgentPy.

Each peer makes the same orders from the same data by the same rule; a library that is not installed is left out. They
are no part of the project: ``pip install agentpy ambr mesa-frames`` beside it. What a firm emits and how that answers
the price is given to them; ours work it out in the same step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from tanshi.numerics.compiled import compiled

PRICE, TICK, LEARNING = 60.0, 0.01, 0.5
LOW, HIGH = 4200, 7800


@dataclass(frozen=True)
class Rows:
    """What the rule knows of each firm: expectation, quote, emissions (t), their slope (t per yuan/t), allowances."""

    expected: Any
    quote: Any
    emission: Any
    slope: Any
    held: Any


@compiled
def loop(expected: Any, quote: Any, emission: Any, slope: Any, held: Any, ticks: Any, lots: Any) -> None:
    """One step of every firm in one loop; expectations and orders are written in place."""
    low, high = LOW * TICK, HIGH * TICK
    for i in range(len(expected)):
        expected[i] += LEARNING * (PRICE - expected[i])
        limit = high
        if max(emission[i] + slope[i] * (high - PRICE), 0.0) - held[i] <= 0.0:
            limit = min(max(PRICE - (emission[i] - held[i]) / slope[i], low), high)
        asked = min(quote[i], limit) if limit >= 0.5 * (low + high) else max(quote[i], limit)
        ticks[i] = min(max(np.rint(asked / TICK), LOW), HIGH)
        need = max(emission[i] + slope[i] * (ticks[i] * TICK - PRICE), 0.0) - held[i]
        lots[i] = max(np.rint(need), -held[i])


def arrays(r: Rows) -> tuple[Any, Any, Any]:
    """Expectations, prices in ticks and signed lots of one step, in bare NumPy."""
    low, high = LOW * TICK, HIGH * TICK
    expected = r.expected + LEARNING * (PRICE - r.expected)
    short = np.maximum(r.emission + r.slope * (high - PRICE), 0.0) - r.held > 0.0
    limit = np.where(short, high, np.clip(PRICE - (r.emission - r.held) / r.slope, low, high))
    buys = limit >= 0.5 * (low + high)
    asked = np.where(buys, np.minimum(r.quote, limit), np.maximum(r.quote, limit))
    ticks = np.clip(np.rint(asked / TICK), LOW, HIGH)
    need = np.maximum(r.emission + r.slope * (ticks * TICK - PRICE), 0.0) - r.held
    return expected, ticks, np.maximum(np.rint(need), -r.held)


def peers(r: Rows) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Name, one step, and the signed lots of the last step of each peer that is installed."""
    expected, ticks, lots = r.expected.copy(), np.empty(len(r.held)), np.empty(len(r.held))
    held = r.held.astype(np.float64)
    yield "one Numba loop", lambda: loop(expected, r.quote, r.emission, r.slope, held, ticks, lots), lambda: lots
    yield "bare NumPy", lambda: arrays(r), lambda: arrays(r)[2]
    for make in (_ambr, _mesa_frames, _agentpy):
        try:
            yield make(r)
        except ImportError:
            continue


def _ambr(r: Rows) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    import ambr  # type: ignore[import-not-found, unused-ignore]

    class Model(ambr.Model):  # type: ignore[misc, unused-ignore]
        def setup(self) -> None:
            columns = {"expected": r.expected, "quote": r.quote, "emission": r.emission, "slope": r.slope}
            self.add_agents(len(r.held), **columns, held=r.held.astype(np.float64), ticks=0.0, lots=0.0)

        def step_vectorized(self) -> None:
            a = self.agents
            names = ("expected", "quote", "emission", "slope", "held")
            now = Rows(*(self.agents_df[name].to_numpy() for name in names))
            expected, ticks, lots = arrays(now)
            a.set(expected=expected, ticks=ticks, lots=lots)

    model = Model({"show_progress": False, "seed": 1}).cpu(mode="vectorized")
    model._ensure_setup()
    return "ambr, columns", model.step_vectorized, lambda: model.agents_df["lots"].to_numpy()


def _mesa_frames(r: Rows) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    import polars as pl  # type: ignore[import-not-found, unused-ignore]
    from mesa_frames import AgentSetPolars, ModelDF  # type: ignore[import-not-found, unused-ignore]

    class Firms(AgentSetPolars):  # type: ignore[misc, unused-ignore]
        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self += pl.DataFrame(
                {
                    "unique_id": np.arange(len(r.held)),
                    **{name: np.asarray(getattr(r, name), np.float64) for name in Rows.__dataclass_fields__},
                    "lots": np.zeros(len(r.held)),
                }
            )

        def step(self) -> None:
            columns = self.agents
            now = Rows(*(columns[name].to_numpy() for name in Rows.__dataclass_fields__))
            expected, _, lots = arrays(now)
            self["expected"], self["lots"] = pl.Series(expected), pl.Series(lots)

    firms = Firms(ModelDF())
    return "mesa-frames", firms.step, lambda: firms.agents["lots"].to_numpy()


def _agentpy(r: Rows) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    import agentpy  # type: ignore[import-not-found, unused-ignore]

    class Firm(agentpy.Agent):  # type: ignore[misc, unused-ignore]
        def expect(self) -> None:
            self.expected += LEARNING * (PRICE - self.expected)

        def bid(self) -> None:
            low, high = LOW * TICK, HIGH * TICK
            limit = high
            if max(self.emission + self.slope * (high - PRICE), 0.0) - self.held <= 0.0:
                limit = min(max(PRICE - (self.emission - self.held) / self.slope, low), high)
            asked = min(self.quote, limit) if limit >= 0.5 * (low + high) else max(self.quote, limit)
            ticks = min(max(round(asked / TICK), LOW), HIGH)
            need = max(self.emission + self.slope * (ticks * TICK - PRICE), 0.0) - self.held
            self.lots = max(round(need), -self.held)

    model = agentpy.Model()
    firms = agentpy.AgentList(model, len(r.held), Firm)
    for name in Rows.__dataclass_fields__:
        setattr(firms, name, agentpy.AttrIter(getattr(r, name).tolist()))

    def step() -> None:
        firms.expect()
        firms.bid()

    return "AgentPy", step, lambda: np.array(list(firms.lots))
