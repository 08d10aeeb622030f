"""Side by side: the drift of an 8-year weekly run, and one gradient step of training.

1. In the loop: NumPy Runge-Kutta against one `torchdiffeq.odeint` call a period, the same weights, the same
steps. 2. Training: multiple shooting over 6 periods against the whole trajectory, the same rows, one gradient
step each.

Run from the project's folder: ``OMP_NUM_THREADS=1 python -m benchmarks.drift``. One thread; processor time, the
best of several repeats.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
import torchdiffeq

from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.network import Drift
from tanshi.simulator.drift.preparation import TrainConfig, starting_weights
from tanshi.simulator.drift.state import Array, Context, kind_of, size_of
from tanshi.simulator.drift.train import loss, shots
from tanshi.simulator.drift.trajectories import Index, Trajectories, windows
from tanshi.simulator.drift.weights import Weights
from tanshi.simulator.run.ground.economy import economy

YEARS, WEEKS, SEEDS, RUNS, MONTHS = 8, 52, 10, 20, 96
SECTORS = economy("shanxi_2022").accounts.coverable
STATE_SIZE = size_of(len(SECTORS))
MARKET = (0.2, 0.1, 0.5, 0.05, 0.02, 0.01, 0.0, 1 / 52)


def made_up_runs() -> Trajectories:
    """Residuals that revert at 3 per year with noise: what they mean does not matter to the clock."""
    rng = np.random.default_rng(0)
    r = np.zeros((RUNS, MONTHS, STATE_SIZE))
    for k in range(1, MONTHS):
        r[:, k] = np.exp(-3 / 12) * r[:, k - 1] + rng.normal(0, 0.05, (RUNS, STATE_SIZE))
    n = RUNS * MONTHS
    t = np.tile(2023 + np.arange(MONTHS) / 12, RUNS)
    market = np.column_stack(
        [
            rng.uniform(0, 0.4, n), rng.uniform(0, 0.3, n), np.tile(1 - np.arange(12) / 12, n // 12),
            rng.normal(0, 0.05, (n, 4)), rng.uniform(1 / 52, 1 / 12, n),
        ]
    )  # fmt: skip
    covered = np.ones((n, len(SECTORS)), dtype=bool)
    flat = r.reshape(n, STATE_SIZE)
    return Trajectories(
        SECTORS,
        np.repeat(np.arange(RUNS), MONTHS),
        t,
        flat,
        0 * flat,
        covered,
        market,
        np.full(n, 2.0),
        ("made up",),
        RUNS,
    )


def loud(weights: Weights) -> Weights:
    """The same weights with last layers that are not zero."""
    rng = np.random.default_rng(1)
    for head in (weights.price, weights.sector):
        head.layers[-1][0][:] = rng.normal(0, 0.05, head.layers[-1][0].shape)
    return weights


def best(work: Callable[[], object], repeats: int) -> float:
    """Shortest of `repeats` runs, seconds of processor time: one thread, and what else the machine does is left out."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def numpy_run(weights: Weights, r: Array) -> Array:
    flow = Flow(weights, "neural")
    context = Context(np.ones(len(SECTORS), dtype=bool), *MARKET)
    for k in range(YEARS * WEEKS):
        r = flow.path(r, 2023 + k / WEEKS, 2023 + (k + 1) / WEEKS, context)[-1]
    return r


def torch_run(weights: Weights, r: Array, method: str) -> Array:
    drift = Drift(weights)
    covered = torch.ones((len(r), len(SECTORS)), dtype=torch.float64)
    one = torch.ones(len(r), dtype=torch.float64)
    known = torch.tensor(MARKET, dtype=torch.float64).expand(len(r), -1)
    state = torch.tensor(r)
    options = {"step_size": 1 / WEEKS} if method == "rk4" else None
    with torch.no_grad():
        for k in range(YEARS * WEEKS):
            start = 2023 + k / WEEKS

            def slope(t: torch.Tensor, r: torch.Tensor, start: float = start) -> torch.Tensor:
                market = known.clone()
                market[:, 2] -= t - start
                slope: torch.Tensor = drift(t * one, r, covered, market)
                return slope

            span = torch.tensor([start, start + 1 / WEEKS], dtype=torch.float64)
            solved = torchdiffeq.odeint(slope, state, span, method=method, options=options, rtol=1e-6, atol=1e-8)
            state = solved[-1]
    return state.numpy()


def gradient_step(data: Trajectories, weights: Weights, scale: Array, rows: Index) -> Callable[[], object]:
    part = shots(data, rows)
    drift = Drift(weights)

    def step() -> None:
        drift.zero_grad()
        loss(drift, part, scale, 1).backward()  # type: ignore[no-untyped-call]

    return step


def library_step(data: Trajectories, weights: Weights, scale: Array, rows: Index) -> Callable[[], object]:
    """A gradient step over whole trajectories as usually written: `torchdiffeq.odeint` from date to date."""
    part, drift = shots(data, rows), Drift(weights)
    units = torch.from_numpy(scale[kind_of(STATE_SIZE)])

    def step() -> None:
        drift.zero_grad()
        r, total = part.r[:, 0], torch.zeros((), dtype=torch.float64)
        for j in range(part.market.shape[1]):
            begin, length = part.t[:, j], part.t[:, j + 1] - part.t[:, j]

            def slope(s: torch.Tensor, r: torch.Tensor, j: int = j, begin=begin, length=length) -> torch.Tensor:  # type: ignore[no-untyped-def]
                market = part.market[:, j].clone()
                market[:, 2] = (market[:, 2] - s * length).clamp(min=0.0)
                return length[:, None] * drift(begin + s * length, r, part.covered, market)

            span = torch.tensor([0.0, 1.0], dtype=torch.float64)
            r = torchdiffeq.odeint(slope, r, span, method="rk4", options={"step_size": 1.0})[-1]
            total = total + (((r - part.r[:, j + 1]) / units) ** 2).mean()
        total.backward()  # type: ignore[no-untyped-call]

    return step


def main() -> None:
    torch.set_num_threads(1)
    data = made_up_runs()
    weights, scale = starting_weights(data, None, TrainConfig())
    weights = loud(weights)

    print(f"Drift of an {YEARS}-year weekly run ({YEARS * WEEKS} periods, 8 sectors covered), ms a run")
    print(f"{'seeds':>6} {'NumPy':>7} {'odeint rk4':>11} {'ratio':>6} {'dopri5':>8} {'ratio':>6} {'gap':>8}")
    for seeds in (1, SEEDS):
        r = np.random.default_rng(2).normal(0, 0.05, (seeds, STATE_SIZE))
        fast = best(lambda r=r: numpy_run(weights, r), 5)  # type: ignore[misc]
        rk4 = best(lambda r=r: torch_run(weights, r, "rk4"), 2)  # type: ignore[misc]
        dopri = best(lambda r=r: torch_run(weights, r, "dopri5"), 2)  # type: ignore[misc]
        gap = np.abs(numpy_run(weights, r) - torch_run(weights, r, "dopri5")).max()
        print(
            f"{seeds:>6} {1e3 * fast:>7.1f} {1e3 * rk4:>11.0f} {rk4 / fast:>6.1f} "
            f"{1e3 * dopri:>8.0f} {dopri / fast:>6.1f} {gap:>8.0e}"
        )

    whole, window = MONTHS - 1, TrainConfig().window
    print(f"\nOne gradient step over {RUNS} runs of {MONTHS} months, ms")
    print(f"{'':>32} {'time':>7} {'ratio':>6}")
    every = windows(data, window, window)
    batch = every[:: max(1, len(every) // RUNS)][:RUNS]
    cases = {
        "whole, torchdiffeq": (library_step, windows(data, whole, whole)),
        "whole, our Runge-Kutta": (gradient_step, windows(data, whole, whole)),
        "multiple shooting, all": (gradient_step, every),
        "multiple shooting, a batch": (gradient_step, batch),
    }
    long = 0.0
    for name, (maker, rows) in cases.items():
        time_taken = best(maker(data, weights, scale, rows), 5)
        long = long or time_taken
        print(f"{name + f' ({len(rows)})':>32} {1e3 * time_taken:>7.1f} {long / time_taken:>6.1f}")


if __name__ == "__main__":
    main()
