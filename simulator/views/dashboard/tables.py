"""What the pages ask of a batch's tables, answered by DuckDB where they lie: fills are summed, never loaded.

Every value that comes from a reader is a bound parameter of the question; columns to sort by come from fixed lists.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd

from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.bands import FEWEST, HIGH, LOW, MIDDLE
from tanshi.simulator.results.quality import yearly_quality
from tanshi.simulator.results.reading import one_file, read_arrow, read_frame
from tanshi.simulator.results.store import TABLES
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.studies.batches.compact import DATASET
from tanshi.simulator.views.dashboard.folder import Batch, Run

KEPT = 64
"""Answers kept; each is small, since it is a sum."""
BAND = (
    "case when count(*) >= " + str(FEWEST) + " then quantile_cont({of}, " + str(LOW) + ") else min({of}) end as low,"
    " quantile_cont({of}, " + str(MIDDLE) + ") as middle,"
    " case when count(*) >= " + str(FEWEST) + " then quantile_cont({of}, " + str(HIGH) + ") else max({of}) end as high"
)
"""Median and band of a column over the runs, as `tanshi.simulator.results.bands.ends` has them."""


class UnreadableTable(StoreError):
    """A table of a run that is gone, cut short or of another form."""


@dataclass
class Tables:
    """Answers by question; a batch that changes has another mark, and so other answers."""

    answers: OrderedDict[tuple[Any, ...], Any] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)
    database: Any = None

    def kept(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The answer to a question that may have been asked before."""
        with self.lock:
            if key in self.answers:
                self.answers.move_to_end(key)
                return self.answers[key]
        answer = make()
        with self.lock:
            self.answers[key] = answer
            while len(self.answers) > KEPT:
                self.answers.popitem(last=False)
        return answer

    def ask(self, sql: str, *values: object, **frames: pd.DataFrame) -> pd.DataFrame:
        """The answer to one question.

        Parameters
        ----------
        values
            What stands in place of the question's marks.
        frames
            Tables at hand that the question names.

        Raises
        ------
        UnreadableTable
            Where a table is gone or broken.
        """
        import duckdb

        with self.lock:
            if self.database is None:
                self.database = duckdb.connect(":memory:", config={"threads": 2})
            cursor = self.database.cursor()
        try:
            for name, frame in frames.items():
                cursor.register(name, frame)
            return pd.DataFrame(cursor.execute(sql, [_said(value) for value in values]).df())
        except duckdb.Error as error:
            for value in values:
                for file in value if isinstance(value, list) else ():
                    if isinstance(file, Path):
                        read_arrow(file)  # says which of them is broken
            told = str(error).strip().splitlines()[0]
            raise UnreadableTable("a table of this batch cannot be read: {told}", told=told) from error
        finally:
            cursor.close()

    # -- by year and by period -------------------------------------------------------------------------------

    def bands(self, batch: Batch) -> pd.DataFrame:
        """Every annual variable by scenario and year: median over the runs, and their band (`bands.ends`)."""

        def make() -> pd.DataFrame:
            files = files_of(batch, batch.runs, "annual")
            return self.ask(
                f"select scenario, variable, unit, year, count(*) as runs, {BAND.format(of='value')}"
                " from read_parquet(?) group by all order by scenario, variable, year",
                files,
            )  # fmt: skip

        found: pd.DataFrame = self.kept(("bands", batch.folder, batch.mark), make)
        return found

    def compared(self, batch: Batch, variables: Sequence[str]) -> pd.DataFrame:
        """A few annual variables of all runs of a batch, read once: ``scenario, seed, variable, year, value``."""

        def make() -> pd.DataFrame:
            return self.ask(
                "select scenario, seed, variable, year, value from read_parquet(?) where list_contains(?, variable)",
                files_of(batch, batch.runs, "annual"), list(variables),
            )  # fmt: skip

        found: pd.DataFrame = self.kept(("compared", batch.folder, batch.mark, tuple(variables)), make)
        return found

    def some(self, key: tuple[Any, ...], files: list[Path], variables: Sequence[str]) -> pd.DataFrame:
        """As `compared`, of a few runs by their files."""

        def make() -> pd.DataFrame:
            return self.ask(
                "select scenario, seed, variable, year, value from read_parquet(?) where list_contains(?, variable)",
                files, list(variables),
            )  # fmt: skip

        found: pd.DataFrame = self.kept(("some", key, tuple(variables)), make)
        return found

    def bands_within(self, rows: pd.DataFrame) -> pd.DataFrame:
        """As `bands`, of rows of `compared`: ``scenario, variable, year, low, middle, high``."""
        return self.ask(
            f"select scenario, variable, year, {BAND.format(of='value')} from rows group by all"
            " order by scenario, variable, year",
            rows=rows,
        )

    def paired(self, rows: pd.DataFrame, others: pd.DataFrame, *, percent: bool) -> pd.DataFrame:
        """How far runs are from others of the same seed, median and band: ``variable, year, low, middle, high``.

        Parameters
        ----------
        rows, others
            As of `compared`, of one scenario each.
        """
        return self.ask(
            "with gaps as (select one.variable as variable, one.year as year, one.value - other.value as gap,"
            " other.value as base from rows one join others other"
            " on one.seed = other.seed and one.variable = other.variable and one.year = other.year),"
            " said as (select variable, year, case when ? then 100 * gap / nullif(base, 0) else gap end as gap"
            f" from gaps) select variable, year, {BAND.format(of='gap')} from said where gap is not null"
            " group by all order by variable, year",
            percent, rows=rows, others=others,
        )  # fmt: skip

    def results(self, batch: Batch, *, periods: bool = False) -> list[RunResult]:
        """The runs without their fills."""

        def make() -> list[RunResult]:
            return [run.light(self._annual(run), self.periods(run) if periods else None) for run in batch.runs]

        found: list[RunResult] = self.kept(("results", batch.folder, batch.mark, periods), make)
        return found

    def _annual(self, run: Run) -> pd.DataFrame:
        return read_frame(run.folder / "annual.parquet", TABLES["annual"])

    def periods(self, run: Run) -> pd.DataFrame:
        """The periods of a run, in order."""

        def make() -> pd.DataFrame:
            found = self.ask("select * from read_parquet(?) order by year, period", [_file(run, "periods")])
            if found.empty:
                raise UnreadableTable("{path} is broken: it has no rows", path=_file(run, "periods"))
            return found

        found: pd.DataFrame = self.kept(("periods", run.folder, run.age), make)
        return found

    def price_paths(self, batch: Batch) -> pd.DataFrame:
        """Price of every period, median and band: ``scenario, year, period, low, middle, high``."""

        def make() -> pd.DataFrame:
            return self._paths(files_of(batch, batch.runs, "periods"))

        found: pd.DataFrame = self.kept(("paths", batch.folder, batch.mark), make)
        return found

    def price_paths_of(self, key: tuple[Any, ...], files: list[Path]) -> pd.DataFrame:
        """As `price_paths`, of a few runs by their files."""
        found: pd.DataFrame = self.kept(("paths", key), lambda: self._paths(files))
        return found

    def _paths(self, files: list[Path]) -> pd.DataFrame:
        return self.ask(
            f"select scenario, year, period, {BAND.format(of='price')} from read_parquet(?) group by all"
            " order by scenario, year, period",
            files,
        )

    # -- fills -----------------------------------------------------------------------------------------------

    def sector_flows(self, run: Run, year: int | None, period: int | None) -> pd.DataFrame:
        """Tonnes and yuan sold from sector to sector: ``seller, buyer, tonnes, yuan, fills``."""

        def make() -> pd.DataFrame:
            return self.ask(
                "select seller_sector as seller, buyer_sector as buyer, sum(quantity_t) as tonnes,"
                " sum(price * quantity_t) as yuan, count(*) as fills from read_parquet(?)"
                " where (? is null or year = ?) and (? is null or period = ?)"
                " group by all order by tonnes desc, seller, buyer",
                [_file(run, "trades")], year, year, period, period,
            )  # fmt: skip

        found: pd.DataFrame = self.kept(("flows", run.folder, run.age, year, period), make)
        return found

    def firm_pairs(self, run: Run, year: int | None, period: int | None, most: int) -> pd.DataFrame:
        """The pairs of traders with most tonnes: ``seller, buyer, seller_sector, buyer_sector, tonnes``."""

        def make() -> pd.DataFrame:
            return self.ask(
                "select seller, buyer, any_value(seller_sector) as seller_sector,"
                " any_value(buyer_sector) as buyer_sector, sum(quantity_t) as tonnes from read_parquet(?)"
                " where (? is null or year = ?) and (? is null or period = ?)"
                " group by seller, buyer order by tonnes desc, seller, buyer limit ?",
                [_file(run, "trades")], year, year, period, period, most,
            )  # fmt: skip

        found: pd.DataFrame = self.kept(("pairs", run.folder, run.age, year, period, most), make)
        return found

    def quality(self, run: Run) -> pd.DataFrame:
        """How well the run's market worked, a row a year (`MEASURES`); fills are summed by pair where they lie."""

        def make() -> pd.DataFrame:
            pairs = self.ask(
                "select year, seller, buyer, sum(quantity_t) as quantity_t,"
                " sum(price * quantity_t) / sum(quantity_t) as price from read_parquet(?)"
                " group by year, seller, buyer order by year, seller, buyer",
                [_file(run, "trades")],
            )
            return yearly_quality(replace(run.light(pd.DataFrame(), self.periods(run)), trades=pairs))

        found: pd.DataFrame = self.kept(("quality", run.folder, run.age), make)
        return found

    def firms(self, run: Run, year: int | None) -> pd.DataFrame:
        """Every trader with what it bought and sold in a year (None: in all).

        Columns: ``firm, sector, bought_t, sold_t, net_t, paid_yuan, price, fills``.
        """

        def make() -> pd.DataFrame:
            return self.ask(
                "with fills as (select * from read_parquet(?) where ? is null or year = ?), sides as ("
                " select buyer as firm, buyer_sector as sector, quantity_t as bought, 0 as sold, price from fills"
                " union all select seller, seller_sector, 0, quantity_t, price from fills)"
                " select firm, any_value(sector) as sector, sum(bought) as bought_t, sum(sold) as sold_t,"
                " sum(bought) - sum(sold) as net_t, sum(price * (bought - sold)) as paid_yuan,"
                " sum(price * (bought + sold)) / sum(bought + sold) as price, count(*) as fills"
                " from sides group by firm order by firm",
                [_file(run, "trades")], year, year,
            )  # fmt: skip

        found: pd.DataFrame = self.kept(("firms", run.folder, run.age, year), make)
        return found


def _said(value: object) -> object:
    """A value of a question as DuckDB takes it."""
    return [one_file(one) if isinstance(one, Path) else one for one in value] if isinstance(value, list) else value


def files_of(batch: Batch, runs: Sequence[Run], table: str) -> list[Path]:
    """Files that hold a table of some runs: the gathered one where it has them, and nothing but them, a scenario each.

    Parameters
    ----------
    runs
        All runs of the batch or of one of its scenarios, or any few of them.
    """
    whole = len(runs) == sum(len(batch.scenarios[name]) for name in {run.scenario for run in runs})
    if batch.gathered and whole:
        return [batch.folder / DATASET / f"{table}.parquet"]
    return [_file(run, table) for run in runs]


def _file(run: Run, table: str) -> Path:
    return run.folder / f"{table}.parquet"
