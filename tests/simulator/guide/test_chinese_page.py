"""What the Chinese page tells a reader to type is what the program takes, and its own scenario is one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.cli.app import app
from tanshi.simulator.cli.language import speak_as_told
from tests.package.installs import ROOT

PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("docs/zh.md", "docs/zh_tutorial.md", "README.zh.md")}
COMMANDS = sorted({line for page in PAGES.values() for line in re.findall(r"^tanshi (.+)$", page, re.MULTILINE)})


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_taken(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name, *words = shlex.split(line)
    words = speak_as_told(words)
    speak_as_told([])
    command: Any = typer.main.get_command(app)
    while hasattr(command := command.commands[name], "commands"):
        name, *words = words
    command.make_context(name, words)


@pytest.mark.parametrize("page", PAGES)
def test_the_scenario_of_a_page_can_be_run(page: str, tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGES[page], re.DOTALL)
    file = tmp_path / "own.yaml"
    file.write_text(text, "utf-8")
    (scenario,) = load_scenarios([str(file)])
    assert scenario.name == re.findall(r"name: (\w+)", text)[0]
    assert scenario.title


def test_every_chinese_page_is_found_from_another() -> None:
    assert "zh_tutorial.md" in PAGES["docs/zh.md"]
    assert "docs/zh.md" in PAGES["README.zh.md"]
