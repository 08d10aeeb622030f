"""The command that looks at the machine and says what would fail on it, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from tanshi.errors import said
from tanshi.language import mark, say

if TYPE_CHECKING:
    from tanshi.simulator.machine.examine import Finding

SIGN = {"good": mark("ok"), "note": mark("note"), "bad": mark("FAILS")}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(epilog="Example:\n\ntanshi doctor")(doctor)


def doctor() -> None:
    """Look at this machine: Python, packages, processors, fonts, disk, encodings; what would fail, and how to mend it.

    Nothing is computed, fetched or left behind. Exit code 1 where something would fail.
    """
    found = list(findings())
    width = max(len(said(finding.what)) for finding in found)
    for finding in found:
        print(f"{said(SIGN[finding.state]):5}  {said(finding.what):{width}}  {said(finding.found)}")
        if finding.mend:
            print(f"{'':5}  {'':{width}}  {said(finding.mend)}")
    bad = sum(finding.state == "bad" for finding in found)
    notes = sum(finding.state == "note" for finding in found)
    if bad:
        print(say("\n{bad} of {all} would fail.", bad=bad, all=len(found)))
        raise typer.Exit(1)
    print(say("\nNothing would fail; {notes} notes.", notes=notes))


def findings() -> Iterator[Finding]:
    """Everything that is looked at, in the order in which it is told."""
    from tanshi.scenarios.extras import EXTRAS
    from tanshi.simulator.cli import dashboard, live
    from tanshi.simulator.machine import examine
    from tanshi.simulator.studies.batches.workers import processors
    from tanshi.simulator.studies.compiling import cache, is_compiled
    from tanshi.simulator.views.charts.style import HAN_FILE

    yield from examine.interpreter()
    yield from examine.packages(examine.requirements())
    yield from examine.parts(EXTRAS.items())
    yield from examine.processor(processors())
    yield from examine.workers()
    yield from examine.compiled(cache(), is_compiled())
    yield from examine.fonts(HAN_FILE)
    yield from examine.disk(dashboard.ROOT)
    yield from examine.encodings()
    yield from examine.ports((("dashboard", dashboard.PORT), ("live", live.PORT)))
