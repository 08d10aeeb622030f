"""The list of mutants is what its README says, and the rule that draws them finds what it should."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.draw import ROOMS, drawn, places
from tests.mutants.mutant import Mutant, StaleMutant, read_mutants, stale
from tests.mutants.run import Asked, mutated, sample

ROOT = Path(__file__).parents[2]
SMALL = '''
class Firm:
    def owes(self, emitted: float, free: float) -> float:
        """Emitted - free."""
        gap = max(emitted - free, 0.0)
        return gap if gap >= 10 else 0.0
'''
RIGHT = "gap = max(emitted - free, 0.0)"


def mutant(after: str, before: str = RIGHT) -> Mutant:
    return Mutant("m", "room", "firm.py", "Firm.owes", before, after, 1, "chosen", "tests")


def test_the_list_covers_every_room_and_at_least_half_of_it_was_not_chosen() -> None:
    listed = read_mutants()
    assert len(listed) >= 120
    assert len({one.name for one in listed}) == len(listed)
    assert min(Counter(one.room for one in listed)[room] for room in ROOMS) >= 10
    assert 2 * sum(one.origin == "drawn" for one in listed) >= len(listed)
    assert all((ROOT / word.partition("::")[0]).exists() for one in listed for word in one.tests.split())
    assert sum(bool(one.equivalent) for one in listed) <= len(listed) // 20


def test_every_mutant_s_line_is_still_in_the_product() -> None:
    gone = stale(read_mutants(), ROOT)
    assert not gone, "write these lines of tests/mutants/mutants.csv anew (see the README there):\n" + "\n".join(gone)


def test_the_rule_finds_each_place_and_leaves_what_a_docstring_says() -> None:
    found = {(before, after) for _, _, before, after in places(SMALL)}
    last = "return gap if gap >= 10 else 0.0"
    assert found == {
        (RIGHT, "gap = min(emitted - free, 0.0)"),
        (RIGHT, "gap = max(emitted + free, 0.0)"),
        (RIGHT, "gap = max(emitted - free, 1.0)"),
        (last, "return gap if gap > 10 else 0.0"),
        (last, "return gap if gap >= 11 else 0.0"),
        (last, "return gap if gap >= 10 else 1.0"),
    }


def test_the_rule_draws_the_same_again_and_never_two_of_a_line() -> None:
    first, again = drawn("drift", 14, 12), drawn("drift", 14, 12)
    assert first == again
    assert len({(one.function, one.before) for one in first}) == 12
    assert first != drawn("drift", 15, 12)


def test_a_mutant_is_in_the_copy_only_while_it_is_judged(tmp_path: Path) -> None:
    (tmp_path / "firm.py").write_text(SMALL, encoding="utf-8")
    kept = tmp_path / "__pycache__" / "firm.owes-1.py311.nbi"
    kept.parent.mkdir()
    kept.write_text("compiled", encoding="utf-8")
    with mutated(tmp_path, mutant("gap = emitted")):
        assert "        gap = emitted\n" in (tmp_path / "firm.py").read_text(encoding="utf-8")
        assert not kept.exists()
    assert (tmp_path / "firm.py").read_text(encoding="utf-8") == SMALL
    assert kept.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are judged in forked processes")
def test_a_mutant_that_ends_the_process_is_dead() -> None:
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    asked = Asked(child, "", tempfile.TemporaryFile("w+"), time.monotonic() + 60.0)  # noqa: SIM115 - `answer` closes it
    while (answer := asked.answer()) is None:
        time.sleep(0.01)
    assert answer == (False, "")


def test_a_line_that_is_gone_is_told_by_name() -> None:
    with pytest.raises(StaleMutant, match=r"m: firm\.py has no such line in Firm\.owes: gap = 3"):
        mutant("gap = 4", before="gap = 3").apply(SMALL)


def test_ten_of_the_list_depend_on_the_commit_alone() -> None:
    listed = read_mutants()
    assert sample(listed, 10, "abc") == sample(listed[::-1], 10, "abc")
    assert sample(listed, 10, "abc") != sample(listed, 10, "abd")
