"""Power firms by class of plant: each class gets its own benchmark, and within it some firms beat it and some do not.

A class is what the national market gives a benchmark: large conventional units, small ones, unconventional coal, gas. A
firm is of one class. What the classes make and emit together is the economy's; within a class firms differ around its
mean, so that the mean stays whatever the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.agents.population import Population
from tanshi.agents.streams import Draws
from tanshi.market.orders import Floats, Ints

LEAST = 1e-9
"""Smallest part of its sector's emissions that an idle class keeps: it may come back."""


@dataclass(frozen=True)
class ClassAmounts:
    """What the classes of a sector make, emit and are given, in any unit; classes by size of their plant.

    Attributes
    ----------
    output, emissions, allowances : (classes,) float
    """

    output: Floats
    emissions: Floats
    allowances: Floats


def into_classes(population: Population, place: int, amounts: ClassAmounts, spread: Floats, draws: Draws) -> None:
    """Give every firm of a sector a class, the largest firms the first, and an intensity around its class's.

    Sizes within a class keep their proportions. With fewer firms than classes nothing is done: one firm cannot be of
    two.

    Parameters
    ----------
    place : int
        The sector.
    amounts
        Of its classes, the first the one with the largest plant.
    spread : (classes,) float
        Standard deviation of log emissions per output within a class.
    draws
        Of the population's first period.
    """
    here = np.flatnonzero(population.sector == place)
    kinds = len(amounts.output)
    if len(here) < kinds:
        return
    kind = _kinds(population.output_share[here], amounts.output)
    luck = draws.normal("intensity")[here, 0]
    q = population.output_share[here].copy()
    e = np.exp(spread[kind] * luck)
    for k in range(kinds):
        mine = kind == k
        q[mine] *= amounts.output[k] / amounts.output.sum() / q[mine].sum()
        e[mine] *= amounts.emissions[k] / amounts.output[k] * q[mine].sum() / float(q[mine] @ e[mine])
    population.kind[here] = kind
    population.output_share[here] = q
    population.intensity[here] = e * amounts.output.sum() / amounts.emissions.sum()
    emitted = population.normalised(population.output_share * population.intensity)
    population.share[here] = emitted[here]
    population.potential[here] = emitted[here]
    _benchmarks(population, here, amounts)


def follow(population: Population, place: int, amounts: ClassAmounts) -> None:
    """Let firms of a sector make, emit and be given what their classes now do; within a class proportions stay."""
    here = np.flatnonzero(population.sector == place)
    kind = population.kind[here]
    kinds = len(amounts.output)
    if kind.max(initial=0) != kinds - 1:
        return
    for values, wanted in (
        (population.output_share, amounts.output), (population.share, amounts.emissions),
    ):  # fmt: skip
        part = np.maximum(wanted / wanted.sum(), LEAST)
        times = part / np.bincount(kind, values[here], kinds)
        values[here] *= times[kind]
        values[here] /= values[here].sum()
        if values is population.share:
            population.potential[here] *= times[kind]
            population.potential[here] /= population.potential[here].sum()
    _benchmarks(population, here, amounts)


def _benchmarks(population: Population, here: Ints, amounts: ClassAmounts) -> None:
    """Each firm's allowances per output over its sector's."""
    if amounts.allowances.sum() <= 0.0:
        population.benchmark[here] = 1.0
        return
    made = np.maximum(amounts.output / amounts.output.sum(), LEAST)
    given = np.maximum(amounts.allowances / amounts.allowances.sum(), LEAST)
    population.benchmark[here] = (given / made)[population.kind[here]]


def _kinds(size: Floats, output: Floats) -> Ints:
    """Classes of firms: from the largest down, each class so many that their output is near its own; one at least."""
    order = np.argsort(-size, kind="stable")
    reached = np.cumsum(size[order]) / size.sum()
    edges = np.cumsum(output)[:-1] / output.sum()
    ends = np.searchsorted(reached, edges - 1e-12) + 1
    kinds, n = len(output), len(size)
    for k in range(kinds - 1):  # one firm at least for each class
        ends[k] = min(max(ends[k], (ends[k - 1] if k else 0) + 1), n - (kinds - 1 - k))
    kind = np.zeros(n, np.int64)
    kind[order] = np.searchsorted(ends, np.arange(n), side="right")
    return kind
