"""The command that opens the live market."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshi.simulator.cli.dashboard import Port, check_port

PORT = 8765


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    shown = ("tanshi live", "tanshi live S1 --firms 200 --port 9000", "tanshi live mine.yaml", "tanshi live --lesson")
    app.command(epilog="Examples:\n\n" + "\n\n".join(shown))(live)


def live(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|FILE.yaml", help="The scenario to step.")] = "S5",
    port: Port = PORT,
    firms: Annotated[int | None, typer.Option(help="Firms of the eight sectors together.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random stream.")] = None,
    lesson: Annotated[
        bool, typer.Option("--lesson", help="One market for all windows: several seats, held by a lecturer, scored.")
    ] = False,
) -> None:
    """Step a market by hand in the browser, auction by auction, and take a firm's seat in it."""
    check_port(port, "The live market cannot be shown.", PORT)

    from tanshi.scenarios.load import load_scenario
    from tanshi.simulator.studies.compiling import compile_in_sight
    from tanshi.simulator.views.live.server import serve

    given = {"firms.number": ("--firms", firms), "seed": ("--seed", seed)}
    overrides: dict[str, object] = {field: value for field, (_, value) in given.items() if value is not None}
    chosen = load_scenario(scenario, overrides, {field: option for field, (option, _) in given.items()})
    compile_in_sight()
    serve(chosen, port, lesson=lesson)
