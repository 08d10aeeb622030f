"""What Python can tell of Windows and macOS from here: nothing that only Linux has is used without looking first.

Not tested here, for want of such machines: that wheels of all dependencies install, colours of their terminals, the
browser that opens, processes that are ended by the system.
"""

from __future__ import annotations

import ast
import errno
import os
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PureWindowsPath

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario, load_scenarios
from tanshi.simulator.cli import app, outputs
from tanshi.simulator.cli.app import main
from tanshi.simulator.machine import moving
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.results.store import publish
from tanshi.simulator.studies.batches import lock
from tanshi.simulator.studies.sweeps.sweep import open_sweep
from tests.package.installs import ROOMS, ROOT

ONLY_SOME = {
    *("fcntl", "resource", "pwd", "grp", "termios", "fork", "forkpty", "geteuid", "getuid", "chown", "mkfifo"),
    *("sched_getaffinity", "sysconf", "pathconf", "SIGKILL", "SIGHUP", "SIGUSR1", "setsid", "getpgid", "killpg"),
    *("mallopt", "uname", "O_DIRECTORY", "statvfs", "nice", "getloadavg"),
}  # fmt: skip
"""Names of the standard library that some systems lack."""
LOOKED = ("hasattr(", "sys.platform", "except (AttributeError", "except AttributeError", "ImportError")
"""What shows that somebody looked whether the system has it."""
TEXT = {"open", "read_text", "write_text", "TextIOWrapper", "fdopen"}


@lru_cache(maxsize=1)
def sources() -> tuple[tuple[Path, ast.Module, str], ...]:
    return tuple(_sources())


def _sources() -> Iterator[tuple[Path, ast.Module, str]]:
    for room in (*ROOMS, "tanshi"):
        for path in sorted((ROOT / room).rglob("*.py")) if room != "tanshi" else sorted((ROOT / room).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield path.relative_to(ROOT), ast.parse(text), text


def test_what_only_some_systems_have_is_looked_for_first() -> None:
    found = []
    for path, tree, text in sources():
        names = {
            (node.attr if isinstance(node, ast.Attribute) else alias.name): node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute | ast.Import)
            for alias in (node.names if isinstance(node, ast.Import) else [ast.alias("")])
        }
        found += [
            f"{path}:{line} {name}" for name, line in names.items()
            if name in ONLY_SOME and not any(word in text for word in LOOKED)
        ]  # fmt: skip
    assert not found


def test_every_text_file_is_opened_in_a_named_encoding() -> None:
    found = []
    for path, tree, _ in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = "open" if isinstance(node.func, ast.Name) and node.func.id == "open" else name
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            modes = [
                *words,
                *(k.value.value for k in node.keywords if k.arg == "mode" and isinstance(k.value, ast.Constant)),
            ]
            binary = any("b" in mode and len(mode) < 4 for mode in modes if isinstance(mode, str))
            if name in TEXT and not binary and not any(k.arg == "encoding" for k in node.keywords):
                found.append(f"{path}:{node.lineno} {name}")
    # A lock holds no text, what `os.open` gives is a number, and a shelf opens a folder of results.
    allowed = ("simulator/studies/batches/lock.py", "simulator/cli/app.py", "simulator/views/dashboard/desk.py")
    assert [one for one in found if not one.startswith(allowed)] == []


def test_every_file_of_the_project_has_a_name_that_windows_can_hold() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode()
    folded: dict[str, str] = {}
    for name in filter(None, listed.split("\0")):
        parts = PureWindowsPath(name).parts
        assert not set('<>:"|?*\\') & set(name.replace("/", "")), name
        assert not any(part.endswith((" ", ".")) for part in parts), name
        assert not any(part.split(".")[0].upper() in ("CON", "PRN", "AUX", "NUL", "COM1", "LPT1") for part in parts), (
            name
        )
        assert len(name) < 180, name
        assert folded.setdefault(name.casefold(), name) == name


@pytest.mark.parametrize("name", ["con", "NUL", "aux.v2", "com1", "mine."])
def test_a_scenario_has_a_name_that_a_folder_can_have_on_every_system(name: str) -> None:
    with pytest.raises(UserError, match="a name that a folder can have"):
        load_scenario("S1", {"name": name})


@pytest.mark.parametrize("tries", [0, 3])
def test_what_windows_holds_for_a_moment_is_moved_when_it_lets_go(
    tries: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[object] = []
    really = os.replace

    def held(source: Path, target: Path) -> None:
        if len(refused) < tries:
            refused.append(source)
            raise PermissionError(13, "held by a scanner of viruses")
        really(source, target)

    monkeypatch.setattr(moving, "HOLDS", True)
    monkeypatch.setattr(os, "replace", held)
    (tmp_path / "a").write_bytes(b"new")
    moving.move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"new"
    assert len(refused) == tries


def test_what_is_held_for_good_is_refused_and_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(moving, "HOLDS", True)
    monkeypatch.setattr(moving, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(os, "replace", held)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "old").write_bytes(b"old")
    with pytest.raises(StoreError, match="Permission denied"):
        publish(tmp_path / "mine", lambda folder: (folder / "new").touch())
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "old"]


def test_a_folder_is_held_on_windows_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def locking(file: int, mode: int, size: int) -> None:
        if taken:
            raise PermissionError(13, "Permission denied")
        taken.append(file)

    fake = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr(lock, "sys", types.SimpleNamespace(platform="win32"))
    second = lock.only_one_in(tmp_path)
    with lock.only_one_in(tmp_path), pytest.raises(lock.FolderInUse, match="another batch is running"), second:
        pass


ORPHAN = """
import multiprocessing, os, sys, time
from tanshi.simulator.studies.batches import workers

def child(parent):
    os.getppid = lambda: parent  # as Windows says when the parent has gone
    workers._watch(parent)

if __name__ == "__main__":
    below = multiprocessing.get_context("spawn").Process(target=child, args=(os.getpid(),))
    below.start()
    print(below.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes through /proc")
def test_a_worker_ends_with_its_parent_where_the_parents_number_stays(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=ROOT) as above:
        assert above.stdout is not None
        below = int(above.stdout.readline())
        above.kill()
    end = time.monotonic() + 30
    while _runs(below):
        assert time.monotonic() < end, "the worker outlives its parent"
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("pair", [("mine", "MINE"), ("stra\u00dfe", "STRASSE"), ("caf\u00e9", "cafe\u0301")])
def test_two_names_that_some_system_does_not_tell_apart_are_refused(pair: tuple[str, str], tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(pair):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(f"extends: S1\nname: {name}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"do not tell apart|pattern|a text"):
        load_scenarios(files)
    sweep = tmp_path / "sweep.yaml"
    sweep.write_text(
        "scenarios: [0.yaml, 1.yaml]\nparameters: {cap.tightness: {uniform: [0.0, 0.1]}}\n", encoding="utf-8"
    )
    with pytest.raises(UserError):
        open_sweep(sweep)


def test_a_place_that_windows_cannot_name_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(outputs, "ON_WINDOWS", True)
    for name in ("12:30", "out/nul.txt", "a?", "end."):
        assert main(["run", "S1", "--out", name]) == 2
        assert "Windows has no name" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_the_system_calls_invalid_is_the_users_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened(words: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument", "a?b.yaml")

    monkeypatch.setattr(app, "speak_as_told", opened)
    assert main(["params"]) == 2
    assert "a?b.yaml" in capsys.readouterr().err


def test_tables_in_words_end_their_lines_alike_on_every_system() -> None:
    """pandas takes the system's own ending where none is named, and `write_text` changes those that are there."""
    found = []
    for path, tree, _ in sources():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in calls:
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name == "to_csv" and not any(k.arg == "lineterminator" for k in call.keywords):
                found.append(f"{path}:{call.lineno}")
    assert found == []
