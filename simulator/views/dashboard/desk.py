"""What the dashboard's pages share: the folders it may show, answers already found, the processes that compute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import cast

import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.results.replay import as_it_was_run
from tanshi.simulator.studies.sweeps.analyse import Study, analyse
from tanshi.simulator.views.charts.figures import source_words
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow, Run, Shelf, batches_below, newest
from tanshi.simulator.views.dashboard.recompute import Question, Recomputed, recompute, traits
from tanshi.simulator.views.dashboard.runs import RunFromPage
from tanshi.simulator.views.dashboard.tables import Tables
from tanshi.simulator.views.dashboard.warm import WarmWorker

RECOMPUTED = 3
"""Runs whose books and flows are kept."""
SAME = 1e-6
"""Prices of a run computed anew may differ from the stored by so much, yuan/t."""


@dataclass
class Desk:
    """The state of one dashboard.

    Parameters
    ----------
    given
        Folder named on the command line; None for the newest below ``root``.
    root
        Where results are kept, and where runs started from the page go.
    """

    given: Path | None
    root: Path
    shelf: Shelf = field(default_factory=Shelf)
    tables: Tables = field(default_factory=Tables)
    levers: WarmWorker = field(default_factory=WarmWorker)
    again: WarmWorker = field(default_factory=WarmWorker)
    started: RunFromPage = field(default_factory=RunFromPage)
    computed: OrderedDict[str, Recomputed] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def folders(self) -> dict[str, Path]:
        """Every folder that may be shown, by the name a page calls it; nothing else is ever opened."""
        found = [self.given] if self.given is not None else []
        found += [path for path in batches_below(self.root) if path != self.given]
        return {str(path): path for path in found}

    def default(self) -> str | None:
        """The folder shown first."""
        first = self.given or newest(self.root)
        return None if first is None else str(first)

    def batch(self, name: object) -> Batch:
        """The batch of a folder's name.

        Raises
        ------
        NothingToShow
            For a name that is none of `folders`, or a folder without results.
        """
        wanted = name or self.default()
        if wanted is None:
            raise NothingToShow(
                "there are no results below {root} yet. `tanshi` makes some, and so does the page Start a run",
                root=self.root,
            )
        folder = self.folders().get(str(wanted))
        if folder is None:
            raise NothingToShow("{name} is not among the folders of results (any more)", name=Path(str(wanted)).name)
        return self.shelf.open(folder)

    def source(self, batch: Batch) -> str:
        """The source line under every chart of a batch."""
        return self.source_of_runs(batch.runs)

    def source_of_runs(self, runs: Sequence[Run]) -> str:
        """The source line under a chart of some runs of any folders."""
        return source_words([(run.said, run.seed) for run in runs])

    def source_of(self, run: Run) -> str:
        """The source line under what one run's tables say."""
        return self.source_of_runs([run])

    def recomputed(self, run: Run) -> Recomputed:
        """A run with its order books and flows.

        Raises
        ------
        UserError
            Where it comes out differently from what is stored.
        """
        name = f"{run.meta.get('id')} {run.folder}"
        with self.lock:
            found = self.computed.get(name)
        if found is None:
            stored = self.tables.periods(run)[["year", "period", "price"]]
            found = cast(Recomputed, self.again.ask(recompute, (self.question(run), stored)))
        with self.lock:
            self.computed[name] = found
            self.computed.move_to_end(name)
            while len(self.computed) > RECOMPUTED:
                self.computed.popitem(last=False)
        if found.gap > SAME:
            problem = Problem(
                "the prices that are stored", Message("prices up to {gap:,.2f} yuan/t away", gap=found.gap), run.name
            )
            told = Message(
                "This run was made by another version of the program, whose order books cannot be found again."
            )
            raise UserError(told, [problem])
        return found

    def traits(self, run: Run) -> pd.DataFrame:
        """Strategy, size, intensity and cost of every firm of a run."""
        question = self.question(run)
        key = ("traits", run.meta.get("id"), str(run.folder))
        found: pd.DataFrame = self.tables.kept(key, lambda: self.again.ask(traits, question))
        return found

    def question(self, run: Run) -> Question:
        """What has to be run once more for a stored run."""
        parameters, region = run.market
        return Question(as_it_was_run(parameters, run.scenario), region)

    def study(self, batch: Batch) -> Study:
        """The analysis of a sweep."""
        found: Study = self.tables.kept(("study", batch.folder, batch.mark), lambda: analyse(batch.folder))
        return found

    def close(self) -> None:
        """End every process that was started."""
        self.started.cancel()
        self.levers.close()
        self.again.close()
        self.shelf.close()
