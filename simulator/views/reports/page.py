"""Pieces of a self-contained HTML page: its frame and style, tables, figures. All text is escaped.

A page holds its pictures, has no script and no link, and asks no other machine for anything. It prints on A4.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from tanshi.language import spoken
from tanshi.simulator.views.reports.han import font_face
from tanshi.version import __version__

CSS = """
:root { color-scheme: light; --ink: #222; --grey: #666; --rule: #ddd; --tint: #f6f7f8; --mark: #0072B2; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.2rem 4rem; color: var(--ink); background: #fff;
       font: 16px/1.55 "Tanshi Han", system-ui, "Segoe UI", "DejaVu Sans", "Noto Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; }
.sub, .note { color: var(--grey); margin-top: 0; } .note { font-size: .85rem; margin: 1rem 0 .2rem; }
.scenario, .warning { border-left: 4px solid var(--mark); background: var(--tint);
                      padding: .55rem .9rem; margin: .6rem 0; }
.failed, .warning { border-left-color: #D55E00; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th, table:not(.text) td:first-child { word-break: keep-all; }
table.text th, table.text td { text-align: left; vertical-align: top; overflow-wrap: break-word; }
td small { display: block; color: var(--grey); min-width: 16rem; }
tr.differs td { background: #fdf3e3; }
figure { margin: 1rem 0; } img { width: 100%; max-width: 50rem; height: auto; display: block; }
@page { size: A4; margin: 15mm 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h2 + p { break-after: avoid; } figure, tr, .scenario, .warning { break-inside: avoid; }
  thead { display: table-header-group; } .note { break-after: avoid; }
  .wide { overflow: visible; } table { font-size: 8pt; max-width: 100%; } th, td { padding: .15rem .4rem; }
  img { max-width: 14cm; } td small { min-width: 0; } .scenario, .warning, tr.differs td { print-color-adjust: exact; }
  .scenario, .warning, tr.differs td { -webkit-print-color-adjust: exact; }
}
"""
_HTML = {"en": "en", "zh": "zh-Hans"}
_POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"


def page(title: str, body: Sequence[str], css: str = CSS) -> str:
    """The whole page from its parts."""
    content = "\n".join(body)
    fonts = font_face(title + content)
    return (
        f'<!DOCTYPE html>\n<html lang="{_HTML[spoken()]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="Tanshi {escape(__version__)}">\n'
        f"<title>{escape(title)}</title>\n<style>{fonts}{css}</style>\n</head>\n<body>\n{content}\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """A section's heading."""
    return f"<h2>{escape(text)}</h2>"


def note(text: str) -> str:
    """A small line above or below a table."""
    return f'<p class="note">{escape(text)}</p>'


def box(text: str, kind: str = "scenario") -> str:
    """A paragraph set off by a bar at its left."""
    return f'<div class="{kind}">{escape(text)}</div>'


def figure(title: str, png: bytes) -> str:
    """A picture held by the page."""
    content = base64.b64encode(png).decode("ascii")
    return f'<figure><img alt="{escape(title)}" src="data:image/png;base64,{content}"></figure>'


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    text: bool = False,
    marked: Sequence[bool] | None = None,
    below: Sequence[str] | None = None,
) -> str:
    """A table that scrolls by itself where the screen is narrow.

    Parameters
    ----------
    text
        Whether cells are words, set to the left, rather than numbers.
    marked
        Rows to tint.
    below
        A small line under the first cell of each row.
    """
    top = "".join(f"<th>{escape(head).replace(chr(10), '<br>')}</th>" for head in heads)
    lines = []
    for n, row in enumerate(rows):
        mark = ' class="differs"' if marked is not None and marked[n] else ""
        found = [f"<td>{escape(cell)}</td>" for cell in row]
        if below is not None and below[n]:
            found[0] = f"<td>{escape(row[0])}<small>{escape(below[n])}</small></td>"
        lines.append(f"<tr{mark}>" + "".join(found) + "</tr>")
    kind = ' class="text"' if text else ""
    body = "\n".join(lines)
    return f'<div class="wide"><table{kind}>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
