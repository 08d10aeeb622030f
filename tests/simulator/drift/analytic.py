"""Mean reversion with a season, solved by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def exact_path(x0: float, rate: float, season: tuple[float, float], t0: float, t: Array) -> Array:
    """x' = -rate x + a cos 2 pi t + b sin 2 pi t from ``x0`` at ``t0``, without noise."""
    wave = 2 * np.pi

    def forced(when: Array | float) -> Array:
        cosine, sine = np.cos(wave * np.asarray(when)), np.sin(wave * np.asarray(when))
        a, b = season
        return ((rate * a - wave * b) * cosine + (rate * b + wave * a) * sine) / (rate**2 + wave**2)

    return np.asarray(forced(t) + np.exp(-rate * (t - t0)) * (x0 - forced(t0)))
