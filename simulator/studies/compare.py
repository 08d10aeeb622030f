"""The traditional equilibrium model against the hybrid on the same scenario: paths, a mid-year shock, moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.errors import Message, TanshiError
from tanshi.language import mark
from tanshi.numerics.units import TONNES
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import TRADITIONAL, load_scenario
from tanshi.scenarios.schema import Coverage, Scenario
from tanshi.scenarios.together import refuse_several
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.batches.batch import Progress, run_batch
from tanshi.simulator.studies.straying.parts import ORIGIN as STRAY_ORIGIN
from tanshi.simulator.studies.straying.parts import PARTS, STILL

VARIANTS: Mapping[str, Mapping[str, object]] = {
    mark("traditional"): TRADITIONAL,
    mark("auction alone"): {"market.mode": "agents", "drift.mode": "none"},
    mark("hybrid"): {"market.mode": "agents"},
}
"""The traditional model has one equilibrium a year; the auction without drift stands between, to tell them apart."""

BASE = mark("no shock")
STRAYING = {f"hybrid, {part}": part for part in PARTS if part != STILL}
"""The hybrid with each part of what may stray, for the moments of its price alone."""

SETTLED = 0.1
"""A response has settled once it stays this close to where it is two years on, as a part of that."""
FEWEST_PAIRS = 3
"""Pairs of moves up to which an autocorrelation is not told."""
WATCHED = 2.0
"""Years after the shock in which it is watched."""

# Daily closes of the national allowance, July 2021 to May 2025 (Shanghai Environment and Energy Exchange).
DAILY = {"volatility": 0.27, "excess kurtosis": 6.7, "lag-1 autocorrelation": -0.15}
TIDE = {2021: 0.90, 2022: 0.68, 2023: 0.72, 2024: 0.79}
"""Part of the year's volume that changed hands from October to December."""

REAL, DAILY_CLOSES = mark("real market"), mark("real market, daily closes")
MONTHLY_CLOSES, OBSERVED = mark("real market, monthly closes"), mark("observed")
LATE, YEARLY = mark("October to December"), ", yearly"
MEASURES = (
    mark("volatility"), mark("excess kurtosis"), mark("lag-1 autocorrelation"),
    mark("autocorrelation of the size of moves"), LATE,
)  # fmt: skip
"""What is measured of a price, in the words of the tables."""

ORIGIN: Mapping[str, str] = {
    "volatility": mark("emerges: no noise is put on the price; firms' shocks and random bidders move it"),
    "excess kurtosis": mark("emerges"),
    "lag-1 autocorrelation": mark("emerges in the auction; the drift's reversion K is fitted to the real price"),
    "autocorrelation of the size of moves": mark("emerges"),
}


class ComparisonError(TanshiError, RuntimeError):
    """A run of the comparison failed."""

    exit_code = 1


@dataclass(frozen=True)
class Comparison:
    """What the command shows.

    Attributes
    ----------
    paths
        Scenario, variant, shock, t, price and covered emissions by period (by year: traditional).
    annual
        Scenario, variant, shock, year, variable, value.
    response
        Scenario, shock, variant, and the answer of the price to the shock.
    moments
        Source, measure, value, and whether it was imposed or emerges.
    shocks
        Name of the shock to its words.
    economies
        Names of the economies that were run.
    seeds
        Runs of each variant, over which the numbers are means; ``price_sd``, ``value_sd`` and ``sd`` tell the spread.
    """

    paths: pd.DataFrame
    annual: pd.DataFrame
    response: pd.DataFrame
    moments: pd.DataFrame
    shocks: Mapping[str, str]
    when: float
    economies: tuple[str, ...]
    seeds: int = 1


def compare(
    names: Sequence[str],
    out: Path,
    *,
    year: int | None = None,
    period: int | None = None,
    cut: float = 0.05,
    entrants: Sequence[str] | None = None,
    overwrite: bool = False,
    overrides: Mapping[str, object] | None = None,
    seeds: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run every variant of the scenarios with and without the shocks.

    Parameters
    ----------
    names
        One or two scenarios, built in or files.
    year, period
        When the shocks are announced; by default in the middle of a middle year.
    cut
        Part of the cap that the first shock takes away.
    entrants
        Sectors that the second shock brings in; by default steel, else whatever does not trade yet.
    overrides
        Fields of every scenario, by dotted path.
    seeds
        Runs of each variant. Shocks are laid against the run of the same seed, and means over the seeds are shown.

    Raises
    ------
    UserError
        For a year outside the scenario, or entrants that trade already.
    """
    runs: list[Scenario] = []
    labels: dict[str, tuple[str, str, str]] = {}
    shocks: dict[str, str] = {}
    when = 0.0
    for name in names:
        base = _unshocked(load_scenario(name, dict(overrides or {})))
        refuse_several(base)
        at = year if year is not None else (max(base.policy_start, base.years.start) + base.years.end) // 2
        n = base.market.periods_per_year
        first = period if period is not None else n // 2 + 1
        when = at + (first - 1) / n
        outside = [s for s in Coverage.model_fields if base.coverage[s] != "trading"]
        new = list(entrants) if entrants is not None else [s for s in outside if s == "STEEL"] or outside
        own: dict[str, dict[str, object]] = {BASE: {}}
        cutting = Message("cap cut by {cut:g} %", cut=100 * cut)
        own[cutting] = {"shock.year": at, "shock.period": first, "shock.cap_cut": cut}
        shocks |= {BASE: BASE, str(cutting): cutting}
        if new:
            entering = Message("{sectors} enter", sectors=", ".join(new))
            own[entering] = {"shock.year": at, "shock.period": first, "shock.sectors": new}
            shocks[str(entering)] = entering
        for label, told, scenario in _variants(name, base.name, own, dict(overrides or {})):
            labels[label] = told
            runs.append(scenario)
    made = run_batch(runs, out, overwrite=overwrite, progress=progress, seeds=seeds, workers=workers).whole(
        ComparisonError
    )
    tagged = [(labels[run.scenario], run) for run in made]
    still = [(label, run) for label, run in tagged if label[1] not in STRAYING]
    paths = _over_seeds(pd.concat([_path(run, *label) for label, run in still], ignore_index=True), "price")
    annual = pd.concat([_annual(run, *label) for label, run in still], ignore_index=True)
    return Comparison(
        paths=paths,
        annual=_over_seeds(annual, "value"),
        response=_responses(paths, when),
        moments=_moments(tagged, runs[0].economy),
        shocks=shocks,
        when=when,
        economies=tuple(dict.fromkeys(run.economy for run in runs)),
        seeds=seeds,
    )


def _variants(
    name: str, shown: str, shocks: Mapping[str, Mapping[str, object]], overrides: Mapping[str, object]
) -> Iterator[tuple[str, tuple[str, str, str], Scenario]]:
    """Every run of one scenario: its label, the scenario, variant and shock that it stands for, and what is run."""
    for number, (shock, fields) in enumerate(shocks.items()):
        for variant, rules in VARIANTS.items():
            label = f"{shown}-{variant.replace(' ', '_')}-{number}"
            changes = {**overrides, **rules, **fields, "name": label}
            yield label, (shown, variant, shock), load_scenario(name, changes)
    for number, (variant, part) in enumerate(STRAYING.items()):
        label = f"{shown}-strays-{number}"
        changes = {**overrides, **VARIANTS["hybrid"], **PARTS[part], "name": label}
        yield label, (shown, variant, BASE), load_scenario(name, changes)


def _over_seeds(table: pd.DataFrame, spread: str) -> pd.DataFrame:
    """Means over the seeds, with the standard deviation of one column over them: 0 for one seed."""
    values = ("price", "covered_emissions", "volume_mt", "value")
    keys = [name for name in table if name not in values]
    grouped = table.groupby(keys, sort=False, dropna=False)
    means = grouped.mean().reset_index()
    return means.assign(**{f"{spread}_sd": grouped[spread].std(ddof=1).fillna(0.0).to_numpy()})


def _unshocked(base: Scenario) -> Scenario:
    if base.shock.year is None:
        return base
    got = Message("shock.year {year}", year=base.shock.year)
    problem = Problem("a scenario without a shock of its own", got, field="shock")
    raise UserError("The scenario {name} cannot be compared under the command's shocks.", [problem], name=base.name)


def _path(run: RunResult, scenario: str, variant: str, shock: str) -> pd.DataFrame:
    p = run.periods
    sectors = [str(c).removeprefix("covered_") for c in p if str(c).startswith("covered_")]
    covered = sum(p[f"emissions_{s}"] * p[f"covered_{s}"] for s in sectors)
    volume = p["volume_t"] / TONNES
    return pd.DataFrame(
        {
            "scenario": scenario, "variant": variant, "shock": shock, "t": p["t"], "year": p["year"],
            "price": p["price"], "covered_emissions": covered, "volume_mt": volume, "regime": p["regime"],
        }
    )  # fmt: skip


def _annual(run: RunResult, scenario: str, variant: str, shock: str) -> pd.DataFrame:
    wanted = ("Price|Carbon", "Emissions|CO2", "GDP|MER", "Carbon Market|Trading Volume")
    table = run.annual[run.annual["variable"].isin(wanted)][["variable", "unit", "year", "value"]]
    return table.assign(scenario=scenario, variant=variant, shock=shock)


def _responses(paths: pd.DataFrame, when: float) -> pd.DataFrame:
    rows = []
    for (scenario, shock, variant), own in paths[paths["shock"] != BASE].groupby(
        ["scenario", "shock", "variant"], sort=False
    ):
        base = paths[(paths["scenario"] == scenario) & (paths["variant"] == variant) & (paths["shock"] == BASE)]
        change = own.set_index("t")["price"] - base.set_index("t")["price"]
        rows.append(
            {"scenario": scenario, "shock": shock, "variant": variant} | answer(change, when, variant == "traditional")
        )
    return pd.DataFrame(rows)


def answer(change: pd.Series[float], when: float, annual: bool) -> dict[str, float]:
    """How a price answers a shock.

    Parameters
    ----------
    change
        Difference from the run without the shock, yuan/t, by date of the period's beginning.
    annual
        One value a year, which moves from January of the shock's year on, before anybody knew.

    Returns
    -------
    dict
        `before` the largest change before the shock is announced, `impact` in the first period that knows,
        `first_year` after a year, `settled` after two years, and `years_to_settle` until it stays within 10 % of that.
    """
    early = change[change.index < when - 1e-9]
    known = change[change.index >= (np.floor(when) + 1 if annual else when) - 1e-9]
    watched = known[known.index < when + WATCHED - 1e-9] if not annual else known[known.index <= when + WATCHED]
    if watched.empty:
        nan = float("nan")
        return {"before": float(early.abs().max()), "impact": nan, "after_1_year": nan, "after_2_years": nan,
                "years_to_settle": nan}  # fmt: skip
    final = float(watched.iloc[-max(1, len(watched) // 8) :].mean())
    away = watched[(watched - final).abs() > SETTLED * abs(final)]
    after = watched.index[watched.index > away.index[-1]] if len(away) else watched.index
    year_on = watched[watched.index <= when + 1.0]
    return {
        "before": float(early.abs().max()),
        "impact": float(watched.iloc[0]),
        "after_1_year": float(year_on.iloc[-1]) if len(year_on) else float("nan"),
        "after_2_years": final,
        "years_to_settle": float(after.to_numpy(dtype=float)[0]) - when if len(after) else float("nan"),
    }


def moments(t: pd.Series[float], price: pd.Series[float], regime: pd.Series[int], per_year: int) -> dict[str, float]:
    """Moments of the changes of the log price, announcements left out."""
    change = pd.Series(np.log(price.clip(lower=0.01))).diff()
    change = change[(regime == regime.shift(1)) & (t > t.iloc[0])]
    return {
        "volatility": float(change.std() * np.sqrt(per_year)),
        "excess kurtosis": float(np.asarray(change.kurt())),
        "lag-1 autocorrelation": _after_one(change),
        "autocorrelation of the size of moves": _after_one(change.abs()),
    }


def _after_one(values: pd.Series[float]) -> float:
    """Correlation of each value with the next; NaN where there are too few to tell."""
    pairs = pd.DataFrame({"now": values, "next": values.shift(-1)}).dropna()
    return float(pairs["now"].corr(pairs["next"])) if len(pairs) > FEWEST_PAIRS else float("nan")


def _moments(tagged: Sequence[tuple[tuple[str, str, str], RunResult]], name: str) -> pd.DataFrame:
    rows = []

    def add(source: str, measure: str, value: float, origin: str) -> None:
        rows.append({"source": source, "measure": measure, "value": value, "origin": origin})

    for measure, value in DAILY.items():
        add(DAILY_CLOSES, measure, value, OBSERVED)
    add(REAL, LATE, float(np.mean(list(TIDE.values()))), mark("observed, 68 to 90 % by year"))
    real = economy(name).figures.cea_monthly
    real = real[real["trading_days"] >= 5].reset_index(drop=True) if "trading_days" in real else real
    steps = pd.Series(np.arange(len(real), dtype=float))
    for measure, value in moments(steps, real["close_last"].astype(float), steps * 0, 12).items():
        add(MONTHLY_CLOSES, measure, value, OBSERVED)
    for (scenario, variant, shock), run in tagged:
        if shock != BASE:
            continue
        p = run.periods
        per_year = int(p.groupby("year").size().max())
        policy = p[p["regime"] >= 2].reset_index(drop=True)
        source = f"{scenario} {variant}" + (YEARLY if per_year == 1 else "")
        if per_year == 1:
            found = dict.fromkeys(ORIGIN, float("nan"))
            found["volatility"] = moments(policy["t"], policy["price"], policy["regime"], 1)["volatility"]
        else:
            found = moments(policy["t"], policy["price"], policy["regime"], per_year)
        for measure in ORIGIN:
            origin = mark("imposed by the path of the cap") if per_year == 1 else ORIGIN[measure]
            origin = STRAY_ORIGIN[STRAYING[variant]] if variant in STRAYING else origin
            add(source, measure, found[measure], origin)
        late = policy[policy["period"] > 0.75 * per_year]["volume_t"].sum() / max(policy["volume_t"].sum(), 1)
        urgent = run.parameters["firms"]["strategies"].get("scheduled", 0.0) > 0
        told = mark("imposed in part by scheduled firms") if urgent else mark("emerges: no firm was told when to trade")
        add(source, LATE, float("nan") if per_year == 1 else float(late), told)
    grouped = pd.DataFrame(rows).groupby(["source", "measure", "origin"], sort=False)["value"]
    return grouped.agg(value="mean", sd=lambda of: of.std(ddof=1) if len(of) > 1 else 0.0).reset_index()
