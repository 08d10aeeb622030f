"""SQL over a batch: its tables as views in DuckDB, over the compacted dataset or over the runs' own folders.

References
----------
Raasveldt, M. and Mühleisen, H. (2019): DuckDB: an embeddable analytical database. SIGMOD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tanshi.errors import Message
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.reading import RECORD, one_file, read_arrow
from tanshi.simulator.results.store import MANIFEST, TABLES, names_in
from tanshi.simulator.results.stored import check_runs
from tanshi.simulator.studies.batches.compact import DATASET, is_older, runs_table

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


class QueryError(StoreError):
    """A question that the database does not understand, or more than a question."""


def connect(folder: Path, sql: str = "") -> duckdb.DuckDBPyConnection:
    """A database in memory with the views ``annual``, ``periods``, ``trades`` and ``runs``.

    Every view has the column ``run``, the name of the run's folder. Without a dataset ``runs`` is gathered from the
    runs' records, which takes a moment for thousands of them, and only where the question ``sql`` names it. Nothing but
    the files of these views can be reached from it: no other file, no extension, no network; and its settings
    are locked.

    Raises
    ------
    StoreError
        Where the folder holds no finished run.
    """
    import duckdb

    database = duckdb.connect(":memory:", config={"threads": 2})
    dataset = folder / DATASET
    if _is_fresh(folder, dataset):
        files = {table: dataset / f"{table}.parquet" for table in ("runs", *TABLES)}
        for table, file in files.items():
            _view(database, table, f"select * from read_parquet({_text(file)})")
        return _shut(database, files.values())
    runs = _runs_in(folder)
    if not runs:
        raise StoreError("{folder} holds no finished run", folder=folder)
    for lost in (run / f"{table}.parquet" for run in runs for table in TABLES):
        if not lost.is_file():
            raise StoreError("cannot read {lost}: it is not there", lost=lost)
    for table in TABLES:
        every = "[" + ", ".join(_text(run / f"{table}.parquet") for run in runs) + "]"
        _view(
            database,
            table,
            "select split_part(filename, '/', -2) as run, * exclude (filename)"
            f" from read_parquet({every}, filename = true)",
        )
    if re.search(r"\bruns\b", sql, re.IGNORECASE) and (folder / MANIFEST).is_file():
        database.register("gathered", runs_table(folder))
        database.execute("create table runs as select * from gathered")
        database.unregister("gathered")
    return _shut(database, (run / f"{table}.parquet" for run in runs for table in TABLES))


def _view(database: duckdb.DuckDBPyConnection, table: str, sql: str) -> None:
    import duckdb

    try:
        database.execute(f"create view {table} as {sql}")
    except duckdb.Error as error:
        raise StoreError(
            "the table {table} cannot be read: {why}", table=table, why=str(error).strip().splitlines()[0]
        ) from error


def _shut(database: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> duckdb.DuckDBPyConnection:
    """Leave the database nothing of the world but these files."""
    names = dict.fromkeys(name for file in files for name in (file.absolute().as_posix(), one_file(file)))
    database.execute(f"set allowed_paths = [{', '.join(map(_quoted, names))}]")  # both as it is and as it is asked for
    database.execute("set enable_external_access = false")
    database.execute("set lock_configuration = true")
    return database


def _is_fresh(folder: Path, dataset: Path) -> bool:
    """Whether there is a dataset, and neither a run nor the list of runs has changed since it was gathered."""
    annual = dataset / "annual.parquet"
    if not annual.is_file():
        return False
    made = annual.stat().st_mtime_ns
    return all(is_older(file, made) for file in (folder / MANIFEST, *folder.glob(f"*/{RECORD}")))


def _text(path: Path) -> str:
    return _quoted(one_file(path))


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def query(folder: Path, sql: str) -> pd.DataFrame:
    """The answer to a question in SQL: one ``SELECT``.

    Raises
    ------
    QueryError
        Where the SQL is wrong, empty, more than one statement, or another than ``SELECT``.
    StoreError
        Where the folder holds no finished run.
    """
    database = connect(folder, sql)
    try:
        return ask(database, sql)
    except QueryError:
        check_tables(folder)
        raise
    finally:
        database.close()


def check_tables(folder: Path) -> None:
    """Read every table of a batch's own runs once, when an answer failed: the broken one is named.

    Raises
    ------
    StoreError
        Naming the first table that is not the one its record describes, or has what no run writes.
    """
    for table, columns in TABLES.items():
        gathered = folder / DATASET / f"{table}.parquet"
        if gathered.is_file():
            read_arrow(gathered, columns)
    check_runs(_runs_in(folder))


def _runs_in(folder: Path) -> list[Path]:
    """Folders of the batch's finished runs."""
    return [folder / name for name in names_in(folder) if (folder / name / RECORD).is_file()]


def ask(database: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    """The answer of an open database to one ``SELECT``.

    Raises
    ------
    QueryError
        As `query`, and where a table turns out to be broken.
    """
    import duckdb

    try:
        statements = database.extract_statements(sql)
        kinds = [str(statement.type).rsplit(".", 1)[-1] for statement in statements]
        if kinds != ["SELECT"]:
            got = ", ".join(kinds).lower() or Message("nothing")
            raise QueryError("the question cannot be answered: expected one SELECT, got {got}", got=got)
        return database.execute(statements[0]).df()
    except duckdb.Error as error:
        raise QueryError("the question cannot be answered: {error}", error=str(error).strip()) from error
