"""What a calibration's file may say: the numbers to be met, and what may move to meet them, how far and why."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tanshi.scenarios.fields import Group

Source = Annotated[str, Field(min_length=3, max_length=2000)]


class Against(Group):
    """Another number that a target is measured by."""

    scenario: Annotated[str, Field(min_length=1, max_length=255)]
    """Built-in name, or a file beside this one."""
    year: int
    """Year of its value."""


class Target(Group):
    """One number that a scenario is to meet."""

    scenario: Annotated[str, Field(min_length=1, max_length=255)]
    """Built-in name, or a file beside this one."""
    variable: str
    """Name of an annual variable, such as `Price|Carbon`."""
    year: int
    """Year of the value."""
    value: float
    """The number to be met, in the variable's unit, or as a part of what `against` names."""
    against: Against | None = None
    """Whose value of the same variable it is a part of; nothing: it stands by itself."""
    tolerance: Annotated[float, Field(gt=0, le=1)]
    """Largest relative distance at which it counts as met (absolute, in the variable's unit, where the value is 0)."""
    source: Source
    """Where the number comes from."""


class Free(Group):
    """One parameter that may move, within a range that somebody has published or argued for."""

    title: Annotated[str, Field(max_length=80)] = ""
    """Name in tables; by default the parameter's own."""
    fields: Annotated[list[str], Field(max_length=2000)] = Field(default_factory=list)
    """Fields or figures that it sets, `*` for any name; by default the parameter's own path."""
    relative: bool = False
    """true: the parameter multiplies what the scenario or the economy has there."""
    lower: float
    """Smallest value allowed."""
    upper: float
    """Largest value allowed."""
    start: float | None = None
    """Value from which the search starts and to which it is pulled; by default what the scenarios have."""
    scenarios: Annotated[list[str], Field(max_length=100)] = Field(default_factory=list)
    """Scenarios in which it holds; by default all that the targets name."""
    only_if_needed: bool = False
    """true: it stays at its start unless the targets cannot be met without it."""
    source: Source
    """Where the range comes from."""


class Calibration(Group):
    """One calibration: all targets are to be met at once by the same parameters."""

    title: Annotated[str, Field(max_length=200)] = ""
    """What is calibrated to what, in a few words."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Fields that hold for all runs, by dotted path, such as `firms.number: 200`."""
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=2**63 - 1)]], Field(min_length=1, max_length=100)] = Field(
        default_factory=lambda: [1]
    )
    """Seeds of the runs with firms; targets are compared with the mean over them."""
    pull: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Weight of staying near the start: moving a parameter by half its range counts as missing a target by this part
    of its tolerance. It decides among parameters that meet the targets equally well."""
    targets: Annotated[dict[str, Target], Field(min_length=1, max_length=1000)]
    """Name -> number to be met."""
    parameters: Annotated[dict[str, Free], Field(min_length=1, max_length=200)]
    """Dotted field of scenario or economy, or a name of your own with `fields` -> its range."""
