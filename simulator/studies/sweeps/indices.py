"""Sensitivity indices of one output from a design's points: Sobol's, Morris', rank correlations, and the tornado.

All work on the unit cube, where every parameter spans the same length; SALib computes, and what it would turn into
silent zeros (numbers that are not finite) is refused before.

References
----------
Saltelli, A. et al. (2010): Variance based sensitivity analysis of model output. Computer Physics Communications 181.
Campolongo, F., Cariboni, J. and Saltelli, A. (2007): An effective screening design for sensitivity analysis of large
models. Environmental Modelling & Software 22.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.errors import TanshiError
from tanshi.scenarios.sweep import DesignSpec
from tanshi.simulator.studies.sweeps.design import problem_of

Array = NDArray[np.float64]
CONFIDENCE = 0.95
RESAMPLES = 500
FIFTH = 0.2
"""Part of the draws at each end that the tornado compares."""


class AnalysisError(TanshiError, ValueError):
    """Outcomes that cannot be analysed: numbers that are not finite, points that are not the design's."""


@dataclass(frozen=True)
class Measure:
    """One index of one parameter.

    Parameters
    ----------
    parameter
        name; two joined by `` x `` for a pair.
    measure
        ``first``, ``total``, ``second``, ``mu_star``, ``mu``, ``sigma`` or ``rank_correlation``.
    value, low, high
        The estimate and its 95 % interval; both NaN where the method gives none.
    """

    parameter: str
    measure: str
    value: float
    low: float
    high: float


def leading(method: str) -> str:
    """The measure by which a method ranks parameters."""
    return {"sobol": "total", "morris": "mu_star"}.get(method, "rank_correlation")


def indices(design: DesignSpec, names: Sequence[str], unit: Array, outcome: Array) -> list[Measure]:
    """All indices that a design gives.

    Parameters
    ----------
    names
        parameters.
    unit
        (points, parameters), the design's points in its order.
    outcome
        (points,).

    Raises
    ------
    AnalysisError
        Where an outcome is not finite or points are missing.
    """
    y = np.asarray(outcome, dtype=np.float64)
    if len(y) != len(unit):
        raise AnalysisError(
            "{number_of_unit} points and {number_of_y} outcomes do not belong together",
            number_of_unit=len(unit),
            number_of_y=len(y),
        )
    if not np.isfinite(y).all():
        raise AnalysisError(
            "{total} of {number_of_y} outcomes are not finite numbers",
            total=int((~np.isfinite(y)).sum()),
            number_of_y=len(y),
        )
    if np.ptp(y) <= 1e-12 * max(abs(float(y.max())), abs(float(y.min()))):  # rounding: nothing moves it
        return [Measure(name, leading(design.method), 0.0, 0.0, 0.0) for name in names]
    with warnings.catch_warnings():  # pandas' and SALib's plans for their own next versions
        warnings.simplefilter("ignore")
        if design.method == "sobol":
            return _sobol(design, names, y)
        if design.method == "morris":
            return _morris(design, names, unit, y)
    return _ranks(names, unit, y)


def _sobol(design: DesignSpec, names: Sequence[str], y: Array) -> list[Measure]:
    from SALib.analyze import sobol

    found = sobol.analyze(
        problem_of(names), y, calc_second_order=design.second_order, num_resamples=RESAMPLES,
        conf_level=CONFIDENCE, seed=design.seed,
    )  # fmt: skip
    out: list[Measure] = []
    for measure, key in (("first", "S1"), ("total", "ST")):
        for i, name in enumerate(names):
            value, half = float(found[key][i]), float(found[f"{key}_conf"][i])
            out.append(Measure(name, measure, value, value - half, value + half))
    if design.second_order:
        for i, one in enumerate(names):
            for j in range(i + 1, len(names)):
                value, half = float(found["S2"][i, j]), float(found["S2_conf"][i, j])
                out.append(Measure(f"{one} x {names[j]}", "second", value, value - half, value + half))
    return out


def _morris(design: DesignSpec, names: Sequence[str], unit: Array, y: Array) -> list[Measure]:
    from SALib.analyze import morris

    found = morris.analyze(
        problem_of(names), unit, y, num_levels=design.levels, num_resamples=RESAMPLES,
        conf_level=CONFIDENCE, seed=design.seed,
    )  # fmt: skip
    out: list[Measure] = []
    for i, name in enumerate(names):
        star, half = float(found["mu_star"][i]), float(found["mu_star_conf"][i])
        out.append(Measure(name, "mu_star", star, star - half, star + half))
    for measure in ("mu", "sigma"):
        out += [Measure(n, measure, float(found[measure][i]), np.nan, np.nan) for i, n in enumerate(names)]
    return out


def _ranks(names: Sequence[str], unit: Array, y: Array) -> list[Measure]:
    """Spearman's rank correlation with Fisher's interval."""
    ranked = pd.DataFrame(unit).rank().to_numpy()
    target = pd.Series(y).rank().to_numpy()
    width = 1.959964 / np.sqrt(max(len(y) - 3, 1))
    out: list[Measure] = []
    for i, name in enumerate(names):
        spread = ranked[:, i].std()
        r = float(np.corrcoef(ranked[:, i], target)[0, 1]) if spread > 0 else 0.0
        z = np.arctanh(min(max(r, -1 + 1e-12), 1 - 1e-12))
        low, high = min(float(np.tanh(z - width)), r), max(float(np.tanh(z + width)), r)
        out.append(Measure(name, "rank_correlation", r, low, high))
    return out


@dataclass(frozen=True)
class Swing:
    """Mean of the output in the lowest and in the highest fifth of a parameter's draws."""

    parameter: str
    low: float
    high: float
    middle: float


def tornado(names: Sequence[str], unit: Array, outcome: Array) -> list[Swing]:
    """The swing of each parameter over the sample, the widest first."""
    swings: list[Swing] = []
    for i, name in enumerate(names):
        u = unit[:, i]
        low, high = u <= max(FIFTH, float(u.min())), u >= min(1.0 - FIFTH, float(u.max()))
        swings.append(Swing(name, float(outcome[low].mean()), float(outcome[high].mean()), float(np.median(outcome))))
    return sorted(swings, key=lambda s: -abs(s.high - s.low))


@dataclass(frozen=True)
class Surface:
    """A quadratic response surface on the unit cube.

    Parameters
    ----------
    coefficients
        Of 1, u_i, and u_i u_j with i <= j.
    explained
        Part of the variance it predicts for points left out one at a time; may be negative.
    """

    coefficients: Array
    explained: float

    def __call__(self, unit: Array) -> Array:
        """The surface at (points, parameters)."""
        return _terms(unit) @ self.coefficients


def surface(unit: Array, outcome: Array) -> Surface | None:
    """Fit a quadratic surface by least squares; None where there are too few points for one."""
    terms = _terms(unit)
    if len(unit) < 1.5 * terms.shape[1]:
        return None
    coefficients, _, rank, _ = np.linalg.lstsq(terms, outcome, rcond=None)
    if rank < terms.shape[1]:
        return None
    q, _ = np.linalg.qr(terms)
    leverage = np.clip((q**2).sum(axis=1), 0.0, 1.0 - 1e-9)
    left_out = (outcome - terms @ coefficients) / (1.0 - leverage)
    total = float(((outcome - outcome.mean()) ** 2).sum())
    explained = 1.0 - float((left_out**2).sum()) / total if total > 0 else 0.0
    return Surface(np.asarray(coefficients, dtype=np.float64), explained)


def _terms(unit: Array) -> Array:
    n, d = unit.shape
    pairs = [unit[:, i] * unit[:, j] for i in range(d) for j in range(i, d)]
    return np.column_stack([np.ones(n), unit, *pairs])
