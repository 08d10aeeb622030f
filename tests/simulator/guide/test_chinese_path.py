"""A Chinese analyst's way: every command of the Chinese pages is run, small, in their order and in Chinese."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshi.language import speak
from tanshi.simulator.cli import main
from tests.package.installs import ROOT

SERVERS = ("dashboard", "live")
"""Commands that serve until they are stopped; tests of their own start them in both languages."""
TUTORIAL = "docs/zh_tutorial.md"
"""The page whose report is drawn: the same command of the other pages is read alone, since it takes the longest."""
SMALL = ("--years", "2022-2023", "--firms", "24", "--no-figures")
SHORT = ("banking.horizon=0", "market.periods_per_year=1", "drift.mode=none")
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"\b[a-z]{4,} [a-z]{2,} [a-z]{2,}\b")
"""Three words in a row that nobody translated."""


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


def small(words: list[str]) -> list[str]:
    """A command of a page, with fewer firms and years: what is said there of its size is not what is tried here."""
    if words[0] == "report":
        return [*words, "--dpi", "60"]
    if words[0] != "run":
        return words
    kept, rest = ["run"], iter(words[1:])
    for word in rest:
        if word in ("--years", "--firms", "--seeds", "--workers"):
            next(rest)
        else:
            kept.append(word)
    return [*kept, *SMALL, "--workers", "1", *(part for one in SHORT for part in ("--set", one))]


@pytest.mark.parametrize("page", [TUTORIAL, "docs/zh.md", "README.zh.md"])
def test_every_command_of_a_page_runs_in_chinese(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / page).read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TANSHI_LANG", "zh")
    for own in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        name = re.findall(r"name: (\w+)", own)[0]
        Path(f"{name}.yaml").write_text(own, "utf-8")
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        for line in (one for one in block.splitlines() if one.startswith("tanshi ")):
            words = shlex.split(line.removeprefix("tanshi "))
            if words[0] in SERVERS or (words[0] == "report" and page != TUTORIAL):
                continue
            code = main(small(words))
            told = capfd.readouterr()
            assert code == 0, (line, told.err)
            assert HAN.search(told.out), line
            if words[0] in ("run", "report"):
                assert LATIN.findall(told.out) == [], line
    for report in Path("results").glob("*/report.html"):
        assert '<html lang="zh-Hans">' in report.read_text("utf-8")


def test_the_tutorials_figures_are_pdf_with_their_font_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / TUTORIAL).read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    code = code.replace('years={"end": 2024}, firms={"number": 60}', 'years={"end": 2023}, firms={"number": 24}')
    monkeypatch.chdir(tmp_path)
    speak("zh")
    exec(compile(code.replace("dpi=600", "dpi=60"), "zh_tutorial.md", "exec"), {})  # noqa: S102
    made = Path("pictures/generation.pdf").read_bytes()
    assert b"/FontFile2" in made
    assert b"TanshiHan" in made
