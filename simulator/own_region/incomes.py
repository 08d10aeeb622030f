"""Taxes and transfers that let everyone in the new region save what is left, and not less than nothing.

The template's shares are kept where they can be. Households or government that would run short get more from outside.
Where households and government would save more than is invested at home, enterprises, who lend the rest outside, would
have to lend more than they save: less of the surplus is paid out then.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.tables import cell, named
from tanshi.errors import Message

GENEROUS = {"remittances": 2.0, "fiscal_transfer_net": 2.0}
"""Shares of gross domestic product with which nobody runs short."""
LEAST_SAVING = {"HH": 0.02, "GOV": 0.005}
"""Least saving, share of gross domestic product, where the template's transfers leave none."""
LEAST_RETAINED = 0.01
"""Least saving of enterprises beyond what they lend outside, share of gross domestic product."""
PAID_OUT = ("household_capital_share", "dividend_rate", "enterprise_tax_rate", "remittances", "fiscal_transfer_net")
MOST_CUT = 0.98
"""No flow is cut to nothing: an account without payments has no place in the model."""
STEPS = 12


def incomes(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, list[str]]:
    """The table ``institutions`` with as little changed as closes the accounts; and what was changed.

    Raises
    ------
    ValueError
        If no plausible shares close them.
    """
    table = tables["institutions"].astype({"value": float, "low": float, "high": float})
    gdp = named(tables["controls"], "item", "value")["gdp"]
    if _retained(tables, table, gdp) >= 0.0:
        return table, []
    closed = _with_transfers(tables, table, gdp)
    if _retained(tables, closed, gdp) < 0.0:
        few, many = 0.0, MOST_CUT
        closed = _with_transfers(tables, _less_paid(table, many), gdp)
        short = _retained(tables, closed, gdp)
        if short < 0.0:
            raise ValueError(
                Message(
                    "households and government save more than is invested, by {short:.3g} of GDP, even if enterprises"
                    " pay out next to nothing: check investment and net outflow",
                    short=-short,
                )
            )
        for _ in range(STEPS):
            middle = 0.5 * (few + many)
            tried = _with_transfers(tables, _less_paid(table, middle), gdp)
            if _retained(tables, tried, gdp) >= 0.0:
                many, closed = middle, tried
            else:
                few = middle
    before, after = named(table, "item", "value"), named(closed, "item", "value")
    notes: list[str] = [
        Message(
            "{item} was changed from {before:.4g} to {after:.4g}, so that everybody can pay what the table says.",
            item=item,
            before=value,
            after=after[item],
        )
        for item, value in before.items()
        if abs(after[item] - value) > 1e-12
    ]
    closed["low"], closed["high"] = closed[["low", "value"]].min(axis=1), closed[["high", "value"]].max(axis=1)
    return closed, notes


def _set(table: pd.DataFrame, values: Mapping[str, float]) -> pd.DataFrame:
    return table.assign(value=table["item"].map(values).fillna(table["value"]).astype(float))


def _less_paid(table: pd.DataFrame, cut: float) -> pd.DataFrame:
    shares = named(table, "item", "value")
    return _set(table, {item: shares[item] * (1.0 - cut) for item in PAID_OUT})


def _with_transfers(tables: Mapping[str, pd.DataFrame], table: pd.DataFrame, gdp: float) -> pd.DataFrame:
    """Raise transfers from outside where needed; saving is linear in them, so generous ones tell how much."""
    sam = build_accounts({**tables, "institutions": _set(table, GENEROUS)}).sam
    shares = named(table, "item", "value")
    tax = shares["household_tax_rate"]
    spare = {name: cell(sam, "SAV", name) / gdp - least for name, least in LEAST_SAVING.items()}
    sent = max(shares["remittances"], GENEROUS["remittances"] - spare["HH"] / (1.0 - tax))
    lost_tax = tax * (GENEROUS["remittances"] - sent)
    public = max(shares["fiscal_transfer_net"], GENEROUS["fiscal_transfer_net"] - spare["GOV"] + lost_tax)
    return _set(table, {"remittances": sent, "fiscal_transfer_net": public})


def _retained(tables: Mapping[str, pd.DataFrame], table: pd.DataFrame, gdp: float) -> float:
    """What enterprises save beyond lending outside and the least, share of GDP; negative where somebody runs short."""
    try:
        sam = build_accounts({**tables, "institutions": table}).sam
    except ValueError as error:
        if "more than it receives" in str(error):
            return -1.0
        raise
    lent = sum(cell(sam, outside, "SAV") - cell(sam, "SAV", outside) for outside in ("ROC", "ROW"))
    return (cell(sam, "SAV", "ENT") - lent) / gdp - LEAST_RETAINED
