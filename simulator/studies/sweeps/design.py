"""Points of the unit cube for a sweep: full grid, Latin hypercube, Morris' trajectories, Sobol's sequence.

Sampling and analysis are SALib's, both on the unit cube; a parameter's own distribution comes in through its quantile
function only.

References
----------
Saltelli, A. et al. (2010): Variance based sensitivity analysis of model output. Computer Physics Communications 181.
Campolongo, F., Cariboni, J. and Saltelli, A. (2007): An effective screening design for sensitivity analysis of large
models. Environmental Modelling & Software 22.
Iwanaga, T., Usher, W. and Herman, J. (2022): Toward SALib 2.0. Socio-Environmental Systems Modelling 4.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.scenarios.draws import Factor
from tanshi.scenarios.sweep import DesignSpec

Array = NDArray[np.float64]


def problem_of(names: Sequence[str]) -> dict[str, Any]:
    """The unit cube in SALib's words."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def sample(design: DesignSpec, names: Sequence[str], levels: Sequence[int] | None = None) -> Array:
    """The design's points.

    Parameters
    ----------
    names
        Parameters, one a column.
    levels
        Values of each parameter on a grid; by default the design's.

    Returns
    -------
    array
        (points, parameters), in [0, 1]; the same for the same design and number of parameters.
    """
    problem = problem_of(names)
    if design.method == "grid":
        each = [_middles(n) for n in levels or [design.levels] * len(names)]
        return np.array(list(itertools.product(*each)), dtype=np.float64)
    with warnings.catch_warnings():  # SALib's sampler speaks of its own next version
        warnings.simplefilter("ignore")
        if design.method == "lhs":
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


def points_of(design: DesignSpec, factors: Sequence[Factor]) -> Array:
    """The design's points for a sweep's parameters; a grid meets every value of a list once."""
    levels = [len(f.choices) or f.draw.levels or design.levels for f in factors]
    return sample(design, [f.name for f in factors], levels)
