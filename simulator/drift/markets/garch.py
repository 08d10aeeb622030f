"""GARCH(1,1) with Student tails on one market's own weekly changes, by the library arch; simulated to any horizon.

References
----------
Bollerslev, T. (1987): A conditionally heteroskedastic time series model for speculative prices and rates of return.
Review of Economics and Statistics 69(3), 542-547.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from arch import arch_model

from tanshi.simulator.drift.markets.closes import Closes
from tanshi.simulator.drift.state import Array

_PERCENT = 100.0
_LARGEST = 1.5  # logarithm, of one week: keeps a simulated path of infinite variance finite
_FLATTEST = 0.999


@dataclass(frozen=True)
class Garch:
    """sigma^2' = omega + alpha r^2 + beta sigma^2, changes in per cent.

    Attributes
    ----------
    variance
        Of the coming week.
    freedom
        Of the Student t, scaled to variance 1.
    """

    omega: float
    alpha: float
    beta: float
    freedom: float
    variance: float

    def changes(self, weeks: int, rng: np.random.Generator, count: int) -> Array:
        """(weeks, count) changes of the log price from now on, without drift."""
        variance = np.full(count, self.variance)
        unit = np.sqrt((self.freedom - 2.0) / self.freedom)
        x = np.zeros(count)
        out = np.empty((weeks, count))
        for week in range(weeks):
            r = np.sqrt(variance) * unit * rng.standard_t(self.freedom, count)
            r = np.clip(r, -_LARGEST * _PERCENT, _LARGEST * _PERCENT)
            x = x + r / _PERCENT
            variance = self.omega + self.alpha * r**2 + self.beta * variance
            out[week] = x
        return out


def fit_garch(closes: Closes) -> Garch:
    """The most likely parameters of a market's traded weeks so far, zero mean."""
    r = _PERCENT * np.diff(closes.log_close[closes.traded])
    model = arch_model(r, mean="Zero", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a thin market's likelihood may end on a bound; the bound is then the answer
        found = model.fit(disp="off", show_warning=False, options={"maxiter": 500})
    p = found.params
    alpha, beta = float(p["alpha[1]"]), float(p["beta[1]"])
    if alpha + beta > _FLATTEST:
        beta = max(_FLATTEST - alpha, 0.0)
    omega, last = float(p["omega"]), float(found.conditional_volatility[-1])
    variance = omega + alpha * float(r[-1]) ** 2 + beta * last**2
    return Garch(omega, alpha, beta, max(float(p["nu"]), 2.1), variance)
