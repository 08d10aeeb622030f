"""Training the drift: trajectories of the simulator without drift, pooled, and the price history of the real market."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tanshi.language import say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.prices.read import PriceFile
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.emission_history import EmissionHistory, read_emissions
from tanshi.simulator.drift.history import HistoryError, PriceHistory, read_history
from tanshi.simulator.drift.preparation import TrainingError
from tanshi.simulator.machine.places import room
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.batches.batch import Progress, run_batch
from tanshi.simulator.studies.batches.execute import code_version

if TYPE_CHECKING:
    from tanshi.simulator.drift.train import Progress as Epoch
    from tanshi.simulator.drift.train import Trained

DEFAULT_FOLDER = room("simulator") / "drift" / "default"
SCENARIOS = ("S1", "S4", "S5")
"""S2 and S3 move as S1 does: their free quotas bind nobody."""

TIGHTNESS = (0.02, 0.05, 0.08)
TWICE = ("S1", "S5")
"""Drawn with every seed; S4 differs from S5 by two sectors of 0.1 % of the emissions."""

AS_SHIPPED = ("S4", "S5", "S5-sinks", "S1-one-cap", "paper-S5", "paper-S1-one-cap")
"""Run with their own caps too: they bank more, buy credits, or have tighter caps than those above, and a network that
never saw that is silent there."""

WEEKLY = ("S1", "S5")
"""A weekly market learns and adjusts at another pace than a monthly one; one run each at the middle cap."""

MEMBERS = 4


@dataclass(frozen=True)
class Inputs:
    """What a training starts from."""

    table: pd.DataFrame
    prices: PriceHistory
    emissions: EmissionHistory


def training_scenarios(seeds: int) -> list[Scenario]:
    """The runs whose trajectories are pooled; none has a drift.

    Three coverages at three caps with some seeds, what else the shipped scenarios visit, and two weekly markets.
    """

    def one(name: str, cut: float | None, seed: int, periods: int = 12) -> Scenario:
        label = f"{name}-{'own' if cut is None else format(cut, 'g')}-{seed}" + ("" if periods == 12 else "-weekly")
        own = {"name": label, "seed": seed, "market.periods_per_year": periods, "drift.mode": "none"}
        return load_scenario(name, own if cut is None else {**own, "cap.tightness": cut})

    draws = {name: seeds if name in TWICE else 1 for name in SCENARIOS}
    monthly = [one(name, cut, seed) for name in SCENARIOS for cut in TIGHTNESS for seed in range(1, draws[name] + 1)]
    shipped = [one(name, None, seeds + 2 + k) for k, name in enumerate(AS_SHIPPED)]
    return monthly + shipped + [one(name, TIGHTNESS[1], seeds + 1, 52) for name in WEEKLY]


def pooled_trajectories(scenarios: Sequence[Scenario], out: Path, progress: Progress | None = None) -> pd.DataFrame:
    """Run the scenarios (finished ones in ``out`` are kept) and pool their periods, one row a period.

    Raises
    ------
    TrainingError
        Where a run found no equilibrium: what is learnt should not depend on which runs failed.
    """
    made = run_batch(scenarios, out / code_version(), progress=progress).whole(TrainingError)
    tables = [run.periods.assign(run=number) for number, run in enumerate(made)]
    return pd.concat(tables, ignore_index=True)


def market_history(name: str, prices: PriceFile | None = None) -> PriceHistory:
    """The price history of a file, else the economy's own of the real market.

    Raises
    ------
    tanshi.scenarios.errors.UserError
        For prices that are neither daily, weekly nor monthly, with gaps too long, or too few.
    """
    if prices is not None:
        try:
            return read_history(prices.frame)
        except HistoryError as error:
            got = str(error).removeprefix("price history: ")
            problem = Problem("daily, weekly or monthly prices", got, prices.file)
            raise UserError("The price file cannot be used.", [problem]) from error
    return read_history(economy(name).figures.cea_monthly.reset_index(drop=True))


def train_default(
    out: Path,
    work: Path,
    *,
    seeds: int = 2,
    members: int = MEMBERS,
    variant: str = "bounded",
    prices: PriceFile | None = None,
    simulated: Progress | None = None,
    trained: Callable[[int, Epoch], None] | None = None,
) -> tuple[Inputs, list[Trained]]:
    """Make weights from nothing but the program and the figures, and save them in ``out``.

    Parameters
    ----------
    work
        Folder for the runs that are pooled and for the training's checkpoints; a killed training goes on from
        what is there.
    members
        Networks of the ensemble, which differ by their seed; runs use the one that validates best.
    variant
        `bounded`, or `paper`, the form of Huo et al. (2026).
    prices
        Another price history, daily, weekly or monthly.
    trained
        Called with the member's number once an epoch.

    Returns
    -------
    tuple
        what it started from, and the ensemble, the best first.
    """
    from tanshi.simulator.drift.preparation import TrainConfig, paper_config
    from tanshi.simulator.drift.train import train_ensemble
    from tanshi.simulator.drift.weights import save, save_ensemble

    config = paper_config() if variant == "paper" else TrainConfig(variant=variant)
    history = market_history("shanxi_2022", prices)  # a bad file is refused before anything is computed
    home = economy("shanxi_2022")
    emissions = read_emissions(home.figures.co2_history, home.accounts.coverable)
    table = pooled_trajectories(training_scenarios(seeds), work / "runs", simulated)
    done = train_ensemble(
        table,
        history,
        config,
        members,
        progress=trained,
        checkpoint=work / "checkpoints" / f"{variant}-{_mark(table, history)}.npz",
    )
    save_ensemble([one.weights for one in done], out)
    save(done[0].split_weights, out / "split")
    return Inputs(table, history, emissions), done


def _mark(table: pd.DataFrame, history: PriceHistory) -> str:
    """Eight digits for the rows: a checkpoint of other rows is another training's, left alone."""
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    return hashlib.sha256(rows + history.price.tobytes() + history.t.tobytes()).hexdigest()[:8]


def preparation_lines(inputs: Inputs) -> list[str]:
    """Every step of the preprocessing with its count, in plain words."""
    p = inputs.prices.preparation
    step = {1 / 12: say("monthly"), 1 / 52: say("weekly"), 1 / 252: say("daily")}[inputs.prices.step]
    table = inputs.table
    return [
        say(
            "Price history ({step}, column {column}): {rows} rows; {short} left out for too few trading days; {gaps}"
            " gaps interpolated; {box} outliers by box plot, {deviation} by standard deviation, {replaced} replaced by"
            " the local median.",
            step=step,
            column=inputs.prices.column,
            rows=p.rows,
            short=p.short_periods,
            gaps=p.interpolated,
            box=p.box_plot,
            deviation=p.standard_deviation,
            replaced=p.replaced,
        ),
        *inputs.emissions.lines(),
        say(
            "Simulated paths: {runs} runs, {periods} periods, no gaps; z-scores, means and ranges are those of the"
            " training rows; split 70/15/15 in time.",
            runs=table["run"].nunique(),
            periods=len(table),
        ),
    ]
