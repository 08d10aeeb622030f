"""The command of runs with shocks: bands over seeds, moments of the price, the variance by driver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import say
from tanshi.simulator.cli.outputs import writable_folder
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi fans S1 S5 --seeds 200 --workers 2\n\n"
        "tanshi fans S5 --seeds 50 --variance 32    (352 further runs: who brings how much of the variance)"
    )(fans)


def fans(
    scenario: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Built-in names or files.")],
    seeds: Annotated[int, typer.Option(min=2, max=10_000, help="Runs of each scenario with shocks.")] = 200,
    variance: Annotated[
        int, typer.Option(min=0, max=10_000, help="Size of the samples that divide the variance; 0: not divided.")
    ] = 0,
    reason: Annotated[
        int, typer.Option(min=0, max=10_000, help="Pairs of runs that take the mean's shift apart; 0: it is not.")
    ] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. Default: one a processor.", show_default=False)
    ] = None,
    firms: Annotated[
        int | None, typer.Option(min=8, help="Firms. Default: as the scenario says.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(callback=writable_folder, help="Folder. Default: results/<time>.", show_default=False),
    ] = None,
    docs: Annotated[
        Path | None,
        typer.Option(callback=writable_folder, help="Write the page into this folder too.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other results.")] = False,
) -> None:
    """Run scenarios over many seeds with common shocks: bands, moments of the price, the variance by driver."""
    from tanshi.simulator.studies.fans import fans as run
    from tanshi.simulator.views.fans import short, write_fans

    folder = out or new_folder(Path("results"))
    given = {} if firms is None else {"firms.number": firms}
    with bar() as progress:
        result = run(
            scenario, folder / "runs", seeds=seeds, variance=variance, reason=reason, workers=workers,
            overwrite=overwrite, overrides=given, progress=progress,
        )  # fmt: skip
    write_fans(result, folder)
    if docs is not None:
        write_fans(result, folder, docs)
    print(short(result))
    print(say("Tables, figures and fans.md in {folder}.", folder=folder))
