"""Where the program's own files lie, in a checkout with links, without links, and installed."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
"""The folders of the program, each a package below ``tanshi``."""


@lru_cache
def room(name: str) -> Path:
    """The real folder of a room; nothing of it is imported."""
    found = find_spec(f"tanshi.{name}")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no room named tanshi.{name}")
    return Path(found.origin).resolve().parent
