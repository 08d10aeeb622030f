"""What Python can tell of Windows and macOS from here: nothing that only Linux has is used without looking first.

Not tested here, for want of such machines: that wheels of all dependencies install, colours of their terminals, the
browser that opens, processes that are ended by the system.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
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


def sources() -> Iterator[tuple[Path, ast.Module, str]]:
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
