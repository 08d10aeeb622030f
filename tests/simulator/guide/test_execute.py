"""A page's commands and code are run as they stand, and the page then holds what they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshi.simulator.guide.execute import PageError, fences, remake, run_command

FENCE = "``" + "`"


def page(*parts: str) -> str:
    return "\n".join(part.replace("'''", FENCE) for part in parts) + "\n"


def test_files_are_made_commands_run_and_code_prints(tmp_path: Path) -> None:
    before = page(
        "'''yaml title=\"a.yaml\"\nseed: 7\n'''",
        "'''console\n$ cat a.yaml\nan old output\n$ pwd > where.txt\n'''",
        "'''python\nx = open('a.yaml').read()\nprint(x.strip(), 1)\n'''",
        "'''python\nprint(x.strip(), 2)\n'''\n\n'''text\nan old output\n'''",
        "'''python\ny = 1\n'''",
        "'''bash\nrm -rf /\n'''",
    )
    after = remake(before, tmp_path)
    assert "$ cat a.yaml\nseed: 7\n$ pwd > where.txt\n" in after
    assert "an old output" not in after
    assert [f.body for f in fences(after) if f.kind == "text"] == ["seed: 7 1\n", "seed: 7 2\n"]
    assert (tmp_path / "where.txt").read_text().strip() == str(tmp_path)
    assert remake(after, tmp_path) == after


def test_a_page_that_no_longer_prints_the_same_is_noticed(tmp_path: Path) -> None:
    before = page("'''console\n$ echo 1\n2\n'''")
    assert remake(before, tmp_path) != before


def test_a_refusal_is_part_of_the_page_and_a_failure_is_not(tmp_path: Path) -> None:
    assert run_command("echo wrong >&2; exit 2", tmp_path) == "wrong\n"
    with pytest.raises(PageError, match="ends with code 1"):
        run_command("false", tmp_path)
    with pytest.raises(PageError, match="ZeroDivisionError"):
        remake(page("'''python\n1 / 0\n'''"), tmp_path)


def test_titled_code_draws_its_picture(tmp_path: Path) -> None:
    code = "'''python title=\"p\"\nfrom tanshi.simulator.views.charts.style import sheet\nfigure = sheet()\n'''"
    remake(page(code), tmp_path, tmp_path / "pictures")
    assert (tmp_path / "pictures" / "p.png").read_bytes().startswith(b"\x89PNG")
