"""The pooled volatility recursion, fitted on all markets together by weekly likelihood: eight numbers."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from tanshi.simulator.drift.markets.likelihood import Weeks, log_density
from tanshi.simulator.drift.markets.spread import Recursion
from tanshi.simulator.drift.state import Array

_START = np.array([np.log(0.5), np.log(0.2), np.log(0.2), np.log(0.2), -2.0, 1.0, 0.5, -1.0])


def fit_recursion(weeks: Weeks) -> Recursion:
    """The most likely recursion; the same rows give the same numbers."""

    def loss(parameters: Array) -> float:
        return -float((weeks.weight * log_density(_read(parameters), weeks)).mean())

    found = minimize(loss, _START, method="L-BFGS-B", bounds=[(-12.0, 4.0)] * 4 + [(-12.0, 12.0)] * 4)
    return _read(found.x)


def _read(p: Array) -> Recursion:
    return Recursion(
        level=np.exp(p[:4]),
        still=p[4:6],
        freedom=1.5 + 2.0 * float(np.logaddexp(0.0, p[6])),
        gaps=float(1.0 / (1.0 + np.exp(-p[7]))),
    )
