"""The flow in the loop: NumPy, classical Runge-Kutta, one batch over seeds, no torch.

Tests hold it to `torchdiffeq.odeint` at 1e-5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from tanshi.errors import TanshiError
from tanshi.simulator.drift.layout import Layout, lay_out
from tanshi.simulator.drift.reference import Reference
from tanshi.simulator.drift.state import (
    PRICE,
    Array,
    Context,
    Mask,
    context_features,
    emission_rates,
    outputs,
    prices,
    size_of,
)
from tanshi.simulator.drift.weights import Weights, untrained

Mode = Literal["neural", "ou", "none"]
OnBlowUp = Literal["ou", "stop"]
BLOWN_UP = 3.0
"""A state this far from its reference, in logarithms (a factor of 20), has blown up."""
_SAME_TIME = 1e-9  # years
_ON_THE_BOUND = 1e-6  # logarithms
COUNTERS = ("evaluated", "switched_off", "blown_up", "collar_hits")
"""Attributes of `Flow` that count what happened; part of a run's state."""
# Classical Runge-Kutta is stable for K h < 2.78; the network's own slope needs a margin.
_STABLE = 2.0


class DriftError(TanshiError, RuntimeError):
    """The drift left every sensible range and the scenario says to stop."""

    exit_code = 1


@dataclass
class Flow:
    """Flow of the residual r = z - z*.

    Attributes
    ----------
    weights
        Rates, season, networks and their trained ranges; of no sectors, where a drift has a path of its own.
    mode
        `neural`: all of it. `ou`: mean reversion and season, no network. `none`: the state stays where the
        jump put it; neither the residual nor the reference path moves it.
    evaluated, switched_off
        Substeps x rows x heads (the price and each covered sector) judged so far, and those in which the
        network was off because a feature lay outside its trained range.
    on_blow_up
        What `carry` does where the path blows up: `ou` goes on with mean reversion alone, `stop` raises.
    blown_up, collar_hits
        Periods in which that happened, and times that the price met its floor or ceiling on the way.
    """

    weights: Weights = field(default_factory=lambda: untrained(()))
    mode: Mode = "ou"
    on_blow_up: OnBlowUp = "ou"
    evaluated: int = 0
    switched_off: int = 0
    blown_up: int = 0
    collar_hits: int = 0
    _layouts: dict[bytes, Layout] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.mode not in ("neural", "ou", "none"):
            raise ValueError(f"drift mode must be neural, ou or none, got {self.mode!r}")
        if self.on_blow_up not in ("ou", "stop"):
            raise ValueError(f"on_blow_up must be ou or stop, got {self.on_blow_up!r}")

    def path(self, r0: Array, t0: float, t1: float, context: Context, substeps: int = 1) -> Array:
        """Residuals at the `substeps` + 1 equally spaced times from `t0` to `t1` (years).

        Parameters
        ----------
        r0
            (batch, 1 + 2n) residuals right after the jump; those of uncovered sectors are taken as 0.
        context
            Coverage, bank, cap and compliance date, as they stand at `t0`.

        Returns
        -------
        Array
            (substeps + 1, batch, 1 + 2n). In mode `none` every row repeats `r0` as it is.

        Raises
        ------
        ValueError
            Wrong shape, reversed times, numbers that are not finite, or a substep too long for the fastest
            rate.
        """
        r0 = np.asarray(r0, dtype=float)
        _check(r0, t0, t1, substeps, self.weights.size, context.covered.size)
        if self.mode == "none":
            return np.repeat(r0[None], substeps + 1, axis=0)
        layout = self._layout(context)
        neural = self.mode == "neural"
        rate = layout.rate if neural else layout.rate_ou
        fastest = max(layout.fastest, layout.fastest_ou) if neural else layout.fastest_ou
        h = (t1 - t0) / substeps
        if fastest * h > _STABLE:
            need = math.ceil(fastest * (t1 - t0) / _STABLE)
            raise ValueError(f"reversion of {fastest:.3g} per year needs at least {need} substeps, got {substeps}")
        t: Array = t0 + 0.5 * h * np.arange(2 * substeps + 1, dtype=float)  # the stages of all substeps
        features: Array = context_features(t, context, t0) if neural else _calendar(t)
        c, d = self.weights.season
        seasonal = bool(c or d) and (layout.bounded or not neural)
        if seasonal:
            sine, cosine = features[..., 0], features[..., 1]
            pull = c * cosine + d * sine  # (stages,) or (stages, batch)
        shift = features
        known: Mask | Literal[True] = True
        if neural:
            if features.ndim == 2:
                features = features[:, None, :]
            shift = features @ layout.context
            shift += layout.offset  # (stages, 1 or batch, units)
            known = layout.knows_context(features)
        bound, on = layout.bound, neural

        def slope(r: Array, k: int) -> Array:
            if on:
                out = layout.residual(r, shift[k])
                out *= bound
                out -= rate * r
            else:
                out = -rate * r
            if seasonal:
                out[:, PRICE] += pull[k]
            return out

        out = np.zeros((substeps + 1, *r0.shape))
        r = r0.take(layout.index, axis=1)
        out[0][:, layout.index] = r
        half, sixth = 0.5 * h, h / 6.0
        for j in range(substeps):
            if neural:
                bound, rate, on = self._bound(layout, r, known)
            k1 = slope(r, 2 * j)
            k2 = slope(r + half * k1, 2 * j + 1)
            k3 = slope(r + half * k2, 2 * j + 1)
            k4 = slope(r + h * k3, 2 * j + 2)
            k2 += k3
            k2 *= 2.0
            k2 += k1
            k2 += k4
            k2 *= sixth
            r = r + k2
            out[j + 1][:, layout.index] = r
        return out

    def carry(
        self,
        z0: Array,
        t0: float,
        t1: float,
        star: Reference,
        context: Context,
        substeps: int = 1,
        collar: tuple[float, float] = (0.0, math.inf),
    ) -> Carried:
        """State (batch, 17) carried from `t0` to `t1` about the reference path `star`.

        The price moves about its reference path, which looks ahead to announced policy. The reference of
        emissions and output is held at its value at `t0`: within a year capital and productivity are given, and
        their steps at New Year are jumps, not the flow's. In mode `none` the price's is held too, and nothing
        moves. Where the price meets a bound of `collar`
        (yuan/t) the moment is found to 1e-9 years and the price stays at the bound until the flow leads back.

        Raises
        ------
        DriftError
            If the path blows up and `on_blow_up` is `stop`.
        """
        times = np.linspace(t0, t1, substeps + 1)
        stars = self._reference(star, times)[:, None, :]
        r = self._bounded_path(z0 - stars[0], t0, t1, context, substeps)
        z = stars + r
        low, high = math.log1p(collar[0]), math.log1p(collar[1])
        if self.mode == "none" or bool((z[1:, :, PRICE].min() >= low) & (z[1:, :, PRICE].max() <= high)):
            return Carried(times, z)
        return self._held(z0, times, star, context, (low, high))

    def _reference(self, star: Reference, times: Array) -> Array:
        """The reference at `times` (n,) as `carry` holds it: what it is at the first, the price moving on."""
        path = star(times)
        out = np.repeat(path[:1], len(times), axis=0)
        if self.mode != "none":
            out[:, PRICE] = path[:, PRICE]
        return out

    def _bounded_path(self, r0: Array, t0: float, t1: float, context: Context, substeps: int) -> Array:
        """`path`, or where that blows up the flow of mode `ou`."""
        with np.errstate(over="ignore", invalid="ignore"):
            r = self.path(r0, t0, t1, context, substeps)
        if self.mode != "neural" or float(np.abs(r[-1]).max()) < BLOWN_UP:
            return r
        lost = ~(np.abs(r[-1]).max(axis=1) < np.maximum(BLOWN_UP, 1.5 * np.abs(r0).max(axis=1)))
        if not lost.any():
            return r
        if self.on_blow_up == "stop":
            raise DriftError(
                "the drift's network blew up between {t0:.3f} and {t1:.3f}: a component of the state "
                "left its reference path by more than a factor of 20; choose drift.on_blow_up: ou, "
                "other weights, or mode ou",
                t0=t0,
                t1=t1,
            )
        self.blown_up += int(lost.sum())
        calm = Flow(self.weights, "ou").path(r0, t0, t1, context, substeps)
        return np.where(lost[:, None], calm, r)

    def _held(self, z0: Array, times: Array, star: Reference, context: Context, bounds: tuple[float, float]) -> Carried:
        """The path within the collar: each meeting of a bound is an event with its own row of the result."""
        low, high = bounds
        t, z = float(times[0]), z0.copy()
        z[:, PRICE] = np.clip(z[:, PRICE], low, high)
        at, states, start = [t], [z], float(times[0])

        def step(z: Array, t: float, until: float) -> Array:
            later = replace(context, time_to_compliance=np.maximum(context.time_to_compliance - (t - start), 0.0))
            ends = self._reference(star, np.array([start, t, until]))[1:, None, :]
            return np.asarray(self._bounded_path(z - ends[0], t, until, later, 1)[-1] + ends[1])

        for target in times[1:]:
            while t < target - _SAME_TIME:
                ahead = step(z, t, float(target))
                outside = (ahead[:, PRICE] < low) | (ahead[:, PRICE] > high)
                new = np.flatnonzero(outside & (z[:, PRICE] > low) & (z[:, PRICE] < high))
                until = float(target)
                for row in map(int, new):  # when does this row meet its bound?
                    bound = high if ahead[row, PRICE] > high else low

                    def beyond(u: float, row: int = row, bound: float = bound, z: Array = z, t: float = t) -> float:
                        return float(step(z, t, u)[row, PRICE] - bound) if u > t else float(z[row, PRICE] - bound)

                    until = min(until, float(brentq(beyond, t, float(target), xtol=_SAME_TIME)))
                until = max(until, t + 2 * _SAME_TIME) if len(new) else until
                z = ahead if until == target else step(z, t, until)
                if len(new):
                    # The row that met its bound is put on it exactly, so that it counts as held from here on.
                    for bound in bounds:
                        met = new[np.abs(z[new, PRICE] - bound) < _ON_THE_BOUND]
                        z[met, PRICE] = bound
                        self.collar_hits += len(met)
                z[:, PRICE] = np.clip(z[:, PRICE], low, high)
                t = until
                at.append(t)
                states.append(z)
        return Carried(np.array(at), np.array(states))

    def _layout(self, context: Context) -> Layout:
        key = context.covered.tobytes()
        if key not in self._layouts:
            self._layouts[key] = lay_out(self.weights, context.covered)
        return self._layouts[key]

    def _bound(self, layout: Layout, r: Array, known: Mask | Literal[True]) -> tuple[Array, Array, bool]:
        """Bound of the network's part and K, held over the substep, and whether the network says anything at all.

        A head outside its trained range has bound 0 and the K fitted without the network: plain reversion.
        """
        asked = r.shape[0] * layout.heads
        self.evaluated += asked
        if known is not True and not known.any():
            self.switched_off += asked
            return layout.bound, layout.rate_ou, False
        inside = layout.inside(r)
        if known is True and inside.all():
            return layout.bound, layout.rate, True
        heads = layout.heads_inside(inside) & known
        self.switched_off += heads.size - int(np.count_nonzero(heads))
        on = np.concatenate([heads, heads[:, 1:]], axis=1)
        return np.asarray(layout.bound * on), np.where(on, layout.rate, layout.rate_ou), True


def _calendar(t: Array) -> Array:
    angle = (2 * np.pi) * t
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


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
        """Emissions along the path, (batch, 8) Mt: trapezoid over the substeps and events."""
        return np.asarray(np.trapezoid(self.emissions, self.times, axis=0))


def _check(r0: Array, t0: float, t1: float, substeps: int, size: int, sectors: int) -> None:
    """Refuse residuals of another shape or none, and times that do not run forward."""
    if r0.ndim != 2 or r0.shape[1] != size or size_of(sectors) != size:
        raise ValueError(
            f"residuals need shape (batch, {size}) and coverage {(size - 1) // 2} entries, got {r0.shape} and {sectors}"
        )
    if not (t1 > t0 and substeps >= 1):
        raise ValueError(f"a flow needs t1 > t0 and at least one substep, got {t0:g}, {t1:g}, {substeps}")
    if not math.isfinite(float(r0.sum())):
        raise ValueError("residuals must be finite")
