"""Docstrings are read for the guide as they are meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("griffe")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import docstrings


@pytest.mark.parametrize(
    "told",
    [
        "float",
        "(firms,) int64 | None",
        "(n, k) float, t/yr",
        "tuple[str, ...]",
        "DataFrame",
        "np.ndarray",
        "int, optional",
    ],
)
def test_a_type_may_stand_behind_a_name(told: str) -> None:
    assert docstrings.TYPE.fullmatch(told)


@pytest.mark.parametrize(
    "told",
    [
        "sets coverage and the price of a year.",
        "yuan/t, the trial price of allowances",
        "in [0, 1].",
        "a factor; the first when empty",
    ],
)
def test_words_may_not(told: str) -> None:
    assert not docstrings.TYPE.fullmatch(told)


def test_griffe_reads_every_docstring() -> None:
    assert [*docstrings.faults()] == []
