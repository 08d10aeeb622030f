"""The command that puts a policy under stress: where it misses its targets, and the nearest policy that holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.errors import Message
from tanshi.language import say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli.outputs import NamedResults
from tanshi.simulator.cli.sweep import Scheduler, Settings, Workers, read_settings
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi stress robust --workers 2\n\n"
        "tanshi stress mine.yaml --target 'price <= 300' --target 'gdp_change >= -2' --lever cap.tightness"
        " --hold 95\n\n"
        "tanshi stress robust --regret gdp=max --regret cumulative_emissions=min"
    )(stress)


def stress(
    file: Annotated[str, typer.Argument(metavar="FILE.yaml|NAME", help="A sweep: what is uncertain, and levers.")],
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="'OUTPUT <= X'", help="What a policy must keep. Default: the file's `targets`."),
    ] = None,
    lever: Annotated[
        list[str] | None,
        typer.Option(metavar="PARAMETER", help="A parameter that the policy sets. Default: the file's `levers`."),
    ] = None,
    hold: Annotated[
        float, typer.Option(min=1, max=100, help="Per cent of the uncertain points at which all targets must hold.")
    ] = 90.0,
    regret: Annotated[
        list[str] | None,
        typer.Option(metavar="OUTPUT=max|min", help="Say how much worse each scenario does than the best."),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=2, help="Points, in place of the file's.", show_default=False)
    ] = None,
    out: NamedResults = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    settings: Settings = None,
) -> None:
    """Say over which of the stated uncertainties a policy misses its targets, and which nearest policy would not.

    The same command goes on where it was killed; with more samples it grows.
    """
    from tanshi.simulator.studies.sweeps.conditions import parse_condition
    from tanshi.simulator.studies.sweeps.growth import grow
    from tanshi.simulator.studies.sweeps.outcomes import read_outcomes
    from tanshi.simulator.studies.sweeps.regret import read_goals, regrets
    from tanshi.simulator.studies.sweeps.stress import read_levers
    from tanshi.simulator.studies.sweeps.stress import stress as run
    from tanshi.simulator.studies.sweeps.sweep import open_sweep
    from tanshi.simulator.views.charts.stress import regret_words, stress_words, write_stress

    plan = open_sweep(file, read_settings(settings))
    if plan.spec.design.method != "qmc":
        got = Message("the {method} design", method=plan.spec.design.method)
        raise UserError("The policy cannot be put under stress.", [Problem("the qmc design", got, "design.method")])
    plan = plan if samples is None else grow(plan, samples, begun=False)
    outputs = list(plan.spec.outputs)
    targets = [parse_condition(text, outputs, "--target") for text in target or plan.spec.targets]
    if not targets:
        problem = Problem("at least one target, such as --target 'price <= 300'", "none", "--target")
        raise UserError("There is nothing to hold.", [problem])
    levers = read_levers(plan, lever if lever is not None else plan.spec.levers)
    goals = read_goals(regret or [], outputs)
    folder = out or new_folder(Path("results"), plan.name)
    with bar() as progress:
        result = run(
            plan, targets, folder, levers=levers, hold=hold / 100, workers=workers, scheduler=scheduler,
            progress=progress,
        )  # fmt: skip
    compared = regrets(read_outcomes(folder / "policy")[1], goals) if goals else []
    write_stress(folder, result, compared)
    print(stress_words(result))
    if compared:
        print(f"\n{regret_words(compared)}")
    print()
    print(say("Tables and figure in {folder}.", folder=folder))
