"""The command line: reads what the user asks, opens the room for it, says what went wrong in one message.

Everything heavy is imported inside the command that needs it, so that ``--help`` answers at once. Exit codes:
0 done, 1 a run failed, 2 the user's mistake.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tanshi.errors import Message, TanshiError
from tanshi.language import LANGUAGES, say, translate
from tanshi.scenarios.errors import OVERRIDE, Problem, UserError, did_you_mean, shorten, visible
from tanshi.simulator.cli import calibrate as cli_calibrate
from tanshi.simulator.cli import cluster as cli_cluster
from tanshi.simulator.cli import dashboard as cli_dashboard
from tanshi.simulator.cli import doctor as cli_doctor
from tanshi.simulator.cli import drift as cli_drift
from tanshi.simulator.cli import fans as cli_fans
from tanshi.simulator.cli import link as cli_link
from tanshi.simulator.cli import live as cli_live
from tanshi.simulator.cli import regimes as cli_regimes
from tanshi.simulator.cli import report as cli_report
from tanshi.simulator.cli import reproduce as cli_reproduce
from tanshi.simulator.cli import stress as cli_stress
from tanshi.simulator.cli import sweep as cli_studies
from tanshi.simulator.cli.language import in_language, misuse, speak_as_told
from tanshi.simulator.cli.outputs import Joint, Reference, Results
from tanshi.simulator.cli.sweep import Scheduler, Settings, Workers, read_settings
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar
from tanshi.simulator.machine.terminal import speak_plainly
from tanshi.version import __version__

if TYPE_CHECKING:
    from tanshi.simulator.results.tables import RunResult
    from tanshi.simulator.studies.batches.batch import BatchResult

FIVE = ("S1", "S2", "S3", "S4", "S5")
INTERRUPTED = 130
OF_A_SCENARIO = {"economy": "economy", "capital": "closure.capital", "external_saving": "closure.external_saving"}
"""Options of `check` by the field of a scenario that says the same."""
Misused = cast(type[Exception], typer.BadParameter.__base__)
"""What Typer raises where words do not fit a command; it has a public name for some kinds of it only."""

app = typer.Typer(
    help="Tanshi (碳市): a hybrid simulator of a regional carbon market.",
    epilog="Without a command: the five scenarios S1 to S5 on Shanxi 2022, with table, figures and report.",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"tanshi {__version__}")
        raise typer.Exit


@app.callback()
def _alone(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            metavar="|".join(LANGUAGES),
            help="Language of words and pictures, anywhere on the line. Default: TANSHI_LANG, else en.",
            show_default=False,
        ),
    ] = None,
) -> None:
    if context.invoked_subcommand is None:
        run()


@app.command(
    epilog="Examples:\n\n"
    "tanshi run S1 S5 --seed 7 --out results/mine\n\n"
    "tanshi run mine.yaml --years 2022-2026 --firms 100\n\n"
    "tanshi run S1 S5 --seeds 20 --workers 2    (bands over the seeds)\n\n"
    "tanshi run S4 --market equilibrium --drift none --set banking.horizon=0    (the traditional equilibrium model)"
)
def run(
    scenario: Annotated[
        list[str] | None,
        typer.Argument(metavar="SCENARIO|FILE.yaml", help="Default: S1 S2 S3 S4 S5.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random stream.")] = None,
    years: Annotated[str | None, typer.Option(metavar="FROM-TO", help="Such as 2022-2030.")] = None,
    firms: Annotated[int | None, typer.Option(help="Firms of the eight sectors together.")] = None,
    out: Results = None,
    market: Annotated[
        str | None, typer.Option(metavar="agents|equilibrium", help="Where the price comes from.")
    ] = None,
    drift: Annotated[
        str | None, typer.Option(metavar="neural|ou|none", help="What moves between two auctions.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other results.")] = False,
    seeds: Annotated[
        int, typer.Option(min=1, max=10_000, help="Runs of each scenario, with seeds counted from its own.")
    ] = 1,
    workers: Workers = None,
    scheduler: Scheduler = None,
    settings: Settings = None,
    reference: Reference = None,
    figures: Annotated[bool, typer.Option(help="Draw the figures, on their own and in the report.")] = True,
    joint: Joint = False,
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

    from tanshi.scenarios.load import load_scenarios
    from tanshi.simulator.views.table import reference_of

    for field, value in read_settings(settings).items():
        override(field, value, "--set")
    scenarios = load_scenarios(scenario or FIVE, overrides, labels)
    if joint and not any(s.economies for s in scenarios):
        raise UserError("There is nothing to add up.", [Problem("scenarios of several provinces", "of one", "--joint")])
    if reference is not None:
        reference_of([s.name for s in scenarios], reference)
    folder = out or new_folder(Path("results"))
    if folder.exists() and not folder.is_dir():
        problem = Problem("a folder", Message("the file {folder}", folder=folder), "--out")
        raise UserError("The results cannot be written.", [problem])

    from tanshi.simulator.studies.batches.batch import run_batch

    with bar() as progress:
        result = run_batch(
            scenarios,
            folder,
            overwrite=overwrite,
            progress=progress,
            seeds=seeds,
            workers=workers,
            scheduler=scheduler,
            joint=joint,
        )
    _show(result, folder, reference, figures, joint)
    if result.failed:
        raise typer.Exit(1)


@app.command(
    epilog="Examples:\n\n"
    "tanshi check --capital vintage --external-saving flexible\n\n"
    "tanshi check S5 --set closure.recycling=labour --set closure.labour_supply=0.2"
)
def check(
    context: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO|FILE", help="Its economy, figures and whole closure, in place of the three options."
        ),
    ] = None,
    settings: Settings = None,
    economy: Annotated[str, typer.Option(help="Folder in scenarios/economies.")] = "shanxi_2022",
    capital: Annotated[str, typer.Option(metavar="mobile|vintage", help="Where capital can go.")] = "mobile",
    external_saving: Annotated[str, typer.Option(metavar="fixed|flexible", help="What the balance fixes.")] = "fixed",
    regimes: Annotated[bool, typer.Option("--regimes", help="Add a table of regimes at one emission cut.")] = False,
    moved: Annotated[bool, typer.Option("--moved", help="Add what the builder of the accounts moved.")] = False,
) -> None:
    """Check the equilibrium model: benchmark, homogeneity, Walras, caps and taxes, growth, each with its figure."""
    from rich.console import Console

    from tanshi.equilibrium.province.closure import Closure
    from tanshi.simulator.run.ground.economy import economy as load
    from tanshi.simulator.studies.check import accounts_and_closure, check_table, checks_of, emission_falls, falls_table

    if scenario is None and settings:
        problem = Problem("a scenario whose fields are changed, such as S5", "none", "--set")
        raise UserError("The setting cannot be used.", [problem])
    if scenario is None:
        accounts = load(economy).accounts
        closure = Closure(capital=cast(Any, capital), external_saving=cast(Any, external_saving))
    else:
        _refuse_beside_a_scenario(context)
        economy, accounts, closure = accounts_and_closure(scenario, read_settings(settings))
    checks = checks_of(accounts, closure)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    title = say(
        "{economy}, capital {capital}, external saving {saving}",
        economy=economy,
        capital=closure.capital,
        saving=closure.external_saving,
    )
    console.print(check_table(checks, title))
    failed = [c for c in checks if not c.passed]
    if failed:
        console.print(say("{failed} of {count} checks failed.", failed=len(failed), count=len(checks)))
        raise typer.Exit(1)
    console.print(falls_table(emission_falls(accounts, closure)))
    if regimes:
        from tanshi.simulator.studies.regimes import regime_table, render_regimes

        console.print(render_regimes(regime_table(accounts)))
    if moved:
        from tanshi.equilibrium.province.balance import render_moved

        console.print(render_moved(accounts.moved), markup=False)
    console.print(say("All {count} checks passed.", count=len(checks)))


def _refuse_beside_a_scenario(context: typer.Context) -> None:
    """Refuse an option of `check` that the scenario says already."""
    for option, field in OF_A_SCENARIO.items():
        if (source := context.get_parameter_source(option)) is not None and source.name == "COMMANDLINE":
            given = str(context.params[option])
            hint = Message("What the scenario says counts; --set {field}={given} changes it.", field=field, given=given)
            problem = Problem("no such option beside a scenario", given, f"--{option.replace('_', '-')}", hint=hint)
            raise UserError("The setting cannot be used.", [problem])


@app.command(
    epilog="Examples:\n\n"
    "tanshi sinks\n\n"
    "tanshi sinks --units units.csv --out results/sinks\n\n"
    "tanshi sinks --set omega_s=0.08 --set method=vrs    (docs/forest_sinks.md lists the names)"
)
def sinks(
    units: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Units: capital, labour, intermediate, output, co2, group columns."),
    ] = None,
    out: Results = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter, such as omega_s=0.08.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier results of this command.")] = False,
) -> None:
    """Forest carbon sinks: abatement cost of units, what firms would pay for sinks, clouds and policies.

    Without a file of units: the published tables recomputed beside the print, and a made-up survey.
    """
    from tanshi.simulator.studies.batches.folders import write_folder
    from tanshi.simulator.studies.sinks.files import claim, files_of
    from tanshi.simulator.studies.sinks.settings import read_settings
    from tanshi.simulator.studies.sinks.study import run_sinks

    chosen = read_settings(settings or [])
    folder = claim(out or new_folder(Path("results")), overwrite=overwrite)
    with bar() as progress:
        result = run_sinks(units, chosen, progress)

    from tanshi.simulator.views.sinks.page import draw_figures, pictures

    write_folder(folder, files_of(result, pictures(draw_figures(result))))
    print("\n".join(result.words))
    print("\n" + say("Tables and figures in {folder}.", folder=folder))


cli_studies.register(app)
cli_calibrate.register(app)
cli_cluster.register(app)
cli_dashboard.register(app)
cli_doctor.register(app)
cli_drift.register(app)
cli_fans.register(app)
cli_live.register(app)
cli_regimes.register(app)
cli_link.register(app)
cli_report.register(app)
cli_reproduce.register(app)
cli_stress.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after ``tanshi``; by default those of this process.

    Returns
    -------
    int
        0 done, 1 a run failed, 2 the user's mistake, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    speak_plainly()
    try:
        words = speak_as_told(words)
        _check_first_word(words)
        code = in_language(typer.main.get_command(app)).main(words, prog_name="tanshi", standalone_mode=False)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0 if exit_.code is None else 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Misused as error:
        _explain(error)
        return 2
    except BrokenPipeError:  # who read the output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno == errno.EINVAL and error.filename is None and os.name == "nt":  # the same on Windows
            return 0
        if error.errno not in (errno.ENAMETOOLONG, errno.ELOOP, *((errno.EINVAL,) if error.filename else ())):
            raise
        problem = Problem("a name that a file or folder can have", shorten(str(error.filename)))
        print(say("Error: {error}", error=UserError("There is no such place.", [problem])), file=sys.stderr)
        return 2
    except TanshiError as error:  # any other is a defect and must be seen
        if isinstance(error, UserError):  # a command changes no scenario's field but by an option
            error.problems = tuple(replace(p, file="--set") if p.file == OVERRIDE else p for p in error.problems)
        print(say("Error: {error}", error=visible(str(error))), file=sys.stderr)
        return error.exit_code
    if code == INTERRUPTED:
        print(say("Interrupted."), file=sys.stderr)
    return code if isinstance(code, int) else 0


def _explain(error: Any) -> None:
    """Say what does not fit a command, as every other mistake is said, and where its words are listed."""
    said = misuse(str(error.format_message()))
    if not said:  # a group without its command has shown its help instead
        return
    stop = "" if said.endswith((".", "?", "。", "？")) else "."
    command = "tanshi" if error.ctx is None else error.ctx.command_path
    print(say("Error: {error}", error=visible(said) + stop), file=sys.stderr)
    print(say("  {command} --help lists what it takes.", command=command), file=sys.stderr)


def _check_first_word(words: Sequence[str]) -> None:
    """Refuse a first word that is no command, and say what was probably meant."""
    if not words or words[0] in ("-h", "--help", "--version"):
        return
    commands = [str(info.name or getattr(info.callback, "__name__", "")) for info in app.registered_commands]
    commands += [str(group.name) for group in app.registered_groups]
    word = words[0]
    if word in commands:
        return
    if word.startswith("-"):
        hint: str = Message("Options follow a command: tanshi run {words}", words=" ".join(words))
    elif word in FIVE or word.endswith((".yaml", ".yml")):
        hint = Message("To run it: tanshi run {word}", word=word)
    else:
        hint = did_you_mean(word, commands) or "tanshi --help shows what each does."
    problem = Problem(Message("one of {commands}", commands=", ".join(commands)), repr(word), hint=hint)
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


def _draw(runs: Sequence[RunResult], folder: Path) -> dict[str, bytes]:
    """Write all figures beside the results; each picture by its name."""
    from tanshi.simulator.views.charts.figures import write_figures
    from tanshi.simulator.views.detail import write_details
    from tanshi.simulator.views.offsets import write_offsets
    from tanshi.simulator.views.reports.folder_report import shown_run

    figures = write_figures(runs, folder / "figures") if runs else {}
    if runs:
        figures |= write_details(shown_run(runs), folder / "figures")
    figures |= write_offsets(runs, folder)
    return {name: png.read_bytes() for name, (png, _) in figures.items()}


def _show(result: BatchResult, folder: Path, reference: str | None, figures: bool, joint: bool) -> None:
    """Print the table and what each scenario did; then write figures and report, which take longer."""
    from rich.console import Console

    from tanshi.simulator.results.together import apart
    from tanshi.simulator.studies.offsets import offset_effects
    from tanshi.simulator.views.charts.soundness import warnings_of
    from tanshi.simulator.views.compliance import compliance_words
    from tanshi.simulator.views.offsets import offset_table, offset_words
    from tanshi.simulator.views.reports.folder_report import provenance
    from tanshi.simulator.views.reports.report import write_report
    from tanshi.simulator.views.table import terminal_table
    from tanshi.simulator.views.words import plain_words

    runs = apart(result.runs, translate)  # a row, a line and a sentence for each region
    console = Console(highlight=False, markup=False)
    for run in runs:  # what went wrong without stopping the run comes first
        for line in run.meta.get("alarms", []):
            told = say("{scenario}, seed {seed}, {line}.", scenario=run.scenario, seed=run.seed, line=line)
            console.print(told, markup=False, soft_wrap=True)
    console.print(terminal_table(runs, reference))
    console.print(plain_words(runs, result.failed, reference))
    for sentence in (*compliance_words(runs), *warnings_of(runs)):
        console.print(f"\n{sentence}")
    for effect in offset_effects(runs):
        console.print(offset_table(effect), f"\n{offset_words(effect)}")
    write_report(
        folder,
        runs,
        failed=result.failed,
        status=provenance(runs),
        pictures=_draw(runs, folder) if figures else {},
        reference=reference,
        joint=result.runs if joint else (),
    )
    place = say("Results in {folder}; open {page} in a browser.", folder=folder, page=folder / "report.html")
    console.print(f"\n{place}", soft_wrap=True)
