"""Value added by activity: labour, capital, resources, production tax and, for power, the price of carbon.

Provincial factor shares of an old table are kept where they are plausible. A row ``chosen`` goes before
them; a labour share below half the nation's, or a capital share at or below zero, is replaced by the
national shares.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.tables import cell, entry, named
from tanshi.errors import TanshiError

FACTORS = ["LAB", "CAP", "RES", "PTAX", "PERMIT"]
POWER_ACTIVITIES = ("ELEC", "GENC", "GENG", "GENN")
SHARE_COLUMNS = ["labour", "capital", "production_tax"]


class ImplausibleFactorPayment(TanshiError, ValueError):
    """A factor would be paid less than nothing."""


def factor_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Choose factor shares by sector.

    Parameters
    ----------
    table
        Columns ``sector, origin (province | national | chosen), labour, capital, production_tax``; shares of
        value added (dimensionless, adding up to one).

    Returns
    -------
    pandas.DataFrame
        Index sector; ``labour, capital, production_tax, origin``.
    """
    by = {str(origin): rows.set_index("sector") for origin, rows in table.groupby("origin")}
    province, national = by["province"], by["national"]
    chosen = by.get("chosen", province.iloc[:0])
    out: list[tuple[object, ...]] = []
    for sector in province.index:
        low_labour = cell(province, sector, "labour") < 0.5 * cell(national, sector, "labour")
        no_capital = cell(province, sector, "capital") <= 0.0
        origin = "national" if low_labour or no_capital else "province"
        if sector in chosen.index:
            origin = "chosen"
        row = [cell(by[origin], sector, column) for column in SHARE_COLUMNS]
        out.append((str(sector), *row, origin))
    return pd.DataFrame(out, columns=["sector", *SHARE_COLUMNS, "origin"]).set_index("sector")


def value_added(
    tables: Mapping[str, pd.DataFrame],
    totals: pd.Series,
    power_co2: Mapping[str, float],
    carbon_price: float,
) -> pd.DataFrame:
    """Split value added of every activity into factor payments.

    Parameters
    ----------
    tables
        ``factor_shares, resource_shares, power``.
    totals
        Value added by sector without import tariffs, yi yuan; ELEC includes generation.
    power_co2
        Mt CO2 of GENC and GENG.
    carbon_price
        yuan/t CO2. Power's capital bears it: allowances are an opportunity cost that comes out of surplus.

    Returns
    -------
    pandas.DataFrame
        Index activity, columns ``FACTORS``, yi yuan.

    Raises
    ------
    ImplausibleFactorPayment
        If a payment other than agriculture's production tax is negative; all offenders are named.
    """
    shares = factor_shares(tables["factor_shares"])
    power = tables["power"].set_index("activity")
    rent = named(tables["resource_shares"], "activity", "share")
    activities = [*totals.index, *(a for a in POWER_ACTIVITIES if a not in totals.index)]
    paid = pd.DataFrame(0.0, index=activities, columns=FACTORS)
    for activity in activities:
        in_power = activity in POWER_ACTIVITIES
        table = power if in_power else shares
        total = entry(totals, "ELEC" if in_power else activity)
        if in_power:
            total *= cell(power, activity, "value_added_share")
        permit = carbon_price * power_co2.get(activity, 0.0) / 100.0
        surplus = total * cell(table, activity, "capital") - permit
        resource = surplus * rent.get(activity, 0.0)
        tax = total * cell(table, activity, "production_tax")
        paid.loc[activity] = [total - tax - permit - surplus, surplus - resource, resource, tax, permit]
    bad = [
        f"{a} {f} {cell(paid, a, f):.4g}"
        for a in activities
        for f in FACTORS
        if cell(paid, a, f) < 0 and (a, f) != ("AGR", "PTAX")
    ]
    if bad:
        raise ImplausibleFactorPayment("negative factor payments: {payments}", payments=", ".join(bad))
    return paid
