"""What levers and fields begin from: a built-in scenario on any economy, or the scenario of a stored run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tanshi.errors import Message
from tanshi.language import say
from tanshi.scenarios.document import said_once
from tanshi.scenarios.economy import ECONOMIES
from tanshi.scenarios.errors import Problem, ScenarioError
from tanshi.scenarios.load import library, of_several
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.folder import Batch, NothingToShow
from tanshi.simulator.views.dashboard.selection import BETWEEN, folder_of

START = "S5"
"""Where an address names nothing else."""


@dataclass(frozen=True)
class Base:
    """One scenario to begin from.

    Parameters
    ----------
    key
        Its name in an address: that of a built-in scenario, or of a folder and a scenario in it.
    economy
        The economy it is put on; empty for its own.
    version
        Tells a stored scenario from one of the same name that takes its place later.
    content
        What a scenario file that begins from it starts with.
    """

    key: str = START
    economy: str = ""
    version: str = ""
    content: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """The scenario's name alone."""
        return self.key.rpartition(BETWEEN)[2]

    @property
    def stored(self) -> bool:
        """Whether it is of a folder of results."""
        return BETWEEN in self.key


@lru_cache(maxsize=1)
def economies() -> tuple[str, ...]:
    """The economies that come with the program, Shanxi first.

    Examples
    --------
    >>> economies()[0], "china_2017" in economies()
    ('shanxi_2022', True)
    """
    names = sorted(path.parent.name for path in ECONOMIES.glob("*/controls.csv"))
    return tuple(sorted(names, key=lambda name: name != "shanxi_2022"))


def built_in(name: str = START, economy: str = "") -> Base:
    """A built-in scenario, on its own economy or on another that comes with the program.

    Raises
    ------
    ScenarioError
        Where there is none of the name: no other file is ever read.
    """
    if name not in library():
        problem = Problem(Message("one of {library}", library=", ".join(library())), repr(name)[:60], field="extends")
        raise ScenarioError("The scenario cannot be used: 1 problem.", [problem])
    other = economy if economy in economies() and not of_several(name) else ""
    return Base(name, other, "", {"extends": name, **({"economy": other} if other else {})})


def of_batch(batch: Batch, scenario: str) -> Base:
    """The scenario of a folder's runs, as the first of them was run.

    Raises
    ------
    NothingToShow
        Where the folder holds no run of it.
    """
    runs = batch.scenarios.get(scenario)
    if not runs:
        raise NothingToShow("{name} holds no run of that name; choose one from the list", name=batch.folder.name)
    first = runs[0]
    if first.part:
        raise NothingToShow(
            "{name} is one province of a market of several, which runs with the others only; begin from the scenario"
            " of all of them",
            name=scenario,
        )
    content = {key: v for key, v in said_once(first.parameters).items() if key not in ("extends", "name", "title")}
    return Base(_key(batch, scenario), "", str(first.meta.get("id")), content)


def find_base(desk: Desk, key: str, economy: str = "") -> Base:
    """What an address names.

    Raises
    ------
    NothingToShow
        For a folder that is not there any more, or holds no such scenario.
    ScenarioError
        As `built_in`.
    """
    if BETWEEN in key:
        return of_batch(desk.batch(folder_of(key)), key.rpartition(BETWEEN)[2])
    return built_in(key, economy)


def offered(batch: Batch | None, now: Base) -> dict[str, str]:
    """What can be begun from, by key: the built-in scenarios, those of the folder shown, and the one in use."""
    out = {name: say("{name} (built in)", name=name) for name in library()}
    if batch is not None and not batch.sweep:
        out |= {
            _key(batch, name): f"{batch.folder.name}: {name}"
            for name, runs in batch.scenarios.items()
            if not runs[0].part  # a province by itself is not what was run
        }
    if now.stored and now.key not in out:
        out[now.key] = f"{folder_of(now.key).rsplit('/', 1)[-1]}: {now.name}"
    return out


def economies_of(base: Base) -> dict[str, str]:
    """On which economies a base can be put, by name; a run's scenario has figures that were fitted to its own."""
    if base.stored:
        own = str(base.content.get("economy", economies()[0]))
        return {"": own}
    if of_several(base.name):
        return {"": say("as in the scenario")}
    return {"": say("as in the scenario"), **{name: name for name in economies()}}


def _key(batch: Batch, scenario: str) -> str:
    return f"{batch.folder}{BETWEEN}{scenario}"
