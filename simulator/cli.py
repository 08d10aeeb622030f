"""The command line: reads what the user asks, opens the room for it, says what went wrong in one message.

Everything heavy is imported inside the command that needs it, so that ``--help`` answers at once. Exit codes:
0 done, 1 a run failed, 2 the user's mistake.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.errors import Problem, UserError, did_you_mean

if TYPE_CHECKING:
    from simulator.studies.batch import BatchResult

FIVE = ("S1", "S2", "S3", "S4", "S5")
ROOMS = ("agents", "equilibrium", "market", "scenarios", "simulator")

app = typer.Typer(
    help="Tanshi (碳市): a hybrid simulator of a regional carbon market.",
    epilog="Without a command: the five scenarios S1 to S5 on Shanxi 2022, with table, figures and report.",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        run()


@app.command(
    epilog="Examples:\n\n"
    "python run.py run S1 S5 --seed 7 --out results/mine\n\n"
    "python run.py run mine.yaml --years 2022-2026 --firms 100\n\n"
    "python run.py run S4 --market equilibrium --drift none    (the traditional equilibrium model)"
)
def run(
    scenario: Annotated[
        list[str] | None,
        typer.Argument(metavar="SCENARIO|FILE.yaml", help="Default: S1 S2 S3 S4 S5.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random stream.")] = None,
    years: Annotated[str | None, typer.Option(metavar="FROM-TO", help="Such as 2022-2030.")] = None,
    firms: Annotated[int | None, typer.Option(help="Firms of all trading sectors together.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results. Default: results/<time>.")] = None,
    market: Annotated[
        str | None, typer.Option(metavar="agents|equilibrium", help="Where the price comes from.")
    ] = None,
    drift: Annotated[
        str | None, typer.Option(metavar="neural|ou|none", help="What moves between two auctions.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other results.")] = False,
) -> None:
    """Run scenarios and write tables, figures and a report.

    Options override what the scenarios say; results of the same run already in the folder are kept.
    """
    overrides: dict[str, object] = {}
    labels: dict[str, str] = {}

    def override(field: str, value: object, option: str) -> None:
        if value is not None:
            overrides[field], labels[field] = value, option

    start, end = (None, None) if years is None else _years(years)
    override("years.start", start, "--years")
    override("years.end", end, "--years")
    override("seed", seed, "--seed")
    override("firms.number", firms, "--firms")
    override("market.mode", market, "--market")
    override("drift.mode", drift, "--drift")

    from scenarios.load import load_scenarios

    scenarios = load_scenarios(scenario or FIVE, overrides, labels)
    folder = out or Path("results") / datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    if folder.exists() and not folder.is_dir():
        problem = Problem("a folder", f"the file {folder}", "--out")
        raise UserError("The results cannot be written.", [problem])

    from simulator.studies.batch import run_batch

    with _bar() as progress:
        result = run_batch(scenarios, folder, overwrite=overwrite, progress=progress)
    _show(result, folder)
    if result.failed:
        raise typer.Exit(1)


@app.command(epilog="Example:\n\npython run.py params firms")
def params(
    word: Annotated[str, typer.Argument(help="Show only fields whose name holds this word.")] = "",
) -> None:
    """List every field of a scenario: default, what it may be, unit, status and meaning."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from scenarios.parameters import describe_parameters

    rows = list(describe_parameters())
    shown = [row for row in rows if word.casefold() in row.name.casefold()]
    if not shown:
        parts = {part for row in rows for part in row.name.split(".")}
        hint = did_you_mean(word, sorted(parts))
        raise UserError("Nothing to show.", [Problem("part of a field's name", repr(word), hint=hint)])
    table = Table("Field", "Default", r"May be \[unit]", "Status", "Meaning", box=SIMPLE_HEAD)
    for row in shown:
        default = "null" if row.default is None else str(row.default)
        default = default.lower() if isinstance(row.default, bool) else default
        cells = (row.name, default, row.expectation, row.status, row.description)
        table.add_row(*(cell.replace("[", r"\[") for cell in cells))
    console = Console(highlight=False)
    # A pipe has no width of its own; 80 columns would break every cell.
    Console(highlight=False, width=console.width if console.is_terminal else 180).print(table)


@app.command(epilog="Example:\n\npython run.py train --seeds 4 --out mine")
def train(
    out: Annotated[Path | None, typer.Option(help="Folder for the weights. Default: the model's own.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each scenario and cap whose paths are pooled.")] = 2,
    work: Annotated[Path, typer.Option(help="Folder for the runs and the checkpoint.")] = Path("results/training"),
) -> None:
    """Train the drift's network on the simulator's own paths, its price reversion on the real market's."""
    from rich.console import Console

    from simulator.drift.skill import render_skill
    from simulator.studies.training import DEFAULT_FOLDER, train_default

    with _bar() as progress:
        done = train_default(
            out or DEFAULT_FOLDER,
            work,
            seeds=seeds,
            simulated=progress,
            trained=lambda epoch: progress(f"training ({epoch.stage})", epoch.epoch, epoch.epochs),
        )
    console = Console(highlight=False, markup=False)
    console.print(render_skill(done.errors))
    console.print(f"Weights in {out or DEFAULT_FOLDER} after {done.epochs} epochs.", soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after ``python run.py``; by default those of this process.

    Returns
    -------
    int
        0 done, 1 a run failed, 2 the user's mistake, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _check_first_word(words)
        app(words, prog_name="python run.py")
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0 if exit_.code is None else 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        # An error class of our own rooms is a message for the user; any other is a defect and must be seen.
        if type(error).__module__.split(".")[0] not in ROOMS:
            raise
        print(f"Error: {error}", file=sys.stderr)
        deliberate = 2 if isinstance(error, UserError | ValueError) else 1
        return int(getattr(error, "exit_code", deliberate))
    return 0


def _check_first_word(words: Sequence[str]) -> None:
    """Refuse a first word that is no command, and say what was probably meant."""
    if not words or words[0] in ("-h", "--help"):
        return
    commands = [str(info.name or getattr(info.callback, "__name__", "")) for info in app.registered_commands]
    word = words[0]
    if word in commands:
        return
    if word.startswith("-"):
        hint = f"Options follow a command: python run.py run {' '.join(words)}"
    elif word in FIVE or word.endswith((".yaml", ".yml")):
        hint = f"To run it: python run.py run {word}"
    else:
        hint = did_you_mean(word, commands) or "python run.py --help shows what each does."
    problem = Problem(f"one of {', '.join(commands)}", repr(word), hint=hint)
    raise UserError("There is no such command.", [problem])


def _years(text: str) -> tuple[int, int]:
    """Return first and last year of a text such as ``2022-2030``.

    Examples
    --------
    >>> _years("2022-2030")
    (2022, 2030)
    """
    found = re.fullmatch(r"\s*(\d{4})\s*-\s*(\d{4})\s*", text)
    if not found:
        problem = Problem("two years such as 2022-2030", repr(text), "--years")
        raise UserError("The years cannot be read.", [problem])
    return int(found[1]), int(found[2])


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar for each scenario; yields ``progress(scenario, periods done, periods in all)``."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def progress(scenario: str, done: int, total: int) -> None:
            if scenario not in tasks:
                tasks[scenario] = bar.add_task(scenario, total=total)
            bar.update(tasks[scenario], completed=done, total=total)

        yield progress


def _show(result: BatchResult, folder: Path) -> None:
    """Write figures and report beside the results; print the table and what each scenario did."""
    from rich.console import Console

    from simulator.views.figures import write_figures
    from simulator.views.report import write_report
    from simulator.views.table import terminal_table
    from simulator.views.words import plain_words

    figures = write_figures(result.runs, folder / "figures") if result.runs else {}
    pictures = {name: png.read_bytes() for name, (png, _) in figures.items()}
    write_report(folder, result.runs, failed=result.failed, pictures=pictures)
    console = Console(highlight=False, markup=False)
    console.print(terminal_table(result.runs))
    console.print(plain_words(result.runs, result.failed))
    console.print(f"\nResults in {folder}; open {folder / 'report.html'} in a browser.", soft_wrap=True)
