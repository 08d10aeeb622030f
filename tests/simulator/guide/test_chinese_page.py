"""What the Chinese page tells a reader to type is what the program takes, and its own scenario is one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from tanshi.scenarios.load import load_scenarios
from tanshi.simulator.cli.app import app
from tanshi.simulator.cli.language import speak_as_told
from tests.package.installs import ROOT

PAGE = (ROOT / "docs/zh.md").read_text("utf-8")
COMMANDS = re.findall(r"^tanshi (.+)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_taken(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name, *words = shlex.split(line)
    words = speak_as_told(words)
    speak_as_told([])
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    command.commands[name].make_context(name, words)


def test_the_scenario_of_the_page_can_be_run(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "auctioned.yaml"
    file.write_text(text, "utf-8")
    (scenario,) = load_scenarios([str(file)])
    assert scenario.name == "auctioned"
    assert scenario.allocation.auctioned_share == 1.0
