"""Rules from outside: venues, strategies, drifts and economies that other distributions bring, or a notebook registers.

A distribution names what it brings in an entry point of one of the groups below.  It is imported when a scenario names
it and not before: nobody's code runs unasked.  `docs/extending.md` shows one from its first line to its first run.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from tanshi.errors import Message, TanshiError

Kind = Literal["venue", "strategy", "drift", "economy"]
GROUPS: Mapping[Kind, str] = {
    "venue": "tanshi.venues",
    "strategy": "tanshi.strategies",
    "drift": "tanshi.drifts",
    "economy": "tanshi.economies",
}
BUILT_IN: Mapping[Kind, frozenset[str]] = {
    "venue": frozenset(
        {
            *("call_auction", "pay_as_clear", "continuous", "mcafee"),
            *("listed_agreement", "block_agreement", "one_way_auction"),
        }
    ),
    "strategy": frozenset({"truthful", "zic", "zip", "scheduled", "hesitant"}),
    "drift": frozenset({"neural", "ou", "none"}),
    "economy": frozenset({"belgium_2020", "china_2017", "inner_mongolia_2017", "shandong_2017", "shanxi_2022"}),
}
"""Names of the program's own; they mean the program's own, whatever is installed."""


class PluginError(TanshiError, ValueError):
    """A rule from outside that cannot be used; the message says whose it is and what to do."""


@dataclass(frozen=True)
class Origin:
    """Where a rule from outside comes from.

    Attributes
    ----------
    kind, name
        What it is, and what scenarios call it.
    distribution, version
        Who brings it; empty where it was registered in this process.
    module, attribute
        Where it is found; an empty attribute means the module itself.
    """

    kind: Kind
    name: str
    distribution: str
    version: str
    module: str
    attribute: str

    def __str__(self) -> str:
        whose = f"of {self.distribution} {self.version}" if self.distribution else f"registered from {self.module}"
        return f"the {self.kind} {self.name!r} {whose}"


_registered: dict[tuple[Kind, str], object] = {}


def register(kind: Kind, name: str, rule: object) -> None:
    """Let scenarios of this process name a rule, in a notebook or a script; the same name again replaces it.

    Where a batch computes on several workers, each imports the rule from its module, so it must lie in one.

    Parameters
    ----------
    kind : str
        ``venue``: a callable that opens a `tanshi.market.venue.Venue` for a `tanshi.market.venues.Day`.
        ``strategy``: a `tanshi.agents.strategies.schedule.Strategy`.
        ``drift``: a callable that makes a `tanshi.simulator.drift.flow.Flow` for a scenario.
        ``economy``: the folder of an economy's tables.
    name : str
        What scenarios call it: letters, digits and underscores.

    Raises
    ------
    PluginError
        For another kind, a name that is none, or one that is taken.
    """
    if kind not in GROUPS:
        raise PluginError(
            "There is no kind {kind!r} of rule to register: there are {groups}.", kind=kind, groups=", ".join(GROUPS)
        )
    if not name.isidentifier():
        raise PluginError("A {kind} is called by letters, digits and underscores, not {name!r}.", kind=kind, name=name)
    if name in BUILT_IN[kind]:
        raise PluginError("The {kind} {name!r} is the program's own: give yours another name.", kind=kind, name=name)
    if taken := _brought(kind).get(name):
        raise PluginError("There is already {taken}: give yours another name.", taken=taken[0])
    _registered[kind, name] = rule


def known(kind: Kind) -> tuple[str, ...]:
    """Names of all rules of a kind from outside; nothing of them is imported."""
    return tuple(sorted({*_brought(kind), *(name for of, name in _registered if of == kind)}))


def origin(kind: Kind, name: str) -> Origin:
    """Where the rule of that name comes from; nothing is imported.

    Raises
    ------
    PluginError
        Where there is none, or where two distributions bring one of that name.
    """
    if (kind, name) in _registered:
        rule = _registered[kind, name]
        module, attribute = getattr(rule, "__module__", "") or "", getattr(rule, "__qualname__", "")
        return Origin(kind, name, "", "", module, attribute)
    found = _brought(kind).get(name, ())
    if not found:
        raise PluginError(
            "There is no {kind} {name!r}: {value} are known.",
            kind=kind,
            name=name,
            value=", ".join(sorted({*BUILT_IN[kind], *known(kind)})),
        )
    if len(found) > 1:
        whose = " and ".join(f"{one.distribution} {one.version}" for one in found)
        raise PluginError(
            "The {kind} {name!r} is brought by {whose}: uninstall all but one of them.",
            kind=kind,
            name=name,
            whose=whose,
        )
    return found[0]


def load(kind: Kind, name: str) -> Any:
    """The rule of that name, imported now.

    Raises
    ------
    PluginError
        As `origin`, and where its module fails to import or does not hold it.
    """
    if (kind, name) in _registered:
        return _registered[kind, name]
    return _imported(origin(kind, name))


def import_registered(where: Origin) -> None:
    """Register in this process what another one has registered from a module, imported again from there.

    Raises
    ------
    PluginError
        Where the module cannot be imported or does not hold it.
    """
    _registered[where.kind, where.name] = _imported(where)


def importable(where: Origin) -> bool:
    """Whether another process finds what was registered here under the same module and name."""
    if where.module in ("", "__main__") or not where.attribute or "<locals>" in where.attribute:
        return False
    try:
        return bool(_imported(where) == _registered.get((where.kind, where.name)))
    except PluginError:
        return False


def _imported(where: Origin) -> Any:
    try:
        rule: Any = importlib.import_module(where.module)
        for part in where.attribute.split(".") if where.attribute else ():
            rule = getattr(rule, part)
    except Exception as error:  # whatever somebody else's module does
        place = f"{where.module}:{where.attribute}" if where.attribute else where.module
        mend = Message("mend or uninstall it") if where.distribution else Message("mend it")
        why = f"{type(error).__name__}: {error}"
        raise PluginError(
            "Cannot import {where} ({place}): {why}. Choose another {kind}, or {mend}.",
            where=where,
            place=place,
            why=why,
            kind=where.kind,
            mend=mend,
        ) from error
    return rule


@lru_cache(maxsize=len(GROUPS))
def _brought(kind: Kind) -> Mapping[str, tuple[Origin, ...]]:
    """What installed distributions bring of a kind, by name."""
    from importlib.metadata import entry_points

    found: dict[str, list[Origin]] = {}
    for point in entry_points(group=GROUPS[kind]):
        if point.name in BUILT_IN[kind]:
            continue
        whose, version = (point.dist.name, point.dist.version) if point.dist is not None else ("unknown", "")
        one = Origin(kind, point.name, whose, version, point.module, point.attr)
        places = found.setdefault(point.name, [])
        if one not in places:  # a checkout that is on the path twice
            places.append(one)
    return {name: tuple(places) for name, places in found.items()}
