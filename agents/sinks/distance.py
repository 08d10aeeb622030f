"""Marginal abatement cost of every unit: distance functions by group, turned into yuan per tonne.

The shadow price of CO2 is what output a unit on the frontier gives up for the last tonne,

    price = p_y (-dD/dc) / (dD/dy),

with p_y the value of a unit of output (eq. 6 of the second paper, which leaves out the sign). Each group has
its own frontier, and its data are divided by the group's means, in which the direction is given as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from tanshi.agents.sinks import nonparametric, parametric
from tanshi.agents.sinks.errors import Fault, ProgrammeError, SinksError
from tanshi.agents.sinks.parametric import Properties
from tanshi.agents.sinks.units import INPUTS, Units
from tanshi.errors import Message
from tanshi.market.orders import Floats, Mask

Method = Literal["parametric", "crs", "vrs"]
Ties = Literal["lowest", "middle", "highest"]
METHODS: tuple[Method, ...] = ("parametric", "crs", "vrs")
TIES: tuple[Ties, ...] = ("lowest", "middle", "highest")
#: A weight counts as nothing below this, in means of the data.
_NOTHING = 1e-8
_FAR_APART = 1e7


@dataclass(frozen=True)
class Choices:
    """How shadow prices are to be estimated.

    Parameters
    ----------
    method
        ``parametric``: quadratic function; ``crs``, ``vrs``: hull of the units with constant or variable
        returns to scale.
    direction
        How much output rises and CO2 falls, in means of the group; or ``own``: in proportion to each unit's
        own output and CO2 (hull only: the quadratic function has the translation property along one
        direction).
    properties
        Of the quadratic function.
    strong : bool
        Hull only: CO2 can be thrown away at no cost, so that no price is negative.
    ties
        Hull only: which of several supporting prices is given. ``lowest`` is the least that is not negative, or the
        nearest to 0 where all are negative: what a tonne more of CO2 saves; ``highest`` the greatest: what a
        tonne less costs; ``middle`` half-way between these, or the lowest where the highest is infinite.
    output_unit : float
        Yuan in one unit of output.
    output_price : float
        Yuan that a yuan of output is worth.
    """

    method: Method = "parametric"
    direction: tuple[float, float] | Literal["own"] = (1.0, 1.0)
    properties: Properties = field(default_factory=Properties)
    strong: bool = False
    ties: Ties = "middle"
    output_unit: float = 10_000.0
    output_price: float = 1.0

    def __post_init__(self) -> None:
        faults = []
        if self.method not in METHODS:
            faults.append(Fault("method", Message("one of {methods}", methods=", ".join(METHODS)), repr(self.method)))
        if self.ties not in TIES:
            faults.append(Fault("ties", Message("one of {ties}", ties=", ".join(TIES)), repr(self.ties)))
        if self.direction == "own":
            if self.method == "parametric":
                faults.append(Fault("direction", "two weights for the parametric method", "own"))
        elif not (np.isfinite(self.direction).all() and min(self.direction) >= 0 < max(self.direction)):
            expected = "two weights, neither negative, one greater than 0"
            faults.append(Fault("direction", expected, ",".join(map(str, self.direction))))
        for name in ("output_unit", "output_price"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                faults.append(Fault(name, "a number > 0", str(getattr(self, name))))
        if faults:
            raise SinksError("Shadow prices cannot be estimated in this way.", faults)


@dataclass(frozen=True)
class Prices:
    """Inefficiency and shadow price of the units of one frontier.

    Attributes
    ----------
    inefficiency : (units,) float
        Steps along the direction to the frontier.
    price, low, high : (units,) float
        Yuan/t; the ends of the range of supporting prices where there are several.
    boundary : (units,) str
        ``zero``, ``negative`` or ``infinite`` where the price sits on the edge of what the function or hull
        allows, else empty.
    non_unique : (units,) bool
        Other optimal solutions give the unit another price.
    """

    inefficiency: Floats
    price: Floats
    low: Floats
    high: Floats
    boundary: list[str]
    non_unique: Mask


def estimate(units: Units, choices: Choices) -> Prices:
    """Estimate one frontier through all these units.

    Raises
    ------
    ProgrammeError
        Where a programme has no solution, where all units are on the frontier and the prices are not determined,
        or where the figures of a column are too far apart.
    """
    _refuse_far_apart(units)
    x = units.inputs / units.inputs.mean(axis=0)
    y, c = units.output / units.output.mean(), units.co2 / units.co2.mean()
    yuan = units.output.mean() / units.co2.mean() * choices.output_unit * choices.output_price
    found = (_quadratic if choices.method == "parametric" else _hull)(x, y, c, yuan, choices)
    idle = bool((found.inefficiency <= parametric.TOLERANCE).all())
    if idle and (choices.method != "parametric" or found.non_unique.any()):
        raise ProgrammeError(
            "All units are on the frontier: there is nobody to compare them with, and any price would do.",
            [
                Fault(
                    "inefficiency",
                    "one unit at least off the frontier",
                    Message("all {number_of_units} on it", number_of_units=len(units)),
                    row=int(units.rows[0]),
                    hint="Put more units into a group, by grouping by fewer columns.",
                )
            ],
        )  # fmt: skip
    return found


def _refuse_far_apart(units: Units) -> None:
    """Refuse what double precision cannot compare; a wrong unit of measurement is the usual reason."""
    columns = {name: units.inputs[:, k] for k, name in enumerate(INPUTS)} | {"output": units.output, "co2": units.co2}
    faults = []
    for name, values in columns.items():
        if values.max() > _FAR_APART * values.min():
            rows = (int(units.rows[values.argmin()]), int(units.rows[values.argmax()]))
            got = Message("{least:g} and {most:g} (row {rows})", least=values.min(), most=values.max(), rows=rows[1])
            hint = Message("Check the unit of measurement.")
            faults.append(
                Fault(
                    name,
                    Message("figures less than {far_apart:g} times apart", far_apart=_FAR_APART),
                    got,
                    rows[0],
                    hint,
                )
            )
    if faults:
        raise ProgrammeError("The units are too far apart to be compared.", faults)


def _quadratic(x: Floats, y: Floats, c: Floats, yuan: float, choices: Choices) -> Prices:
    assert choices.direction != "own"
    function = parametric.fit(x, y, c, choices.direction, choices.properties)
    by_output, by_co2 = function.slopes(x, y, c)
    free: Mask = np.zeros(len(y), bool)
    zero, infinite = by_co2 <= _NOTHING, by_output >= -_NOTHING
    if function.free.shape[1]:
        moved_output, moved_co2 = (parametric.slope_terms(x, y, c, k) @ function.free for k in parametric.OUTPUTS)
        # The ratio stays where both slopes move in proportion.
        turn = moved_co2 * by_output[:, None] - moved_output * by_co2[:, None]
        free = np.asarray((np.abs(turn) > _NOTHING).any(axis=1), bool)
    price = np.where(infinite, np.inf, yuan * np.maximum(by_co2, 0.0) / np.maximum(-by_output, _NOTHING))
    price = np.where(zero & ~infinite, 0.0, price)
    boundary = ["infinite" if i else "zero" if z else "" for i, z in zip(infinite, zero, strict=True)]
    distance = function.value(x, y, c)
    return Prices(np.where(distance > parametric.TOLERANCE, distance, 0.0), price, price, price, boundary, free)


def _hull(x: Floats, y: Floats, c: Floats, yuan: float, choices: Choices) -> Prices:
    along = np.column_stack([y, c]) if choices.direction == "own" else np.asarray(choices.direction, np.float64)
    assert choices.method != "parametric"
    duals = nonparametric.solve_duals(x, y, c, along, choices.method, strong=choices.strong)
    low, high = duals.low, duals.high
    least = np.where(high >= 0, np.maximum(low, 0.0), high)
    with np.errstate(invalid="ignore"):
        middle = np.where(np.isinf(high), least, (least + high) / 2)
        several = ~np.isclose(low, high, rtol=1e-7, atol=1e-9)
    ratio = {"lowest": least, "middle": middle, "highest": high}[choices.ties]
    boundary = [
        "infinite" if p == np.inf else "negative" if p < -_NOTHING else "zero" if p <= _NOTHING else ""
        for p in map(float, ratio)
    ]
    inefficiency = np.where(duals.inefficiency > parametric.TOLERANCE, duals.inefficiency, 0.0)
    return Prices(inefficiency, yuan * ratio, yuan * low, yuan * high, boundary, several)


def shadow_prices(
    units: Units,
    by: Sequence[str] = (),
    choices: Choices | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Estimate a frontier for each group and put all units in one table, in their own order.

    Parameters
    ----------
    by
        Group columns; a frontier is estimated for each of their combinations.
    progress
        Called with groups done and groups in all.

    Returns
    -------
    DataFrame
        The group columns, ``frontier`` (name of the group), ``inefficiency``, ``shadow_price``,
        ``lowest_price``, ``highest_price`` (yuan/t), ``boundary``, ``non_unique``.

    Raises
    ------
    SinksError
        Where a group column is missing or a group has one unit.
    ProgrammeError
        As `estimate`, with the group's name.
    """
    chosen = choices or Choices()
    groups = list(units.split(by))
    parts = []
    for done, (name, which) in enumerate(groups):
        some = units.take(which)
        try:
            found = estimate(some, chosen)
        except ProgrammeError as error:
            raise ProgrammeError(
                "Group {name}, {number_of_some} units: {message}",
                error.faults,
                name=name,
                number_of_some=len(some),
                message=error.message,
            ) from None
        table = some.groups.assign(
            frontier=name,
            inefficiency=found.inefficiency,
            shadow_price=found.price,
            lowest_price=found.low,
            highest_price=found.high,
            boundary=found.boundary,
            non_unique=found.non_unique,
        )
        parts.append(table.set_axis(pd.Index(which)))
        if progress is not None:
            progress(done + 1, len(groups))
    return pd.concat(parts).sort_index()
