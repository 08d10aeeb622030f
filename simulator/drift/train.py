"""Training: multiple shooting through `torchdiffeq`, early stopping, resumable.

The same data, settings and seed give the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torchdiffeq
from numpy.typing import NDArray
from torch import Tensor

from simulator.drift.card import training_card
from simulator.drift.checkpoint import Checkpoint, keep, resume
from simulator.drift.history import PriceHistory, split_in_time
from simulator.drift.mean_reversion import PriceFit, fit_price
from simulator.drift.network import Drift
from simulator.drift.preparation import TrainConfig, fingerprint, starting_weights
from simulator.drift.skill import skill_table
from simulator.drift.state import KIND_OF, KINDS, Array
from simulator.drift.trajectories import Index, Trajectories, read_trajectories, windows
from simulator.drift.weights import Weights

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Progress:
    """One epoch of stage `split` or `refit`.

    Losses are mean squares in units of the one-step error of mean reversion.
    """

    stage: str
    epoch: int
    epochs: int
    training: float
    validation: float | None


@dataclass(frozen=True)
class Trained:
    """Weights and how they came about.

    With them: the fit on price history, test errors of the split (see `simulator.drift.skill.skill_table`),
    the best epoch, the losses of every epoch run.
    """

    weights: Weights
    price: PriceFit | None
    errors: dict[str, Array]
    epochs: int
    losses: tuple[Progress, ...] = field(repr=False)


@dataclass(frozen=True)
class Shots:
    """Windows as tensors: t (w, L+1), r (w, L+1, 17), covered (w, 8), market (w, L, 3)."""

    t: Tensor
    r: Tensor
    covered: Tensor
    market: Tensor

    def take(self, rows: NDArray[np.int64]) -> Shots:
        """The windows numbered `rows`."""
        at = torch.as_tensor(rows)
        return Shots(self.t[at], self.r[at], self.covered[at], self.market[at])


def train(
    table: pd.DataFrame | Trajectories,
    history: PriceHistory | None,
    config: TrainConfig | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    checkpoint: str | Path | None = None,
) -> Trained:
    """Fit the drift on pooled trajectories; K and b of the price on `history`.

    Parameters
    ----------
    table
        Pooled simulator table, see `simulator.drift.trajectories.COLUMNS`.
    history
        Price history; without one the price's K comes from the trajectories and it has no season.
    progress
        Called once an epoch.
    checkpoint
        File written after every epoch; an interrupted training with the same data and settings goes on from
        it to the same result. The refit keeps its own file beside it.

    Raises
    ------
    ValueError
        Too few periods for the split, settings out of range, or a checkpoint of another training.
    """
    config = config or TrainConfig()
    data = table if isinstance(table, Trajectories) else read_trajectories(table)
    split = split_in_time(data.t)
    parts = {
        "training": windows(data, config.window, config.stride, until=split[0]),
        "validation": windows(data, config.window, config.stride, after=split[0], until=split[1]),
        "test": windows(data, config.window, 1, after=split[1]),
    }
    for name, rows in parts.items():
        if not len(rows):
            raise ValueError(
                f"no {name} window of {config.window} steps: simulate more periods or shorten the window"
            )
    price = fit_price(history) if history is not None else None
    mark = fingerprint(data, price, config)
    file = Path(checkpoint) if checkpoint is not None else None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        start, scale = starting_weights(data, price, config, split[0])
        drift = Drift(start)
        learn, judge = shots(data, parts["training"]), shots(data, parts["validation"])
        best, losses = _optimise(drift, learn, judge, scale, config, config.epochs, progress, file, mark)
        pairs = windows(data, 1, 1, until=split[0])
        errors = skill_table(drift.export({}), data, parts["test"], pairs, max(config.substeps, 2))
        if config.refit:
            start, scale = starting_weights(data, price, config)
            drift = Drift(start)
            learn = shots(data, windows(data, config.window, config.stride))
            again = file.with_name(file.name + ".refit") if file is not None else None
            _, more = _optimise(drift, learn, None, scale, config, best, progress, again, mark)
            losses += more
    finally:
        torch.set_num_threads(threads)
    versions = {"torch": torch.__version__, "torchdiffeq": torchdiffeq.__version__}
    weights = drift.export({})
    card = training_card(weights, data, history, price, config, parts, split, errors, best, versions)
    return Trained(replace(weights, card=card), price, errors, best, tuple(losses))


def shots(data: Trajectories, rows: Index) -> Shots:
    """Tensors of the windows `rows` (w, L + 1)."""
    covered = torch.from_numpy(data.covered[rows[:, 0]].astype(float))
    market = torch.from_numpy(data.market[rows[:, :-1]])
    return Shots(torch.from_numpy(data.t[rows]), torch.from_numpy(data.r[rows]), covered, market)


def shoot(drift: Drift, part: Shots, substeps: int) -> Tensor:
    """Predictions (w, L, 17) of the later rows of each window, integrated through `torchdiffeq.odeint`."""
    r, out = part.r[:, 0], []
    span = torch.tensor([0.0, 1.0], dtype=torch.float64)
    options = {"step_size": 1.0 / substeps}
    for j in range(part.market.shape[1]):
        step = _Step(drift, part.t[:, j], part.t[:, j + 1] - part.t[:, j], part.covered, part.market[:, j])
        r = torchdiffeq.odeint(step, r, span, method="rk4", options=options)[-1]
        out.append(r)
    return torch.stack(out, dim=1)


@dataclass(frozen=True)
class _Step:
    """One step of all windows. They start at different dates and a solver has one clock: s from 0 to 1.

    The market is as known at the step's start; only the calendar and the compliance date move.
    """

    drift: Drift
    t: Tensor
    length: Tensor
    covered: Tensor
    market: Tensor

    def __call__(self, s: Tensor, r: Tensor) -> Tensor:
        bank, tightness, date = self.market.unbind(1)
        left = (date - s * self.length).clamp(min=0.0)
        context = torch.stack([bank, self.covered.mean(dim=1), tightness, left], dim=1)
        slope: Tensor = self.drift(self.t + s * self.length, r, self.covered, context)
        return self.length[:, None] * slope


def loss(drift: Drift, part: Shots, scale: Array, substeps: int) -> Tensor:
    """Mean square over covered components, each kind in units of `scale` (3,), kinds weighing the same."""
    miss = (shoot(drift, part, substeps) - part.r[:, 1:]) / torch.from_numpy(scale[KIND_OF])
    mask = torch.cat([torch.ones_like(part.covered[:, :1]), part.covered, part.covered], dim=1)
    kinds = torch.from_numpy(np.eye(len(KINDS))[KIND_OF])
    squares = (((miss**2).mean(dim=1) * mask) @ kinds).sum(dim=0)
    counts = (mask @ kinds).sum(dim=0)
    mean: Tensor = (squares[counts > 0] / counts[counts > 0]).mean()
    return mean


def _optimise(
    drift: Drift,
    learn: Shots,
    judge: Shots | None,
    scale: Array,
    config: TrainConfig,
    epochs: int,
    progress: Callable[[Progress], None] | None,
    file: Path | None,
    mark: str,
) -> tuple[int, list[Progress]]:
    """Train `drift` in place; return the best epoch, at least 1, and the losses of the epochs run here.

    With windows to `judge` by it ends with the best epoch's parameters, else with the last.
    """
    parameters = list(drift.parameters())
    groups = [
        {"params": [p for p in parameters if p is not drift.raw_rate], "weight_decay": config.weight_decay},
        {"params": [drift.raw_rate], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=config.learning_rate)
    best = [p.detach().clone() for p in parameters]
    done, best_epoch, best_loss = 0, 0, float("inf")
    state = resume(file, mark) if file is not None else None
    if state is not None:
        done, best_epoch, best_loss = state.epoch, state.best_epoch, state.best_loss
        best = [torch.from_numpy(state.arrays[f"best_{k}"]) for k in range(len(parameters))]
        with torch.no_grad():
            for k, p in enumerate(parameters):
                p.copy_(torch.from_numpy(state.arrays[f"now_{k}"]))
                optimiser.state[p] = {
                    name: torch.from_numpy(state.arrays[f"{name}_{k}"]) for name in _MOMENTS
                }

    losses: list[Progress] = []
    for epoch in range(done + 1, epochs + 1):
        if judge is not None and epoch - 1 - best_epoch >= config.patience:
            break
        order = np.random.default_rng([config.seed, epoch]).permutation(learn.t.shape[0])
        total = 0.0
        for rows in np.array_split(order, max(1, round(order.size / config.batch))):
            optimiser.zero_grad()
            value = loss(drift, learn.take(rows), scale, config.substeps)
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += float(value.detach()) * rows.size / order.size
        held = None
        if judge is not None:
            with torch.no_grad():
                held = float(loss(drift, judge, scale, config.substeps))
        if held is None or held < best_loss:
            best_epoch, best_loss = epoch, total if held is None else held
            best = [p.detach().clone() for p in parameters]
        if file is not None:
            arrays = {f"now_{k}": p.detach().numpy() for k, p in enumerate(parameters)}
            arrays |= {f"best_{k}": p.numpy() for k, p in enumerate(best)}
            arrays |= {
                f"{n}_{k}": optimiser.state[p][n].numpy() for k, p in enumerate(parameters) for n in _MOMENTS
            }
            keep(file, mark, Checkpoint(epoch, best_epoch, best_loss, arrays))
        losses.append(Progress("refit" if judge is None else "split", epoch, epochs, total, held))
        if progress is not None:
            progress(losses[-1])
    with torch.no_grad():
        for p, value in zip(parameters, best, strict=True):
            p.copy_(value)
    return max(best_epoch, 1), losses
