"""Where the program's own files lie, in a checkout with links, without links, and installed."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import tanshi

ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
"""The folders of the program, each a package below ``tanshi``."""


@lru_cache
def room(name: str) -> Path:
    """The real folder of a room; nothing of it is imported."""
    found = find_spec(f"tanshi.{name}")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no room named tanshi.{name}")
    return Path(found.origin).resolve().parent


def checkout() -> Path | None:
    """The repository that the program runs from; None where it is installed and changes none of its own files."""
    root = room("simulator").parent
    return root if (root / "pyproject.toml").is_file() and (root / "tanshi").is_dir() else None


def search_path() -> Path:
    """The folder that another process must search to import this very program."""
    return Path(tanshi.__file__).parent.resolve().parent
