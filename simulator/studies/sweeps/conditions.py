"""An outcome to be explained, or a target to be met: comparisons of outputs, joined by ``and`` and ``or``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """One output against one number."""

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


@dataclass(frozen=True)
class Condition:
    """Comparisons of which all in one of the sets must hold, such as ``price > 150 and gdp < 3000 or volume < 1``."""

    sets: tuple[tuple[Comparison, ...], ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that it names."""
        return tuple(dict.fromkeys(one.output for together in self.sets for one in together))

    def __call__(self, values: Mapping[str, Array]) -> Mask:
        """Where it holds; ``values`` are (points,) by output."""
        met = [np.all([one(values[one.output]) for one in together], axis=0) for together in self.sets]
        return np.asarray(np.any(met, axis=0), dtype=np.bool_)

    def __str__(self) -> str:
        return " or ".join(" and ".join(map(str, together)) for together in self.sets)


def parse_condition(text: str, outputs: Sequence[str], option: str = "--where") -> Condition:
    """Read a condition such as ``price > 150 and gdp < 3000``.

    Parameters
    ----------
    option
        Where it was given, for the message.

    Raises
    ------
    UserError
        Where it is none, or its output is not one of the sweep's.
    """
    sets = [re.split(r"\s+and\s+", part) for part in re.split(r"\s+or\s+", text.strip())]
    return Condition(tuple(tuple(_comparison(one, outputs, option) for one in together) for together in sets))


def _comparison(text: str, outputs: Sequence[str], option: str) -> Comparison:
    found = re.fullmatch(r"\s*(\S+?)\s*(>=|<=|>|<)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*", text)
    try:
        limit = float(found[3]) if found else None
    except ValueError:
        limit = None
    if found is None or limit is None:
        problem = Problem("an output, a sign and a number, such as 'price > 150'", repr(text), option)
        raise UserError("The outcome cannot be read.", [problem])
    if found[1] not in outputs:
        hint = did_you_mean(found[1], list(outputs))
        problem = Problem(
            Message("one of the outputs {outputs}", outputs=", ".join(outputs)), repr(found[1]), option, hint=hint
        )
        raise UserError("There is no such output.", [problem])
    return Comparison(found[1], found[2][0] == ">", len(found[2]) == 1, limit)
