"""What a run must know of the rules from outside that it used: whose, which version, and a hash of their source."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import tanshi.plugins as plugins
from tanshi.plugins import Kind, Origin
from tanshi.simulator.machine.source import folder_hash, words_hash

_UNREADABLE = f"unreadable-{secrets.token_hex(4)}"
"""For what was typed at a prompt: no later run may be taken for one of this process."""


def marks(used: Iterable[tuple[Kind, str]]) -> tuple[Mapping[str, str], ...]:
    """One mark a rule, as plain data: kind, name, distribution, version, module, attribute, source.

    Raises
    ------
    tanshi.plugins.PluginError
        Where a name is unknown or stands for two.
    """
    return tuple(_mark(plugins.origin(kind, name)) for kind, name in sorted(used))


def origin_of(mark: Mapping[str, str]) -> Origin:
    """Where the rule of a mark comes from."""
    return Origin(**{key: mark[key] for key in Origin.__dataclass_fields__})  # type: ignore[arg-type]


def differing(wanted: Iterable[Mapping[str, str]]) -> str:
    """Import what another process has registered, and say which rule differs here; empty where none does.

    Raises
    ------
    tanshi.plugins.PluginError
        Where a rule is not to be had here.
    """
    for mark in wanted:
        where = origin_of(mark)
        if not where.distribution:
            plugins.import_registered(where)
        here = _mark(plugins.origin(where.kind, where.name))
        if here != mark:
            return (
                f"{where} is another one on a worker ({here['version'] or 'no version'}, source {here['source']}; the "
                f"batch has source {mark['source']})"
            )
    return ""


def _mark(where: Origin) -> Mapping[str, str]:
    source = _of_package(where.module) if where.module not in ("", "__main__") else _of_rule(where)
    fields = {key: str(getattr(where, key)) for key in Origin.__dataclass_fields__}
    return {**fields, "source": source}


@lru_cache
def _of_package(module: str) -> str:
    """Hash of the whole package that a module belongs to, or of its one file."""
    top = module.split(".")[0]
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return _UNREADABLE
    if spec is not None and spec.submodule_search_locations:
        return folder_hash(Path(next(iter(spec.submodule_search_locations))))
    if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
        return words_hash([Path(spec.origin).read_text(encoding="utf-8")])
    return _UNREADABLE


def _of_rule(where: Origin) -> str:
    """Hash of a function or class of a notebook or script."""
    try:
        text = inspect.getsource(plugins.load(where.kind, where.name))
    except (OSError, TypeError):
        return _UNREADABLE
    return words_hash([inspect.cleandoc(text)])
