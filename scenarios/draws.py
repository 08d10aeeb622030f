"""From a number between 0 and 1 to the values of a scenario: the quantile functions of a sweep's parameters.

Every design samples the unit cube; a parameter's quantile function turns its coordinate into a value. Common random
numbers follow from that: the same coordinate and the same seeds give the same run wherever it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import NormalDist
from typing import Any

from tanshi.scenarios.by_year import ByYear
from tanshi.scenarios.document import replaced
from tanshi.scenarios.load import field_keys
from tanshi.scenarios.parameters import Parameter, describe_parameters
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep import Draw

CUT = 3.0
"""Standard deviations at which a normal distribution is cut."""


@lru_cache(maxsize=1)
def scenario_fields() -> Mapping[str, Parameter]:
    """Every field of a scenario by its dotted path."""
    return {row.name: row for row in describe_parameters()}


@dataclass(frozen=True)
class Factor:
    """One varied parameter, ready to be drawn.

    Parameters
    ----------
    name
        As in the sweep's file.
    title
        For tables and figures.
    fields
        Fields that take the value; empty where variants name their own.
    draw
        The distribution.
    ranges
        Field -> its published range, where that is the distribution.  One field is drawn in its own unit; several
        move together, and what is drawn is the place in each one's range, 0 its low and 1 its high end.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    draw: Draw
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    _choices: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        kind = self.draw
        choices = tuple(kind.values) if kind.values is not None else tuple(kind.variants or ())
        object.__setattr__(self, "_choices", choices)

    @property
    def group(self) -> str:
        """The group in which it is moved; its own name where it has none."""
        return self.draw.group or self.name

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values or names of variants; empty for a continuous distribution."""
        return self._choices

    def quantile(self, u: float) -> Any:
        """The value at a probability: a number, one of the values, or a variant's name.

        Parameters
        ----------
        u
            In [0, 1].
        """
        d = self.draw
        if self._choices:
            return self._choices[min(int(u * len(self._choices)), len(self._choices) - 1)]
        if d.loguniform is not None:
            low, high = map(math.log, d.loguniform)
            return math.exp(low + (high - low) * u)
        if d.triangular is not None:
            a, mode, b = d.triangular
            turn = (mode - a) / (b - a)
            if u < turn:
                return a + math.sqrt(u * (b - a) * (mode - a))
            return b - math.sqrt((1.0 - u) * (b - a) * (b - mode))
        if d.normal is not None:
            standard = NormalDist()
            tail = standard.cdf(-CUT)
            if u <= 0.0 or u >= 1.0:
                return d.normal[0] + (CUT if u >= 1.0 else -CUT) * d.normal[1]
            return d.normal[0] + d.normal[1] * standard.inv_cdf(tail + (1.0 - 2.0 * tail) * u)
        if d.uniform is not None:
            low, high = d.uniform
        else:
            low, high = next(iter(self.ranges.values())) if len(self.ranges) == 1 else (0.0, 1.0)
        return low + (high - low) * u

    def ends(self) -> tuple[Any, ...]:
        """The values at which the distribution is checked: all of a list, both ends of a range."""
        return self._choices or (self.quantile(0.0), self.quantile(1.0))

    def overrides(self, value: Any, base: Scenario, original: Mapping[str, float]) -> dict[str, Any]:
        """Field -> value for a drawn value.

        Parameters
        ----------
        base
            The scenario that is varied.
        original
            Figures of the economy by path, for what is relative.
        """
        d = self.draw
        if d.variants is not None:
            return dict(d.variants[value])
        out: dict[str, Any] = {}
        for path in self.fields:
            new = value * float(current_value(base, path, original)) if d.relative else value
            if len(self.ranges) > 1:
                low, high = self.ranges[path]
                new = low + (high - low) * value
            row = scenario_fields().get(path)
            if row is not None and row.kind.startswith("a whole number") and isinstance(new, float):
                new = round(new)
            out[path] = new
        if d.complement:
            out[d.complement] = 1.0 - value
        return out


def unit_of(factor: Factor) -> str:
    """Unit of a parameter's drawn values; empty for words, multiples and parameters that mean several things."""
    if factor.draw.relative or (factor.choices and not all(isinstance(c, int | float) for c in factor.choices)):
        return ""
    units = {row.unit for path in factor.fields if (row := scenario_fields().get(path)) is not None}
    return units.pop() if len(units) == 1 else ""


def current_value(base: Scenario, path: str, original: Mapping[str, float]) -> Any:
    """What a scenario, or its economy's table, has in a field.

    Parameters
    ----------
    base
        The scenario.
    path
        Dotted field, or path of a figure.
    original
        Figures of the economy by path, for those that the scenario does not change.
    """
    keys = field_keys(path)
    if keys[0] == "figures":
        return base.figures.get(keys[1], original[keys[1]])
    value: Any = base
    for key in keys:
        value = dict(value.steps).get(int(key)) if isinstance(value, ByYear) else getattr(value, key)
    return value


def year_of_a_rule(path: str) -> bool:
    """Whether a path names one year of a rule by year.

    Examples
    --------
    >>> year_of_a_rule("cap.share.2026"), year_of_a_rule("cap.share"), year_of_a_rule("dynamics.aeei.2026")
    (True, False, False)
    """
    field_name, _, year = path.rpartition(".")
    row = scenario_fields().get(field_name)
    return year.isdecimal() and row is not None and row.kind.endswith("by year")


def vary(base: Scenario, overrides: Mapping[str, Any]) -> Scenario:
    """A scenario with some fields changed, validated whole.

    Raises
    ------
    pydantic.ValidationError
        Where the fields together make no scenario.
    """
    tree = base.model_dump()
    for path, value in overrides.items():
        keys = field_keys(path)
        here = tree
        for key in keys[:-1]:
            here = here[key]
        for other in replaced(keys[:-1], keys[-1:]):  # a rule said in one way is no longer said in another
            here.pop(other, None)
        # A whole group given at once lays its fields over those there are.
        if isinstance(value, Mapping) and isinstance(here.get(keys[-1]), dict):
            here[keys[-1]] = {**here[keys[-1]], **value}
        else:
            here[keys[-1]] = value
    return Scenario.model_validate(tree)


def drawn(
    factors: Sequence[Factor], unit: Sequence[float], base: Scenario, original: Mapping[str, float]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of one point of the unit cube, and the overrides that make its scenario."""
    values = {f.name: f.quantile(float(u)) for f, u in zip(factors, unit, strict=True)}
    overrides: dict[str, Any] = {}
    for factor in factors:
        overrides |= factor.overrides(values[factor.name], base, original)
    return values, overrides
