"""What a common market is worth to each province: the same caps in one market and in closed ones, side by side.

A province whose price rises sells allowances and abates more; one whose price falls buys. Beside what it pays
and what it need not abate, a province wins or loses by the prices at which it sells beyond its borders, and by
taxes and prices at home, which are what is left: the terms add up to the change of consumption and saving.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.trade import FX
from tanshi.language import mark, say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.machine.terminal import flush_left, flush_right
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.together import joint_result
from tanshi.simulator.results.variables import COVERED, PAID_OUTSIDE, YIELD, net_sales_of, region_of
from tanshi.simulator.run.together.build import begin_together
from tanshi.simulator.run.together.period import run_until
from tanshi.simulator.run.world import State, World

COLUMNS = ("region", "year", "measure", "unit", "closed", "joint", "difference")
PRICE, TONNES = mark("CNY_2022/t CO2"), mark("Mt CO2")
MILLION, BILLION = mark("million CNY_2022"), mark("billion CNY_2022")
MILLION_OF_YI, MILLION_OF_BILLION = 100.0, 1000.0
TERMS = ("abatement saved", "allowances", "prices beyond the border", "taxes and prices at home")
"""What the change of consumption and saving comes from; in this order they add up to it."""
OTHER = net_sales_of("OTH")
MEASURES = {
    "price": mark("price"),
    "covered emissions": mark("covered emissions"),
    "bought of other provinces": mark("bought of other provinces"),
    "paid to them": mark("paid to them"),
    "gross domestic product": mark("gross domestic product"),
    "consumption and saving": mark("consumption and saving"),
    "welfare: abatement saved": mark("welfare: abatement saved"),
    "welfare: allowances": mark("welfare: allowances"),
    "welfare: prices beyond the border": mark("welfare: prices beyond the border"),
    "welfare: taxes and prices at home": mark("welfare: taxes and prices at home"),
    "gain from trade": mark("gain from trade"),
}
"""Measures of the table, and what is said of them."""


@dataclass(frozen=True)
class Joined:
    """A run of several provinces beside each of them closed.

    Attributes
    ----------
    joint : RunResult
    closed : dict[str, RunResult]
        Region to its run by itself, with the same cap.
    table : DataFrame
        Columns ``COLUMNS``, a row a region, year and measure; the terms stand under ``joint`` as differences.
    """

    joint: RunResult
    closed: dict[str, RunResult]
    table: pd.DataFrame


def joined_against_closed(name: str | Path, changes: Mapping[str, object] | None = None) -> Joined:
    """Run a scenario of several economies, and each of them in a market of its own under the same cap.

    Raises
    ------
    UserError
        For a scenario of one economy.
    """
    scenario = load_scenario(name, changes)
    if not scenario.economies:
        hint = "Such as --set economies=[shanxi,shandong]."
        problem = Problem("several economies", scenario.economy, field="economies", hint=hint)
        raise UserError("The scenario '{name}' is of one province.", [problem], name=scenario.name)
    if scenario.market.link.open:
        hint = "At a price from outside each province trades with the nation; compare it by itself, without economies."
        problem = Problem("provinces that trade with one another", scenario.market.link.to, "market.link.to", hint=hint)
        raise UserError("There is no common market to lay beside closed ones.", [problem])
    joint, members = _run(scenario)
    closed: dict[str, RunResult] = {}
    rows: list[tuple[str, int, str, str, float, float]] = []
    for economy in scenario.all_economies:
        region = region_of(economy)
        alone, own = _run(scenario.member(economy).model_copy(update={"economies": [economy]}))
        closed[region] = alone
        for row in _compared(joint, alone, region, terms_of_trade(members[economy], own[economy])):
            rows.append((region, *row))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    table["difference"] = table["joint"] - table["closed"]
    return Joined(joint, closed, table)


def _run(scenario: Scenario) -> tuple[RunResult, dict[str, tuple[World, State]]]:
    world, state = begin_together(scenario)
    run_until(world, state)
    pairs = dict(zip(world.names, zip(world.members, state.members, strict=True), strict=True))
    return joint_result(world, state), pairs


def terms_of_trade(joint: tuple[World, State], closed: tuple[World, State]) -> dict[int, float]:
    """What a province gets more for what it sells beyond its borders, by year, yi yuan: mean quantities, prices there.

    What it buys has a given price, and so has most of what it sells; coal, coke, steel and power meet a demand that
    slopes, so that others pay a part of its carbon cost.
    """
    world = joint[0]
    c, leaves = world.province.compiled, world.economy.accounts.export_leaves
    at, foreign = c.leaf_price_var[leaves], c.price_index[FX]
    gains = {}
    for with_others, alone in zip(joint[1].log.years, closed[1].log.years, strict=True):
        prices = [one.flows.x[at] / one.flows.x[foreign] for one in (with_others, alone)]
        sold = 0.5 * (with_others.flows.leaf[leaves] + alone.flows.leaf[leaves])
        gains[with_others.year] = float(sold @ (prices[0] - prices[1]))
    return gains


def _compared(
    joint: RunResult, closed: RunResult, region: str, beyond: Mapping[int, float]
) -> list[tuple[int, str, str, float, float]]:
    """Measures of one region by year, closed and joint."""
    there, here = joint.of(region), closed
    rows: list[tuple[int, str, str, float, float]] = []

    def values(variable: str) -> tuple[pd.Series[float], pd.Series[float]]:
        return here.series(variable), there.series(variable)

    price, emitted, paid, won = (values(name) for name in ("Price|Carbon|Time Mean", COVERED, PAID_OUTSIDE, YIELD))
    bought, product = values(OTHER), values("GDP|MER")
    for year in map(int, price[0].index):
        rows += [
            (year, "price", PRICE, float(price[0][year]), float(price[1][year])),
            (year, "covered emissions", TONNES, float(emitted[0][year]), float(emitted[1][year])),
            (year, "bought of other provinces", TONNES, float(bought[0][year]), float(bought[1][year])),
            (year, "paid to them", MILLION, float(paid[0][year]), float(paid[1][year])),
            (year, "gross domestic product", BILLION, float(product[0][year]), float(product[1][year])),
            (year, "consumption and saving", BILLION, float(won[0][year]), float(won[1][year])),
        ]
        saved = 0.5 * float(price[0][year] + price[1][year]) * float(emitted[1][year] - emitted[0][year])
        change = float(won[1][year] - won[0][year]) * MILLION_OF_BILLION
        terms = [saved, -float(paid[1][year] - paid[0][year]), beyond[year] * MILLION_OF_YI]
        terms.append(change - sum(terms))
        rows += [(year, f"welfare: {term}", MILLION, 0.0, value) for term, value in zip(TERMS, terms, strict=True)]
        rows.append((year, "gain from trade", MILLION, 0.0, terms[0] + terms[1]))
    return rows


def gains(table: pd.DataFrame) -> pd.Series[float]:
    """What trade between the provinces is worth in each year, million yuan: abatement that none of them need pay.

    Payments between them add up to nothing; the rest is the area under their abatement curves that is saved.
    """
    rows = table[table["measure"] == "gain from trade"]
    return rows.groupby("year")["joint"].sum()


def words(found: Joined, first: int) -> str:
    """The years from one on as aligned text, a block a region: prices on average, tonnes and money added up."""
    table = found.table[found.table["year"] >= first]
    last = int(table["year"].max())
    lines = [say("{first}-{last}, added up (the price: mean)", first=first, last=last)]
    heads = " ".join(flush_right(head, 14) for head in (say("closed"), say("joint"), say("difference")))
    for region, own in table.groupby("region", sort=False):
        place = translate(str(region).rpartition("|")[2])
        lines += ["", f"{flush_left(place, 40)} {heads}"]
        for name_of, rows in own.groupby("measure", sort=False):
            measure = str(name_of)
            mean = measure == "price"
            numbers = [float(rows[name].mean() if mean else rows[name].sum()) for name in COLUMNS[-3:]]
            shown = [f"{number:>14,.2f}" for number in numbers]
            if measure.startswith("welfare") or measure == "gain from trade":
                shown[:2] = [" " * 14, " " * 14]
            told = flush_left(translate(MEASURES[measure]), 38)
            lines.append(f"  {told} {' '.join(shown)}  {translate(str(rows['unit'].iloc[0]))}")
    whole = float(gains(table).sum())
    lines += ["", say("All provinces together gain {gain:,.0f} million yuan by trading.", gain=whole)]
    return "\n".join(lines)
