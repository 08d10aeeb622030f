"""What carbon policy costs each covered sector in a year: allowances bought, offsets bought, emissions abated.

The cost of abatement is the area below a straight line of marginal cost from the benchmark's carbon price, at the
emissions of the frozen baseline, to the year's price, at the year's emissions:

    1/2 (p + p_2022) (E_baseline - E),        p_2022 = 0 but for power.

It counts what a sector emits less for any reason, output that moved elsewhere included; where it emits more than in the
baseline it is negative. Free allowances cost nothing and sold ones are a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tanshi.numerics.units import MILLION, TONNES
from tanshi.simulator.results.variables import FIRM_SECTORS, OTHER_SECTORS, cost_of, emissions_of, offsets_of

Series = Mapping[str, Mapping[int, float]]
Annual = dict[str, dict[int, float]]

PARTS = ("Allowances", "Offsets", "Abatement")


def _named(sectors: Sequence[str]) -> tuple[str, ...]:
    """The sectors that tables name: those of the built-in economies, and others that can trade."""
    return (*FIRM_SECTORS, *(s for s in sectors if s in OTHER_SECTORS))


def offset_variables(
    trades: Sequence[Mapping[str, Any]],
    surrendered: Mapping[int, float],
    years: Sequence[int],
    sectors: Sequence[str] = FIRM_SECTORS,
) -> Annual:
    """Annual variables of the offset market.

    Parameters
    ----------
    trades
        auctions: ``year``, ``price`` (yuan/t), ``bought_t`` (t by sector).
    surrendered
        Year to Mt.
    sectors
        Those that can trade, in the order of ``bought_t``.
    """
    booked = {int(row["year"]): row for row in trades}
    out: Annual = {name: {} for name in ("Price|Carbon|Offsets", "Carbon Market|Offsets|Surrendered")}
    named = _named(sectors)
    out |= {name: {} for name in (offsets_of(), *(offsets_of(s) for s in named))}
    for year in years:
        row = booked.get(year)
        tonnes = np.zeros(len(sectors)) if row is None else np.asarray(row["bought_t"], np.float64)
        out["Price|Carbon|Offsets"][year] = float(row["price"]) if row is not None and tonnes.sum() > 0 else 0.0
        out["Carbon Market|Offsets|Surrendered"][year] = surrendered.get(year, 0.0)
        out[offsets_of()][year] = float(tonnes.sum()) / TONNES
        bought = dict(zip(sectors, tonnes.tolist(), strict=True))
        for sector in named:
            out[offsets_of(sector)][year] = bought.get(sector, 0.0) / TONNES
    return out


def cost_variables(
    annual: Series,
    purchases: Mapping[tuple[int, str], float],
    baseline: Mapping[int, Mapping[str, float]],
    opening: float,
    sectors: Sequence[str] = FIRM_SECTORS,
    taxes: Mapping[tuple[int, str], tuple[float, float]] | None = None,
    support: Mapping[int, float] | None = None,
) -> Annual:
    """Cost by sector and year, million yuan.

    Parameters
    ----------
    annual
        The run's annual variables: emissions by sector, the carbon price, and offsets where it has any.
    purchases
        Year and sector to what was paid for allowances less what was received, yuan.
    baseline
        Year to emissions of the frozen baseline by sector, Mt; a sector that is not in it has no cost.
    opening
        The benchmark's carbon price, which power pays in the baseline, yuan/t.
    sectors
        Those that can trade.
    taxes
        Year and sector to the rate of a tax on emissions, yuan/t, and what was paid, million yuan; a part of its own.
    support
        Year to what government pays for a credit, yuan/t.
    """
    named, parts_of = _named(sectors), PARTS if taxes is None else (*PARTS, "Tax")
    out: Annual = {name: {} for s in (None, *named) for name in (cost_of(s), *(cost_of(s, p) for p in parts_of))}
    price, offset_price = annual["Price|Carbon"], annual.get("Price|Carbon|Offsets", {})
    for year, frozen in baseline.items():
        for sector in named:
            first = opening if sector == "ELEC" else 0.0
            emitted = annual[emissions_of(sector)][year]
            abated = frozen.get(sector, emitted) - emitted
            own = offset_price.get(year, 0.0) - (support or {}).get(year, 0.0)
            rate, paid = (0.0, 0.0) if taxes is None else taxes.get((year, sector), (0.0, 0.0))
            parts = (
                purchases.get((year, sector), 0.0) / MILLION,
                own * annual.get(offsets_of(sector), {}).get(year, 0.0),
                0.5 * (price[year] + rate + first) * abated,
                *(() if taxes is None else (paid,)),
            )
            for part, value in zip(parts_of, parts, strict=True):
                out[cost_of(sector, part)][year] = value
            out[cost_of(sector)][year] = sum(parts)
        for name in ("", *parts_of):
            out[cost_of(None, name)][year] = sum(out[cost_of(s, name)][year] for s in named)
    return out


def purchases_of(trades: pd.DataFrame) -> dict[tuple[int, str], float]:
    """Year and sector to yuan paid for allowances less yuan received, from a run's fills."""
    value = trades["price"] * trades["quantity_t"]
    # Both sides under the same names: what is called otherwise is not always laid over each other.
    paid = value.groupby([trades["year"], trades["buyer_sector"].rename("sector")]).sum()
    received = value.groupby([trades["year"], trades["seller_sector"].rename("sector")]).sum()
    net = paid.sub(received, fill_value=0.0)
    years, sectors = (net.index.get_level_values(level) for level in (0, 1))
    return {(int(y), str(s)): float(yuan) for y, s, yuan in zip(years, sectors, net, strict=True)}
