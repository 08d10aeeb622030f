"""What a firm would pay for a tonne of forest sink: the bargaining price of the second paper, its eq. 7.

    P = l + f (h - l),    f = (1 - d) / (1 - s d) * s^2 / d * (M + 1) / 10000

l and h are the lowest and highest marginal abatement cost of the firms, s the allowed offset share, d the
carbon tax rate, M the subsidy in yuan/t. The paper wants l <= P <= h, so f must lie between 0 and 1; as d goes
to 0, f grows without bound. Where f would pass 1 the formula is not defined, and is guarded here.

References
----------
Yang et al. (2021), eq. 7; the weights after Rubinstein, A. (1982): Perfect equilibrium in a bargaining model.
Econometrica 50(1): 97-109.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.errors import Message
from tanshi.market.orders import Floats, Mask
from tanshi.numerics.bargaining import bargaining_factor

Beyond = Literal["nan", "cap", "refuse"]


@dataclass(frozen=True)
class Policy:
    """The three instruments; the defaults are the paper's for Shanghai.

    Parameters
    ----------
    omega_s : float
        Offsets allowed, share of emissions, 0 to 1.
    omega_d : float
        Carbon tax rate, greater than 0, at most 1.
    subsidy : float
        For a tonne of sink, yuan/t, not negative.

    Raises
    ------
    SinksError
        For a weight outside its range.
    """

    omega_s: float = 0.05
    omega_d: float = 0.01
    subsidy: float = 20.0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, expected, str(value))
            for name, value, good, expected in (
                ("omega_s", self.omega_s, 0 <= self.omega_s <= 1, "a share from 0 to 1"),
                ("omega_d", self.omega_d, 0 < self.omega_d <= 1, "a rate greater than 0, at most 1"),
                ("subsidy", self.subsidy, 0 <= self.subsidy < np.inf, "yuan/t, 0 or more"),
            )
            if not good
        ]
        if faults:
            raise SinksError("The bargaining weights are outside their range.", faults)


def is_defined(omega_s: ArrayLike, omega_d: ArrayLike, subsidy: ArrayLike) -> Mask:
    """Where eq. 7 gives a price between the lowest and the highest abatement cost, and the tax is not 0."""
    inside = bargaining_factor(omega_s, omega_d, subsidy) <= 1
    return np.asarray(inside & (np.asarray(omega_d, np.float64) > 0), bool)


def lowest_tax(omega_s: float, subsidy: float) -> float:
    """The tax rate at which the factor is 1: eq. 7 is defined from there on.

    It solves s d^2 - (1 + k) d + k = 0 with k = s^2 (M + 1) / 10000.

    Examples
    --------
    >>> rate = lowest_tax(0.2, 150)
    >>> round(rate, 6), round(float(bargaining_factor(0.2, rate, 150)), 12)
    (0.000604, 1.0)
    """
    k = omega_s**2 * (subsidy + 1) / 10_000
    if k >= 1:
        return 1.0
    # The form that does not subtract nearly equal numbers; it holds at s = 0 as well.
    return 2 * k / (1 + k + float(np.sqrt((1 + k) ** 2 - 4 * omega_s * k)))


def demand_price(
    lowest: ArrayLike, highest: ArrayLike, policy: Policy | None = None, *, beyond: Beyond = "refuse"
) -> Floats:
    """Demand price for forest sinks by eq. 7, yuan/t.

    Parameters
    ----------
    lowest, highest
        Marginal abatement costs, yuan/t.
    beyond
        What is given where the factor passes 1: ``refuse``, ``nan``, or ``cap`` at the highest cost.

    Raises
    ------
    SinksError
        Where a highest cost is below the lowest, a cost is negative or not finite, or eq. 7 is not defined and
        `beyond` is ``refuse``.
    """
    chosen = policy or Policy()
    low, high = np.broadcast_arrays(np.asarray(lowest, np.float64), np.asarray(highest, np.float64))
    bad = np.flatnonzero(~((low >= 0) & (high >= low) & np.isfinite(high)).ravel())
    if len(bad):
        raise SinksError(
            "There is no demand price between these abatement costs.",
            [
                Fault(
                    "highest cost", "0 <= lowest <= highest, both finite",
                    Message("{low:g} and {high:g}", low=low.flat[k], high=high.flat[k]), row=int(k) + 1,
                )
                for k in bad[:10]
            ],
        )  # fmt: skip
    factor = float(bargaining_factor(chosen.omega_s, chosen.omega_d, chosen.subsidy))
    if factor > 1:
        if beyond == "refuse":
            least = lowest_tax(chosen.omega_s, chosen.subsidy)
            raise SinksError(
                "Eq. 7 is not defined here: the price would pass the highest abatement cost.",
                [
                    Fault(
                        "omega_d",
                        Message("a tax rate of {least:.4g} or more at these weights", least=least),
                        f"{chosen.omega_d:g}",
                    )
                ],
            )
        factor = 1.0 if beyond == "cap" else np.nan
    return np.asarray(low + factor * (high - low), np.float64)


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the demand price, elementwise.

    Attributes
    ----------
    omega_s : float array
        Yuan/t for the whole of the emissions; a hundredth of it for one percentage point.
    omega_d : float array
        Yuan/t for a tax rate of 1.
    subsidy : float array
        Yuan/t for a yuan/t.
    """

    omega_s: Floats
    omega_d: Floats
    subsidy: Floats


def demand_slopes(spread: ArrayLike, omega_s: ArrayLike, omega_d: ArrayLike, subsidy: ArrayLike) -> Slopes:
    """Partial derivatives of eq. 7 in closed form, where it is defined.

    With 0 < s, d < 1 the factor f has

        df/ds = f (2/s + d / (1 - s d)) > 0
        df/dd = -f (1/d + (1 - s) / ((1 - d) (1 - s d))) < 0
        df/dM = f / (M + 1) > 0

    so that the three hypotheses of the paper hold wherever s > 0, d < 1 and the spread h - l is greater than
    0. At s = 0 or d = 1 the factor is 0 and neither the subsidy nor, at s = 0, the tax moves the price.

    Parameters
    ----------
    spread
        Highest less lowest abatement cost, yuan/t.
    """
    width, s, d, m = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (spread, omega_s, omega_d, subsidy))
    )
    scale = (m + 1) / 10_000
    base, rest = 1 - s * d, 1 - d
    by_s = scale * rest / d * (2 * s * base + s**2 * d) / base**2
    by_d = -scale * s**2 * (base * rest + d * (1 - s)) / (d * base) ** 2
    by_m = rest / base * s**2 / d / 10_000
    return Slopes(width * by_s, width * by_d, width * by_m)
