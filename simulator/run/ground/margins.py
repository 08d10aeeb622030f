"""What a sector's rule of allocation counts at its margin: firms' rules (`tanshi.market.law`), added up.

Every firm takes its benchmark as given. A sector's dA/dE and dA/dQ are its firms', weighted by what they emit and
make, so that its allowances, of degree one in both, are exactly its firms'. Where no firm is known the sector is one.

Firms' places within their limits are those of the frozen baseline of the year. Limits of firms that divide a cap in
tonnes move their own bids and not the economy's margin: what all emit is the cap, and one's gap is another's surplus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.market.law import Rule, balanced

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How firms differ within their sectors.

    Attributes
    ----------
    sector : (firms,) int
    emissions, outputs : (firms,) float
        Parts of their sector's emissions and output.
    """

    sector: NDArray[np.int64]
    emissions: Array
    outputs: Array

    def of(self, sector: int) -> tuple[Array, Array]:
        """Emissions and outputs of one sector's firms, parts of it."""
        here = self.sector == sector
        return self.emissions[here], self.outputs[here]


@dataclass(frozen=True)
class Tilt:
    """What a sector's rule adds to lump sums and plain benchmarks in a year.

    Attributes
    ----------
    returned
        dA/dE of the sector: a tonne costs p (1 - returned).
    kept
        Part of what output or the cap gives that firms within their limits keep; beyond them it does not count.
    earned
        Of a band: allowances for output, as part of the sector's emissions per output.
    """

    returned: float = 0.0
    kept: float = 1.0
    earned: float = 0.0


PLAIN = Tilt()
"""Lump sums, plain benchmarks, auctions."""


def tilt(
    method: str,
    rate: float | None,
    slope: float | None,
    surplus: float | None,
    deficit: float | None,
    spread: tuple[Array, Array] | None,
) -> Tilt:
    """What a sector's rule counts at its margin.

    Parameters
    ----------
    method
        One of `tanshi.scenarios.sectors.Method`.
    rate
        What output or the cap gives, as part of what the sector emits; None for a band around its balance value.
    spread
        Its firms' emissions and outputs; None: one firm.

    Examples
    --------
    A sector that gets 70 % of what it emits and is topped up to 80: a tonne more brings 0.8, output nothing.

    >>> tilt("benchmark", 0.7, None, None, 0.2, None)
    Tilt(returned=0.8, kept=0.0, earned=0.0)
    """
    if method == "verified":
        return Tilt(1.0, 0.0)
    e, q = (np.ones(1), np.ones(1)) if spread is None else spread
    if method == "band":
        rule = Rule("band", 1.0, slope=slope, surplus=surplus, deficit=deficit)
        found = Rule(
            "band", balanced(rule, e, q) if rate is None else rate, slope=slope, surplus=surplus, deficit=deficit
        )
        given = found.entitle(e, q)
        return Tilt(float(e @ given.per_tonne), 0.0, float(q @ given.per_output))
    if method != "benchmark" or rate is None or (surplus is None and deficit is None):
        return PLAIN
    given = Rule("benchmark", rate, surplus=surplus, deficit=deficit).entitle(e, q)
    inside = given.per_tonne == 0.0
    return Tilt(float(e @ given.per_tonne), float(q[inside].sum() / q.sum()))
