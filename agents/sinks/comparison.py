"""Beside the print: Table 3 recomputed from Table 2, and the figures of Tables 4 and 5 by each generator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.agents.sinks.bargaining import Beyond, Policy, demand_price
from tanshi.agents.sinks.cloud import BACKWARD
from tanshi.numerics.bargaining import bargaining_factor

#: Half of the last digit that the tables print, yuan/t.
HALF_DIGIT = 0.005


def compare_demand_prices(policy: Policy | None = None, *, beyond: Beyond = "refuse") -> pd.DataFrame:
    """Every cell of Table 3: recomputed by eq. 7 from Table 2, printed, and what lies between.

    Returns
    -------
    DataFrame
        sector, year, province, lowest, highest, ``recomputed``, ``printed``, ``difference`` (printed less
        recomputed), all yuan/t, and ``verdict``: ``agrees`` to the digits printed; ``rounding``, where some
        unrounded values of Table 2 would give the printed cell; ``unexplained``, where none would.
    """
    chosen = policy or Policy()
    table = published.abatement_costs()
    printed = published.demand_prices()
    out = table.merge(printed, on=["sector", "year", "province"], validate="one_to_one")
    out = out.rename(columns={"demand_price": "printed"})
    recomputed = demand_price(out["lowest"], out["highest"], chosen, beyond=beyond)
    out.insert(5, "recomputed", recomputed)
    out["difference"] = out["printed"] - recomputed
    factor = float(bargaining_factor(chosen.omega_s, chosen.omega_d, chosen.subsidy))
    # l and h may each be half a digit off, the printed cell as well; for f up to 1 the first two make one half.
    reach = HALF_DIGIT * (1 + (1.0 if factor <= 1 else 2 * factor - 1))
    apart = out["difference"].abs()
    out["verdict"] = np.select(
        [apart <= HALF_DIGIT + 1e-9, apart <= reach + 1e-9], ["agrees", "rounding"], "unexplained"
    )
    return out


def compare_clouds(prices: pd.DataFrame | None = None) -> pd.DataFrame:
    """Tables 4 and 5: the print beside each backward generator's figures from the cells of Table 3.

    Parameters
    ----------
    prices
        Columns sector, province, ``demand_price``; by default the printed Table 3.

    Returns
    -------
    DataFrame
        by, name, generator, ``expectation``, ``entropy``, ``hyper_entropy`` and the same with ``printed_``,
        yuan/t. A hyper-entropy is missing where the generator finds none.
    """
    cells_of = published.demand_prices() if prices is None else prices
    rows = []
    for printed in published.cloud_figures().itertuples():
        cells = cells_of.loc[cells_of[str(printed.by)] == printed.name, "demand_price"].to_numpy(np.float64)
        for generator, backward in BACKWARD.items():
            cloud = backward(cells)
            rows.append(
                (
                    printed.by, printed.name, generator,
                    cloud.expectation, cloud.entropy, cloud.hyper_entropy,
                    printed.expectation, printed.entropy, printed.hyper_entropy,
                )
            )  # fmt: skip
    figures = ("expectation", "entropy", "hyper_entropy")
    columns = ["by", "name", "generator", *figures, *(f"printed_{figure}" for figure in figures)]
    return pd.DataFrame(rows, columns=columns)
