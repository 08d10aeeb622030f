"""The two networks of one coverage as dense matrices on the covered part of the state.

One sector network serves every sector; written out block by block it becomes one matrix a layer, so that a
stage of the solver is a few products whatever the number of sectors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tanshi.simulator.drift.state import PRICE, Array, Mask, active, kind_of
from tanshi.simulator.drift.weights import Head, Weights

_OWN = 3  # features before the context: price, own emissions and output, or their means
Layers = tuple[tuple[Array, Array], ...]


def _silu(x: Array) -> Array:
    return np.asarray(x / (1.0 + np.exp(-x)))


def _relu(x: Array) -> Array:
    return np.maximum(x, 0.0)


def _tanh(x: Array) -> Array:
    return np.asarray(np.tanh(x, out=x))


_ACTIVATION: dict[str, Callable[[Array], Array]] = {"tanh": _tanh, "silu": _silu, "relu": _relu}


@dataclass(frozen=True)
class Layout:
    """Matrices for m = 1 + 2 c state components, c covered sectors and 1 + c heads (the price first).

    Attributes
    ----------
    index
        (m,) places in the state of 17.
    rate, rate_ou, bound
        (m,) K with and without the network, and s; 1/yr.
    first, context, offset
        First layer: (m, n) on the residual, (11, n) on the context, (n,).
    between
        Hidden layers after the first: (1 + c, units, units), (1 + c, 1, units), the heads side by side.
    last
        (n, m), (m,).
    seen, low, high
        (m, m + 2) takes the residual to itself and the two means over covered sectors, with their trained
        ranges.
    context_low, context_high
        (2, 11) trained range of the context, of the price and of the sector network.
    bounded
        Whether the network's answer goes through tanh.
    """

    index: np.ndarray[tuple[int], np.dtype[np.intp]]
    rate: Array
    rate_ou: Array
    bound: Array
    first: Array
    context: Array
    offset: Array
    between: Layers
    last: tuple[Array, Array]
    activation: Callable[[Array], Array]
    seen: Array
    low: Array
    high: Array
    context_low: Array
    context_high: Array
    heads: int
    bounded: bool
    fastest: float
    fastest_ou: float

    def residual(self, r: Array, shift: Array) -> Array:
        """tanh(f), or f, (batch, m) of residuals (batch, m), the context's part `shift` (1 or batch, n) added."""
        x = r @ self.first
        x = np.add(x, shift) if len(shift) > len(x) else np.add(x, shift, out=x)
        x = self.activation(x)
        if self.between:
            # From (batch, heads x units) to (heads, batch, units) and back: small blocks beat one large
            # sparse matrix.
            one = len(r) == 1  # of one row the two are the same numbers in the same places
            x = x.reshape(self.heads, 1, -1) if one else x.reshape(len(r), self.heads, -1).swapaxes(0, 1)
            for w, b in self.between:
                x = x @ w
                x += b
                x = self.activation(x)
            x = (x if one else x.swapaxes(0, 1)).reshape(len(r), -1)
        w, b = self.last
        y = x @ w
        y += b
        return np.tanh(y, out=y) if self.bounded else y

    def inside(self, r: Array) -> Mask:
        """(batch, m + 2) true where a component or mean lies in its trained range."""
        seen = r @ self.seen
        return np.asarray((seen >= self.low) & (seen <= self.high))

    def heads_inside(self, inside: Mask) -> Mask:
        """(batch, heads) true where all of a head's own features are inside."""
        m, c = self.index.size, self.heads - 1
        price = inside[:, PRICE] & inside[:, m:].all(axis=1)
        sectors = inside[:, :1] & inside[:, 1 : 1 + c] & inside[:, 1 + c : m]
        return np.concatenate([price[:, None], sectors], axis=1)

    def knows_context(self, features: Array) -> Mask | Literal[True]:
        """(1 or batch, heads) true where context features (stages, 1 or batch, 11) stay in range; True: all do.

        Between the first and the last stage a feature moves one way or, as the season, has no range.
        """
        ends = features[:: max(len(features) - 1, 1), :, None, :]
        within = np.asarray(ends >= self.context_low)
        within &= ends <= self.context_high
        if within.all():
            return True
        both = np.asarray(within.all(axis=(0, 3)))
        return np.concatenate([both[:, :1], np.repeat(both[:, 1:], self.heads - 1, axis=1)], axis=1)


def lay_out(weights: Weights, covered: Mask) -> Layout:
    """Layout of `weights` for the sectors `covered`."""
    index = np.flatnonzero(active(covered))
    m, count = index.size, int(covered.sum())
    seen = np.concatenate([np.eye(m), np.zeros((m, 2))], axis=1)
    if count:
        seen[1 : 1 + count, m] = 1.0 / count
        seen[1 + count :, m + 1] = 1.0 / count
    # Column j of `own` picks feature j of each head out of the seen state: price, own or mean emissions and
    # output.
    heads: list[tuple[Head, tuple[int, int, int]]] = [(weights.price, (0, m, m + 1))]
    heads += [(weights.sector, (0, 1 + i, 1 + count + i)) for i in range(count)]
    first, context, offset = [], [], []
    for head, places in heads:
        matrix, shift = head.layers[0]
        scaled = matrix / head.sd[:, None]
        first.append(seen[:, places] @ scaled[:_OWN])
        context.append(scaled[_OWN:])
        offset.append(shift - head.mean @ scaled)
    depth = len(weights.price.layers)
    between = tuple(
        (np.stack([h.layers[k][0] for h, _ in heads]), np.stack([h.layers[k][1][None] for h, _ in heads]))
        for k in range(1, depth - 1)
    )
    # The price head fills place 0 of the state, sector head i its emissions and its output.
    units = weights.price.layers[-1][0].shape[0]
    last_w, last_b = np.zeros((len(heads) * units, m)), np.zeros(m)
    for i, (head, _) in enumerate(heads):
        to = [0] if i == 0 else [i, i + count]
        w, b = head.layers[-1]
        last_w[i * units : (i + 1) * units, to], last_b[to] = w, b

    low, high = np.empty(m + 2), np.empty(m + 2)
    for limit, pick in ((low, "low"), (high, "high")):
        own, by_sector = getattr(weights.price, pick), getattr(weights.sector, pick)
        limit[PRICE], limit[m:] = own[0], own[1:_OWN]
        limit[1 : 1 + count], limit[1 + count : m] = by_sector[1], by_sector[2]
    return Layout(
        index=index,
        rate=weights.rate[index],
        rate_ou=weights.rate_ou[index],
        bound=weights.bound[kind_of(weights.size)[index]],
        first=np.concatenate(first, axis=1),
        context=np.concatenate(context, axis=1),
        offset=np.concatenate(offset),
        between=between,
        last=(last_w, last_b),
        activation=_ACTIVATION[weights.activation],
        seen=seen,
        low=low,
        high=high,
        context_low=np.array([weights.price.low[_OWN:], weights.sector.low[_OWN:]]),
        context_high=np.array([weights.price.high[_OWN:], weights.sector.high[_OWN:]]),
        heads=1 + count,
        bounded=weights.form == "bounded",
        fastest=float(weights.rate[index].max()),
        fastest_ou=float(weights.rate_ou[index].max()),
    )
