"""The command that compares ways of pricing carbon at one cut of emissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import say
from tanshi.simulator.cli.outputs import writable_file
from tanshi.simulator.cli.sweep import Settings, read_settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi regimes\n\n"
        "tanshi regimes --cut 0.1 --set closure.labour_supply=0.2\n\n"
        "tanshi regimes mine.yaml scenarios/regimes/cap.yaml --cut 0.05 --out regimes.csv"
    )(regimes)


def regimes(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="SCENARIO|FILE", help="Default: those of scenarios/regimes.")
    ] = None,
    cut: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", help="Cut of what the trading sectors emit unpriced; default 0.05, 0.1, 0.2."),
    ] = None,
    settings: Settings = None,
    out: Annotated[
        Path | None, typer.Option(callback=writable_file, metavar="FILE.csv", help="Write the table there too.")
    ] = None,
) -> None:
    """Compare regimes at equal cuts: what a year yields less under each, in one equilibrium of the benchmark's economy.

    Each scenario's tightness is set so that its trading sectors emit as much less as asked for; price limits, the
    penalty, credits, links and reserves play no part. Cost is consumption (with leisure where labour is elastic),
    government and real saving together: rents that enterprises keep are saved, and equivalent variation alone would not
    count them. What is lent outside (closure.external_saving flexible) is part of it; what buyers elsewhere have more
    or less of coal, coke, steel and power (closure.outside sloped), and so pay of the cost, is told beside it.
    """
    from rich.console import Console

    from tanshi.scenarios.load import load_scenarios
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.studies.welfare.equal_cut import REGIMES, compare_at, render

    changes = read_settings(settings)
    named = scenarios or [str(path) for path in REGIMES]
    table = compare_at(load_scenarios(named, changes), cut or [0.05, 0.1, 0.2])
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    console.print(render(table))
    if out:
        write_file(out, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
        print(say("{file}: the table, money in yi yuan a year.", file=out))
