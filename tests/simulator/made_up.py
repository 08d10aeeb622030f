"""Small made-up runs with realistic magnitudes, for the tests of store, export and views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tanshi.simulator.results.costs import cost_variables, purchases_of
from tanshi.simulator.results.tables import PERIOD_COLUMNS, TRADE_COLUMNS, RunResult, annual_table, market_variables
from tanshi.simulator.results.variables import (
    BANK,
    CAP,
    CAPACITY,
    COMPLIANCE,
    COVERED,
    CUMULATIVE,
    FIRM_SECTORS,
    GENERATION,
    INTERMEDIARIES,
    MONEY_METRIC,
    POWER_PRICE,
    POWER_SENT,
    REVENUE,
    SECTORS,
    YIELD,
    YIELDS,
    auctions_of,
    emissions_of,
    value_added_of,
    yield_of,
)

YEARS = range(2022, 2031)
FOUR = ("STEEL", "NFM", "NMM", "COKE", "CHEM")
SIX = (*FOUR, "PAPER", "AIR")
TITLES = {
    "S1": "Power trades",
    "S2": "Power trades, four more sectors allocated",
    "S3": "Power trades, six more sectors allocated",
    "S4": "Power and four more sectors trade",
    "S5": "Power and six more sectors trade",
}
_SHARES = {
    "ELEC": 0.55,
    "STEEL": 0.16,
    "COKE": 0.07,
    "NMM": 0.04,
    "NFM": 0.02,
    "CHEM": 0.01,
    "PAPER": 0.0005,
    "AIR": 0.0025,
}


def coverage(name: str) -> dict[str, str]:
    """Sector to status, as in the five scenarios."""
    more = {"S1": (), "S2": FOUR, "S3": SIX, "S4": FOUR, "S5": SIX}[name]
    status = "trading" if name in ("S4", "S5") else "allocated"
    return {"ELEC": "trading"} | dict.fromkeys(more, status)


def run(name: str = "S1", seed: int = 1, *, fills: int = 12) -> RunResult:
    """One run: S2 and S3 have the numbers of S1; S4 and S5 trade more, emit less."""
    like = "S1" if name in ("S1", "S2", "S3") else name
    wide = {"S1": 0.0, "S4": 1.0, "S5": 1.06}[like]
    rng = np.random.default_rng([seed, int(like[1])])
    traders = [s for s, status in coverage(like).items() if status == "trading"]
    codes = np.array(traders)
    periods: list[tuple[Any, ...]] = []
    trades: list[tuple[Any, ...]] = []
    price = 55.3
    for year in range(2023, 2031):
        for period in range(12):
            price = round(price * (1.009 + 0.002 * wide) * float(np.exp(rng.normal(0, 0.01))), 2)
            buyers = rng.choice(60, fills, replace=False)
            sellers = rng.permutation(60)[:fills]
            tonnes = rng.integers(20_000, 60_000, fills) * (1 + int(1.5 * wide)) * (1 + (period > 8))
            for buyer, seller, quantity in zip(buyers, sellers, tonnes, strict=True):
                sectors = codes[buyer % len(codes)], codes[seller % len(codes)]
                trades.append((name, seed, year, period, buyer, seller, *sectors, price, quantity))
            volume = int(tonnes.sum())
            periods.append((name, seed, year, period, price, volume, volume * price,
                            price * 1.002, 3, 1e-4, volume // 3))  # fmt: skip
    frames = (
        pd.DataFrame(periods, columns=[*PERIOD_COLUMNS, "pre_jump_price", "iterations", "gap", "bank_t"]),
        pd.DataFrame(trades, columns=list(TRADE_COLUMNS)),
    )
    values = market_variables(*frames, years=YEARS, opening_price=55.3) | _economy(wide)
    values |= _rules(coverage(name), values, frames[1])
    return RunResult(
        name, seed, annual_table(name, seed, values), *frames,
        parameters={"name": name, "title": TITLES[name], "coverage": coverage(name), "seed": seed,
                    "cap": {"tightness": 0.95, "decline": 0.02}},
        meta={"worst_walras": 3e-12},
    )  # fmt: skip


def _economy(wide: float) -> dict[str, dict[int, float]]:
    values: dict[str, dict[int, float]] = {}
    for year in YEARS:
        n = year - 2022
        emissions = 560.0 * (1 + 0.012 * n - wide * 0.0009 * n * n - wide * 0.008 * n)
        parts = {sector: emissions * share for sector, share in _SHARES.items()}
        rest = emissions - sum(parts.values())
        others = [s for s in (*SECTORS, "HH") if s not in parts]
        parts |= {sector: rest / len(others) for sector in others}
        energy = 219.0 * 1.0274**n * (1 - 0.004 * wide * n)
        mix = {
            "Coal": 0.85,
            "Oil Products and Coke": 0.12,
            "Gas": 0.06,
            "Non-Fossil Power": 0.09,
            "Net Power Import": -0.2,
        }
        fuels = {part: energy * share for part, share in mix.items()}
        fuels["Other Uses and Losses"] = energy - sum(fuels.values())
        gdp = 2564.3 * 1.05**n * (1 - 0.0006 * wide * n)
        row = {"Emissions|CO2": emissions, "Energy Consumption": energy, "Fuel Combustion": 0.95 * energy,
               "GDP|MER": gdp,
               MONEY_METRIC: 0.4 * gdp, YIELD: 0.9 * gdp}  # fmt: skip
        row |= power(n) | yields(0.9 * gdp)
        row |= {emissions_of(sector): mt for sector, mt in parts.items()}
        row |= {f"Energy Consumption|{part}": mtce for part, mtce in fuels.items()}
        row |= {value_added_of(sector): gdp / len(SECTORS) for sector in SECTORS}
        for variable, value in row.items():
            values.setdefault(variable, {})[year] = value
    return values


def power(n: int) -> dict[str, float]:
    """Generation, capacity and price of power n years on, in the magnitudes of Shanxi."""
    made = {"Coal": 316.5 - 10 * n, "Gas": 26.3, "Non-Fossil": 75.7 + 20 * n}
    clean = {"Wind": 23.2 + 4 * n, "Solar": 17.0 + 10 * n, "Other": 3.2}
    installed = {"Coal": 71.5, "Gas": 6.0, "Non-Fossil": sum(clean.values())}
    row = {f"{GENERATION}|{kind}": twh for kind, twh in made.items()}
    row |= {f"{CAPACITY}|{kind}": gw for kind, gw in installed.items()}
    row |= {f"{CAPACITY}|Non-Fossil|{kind}": gw for kind, gw in clean.items()}
    return row | {
        GENERATION: sum(made.values()), CAPACITY: sum(installed.values()), POWER_SENT: 146.3, POWER_PRICE: 480.0 + 5 * n
    }  # fmt: skip


def yields(whole: float) -> dict[str, float]:
    """What a year yields, by whose it is."""
    shares = {"Households": 0.38, "Leisure": 0.0, "Government": 0.15, "Saving": 0.47}
    return {yield_of(part): whole * shares[part] for part in YIELDS}


def _rules(
    coverage: dict[str, str], annual: dict[str, dict[int, float]], trades: pd.DataFrame
) -> dict[str, dict[int, float]]:
    """Cap, compliance, revenue and cost of a market that always complies, and auctions nothing."""
    out: dict[str, dict[int, float]] = {}
    traded = [code for code, status in coverage.items() if status == "trading"]
    emitted = 0.0
    for year in YEARS:
        covered = sum(annual[emissions_of(code)][year] for code in traded)
        emitted += annual["Emissions|CO2"][year]
        row = {CUMULATIVE: emitted, CAP: covered, COVERED: covered, BANK: 0.0}
        row |= {
            f"{COMPLIANCE}|{name}": value
            for name, value in zip(
                ("Obligations", "Surrendered", "Shortfall", "Advances"), (covered, covered, 0.0, 0.0), strict=True
            )
        }
        row |= dict.fromkeys((REVENUE, f"{REVENUE}|Penalties", auctions_of()), 0.0)
        row |= {auctions_of(code): 0.0 for code in (*FIRM_SECTORS, INTERMEDIARIES)}
        for name, value in row.items():
            out.setdefault(name, {})[year] = value
    frozen = {year: {code: annual[emissions_of(code)][2022] for code in FIRM_SECTORS} for year in YEARS}
    return out | cost_variables(annual, purchases_of(trades), frozen, 55.3)


def batch() -> list[RunResult]:
    """The five scenarios."""
    return [run(name) for name in TITLES]


assert set(_SHARES) == set(FIRM_SECTORS)
