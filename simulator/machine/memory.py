"""Memory of a process that is ours: large arrays' is kept between uses, and cycles are looked for seldom.

The GNU C library hands a large array's memory back to the system when the array dies, and the next one is fetched page
by page, each page zeroed: for arrays of 100,000 numbers that takes as long as the arithmetic. A run makes the same
arrays over and over, so it keeps the memory instead. By itself the library soon learns to keep
what one run needs; Dask starts its workers with a setting that forbids it.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import lru_cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of options in malloc.h
_LARGEST = 1 << 30
SELDOM = 50_000
"""New objects after which Python looks for cycles among them, in place of 700."""


@lru_cache(maxsize=1)
def keep_memory() -> bool:
    """Ask the C library to keep freed memory, up to 1 GB; return whether it understood. Elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    kept = option(_TRIM_THRESHOLD, _LARGEST)
    return bool(option(_MMAP_THRESHOLD, 1 << 25) and kept)


def collect_seldom() -> None:
    """Let Python look for cycles of dead objects seldom, in a process that is ours.

    While a command imports and draws, nearly all that is new stays, and to look through it again and again takes a
    tenth of the command. A run leaves hardly a cycle behind: memory is the same after ten of them.
    """
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
