"""The factor of the forest sinks' bargaining price, which scenarios check and firms bid by.

References
----------
Yang et al. (2021), eq. 7; the weights after Rubinstein, A. (1982): Perfect equilibrium in a bargaining model.
Econometrica 50(1): 97-109.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bargaining_factor(omega_s: ArrayLike, omega_d: ArrayLike, subsidy: ArrayLike) -> NDArray[np.float64]:
    """The factor f of eq. 7, elementwise; infinite at a tax rate of 0, 0 wherever the offset share is 0.

    Parameters
    ----------
    omega_s, omega_d
        Allowed offset share and carbon tax rate, fractions.
    subsidy
        Yuan/t.

    Examples
    --------
    >>> round(float(bargaining_factor(0.05, 0.01, 20)), 8)
    0.00052001
    """
    s, d, m = (np.asarray(value, np.float64) for value in (omega_s, omega_d, subsidy))
    with np.errstate(divide="ignore", invalid="ignore"):
        # At s = d = 1 the fraction in front is 0/0; along s = 1 it is 1 for every d below 1.
        front = np.where(s == 1, 1.0, (1 - d) / (1 - s * d))
        factor = front * s**2 / d * (m + 1) / 10_000
    return np.asarray(np.where(s == 0, 0.0, factor), np.float64)
