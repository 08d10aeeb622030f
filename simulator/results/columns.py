"""What the columns of stored tables are: unit and meaning, written into every Parquet file beside its columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tanshi.simulator.results.variables import SECTORS

Known = tuple[str, str]
"""Unit (empty for a word or a number without one) and meaning."""

_LABELS: dict[str, Known] = {
    "run": ("", "name of the run's folder"),
    "id": ("", "hash of all that determines the run's bytes"),
    "status": ("", "finished, failed, or missing"),
    "error": ("", "why the run failed"),
    "title": ("", "what the scenario calls itself"),
    "economy": ("", "name of the economy"),
    "mode": ("", "agents: firms trade; equilibrium: the economy alone"),
    "ahead": ("years", "how far firms look ahead"),
    "drift": ("", "what carries emissions and price between periods"),
    "code": ("", "hash of the program's source"),
    "fills": ("", "rows of the run's table of fills"),
    "scenario": ("", "name of the scenario"),
    "seed": ("", "seed of every random stream"),
    "point": ("", "number of the point of the design, from 1"),
    "region": ("", "region, in the words of the IAMC"),
    "variable": ("", "name of the annual variable, in the words of the IAMC"),
    "unit": ("", "unit of the value"),
    "year": ("year", "calendar year"),
    "period": ("", "market period of the year, from 1"),
    "t": ("year", "beginning of the period"),
    "value": ("as `unit` says", "value of the variable in the year"),
}
_MARKET: dict[str, Known] = {
    "price": ("yuan/t", "price of an allowance, yuan of 2022"),
    "pre_jump_price": ("yuan/t", "price that the drift expected before the period's auction"),
    "star_price": ("yuan/t", "price of the announced reference path"),
    "volume_t": ("t", "tonnes that changed hands"),
    "turnover_yuan": ("yuan", "value of the fills"),
    "quantity_t": ("t", "tonnes of the fill"),
    "buyer": ("", "number of the buying firm"),
    "seller": ("", "number of the selling firm"),
    "buyer_sector": ("", "code of the buyer's sector; GOV government, INT intermediaries, OTH other provinces"),
    "seller_sector": ("", "code of the seller's sector; GOV government, INT intermediaries, OTH other provinces"),
    "buyer_region": ("", "region of the buyer, in the words of the IAMC"),
    "seller_region": ("", "region of the seller, in the words of the IAMC"),
    "orders": ("", "orders of the auction"),
    "iterations": ("", "rounds between auction and economy"),
    "gap": ("yuan/t", "last change of the price between auction and economy"),
    "residual": ("", "largest error of an equation of the equilibrium, as a part"),
    "walras": ("", "error of the equation that was left out, as a part"),
    "worst_residual": ("", "largest error of an equation of the equilibria, as a part"),
    "worst_walras": ("", "largest error of the equation that was left out, as a part"),
    "unsettled_periods": ("", "periods in which auction and economy did not settle"),
    "regime": ("", "how often rules had been announced"),
    "plan_price": ("yuan/t", "this year's price in the firms' plan"),
    "plan_next": ("yuan/t", "next year's price in the firms' plan"),
    "plan_carry": ("1/year", "rate at which the plan carries the price from year to year"),
    "plan_bank": ("Mt", "allowances that the plan keeps at the year's end"),
    "plan_gap": ("", "how far the plan is from its own prices, as a part"),
    "efficiency": ("", "gains from trade realised, part of the largest possible"),
    "spread": ("", "best ask less best bid over their middle"),
    "hhi_buyers": ("", "Herfindahl-Hirschman index of what buyers bought, 0 to 1"),
    "hhi_sellers": ("", "Herfindahl-Hirschman index of what sellers sold, 0 to 1"),
    "surplus_buyers_yuan": ("yuan", "gains from trade of buyers"),
    "surplus_sellers_yuan": ("yuan", "gains from trade of sellers"),
    "gap_emissions": ("", "how far the drift ended from the settled emissions, root mean square of logarithms"),
    "gap_output": ("", "how far the drift ended from the settled output, root mean square of logarithms"),
    "belief": ("", "logarithm of what firms together believe a kept allowance worth, over what they planned with"),
}
_BY_SECTOR: dict[str, Known] = {
    "emissions": ("Mt CO2/yr", "rate of emissions after the auction"),
    "output": ("", "output after the auction over that of the benchmark year"),
    "star_emissions": ("Mt CO2/yr", "rate of emissions of the announced reference path"),
    "star_output": ("", "output of the announced reference path over that of the benchmark year"),
    "effective": ("yuan/t", "price that the sector's emissions meet"),
    "covered": ("", "1 where the market verifies the sector's emissions"),
    "own_price": ("yuan/t", "shadow price of permits of the sector's own"),
}


def about(columns: Iterable[str]) -> dict[str, dict[str, str]]:
    """Unit and meaning of the columns that have them.

    Examples
    --------
    >>> about(["price", "emissions_ELEC", "u:cap.tightness"])["emissions_ELEC"]
    {'unit': 'Mt CO2/yr', 'meaning': 'rate of emissions after the auction: Power'}
    """
    out: dict[str, dict[str, str]] = {}
    for name in columns:
        known = _LABELS.get(name) or _MARKET.get(name) or _of_sector(name)
        if known is None and name.startswith("u:"):
            known = ("", f"place of {name[2:]} in its distribution, 0 to 1")
        if known is None and name.startswith("driver_"):
            known = ("", "what the driver multiplies its parameters by")
        if known is not None:
            out[name] = {"unit": known[0], "meaning": known[1]}
    return out


def _of_sector(name: str) -> Known | None:
    found = re.fullmatch(r"(\w+?)_([A-Z]+)", name)
    if found is None or found[1] not in _BY_SECTOR or found[2] not in SECTORS:
        return None
    unit, meaning = _BY_SECTOR[found[1]]
    return unit, f"{meaning}: {SECTORS[found[2]].name}"
