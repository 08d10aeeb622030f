"""A batch of runs: scenarios by seeds, each run in its own folder, read back from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tanshi.errors import TanshiError
from tanshi.plugins import Kind
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.folder_names import sharing
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.weights import content_hash
from tanshi.simulator.machine.marks import marks
from tanshi.simulator.results.iamc import write_iamc
from tanshi.simulator.results.identity import RunKey
from tanshi.simulator.results.store import (
    RunExists,
    claim_batch,
    clear_leftovers,
    drop_run,
    read_manifest,
    read_run,
    write_manifest,
)
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.run.ground.economy import check_years, data_version
from tanshi.simulator.studies.batches.execute import Outcome, Progress, Task, check_reach, code_version, execute
from tanshi.simulator.studies.batches.lock import only_one_in
from tanshi.simulator.studies.batches.names import settled

__all__ = ["BatchResult", "Progress", "run_batch", "run_key"]

FEW_RUNS = 8
"""Up to so many runs are read back with their fills; the memory of a larger batch stays small without them."""


@dataclass(frozen=True)
class BatchResult:
    """What came of a batch.

    Attributes
    ----------
    runs
        Results of the finished runs, in the order asked, seeds within scenarios; of more than ``FEW_RUNS`` runs
        without the fills, which are on disk.
    failed
        Name of each failed run to its reason.
    """

    runs: Sequence[RunResult]
    failed: Mapping[str, str] = field(default_factory=dict)

    def whole(self, error: type[TanshiError]) -> list[RunResult]:
        """Return all runs, for who can do nothing with a part of them.

        Raises
        ------
        TanshiError
            As `error`, where some failed; it names the first with its reason.
        """
        if self.failed:
            failed, reason = next(iter(self.failed.items()))
            raise error(
                "{number} of {runs} runs failed; {failed}: {reason}",
                number=len(self.failed),
                runs=len(self.runs) + len(self.failed),
                failed=failed,
                reason=reason,
            )
        return list(self.runs)


def run_key(scenario: Scenario, code: str | None = None) -> RunKey:
    """What determines the bytes of a scenario's run: its parameters, seed, the economy's data and the code.

    Parameters
    ----------
    code
        The program's version, where it is known already.
    """
    return RunKey(
        scenario.name,
        scenario.model_dump(mode="json"),
        scenario.seed,
        "+".join(data_version(name) for name in scenario.all_economies) + _own_weights(scenario),
        code if code is not None else code_version(),
        marks(scenario.from_outside()),
    )


def _own_weights(scenario: Scenario) -> str:
    """Mark of the weights that the scenario names, by their content; the program's own belong to its version."""
    drift = scenario.drift
    return "" if drift.weights is None or drift.mode == "none" else f"+drift-{content_hash(drift.weights)}"


def with_seeds(scenario: Scenario, seeds: int | Sequence[int]) -> dict[str, Scenario]:
    """A scenario under several seeds, by the name of each run's folder: ``S1`` for one seed, else ``S1-seed3``.

    Parameters
    ----------
    seeds
        How many, counted from the scenario's own, or which.
    """
    chosen = range(scenario.seed, scenario.seed + seeds) if isinstance(seeds, int) else seeds
    if len(chosen) == 1:
        return {scenario.name: scenario.model_copy(update={"seed": chosen[0]})}
    return {f"{scenario.name}-seed{s}": scenario.model_copy(update={"seed": s}) for s in chosen}


def run_batch(
    scenarios: Sequence[Scenario],
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    seeds: int | Sequence[int] = 1,
    scheduler: str | None = None,
    joint: bool = False,
) -> BatchResult:
    """Run scenarios and write every run, and the common ``iamc.csv``, into ``out``.

    Parameters
    ----------
    workers
        processes; by default as many as there are processors or runs. One computes in this process.
    seeds
        How many seeds each scenario has, counted from its own, or which.
    scheduler
        Address of a Dask scheduler to compute on instead.
    joint
        Whether ``iamc.csv`` has rows of all regions added up, for runs of several.

    Raises
    ------
    UserError
        for two runs of one name.
    RunExists
        where ``out`` holds something else and ``overwrite`` was not given.
    StudyStopped
        where the disk is full or the scheduler lost.
    """
    runs: dict[str, Scenario] = {}
    for scenario in scenarios:
        more = with_seeds(scenario, seeds)
        if twice := sharing([*more, *runs]):
            problem = Problem("one scenario of each name", ", ".join(twice), hint="Give one of them another name.")
            raise UserError("Scenarios would write into the same folder.", [problem])
        runs |= more
    outcome = fill_folder(
        runs, out, overwrite=overwrite, progress=progress, workers=workers, scheduler=scheduler, reuse=True
    )
    few = len(runs) <= FEW_RUNS
    folders = [outcome.folders[name] for name in runs]
    results = [read_run(out / name, trades=few) for name in folders if name not in outcome.failed]
    if results:
        write_iamc(out, results, joint=joint)
    return BatchResult(results, {name: outcome.failed[name] for name in folders if name in outcome.failed})


def fill_folder(
    runs: Mapping[str, Scenario],
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    begin: Callable[[Mapping[str, str]], None] | None = None,
    reuse: bool = False,
    whole: bool = False,
    bundle: Callable[[str], str] | None = None,
) -> Outcome:
    """Compute the runs that a folder does not hold yet.

    Parameters
    ----------
    runs
        Name of the run's folder to its scenario; may make scenarios as they are asked for.
    begin
        Writes what belongs beside the runs, once the folder is ours; takes the folder of each run by its name.
    reuse
        A run that the folder holds under another name keeps that one: see `Outcome.folders`.
    whole
        The runs are all that the batch is to hold: with `overwrite`, others that it held go. Otherwise they stay its
        own.
    bundle
        From a run's name to that of its bundle: runs in a row of one bundle go to one worker, one after the other.

    Raises
    ------
    RunExists, FolderInUse, StudyStopped
        where the folder holds other results, another batch is at work in it, or the work cannot go on.
    """
    code = code_version()
    wanted, economies = _survey(runs, code, workers, scheduler)
    if out.exists() and not out.is_dir():
        raise RunExists("{out} is a file; choose another folder with --out", out=out)
    before: dict[str, str] = read_manifest(out).get("runs", {})
    folders = settled(wanted, before) if reuse else {name: name for name in wanted}
    ids = {folders[name]: run_id for name, run_id in wanted.items()}
    others = {name: run_id for name, run_id in before.items() if name not in ids and (out / name).is_dir()}
    _same_version(out, code, ids, overwrite)
    claim_batch(out, ids, overwrite=overwrite)  # refuses before anything is made
    with only_one_in(out):
        clear_leftovers(out)
        kept = claim_batch(out, ids, overwrite=overwrite)
        if whole:
            for name in others:
                drop_run(out / name)
        listed = ids if whole else ids | others
        write_manifest(out, listed, code=code, data={name: data_version(name) for name in economies})
        if begin is not None:
            begin(folders)
        todo = [name for name in runs if folders[name] not in kept]

        def tasks() -> Iterator[Task]:
            for name in todo:
                scenario, folder = runs[name], folders[name]
                together = "" if bundle is None else bundle(name)
                yield Task(folder, scenario, run_key(scenario, code), (out / folder).absolute(), overwrite, together)

        outcome = execute(tasks(), len(todo), report=progress, workers=workers, scheduler=scheduler)
        outcome.done, outcome.kept = outcome.done + len(kept), len(kept)
        outcome.folders = folders
    return outcome


def _survey(
    runs: Mapping[str, Scenario], code: str, workers: int | None, scheduler: str | None
) -> tuple[dict[str, str], list[str]]:
    """Ids of the runs by name, and their economies; refuses what could not be computed, before anything is."""
    ids: dict[str, str] = {}
    economies: dict[str, None] = {}
    spans: set[tuple[str, int, int, bool]] = set()
    outside: set[tuple[Kind, str]] = set()
    for name, scenario in runs.items():
        years, several = scenario.years, bool(scenario.economies)
        spans |= {(economy, years.start, years.end, several) for economy in scenario.all_economies}
        ids[name] = run_key(scenario, code).id
        economies |= dict.fromkeys(scenario.all_economies)
        outside |= scenario.from_outside()
    for economy, first, last, several in sorted(spans):
        check_years(economy, first, last, carried=several)
    check_reach(outside, len(runs), workers=workers, scheduler=scheduler)
    return ids, list(economies)


def _same_version(out: Path, code: str, ids: Mapping[str, str], overwrite: bool) -> None:
    """Refuse a folder filled by another version of the program: its results would not belong together."""
    before = read_manifest(out)
    if overwrite or not before or before.get("code") == code:
        return
    made = [name for name in before["runs"] if (out / name).is_dir()]
    if made:
        raise RunExists(
            "{out} holds {number_of_made} runs made by another version of the program ({found}, now "
            "{code}); they are kept as they are. Choose another folder with --out, or give "
            "--overwrite to compute them anew",
            out=out,
            number_of_made=len(made),
            found=before.get("code"),
            code=code,
        )
