"""A made-up survey in the second paper's design, whose true shadow prices are known.

The paper's data are not published. This survey has its 89 firms of 31 units each, its counts by sector and
province, its three years, and in each cell of its Table 2 the printed lowest and highest marginal abatement
cost. Everything else is invented: it serves to test an estimator, and says nothing about any firm.

The technology of a sector and year is a quadratic directional output distance function with the translation
property along equal shares of mean output and mean CO2,

    D = c - k - z0 s - b/2 (s - r X)^2,    s = y + c,

in means of output y and CO2 c, X a weighted sum of inputs. Its weight on output is psi = z0 + b (s - r X), and
the true price is (mean output / mean CO2) (1 - psi) / psi. A unit's price is drawn first, between its cell's
lowest and highest; s, y and c follow from it, then output is lost along the direction by its inefficiency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.agents.sinks.published import YEARS, abatement_costs, unit_counts
from tanshi.agents.streams import stream
from tanshi.market.orders import Floats

UNITS_PER_FIRM = 31
OUTPUT_UNIT = 10_000.0  # yuan
FIRST_YEAR = 2012
CURVATURE, RETURN, FLOOR = 0.6, 1.2, 0.35  # b, r and the largest z0
_LEAST, _MOST_ROUNDS = 0.1, 100  # output of a unit in steps of the direction; rounds to reach it
INPUT_WEIGHTS = np.array([0.35, 0.2, 0.45])
#: Mean CO2 of a unit in t, output per tonne in yuan, mean capital, labour, intermediate input: all invented.
SCALES = {
    "thermal_power": (60_000.0, 1_000.0, (4_000.0, 60.0, 1_800.0)),
    "steel": (40_000.0, 2_000.0, (7_000.0, 150.0, 3_500.0)),
    "chemicals": (20_000.0, 3_000.0, (5_500.0, 120.0, 2_500.0)),
}


@dataclass(frozen=True)
class Design:
    """What can be chosen about the survey.

    Parameters
    ----------
    seed : int
    efficient : float
        Share of units on the frontier, in (0, 1].
    inefficiency : float
        Mean inefficiency of the others, in means of output, from 0 to 0.2.
    noise : float
        Standard deviation of the logarithm of the error in output and CO2, from 0 to 0.5.
    """

    seed: int = 2021
    efficient: float = 0.3
    inefficiency: float = 0.05
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name, value, good, expected in (
            ("efficient", self.efficient, 0 < self.efficient <= 1, "a share greater than 0, at most 1"),
            ("inefficiency", self.inefficiency, 0 <= self.inefficiency <= 0.2, "0 to 0.2"),
            ("noise", self.noise, 0 <= self.noise <= 0.5, "0 to 0.5"),
        ):
            if not good:
                raise SinksError("The survey cannot be drawn.", [Fault(name, expected, str(value))])


def draw_survey(design: Design | None = None) -> pd.DataFrame:
    """Draw the survey: 2,759 units in each of three years.

    Returns
    -------
    DataFrame
        unit, firm, sector, province, year; capital, labour, intermediate, output, co2; and what no survey
        knows: ``true_inefficiency`` (means of output and CO2) and ``true_price`` (yuan/t).
    """
    chosen = design or Design()
    costs = abatement_costs().set_index(["sector", "year", "province"])
    parts = []
    for sector, counts in unit_counts().groupby("sector", sort=False):
        name = str(sector)
        provinces = np.repeat(counts["province"].to_numpy(), counts["units"].to_numpy())
        firms = [f"{name}-{k // UNITS_PER_FIRM + 1:02d}" for k in range(len(provinces))]
        size = np.clip(stream(chosen.seed, name, "sink survey size").lognormal(0, 0.4, (len(provinces), 1)), 0.35, 2.8)
        for year in YEARS:
            cells = [(name, year, province) for province in provinces]
            low, high = costs.reindex(cells)[["lowest", "highest"]].to_numpy(np.float64).T
            part = _year(chosen, name, year, size, low, high)
            part.insert(0, "unit", [f"{firm}-{k % UNITS_PER_FIRM + 1:02d}" for k, firm in enumerate(firms)])
            part.insert(1, "firm", firms)
            part.insert(2, "sector", name)
            part.insert(3, "province", provinces)
            part.insert(4, "year", FIRST_YEAR - 1 + year)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _year(design: Design, sector: str, year: int, size: Floats, low: Floats, high: Floats) -> pd.DataFrame:
    luck = stream(design.seed, sector, "sink survey year", year)
    n = len(size)
    co2_scale, output_per_tonne, input_scales = SCALES[sector]
    price = low * (high / low) ** luck.beta(1.2, 2.5, n)
    for cell in np.unique(low * 1e6 + high):
        # Both ends of the printed range are somebody's price.
        of_cell = np.flatnonzero(low * 1e6 + high == cell)
        price[of_cell[:2]] = low[of_cell[0]], high[of_cell[0]]
    psi = output_per_tonne / (output_per_tonne + price)
    inputs = np.clip(size * luck.lognormal(0, 0.15, (n, 3)), 0.3, 3.2) * 1.03 ** (year - 1)
    lazy = luck.random(n) >= design.efficient
    lost = np.where(lazy, np.minimum(np.abs(luck.normal(0, 1, n)) * design.inefficiency * 1.2533, 0.3), 0.0)
    z0 = min(float(psi.min()), FLOOR)
    beyond = (psi - z0) / CURVATURE
    for _ in range(_MOST_ROUNDS):
        s = RETURN * inputs @ INPUT_WEIGHTS + beyond
        bent = z0 * s + CURVATURE / 2 * beyond**2
        # This constant makes mean output equal mean CO2, in units of the direction, before and after the loss.
        constant = float(s.mean() / 2 - bent.mean())
        best = s - bent - constant
        if (best >= _LEAST).all():
            break
        # A clean and small unit would be left without output; it is made larger.
        inputs = np.where(best[:, None] < _LEAST, 1.1 * inputs, inputs)
    lost = np.minimum(lost * size[:, 0], best / 2)
    output, co2 = best + lost.mean() - lost, bent + constant - lost.mean() + lost
    mean = float(s.mean() / 2)
    noise = np.exp(design.noise * luck.normal(0, 1, (n, 2)))
    if min(output.min(), co2.min()) <= 0:
        raise SinksError(
            "The survey cannot be drawn: a unit of {sector} is left without output or CO2.",
            [Fault("inefficiency", "less", str(design.inefficiency))],
            sector=sector,
        )
    return pd.DataFrame(
        {
            **{
                column: inputs[:, k] * input_scales[k] for k, column in enumerate(("capital", "labour", "intermediate"))
            },
            "output": output / mean * co2_scale * output_per_tonne / OUTPUT_UNIT * noise[:, 0],
            "co2": co2 / mean * co2_scale * noise[:, 1],
            "true_inefficiency": lost / mean,
            "true_price": price,
        }
    )
