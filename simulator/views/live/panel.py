"""A small picture in the house style for a page: drawn for a telephone's width, sharp at any size."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tanshi.language import spoken
from tanshi.simulator.results.variables import SECTORS
from tanshi.simulator.views.charts.style import FONTS, GREY, INK, PALE, RC, know_fonts
from tanshi.simulator.views.sectors import SECTOR_COLOURS
from tanshi.version import __version__

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, BELOW, RIGHT = 4.6, 3.1, 0.52, 0.3
NAMES = 1.32
"""Inches for sectors' names beside an axis."""
LONG_NAMES = {"COKE": "Coking, refining", "NFM": "Non-ferrous met.", "NMM": "Building mat.", "GOV": "Government",
              "INT": "Intermediaries"}  # fmt: skip


def short_name(sector: str) -> str:
    """A sector's name that fits beside an axis."""
    if spoken() == "zh":
        return {"GOV": "政府", "INT": "中间商"}.get(sector) or SECTORS[sector].chinese
    return LONG_NAMES.get(sector) or SECTORS[sector].name


def full_name(sector: str) -> str:
    """A sector's name, English and Chinese; Chinese alone where that is spoken."""
    if spoken() == "zh":
        return SECTORS[sector].chinese
    return f"{SECTORS[sector].name} {SECTORS[sector].chinese}"


def colour(sector: str) -> str:
    """The house's colour of a sector."""
    return SECTOR_COLOURS[sector]


def panel(x: str, y: str, *, height: float = HEIGHT, left: float = 0.68) -> tuple[Figure, Axes]:
    """An empty picture with both axes named, units included; its title stands above it on the page.

    Parameters
    ----------
    height, left
        Of the picture, and what is free for numbers and names at the left, inches. Margins are given:
        to find them would take as long as to draw.
    """
    import matplotlib
    from matplotlib.figure import Figure

    know_fonts()
    with matplotlib.rc_context(RC):  # type: ignore[arg-type, unused-ignore]
        figure = Figure(figsize=(WIDTH, height), facecolor="white")
        axes = figure.add_axes(
            (left / WIDTH, BELOW / height, (WIDTH - left - RIGHT) / WIDTH, 1 - (BELOW + 0.1) / height)
        )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(colors=INK, length=3, color=GREY, labelsize=9)
    axes.grid(color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel(x, color=INK, fontsize=9.5)
    axes.set_ylabel(y, color=INK, fontsize=9.5)
    return figure, axes


def key(axes: Axes, columns: int = 2) -> None:
    """The legend, above the axes, which make room for it."""
    handles, labels = axes.get_legend_handles_labels()
    place, height = axes.get_position(), axes.figure.bbox.height / axes.figure.dpi
    rows = -(-len(labels) // columns)
    axes.set_position((place.x0, place.y0, place.width, place.height - (0.03 + 0.185 * rows) / height))
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, frameon=False, fontsize=9,
        handlelength=1.6, columnspacing=1.2, borderaxespad=0.1, labelspacing=0.3,
    )  # fmt: skip


def bars(axes: Axes, sectors: Sequence[str]) -> None:
    """Set up horizontal bars, a row a sector, the first on top."""
    axes.set_yticks(range(len(sectors)), [short_name(s) for s in sectors])
    axes.set_ylim(len(sectors) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.axvline(0, color=GREY, linewidth=0.8)


def source_of(figure: Figure) -> str:
    """The picture as an address that an ``<img>`` can show without asking anybody."""
    import matplotlib
    from matplotlib.text import Text

    stream = io.BytesIO()
    for text in figure.findobj(Text):  # those written after the panel was made follow the user's own settings
        text.set_fontfamily(FONTS)
    with matplotlib.rc_context(RC | {"svg.fonttype": "path"}):  # type: ignore[arg-type, unused-ignore]
        figure.savefig(stream, format="svg", metadata={"Creator": f"Tanshi {__version__}", "Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
