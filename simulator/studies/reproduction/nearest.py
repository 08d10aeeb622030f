"""The nearest point of the sourced ranges at which a claim holds on data, searched with exact derivatives.

What may move are growth, efficiency, the path of clean power, and the caps of S1 and of S4 and S5, each within what its
source allows; how far it moves is counted in half its range. The path of one equilibrium a year is the model
(`tanshi.simulator.studies.tangent`): its derivatives are exact where they exist, differences elsewhere. A claim becomes
a margin that is positive where it holds; the least move to it is found by linearised steps within the box, the
derivative corrected after each by what was found (Broyden 1965).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, minimize

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.errors import Message, row_of
from tanshi.scenarios.draws import vary
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.knobs import LATE, Knob, cut_late, knobs_of
from tanshi.simulator.studies.reproduction.margins import Margins, Paths, margin_of
from tanshi.simulator.studies.reproduction.runs import VARIABLES
from tanshi.simulator.studies.tangent import Series, path_of

Array = NDArray[np.float64]
STEPS = 12
"""Linearised steps of a search."""
FAR = 0.4
"""Half ranges by which any assumption moves in one step at most."""
ENOUGH = 1e-4
"""Margin above which it counts as held."""
DIFFERENCE = 0.02
"""Of half a range, over which what has no exact derivative is differenced."""
LACKING = 1e6
"""Weight of a margin that lacks, squared, against a move of half a range, squared."""


@dataclass(frozen=True)
class Nearest:
    """The least move to a claim.

    Attributes
    ----------
    holds
        Whether a point was found at which it holds.
    moved
        Title -> value from, value to, of the assumptions that move by a hundredth of half their range at least, the
        furthest first: that one carries the claim.
    distance
        Length of the move, in half ranges.
    exact, assumptions
        How many assumptions there are, and how many of them had exact derivatives.
    """

    holds: bool
    moved: Mapping[str, tuple[float, float]]
    distance: float
    exact: int
    assumptions: int

    @property
    def sentence(self) -> str:
        """The move in words, the three furthest assumptions named."""
        if not self.holds:
            return Message("The search found no point of the sourced ranges at which it holds.")
        if not self.moved:
            return Message("One equilibrium a year carries it as the data stand.")
        told = row_of(
            [
                Message("{title} from {before} to {after} %", title=title, before=_percent(a), after=_percent(b))
                for title, (a, b) in list(self.moved.items())[:3]
            ]
        )
        found = {"told": told, "distance": self.distance, "first": next(iter(self.moved))}
        if len(self.moved) > 3:
            words = (
                "Nearest point of the sourced ranges: {told} ({more} more move less), {distance:.2f} half ranges away;"
                " {first} carries most of it."
            )
            return Message(words, more=len(self.moved) - 3, **found)
        words = (
            "Nearest point of the sourced ranges: {told}, {distance:.2f} half ranges away; {first} carries most of it."
        )
        return Message(words, **found)


def _percent(value: float) -> str:
    return f"{100 * value:.0f}" if abs(value) >= 0.2 else f"{100 * value:.2g}"


def nearest(
    claims: Sequence[Claim], scenarios: Mapping[str, Scenario], report: Callable[[int, int], None] | None = None
) -> dict[str, Nearest]:
    """Search the least move for every claim that is a margin on the path; by id.

    Parameters
    ----------
    scenarios
        S1, S4 and S5 on data.
    report
        Claims done, and how many there are.

    Raises
    ------
    EquilibriumError
        Where the scenarios as they are have no equilibrium.
    """
    wanted = {claim: margin for claim in claims if (margin := margin_of(claim)) is not None}
    if not wanted:
        return {}
    model = _Model(scenarios, knobs_of(scenarios))
    found: dict[str, Nearest] = {}
    known: dict[object, Nearest] = {}
    for number, (claim, margin) in enumerate(wanted.items()):
        # A claim that stands in abstract, results and conclusions is searched once.
        same = (claim.rule, claim.published, tuple(a for a in claim.arguments if a[0] != "entry"))
        if same not in known:
            known[same] = model.search(margin)
        found[claim.id] = known[same]
        if report is not None:
            report(number + 1, len(wanted))
    return found


class _Model:
    """The path at points of the box, in half ranges from where the data stand."""

    def __init__(self, scenarios: Mapping[str, Scenario], knobs: Sequence[Knob]) -> None:
        self.scenarios, self.knobs = scenarios, knobs
        self.low = np.array([(k.low - k.start) / k.half for k in knobs])
        self.high = np.array([(k.high - k.start) / k.half for k in knobs])
        self._seen: dict[bytes, Paths | None] = {}
        self.here, self.slopes, self.exact = self._tangents()

    def paths(self, z: Array) -> Paths | None:
        """All scenarios at a point; None where a year has no equilibrium there."""
        key = np.round(z, 9).tobytes()
        if key not in self._seen:
            self._seen[key] = self._solved(z)
        return self._seen[key]

    def _solved(self, z: Array) -> Paths | None:
        try:
            return {name: path_of(self._at(name, z)).values for name in self.scenarios}
        except EquilibriumError:
            return None

    def _at(self, name: str, z: Array) -> Scenario:
        changes: dict[str, float] = {}
        for knob, move in zip(self.knobs, z, strict=True):
            if move:
                changes |= knob.moves(knob.start + float(move) * knob.half, name)
        late = changes.pop(LATE, 0.0)
        moved = vary(self.scenarios[name], changes) if changes else self.scenarios[name]
        return cut_late(moved, late) if late else moved

    def _tangents(self) -> tuple[Paths, list[Paths], int]:
        """The paths as they are, and by assumption their change over half its range."""
        values: dict[str, Series] = {}
        exact: list[dict[str, Series]] = [{} for _ in self.knobs]
        for name, scenario in self.scenarios.items():
            given = {str(j): k.direction(name) for j, k in enumerate(self.knobs)}
            path = path_of(scenario, {j: d for j, d in given.items() if d})
            values[name] = path.values
            for j, knob in enumerate(self.knobs):
                if not knob.moves(knob.start, name):
                    exact[j][name] = {}
                elif str(j) in path.slopes:
                    exact[j][name] = _scaled(path.slopes[str(j)], knob.half)
        slopes: list[Paths] = []
        count = 0
        for j in range(len(self.knobs)):
            if len(exact[j]) == len(self.scenarios):
                slopes.append(exact[j])
                count += 1
            else:
                slopes.append(self._difference(j, values))
        return values, slopes, count

    def _difference(self, j: int, values: Paths) -> Paths:
        z = np.zeros(len(self.knobs))
        z[j] = DIFFERENCE if self.high[j] >= DIFFERENCE else -DIFFERENCE
        moved = self._solved(z)
        if moved is None:
            message = Message("no equilibrium beside where {assumption} stands", assumption=self.knobs[j].title)
            raise EquilibriumError(message, "path", float("nan"))
        return {
            s: {
                v: {y: (moved[s][v][y] - x) / z[j] for y, x in series.items()}
                for v, series in values[s].items()
                if v in VARIABLES.values()
            }
            for s in values
        }

    def gradient(self, margin: Margins) -> Array:
        """Derivative of every margin to every assumption, (margins, assumptions), by a step along the tangents."""
        size = 1e-3
        here = margin(self.here)
        return np.array([(margin(_stepped(self.here, t, size)) - here) / size for t in self.slopes]).T

    def search(self, margin: Margins) -> Nearest:
        """The least move at which all margins are positive."""
        z, value, slope = np.zeros(len(self.knobs)), margin(self.here), self.gradient(margin)
        best: Array | None = z if value.min() >= 0 else None
        for _ in range(STEPS if best is None else 0):
            low, high = np.maximum(self.low, z - FAR), np.minimum(self.high, z + FAR)
            step = _least(z, value, slope, low, high)
            paths = self.paths(step)
            if paths is None:  # nothing there: half as far
                step = (z + step) / 2
                paths = self.paths(step)
            if paths is None:
                break
            new = margin(paths)
            moved = step - z
            length = float(moved @ moved)
            if length > 1e-14:
                slope = slope + np.outer(new - value - slope @ moved, moved) / length
            z, value = step, new
            if value.min() >= 0 and (best is None or z @ z < best @ best - 1e-6):
                best = z
            elif best is not None or length <= 1e-10:
                break
        return self._told(best)

    def _told(self, at: Array | None) -> Nearest:
        if at is None:
            return Nearest(False, {}, 0.0, self.exact, len(self.knobs))
        order = np.argsort(-np.abs(at))
        moved = {
            self.knobs[j].title: (self.knobs[j].start, self.knobs[j].start + float(at[j]) * self.knobs[j].half)
            for j in order.tolist()
            if abs(at[j]) >= 0.01
        }
        return Nearest(True, moved, float(np.sqrt(at @ at)), self.exact, len(self.knobs))


def _least(z: Array, value: Array, slope: Array, low: Array, high: Array) -> Array:
    """The shortest move within the box at which all linearised margins are a little more than nothing.

    Where they cannot be, the point that lacks least; a small quadratic programme with a slack for every margin.
    """
    n, m = len(z), len(value)
    needed = ENOUGH - value + slope @ z
    heavy = np.sqrt(LACKING)

    def length(x: Array) -> float:
        return float(x @ x)

    def turn(x: Array) -> Array:
        return 2.0 * x

    found = minimize(
        length,
        np.concatenate([np.clip(z, low, high), heavy * np.maximum(0.0, -value)]),
        jac=turn,
        method="SLSQP",
        bounds=Bounds(np.concatenate([low, np.zeros(m)]), np.concatenate([high, np.full(m, np.inf)])),
        constraints=LinearConstraint(np.hstack([slope, np.eye(m) / heavy]), needed, np.inf),
    )
    return np.asarray(np.clip(found.x[:n], low, high), dtype=np.float64)


def _scaled(series: Series, by: float) -> Series:
    return {v: {y: by * x for y, x in path.items()} for v, path in series.items()}


def _stepped(here: Paths, along: Paths, size: float) -> Paths:
    """The paths a little way along a tangent."""
    return {
        s: {v: {y: x + size * along[s].get(v, {}).get(y, 0.0) for y, x in path.items()} for v, path in series.items()}
        for s, series in here.items()
    }
