"""The report of a folder of results, whatever made it: one run, a batch with seeds, a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from tanshi.language import say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.machine.progress import Report
from tanshi.simulator.results.reading import or_broken, read_frame
from tanshi.simulator.results.store import read_run
from tanshi.simulator.results.stored import check_runs
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.timetable import timetable
from tanshi.simulator.results.together import apart, several
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.sweeps.sweep import DESIGN, read_plan
from tanshi.simulator.views.charts.figures import draw_figures, seeds_words, source_line
from tanshi.simulator.views.charts.style import png, save_all
from tanshi.simulator.views.detail import detail_figures
from tanshi.simulator.views.offsets import offset_figures
from tanshi.simulator.views.reports.folder import Folder, open_folder
from tanshi.simulator.views.reports.page import note, table
from tanshi.simulator.views.reports.report import report_html


def folder_report(
    path: Path | str,
    progress: Report | None = None,
    keep: Path | None = None,
    reference: str | None = None,
    *,
    joint: bool = False,
) -> str:
    """The page for a folder of results.

    Parameters
    ----------
    keep
        Folder to write every figure to as well, as PNG, SVG and PDF, with its numbers as CSV; in the size and with the
        parts that `tanshi.simulator.views.charts.printing.printed` says.
    reference
        Scenario beside which the others are laid, as `tanshi.simulator.views.table.reference_of` takes it.
    joint
        Whether sums over the provinces of a market stand in a table of their own.

    Raises
    ------
    UserError, StoreError
        As `tanshi.simulator.views.reports.folder.open_folder`.
    """
    folder = open_folder(path)
    places = [place for run in folder.runs if (place := folder.place_of(run)) is not None]
    with or_broken(lambda: check_runs(places)):
        return _page(folder, progress, keep, reference, joint)


def _page(folder: Folder, progress: Report | None, keep: Path | None, reference: str | None, joint: bool) -> str:
    together = [with_fills(folder, run) for run in folder.runs] if several(folder.runs) else []
    runs = apart(together, translate) or folder.runs
    if joint and not together:
        raise UserError("There is nothing to add up.", [Problem("runs of several provinces", "of one", "--joint")])
    source = _sweep_source(folder) if folder.sweep else source_line(runs)
    shown = with_fills(folder, shown_run(runs))
    drawn = draw_figures(runs, source=source, whole=not folder.sweep, reference=reference)
    figures = drawn | ({} if folder.sweep else offset_figures(runs))
    details, left_out = detail_figures(shown, progress=progress)
    if keep is not None:
        for name, figure in (figures | details).items():
            save_all(figure, keep, name)
    warnings = list(folder.warnings)
    for name, why in left_out.items():
        warnings.append(say("No figure '{name}': {why}", name=name, why=" ".join(why.split())))
    pictures = {name: png(figure) for name, figure in (figures | details).items()} | _analysis(folder)
    return report_html(
        runs,
        failed=folder.failed,
        status=provenance(runs),
        pictures=pictures,
        warnings=warnings,
        design=_design(folder) if folder.sweep else (),
        source=source,
        reference=reference,
        joint=together if joint else (),
    )


def shown_run(runs: Sequence[RunResult]) -> RunResult:
    """The run that is shown from the inside: of the scenario in which most sectors trade, the last of them."""

    def trading(run: RunResult) -> int:
        years = dict(run.parameters.get("years") or {})  # the dashboard asks of runs whose tables are not read
        start = int(years.get("start") or run.parameters.get("policy_start") or 0)
        return timetable(run.parameters, start, int(years.get("end") or start)).most_trading()

    most = max(map(trading, runs))
    name = [run.scenario for run in runs if trading(run) == most][-1]
    return next(run for run in runs if run.scenario == name)


def with_fills(folder: Folder, run: RunResult) -> RunResult:
    """The run with its fills, where the folder was read without them."""
    place = folder.place_of(run)
    return run if len(run.trades) or place is None else read_run(place)


def provenance(runs: Sequence[RunResult]) -> list[dict[str, str]]:
    """Where the economies' figures come from, with their status; nothing for an economy that is gone."""
    rows: list[dict[str, str]] = []
    for name in sorted({str(run.parameters.get("economy", "shanxi_2022")) for run in runs}):
        try:
            rows += economy(name).provenance()
        except (UserError, ValueError):
            continue
    return rows


def _sweep_source(folder: Folder) -> str:
    points = say(" Line: median over the {count} runs of the sweep, band: 5 to 95 %.", count=len(folder.runs))
    seeds = len({run.seed for run in folder.runs})
    return source_line(folder.runs).removesuffix(seeds_words(seeds)) + points


def _design(folder: Folder) -> list[str]:
    """What a sweep varied: its parameters with the values drawn."""
    try:
        plan = read_plan(folder.path)
        drawn = read_frame(folder.path / DESIGN, ("point", "scenario", "seed", *(f.name for f in plan.factors)))
    except (StoreError, UserError) as error:
        problem = Problem("its plan and design", " ".join(str(error).split()), str(folder.path))
        raise UserError("The sweep cannot be read.", [problem]) from error
    rows = []
    for factor in plan.factors:
        values = drawn[factor.name]
        numbers: Any = pd.to_numeric(values, errors="coerce")
        if numbers.notna().all():
            said = [f"{numbers.min():.4g}", f"{numbers.median():.4g}", f"{numbers.max():.4g}"]
        else:
            said = [", ".join(map(str, dict.fromkeys(values))), "–", "–"]
        rows.append([factor.title, ", ".join(factor.fields), *said])
    design = plan.spec.design
    words = say(
        "{plan}: {points} points of a {method} design, {scenarios} scenarios, {seeds} seeds, {runs} runs in all.",
        plan=plan.name,
        points=drawn["point"].nunique(),
        method=design.method,
        scenarios=drawn["scenario"].nunique(),
        seeds=drawn["seed"].nunique(),
        runs=len(drawn),
    )
    heads = [say("Parameter"), say("Fields"), say("Lowest"), say("Median"), say("Highest")]
    return [f"<p>{escape(words)}</p>", note(say("values drawn")), table(heads, rows, text=True)]


def _analysis(folder: Folder) -> dict[str, bytes]:
    """Pictures that ``analyse`` left in a sweep's folder."""
    return {path.stem: path.read_bytes() for path in sorted((folder.path / "analysis").glob("*.png"))}
