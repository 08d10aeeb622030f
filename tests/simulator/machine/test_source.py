"""What a run is known by: words that can move a number, and nothing else."""

from __future__ import annotations

import shutil
import sys
import tokenize
from pathlib import Path

import pytest

from tanshi.scenarios.economy import economy_folder
from tanshi.simulator.machine.places import ROOMS, room
from tanshi.simulator.machine.source import _lines, file_of, folder_hash, module, reached, source_hash, statements
from tanshi.simulator.run.ground import economy

CODE = """
def price(x, y=1.5):
    return f"{x!r:>{y}}" + 'a "b"', [x,
        y]
"""
LINE = 'return f"{x!r:>{y}}" + \'a "b"\', [x, y]\n'
SAME = {
    "a comment": f"# why\ndef price(x, y=1.5):  # of what\n    # how\n    {LINE}",
    "a docstring": CODE.replace("1.5):\n", '1.5):\n    """Price."""\n'),
    "one of several lines": CODE.replace("1.5):\n", "1.5):\n    '''Price.\n\n  # of 'x'\n    '''\n\n"),
    "layout": CODE.replace("    ", "  ").replace("x, y=1.5", "x,\n\n   y = 1.5").replace("return f", "return \\\n  f"),
    "types": f"if TYPE_CHECKING:\n    from tanshi.views import x\n    if x:\n        pass\n{CODE}",
}
OTHER = {
    "a number": CODE.replace("1.5", "1.6"),
    "a text": CODE.replace("'a ", "'c "),
    "a hash in a text": CODE.replace("'a ", "'a# "),
    "an f-string": CODE.replace("!r", "!s"),
    "a name": CODE.replace("[x,", "[y,"),
    "a block": f"def price(x, y=1.5):\n    pass\n{LINE}",
}


@pytest.mark.parametrize("changed", SAME)
def test_what_cannot_move_a_number_does_not_count(changed: str) -> None:
    assert list(statements(SAME[changed])) == list(statements(CODE))


@pytest.mark.parametrize("changed", OTHER)
def test_what_can_does(changed: str) -> None:
    assert list(statements(OTHER[changed])) != list(statements(CODE))


def by_pythons_own_tokenizer(path: Path) -> list[str]:
    """The words of each logical line as Python reads them."""
    dropped = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
    lines, words = [], ""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in (tokenize.INDENT, tokenize.DEDENT):
                lines.append("{" if token.type == tokenize.INDENT else "}")
            elif token.type == tokenize.NEWLINE:
                lines.append(words)
                words = ""
            elif token.type not in dropped:
                words += token.string
    return lines


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="newer Pythons divide f-strings by another rule")
def test_all_of_the_program_is_read_as_python_reads_it() -> None:
    for path in (path for name in ROOMS for path in room(name).rglob("*.py")):
        ours = ["".join(line) for line in _lines(path.read_text(encoding="utf-8"))]
        assert ours == by_pythons_own_tokenizer(path), path


def test_a_run_reaches_what_computes_and_not_what_shows() -> None:
    found = set(reached(["tanshi.simulator.stepping"]))
    assert {"tanshi.market.call_auction", "tanshi.equilibrium.engine.kernels", "tanshi.numerics.compiled"} <= found
    assert {"tanshi.agents.strategies.zip", "tanshi.simulator.drift.flow", "tanshi.scenarios.schema"} <= found
    for floor in ("views", "cli", "studies", "guide", "own_region"):
        assert not [name for name in found if name.startswith(f"tanshi.simulator.{floor}.")]
    assert "tanshi.version" not in found
    assert "tanshi.simulator.drift.network" not in found  # torch trains; a run reads what was exported


def test_names_that_are_no_modules_are_none() -> None:
    assert file_of("tanshi.market.call_auction.CallAuction") is None
    assert file_of("tanshi.nowhere") is None
    assert file_of("numpy") is None


def test_a_foreign_package_is_known_by_its_words_and_its_data(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("x = 1\n")
    (tmp_path / "data.csv").write_text("1\n")
    first = folder_hash(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "rule.pyc").write_text("")
    module.cache_clear()
    (tmp_path / "rule.py").write_text("x = 1  # one\n")
    assert folder_hash(tmp_path) == first
    (tmp_path / "data.csv").write_text("2\n")
    assert folder_hash(tmp_path) != first


def test_the_hash_is_the_same_at_every_asking() -> None:
    first = source_hash(["tanshi.simulator.stepping"])
    module.cache_clear()
    assert source_hash(["tanshi.simulator.stepping"]) == first
    assert len(first) == 16


def test_figures_count_by_value_and_their_sources_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(economy_folder("shanxi_2022"), folder)

    def version() -> str:
        economy._files.cache_clear()
        economy._data_version.cache_clear()
        return economy.data_version(str(folder))

    first = version()
    assert first == economy.data_version("shanxi_2022")
    table = folder / "controls.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    item, value, unit, status, *_ = rows[1].split(",")
    rows[1] = ",".join([item, f"{float(value):.9e}", unit, status, "another source"])
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "README.md").write_text("another word\n")
    assert version() == first
    rows[1] = ",".join([item, f"{1.001 * float(value):.9e}", unit, status, "another source"])
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert version() != first
