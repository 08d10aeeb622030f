"""How a folder of results is called where nobody named one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def new_folder(parent: Path, name: str = "") -> Path:
    """A folder that is not there yet, called by the second (local time), and by a number where that is taken.

    Parameters
    ----------
    name
        What the folder's own name begins with.
    """
    now = datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    first = parent / (f"{name}-{now}" if name else now)
    found, number = first, 1
    while found.exists():
        number += 1
        found = first.with_name(f"{first.name}-{number}")
    return found
