"""What each field of a scenario means: the text under it in the source, read when somebody asks.

Pydantic would read it of every class as it is made (``use_attribute_docstrings``), a fifth of a second of every
command that opens a scenario, whether or not it tells anybody.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import lru_cache

from pydantic import BaseModel


def meaning(group: type[BaseModel], field: str) -> str:
    """The text under a field, or under the field of that name in the class that it was taken from.

    Examples
    --------
    >>> from tanshi.scenarios.schema import Years
    >>> meaning(Years, "start")
    "First year, the economy's benchmark."
    """
    for owner in group.__mro__:
        if field in (texts := _texts(owner.__module__).get(owner.__qualname__, {})):
            return texts[field]
    return ""


@lru_cache
def _texts(module: str) -> Mapping[str, Mapping[str, str]]:
    """Name of each class at the top of one of our modules -> its fields -> the text under each."""
    if not module.startswith("tanshi."):
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: _under_fields(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _under_fields(node: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in zip(node.body, node.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }
