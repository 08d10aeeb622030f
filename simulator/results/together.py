"""From a run of several provinces to its tables: each province's own, one below the other, the region as a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.market.orders import Ints
from tanshi.scenarios.link import OTHERS
from tanshi.simulator.results.collect import result_of
from tanshi.simulator.results.stored import StoredRuns
from tanshi.simulator.results.tables import TRADE_COLUMNS, RunResult
from tanshi.simulator.results.variables import region_of
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs

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


def apart(runs: Iterable[RunResult]) -> list[RunResult]:
    """Runs of several regions as one run a region, for who looks at regions one by one; others as they are.

    Where all are of one scenario each is called by its region alone.
    """
    looked_at = list(runs)
    alone = len({run.scenario for run in looked_at}) == 1
    found: list[RunResult] = []
    for run in looked_at:
        if len(run.regions) > 1:
            found += [run.of(region, region.rpartition("|")[2] if alone else "") for region in run.regions]
        else:
            found.append(run)
    return found


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
