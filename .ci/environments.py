"""Environments for every Python that runs here: `make matrix` tests in each, `make constraints` notes their versions.

Words that it does not know itself go to pytest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
TRAINED = (3, 11)
"""The Python on which training is tested too: on newer ones torch may come with gigabytes of GPU libraries."""

QUICK = (
    "tests/agents", "tests/market", "tests/numerics", "tests/equilibrium/engine/test_engine_by_hand.py",
    "tests/equilibrium/province/test_province_benchmark.py", "tests/package/test_errors.py",
    "tests/package/test_versions.py", "tests/scenarios/test_load.py", "tests/simulator/test_collapse.py",
    "tests/simulator/test_hybrid.py",
)  # fmt: skip
"""What says in minutes whether another Python computes the same."""

SMALL = "import sys; print(*sys.version_info[:3], sys.implementation.name, sys.executable)"


@dataclass(frozen=True)
class Interpreter:
    """A Python that answers."""

    version: tuple[int, int, int]
    path: Path

    @property
    def name(self) -> str:
        """Major and minor version."""
        return f"{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    python: str
    result: str
    seconds: float
    left_out: str


def candidates() -> Iterator[Path]:
    """Everything on the path that is named as a Python, and what pyenv keeps behind its shims."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        place = Path(folder)
        for name in sorted(place.glob("python3*")) if place.is_dir() else ():
            if re.fullmatch(r"python3(\.\d+)?(\.exe)?", name.name):
                yield name
        if place.name == "shims":
            yield from sorted((place.parent / "versions").glob("*/bin/python3"))


def interpreters() -> tuple[list[Interpreter], list[Path]]:
    """One Python for each version from the oldest supported on, oldest first; and those that do not answer."""
    found: dict[tuple[int, int], Interpreter] = {}
    silent = []
    for path in candidates():
        try:
            done = subprocess.run([path, "-c", SMALL], capture_output=True, text=True, timeout=30, check=False)
        except OSError:
            silent.append(path)
            continue
        if done.returncode != 0:
            silent.append(path)
            continue
        major, minor, patch, kind, where = done.stdout.split(maxsplit=4)
        version = (int(major), int(minor), int(patch))
        known = found.get(version[:2])
        if version[:2] >= OLDEST and kind == "cpython" and (known is None or known.version < version):
            found[version[:2]] = Interpreter(version, Path(where.strip()))
    return sorted(found.values(), key=lambda one: one.version), silent


def environment(one: Interpreter) -> Path:
    """Its environment with everything that the tests need, made anew where the list of dependencies changed."""
    place = ROOT / f".venv-{one.name}"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    extras = "dev,train" if one.version[:2] <= TRAINED else "dev"
    text = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes() + str(one.path).encode()
    mark, wanted = place / ".made", hashlib.sha256(text).hexdigest()
    if not mark.is_file() or mark.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([one.path, "-m", "venv", place], check=True)
        words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", "constraints.txt"]
        subprocess.run([python, *words, "-e", f".[{extras}]"], cwd=ROOT, check=True)
        mark.write_text(wanted)
    return python


def tested(one: Interpreter, words: Sequence[str]) -> Line:
    """Run the tests on one Python."""
    began = time.monotonic()
    try:
        python = environment(one)
    except subprocess.CalledProcessError as error:
        return Line(one.name, f"cannot be set up (pip ends with {error.returncode})", time.monotonic() - began, "")
    print(f"\nPython {one.name}: {python}", flush=True)
    done = subprocess.Popen(
        [python, "-m", "pytest", "-n", "auto", "-q", "-rs", *words], cwd=ROOT, text=True, stdout=subprocess.PIPE
    )
    said = []
    for line in done.stdout or ():
        said.append(line)
        print(line, end="", flush=True)
    done.wait()
    counts = (line.strip() for line in reversed(said) if re.search(r"\d+ (passed|failed|error)", line))
    last = next(counts, "no summary")
    skipped = sorted({line.split(": ", 1)[-1].strip() for line in said if line.startswith("SKIPPED")})
    left = ["training (no torch)"] * (one.version[:2] > TRAINED) + skipped
    result = f"{'green' if done.returncode == 0 else 'RED'}: {re.sub(r'^=+ | =+$', '', last)}"
    return Line(one.name, result, time.monotonic() - began, "; ".join(left) or "nothing")


def matrix(newest: bool, quick: bool, words: Sequence[str], only: str = "") -> int:
    """Test on every Python that answers, or on one, and print a table of what came of it."""
    found, silent = interpreters()
    chosen = found[-1:] if newest else [one for one in found if only in ("", one.name)]
    if only and not chosen:
        print(f"No Python {only} answers here: {', '.join(one.name for one in found)} do.", file=sys.stderr)
        return 2
    if newest and chosen and chosen[0].version[:2] <= TRAINED:
        print(f"No Python newer than {chosen[0].name}, on which everything is tested anyway, answers here.")
        return 0
    lines = [tested(one, [*(QUICK if quick else ()), *words]) for one in chosen]
    print("\n| Python | tests | minutes | left out |\n|---|---|---|---|")
    for line in lines:
        print(f"| {line.python} | {line.result} | {line.seconds / 60:.1f} | {line.left_out} |")
    if silent:
        print(f"Do not answer `-c`: {', '.join(str(path) for path in silent)}")
    return 0 if lines and all(line.result.startswith("green") for line in lines) else 1


LISTED = (
    "import json, sys\nfrom importlib import metadata as m\n"
    "found = {d.name.lower().replace('_', '-').replace('.', '-'): d.version for d in m.distributions()}\n"
    "print(json.dumps([list(sys.version_info[:2]), found]))"
)
OURS = {"tanshi", "pip", "setuptools", "wheel"}


def constraints() -> int:
    """Write the versions that every environment here holds, each with the Pythons that hold it."""
    places = sorted({*ROOT.glob(".venv/bin/python"), *ROOT.glob(".venv-3.*/bin/python")})
    known: dict[str, dict[tuple[int, ...], str]] = {}
    pythons = set()
    for place in places:
        version, packages = json.loads(subprocess.check_output([place, "-c", LISTED], text=True))
        pythons.add(tuple(version))
        for name, found in packages.items():
            if name not in OURS:
                known.setdefault(name, {})[tuple(version)] = found.split("+")[0]
    if not pythons:
        print("There is no environment yet: make test, then make matrix.", file=sys.stderr)
        return 2
    (ROOT / "constraints.txt").write_text(pinned(known, sorted(pythons)), encoding="utf-8")
    print(f"constraints.txt: {len(known)} packages of {len(pythons)} Pythons")
    return 0


def pinned(known: dict[str, dict[tuple[int, ...], str]], pythons: Sequence[tuple[int, ...]]) -> str:
    r"""The lines of the file.

    Examples
    --------
    >>> both = [(3, 11), (3, 13)]
    >>> print(pinned({"a": {(3, 11): "1", (3, 13): "1"}, "b": {(3, 11): "1", (3, 13): "2"}}, both).split("\n", 2)[2])
    a==1
    b==1; python_version == "3.11"
    b==2; python_version == "3.13"
    <BLANKLINE>
    """
    shown = ", ".join(".".join(map(str, version)) for version in pythons)
    lines = [f"# The versions that the tests passed with, on Python {shown}.", "# Written by `make constraints`."]
    for name, versions in sorted(known.items()):
        if len(set(versions.values())) == 1 and len(versions) == len(pythons):
            lines.append(f"{name}=={next(iter(versions.values()))}")
            continue
        for version, found in sorted(versions.items()):
            lines.append(f'{name}=={found}; python_version == "{version[0]}.{version[1]}"')
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the words of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("matrix", "constraints"))
    parser.add_argument("--newest", action="store_true", help="on the newest Python alone")
    parser.add_argument("--only", default="", help="on one Python alone, such as 3.12")
    parser.add_argument("--quick", action="store_true", help="what says in minutes whether it computes the same")
    given, words = parser.parse_known_args(arguments)
    return constraints() if given.what == "constraints" else matrix(given.newest, given.quick, words, given.only)


if __name__ == "__main__":
    raise SystemExit(main())
