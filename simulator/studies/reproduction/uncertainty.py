"""How far the verdicts hold: the same rules over draws of elasticities and of weak figures of the accounts.

The parameters and their ranges are those of the ready-made sweeps ``elasticities`` and ``weak_cells``, sampled
together by a Latin hypercube. Nothing is calibrated anew in a draw, so that calibrated numbers scatter; orders and
shapes are what this is for. Every draw is run in a cheaper mode (`in_cheap_mode`); on the first draws the program's own
mode is run as well, and S2 and S3, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tanshi.language import mark
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep_load import Plan, load_sweep, plan_from
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.batches.batch import fill_folder
from tanshi.simulator.studies.batches.execute import Progress, hands
from tanshi.simulator.studies.batches.workers import Pool
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.runs import OutOfReach, runs_of
from tanshi.simulator.studies.reproduction.verdicts import HOLDS, RULES, UNTESTABLE, Finding, judge_raw
from tanshi.simulator.studies.sweeps.design import points_of
from tanshi.simulator.studies.sweeps.growth import VARIABLES
from tanshi.simulator.studies.sweeps.sweep import Points

SWEEPS = ("elasticities", "weak_cells")
CHEAP: Mapping[str, object] = {"drift.mode": "none", "market.periods_per_year": 2}
FEWER: Mapping[str, int] = {"banking.horizon": 10, "firms.number": 200}
"""What draws have at most: firms look half as far and are a third as many. Numbers hardly move, a third is saved."""
ALWAYS = ("S1", "S4", "S5")
CHECKED = 10
"""Draws that are run in the program's own mode too."""
MANY = 20
"""Draws from which balancing their accounts is shared among processes."""
SPARE = 2
"""Points of the hypercube for each draw: figures at the ends of their ranges need not give balanced accounts."""
SEED = 2026
COLUMNS = ("point", "mode", "id", "verdict")


class DrawsFailed(StoreError):
    """Too few draws have an equilibrium to say anything."""

    exit_code = 1


@dataclass(frozen=True)
class Draws:
    """What the draws say.

    Attributes
    ----------
    verdicts
        Point (from 1), mode (``cheap`` or ``own``), id, verdict; a row for each claim that S1 to S5 can judge.
    factors
        Titles of what was drawn.
    refused
        Draws from whose figures no balanced accounts can be made, by point, with the reason; drawn again.
    failed
        Draws without an equilibrium, by point, with the reason.
    asked
        How many draws with balanced accounts.
    """

    verdicts: pd.DataFrame
    factors: tuple[str, ...]
    refused: Mapping[int, str]
    failed: Mapping[int, str]
    asked: int

    @property
    def used(self) -> int:
        """Draws that were judged."""
        return self.asked - len(self.failed)


def draw_plan(scenarios: Sequence[Scenario], points: int) -> Plan:
    """The two ready-made sweeps in one Latin hypercube of so many points, two at least."""
    parameters: dict[str, object] = {}
    for name in SWEEPS:
        spec = load_sweep(name, VARIABLES).spec
        parameters |= {key: draw.model_dump(mode="json") for key, draw in spec.parameters.items()}
    data = {
        "name": "reproduction",
        "spec": {
            "title": "Elasticities and weak cells together",
            "scenarios": [scenario.name for scenario in scenarios],
            "parameters": parameters,
            "design": {"method": "lhs", "samples": points, "seed": SEED},
        },
        "scenarios": [scenario.model_dump(mode="json") for scenario in scenarios],
    }
    return plan_from(data, VARIABLES)


def run_draws(
    cheap: Sequence[Scenario],
    own: Sequence[Scenario],
    claims: Sequence[Claim],
    folder: Path,
    draws: int,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Draws:
    """Run what is missing of the draws and judge every claim in each.

    Parameters
    ----------
    cheap, own
        S1 to S5 in the cheap mode and in the program's own.
    draws
        How many, 1 at least.

    Raises
    ------
    DrawsFailed
        Where more than half of the draws have no equilibrium.
    """
    plan = draw_plan(cheap, SPARE * draws)
    unit = points_of(plan.spec.design, plan.factors).unit
    points = {"cheap": Points(plan, unit), "own": Points(draw_plan(own, SPARE * draws), unit)}
    chosen, refused = _balanced(points["cheap"], draws, progress, workers)
    if 2 * len(chosen) < draws:
        raise DrawsFailed(
            "{number_of_refused} draws have no balanced accounts: {first}",
            number_of_refused=len(refused),
            first=next(iter(refused.values())),
        )
    modes = {"cheap": chosen, "own": chosen[:CHECKED]}
    # Runs of one point stand together and go to one worker, which builds its accounts once.
    asked = sorted(
        (point, mode, name, place)
        for mode in modes
        for place, (name, point, _) in points[mode].place.items()
        if point in modes[mode] and (name in ALWAYS or (mode == "cheap" and point in modes["own"]))
    )
    runs = {_folder(mode, name, point): points[mode][place] for point, mode, name, place in asked}
    outcome = fill_folder(
        runs,
        folder,
        overwrite=overwrite,
        progress=progress,
        workers=workers,
        bundle=lambda name: name.rsplit("-", 1)[1],
    )
    failed = {
        int(name.rsplit("-p", 1)[1]): reason for name, reason in outcome.failed.items() if name.startswith("cheap")
    }
    if 2 * len(failed) > len(chosen):
        raise DrawsFailed(
            "{number_of_failed} of {number_of_chosen} draws have no equilibrium: {first}",
            number_of_failed=len(failed),
            number_of_chosen=len(chosen),
            first=next(iter(failed.values())),
        )
    rows = list(_judged(runs, claims, folder, outcome.failed, modes))
    titles = tuple(factor.title for factor in plan.factors)
    return Draws(pd.DataFrame(rows, columns=list(COLUMNS)), titles, refused, failed, len(chosen))


def _balanced(
    points: Points, draws: int, progress: Progress | None, workers: int | None
) -> tuple[list[int], dict[int, str]]:
    """The first draws from whose figures accounts can be balanced, and why others cannot, by point from 1."""
    first = [(place, point) for place, (name, point, _) in points.place.items() if name == "S1"]
    chosen: list[int] = []
    refused: dict[int, str] = {}
    count = hands(draws, workers) if draws >= MANY else 1
    pool = Pool(count, None) if count > 1 else None
    try:
        while first and len(chosen) < draws:
            now, first = first[: draws - len(chosen)], first[draws - len(chosen) :]
            asked = [points[place] for place, _ in now]
            answers = map(_unbalanced, asked) if pool is None else _asked_of(pool, asked)
            for (_, point), why in zip(now, answers, strict=True):
                if why:
                    refused[point + 1] = why
                else:
                    chosen.append(point)
                if progress is not None:
                    progress(mark("accounts of the draws"), len(chosen), draws)
    finally:
        if pool is not None:
            pool.close()
    return chosen, refused


def _asked_of(pool: Pool, scenarios: Sequence[Scenario]) -> Iterator[str]:
    futures = [pool.submit(_unbalanced, scenario) for scenario in scenarios]
    for future in futures:
        yield future.result()


def _unbalanced(scenario: Scenario) -> str:
    """Why a scenario's figures make no balanced accounts; empty where they do."""
    try:
        economy(scenario.economy, scenario.figures)
    except ValueError as error:
        return str(error)
    return ""


def in_cheap_mode(name: str, own: Scenario, fields: Mapping[str, object]) -> Scenario:
    """A scenario as the draws run it: an auction of fewer firms twice a year without drift.

    Parameters
    ----------
    own
        The scenario in its own mode.
    fields
        Overrides of all runs.
    """
    groups = own.model_dump(include={path.partition(".")[0] for path in FEWER})
    fewer = {path: min(most, groups[path.partition(".")[0]][path.partition(".")[2]]) for path, most in FEWER.items()}
    return load_scenario(name, {**fields, **CHEAP, **fewer})


def _folder(mode: str, scenario: str, point: int) -> str:
    return f"{mode}-{scenario}-p{point + 1:04d}"


def _judged(
    runs: Mapping[str, Scenario],
    claims: Sequence[Claim],
    folder: Path,
    failed: Mapping[str, str],
    modes: Mapping[str, Sequence[int]],
) -> Iterator[tuple[int, str, str, str]]:
    judged = [claim for claim in claims if is_drawn(claim)]
    for mode, chosen in modes.items():
        for point in chosen:
            names = [_folder(mode, f"S{n}", point) for n in range(1, 6)]
            names = [name for name in names if name in runs]
            if any(name in failed for name in names):
                continue
            here = runs_of(_read(folder, name) for name in names)
            for claim in judged:
                yield point + 1, mode, claim.id, finding_of(claim, Evidence(here)).verdict


def _read(folder: Path, name: str) -> RunResult:
    return read_run(folder / name, trades=False)


def is_drawn(claim: Claim) -> bool:
    """Whether a claim is judged in the draws: it rests on the scenarios' runs alone, and on figures that are drawn."""
    fixed = (
        "none",
        "coverage",
        "parameter",
        "training_share",
        "reduction_scenarios",
        "paid_share",
        "households",
        "series_are_input",
    )
    return claim.paper == "huo" and not RULES[claim.rule].needs and claim.rule not in fixed


def finding_of(claim: Claim, evidence: Evidence) -> Finding:
    """What the rule says, or that the runs do not reach the claim's year."""
    try:
        return judge_raw(claim, evidence)
    except OutOfReach as error:
        return Finding(UNTESTABLE, f"{str(error)[0].upper()}{str(error)[1:]}.")


@dataclass(frozen=True)
class Share:
    """How far one claim's verdict holds over the draws; shares are fractions.

    Attributes
    ----------
    draws
        Draws in which the claim could be judged.
    holds
        Share of them in which it holds, at least in shape.
    same
        Share in which the rule's verdict is that of the main runs.
    checked
        Draws that were run in the program's own mode too.
    agreement
        Share of those in which both modes agree on whether the claim holds; None where there are none.
    """

    id: str
    draws: int
    holds: float
    same: float
    checked: int
    agreement: float | None


def shares_of(draws: Draws, raw: Mapping[str, str]) -> dict[str, Share]:
    """How far every claim holds, by id; claims that no draw could judge are left out.

    Parameters
    ----------
    raw
        Id -> the rule's verdict on the main runs, physical data left out of account.
    """
    out = {}
    known = draws.verdicts[draws.verdicts["verdict"] != UNTESTABLE]
    for name, group in known.groupby("id", sort=False):
        by_mode = {str(mode): part.set_index("point")["verdict"] for mode, part in group.groupby("mode")}
        if "cheap" not in by_mode:
            continue
        cheap, own = by_mode["cheap"], by_mode.get("own", by_mode["cheap"].iloc[:0])
        both = cheap.index.intersection(own.index)
        agree = (cheap[both].isin(HOLDS) == own[both].isin(HOLDS)).to_numpy()
        out[str(name)] = Share(
            id=str(name),
            draws=len(cheap),
            holds=float(cheap.isin(HOLDS).to_numpy().mean()),
            same=float((cheap == raw[str(name)]).to_numpy().mean()),
            checked=len(both),
            agreement=float(agree.mean()) if len(both) else None,
        )
    return out
