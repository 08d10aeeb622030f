"""From a run's log to what its rules came to: cap, bank, compliance, public revenue, by year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.taxes import tax_paid
from tanshi.numerics.units import MILLION, TONNES
from tanshi.scenarios.link import OTHERS, OUTSIDE
from tanshi.simulator.results.variables import (
    BANK,
    BORDER,
    CAP,
    CHARGED,
    COMPLIANCE,
    COVERED,
    FIRM_SECTORS,
    FROM_RESERVE,
    GIVEN_BACK,
    IN_RESERVE,
    INTERMEDIARIES,
    LEFT_AUCTIONED,
    LEFT_CANCELLED,
    LEFT_TO_STABILITY,
    OTHER_SECTORS,
    OUTSIDE_BANK,
    OUTSIDE_EMISSIONS,
    PAID_OUTSIDE,
    REVENUE,
    SECTORS,
    SET_ASIDE,
    TAX_RATE,
    TAX_REVENUE,
    TAXED,
    allocation_of,
    auctions_of,
    border_of,
    gains_of,
    net_sales_of,
    verified_of,
)
from tanshi.simulator.run.world import State, World

Annual = dict[str, dict[int, float]]
MILLION_OF_YI = 100.0
"""Million yuan in a yi yuan."""
BUYERS = (*FIRM_SECTORS, INTERMEDIARIES)


def rule_variables(w: World, s: State, price: Mapping[int, float], trades: pd.DataFrame) -> Annual:
    """The years' variables of the rules.

    Parameters
    ----------
    price
        The year's carbon price, yuan/t.
    trades
        All fills, as `tanshi.simulator.results.collect.trade_table` has them.
    """
    settled = {int(row["year"]): row for row in s.log.settlements}
    paid = _auctions(trades) if w.agents_trade else {}
    buyers = (*BUYERS, *(code for code in w.sectors if code in OTHER_SECTORS))
    out: Annual = {}

    def note(name: str, year: int, value: float) -> None:
        out.setdefault(name, {})[year] = value

    for closed in s.log.years:
        year, row = closed.year, settled[closed.year]
        note(CAP, year, closed.cap)
        note(COVERED, year, float(closed.accrued[closed.covered].sum()))
        note(BANK, year, row["banked_t"] / TONNES)
        note(f"{COMPLIANCE}|Obligations", year, row["owed_t"] / TONNES)
        note(f"{COMPLIANCE}|Surrendered", year, row["surrendered_t"] / TONNES)
        note(f"{COMPLIANCE}|Shortfall", year, row["shortfall_t"] / TONNES)
        note(f"{COMPLIANCE}|Advances", year, row["borrowed_t"] / TONNES)
        by_sector = {code: paid.get((year, code), 0.0) / MILLION for code in buyers}
        if not w.agents_trade:
            caps, sold = s.policy.caps(year), price[year] * s.policy.auctioned(year)
            by_sector |= {code: float(sold[i] * caps[i]) * closed.covered[i] for i, code in enumerate(w.sectors)}
            left = row.get("left_over_t", {}).get("auction", 0) / TONNES / max(float(caps[closed.covered].sum()), 1e-9)
            for i in np.flatnonzero(closed.covered) if left else ():
                by_sector[w.sectors[i]] += price[year] * left * float(caps[i])
        for code, value in by_sector.items():
            note(auctions_of(code), year, value)
        auctions, penalties = sum(by_sector.values()), row["penalty_yuan"] / MILLION
        note(auctions_of(), year, auctions)
        note(f"{REVENUE}|Penalties", year, penalties)
        note(REVENUE, year, auctions + penalties)
    return out


def taxes_of(w: World, s: State) -> dict[tuple[int, str], tuple[float, float]]:
    """Year and sector to the rate of the tax on emissions, yuan/t, and what was paid, million yuan."""
    model = w.province
    found: dict[tuple[int, str], tuple[float, float]] = {}
    for closed in s.log.years:
        rates = s.policy.taxes(model, closed.year)
        paid = tax_paid(model, closed.flows.leaf) * MILLION_OF_YI
        rows = zip(model.taxable, rates.tolist(), paid.tolist(), strict=True)
        found |= {(closed.year, sector): (rate, value) for sector, rate, value in rows}
    return found


def tax_variables(w: World, s: State) -> Annual:
    """The years' variables of a tax on emissions."""
    out: Annual = {TAX_RATE: {}, TAXED: {}, TAX_REVENUE: {}}
    by_sector = taxes_of(w, s)
    for closed in s.log.years:
        mine = {sector: found for (year, sector), found in by_sector.items() if year == closed.year}
        emitted = w.economy.accounts.emissions(closed.flows)
        out[TAX_RATE][closed.year] = max((rate for rate, _ in mine.values()), default=0.0)
        out[TAXED][closed.year] = sum(emitted[sector] for sector, (rate, _) in mine.items() if rate > 0)
        out[TAX_REVENUE][closed.year] = sum(paid for _, paid in mine.values())
    return out


def allocation_variables(w: World, s: State) -> Annual:
    """Free allowances by sector and class of plant beside what the class emitted, where a timetable says methods."""
    named = {c: allocation_of(c) for c in w.sectors if c in SECTORS}
    kinds = {kind for row in s.log.settlements for kind in row.get("classes_t", {})}
    out: Annual = {name: {} for name in named.values()}
    for row in s.log.settlements:
        year, classes = int(row["year"]), row.get("classes_t", {})
        for code, name in named.items():
            out[name][year] = row["allotted_t"].get(code, 0.0) / TONNES
        for kind in kinds:
            given, emitted = classes.get(kind, (0.0, 0.0))
            out.setdefault(allocation_of("ELEC", kind), {})[year] = given / TONNES
            out.setdefault(verified_of(kind), {})[year] = emitted / TONNES
    return out


def gains_variables(w: World, s: State) -> Annual:
    """What trade was worth by sector, million yuan; nothing where an allowance is worth nothing.

    Empty where the economy could not be asked for some year what it would emit at other prices.
    """
    named = {code: gains_of(code) for code in w.sectors if code in SECTORS}
    out: Annual = {name: {} for name in (gains_of(), *named.values())}
    dear = {int(row["year"]) for row in s.log.periods if row["price"] > 0.0}
    for row in s.log.settlements:
        year, worth = int(row["year"]), row.get("gains_yuan")
        if worth is None and year in dear and s.policy.started(year) and s.policy.mask(year).any():
            return {}
        out[gains_of()][year] = sum((worth or {}).values()) / MILLION
        for code, name in named.items():
            out[name][year] = (worth or {}).get(code, 0.0) / MILLION
    return out


def border_variables(w: World, s: State) -> Annual:
    """The years' variables of border adjustment, million yuan."""
    goods = [good for good in (w.province.border.goods if w.province.border is not None else ()) if good in SECTORS]
    out: Annual = {name: {} for name in (CHARGED, GIVEN_BACK, BORDER, *(border_of(good) for good in goods))}
    for row in s.log.settlements:
        year = int(row["year"])
        charged, back = row["border_charged_yuan"], row["border_given_back_yuan"]
        out[CHARGED][year] = sum(charged.values()) / MILLION
        out[GIVEN_BACK][year] = sum(back.values()) / MILLION
        out[BORDER][year] = out[CHARGED][year] - out[GIVEN_BACK][year]
        for good in goods:
            out[border_of(good)][year] = (charged[good] - back[good]) / MILLION
    return out


def entrants_variables(s: State) -> Annual:
    """The years' variables of a reserve for new entrants."""
    out: Annual = {}
    for row in s.log.settlements:
        year, left = int(row["year"]), row["left_over_t"]
        told = {
            SET_ASIDE: row["set_aside_t"],
            FROM_RESERVE: sum(row["entrants_t"].values()),
            LEFT_AUCTIONED: left["auction"],
            LEFT_TO_STABILITY: left["stability"],
            LEFT_CANCELLED: left["cancel"],
            IN_RESERVE: row["entrants_reserve_t"],
        }
        for name, tonnes in told.items():
            out.setdefault(name, {})[year] = tonnes / TONNES
    return out


def link_variables(w: World, s: State) -> Annual:
    """The years' variables of a market that is linked to a wider one; nothing crosses the border before the policy."""
    across = net_sales_of(OTHERS if w.shared else OUTSIDE)
    names = [across, PAID_OUTSIDE]
    names += [OUTSIDE_EMISSIONS, OUTSIDE_BANK] if w.scenario.market.link.to == "supply" else []
    out: Annual = {name: {} for name in names}
    for row in s.log.settlements:
        year = int(row["year"])
        told = {
            across: row.get("imported_t", 0) / TONNES,
            PAID_OUTSIDE: row.get("paid_outside_yuan", 0.0) / MILLION,
            OUTSIDE_EMISSIONS: row.get("outside_owed_t", 0) / TONNES,
            OUTSIDE_BANK: row.get("outside_bank_t", 0) / TONNES,
        }
        for name in names:
            out[name][year] = told[name]
    return out


def _auctions(trades: pd.DataFrame) -> dict[tuple[int, str], float]:
    """Year and sector of the buyer to yuan paid to government for allowances."""
    sold = trades[trades["seller_sector"] == "GOV"]
    value = (sold["price"] * sold["quantity_t"]).groupby([sold["year"], sold["buyer_sector"]]).sum()
    years, buyers = (value.index.get_level_values(level) for level in (0, 1))
    return {(int(y), str(code)): float(yuan) for y, code, yuan in zip(years, buyers, value, strict=True)}
