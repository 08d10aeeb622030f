"""The whole reproduction: run what is missing, gather the evidence, judge every claim.

Both families are run and every claim of the first paper is judged in each: on the paper's own assumptions, and on
data. Everything lies below one folder: ``runs`` and ``runs-paper`` (S1 to S5 over seeds, the traditional model,
binding quotas, variants), ``comparison`` (the variants under a shock), ``draws``. They are ordinary batches: what is
finished is kept, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.errors import TanshiError
from tanshi.language import mark
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.store import RunExists, read_run
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.batches.batch import fill_folder, with_seeds
from tanshi.simulator.studies.batches.execute import Progress
from tanshi.simulator.studies.compare import VARIANTS, Comparison, compare
from tanshi.simulator.studies.reproduction.as_printed import as_printed
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.conflict import Conflict, conflict
from tanshi.simulator.studies.reproduction.decomposition import effects_of
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.explain import Explanation, explain
from tanshi.simulator.studies.reproduction.families import DATA, FIVE, PAPER, family_of, name_in
from tanshi.simulator.studies.reproduction.held_bank import HeldBank, held_bank
from tanshi.simulator.studies.reproduction.identity import LAST, S1_2030, Identity, identity
from tanshi.simulator.studies.reproduction.physical import S5_PRICES, physical_table
from tanshi.simulator.studies.reproduction.rules import RULES
from tanshi.simulator.studies.reproduction.runs import OutOfReach, Runs, runs_of
from tanshi.simulator.studies.reproduction.uncertainty import (
    Draws,
    Share,
    finding_of,
    in_cheap_mode,
    run_draws,
    shares_of,
)
from tanshi.simulator.studies.reproduction.verdicts import UNTESTABLE, Finding, judge
from tanshi.simulator.studies.sinks.settings import Settings as SinksSettings
from tanshi.simulator.studies.sinks.study import SinksResult, run_sinks

BOUND = ("S2", "S3")
BESIDE = ("S4-entry", "S5-entry", "S1-one-cap")
"""Variants that stand beside in both families: entry alone, one cap for all."""
BESIDE_OF = {PAPER: ("S5-free", "banking"), DATA: ("S5-paid",)}
"""The same in one of them: all quotas free where S5 sells a part of them, a part sold where it gives them away."""
BANKING = "banking"
"""The paper's S5 with a bank in place of a cap path."""
SEEDS, DRAWS = 5, 30
"""By default: two families in less than ten minutes on two processors."""
WRITTEN = frozenset(
    {
        *("runs", "runs-paper", "comparison", "comparison-paper", "draws", "figures", "tables"),
        *("claims.csv", "reproduction.html", "reproduction.md", "reproduction.json"),
    }
)


class ReproductionFailed(TanshiError, RuntimeError):
    """A run without which no claim can be judged did not finish."""

    exit_code = 1


@dataclass(frozen=True)
class Column:
    """One family's column of verdicts.

    Attributes
    ----------
    family
        ``paper`` or ``data``.
    findings
        In the order of the claims.
    evidence
        What the rules saw.
    results
        The hybrid's runs.
    multiplier
        Printed emissions of S1 in 2030 over ours: the one factor by which the print's level is shown.
    """

    family: str
    findings: Sequence[Finding]
    evidence: Evidence
    results: Sequence[RunResult]
    multiplier: float | None


@dataclass(frozen=True)
class Reproduction:
    """What the command shows.

    Attributes
    ----------
    claims, findings
        Claim by claim, in the same order; on data.
    evidence
        What the rules saw, on data.
    results
        The hybrid's runs, on data.
    multiplier
        Printed emissions of S1 in 2030 over ours, on data.
    paper
        The same on the paper's assumptions.
    explanations
        What claims that fail on data would need; empty where that was not asked.
    physical
        Table of `physical`.
    shares
        How far claims hold in the draws, by id; empty without draws.
    draws
        None where none were asked.
    conflict
        Where the printed numbers pull against each other; None where the runs do not reach the printed years.
    bank
        The printed prices by a held bank, likewise.
    unsolved
        Why these two are missing, where a year has no equilibrium.
    """

    claims: Sequence[Claim]
    findings: Sequence[Finding]
    evidence: Evidence
    results: Sequence[RunResult]
    multiplier: float | None
    paper: Column
    explanations: Sequence[Explanation]
    physical: pd.DataFrame
    shares: Mapping[str, Share]
    draws: Draws | None
    seeds: int
    conflict: Conflict | None = None
    bank: HeldBank | None = None
    unsolved: str = ""

    @property
    def columns(self) -> tuple[Column, Column]:
        """Both columns, the paper's assumptions first."""
        return self.paper, Column(DATA, self.findings, self.evidence, self.results, self.multiplier)


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
    seeds: int = SEEDS,
    draws: int = DRAWS,
    overrides: Mapping[str, object] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    why: bool = False,
) -> Reproduction:
    """Run, gather, judge, in both families.

    Parameters
    ----------
    seeds
        Of every scenario of the hybrid.
    draws
        Of elasticities and weak cells; 0 leaves the uncertainty out.
    overrides
        Fields of all runs, by dotted path.
    why
        Whether to search what claims that fail on data would need.

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
    base = family_of(DATA, FIVE, fields)
    sinks = _sinks(progress)
    data, paper = (
        _column(family, claims, out, fields, seeds, sinks, overwrite, workers, progress) for family in (DATA, PAPER)
    )
    drawn: Draws | None = None
    shares: dict[str, Share] = {}
    if draws:
        cheap = [in_cheap_mode(name, base[name], fields) for name in FIVE]
        drawn = run_draws(
            cheap, list(base.values()), claims, out / "draws", draws,
            overwrite=overwrite, progress=progress, workers=workers,
        )  # fmt: skip
        raw = {claim.id: finding_of(claim, data.evidence).verdict for claim in claims}
        shares = shares_of(drawn, raw)
    failing = [c.id for c, f in zip(claims, data.findings, strict=True) if not f.holds and f.verdict != UNTESTABLE]
    told = explain(claims, failing, fields, progress) if why else []
    figures = economy(base["S1"].economy, base["S1"].figures).figures
    curve, bank, unsolved = _beyond(fields, progress)
    table = physical_table(data.evidence.hybrid, figures, as_printed(load_scenario("paper-S1", fields)))
    return Reproduction(
        claims, data.findings, data.evidence, data.results, data.multiplier, paper, told, table, shares, drawn, seeds,
        curve, bank, unsolved,
    )  # fmt: skip


def _beyond(fields: Mapping[str, object], progress: Progress | None) -> tuple[Conflict | None, HeldBank | None, str]:
    """What the printed prices ask beside the runs, where these reach the printed years."""
    s1, s5 = (load_scenario(name_in(PAPER, name), fields) for name in ("S1", "S5"))
    if s1.years.end != LAST:
        return None, None, ""

    def report(done: int, most: int) -> None:
        if progress is not None:
            progress(mark("claims in conflict"), done, most)

    try:
        bank = held_bank(load_scenario(name_in(PAPER, BANKING), fields), S5_PRICES)
        return conflict(s1, s5, report), bank, ""
    except EquilibriumError as error:
        return None, None, str(error)


def _sinks(progress: Progress | None) -> SinksResult:
    if progress is not None:
        progress(mark("forest sinks"), 0, 1)
    found = run_sinks(None, replace(SinksSettings(), replications=0), None)
    if progress is not None:
        progress(mark("forest sinks"), 1, 1)
    return found


def _column(
    family: str,
    claims: Sequence[Claim],
    out: Path,
    fields: Mapping[str, object],
    seeds: int,
    sinks: SinksResult,
    overwrite: bool,
    workers: int | None,
    progress: Progress | None,
) -> Column:
    """One family run and every claim judged in it."""
    base = family_of(family, FIVE, fields)
    ending = "" if family == DATA else f"-{family}"
    worlds, results = _main_runs(family, base, fields, out / f"runs{ending}", seeds, overwrite, workers, progress)
    begin, end = base["S5"].policy_start, base["S5"].years.end
    comparison = compare(
        [name_in(family, "S5")], out / f"comparison{ending}", year=max((begin + end) // 2, begin + 1),
        overrides=fields, overwrite=overwrite, progress=progress, workers=workers,
    )  # fmt: skip
    comparison = _in_short(comparison, name_in(family, "S5"))
    first, last = base["S1"].years.start, base["S1"].years.end
    spans = [(first, last), (first, 2028), (2028, last)]
    effects = effects_of({name: base[name] for name in ("S1", "S4", "S5")}, spans)
    hybrid = worlds["hybrid"]
    found: Identity | None = None
    multiplier: float | None = None
    try:
        multiplier = 1000.0 * S1_2030 / float(pd.Series(hybrid.at("S1", "emissions", 2030)).median())
        if family == DATA:  # the other family has no plan that could exclude anything
            figures = economy(base["S1"].economy, base["S1"].figures).figures
            found = identity(hybrid, figures, base["S1"].dynamics.line_growth)
    except OutOfReach:
        multiplier = None
    evidence = Evidence(
        hybrid, worlds["traditional"], worlds["binding"], comparison, found, sinks, effects, worlds["variants"]
    )
    return Column(family, [judged(claim, evidence) for claim in claims], evidence, results, multiplier)


def judged(claim: Claim, evidence: Evidence) -> Finding:
    """The verdict, or that the runs do not reach the claim's year."""
    try:
        return judge(claim, evidence)
    except OutOfReach as error:
        return Finding(UNTESTABLE, f"{str(error)[0].upper()}{str(error)[1:]}.")


def _in_short(comparison: Comparison, name: str) -> Comparison:
    """The comparison with the claims' name of the scenario."""

    def renamed(table: pd.DataFrame) -> pd.DataFrame:
        words = [column for column in ("scenario", "source") if column in table]
        return table.assign(**{w: table[w].str.replace(name, "S5", regex=False) for w in words})

    return replace(comparison, response=renamed(comparison.response), moments=renamed(comparison.moments))


def _main_runs(
    family: str,
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
    kinds: dict[str, dict[str, str]] = {"hybrid": {}, "traditional": {}, "binding": {}, "variants": {}}
    for name, scenario in base.items():
        several = with_seeds(scenario, seeds)
        runs |= several
        kinds["hybrid"] |= dict.fromkeys(several, name)
    for name in (*BESIDE, *BESIDE_OF[family]):
        several = with_seeds(load_scenario(name_in(family, name), fields), seeds)
        runs |= several
        kinds["variants"] |= dict.fromkeys(several, name)
    variants: dict[str, tuple[Mapping[str, object], Sequence[str]]] = {
        "traditional": (VARIANTS["traditional"], FIVE),
        "binding": ({"allocation.binding": True}, BOUND),
    }
    for kind, (rules, names) in variants.items():
        for name in names:
            label = f"{name_in(family, name)}-{kind}"
            runs[label] = load_scenario(name_in(family, name), {**fields, **rules, "name": label})
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
    short = {name_in(family, name): name for name in (*FIVE, *BESIDE, *BESIDE_OF[family])}
    worlds: dict[str, Runs] = {}
    hybrid: list[RunResult] = []
    for kind, labels in kinds.items():
        there = [read_run(folder / label, trades=False) for label in labels if label not in outcome.failed]
        worlds[kind] = runs_of(there, {**labels, **short})
        if kind == "hybrid":
            hybrid = there
    return worlds, hybrid
