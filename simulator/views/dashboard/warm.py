"""A worker process kept warm: imports done, province compiled, baseline solved; the newest question is what counts.

Sliders move faster than a model runs. A question that is asked while another is computed takes its place: the older
run stops at its next market period, and whoever asked it is told so.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Lock
from typing import Any

from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.studies.batches.workers import begin_worker

Step = Callable[[int, int], None]
Job = Callable[[Any, Step], Any]


class Superseded(Exception):
    """A newer question took this one's place."""


class WorkerLost(StoreError):
    """The process that computes ended by itself, twice."""

    exit_code = 1


class WarmWorker:
    """One process that answers one question at a time, the newest first."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("spawn")
        self.newest: Any = self.context.Value("q", 0)
        self.steps: Any = self.context.Array("q", [0, 0])
        self.lock = Lock()
        self.pool: ProcessPoolExecutor | None = None
        self.waiting = 0

    def warm_up(self, job: Job, question: Any) -> None:
        """Let the process start and do a first job, without waiting for it."""
        self._submit(job, question)

    def turn(self) -> int:
        """A place in the order of questions, to be taken before a question is made ready: the newest counts."""
        with self.lock:
            self.newest.value += 1
            return int(self.newest.value)

    def ask(self, job: Job, question: Any, turn: int | None = None) -> Any:
        """The answer of ``job`` to a question.

        Parameters
        ----------
        job
            A function of a module; it calls its second argument after every step.
        turn
            The question's place from `turn`; by default it is the newest.

        Raises
        ------
        Superseded
            Where a newer question was asked in the meantime.
        WorkerLost
            Where the process ended twice (memory).
        """
        with self._counted():
            for _ in range(2):
                try:
                    number, future = self._submit(job, question, turn)
                    answer = future.result()
                except BrokenProcessPool:
                    with self.lock:
                        self.pool = None
                    continue
                if self.newest.value != number:
                    raise Superseded
                return answer
        raise WorkerLost("the process that computes ended by itself; the usual reason is memory: try fewer firms")

    @property
    def progress(self) -> tuple[int, int] | None:
        """Steps done and in all of what is computed now; None where nothing is."""
        if not self.waiting:
            return None
        return int(self.steps[0]), int(self.steps[1])

    def close(self) -> None:
        """Let the process go; it stops at its next step."""
        with self.lock:
            self.newest.value += 1
            if self.pool is not None:
                self.pool.shutdown(wait=True, cancel_futures=True)
                self.pool = None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self.lock:
            self.waiting += 1
            self.steps[0] = self.steps[1] = 0
        try:
            yield
        finally:
            with self.lock:
                self.waiting -= 1

    def _submit(self, job: Job, question: Any, turn: int | None = None) -> tuple[int, Future[Any]]:
        with self.lock:
            if self.pool is None:
                self.pool = ProcessPoolExecutor(1, self.context, _begin, (os.getpid(), self.newest, self.steps))
            if turn is None:
                self.newest.value += 1
            number = int(self.newest.value)
            if turn not in (None, number):
                raise Superseded
            self.steps[0] = self.steps[1] = 0
            return number, self.pool.submit(_answer, job, number, question)


# -- in the process ----------------------------------------------------------------------------------------

_newest: Any = None
_steps: Any = None


def _begin(parent: int, newest: Any, steps: Any) -> None:
    global _newest, _steps
    _newest, _steps = newest, steps
    begin_worker(parent, None)


def _answer(job: Job, number: int, question: Any) -> Any:
    def step(done: int, total: int) -> None:
        if _newest.value != number:
            raise Superseded
        _steps[0], _steps[1] = done, total

    step(0, 0)
    return job(question, step)
