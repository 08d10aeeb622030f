"""Results on disk that were cut, changed by hand or lost in part: every reader reads them, or names the file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tanshi.errors import TanshiError
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.query import query
from tanshi.simulator.studies.sweeps.analyse import analyse
from tanshi.simulator.views.dashboard.app import PAGES, draw
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import open_batch
from tanshi.simulator.views.dashboard.tables import Tables
from tanshi.simulator.views.reports.folder_report import folder_report
from tests.attack import room
from tests.attack.attempt import Case, Defect, Dice

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**400, "", "x", "nan", [], {}, [1], {"a": 1}, "../../etc/passwd", "x" * 2000, "碳"),
    *("<script>alert(1)</script>", "\x1b[2J", "a\0b"),
)


def spoil_bytes(path: Path, dice: Dice) -> None:
    """Cut a file, change some of its bytes, empty it, lose it, or put a folder in its place."""
    content = bytearray(path.read_bytes())
    do = dice.randrange(5)
    if do == 0:
        path.write_bytes(content[: dice.randrange(len(content) + 1)])
    elif do == 1 and content:
        for _ in range(dice.choice((1, 2, 20))):
            content[dice.randrange(len(content))] = dice.randrange(256)
        path.write_bytes(content)
    elif do == 2:
        path.write_bytes(b"")
    else:
        path.unlink()
        if do == 3:
            path.mkdir()


def spoil_json(path: Path, dice: Dice) -> None:
    """Change one value of a record, wherever it stands, or add or lose one."""
    record = json.loads(path.read_text(encoding="utf-8"))
    at = record
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = dice.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and dice.random() < 0.7:
            at = at[key]
            continue
        do = dice.randrange(3)
        if do == 0:
            at[key] = dice.choice(ODD_VALUES)
        elif do == 1:
            del at[key]
        elif isinstance(at, dict):
            at[dice.choice(("x", "", "run.json", "../up"))] = dice.choice(ODD_VALUES)
        break
    path.write_text(json.dumps(record), encoding="utf-8")


def spoil_table(path: Path, dice: Dice) -> None:
    """Change a table by hand, and write its new hash into the record, as somebody might who knows how."""
    table = pq.read_table(path)
    name = dice.choice(table.column_names)
    place = table.column_names.index(name)
    do = dice.randrange(5)
    if do == 0:
        table = table.drop_columns([name])
    elif do == 1:
        table = table.rename_columns(["other" if column == name else column for column in table.column_names])
    elif do == 2:
        table = table.slice(0, dice.randrange(table.num_rows + 1))
    elif do == 3:
        odd = pa.array([dice.choice(("x", "", "<b>", None)) for _ in range(table.num_rows)], pa.string())
        table = table.set_column(place, name, odd)
    else:
        table = table.set_column(place, name, pa.nulls(table.num_rows, table.schema.field(name).type))
    stream = io.BytesIO()
    pq.write_table(table, stream)
    path.write_bytes(stream.getvalue())
    record = path.parent / "run.json"
    with contextlib.suppress(ValueError, OSError):  # a record that was damaged before has no hash to keep
        said = json.loads(record.read_text(encoding="utf-8"))
        if path.stem in said.get("tables", {}):
            said["tables"][path.stem] = {
                "rows": table.num_rows, "sha256": hashlib.sha256(stream.getvalue()).hexdigest(),
            }  # fmt: skip
            record.write_text(json.dumps(said), encoding="utf-8")


def _page(folder: Path, dice: Dice) -> None:
    desk = Desk(folder, folder.parent)
    try:
        draw(desk, dice.choice(PAGES).path, None, "")
    finally:
        desk.close()


READERS: Mapping[str, Callable[[Path, Dice], object]] = {
    "analyse": lambda folder, _: analyse(folder),
    "compact": lambda folder, _: compact(folder),
    "query": lambda folder, _: query(folder, "select run, avg(value) from annual group by run"),
    "bands": lambda folder, _: Tables().bands(open_batch(folder)),
    "page": _page,
    "report": lambda folder, _: folder_report(folder),
}


def attack(case: Case) -> None:
    """Damage one to three files of a copy, and let some readers read it."""
    dice = case.dice
    whole = dice.choice((room.batch, room.sweep))()
    folder = Path(shutil.copytree(whole, case.folder / "out"))
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".json", ".parquet")]
    told = []
    for path in dice.sample(files, dice.choice((1, 1, 1, 2, 3))):
        spoil = {".json": spoil_json, ".parquet": spoil_table}[path.suffix]
        if dice.random() < 0.4:
            spoil = spoil_bytes
        spoil(path, dice)
        told.append(f"{spoil.__name__} {path.relative_to(folder)}")
    readers = ["report"] if dice.random() < 0.05 else dice.sample([name for name in READERS if name != "report"], 3)
    case.tried = f"{whole.name}: {', '.join(told)}; {', '.join(readers)}"
    refused: TanshiError | None = None
    for name in readers:
        try:
            READERS[name](folder, dice)
        except TanshiError as error:
            refused = error
        except Exception as error:
            raise Defect(f"{name}: {type(error).__name__} at {_place(error)}: {error}") from error
    if refused is not None:
        raise refused


def _place(error: BaseException) -> str:
    """The last line of the program's own that an error went through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "/simulator/" in file or "/scenarios/" in file:
            place = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
