"""SQL over a batch: its tables as views in DuckDB, over the compacted dataset or over the runs' own folders.

References
----------
Raasveldt, M. and Mühleisen, H. (2019): DuckDB: an embeddable analytical database. SIGMOD.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.store import TABLES
from tanshi.simulator.studies.batches.compact import DATASET

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


class QueryError(StoreError):
    """A question that the database does not understand, or more than a question."""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory with the views ``annual``, ``periods``, ``trades``, and ``runs`` where there is a dataset.

    Every view has the column ``run``, the name of the run's folder. Nothing but the files of these views can be reached
    from it: no other file, no extension, no network; and its settings are locked.

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
            database.execute(f"create view {table} as select * from read_parquet({_text(file)})")
        return _shut(database, files.values())
    # Neither a dataset gathered before nor the leftovers of a killed process are runs.
    runs = [p.parent for p in sorted(folder.glob("*/annual.parquet")) if p.parent.name[0] != "."]
    runs = [run for run in runs if run.name != DATASET]
    if not runs:
        raise StoreError(f"{folder} holds no finished run")
    for table in TABLES:
        every = "[" + ", ".join(_text(run / f"{table}.parquet") for run in runs) + "]"
        database.execute(
            f"create view {table} as select split_part(filename, '/', -2) as run, * exclude (filename)"
            f" from read_parquet({every}, filename = true)"
        )
    return _shut(database, (run / f"{table}.parquet" for run in runs for table in TABLES))


def _shut(database: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> duckdb.DuckDBPyConnection:
    """Leave the database nothing of the world but these files."""
    database.execute(f"set allowed_paths = [{', '.join(_text(file) for file in files)}]")
    database.execute("set enable_external_access = false")
    database.execute("set lock_configuration = true")
    return database


def _is_fresh(folder: Path, dataset: Path) -> bool:
    """Whether there is a dataset and no run has been finished since it was gathered."""
    try:
        gathered = (dataset / "annual.parquet").stat().st_mtime_ns
    except OSError:
        return False
    return all(record.stat().st_mtime_ns <= gathered for record in folder.glob("*/run.json"))


def _text(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "''") + "'"


def query(folder: Path, sql: str) -> pd.DataFrame:
    """The answer to a question in SQL: one ``SELECT``.

    Raises
    ------
    QueryError
        Where the SQL is wrong, empty, more than one statement, or another than ``SELECT``.
    StoreError
        Where the folder holds no finished run.
    """
    import duckdb

    database = connect(folder)
    try:
        statements = database.extract_statements(sql)
        kinds = [str(statement.type).rsplit(".", 1)[-1] for statement in statements]
        if kinds != ["SELECT"]:
            got = ", ".join(kinds).lower() or "nothing"
            raise QueryError(f"the question cannot be answered: expected one SELECT, got {got}")
        return database.execute(statements[0]).df()
    except duckdb.Error as error:
        raise QueryError(f"the question cannot be answered: {str(error).strip()}") from error
    finally:
        database.close()
