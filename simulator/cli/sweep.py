"""The commands of many runs: sweep, analyse, compact, query; they register `new` and `params` too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshi.errors import Message
from tanshi.language import in_a_row, mark, say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli import params as cli_params
from tanshi.simulator.cli.new import new
from tanshi.simulator.cli.outputs import writable_file, writable_folder
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar

if TYPE_CHECKING:
    from tanshi.scenarios.sweep_load import Plan
    from tanshi.simulator.studies.sweeps.analyse import Study
    from tanshi.simulator.studies.sweeps.sweep import Sweeping

Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a processor.", show_default=False)]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="Compute on a Dask scheduler's workers instead.", show_default=False),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Any field of `params`, for all runs.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi sweep cap --workers 2 --out results/cap\n\n"
        "tanshi sweep mine.yaml --set firms.number=100\n\n"
        "tanshi sweep results/cap    (goes on with the sweep that the folder holds)\n\n"
        "tanshi sweep results/cap --samples 128 --seeds 3 --add S3    (lets it grow; what is there is kept)\n\n"
        "tanshi sweep results/cap --add 'income=GDP|MER@2028'    (another output; nothing is run)"
    )(sweep)
    app.command(epilog='Examples:\n\ntanshi analyse results/cap\n\ntanshi analyse results/cap --where "price > 150"')(
        analyse
    )
    app.command(
        epilog="Examples:\n\n"
        "tanshi compact results/cap\n\n"
        "tanshi compact results/cap --netcdf cap.nc --excel cap.xlsx    (extras netcdf, excel)"
    )(compact)
    app.command(
        epilog="Example:\n\n"
        'tanshi query results/cap "select run, sum(quantity_t) as t from trades group by run limit 5"'
    )(query)
    app.add_typer(new, name="new")
    cli_params.register(app)


def read_settings(settings: list[str] | None) -> dict[str, object]:
    """Fields and values given as ``FIELD=VALUE``.

    Raises
    ------
    UserError
        For a word without an equals sign.
    """
    out: dict[str, object] = {}
    for word in settings or []:
        field, sign, text = word.partition("=")
        if not sign or not field.strip():
            problem = Problem("a field and its value, such as firms.number=200", repr(word), "--set")
            raise UserError("The setting cannot be read.", [problem])
        out[field.strip()] = _value(text.strip())
    return out


def _value(text: str) -> object:
    """A value as YAML would read it.

    Raises
    ------
    UserError
        For a list or a group that does not end.

    Examples
    --------
    >>> _value("200"), _value("0.5"), _value("true"), _value("null"), _value("neural")
    (200, 0.5, True, None, 'neural')
    >>> _value("[shanxi, shandong]"), _value("{2023: 66, growth: 0.03}")
    (['shanxi', 'shandong'], {2023: 66, 'growth': 0.03})
    """
    if text[:1] in ("[", "{"):
        from tanshi.scenarios.document import flow_value

        return flow_value(text, "--set")
    words: dict[str, object] = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def sweep(
    file: Annotated[str, typer.Argument(metavar="FILE.yaml|NAME|DIR", help="A sweep, or a folder that holds one.")],
    out: Annotated[
        Path | None,
        typer.Option(callback=writable_folder, help="Folder for the results. Default: results/<name>-<time>."),
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    settings: Settings = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other results.")] = False,
    samples: Annotated[
        int | None, typer.Option(min=2, help="Size of the design, in place of the file's.", show_default=False)
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Seeds in all, counted on from the sweep's.", show_default=False),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="SCENARIO|NAME=VARIABLE[@YEAR]", help="One more scenario or output.", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many runs it takes, and how long; run one of each scenario.")
    ] = False,
) -> None:
    """Run a design of points over scenarios and seeds, go on with it when it was killed, let it grow.

    Ready-made: cap, coverage, benchmarks, elasticities, abatement_spread, strategies, drift, initial_states,
    weak_cells, robust.
    """
    from tanshi.simulator.studies.sweeps.growth import grow
    from tanshi.simulator.studies.sweeps.sweep import Sweeping, open_sweep, run_sweep

    plan = open_sweep(file, read_settings(settings))
    held = Path(file) if Path(file).is_dir() else None
    if held is not None and settings:
        problem = Problem(
            "a sweep's file", Message("the folder {held}", held=held), "--set", hint="What the folder holds is settled."
        )
        raise UserError("A sweep that has begun keeps its settings.", [problem])
    folder = out or held or new_folder(Path("results"), plan.name)
    if samples is not None or seeds is not None or add:
        plan = grow(plan, samples, seeds, add or (), begun=held is not None)
    _announce(Sweeping(plan))
    if dry_run:
        _tell_cost(plan, folder, workers)
        return
    with bar() as progress:
        outcome = run_sweep(plan, folder, overwrite=overwrite, progress=progress, workers=workers, scheduler=scheduler)
    fresh = mark("{done} runs finished, {failed} failed, in {folder}.")
    grown = mark("{done} runs finished, {kept} of which were there already, {failed} failed, in {folder}.")
    told = grown if outcome.kept else fresh
    print(say(told, done=outcome.done, kept=outcome.kept, failed=len(outcome.failed), folder=folder))
    for name, reason in list(outcome.failed.items())[:8]:
        print(f"  {name}: {reason}")
    if outcome.failed:
        told = mark("Parameters and tracebacks are in {folder}/<run>.failed. To try again: {command}")
        again = f"tanshi sweep {folder}"
        print(say(told, folder=folder, command=again))
        raise typer.Exit(1)
    command = f"tanshi analyse {folder}"
    print(say("To see what it shows: {command}", command=command))


def _announce(sweeping: Sweeping) -> None:
    from tanshi.simulator.studies.sweeps.analyse import told_absent
    from tanshi.simulator.studies.sweeps.outputs import absent_outputs

    plan, points = sweeping.plan, len(sweeping.unit)
    runs = points * len(plan.scenarios) * len(plan.spec.seeds)
    print(
        say(
            "{title}: {points:,} points ({method}, {count} parameters) x {scenarios} scenarios x {seeds} seeds ="
            " {runs:,} runs",
            title=translate(plan.spec.title) or plan.name,
            points=points,
            method=plan.spec.design.method,
            count=len(plan.factors),
            scenarios=len(plan.scenarios),
            seeds=len(plan.spec.seeds),
            runs=runs,
        )
    )
    for (scenario, output), why in absent_outputs(plan).items():
        print(told_absent(scenario, output, why) + ".")
    if left_out := sweeping.drawn.left_out:
        print(
            say(
                "{left_out:,} points were drawn and left out, since they do not meet the constraints.",
                left_out=left_out,
            )
        )


def _tell_cost(plan: Plan, folder: Path, workers: int | None) -> None:
    from tanshi.simulator.studies.sweeps.cost import cost_of

    with bar() as progress:
        cost = cost_of(plan, folder, progress)
    for name, (runs, kept, seconds) in cost.by_scenario.items():
        print(
            say(
                "{name}: {todo:,} runs to compute, {kept:,} are there; {seconds:.2f} s of processor time each",
                name=name,
                todo=runs - kept,
                kept=kept,
                seconds=seconds,
            )
        )
    hands = cost.hands(workers)
    print(
        say(
            "In all {processor} of processor time, about {wall} with {hands} workers; {size:,.0f} MB on disk.",
            processor=span(cost.seconds),
            wall=span(cost.seconds / hands),
            hands=hands,
            size=cost.megabytes,
        )
    )


def span(seconds: float) -> str:
    """A time in the unit that reads best.

    Examples
    --------
    >>> span(8.04), span(754.0), span(9000.0)
    ('8.0 s', '13 min', '2.5 h')
    """
    return (
        f"{seconds:.1f} s"
        if seconds < 60
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


def analyse(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished sweep.")],
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="'OUTPUT > X'", help="An outcome to be explained by a rule; and, or join several."),
    ] = None,
    regret: Annotated[
        list[str] | None,
        typer.Option(metavar="OUTPUT=max|min", help="Say how much worse each scenario does than the best."),
    ] = None,
    control: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="TIMES",
            show_default=False,
            help="Sharpen the means by the equilibrium model at so many times the points (qmc).",
        ),
    ] = None,
    figures: Annotated[bool, typer.Option(help="Draw a page for every scenario and output.")] = True,
    workers: Workers = None,
) -> None:
    """Say which parameters move the outcomes: indices with intervals, tornado, surfaces, rules."""
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.studies.sweeps.analyse import ANALYSIS, write_tables
    from tanshi.simulator.studies.sweeps.analyse import analyse as analyse_sweep
    from tanshi.simulator.studies.sweeps.conditions import parse_condition
    from tanshi.simulator.studies.sweeps.regret import read_goals, regret_table, regrets
    from tanshi.simulator.studies.sweeps.sweep import read_plan
    from tanshi.simulator.views.charts.sensitivity import sensitivity_words, write_sensitivity
    from tanshi.simulator.views.charts.stress import regret_words

    plan = read_plan(folder)
    goals = read_goals(regret or [], list(plan.spec.outputs))
    result = analyse_sweep(folder, [parse_condition(text, list(plan.spec.outputs)) for text in where or []])
    write_tables(folder, result)
    if figures:
        write_sensitivity(folder, result)
    _print_indices(result)
    print(sensitivity_words(result))
    if goals:
        compared = regrets(result.outcomes, goals)
        write_file(
            folder / ANALYSIS / "regret.csv",
            regret_table(compared).to_csv(index=False, lineterminator="\n").encode("utf-8"),
        )
        print(f"\n{regret_words(compared)}")
    if control is not None:
        _sharpen(folder, control, workers)
    made = mark("Tables and figures in {folder}.") if figures else mark("Tables in {folder}.")
    print("\n" + say(made, folder=folder / ANALYSIS))


def _sharpen(folder: Path, times: int, workers: int | None) -> None:
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.studies.sweeps.analyse import ANALYSIS
    from tanshi.simulator.studies.sweeps.control import control, control_table, control_words

    with bar() as progress:
        found = control(folder, times, workers=workers, progress=progress)
    text = control_table(found).to_csv(index=False, float_format="%.8g", lineterminator="\n")
    write_file(folder / ANALYSIS / "control.csv", text.encode("utf-8"))
    print(f"\n{control_words(found, folder)}")


def _print_indices(result: Study) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from tanshi.simulator.views.charts.sensitivity import MEASURES

    titles = result.titles
    outputs = list(result.plan.spec.outputs)
    for scenario in dict.fromkeys(f.scenario for f in result.findings):
        title = f"{scenario}: {translate(MEASURES[result.measure])}"
        table = Table(say("Parameter"), *outputs, box=SIMPLE_HEAD, title=title, title_justify="left")
        measured = dict.fromkeys(
            m.parameter for f in result.findings for m in f.measures if m.measure == result.measure
        )
        for name in measured:
            cells = [
                next(
                    (
                        f"{m.value:.3g} [{m.low:.2g}, {m.high:.2g}]"
                        for f in result.findings
                        if (f.scenario, f.output) == (scenario, output)
                        for m in f.measures
                        if (m.parameter, m.measure) == (name, result.measure)
                    ),
                    "–",
                )
                for output in outputs
            ]
            table.add_row(titles[name], *(cell.replace("[", r"\[") for cell in cells))
        console = Console(highlight=False)
        Console(highlight=False, width=console.width if console.is_terminal else 160).print(table)


def compact(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a batch or a sweep.")],
    netcdf: Annotated[
        Path | None,
        typer.Option(
            callback=writable_file,
            metavar="FILE.nc",
            show_default=False,
            help="Write annual values with units as netCDF too.",
        ),
    ] = None,
    excel: Annotated[
        Path | None,
        typer.Option(
            callback=writable_file,
            metavar="FILE.xlsx",
            show_default=False,
            help="Write annual values and design as a workbook too.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace such files that are there.")] = False,
) -> None:
    """Gather a batch into one Parquet dataset, DIR/dataset: runs, annual, periods, trades."""
    from tanshi.scenarios.extras import need
    from tanshi.simulator.studies.batches.compact import DATASET
    from tanshi.simulator.studies.batches.compact import compact as gather
    from tanshi.simulator.views.reports.exports import free_file

    for file, extra in ((netcdf, "netcdf"), (excel, "excel")):
        if file is not None:  # before the work is done
            need(extra, "The file cannot be written.", place="--" + extra)
            free_file(file, overwrite=overwrite)
    rows = gather(folder)
    counted = in_a_row(say("{count:,} rows of {name}", count=count, name=name) for name, count in rows.items())
    print(say("{rows} in {folder}.", rows=counted, folder=folder / DATASET))
    if netcdf is None and excel is None:
        return
    from tanshi.simulator.views.notebook import open_results

    results = open_results(folder)
    if netcdf is not None:
        print(say("{file} is written.", file=results.to_netcdf(netcdf, overwrite=overwrite)))
    if excel is not None:
        print(say("{file} is written.", file=results.to_excel(excel, overwrite=overwrite)))


def query(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a batch or a sweep.")],
    sql: Annotated[str, typer.Argument(metavar="SQL", help="Over the tables runs, annual, periods, trades.")],
) -> None:
    """Ask a batch in SQL (DuckDB)."""
    from tanshi.simulator.studies.query import query as ask

    print(ask(folder, sql).to_string(index=False))
