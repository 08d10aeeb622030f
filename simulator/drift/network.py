"""The drift as a torch module: what is trained, and what the NumPy flow must reproduce."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from simulator.drift.state import EMISSIONS, KIND_OF, OUTPUT, SECTOR_COUNT, STATE_SIZE, Array
from simulator.drift.weights import Head, Weights

_SMALLEST_RATE = 1e-4
_ACTIVATION: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "silu": functional.silu,
    "relu": functional.relu,
}


class Perceptron(nn.Module):
    """Fully connected layers on z-scored features.

    The last layer starts at zero, so that the network starts silent. Smooth activations let an adaptive
    solver take long steps; `relu` is there for the form of Huo et al. (2026), eq. 4.
    """

    def __init__(self, head: Head, activation: str) -> None:
        super().__init__()
        self.activation = _ACTIVATION[activation]
        self.matrices = nn.ParameterList([nn.Parameter(torch.tensor(w)) for w, _ in head.layers])
        self.offsets = nn.ParameterList([nn.Parameter(torch.tensor(b)) for _, b in head.layers])
        self.mean = torch.tensor(head.mean)
        self.sd = torch.tensor(head.sd)
        self.low, self.high = head.low, head.high

    def forward(self, features: Tensor) -> Tensor:
        """Outputs (..., k) of raw features (..., 9)."""
        x = (features - self.mean) / self.sd
        last = len(self.matrices) - 1
        for k, (w, b) in enumerate(zip(self.matrices, self.offsets, strict=True)):
            x = x @ w + b
            x = self.activation(x) if k < last else x
        return x

    def head(self) -> Head:
        """Layers and scaling as arrays."""
        layers = tuple(
            (w.detach().numpy().copy(), b.detach().numpy().copy())
            for w, b in zip(self.matrices, self.offsets, strict=True)
        )
        return Head(layers, self.mean.numpy().copy(), self.sd.numpy().copy(), self.low, self.high)


class Drift(nn.Module):
    """``dr/dt = -K r + b + s tanh(f)`` for a batch.

    The price's K and b come from price history and stay fixed; the K of emissions and output are trained with
    f, kept positive by a softplus.
    """

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        start = np.log(np.expm1(np.maximum(weights.rate[1:] - _SMALLEST_RATE, 1e-6)))  # inverse softplus
        self.raw_rate = nn.Parameter(torch.tensor(start))
        self.price_rate = torch.tensor(weights.rate[:1])
        self.rate_ou = weights.rate_ou
        self.season = weights.season
        self.bound = torch.tensor(weights.bound[KIND_OF])
        self.price = Perceptron(weights.price, weights.activation)
        self.sector = Perceptron(weights.sector, weights.activation)
        self.activation = weights.activation

    def rate(self) -> Tensor:
        """(17,) K, 1/yr."""
        return torch.cat([self.price_rate, functional.softplus(self.raw_rate) + _SMALLEST_RATE])

    def forward(self, t: Tensor, r: Tensor, covered: Tensor, context: Tensor) -> Tensor:
        """dr/dt, 1/yr.

        Parameters
        ----------
        t
            (batch,) years.
        r
            (batch, 17).
        covered
            (batch, 8) of 0 and 1.
        context
            (batch, 4) bank ratio, coverage share, cap tightness, time to compliance, the last as of time `t`.
        """
        angle = 2 * torch.pi * t[:, None]
        sine, cosine = torch.sin(angle), torch.cos(angle)
        around = torch.cat([sine, cosine, context], dim=1)
        count = covered.sum(dim=1, keepdim=True).clamp(min=1.0)
        e, q = r[:, EMISSIONS], r[:, OUTPUT]
        means = (
            torch.cat([(e * covered).sum(1, keepdim=True), (q * covered).sum(1, keepdim=True)], dim=1) / count
        )
        price = self.price(torch.cat([r[:, :1], means, around], dim=1))
        own = torch.stack([r[:, :1].expand(-1, SECTOR_COUNT), e, q], dim=-1)
        by_sector = self.sector(torch.cat([own, around[:, None, :].expand(-1, SECTOR_COUNT, -1)], dim=-1))
        f = torch.cat([price, by_sector[..., 0], by_sector[..., 1]], dim=1)
        season = self.season[0] * cosine + self.season[1] * sine
        linear = functional.pad(season, (0, STATE_SIZE - 1)) - self.rate() * r
        mask = torch.cat([torch.ones_like(covered[:, :1]), covered, covered], dim=1)
        return mask * (linear + self.bound * torch.tanh(f))

    def export(self, card: Mapping[str, Any]) -> Weights:
        """The present parameters as plain arrays."""
        rate: Array = self.rate().detach().numpy().copy()
        bound = self.bound[torch.tensor([0, 1, 1 + SECTOR_COUNT])].numpy().copy()
        heads = (self.price.head(), self.sector.head())
        return Weights(rate, self.rate_ou, self.season, bound, *heads, self.activation, card)
