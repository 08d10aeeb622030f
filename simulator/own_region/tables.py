"""All tables of the new region's economy: what the input-output table says, and the template's figures, scaled."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.balance_energy import fuel_account
from tanshi.equilibrium.province.balance_power import joint_output
from tanshi.equilibrium.province.classes import UnitClassError, split_coal
from tanshi.equilibrium.province.tables import cell, entry, named, total
from tanshi.errors import Message
from tanshi.scenarios.economy import BASE_YEAR, OPTIONAL, Figures
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import FINAL
from tanshi.simulator.own_region.benchmark import Totals, carbon_price, meet, set_year
from tanshi.simulator.own_region.factors import factor_shares
from tanshi.simulator.own_region.fuels import MADE, Fuels, fuels
from tanshi.simulator.own_region.incomes import incomes
from tanshi.simulator.own_region.layout import statistics_table
from tanshi.simulator.own_region.parting import parted
from tanshi.simulator.own_region.plants import thermal_mix
from tanshi.simulator.own_region.power import Power, power, without_own_use
from tanshi.simulator.own_region.sources import Sources
from tanshi.simulator.own_region.trade import trade

FACTS = ("cea_monthly", "mac_published")
"""Facts of the national market and of a paper: the same for every region."""
CO2_ITEMS = ("co2_low", "co2_high")


@dataclass
class Region:
    """A new economy before it is written.

    Attributes
    ----------
    tables
        All tables of an economy's folder.
    accounts
        Its balanced accounts.
    notes
        What was moved, cut or left out, a sentence each.
    """

    tables: dict[str, pd.DataFrame]
    accounts: Accounts
    notes: list[str] = field(default_factory=list)


def new_region(
    template: Figures,
    table: NationalTable,
    totals: Totals | None = None,
    year: int = BASE_YEAR,
    publication: str = "",
) -> Region:
    """Make an economy from a table in the model's sectors.

    Parameters
    ----------
    template
        Economy whose figures stand in for what no input-output table has.
    table
        The region's table, yi yuan in prices of 2022.
    totals
        The region's own totals of energy, carbon and power.
    year
        Of the flows and totals.
    publication
        What the table is and who published it.

    Raises
    ------
    ValueError
        One of the balance's kinds, where the figures have no balance.
    """
    work = _Work(template, table, year, publication)
    work.energy()
    work.electricity()
    work.money()
    work.controls()
    work.series()
    work.notes += set_year(work.tables, year)
    work.notes += meet(work.tables, totals or Totals(), work.say)
    work.tables["institutions"], notes = incomes(work.tables)
    accounts = build_accounts(work.tables)
    work.carbon_range(accounts)
    if template.coal_classes is not None:
        try:
            accounts = split_coal(accounts, template.coal_classes)
        except UnitClassError as error:
            told = "One coal-fired plant, not classes of units as in {template}: {error}"
            notes.append(Message(told, template=template.name, error=error))
        else:
            work.tables["coal_classes"] = work.say.copied(template.coal_classes)
    return Region(work.tables, accounts, [*work.notes, *notes])


class _Work:
    """One region in the making."""

    def __init__(self, template: Figures, table: NationalTable, year: int, publication: str) -> None:
        self.given = {name: frame for name, frame in template.tables().items() if name not in OPTIONAL}
        self.base = build_accounts(self.given)
        self.old = statistics_table(self.base, template.name)
        whole, parting = parted(table, self.old)
        self.new = without_own_use(whole)
        self.say = Sources(template.name, table.file, publication)
        self.tables = {n: f.copy() if n in FACTS else self.say.copied(f) for n, f in self.given.items()}
        self.grown: pd.Series = self.new.output / self.old.output
        self.notes: list[str] = parting
        self.carbon_price = carbon_price(self.given, year)
        own = cell(table.use, "ELEC", "ELEC")
        if own > 0.0:
            told = "Sales of power to power itself ({own:.4g} yi yuan) were taken out of its output."
            self.notes.append(Message(told, own=own))

    # -- energy --------------------------------------------------------------------------------------------

    def energy(self) -> None:
        """Tonnes of fuel, feedstock, process carbon."""
        found = self.fuel = fuels(self.given, self.old, self.new, self.carbon_price)
        rates = pd.DataFrame({"user": sorted(set(found.burnt["user"])), "fuel": "*", "ratio_2022_2019": 1.0})
        driver = "tonnes times the ratio of the money for the fuel in both tables, at the same prices"
        self.tables["fuel_2019"] = self.say.estimate(found.burnt, driver)
        self.tables["fuel_growth"] = self.say.estimate(rates, "one: the tonnes are those of the benchmark year already")
        feed = "money for fuel that is not burnt, at its prices"
        self.tables["feedstocks"] = self.say.estimate(found.feedstocks, feed)
        if found.refines:
            self.tables["fuels"]["oil_product"] = "no"
            self.notes.append(Message("Crude oil is refined here: oil products need not flow in."))
        self.tables["process_co2"] = self._process()
        self.notes += found.notes
        if found.dropped:
            largest = sorted(found.dropped.items(), key=lambda item: -item[1])[:5]
            cells = ", ".join(f"{c} into {u} {v:.4g}" for (c, u), v in largest)
            self.notes.append(
                Message(
                    "Money for fuel that could not be given tonnes ({money:.4g} yi yuan) went to other inputs of the"
                    " same users; the largest: {cells}. Tonnes of your own set this right.",
                    money=sum(found.dropped.values()),
                    cells=cells,
                )
            )
        self.account = fuel_account(self.tables)
        self.gas = joint_output(self.account)
        at_plant = self.account["activity"].isin(["GENC", "GENG"])
        self.plant_fuel = total(self.account.loc[at_plant, "value"])
        users = self.account["activity"].where(~at_plant, "ELEC")
        self.spent: pd.Series = self.account.assign(user=users).groupby(["commodity", "user"])["value"].sum()
        share = entry(self.gas, "STEEL") / total(self.gas)
        self.gas_in_steel = {u: share * self._spent("BPG", u) for u in [*self.new.sectors, "HH"]}

    def _process(self) -> pd.DataFrame:
        """Carbon of processes: kilns and furnaces need it with their fuel, ammonia and methanol with their coal."""
        process = self.given["process_co2"].copy()
        coal = cell(self.new.use, "COAL", "CHEM") / cell(self.old.use, "COAL", "CHEM")
        ratio = {**self.fuel.ratio, "CHEM": coal}
        growth = process["activity"].map(ratio).fillna(process["activity"].map(self.grown)).astype(float)
        for column in ("mt", "low", "high"):
            process[column] = process[column].astype(float) * growth
        return self.say.estimate(process, "in proportion to the fuel burnt there; CHEM to its coal (ammonia, methanol)")

    def _spent(self, commodity: str, user: str) -> float:
        return float(self.spent.get((commodity, user), 0.0))

    def electricity(self) -> None:
        """Users, technologies and materials of power."""
        steel_gas = self.gas_in_steel["ELEC"]
        mixed = self.given | {"power": thermal_mix(self.given["power"], fuel_account(self.given), self.account)}
        found = self.power = power(mixed, self.base, self.old, self.new, steel_gas, self.plant_fuel)
        self.tables["electricity_use"] = self.say.estimate(found.use, "times the ratio of the electricity bills")
        self.tables["power"] = self.say.estimate(found.technologies, "capacity and TWh times total generation")
        self.tables["power_materials"] = self.say.estimate(found.materials, "goods times the table's column of power")
        self.notes += found.notes

    # -- money ---------------------------------------------------------------------------------------------

    def money(self) -> None:
        """Use, value added, outputs and trade from the table."""
        new = self.new
        self.prior = self._prior()
        prior = self.prior.rename_axis("commodity").reset_index()
        self.tables["use_prior"] = self.say.own(prior.assign(unit="yi yuan"))
        added = new.value_added.sum(axis=0)
        broad = self.given["sectors"].set_index("sector")["broad"].reindex(new.sectors)
        sectors = pd.DataFrame(
            {"sector": new.sectors, "broad": list(broad), "gross_output": list(new.output), "value_added": list(added)}
        )
        self.tables["sectors"] = self.say.own(sectors.assign(unit="yi yuan"))
        kept = pd.DataFrame({"sector": ["COKE"], "gross_output": [entry(new.output, "COKE")]})
        self.tables["output_moves"] = self.say.own(kept)
        own_output = new.output - self.gas.reindex(new.output.index, fill_value=0.0)
        shares, notes = trade(self.given["trade"], new, own_output, self._demand())
        self.tables["trade"] = self.say.own(shares)
        duty = shares["import_share"] * own_output.to_numpy() * shares["tariff_rate"] / (1.0 + shares["tariff_rate"])
        factors, more = factor_shares(self.given["factor_shares"], new, total(duty), self.say)
        self.tables["factor_shares"] = factors
        self.notes += notes + more

    def _prior(self) -> pd.DataFrame:
        """Use as the builder wants it: no by-product gas in steel's row, no negative stocks, fuel for users alone."""
        prior = pd.concat([self.new.use, self.new.final[list(FINAL)]], axis=1)
        for user, value in self.gas_in_steel.items():
            column = "household" if user == "HH" else user
            prior.loc["STEEL", column] = max(cell(prior, "STEEL", column) - value, 0.0)
        invested = (prior["fixed_investment"] + prior["stocks"]).clip(lower=0.0)
        drawn = total(prior["fixed_investment"] + prior["stocks"]) - total(invested)
        prior["stocks"] = prior["stocks"].clip(lower=0.0).clip(upper=invested)
        prior["fixed_investment"] = invested - prior["stocks"]
        prior.loc["COAL", "stocks"], prior.loc["COAL", "fixed_investment"] = entry(invested, "COAL"), 0.0
        nowhere = ["OGAS", "COKE", "ELEC"]
        left = total(prior.loc[nowhere, ["government", "fixed_investment", "stocks"]])
        left += cell(prior, "COAL", "government")
        prior.loc[nowhere, ["government", "fixed_investment", "stocks"]] = 0.0
        prior.loc["COAL", "government"] = 0.0
        if drawn < -1e-9:
            told = "Stocks that were drawn down ({drawn:.4g} yi yuan) count as bought from outside."
            self.notes.append(Message(told, drawn=-drawn))
        if left > 1e-9:
            told = "Fuel and power for government and stocks ({left:.4g} yi yuan) count as sold outside."
            self.notes.append(Message(told, left=left))
        return prior

    def _goods(self) -> list[str]:
        return [s for s in self.new.sectors if s not in (*MADE, "ELEC")]

    def _demand(self) -> pd.Series:
        """Use within the region once fuel is fixed, yi yuan."""
        rows = self.prior.sum(axis=1)
        goods = self._goods()
        inputs = total(self.new.output) - total(self.new.value_added)
        fixed = total(self.spent) - total(self.spent.xs("HH", level="user")) + total(self.new.use.loc["ELEC"])
        final = total(self.prior.loc[goods, list(FINAL)])
        demand = rows * (inputs - fixed + final) / total(rows[goods])
        for fuel in MADE:
            stocks = cell(self.prior, "COAL", "stocks") if fuel == "COAL" else 0.0
            demand[fuel] = total(self.spent.xs(fuel, level="commodity")) + stocks
        demand["ELEC"] = total(self.new.use.loc["ELEC"]) + self.power.household
        return demand

    # -- totals --------------------------------------------------------------------------------------------

    def controls(self) -> None:
        """The totals that the accounts keep."""
        goods, gdp = self._goods(), self.new.gdp()
        sectors = self.tables["sectors"]
        household = total(self.prior.loc[goods, "household"]) + total(self.spent.xs("HH", level="user"))
        invested = total(self.prior.loc[goods, ["fixed_investment", "stocks"]]) + cell(self.prior, "COAL", "stocks")
        measured = {
            "gdp": gdp,
            **{str(b): total(rows["value_added"]) for b, rows in sectors.groupby("broad")},
            "household_electricity": self.power.household,
            "output_household": (household + self.power.household) / gdp,
            "output_government": total(self.prior.loc[goods, "government"]) / gdp,
            "output_investment": invested / gdp,
        }
        if {"outflow", "inflow"} <= set(self.new.final):
            measured["two_way_floor"] = 0.0
        estimated = {
            "energy_consumption": (self._energy_total(), "losses and feedstock with coking coal and chemicals"),
            "generation": (self.power.generation, "from the bills of all users at its prices and losses"),
            "power_export_net": (self.power.export, "money of net outflow at its export price"),
        }
        rows = [self.say.own(pd.DataFrame({"item": [item], "value": [value]})) for item, value in measured.items()]
        rows += [
            self.say.estimate(pd.DataFrame({"item": [item], "value": [value]}), reason)
            for item, (value, reason) in estimated.items()
        ]
        table = self.tables["controls"].astype({"value": float})
        found = pd.concat(rows).merge(table[["item", "unit"]], on="item")
        chosen = pd.DataFrame({"item": ["rows_as_tabulated"], "value": [1.0], "unit": ["1: use of goods as tabulated"]})
        chosen = self.say.estimate(chosen, "chosen: the table is of the benchmark year")
        kept = table[~table["item"].isin([*found["item"], "rows_as_tabulated"])]
        self.tables["controls"] = pd.concat([found[list(table.columns)], kept, chosen], ignore_index=True)

    def _energy_total(self) -> float:
        """Statistical energy consumption, Mtce: fuel burnt, other use as in the template, power across the border."""
        old, controls = self.base.physical, named(self.given["controls"], "item", "value")
        burnt = self.account[self.account["use"] != "feedstock"]
        blast = float(self.account.attrs["blast_furnace_gas_mtce"])
        before, after = (_chemical_feed(a) for a in (self.base.fuel, self.account))
        non_energy = old["non_energy_use_mtce"] * after / before if before > 0.0 else after
        other = old["transformation_loss_mtce"] * max(self.fuel.coking, 1e-3) + non_energy
        differs = old["statistical_difference_mtce"] / old["fuel_combustion_mtce"]
        clean = controls["nonfossil_share"] * self.power.generation
        return (
            (total(burnt["mtce"]) - blast) * (1.0 + differs)
            + other
            + controls["coal_equivalent"] * (clean - self.power.export)
        )

    def carbon_range(self, accounts: Accounts) -> None:
        """The range in which emissions are expected, in the template's proportions."""
        after, before = (total(a.fuel["co2_mt"]) + total(a.process_co2) for a in (accounts, self.base))
        table = self.tables["controls"]
        table.loc[table["item"].isin(CO2_ITEMS), "value"] *= after / before

    def series(self) -> None:
        """Paths, firms and series to compare with."""
        say, growth = self.say, self.power.growth
        path = self.given["nonfossil_path"].copy()
        for column in [c for c in path if str(c).endswith("_gw") or c == "twh"]:
            path[column] = path[column].astype(float) * growth
        self.tables["nonfossil_path"] = say.estimate(path, "capacity and TWh times total generation")
        firms = self.given["population"].copy()
        weight = firms["parameter"] == "number_weight"
        for column in ("value", "low", "high"):
            firms[column] = firms[column].astype(float)
            firms.loc[weight, column] *= firms.loc[weight, "sector"].map(self.grown).astype(float)
        self.tables["population"] = say.estimate(firms, "firms' number times gross output")
        history = self.given["co2_history"].copy()
        history["mt"] = history["mt"].astype(float) * history["sector"].map(self.fuel.ratio).fillna(1.0)
        self.tables["co2_history"] = say.estimate(history, "times the tonnes burnt over the template's")
        sums = self.tables["sectors"].groupby("broad")["value_added"].sum()
        facts = {"GDP": self.new.gdp()} | {f"{str(b).title()} VA": float(v) for b, v in sums.items()}
        rows = [(2022, name, value, "1e8 yuan") for name, value in facts.items()]
        self.tables["macro_facts"] = say.own(pd.DataFrame(rows, columns=["year", "variable", "value", "unit"]))


def _chemical_feed(account: pd.DataFrame) -> float:
    return total(account.loc[(account["use"] == "feedstock") & (account["activity"] == "CHEM"), "mtce"])


__all__ = ["Fuels", "Power", "Region", "new_region"]
