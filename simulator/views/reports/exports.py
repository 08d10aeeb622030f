"""Results as others read them: an xarray dataset, a netCDF file, a workbook, each with units and meanings."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.iamc import MODEL
from tanshi.simulator.results.variables import KNOWN

if TYPE_CHECKING:
    import xarray as xr

MOST_ROWS = 1_048_575
"""Rows of a sheet below its head."""
About = Mapping[str, Mapping[str, str]]
"""Name -> its unit and meaning."""


def dataset_of(annual: pd.DataFrame, drawn: pd.DataFrame, about: About) -> xr.Dataset:
    """Annual results as an xarray dataset.

    Parameters
    ----------
    annual
        A column a variable; scenario, seed, year and, of a sweep, point in the index.
    drawn
        Of a sweep: a row a point, a column a parameter; else empty.
    about
        Unit and meaning of the parameters.

    Returns
    -------
    Dataset
        Dimensions scenario, point (of a sweep), seed, year; drawn values lie along the point. A combination that was
        not run is NaN.

    Raises
    ------
    UserError
        Where xarray is not installed.
    """
    need("netcdf", "The results cannot become an xarray dataset.")
    import xarray as xr

    dimensions = [str(name) for name in annual.index.names]
    axes = {name: annual.index.get_level_values(name).unique() for name in dimensions}
    places = tuple(axes[name].get_indexer(annual.index.get_level_values(name)) for name in dimensions)
    size = tuple(len(axes[name]) for name in dimensions)
    variables: dict[str, Any] = {}
    for name in annual.columns:
        values = np.full(size, np.nan)
        values[places] = annual[name].to_numpy(dtype=np.float64)
        known = KNOWN.get(str(name))
        told = {"units": known.unit, "description": known.meaning} if known is not None else {}
        variables[str(name)] = (dimensions, values, {"long_name": str(name), **told})
    coordinates: dict[str, Any] = {
        name: (name, _plain(axis), {"description": MEANINGS[name]}) for name, axis in axes.items()
    }
    if len(drawn.columns) and "point" in axes:
        at_points = drawn.reindex(axes["point"])
        for name in at_points.columns:
            words = about.get(str(name), {})
            told = {"units": words.get("unit", ""), "description": words.get("meaning", "")}
            coordinates[str(name)] = ("point", _plain(at_points[name]), told)
    return xr.Dataset(variables, coordinates, {"source": MODEL, "title": "Annual results", "Conventions": "CF-1.8"})


MEANINGS = {
    "scenario": "name of the scenario",
    "point": "number of the point of the design, from 1",
    "seed": "seed of every random stream",
    "region": "region, in the words of the IAMC",
    "year": "calendar year",
}


def _plain(values: Any) -> Any:
    array = np.asarray(values)
    return array if array.dtype.kind in "if" else array.astype(str)


def write_netcdf(dataset: xr.Dataset, path: Path | str, *, overwrite: bool = False) -> Path:
    """Write a dataset as netCDF, there whole or not at all.

    Raises
    ------
    UserError
        Where the file is there already and `overwrite` was not asked.
    StoreError
        Where the disk refuses.
    """
    target = free_file(path, overwrite=overwrite)
    return write_file(target, bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))


def free_file(path: Path | str, *, overwrite: bool = False) -> Path:
    """A file that may be written.

    Raises
    ------
    UserError
        Where something is there already and `overwrite` was not asked, or a folder in any case.
    """
    target = Path(path)
    if target.is_dir() or (target.exists() and not overwrite):
        hint = "" if target.is_dir() else "Add --overwrite (in Python overwrite=True) to replace it."
        got = "a folder" if target.is_dir() else "a file that is there already"
        raise UserError("The results cannot be written.", [Problem("a new file", got, str(target), hint=hint)])
    return target


def write_workbook(sheets: Mapping[str, pd.DataFrame], path: Path | str, *, overwrite: bool = False) -> Path:
    """Write tables as the sheets of a workbook.

    Raises
    ------
    UserError
        Where the file is there already, a table is longer than a sheet, or openpyxl is not installed.
    """
    need("excel", "The workbook cannot be written.", otherwise=Message("Or leave the workbook out."))
    import openpyxl  # type: ignore[import-untyped, import-not-found, unused-ignore]

    target = free_file(path, overwrite=overwrite)
    book = openpyxl.Workbook(write_only=True)
    for name, table in sheets.items():
        if len(table) > MOST_ROWS:
            expected = Message("at most {most:,} rows", most=MOST_ROWS)
            hint = "Take the Parquet files, or netCDF."
            raise UserError("The workbook cannot be written.", [Problem(expected, f"{len(table):,}", name, hint=hint)])
        sheet = book.create_sheet(name)
        sheet.append([str(column) for column in table.columns])
        for row in table.itertuples(index=False, name=None):
            sheet.append([None if value != value else getattr(value, "item", lambda v=value: v)() for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return write_file(target, stream.getvalue())
