"""Who among the households bears a policy: groups that earn and buy differently, at the prices of an equilibrium.

The equilibrium knows one household. Here its accounts are split into groups (town and country) whose parts of every
income and every good come from surveys and official tables, and each group meets the equilibrium's prices with the
household's own elasticities and its own shares. By source of income the groups add up to the household exactly; in
welfare they do up to a term of second order, since their shares differ, which is reported (``Incidence.gap``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from tanshi.equilibrium.engine import Leaf, Solution
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.nest import Tree, benchmark_value, leaves
from tanshi.equilibrium.engine.structure import Array, Index
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
        return self._parts[source]

    @cached_property
    def _parts(self) -> Mapping[str, Array]:
        amounts = {"heads": self.persons, **self.income}
        return {source: np.asarray(values / values.sum()) for source, values in amounts.items()}


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
    return Baskets.of(solution.compiled, groups).felt(solution, lump_sums)


@dataclass(frozen=True)
class _Node:
    """A nest of the household's demand over leaves and earlier nodes, whose places are counted on from the leaves'."""

    children: Index
    sigma: float


@dataclass(frozen=True, eq=False)
class Baskets:
    """What groups buy and earn, laid out along a compiled model: what no equilibrium of it changes.

    Attributes
    ----------
    groups
    part : (groups + 1, leaves) float
        Each group's part of every flow of the household's demand, and 1 for all of it.
    leaf, price : (leaves,) int64
        Places of those flows among the model's, and of their prices among its unknowns.
    nodes
        Nests of demand, each after those it holds.
    earned
        Places of the household's endowments among the model's, by kind of income.
    worth
        Of the household's demand in the benchmark.
    """

    groups: Groups
    part: Array
    leaf: Index
    price: Index
    nodes: tuple[_Node, ...]
    earned: Mapping[str, Index]
    worth: float

    @staticmethod
    def of(c: Compiled, groups: Groups) -> Baskets:
        """Lay them out."""
        demand = next(h for h in c.model.consumers if h.name == "HH").demand
        each = list(leaves(demand))
        saved, timed = groups.saving / groups.saving.sum(), groups.part("labour")
        bought = dict(zip(groups.goods, (groups.bought / groups.bought.sum(axis=0)).T, strict=True))
        own = {INV: saved, TIME: timed}
        parts = [own[leaf.commodity] if leaf.commodity in own else bought[leaf.address] for leaf in each]
        places = {name: place for place, name in enumerate(c.commodities, c.price_slice.start)}
        return Baskets(
            groups,
            np.vstack([np.transpose(parts), np.ones(len(each))]),
            np.array([c.leaf_at["HH", "demand", leaf.address] for leaf in each]),
            np.array([places[leaf.commodity] for leaf in each]),
            _nodes(demand, {leaf.address: place for place, leaf in enumerate(each)}),
            _sources(c),
            benchmark_value(demand),
        )

    def felt(self, solution: Solution, lump_sums: Literal["heads", "income"] = "heads") -> Incidence:
        """What the groups have of an equilibrium of this model: see `incidence`."""
        c, p, groups = solution.compiled, solution.parameters, self.groups
        values = endowment_values(solution)
        earned = {kind: float(values[places].sum()) for kind, places in self.earned.items()}
        earned["dividends"] = float(solution.x[c.income_index["HH"]]) - sum(earned.values())
        income = {kind: earned[kind] * groups.part(kind) for kind in groups.income}
        before = np.sum(list(income.values()), axis=0)
        by = groups.part("heads") if lump_sums == "heads" else before / before.sum()
        income["lump sums"] = earned["lump sums"] * by
        kept = float(solution.evaluator.values.kept[c.consumers.index("HH")])
        spent = kept * np.sum(list(income.values()), axis=0)
        reference = p.reference[self.leaf]
        prices = self._indices(p.quantity[self.leaf] * reference, solution.x[self.price] / reference)
        utility = float(solution.real["HH"]) * self.worth
        one = float(spent.sum()) / prices[-1]  # what augmentation of the nests adds falls on all alike
        metric = spent / prices[:-1] * (utility / one)
        return Incidence(groups.names, metric, income, prices[:-1], float(metric.sum() / utility - 1.0))

    def _indices(self, value: Array, ratio: Array) -> Array:
        """Price indices of the groups' demand and of all of it, whose flows have these values in the benchmark.

        Parameters
        ----------
        value, ratio : (leaves,) float
            Yi yuan, and prices over the benchmark's.
        """
        many, n = self.part.shape
        weight, index = np.empty((many, n + len(self.nodes))), np.empty((many, n + len(self.nodes)))
        weight[:, :n], index[:, :n] = value * self.part, ratio
        for place, node in enumerate(self.nodes, n):
            under, each = weight[:, node.children], index[:, node.children]
            weight[:, place] = whole = under.sum(axis=1)
            theta = under / whole[:, None]
            if node.sigma == 1.0:
                mean = np.exp((theta * np.log(each)).sum(axis=1))
            else:
                power = 1.0 - node.sigma
                mean = (theta * each**power).sum(axis=1) ** (1.0 / power)
            index[:, place] = mean
        return np.asarray(index[:, -1])


def _nodes(demand: Tree, place: Mapping[str, int]) -> tuple[_Node, ...]:
    """Nests of a demand, each after those it holds; leaves have their places by address."""
    found: list[_Node] = []

    def at(tree: Tree) -> int:
        if isinstance(tree, Leaf):
            return place[tree.address]
        found.append(_Node(np.array([at(child) for child in tree.children]), tree.sigma))
        return len(place) + len(found) - 1

    at(demand)
    return tuple(found)


def _sources(c: Compiled) -> dict[str, Index]:
    """Endowments of the household by the kind of income that they are; what is left of its income are dividends."""
    out: dict[str, list[int]] = {kind: [] for kind in ("labour", "capital", "transfers", "lump sums")}
    for (owner, commodity, multiplier), place in c.endow_at.items():
        if owner != "HH":
            continue
        if commodity.startswith("LAB") or commodity == TIME:
            kind = "labour"
        elif multiplier == HOUSEHOLD_TAX:
            kind = "lump sums"
        else:
            kind = "capital" if commodity.startswith("CAP") else "transfers"
        out[kind].append(place)
    return {kind: np.array(places, np.int64) for kind, places in out.items()}
