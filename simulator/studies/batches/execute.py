"""Executing many runs: a pool of processes or a Dask cluster, each run in its own folder, failures apart.

Workers write their run and return nothing but word of it. What is finished is on disk, so the same command goes on
where a killed one stopped, and the same bytes come out whatever the number and kind of workers.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import multiprocessing
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import tanshi.plugins as plugins
from tanshi.errors import Message, TanshiError
from tanshi.language import mark
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.weights import default_hash
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.machine.marks import differing
from tanshi.simulator.machine.memory import keep_memory
from tanshi.simulator.machine.places import room
from tanshi.simulator.machine.source import remembered_hash
from tanshi.simulator.results.identity import RunKey
from tanshi.simulator.results.store import record_failure, write_run
from tanshi.simulator.studies.batches.workers import Pool, Workers, cluster, news_of, processors
from tanshi.simulator.studies.compiling import compile_once, kept

Progress = Callable[[str, int, int], None]
FEW = 24
"""Runs of a batch whose periods are reported one by one; of more, only how many are done."""

KILLED = (
    "its worker process was killed twice while it ran; the usual reason is memory. Give the batch fewer --workers"
    " or the run fewer firms"
)


class StudyStopped(StoreError):
    """A batch that cannot go on: a full disk, a lost scheduler. What is finished is kept."""

    exit_code = 1


@dataclass(frozen=True)
class Task:
    """One run to be done, in ``folder`` under its name.

    Attributes
    ----------
    bundle
        Tasks in a row of one bundle are done by one worker after each other: an economy of their own is built once.
    """

    name: str
    scenario: Scenario
    key: RunKey
    folder: Path
    overwrite: bool = False
    bundle: str = ""


@dataclass(frozen=True)
class Word:
    """What a worker says of a run: nothing where it is finished, else why it failed, or why all must stop."""

    failed: str = ""
    stop: str = ""


@dataclass
class Outcome:
    """What came of the tasks.

    Attributes
    ----------
    done
        Finished runs.
    kept
        How many of them were there before.
    failed
        Name of each failed run to its reason.
    folders
        What a run was to be called -> its folder.
    """

    done: int = 0
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)


def code_version() -> str:
    """Hash of what can move a number: the source that a run reaches, as this process began with it, and the weights.

    A process computes with the source that it has loaded: where the files change meanwhile, its runs must not bear
    the name of what it does not run.
    """
    return hashlib.sha256(f"{_source()} {default_hash()}".encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _source() -> str:
    phases = (path.stem for path in (room("simulator") / "run").glob("*.py"))
    modules = ["tanshi.simulator.stepping", *(f"tanshi.simulator.run.{name}" for name in phases)]
    return remembered_hash(modules, kept() / "source")


if multiprocessing.parent_process() is None:  # workers of ours are told by their tasks
    _source()  # now, while what is loaded is what is there


def run_one(task: Task, report: Progress) -> Word:
    """Compute and write one run; whatever goes wrong is recorded beside the others' results."""
    from tanshi.simulator.stepping import run_of

    begun, worked = time.perf_counter(), time.thread_time()
    try:
        run = run_of(task.scenario)
        while not run.state.calendar.finished:
            run.step()
            report(task.name, run.state.number, run.periods_in_all)
        result = run.result()
    except Exception as error:
        told = str(error) or type(error).__name__
        if not isinstance(error, TanshiError):
            told = f"{type(error).__name__}: {told} (a defect of the program: its traceback is kept)"
        try:
            record_failure(task.folder, task.key, told, traceback=traceback.format_exc())
        except StoreError as full:
            return Word(stop=str(full))
        return Word(failed=told)
    clock = {
        "seconds": round(time.perf_counter() - begun, 3),
        "processor_seconds": round(time.thread_time() - worked, 3),  # of this thread: a cluster's worker has others
    }
    try:
        write_run(task.folder, result, task.key, overwrite=task.overwrite, clock=clock)
    except StoreError as error:
        return Word(stop=str(error))
    return Word()


def execute(
    tasks: Iterable[Task],
    total: int,
    *,
    report: Progress | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Outcome:
    """Do the tasks.

    Parameters
    ----------
    tasks
        Made one by one as they are needed, so that a million of them take no memory.
    total
        How many there are.
    workers
        processes; by default one a processor. One computes in this process.
    scheduler
        Address of a Dask scheduler such as ``tcp://127.0.0.1:8786``, instead of processes of our own.

    Raises
    ------
    StudyStopped
        Where the disk refuses, or the scheduler is lost.
    """
    tell: Progress = report or (lambda name, done, total: None)
    count = hands(total, workers)
    if scheduler is None and total:
        compile_once(tell)
    if scheduler is None and count <= 1:
        return _here(tasks, total, tell)
    few = total <= FEW
    staff: Workers = cluster(scheduler) if scheduler is not None else Pool(count, tell if few else None)
    crew = _Crew(staff, total, tell, few)
    try:
        crew.work(iter(tasks))
    finally:
        staff.close()
    return crew.outcome


def hands(total: int, workers: int | None) -> int:
    """How many processes share the work; one means this one."""
    return min(total, workers or processors())


def check_reach(
    used: Iterable[tuple[plugins.Kind, str]], total: int, *, workers: int | None, scheduler: str | None
) -> None:
    """Refuse, before anything is computed, rules that workers could not import.

    Raises
    ------
    UserError
        Where a rule was registered in this process from no module of its own, and others are to compute.
    tanshi.plugins.PluginError
        Where a rule from outside cannot be imported here.
    """
    problems = []
    for kind, name in sorted(used):
        plugins.load(kind, name)  # what does not even begin here is said now
        where = plugins.origin(kind, name)
        if not where.distribution and not plugins.importable(where):
            hint = "Put it into a module of its own beside the script, or compute with 1 worker."
            got = Message("one of {module}", module=where.module or Message("no module"))
            problems.append(
                Problem(Message("{where} in a module that workers can import", where=where), got, hint=hint)
            )
    if problems and (scheduler is not None or hands(total, workers) > 1):
        raise UserError("Workers cannot compute with what only this process knows.", problems)


def _here(tasks: Iterable[Task], total: int, tell: Progress) -> Outcome:
    outcome = Outcome()
    few = total <= FEW
    for task in tasks:
        word = run_one(task, tell if few else _silent)
        _note(outcome, task, word, total)
        if not few:
            tell(mark("runs"), outcome.done + len(outcome.failed), total)
    return outcome


def _silent(name: str, done: int, total: int) -> None:
    """Report nothing."""


def _note(outcome: Outcome, task: Task, word: Word, total: int) -> None:
    if word.stop:
        raise StudyStopped(_stopped(word.stop, outcome.done, total))
    if word.failed:
        outcome.failed[task.name] = word.failed
    else:
        outcome.done += 1


def _stopped(why: str, done: int, total: int) -> str:
    return Message(
        "{why}. {done} of {total} runs were finished and are kept; repeat the same command to go on",
        why=Message(why),
        done=done,
        total=total,
    )


class _Crew:
    """Hands tasks to workers, a few at a time, and books what comes back."""

    def __init__(self, staff: Workers, total: int, tell: Progress, few: bool) -> None:
        self.staff, self.total, self.tell, self.few = staff, total, tell, few
        self.outcome = Outcome()
        self.under_way: dict[Future[list[Word]], tuple[Task, ...]] = {}
        self.suspects: deque[Task] = deque()

    def work(self, tasks: Iterator[Task]) -> None:
        bundles = _bundles(tasks)
        while True:
            # A task that ran when a worker died goes on alone: if it kills again, it is the one.
            while self.suspects:
                self._alone(self.suspects.popleft())
            while len(self.under_way) < self.staff.window and (bundle := next(bundles, None)) is not None:
                self._submit(bundle)
            if not self.under_way:
                if not self.suspects:
                    return
                continue
            self._collect()

    def _submit(self, bundle: tuple[Task, ...]) -> None:
        try:
            self.under_way[self.staff.submit(_in_worker, bundle)] = bundle
        except BrokenExecutor:
            self._broken(bundle)

    def _collect(self) -> None:
        done, _ = wait(self.under_way, timeout=1.0, return_when=FIRST_COMPLETED)
        if not done and (why := self.staff.lost()):
            raise StudyStopped(_stopped(why, self.outcome.done, self.total))
        for future in done:
            bundle = self.under_way.pop(future)
            try:
                words = future.result()
            except BrokenExecutor:
                self._broken(bundle)
                return
            except (CancelledError, asyncio.CancelledError):  # Dask passes on its event loop's own
                why = self.staff.lost() or "the scheduler gave up a run"
                raise StudyStopped(_stopped(why, self.outcome.done, self.total)) from None
            for task, word in zip(bundle, words, strict=False):  # after one that stops all, none were done
                self._book(task, word)

    def _broken(self, bundle: tuple[Task, ...]) -> None:
        # Those of a bundle that were finished are on disk, and kept.
        self.suspects.extend(task for group in (bundle, *self.under_way.values()) for task in group)
        self.under_way.clear()
        self.staff.renew()

    def _alone(self, task: Task) -> None:
        try:
            (word,) = self.staff.submit(_in_worker, (task,)).result()
        except BrokenExecutor:
            self.staff.renew()
            record_failure(task.folder, task.key, KILLED)
            word = Word(failed=KILLED)
        self._book(task, word)

    def _book(self, task: Task, word: Word) -> None:
        _note(self.outcome, task, word, self.total)
        if not self.few:
            self.tell(mark("runs"), self.outcome.done + len(self.outcome.failed), self.total)


# -- in the workers ----------------------------------------------------------------------------------------

# Two runs never share a process at the same time, even where a cluster's worker has several threads.
_one_at_a_time = threading.Lock()


def _bundles(tasks: Iterator[Task]) -> Iterator[tuple[Task, ...]]:
    """Tasks in a row of one bundle together, all others by themselves."""
    for name, group in groupby(tasks, key=lambda task: task.bundle):
        if name:
            yield tuple(group)
        else:
            yield from ((task,) for task in group)


def _in_worker(bundle: tuple[Task, ...]) -> list[Word]:
    words: list[Word] = []
    for task in bundle:
        words.append(_one_in_worker(task))
        if words[-1].stop:
            break
    return words


def _one_in_worker(task: Task) -> Word:
    news = news_of()
    try:
        if why := differing(task.key.plugins):
            return Word(stop=f"{why}; install the same one everywhere and start again")
    except plugins.PluginError as error:
        return Word(stop=str(error).rstrip("."))
    if news is None:  # a cluster's worker
        if code_version() != task.key.code:
            why = f"a worker runs another version of the program ({code_version()}, not {task.key.code})"
            return Word(stop=f"{why}; if its files changed while the batch ran, start it again")
        keep_memory()  # Dask asks the C library to give every little array's memory back at once
    last = [0.0]

    def report(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if news is not None and (done == total or now - last[0] > 0.2):
            last[0] = now
            news.put((name, done, total))

    with _one_at_a_time:
        word = run_one(task, report)
        _let_go()
    return word


def _let_go() -> None:
    """Free a finished run's memory now: its parts know each other, so that only the collector can.

    By itself it comes by the number of objects, and a run has few and large ones. What the first run has loaded stays
    for good and is not looked through again, so that this takes milliseconds.
    """
    gc.collect()
    _freeze()


_freeze = lru_cache(maxsize=1)(gc.freeze)  # once a process
