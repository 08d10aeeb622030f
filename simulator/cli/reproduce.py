"""The command ``reproduce``: both papers claim by claim."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli.outputs import writable_file, writable_folder
from tanshi.simulator.cli.sweep import Settings, Workers, read_settings
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi reproduce --out results/papers\n\n"
        "tanshi reproduce --seeds 3 --draws 20 --workers 2    (a first look)\n\n"
        "tanshi reproduce --claim huo-17 --claim huo-48    (some claims only)\n\n"
        "tanshi reproduce --out results/papers --page docs/reproduction.md    (the page of the docs)"
    )(reproduce)


def reproduce(
    claim: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Judge this claim only; may be repeated.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder, help="Folder for runs and results. Default: results/<time>.", show_default=False
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeds of every scenario.")] = 5,
    draws: Annotated[
        int, typer.Option(min=1, max=100_000, help="Draws of elasticities and weak figures of the accounts.")
    ] = 30,
    workers: Workers = None,
    page: Annotated[
        Path | None,
        typer.Option(
            callback=writable_file,
            metavar="FILE.md",
            help="Write the page as Markdown too, its pictures into images/ beside it.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="For claims that fail on data: which of the paper's assumptions they take, and the nearest point.",
        ),
    ] = False,
    settings: Settings = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other results.")] = False,
) -> None:
    """Reproduce both papers: every published number, figure and sentence beside ours, each with a verdict.

    Claims of the first paper have two: on its own assumptions (paper-S1 to paper-S5), and on data (S1 to S5).

    What is finished is kept: the same command goes on where it was stopped.
    """
    from tanshi.simulator.studies.reproduction.claims import choose_claims
    from tanshi.simulator.studies.reproduction.study import reproduce as run
    from tanshi.simulator.views.reproduction.files import summary_lines, write_page, write_reproduction

    if page is not None and page.suffix != ".md":
        raise UserError("The page cannot be written.", [Problem("a file that ends in .md", str(page), "--page")])
    claims = choose_claims(claim or [])
    folder = out or new_folder(Path("results"))
    with bar() as progress:
        result = run(
            claims, folder, seeds=seeds, draws=draws, overrides=read_settings(settings), overwrite=overwrite,
            workers=workers, progress=progress, why=explain,
        )  # fmt: skip
    command = f"tanshi reproduce --seeds {seeds} --draws {draws}" + (" --explain" if explain else "")
    command += "".join(f" --set {word}" for word in settings or []) + "".join(
        f" --claim {word}" for word in claim or []
    )
    blocks, pictures = write_reproduction(result, folder, command)
    if page is not None:
        write_page(page, blocks, pictures)
    print("\n".join(summary_lines(result)))
    page_made = folder / "reproduction.html"
    print("\n" + say("Tables and figures in {folder}; open {page} in a browser.", folder=folder, page=page_made))
