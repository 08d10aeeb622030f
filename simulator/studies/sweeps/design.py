"""Points of the unit cube for a sweep: Sobol's sequence, Latin hypercube, grid, Morris' and Saltelli's designs.

Sampling and analysis are SciPy's and SALib's, both on the unit cube; a parameter's own distribution comes in through
its quantile function only. All designs but the Latin hypercube grow: their first points stay the same.

References
----------
Owen, A. B. (1998): Scrambling Sobol' and Niederreiter-Xing points. Journal of Complexity 14.
Saltelli, A. et al. (2010): Variance based sensitivity analysis of model output. Computer Physics Communications 181.
Campolongo, F., Cariboni, J. and Saltelli, A. (2007): An effective screening design for sensitivity analysis of large
models. Environmental Modelling & Software 22.
Iwanaga, T., Usher, W. and Herman, J. (2022): Toward SALib 2.0. Socio-Environmental Systems Modelling 4.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.errors import TanshiError
from tanshi.scenarios.constraints import Constraint, met
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.sweep import DesignSpec

Array = NDArray[np.float64]
MOST_DRAWN = 1000
"""Points drawn for each point that is wanted, before constraints are said to leave nothing."""


class NoPoints(TanshiError, ValueError):
    """Constraints that hardly a point, or none, meets."""


@dataclass(frozen=True)
class Drawn:
    """The points of a design.

    Parameters
    ----------
    unit
        (points, parameters), in [0, 1].
    left_out
        Points that were drawn and did not meet the constraints.
    """

    unit: Array
    left_out: int = 0


def problem_of(names: Sequence[str], groups: Sequence[str] = ()) -> dict[str, Any]:
    """The unit cube in SALib's words; ``groups`` names the group of each parameter, where there are any."""
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    return {**problem, "groups": list(groups)} if is_grouped(names, groups) else problem


def is_grouped(names: Sequence[str], groups: Sequence[str]) -> bool:
    """Whether any two parameters are moved together."""
    return bool(groups) and list(groups) != list(names)


def sample(
    design: DesignSpec, names: Sequence[str], levels: Sequence[int] | None = None, groups: Sequence[str] = ()
) -> Array:
    """The design's points.

    Parameters
    ----------
    names
        Parameters, one a column.
    levels
        Values of each parameter on a grid; by default the design's.
    groups
        Group of each parameter, for Morris' and Saltelli's designs.

    Returns
    -------
    array
        (points, parameters), in [0, 1]; the same for the same design and number of parameters, and the first of them
        the same for a larger sample, but of a Latin hypercube.
    """
    problem = problem_of(names, groups if design.method in ("morris", "sobol") else ())
    if design.method == "grid":
        each = [_middles(n) for n in levels or [design.levels] * len(names)]
        return np.array(list(itertools.product(*each)), dtype=np.float64)
    with warnings.catch_warnings():  # SALib's samplers speak of their next version, SciPy's of powers of two
        warnings.simplefilter("ignore")
        if design.method == "qmc":
            from scipy.stats import qmc

            sequence = qmc.Sobol(len(names), scramble=True, seed=np.random.default_rng(design.seed))
            points = sequence.random(design.samples)
        elif design.method == "lhs":
            from SALib.sample import latin

            points = latin.sample(problem, design.samples, seed=design.seed)
        elif design.method == "morris":
            from SALib.sample import morris

            points = morris.sample(problem, design.samples, num_levels=design.levels, seed=design.seed)
        else:
            from SALib.sample import sobol

            points = sobol.sample(problem, design.samples, calc_second_order=design.second_order, seed=design.seed)
    return np.clip(np.asarray(points, dtype=np.float64), 0.0, 1.0)


def _middles(levels: int) -> list[float]:
    # The ends of the range are on the grid; a list of as many values is met value by value.
    return [i / (levels - 1) if levels > 1 else 0.5 for i in range(levels)]


def points_of(design: DesignSpec, factors: Sequence[Factor], constraints: Sequence[Constraint] = ()) -> Drawn:
    """The design's points for a sweep's parameters; a grid meets every value of a list once.

    Of a sequence, and of Morris' trajectories, so many are drawn that the sample is as large as asked after those
    are left out that do not meet the constraints; a grid and a Latin hypercube are smaller by them.

    Raises
    ------
    NoPoints
        Where nothing, or next to nothing, meets the constraints.
    """
    levels = [len(f.choices) or f.draw.levels or design.levels for f in factors]
    names, groups = [f.name for f in factors], [f.group for f in factors]
    if not constraints:
        return Drawn(sample(design, names, levels, groups))
    size = len(set(groups)) + 1 if design.method == "morris" else 1  # what is kept or left out together
    fixed = design.method in ("grid", "lhs")
    asked = design.samples
    while True:
        unit = sample(design.model_copy(update={"samples": asked}), names, levels, groups)
        allowed = np.asarray(met(constraints, factors, unit).reshape(-1, size).all(axis=1), dtype=np.bool_)
        if fixed or allowed.sum() >= design.samples:
            break
        if asked >= MOST_DRAWN * design.samples or (asked >= 4096 and not allowed.any()):
            break
        asked *= 2
    kept = np.flatnonzero(allowed)[: len(allowed) if fixed else design.samples]
    if not len(kept) or (len(kept) < design.samples and not fixed):
        raise NoPoints(
            "Hardly a point meets the constraints: {found} of {drawn} drawn ({constraints}); widen a range, or leave"
            " one of them away",
            found=len(kept) * size,
            drawn=len(unit),
            constraints=", ".join(constraint.text for constraint in constraints),
        )
    seen = len(allowed) if fixed else int(kept[-1]) + 1
    rows = (kept[:, None] * size + np.arange(size)).ravel()
    return Drawn(unit[rows], (seen - len(kept)) * size)
