"""A claim on the paths of one equilibrium a year as margins: numbers that are all positive where it holds.

The rules of claims (`huo_numbers`, `huo_orders`) give verdicts; these say by how much a claim holds or fails, smoothly,
so that a search can follow them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.runs import VARIABLES
from tanshi.simulator.studies.tangent import Series

Array = NDArray[np.float64]
Paths = Mapping[str, Series]
"""Scenario -> variable -> year -> value."""
Margins = Callable[[Paths], Array]
"""Numbers of the paths that are positive, all of them, where a claim holds."""


def margin_of(claim: Claim) -> Margins | None:
    """The margins of a claim; None for claims that are no such numbers."""
    kinds: Mapping[str, Callable[[Claim], Margins]] = {
        "level": _level, "change": _change, "peak_year": _peak_year, "peak_level": _peak_level,
        "peak_ratio": _peak_ratio, "falls": _falls, "rises": _rises, "earlier_peak": _earlier_peak,
    }  # fmt: skip
    make = kinds.get(claim.rule)
    return None if make is None else make(claim)


def _read(claim: Claim, paths: Paths, scenario: str) -> tuple[list[int], Array]:
    over, _, under = claim.get("variable").partition("/")
    own = paths[scenario][VARIABLES[over]]
    years = sorted(own)
    values = np.array([own[y] for y in years])
    if under:
        other = paths[scenario][VARIABLES[under]]
        values = values / np.array([other[y] for y in years])
    return years, values


def _within(ours: float, claim: Claim) -> Array:
    off, within = ours / claim.value - 1.0, claim.number("within")
    return np.array([within - off, within + off])


def _level(claim: Claim) -> Margins:
    def margin(paths: Paths) -> Array:
        years, values = _read(claim, paths, claim.get("scenario"))
        return _within(claim.number("scale", 1.0) * float(values[years.index(claim.year("year"))]), claim)

    return margin


def _change(claim: Claim) -> Margins:
    def margin(paths: Paths) -> Array:
        years, values = _read(claim, paths, claim.get("scenario"))
        ours = 100.0 * float(values[years.index(claim.year("to"))] / values[years.index(claim.year("from"))] - 1.0)
        return np.array([(ours - claim.value) / 100.0]) if claim.get("least") == "yes" else _within(ours, claim)

    return margin


def _peak_year(claim: Claim) -> Margins:
    def margin(paths: Paths) -> Array:
        years, values = _read(claim, paths, claim.get("scenario"))
        top = years.index(round(claim.value))
        return np.asarray(values[top] / np.delete(values, top) - 1.0)

    return margin


def _peak_level(claim: Claim) -> Margins:
    def margin(paths: Paths) -> Array:
        _, values = _read(claim, paths, claim.get("scenario"))
        return _within(claim.number("scale", 1.0) * float(values.max()), claim)

    return margin


def _peak_ratio(claim: Claim) -> Margins:
    def margin(paths: Paths) -> Array:
        own, other = (_read(claim, paths, claim.get(name))[1] for name in ("scenario", "to"))
        return _within(float(own.max() / other[-1]), claim)

    return margin


def _monotone(claim: Claim, sign: float) -> Margins:
    def margin(paths: Paths) -> Array:
        steps = []
        for name in claim.words("scenarios"):
            if name in paths:
                years, values = _read(claim, paths, name)
                span = values[years.index(claim.year("from")) : years.index(claim.year("to")) + 1]
                steps.append(sign * (span[1:] / span[:-1] - 1.0))
        return np.concatenate(steps)

    return margin


def _falls(claim: Claim) -> Margins:
    return _monotone(claim, -1.0)


def _rises(claim: Claim) -> Margins:
    return _monotone(claim, 1.0)


def _earlier_peak(claim: Claim) -> Margins:
    """S5 highest before its last year while the other is highest in its last: the way a peak comes earlier here."""

    def margin(paths: Paths) -> Array:
        own, other = (_read(claim, paths, claim.get(name))[1] for name in ("scenario", "than"))
        return np.append(other[-1] / other[:-1] - 1.0, own[:-1].max() / own[-1] - 1.0)

    return margin
