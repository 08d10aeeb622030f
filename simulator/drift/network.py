"""The drift as a torch module: what is trained, and what the NumPy flow must reproduce."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tanshi.simulator.drift.state import Array, kind_of, quantities
from tanshi.simulator.drift.weights import Head, Weights

_SMALLEST_RATE = 1e-4
_OWN = 3  # features before the context
_ACTIVATION: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "silu": functional.silu,
    "relu": functional.relu,
}


@dataclass(frozen=True)
class Around:
    """What the drift needs beside the state, for a batch or for many dates of one.

    Attributes
    ----------
    price, sector
        (..., batch, units) the context's part of the two first layers.
    pull
        (..., batch, 17) the season of the price, 1/yr.
    mask, shared
        (batch, 1 + 2n) 1 where a component takes part; (batch, 1) one over the count of covered sectors.
    """

    price: Tensor
    sector: Tensor
    pull: Tensor
    mask: Tensor
    shared: Tensor

    def at(self, *place: int) -> Around:
        """One date of many."""
        pull = self.pull[place] if self.pull.ndim > 2 else self.pull
        return Around(self.price[place], self.sector[place], pull, self.mask, self.shared)


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

    def beside(self, context: Tensor) -> Tensor:
        """First layer's part of the context features (..., 11); made once, while the state moves on."""
        scaled = (context - self.mean[_OWN:]) / self.sd[_OWN:]
        out: Tensor = scaled @ self.matrices[0][_OWN:] + self.offsets[0]
        return out

    def answer(self, own: Tensor, beside: Tensor) -> Tensor:
        """Outputs (..., k) of the head's own features (..., 3) and the context's part of its first layer."""
        x: Tensor = ((own - self.mean[:_OWN]) / self.sd[:_OWN]) @ self.matrices[0][:_OWN] + beside
        for w, b in zip(self.matrices[1:], self.offsets[1:], strict=True):
            x = self.activation(x) @ w + b
        return x

    def head(self) -> Head:
        """Layers and scaling as arrays."""
        layers = tuple(
            (w.detach().numpy().copy(), b.detach().numpy().copy())
            for w, b in zip(self.matrices, self.offsets, strict=True)
        )
        return Head(layers, self.mean.numpy().copy(), self.sd.numpy().copy(), self.low, self.high)


class Drift(nn.Module):
    """``dr/dt = -K r + b + s tanh(f)`` for a batch; in the form `paper` ``dr/dt = s f``.

    The price's K and b come from price history and stay fixed; the K of emissions and output are trained with
    f, kept positive by a softplus.
    """

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        start = np.log(np.expm1(np.maximum(weights.rate[1:] - _SMALLEST_RATE, 1e-6)))  # inverse softplus
        self.raw_rate = nn.Parameter(torch.tensor(start))
        self.price_rate = torch.tensor(weights.rate[:1])
        self.sectors = weights.sectors
        self.rate_ou = weights.rate_ou
        self.season = weights.season
        self.bound = torch.tensor(weights.bound[kind_of(weights.size)])
        self.price = Perceptron(weights.price, weights.activation)
        self.sector = Perceptron(weights.sector, weights.activation)
        self.activation = weights.activation
        self.form = weights.form

    def rate(self) -> Tensor:
        """(1 + 2n,) K, 1/yr."""
        if self.form == "paper":
            return torch.zeros_like(self.bound)
        return torch.cat([self.price_rate, functional.softplus(self.raw_rate) + _SMALLEST_RATE])

    def around(self, t: Tensor, covered: Tensor, market: Tensor) -> Around:
        """What the drift needs of date, coverage and market, without the state.

        Parameters
        ----------
        t
            (..., batch) years.
        covered
            (batch, n) of 0 and 1.
        market
            (..., batch, 8) in the order of `MARKET`, the time to compliance as of `t`.
        """
        angle = 2 * torch.pi * t[..., None]
        sine, cosine = torch.sin(angle), torch.cos(angle)
        share = covered.mean(dim=1)[:, None].expand(*market.shape[:-1], 1)
        features = torch.cat([sine, cosine, market[..., :1], share, market[..., 1:]], dim=-1)
        season = self.season[0] * cosine + self.season[1] * sine
        mask = torch.cat([torch.ones_like(covered[:, :1]), covered, covered], dim=1)
        pull = functional.pad(season, (0, mask.shape[1] - 1)) if self.form == "bounded" else torch.zeros_like(mask)
        shared = 1.0 / covered.sum(dim=1, keepdim=True).clamp(min=1.0)
        return Around(self.price.beside(features), self.sector.beside(features), pull, mask, shared)

    def slope(self, r: Tensor, around: Around) -> Tensor:
        """dr/dt (batch, 1 + 2n), 1/yr, of residuals `r` (batch, 1 + 2n) whose uncovered components are 0."""
        emissions, output = quantities(r.shape[1])
        e, q = r[:, emissions], r[:, output]
        means = torch.stack([e.sum(dim=1), q.sum(dim=1)], dim=1) * around.shared
        price = self.price.answer(torch.cat([r[:, :1], means], dim=1), around.price)
        own = torch.stack([r[:, :1].expand(-1, e.shape[1]), e, q], dim=-1)
        by_sector = self.sector.answer(own, around.sector[..., None, :])
        f = torch.cat([price, by_sector[..., 0], by_sector[..., 1]], dim=1)
        if self.form == "paper":
            return around.mask * (self.bound * f)
        return around.mask * (around.pull - self.rate() * r + self.bound * torch.tanh(f))

    def forward(self, t: Tensor, r: Tensor, covered: Tensor, market: Tensor) -> Tensor:
        """dr/dt (batch, 1 + 2n), 1/yr, at dates `t` (batch,); see `around` and `slope`."""
        return self.slope(r, self.around(t, covered, market))

    def export(self, card: Mapping[str, Any]) -> Weights:
        """The present parameters as plain arrays."""
        rate: Array = self.rate().detach().numpy().copy()
        bound = self.bound[torch.tensor([0, 1, 1 + len(self.sectors)])].numpy().copy()
        heads = (self.price.head(), self.sector.head())
        return Weights(self.sectors, rate, self.rate_ou, self.season, bound, *heads, self.activation, self.form, card)
