"""What must hold between the drawn values of a sweep's parameters, such as ``price.floor <= price.ceiling``.

A constraint compares sums and products of parameters and numbers. It is read into a tree of these few kinds of node
and worked out on whole columns of drawn values; nothing of it is ever run as a program.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.errors import Message
from tanshi.scenarios.document import Document
from tanshi.scenarios.draws import Factor
from tanshi.scenarios.errors import did_you_mean
from tanshi.scenarios.factors import add_problem

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BETWEEN: dict[type[ast.cmpop], Any] = {ast.LtE: np.less_equal, ast.Lt: np.less, ast.GtE: np.greater_equal,
                                        ast.Gt: np.greater}  # fmt: skip
_OF_TWO: dict[type[ast.operator], Any] = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply,
                                          ast.Div: np.divide}  # fmt: skip


@dataclass(frozen=True)
class Constraint:
    """One condition on the drawn values.

    Parameters
    ----------
    text
        As in the sweep's file.
    parameters
        Those that it names.
    tree
        The comparison, with the parameters' numbers in `parameters` as names ``_0``, ``_1`` ...
    """

    text: str
    parameters: tuple[str, ...]
    tree: ast.Compare = field(compare=False, repr=False)

    def holds(self, drawn: Mapping[str, Array]) -> Mask:
        """Where it holds; a division by nothing holds nowhere.

        Parameters
        ----------
        drawn
            Parameter to its values, (points,).
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            sides = [self._value(side, drawn) for side in (self.tree.left, *self.tree.comparators)]
            met = np.ones(len(next(iter(drawn.values()))), dtype=bool)
            for sign, low, high in zip(self.tree.ops, sides, sides[1:], strict=False):
                met &= np.asarray(_BETWEEN[type(sign)](low, high), dtype=bool)
        return met

    def _value(self, node: ast.expr, drawn: Mapping[str, Array]) -> Any:
        match node:
            case ast.Constant(value=number):
                return number
            case ast.Name(id=name):
                return drawn[self.parameters[int(name[1:])]]
            case ast.UnaryOp(operand=inner):
                return -self._value(inner, drawn)
            case ast.BinOp(left=left, op=sign, right=right):
                return _OF_TWO[type(sign)](self._value(left, drawn), self._value(right, drawn))
        raise AssertionError(ast.dump(node))  # `read_constraint` lets nothing else through


def read_constraint(text: str, names: Sequence[str]) -> Constraint | None:
    """Read a constraint; None where it is none.

    Parameters
    ----------
    names
        Parameters of the sweep; they may hold dots and blanks.

    Examples
    --------
    >>> read_constraint("price.floor + 10 <= price.ceiling", ["price.floor", "price.ceiling"]).parameters
    ('price.floor', 'price.ceiling')
    >>> read_constraint("__import__('os')", ["price.floor"]) is None
    True
    """
    used: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[0] not in used:
            used.append(found[0])
        return f"_{used.index(found[0])}"

    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    if re.search(r"(?<![\w.])_\d", text):
        return None
    plain = re.sub(rf"(?<![\w.])(?:{longest_first})(?![\w.])", number, text) if names else text
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    known = {f"_{n}" for n in range(len(used))}
    if not isinstance(tree, ast.Compare) or not used or not all(type(sign) in _BETWEEN for sign in tree.ops):
        return None
    sides = (tree.left, *tree.comparators)
    return Constraint(text, tuple(used), tree) if all(_is_plain(side, known) for side in sides) else None


def _is_plain(node: ast.expr, known: set[str]) -> bool:
    match node:
        case ast.Constant(value=number):
            return isinstance(number, int | float) and not isinstance(number, bool)
        case ast.Name(id=name):
            return name in known
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _is_plain(inner, known)
        case ast.BinOp(left=left, op=sign, right=right):
            return type(sign) in _OF_TWO and _is_plain(left, known) and _is_plain(right, known)
    return False


def read_constraints(document: Document, texts: Sequence[str], factors: Sequence[Factor]) -> tuple[Constraint, ...]:
    """Read a sweep's constraints; what is wrong with them is noted in the document."""
    names = [factor.name for factor in factors]
    found: list[Constraint] = []
    for text in texts:
        constraint = read_constraint(text, names)
        if constraint is None:
            expected = Message("a comparison of parameters and numbers, such as '{example}'", example=_example(names))
            strange = [word for word in re.findall(r"[A-Za-z_][\w.]*", text) if word not in " ".join(names)]
            add_problem(document, ("constraints",), expected, repr(text), did_you_mean(strange[0], names) if strange
                        else "")  # fmt: skip
            continue
        words = [f.name for f in factors if f.name in constraint.parameters and not _is_number(f)]
        if words:
            expected = Message("parameters whose draws are numbers in '{text}'", text=text)
            add_problem(document, ("constraints",), expected, ", ".join(words))
            continue
        found.append(constraint)
    return tuple(found)


def _example(names: Sequence[str]) -> str:
    return f"{names[0]} <= {names[1]}" if len(names) > 1 else f"{names[0]} <= 0.1" if names else "a <= b"


def _is_number(factor: Factor) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in factor.ends())


def met(constraints: Sequence[Constraint], factors: Sequence[Factor], unit: Array) -> Mask:
    """Which points of the unit cube meet all constraints.

    Parameters
    ----------
    unit
        (points, parameters), in [0, 1].
    """
    allowed = np.ones(len(unit), dtype=bool)
    if not constraints or not len(unit):
        return allowed
    used = {name for constraint in constraints for name in constraint.parameters}
    drawn = {
        factor.name: np.array([float(factor.quantile(float(u))) for u in unit[:, n]])
        for n, factor in enumerate(factors)
        if factor.name in used
    }
    for constraint in constraints:
        allowed &= constraint.holds(drawn)
    return allowed
