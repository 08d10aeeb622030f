"""What lies on disk, read with one kind of error: a file that was cut, changed or written by hand is named.

Whoever reads results goes through here: a record has the fields that were written, a table has its columns, and
anything else is a `StoreError` that says which file is broken and how.
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from tanshi.errors import Message, TanshiError
from tanshi.simulator.machine.disk import TYPES, StoreError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

RECORD = "run.json"
FORMAT = 1
"""The form of a run's folder that this version writes and reads."""


def one_file(file: Path) -> str:
    """The name under which DuckDB opens this file and no other: signs of a pattern stand for themselves.

    Examples
    --------
    >>> one_file(Path("/runs [new]/S1/annual.parquet")).rpartition("runs")[2]
    ' [[]new]/S1/annual.parquet'
    """
    return glob.escape(file.absolute().as_posix())  # DuckDB takes a stroke forward everywhere


Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A whole number that a column of a table can hold."""


class StoredTable(BaseModel):
    """What a record says of one table."""

    rows: Count
    sha256: str


class StoredMeta(BaseModel):
    """The numbers of a run's diagnostics that are relied on, where they are there."""

    model_config = ConfigDict(extra="allow", strict=True)

    worst_residual: float = 0.0
    worst_walras: float = 0.0
    iterations: Count = 0
    unsettled_periods: Count = 0


class StoredRun(BaseModel):
    """The fields of a ``run.json`` that are relied on."""

    model_config = ConfigDict(extra="allow", strict=True)

    format: int
    id: str
    scenario: str
    seed: Count
    status: Literal["finished", "failed"]
    parameters: dict[str, Any]
    data: str
    code: str
    versions: dict[str, str]
    meta: StoredMeta = StoredMeta()
    tables: dict[str, StoredTable] = {}
    error: str = ""


def read_json(path: Path, absent: str = "") -> dict[str, Any]:
    """A JSON object from a file.

    Parameters
    ----------
    path
        The file.
    absent
        What to say where it is not there or cannot be opened; by default that it cannot be read.

    Raises
    ------
    StoreError
        Where it cannot be read, is no JSON, or holds something else than an object.
    """
    try:
        found = from_json(path.read_bytes())  # half the time of the standard library: of thousands of runs it is felt
    except OSError as error:
        said = Message(absent) if absent else Message("cannot read {path}", path=path)
        raise StoreError("{said} ({why})", said=said, why=error.strerror or error) from error
    except ValueError as error:
        if "recursion limit" in str(error):
            raise StoreError("{path} is broken: nested thousands of levels deep", path=path) from error
        raise StoreError("{path} is broken: {error}", path=path, error=error) from error
    if not isinstance(found, dict):
        raise StoreError("{path} is broken: not a JSON object", path=path)
    return found


def check_finished(record: Mapping[str, Any], place: Path) -> None:
    """Refuse the record of a run that this version cannot read, or that did not finish.

    Raises
    ------
    StoreError
        With the place, and what was found there.
    """
    if record.get("format") != FORMAT:
        raise StoreError(
            "{place} has format {found}, this version of the program reads {format}",
            place=place,
            found=record.get("format"),
            format=FORMAT,
        )
    if record.get("status") != "finished":
        raise StoreError(
            "{place} holds no finished run (status {record}): {found}",
            place=place,
            record=record.get("status"),
            found=record.get("error", ""),
        )


def read_record(folder: Path | str) -> dict[str, Any]:
    """The ``run.json`` of a run's folder; one of another format is given as it is.

    Raises
    ------
    StoreError
        Where it is missing, or a field is not what was written there.
    """
    path = Path(folder) / RECORD
    record = read_json(path, Message("{folder} holds no run: cannot read {file}", folder=folder, file=RECORD))
    if record.get("format") != FORMAT and isinstance(record.get("format"), int):
        return record
    try:
        StoredRun.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise StoreError(
            "{path} is broken: {place}: {first}", path=path, place=place, first=first["msg"].lower()
        ) from error
    return record


def read_arrow(path: Path, columns: Iterable[str] = (), *, sha256: str | None = None, rows: bool = True) -> pa.Table:
    """A table from a Parquet file, in Arrow's form.

    Parameters
    ----------
    path
        The file.
    columns
        Columns that it must have.
    sha256
        Hash that its bytes must have.
    rows
        Whether to read the rows; else an empty table with the same columns.

    Raises
    ------
    StoreError
        Where it cannot be read, has other bytes, is no table, lacks a column or holds another kind of it.
    """
    source = _source(path, sha256)
    with _told_of(path):
        table = source().read(use_threads=False) if rows else source().schema_arrow.empty_table()
    _check_columns(path, table.schema, columns)
    if lost := gaps(table):
        raise StoreError("{path} is broken: its column {name} has gaps", path=path, name=lost)
    return table


def read_schema(path: Path, columns: Iterable[str] = (), *, sha256: str | None = None) -> pa.Schema:
    """Names and types of a stored table's columns; see `read_arrow`.

    Raises
    ------
    StoreError
        As there, but for gaps.
    """
    source = _source(path, sha256)
    with _told_of(path):
        schema = source().schema_arrow
    _check_columns(path, schema, columns)
    return schema


def gaps(table: pa.Table) -> str:
    """The first column of a table that must have a value in every row and has not; empty where there is none."""
    kinds = _kinds()
    for number, name in enumerate(table.column_names):
        if name in kinds and "float" not in TYPES[name] and table.column(number).null_count:
            return str(name)
    return ""


def _source(path: Path, sha256: str | None) -> Callable[[], pq.ParquetFile]:
    """How a file is opened, once its bytes are those that its record names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError("cannot read {path}: {why}", path=path, why=error.strerror or error) from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise StoreError(
            "{path} is not the table that {record} describes; it was changed or cut short", path=path, record=RECORD
        )
    return lambda: pq.ParquetFile(pa.BufferReader(content))


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Say of which file Arrow cannot make a table."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        told = str(error).strip().splitlines()
        raise StoreError(
            "{path} is no table: {why}", path=path, why=told[0] if told else type(error).__name__
        ) from error


@contextmanager
def or_broken(check: Callable[[], None]) -> Iterator[None]:
    """Name the broken table where what reads on stops at something that no run writes; another cause stays itself.

    Parameters
    ----------
    check
        Reads the tables whole, and refuses the broken one.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        if not isinstance(error, TanshiError):
            check()
        raise


def _check_columns(path: Path, schema: pa.Schema, columns: Iterable[str]) -> None:
    """Refuse a table that lacks a column, or holds another kind of it."""
    there = schema.names
    if missing := [name for name in columns if name not in there]:
        raise StoreError("{path} is broken: it lacks {missing}", path=path, missing=", ".join(missing))
    kinds = _kinds()
    for name, found in zip(there, schema.types, strict=True):
        if name in kinds and found != kinds[name]:
            raise StoreError(
                "{path} is broken: its column {name} is {found}, not {wanted}",
                path=path,
                name=name,
                found=found,
                wanted=TYPES[name],
            )


@lru_cache(maxsize=1)
def _kinds() -> dict[str, pa.DataType]:
    """Arrow's types of the columns that have a fixed one."""
    import pyarrow as pa

    return {name: pa.type_for_alias(kind) for name, kind in TYPES.items()}


def read_frame(
    path: Path, columns: Iterable[str] = (), *, sha256: str | None = None, rows: bool = True
) -> pd.DataFrame:
    """A table from a Parquet file; see `read_arrow`."""
    frame: pd.DataFrame = read_arrow(path, columns, sha256=sha256, rows=rows).to_pandas()
    return frame


def read_about(path: Path) -> dict[str, dict[str, str]]:
    """Unit and meaning of a stored table's columns, by column; empty where the file says none.

    Raises
    ------
    StoreError
        Where it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = (pq.read_schema(path).metadata or {}).get(b"columns", b"{}")
        return dict(json.loads(found))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StoreError("cannot read {path}: {why}", path=path, why=str(error).splitlines()[0]) from error
