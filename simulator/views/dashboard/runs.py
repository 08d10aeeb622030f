"""A run started from the page: the ordinary batch in a process of its own, which can be watched and cancelled."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from tanshi.errors import Message
from tanshi.language import say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.results.reading import RECORD
from tanshi.simulator.results.store import MANIFEST
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.studies.batches.lock import LOCK
from tanshi.simulator.studies.batches.workers import begin_worker


@dataclass
class Standing:
    """How far the run is.

    Parameters
    ----------
    state
        ``none | running | finished | failed | cancelled``.
    message
        Why it failed.
    """

    state: str = "none"
    name: str = ""
    folder: Path | None = None
    done: int = 0
    total: int = 0
    message: str = ""


class RunFromPage:
    """One run at a time; a second is refused while the first is under way."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("spawn")
        self.lock = Lock()
        self.standing = Standing()
        self.process: Any = None

    def start(self, scenario: Scenario, root: Path, seeds: int = 1) -> Standing:
        """Start a run into a new folder below ``root``.

        Raises
        ------
        UserError
            While another run is under way.
        """
        with self.lock:
            if self.standing.state == "running":
                problem = Problem(
                    "one run at a time",
                    Message("{name} is under way", name=self.standing.name),
                    hint="Wait or cancel it.",
                )
                raise UserError("The run cannot be started.", [problem])
            folder = new_folder(root.absolute())
            ours, theirs = self.context.Pipe(duplex=False)
            arguments = (os.getpid(), scenario, folder, seeds, theirs)
            self.process = self.context.Process(target=_run, args=arguments, daemon=True)
            self.standing = Standing("running", scenario.name, folder)
            self.process.start()
            theirs.close()
            Thread(target=self._listen, args=(ours, self.process, self.standing), daemon=True).start()
            return self.standing

    def cancel(self) -> None:
        """End the run; a folder without a finished run goes with it."""
        with self.lock:
            if self.standing.state != "running":
                return
            self.standing.state = "cancelled"
            self.process.terminate()
        self.process.join(timeout=10)
        if self.standing.folder is not None:
            clear_unfinished(self.standing.folder)

    def _listen(self, news: Any, process: Any, standing: Standing) -> None:
        word: Mapping[str, Any] = {}
        try:
            while True:
                word = news.recv()
                if "done" in word:
                    standing.done, standing.total = int(word["done"]), int(word["total"])
        except (EOFError, OSError):
            pass
        process.join()
        with self.lock:
            if standing.state != "running":
                return
            if word.get("finished"):
                standing.state = "finished"
            else:
                standing.state = "failed"
                standing.message = str(
                    word.get("failed") or say("the process ended by itself; the usual reason is memory")
                )


def clear_unfinished(folder: Path) -> None:
    """Remove the folder of a cancelled batch in which no run was finished; any other is left as it is."""
    if not folder.is_dir():
        return
    kept = [path for path in folder.iterdir() if path.name not in (MANIFEST, LOCK) and not path.name.endswith(".part")]
    if not kept and next(folder.glob(f"*/{RECORD}"), None) is None:
        shutil.rmtree(folder, ignore_errors=True)


def _run(parent: int, scenario: Scenario, folder: Path, seeds: int, news: Any) -> None:
    """Compute and write the batch; said on the pipe: how far it is, and how it ended."""
    begin_worker(parent, None)
    under_way: dict[str, tuple[int, int]] = {}

    def report(name: str, done: int, total: int) -> None:
        if not name.startswith(scenario.name):  # the compiler has steps of its own
            return
        under_way[name] = (done, total)
        news.send({"done": sum(one for one, _ in under_way.values()), "total": total * seeds})

    try:
        result = run_batch([scenario], folder, progress=report, workers=1, seeds=seeds)
    except Exception as error:
        news.send({"failed": str(error) or type(error).__name__})
        return
    reasons = [f"{name}: {reason}" for name, reason in result.failed.items()]
    news.send({"failed": "; ".join(reasons)} if reasons else {"finished": True})
