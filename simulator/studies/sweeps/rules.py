"""Which ranges of the parameters lead to an outcome: boxes found by peeling (PRIM), said as simple rules.

A box starts as the whole space and loses, step by step, the thin slice whose removal raises the share of hits most.
Of all boxes on the way the one is kept that best weighs how many of its points are hits against how many of the hits
it holds; then every bound that matters little is dropped.

References
----------
Friedman, J. H. and Fisher, N. I. (1999): Bump hunting in high-dimensional data. Statistics and Computing 9.
Bryant, B. P. and Lempert, R. J. (2010): Thinking inside the box. Technological Forecasting and Social Change 77.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.errors import Message
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.errors import Problem, UserError, did_you_mean

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
PEEL = 0.05
"""Part of the box's points that one step may take away."""
LEAST_SUPPORT = 0.03
"""Part of all points that a box keeps at least."""
TOLERANCE = 0.02
"""A bound is dropped where the box stays as good within this."""
MOST_BOXES = 3


@dataclass(frozen=True)
class Condition:
    """An outcome to be explained, such as price > 150."""

    output: str
    above: bool
    strict: bool
    limit: float

    def __call__(self, values: Array) -> Mask:
        """Where it holds."""
        if self.above:
            return np.asarray(values > self.limit if self.strict else values >= self.limit)
        return np.asarray(values < self.limit if self.strict else values <= self.limit)

    def __str__(self) -> str:
        return f"{self.output} {'>' if self.above else '<'}{'' if self.strict else '='} {self.limit:g}"


def parse_condition(text: str, outputs: Sequence[str]) -> Condition:
    """Read a condition such as ``price > 150``.

    Raises
    ------
    UserError
        Where it is none, or its output is not one of the sweep's.
    """
    found = re.fullmatch(r"\s*(\S+?)\s*(>=|<=|>|<)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*", text)
    try:
        limit = float(found[3]) if found else None
    except ValueError:
        limit = None
    if found is None or limit is None:
        problem = Problem("an output, a sign and a number, such as 'price > 150'", repr(text), "--where")
        raise UserError("The outcome cannot be read.", [problem])
    if found[1] not in outputs:
        hint = did_you_mean(found[1], list(outputs))
        problem = Problem(
            Message("one of the outputs {outputs}", outputs=", ".join(outputs)), repr(found[1]), "--where", hint=hint
        )
        raise UserError("There is no such output.", [problem])
    return Condition(found[1], found[2][0] == ">", len(found[2]) == 1, limit)


@dataclass(frozen=True)
class Bound:
    """What a box asks of one parameter: an interval of the unit line, or some of its choices by number."""

    low: float = 0.0
    high: float = 1.0
    choices: frozenset[int] | None = None

    def holds(self, u: Array, count: int) -> Mask:
        """Which points it admits; ``count`` is the number of the parameter's choices, 0 for none."""
        if self.choices is None:
            return np.asarray((u >= self.low) & (u <= self.high))
        return np.isin(_choice(u, count), list(self.choices))


@dataclass(frozen=True)
class Box:
    """A rule: bounds by parameter number, and how well it does on the sample.

    Parameters
    ----------
    density
        Part of the box's points that are hits.
    coverage
        Part of all hits that lie in the box.
    points
        Number of points in the box.
    """

    bounds: Mapping[int, Bound]
    density: float
    coverage: float
    points: int


def _choice(u: Array, count: int) -> NDArray[np.int64]:
    return np.minimum((u * count).astype(np.int64), count - 1)


def find_boxes(unit: Array, hits: Mask, choices: Sequence[int]) -> list[Box]:
    """Up to three boxes that hold the hits, each found on the points outside those before it.

    Parameters
    ----------
    unit
        (points, parameters) in [0, 1].
    hits
        (points,), where the outcome holds.
    choices
        Number of choices of each parameter, 0 for a continuous one.
    """
    boxes: list[Box] = []
    left = np.ones(len(hits), dtype=bool)
    while len(boxes) < MOST_BOXES and hits[left].sum() >= max(5, 0.1 * hits.sum()) and not hits[left].all():
        bounds = _peel(unit, hits, choices, left)
        inside = _inside(unit, bounds, choices)
        base = hits[left].mean()
        fresh = inside & left
        if not bounds or not fresh.any() or hits[fresh].mean() < 1.2 * base:
            break
        coverage = float(hits[fresh].sum() / hits.sum())
        boxes.append(Box(bounds, float(hits[fresh].mean()), coverage, int(fresh.sum())))
        left &= ~inside
    return boxes


def _inside(unit: Array, bounds: Mapping[int, Bound], choices: Sequence[int]) -> Mask:
    inside = np.ones(len(unit), dtype=bool)
    for i, bound in bounds.items():
        inside &= bound.holds(unit[:, i], choices[i])
    return inside


def _peel(unit: Array, hits: Mask, choices: Sequence[int], among: Mask) -> dict[int, Bound]:
    inside = among.copy()
    bounds: dict[int, Bound] = {}
    total = int(hits[among].sum())
    best, best_score = dict(bounds), _score(hits, inside, total)
    while inside.sum() > max(LEAST_SUPPORT * len(hits), 4):
        found: tuple[float, int, Bound, Mask] | None = None
        for i, bound, smaller in _slices(unit, inside, bounds, choices):
            if not smaller.any() or smaller.sum() == inside.sum():
                continue
            # Slices of unequal size are compared by what each removed point brings.
            gain = (hits[smaller].mean() - hits[inside].mean()) / (1.0 - smaller.sum() / inside.sum())
            if found is None or gain > found[0]:
                found = (float(gain), i, bound, smaller)
        if found is None or found[0] <= 0:
            break
        bounds[found[1]], inside = found[2], found[3]
        score = _score(hits, inside, total)
        if score > best_score:
            best, best_score = dict(bounds), score
    return _simplify(unit, hits, choices, among, best, total)


def _score(hits: Mask, inside: Mask, total: int) -> float:
    """Harmonic mean of density and coverage."""
    caught = int(hits[inside].sum())
    return 2.0 * caught / (int(inside.sum()) + total) if total else 0.0


def _slices(
    unit: Array, inside: Mask, bounds: Mapping[int, Bound], choices: Sequence[int]
) -> Iterator[tuple[int, Bound, Mask]]:
    for i, count in enumerate(choices):
        u = unit[:, i]
        now = bounds.get(i)
        if count:
            held = now.choices if now is not None and now.choices is not None else frozenset(range(count))
            numbers = _choice(u, count)
            for one in sorted(held) if len(held) > 1 else ():
                yield i, Bound(choices=held - {one}), inside & (numbers != one)
            continue
        low, high = (now.low, now.high) if now is not None else (0.0, 1.0)
        values = u[inside]
        lower, upper = float(np.quantile(values, PEEL)), float(np.quantile(values, 1.0 - PEEL))
        # On a coarse design many points share a value: a slice takes at least the outermost of them.
        above, below = values[values > max(lower, values.min())], values[values < min(upper, values.max())]
        if len(above):
            yield i, Bound(float(above.min()), high), inside & (u >= above.min())
        if len(below):
            yield i, Bound(low, float(below.max())), inside & (u <= below.max())


def _simplify(
    unit: Array, hits: Mask, choices: Sequence[int], among: Mask, bounds: dict[int, Bound], total: int
) -> dict[int, Bound]:
    kept = dict(bounds)
    score = _score(hits, among & _inside(unit, kept, choices), total)
    while kept:
        trials = {i: {k: b for k, b in kept.items() if k != i} for i in kept}
        scores = {i: _score(hits, among & _inside(unit, t, choices), total) for i, t in trials.items()}
        easiest = max(scores, key=lambda i: scores[i])
        if scores[easiest] < score - TOLERANCE:
            break
        kept, score = trials[easiest], max(score, scores[easiest])
    return kept


def say(box: Box, factors: Sequence[Factor]) -> str:
    """A box in words, in the parameters' own units."""
    return " and ".join(_say_bound(bound, factors[i]) for i, bound in sorted(box.bounds.items()))


def _say_bound(bound: Bound, factor: Factor) -> str:
    if bound.choices is not None:
        return f"{factor.title} is {' or '.join(str(factor.choices[n]) for n in sorted(bound.choices))}"
    low, high = factor.quantile(bound.low), factor.quantile(bound.high)
    if bound.low <= 0.0:
        return f"{factor.title} <= {high:.4g}"
    if bound.high >= 1.0:
        return f"{factor.title} >= {low:.4g}"
    return f"{factor.title} from {low:.4g} to {high:.4g}"
