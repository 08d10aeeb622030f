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
    return package_file(f"tanshi.{name}").resolve().parent


def checkout() -> Path | None:
    """The repository that the program runs from; None where it is installed and changes none of its own files."""
    root = room("simulator").parent
    return root if (root / "pyproject.toml").is_file() and (root / "tanshi").is_dir() else None


def search_path() -> Path:
    """The folder that another process must search to import this very program."""
    return package_file("tanshi").parent.resolve().parent


def package_file(package: str) -> Path:
    """The file of a package or module; of a room, by its link.

    Raises
    ------
    ModuleNotFoundError
        If there is none.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"there is no package {package}", name=package)
    return Path(found.origin)
