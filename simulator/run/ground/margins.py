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

from tanshi.errors import Message
from tanshi.market.law import Rule, balanced
from tanshi.scenarios.errors import Problem, UserError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How firms differ within their sectors.

    Attributes
    ----------
    sector : (firms,) int
    emissions, outputs : (firms,) float
        Parts of their sector's emissions and output.
    gas : (firms,) bool, optional
        Power firms of gas-fired plant, where firms are of a class.
    """

    sector: NDArray[np.int64]
    emissions: Array
    outputs: Array
    gas: NDArray[np.bool_] | None = None

    def gas_of(self, sector: int) -> NDArray[np.bool_]:
        """Which of one sector's firms run on gas."""
        here = self.sector == sector
        return np.zeros(int(here.sum()), np.bool_) if self.gas is None else self.gas[here]

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


def topped_up(deficit: float | None, gas: float | None, here: NDArray[np.bool_]) -> float | Array | None:
    """Each firm's largest deficit where plant on gas has one of its own; a firm without any has all it emits.

    Examples
    --------
    >>> topped_up(None, 0.0, np.array([False, True])).tolist()
    [1.0, 0.0]
    """
    if gas is None or not here.any():
        return deficit
    return np.where(here, gas, 1.0 if deficit is None else deficit)


def gas_apart(
    on_gas: NDArray[np.bool_], emitted: Array, given: Array, spread: Spread | None, sector: int
) -> tuple[NDArray[np.bool_], tuple[Array, Array]]:
    """Who runs on gas, and emissions and benchmarks' allowances as parts of power's: firms', or without them classes'.

    Parameters
    ----------
    on_gas, emitted, given
        Of the classes of power plant: those on gas, what each emits and what its benchmark gives it.
    spread, sector
        How firms differ, and the place of power.
    """
    e, q = emitted / emitted.sum(), given / given.sum()
    here = np.zeros(0, np.bool_) if spread is None else spread.gas_of(sector)
    if spread is None or not here.any():
        return on_gas, (e, q)
    parts = []
    for of_firms, of_classes in zip(spread.of(sector), (e, q), strict=True):
        gas = float(of_classes[on_gas].sum())
        scale = np.where(here, gas / of_firms[here].sum(), (1.0 - gas) / of_firms[~here].sum())
        parts.append(of_firms * scale)
    return here, (parts[0], parts[1])


def refuse_to_pay(found: Tilt, sector: str, year: int) -> Tilt:
    """The margin itself, unless a tonne more would earn more than an allowance: emitting would pay.

    Raises
    ------
    UserError
        Naming the sector's field and the year.
    """
    if found.returned > 1.0 + 1e-9:
        earned = found.returned
        got = Message("{earned:.4f} in {year}: firms are at the limit of their surplus", earned=earned, year=year)
        hint = "There a tonne more is paid for. Raise this limit, or lower the sector's benchmark."
        expected = "at most one allowance for a tonne more that the sector emits"
        problem = Problem(expected, got, field=f"sectors.{sector}.limits.surplus", hint=hint)
        raise UserError("The rules of a sector cannot hold.", [problem])
    return found


PLAIN = Tilt()
"""Lump sums, plain benchmarks, auctions."""


def tilt(
    method: str,
    rate: float | None,
    slope: float | None,
    surplus: float | None,
    deficit: float | Array | None,
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
