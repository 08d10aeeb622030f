"""Largest remainder: whole numbers that are proportional to weights and add up exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tanshi.errors import TanshiError
from tanshi.market.orders import Floats, Ints


class ApportionError(TanshiError, ValueError):
    """Weights that cannot carry the total: negative, not finite, or all zero under a positive total."""


def apportion(total: int, weights: npt.ArrayLike) -> Ints:
    """Divide a whole total in proportion to weights (Hamilton's method).

    Whole-number weights are divided exactly whatever their size; for others the quotas are rounded to double
    precision. Equal remainders go to the earlier row.

    Parameters
    ----------
    total : int
        Non-negative.
    weights : (n,)
        Non-negative.

    Returns
    -------
    (n,) int64, summing to `total`; each within one of its quota.

    Raises
    ------
    ApportionError

    Examples
    --------
    >>> apportion(10, [1, 1, 1])
    array([4, 3, 3])
    """
    share = np.asarray(weights)
    if share.dtype.kind not in "iu":
        return apportion_groups([total], share.astype(np.float64), np.zeros(len(share), np.int64))
    _check(share.astype(np.float64), np.array([total]), np.zeros(len(share), np.int64))
    if total == 0:
        return np.zeros(len(share), np.int64)
    whole = sum(int(value) for value in share) if share.max() > 2**62 // len(share) else int(share.sum())
    if int(share.max()) * total < 2**63:
        quotient, remainder = np.divmod(share.astype(np.int64) * total, whole)
    else:
        products = share.astype(object) * total
        quotient = (products // whole).astype(np.int64)
        remainder = (products % whole).astype(np.int64)
    rest = total - int(quotient.sum())
    quotient[np.argsort(-remainder, kind="stable")[:rest]] += 1
    return np.asarray(quotient, np.int64)


def apportion_groups(totals: npt.ArrayLike, weights: Floats, group: Ints) -> Ints:
    """Divide each group's whole total over its members in proportion to weights.

    Parameters
    ----------
    totals
        (g,) whole numbers
        One total a group.
    weights : (n,) float
        Non-negative; only proportions within a group matter.
    group : (n,) int64
        Group of each row, 0 .. g-1, in any order.

    Returns
    -------
    (n,) int64; the rows of group i sum to totals[i] exactly.

    Raises
    ------
    ApportionError
    """
    target = np.asarray(totals, np.int64)
    weight = np.asarray(weights, np.float64)
    _check(weight, target, group)
    mass = np.bincount(group, weight, len(target))
    quota = weight * (target / np.where(mass > 0, mass, 1.0))[group]
    base = np.floor(quota)
    result = base.astype(np.int64)
    held = np.zeros(len(target), np.int64)
    np.add.at(held, group, result)
    rest = target - held
    rank = _rank_within(group, -(quota - base), len(target))
    size = np.bincount(group, minlength=len(target))
    # Near 2**53 double precision can leave the floors more than one unit off: whole rounds, then remainders.
    rounds, extra = np.divmod(rest, np.where(size > 0, size, 1))
    result += rounds[group] + (rank < extra[group])
    if (result < 0).any():
        raise ApportionError("apportion: totals too large for double precision")
    return result


def _rank_within(group: Ints, key: Floats, groups: int) -> Ints:
    """Return each row's place in its group by ascending key, earlier rows first at equal keys."""
    order = np.lexsort((key, group))
    start = np.concatenate(([0], np.cumsum(np.bincount(group, minlength=groups))[:-1]))
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - start[group[order]]
    return rank


def _check(weights: Floats, totals: Ints, group: Ints) -> None:
    if (totals < 0).any():
        raise ApportionError("apportion: total {least} is negative", least=int(totals.min()))
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ApportionError("apportion: weights must be finite and not negative")
    mass = np.bincount(group, weights, len(totals)) if len(group) else np.zeros(len(totals))
    if ((mass <= 0) & (totals > 0)).any():
        at = int(np.flatnonzero((mass <= 0) & (totals > 0))[0])
        raise ApportionError(
            "apportion: group {at} has a total of {totals} but no weight", at=at, totals=int(totals[at])
        )
