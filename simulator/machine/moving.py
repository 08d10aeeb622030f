"""Files and folders put in their place: on Windows too, where whoever looks into them for a moment holds them.

A scanner of viruses or a search index opens what was just written; a move is refused as long as it does.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

HOLDS = os.name == "nt"
"""Whether this system refuses to move what is open somewhere."""
PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds to wait before each further try."""


def move(source: Path, target: Path) -> None:
    """Put a file or folder at its place; a file that is there is replaced.

    Raises
    ------
    OSError
        Where the system refuses; on Windows only when it still does after a second and a half.
    """
    for pause in PAUSES if HOLDS else ():
        try:
            os.replace(source, target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    os.replace(source, target)
