"""The equilibrium's flows of one year as links of a Sankey diagram: energy to its users, income to its owners."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import PERMIT, sector_of
from tanshi.equilibrium.province.physical import FUEL_NAMES, Flows, PhysicalAccounts
from tanshi.equilibrium.province.production import commodity
from tanshi.equilibrium.province.tables import cell, total
from tanshi.language import mark, spoken, translate
from tanshi.simulator.results.variables import FIRM_SECTORS, SECTORS

Array = NDArray[np.float64]
Links = dict[tuple[str, str], float]
POWER, EXPORT = mark("Power plants"), mark("Power to other provinces")
NODES = (
    mark("Households"), mark("Services and agriculture"), mark("Transport and construction"), mark("Other industry"),
    mark("Non-fossil power"), mark("Taxes on production"), mark("Carbon allowances"), mark("Labour"), mark("Capital"),
    mark("Natural resources"), mark("Government"), mark("Enterprises"), mark("Coal"), mark("Oil Products and Coke"),
    mark("Gas"), mark("By-product Gas"),
)  # fmt: skip
"""The other boxes of the diagrams that are no sector."""
BILLION = 0.1
"""Billion yuan in one yi yuan."""


@dataclass(frozen=True)
class YearFlows:
    """Flows of one year, (from, to) -> size.

    Parameters
    ----------
    energy
        Mtce; power that is sent out is at coal equivalent, as in the annual table, and users have the rest of what went
        into generation, losses included.
    money
        Billion yuan, prices of the year relative to the rest of China's.
    """

    energy: Links
    money: Links


@dataclass
class Sums:
    """Flows, levels and payments added up over a year's periods."""

    leaf: Any = 0.0
    levels: Any = 0.0
    paid: Any = 0.0
    tax: Any = 0.0
    count: int = 0

    def add(self, s: Solution) -> None:
        """Add one period's equilibrium."""
        state, c = s.state, s.compiled
        self.leaf = self.leaf + state.flow
        self.levels = self.levels + s.x
        self.paid = self.paid + state.flow * state.paid
        self.tax = self.tax + state.flow * s.x[c.leaf_price_var] * state.terms * state.tax_sum
        self.count += 1


def flows_of(accounts: PhysicalAccounts, sums: Sums, auctioned: float) -> YearFlows:
    """The year's links.

    Parameters
    ----------
    auctioned
        Share of allowances whose value is government's.
    """
    n = sums.count
    mean = Flows(sums.leaf / n, sums.levels / n)
    return YearFlows(_energy(accounts, mean), _money(accounts, sums.paid / n, sums.tax / n, auctioned))


def node_name(name: str) -> str:
    """A box of the diagrams in the language that is spoken."""
    chinese = {sector.name: sector.chinese for sector in SECTORS.values()}
    return chinese[name] if spoken() == "zh" and name in chinese else translate(name)


def group(code: str) -> str:
    """Name of a sector in the diagrams: those with firms by name, the rest in four groups."""
    if code == "HH":
        return "Households"
    if code in FIRM_SECTORS or code == "COAL":
        return SECTORS[code].name
    if code in ("SERV", "AGR"):
        return "Services and agriculture"
    if code in ("TRAN", "CONS"):
        return "Transport and construction"
    return "Other industry"


def _energy(accounts: PhysicalAccounts, f: Flows) -> Links:
    province = accounts.province
    burnt = np.array(accounts.mtce) * f.leaf[accounts.mtce_leaf]
    links: defaultdict[tuple[str, str], float] = defaultdict(float)
    for value, fuel, sector in zip(burnt, accounts.mtce_fuel, accounts.mtce_sector, strict=True):
        links[(FUEL_NAMES[fuel], POWER if sector == "ELEC" else group(sector))] += float(value)
    physical, power = province.accounts.physical, accounts.power(f)
    links[("Non-fossil power", POWER)] += power["nonfossil_twh"] * physical["coal_equivalent_mtce_per_twh"]
    into = sum(value for (_, to), value in links.items() if to == POWER)
    exported = max(power["net_export_twh"], 0.0) * physical["coal_equivalent_mtce_per_twh"]
    used = _electricity(accounts, f)
    for user, value in used.items():
        links[(POWER, user)] += (into - exported) * value / sum(used.values())
    links[(POWER, EXPORT)] += exported
    return dict(links)


def _electricity(accounts: PhysicalAccounts, f: Flows) -> dict[str, float]:
    """Electricity bought by each group of users, benchmark yuan; the power sector's own use is left with its users."""
    c = accounts.province.compiled
    used: defaultdict[str, float] = defaultdict(float)
    for (owner, side, _), i in c.leaf_at.items():
        if side == "output" or c.leaves[i].commodity != commodity("ELEC"):
            continue
        code = owner.split(":")[0]
        sector = sector_of(code)
        if sector != "ELEC":
            used[group(sector) if sector in SECTORS or sector == "HH" else "Services and agriculture"] += float(
                f.leaf[i]
            )
    return used


def _money(accounts: PhysicalAccounts, paid: Array, tax: Array, auctioned: float) -> Links:
    c, sam = accounts.province.compiled, accounts.province.accounts.sam
    links: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (owner, side, _), i in c.leaf_at.items():
        code = owner.split(":")[0]
        if code not in accounts.province.parts:
            continue
        sector = group(sector_of(code))
        good = c.leaves[i].commodity
        if side == "output":
            links[(sector, "Taxes on production")] += BILLION * float(tax[i])
            if good.startswith(PERMIT):
                links[(sector, "Carbon allowances")] -= BILLION * float(paid[i])
        elif good == "LAB":
            links[(sector, "Labour")] += BILLION * float(paid[i])
        elif good.startswith("CAP"):
            links[(sector, "Capital")] += BILLION * float(paid[i])
        elif good.startswith("RES_"):
            links[(sector, "Natural resources")] += BILLION * float(paid[i])
        elif good.startswith(PERMIT):
            links[(sector, "Carbon allowances")] += BILLION * float(paid[i])
    owners = {
        "Labour": {"Households": 1.0},
        "Taxes on production": {"Government": 1.0},
        "Capital": {who: cell(sam, a, "CAP") / total(sam["CAP"]) for a, who in _OWNERS.items() if a != "GOV"},
        "Natural resources": {who: cell(sam, a, "RES") / total(sam["RES"]) for a, who in _OWNERS.items() if a != "HH"},
        "Carbon allowances": {"Government": auctioned, "Enterprises": 1.0 - auctioned},
    }
    for kind, shares in owners.items():
        earned = sum(value for (_, to), value in links.items() if to == kind)
        for owner, share in shares.items():
            links[(kind, owner)] += earned * share
    return {link: value for link, value in links.items() if value > 1e-9}


_OWNERS = {"HH": "Households", "ENT": "Enterprises", "GOV": "Government"}
