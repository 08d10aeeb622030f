"""What a folder of results holds: one run, a batch or a sweep, with what is missing, failed or of another version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tanshi.errors import Message
from tanshi.language import mark, say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.results.reading import FORMAT, RECORD, read_record
from tanshi.simulator.results.store import FAILED, names_in, read_run
from tanshi.simulator.results.stored import StoredRuns
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.batches.batch import FEW_RUNS
from tanshi.simulator.studies.batches.execute import code_version
from tanshi.simulator.studies.sweeps.sweep import PLAN


@dataclass(frozen=True)
class Folder:
    """A folder of results that can be shown.

    Attributes
    ----------
    runs
        Finished runs, in the manifest's order; of more than ``FEW_RUNS`` runs without the fills, and each read when it
        is looked at.
    failed
        Name of a failed run to its reason.
    missing
        Runs of the batch that are not there yet.
    sweep
        Whether a sweep made it.
    others
        Versions of the program, other than this one, that made some of the runs.
    places
        Id of a run to its own folder.
    names
        Name of each run's folder; empty where the folder is a run's own.
    """

    path: Path
    runs: Sequence[RunResult]
    failed: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    sweep: bool = False
    others: tuple[str, ...] = ()
    places: Mapping[str, Path] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def place_of(self, run: RunResult) -> Path | None:
        """The run's own folder."""
        return self.places.get(str(run.meta.get("id")))

    @property
    def warnings(self) -> list[str]:
        """What the reader must know of the folder as a whole, a sentence each."""
        out = []
        if self.missing:
            names = ", ".join(self.missing[:5]) + (" ..." if len(self.missing) > 5 else "")
            whole = len(self.runs) + len(self.failed) + len(self.missing)
            out.append(
                say(
                    "Half-finished: {count} of {whole} runs are not there yet ({names}).",
                    count=len(self.missing),
                    whole=whole,
                    names=names,
                )
            )
        if self.others:
            out.append(
                say(
                    "Made by another version of the program ({others}; this is {own}): numbers are shown as stored, and"
                    " figures that run the model again are left out where they would differ.",
                    others=", ".join(self.others),
                    own=code_version(),
                )
            )
        return out


def open_folder(folder: Path | str) -> Folder:
    """Read what a folder holds.

    Raises
    ------
    UserError
        Where there is nothing to show: a missing, empty or foreign folder, a format of another version, only failed
        or unfinished runs.
    StoreError
        Where a run's tables are broken.
    """
    path = Path(folder)
    if not path.is_dir():
        got = mark("a file") if path.exists() else mark("nothing there")
        raise UserError("The results cannot be read.", [Problem("a folder of results", got, str(path))])
    if (path / RECORD).is_file():
        return _one(path)
    wanted = names_in(path)
    names = [name for name in wanted if (path / name / RECORD).is_file()]
    failed = {
        name: str(read_record(path / f"{name}{FAILED}").get("error", Message("no reason given")))
        for name in wanted
        if (path / f"{name}{FAILED}" / RECORD).is_file()
    }
    missing = tuple(name for name in wanted if name not in names and name not in failed)
    if not names:
        raise _nothing(path, failed, missing)
    places = [path / name for name in names]
    runs: Sequence[RunResult]
    if len(names) > FEW_RUNS:
        runs = StoredRuns(places)
        ids, codes = [label.id for label in runs.labels], {label.code for label in runs.labels}
    else:
        runs = tuple(_read(place, trades=True) for place in places)
        ids, codes = [str(run.meta.get("id")) for run in runs], {str(run.meta.get("code")) for run in runs}
    by_id = dict(zip(ids, places, strict=True))
    return Folder(path, runs, failed, missing, (path / PLAN).is_file(), _others(codes), by_id, tuple(names))


def _one(path: Path) -> Folder:
    record = read_record(path)
    if record.get("status") != "finished":
        reason = str(record.get("error", f"status {record.get('status')}"))
        raise UserError("The folder holds a run without results.", [Problem("a finished run", reason, str(path))])
    run = _read(path, trades=True)
    return Folder(path, (run,), others=_others({str(run.meta.get("code"))}), places={str(run.meta.get("id")): path})


def _read(place: Path, *, trades: bool) -> RunResult:
    found = read_record(place).get("format")
    if found != FORMAT:
        problem = Problem(
            Message("results of format {format}", format=FORMAT),
            Message("format {found}", found=found),
            str(place),
            hint="Run it again.",
        )
        raise UserError("The results were made by another version of the program.", [problem])
    return read_run(place, trades=trades)


def _others(codes: set[str]) -> tuple[str, ...]:
    return tuple(sorted(codes - {code_version()}))


def _nothing(path: Path, failed: Mapping[str, str], missing: tuple[str, ...]) -> UserError:
    if failed:
        got = "; ".join(f"{name} failed: {reason}" for name, reason in list(failed.items())[:5])
    elif missing:
        got = Message(
            "a half-finished batch: none of its {number_of_missing} runs is there yet", number_of_missing=len(missing)
        )
    else:
        got = "a folder with other files" if any(path.iterdir()) else "an empty folder"
    hint = "Give the folder that a run, batch or sweep wrote, such as results/<time>."
    return UserError("There are no results to show.", [Problem("at least one finished run", got, str(path), hint=hint)])
