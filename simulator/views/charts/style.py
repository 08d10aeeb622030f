"""The house style of all figures: one palette, one frame, files that are equal for equal numbers.

Colours are those of Okabe and Ito, which stay apart for colour-blind readers; every scenario has its own
marker as well. Curves that lie on one another are drawn as alternating dashes of each one's colour, so that
none hides another.

References
----------
Okabe, M. and Ito, K. (2008): Color Universal Design. University of Tokyo.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.views.charts.printing import csv, printing, shrink
from tanshi.simulator.views.charts.words import number_in, start_of
from tanshi.version import __version__

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]

#: Okabe and Ito without yellow, which is too pale for a line on white.
PALETTE = ("#000000", "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#0072B2", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, GREY, PALE = "#222222", "#666666", "#DDDDDD"
WIDTH, HEIGHT = 8.0, 5.0
"""Inches for which figures are laid out; they are printed as `tanshi.simulator.views.charts.printing` says."""
LETTERS = 13.5
"""Letters of the unit below the title to an inch."""
SOURCE_LETTERS = 17
"""Letters of the source line to an inch."""
NARROW = 6.3
"""Inches of width below which titles are set smaller and lines are named at their ends alone."""
#: Curves closer than this share of the axis cannot be told apart and are drawn and named together.
COINCIDE = 0.015

HAN, HAN_FILE = "Tanshi Han", Path(__file__).parent / "fonts" / "TanshiHan.ttf"
"""The font of Chinese signs that comes with the program, so that a figure has the same bytes on every machine."""
FONTS = ["DejaVu Sans", HAN]

RC = {
    "font.family": FONTS,
    "font.sans-serif": FONTS,
    "pdf.fonttype": 42,
    "font.size": 9.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "tanshi",
    "path.simplify": True,
}


@cache
def know_fonts() -> None:
    """Let Matplotlib know the font of Chinese signs, which stands for its bold too; the other one is its own."""
    from matplotlib.font_manager import fontManager

    fontManager.addfont(HAN_FILE)
    fontManager.ttflist.append(replace(fontManager.ttflist[-1], weight="bold"))


@dataclass(frozen=True)
class Look:
    """Colour and marker of one scenario."""

    colour: str
    marker: str


#: Scenarios that look the same in every figure, whatever stands beside them and in whatever order.
KNOWN = ("S1", "S2", "S3", "S4", "S5")


def looks(names: Sequence[str]) -> dict[str, Look]:
    """Colour and marker of each scenario: S1 to S5 have their own, others take in order what these leave free.

    After the palette's end both start again, out of step.

    Examples
    --------
    >>> looks(["S5", "mine"])["S5"] == looks(["S1", "S5"])["S5"]
    True
    >>> len(set(looks(["mine", "S1", "yours", "S4"]).values()))
    4
    """
    present = [name for name in dict.fromkeys(names) if name in KNOWN]
    most = len(names) + len(PALETTE)
    free = [n for n in range(most) if n >= len(KNOWN) or not present]
    free += [n for n, known in enumerate(KNOWN) if present and known not in present]
    # What no known scenario has comes first, then what those have that are not here, then the palette once more.
    order = iter(sorted(free, key=lambda n: (n >= len(PALETTE), bool(present) and n < len(KNOWN), n)))
    place = {name: KNOWN.index(name) if name in present else next(order) for name in dict.fromkeys(names)}
    return {
        name: Look(PALETTE[n % len(PALETTE)], MARKERS[(n + n // len(PALETTE)) % len(MARKERS)])
        for name, n in place.items()
    }


def sheet(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """An empty white sheet of the asked size and resolution, which a notebook shows without any set-up."""
    from matplotlib.figure import Figure

    know_fonts()
    across, down = printing().scale

    class Sheet(Figure):
        tanshi_smaller = printing().smaller

        def _repr_png_(self) -> bytes:
            return png(self)

    return Sheet(figsize=(width * across, height * down), dpi=printing().dpi, facecolor="white")


def frame(title: str, unit: str, source: str, *, legend_rows: int = 1) -> tuple[Figure, Axes]:
    """An empty figure with its title, its unit under the title and the source line at the bottom."""
    import matplotlib

    with matplotlib.rc_context(RC):  # type: ignore[arg-type, unused-ignore]
        figure = sheet()
        wide, tall = figure.get_size_inches()
        bottom = 0.425 + 0.21 * legend_rows + _source_height(source, wide)
        top = 0.775 - (0.0 if printing().title else 0.27) + 0.16 * wrapped(unit, int(LETTERS * wide)).count("\n")
        # Margins are inches, so that words keep their room on a smaller sheet.
        left, right = (0.6, 1.52) if wide >= NARROW else (0.5, 1.3)
        axes = figure.add_axes((left / wide, bottom / tall, 1 - (left + right) / wide, 1 - (top + bottom) / tall))
        _captions(figure, title, unit, source)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(colors=INK, length=3, color=GREY)
    axes.grid(axis="y", color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _captions(figure: Figure, title: str, unit: str, source: str) -> None:
    how, wide = printing(), figure.get_figwidth()
    inch, left = 1.0 / figure.get_figheight(), 0.16 / wide
    above = 0.0 if how.title else 0.27
    if how.title:
        size = 13.0 if wide >= NARROW else max(9.0, 13.0 * wide / NARROW)
        letters = len(title) + 0.8 * sum(1 for sign in title if east_asian_width(sign) in "WF")
        across = 0.58 * size / 72 * letters  # inches, about
        size *= min(1.0, (wide - 0.32) / max(across, 0.1))
        figure.text(left, 1 - 0.275 * inch, title, fontsize=size, fontweight="bold", color=INK)
    unit = wrapped(unit, int(LETTERS * wide))
    figure.text(left, 1 - (0.4 - above) * inch, unit, fontsize=9.5, color=GREY, va="top", linespacing=1.1)
    if how.source:
        figure.text(
            left, 0.09 * inch, wrapped(source, int(SOURCE_LETTERS * wide)), fontsize=7.5, color=GREY, linespacing=1.1
        )


def _source_height(source: str, wide: float) -> float:
    """Inches that the source line takes."""
    return 0.15 * (wrapped(source, int(SOURCE_LETTERS * wide)).count("\n") + 1) if printing().source else 0.0


def canvas(title: str, unit: str, source: str, *, height: float = HEIGHT, base: float = 0.35) -> tuple[Figure, Axes]:
    """The house frame with one bare axes over all of it, for pictures without scales: networks, flows.

    Parameters
    ----------
    height, base
        Of the figure and of what is kept free at its bottom, inches, on the usual sheet with one line below.
    """
    import matplotlib

    with matplotlib.rc_context(RC):  # type: ignore[arg-type, unused-ignore]
        figure = sheet(height=height)
        wide, tall = figure.get_size_inches()
        above = 0.65 + 0.16 * wrapped(unit, int(LETTERS * wide)).count("\n")
        _captions(figure, title, unit, source)
        below = base + max(0.0, _source_height(source, wide) - 0.15)
        axes = figure.add_axes((0.02, below / tall, 0.96, 1 - (below + above) / tall))
    axes.set_axis_off()
    return figure, axes


def coinciding(curves: Mapping[str, Curve], tolerance: float) -> list[list[str]]:
    """Names of the curves in groups whose members lie within `tolerance` of the group's first."""
    groups: list[list[str]] = []
    for name, (x, y) in curves.items():
        for group in groups:
            first_x, first_y = curves[group[0]]
            if np.array_equal(x, first_x) and np.max(np.abs(y - first_y), initial=0.0) <= tolerance:
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def group_label(group: Sequence[str], curves: Mapping[str, Curve]) -> str:
    """``S1 = S2`` for equal curves, ``S4 ≈ S5`` for those that only look equal."""
    label = group[0]
    for before, name in pairwise(group):
        same = np.allclose(curves[before][1], curves[name][1], rtol=1e-9, atol=1e-12)
        label += f" {'=' if same else '≈'} {name}"
    return label


def draw(axes: Axes, curves: Mapping[str, Curve], *, every: int = 1, number: str = "{:,.0f}") -> None:
    """Draw the curves and write name and last value of each at its right end.

    Parameters
    ----------
    curves
        Scenario to x and y, in the order of the palette.
    every
        Points from one marker to the next.
    number
        Format of the last value.
    """
    appearance = looks(list(curves))
    low, high = axes.get_ylim()
    groups = coinciding(curves, COINCIDE * (high - low))
    for depth, group in enumerate(groups):
        for n, name in enumerate(group):
            x, y = curves[name]
            style: Any = "-"
            if len(group) > 1:
                # Each member is on for one turn and off for the turns of the others.
                dash = 3.0
                style = (dash * ((len(group) - n) % len(group)), (dash, dash * (len(group) - 1)))
            axes.plot(
                x, y,
                color=appearance[name].colour, linestyle=style, linewidth=2.0, dash_capstyle="butt",
                marker=appearance[name].marker, markersize=5.5, markevery=(n * every, len(group) * every),
                markeredgecolor="white", markeredgewidth=0.7, zorder=3 + depth,
            )  # fmt: skip
    _end_labels(axes, groups, curves, appearance, number)


def _end_labels(
    axes: Axes,
    groups: list[list[str]],
    curves: Mapping[str, Curve],
    appearance: Mapping[str, Look],
    number: str,
) -> None:
    low, high = axes.get_ylim()
    groups = sorted(groups, key=lambda group: float(curves[group[0]][1][-1]))
    wanted = [(float(curves[group[0]][1][-1]) - low) / (high - low) for group in groups]
    texts = [_end_text(group, curves, number) for group in groups]
    heights = [0.008 + 0.054 * (text.count("\n") + 1) for text in texts]
    for group, y, text, place in zip(groups, wanted, texts, spread(wanted, heights), strict=True):
        end = axes.transLimits.transform((float(curves[group[0]][0][-1]), 0.0))[0]
        axes.plot(
            [end + 0.012, 1.035], [y, place],
            transform=axes.transAxes, color=GREY, linewidth=0.6, clip_on=False,
        )  # fmt: skip
        colour = appearance[group[0]].colour if len(group) == 1 else INK
        axes.text(
            1.045, place, text,
            transform=axes.transAxes, color=colour, va="center", fontsize=9,
            fontweight="bold", linespacing=1.15,
        )  # fmt: skip


def _end_text(group: Sequence[str], curves: Mapping[str, Curve], number: str) -> str:
    values = list(dict.fromkeys(number_in(number, float(curves[name][1][-1])) for name in group))
    if len(group) == 1:
        beside = f"{group[0]}  {values[0]}"
        return beside if wrapped(beside, 15) == beside else wrapped(group[0], 14) + "\n" + values[0]
    if len(values) > 2:
        values = [f"{min(values, key=_number)} … {max(values, key=_number)}"]
    return fill(group_label(group, curves), 14) + "\n" + " / ".join(values)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def wrapped(text: str, width: int) -> str:
    """A label in lines of about so many Latin letters, of which one Chinese sign takes two."""
    wide = sum(1 for sign in text if east_asian_width(sign) in "WF")
    return fill(text, max(int(width * len(text) / (len(text) + wide)), 1) if text else width)


def spread(places: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Move ascending places apart until labels of these heights do not overlap, the last at most at 1."""
    out = list(places)
    gaps = [(one + two) / 2 for one, two in pairwise(heights)]
    for n, gap in enumerate(gaps):
        out[n + 1] = max(out[n + 1], out[n] + gap)
    if out:
        out[-1] = min(out[-1], 1.0)
    for n in range(len(gaps) - 1, -1, -1):
        out[n] = min(out[n], out[n + 1] - gaps[n])
    return out


def legend_lines(titles: int, columns: int = 2) -> int:
    """Lines of a legend of so many titles; none on a narrow sheet, where the lines' ends name the scenarios."""
    return -(-titles // columns) if printing().inches[0] >= NARROW else 0


def legend(figure: Figure, titles: Mapping[str, str], *, source: str = "", columns: int = 2) -> None:
    """Scenario titles below the axes, each with its line and marker; ``source`` is what stands below them."""
    from matplotlib.lines import Line2D

    wide = figure.get_figwidth()
    if not legend_lines(len(titles), columns):
        return
    foot = 0.075 + _source_height(source, wide)
    appearance = looks(list(titles))
    handles = [
        Line2D(
            [], [],
            color=appearance[name].colour, marker=appearance[name].marker, linewidth=2.0, markersize=5.5,
            markeredgecolor="white", markeredgewidth=0.7, label=f"{name}  {start_of(title, 52)}",
        )
        for name, title in titles.items()
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.48 / wide, foot / figure.get_figheight()),
        ncols=columns, frameon=False,
        fontsize=8.5,
        handlelength=2.2, columnspacing=1.6, labelspacing=0.45, borderaxespad=0.0,
    )  # fmt: skip


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _file(figure, "png", {"Software": f"Tanshi {__version__}"})


def show_in_notebooks() -> None:
    """Let a notebook draw figures that pyplot did not make, as all of ours, unless it has a way of its own."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    formatters = getattr(getattr(shell, "display_formatter", None), "formatters", {})
    if "image/png" in formatters:
        from matplotlib.figure import Figure

        if Figure not in formatters["image/png"]:
            formatters["image/png"].for_type(Figure, png)


def svg(figure: Figure) -> bytes:
    """The figure as SVG."""
    return _file(figure, "svg", {"Creator": f"Tanshi {__version__}", "Date": None})


def pdf(figure: Figure) -> bytes:
    """The figure as PDF, which holds its fonts."""
    return _file(figure, "pdf", {"Creator": f"Tanshi {__version__}", "Producer": None, "CreationDate": None})


def _file(figure: Figure, kind: str, metadata: Mapping[str, str | None]) -> bytes:
    import matplotlib
    from matplotlib.text import Text

    know_fonts()
    stream = io.BytesIO()
    for text in figure.findobj(Text):  # those written after the frame was made follow the user's own settings
        text.set_fontfamily(FONTS)
    with matplotlib.rc_context(RC):  # type: ignore[arg-type, unused-ignore]
        if (by := getattr(figure, "tanshi_smaller", printing().smaller)) > 1.0:
            shrink(figure, by)
        figure.tanshi_smaller = 1.0  # type: ignore[attr-defined]
        figure.savefig(stream, format=kind, dpi=figure.dpi, metadata=dict(metadata))
    return stream.getvalue()


def save(figure: Figure, folder: Path | str, name: str) -> tuple[Path, Path]:
    """Write ``<name>.png`` and ``<name>.svg``, and its numbers beside them as ``<name>.csv``.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    place = Path(folder)
    write_file(place / f"{name}.csv", csv(figure))
    return write_file(place / f"{name}.png", png(figure)), write_file(place / f"{name}.svg", svg(figure))


def save_all(figure: Figure, folder: Path | str, name: str) -> list[Path]:
    """Write a figure in every form: PNG, SVG, PDF, and its numbers as CSV.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    place = Path(folder)
    pair = save(figure, place, name)
    return [*pair, write_file(place / f"{name}.pdf", pdf(figure)), place / f"{name}.csv"]


def panels(
    count: int,
    title: str,
    unit: str,
    source: str,
    *,
    left: float = 0.075,
    right: float = 0.97,
    bottom: float = 0.25,
    height: float = 0.56,
    gap: float = 0.05,
) -> tuple[Figure, list[Axes]]:
    """The house frame with several axes side by side; places are shares of the figure."""
    figure, first = frame(title, unit, source)
    first.remove()
    width = (right - left) / count
    axes = [figure.add_axes((left + n * width, bottom, width - gap, height)) for n in range(count)]
    for axis in axes:
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
        axis.tick_params(labelsize=8.5)
        axis.grid(color=PALE, linewidth=0.7)
        axis.set_axisbelow(True)
    return figure, axes


def legend_rows(figure: Figure, handles: Sequence[Any], labels: Sequence[str], columns: int) -> None:
    """A legend below all panels, above the source line, in so many columns."""
    foot = (0.3 if printing().source else 0.12) / figure.get_figheight()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.05, foot), ncols=columns, frameon=False,
                  fontsize=8.5, handlelength=1.6, columnspacing=1.4, labelspacing=0.4, borderaxespad=0.0)  # fmt: skip


def legend_of(figure: Figure, axis: Axes) -> None:
    """One legend below all panels, with what the first of them shows."""
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.06, 0.06), ncols=len(labels), frameon=False,
                  fontsize=9)  # fmt: skip
