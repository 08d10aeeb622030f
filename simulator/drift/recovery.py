"""Recovery of known dynamics: does the training find an equation that is there to be found.

Three systems whose equation is known are sampled with noise; a network of the drift's kind (tanh, zero start) is
trained on short windows by multiple shooting and asked for whole trajectories from initial states it never saw.

References
----------
Lotka, A. J. (1925): Elements of Physical Biology. The oscillator and the Ornstein-Uhlenbeck process are textbook.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from tanshi.simulator.drift.state import Array

X = TypeVar("X", Array, Tensor)


@dataclass(frozen=True)
class System:
    """A known equation dx/dt = f(x).

    Attributes
    ----------
    slope
        f, from (batch, n) to (batch, n).
    low, high
        (n,) box from which initial states are drawn.
    step, steps
        Years between observations, and their number.
    noise
        Standard deviation of the noise on every step, of the process itself.
    """

    name: str
    slope: Callable[[Array], Array]
    low: tuple[float, ...]
    high: tuple[float, ...]
    step: float
    steps: int
    noise: float


@dataclass(frozen=True)
class Recovery:
    """What training recovered.

    Attributes
    ----------
    slope_error
        Root mean square error of the learnt f over its true root mean square, on unseen trajectories.
    path_error
        The same of whole trajectories, over the spread of the states.
    parameter, estimate
        A parameter of the equation and what the learnt f says of it; NaN where none is read off.
    """

    system: str
    slope_error: float
    path_error: float
    parameter: float
    estimate: float


def _lotka_volterra(x: Array) -> Array:
    return np.stack([1.0 * x[:, 0] - 0.6 * x[:, 0] * x[:, 1], -0.8 * x[:, 1] + 0.5 * x[:, 0] * x[:, 1]], axis=1)


def _oscillator(x: Array) -> Array:
    return np.stack([x[:, 1], -4.0 * x[:, 0] - 0.4 * x[:, 1]], axis=1)


def _reversion(x: Array) -> Array:
    return -3.0 * x


SYSTEMS = (
    System("Lotka-Volterra", _lotka_volterra, (0.5, 0.5), (3.0, 3.0), 0.1, 60, 0.0),
    System("Damped oscillator", _oscillator, (-1.0, -2.0), (1.0, 2.0), 0.1, 60, 0.0),
    System("Ornstein-Uhlenbeck, K = 3", _reversion, (-1.0,), (1.0,), 1 / 52, 104, 0.02),
)


def sample(system: System, paths: int, seed: int, noise: float | None = None) -> Array:
    """(paths, steps + 1, n) trajectories, Runge-Kutta with eight substeps a step."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(system.low, system.high, (paths, len(system.low)))
    h, out = system.step / 8, [x]
    for _ in range(system.steps):
        for _ in range(8):
            x = _rk4(system.slope, x, h)
        x = x + (system.noise if noise is None else noise) * rng.standard_normal(x.shape)
        out.append(x)
    return np.stack(out, axis=1)


def recover(system: System, *, paths: int = 40, window: int = 6, epochs: int = 150, seed: int = 0) -> Recovery:
    """Train on `paths` sampled trajectories and judge on others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        data = sample(system, paths, seed)
        size = data.shape[2]
        mean, sd = data.mean(axis=(0, 1)), data.std(axis=(0, 1))
        scale = np.abs(np.diff(data, axis=1)).mean(axis=(0, 1)) / system.step
        generator = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = [nn.Linear(size, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, size)]
        with torch.no_grad():
            for layer in layers[::2]:
                assert isinstance(layer, nn.Linear)
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / layer.in_features**0.5)
                layer.bias.zero_()
            assert isinstance(layers[-1], nn.Linear)
            layers[-1].weight.zero_()
        net = nn.Sequential(*layers).double()
        middle, spread, size_of = (torch.tensor(x) for x in (mean, sd, scale))

        def slope(x: Tensor) -> Tensor:
            out: Tensor = size_of * net((x - middle) / spread)
            return out

        starts = range(0, system.steps - window + 1, window)
        shots = torch.tensor(np.concatenate([data[:, s : s + window + 1] for s in starts]))
        optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
        for epoch in range(epochs):
            order = np.random.default_rng([seed, epoch]).permutation(len(shots))
            for rows in np.array_split(order, 2):
                part = shots[torch.as_tensor(rows)]
                x, loss = part[:, 0], torch.zeros((), dtype=torch.float64)
                for k in range(window):
                    x = _rk4(slope, x, system.step)
                    loss = loss + (((x - part[:, k + 1]) / spread) ** 2).mean()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
            schedule.step()

        def learnt(x: Array) -> Array:
            with torch.no_grad():
                return np.asarray(slope(torch.tensor(x)).numpy())

        true = sample(system, 20, seed + 1, noise=0.0)
        flat = true.reshape(-1, size)
        found: list[Array] = [np.asarray(true[:, 0])]
        for _ in range(system.steps):
            found.append(_rk4(learnt, found[-1], system.step))
        miss = np.stack(found, axis=1) - true
        off = learnt(flat) - system.slope(flat)
        parameter = estimate = float("nan")
        if size == 1:  # the slope of f is -K
            parameter, estimate = 3.0, float(-(learnt(flat) * flat).sum() / (flat**2).sum())
        return Recovery(
            system.name,
            float(np.sqrt((off**2).mean()) / np.sqrt((system.slope(flat) ** 2).mean())),
            float(np.sqrt((miss**2).mean()) / np.sqrt((flat - flat.mean(axis=0)).var())),
            parameter,
            estimate,
        )
    finally:
        torch.set_num_threads(threads)


def _rk4(slope: Callable[[X], X], x: X, h: float) -> X:
    """One step of the classical method."""
    k1 = slope(x)
    k2 = slope(x + 0.5 * h * k1)
    k3 = slope(x + 0.5 * h * k2)
    k4 = slope(x + h * k3)
    return x + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)
