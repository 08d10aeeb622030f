"""A social accounting matrix from a file: CSV, XLSX, GAMS GDX or GEMPACK HAR.

A cell is what the account of its row receives from the account of its column.
"""

from __future__ import annotations

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.lib import NumpyVersion

from tanshi.equilibrium.engine.model import ModelError
from tanshi.equilibrium.engine.names import nearest
from tanshi.errors import Message, either

BALANCE = 1e-6  # of an account's total: larger gaps are refused
TOTALS = ("total", "sum", "totals")
KINDS = (".csv", ".xlsx", ".gdx", ".har")


def read_sam(path: str | Path, symbol: str | None = None, *, balance: float = BALANCE) -> pd.DataFrame:
    """Read a social accounting matrix and see that it balances.

    Parameters
    ----------
    path
        A CSV or XLSX with accounts in its first column and in its first row, or with three columns (row, column,
        value); a GDX (extra ``gams``) or HAR (extra ``gempack``) with a matrix of two dimensions.
    symbol
        Sheet of a workbook, parameter of a GDX, header of a HAR; needed where there are several.
    balance
        Largest gap of an account, as a part of its total, that is passed over.

    Returns
    -------
    Square table; rows receive, columns pay. A row or column of totals is left out.

    Raises
    ------
    ModelError
        naming the file, the cell or the account, what was expected and what was found.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError("no file '{path}'; a SAM is read from {kinds}", path=path, kinds=either(KINDS))
    readers = {".csv": _csv, ".xlsx": _xlsx, ".gdx": _gdx, ".har": _har}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ModelError(
            "'{name}' is of no kind that is read here; a SAM is read from {kinds}", name=path.name, kinds=either(KINDS)
        )
    sam = _square(reader(path, symbol), path.name)
    values = sam.to_numpy(dtype=float)
    if not values.size:
        raise ModelError("'{name}' holds no account", name=path.name)
    receives, pays = values.sum(axis=1), values.sum(axis=0)
    total = np.maximum(receives, pays)
    off = np.flatnonzero(np.abs(receives - pays) > balance * np.maximum(total, 1e-9 * total.max()))
    if off.size:
        worst = int(np.argmax(np.abs(receives - pays)))
        raise ModelError(
            "'{name}' does not balance: account '{index!s}' receives {receives:.6g} and pays "
            "{pays:.6g}; accounts out of balance: {off}",
            name=path.name,
            index=sam.index[worst],
            receives=receives[worst],
            pays=pays[worst],
            off=", ".join(str(sam.index[i]) for i in off.tolist()),
        )
    return sam


def _csv(path: Path, symbol: str | None) -> pd.DataFrame:
    del symbol
    try:
        return pd.read_csv(path, dtype=str, skipinitialspace=True, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        raise ModelError("'{name}' is no CSV in UTF-8: {error}", name=path.name, error=error) from error


def _xlsx(path: Path, symbol: str | None) -> pd.DataFrame:
    _needed("openpyxl", "excel", path)
    try:
        sheets = pd.read_excel(path, sheet_name=None, dtype=str, engine="openpyxl")
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise ModelError("'{name}' is no XLSX workbook: {error}", name=path.name, error=error) from error
    return sheets[_chosen(symbol, list(sheets), Message("sheet"), path)]


def _gdx(path: Path, symbol: str | None) -> pd.DataFrame:
    transfer, base = _needed("gams.transfer", "gams", path), _needed("gamspy_base", "gams", path)
    container = transfer.Container(str(path.resolve()), system_directory=base.directory)
    two = [p.name for p in container.getParameters() if p.dimension == 2]
    records = container[_chosen(symbol, two, Message("parameter of two dimensions"), path)].records
    if records is None:
        raise ModelError("the parameter of '{name}' holds no numbers", name=path.name)
    return pd.DataFrame(records.iloc[:, :3].astype(str))


def _har(path: Path, symbol: str | None) -> pd.DataFrame:
    harpy = _needed("harpy", "gempack", path)
    if NumpyVersion(np.__version__) >= "2.5.0":  # without `chararray`, which harpy3 0.3.1, the newest, makes
        raise ModelError(
            "to read '{name}' harpy3 needs NumPy before 2.5: pip install 'numpy<2.5', or save the matrix as CSV or GDX",
            name=path.name,
        )
    try:
        with redirect_stderr(StringIO()):  # harpy prints a stack before it raises
            file = harpy.HarFileObj.loadFromDisk(str(path))
    except Exception as error:  # of any kind, from its bytes
        raise ModelError("'{name}' is no HAR file: {error}", name=path.name, error=error) from error
    arrays = {name.strip(): file.getHeaderArrayObj(name) for name in file.getHeaderArrayNames()}
    two = [name for name, header in arrays.items() if len(header.get("sets") or ()) == 2]
    found = arrays[_chosen(symbol, two, Message("header of two dimensions"), path)]
    names = [one["dim_desc"] for one in found.get("sets") or ()]
    if not all(names):
        raise ModelError("'{name}': the header's sets have no elements; accounts need names", name=path.name)
    table = pd.DataFrame(np.reshape(found["array"], (len(names[0]), -1)).astype(float), columns=names[1])
    table.insert(0, "account", names[0])
    return table.astype(str)


def _needed(module: str, extra: str, path: Path) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise ModelError(
            "to read '{name}' install the extra: pip install 'tanshi[{extra}]' ({error})",
            name=path.name,
            extra=extra,
            error=error,
        ) from error


def _chosen(symbol: str | None, there: list[str], what: str, path: Path) -> str:
    if symbol is not None:
        if symbol not in there:
            raise ModelError(
                "'{name}' has no {what} '{symbol}': {nearest}",
                name=path.name,
                what=what,
                symbol=symbol,
                nearest=nearest(symbol, there),
            )
        return symbol
    if len(there) != 1:
        raise ModelError(
            "'{name}' has {number_of_there} of the kind {what} ({there}); name one (symbol)",
            name=path.name,
            number_of_there=len(there),
            what=what,
            there=", ".join(there[:8]),
        )
    return there[0]


def _square(raw: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with one account a row and a column, in the order of the rows."""
    if raw.shape[1] == 3 and not set(map(str, raw.columns[1:])) & set(map(str, raw.iloc[:, 0])):
        keys = raw.iloc[:, :2].map(lambda v: str(v).strip())
        values = raw.iloc[:, 2].map(lambda v: _number(v, f"'{name}'"))
        long = pd.DataFrame({"row": keys.iloc[:, 0], "column": keys.iloc[:, 1], "value": values})
        twice = long[long.duplicated(["row", "column"])]
        if len(twice):
            raise ModelError(
                "'{name}' gives the cell ({row}, {column}) twice",
                name=name,
                row=twice.iloc[0]["row"],
                column=twice.iloc[0]["column"],
            )
        accounts = list(dict.fromkeys([*long["row"], *long["column"]]))
        table = long.pivot(index="row", columns="column", values="value")
        return table.reindex(index=accounts, columns=accounts).fillna(0.0)
    rows = [str(v).strip() for v in raw.iloc[:, 0]]
    columns = [str(v).strip() for v in raw.columns[1:]]
    for kind, given in ((Message("row"), rows), (Message("column"), columns)):
        twice_named = sorted({a for a in given if given.count(a) > 1})
        if twice_named:
            raise ModelError(
                "'{name}' has the account '{twice_named}' in more than one {kind}",
                name=name,
                twice_named=twice_named[0],
                kind=kind,
            )
    cells = [
        [
            _number(v, Message("'{name}', row '{r}', column '{c}'", name=name, r=r, c=c))
            for c, v in zip(columns, row, strict=True)
        ]
        for r, row in zip(rows, raw.iloc[:, 1:].itertuples(index=False), strict=True)
    ]
    table = pd.DataFrame(cells, index=rows, columns=columns)
    table = table.loc[[r for r in rows if r.lower() not in TOTALS], [c for c in columns if c.lower() not in TOTALS]]
    alone = sorted(set(table.index) ^ set(table.columns))
    if alone:
        raise ModelError(
            "'{name}' is not square: '{alone}' stands among the rows or the columns alone", name=name, alone=alone[0]
        )
    return table.loc[:, list(table.index)]


def _number(value: object, where: str) -> float:
    text = "" if value is None else str(value).strip().replace("\u00a0", "")
    if text in ("", "nan", "-", "."):
        return 0.0
    try:
        number = float(text)
    except ValueError:
        raise ModelError("{where}: '{text}' is no number", where=where, text=text) from None
    if not np.isfinite(number):
        raise ModelError("{where}: '{text}' is not finite", where=where, text=text)
    return number
