"""One HTML page about some runs that needs nothing beside it: words, warnings, tables, figures, parameters, sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tanshi.errors import Message, said
from tanshi.language import in_a_row, paragraph, say, spoken, translate
from tanshi.scenarios.calibrated import STATUS, fitted_values
from tanshi.scenarios.parameters import describe_parameters
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.bands import MIDDLE, annual_band
from tanshi.simulator.results.iamc import MODEL
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.results.variables import (
    OTHER_SECTORS,
    SECTORS,
    TRADERS,
    TRADING_SECTORS,
    emissions_of,
    net_sales_of,
)
from tanshi.simulator.views.charts.figures import (
    TITLES,
    by_scenario,
    draw_figures,
    place,
    source_line,
)
from tanshi.simulator.views.charts.plots import FIGURES
from tanshi.simulator.views.charts.soundness import checks_of, warnings_of
from tanshi.simulator.views.charts.style import png
from tanshi.simulator.views.compliance import compliance_words
from tanshi.simulator.views.reports.allotment import allotments
from tanshi.simulator.views.reports.joint import added_up
from tanshi.simulator.views.reports.page import box, figure, heading, note, page, table
from tanshi.simulator.views.table import columns, remark, rows, signed, summarise
from tanshi.simulator.views.vocabulary import status_name, unit_name
from tanshi.simulator.views.words import failure, sentences


def write_report(
    folder: Path | str,
    results: Sequence[RunResult],
    *,
    failed: Mapping[str, str] | None = None,
    status: Sequence[Mapping[str, Any]] = (),
    pictures: Mapping[str, bytes] | None = None,
    warnings: Sequence[str] = (),
    reference: str | None = None,
    joint: Sequence[RunResult] = (),
) -> Path:
    """Write ``report.html`` into `folder`.

    Parameters
    ----------
    results
        Runs of the batch.
    failed
        Run to error text.
    status
        Rows on where the economy's figures come from, all with the same keys (such as item, source,
        status).
    pictures
        Figure name to PNG where they are drawn already; else they are drawn here.
    warnings
        What to say of the runs as a whole, beside what they themselves show.
    reference
        Scenario beside which the others are laid, as `tanshi.simulator.views.table.reference_of` takes it.
    joint
        Runs of several regions whose sums stand in a table of their own.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    text = report_html(results, failed=failed, status=status, pictures=pictures, warnings=warnings,
                       reference=reference, joint=joint)  # fmt: skip
    return write_file(Path(folder) / "report.html", text.encode("utf-8"))


def report_html(
    results: Sequence[RunResult],
    *,
    failed: Mapping[str, str] | None = None,
    status: Sequence[Mapping[str, Any]] = (),
    pictures: Mapping[str, bytes] | None = None,
    warnings: Sequence[str] = (),
    design: Sequence[str] = (),
    source: str | None = None,
    reference: str | None = None,
    joint: Sequence[RunResult] = (),
) -> str:
    """The page as text; parameters as `write_report`.

    Parameters
    ----------
    design
        Parts of the page that say what a sweep varied; they stand in place of the words on each scenario.
    source
        Who computed what, in place of `tanshi.simulator.views.charts.figures.source_line`.
    """
    if pictures is None:
        pictures = {name: png(drawn) for name, drawn in draw_figures(results).items()} if results else {}
    if source is None:
        source = source_line(results) if results else ""
    body = [
        "<h1>Tanshi 碳市</h1>",
        f'<p class="sub">{escape(_about(results, source))}</p>',
    ]
    if design:
        body += [heading(say("What was varied")), *design, *_failures(failed or {})]
    else:
        body += [
            heading(say("What each scenario did")),
            *_words(results, reference),
            *(box(words) for words in compliance_words(results)),
            *_failures(failed or {}),
        ]
    if minded := [*warnings, *warnings_of(results)]:
        body += [heading(say("What to bear in mind")), *(box(words, "warning") for words in _few(minded))]
    if results:
        body += [
            heading(say("In one table")),
            _summary(results, reference),
            *added_up(joint),
            heading(say("Figures")),
            *_figures(pictures),
        ]
        body += [heading(say("Sectors")), *_sectors(results), *allotments(by_scenario(results))]
        body += [heading(say("Checks")), *_checks(results)]
        body += [heading(say("Parameters")), _parameters(results)]
    if status:
        rows = [[said(cell) if isinstance(cell, Message) else str(cell) for cell in row.values()] for row in status]
        heads = [translate(str(head)) for head in status[0]]
        body += [heading(say("Where the figures come from")), table(heads, rows, text=True)]
    if results:
        if counted := _drift_lines(results):
            body += [heading(say("The flow between auctions")), counted]
        body += [heading(say("To run it again")), _identity(results)]
    return page(say("{model}: report", model=MODEL), body)


def _about(results: Sequence[RunResult], source: str) -> str:
    names = in_a_row(by_scenario(results)) or say("no finished run")
    return say("Carbon market of {place}: {scenarios}. {source}", place=place(results), scenarios=names, source=source)


def _words(results: Sequence[RunResult], reference: str | None) -> list[str]:
    return [box(paragraph(lines)) for lines in (sentences(results, reference) if results else {}).values()]


def _failures(failed: Mapping[str, str]) -> list[str]:
    return [box(failure(name, error), "scenario failed") for name, error in failed.items()]


def _few(said: Sequence[str], most: int = 20) -> list[str]:
    """The first warnings, and how many more there are."""
    more = [say("And {count} more of the same kinds.", count=len(said) - most)] if len(said) > most else []
    return [*said[:most], *more]


def _summary(results: Sequence[RunResult], reference: str | None) -> str:
    summaries = summarise(results, reference)
    said = remark(summaries)
    return table(columns(summaries), rows(summaries)) + (note(said) if said else "")


def _figures(pictures: Mapping[str, bytes]) -> list[str]:
    titles = FIGURES | TITLES
    return [figure(translate(titles.get(name, name)), content) for name, content in pictures.items()]


def _sectors(results: Sequence[RunResult]) -> list[str]:
    groups = by_scenario(results)
    medians = {
        name: annual_band(group, MIDDLE).set_index(["variable", "year"])["value"] for name, group in groups.items()
    }
    first, last = (int(f(r.annual["year"].agg(f.__name__) for r in results)) for f in (min, max))

    def value(name: str, variable: str, year: int, digits: int, *, sign: bool = False) -> str:
        found = medians[name].get((variable, year))
        if found is None:
            return "–"
        return signed(float(found), digits) if sign else f"{float(found):,.{digits}f}"

    start = next(iter(groups))
    before = [start] if first < last else []
    heads = [say("Sector"), *(f"{first}" for _ in before), *(f"{name} {last}" for name in groups)]
    codes = [*TRADING_SECTORS, "HH"]
    emitted = [
        [
            _sector(code),
            *(value(n, emissions_of(code), first, 1) for n in before),
            *(value(n, emissions_of(code), last, 1) for n in groups),
        ]
        for code in codes
    ]
    sold = [
        [_sector(code), *(value(name, net_sales_of(code), last, 2, sign=True) for name in groups)]
        for code in (*TRADERS, *OTHER_SECTORS)
        if code in TRADERS or any((net_sales_of(code), last) in medians[name] for name in groups)
    ]
    return [
        note(say("CO₂ emissions by sector, Mt a year")),
        table(heads, emitted),
        note(say("Net sales of allowances in {year}, Mt; minus is a net purchase", year=last)),
        table([say("Sector"), *groups], sold),
    ]


def _sector(code: str) -> str:
    others = {"HH": "Households 居民", "GOV": "Government 政府"}
    if code in others:
        english, chinese = others[code].split()
    else:
        english, chinese = SECTORS[code].name, SECTORS[code].chinese
    return chinese if spoken() == "zh" else f"{english} {chinese}"


def _checks(results: Sequence[RunResult]) -> list[str]:
    """Worst figure of every check over the runs of a scenario, beside its limit."""
    groups = by_scenario(results)
    found = {name: [checks_of(run) for run in group] for name, group in groups.items()}
    names = {check.name: check.limit for group in found.values() for checks in group for check in checks}
    rows, misses = [], []
    for name, limit in names.items():
        worst = [
            max((c.value for checks in found[scenario] for c in checks if c.name == name), default=float("nan"))
            for scenario in groups
        ]
        rows.append([name, f"{limit:.0e}", *(f"{value:.1e}" for value in worst)])
        misses.append(any(value > limit for value in worst))
    settled = [sum(int(run.meta.get("unsettled_periods", 0)) for run in group) for group in groups.values()]
    whole = [sum(len(run.periods) for run in group) for group in groups.values()]
    missed = [say("{count} of {whole}", count=count, whole=n) for count, n in zip(settled, whole, strict=True)]
    rows.append([say("auctions that ended before price and economy had settled"), "0", *missed])
    misses.append(any(settled))
    said = say("Rows that miss a limit are tinted.") if any(misses) else say("All within their limits.")
    return [note(said), table([say("Check"), say("Limit"), *groups], rows, marked=misses)]


def _parameters(results: Sequence[RunResult]) -> str:
    groups = by_scenario(results)
    spoken = (say("none"), say("yes"), say("no"))
    flat = {name: flatten(group[0].parameters, words=spoken) for name, group in groups.items()}
    known = {row.name: row for row in describe_parameters()}
    economies = dict.fromkeys(str(group[0].parameters.get("economy", "")) for group in groups.values())
    fitted = {field: value for economy in economies if economy for field, value in fitted_values(economy).items()}
    names = list(dict.fromkeys(key for values in flat.values() for key in values))
    rows, differs, meaning = [], [], []
    for key in names:
        row = [flat[name].get(key, "–") for name in groups]
        row = [translate(cell) for cell in row] if key == "title" else row
        about = known.get(key)
        status = about.status if about else ""
        if key in fitted and str(fitted[key]) in row:
            status = STATUS
        rows.append([key, unit_name(about.unit) if about else "", status_name(status), *row])
        meaning.append(" ".join(translate(about.description).split()) if about else "")
        differs.append(len(set(row)) > 1)
    said = note(say("Rows in which the scenarios differ are tinted.")) if any(differs) else ""
    heads = [say("Parameter"), say("Unit"), say("Status"), *groups]
    return said + table(heads, rows, text=True, marked=differs, below=meaning)


def flatten(
    values: Mapping[str, Any], prefix: str = "", *, words: tuple[str, str, str] = ("none", "yes", "no")
) -> dict[str, str]:
    """Nested parameters as dotted names to text.

    Parameters
    ----------
    words
        What stands for nothing, true and false: by default as on a page; a file has its own.

    Examples
    --------
    >>> flatten({"price": {"ceiling": None, "floor": 60.0}, "banking": {"allowed": True}})
    {'price.ceiling': 'none', 'price.floor': '60.0', 'banking.allowed': 'yes'}
    """
    nothing, yes, no = words

    def said(value: object) -> str:
        return nothing if value is None else yes if value is True else no if value is False else str(value)

    out: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            out |= flatten(value, f"{name}.", words=words)
        elif isinstance(value, list | tuple):
            out[name] = in_a_row(map(said, value))
        else:
            out[name] = said(value)
    return out


def _drift_lines(results: Sequence[RunResult]) -> str:
    """What the drift of each run counted; empty where no run has one."""
    rows = []
    for r in results:
        d = r.meta.get("drift") or {}
        if d.get("mode", "none") == "none":
            continue
        asked, off = int(d.get("evaluated", 0)), int(d.get("switched_off", 0))
        share = say("{off} of {asked} ({share:.1%})", off=off, asked=asked, share=off / asked) if asked else "–"
        counts = (str(d.get(name, 0)) for name in ("blown_up", "collar_hits"))
        rows.append([r.scenario, str(r.seed), str(d["mode"]), share, *counts])
    heads = [
        say("Scenario"), say("Seed"), say("Mode"), say("Network off, out of range"), say("Blow-ups"),
        say("Price bound met"),
    ]  # fmt: skip
    return table(heads, rows, text=True) if rows else ""


def _identity(results: Sequence[RunResult]) -> str:
    rows = [
        [r.scenario, str(r.seed), *(str(r.meta.get(key) or "–") for key in ("id", "data", "code"))] for r in results
    ]
    versions: Mapping[str, str] = next((r.meta["versions"] for r in results if r.meta.get("versions")), {})
    line = ", ".join(f"{name} {version}" for name, version in versions.items())
    return table([say("Scenario"), say("Seed"), say("Run id"), say("Data"), say("Code")], rows, text=True) + (
        note(line) if line else ""
    )
