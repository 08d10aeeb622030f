"""Before training: settings, and silent weights whose rates, scales, ranges and bounds come from the rows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from tanshi.errors import TanshiError
from tanshi.simulator.drift.history import z_score
from tanshi.simulator.drift.mean_reversion import PriceFit
from tanshi.simulator.drift.state import (
    CONTEXT_FEATURES,
    FEATURE_COUNT,
    KINDS,
    PRICE_FEATURES,
    SECTOR_FEATURES,
    Array,
    Context,
    active,
    context_features,
    kind_of,
    network_features,
)
from tanshi.simulator.drift.trajectories import Trajectories, at_the_end, new_year, reversion, windows
from tanshi.simulator.drift.weights import FORMS, Head, Layers, Weights, untrained


class TrainingError(TanshiError, ValueError):
    """A training that cannot be made from these rows or settings."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training.

    `window` steps are shot from every recorded state that is a multiple of `stride` into its run. The variant
    `paper` is the form of Huo et al. (2026), section 1.2: the network alone, ReLU, and the squared error over
    whole trajectories; its windows are as long as the rows allow, whatever `window` says.
    `bound_scale` sets s: that many times the root mean square of the drift the reversion leaves unexplained.
    `margin` widens the trained range of each feature by that share of its width. With `refit` the network is
    trained once more on all rows, for as many epochs as the split found best; the errors reported stay those
    of the split.
    """

    variant: str = "bounded"
    hidden: tuple[int, ...] = (16, 16)
    activation: str = "tanh"
    window: int = 6
    stride: int = 3
    substeps: int = 1
    batch: int = 256
    epochs: int = 150
    patience: int = 30
    learning_rate: float = 5e-3
    weight_decay: float = 0.1
    bound_scale: float = 3.0
    margin: float = 0.1
    refit: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.variant not in FORMS:
            raise TrainingError(
                "unknown variant {variant!r}; known: {forms}", variant=self.variant, forms=", ".join(FORMS)
            )
        whole = (
            self.window,
            self.stride,
            self.substeps,
            self.batch,
            self.epochs,
            self.patience,
            *self.hidden,
        )
        if min(whole) < 1 or not self.hidden:
            raise TrainingError(
                "window, stride, substeps, batch, epochs, patience and every hidden layer must be at least 1"
            )
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and self.bound_scale > 0 and self.margin >= 0):
            raise TrainingError(
                "learning rate and bound scale must be above zero, weight decay and margin zero or more"
            )


def paper_config(**changes: Any) -> TrainConfig:
    """The paper's network: ReLU, classical Runge-Kutta, squared error over the trajectory, no weight decay."""
    own = {
        "variant": "paper", "activation": "relu", "hidden": (32, 32), "weight_decay": 0.0, "learning_rate": 3e-3,
        "batch": 32,
    }  # fmt: skip
    return TrainConfig(**{**own, **changes})


def starting_weights(
    data: Trajectories, price: PriceFit | None, config: TrainConfig, until: float = np.inf
) -> tuple[Weights, Array]:
    """Silent weights from the rows up to time `until`, and the size (3,) of reversion's one-step error.

    Emission and output rates start at their pooled AR(1) estimate, the price's rate and season come from
    `price` where given. The hidden layers are drawn from the seed, the last layer is zero.
    """
    pairs = windows(data, 1, 1, until=until)
    fitted = reversion(data, pairs)
    rate = fitted.copy()
    if price is not None:
        rate[0] = price.rate
    # The losses are measured against what reversion fitted on the same rows leaves; the bound must also make
    # room for the difference between the price's historical and simulated reversion.
    size, _ = _one_step_error(data, pairs, fitted)
    _, to_explain = _one_step_error(data, pairs, rate)
    alone = config.variant == "paper"
    of_price, of_sector = _features(data, np.unique(pairs))
    rng = np.random.default_rng(config.seed)
    weights = replace(
        untrained(data.sectors, price),
        rate=np.zeros_like(rate) if alone else rate,
        rate_ou=rate.copy(),
        bound=config.bound_scale * to_explain,
        price=_head(of_price, 1, PRICE_FEATURES, config, rng),
        sector=_head(of_sector, 2, SECTOR_FEATURES, config, rng),
        activation=config.activation,
        form=config.variant,
    )
    return weights, np.maximum(size, 1e-9)


def fingerprint(data: Trajectories, price: PriceFit | None, config: TrainConfig) -> str:
    """SHA-256 of everything a training depends on."""
    digest = hashlib.sha256(json.dumps([asdict(config), asdict(price) if price else None]).encode())
    for array in (data.run, data.t, data.r, data.star, data.covered, data.market, data.regime):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _features(data: Trajectories, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[Array, Array]:
    context = np.empty((rows.size, len(CONTEXT_FEATURES)))
    for k, row in enumerate(rows):
        t = float(data.t[row])
        context[k] = context_features(t, Context(data.covered[row], *data.market[row]), t)
    covered = data.covered[rows]
    of_price, of_sector = network_features(data.r[rows], covered, context)
    return of_price, of_sector[covered]


def _head(features: Array, outputs: int, names: tuple[str, ...], config: TrainConfig, rng: np.random.Generator) -> Head:
    if not len(features):  # no sector is ever covered: the sector network is never asked
        features = np.zeros((1, FEATURE_COUNT))
    mean, sd = z_score(features)
    low, high = features.min(axis=0), features.max(axis=0)
    room = config.margin * (high - low) + 1e-9
    low, high = low - room, high + room
    date = names.index("time_to_compliance")
    low[date] = min(low[date], -1e-9)  # it runs down to 0 while the state flows
    for name in ("season_sin", "season_cos"):  # the calendar repeats: no date is outside it
        low[names.index(name)], high[names.index(name)] = -np.inf, np.inf
    sizes = [FEATURE_COUNT, *config.hidden]
    layers: Layers = tuple((rng.standard_normal((a, b)) / np.sqrt(a), np.zeros(b)) for a, b in pairwise(sizes))
    return Head((*layers, (np.zeros((sizes[-1], outputs)), np.zeros(outputs))), mean, sd, low, high)


def _one_step_error(
    data: Trajectories, pairs: np.ndarray[tuple[int, int], np.dtype[np.intp]], rate: Array
) -> tuple[Array, Array]:
    """What reversion misses in one step, by kind: its usual size (3,), logarithms, and root mean square (3,), 1/yr."""
    step = (data.t[pairs[:, 1]] - data.t[pairs[:, 0]])[:, None]
    miss = at_the_end(data, pairs[:, 0], pairs[:, 1]) - np.exp(-rate * step) * data.r[pairs[:, 0]]
    mask = active(data.covered[pairs[:, 0]])
    mask[new_year(data, pairs[:, 0], pairs[:, 1]), 1:] = False  # a jump, not the flow's to reach

    kinds = [k == kind_of(miss.shape[1]) for k in range(len(KINDS))]
    sizes = [np.abs(miss[:, k][mask[:, k]]) for k in kinds]
    rates = [(miss / step)[:, k][mask[:, k]] for k in kinds]
    usual = np.array([1.25 * v.mean() if v.size else 0.0 for v in sizes])  # the s.d. of a normal with that mean
    return usual, np.array([np.sqrt(np.mean(v**2)) if v.size else 0.0 for v in rates])
