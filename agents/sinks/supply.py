"""What the market needs from here: how many tonnes forestry offers at a price, and what a firm bids for them.

Forestry: land comes in by cost, cheap land first, costs log-normal. At price p per tonne

    Q(p) = Q_max Phi((ln p - ln m) / s).

Its three parameters are assumptions, no estimate of a province: m and s such that the middle half of the
potential costs 40 to 90 yuan/t, Q_max a round number. Everything that follows from their size, and not from their
sign, is an assumption as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.agents.sinks.published import abatement_costs
from tanshi.errors import Message
from tanshi.market.orders import Floats


@dataclass(frozen=True)
class Forestry:
    """A forestry supply curve.

    Parameters
    ----------
    potential : float
        Q_max, t CO2 a year at any price. Status: assumed.
    median_cost : float
        m, yuan/t at which half of the potential is offered. Status: assumed.
    spread : float
        s, standard deviation of the logarithm of the cost. Status: assumed.
    """

    potential: float = 10e6
    median_cost: float = 60.0
    spread: float = 0.6

    def __post_init__(self) -> None:
        faults = [
            Fault(name, "a finite number > 0", str(value))
            for name, value in vars(self).items()
            if not 0 < value < np.inf
        ]
        if faults:
            raise SinksError("There is no such supply of forest sinks.", faults)

    def quantity(self, price: ArrayLike) -> Floats:
        """Tonnes a year offered at a price in yuan/t."""
        with np.errstate(divide="ignore"):
            ratio = np.log(np.maximum(np.asarray(price, np.float64), 0.0) / self.median_cost)
        return np.asarray(self.potential * ndtr(ratio / self.spread), np.float64)

    def price(self, quantity: ArrayLike) -> Floats:
        """Least price in yuan/t at which so many tonnes are offered; infinite at the potential and beyond."""
        share = np.asarray(quantity, np.float64) / self.potential
        return np.asarray(self.median_cost * np.exp(self.spread * ndtri(np.clip(share, 0, 1))), np.float64)

    def slope(self, price: ArrayLike) -> Floats:
        """Tonnes a year more for a yuan/t more."""
        p = np.asarray(price, np.float64)
        z = np.log(p / self.median_cost) / self.spread
        return np.asarray(self.potential * np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * self.spread * p), np.float64)

    def asks(self, steps: int = 50) -> pd.DataFrame:
        """The curve as sell orders: ``price`` (yuan/t, rising) and ``quantity`` (t), equal parts of the potential.

        A part is asked for at the cost of its own middle.
        """
        if steps < 1:
            raise SinksError("The supply cannot be cut.", [Fault("steps", "1 or more", str(steps))])
        middle = (np.arange(steps) + 0.5) / steps * self.potential
        return pd.DataFrame({"price": self.price(middle), "quantity": self.potential / steps})


def rescale(demand: ArrayLike, level: float, weights: ArrayLike | None = None) -> Floats:
    """Demand prices brought to the market's level: their order and ratios stay, their mean becomes `level`.

    Shadow prices are several times what allowances cost, so that they say who would pay more than whom, and
    not how much.

    Parameters
    ----------
    demand : (firms,) float
        Yuan/t, not negative, not all 0.
    level
        Yuan/t.
    weights
        For the mean, such as emissions; equal by default.

    Raises
    ------
    SinksError
        For a negative or infinite demand price, or a mean of 0.
    """
    prices = np.asarray(demand, np.float64)
    bad = np.flatnonzero(~((prices >= 0) & np.isfinite(prices)))
    if len(bad):
        row = int(bad[0]) + 1
        raise SinksError(
            "Demand prices cannot be rescaled.",
            [Fault("demand price", "yuan/t, 0 or more and finite", f"{prices.flat[bad[0]]:g}", row=row)],
        )
    mean = float(np.average(prices, weights=None if weights is None else np.asarray(weights, np.float64)))
    if mean <= 0 or not 0 <= level < np.inf:
        raise SinksError(
            "Demand prices cannot be rescaled.",
            [
                Fault(
                    "level",
                    "a mean > 0 and a level of 0 or more",
                    Message("{mean:g} and {level:g} yuan/t", mean=mean, level=level),
                )
            ],
        )
    return prices * (level / mean)


def offset_bid(demand: ArrayLike, level: float, expected_price: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Highest price a firm bids for an offset, yuan/t: nobody pays more than the allowance it stands for.

    Parameters
    ----------
    demand : (firms,) float
        Bargaining prices (eq. 7), yuan/t.
    level
        Level of the market to which they are rescaled, yuan/t.
    expected_price
        Allowance price that each firm expects, yuan/t.
    """
    return np.minimum(rescale(demand, level, weights), np.asarray(expected_price, np.float64))


FLOOR = 303.05
"""Lowest costs up to here, yuan/t, are 10,000/33 as printed: a boundary of the paper's method and no cost found."""

PROXIES = {
    "ELEC": "thermal_power",
    "STEEL": "steel",
    "NFM": "steel",
    "NMM": "steel",
    "COKE": "chemicals",
    "CHEM": "chemicals",
    "PAPER": "chemicals",
    "AIR": "chemicals",
}
"""Sector of the province to the paper's sector whose costs it is given; the paper has three."""


def province_spread(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Order and dispersion of abatement cost of the province's sectors, as they stand in an economy's figures.

    ``cost_sigma`` and ``cost_order`` of ``scenarios/economies/shanxi_2022/population.csv`` are this table's, rounded
    to four digits. Firms of one province in one year are spread within a cell, so that the dispersion is that
    within cells, those at the `FLOOR` left out; with them it is the other bound.

    Parameters
    ----------
    table
        As in `cost_spread`; Table 2 of the paper by default.

    Returns
    -------
    DataFrame
        ``sector``, ``proxy``, ``cost_sigma``, ``cost_sigma_high`` (standard deviations of the logarithm) and
        ``cost_order`` (relative to steel).
    """
    cells = abatement_costs() if table is None else table
    inner, everything = (cost_spread(cells, above=above).set_index("sector") for above in (FLOOR, 0.0))
    proxy = list(PROXIES.values())
    level = inner["relative_level"]
    return pd.DataFrame(
        {
            "sector": list(PROXIES),
            "proxy": proxy,
            "cost_sigma": inner.loc[proxy, "sigma_within"].to_numpy(),
            "cost_sigma_high": everything.loc[proxy, "sigma_within"].to_numpy(),
            "cost_order": level.loc[proxy].to_numpy(np.float64) / level.loc[["steel"]].to_numpy(np.float64),
        }
    )


def cost_spread(table: pd.DataFrame, by: str = "sector", above: float = 0.0) -> pd.DataFrame:
    """Order and dispersion of abatement costs by group, to spread firms around a sector's mean.

    Within a cell of Table 2 only the lowest and highest cost are known; costs are taken as log-uniform between
    them, an assumption: a cell's mean logarithm is that of sqrt(l h) and its variance ln(h/l)^2 / 12.

    Parameters
    ----------
    table
        Columns ``lowest``, ``highest`` (yuan/t) and the group column.
    above
        Cells whose lowest cost is not above this are left out, yuan/t.

    Returns
    -------
    DataFrame
        Group, ``relative_level`` (geometric mean over that of all groups), ``sigma`` (standard deviation of the
        logarithm within the group, over cells and within them), ``sigma_within`` (its mean within cells), ``rank``
        (1 for the cheapest).
    """
    kept = table[table["lowest"] > above]
    low, high = (np.log(kept[name].to_numpy(np.float64)) for name in ("lowest", "highest"))
    cells = pd.DataFrame({by: kept[by].to_numpy(), "mean": (low + high) / 2, "variance": (high - low) ** 2 / 12})
    cells["within"] = np.sqrt(cells["variance"])
    groups = cells.groupby(by, sort=False)
    level = groups["mean"].mean()
    spread = np.sqrt(groups["variance"].mean() + groups["mean"].var(ddof=0))
    within = groups["within"].mean()
    out = pd.DataFrame(
        {
            "relative_level": np.exp(level - level.mean()),
            "sigma": spread,
            "sigma_within": within,
            "rank": level.rank(),
        }
    )
    return out.astype({"rank": int}).reset_index()
