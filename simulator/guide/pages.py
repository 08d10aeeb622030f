"""All generated pages of the guide, and the one command that makes them anew."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tanshi.simulator.guide.commands import commands_page
from tanshi.simulator.guide.execute import ROOT, remake
from tanshi.simulator.guide.references import data_page, parameters_page, variables_page
from tanshi.simulator.machine.disk import write_file


def _validation() -> str:
    from tanshi.simulator.studies.validation.page import validation_page

    return validation_page()


def _agents_add() -> str:
    from tanshi.simulator.studies.agents_add import agents_add_page

    return agents_add_page()


DOCS = ROOT / "docs"
GALLERY = DOCS / "images" / "gallery"
#: Pages written whole.
WRITTEN: Mapping[str, Callable[[], str]] = {
    "commands": commands_page,
    "parameters": parameters_page,
    "variables": variables_page,
    "data": data_page,
    "validation": _validation,
}
#: Written whole too, from so many runs that tests do not make them anew.
STUDIED: Mapping[str, Callable[[], str]] = {"agents_add": _agents_add}
#: Pages written by hand, whose commands and code are run and whose output is put in.
EXECUTED = ("tutorial", "python", "extending", "gallery", "equilibrium", "equilibrium_cases", "market_alone")
TREES = "trees"


def executed_page(name: str) -> str:
    """A page with its output as it is now; pictures are drawn anew."""
    with tempfile.TemporaryDirectory() as folder:
        return remake((DOCS / f"{name}.md").read_text(encoding="utf-8"), Path(folder), GALLERY)


def main(names: Sequence[str]) -> int:
    """Make pages anew: all, or those named."""
    written = {**WRITTEN, **STUDIED}
    known = [*written, *EXECUTED, TREES]
    if unknown := [name for name in names if name not in known]:
        print(f"No such page: {', '.join(unknown)}. There are {', '.join(known)}.", file=sys.stderr)
        return 2
    for name in names or known:
        if name == TREES:
            from tanshi.simulator.views.charts.trees import write_trees

            for png in write_trees(DOCS / "images"):
                png.with_suffix(".svg").unlink()
            print("docs/images: the trees of the model")
            continue
        if name in EXECUTED and not (DOCS / f"{name}.md").is_file():
            print(f"There is no {DOCS / name}.md to make anew: stand in a checkout.", file=sys.stderr)
            return 2
        text = written[name]() if name in written else executed_page(name)
        write_file(DOCS / f"{name}.md", text.encode("utf-8"))
        print(f"docs/{name}.md")
    return 0
