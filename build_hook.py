"""Lay the rooms, which stand at the top of the repository, into the package ``tanshi`` of a wheel."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")


class RoomsHook(BuildHookInterface[Any]):
    """An editable install reads the checkout itself; only a standard wheel holds the rooms."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Tell the builder which folder goes where."""
        if version == "standard":
            build_data["force_include"] |= {room: f"tanshi/{room}" for room in ROOMS}
