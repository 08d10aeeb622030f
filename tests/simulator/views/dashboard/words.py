"""What a reader sees of a page: its words and its charts, out of Dash's components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parts_of(page: Any) -> Iterator[Any]:
    """Every component and text of a page, in order."""
    if isinstance(page, list | tuple):
        for part in page:
            yield from parts_of(part)
    elif page is not None:
        yield page
        yield from parts_of(getattr(page, "children", None))


def words(page: Any) -> str:
    """All text of a page."""
    return " ".join(str(part) for part in parts_of(page) if isinstance(part, str | int | float))


def charts(page: Any) -> list[dict[str, Any]]:
    """Every chart of a page."""
    return [part.figure for part in parts_of(page) if hasattr(part, "figure")]


def traces(page: Any, chart: int = 0) -> dict[str, dict[str, Any]]:
    """The traces of a chart that have a name, by that name."""
    return {trace["name"]: trace for trace in charts(page)[chart]["data"] if "name" in trace}
