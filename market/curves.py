"""Firms' marginal abatement curves, and what they emit at a price: the demand of a market without an economy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tanshi.errors import Message, TanshiError
from tanshi.market.orders import Floats
from tanshi.numerics.given import is_number


class CurveError(TanshiError, ValueError):
    """Curves, caps or rates that mean nothing; the message names the firm or year and the number."""


def reals(what: str, given: npt.ArrayLike) -> Floats:
    """What was given as an array of real numbers.

    Raises
    ------
    CurveError
        naming what is made of anything else.
    """
    try:
        values = np.asarray(given)
    except ValueError:  # of rows that differ in length
        values = np.asarray(None)
    if values.size and values.dtype.kind not in "iuf":
        raise CurveError("{what}: numbers are expected, found {given!r}", what=what, given=given)
    return values.astype(np.float64)


def real(what: str, given: object) -> float:
    """What was given as one real number; raises as ``reals`` does."""
    if not is_number(given):
        raise CurveError("{what}: a number is expected, found {given!r}", what=what, given=given)
    return float(given)


@dataclass(frozen=True)
class Curves:
    """Marginal abatement cost of each firm as a broken line from no abatement up.

    A firm that abates ``amount[i, k]`` tonnes pays ``cost[i, k]`` yuan for the last of them; between two points its
    cost runs straight, and where two points have one amount it jumps. Beyond the last point nothing can be abated.

    Attributes
    ----------
    baseline : (n,) float, t/yr
        Emissions without a price.
    amount : (n, k) float, t/yr
        Abatement at each point, ascending, the first 0.
    cost : (n, k) float, yuan/t
        Marginal cost there, ascending.
    names
        Names of the firms, ``firm 0`` ... when empty.

    Raises
    ------
    CurveError
        naming the firm whose curve falls, is not finite, or abates more than the firm emits.
    """

    baseline: Floats
    amount: Floats
    cost: Floats
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("baseline", "amount", "cost"):
            object.__setattr__(self, name, reals(Message("curves: {name}", name=name), getattr(self, name)))
        n = self.baseline.size
        if n == 0:
            raise CurveError("curves: there is no firm; one at least is expected")
        if self.baseline.ndim != 1 or self.amount.shape != self.cost.shape or self.amount.shape[:1] != (n,):
            raise CurveError(
                "curves: baseline has shape {shape}, amount {amount}, cost {cost}; expected "
                "(firms,), (firms, points), (firms, points)",
                shape=self.baseline.shape,
                amount=self.amount.shape,
                cost=self.cost.shape,
            )
        names = tuple(self.names) or tuple(f"firm {i}" for i in range(n))
        if len(names) != n or len(set(names)) != n:
            raise CurveError(
                "curves: {number_of_names} names, {different} different, for {n} firms",
                number_of_names=len(names),
                different=len(set(names)),
                n=n,
            )
        object.__setattr__(self, "names", names)
        first = np.arange(self.amount.shape[1]) == 0
        faults = (
            ("has a number that is not finite", ~np.isfinite(self.amount) | ~np.isfinite(self.cost)),
            (
                "abates less than nothing at first",
                first & (self.amount != 0),
            ),
            ("falls", np.diff(self.amount, axis=1, prepend=0) < 0),
            ("falls", np.diff(self.cost, axis=1, prepend=0) < 0),
            ("abates more than the firm emits", self.amount > self.baseline[:, None] * (1 + 1e-12)),
        )
        for words, fault in faults:
            if fault.any():
                raise CurveError(
                    "curves: the curve of '{name}' {words}",
                    name=names[int(np.argwhere(fault)[0][0])],
                    words=Message(words),
                )

    def __len__(self) -> int:
        return self.baseline.size

    def abatement(self, price: npt.ArrayLike) -> Floats:
        """Tonnes each firm abates at a price; shape of ``price`` x (n,)."""
        p = np.asarray(price, np.float64)
        out = np.empty((*p.shape, len(self)))
        for i in range(len(self)):
            # where the cost jumps or stays level, all of a step that costs no more than the price is taken
            right = np.searchsorted(self.cost[i], p, side="right")
            low, high = np.maximum(right - 1, 0), np.minimum(right, self.cost.shape[1] - 1)
            width = self.cost[i][high] - self.cost[i][low]
            part = np.where(width > 0, (p - self.cost[i][low]) / np.where(width > 0, width, 1.0), 0.0)
            done = self.amount[i][low] + np.clip(part, 0, 1) * (self.amount[i][high] - self.amount[i][low])
            out[..., i] = np.where(right == 0, 0.0, done)
        return out

    def emissions(self, price: npt.ArrayLike) -> Floats:
        """Tonnes each firm emits at a price; shape of ``price`` x (n,)."""
        return self.baseline - self.abatement(price)

    def expense(self, abated: npt.ArrayLike) -> Floats:
        """What abatement costs each firm, yuan/yr: the area under its curve up to ``abated`` tonnes, shape (n,)."""
        total = np.zeros(len(self))
        done = np.asarray(abated, np.float64)
        for k in range(1, self.amount.shape[1]):
            left, right = self.amount[:, k - 1], self.amount[:, k]
            taken = np.clip(done - left, 0.0, right - left)
            slope = np.where(
                right > left, (self.cost[:, k] - self.cost[:, k - 1]) / np.where(right > left, right - left, 1), 0
            )
            total += taken * (self.cost[:, k - 1] + slope * taken / 2)
        return total

    @property
    def choke(self) -> float:
        """Yuan/t; price at which every firm abates all that it can."""
        return float(self.cost[:, -1].max())


def linear_curves(baseline: npt.ArrayLike, slope: npt.ArrayLike, names: Sequence[str] = ()) -> Curves:
    """Curves that rise by ``slope`` yuan/t a tonne from nothing, up to all emissions.

    Examples
    --------
    >>> linear_curves([120, 120], [2, 1]).emissions(80.0).tolist()
    [80.0, 40.0]
    """
    base, rise = np.atleast_1d(reals(Message("baselines"), baseline)), np.atleast_1d(reals(Message("slopes"), slope))
    if base.ndim > 1 or rise.ndim > 1 or len({1, base.size, rise.size}) > 2:
        raise CurveError(
            "curves: baselines of shape {base} and slopes of shape {rise}; one a firm is expected",
            base=base.shape,
            rise=rise.shape,
        )
    base, rise = np.broadcast_arrays(base, rise)
    if not ((rise > 0).all() and (base > 0).all()):
        raise CurveError("curves: baselines and slopes must be positive")
    zero = np.zeros_like(base)
    return Curves(base, np.stack([zero, base], axis=1), np.stack([zero, base * rise], axis=1), names)


def step_curves(
    baseline: npt.ArrayLike, width: npt.ArrayLike, cost: npt.ArrayLike, names: Sequence[str] = ()
) -> Curves:
    """Curves of steps: ``width[i, k]`` tonnes at ``cost[i, k]`` yuan/t, the cheaper first.

    Examples
    --------
    >>> step_curves([10.0], [[3.0, 2.0]], [[5.0, 8.0]]).emissions([4.0, 5.0, 9.0]).ravel().tolist()
    [10.0, 7.0, 5.0]
    """
    widths, costs = np.atleast_2d(reals(Message("widths"), width)), np.atleast_2d(reals(Message("costs"), cost))
    if widths.ndim > 2 or widths.shape != costs.shape:
        raise CurveError(
            "curves: widths of shape {widths} and costs of shape {costs}; (firms, steps) is expected for both",
            widths=widths.shape,
            costs=costs.shape,
        )
    order = np.argsort(costs, axis=1, kind="stable")
    widths, costs = np.take_along_axis(widths, order, 1), np.take_along_axis(costs, order, 1)
    edges = np.concatenate([np.zeros((len(widths), 1)), np.cumsum(widths, axis=1)], axis=1)
    amount = np.repeat(edges, 2, axis=1)[:, 1:-1]
    return Curves(
        np.atleast_1d(reals(Message("baselines"), baseline)),
        np.concatenate([np.zeros((len(widths), 1)), amount], axis=1),
        np.concatenate([np.zeros((len(widths), 1)), np.repeat(costs, 2, axis=1)], axis=1),
        names,
    )
