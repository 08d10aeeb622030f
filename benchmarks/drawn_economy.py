"""An economy of any size drawn at random, which balances: what several solvers are timed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Economy:
    """A balanced economy: benchmark values, which at benchmark prices of one are quantities too."""

    use: Floats  # inputs, good x sector; the first good is coal
    labour: Floats
    capital: Floats
    home: Floats  # home sales of home output
    imports: Floats
    exports: Floats
    final: Floats
    intensity: Floats  # CO2 per unit of coal, by user

    @property
    def n(self) -> int:
        return self.labour.size


def draw_economy(n: int, seed: int = 0) -> Economy:
    """An economy of ``n`` sectors with balanced trade and positive accounts.

    Raises
    ------
    ValueError
        when a drawn account is not positive.
    """
    rng = np.random.default_rng(seed)
    use = rng.uniform(0, 2, (n, n)) * (rng.random((n, n)) < 0.7)
    use[0] = rng.uniform(0.2, 2, n)  # everyone burns coal
    labour, capital = rng.uniform(10, 30, n), rng.uniform(10, 30, n)
    intensity = rng.uniform(0.05, 0.35, n)
    output = use.sum(axis=0) + labour + capital
    exports = rng.uniform(0.1, 0.3, n) * output
    imports = rng.uniform(0.1, 0.3, n) * output
    imports *= exports.sum() / imports.sum()
    final = np.maximum(output - exports + imports - use.sum(axis=1), 1.0)
    home = final + use.sum(axis=1) - imports
    labour = labour + home + exports - output  # wages close the accounts that the least final demand opened
    for name, account in (("labour", labour), ("capital", capital), ("home sales", home), ("final demand", final)):
        if account.min() <= 0:
            raise ValueError(f"drawn {name} is not positive in sector {int(account.argmin())}; take another seed")
    return Economy(use, labour, capital, home, imports, exports, final, intensity)
