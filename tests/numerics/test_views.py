"""Many arrays in a few: what goes in comes out, in plain and in compiled code, and nothing that would wrap goes in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from tanshi.numerics.compiled import compiled
from tanshi.numerics.views import narrowed, packed, unpacked


class Mixed(NamedTuple):
    places: NDArray[np.uint32]
    none: NDArray[np.uint32]
    size: int
    marks: NDArray[np.int32]
    weights: NDArray[np.float64]
    factor: float


KINDS = ("uint32", "int32", "float64")
MIXED = Mixed(
    np.array([3, 1, 2], np.uint32), np.empty(0, np.uint32), 7, np.array([-1, 4], np.int32), np.array([0.5, -2.0]), 3.5
)


@compiled
def _read(wholes: Any, table: Any) -> tuple[float, int]:
    m = unpacked(Mixed, wholes, table, 0)
    total = m.factor
    for k in range(m.weights.size):
        total += m.weights[k] * m.marks[k]
    for place in m.none:
        total += place * 1e6
    return total, m.size + m.places.sum() + m.none.size


def test_what_is_packed_is_read_again_in_plain_and_in_compiled_code() -> None:
    wholes, rows = packed([MIXED], KINDS)
    table = np.array(rows)
    for mine, theirs in zip(unpacked(Mixed, wholes, table, 0), MIXED, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    # 3.5 + 0.5 x -1 + -2 x 4, and 7 + 3 + 1 + 2 + 0
    assert _read(wholes, table) == (-5.0, 13)


def test_a_whole_is_written_through_its_parts() -> None:
    wholes, rows = packed([MIXED], KINDS)
    unpacked(Mixed, wholes, np.array(rows), 0).weights[:] = 9.0
    assert wholes[2].tolist() == [9.0, 9.0, 3.5]


@pytest.mark.parametrize("bad", [[-1], [2**32], [1.5], [float("nan")]])
def test_an_address_that_would_wrap_is_refused(bad: list[float]) -> None:
    with pytest.raises(OverflowError, match="do not all fit into uint32"):
        narrowed(bad, "uint32")
    with pytest.raises(OverflowError, match="do not all fit into uint32"):
        packed([MIXED._replace(places=np.array(bad))], KINDS)  # type: ignore[arg-type]


def test_an_array_with_gaps_is_no_whole_of_compiled_views() -> None:
    wholes, rows = packed([MIXED], KINDS)
    gaps = np.repeat(wholes[2], 2)[::2]
    with pytest.raises(numba.TypingError):
        _read((wholes[0], wholes[1], gaps), np.array(rows))
