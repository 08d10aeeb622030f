"""How a figure is printed: size, resolution, with or without its title and its source line, and its numbers as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")
INCH = 2.54
"""Centimetres."""
USUAL = (20.32, 12.7)
"""Width and height, cm, for which all figures are laid out: 8 by 5 inches."""
SMALLEST, LARGEST = 5.0, 60.0
"""Width and height, cm, that a figure may have."""
ROOMY = (12.0, 8.5)
"""Width and height, cm, that words of the usual size need."""
COARSEST, FINEST = 50, 1200


@dataclass(frozen=True)
class Printing:
    """What every figure looks like on paper.

    Parameters
    ----------
    size
        Width and height, cm.
    dpi
        Points per inch of a PNG.
    title, source
        Whether the title stands above it, and who computed what below.
    room
        Width and height, cm, that it needs: a smaller one is laid out so large and made smaller.
    """

    size: tuple[float, float] = USUAL
    dpi: int = 150
    title: bool = True
    source: bool = True
    room: tuple[float, float] = ROOMY

    @property
    def smaller(self) -> float:
        """By how much a figure is made smaller once it is laid out; 1 where its words have room."""
        return max(1.0, *(needed / side for needed, side in zip(self.room, self.size, strict=True)))

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height in inches for which a figure is laid out."""
        return self.size[0] * self.smaller / INCH, self.size[1] * self.smaller / INCH

    @property
    def scale(self) -> tuple[float, float]:
        """The same over the usual ones."""
        return self.inches[0] * INCH / USUAL[0], self.inches[1] * INCH / USUAL[1]


_now: ContextVar[Printing] = ContextVar("printing", default=Printing())  # noqa: B039 (it is frozen)


def printing() -> Printing:
    """How figures are printed now."""
    return _now.get()


@contextmanager
def printed(how: Printing) -> Iterator[None]:
    """Print figures so while the block lasts, where they are drawn in it.

    Examples
    --------
    >>> with printed(Printing(size=(9.0, 6.0), dpi=300, title=False)):
    ...     printing().dpi
    300
    """
    token = _now.set(how)
    try:
        yield
    finally:
        _now.reset(token)


def laid_out_as_usual(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """For a figure whose words have their places on the usual sheet: a smaller one is that sheet made smaller."""

    @wraps(draw)
    def drawn(*values: P.args, **named: P.kwargs) -> Figure:
        with printed(replace(printing(), room=USUAL)):
            return draw(*values, **named)

    return drawn


def shrink(figure: Figure, by: float) -> None:
    """Make a figure that is laid out smaller, words, lines and marks with it; its proportions stay."""
    from matplotlib.axis import Tick
    from matplotlib.collections import Collection, PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    figure.canvas.draw()  # ticks are made while a figure is drawn
    figure.set_size_inches(*(figure.get_size_inches() / by))
    for artist in figure.findobj():
        if isinstance(artist, Text):
            artist.set_fontsize(float(artist.get_fontsize()) / by)
        elif isinstance(artist, Line2D):
            artist.set_linewidth(artist.get_linewidth() / by)
            artist.set_markersize(artist.get_markersize() / by)
            artist.set_markeredgewidth(artist.get_markeredgewidth() / by)
        elif isinstance(artist, Patch):
            artist.set_linewidth(artist.get_linewidth() / by)
        elif isinstance(artist, Tick):
            pad: Any = artist.get_pad()  # type: ignore[func-returns-value, unused-ignore]
            artist.set_pad(pad / by)
        elif isinstance(artist, Collection):
            artist.set_linewidth([float(width) / by for width in np.atleast_1d(artist.get_linewidth())])
            if isinstance(artist, PathCollection):
                artist.set_sizes(np.asarray(artist.get_sizes()) / by**2)
    for legend in (*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))):
        for text in legend.get_texts():  # its boxes are measured in the size of its words
            legend.prop.set_size(text.get_fontsize())


# -- the numbers -------------------------------------------------------------------------------------------


def hold(figure: Figure, numbers: pd.DataFrame) -> None:
    """Keep a figure's numbers with it, for the CSV beside it."""
    figure.tanshi_numbers = numbers  # type: ignore[attr-defined]


def numbers_of(figure: Figure) -> pd.DataFrame:
    """A figure's numbers: those that were kept with it, or those of its lines and bars.

    Returns
    -------
    DataFrame
        As kept, or ``panel, kind, label, x, y``.
    """
    from matplotlib.patches import Rectangle

    kept = getattr(figure, "tanshi_numbers", None)
    if kept is not None:
        return pd.DataFrame(kept)
    rows: list[dict[str, Any]] = []
    for place, axes in enumerate(figure.axes):
        panel = axes.get_title(loc="left") or axes.get_title() or str(place + 1)
        for line in axes.lines:
            label = str(line.get_label())
            x, y = (np.asarray(line.get_data(orig=True)[k]) for k in (0, 1))
            rows += [
                {"panel": panel, "kind": "line", "label": "" if label.startswith("_") else label, "x": one, "y": other}
                for one, other in zip(x, y, strict=True)
            ]
        for patch in axes.patches:
            if isinstance(patch, Rectangle):
                box = {"panel": panel, "kind": "bar", "label": "", "x": patch.get_x(), "y": patch.get_y()}
                rows.append(box | {"width": patch.get_width(), "height": patch.get_height()})
    return pd.DataFrame(rows, columns=None if rows else ["panel", "kind", "label", "x", "y"])


def csv(figure: Figure) -> bytes:
    """The numbers of a figure as CSV."""
    return numbers_of(figure).to_csv(index=False, lineterminator="\n", float_format="%.8g").encode("utf-8")
