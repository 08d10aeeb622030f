"""Runs on disk: one folder a run, there whole or not at all.

A run's folder holds ``run.json`` (parameters, seed, versions, hashes, status) and the tables ``annual``,
``periods`` and ``trades`` as Parquet. Equal results give equal bytes: the schema is fixed, nothing in the
tables depends on the clock or on the machine. A folder is written beside its place and renamed into it. A
run that failed leaves ``<folder>.failed/run.json`` and touches no earlier results.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tanshi.errors import Message
from tanshi.simulator.machine.disk import StoreError, write_file, write_table
from tanshi.simulator.machine.moving import move
from tanshi.simulator.results.columns import about
from tanshi.simulator.results.identity import RunKey, plain, versions
from tanshi.simulator.results.reading import FORMAT, RECORD, check_finished, read_frame, read_json, read_record
from tanshi.simulator.results.tables import ANNUAL_COLUMNS, PERIOD_COLUMNS, TRADE_COLUMNS, RunResult

#: The one key of run.json that may differ between two runs of the same id.
CLOCK = "clock"
TABLES = {"annual": ANNUAL_COLUMNS, "periods": PERIOD_COLUMNS, "trades": TRADE_COLUMNS}
#: What a batch writes beside its runs.
BATCH_FILES = frozenset(
    {
        *("iamc.csv", "iamc.xlsx", "report.html", "summary.csv", "words.txt", "figures", "checkpoints"),
        *("manifest.json", "sweep.json", "design.parquet", "dataset", "analysis", "control"),
    }
)
MANIFEST = "manifest.json"
FAILED = ".failed"
"""End of the name of a folder that says why a run has no results."""
TRACEBACK = "traceback.txt"


class RunExists(StoreError):
    """The place is taken by something else than a finished run of the same id."""


def claim(folder: Path | str, run_id: str, *, overwrite: bool = False) -> bool:
    """Ask for a run's place before the work is done.

    Returns
    -------
    bool
        True where a finished run of this id is already there, to be kept; False where the place is free to
        write.

    Raises
    ------
    RunExists
        Where anything else is there and `overwrite` was not asked, or where it is no run's folder at all.
    """
    place = Path(folder)
    if not place.exists() and not place.is_symlink():
        return False
    if not place.is_dir():
        raise RunExists("{place} is a file; choose another folder with --out", place=place)
    inside = sorted(path.name for path in place.iterdir())
    if not inside:
        return False
    strange = [name for name in inside if name != RECORD and name not in {f"{table}.parquet" for table in TABLES}]
    if strange:
        raise RunExists(
            "{place} holds {strange}, which is no part of a run; choose another folder with --out",
            place=place,
            strange=strange[0],
        )
    try:
        record = read_record(place)
        if record.get("id") == run_id and record.get("status") == "finished":
            return True
        found = Message(
            "another run ({scenario}, seed {seed}, id {id}, made by version {code} of the program)",
            **{name: record.get(name) for name in ("scenario", "seed", "id", "code")},
        )
    except StoreError:
        found = Message("an unreadable run")
    if not overwrite:
        raise RunExists(
            "{place} holds {found}; give --overwrite to replace it, or another folder with --out",
            place=place,
            found=found,
        )
    return False


def claim_batch(folder: Path | str, runs: Mapping[str, str], *, overwrite: bool = False) -> set[str]:
    """Ask for the places of a batch, ``folder/<name>`` for each run.

    Parameters
    ----------
    runs
        Name of the run's folder to its id.

    Returns
    -------
    set
        Names whose finished runs are kept and need not be computed.

    Raises
    ------
    RunExists
        As `claim`, and where `folder` holds anything that is neither of this batch nor written by one.
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise RunExists("{place} is a file; choose another folder with --out", place=place)
    allowed = BATCH_FILES | set(runs) | {f"{name}.failed" for name in runs}
    inside = sorted(path.name for path in place.iterdir() if not path.name.startswith(".")) if place.exists() else []
    strange = [name for name in inside if name not in allowed]
    if strange and not overwrite:
        raise RunExists(
            "{place} holds {strange}, which is no part of this batch; give --overwrite to write "
            "beside it, or another folder with --out",
            place=place,
            strange=strange[0],
        )
    return {name for name, run_id in runs.items() if claim(place / name, run_id, overwrite=overwrite)}


def write_run(
    folder: Path | str,
    result: RunResult,
    key: RunKey,
    *,
    overwrite: bool = False,
    clock: Mapping[str, Any] | None = None,
) -> Path:
    """Write a finished run to its folder; a finished run of the same id that is already there is kept.

    Raises
    ------
    RunExists
        As `claim`.
    StoreError
        Where the disk refuses; nothing is left half-written and what was there before is still there.
    """
    place = Path(folder).absolute()
    if claim(place, key.id, overwrite=overwrite):
        return place

    def fill(temporary: Path) -> None:
        tables: dict[str, dict[str, Any]] = {}
        for name, frame in (
            ("annual", result.annual),
            ("periods", result.periods),
            ("trades", result.trades),
        ):
            path = temporary / f"{name}.parquet"
            write_table(path, frame, TABLES[name], about(map(str, frame.columns)))
            tables[name] = {"rows": len(frame), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        record = {**_identity(key), "status": "finished", "tables": tables, "meta": dict(result.meta)}
        _write_record(temporary, record, clock)

    try:
        publish(place, fill)
    except StoreError:
        # Another worker may have put the same run there in the meantime; the same id means the same bytes.
        if not (place.is_dir() and claim(place, key.id, overwrite=True)):
            raise
    shutil.rmtree(_failed(place), ignore_errors=True)
    return place


def record_failure(
    folder: Path | str,
    key: RunKey,
    error: str,
    *,
    traceback: str = "",
    clock: Mapping[str, Any] | None = None,
) -> Path:
    """Record a run without result in ``<folder>.failed``, with its parameters; results in `folder` are not touched.

    Parameters
    ----------
    traceback
        Where it went wrong, kept as ``traceback.txt``.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    place = _failed(Path(folder).absolute())
    record = {**_identity(key), "status": "failed", "error": error}

    def fill(temporary: Path) -> None:
        if traceback:
            (temporary / TRACEBACK).write_text(traceback, encoding="utf-8")
        _write_record(temporary, record, clock)

    publish(place, fill)
    return place


def write_manifest(folder: Path | str, runs: Mapping[str, str], *, code: str, data: Mapping[str, str]) -> Path:
    """Write what a batch is made of: the id of each run's folder, the program's and the data's version.

    Parameters
    ----------
    runs
        Name of the run's folder to its id.
    data
        Economy to the hash of its files.
    """
    content = {"format": FORMAT, "code": code, "data": dict(data), "versions": versions(), "runs": dict(runs)}
    text = json.dumps(content, indent=1, sort_keys=False, ensure_ascii=False)
    path, written = Path(folder) / MANIFEST, (text + "\n").encode("utf-8")
    # The same list keeps its date: a dataset gathered since is still whole.
    return path if path.is_file() and path.read_bytes() == written else write_file(path, written)


def read_manifest(folder: Path | str) -> dict[str, Any]:
    """The batch's manifest; empty where there is none.

    Raises
    ------
    StoreError
        Where it is broken.
    """
    path = Path(folder) / MANIFEST
    if not path.exists():
        return {}
    found = read_json(path)
    runs = found.get("runs")
    if not isinstance(runs, dict) or not all(_is_name(name) and isinstance(key, str) for name, key in runs.items()):
        raise StoreError("{path} is broken: it names no runs", path=path)
    return found


def names_in(folder: Path | str) -> list[str]:
    """The runs that a folder is to hold, finished or not: what its manifest lists, else every run there is.

    All that reads a batch asks here, so that all count the same runs.

    Raises
    ------
    StoreError
        Where the manifest is broken.
    """
    place = Path(folder)
    listed = read_manifest(place).get("runs")
    if listed is not None:
        return list(listed)
    found = sorted(path.parent.name for path in place.glob(f"*/{RECORD}") if not path.parent.name.startswith("."))
    names = [name for name in found if name not in BATCH_FILES]
    return list(dict.fromkeys(name.removesuffix(FAILED) for name in names))


def _is_name(name: str) -> bool:
    """Whether a run's folder may be called so: a manifest changed by hand leads nowhere else."""
    return name == Path(name).name and name not in ("", ".", "..")


def clear_leftovers(folder: Path | str) -> None:
    """Remove what a killed process left half-written, and put back what it had moved aside.

    Only for the one process that has locked the batch.
    """
    place = Path(folder)
    for path in list(place.glob(".*.old")) if place.is_dir() else []:
        original = place / path.name[1:].rsplit(".", 2)[0]
        if not original.exists():
            move(path, original)
    for pattern in (".*.part", ".*.old"):
        for path in list(place.glob(pattern)) if place.is_dir() else []:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def read_run(folder: Path | str, *, trades: bool = True) -> RunResult:
    """Read a finished run back.

    Parameters
    ----------
    trades
        Whether to read the fills, by far the largest table; else the result has none.

    Raises
    ------
    StoreError
        Where the run is missing, failed, or its tables are not those its record names.
    """
    place = Path(folder)
    record = read_record(place)
    check_finished(record, place)
    frames: dict[str, pd.DataFrame] = {}
    for name, columns in TABLES.items():
        known = record.get("tables", {}).get(name, {}).get("sha256", "")
        read = name != "trades" or trades
        frames[name] = read_frame(place / f"{name}.parquet", columns, sha256=known, rows=read)
    _check_annual(place / "annual.parquet", frames["annual"])
    return RunResult(
        scenario=str(record["scenario"]),
        seed=int(record["seed"]),
        annual=frames["annual"],
        periods=frames["periods"],
        trades=frames["trades"],
        parameters=record.get("parameters", {}),
        meta={**record.get("meta", {}), **{k: record.get(k) for k in ("id", "data", "code", "versions")}},
    )


def _check_annual(path: Path, annual: pd.DataFrame) -> None:
    """Refuse a table, written by hand, that says a number twice or not of what."""
    key = annual[["region", "variable", "year"]]
    twice = key.duplicated().to_numpy()
    if twice.any():
        first = key.loc[twice].iloc[0]
        raise StoreError(
            "{path} is broken: {variable} of {year} stands there twice",
            path=path,
            variable=first["variable"],
            year=first["year"],
        )


def _identity(key: RunKey) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "id": key.id,
        "scenario": key.scenario,
        "seed": int(key.seed),
        "parameters": dict(key.parameters),
        "data": key.data,
        "code": key.code,
        **({"plugins": [dict(one) for one in key.plugins]} if key.plugins else {}),
        "versions": versions(),
    }


def _write_record(folder: Path, record: Mapping[str, Any], clock: Mapping[str, Any] | None) -> None:
    content = {**record, **({CLOCK: dict(clock)} if clock else {})}
    text = json.dumps(plain(content), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    (folder / RECORD).write_bytes(f"{text}\n".encode())


def drop_run(folder: Path) -> None:
    """Remove a run that a batch no longer holds, and its failure; a folder that is no run's stays.

    Only for the one process that has locked the batch.
    """
    for place in (folder, _failed(folder)):
        if (place / RECORD).is_file():
            shutil.rmtree(place, ignore_errors=True)


def _failed(place: Path) -> Path:
    return place.with_name(place.name + FAILED)


def publish(place: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside `place` and rename it into place; on any failure put everything back."""
    mark = secrets.token_hex(4)
    temporary = place.with_name(f".{place.name}.{mark}.part")
    earlier = place.with_name(f".{place.name}.{mark}.old")
    try:
        temporary.mkdir(parents=True)
        fill(temporary)
        if place.exists():
            move(place, earlier)
        move(temporary, place)
    except OSError as error:
        raise StoreError("cannot write results to {place}: {why}", place=place, why=error.strerror or error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if earlier.exists() and not place.exists():  # interrupted between the two renames
            move(earlier, place)
        shutil.rmtree(earlier, ignore_errors=True)
