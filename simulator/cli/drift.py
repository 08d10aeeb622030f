"""The commands of the drift: train it, judge it, let it draw series, compare the hybrid with the traditional model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshi.errors import Message, said
from tanshi.language import mark, say
from tanshi.scenarios.errors import Problem, UserError, did_you_mean
from tanshi.scenarios.extras import need
from tanshi.scenarios.prices.choice import Choice
from tanshi.simulator.cli.outputs import writable_folder
from tanshi.simulator.cli.sweep import Settings, Workers, read_settings
from tanshi.simulator.machine.folders import new_folder
from tanshi.simulator.machine.progress import bar

if TYPE_CHECKING:
    from tanshi.scenarios.prices.read import PriceFile
    from tanshi.simulator.drift.train import Progress as Epoch

WORK = Path("results/training")
WEIGHTS = Path("weights")
DOCS = Path("docs")
VARIANTS = ("bounded", "paper")
PARTS = ("markets", "drivers", "emulation")
JUDGED = ("markets", "emulation", "readings")
"""Parts of the page; `readings` compares what the network's series come to as the economy's input."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi train --out mine --seeds 4    (a run uses it with drift.weights: mine)\n\n"
        "tanshi train --variant paper --out paper\n\n"
        "tanshi train --only markets --out mine    (g from the real markets' closes alone, about a minute)\n\n"
        "tanshi train --only markets --prices cea_daily.csv --out mine    (fitted to a market of your own)\n\n"
        "tanshi train --evaluate    (docs/drift_skill.md)\n\n"
        "tanshi train --generate --scenario S1 --scenario S5 --start 0.7 --start 1.3"
    )(train)
    app.command(
        epilog="Examples:\n\n"
        "tanshi compare S5\n\n"
        "tanshi compare S1 S4 --cut 0.1 --year 2026 --period 4 --enter STEEL --out results/shock"
    )(compare)


def train(
    out: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder,
            help="Folder for the weights. Default: weights; to judge or draw from, the model's own.",
            show_default=False,
        ),
    ] = None,
    variant: Annotated[
        str, typer.Option(metavar="bounded|paper", help="paper: ReLU network alone, squared error over whole paths.")
    ] = "bounded",
    only: Annotated[
        str | None,
        typer.Option(
            metavar="markets|drivers|emulation|readings",
            help="One part: g, learnt from real carbon markets; the drivers, from monthly series; or f, which imitates"
            " the simulator; with --evaluate also its series as the economy's input. Default: all.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each scenario and cap whose paths are pooled.")] = 2,
    members: Annotated[int, typer.Option(min=1, max=50, help="Networks of the ensemble, which differ by seed.")] = 4,
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Prices of any market, text or workbook: daily to monthly for K, to weekly for g."
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Heading of its prices. Default: close, 收盘价, settle ...")
    ] = None,
    series: Annotated[str | None, typer.Option(help="Which of several markets in one price file.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Which sheet of a workbook of prices.")] = None,
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="Order of its dates. Default: found.", show_default=False),
    ] = None,
    decimal: Annotated[str | None, typer.Option(metavar=".|,", help="Its decimal mark. Default: found.")] = None,
    work: Annotated[
        Path, typer.Option(callback=writable_folder, help="Folder for the runs and the checkpoints.")
    ] = WORK,
    evaluate: Annotated[bool, typer.Option("--evaluate", help="Judge the weights instead of training.")] = False,
    generate: Annotated[bool, typer.Option("--generate", help="Draw series from the weights instead.")] = False,
    scenario: Annotated[
        list[str] | None, typer.Option(help="With --generate: a scenario. Default: S1, S4 and S5.", show_default=False)
    ] = None,
    start: Annotated[
        list[float] | None,
        typer.Option(help="With --generate: an initial price over the reference.", show_default=False),
    ] = None,
    docs: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder, help="With --evaluate: folder of the page. Default: docs.", show_default=False
        ),
    ] = None,
) -> None:
    """Train the drift: f on the simulator's own paths, g on the prices of real carbon markets; or judge it."""
    from tanshi.simulator.studies.learning.training import DEFAULT_FOLDER

    _check_words(only, variant, evaluate, generate)
    if not generate and only not in ("drivers", "readings"):
        need("train", "The drift can be neither trained nor judged.")
    if evaluate:
        _evaluate(out or DEFAULT_FOLDER, work, docs or DOCS, only)
    elif generate:
        _generate(out or DEFAULT_FOLDER, scenario or ["S1", "S4", "S5"], start, work)
    else:
        _check_place(variant, out)
        own = _prices(prices, Choice(column, day_first, series, sheet, decimal))
        if only in (None, "markets"):
            _train_markets(out or WEIGHTS, own if only == "markets" else None)
        if only in (None, "drivers"):
            _estimate_drivers(out or WEIGHTS)
        if only in (None, "emulation"):
            _train(out or WEIGHTS, work, variant, seeds, members, own)


def _train_markets(folder: Path, prices: PriceFile | None) -> None:
    """g: from all real markets, or the shipped one's last stage fitted to a price file."""
    from tanshi.simulator.drift.markets.closes import real_markets
    from tanshi.simulator.drift.markets.forecast import save_markets

    if prices is not None:
        from tanshi.simulator.studies.learning.own_prices import learn_own_prices, lines

        own = learn_own_prices(prices)
        save_markets(own.weights, folder)
        print("\n".join(lines(own)))
    else:
        from tanshi.simulator.drift.markets.train_markets import train_markets

        with bar() as progress:
            weights = train_markets(real_markets(), progress=progress)
        save_markets(weights, folder)
        newest = weights.card["vintages"][-1]
        told = mark("g of {markets} real markets, {weeks} weeks before {before}, in {vintages} vintages.")
        print(
            say(
                told,
                markets=len(newest["markets"]),
                weeks=newest["weeks"],
                before=newest["before"],
                vintages=len(weights.vintages),
            )
        )
    print(say("Weights of real markets in {folder}.", folder=folder))


def _estimate_drivers(folder: Path) -> None:
    """The drivers' laws from their monthly series, with intervals."""
    from tanshi.simulator.drift.drivers.estimate import estimate
    from tanshi.simulator.drift.drivers.process import FILE, save_drivers

    found = estimate()
    folder.mkdir(parents=True, exist_ok=True)
    save_drivers(found, folder / FILE.name)
    for driver in found.each:
        low, high = (driver.intervals or {}).get("reversion", (driver.reversion, driver.reversion))
        told = mark(
            "{name}: {status}, reversion {reversion:.2f} a year [{low:.2f}, {high:.2f}], long-run s.d. {spread:.1f} %,"
            " {jumps:.2f} jumps a year."
        )
        print(
            say(
                told,
                name=driver.name,
                status=driver.status,
                reversion=driver.reversion,
                low=low,
                high=high,
                spread=100 * driver.long_run,
                jumps=driver.jumps,
            )
        )
    print(say("Drivers in {file}.", file=folder / FILE.name))


def _prices(path: Path | None, choice: Choice) -> PriceFile | None:
    """The user's prices, and what was decided of them, before anything is computed."""
    if path is None:
        given = [
            ("--column", choice.column), ("--series", choice.series), ("--sheet", choice.sheet),
            ("--decimal", choice.decimal),
        ]  # fmt: skip
        for option, value in given:
            if value is not None:
                raise UserError(
                    "A price file is needed.", [Problem("--prices FILE", Message("{option} alone", option=option))]
                )
        return None
    from tanshi.scenarios.prices.read import read_prices

    found = read_prices(path, choice)
    first, last = (d.date().isoformat() for d in (found.frame["date"].iloc[0], found.frame["date"].iloc[-1]))
    told = mark("{file}: {count} prices of column {column!r}, {first} to {last}.")
    print(say(told, file=found.file, count=len(found.frame), column=found.column, first=first, last=last))
    for note in found.notes:
        print(f"  {said(note)}")
    return found


def _train(folder: Path, work: Path, variant: str, seeds: int, members: int, prices: PriceFile | None) -> None:
    from rich.console import Console

    from tanshi.simulator.drift.skill import render_skill
    from tanshi.simulator.studies.learning.training import preparation_lines, train_default

    with bar() as progress:

        def trained(member: int, epoch: Epoch) -> None:
            loss = say("loss {loss:.3f}", loss=epoch.training)
            if epoch.validation is not None:
                loss = say("loss {loss:.3f}, held out {held:.3f}", loss=epoch.training, held=epoch.validation)
            stage = say("network {member} of {members}, {stage}", member=member + 1, members=members, stage=epoch.stage)
            progress(stage, epoch.epoch, epoch.epochs, loss)

        inputs, done = train_default(
            folder,
            work,
            seeds=seeds,
            members=members,
            variant=variant,
            prices=prices,
            simulated=progress,
            trained=trained,
        )
    console = Console(highlight=False, markup=False)
    for line in preparation_lines(inputs):
        console.print(line, soft_wrap=True)
    console.print(render_skill(done[0].errors))
    epochs = ", ".join(str(one.epochs) for one in done)
    told = mark("Weights of {count} networks in {folder} after {epochs} epochs; runs use the first.")
    console.print(say(told, count=len(done), folder=folder, epochs=epochs), soft_wrap=True)


def _evaluate(folder: Path, work: Path, docs: Path, only: str | None) -> None:
    from tanshi.simulator.studies.learning.readings import readings
    from tanshi.simulator.views.charts.drift import findings, write_page
    from tanshi.simulator.views.charts.readings import findings as compared
    from tanshi.simulator.views.charts.real_prices import summary

    real = judged = read = None
    with bar() as progress:
        if only in (None, "markets"):
            from tanshi.simulator.drift.markets.closes import real_markets
            from tanshi.simulator.drift.markets.forecast import load_markets
            from tanshi.simulator.studies.learning.real_prices import judge_real_prices

            real = judge_real_prices(load_markets(folder), real_markets(), progress)
        if only in (None, "emulation"):
            from tanshi.simulator.studies.learning.judgement import evaluate

            judged = evaluate(folder, work, progress=progress)
        if only in (None, "readings"):
            from tanshi.simulator.studies.learning.training import DEFAULT_FOLDER

            own = {} if folder == DEFAULT_FOLDER else {"drift.weights": str(folder)}
            read = readings(work / "evaluation", progress=progress, overrides=own)
    written = write_page(docs, judged, real, read)
    if real is not None:
        print("\n".join(line.replace("**", "") for line in summary(real)))
    if judged is not None:
        print("\n".join(line.replace("**", "") for line in findings(judged)))
        print("\n" + say("The evidence supports the drift mode {mode}.", mode=judged.supported))
    if read is not None:
        print("\n".join(compared(read)))
    print(say("The page: {file}", file=written[-1]))


def _generate(folder: Path, scenarios: list[str], starts: list[float] | None, work: Path) -> None:
    from tanshi.simulator.studies.learning.generate import STARTS, generate
    from tanshi.simulator.views.charts.drift import write_generated

    drawn = generate(scenarios, folder, starts=starts or STARTS)
    written = write_generated(drawn, work / "trajectories")
    told = mark("Series of {count} scenarios in {table}, figure {figure}.")
    print(say(told, count=len(scenarios), table=written[0], figure=written[1]))
    if drawn.lost:
        print(say("{count} paths blew up and were left out.", count=drawn.lost))


def compare(
    scenario: Annotated[list[str], typer.Argument(metavar="SCENARIO [SCENARIO]", help="Built-in names or files.")],
    year: Annotated[
        int | None, typer.Option(help="Year of the shocks. Default: a middle one.", show_default=False)
    ] = None,
    period: Annotated[
        int | None, typer.Option(min=1, help="Period that first knows. Default: mid-year.", show_default=False)
    ] = None,
    cut: Annotated[float, typer.Option(min=0.0, max=0.9, help="Part of the cap that the first shock takes.")] = 0.05,
    enter: Annotated[
        list[str] | None, typer.Option(metavar="SECTOR", help="Sector that the second shock brings in.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder, help="Folder for the results. Default: results/<time>.", show_default=False
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Runs of each model, with seeds counted on.")] = 1,
    workers: Workers = None,
    settings: Settings = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other results.")] = False,
) -> None:
    """Compare the traditional equilibrium model with the hybrid: paths, mid-year shocks, moments of the price."""
    from tanshi.simulator.studies.compare import compare as run
    from tanshi.simulator.views.compare import words, write_comparison

    if len(scenario) > 2:
        raise UserError("Too much to compare.", [Problem("one or two scenarios", str(len(scenario)))])
    folder = out or new_folder(Path("results"))
    with bar() as progress:
        result = run(
            scenario, folder / "runs", year=year, period=period, cut=cut, entrants=enter, overwrite=overwrite,
            overrides=read_settings(settings), seeds=seeds, workers=workers, progress=progress,
        )  # fmt: skip
    write_comparison(result, folder)
    print(words(result))
    print(say("Tables and figures in {folder}.", folder=folder))


def _check_words(only: str | None, variant: str, evaluate: bool, generate: bool) -> None:
    """Refuse parts and variants that there are not, and two things at a time."""
    if only is not None and only not in (*PARTS, *JUDGED):
        hint = did_you_mean(only, [*PARTS, "readings"])
        raise UserError(
            "There is no such part.",
            [Problem("markets, drivers, emulation or readings", repr(only), "--only", hint=hint)],
        )
    if only == "readings" and not evaluate:
        problem = Problem("markets, drivers or emulation", "readings", "--only", hint="Add --evaluate.")
        raise UserError("Readings are compared, not trained.", [problem])
    if variant not in VARIANTS:
        hint = did_you_mean(variant, list(VARIANTS))
        problem = Problem("bounded or paper", repr(variant), "--variant", hint=hint)
        raise UserError("There is no such network.", [problem])
    if evaluate and generate:
        raise UserError("One thing at a time.", [Problem("--evaluate or --generate", "both")])
    if evaluate and only == "drivers":
        hint = "Their intervals are printed by `tanshi train --only drivers`."
        problem = Problem("markets, emulation or readings", "drivers", hint=hint)
        raise UserError("Drivers are estimated, not judged.", [problem])


def _check_place(variant: str, out: Path | None) -> None:
    """Refuse to write the paper's network over the bounded one."""
    if variant == "paper" and out is None:
        problem = Problem(
            "a folder",
            "none",
            "--out",
            hint=Message("The folder {weights} is the bounded network's.", weights=WEIGHTS),
        )
        raise UserError("The variant paper needs a place of its own.", [problem])
