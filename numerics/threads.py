"""One thread per process for linear algebra: asked for by our commands and workers, held around our own computing.

Runs are many and small: they share the processors as processes. Threads inside them only wait for each other,
and change the order of summation, so that the same run need not give the same bytes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
LEFT_BEHIND = "KMP_DUPLICATE_LIB_OK"


def use_one_thread() -> None:
    """Ask the numerical libraries for one thread each; works only before NumPy or torch is imported."""
    for variable in VARIABLES:
        os.environ[variable] = "1"


_here = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the numerical libraries to one thread each, and give them back as they were.

    For our own computing in a process that is not ours, whose environment is nobody else's to change.  Inside another
    such block it does nothing.
    """
    if getattr(_here, "held", False):
        yield
        return
    _here.held = True
    try:
        with _libraries().limit(limits=1):
            yield
    finally:
        _here.held = False


def keep_one_thread() -> None:
    """Hold the numerical libraries of this process, which is ours, to one thread each, loaded or not yet."""
    use_one_thread()
    _libraries.cache_clear()
    _libraries().limit(limits=1)


@cache
def _libraries() -> Any:
    """NumPy's and SciPy's libraries, looked for once; threadpoolctl leaves a variable behind when it is imported."""
    before = os.environ.get(LEFT_BEHIND)
    import scipy.linalg  # noqa: F401  # so that its own library is among those found
    from threadpoolctl import ThreadpoolController

    if before is None:
        os.environ.pop(LEFT_BEHIND, None)
    return ThreadpoolController()
