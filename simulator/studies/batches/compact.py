"""A batch as one Parquet dataset: four tables for a thousand folders, streamed, the same bytes for the same runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tanshi.language import mark
from tanshi.simulator.machine.disk import PARQUET, StoreError, table_bytes, told
from tanshi.simulator.results.columns import about
from tanshi.simulator.results.reading import (
    RECORD,
    gaps,
    one_file,
    read_about,
    read_arrow,
    read_frame,
    read_record,
    read_schema,
)
from tanshi.simulator.results.store import TABLES, publish, read_manifest
from tanshi.simulator.results.stored import READERS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

DATASET = "dataset"
DIAGNOSTICS = ("worst_residual", "worst_walras", "iterations", "unsettled_periods")
KIND = ("title", "economy", "mode", "ahead", "drift")
"""Columns that say what kind of model a run is."""
SEVERAL = ", "
"""Between the economies of a run of several provinces."""
AT_ONCE = 64
"""Runs whose tables are read together."""
GATHER = 1 << 18
"""Rows gathered before they are written as one group: what the memory of the writer depends on."""
OTHER_COLUMNS = mark("{table} of the run {run} has other columns than that of the first run")


@dataclass(frozen=True)
class Standing:
    """How far a batch is.

    Parameters
    ----------
    finished, missing
        Names of folders, in the manifest's order.
    failed
        Name of each failed run to its reason.
    """

    finished: Sequence[str]
    failed: Mapping[str, str]
    missing: Sequence[str]


def standing(folder: Path) -> Standing:
    """Which runs of a batch are finished, failed, or not there yet.

    Raises
    ------
    StoreError
        Where the folder holds no batch.
    """
    finished: list[str] = []
    missing: list[str] = []
    failed: dict[str, str] = {}
    for name, _, status, record in _records(folder):
        if status == "finished":
            finished.append(name)
        elif status == "failed":
            failed[name] = str(record.get("error", ""))
        else:
            missing.append(name)
    return Standing(finished, failed, missing)


def _records(folder: Path) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Name, id, status and record of every run of a batch in the manifest's order; each record is read once."""
    manifest = read_manifest(folder)
    if not manifest:
        raise StoreError("{folder} holds no batch: there is no manifest.json in it", folder=folder)
    for name, run_id in manifest["runs"].items():
        if (folder / name).is_dir() and (record := read_record(folder / name)).get("id") == run_id:
            yield name, run_id, "finished", record
        elif (folder / f"{name}.failed").is_dir():
            yield name, run_id, "failed", read_record(folder / f"{name}.failed")
        else:
            yield name, run_id, "missing", {}


def compact(folder: Path) -> dict[str, int]:
    """Write ``dataset/`` with one file for each kind of table, each row with the name of its run.

    ``runs.parquet`` has one row a run: its id, scenario, seed, status, diagnostics, and for a sweep the point and the
    drawn values. The runs' own folders stay as they are.

    Returns
    -------
    dict
        Table to its rows.

    Raises
    ------
    StoreError
        Where the folder holds no batch, a table is not the one its record names, or the disk refuses; nothing is left
        half-written then.
    """
    hashes: dict[str, dict[str, str]] = {}
    listed = runs_table(folder, hashes)
    rows = {"runs": len(listed)}

    def fill(temporary: Path) -> None:
        (temporary / "runs.parquet").write_bytes(table_bytes(listed, "runs", _about(folder, list(listed.columns))))
        for table in TABLES:
            rows[table] = _write(temporary / f"{table}.parquet", _tables(folder, hashes, table))

    publish((folder / DATASET).absolute(), fill)
    return rows


def runs_table(folder: Path, hashes: dict[str, dict[str, str]] | None = None) -> pd.DataFrame:
    """One row a run: its id, status, scenario, seed, diagnostics, and of a sweep its point and drawn values.

    Parameters
    ----------
    folder
        The batch's.
    hashes
        Filled with what the records of finished runs say of their tables: run to table to hash.

    Raises
    ------
    StoreError
        Where the folder holds no batch.
    """
    found = []
    for name, run_id, status, said in _records(folder):
        error = str(said.get("error", "")) if status == "failed" else ""
        row: dict[str, Any] = {"run": name, "id": run_id, "status": status, "error": error}
        record = said if status == "finished" else {}
        if hashes is not None and record:
            hashes[name] = {table: str(known.get("sha256", "")) for table, known in record.get("tables", {}).items()}
        row |= {"scenario": str(record.get("scenario", "")), "seed": int(record.get("seed", -1))}
        row |= {key: _number(record.get("meta", {}).get(key)) for key in DIAGNOSTICS}
        row |= kind_of(record.get("parameters", {}))
        row |= {"code": str(record.get("code", "")), "fills": fills_of(record)}
        found.append(row)
    table = pd.DataFrame(found)
    design = folder / "design.parquet"
    if design.is_file():
        drawn = read_frame(design, ("run", "scenario", "seed", "point")).drop(columns=["scenario", "seed"])
        if drawn["run"].duplicated().any():
            raise StoreError("{path} is broken: it does not list the runs of this sweep", path=design)
        table = table.merge(drawn, on="run", how="left", validate="1:1")
    return table


def kind_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a run is called and what kind of model it is, from its parameters: the columns ``KIND``."""
    market, banking, drift = (dict(parameters.get(group) or {}) for group in ("market", "banking", "drift"))
    return {
        "title": str(parameters.get("title") or ""),
        "economy": SEVERAL.join(parameters.get("economies") or [str(parameters.get("economy", ""))]),
        "mode": str(market.get("mode", "")),
        "ahead": int(banking.get("horizon") or 0) if banking.get("allowed", True) else 0,
        "drift": str(drift.get("mode", "")),
    }


def fills_of(record: Mapping[str, Any]) -> int:
    """Rows of a run's table of fills, as its record says."""
    return int(record.get("tables", {}).get("trades", {}).get("rows", 0))


def gathered(folder: Path) -> tuple[dict[str, dict[str, Any]], bool]:
    """Runs whose tables ``dataset/`` holds as they are now: each finished, and not written since.

    Returns
    -------
    dict, bool
        Rows of the table of runs by name; whether the dataset holds nothing else.

    Raises
    ------
    StoreError
        Where the table of runs cannot be read.
    """
    path = folder / DATASET / "runs.parquet"
    if not path.is_file():
        return {}, False
    made = path.stat().st_mtime_ns
    wanted = ("run", "id", "status", "scenario", "seed", *KIND, "code", "fills")
    table = read_arrow(path)
    if not set(wanted) <= set(table.column_names):  # of an older version of the program
        return {}, False
    names = read_manifest(folder).get("runs", {})
    rows = [row for row in table.select(wanted).to_pylist() if row["status"] == "finished"]
    gaps = [name for name in wanted if any(row[name] is None for row in rows)]
    if gaps:
        raise StoreError("{path} is broken: its column {name} has gaps", path=path, name=gaps[0])
    found = {
        row["run"]: row
        for row in rows
        if names.get(row["run"]) == row["id"] and is_older(folder / row["run"] / RECORD, made)
    }
    return found, len(found) == len(rows)


def is_older(file: Path, made: int) -> bool:
    """Whether a file is there and was last written when something was made from it, ns, or before."""
    try:
        return file.stat().st_mtime_ns <= made
    except OSError:
        return False


def _about(folder: Path, columns: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Unit and meaning of the columns of the table of runs: its own, and those of a sweep's design."""
    design = folder / "design.parquet"
    return {**about(columns), **(read_about(design) if design.is_file() else {})}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _tables(folder: Path, hashes: Mapping[str, Mapping[str, str]], table: str) -> Iterator[pa.Table]:
    """One table of all runs, some runs at a time, each row with the name of its run."""
    import duckdb
    import pyarrow as pa

    def checked(name: str) -> pa.Schema:
        return read_schema(folder / name / f"{table}.parquet", TABLES[table], sha256=hashes[name].get(table, ""))

    def alone(name: str) -> pa.Table:
        found = read_arrow(folder / name / f"{table}.parquet", TABLES[table], sha256=hashes[name].get(table, ""))
        return found.add_column(0, "run", pa.array([name] * len(found), pa.string()))

    def read(names: Sequence[str]) -> pa.Table:
        schemas = [checked(name) for name in names]
        _all_alike(table, names, schemas)
        files = [folder / name / f"{table}.parquet" for name in names]
        with database.cursor() as own:
            together = _together(own, files, schemas[0])
        # read one by one where they are not to be had together: whatever is wrong is named
        return pa.concat_tables([alone(name) for name in names]) if together is None else together

    names = list(hashes)
    parts = (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
    # Each part has one thread, which costs a third less than DuckDB's own threads do over so many small files.
    with duckdb.connect(config={"threads": 1}) as database, ThreadPoolExecutor(READERS) as pool:
        under_way = deque(pool.submit(read, part) for part in islice(parts, READERS))
        while under_way:
            found = under_way.popleft().result()
            under_way.extend(pool.submit(read, part) for part in islice(parts, 1))
            yield found


def _all_alike(table: str, names: Sequence[str], schemas: Sequence[pa.Schema]) -> None:
    """Refuse runs whose tables cannot stand in one."""
    for name, schema in zip(names, schemas, strict=True):
        if schema != schemas[0]:
            raise StoreError(OTHER_COLUMNS, table=table, run=name)


def _together(database: duckdb.DuckDBPyConnection, files: Sequence[Path], schema: pa.Schema) -> pa.Table | None:
    """The rows of many small files in their order: DuckDB opens a file of a few rows in a third of Arrow's time."""
    import duckdb
    import pyarrow as pa

    names = [one_file(file) for file in files]
    sql = "select split_part(filename, '/', -2) as run, * exclude (filename) from read_parquet(?, filename = true)"
    try:
        found = database.sql(sql, params=[names]).to_arrow_table()
        found = found.cast(pa.schema([("run", pa.string()), *((field.name, field.type) for field in schema)]))
    except (duckdb.Error, pa.ArrowException, ValueError):
        return None
    # Copied: the columns of a few rows that DuckDB gives have room for two thousand, and thousands of them are held.
    return None if gaps(found) else pa.concat_tables([found, found.slice(0, 0)]).combine_chunks()


def _write(path: Path, tables: Iterator[pa.Table]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    waiting: list[pa.Table] = []
    held = rows = 0
    try:
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, **PARQUET)
                writer.add_key_value_metadata(told(table.column_names, about(table.column_names)))
            elif table.schema != writer.schema:
                run = table.column("run")[0].as_py() if len(table) else ""
                raise StoreError(OTHER_COLUMNS, table=path.stem, run=run)
            waiting.append(table)
            held += len(table)
            rows += len(table)
            if held >= GATHER:
                writer.write_table(pa.concat_tables(waiting).combine_chunks(), row_group_size=GATHER)
                waiting, held = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting).combine_chunks(), row_group_size=GATHER)
    finally:
        if writer is not None:
            writer.close()
    return rows
