"""Where results cannot be written, every command says so before it works."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest
from typer.models import OptionInfo

from tanshi.simulator.cli import main
from tanshi.simulator.cli.app import app

READS = {"--imports", "--prices", "--map", "--table", "--units", "--tables", "--constraints", "--tls"}
"""Options that name a file to read."""


def writing() -> list[tuple[str, str]]:
    """Every command with every option of its own that names a place to write to."""
    out = []
    groups = [("", app), *((f"{group.name} ", group.typer_instance) for group in app.registered_groups)]
    for prefix, group in groups:
        for command in group.registered_commands:
            hints = get_type_hints(command.callback, include_extras=True)
            for name, hint in hints.items():
                kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
                option = next((note for note in notes if isinstance(note, OptionInfo)), None)
                if option is None or Path not in (kind, *get_args(kind)):
                    continue
                long = next((word for word in option.param_decls or () if word.startswith("--")), f"--{name}")
                if long not in READS:
                    out.append((prefix + str(command.name or command.callback.__name__), long))
    return out


ARGUMENTS = {
    "compact": ["nowhere"],
    "sweep": ["cap"],
    "stress": ["cap"],
    "compare": ["S1"],
    "fans": ["S1"],
    "report": ["nowhere"],
    "new accounts": ["--tables", "nowhere"],
    "new economy": ["mine", "--table", "nowhere.csv"],
}


def test_the_list_holds_the_commands_that_work_for_long() -> None:
    long = {"run", "sweep", "calibrate", "reproduce", "train", "compare", "sinks"}
    assert long <= {command for command, _ in writing()}


@pytest.mark.parametrize(("command", "option"), writing())
def test_a_place_that_cannot_be_written_is_refused_at_once(
    command: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    for place in ("taken/below.md", "x" * 300 + ".md", "new/\0.md"):
        began = time.process_time()
        code = main([*command.split(), *ARGUMENTS.get(command, []), option, place])
        said = capsys.readouterr().err
        assert (code, said.count("\n")) == (2, 2), said
        assert option in said
        assert time.process_time() - began < 5
    assert os.listdir(tmp_path) == ["taken"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder that root too cannot write into")
def test_a_folder_that_even_root_cannot_write_into_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--work", "/proc/nowhere"]) == 2
    assert "--work: expected a folder that can be written, got /proc/nowhere" in capsys.readouterr().err
