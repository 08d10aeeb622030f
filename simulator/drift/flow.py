"""The flow in the loop: NumPy, classical Runge-Kutta, one batch over seeds, no torch.

Tests hold it to `torchdiffeq.odeint` at 1e-5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from simulator.drift.layout import Layout, lay_out
from simulator.drift.reference import Reference
from simulator.drift.state import (
    PRICE,
    STATE_SIZE,
    Array,
    Context,
    Mask,
    context_features,
    emission_rates,
    outputs,
    prices,
)
from simulator.drift.weights import Weights, untrained

Mode = Literal["neural", "ou", "none"]
# Classical Runge-Kutta is stable for K h < 2.78; the network's own slope needs a margin.
_STABLE = 2.0


@dataclass
class Flow:
    """Flow of the residual r = z - z*.

    Attributes
    ----------
    weights
        Rates, season, networks and their trained ranges.
    mode
        `neural`: all of it. `ou`: mean reversion and season, no network. `none`: the state stays where the
        jump put it; neither the residual nor the reference path moves it.
    evaluated, switched_off
        Substeps x rows x heads (the price and each covered sector) judged so far, and those in which the
        network was off because a feature lay outside its trained range.
    """

    weights: Weights = field(default_factory=untrained)
    mode: Mode = "ou"
    evaluated: int = 0
    switched_off: int = 0
    _layouts: dict[bytes, Layout] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.mode not in ("neural", "ou", "none"):
            raise ValueError(f"drift mode must be neural, ou or none, got {self.mode!r}")

    def path(self, r0: Array, t0: float, t1: float, context: Context, substeps: int = 1) -> Array:
        """Residuals at the `substeps` + 1 equally spaced times from `t0` to `t1` (years).

        Parameters
        ----------
        r0
            (batch, 17) residuals right after the jump; those of uncovered sectors are taken as 0.
        context
            Coverage, bank, cap and compliance date, as they stand at `t0`.

        Returns
        -------
        Array
            (substeps + 1, batch, 17). In mode `none` every row repeats `r0` as it is.

        Raises
        ------
        ValueError
            Wrong shape, reversed times, numbers that are not finite, or a substep too long for the fastest
            rate.
        """
        r0 = np.asarray(r0, dtype=float)
        if r0.ndim != 2 or r0.shape[1] != STATE_SIZE:
            raise ValueError(f"residuals need shape (batch, {STATE_SIZE}), got {r0.shape}")
        if not (t1 > t0 and substeps >= 1):
            raise ValueError(f"a flow needs t1 > t0 and at least one substep, got {t0:g}, {t1:g}, {substeps}")
        if not np.isfinite(r0).all():
            raise ValueError("residuals must be finite")
        if self.mode == "none":
            return np.repeat(r0[None], substeps + 1, axis=0)
        layout = self._layout(context)
        rate = layout.rate if self.mode == "neural" else layout.rate_ou
        h = (t1 - t0) / substeps
        if rate.max() * h > _STABLE:
            need = math.ceil(rate.max() * (t1 - t0) / _STABLE)
            raise ValueError(
                f"reversion of {rate.max():.3g} per year needs at least {need} substeps, got {substeps}"
            )
        t = t0 + 0.5 * h * np.arange(2 * substeps + 1)  # the stages of all substeps
        c, d = self.weights.season
        pull = np.zeros((t.size, rate.size))
        if c or d:
            pull[:, PRICE] = c * np.cos(2 * np.pi * t) + d * np.sin(2 * np.pi * t)
        slope: Callable[[Array, int, Array], Array]
        if self.mode == "neural":
            features = context_features(t, context, t0)
            if features.ndim == 2:
                features = features[:, None, :]
            shift = features @ layout.context + layout.offset  # (stages, 1 or batch, units)
            known = layout.knows_context(features)

            def slope(r: Array, k: int, bound: Array) -> Array:
                return np.asarray(pull[k] - rate * r + bound * layout.residual(r, shift[k]))
        else:

            def slope(r: Array, k: int, bound: Array) -> Array:
                return np.asarray(pull[k] - rate * r)

        out = np.zeros((substeps + 1, *r0.shape))
        r, bound = r0[:, layout.index], layout.bound
        out[0, :, layout.index] = r.T
        for j in range(substeps):
            if self.mode == "neural":
                bound = self._bound(layout, r, known)
            k1 = slope(r, 2 * j, bound)
            k2 = slope(r + (0.5 * h) * k1, 2 * j + 1, bound)
            k3 = slope(r + (0.5 * h) * k2, 2 * j + 1, bound)
            k4 = slope(r + h * k3, 2 * j + 2, bound)
            r = r + (h / 6.0) * (k1 + 2.0 * (k2 + k3) + k4)
            out[j + 1, :, layout.index] = r.T
        return out

    def carry(
        self, z0: Array, t0: float, t1: float, star: Reference, context: Context, substeps: int = 1
    ) -> Carried:
        """State (batch, 17) carried from `t0` to `t1` about the reference path `star`.

        In mode `none` the reference is held at its value at `t0`, so that z stays where the jump put it. In
        the other modes an uncovered sector follows the reference.
        """
        times = np.linspace(t0, t1, substeps + 1)
        stars = star(np.full(times.shape, t0) if self.mode == "none" else times)[:, None, :]
        return Carried(times, stars + self.path(z0 - stars[0], t0, t1, context, substeps))

    def _layout(self, context: Context) -> Layout:
        key = context.covered.tobytes()
        if key not in self._layouts:
            self._layouts[key] = lay_out(self.weights, context.covered)
        return self._layouts[key]

    def _bound(self, layout: Layout, r: Array, known: Mask) -> Array:
        """Bound of the network's part, 0 where a head is outside its trained range; held over the substep."""
        inside = layout.inside(r)
        self.evaluated += r.shape[0] * layout.heads
        if inside.all() and known.all():
            return layout.bound
        heads = layout.heads_inside(inside) & known
        self.switched_off += heads.size - int(heads.sum())
        return np.asarray(layout.bound * np.concatenate([heads, heads[:, 1:]], axis=1))


@dataclass(frozen=True)
class Carried:
    """Path of one period: `times` (n,) in years, `z` (n, batch, 17)."""

    times: Array
    z: Array

    @property
    def price(self) -> Array:
        """(n, batch) yuan/t."""
        return prices(self.z)

    @property
    def emissions(self) -> Array:
        """(n, batch, 8) Mt CO2/yr."""
        return emission_rates(self.z)

    @property
    def output(self) -> Array:
        """(n, batch, 8) annual rate."""
        return outputs(self.z)

    @property
    def end(self) -> Array:
        """(batch, 17) state just before the next jump."""
        return np.asarray(self.z[-1])

    def accrued(self) -> Array:
        """Emissions along the path, (batch, 8) Mt: trapezoid over the substeps."""
        return np.asarray(np.trapezoid(self.emissions, self.times, axis=0))
