"""What inventory, allowance prices and power statistics say beside both the print and the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tanshi.scenarios.economy import Figures
from tanshi.simulator.studies.reproduction.as_printed import AsPrinted
from tanshi.simulator.studies.reproduction.identity import ENERGY, FIRST, LAST, S1_2030, S5_PEAK
from tanshi.simulator.studies.reproduction.runs import Runs

COLUMNS = ("quantity", "unit", "observed", "printed", "ours", "what_it_says", "source")
S5_PRICES = {2025: 99.12, 2030: 183.54}


def physical_table(hybrid: Runs, figures: Figures, printed: AsPrinted | None = None) -> pd.DataFrame:
    """A row for each quantity that can be set against a statistic: observed, printed, ours, all as text.

    Parameters
    ----------
    printed
        Emissions of S1 by eq. 15 as printed, on the paper's assumptions.
    """
    rows = [*_carbon(hybrid, figures), *_as_printed(printed), *_prices(hybrid, figures), *_power(hybrid, figures)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _middle(hybrid: Runs, scenario: str, variable: str, year: int) -> float:
    return float(np.median(hybrid.at(scenario, variable, year)))


def _ours(hybrid: Runs, scenario: str, variable: str, year: int, digits: int = 1) -> str:
    if year not in hybrid.years:
        return "–"
    return f"{_middle(hybrid, scenario, variable, year):,.{digits}f} ({scenario}, {year})"


def _carbon(hybrid: Runs, figures: Figures) -> Iterator[tuple[str, ...]]:
    history = figures.co2_history
    last = int(history["year"].max())
    total = float(history.loc[history["year"] == last, "mt"].sum())
    low, high = (figures.value("controls", f"co2_{end}") for end in ("low", "high"))
    first = hybrid.years[0]
    yield (
        "CO2 of the province",
        "Mt",
        f"{total:,.1f} in {last}; {low:,.0f} to {high:,.0f} for {first}",
        f"less than {1000 * S5_PEAK:,.0f} in 2022, {1000 * S1_2030:,.0f} in 2030",
        _ours(hybrid, "S1", "emissions", first),
        f"The print is {1000 * S1_2030 / high:.1f} to {1000 * S1_2030 / low:.1f} times the inventory's range; nothing"
        f" in the"
        " inventory allows its level.",
        f"CEADs inventory {last} (Shan et al. 2016, 2018, 2020; Guan et al. 2021), carried to {first} by power and"
        f" fuel growth",
    )
    fuels = figures.fuels.set_index("fuel")["tco2_per_tce"]
    ours = _middle(hybrid, "S1", "emissions/energy", hybrid.years[-1])
    yield (
        "CO2 per energy",
        "t/tce",
        f"{fuels['Raw_Coal']:.2f} raw coal, {fuels['Natural_Gas']:.2f} natural gas",
        f"{1000 * S1_2030 / ENERGY[1]:.2f} (1.79 Gt over 272 Mtce)",
        f"{ours:.2f} (S1, {hybrid.years[-1]})",
        "No fuel emits what the print's quotient asks for; exported power is in the emissions and not in the energy,"
        " and"
        " does not close that gap.",
        "CEADs factors, recalled",
    )


def _as_printed(printed: AsPrinted | None) -> Iterator[tuple[str, ...]]:
    if printed is None:
        return
    first, last = min(printed.used), max(printed.used)
    ours = " and ".join(
        f"{printed.used[y]:,.0f} to {printed.made[y]:,.0f} in {y}, {printed.physical[y]:,.0f} physical"
        for y in (first, last)
    )
    part = 1000 * S1_2030 / printed.made[last], 1000 * S1_2030 / printed.physical[last]
    yield (
        "CO2 by eq. 15 as printed: all coal, oil, gas, and thermal power on top",
        "Mt",
        "no statistic counts so",
        f"less than {1000 * S5_PEAK:,.0f} in 2022, {1000 * S1_2030:,.0f} in 2030",
        f"{ours} (paper-S1)",
        f"The print of 2030 is {part[1]:.2f} times the physical accounts and {part[0]:.2f} times eq. 15 as printed:"
        " that it counts coking and washing coal, and power beside its fuel, explains most of the multiplier.",
        "Accounts of the economy; power used times the national grid factor, or all thermal power made",
    )


def _prices(hybrid: Runs, figures: Figures) -> Iterator[tuple[str, ...]]:
    table = figures.cea_monthly.copy()
    table["when"] = pd.to_datetime(table["date"])
    table["year"] = table["when"].dt.year
    source = (
        "National allowance (CEA), Shanghai Environment and Energy Exchange, monthly figures derived from daily ones"
    )
    means = {
        int(str(year)): float(part["turnover_yuan"].sum() / part["volume_t"].sum())
        for year, part in table.groupby("year")
    }
    last = table.iloc[-1]
    month = f"{last['when']:%B %Y}"
    observed = ", ".join(f"{price:.1f} in {year}" for year, price in means.items())
    close = float(last["close_last"])
    printed = S5_PRICES[2025]
    yield (
        "Allowance price, volume-weighted mean of the year",
        "yuan/t",
        f"{observed} (to {month})",
        f"{printed} in 2025 (S5)",
        _ours(hybrid, "S5", "price", 2025),
        f"The last close, {month}, is {close:.2f}: the print's 2025 is {100 * (printed / close - 1):.0f} % above it."
        f" Observed"
        " prices are of a market of power alone and of the whole nation, in money of each year.",
        source,
    )
    years = 2030 - (last["when"].year + (last["when"].month - 0.5) / 12)
    rate = (S5_PRICES[2030] / close) ** (1 / (years + 0.5)) - 1
    past = [price for year, price in means.items() if year < last["when"].year]
    grown = (past[-1] / past[0]) ** (1 / (len(past) - 1)) - 1
    asked = (S5_PRICES[2030] / printed) ** 0.2 - 1
    yield (
        "Growth of the allowance price",
        "%/yr",
        f"{100 * grown:.0f} from {min(means)} to {max(means) - 1}",
        f"{100 * asked:.1f} from 2025 to 2030",
        _growth(hybrid),
        f"From the close of {month} the print's 2030 needs {100 * rate:.0f} % a year.",
        source,
    )
    full = int(table["year"].max()) - 1
    whole = float(table.loc[table["year"] == full, "volume_t"].sum())
    yield (
        "Volume traded",
        "Mt/yr",
        f"{whole / 1e6:,.0f} in the nation in {full}",
        "no numbers printed",
        _ours(hybrid, "S1", "volume", full),
        "A province's market and the nation's differ in size; the observed volume falls in the last quarter mostly.",
        source,
    )


def _growth(hybrid: Runs) -> str:
    if not {2025, 2030} <= set(hybrid.years):
        return "–"
    ratio = _middle(hybrid, "S5", "price", 2030) / _middle(hybrid, "S5", "price", 2025)
    return f"{100 * (ratio**0.2 - 1):.1f} (S5)"


def _power(hybrid: Runs, figures: Figures) -> Iterator[tuple[str, ...]]:
    facts = figures.macro_facts
    facts = facts[facts["variable"].isin(("Power generation", "Power sent out of province"))]
    equivalent = figures.value("parameters", "coal_equivalent_mtce_per_twh")
    path = figures.nonfossil_path.set_index("year")
    fixed = path[path["status"] == "verified"]
    year = int(fixed.index[-1])
    sent = {
        int(str(row.year)): float(str(row.value)) / 10
        for row in facts[facts["variable"] == "Power sent out of province"].itertuples()
    }
    yield (
        "Power sent out of the province",
        "TWh",
        ", ".join(f"{v:.1f} in {y}" for y, v in sorted(sent.items())),
        "not printed",
        f"{figures.value('controls', 'power_export_net'):.1f} in the accounts of {hybrid.years[0]}",
        "Its carbon is counted in the province, its energy elsewhere: the one physical reason for carbon to outgrow"
        " energy.",
        "Xinhua 2024-02-05; Shanxi energy revolution 2018",
    )
    built, planned = (float(path["clean_gw"].loc[at]) for at in (year, LAST))
    plan = float(path["twh"].loc[hybrid.years[-1]])
    added = equivalent * float(path["twh"].loc[LAST] - path["twh"].loc[FIRST])
    clean = _middle(hybrid, "S1", "non-fossil", hybrid.years[-1]) / equivalent
    yield (
        "Clean power capacity, gas among it",
        "GW",
        f"{built:.1f} at the end of {year}; plan {planned:.0f} in {LAST}",
        "not printed",
        f"{clean:.0f} TWh in {hybrid.years[-1]} (S1); the plan's capacity alone: {plan:.0f}",
        f"From {FIRST} to {LAST} planned clean power adds {added:.0f} Mtce, the printed energy"
        f" {ENERGY[1] - ENERGY[0]:.0f}: fossil energy need hardly grow.",
        str(fixed["source"].iloc[-1]).split(";")[0],
    )
    yield (
        "Energy consumption",
        "Mtce",
        f"{ENERGY[0]:.0f} in 2022 (the paper's; no yearbook in these files)",
        f"{ENERGY[0]:.0f} in 2022, {ENERGY[1]:.0f} in 2030",
        _ours(hybrid, "S1", "energy", hybrid.years[-1]),
        "A statistical total: power sent out counts elsewhere, clean power counts as the coal it saves.",
        "Huo et al. 2026",
    )
