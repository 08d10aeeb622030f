"""Attack the program for a given time, kind by kind, and print what came of it.

make attack                                            15 minutes, on this machine alone
make attack ARGS="--minutes 60 --seed 7 --page docs/attack.md"
python -m tests.attack.run --kind pages --seed 7 --case 123     one case again, with its traceback
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tanshi.errors import TanshiError
from tests.attack import damage, outputs, pages, places, questions, terminals, timetables, values, weights
from tests.attack.attempt import ROOT, Attack, Case, Tally, attempt, dice_of
from tests.attack.files import attack_file
from tests.attack.page import page, table

KINDS: Mapping[str, Attack] = {
    "scenario": attack_file("scenario"),
    "sweep": attack_file("sweep"),
    "targets": attack_file("targets"),
    "values": values.attack,
    "timetables": timetables.attack,
    "damage": damage.attack,
    "terminals": terminals.attack,
    "pages": pages.attack,
    "questions": questions.attack,
    "outputs": outputs.attack,
    "places": places.attack,
    "weights": weights.attack,
}
"""Kinds of attack, in the order of the page."""
TURN = 2.0
"""Seconds that a kind works before the next has its turn; the one with the fewest cases is next."""


def attack_for(seconds: float, seed: int, kinds: Mapping[str, Attack], room: Path) -> dict[str, Tally]:
    """Try cases until the time is over; the kind that has had the fewest is always the next."""
    tallies = {name: Tally() for name in kinds}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = min(tallies, key=lambda kind: tallies[kind].cases)
        turn = time.monotonic() + TURN
        while time.monotonic() < min(turn, end):
            one(name, kinds[name], seed, tallies[name].cases, tallies[name], room)
    return tallies


def one(name: str, attack: Attack, seed: int, number: int, tally: Tally, room: Path) -> None:
    """Try one case in an empty folder."""
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    began = time.process_time()
    known = len(tally.defects)
    attempt(attack, Case(dice_of(seed, name, number), room), tally)
    tally.slowest = max(tally.slowest, time.process_time() - began)
    if len(tally.defects) > known:
        tally.defects[-1] = f"--kind {name} --seed {seed} --case {number}: {tally.defects[-1]}"


def again(name: str, seed: int, number: int, room: Path) -> int:
    """Try one case again; a defect shows its traceback."""
    room.mkdir(parents=True)
    case = Case(dice_of(seed, name, number), room)
    try:
        KINDS[name](case)
    except TanshiError as error:
        print(f"{case.tried}\nrefused: {error}")
        return 0
    except Exception:
        print(case.tried)
        raise
    print(f"{case.tried}\ndone")
    return 0


def main() -> int:
    """Attack, print the table and the defects; exit code 1 where there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--kind", choices=list(KINDS), action="append", help="only these")
    parser.add_argument("--case", type=int, help="one case of one kind again")
    parser.add_argument("--page", type=Path, help="write the table into this page of the guide")
    given = parser.parse_args()
    kinds = {name: KINDS[name] for name in given.kind or KINDS}
    place = given.page.absolute() if given.page else None
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tanshi-attack-") as folder:
        os.chdir(folder)
        try:
            if given.case is not None:
                return again(next(iter(kinds)), given.seed, given.case, Path(folder) / "case")
            tallies = attack_for(60.0 * given.minutes, given.seed, kinds, Path(folder) / "case")
        finally:
            os.chdir(ROOT)
    print(table(tallies))
    for name, tally in tallies.items():
        for told in tally.defects[:20]:
            print(f"\n{name}: {told}")
    if place is not None:
        place.write_text(page(tallies, given.minutes, given.seed), encoding="utf-8")
        print(f"{place} is written.")
    return 1 if any(tally.defects for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
