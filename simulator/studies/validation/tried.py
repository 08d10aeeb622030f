"""What was tried on the rows that are missed: parameters at the ends of their own ranges, and how far that goes.

None of it is the shipped economy. A row that no end of a range mends is missed for want of something else, which is
said beside it.
"""

from __future__ import annotations

from tanshi.simulator.studies.validation.accounts import capital_over_output
from tanshi.simulator.studies.validation.observed import LAST, TONNES, Changes, confronted, path, series

SEEN = 2024
MADE = ("coke", "steel", "cement")
USE = "electricity consumption (whole society)"
SLACK: Changes = (("economy.parameters.outside_growth_COKE", -0.03), ("economy.parameters.outside_growth_STEEL", -0.03))
TURN: Changes = (("economy.parameters.construction_shift", -0.1),)
WORN: Changes = (("economy.parameters.capacity_growth", -0.02),)
SLOW: Changes = (("dynamics.productivity_growth", 0.01),)
EFFICIENT: Changes = (("dynamics.aeei", 0.028), ("dynamics.aeei_power", 0.01))
INFLEXIBLE: Changes = (*EFFICIENT, ("closure.installed_elasticity", 0.3))
SHIPPED: tuple[str, Changes] = ("as shipped", ())
SLOWER = ("productivity grows by 1 % a year (3.8 %, fitted to 2023)", SLOW)
TRIALS: tuple[tuple[str, Changes], ...] = (
    SHIPPED,
    ("other provinces buy 3 % less coke and steel a year (shipped: 1 %)", SLACK),
    ("a unit of investment holds 10 % less construction each year (6 %)", TURN),
    ("plant of coal, coke, steel, building materials and metals shrinks by 2 % a year (0 %)", WORN),
    SLOWER,
    ("all of these", (*SLACK, *TURN, *WORN, *SLOW)),
)
"""Changes within the sourced ranges, in words, that might move outputs of `SEEN`."""
SAVINGS: tuple[tuple[str, Changes], ...] = (
    SHIPPED,
    ("efficiency 2.8 % a year, in power 1 % (shipped: 1 %, 0.3 %)", EFFICIENT),
    ("the same, installed plant with 0.3 of new plant's elasticities", INFLEXIBLE),
    SLOWER,
    ("outside demand for power as in 2022 (4 % more a year)", (("economy.parameters.outside_growth_ELEC", 0.0),)),
)
"""Changes that might move the part of energy in the product."""


def outputs_tried() -> list[tuple[str, dict[str, float]]]:
    """Every change of `TRIALS`, and how far off what was observed in `SEEN` it ends.

    Shares of what was observed: coke, steel, cement, use of power, and the product.
    """
    seen = confronted().set_index(["quantity", "year"])["observed"]
    names = {**{key: TONNES[key] for key in MADE}, "use": USE, "gdp": "GDP real growth"}
    found = []
    for what, changes in TRIALS:
        year = path(SEEN, changes=changes)[SEEN]
        found.append((what, {key: year[key] / float(seen[name, SEEN]) - 1.0 for key, name in names.items()}))
    return found


def energy_tried() -> list[tuple[str, float]]:
    """Yearly change of energy over GDP to `LAST` as shipped, and at the ends of what could make it fall."""
    return [(what, _a_year("energy", changes) / _a_year("gdp", changes) - 1.0) for what, changes in SAVINGS]


def missed_rows() -> list[str]:
    """The page's lines on rows that are missed: what was tried, and what limits them."""
    fell = ", ".join(f"{key} {series(TONNES[key])[SEEN] / series(TONNES[key])[2022] - 1.0:+.0%}" for key in MADE)
    heads = (*MADE, "use of power", "GDP")
    stock = {wear: capital_over_output(wear) for wear in WEAR}
    growth = [_a_year("gdp", (("dynamics.depreciation", wear),)) - 1.0 for wear in WEAR]
    return [
        f"Outputs of {SEEN} less what was observed (from 2022 on: {fell}), with parameters at the ends of the ranges"
        " that the economy's tables give:\n",
        f"| | {' | '.join(heads)} |",
        f"|---|{'---|' * len(heads)}",
        *(f"| {what} | {' | '.join(f'{part:+.1%}' for part in off.values())} |" for what, off in outputs_tried()),
        "",
        OUTPUTS,
        "",
        f"Energy over GDP from 2022 to {LAST}, a year:\n",
        "| | |",
        "|---|---|",
        *(f"| {what} | {rate:+.1%} |" for what, rate in energy_tried()),
        "",
        ENERGY,
        "",
        f"Capital over output is {stock[WEAR[0]]:.1f} with {WEAR[0]:.0%} of capital wearing out a year, and"
        f" {stock[WEAR[1]]:.1f}, as it should be, with {WEAR[1]:.0%}, the end of the range; the product grows by"
        f" {growth[0]:.1%} and {growth[1]:.1%} a year then. The published {WEAR[0]:.0%} stands: all shipped results"
        " would move, and no series of the province's capital says which is right.",
        "",
        POLICY,
    ]


def _a_year(quantity: str, changes: Changes) -> float:
    """Times that a quantity grows in a year of 2022 to `LAST`."""
    years = path(LAST, changes=changes)
    return float((years[LAST][quantity] / years[2022][quantity]) ** (1.0 / (LAST - 2022)))


WEAR = (0.05, 0.08)
OUTPUTS = (
    "No end of a range mends these, nor do all together. Coke, steel and cement fell with the building of homes"
    " in the whole country (recalled); the province's table knows investment, not what of it is homes, and a model"
    " of full employment finds other use for saving at once. A ceiling of plant keeps output from what was never"
    " made, not from what was. Only a demand for construction given from outside would do, which is nearly the"
    " series to be met: with these outputs given, thermal power and the use of power are met (*outputs given*,"
    " above)."
)
ENERGY = (
    "Targets are 3 % a year. Growth comes from the productivity of labour and capital, which saves no energy by"
    " itself, so that energy over the product falls by what efficiency brings; published efficiency at its dear"
    " end brings a third of the target, and demand outside, capital's flexibility and slower growth change little."
    " Efficiency was not fitted: no statistic of the province's energy after 2022 is at hand to fit it to."
)
POLICY = (
    "A standard that is tightened by 0.5 % a year ends at the penalty, since the frozen path itself gets better"
    " by 1 % a year and inefficient classes are used up: both ends of the recalled intensities and of energy"
    " against other inputs were tried, and mobile capital, with which the pooled one costs 210 yuan/t. Retrofits,"
    " biomass and capture have no figures of the province. A fall by 10 % costs a third of what models of the"
    " nation say: three structural choices at the dear ends of their ranges bring it nearer (row 9). An exporter"
    " of power cuts what a nation cannot; no elasticity was moved beyond its range to hit a number."
)
