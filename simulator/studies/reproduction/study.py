"""The whole reproduction: run what is missing, gather the evidence, judge every claim.

Everything lies below one folder: ``runs`` (S1 to S5 over seeds, the traditional model, binding quotas),
``comparison`` (the variants under a shock), ``draws``. They are ordinary batches: what is finished is kept, and the
same command goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tanshi.errors import TanshiError
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.store import RunExists, read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.batches.batch import fill_folder, with_seeds
from tanshi.simulator.studies.batches.execute import Progress
from tanshi.simulator.studies.compare import VARIANTS, compare
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.decomposition import effects_of
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.identity import S1_2030, identity
from tanshi.simulator.studies.reproduction.physical import physical_table
from tanshi.simulator.studies.reproduction.rules import RULES
from tanshi.simulator.studies.reproduction.runs import OutOfReach, Runs, runs_of
from tanshi.simulator.studies.reproduction.uncertainty import CHEAP, Draws, Share, finding_of, run_draws, shares_of
from tanshi.simulator.studies.reproduction.verdicts import UNTESTABLE, Finding, judge
from tanshi.simulator.studies.sinks.settings import Settings as SinksSettings
from tanshi.simulator.studies.sinks.study import run_sinks

FIVE = ("S1", "S2", "S3", "S4", "S5")
BOUND = ("S2", "S3")
WRITTEN = frozenset(
    {
        *("runs", "comparison", "draws", "figures", "tables"),
        *("claims.csv", "reproduction.html", "reproduction.md", "reproduction.json"),
    }
)


class ReproductionFailed(TanshiError, RuntimeError):
    """A run without which no claim can be judged did not finish."""

    exit_code = 1


@dataclass(frozen=True)
class Reproduction:
    """What the command shows.

    Attributes
    ----------
    claims, findings
        Claim by claim, in the same order.
    evidence
        What the rules saw.
    results
        The hybrid's runs.
    multiplier
        Printed emissions of S1 in 2030 over ours: the one factor by which the print's level is shown.
    physical
        Table of `physical`.
    shares
        How far claims hold in the draws, by id; empty without draws.
    draws
        None where none were asked.
    """

    claims: Sequence[Claim]
    findings: Sequence[Finding]
    evidence: Evidence
    results: Sequence[RunResult]
    multiplier: float | None
    physical: pd.DataFrame
    shares: Mapping[str, Share]
    draws: Draws | None
    seeds: int


def claim_folder(out: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that holds anything else than an earlier reproduction.

    Raises
    ------
    RunExists
        For a file, or for files of other origin where ``overwrite`` was not given.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise RunExists("{out} is a file; choose another folder with --out", out=out)
    strange = sorted(p.name for p in out.iterdir() if p.name not in WRITTEN and not p.name.startswith("."))
    if strange and not overwrite:
        raise RunExists(
            "{out} holds {strange}, which is no part of a reproduction; choose another folder with "
            "--out, or give --overwrite to write beside it",
            out=out,
            strange=strange[0],
        )


def reproduce(
    claims: Sequence[Claim],
    out: Path,
    *,
    seeds: int = 10,
    draws: int = 200,
    overrides: Mapping[str, object] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Run, gather, judge.

    Parameters
    ----------
    seeds
        Of every scenario of the hybrid.
    draws
        Of elasticities and weak cells; 0 leaves the uncertainty out.
    overrides
        Fields of all runs, by dotted path.

    Raises
    ------
    UserError
        For settings that make no scenario.
    RunExists
        For a folder that holds something else.
    ReproductionFailed
        Where a scenario has no equilibrium.
    """
    unknown = sorted({claim.rule for claim in claims} - set(RULES))
    if unknown:
        raise UserError("A claim names a rule that does not exist.", [Problem("a rule", ", ".join(unknown))])
    claim_folder(out, overwrite=overwrite)
    fields = dict(overrides or {})
    base = {name: load_scenario(name, fields) for name in FIVE}
    main, results = _main_runs(base, fields, out / "runs", seeds, overwrite, workers, progress)
    begin, end = base["S5"].policy_start, base["S5"].years.end
    comparison = compare(
        ["S5"], out / "comparison", year=max((begin + end) // 2, begin + 1), overrides=fields, overwrite=overwrite,
        progress=progress,
    )  # fmt: skip
    if progress is not None:
        progress("forest sinks", 0, 1)
    sinks = run_sinks(None, replace(SinksSettings(), replications=0), None)
    if progress is not None:
        progress("forest sinks", 1, 1)
    first, last = base["S1"].years.start, base["S1"].years.end
    spans = [(first, last), (first, 2028), (2028, last)]
    effects = effects_of({name: base[name] for name in ("S1", "S4", "S5")}, spans)
    figures = economy(base["S1"].economy, base["S1"].figures).figures
    hybrid = main["hybrid"]
    try:
        found = identity(hybrid, figures, base["S1"].dynamics.line_growth)
        multiplier = 1000.0 * S1_2030 / float(pd.Series(hybrid.at("S1", "emissions", 2030)).median())
    except OutOfReach:
        found, multiplier = None, None
    evidence = Evidence(hybrid, main["traditional"], main["binding"], comparison, found, sinks, effects)
    findings = [judged(claim, evidence) for claim in claims]
    drawn: Draws | None = None
    shares: dict[str, Share] = {}
    if draws:
        cheap = [load_scenario(name, {**fields, **CHEAP}) for name in FIVE]
        drawn = run_draws(
            cheap, list(base.values()), claims, out / "draws", draws,
            overwrite=overwrite, progress=progress, workers=workers,
        )  # fmt: skip
        raw = {claim.id: finding_of(claim, evidence).verdict for claim in claims}
        shares = shares_of(drawn, raw)
    return Reproduction(
        claims, findings, evidence, results, multiplier, physical_table(hybrid, figures), shares, drawn, seeds
    )


def judged(claim: Claim, evidence: Evidence) -> Finding:
    """The verdict, or that the runs do not reach the claim's year."""
    try:
        return judge(claim, evidence)
    except OutOfReach as error:
        return Finding(UNTESTABLE, f"{str(error)[0].upper()}{str(error)[1:]}.")


def _main_runs(
    base: Mapping[str, Scenario],
    fields: Mapping[str, object],
    folder: Path,
    seeds: int,
    overwrite: bool,
    workers: int | None,
    progress: Progress | None,
) -> tuple[dict[str, Runs], list[RunResult]]:
    """S1 to S5 over seeds, the traditional model, and quotas that bind, in one batch."""
    runs: dict[str, Scenario] = {}
    kinds: dict[str, dict[str, str]] = {"hybrid": {}, "traditional": {}, "binding": {}}
    for name, scenario in base.items():
        several = with_seeds(scenario, seeds)
        runs |= several
        kinds["hybrid"] |= dict.fromkeys(several, name)
    variants: dict[str, tuple[Mapping[str, object], Sequence[str]]] = {
        "traditional": (VARIANTS["traditional"], FIVE),
        "binding": ({"allocation.binding": True}, BOUND),
    }
    for kind, (rules, names) in variants.items():
        for name in names:
            label = f"{name}-{kind}"
            runs[label] = load_scenario(name, {**fields, **rules, "name": label})
            kinds[kind][label] = name
    outcome = fill_folder(runs, folder, overwrite=overwrite, progress=progress, workers=workers)
    lost = [name for name in outcome.failed if name not in kinds["binding"]]
    if lost:
        raise ReproductionFailed(
            "{number_of_lost} of {number_of_runs} runs failed; {lost}: {failed}",
            number_of_lost=len(lost),
            number_of_runs=len(runs),
            lost=lost[0],
            failed=outcome.failed[lost[0]],
        )
    worlds: dict[str, Runs] = {}
    hybrid: list[RunResult] = []
    for kind, labels in kinds.items():
        there = [read_run(folder / label, trades=False) for label in labels if label not in outcome.failed]
        worlds[kind] = runs_of(there, labels)
        if kind == "hybrid":
            hybrid = there
    return worlds, hybrid
