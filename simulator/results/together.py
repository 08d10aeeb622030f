"""From a run of several provinces to its tables: each province's own, one below the other, the region as a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.market.orders import Ints
from tanshi.numerics.units import MILLION, TONNES
from tanshi.scenarios.link import OTHERS
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.stored import StoredRuns
from tanshi.simulator.results.tables import TRADE_COLUMNS, ResultError, RunResult
from tanshi.simulator.results.variables import VENUES, region_of
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs

SUM = "All (Sum)"
"""Region of what is added up over all regions of a market, where that is asked for."""
NOT_ADDED = ("CNY_2022/", "%")
"""First signs of the units of what does not add up."""
ALIKE = 1e-9
"""Part by which values of regions may differ and be one value."""
VOLUME, TURNOVER = "Carbon Market|Trading Volume", "Carbon Market|Turnover"
NET_TRANSFERS = "Carbon Market|Net Transfers"
"""Of positions against others of the same region, so that regions' do not add up to the market's."""
WORST = ("worst_residual", "worst_walras")
ADDED = ("iterations", "unsettled_periods")
"""What of the provinces' diagnostics is told of the run: the largest, and the sum."""


def joint_result(w: JointWorld, s: JointState) -> RunResult:
    """The run's tables so far; what is of one province alone stands under its region, and nothing is added up."""
    regions = [region_of(name) for name in w.names]
    found = dict(zip(regions, (result_of(*pair) for pair in pairs(w, s)), strict=True))
    periods = [one.periods.assign(region=region) for region, one in found.items()]
    return RunResult(
        scenario=w.scenario.name,
        seed=w.scenario.seed,
        annual=_of_run(w, pd.concat([one.annual for one in found.values()], ignore_index=True)),
        periods=_of_run(w, pd.concat(periods, ignore_index=True)),
        trades=_trades(w, s, found),
        parameters=w.scenario.model_dump(mode="json"),
        meta=_meta(found),
    )


def several(runs: Sequence[RunResult]) -> bool:
    """Whether runs are of several regions; of a stored batch the first one says it."""
    looked_at = runs[:1] if isinstance(runs, StoredRuns) else runs
    return any(len(run.regions) > 1 for run in looked_at)


def apart(runs: Iterable[RunResult], called: Callable[[str], str] = str) -> list[RunResult]:
    """Runs of several regions as one run a region, for who looks at regions one by one; others as they are.

    Where all are of one scenario each is called by its region alone.

    Parameters
    ----------
    called
        From a region's last word to what it is called, such as in another language.
    """
    looked_at = list(runs)
    alone = len({run.scenario for run in looked_at}) == 1
    found: list[RunResult] = []
    for run in looked_at:
        if len(run.regions) > 1:
            for region in run.regions:
                word = called(region.rpartition("|")[2])
                found.append(run.of(region, word if alone else f"{run.scenario}: {word}"))
        else:
            found.append(run)
    return found


# -- what all regions come to, where somebody asks ---------------------------------------------------------


def summed(run: RunResult) -> pd.DataFrame:
    """The years of a market of several regions as one of all of them: rows of `SUM` in the form of `RunResult.annual`.

    Tonnes, energy and money are added up. What changed hands across a border stands in both regions' tables and is
    counted once. What cannot be added, such as a price, is told where it is the same in all; what only one of the two
    ways would give is left out.

    Raises
    ------
    ResultError
        Where the run is of one region.
    """
    if len(run.regions) < 2:
        raise ResultError(
            "the run {scenario} is of one region, {region}: nothing adds up", scenario=run.scenario,
            region=", ".join(run.regions),
        )  # fmt: skip
    keys = ["scenario", "seed", "variable", "unit", "year"]
    groups = run.annual.groupby(keys, sort=False, observed=True)["value"]
    whole, count = groups.sum(), groups.count()
    alike = groups.max() - groups.min() <= ALIKE * groups.max().abs()
    variable, unit = (whole.index.get_level_values(name).astype(str) for name in ("variable", "unit"))
    rate = unit.str.startswith(NOT_ADDED)
    traded = variable.str.startswith((VOLUME, TURNOVER))  # known once of all where each fill is
    kept = (~rate | (alike & (count == len(run.regions)))) & (variable != NET_TRANSFERS)
    kept &= ~traded | bool(len(run.trades))
    table = whole.where(~rate, groups.max())[kept].reset_index()
    table["value"] -= _twice(run).reindex(pd.MultiIndex.from_frame(table[["variable", "year"]])).fillna(0.0).to_numpy()
    table.insert(2, "region", SUM)
    return table.astype({"region": run.annual["region"].dtype})[list(run.annual.columns)]


def with_sums(runs: Sequence[RunResult]) -> list[RunResult]:
    """Runs whose tables of years have the rows of `summed` too, where they are of several regions."""
    return [
        replace(run, annual=pd.concat([run.annual, summed(run)], ignore_index=True)) if len(run.regions) > 1 else run
        for run in runs
    ]


def _twice(run: RunResult) -> pd.Series:
    """What stands in the tables of two regions, by variable and year: fills across a border, in the tables' units."""
    trades = run.trades
    if "buyer_region" not in trades or not len(trades):
        return pd.Series(dtype=float)
    across = trades[trades["buyer_region"] != trades["seller_region"]]
    venue = np.where(across["seller_sector"] == "GOV", VENUES[0], VENUES[1])
    tonnes = across["quantity_t"] / TONNES
    yuan = across["quantity_t"] * across["price"] / MILLION
    found: dict[tuple[str, int], float] = {}
    for name, values in ((VOLUME, tonnes), (TURNOVER, yuan)):
        for year, whole in values.groupby(across["year"]).sum().items():
            found[name, int(str(year))] = float(whole)
        for kind in VENUES:
            for year, part in values[venue == kind].groupby(across["year"]).sum().items():
                found[f"{name}|{kind}", int(str(year))] = float(part)
    return pd.Series(found, dtype=float)


def _of_run(w: JointWorld, table: pd.DataFrame) -> pd.DataFrame:
    """The table under the run's own seed: the provinces' firms have theirs."""
    return table.assign(seed=np.int64(w.scenario.seed))


def _trades(w: JointWorld, s: JointState, found: dict[str, RunResult]) -> pd.DataFrame:
    """All fills, each once, with the regions of buyer and seller."""
    regions = np.array(list(found), dtype=object)
    within = [
        one.trades[(one.trades["buyer_sector"] != OTHERS) & (one.trades["seller_sector"] != OTHERS)].assign(
            buyer_region=region, seller_region=region
        )
        for region, one in found.items()
    ]
    columns: dict[str, Any] = {}
    if s.crossings:
        rows = {name: np.concatenate([row[name] for row in s.crossings]) for name in s.crossings[0]}
        columns = {name: rows[name] for name in ("year", "period", "buyer", "seller", "price", "quantity_t")}
        for side in ("buyer", "seller"):
            place = rows[f"{side}_place"]
            columns[f"{side}_region"] = regions[place]
            columns[f"{side}_sector"] = _sectors(w, s, place, rows[side])
    across = pd.DataFrame(columns).assign(scenario=w.scenario.name, seed=np.int64(w.scenario.seed))
    names = [*TRADE_COLUMNS, "buyer_region", "seller_region"]
    tables = [table for table in (*within, across) if len(table)] or within[:1]
    whole = pd.concat([table[names] for table in tables], ignore_index=True)
    return _of_run(w, whole.sort_values(["year", "period"], kind="stable", ignore_index=True))


def _sectors(w: JointWorld, s: JointState, place: Ints, account: Ints) -> NDArray[Any]:
    """Codes of the sectors of accounts in the registries of the provinces."""
    found = np.empty(len(account), dtype=object)
    for here, (world, state) in enumerate(pairs(w, s)):
        firms = state.firms
        others = ["GOV", *["INT"] * world.scenario.firms.intermediaries]
        codes = np.array([*np.array(firms.sectors, dtype=object)[firms.sector], *others], dtype=object)
        mine = place == here
        found[mine] = codes[account[mine]]
    return found


def _meta(found: dict[str, RunResult]) -> dict[str, Any]:
    """What is told of the whole run, and of each region its own."""
    each = {region: dict(one.meta) | {"parameters": dict(one.parameters)} for region, one in found.items()}
    meta: dict[str, Any] = {name: max(one.meta[name] for one in found.values()) for name in WORST}
    meta |= {name: sum(one.meta[name] for one in found.values()) for name in ADDED}
    meta["unsettled_plans"] = sorted({year for one in found.values() for year in one.meta["unsettled_plans"]})
    told = [f"{region.rpartition('|')[2]}, {alarm}" for region, one in found.items() for alarm in one.meta["alarms"]]
    return meta | {"alarms": told, "regions": each}
