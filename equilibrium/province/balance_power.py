"""By-product gas and electricity: joint output of coking and steel, and the chain from fuel to socket."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tanshi.equilibrium.province.tables import cell, entry, total

GENERATION = ("GENC", "GENG", "GENN")


def joint_output(fuel: pd.DataFrame) -> pd.Series:
    """Sales of by-product gas by COKE (coke-oven gas) and STEEL (blast-furnace gas), yi yuan."""
    gas = fuel[fuel["commodity"] == "BPG"]
    oven, blast = float(fuel.attrs["coke_oven_gas_mtce"]), float(fuel.attrs["blast_furnace_gas_mtce"])
    return pd.Series({"COKE": oven, "STEEL": blast}) / (oven + blast) * total(gas["value"])


def electricity_chain(
    tables: Mapping[str, pd.DataFrame],
    output: pd.Series,
    factors: pd.DataFrame,
    use: pd.DataFrame,
    controls: Mapping[str, float],
) -> pd.Series:
    """Fill the electricity row of ``use`` and return sales of each generating activity, yi yuan.

    Export is TWh times price; households pay their control; other users share the rest by TWh and price
    class. What transmission and distribution does not spend on value added and materials, it pays for
    generation (GEN); coal power, which sets the price, is the residual.
    """
    power = tables["power"].set_index("activity")
    users = tables["electricity_use"].set_index("user")
    export = controls["power_export_net"] * controls["power_export_price"] * 10.0
    use.loc["ELEC", "HH"] = controls["household_electricity"]
    weight = (users["twh"] * users["relative_price"]).drop("HH").astype(float)
    rest = entry(output, "ELEC") - export - controls["household_electricity"]
    use.loc["ELEC", weight.index] = weight / total(weight) * rest
    generation = entry(output, "ELEC") - total(factors.loc["ELEC"]) - cell(power, "ELEC", "materials")
    spent = {g: total(use[g]) + total(factors.loc[g]) for g in GENERATION}
    sales = {g: spent[g] + cell(power, g, "materials") for g in ("GENG", "GENN")}
    coal = generation - sum(sales.values())
    if coal <= spent["GENC"]:
        raise ValueError(f"coal power earns {coal:.4g} but pays {spent['GENC']:.4g} yi yuan for fuel and factors alone")
    use.loc["GEN", "ELEC"] = generation
    return pd.Series({"GENC": coal, **sales})
