"""Who among the households bears a policy: groups that earn and buy differently, at the prices of an equilibrium.

The equilibrium knows one household. Here its accounts are split into groups (town and country) whose parts of every
income and every good come from surveys and official tables, and each group meets the equilibrium's prices with the
household's own elasticities and its own shares. By source of income the groups add up to the household exactly; in
welfare they do up to a term of second order, since their shares differ, which is reported (``Incidence.gap``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from tanshi.equilibrium.engine import Leaf, Nest, Solution, unit_value
from tanshi.equilibrium.engine.nest import Tree, benchmark_value, leaves
from tanshi.equilibrium.engine.structure import Array
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance_ras import ras
from tanshi.equilibrium.province.institutions import HOUSEHOLD_TAX, INV, TIME, wage_tax
from tanshi.equilibrium.province.national import endowment_values
from tanshi.equilibrium.province.tables import cell, named, rows, total
from tanshi.errors import TanshiError

SURVEYED: Mapping[str, str] = {
    "labour": "wage",
    "capital": "business",
    "dividends": "property",
    "transfers": "transfer",
}
"""Kinds of the household's income in the accounts, and of income per head in surveys that they are split by."""
PERSONS, SPENT, BOUGHT = "persons", "consumption", "bought_"


class HouseholdGroupsError(TanshiError, ValueError):
    """Figures of household groups that the accounts cannot hold, with the group and the figure."""


@dataclass(frozen=True)
class Groups:
    """The household's accounts by group in the benchmark, yi yuan/yr.

    Attributes
    ----------
    names
        Groups, such as ``urban`` and ``rural``.
    persons
        Millions.
    income
        By source (``SURVEYED``): each group's income before tax.
    bought
        Goods by group, shape ``(groups, goods)`` in the order of ``goods``.
    saving
        What is left of income after tax and consumption.
    """

    names: tuple[str, ...]
    persons: Array
    income: Mapping[str, Array]
    goods: tuple[str, ...]
    bought: Array
    saving: Array

    def part(self, source: str) -> Array:
        """Shares of the groups in an income, or in lump sums paid by head (``heads``)."""
        values = self.persons if source == "heads" else self.income[source]
        return np.asarray(values / values.sum())


def household_groups(accounts: Accounts, table: pd.DataFrame) -> Groups:
    """Split the household of balanced accounts into groups.

    Parameters
    ----------
    table
        Columns ``group``, ``item``, ``value``: ``persons`` (million); ``wage``, ``business``, ``property``,
        ``transfer`` and ``consumption`` (per head, any one money); ``bought_<SECTOR>`` (any one money).

    Raises
    ------
    HouseholdGroupsError
        Where a figure is missing, or a group would spend more than it earns.
    """
    sam = accounts.sam
    names = tuple(dict.fromkeys(str(row.group) for row in rows(table)))
    goods = tuple(g for g in accounts.commodities if cell(sam, f"C_{g}", "HH") > 0)
    needed = [PERSONS, SPENT, *SURVEYED.values(), *(f"{BOUGHT}{g}" for g in goods)]
    figures = {name: named(table[table["group"] == name], "item", "value") for name in names}
    for name, found in figures.items():
        gone = [item for item in needed if item not in found and not item.startswith(BOUGHT)]
        if gone:
            raise HouseholdGroupsError("households: {group} has no row for {items}", group=name, items=", ".join(gone))

    def of(item: str) -> Array:
        return np.array([figures[name].get(item, 0.0) for name in names])

    persons = of(PERSONS)
    kinds = {
        "labour": cell(sam, "HH", "LAB"),
        "capital": cell(sam, "HH", "CAP"),
        "dividends": cell(sam, "HH", "ENT"),
        "transfers": total(sam.loc["HH"]) - sum(cell(sam, "HH", a) for a in ("LAB", "CAP", "ENT")),
    }
    income = {}
    for kind, value in kinds.items():
        heads = persons * of(SURVEYED[kind])
        if not heads.sum() > 0:
            raise HouseholdGroupsError("households: nobody earns {item}", item=SURVEYED[kind])
        income[kind] = value * heads / heads.sum()
    spent = persons * of(SPENT)
    totals = np.array([cell(sam, f"C_{g}", "HH") for g in goods])
    prior = pd.DataFrame({g: of(f"{BOUGHT}{g}") for g in goods}, index=list(names))
    unknown = [g for g in goods if not total(prior[g]) > 0]
    if unknown:
        raise HouseholdGroupsError(
            "households: nobody buys {goods}, which the accounts sell to households", goods=", ".join(unknown)
        )
    by_group = pd.Series(spent / spent.sum() * totals.sum(), index=prior.index)
    bought = ras(prior, by_group, pd.Series(totals, index=prior.columns)).to_numpy(dtype=float)
    earned = np.sum(list(income.values()), axis=0)
    saving = earned * (1.0 - wage_tax(accounts)) - bought.sum(axis=1)
    for name, left, whole in zip(names, saving, earned, strict=True):
        if not left > 0:
            raise HouseholdGroupsError(
                "households: {group} spends more than it earns in the accounts, by {gap:.3g} of {whole:.5g} yi yuan;"
                " its consumption per head or its incomes are of another scope",
                group=name,
                gap=-left,
                whole=whole,
            )
    return Groups(names, persons, income, goods, bought, saving)


@dataclass(frozen=True)
class Incidence:
    """Welfare of groups in one equilibrium, as what it costs at the benchmark's prices.

    Attributes
    ----------
    names
        Groups.
    metric
        Money metric of each group's utility from goods, leisure and saving, yi yuan/yr.
    income
        Income of each group by source at the equilibrium's prices; ``lump sums`` are what balances the budget.
    prices
        Price index of what each group buys and saves, 1 in the benchmark.
    gap
        The groups' metrics less the one household's, over the latter.
    """

    names: tuple[str, ...]
    metric: Array
    income: Mapping[str, Array]
    prices: Array
    gap: float


def incidence(solution: Solution, groups: Groups, lump_sums: Literal["heads", "income"] = "heads") -> Incidence:
    """What groups of households have of an equilibrium.

    Parameters
    ----------
    solution
        An equilibrium of the accounts that ``groups`` split, of any closure and year.
    lump_sums
        Whether the lump sums that balance government's budget fall on every head alike, or in proportion to income.
    """
    c, p = solution.compiled, solution.parameters
    home = next(h for h in c.model.consumers if h.name == "HH")
    parts = {kind: groups.part(kind) for kind in groups.income}
    earned = _earned(solution)
    income = {kind: value * parts[kind] for kind, value in earned.items() if kind != "lump sums"}
    before = np.sum(list(income.values()), axis=0)
    by = groups.part("heads") if lump_sums == "heads" else before / before.sum()
    income["lump sums"] = earned["lump sums"] * by
    h = c.consumers.index("HH")
    kept = float(solution.evaluator.values.kept[h])
    spent = kept * np.sum(list(income.values()), axis=0)
    addresses = [leaf.address for leaf in leaves(home.demand)]
    at = {address: c.leaf_at[("HH", "demand", address)] for address in addresses}
    value = {a: float(p.quantity[i] * p.reference[i]) for a, i in at.items()}
    ratio = {
        a: float(solution.price[leaf.commodity]) / float(p.reference[at[a]])
        for a, leaf in zip(addresses, leaves(home.demand), strict=True)
    }
    shares = [_weights(groups, home.demand, i) for i in range(len(groups.names))]
    prices = np.array([_index(home.demand, {a: value[a] * own[a] for a in value}, ratio) for own in shares])
    whole = _index(home.demand, value, ratio)
    utility = float(solution.real["HH"]) * benchmark_value(home.demand)
    one = float(spent.sum()) / whole  # what augmentation of the nests adds falls on all alike
    metric = spent / prices * (utility / one)
    return Incidence(groups.names, metric, income, prices, float(metric.sum() / utility - 1.0))


def _earned(solution: Solution) -> dict[str, float]:
    """The household's income by kind at an equilibrium's prices, yi yuan/yr."""
    c, values = solution.compiled, endowment_values(solution)
    out = dict.fromkeys(("labour", "capital", "dividends", "transfers", "lump sums"), 0.0)
    for (owner, commodity, multiplier), i in c.endow_at.items():
        if owner != "HH":
            continue
        if commodity.startswith("LAB") or commodity == TIME:
            kind = "labour"
        elif multiplier == HOUSEHOLD_TAX:
            kind = "lump sums"
        else:
            kind = "capital" if commodity.startswith("CAP") else "transfers"
        out[kind] += float(values[i])
    out["dividends"] = float(solution.x[c.income_index["HH"]]) - sum(out.values())
    return out


def _weights(groups: Groups, demand: Tree, group: int) -> dict[str, float]:
    """A group's part of every flow of the household's demand, by address."""
    bought = dict(zip(groups.goods, (groups.bought / groups.bought.sum(axis=0))[group], strict=True))
    saved, timed = (groups.saving / groups.saving.sum())[group], groups.part("labour")[group]
    other = {INV: saved, TIME: timed}
    return {
        leaf.address: float(other[leaf.commodity] if leaf.commodity in other else bought[leaf.address])
        for leaf in leaves(demand)
    }


def _index(tree: Tree, value: Mapping[str, float], ratio: Mapping[str, float]) -> float:
    """Price index of a tree whose flows have these values in the benchmark, at these ratios of prices."""

    def weighted(part: Tree) -> Tree:
        if isinstance(part, Nest):
            return replace(part, children=tuple(weighted(child) for child in part.children))
        return Leaf(part.address, value[part.address])

    return unit_value(weighted(tree), ratio.__getitem__)
