"""Single files on disk: there whole or not at all, and the same bytes for the same data."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tanshi.errors import TanshiError
from tanshi.simulator.machine.moving import move

if TYPE_CHECKING:
    import pyarrow as pa

TYPES = {
    "scenario": "string", "region": "string", "variable": "string", "unit": "string",
    "buyer_sector": "string", "seller_sector": "string", "buyer_region": "string", "seller_region": "string",
    "seed": "int64", "volume_t": "int64", "quantity_t": "int64", "iterations": "int32",
    "year": "int32", "period": "int32", "buyer": "int32", "seller": "int32",
    "value": "float64", "price": "float64", "pre_jump_price": "float64", "turnover_yuan": "float64",
}  # fmt: skip
"""Kind of every column that has a fixed one."""


ROWS = 1 << 20
"""Rows of a row group."""

PARQUET: dict[str, Any] = {
    "compression": "zstd", "compression_level": 3, "version": "2.6", "data_page_version": "1.0",
    "use_dictionary": True, "write_statistics": True, "store_schema": False,
}  # fmt: skip
"""How every Parquet file is written."""


class StoreError(TanshiError, ValueError):
    """Results cannot be written or read: a full disk, a forbidden folder, a broken file."""


About = Mapping[str, Mapping[str, str]]
"""Column -> its unit and meaning."""


def write_table(path: Path, frame: pd.DataFrame, required: Sequence[str] = (), about: About | None = None) -> None:
    """Write a table as Parquet so that equal data give equal bytes.

    Parameters
    ----------
    required
        Columns that must be there; they come first.
    about
        Unit and meaning of columns, kept in the file's metadata under ``columns``.

    Raises
    ------
    StoreError
        Where a required column is missing or a column does not fit its type.
    """
    missing = [name for name in required if name not in frame.columns]
    if missing:
        raise StoreError("table {stem}: missing columns {missing}", stem=path.stem, missing=", ".join(missing))
    columns = [*required, *(str(name) for name in frame.columns if name not in required)]
    _save(arrow_table(frame, columns, path.stem), path, about)


def _save(table: pa.Table, where: Path | io.BytesIO, about: About | None) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(where, table.schema, **PARQUET) as writer:
        writer.write_table(table, row_group_size=ROWS)
        if words := told(table.column_names, about):
            writer.add_key_value_metadata(words)


def told(columns: Sequence[str], about: About | None) -> dict[str, str]:
    """Unit and meaning of some columns as a Parquet file's metadata: JSON under ``columns``; empty where none is known.

    pyarrow's own place for it would carry library versions into the file.
    """
    known = {name: dict(about[name]) for name in columns if name in about} if about else {}
    return {"columns": json.dumps(known, ensure_ascii=False)} if known else {}


def table_bytes(frame: pd.DataFrame, name: str, about: About | None = None) -> bytes:
    """A table as the bytes of a Parquet file, as `write_table`.

    Raises
    ------
    StoreError
        Where a column does not fit its type.
    """
    stream = io.BytesIO()
    _save(arrow_table(frame, [str(column) for column in frame.columns], name), stream, about)
    return stream.getvalue()


def arrow_table(frame: pd.DataFrame, columns: Sequence[str], name: str) -> pa.Table:
    """A table with the fixed types of the columns that have one.

    Raises
    ------
    StoreError
        Where a column does not fit its type.
    """
    import pyarrow as pa

    arrays = [_column(frame[column], column, name) for column in columns]
    # A bare schema: pandas' own metadata would carry library versions into the file.
    return pa.Table.from_arrays(arrays, names=list(columns))


def _column(values: pd.Series[Any], name: str, table: str) -> pa.Array:
    import pyarrow as pa

    wanted = TYPES.get(name)
    if wanted is None:
        kind = values.dtype.kind if isinstance(values.dtype, np.dtype) else "O"
        wanted = {"i": "int64", "u": "int64", "b": "bool", "f": "float64"}.get(kind, "string")
    try:
        array = pa.array(
            values.astype(object) if isinstance(values.dtype, pd.CategoricalDtype) else values,
            from_pandas=True,
        )
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        return array.cast(pa.type_for_alias(wanted))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise StoreError(
            "table {table}, column {name}: not {wanted} ({error})", table=table, name=name, wanted=wanted, error=error
        ) from error


def write_file(path: Path | str, content: bytes) -> Path:
    """Write one file whole or not at all.

    Raises
    ------
    StoreError
        Where the disk refuses; an earlier file of that name is still there.
    """
    target = Path(path)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            move(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError("cannot write {target}: {why}", target=target, why=error.strerror or error) from error
    return target
