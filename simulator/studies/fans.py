"""Many seeds with shocks: bands of price, emissions and cost, moments of the price, and who brings how much variance.

Common random numbers: seed k meets the same weather in every scenario, so that a difference between scenarios is the
policy's. Every second run meets the mirror image of the weather of the one before (antithetic variates, Hammersley and
Morton 1956), so that what moves prices by as much up as down leaves the mean over seeds alone. The variance is
divided by Sobol's indices over the drivers' own draws (Saltelli and Jansen's estimators).

References
----------
Hammersley, J. M. and Morton, K. W. (1956): A new Monte Carlo technique: antithetic variates. Mathematical Proceedings
of the Cambridge Philosophical Society 52, 449-475.
Sobol, I. M. (2001): Global sensitivity indices for nonlinear mathematical models and their Monte Carlo estimates.
Mathematics and Computers in Simulation 55, 271-280.
Jansen, M. J. W. (1999): Analysis of variance designs for model output. Computer Physics Communications 117, 35-43.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.agents.streams import stream
from tanshi.errors import TanshiError
from tanshi.language import mark
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.together import refuse_several
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.batches.batch import Progress, run_batch
from tanshi.simulator.studies.compare import moments
from tanshi.simulator.studies.straying.answers import answers
from tanshi.simulator.studies.straying.parts import FITTED, ORIGIN, PARTS, STILL
from tanshi.simulator.studies.straying.reasons import plans, reasons

STILL_SEEDS = 10
"""Runs without shocks: they differ by the firms' own luck alone."""

FACTORS = (*(name for name in DRIVERS if name != "cap_news"), "belief", "firms")
"""What the variance is divided over; news about the cap is in what the network learnt beliefs from."""
OUTPUTS = (mark("price of the last year"), mark("volatility"), mark("covered emissions of all years"))
_FIRST, _OTHER = 10_000, 20_000  # seeds of the two samples of the division of variance
_REDRAWN = 2_000  # samples of samples, for the intervals of the indices


class FanError(TanshiError, RuntimeError):
    """A run of the study failed."""

    exit_code = 1


@dataclass(frozen=True)
class Fans:
    """What the command shows.

    Attributes
    ----------
    bands
        Scenario, part, variable, unit, t, low, middle, high, mean: 5, 50, 95 % over the seeds.
    moments
        Scenario, part, measure, mean, low, high over the seeds, origin.
    centre
        Scenario, part, variable: mean over seeds with shocks over the path without, less 1, in the last year, and its
        standard error over pairs of seeds; the same of the median; what the mean of a variable with this spread of
        logarithms lies above its median, by curvature alone; and mean and standard error over all years of the policy.
    variance
        Scenario, output, factor, first, total (Sobol), each with a 90 % interval; empty where not asked.
    halved
        Share of periods whose shock was halved.
    reasons
        Why the mean lies off the path without shocks (`tanshi.simulator.studies.straying.reasons`); empty if not asked.
    answers
        What the shape of the price's answer to coal adds to the mean (`tanshi.simulator.studies.straying.answers`);
        empty likewise.
    """

    bands: pd.DataFrame
    moments: pd.DataFrame
    centre: pd.DataFrame
    variance: pd.DataFrame
    halved: float
    reasons: pd.DataFrame = field(default_factory=pd.DataFrame)
    answers: pd.DataFrame = field(default_factory=pd.DataFrame)


def fans(
    names: Sequence[str],
    out: Path,
    *,
    seeds: int = 200,
    variance: int = 0,
    reason: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    overrides: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> Fans:
    """Run the scenarios over many seeds, with and without each part of what strays.

    Parameters
    ----------
    variance
        Size of the two samples over which the variance is divided; 0: it is not.
    reason
        Pairs of a seed and its mirror image over which the mean's shift is taken apart; 0: it is not.

    Raises
    ------
    UserError
        For a scenario with shocks of its own.
    """
    runs: list[Scenario] = []
    labels: dict[str, tuple[str, str]] = {}
    given = dict(overrides or {})
    for name in names:
        base = load_scenario(name, given)
        refuse_several(base)
        if base.shocks.any:
            problem = Problem("a scenario without shocks of its own", "shocks", field="shocks")
            raise UserError("The scenario {name} strays already.", [problem], name=base.name)
        for number, (part, fields) in enumerate(PARTS.items()):
            count = min(seeds, STILL_SEEDS) if part == STILL else seeds
            for k in range(count):
                label = f"{base.name}-{number}-{k + 1}"
                labels[label] = (base.name, part)
                own = {"seed": base.seed + k} if part == STILL else _drawn(base.seed, k)
                runs.append(load_scenario(name, {**given, **fields, **own, "name": label}))
    found = _run(runs, out / "fans", workers, overwrite, progress)
    tagged = [(labels[run.scenario], run) for run in found]
    divided = [
        _divide(name, given, variance, out, workers, overwrite, progress) for name in (names if variance else ())
    ]
    why = []
    for name in names if reason else ():
        planned = plans(name, given, reason)
        done = _run([run for run, _ in planned], out / "why" / name, workers, overwrite, progress)
        world = {run.name: what for run, what in planned}
        why.append(reasons(load_scenario(name, given).name, [(world[run.scenario], run) for run in done]))
    shapes = [answers(name, given) for name in names] if reason else []
    shares = [float(run.meta["shocks"]["halved_share"]) for run in found if "shocks" in run.meta]
    bands = _bands(tagged)
    return Fans(
        bands=bands,
        moments=_moments(tagged),
        centre=_centre(tagged),
        variance=pd.concat(divided, ignore_index=True) if divided else pd.DataFrame(),
        halved=float(np.mean(shares)) if shares else 0.0,
        reasons=pd.concat(why, ignore_index=True) if why else pd.DataFrame(),
        answers=pd.concat(shapes, ignore_index=True) if shapes else pd.DataFrame(),
    )


def _drawn(seed: int, k: int) -> dict[str, object]:
    """Seed of the k-th run with shocks, and whether it meets the mirror image: two and two share their weather."""
    return {"seed": seed + k // 2, "shocks.mirrored": bool(k % 2)}


def sobol(a: np.ndarray, b: np.ndarray, mixed: np.ndarray) -> tuple[float, float]:
    """First and total index of one factor.

    Parameters
    ----------
    a, b
        (n,) output of two independent samples.
    mixed
        (n,) of the first sample with this factor taken from the second.
    """
    variance = float(np.var(np.concatenate([a, b]), ddof=1))
    if variance <= 0:
        return 0.0, 0.0
    first = 1.0 - float(np.mean((b - mixed) ** 2)) / (2.0 * variance)
    return first, float(np.mean((a - mixed) ** 2)) / (2.0 * variance)


def between(a: np.ndarray, b: np.ndarray, mixed: np.ndarray) -> tuple[float, float, float, float]:
    """90 % intervals of both indices of `sobol`, first's then total's: quantiles over redrawn samples."""
    n = len(a)
    rows = stream(0, "fans", "intervals").integers(0, n, (_REDRAWN, n))
    variance = np.maximum(np.var(np.concatenate([a[rows], b[rows]], axis=1), axis=1, ddof=1), 1e-300)
    first = 1.0 - ((b - mixed) ** 2)[rows].mean(axis=1) / (2.0 * variance)
    total = ((a - mixed) ** 2)[rows].mean(axis=1) / (2.0 * variance)
    low, high = (np.quantile(np.stack([first, total]), q, axis=1) for q in (0.05, 0.95))
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def curvature(drawn: np.ndarray) -> float:
    """What the mean of values above 0 lies above their middle, as part of it, by the spread of their logarithms alone.

    Logarithms that spread normally by s about a middle have a mean of their exponentials that is exp(s^2 / 2) times it.
    """
    return float(np.expm1(np.var(np.log(drawn), ddof=1) / 2.0)) if len(drawn) > 1 else 0.0


def _run(
    runs: Sequence[Scenario], out: Path, workers: int | None, overwrite: bool, progress: Progress | None
) -> list[RunResult]:
    return run_batch(runs, out, overwrite=overwrite, progress=progress, workers=workers).whole(FanError)


def covered_emissions(periods: pd.DataFrame) -> pd.Series[float]:
    """Emissions of the sectors that trade, Mt/yr, by period."""
    sectors = [str(c).removeprefix("covered_") for c in periods if str(c).startswith("covered_")]
    total = sum(periods[f"emissions_{s}"] * periods[f"covered_{s}"] for s in sectors)
    return pd.Series(total, index=periods.index, dtype=float)


def _series(run: RunResult) -> dict[tuple[str, str], pd.Series[float]]:
    p = run.periods
    t = pd.Index(p["t"], name="t")
    emissions = covered_emissions(p)
    cost = p["price"] * emissions / 100.0
    gdp = run.annual[run.annual["variable"] == "GDP|MER"]
    return {
        ("Price|Carbon", "yuan/t CO2"): pd.Series(p["price"].to_numpy(float), t),
        ("Covered emissions", "Mt CO2/yr"): pd.Series(emissions.to_numpy(float), t),
        ("Value of covered emissions", "yi yuan/yr"): pd.Series(cost.to_numpy(float), t),
        ("GDP", "billion yuan/yr"): pd.Series(gdp["value"].to_numpy(float), pd.Index(gdp["year"] + 0.5, name="t")),
    }


def _bands(tagged: Sequence[tuple[tuple[str, str], RunResult]]) -> pd.DataFrame:
    collected: dict[tuple[str, str, str, str], list[pd.Series[float]]] = {}
    for (scenario, part), run in tagged:
        for (variable, unit), values in _series(run).items():
            collected.setdefault((scenario, part, variable, unit), []).append(values)
    tables = []
    for (scenario, part, variable, unit), each in collected.items():
        drawn = np.stack([s.to_numpy(float) for s in each])
        low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95], axis=0)
        table = pd.DataFrame(
            {"t": each[0].index, "low": low, "middle": middle, "high": high, "mean": drawn.mean(axis=0)}
        )
        tables.append(table.assign(scenario=scenario, part=part, variable=variable, unit=unit))
    return pd.concat(tables, ignore_index=True)


def price_moments(run: RunResult) -> dict[str, float]:
    """Moments of the price's changes under the policy, without its first year, when the price finds its level."""
    p = run.periods
    policy = p[p["regime"] >= 2].reset_index(drop=True)
    per_year = int(p.groupby("year").size().max())
    later = policy[policy["t"] >= policy["t"].iloc[0] + 1.0].reset_index(drop=True)
    return moments(later["t"], later["price"], later["regime"], per_year)


def _moments(tagged: Sequence[tuple[tuple[str, str], RunResult]]) -> pd.DataFrame:
    rows = []
    for (scenario, part), run in tagged:
        rows += [{"scenario": scenario, "part": part, "measure": m, "value": v} for m, v in price_moments(run).items()]
    table = pd.DataFrame(rows)
    out = []
    for key, own in table.groupby(["scenario", "part", "measure"], sort=False):
        scenario, part, measure = (str(k) for k in key)
        values = own["value"].to_numpy(float)
        low, high = np.nanquantile(values, [0.05, 0.95])
        out.append({"scenario": scenario, "part": part, "measure": measure, "mean": float(np.nanmean(values)),
                    "low": float(low), "high": float(high), "seeds": values.size,
                    "origin": ORIGIN[part]})  # fmt: skip
    return pd.DataFrame(out)


def _centre(tagged: Sequence[tuple[tuple[str, str], RunResult]]) -> pd.DataFrame:
    """How far mean and median over seeds lie from the path without shocks; what curvature gives."""
    drawn: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for (scenario, part), run in tagged:
        under = float(run.periods.loc[run.periods["regime"] >= 2, "t"].iloc[0])
        for (variable, _), values in _series(run).items():
            last, all_years = values[values.index >= np.floor(values.index.max())], values[values.index >= under]
            drawn.setdefault((scenario, part, variable), []).append((float(last.mean()), float(all_years.mean())))
    rows = []
    for (scenario, part, variable), each in drawn.items():
        if part == STILL:
            continue
        shifts = np.array(each) / np.mean(drawn[scenario, STILL, variable], axis=0) - 1.0
        last, over_all = (_mean_of_pairs(column) for column in shifts.T)
        rows.append({"scenario": scenario, "part": part, "variable": variable, "shift": last[0], "error": last[1],
                     "median_shift": float(np.median(shifts[:, 0])), "curvature": curvature(1.0 + shifts[:, 0]),
                     "shift_all": over_all[0], "error_all": over_all[1]})  # fmt: skip
    return pd.DataFrame(rows)


def _mean_of_pairs(drawn: np.ndarray) -> tuple[float, float]:
    """Mean, and its standard error: a run and its mirror image count as one; an odd one out counts as half a pair."""
    pairs = [drawn[k : k + 2].mean() for k in range(0, len(drawn), 2)]
    error = float(np.std(pairs, ddof=1) / np.sqrt(len(pairs))) if len(pairs) > 1 else float("nan")
    return float(drawn.mean()), error


# -- who brings the variance ---------------------------------------------------------------------------------


def _divide(
    name: str, given: Mapping[str, object], size: int, out: Path, workers: int | None, overwrite: bool,
    progress: Progress | None,
) -> pd.DataFrame:  # fmt: skip
    """Sobol's indices of each factor: two samples of seeds, and the first with one factor taken from the second."""
    base = load_scenario(name, dict(given))
    everything = [f for f in FACTORS if f != "firms"]
    runs, labels = [], {}
    for k in range(size):
        a, b = _FIRST + k, _OTHER + k
        plans: dict[str, dict[str, object]] = {"a": {"seed": a}, "b": {"seed": b}}
        for factor in everything:
            plans[factor] = {"seed": a, "shocks.redrawn": [factor], "shocks.redraw_seed": b}
        plans["firms"] = {"seed": b, "shocks.redrawn": everything, "shocks.redraw_seed": a}
        for plan, fields in plans.items():
            label = f"{base.name}-{plan}-{k}"
            labels[label] = plan
            runs.append(load_scenario(name, {**dict(given), **PARTS[FITTED], **fields, "name": label}))
    found: dict[str, list[list[float]]] = {}
    for run in _run(runs, out / "variance" / base.name, workers, overwrite, progress):
        p = run.periods
        last = float(p.loc[p["year"] == p["year"].max(), "price"].mean())
        spread = price_moments(run)["volatility"]
        emitted = float(covered_emissions(p).sum() / p.groupby("year").size().max())
        found.setdefault(labels[run.scenario], []).append([last, spread, emitted])
    values = {plan: np.array(rows) for plan, rows in found.items()}
    rows = []
    for place, output in enumerate(OUTPUTS):
        for factor in FACTORS:
            drawn = values["a"][:, place], values["b"][:, place], values[factor][:, place]
            first, total = sobol(*drawn)
            low, high, total_low, total_high = between(*drawn)
            rows.append({"scenario": base.name, "output": output, "factor": factor, "first": first, "total": total,
                         "first_low": low, "first_high": high, "total_low": total_low, "total_high": total_high,
                         "runs": size * (len(FACTORS) + 2)})  # fmt: skip
    return pd.DataFrame(rows)
