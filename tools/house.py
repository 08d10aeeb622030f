"""Keep rooms small: no file over 450 lines, no function over 80, but for those named here with a reason.

python tools/house.py
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOM = Path(__file__).resolve().parents[1]
FOLDERS = ("numerics", "scenarios", "market", "equilibrium", "agents", "simulator", "tanshi", "tools")
MOST_LINES, MOST_OF_A_FUNCTION = 450, 80
ROOT_FILES = {"simulator": 4, "simulator/run": 18, "simulator/studies": 12, "simulator/views": 12}
"""Most Python files at the root of these folders."""

EXCEPTIONS: dict[str, str] = {
    "market/matching.py:meet_all": "one compiled loop over a book; in pieces, inlined too, it takes 14 % longer",
}
"""File, or file and function, to the reason why it may be longer."""


def sizes() -> dict[str, tuple[int, int]]:
    """Files, and files and functions, that are too long: their lines, and how many they may have."""
    found: dict[str, tuple[int, int]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOM / folder).rglob("*.py")):
            name = path.relative_to(ROOM).as_posix()
            if folder == "tanshi" and name.count("/") > 1:
                continue  # links to the rooms
            text = path.read_text(encoding="utf-8")
            if (lines := len(text.splitlines())) > MOST_LINES:
                found[name] = (lines, MOST_LINES)
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > MOST_OF_A_FUNCTION:
                        found[f"{name}:{node.name}"] = (length, MOST_OF_A_FUNCTION)
    for folder, most in ROOT_FILES.items():
        files = len(list((ROOM / folder).glob("*.py")))
        if files > most:
            found[folder] = (files, most)
    return found


def main() -> int:
    """Print what is too long and has no reason, and reasons that are no longer needed; returns how many."""
    long = sizes()
    faults = [
        f"{name}: {is_} where {may} are allowed; divide it, or name it in tools/house.py with the reason"
        for name, (is_, may) in long.items()
        if name not in EXCEPTIONS
    ]
    faults += [
        f"{name}: no longer too long; take it off the list in tools/house.py" for name in EXCEPTIONS.keys() - long
    ]
    for fault in faults:
        print(fault)
    return len(faults)


if __name__ == "__main__":
    sys.exit(bool(main()))
