"""How this engine's loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """Compile a function of numbers and arrays at its first call, and keep the result on disk.

    Floating point follows IEEE 754 as NumPy's does: nothing is reordered, a division by zero is infinite.  The plain
    Python function stays as ``kernel.py_func``.
    """
    return cast(Kernel, numba.njit(cache=True, error_model="numpy")(kernel))
