"""One HTML page about a batch that needs nothing beside it: words, tables, figures, parameters, sources.

The page holds its pictures, has no script and no link, and asks no other machine for anything. All text is
escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from simulator.bands import MIDDLE, annual_band
from simulator.disk import write_file
from simulator.iamc import MODEL
from simulator.results import RunResult
from simulator.variables import FIRM_SECTORS, SECTORS, TRADERS, emissions_of, net_sales_of
from simulator.views.figures import ANNUAL_FIGURES, PRICE_PATH, by_scenario, draw_figures, place, source_line
from simulator.views.style import png
from simulator.views.table import band_cells, cells, columns, signed, summarise
from simulator.views.words import sentences

_CSS = """
:root { color-scheme: light; --ink: #222; --grey: #666; --rule: #ddd; --tint: #f6f7f8; --mark: #0072B2; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.2rem 4rem; color: var(--ink); background: #fff;
       font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; }
.sub, .note { color: var(--grey); margin-top: 0; } .note { font-size: .85rem; margin: 1rem 0 .2rem; }
.scenario { border-left: 4px solid var(--mark); background: var(--tint);
            padding: .55rem .9rem; margin: .6rem 0; }
.failed { border-left-color: #D55E00; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem; border-bottom: 1px solid var(--rule);
         text-align: right; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
table.text th, table.text td { text-align: left; vertical-align: top; }
tr.differs td { background: #fdf3e3; }
figure { margin: 1rem 0; } img { width: 100%; max-width: 50rem; height: auto; display: block; }
@media print { body { max-width: none; } figure, table { break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_report(
    folder: Path | str,
    results: Sequence[RunResult],
    *,
    failed: Mapping[str, str] | None = None,
    status: Sequence[Mapping[str, Any]] = (),
    pictures: Mapping[str, bytes] | None = None,
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

    Raises
    ------
    simulator.disk.StoreError
        Where the disk refuses.
    """
    page = report_html(results, failed=failed, status=status, pictures=pictures)
    return write_file(Path(folder) / "report.html", page.encode("utf-8"))


def report_html(
    results: Sequence[RunResult],
    *,
    failed: Mapping[str, str] | None = None,
    status: Sequence[Mapping[str, Any]] = (),
    pictures: Mapping[str, bytes] | None = None,
) -> str:
    """The page as text; parameters as `write_report`."""
    if pictures is None:
        pictures = {name: png(figure) for name, figure in draw_figures(results).items()} if results else {}
    source = source_line(results) if results else ""
    body = [
        "<h1>Tanshi 碳市</h1>",
        f'<p class="sub">Carbon market of {escape(place(results))}: {_scenarios(results)}. {escape(source)}</p>',
        "<h2>What each scenario did</h2>",
        *_words(results, failed or {}),
    ]
    if results:
        body += ["<h2>In one table</h2>", _summary(results), "<h2>Figures</h2>", *_figures(pictures)]
        body += ["<h2>Sectors</h2>", *_sectors(results)]
        body += ["<h2>Parameters</h2>", _parameters(results)]
    if status:
        body += [
            "<h2>Where the figures come from</h2>",
            _rows(list(status[0]), [list(row.values()) for row in status]),
        ]
    if results:
        if counted := _drift_lines(results):
            body += ["<h2>The flow between auctions</h2>", counted]
        body += ["<h2>To run it again</h2>", _identity(results)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(MODEL)}: report</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _scenarios(results: Sequence[RunResult]) -> str:
    names = list(by_scenario(results))
    return escape(", ".join(names)) if names else "no finished run"


def _words(results: Sequence[RunResult], failed: Mapping[str, str]) -> list[str]:
    out = [
        f'<div class="scenario">{escape(" ".join(lines))}</div>'
        for lines in (sentences(results) if results else {}).values()
    ]
    out += [
        f'<div class="scenario failed">{escape(name)} failed and has no results: {escape(error)}</div>'
        for name, error in failed.items()
    ]
    return out


def _summary(results: Sequence[RunResult]) -> str:
    summaries = summarise(results)
    return _table(columns(summaries), [row for s in summaries for row in (cells(s), *band_cells(s))])


def _figures(pictures: Mapping[str, bytes]) -> list[str]:
    titles = {spec.name: spec.title for spec in ANNUAL_FIGURES} | {
        PRICE_PATH: "Carbon price, period by period"
    }
    return [
        f'<figure><img alt="{escape(titles.get(name, name))}" src="data:image/png;base64,'
        f'{base64.b64encode(content).decode("ascii")}"></figure>'
        for name, content in pictures.items()
    ]


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

    heads = ["Sector", f"{first}", *(f"{name} {last}" for name in groups)]
    start = next(iter(groups))
    codes = [*FIRM_SECTORS, *(code for code in SECTORS if code not in FIRM_SECTORS), "HH"]
    emitted = [
        [
            _sector(code),
            value(start, emissions_of(code), first, 1),
            *(value(n, emissions_of(code), last, 1) for n in groups),
        ]
        for code in codes
    ]
    sold = [
        [_sector(code), *(value(name, net_sales_of(code), last, 2, sign=True) for name in groups)]
        for code in TRADERS
    ]
    return [
        '<p class="note">CO₂ emissions by sector, Mt a year</p>',
        _table(heads, emitted),
        f'<p class="note">Net sales of allowances in {last}, Mt; minus is a net purchase</p>',
        _table(["Sector", *groups], sold),
    ]


def _sector(code: str) -> str:
    others = {"HH": "Households 居民", "GOV": "Government 政府"}
    if code in others:
        return others[code]
    return f"{SECTORS[code].name} {SECTORS[code].chinese}"


def _parameters(results: Sequence[RunResult]) -> str:
    groups = by_scenario(results)
    flat = {name: flatten(group[0].parameters) for name, group in groups.items()}
    names = list(dict.fromkeys(key for values in flat.values() for key in values))
    rows, differs = [], []
    for key in names:
        row = [flat[name].get(key, "–") for name in groups]
        rows.append([key, *row])
        differs.append(len(set(row)) > 1)
    note = '<p class="note">Rows in which the scenarios differ are tinted.</p>' if any(differs) else ""
    return note + _table(["Parameter", *groups], rows, text=True, marked=differs)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters as dotted names to text."""
    out: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            out |= flatten(value, f"{name}.")
        else:
            out[name] = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return out


def _drift_lines(results: Sequence[RunResult]) -> str:
    """What the drift of each run counted; empty where no run has one."""
    rows = []
    for r in results:
        d = r.meta.get("drift") or {}
        if d.get("mode", "none") == "none":
            continue
        asked, off = int(d.get("evaluated", 0)), int(d.get("switched_off", 0))
        share = f"{off} of {asked} ({off / asked:.1%})" if asked else "–"
        counts = (str(d.get(name, 0)) for name in ("blown_up", "collar_hits"))
        rows.append([r.scenario, str(r.seed), str(d["mode"]), share, *counts])
    heads = ["Scenario", "Seed", "Mode", "Network off, out of range", "Blow-ups", "Price bound met"]
    return _table(heads, rows, text=True) if rows else ""


def _identity(results: Sequence[RunResult]) -> str:
    rows = [
        [r.scenario, str(r.seed), *(str(r.meta.get(key) or "–") for key in ("id", "data", "code"))]
        for r in results
    ]
    versions: Mapping[str, str] = next((r.meta["versions"] for r in results if r.meta.get("versions")), {})
    line = ", ".join(f"{name} {version}" for name, version in versions.items())
    note = f'<p class="note">{escape(line)}</p>' if line else ""
    return _table(["Scenario", "Seed", "Run id", "Data", "Code"], rows, text=True) + note


def _rows(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    return _table([str(head) for head in heads], [[str(cell) for cell in row] for row in rows], text=True)


def _table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    text: bool = False,
    marked: Sequence[bool] | None = None,
) -> str:
    top = "".join(f"<th>{escape(head).replace(chr(10), '<br>')}</th>" for head in heads)
    lines = []
    for n, row in enumerate(rows):
        mark = ' class="differs"' if marked is not None and marked[n] else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    kind = ' class="text"' if text else ""
    return f'<div class="wide"><table{kind}>\n<tr>{top}</tr>\n' + "\n".join(lines) + "\n</table></div>"
