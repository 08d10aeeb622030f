"""Lay the rooms, which stand at the top of the repository, into the package of a wheel, with compiled words."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
CATALOGUES = "tanshi/locale"


class RoomsHook(BuildHookInterface[Any]):
    """An editable install reads the checkout itself; only a standard wheel holds the rooms and compiled words."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._built: list[Path] = []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Tell the builder which folder goes where."""
        if version == "standard":
            build_data["force_include"] |= {room: f"tanshi/{room}" for room in ROOMS} | self._words()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what was compiled, which the wheel now holds."""
        for folder in self._built:
            rmtree(folder)

    def _words(self) -> dict[str, str]:
        """Compiled catalogue to its place in the wheel, for every language."""
        root, built = Path(self.root), Path(mkdtemp())
        self._built.append(built)
        found = {}
        for source in sorted((root / CATALOGUES).glob("*/LC_MESSAGES/*.po")):
            target = source.relative_to(root).with_suffix(".mo")
            compiled = built / target
            compiled.parent.mkdir(parents=True, exist_ok=True)
            with source.open("rb") as words, compiled.open("wb") as out:
                write_mo(out, read_po(words, locale=source.parent.parent.name))
            found[str(compiled)] = target.as_posix()
        return found
