"""Try published tables of a folder, and spoilt files: ``python -m tanshi.simulator.studies.tables --tables FOLDER``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.machine.progress import bar
from tanshi.simulator.studies.tables.fuzz import fuzz
from tanshi.simulator.studies.tables.page import page
from tanshi.simulator.studies.tables.published import tables_in, try_tables


def main() -> int:
    """Write the page; exit code 1 where a file ended in a traceback or was read wrong by a factor."""
    parser = argparse.ArgumentParser(prog="python -m tanshi.simulator.studies.tables", description=__doc__)
    parser.add_argument("--tables", type=Path, metavar="FOLDER", help="published tables, outside the project")
    parser.add_argument("--spoilt", type=int, default=2500, metavar="N", help="tables and price files to spoil, each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/other_tables.md"))
    given = parser.parse_args()
    if given.tables is not None and not given.tables.is_dir():
        print(f"Error: expected a folder of tables, got {given.tables}", file=sys.stderr)
        return 2
    if given.tables is not None and not tables_in(given.tables):
        print(f"Error: expected tables in {given.tables}, got none", file=sys.stderr)
        return 2
    with bar() as progress:

        def published(name: str, done: int, total: int) -> None:
            progress("published tables", done, total, name)

        def spoilt(done: int, total: int) -> None:
            progress("spoilt files", done, total)

        tried = [] if given.tables is None else list(try_tables(given.tables, published))
        tallies = fuzz(given.spoilt, given.seed, spoilt) if given.spoilt else {}
    write_file(given.out, page(tried, tallies).encode("utf-8"))
    print(f"{given.out} is written.")
    for t in tried:
        if t.refused:
            print(f"{t.file}: {t.refused}")
    bad = 0
    for kind, tally in tallies.items():
        print(f"{kind}: {dict(tally.outcomes)}")
        bad += tally.outcomes["tracebacks"] + tally.outcomes["wrong by a factor"]
        for how, what in tally.worst:
            if not what.startswith(("0 of", "1 of")):
                print(f"  {how}: {what}")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
