"""One case of an attack: what was tried, and whether it worked, was refused in words, or showed a defect."""

from __future__ import annotations

import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tanshi.errors import TanshiError
from tanshi.scenarios.errors import visible

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 20_000
"""Characters of the longest message that a person may be given."""
DONE, REFUSED, DEFECT = "done", "refused", "defect"


class Defect(AssertionError):
    """The program did what it must not do, without an error of its own."""


class Dice(Random):
    """The random numbers of one case, and how wild it is: 0 for what should work, 1 for what hardly can."""

    wild: float = 1.0

    def oddly(self, chance: float) -> bool:
        """Whether to do something odd now, more rarely in a tame case."""
        return self.random() < chance * self.wild

    def of(self, usual: Sequence[Any], odd: Sequence[Any]) -> Any:
        """One of the usual things, or in a wild case one of the odd ones."""
        return self.choice(odd if self.oddly(0.5) else usual)


@dataclass
class Case:
    """One case: its random numbers, an empty folder, and what is tried, for whoever wants to try it again."""

    dice: Dice
    folder: Path
    tried: str = ""


Attack = Callable[[Case], None]
"""Tries one case: returns where it worked, raises `TanshiError` where it was refused, anything else is a defect."""


@dataclass
class Tally:
    """What came of the cases of one kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Processor seconds of the slowest case."""
    longest: int = 0
    """Characters of the longest message."""

    @property
    def cases(self) -> int:
        """How many were tried."""
        return sum(self.outcomes.values())


def dice_of(seed: int, kind: str, number: int) -> Dice:
    """The random numbers of one case; no other case moves them."""
    dice = Dice(f"{seed} {kind} {number}")
    dice.wild = dice.choice((0.02, 0.1, 0.3, 1.0))
    return dice


def attempt(attack: Attack, case: Case, tally: Tally) -> None:
    """Try one case and note what came of it."""
    try:
        attack(case)
    except TanshiError as error:
        said = visible(str(error))  # as the terminal shows it
        tally.longest = max(tally.longest, len(said))
        wrong = wrong_with(said)
        tally.outcomes[DEFECT if wrong else REFUSED] += 1
        if wrong:
            tally.defects.append(f"{case.tried}\n{wrong}: {said[:400]!r}")
    except Exception as error:
        tally.outcomes[DEFECT] += 1
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        tally.defects.append(f"{case.tried}\n{type(error).__name__} at {place}: {str(error)[:400]}")
    else:
        tally.outcomes[DONE] += 1


def attempt_many(attack: Attack, seed: int, kind: str, numbers: Iterable[int], folder: Path) -> Tally:
    """Try the cases of these numbers, each in an empty folder."""
    tally = Tally()
    room = folder / "case"
    for number in numbers:
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir(parents=True)
        case = Case(dice_of(seed, kind, number), room)
        began = time.process_time()
        attempt(attack, case, tally)
        tally.slowest = max(tally.slowest, time.process_time() - began)
    shutil.rmtree(room, ignore_errors=True)
    return tally


def wrong_with(said: str) -> str:
    """What is wrong with a message, or an empty text."""
    if not said.strip():
        return "an empty message"
    if len(said) > LONGEST:
        return f"a message of {len(said):,} characters"
    return ""
