"""Whether what a user gave for a number is one."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np


def is_number(given: object) -> TypeGuard[float]:
    """Whether something is one real number, of Python or NumPy; ``True`` and ``False`` are none.

    Examples
    --------
    >>> [is_number(x) for x in (1, 2.5, np.float32(1), float("nan"), True, "1", 1j, None)]
    [True, True, True, True, False, False, False, False]
    """
    return isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool)


def is_whole(given: object, least: int = 0) -> bool:
    """Whether something is a whole number, of at least so much.

    Examples
    --------
    >>> [is_whole(x) for x in (0, np.int64(3), -1, 2.0, True)]
    [True, True, False, False, False]
    """
    return isinstance(given, int | np.integer) and not isinstance(given, bool) and int(given) >= least
