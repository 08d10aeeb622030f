"""The command that turns a folder of results into one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import mark, say
from tanshi.simulator.cli.outputs import Reference, writable_file, writable_folder
from tanshi.simulator.machine.progress import bar


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi report results/mine\n\n"
        "tanshi report results/mine --figures pictures    (every figure as PNG, SVG and PDF too)\n\n"
        "tanshi report results/cap --out cap.html    (a sweep)"
    )(report)


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What run or sweep wrote, or one run's own folder.")],
    out: Annotated[
        Path | None, typer.Option(callback=writable_file, metavar="FILE.html", help="Default: report.html in DIR.")
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder, metavar="FOLDER", help="Write every figure there as well, as PNG, SVG and PDF."
        ),
    ] = None,
    reference: Reference = None,
) -> None:
    """Write one self-contained page about results: figures, tables, checks, parameters, sources, warnings.

    In the folder of a run it takes the place of the shorter page that the run wrote, all of which it holds; --out
    keeps both. It needs no internet, and a browser prints it to PDF. Order books and energy flows are not stored: a
    run is run again for them.
    """
    from tanshi.scenarios.errors import Problem, UserError
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.results.reading import RECORD
    from tanshi.simulator.views.reports.folder_report import folder_report

    # A run's own folder holds the run and nothing else: its report goes beside it.
    inside = folder.parent / f"{folder.name}.html" if (folder / RECORD).is_file() else folder / "report.html"
    place = out or inside
    if place.is_dir():
        raise UserError("The report cannot be written.", [Problem("a file", "a folder", str(place))])
    with bar() as progress:
        text = folder_report(folder, progress, figures, reference)
    template = mark("{page}: open it in a browser; its print function makes a PDF.")
    if place.exists():
        template = mark(
            "{page}, in place of the page that was there: open it in a browser; its print function makes a PDF."
        )
    write_file(place, text.encode("utf-8"))
    print(say(template, page=place))
