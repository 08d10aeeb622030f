"""The licences of everything that an installation brings, as a page of the guide.

    python .ci/licences.py

Read from what is installed here: each distribution says its own licence. Versions are left out, so that the page
changes only where a licence or a dependency does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/licences.md"
PARTS = ("", "dashboard", "live", "cluster", "excel", "train")
"""What a user installs: the program alone, and each optional part."""
GIVEN = {
    "harpy3": "GPL-3.0 (extra `gempack` alone; never installed by default)",
    "gamsapi": "MIT (extra `gams` alone), with gamspy-base, which declares none and holds GAMS's own solvers",
}
"""What is not installed everywhere, as its own files say."""
HEAD = """# Licences

Tanshi is under the MIT licence. It copies no other program's code; what an installation brings along is listed here
with the licence that each distribution declares (`python .ci/licences.py`). The font of Chinese signs in figures is a
part of Droid Sans Fallback, under the Apache License 2.0 (`simulator/views/charts/fonts`). The guide sets its equations
with KaTeX, under the MIT licence (`docs/vendor/katex`).

| distribution | licence | comes with |
|---|---|---|
"""
TAIL = """
Two readers of other programs' files are never installed by default:

{given}
"""
SHORT = (
    (r"(?i)mozilla|mpl", "MPL-2.0"),
    (r"(?i)apache", "Apache-2.0"),
    (r"(?i)3-clause|new bsd|modified bsd|bsd-3", "BSD-3-Clause"),
    (r"(?i)2-clause|bsd-2", "BSD-2-Clause"),
    (r"(?i)\bbsd", "BSD"),
    (r"(?i)python software foundation|psf", "PSF-2.0"),
    (r"(?i)\bmit\b|permission is hereby granted, free of charge", "MIT"),
    (r"(?i)\bisc\b", "ISC"),
    (r"(?i)unlicense", "Unlicense"),
    (r"(?i)\bzlib\b", "Zlib"),
    (r"(?i)university of illinois|\bncsa\b", "NCSA"),
    (r"(?i)lgpl|lesser", "LGPL"),
    (r"(?i)\bgpl|general public", "GPL"),
)


def plain(name: str) -> str:
    """A distribution's name as all tools compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(name: str) -> str:
    """The licence that an installed distribution declares."""
    about = metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return expression
    classified = [c.rsplit("::", 1)[-1].strip() for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    words = [*classified, *(about.get("License") or "").splitlines()[:3]]
    found = [short for word in words for pattern, short in SHORT if re.search(pattern, word)]
    if found:
        return found[0]
    for file in metadata.files(name) or ():
        if re.search(r"(?i)licen[cs]e|copying", file.name) and file.locate().is_file():
            text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")[:3000]
            if kinds := [short for pattern, short in SHORT if re.search(pattern, text)]:
                return kinds[0]
    return "not declared"


def needed(lines: Iterable[str], extra: str = "") -> Iterator[Requirement]:
    """The requirements that hold here, for one extra or none."""
    for line in lines:
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield wanted


def closure(lines: Iterable[str]) -> set[str]:
    """Everything that these requirements bring, installed here."""
    found: set[str] = set()
    waiting = list(needed(lines))
    while waiting:
        wanted = waiting.pop()
        name = plain(wanted.name)
        if name in found or name == "tanshi":
            continue
        try:
            further = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # another system's or another Python's
        found.add(name)
        for extra in ("", *wanted.extras):
            waiting += needed(further, extra)
    return found


def brought() -> dict[str, list[str]]:
    """Distribution to the parts that bring it; what the program alone brings is not said again."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    alone = closure(project["dependencies"])
    out: dict[str, list[str]] = {name: ["Tanshi"] for name in alone}
    for part in PARTS[1:]:
        for name in closure(project["optional-dependencies"][part]) - alone:
            out.setdefault(name, []).append(f"`{part}`")
    return dict(sorted(out.items()))


def page() -> str:
    """The page."""
    rows = "".join(f"| {name} | {licence_of(name)} | {', '.join(parts)} |\n" for name, parts in brought().items())
    given = "\n".join(f"- {name}: {licence}." for name, licence in GIVEN.items())
    return HEAD + rows + TAIL.format(given=given)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE} is written.")
