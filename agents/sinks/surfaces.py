"""Demand prices over a range of policies: lines in one instrument, surfaces in two, slopes in closed form.

Eq. 7 is linear in the costs, so that the mean demand price of a sector or province is eq. 7 at its mean lowest
and mean highest cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from tanshi.agents.sinks.bargaining import Policy, demand_slopes, is_defined
from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.errors import Message
from tanshi.market.orders import Floats, Mask
from tanshi.numerics.bargaining import bargaining_factor

#: What the paper simulates: offset share and tax rate from 0 to 20 %, subsidy from 0 to 150 yuan/t.
RANGES: Mapping[str, tuple[float, float]] = {
    "omega_s": (0.0, 0.2),
    "omega_d": (0.0, 0.2),
    "subsidy": (0.0, 150.0),
}


@dataclass(frozen=True)
class Costs:
    """Mean lowest and highest marginal abatement cost of a sector or province, yuan/t."""

    name: str
    lowest: float
    highest: float


def mean_costs(table: pd.DataFrame, by: str) -> list[Costs]:
    """Means of the columns ``lowest`` and ``highest`` by a group column, in the table's order.

    Raises
    ------
    SinksError
        Where the column is missing.
    """
    if by not in table.columns:
        there = ", ".join(map(str, table.columns))
        raise SinksError(
            "Costs cannot be averaged.", [Fault(by, "a column", Message("the columns {there}", there=there))]
        )
    means = table.groupby(by, sort=False)[["lowest", "highest"]].mean()
    return [Costs(str(name), low, high) for name, low, high in means.itertuples()]


def line(costs: Costs, instrument: str, policy: Policy | None = None, points: int = 81) -> pd.DataFrame:
    """The demand price along one instrument, the others as in `policy`.

    Returns
    -------
    DataFrame
        name, instrument, ``level``, ``demand_price`` (yuan/t, missing where eq. 7 is not defined), ``slope``
        (yuan/t per unit of the instrument), ``defined``.
    """
    levels = _levels(instrument, points)
    at = {name: getattr(policy or Policy(), name) for name in RANGES} | {instrument: levels}
    price, defined = _price(costs, at)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = demand_slopes(costs.highest - costs.lowest, at["omega_s"], at["omega_d"], at["subsidy"])
    return pd.DataFrame(
        {
            "name": costs.name,
            "instrument": instrument,
            "level": levels,
            "demand_price": price,
            "slope": np.where(defined, getattr(slopes, instrument), np.nan),
            "defined": defined,
        }
    )


def surface(costs: Costs, first: str, second: str, policy: Policy | None = None, points: int = 41) -> pd.DataFrame:
    """The demand price over two instruments: name, first, second, two levels, ``demand_price``, ``defined``."""
    grid = np.meshgrid(_levels(first, points), _levels(second, points), indexing="ij")
    one, two = (axis.ravel() for axis in grid)
    at = {name: getattr(policy or Policy(), name) for name in RANGES} | {first: one, second: two}
    price, defined = _price(costs, at)
    return pd.DataFrame(
        {
            "name": costs.name,
            "first": first,
            "second": second,
            "first_level": one,
            "second_level": two,
            "demand_price": price,
            "defined": defined,
        }
    )


def lines(groups: list[Costs], policy: Policy | None = None, points: int = 81) -> pd.DataFrame:
    """Lines of all groups along all three instruments."""
    return pd.concat(
        [line(costs, instrument, policy, points) for costs in groups for instrument in RANGES],
        ignore_index=True,
    )


def surfaces(groups: list[Costs], policy: Policy | None = None, points: int = 41) -> pd.DataFrame:
    """Surfaces of all groups over all three pairs of instruments."""
    return pd.concat(
        [surface(costs, *pair, policy, points) for costs in groups for pair in combinations(RANGES, 2)],
        ignore_index=True,
    )


def slopes_at(groups: list[Costs], policy: Policy | None = None) -> pd.DataFrame:
    """Slopes at one policy, closed form beside central differences: name, instrument, both in yuan/t per unit."""
    chosen = policy or Policy()
    rows = []
    for costs in groups:
        width = costs.highest - costs.lowest
        closed = demand_slopes(width, chosen.omega_s, chosen.omega_d, chosen.subsidy)
        for instrument, (_, most) in RANGES.items():
            here = float(getattr(chosen, instrument))
            step = min(1e-4 * most, here / 2) if here > 0 else 1e-4 * most
            # At 0 only the side above exists.
            ends = (max(here - step, 0.0), here + step)
            prices = [_at(costs, replace(chosen, **{instrument: end})) for end in ends]
            difference = (prices[1] - prices[0]) / (ends[1] - ends[0])
            rows.append((costs.name, instrument, here, float(getattr(closed, instrument)), difference))
    return pd.DataFrame(rows, columns=["name", "instrument", "level", "closed_form", "central_difference"])


def _at(costs: Costs, policy: Policy) -> float:
    factor = float(bargaining_factor(policy.omega_s, policy.omega_d, policy.subsidy))
    return costs.lowest + factor * (costs.highest - costs.lowest)


def _levels(instrument: str, points: int) -> Floats:
    if instrument not in RANGES:
        raise SinksError(
            "There is no such instrument.",
            [Fault("instrument", Message("one of {ranges}", ranges=", ".join(RANGES)), repr(instrument))],
        )
    return np.linspace(*RANGES[instrument], points)


def _price(costs: Costs, at: Mapping[str, Floats]) -> tuple[Floats, Mask]:
    values = (at["omega_s"], at["omega_d"], at["subsidy"])
    defined = np.broadcast_to(is_defined(*values), np.broadcast_shapes(*(np.shape(v) for v in values)))
    with np.errstate(invalid="ignore"):
        price = costs.lowest + bargaining_factor(*values) * (costs.highest - costs.lowest)
    return np.where(defined, price, np.nan), defined
