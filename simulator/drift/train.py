"""Training: multiple shooting, early stopping, ensembles over seeds, resumable.

The same data, settings and seed give the same weights. The solver is the classical Runge-Kutta method of the run's
own loop, written out so that what does not depend on the state is computed once a window; tests hold it to
`torchdiffeq.odeint`.
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

from tanshi.simulator.drift.card import training_card
from tanshi.simulator.drift.checkpoint import Checkpoint, keep, resume
from tanshi.simulator.drift.history import PriceHistory, split_in_time
from tanshi.simulator.drift.mean_reversion import PriceFit, fit_price
from tanshi.simulator.drift.network import Drift
from tanshi.simulator.drift.preparation import TrainConfig, TrainingError, fingerprint, starting_weights
from tanshi.simulator.drift.skill import skill_table
from tanshi.simulator.drift.state import KINDS, MARKET, Array, kind_of
from tanshi.simulator.drift.trajectories import (
    Index,
    Trajectories,
    at_the_end,
    new_year,
    read_trajectories,
    whole_trajectories,
    windows,
)
from tanshi.simulator.drift.weights import Weights

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
_DATE = MARKET.index("time_to_compliance")
_LARGEST_GRADIENT = 10.0  # far above any of the bounded form; keeps a long trajectory of the paper's form alive


@dataclass(frozen=True)
class Progress:
    """One epoch of stage `split` or `refit`.

    Losses are in units of the usual one-step error of mean reversion.
    """

    stage: str
    epoch: int
    epochs: int
    training: float
    validation: float | None


@dataclass(frozen=True)
class Trained:
    """Weights and how they came about.

    With them: the weights of the split alone, which have seen no test row; the fit on price history; test errors
    of the split (see `tanshi.simulator.drift.skill.skill_table`); the best epoch and its loss on the validation
    windows;
    the losses of every epoch run.
    """

    weights: Weights
    split_weights: Weights
    price: PriceFit | None
    errors: dict[str, Array]
    epochs: int
    validation: float
    losses: tuple[Progress, ...] = field(repr=False)


@dataclass(frozen=True)
class Shots:
    """Windows as tensors: t (w, L+1), r (w, L+1, 17), covered (w, 8), market (w, L, 8).

    With them, by step: how far the reference of the quantities moves away, (w, L, 17), and where the state jumps by
    itself at New Year, (w, L, 17) of 0 and 1.
    """

    t: Tensor
    r: Tensor
    covered: Tensor
    market: Tensor
    moved: Tensor
    jumped: Tensor

    def take(self, rows: NDArray[np.int64]) -> Shots:
        """The windows numbered `rows`."""
        at = torch.as_tensor(rows)
        return Shots(*(x[at] for x in (self.t, self.r, self.covered, self.market, self.moved, self.jumped)))


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
        Pooled simulator table, see `tanshi.simulator.drift.trajectories.COLUMNS`.
    history
        Price history; without one the price's K comes from the trajectories and it has no season.
    progress
        Called once an epoch.
    checkpoint
        File written after every epoch; an interrupted training with the same data and settings goes on from
        it to the same result. The refit keeps its own file beside it.

    Raises
    ------
    TrainingError
        Too few periods for the split, or settings out of range; `CheckpointError` for another training's file.
    """
    config = config or TrainConfig()
    data = table if isinstance(table, Trajectories) else read_trajectories(table)
    split = split_in_time(data.t)

    def cut(after: float = -np.inf, until: float = np.inf) -> Index:
        if config.variant == "paper":
            return whole_trajectories(data, after, until)
        return windows(data, config.window, config.stride, after, until)

    parts = {
        "training": cut(until=split[0]),
        "validation": cut(*split),
        "test": windows(data, config.window, 1, after=split[1]),
    }
    for name, rows in parts.items():
        if not len(rows):
            raise TrainingError(
                "no {name} window of {window} steps: simulate more periods or shorten the window",
                name=name,
                window=config.window,
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
        best, lowest, losses = _optimise(drift, learn, judge, scale, config, config.epochs, progress, file, mark)
        alone = drift.export({"trained": True, "note": "of the split: no row after its first part was seen"})
        pairs = windows(data, 1, 1, until=split[0])
        errors = skill_table(alone, data, parts["test"], pairs, max(config.substeps, 2))
        if config.refit:
            start, scale = starting_weights(data, price, config)
            drift = Drift(start)
            learn = shots(data, cut())
            again = file.with_name(file.name + ".refit") if file is not None else None
            _, _, more = _optimise(drift, learn, None, scale, config, best, progress, again, mark)
            losses += more
    finally:
        torch.set_num_threads(threads)
    versions = {"torch": torch.__version__, "torchdiffeq": torchdiffeq.__version__}
    weights = drift.export({})
    card = training_card(weights, data, history, price, config, parts, split, errors, best, versions)
    return Trained(replace(weights, card=card), alone, price, errors, best, lowest, tuple(losses))


def train_ensemble(
    table: pd.DataFrame | Trajectories,
    history: PriceHistory | None,
    config: TrainConfig | None = None,
    members: int = 4,
    *,
    progress: Callable[[int, Progress], None] | None = None,
    checkpoint: str | Path | None = None,
) -> list[Trained]:
    """Train `members` networks that differ by their seed, the one that validates best first.

    Each keeps its own checkpoint beside `checkpoint`; `progress` gets the member's number too.

    Raises
    ------
    TrainingError
        See `train`; also for fewer than one member.
    """
    if members < 1:
        raise TrainingError("an ensemble needs at least one member")
    config = config or TrainConfig()
    data = table if isinstance(table, Trajectories) else read_trajectories(table)
    done = []
    for number in range(members):
        own = replace(config, seed=config.seed + number)
        file = Path(checkpoint) if checkpoint is not None else None
        file = file.with_name(f"{file.stem}-{number}{file.suffix}") if file is not None else None

        def report(step: Progress, number: int = number) -> None:
            if progress is not None:
                progress(number, step)

        done.append(train(data, history, own, progress=report, checkpoint=file))
    return sorted(done, key=lambda one: one.validation)


def shots(data: Trajectories, rows: Index) -> Shots:
    """Tensors of the windows `rows` (w, L + 1)."""
    covered = torch.from_numpy(data.covered[rows[:, 0]].astype(float))
    market = torch.from_numpy(data.market[rows[:, :-1]])
    before, after = rows[:, :-1], rows[:, 1:]
    moved = torch.from_numpy(data.r[after] - at_the_end(data, before, after))
    jumped = torch.zeros_like(moved)
    jumped[..., 1:] = torch.from_numpy(new_year(data, before, after).astype(float))[..., None]
    return Shots(torch.from_numpy(data.t[rows]), torch.from_numpy(data.r[rows]), covered, market, moved, jumped)


def shoot(drift: Drift, part: Shots, substeps: int) -> Tensor:
    """Predictions (w, L, 17) of the later rows of each window by the classical Runge-Kutta method.

    The market is as known at each step's start; only the calendar and the compliance date move. Where quantities jump
    at New Year the window goes on from where they landed, so that nothing is learnt from the jump.
    """
    begin, length = part.t[:, :-1].T, (part.t[:, 1:] - part.t[:, :-1]).T  # (L, w): windows start at different dates
    clock = torch.linspace(0.0, 1.0, 2 * substeps + 1, dtype=torch.float64)[:, None, None]
    passed = clock * length  # (stages, L, w)
    market = part.market.transpose(0, 1).expand(len(clock), -1, -1, -1)
    left = (market[..., _DATE] - passed).clamp(min=0.0)
    market = torch.cat([market[..., :_DATE], left[..., None], market[..., _DATE + 1 :]], dim=-1)
    around = drift.around(begin + passed, part.covered, market)
    r, out = part.r[:, 0], []
    for j in range(part.market.shape[1]):
        h = (length[j] / substeps)[:, None]
        for k in range(0, 2 * substeps, 2):
            middle = around.at(k + 1, j)
            k1 = drift.slope(r, around.at(k, j))
            k2 = drift.slope(r + 0.5 * h * k1, middle)
            k3 = drift.slope(r + 0.5 * h * k2, middle)
            k4 = drift.slope(r + h * k3, around.at(k + 2, j))
            r = r + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)
        r = r + part.moved[:, j]
        r = r + part.jumped[:, j] * (part.r[:, j + 1] - r)
        out.append(r)
    return torch.stack(out, dim=1)


def loss(drift: Drift, part: Shots, scale: Array, substeps: int) -> Tensor:
    """Mean loss over covered components, each kind in units of `scale` (3,), kinds weighing the same.

    The form `paper` has squared errors; the bounded form grows linearly beyond the usual error (pseudo-Huber), so that
    the few violent periods after a policy begins do not drown the many calm ones.
    """
    kinds_of = kind_of(part.r.shape[-1])
    miss = (shoot(drift, part, substeps) - part.r[:, 1:]) / torch.from_numpy(scale[kinds_of])
    miss = miss**2 if drift.form == "paper" else 2.0 * (torch.sqrt(1.0 + miss**2) - 1.0)
    mask = torch.cat([torch.ones_like(part.covered[:, :1]), part.covered, part.covered], dim=1)
    kinds = torch.from_numpy(np.eye(len(KINDS))[kinds_of])
    squares = ((miss.mean(dim=1) * mask) @ kinds).sum(dim=0)
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
) -> tuple[int, float, list[Progress]]:
    """Train `drift` in place; return the best epoch, at least 1, its loss, and those of the epochs run here.

    With windows to `judge` by it ends with the best epoch's parameters, else with the last.
    """
    parameters = [p for p in drift.parameters() if p is not drift.raw_rate or drift.form == "bounded"]
    groups = [
        {"params": [p for p in parameters if p is not drift.raw_rate], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p is drift.raw_rate], "weight_decay": 0.0},
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
                optimiser.state[p] = {name: torch.from_numpy(state.arrays[f"{name}_{k}"]) for name in _MOMENTS}

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
            torch.nn.utils.clip_grad_norm_(parameters, _LARGEST_GRADIENT)
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
            arrays |= {f"{n}_{k}": optimiser.state[p][n].numpy() for k, p in enumerate(parameters) for n in _MOMENTS}
            keep(file, mark, Checkpoint(epoch, best_epoch, best_loss, arrays))
        losses.append(Progress("refit" if judge is None else "split", epoch, epochs, total, held))
        if progress is not None:
            progress(losses[-1])
    with torch.no_grad():
        for p, value in zip(parameters, best, strict=True):
            p.copy_(value)
    return max(best_epoch, 1), best_loss, losses
