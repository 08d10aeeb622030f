"""The command that shows results in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.errors import Message
from tanshi.language import mark, say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need

ROOT = Path("results")
"""Where `run` and `sweep` put their results unless told otherwise."""
PORT = 8050
LOWEST, HIGHEST = 1, 65535
Port = Annotated[int, typer.Option(metavar="N", help=f"Port of the page on this machine, {LOWEST} to {HIGHEST}.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\ntanshi dashboard    (the newest results)\n\ntanshi dashboard results/mine --port 8051"
    )(dashboard)


def dashboard(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Folder of a batch or a sweep. Default: the newest below results/."),
    ] = None,
    port: Port = PORT,
) -> None:
    """Show results in the browser, and ask what if: on this machine alone, without internet."""
    need("dashboard", "The dashboard cannot be opened.")
    check_port(port, "The dashboard cannot be opened.", PORT)
    if folder is not None and not folder.is_dir():
        found = mark("a file") if folder.exists() else mark("no such folder")
        raise UserError("There is nothing to show.", [Problem("a folder of results", f"{folder} ({found})", "DIR")])

    from tanshi.simulator.studies.compiling import compile_in_sight
    from tanshi.simulator.views.dashboard.server import serving

    compile_in_sight()
    with serving(folder, ROOT, port) as page:
        print(say("The dashboard is at {address}; Ctrl-C ends it.", address=page.address), flush=True)
        try:
            page.forever()
        except KeyboardInterrupt:
            print(say("Closed."))


def check_port(port: int, refusal: str, usual: int) -> None:
    """Refuse a number that no port has.

    Raises
    ------
    UserError
        With ``refusal`` as its first line.
    """
    if not LOWEST <= port <= HIGHEST:
        hint = Message("Leave it out for {usual}.", usual=usual)
        raise UserError(
            refusal,
            [
                Problem(
                    Message("a port from {lowest} to {highest}", lowest=LOWEST, highest=HIGHEST),
                    str(port),
                    "--port",
                    hint=hint,
                )
            ],
        )
