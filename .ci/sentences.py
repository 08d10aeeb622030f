"""Sentences of the source that no list of translations holds: they would be said in English whatever is spoken.

    python .ci/sentences.py

A text is left alone where a catalogue holds it, where it documents code, and where it is a key, a query or a name.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.messages import family, name_of, sources

ROOMS = (
    "agents/", "scenarios/", "simulator/cli/", "simulator/machine/", "simulator/own_region/", "simulator/run/",
    "simulator/studies/", "simulator/views/",
)  # fmt: skip
"""What a user runs, reads and looks at."""
LEFT = {
    "agents/firm.py": "documentation of fields",
    "agents/sinks/survey.py": "names of random streams",
    "scenarios/national/units.py": "patterns",
    "scenarios/national/year.py": "patterns",
    "scenarios/prices/rows.py": "patterns",
    "simulator/machine/places.py": "a defect of the installation",
    "simulator/machine/marks.py": "what workers of a cluster say, in their own language",
    "simulator/own_region/carried.py": "sources as they are stored",
    "simulator/own_region/derived.py": "sources as they are stored",
    "simulator/own_region/tables.py": "sources as they are stored",
    "simulator/run/ground/economy.py": "documentation of a table",
    "simulator/studies/agents_add.py": "a page of the guide",
    "simulator/studies/batches/compact.py": "queries",
    "simulator/studies/batches/execute.py": "reasons of failed runs, which are stored",
    "simulator/studies/learning": "scenarios and methods as they are stored",
    "simulator/studies/query.py": "queries",
    "simulator/studies/regimes.py": "a table of the guide",
    "simulator/studies/reproduction": "claims and the reasons of verdicts, which are quoted in English",
    "simulator/studies/sweeps/outcomes.py": "queries",
    "simulator/studies/tables": "a page of the guide",
    "simulator/studies/validation": "a page of the guide",
    "simulator/studies/welfare/abatement_cost.py": "a table of the guide",
    "simulator/views/charts/trees.py": "figures of the guide",
    "simulator/views/dashboard/tables.py": "queries",
    "simulator/views/reports/exports.py": "documentation of a stored data set",
    "simulator/views/reproduction/files.py": "a page of the guide",
}
"""Files, or folders of them, whose texts are no words for users, and what they are."""
STORED = {
    "{}, or one by year", "{} when the economy was made; name its source here", "Value of covered emissions",
    "a page of the dashboard failed", "above the price ceiling", "below the price floor",
    "in proportion, times one factor that meets --co2", "in proportion, times one factor that meets --energy",
    "more than it receives", "prices beyond the border", "published ranges and made-up survey",
    "taken over from {}, not fitted to this region; there: {}", "taxes and prices at home", "the year of the accounts",
    "times generation over its estimate; money stays", "# Found by calibrating to {}; targets {}.",
}  # fmt: skip
"""Texts that are stored, logged or looked up, and never said as they are."""
SPEAKS = {"say", "mark", "translate", "Message", "Problem", "Fault", "command", "Option", "Argument"}
WORDS = 3
"""Words in a row from which on a text is a sentence."""


def unlisted(listed: Collection[str]) -> Iterator[tuple[str, int, str]]:
    """Sentences that are not among those listed: file, line and text."""
    trees = sources()
    calls = SPEAKS | set(family(trees))
    for file, tree in trees.items():
        if file.startswith(ROOMS) and not any(file.startswith(known) for known in LEFT):
            yield from (
                (file, line, text) for line, text in _texts(tree, calls) if text not in listed and text not in STORED
            )


def _texts(node: ast.AST, calls: Collection[str]) -> Iterator[tuple[int, str]]:
    """Sentences below a node that nobody says."""
    spared: set[ast.stmt] = set()
    match node:
        case ast.Module() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            spared = {n for n in node.body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
        case (
            ast.Assert()
            | ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError" | "RuntimeError" | "ModuleNotFoundError")))
        ):
            return  # a defect of the program
        case ast.Call() if name_of(node) in calls:
            return
        case ast.JoinedStr(values=parts):
            text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)  # type: ignore[misc]
            if _sentence(text):
                yield node.lineno, text
            return
        case ast.Constant(value=str(text)) if _sentence(text):
            yield node.lineno, text
            return
    for child in ast.iter_child_nodes(node):
        if child not in spared:
            yield from _texts(child, calls)


def _sentence(text: str) -> bool:
    bare = re.sub(r"\{[^{}]*\}", "#", text)
    if "(?" in text:  # a pattern
        return False
    if text.lstrip().startswith(("tanshi ", "<")) or re.search(r"[{}]|px;|var\(", bare):
        return False
    return re.search(rf"(?:\b[A-Za-z]+['’]?[a-z]*[,:]? ){{{WORDS}}}[a-z]", bare) is not None


def main() -> int:
    """Print the sentences; returns how many."""
    from catalogue import said

    found = list(unlisted({template for template, _ in said()}))
    for file, line, text in found:
        print(f"{file}:{line}: {text!r}")
    return len(found)


if __name__ == "__main__":
    sys.exit(bool(main()))
