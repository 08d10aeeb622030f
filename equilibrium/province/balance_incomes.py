"""Incomes, taxes, transfers and saving: who gets what the activities pay, and who lends to whom."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.tables import total


def close_incomes(sam: pd.DataFrame, shares: Mapping[str, float], gdp: float) -> None:
    """Fill the institutional accounts of ``sam`` in place so that every account balances.

    Saving of households, enterprises and government is what they do not spend; the capital account lends to
    the rest of China and of the world what the province earns there, net.

    Parameters
    ----------
    sam
        Accounts with use, value added and trade filled, ``sam.loc[receiver, payer]``, yi yuan.
    shares
        ``household_capital_share, resource_government_share, household_tax_rate, enterprise_tax_rate,
        dividend_rate`` (shares of the paying income) and ``transfer_households, transfer_enterprises,
        fiscal_transfer_net, remittances`` (shares of gross domestic product).
    gdp
        Gross domestic product, yi yuan.

    Raises
    ------
    ValueError
        If an institution would save less than nothing; it is named.
    """

    def received(account: str) -> float:
        return total(sam.loc[account])

    def pay(receiver: str, payer: str, value: float) -> None:
        sam.loc[receiver, payer] = value

    pay("HH", "LAB", received("LAB"))
    own = shares["household_capital_share"] * received("CAP")
    pay("HH", "CAP", own)
    pay("ENT", "CAP", received("CAP") - own)
    royalty = shares["resource_government_share"] * received("RES")
    pay("GOV", "RES", royalty)
    pay("ENT", "RES", received("RES") - royalty)
    for tax in ("PTAX", "TARIFF"):
        pay("GOV", tax, received(tax))
    pay("ENT", "PERMIT", received("PERMIT"))
    pay("HH", "GOV", shares["transfer_households"] * gdp)
    pay("ENT", "GOV", shares["transfer_enterprises"] * gdp)
    pay("GOV", "ROC", shares["fiscal_transfer_net"] * gdp)
    pay("HH", "ROC", shares["remittances"] * gdp)
    income = received("ENT")
    pay("YTAX_E", "ENT", shares["enterprise_tax_rate"] * income)
    pay("HH", "ENT", shares["dividend_rate"] * income)
    pay("YTAX_H", "HH", shares["household_tax_rate"] * received("HH"))
    for tax in ("YTAX_E", "YTAX_H"):
        pay("GOV", tax, received(tax))
    for institution in ("HH", "ENT", "GOV"):
        saving = received(institution) - total(sam[institution])
        if saving < 0:
            raise ValueError(f"{institution} spends {-saving:.4g} yi yuan more than it receives")
        pay("SAV", institution, saving)
    for outside in ("ROC", "ROW"):
        lent = total(sam[outside]) - received(outside)
        # the province lends what it earns outside, and borrows where it earns less than it pays
        if lent >= 0:
            pay(outside, "SAV", lent)
        else:
            pay("SAV", outside, -lent)
