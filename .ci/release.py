"""Release a version: check that all agrees, set it, date the changelog, build, look into the wheel, tag. No upload.

With --try all of it is done in a copy that is thrown away.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEXT = "## Unreleased"


class ReleaseError(Exception):
    """Something that must be mended before there is a release."""


def run(*words: str, cwd: Path, quiet: bool = False) -> str:
    """Run a program; what it prints."""
    if not quiet:
        print("$", *words, flush=True)
    done = subprocess.run(words, cwd=cwd, text=True, capture_output=True, check=False)
    if done.returncode:
        raise ReleaseError(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_state(root: Path, version: str) -> None:
    """The version is one and new; nothing is uncommitted; the changelog says what is new."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", version):
        raise ReleaseError(f"a version such as 0.2.0 or 0.2.0rc1, not {version}")
    if run("git", "status", "--porcelain", "--untracked-files=no", cwd=root, quiet=True).strip():
        raise ReleaseError("there are changes that nobody committed")
    if f"v{version}" in run("git", "tag", cwd=root, quiet=True).split():
        raise ReleaseError(f"v{version} has been released")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    news = re.search(rf"^{re.escape(NEXT)}\s*\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    if news is None or not news[1].strip():
        raise ReleaseError(f"CHANGELOG.md has nothing below '{NEXT}'")


def write_version(root: Path, version: str) -> None:
    """The version and its date, wherever they are stated."""
    today = date.today().isoformat()
    replace(root / "tanshi" / "version.py", r'__version__ = "[^"]*"', f'__version__ = "{version}"')
    replace(root / "CITATION.cff", r"(?m)^version: .*$", f"version: {version}")
    replace(root / "CHANGELOG.md", rf"(?m)^{re.escape(NEXT)}\s*$", f"{NEXT}\n\n## {version} ({today})")


def replace(path: Path, pattern: str, words: str) -> None:
    """Replace the one place where a file says something."""
    text, count = re.subn(pattern, lambda _: words, path.read_text(encoding="utf-8"))
    if count != 1:
        raise ReleaseError(f"{path.name} says {pattern} {count} times")
    path.write_text(text, encoding="utf-8")


def build(root: Path, version: str) -> list[Path]:
    """The source distribution, and the wheel made from it; both looked into."""
    place = root / "dist"
    shutil.rmtree(place, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(place), cwd=root)
    (source,) = place.glob("*.tar.gz")
    with tempfile.TemporaryDirectory() as folder:
        run("tar", "-xzf", str(source), "-C", folder, cwd=root, quiet=True)
        unpacked = Path(folder) / f"tanshi-{version}"
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place), cwd=unpacked)
    (wheel,) = place.glob("*.whl")
    look_into(wheel, root, version)
    return [source, wheel]


def look_into(wheel: Path, root: Path, version: str) -> None:
    """What must be in a wheel: the version, every tracked file of the rooms, and nothing else at top level."""
    with zipfile.ZipFile(wheel) as opened:
        inside = set(opened.namelist())
        (metadata,) = (name for name in inside if name.endswith(".dist-info/METADATA"))
        said = opened.read(metadata).decode()
    if f"\nVersion: {version}\n" not in said:
        raise ReleaseError(f"the wheel's metadata does not say {version}")
    rooms = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
    tracked = run("git", "ls-files", *rooms, cwd=root, quiet=True).split("\n")
    if missing := [name for name in tracked if name and f"tanshi/{name}" not in inside]:
        raise ReleaseError(f"the wheel lacks {', '.join(missing[:5])}")
    if strange := {name.split("/")[0] for name in inside} - {"tanshi", f"tanshi-{version}.dist-info"}:
        raise ReleaseError(f"the wheel would install {', '.join(sorted(strange))}")


def try_out(wheel: Path, version: str) -> None:
    """The command of the built wheel says its version, with the packages of this environment."""
    with tempfile.TemporaryDirectory() as folder:
        code = (
            f"import sys; sys.path.insert(0, {str(wheel)!r}); import tanshi; print(tanshi.__version__, tanshi.__file__)"
        )
        said = run(sys.executable, "-I", "-c", code, cwd=Path(folder), quiet=True).split()
    if said[0] != version or wheel.name not in said[1]:
        raise ReleaseError(f"the wheel says {' '.join(said)}")


def warnings(root: Path) -> list[str]:
    """What a release should have and this one lacks."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lacking = []
    if unknown := [name for name, address in project.get("urls", {}).items() if ".invalid" in address]:
        lacking.append(
            f"pyproject.toml's [project.urls] holds no real address of {', '.join(unknown)}: "
            "give the repository's there and in CITATION.cff."
        )
    return lacking


def release(root: Path, version: str) -> None:
    """All of it but the upload."""
    check_state(root, version)
    write_version(root, version)
    made = build(root, version)
    try_out(made[1], version)
    run("git", "commit", "--all", "--message", f"Release {version}", cwd=root)
    run("git", "tag", "--annotate", f"v{version}", "--message", f"Tanshi {version}", cwd=root)
    for line in warnings(root):
        print(f"Mind: {line}")
    files = " ".join(str(path.relative_to(root)) for path in made)
    print(f"\nTanshi {version} is tagged. To publish it: git push --follow-tags, then python -m twine upload {files}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the words of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--try", dest="tried", action="store_true", help="in a copy that is thrown away")
    given = parser.parse_args(arguments)
    try:
        if not given.tried:
            release(ROOT, given.version)
            return 0
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "tanshi"
            run("git", "clone", "--quiet", str(ROOT), str(copy), cwd=ROOT)
            for key, value in (("user.name", "release"), ("user.email", "release@localhost")):
                run("git", "config", key, value, cwd=copy, quiet=True)
            release(copy, given.version)
            print("This was a try: nothing here was changed.")
    except ReleaseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
