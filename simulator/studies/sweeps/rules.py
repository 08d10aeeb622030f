"""Which ranges of the parameters lead to an outcome: boxes found by peeling (PRIM), said as simple rules.

A box starts as the whole space and loses, step by step, the thin slice whose removal raises the share of hits most.
Of all boxes on the way, which are kept as its path, the one is chosen that best weighs how many of its points are hits
against how many of the hits it holds; then every bound that matters little is dropped, and each side that chance
alone would often have made as good. Where a box holds all hits and nothing else it is found as it is, however few lie
outside.

References
----------
Friedman, J. H. and Fisher, N. I. (1999): Bump hunting in high-dimensional data. Statistics and Computing 9.
Bryant, B. P. and Lempert, R. J. (2010): Thinking inside the box. Technological Forecasting and Social Change 77.
Kwakkel, J. H. (2017): The Exploratory Modeling Workbench. Environmental Modelling & Software 96.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tanshi.errors import Message, either, said
from tanshi.language import translate
from tanshi.scenarios.draws import Factor

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
PEEL = 0.05
"""Part of the box's points that one step may take away."""
LEAST_SUPPORT = 0.03
"""Part of all points that a box keeps at least."""
TOLERANCE = 0.02
"""A bound is dropped where the box stays as good within this."""
MOST_BOXES = 3
CHANCE = 0.05
"""A bound, or a box that splits perfectly, is believed where chance alone would do as well less often."""


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


Bounds = Mapping[int, Bound]


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
    chances
        By parameter number, how often a bound without meaning would do as well (binomial).
    path
        The boxes on the way, from the whole space on, and which of them was chosen.
    """

    bounds: Bounds
    density: float
    coverage: float
    points: int
    chances: Mapping[int, float] = field(default_factory=dict)
    path: Sequence[Box] = ()
    at: int = 0


@dataclass(frozen=True)
class _Sample:
    """Points, which of them are hits, and which are not yet explained."""

    unit: Array
    hits: Mask
    choices: Sequence[int]
    among: Mask

    def inside(self, bounds: Bounds) -> Mask:
        inside = np.ones(len(self.unit), dtype=bool)
        for i, bound in bounds.items():
            inside &= bound.holds(self.unit[:, i], self.choices[i])
        return inside

    def box(self, bounds: Bounds, inside: Mask | None = None) -> Box:
        fresh = (self.inside(bounds) if inside is None else inside) & self.among
        caught = float(self.hits[fresh].sum())
        return Box(bounds, caught / max(int(fresh.sum()), 1), caught / max(int(self.hits.sum()), 1), int(fresh.sum()))

    def score(self, inside: Mask) -> float:
        """Harmonic mean of density and coverage."""
        total, caught = int(self.hits[self.among].sum()), int(self.hits[inside].sum())
        return 2.0 * caught / (int(inside.sum()) + total) if total else 0.0


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
    whole = _Sample(unit, hits, choices, np.ones(len(hits), dtype=bool))
    if not hits.any() or hits.all():
        return []
    if (exact := _exact(whole)) is not None:
        return [_weighed(whole, exact, _peel(whole)[1], None)]
    boxes: list[Box] = []
    left = whole
    while len(boxes) < MOST_BOXES and hits[left.among].sum() >= max(5, 0.1 * hits.sum()) and not hits[left.among].all():
        bounds, path, at = _peel(left)
        fresh = left.inside(bounds) & left.among
        base = float(hits[left.among].mean())
        found = float(hits[fresh].mean()) if fresh.any() else 0.0
        if not bounds or not (found >= 1.2 * base or 1.0 - found <= 0.5 * (1.0 - base)):
            break
        boxes.append(_weighed(left, bounds, path, at))
        left = replace(left, among=left.among & ~left.inside(bounds))
    return boxes


def _weighed(sample: _Sample, bounds: Bounds, path: Sequence[Box], at: int | None) -> Box:
    """The box with the chance of each of its bounds, and its path."""
    from scipy.stats import binom

    box = sample.box(bounds)
    chances = {}
    for i in bounds:
        wider = sample.box({k: b for k, b in bounds.items() if k != i})
        chances[i] = float(binom.sf(round(box.density * box.points) - 1, box.points, wider.density))
    steps = path if at is not None else [*path, box]
    return replace(box, chances=chances, path=tuple(steps), at=len(steps) - 1 if at is None else at)


# -- a box that holds all hits and nothing else --------------------------------------------------------------------


def _exact(sample: _Sample) -> Bounds | None:
    """The bounds of a box that splits perfectly, if there is one that chance would hardly give."""
    unit, hits = sample.unit, sample.hits
    bounds: dict[int, Bound] = {}
    for i, count in enumerate(sample.choices):
        if count:
            there = frozenset(_choice(unit[hits, i], count).tolist())
            if len(there) < count:
                bounds[i] = Bound(choices=there)
        else:
            bounds[i] = Bound(float(unit[hits, i].min()), float(unit[hits, i].max()))
    if hits[sample.inside(bounds)].sum() < sample.inside(bounds).sum():
        return None
    bounds = _fewest(sample, bounds)
    sides = sum(1 if b.choices is not None else (b.low > 0.0) + (b.high < 1.0) for b in bounds.values())
    n, k, d = len(hits), int(hits.sum()), len(sample.choices)
    tried = math.log(math.comb(d, len(bounds))) + sides * math.log(n)
    chance = tried - (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1))
    return bounds if bounds and chance < math.log(CHANCE) else None


def _fewest(sample: _Sample, bounds: Mapping[int, Bound]) -> dict[int, Bound]:
    """As few one-sided bounds as still split perfectly, each halfway between the last hit and the next miss."""
    misses = ~sample.hits
    sides: list[tuple[int, Bound]] = []
    for i, bound in bounds.items():
        if bound.choices is not None:
            sides.append((i, bound))
        else:
            sides += [(i, Bound(low=bound.low)), (i, Bound(high=bound.high))]

    def kept(chosen: Sequence[tuple[int, Bound]]) -> Mask:
        out = np.ones(len(misses), dtype=bool)
        for i, bound in chosen:
            out &= bound.holds(sample.unit[:, i], sample.choices[i])
        return out

    needed: list[tuple[int, Bound]] = []
    while (kept(needed) & misses).any():  # the side that turns away most of the misses that are left
        needed.append(min(sides, key=lambda side: int((kept([*needed, side]) & misses).sum())))
    for side in list(needed):
        rest = [one for one in needed if one is not side]
        if not (kept(rest) & misses).any():
            needed = rest
    out: dict[int, Bound] = {}
    for side in needed:
        i, bound = side
        if bound.choices is not None:
            out[i] = bound
            continue
        others = kept([one for one in needed if one is not side]) & misses
        u, now = sample.unit[others, i], out.get(i, Bound())
        if bound.low > 0.0:
            below = u[u < bound.low]
            out[i] = replace(now, low=float((bound.low + below.max()) / 2) if len(below) else 0.0)
        else:
            above = u[u > bound.high]
            out[i] = replace(now, high=float((bound.high + above.min()) / 2) if len(above) else 1.0)
    return out


# -- peeling -------------------------------------------------------------------------------------------------------


def _peel(sample: _Sample) -> tuple[dict[int, Bound], list[Box], int]:
    """The best box, all boxes on the way, and which of them it came from."""
    hits, inside = sample.hits, sample.among.copy()
    bounds: dict[int, Bound] = {}
    path = [sample.box(bounds, inside)]
    best, best_score, at = dict(bounds), sample.score(inside), 0
    while inside.sum() > max(LEAST_SUPPORT * len(hits), 4):
        found: tuple[float, int, Bound, Mask] | None = None
        for i, bound, smaller in _slices(sample, inside, bounds):
            if not smaller.any() or smaller.sum() == inside.sum():
                continue
            # Slices of unequal size are compared by what each removed point brings.
            gain = (hits[smaller].mean() - hits[inside].mean()) / (1.0 - smaller.sum() / inside.sum())
            if found is None or gain > found[0]:
                found = (float(gain), i, bound, smaller)
        if found is None or found[0] <= 0:
            break
        bounds[found[1]], inside = found[2], found[3]
        path.append(sample.box(dict(bounds), inside))
        score = sample.score(inside)
        if score > best_score:
            best, best_score, at = dict(bounds), score, len(path) - 1
    return _believed(sample, _simplify(sample, best)), path, at


def _believed(sample: _Sample, bounds: dict[int, Bound]) -> dict[int, Bound]:
    """The box without the sides that chance alone would often have made as good, the least believable first."""
    from scipy.stats import binom

    kept = dict(bounds)
    while kept:
        box = sample.box(kept)
        trials = list(_one_side_less(kept))
        chances = [
            float(binom.sf(round(box.density * box.points) - 1, box.points, sample.box(trial).density))
            for trial in trials
        ]
        worst = int(np.argmax(chances))
        if chances[worst] <= CHANCE:
            return kept
        kept = trials[worst]
    return kept


def _one_side_less(bounds: Mapping[int, Bound]) -> Iterator[dict[int, Bound]]:
    for i, bound in bounds.items():
        rest = {k: b for k, b in bounds.items() if k != i}
        if bound.choices is None and bound.low > 0.0 and bound.high < 1.0:
            yield {**bounds, i: replace(bound, low=0.0)}
            yield {**bounds, i: replace(bound, high=1.0)}
        else:
            yield rest


def _slices(sample: _Sample, inside: Mask, bounds: Bounds) -> Iterator[tuple[int, Bound, Mask]]:
    for i, count in enumerate(sample.choices):
        u = sample.unit[:, i]
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


def _simplify(sample: _Sample, bounds: dict[int, Bound]) -> dict[int, Bound]:
    kept = dict(bounds)
    score = sample.score(sample.among & sample.inside(kept))
    while kept:
        trials = {i: {k: b for k, b in kept.items() if k != i} for i in kept}
        scores = {i: sample.score(sample.among & sample.inside(t)) for i, t in trials.items()}
        easiest = max(scores, key=lambda i: scores[i])
        if scores[easiest] < score - TOLERANCE:
            break
        kept, score = trials[easiest], max(score, scores[easiest])
    return kept


def say(box: Box, factors: Sequence[Factor]) -> str:
    """A box in words, in the parameters' own units."""
    return translate(" and ").join(_say_bound(bound, factors[i]) for i, bound in sorted(box.bounds.items()))


def _say_bound(bound: Bound, factor: Factor) -> str:
    title = translate(factor.title)
    if bound.choices is not None:
        chosen = either([str(factor.choices[n]) for n in sorted(bound.choices)])
        return said(Message("{title} is {choices}", title=title, choices=chosen))
    low, high = factor.quantile(bound.low), factor.quantile(bound.high)
    if bound.low <= 0.0:
        return f"{title} <= {high:.4g}"
    if bound.high >= 1.0:
        return f"{title} >= {low:.4g}"
    return said(Message("{title} from {low:.4g} to {high:.4g}", title=title, low=low, high=high))
