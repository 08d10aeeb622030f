"""What a person replaces in a new economy, and what is left to do with it."""

from __future__ import annotations

from tanshi.language import mark, translate

REPLACE: tuple[tuple[str, str], ...] = (
    (
        "fuel_2019.csv",
        mark(
            "Tonnes of fuel by user, from the region's energy balance or a carbon inventory (CEADs has every "
            "province). Give them for the benchmark year, or for another and the growth since in fuel_growth.csv. "
            "Nothing else moves emissions as much."
        ),
    ),
    (
        "controls.csv: energy_consumption, generation, power_export_net, nonfossil_share",
        mark(
            "Totals of the year from the statistical yearbook. nonfossil_share also belongs to power.csv (GENN) "
            "and to the first row of nonfossil_path.csv."
        ),
    ),
    (
        "power.csv",
        mark("TWh and capacity of coal, gas and non-fossil power; value added by technology where it is known."),
    ),
    (
        "nonfossil_path.csv",
        mark("Clean capacity and TWh from the benchmark year to the last that you run, from the region's plans."),
    ),
    (
        "electricity_use.csv",
        mark("TWh by user from the electricity balance, and relative prices of the user classes."),
    ),
    (
        "process_co2.csv",
        mark("Process emissions of cement and other activities."),
    ),
    (
        "feedstocks.csv",
        mark("Fuel that is turned into other goods: coking coal, crude oil, naphtha."),
    ),
    (
        "fuel_price_users.csv, fuels.csv",
        mark("Purchasers' prices of fuels in the region."),
    ),
    (
        "population.csv",
        mark("Number and size of the firms in the eight sectors that can trade; spreads of intensity and cost."),
    ),
    (
        "institutions.csv",
        mark("Taxes, transfers between the region and the centre, and saving, from the flow of funds."),
    ),
    (
        "sectors.csv, use_prior.csv, factor_shares.csv, trade.csv",
        mark("Nothing, if the table is of the benchmark year: they come from it."),
    ),
    (
        "coal_classes.csv",
        mark(
            "Shares, coal use, heat and hours of the classes of coal units; without the table coal power is one plant."
        ),
    ),
    (
        "households.csv",
        mark(
            "Groups of households: persons, incomes and consumption per head, goods bought; without it, no incidence."
        ),
    ),
    (
        "resource_shares.csv, elasticities.csv, parameters.csv",
        mark("Published values serve any region; replace what you know."),
    ),
    (
        "co2_history.csv, macro_facts.csv",
        mark("Series to compare and calibrate with; runs do not read them."),
    ),
    (
        "calibrated.csv",
        mark(
            "Last of all: `tanshi calibrate TARGETS.yaml --set economy=NAME --adopt` fits cap, growth and efficiency "
            "to figures of "
            "your region. Until then they are the schema's assumptions (or those of another region, by "
            "--calibrated-from), and prices are not to be compared with those of a calibrated economy."
        ),
    ),
)
"""What to replace, what moves results most first."""


def checklist() -> list[str]:
    """What to replace in a new economy, a line each."""
    return [f"{files}: {translate(why)}" for files, why in REPLACE]
