"""The command `calibrate`: chooses parameters within published ranges to meet stated targets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import mark, say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli.outputs import writable_folder
from tanshi.simulator.cli.sweep import Settings, Workers, read_settings
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi calibrate --workers 2 --out results/calibration\n\n"
        "tanshi calibrate mine.yaml --equilibrium-only\n\n"
        "tanshi calibrate shanxi_2022 --adopt    (the values found become the economy's own)"
    )(calibrate)


def calibrate(
    targets: Annotated[
        str, typer.Argument(metavar="TARGETS.yaml|NAME", help="Targets, free parameters and their ranges.")
    ] = "shanxi_2022",
    out: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder, help="Folder for the results. Default: results/<name>-<time>.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    equilibrium_only: Annotated[
        bool, typer.Option("--equilibrium-only", help="Fit the equilibrium path alone: no firms, exact derivatives.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Write what was found into the economy's folder, if the targets are met.")
    ] = False,
    settings: Settings = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier calibration's folder.")] = False,
) -> None:
    """Choose parameters within stated ranges so that the model meets stated targets.

    Says what was met and by how much, which parameters the targets determine and which they leave open. Exit code 1
    where targets cannot be met; the nearest point reached is written all the same, and nothing is adopted.
    """
    if adopt and equilibrium_only:
        problem = Problem("a fit on full runs", "--equilibrium-only", "--adopt")
        raise UserError("A fit of the equilibrium path alone is not adopted.", [problem])
    from tanshi.simulator.studies.batches.folders import claim_folder, write_folder
    from tanshi.simulator.studies.calibration.calibrate import calibrate as fit
    from tanshi.simulator.studies.calibration.calibrate import open_calibration
    from tanshi.simulator.studies.calibration.files import RECORD, check_adoptable, check_own, files_of, record_of
    from tanshi.simulator.studies.calibration.files import adopt as adopt_values
    from tanshi.simulator.views.reports.calibration import calibration_text, files

    task = open_calibration(targets, read_settings(settings))
    if adopt:
        check_own(task)
    folder = out or new_folder(Path("results"), task.name)
    place = claim_folder(folder, RECORD, overwrite=overwrite)
    with bar() as progress:
        found = fit(task, whole=not equilibrium_only, workers=workers, progress=progress)
    record = record_of(found)
    write_folder(place, files_of(found, record) | files(found, record))
    print(calibration_text(found))
    told = say("Tables and report in {place}; open {page} in a browser.", place=place, page=place / "report.html")
    print(f"\n{told}")
    if not found.met:
        print(say("Nothing was adopted: the targets are not met.") if adopt else say("The targets are not met."))
        raise typer.Exit(1)
    if adopt:
        check_adoptable(found)
        told = mark("Adopted: the values found now hold for the economy in {folder}.")
        print(say(told, folder=adopt_values(found, record)))
