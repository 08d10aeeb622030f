"""The command that turns a folder of results into one page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import mark, say
from tanshi.simulator.cli.outputs import Joint, Reference, writable_file, writable_folder
from tanshi.simulator.machine.progress import bar


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi report results/mine\n\n"
        "tanshi report results/mine --figures pictures    (every figure as PNG, SVG and PDF too)\n\n"
        "tanshi report results/mine --figures paper --size 9x7 --dpi 600 --no-title --no-source\n\n"
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
            callback=writable_folder,
            metavar="FOLDER",
            help="Write every figure there as well, as PNG, SVG and PDF, with its numbers as CSV.",
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="Size of the figures in cm, such as 16x10.")
    ] = None,
    dpi: Annotated[int, typer.Option(metavar="N", help="Resolution of the PNGs, points per inch.")] = 150,
    title: Annotated[bool, typer.Option("--title/--no-title", help="Whether figures have their title.")] = True,
    source: Annotated[bool, typer.Option("--source/--no-source", help="Whether they say below who made them.")] = True,
    reference: Reference = None,
    joint: Joint = False,
) -> None:
    """Write one self-contained page about results: figures, tables, checks, parameters, sources, warnings.

    In the folder of a run it takes the place of the shorter page that the run wrote, all of which it holds; --out
    keeps both. It needs no internet, and a browser prints it to PDF. Order books and energy flows are not stored: a
    run is run again for them.
    """
    from tanshi.scenarios.errors import Problem, UserError
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.results.reading import RECORD
    from tanshi.simulator.views.charts.printing import Printing, printed
    from tanshi.simulator.views.reports.folder_report import folder_report

    # A run's own folder holds the run and nothing else: its report goes beside it.
    inside = folder.parent / f"{folder.name}.html" if (folder / RECORD).is_file() else folder / "report.html"
    place = out or inside
    if place.is_dir():
        raise UserError("The report cannot be written.", [Problem("a file", "a folder", str(place))])
    how = Printing(size_of(size), resolution(dpi), title, source)
    with bar() as progress, printed(how):
        text = folder_report(folder, progress, figures, reference, joint=joint)
    template = mark("{page}: open it in a browser; its print function makes a PDF.")
    if place.exists():
        template = mark(
            "{page}, in place of the page that was there: open it in a browser; its print function makes a PDF."
        )
    write_file(place, text.encode("utf-8"))
    print(say(template, page=place))


def size_of(text: str | None) -> tuple[float, float]:
    """Width and height of a figure, cm, out of a text such as ``16x10``.

    Raises
    ------
    UserError
        Where it is no such text, or the size is none that a figure can have.

    Examples
    --------
    >>> size_of("16x9.5")
    (16.0, 9.5)
    """
    from tanshi.errors import Message
    from tanshi.scenarios.errors import Problem, UserError
    from tanshi.simulator.views.charts.printing import LARGEST, SMALLEST, USUAL

    if text is None:
        return USUAL
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*[xX×*]\s*(\d+(?:\.\d+)?)\s*(?:cm)?\s*", text)
    if found:
        width, height = float(found[1]), float(found[2])
        if all(SMALLEST <= side <= LARGEST for side in (width, height)):
            return width, height
    expected = Message("width and height from {low:g} to {high:g} cm, such as 16x10", low=SMALLEST, high=LARGEST)
    raise UserError("The figures cannot be drawn.", [Problem(expected, repr(text), "--size")])


def resolution(dpi: int) -> int:
    """A resolution that a picture can have.

    Raises
    ------
    UserError
        Where it is none.
    """
    from tanshi.errors import Message
    from tanshi.scenarios.errors import Problem, UserError
    from tanshi.simulator.views.charts.printing import COARSEST, FINEST

    if COARSEST <= dpi <= FINEST:
        return dpi
    expected = Message("a resolution from {low} to {high}", low=COARSEST, high=FINEST)
    raise UserError("The figures cannot be drawn.", [Problem(expected, str(dpi), "--dpi")])
