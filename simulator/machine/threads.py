"""One thread per process for linear algebra.

Runs are many and small: they share the processors as processes. Threads inside them only wait for each other,
and change the order of summation, so that the same run need not give the same bytes.
"""

from __future__ import annotations

import os

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def use_one_thread() -> None:
    """Ask the numerical libraries for one thread each; works only before NumPy or torch is imported."""
    for variable in VARIABLES:
        os.environ[variable] = "1"
