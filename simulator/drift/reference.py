"""The reference path z*(t): annual equilibrium-only nodes joined by a monotone cubic (PCHIP).

PCHIP neither overshoots nor invents turning points between two equilibria (Fritsch and Carlson, 1980, SIAM
Journal on Numerical Analysis 17(2), 238-246). The path knows only what is announced: a new policy bends it
from its announcement on and leaves everything before untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from tanshi.simulator.drift.state import Array

Ends = Literal["flat", "linear"]


class _Curve(Protocol):
    def __call__(self, t: Array) -> Array: ...


@dataclass(frozen=True)
class Reference:
    """Monotone path through nodes.

    Attributes
    ----------
    times
        (n,) node times in years, increasing; mid-years for annual averages.
    values
        (n, ...) node values, for the drift (n, 17) logarithms.
    ends
        Before the first and after the last node: `flat` holds the end value, `linear` goes on with the slope
        of the end segment.
    """

    times: Array
    values: Array
    ends: Ends
    starts: Array
    curves: tuple[_Curve, ...]

    def __call__(self, t: ArrayLike) -> Array:
        """Values at times `t` (any shape), shape ``t.shape + values.shape[1:]``."""
        t = np.asarray(t, dtype=float)
        if len(self.curves) == 1:
            return self.curves[0](t)
        piece = np.searchsorted(self.starts, t, side="right") - 1
        if piece.size and (piece == piece.flat[0]).all():
            return self.curves[int(piece.flat[0])](t)
        out = np.empty(t.shape + self.values.shape[1:])
        for k in np.unique(piece):
            out[piece == k] = self.curves[k](t[piece == k])
        return out

    def component(self, t: Array, place: int) -> Array:
        """Values of one component at times `t` (n,)."""
        return np.asarray(self(t)[..., place])

    def announced(self, when: float, times: ArrayLike, values: ArrayLike) -> Reference:
        """Path after a policy announced at time `when` (years) replaced the nodes that lie after it.

        The new path leaves the old one at `when`, without a break, and goes through the given nodes with
        ``times > when``; nodes at or before `when` are ignored, since the past is not rewritten. Of two announcements
        at one moment the second counts.

        Raises
        ------
        ValueError
            If no given node lies after the announcement, or an earlier announcement is dated later.
        """
        nodes, levels = _checked(times, values)
        later = nodes > when
        if not later.any():
            raise ValueError(f"an announcement at {when:g} needs at least one equilibrium node after it")
        if when < self.starts[-1]:
            raise ValueError(f"an announcement at {when:g} cannot precede the one at {self.starts[-1]:g}")
        earlier = len(self.starts) - int(when == self.starts[-1])
        nodes = np.concatenate([[when], nodes[later]])
        levels = np.concatenate([self(np.array([when])), levels[later]])
        return Reference(
            nodes,
            levels,
            self.ends,
            np.append(self.starts[:earlier], when),
            (*self.curves[:earlier], _curve(nodes, levels, self.ends)),
        )


def reference(times: ArrayLike, values: ArrayLike, ends: Ends = "flat") -> Reference:
    """Path through the nodes `times` (n,) in years and `values` (n, ...).

    Raises
    ------
    ValueError
        If times do not increase, shapes differ, a number is not finite, or `ends` is unknown.

    Examples
    --------
    >>> path = reference([2022.5, 2023.5, 2024.5], [50.0, 60.0, 60.0])
    >>> float(path(2024.0)), float(path(2030.0))
    (60.0, 60.0)
    """
    if ends not in ("flat", "linear"):
        raise ValueError(f"ends must be 'flat' or 'linear', got {ends!r}")
    nodes, levels = _checked(times, values)
    return Reference(nodes, levels, ends, np.array([-np.inf]), (_curve(nodes, levels, ends),))


def _checked(times: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    nodes = np.asarray(times, dtype=float)
    levels = np.asarray(values, dtype=float)
    if nodes.ndim != 1 or nodes.size == 0 or levels.shape[:1] != nodes.shape:
        raise ValueError(f"nodes need one row of values a time, got shapes {nodes.shape} and {levels.shape}")
    if not (np.isfinite(nodes).all() and np.isfinite(levels).all()):
        raise ValueError("reference nodes must be finite")
    if not (np.diff(nodes) > 0).all():
        raise ValueError("reference node times must increase")
    return nodes, levels


def _curve(nodes: Array, levels: Array, ends: Ends) -> _Curve:
    if nodes.size == 1:
        return lambda t: np.broadcast_to(levels[0], t.shape + levels.shape[1:]).copy()
    with np.errstate(over="ignore"):  # SciPy divides by a slope that may be as small as 1e-320; the result is right
        inner = PchipInterpolator(nodes, levels, axis=0)
    first = (levels[1] - levels[0]) / (nodes[1] - nodes[0])
    last = (levels[-1] - levels[-2]) / (nodes[-1] - nodes[-2])

    def evaluate(t: Array) -> Array:
        inside = np.minimum(np.maximum(t, nodes[0]), nodes[-1])
        out = np.asarray(inner(inside), dtype=float)
        if ends == "linear":
            beyond = (t - inside).reshape(t.shape + (1,) * (levels.ndim - 1))
            out = out + np.where(beyond < 0, first, last) * beyond
        return out

    return evaluate
