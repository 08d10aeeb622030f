"""Why the mean over seeds lies off the path without shocks: counterfactual runs under the same weather.

Every run meets its mirror image, so that what answers shocks in proportion cancels. What is left is told apart by

- size: a season alone at size 0; at half and a quarter of the size curvature is a quarter and a sixteenth, a bend
  (where one side answers and the other does not) a half and a quarter;
- the bank: firms that bring so many allowances along that the bank never runs out;
- drivers one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tanshi.language import mark
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.straying.parts import EMERGED, PARTS

AMPLE = 0.1
"""Bank that firms bring along where it never runs out, as part of their yearly emissions."""
RUN_OUT = 1e-3
"""Mt planned to be left at the year's end under which a month counts as one in which the bank has run out."""

ALL, SEASON, LASTING = mark("all drivers"), mark("their season alone"), mark("all drivers, and a bank that lasts")
HALF, QUARTER = mark("all drivers, half the size"), mark("all drivers, a quarter of the size")
SIZES = {ALL: 1.0, HALF: 0.5, QUARTER: 0.25, SEASON: 0.0}
STILL, STILL_LASTING = "still", "still_lasting"
COLUMNS = ("scenario", "what", "size", "runs", "price", "shift", "error", "run_out")


def counterfactuals() -> dict[str, tuple[dict[str, object], bool]]:
    """Name -> fields, and whether it is drawn over seeds."""
    everything: dict[str, object] = dict(PARTS[EMERGED])
    bank: dict[str, object] = {"banking.opening": AMPLE}
    worlds: dict[str, tuple[dict[str, object], bool]] = (
        {STILL: ({}, False), STILL_LASTING: (dict(bank), False)}
        | {name: (everything | {"shocks.size": size}, size > 0.0) for name, size in SIZES.items()}
        | {LASTING: (everything | bank, True)}
        | {name: ({f"shocks.{name}": "estimated"}, True) for name in DRIVERS}
    )
    return worlds


def plans(name: str, given: Mapping[str, object], pairs: int) -> list[tuple[Scenario, str]]:
    """The runs, each with its counterfactual: pairs of a seed and its mirror image."""
    base = load_scenario(name, dict(given))
    runs = []
    for number, (what, (fields, drawn)) in enumerate(counterfactuals().items()):
        for k in range(2 * pairs if drawn else 1):
            own = {"seed": base.seed + k // 2} | ({"shocks.mirrored": bool(k % 2)} if drawn else {})
            label = f"{base.name}-why-{number}-{k + 1}"
            runs.append((load_scenario(name, {**given, **fields, **own, "name": label}), what))
    return runs


def reasons(scenario: str, found: Sequence[tuple[str, RunResult]]) -> pd.DataFrame:
    """Mean of the price under the policy, over that without shocks, by counterfactual (`COLUMNS`)."""
    drawn: dict[str, list[tuple[float, float]]] = {}
    for what, run in found:
        policy = run.periods[run.periods["regime"] >= 2]
        out = (policy["plan_bank"] < RUN_OUT).mean()
        drawn.setdefault(what, []).append((float(policy["price"].mean()), float(out)))
    rows = []
    for what, each in drawn.items():
        if what in (STILL, STILL_LASTING):
            continue
        price, out = np.array(each).T
        still = drawn[STILL_LASTING if what == LASTING else STILL][0][0]
        shifts = price / still - 1.0 if still > 0.0 else np.full(len(price), np.nan)
        pairs = shifts.reshape(-1, 2).mean(axis=1) if len(shifts) > 1 else shifts
        error = 0.0 if len(shifts) == 1 else np.nan  # one pair tells nothing of how far pairs differ
        if len(pairs) > 1:
            error = float(pairs.std(ddof=1) / np.sqrt(len(pairs)))
        values = (
            scenario,
            what,
            SIZES.get(what, 1.0),
            len(each),
            still,
            float(shifts.mean()),
            error,
            float(out.mean()),
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def bend_and_curvature(table: pd.DataFrame) -> tuple[float, float]:
    """Of the shift at full size, beyond the season's: what goes with the size, and what with its square.

    Least squares over the sizes that were run.
    """
    season = float(table.loc[table["what"] == SEASON, "shift"].iloc[0])
    sized = table[table["what"].isin([ALL, HALF, QUARTER])]
    size, shift = sized["size"].to_numpy(float), sized["shift"].to_numpy(float) - season
    (first, second), *_ = np.linalg.lstsq(np.stack([size, size**2], axis=1), shift, rcond=None)
    return float(first), float(second)
