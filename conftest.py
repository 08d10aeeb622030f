"""Which files pytest collects: the product's under their only name, ``tanshi.*``."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Refuse a product file under its short name: it would be imported a second time, beside ``tanshi.*``."""
    inside = file_path.relative_to(ROOT).parts if file_path.is_relative_to(ROOT) else ()
    if inside and inside[0] in ROOMS and file_path.suffix == ".py":
        name = "/".join(inside)
        raise pytest.UsageError(f"{name} is collected as tanshi/{name}: pytest tanshi/{name}")
