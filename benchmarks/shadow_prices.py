"""Side by side: shadow prices of 2,759 units, beside a solver call for each unit and beside pyStoNED.

1. The clock: the quadratic function, the multiplier programmes (constant and variable returns, with the ranges of
   prices that are not unique), and a HiGHS call for each unit of a sample, scaled up to all.
2. The numbers: distances of 150 units beside HiGHS' own envelopment programmes and, where it is installed, beside
   `pystoned.DEA.DDF` solved by HiGHS (`pip install pystoned highspy`; any environment with NumPy, SciPy and pandas
   will do for this script).
3. The error: relative error of the estimated prices on the made-up survey, by noise and by null-jointness, and how far
   output noise and null-jointness move prices.

Run from the project's folder: ``OMP_NUM_THREADS=1 python -m benchmarks.shadow_prices``. One thread.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from tanshi.agents.sinks.distance import TIES, Choices, shadow_prices
from tanshi.agents.sinks.errors import ProgrammeError
from tanshi.agents.sinks.nonparametric import Returns, solve_duals
from tanshi.agents.sinks.parametric import Properties, fit
from tanshi.agents.sinks.survey import Design, draw_survey
from tanshi.agents.sinks.units import read_units
from tanshi.market.orders import Floats

SAMPLE, SEEDS = 150, (1, 2, 3)


def units(rows: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Inputs, output and CO2 in means."""
    some = read_units(rows)
    return some.inputs / some.inputs.mean(axis=0), some.output / some.output.mean(), some.co2 / some.co2.mean()


def envelopment(x: Floats, y: Floats, c: Floats, returns: Returns, which: np.ndarray) -> Floats:
    """Distances from one HiGHS call a unit, direction (1, 1)."""
    n = len(y)
    out = []
    for k in which:
        above = np.column_stack([np.vstack([x.T, -y]), [*np.zeros(x.shape[1]), 1.0]])
        equal = np.append(c, 1.0)[None, :]
        level = [c[k]]
        if returns == "vrs":
            equal, level = np.vstack([equal, np.append(np.ones(n), 0.0)]), [c[k], 1.0]
        found = linprog(
            np.append(np.zeros(n), -1.0), A_ub=above, b_ub=[*x[k], -y[k]], A_eq=equal, b_eq=level,
            bounds=[(0, None)] * n + [(None, None)], method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )  # fmt: skip
        out.append(-float(found.fun or 0.0))
    return np.array(out)


def peer(x: Floats, y: Floats, c: Floats, returns: Returns) -> Floats | None:
    """Distances from pyStoNED, or None where it is not installed."""
    try:
        import pyomo.environ as pyomo
        from pystoned import DEA
        from pystoned.constant import RTS_CRS, RTS_VRS
    except ImportError:
        return None
    rts = RTS_CRS if returns == "crs" else RTS_VRS
    model = DEA.DDF(y[:, None], x, b=c[:, None], gy=[1.0], gx=[0.0] * x.shape[1], gb=[1.0], rts=rts)
    # pyStoNED's own optimize() asks for MOSEK or a remote server; its model is solved here by HiGHS.
    inner = model.__model__
    solver = pyomo.SolverFactory("appsi_highs")
    solver.highs_options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    with contextlib.redirect_stdout(io.StringIO()):
        solver.solve(inner)
    return np.array([pyomo.value(inner.theta[k]) for k in inner.I])


def best(work: Callable[[], object], repeats: int = 3) -> float:
    """Shortest of several runs, s."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def clock(survey: pd.DataFrame) -> None:
    """Print the times."""
    year = survey[survey["year"] == survey["year"].min()]
    x, y, c = units(year)
    one = np.ones(2)
    noisy = y * np.exp(0.05 * np.random.default_rng(0).normal(size=len(y)))
    print(f"{len(y):,} units on one frontier, direction (1, 1)\n")
    print(f"{'':44}{'s':>9}{'units/s':>12}")
    rows: list[tuple[str, Callable[[], object]]] = [
        ("quadratic function", lambda: fit(x, y, c)),
        ("quadratic function, null-joint", lambda: fit(x, y, c, properties=Properties(null_joint=True))),
        ("quadratic function, 5 % noise in output", lambda: fit(x, noisy / noisy.mean(), c)),
        ("multipliers, constant returns", lambda: solve_duals(x, y, c, one, "crs")),
        ("multipliers, variable returns", lambda: solve_duals(x, y, c, one, "vrs")),
        ("multipliers, variable, own direction", lambda: solve_duals(x, y, c, np.column_stack([y, c]), "vrs")),
    ]
    ours = 0.0
    for name, work in rows:
        took = best(work)
        ours = took if name == "multipliers, variable returns" else ours
        print(f"{name:44}{took:9.3f}{len(y) / took:12,.0f}")
    which = np.linspace(0, len(y) - 1, 60).astype(int)
    start = time.perf_counter()
    envelopment(x, y, c, "vrs", which)
    took = (time.perf_counter() - start) / len(which) * len(y)
    print(f"{'a HiGHS call for each unit (from 60)':44}{took:9.1f}{len(y) / took:12,.0f}   ratio {took / ours:,.0f}")


def numbers(survey: pd.DataFrame) -> None:
    """Print the largest differences."""
    x, y, c = units(survey[survey["year"] == survey["year"].min()].sample(SAMPLE, random_state=1))
    print(f"\nDistances of {SAMPLE} units, largest absolute difference (means)\n")
    print(f"{'':20}{'HiGHS':>12}{'pyStoNED':>14}")
    for returns in ("crs", "vrs"):
        mine = solve_duals(x, y, c, np.ones(2), returns).inefficiency
        theirs = envelopment(x, y, c, returns, np.arange(SAMPLE))
        other = peer(x, y, c, returns)
        shown = "not there" if other is None else f"{np.abs(mine - other).max():.1e}"
        print(f"{returns:20}{np.abs(mine - theirs).max():12.1e}{shown:>14}")


def errors() -> None:
    """Print the errors of the estimated prices."""
    print(f"\nRelative error of the price, made-up survey, frontiers by sector and year, {len(SEEDS)} seeds\n")
    print(f"{'method':34}{'noise':>7}{'median':>9}{'90 %':>9}{'bias':>9}{'rank':>7}{'at edge':>9}")
    by = ("sector", "year")
    cases = [
        ("quadratic", Choices()),
        ("quadratic, null-joint", Choices(properties=Properties(null_joint=True))),
        ("quadratic, no monotone inputs", Choices(properties=Properties(monotone_inputs=False))),
        *((f"hull, constant returns, {tie}", Choices(method="crs", ties=tie)) for tie in ("middle",)),
        *((f"hull, variable returns, {tie}", Choices(method="vrs", ties=tie)) for tie in TIES),
    ]  # fmt: skip
    for name, choices in cases:
        for noise in (0.0, 0.01, 0.05, 0.1):
            parts = []
            for seed in SEEDS:
                survey = draw_survey(Design(seed=seed, noise=noise))
                try:
                    priced = shadow_prices(read_units(survey), by, choices)
                except ProgrammeError as error:
                    print(f"{name:34}{noise:7.0%}   {error.message}")
                    continue
                parts.append(priced.assign(true_price=survey["true_price"]))
            if not parts:
                continue
            table = pd.concat(parts)
            off = table["shadow_price"] / table["true_price"] - 1
            rank = (
                table.groupby(["sector", "year"])[["shadow_price", "true_price"]].corr("spearman").iloc[::2, 1].mean()
            )
            edge = (table["boundary"] != "").mean()
            print(
                f"{name:34}{noise:7.0%}{off.abs().median():9.2g}{off.abs().quantile(0.9):9.2g}"
                f"{off.median():+9.2g}{rank:7.2f}{edge:9.1%}"
            )


def moved_prices() -> None:
    """Print how far noise in output alone, and null-jointness, move the price of a unit."""
    print("\nQuadratic function: |change of a unit's price|, median and 90 % over units")
    print(f"\n{'':52}{'median':>9}{'90 %':>9}")
    nobody = Properties(null_joint=False)
    both = Properties(null_joint=True)
    for by, where in ((("sector", "year"), "by sector and year"), (("year",), "by year")):
        for noise in (0.01, 0.05, 0.1):
            moved = [_moved(seed, by, 0.0, nobody, nobody, output_noise=noise) for seed in SEEDS]
            _line(f"noise of {noise:.0%} in output, frontiers {where}", moved)
        for noise in (0.0, 0.05):
            moved = [_moved(seed, by, noise, nobody, both) for seed in SEEDS]
            _line(f"null-joint, {noise:.0%} noise, frontiers {where}", moved)


def _moved(
    seed: int, by: tuple[str, ...], noise: float, first: Properties, second: Properties, output_noise: float = 0.0
) -> pd.Series[float]:
    some = read_units(draw_survey(Design(seed=seed, noise=noise)))
    luck = np.exp(output_noise * np.random.default_rng(seed).normal(size=len(some)))
    before = shadow_prices(some, by, Choices(properties=first))["shadow_price"]
    after = shadow_prices(some.with_outputs(some.output * luck, some.co2), by, Choices(properties=second))
    return (after["shadow_price"] / before.where(before > 1e-6) - 1).abs().replace(np.inf, np.nan)


def _line(name: str, moved: list[pd.Series[float]]) -> None:
    both = pd.concat(moved)
    print(f"{name:52}{both.median():9.2g}{both.quantile(0.9):9.2g}")


if __name__ == "__main__":
    made_up = draw_survey()
    clock(made_up)
    numbers(made_up)
    errors()
    moved_prices()
