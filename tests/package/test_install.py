"""The program works wherever it is installed, and beside whatever the user keeps in his own folder."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

import tanshi
from tests.package.installs import ROOMS, ROOT, Environment, copy_of_the_checkout, said, unpacked_sdist, wheel_of

sys.path.append(str(ROOT / ".ci"))
environments = importlib.import_module("environments")
SHORT = ("--years", "2022-2022", "--firms", "40", "--set", "market.periods_per_year=1")
"""Loops are plain Python here: a second year, in which policies begin, would take a minute of every run."""
SPAWNED = ("--seeds", "2", "--workers", "2")
UNWANTED = re.compile(r"(^|/)(__pycache__|\..*|.*\.(pyc|nbi|nbc))(/|$)")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, in a folder whose name has a blank and Chinese in it."""
    return copy_of_the_checkout(tmp_path_factory.mktemp("a 碳 b") / "checkout")


@pytest.fixture(scope="session")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy without links, as Git makes it on Windows for who may not make links."""
    return copy_of_the_checkout(tmp_path_factory.mktemp("flat") / "checkout", links=False)


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(checkout, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel in it."""
    made = Environment(tmp_path_factory.mktemp("installed") / "env")
    made.install(str(wheel))
    return made


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A Mesa user's own folder, whose files bear the names of our rooms."""
    folder = tmp_path / "mine"
    (folder / "simulator").mkdir(parents=True)
    for name in ("agents.py", "market.py", "scenarios.py", "simulator/__init__.py"):
        (folder / name).write_text("class Wolf:\n    legs = 4\n")
    return folder


def files_of_the_rooms() -> set[str]:
    """What belongs into a wheel: every file of the six rooms."""
    found = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()}
    return {f"tanshi/{name}" for name in found if not UNWANTED.search(name)}


def content(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as opened:
        return {item.filename: item.CRC for item in opened.infolist()}


def test_a_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel: Path) -> None:
    inside = set(content(wheel))
    own = {
        f"tanshi/{name}"
        for name in ("__init__.py", "__main__.py", "version.py", "errors.py", "language.py", "plugins.py", "py.typed")
    }
    own.add("tanshi/locale/zh/LC_MESSAGES/tanshi.mo")  # the catalogue, compiled by the build
    record = {name for name in inside if ".dist-info/" in name}
    assert inside - record - own == files_of_the_rooms()
    assert {name.split("/")[0] for name in inside - record} == {"tanshi"}


def test_a_wheel_made_from_the_source_distribution_is_the_same(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    again = content(wheel_of(unpacked_sdist(checkout, tmp_path / "sdist"), tmp_path / "again"))
    first = content(wheel)
    assert {k: v for k, v in again.items() if "dist-info" not in k} == {
        k: v for k, v in first.items() if "dist-info" not in k
    }


def test_an_installed_program_runs_in_a_folder_with_the_users_own_modules(installed: Environment, mine: Path) -> None:
    assert installed.tanshi("--version", cwd=mine) == f"tanshi {tanshi.__version__}\n"
    installed.tanshi("run", "S1", *SHORT, *SPAWNED, "--out", "out", cwd=mine)
    record = json.loads((mine / "out" / "S1-seed1" / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "finished"
    assert record["versions"]["tanshi"] == tanshi.__version__
    assert (mine / "out" / "report.html").is_file()


SCRIPT = """
import agents, market, simulator          # the user's own
from tanshi import simulate

assert agents.Wolf.legs == market.Wolf.legs == simulator.Wolf.legs == 4
result = simulate("S5", years={"end": 2022}, firms={"number": 40}, market={"periods_per_year": 1})
assert result.annual.loc[2022, "Price|Carbon"] > 0
"""


def test_a_script_beside_the_users_own_modules_simulates(installed: Environment, mine: Path) -> None:
    (mine / "study.py").write_text(SCRIPT)
    installed.run("study.py", cwd=mine)


def test_an_installed_program_changes_none_of_its_own_files(installed: Environment, mine: Path) -> None:
    told = installed.tanshi("calibrate", "--adopt", cwd=mine, code=2)
    assert "An installed program changes none of its own files" in told
    assert "Copy that folder to economies/shanxi_2022-mine here" in told
    told = installed.run("-m", "tanshi.simulator.guide", "tutorial", cwd=mine, code=2)
    assert f"There is no {mine / 'docs' / 'tutorial.md'}" in told


CODE_VERSION = "from tanshi.simulator.studies.batches.execute import code_version; print(code_version())"


def test_a_run_is_known_by_the_same_code_wherever_the_program_is(
    installed: Environment, flat: Path, tmp_path: Path
) -> None:
    found = {
        "wheel": installed.run("-c", CODE_VERSION, cwd=tmp_path),
        "checkout": said(sys.executable, "-c", CODE_VERSION, cwd=ROOT, PYTHONPATH=str(ROOT)),
        "without links": said(sys.executable, "-c", CODE_VERSION, cwd=flat, PYTHONPATH=str(flat)),
    }
    edited = Environment(tmp_path / "env")
    edited.install("--editable", str(flat))
    found["editable"] = edited.run("-c", CODE_VERSION, cwd=tmp_path)
    assert len(set(found.values())) == 1, found


def test_a_run_is_known_by_the_same_code_on_every_python() -> None:
    code = "from tanshi.simulator.machine.source import source_hash; print(source_hash(['tanshi.simulator.stepping']))"
    found, _ = environments.interpreters()
    marks = {one.name: said(str(one.path), "-c", code, cwd=ROOT, PYTHONPATH=str(ROOT)) for one in found}
    assert len(set(marks.values())) == 1, marks


def test_nothing_but_tanshi_is_installed(installed: Environment, tmp_path: Path) -> None:
    names = {path.name for path in installed.site.iterdir()} - {"__pycache__", "_borrowed.pth"}
    assert {name for name in names if not name.endswith(".dist-info")} == {"tanshi"}
    code = f"from importlib.util import find_spec; print([n for n in {ROOMS} if find_spec(n)])"
    assert installed.run("-c", code, cwd=tmp_path) == "[]\n"


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_an_editable_install_imports_the_rooms_of_the_checkout(
    links: bool, checkout: Path, flat: Path, mine: Path, tmp_path: Path
) -> None:
    place = checkout if links else flat
    edited = Environment(tmp_path / "env")
    edited.install("--editable", str(place))
    code = "import os, tanshi.market.venues as v; print(os.path.realpath(v.__file__), v.__name__)"
    assert edited.run("-c", code, cwd=mine) == f"{place / 'market' / 'venues.py'} tanshi.market.venues\n"
    names = f"from importlib.util import find_spec; print([n for n in {ROOMS} if find_spec(n)])"
    assert edited.run("-c", names, cwd=tmp_path) == "[]\n"
    if links:  # without them the old door spawns workers, below
        edited.tanshi("run", "S1", *SHORT, *SPAWNED, "--out", "out", cwd=mine)


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_the_old_door_opens_a_checkout_that_nobody_installed(
    links: bool, checkout: Path, flat: Path, tmp_path: Path
) -> None:
    place = checkout if links else flat
    bare = Environment(tmp_path / "env")
    bare.run(str(place / "run.py"), "run", "S1", *SHORT, *SPAWNED, "--out", "out", cwd=tmp_path)
    assert (tmp_path / "out" / "S1-seed2" / "run.json").is_file()


def test_without_links_the_wheel_is_the_same(flat: Path, wheel: Path, tmp_path: Path) -> None:
    assert content(wheel_of(flat, tmp_path)) == content(wheel)


@pytest.mark.skipif(sys.platform != "linux", reason="rights are taken away by a call of Linux")
def test_a_program_that_may_not_write_beside_itself_writes_where_one_stands(wheel: Path, mine: Path) -> None:
    place = mine.parent / "read-only"
    locked = Environment(place)
    locked.install(str(wheel))
    package = locked.site / "tanshi"
    shutil.rmtree(locked.site / "__pycache__", ignore_errors=True)
    before = sorted(path.relative_to(package).as_posix() for path in package.rglob("*"))
    for path in (package, *package.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    home = mine.parent / "home"
    home.mkdir()
    try:
        drop = (sys.executable, "-c", WITHOUT_OVERRIDE)
        words = [str(locked.scripts / "tanshi"), "run", "S1", *SHORT, "--out", "out"]
        said(*words, cwd=mine, prefix=drop, HOME=str(home))
        with pytest.raises(AssertionError, match="Permission denied"):
            said("touch", str(package / "written"), prefix=drop)
    finally:
        for path in (package, *package.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert (mine / "out" / "report.html").is_file()
    assert sorted(path.relative_to(package).as_posix() for path in package.rglob("*")) == before


PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
WITHOUT_OVERRIDE = (
    "import ctypes, os, sys\n"
    f"os.geteuid() == 0 and ctypes.CDLL(None).prctl({PR_CAPBSET_DROP}, {CAP_DAC_OVERRIDE}, 0, 0, 0)\n"
    "os.execv(sys.argv[1] if '/' in sys.argv[1] else '/bin/' + sys.argv[1], sys.argv[1:])\n"
)
"""Root may write everywhere; without this right it is bound by the rights of files as everybody is."""
