"""Physical and real accounts: Mtce, TWh, Mt CO2 and constant-price flows, read from quantity indices.

All readings are linear in flows and activity levels, so the account of a year is the reading of the mean flow
of its periods.  Nothing here looks at values: a price change moves money, not tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tanshi.equilibrium.engine import Leaf, Nest
from tanshi.equilibrium.engine.nest import benchmark_value, leaves
from tanshi.equilibrium.engine.structure import Array, Index
from tanshi.equilibrium.province.carbon import PERMIT, sector_of
from tanshi.equilibrium.province.classes import HEAT, coal_fired, is_generation
from tanshi.equilibrium.province.institutions import INV, INVEST, TIME
from tanshi.equilibrium.province.production import BEYOND
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import cell, rows, total
from tanshi.equilibrium.province.trade import FX, POWER_EXPORT

FUEL_NAMES = {"COAL": "Coal", "COKE": "Oil Products and Coke", "OGAS": "Gas", "BPG": "By-product Gas"}


@dataclass(frozen=True)
class Flows:
    """Mean flows of a span of time: every leaf's flow, and all variables.

    ``output`` is physical output by activity, ``process`` the process CO2 of the sources; both follow
    vintages.
    """

    leaf: Array
    x: Array

    @staticmethod
    def mean(parts: list[Flows]) -> Flows:
        """The average of equally long spans."""
        return Flows(
            np.mean([f.leaf for f in parts], axis=0),
            np.mean([f.x for f in parts], axis=0),
        )


class PhysicalAccounts:
    """Readers of one province's physical accounts."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self._benchmark: dict[str, float] = {}
        c, accounts = province.compiled, province.accounts
        self.mtce_leaf, self.mtce, self.mtce_fuel, self.mtce_sector = [], [], [], []
        self.home_leaf, self.home_co2 = [], []
        for row in rows(accounts.fuel):
            if row.use == "feedstock":
                continue
            address = str(row.commodity) if row.use == "energy" else f"{row.commodity}.reductant"
            if row.activity == "HH":
                places = [("HH", "demand")]
                self.home_leaf.append(c.leaf_at[("HH", "demand", address)])
                self.home_co2.append(float(row.co2_mt) / c.default.quantity[self.home_leaf[-1]])
            else:
                places = [(name, "inputs") for name, _ in province.parts[str(row.activity)]]
            numbers = [c.leaf_at[(owner, side, address)] for owner, side in places]
            total = sum(c.default.quantity[i] for i in numbers)
            for i in numbers:
                self.mtce_leaf.append(i)
                self.mtce.append(float(row.mtce) / total)
                self.mtce_fuel.append(str(row.commodity))
                self.mtce_sector.append("HH" if row.activity == "HH" else sector_of(str(row.activity)))
        self._outputs()
        self._final_uses()

    def _outputs(self) -> None:
        """Output and intermediate-use leaves by activity, for output indices and double deflation."""
        c, province = self.province.compiled, self.province
        self.out_leaves: dict[str, list[int]] = {}
        self.in_leaves: dict[str, list[int]] = {}
        factors = {n for n in c.commodities if n.startswith(("LAB", PERMIT, "CAP", "RES_", "PLANT_"))}
        trees = {a.name: a for a in c.model.activities}
        for code, names in province.parts.items():
            outs, ins = [], []
            for name, _ in names:
                outs += _at(c.leaf_at, name, "output", trees[name].output, {PERMIT})
                ins += _at(c.leaf_at, name, "inputs", trees[name].inputs, factors)
            if code == "GENN" and BEYOND in trees:
                outs += _at(c.leaf_at, BEYOND, "output", trees[BEYOND].output, set())
                ins += _at(c.leaf_at, BEYOND, "inputs", trees[BEYOND].inputs, factors)
            self.out_leaves[code], self.in_leaves[code] = outs, ins

    def _final_uses(self) -> None:
        c = self.province.compiled
        trees = {h.name: h.demand for h in c.model.consumers}
        self.household_leaves = _at(c.leaf_at, "HH", "demand", trees["HH"], {INV, TIME})
        self.government_leaves = _at(c.leaf_at, "GOV", "demand", trees["GOV"], {"INV"})
        self.final_leaves = [*self.household_leaves, *self.government_leaves]
        invest = next(a for a in c.model.activities if a.name == INVEST)
        self.investment_leaves = _at(c.leaf_at, INVEST, "inputs", invest.inputs, set())
        fx = [i for i, leaf in enumerate(c.leaves) if leaf.commodity == FX]
        # what is sold into a sloping demand is worth what other provinces pay for it, not what they own beside it
        goods = [i for i, leaf in enumerate(c.leaves) if leaf.commodity.startswith("O_")]
        self.export_leaves = [i for i in (*fx, *goods) if c.tree_side[c.leaf_tree[i]] == "output"]
        owned = {i for (owner, _, _), i in c.leaf_at.items() if owner.startswith("SOLD_")}
        self.export_leaves = [i for i in self.export_leaves if i not in owned]
        self.import_leaves = [i for i in fx if c.tree_side[c.leaf_tree[i]] == "inputs"]

    # -- carbon --------------------------------------------------------------------------------------------

    def emissions(self, f: Flows) -> dict[str, float]:
        """CO2 by sector (all 17) and households ``HH``, Mt/yr."""
        p = self.province
        flow = np.where(p.source_leaf >= 0, f.leaf[p.source_leaf], f.x[p.source_level]) * p.source_co2
        out = {s: float(flow[p.source_sector == s].sum()) for s in p.accounts.sectors}
        out["HH"] = float(f.leaf[self.home_leaf] @ np.array(self.home_co2))
        return out

    # -- energy --------------------------------------------------------------------------------------------

    def energy(self, f: Flows) -> dict[str, float]:
        """Energy accounts, Mtce/yr.

        ``total`` is the statistical consumption: fuel burnt (gases made from coke not counted again) +
        feedstock and transformation losses + non-fossil power - net power export, both at coal equivalent.
        """
        physical = self.province.accounts.physical
        burnt = np.array(self.mtce) * f.leaf[self.mtce_leaf]
        fuels = dict.fromkeys(FUEL_NAMES.values(), 0.0)
        for value, fuel in zip(burnt, self.mtce_fuel, strict=True):
            fuels[FUEL_NAMES[fuel]] += float(value)
        fuels["By-product Gas"] -= physical["blast_furnace_gas_mtce"] * self._gas_index(f)
        combustion = sum(fuels.values())
        differs = physical["statistical_difference_mtce"] / physical["fuel_combustion_mtce"]
        losses = physical["transformation_loss_mtce"] * self.output_index(f, "COKE")
        feedstock = physical["non_energy_use_mtce"] * self.output_index(f, "CHEM")
        equivalent = physical["coal_equivalent_mtce_per_twh"]
        power = self.power(f)
        parts = {
            **fuels,
            "Feedstock and Losses": losses + feedstock,
            "Statistical Difference": combustion * differs,
            "Non-Fossil Power": power["nonfossil_twh"] * equivalent,
            "Net Power Export": -power["net_export_twh"] * equivalent,
        }
        return {"combustion": combustion, "total": sum(parts.values()), **parts}

    def _gas_index(self, f: Flows) -> float:
        c = self.province.compiled
        numbers = [c.leaf_at[(name, "output", "BPG")] for name, _ in self.province.parts["STEEL"]]
        return float(f.leaf[numbers].sum() / c.default.quantity[numbers].sum())

    def by_product_gas(self, f: Flows) -> dict[str, float]:
        """Where by-product gas is, Mtce/yr: made, burnt on its site, burnt in power, and flared, which is the rest."""
        c, a = self.province.compiled, self.province.accounts
        gas = a.fuel[a.fuel["commodity"] == "BPG"]
        per_value = total(gas["mtce"]) / total(gas["value"])
        flow: dict[str, float] = {}
        for (owner, side, _), i in c.leaf_at.items():
            if c.leaves[i].commodity == "BPG":
                where = "made" if side == "output" else "in power" if owner.startswith("GEN") else "on site"
                flow[where] = flow.get(where, 0.0) + per_value * float(f.leaf[i])
        flow["flared"] = flow["made"] - flow["on site"] - flow["in power"]
        return flow

    def power(self, f: Flows) -> dict[str, float]:
        """Generation by technology, of all coal-fired plant and of gas, and net export, TWh/yr."""
        a = self.province.accounts
        out = {f"{g}_twh": cell(a.power, str(g), "twh") * self.output_index(f, str(g)) for g in a.power.index}
        out["nonfossil_twh"] = out.pop("GENN_twh")
        out["GENC_twh"] = sum(out[f"{g}_twh"] for g in coal_fired(a.activities))
        c = self.province.compiled
        sold = cell(a.sam, "A_ELEC", "ROC") + cell(a.sam, "A_ELEC", "ROW")
        bought = cell(a.sam, "ROC", "C_ELEC") + cell(a.sam, "ROW", "C_ELEC")
        per_unit = a.physical["power_export_net_twh"] / (sold - bought)
        level = f.x[c.activity_index[POWER_EXPORT]] * sold
        inflow = [i for (o, _, _), i in c.leaf_at.items() if o == "ARM_ELEC" and c.leaves[i].commodity == FX]
        out["net_export_twh"] = per_unit * (float(level) - float(f.leaf[inflow].sum()))
        return out

    def capacity(self, f: Flows) -> dict[str, float]:
        """Capacity of coal-fired (``coal``) and of gas-fired (``gas``) plant whose capital is in use, GW.

        Each class has its benchmark capacity times its capital over the benchmark's; what stands idle is not counted.
        """
        c, a = self.province.compiled, self.province.accounts
        kinds = {"coal": coal_fired(a.activities), "gas": ("GENG",)}
        out = dict.fromkeys(kinds, 0.0)
        for kind, classes in kinds.items():
            for code in classes:
                at = [c.leaf_at[(name, "inputs", "CAP")] for name, _ in self.province.parts[code]]
                grown = float(f.leaf[at].sum() / c.default.quantity[at].sum())
                out[kind] += cell(a.power, code, "capacity_gw") * grown
        return out

    def power_price(self, f: Flows) -> float:
        """What power plants were paid on average in the benchmark, moved by the price of generation, yuan/MWh.

        Heat is left out. The price holds what their carbon costs plants, less what their output earns in allowances.
        """
        c, a = self.province.compiled, self.province.accounts
        plants = [code for code in a.power.index if is_generation(str(code)) and code != HEAT]
        benchmark = sum(self.benchmark_output(str(code)) for code in plants) / total(a.power.loc[plants, "twh"])
        return 100.0 * benchmark * float(f.x[c.price_index["GEN"]])

    # -- real accounts -------------------------------------------------------------------------------------

    def output_index(self, f: Flows, activity: str) -> float:
        """Output of an activity over its benchmark."""
        numbers = self.out_leaves[activity]
        return float(f.leaf[numbers].sum() / self.benchmark_output(activity))

    def benchmark_output(self, activity: str) -> float:
        """Benchmark output of an activity, yi yuan."""
        if activity not in self._benchmark:
            self._benchmark[activity] = total(self.province.accounts.sam.loc[f"A_{activity}"])
        return self._benchmark[activity]

    def real_value_added(self, f: Flows) -> dict[str, float]:
        """Value added by sector at benchmark prices (double deflation), yi yuan/yr; power is one sector."""
        out = dict.fromkeys(self.province.accounts.sectors, 0.0)
        for code, numbers in self.out_leaves.items():
            out[sector_of(code)] += float(f.leaf[numbers].sum() - f.leaf[self.in_leaves[code]].sum())
        return out

    def real_gdp(self, f: Flows) -> dict[str, float]:
        """Gross domestic product by expenditure at benchmark prices, yi yuan/yr; consumption by whose it is as well."""
        households, government = (float(f.leaf[at].sum()) for at in (self.household_leaves, self.government_leaves))
        parts = {
            "households": households,
            "government": government,
            "consumption": float(f.leaf[self.final_leaves].sum()),
            "investment": float(f.leaf[self.investment_leaves].sum()),
            "exports": float(f.leaf[self.export_leaves].sum()),
            "imports": float(f.leaf[self.import_leaves].sum()),
        }
        parts["gdp"] = parts["consumption"] + parts["investment"] + parts["exports"] - parts["imports"]
        return parts

    def leisure(self, f: Flows) -> float:
        """Leisure that households choose, at the benchmark's wage after tax, yi yuan/yr."""
        at = self.province.compiled.leaf_at.get(("HH", "demand", "leisure"))
        return 0.0 if at is None else float(f.leaf[at])

    @cached_property
    def household_spending(self) -> float:
        """Households' benchmark spending on consumption and saving, yi yuan: the price of one unit of their welfare.

        With the value of leisure where they choose it.
        """
        consumers = self.province.compiled.model.consumers
        return next(benchmark_value(h.demand) for h in consumers if h.name == "HH")

    def coverable_outputs(self, f: Flows) -> Array:
        """Output indices of the coverable sectors, in the order of the accounts."""
        leaves, first, benchmark = self._coverable
        return np.asarray(np.add.reduceat(f.leaf[leaves], first) / benchmark)

    @cached_property
    def _coverable(self) -> tuple[Index, Index, Array]:
        """Leaves of the coverable sectors' outputs, sector by sector, where each begins, and benchmark outputs."""
        each = [self.out_leaves[s] for s in self.province.sectors]
        first = np.cumsum([0, *(len(leaves) for leaves in each[:-1])])
        return np.concatenate(each), first, np.array([self.benchmark_output(s) for s in self.province.sectors])


def _at(
    index: dict[tuple[str, str, str], int], owner: str, side: str, tree: Leaf | Nest, without: set[str]
) -> list[int]:
    return [index[(owner, side, leaf.address)] for leaf in leaves(tree) if leaf.commodity not in without]
