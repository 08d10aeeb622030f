"""A page as a list of blocks, written as HTML that needs nothing beside it, or as Markdown with pictures beside it.

Both forms are made from the same blocks, so that the page in the docs says what the page of a run says. All text is
escaped; the HTML has no script, no link to elsewhere, and holds its pictures.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from tanshi.simulator.views.reports.page import page

_CSS = """
:root { color-scheme: light; --ink: #222; --grey: #666; --rule: #ddd; --tint: #f6f7f8; --mark: #0072B2; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 2rem 1.2rem 4rem; color: var(--ink); background: #fff;
       font: 16px/1.55 "Tanshi Han", system-ui, "Segoe UI", "DejaVu Sans", "Noto Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
p, li { max-width: 62rem; } .note { color: var(--grey); font-size: .9rem; }
.said { border-left: 4px solid var(--mark); background: var(--tint); padding: .55rem .9rem; margin: .6rem 0;
        max-width: 62rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
th { color: var(--grey); font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
.badge { display: inline-block; padding: .05rem .45rem; border-radius: .7rem; font-size: .78rem; white-space: nowrap;
         border: 1px solid currentColor; background: #fff; }
.good { color: #00664b; } .fair { color: #8a5a00; } .bad { color: #a63f00; }
.flat { color: #555; } .other { color: #7a3a63; }
figure { margin: 1rem 0; } img { width: 100%; max-width: 60rem; height: auto; display: block; }
@media (max-width: 46rem) {
  body { padding: 1.2rem .9rem 3rem; }
  table.stack, table.stack tbody, table.stack tr, table.stack td { display: block; }
  table.stack tr.head { display: none; }
  table.stack tr { border-bottom: 1px solid var(--rule); padding: .5rem 0; }
  table.stack td { border: 0; padding: .08rem 0; text-align: left; white-space: normal; }
  table.stack td[data-head]::before { content: attr(data-head) ": "; color: var(--grey); }
  table.stack td:empty { display: none; }
}
@media print { body { max-width: none; } figure, tr { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the page's own."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Plain text.

    Parameters
    ----------
    kind
        Empty, ``note`` (small and grey) or ``said`` (set off).
    """

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Lines of a command."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Parameters
    ----------
    numbers
        Columns set flush right.
    stack
        Whether its rows become small cards on a narrow screen; else it is scrolled.
    badges
        Text of a cell -> its colour class, for cells that are verdicts.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    stack: bool = False
    badges: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, by the name of its file."""

    name: str
    alt: str
    png: bytes


Block = Heading | Paragraph | Points | Code | Grid | Picture


def as_html(title: str, blocks: Sequence[Block]) -> str:
    """The page as one HTML text."""
    return page(title, [_html(block) for block in blocks], _CSS)


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text, kind):
            return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"
        case Points(items):
            return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"
        case Code(text):
            return f"<pre>{escape(text)}</pre>"
        case Picture(_, alt, png):
            data = base64.b64encode(png).decode("ascii")
            return f'<figure><img alt="{escape(alt)}" src="data:image/png;base64,{data}"></figure>'
        case Grid():
            return _html_table(block)


def _html_table(grid: Grid) -> str:
    def marked(n: int) -> str:
        return ' class="number"' if n in grid.numbers else ""

    lines = [
        '<tr class="head">' + "".join(f"<th{marked(n)}>{escape(h)}</th>" for n, h in enumerate(grid.heads)) + "</tr>"
    ]
    for row in grid.rows:
        cells = []
        for n, cell in enumerate(row):
            text = escape(cell)
            if cell in grid.badges:
                text = f'<span class="badge {grid.badges[cell]}">{text}</span>'
            head = (
                f' data-head="{escape(grid.heads[n])}"' if grid.stack and cell and n and cell not in grid.badges else ""
            )
            cells.append(f"<td{marked(n)}{head}>{text}</td>")
        lines.append("<tr>" + "".join(cells) + "</tr>")
    kind = ' class="stack"' if grid.stack else ""
    return f'<div class="wide"><table{kind}>\n' + "\n".join(lines) + "\n</table></div>"


def as_markdown(blocks: Sequence[Block], images: str) -> str:
    """The page as Markdown.

    Parameters
    ----------
    images
        Folder of the pictures as the page names it.
    """
    return "\n\n".join(_markdown(block, images) for block in blocks) + "\n"


def _markdown(block: Block, images: str) -> str:
    match block:
        case Heading(text, level):
            return "#" * level + f" {text}"
        case Paragraph(text, kind):
            return f"> {_plain(text)}" if kind == "said" else _plain(text)
        case Points(items):
            return "\n".join(f"- {_plain(item)}" for item in items)
        case Code(text):
            return "\n".join(f"    {line}" for line in text.splitlines())
        case Picture(name, alt, _):
            return f"![{alt}]({images}/{name}.png)"
        case Grid(heads, rows, numbers, _, badges):
            rule = "|".join("---:" if n in numbers else "---" for n in range(len(heads)))
            lines = ["| " + " | ".join(_cell(h) for h in heads) + " |", f"|{rule}|"]
            lines += [
                "| " + " | ".join(f"**{_cell(c)}**" if c in badges else _cell(c) for c in row) + " |" for row in rows
            ]
            return "\n".join(lines)


def _plain(text: str) -> str:
    for sign in ("\\", "*", "_", "<", "`"):
        text = text.replace(sign, "\\" + sign)
    return text


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("\n", " ")
