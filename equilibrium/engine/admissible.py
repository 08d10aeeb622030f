"""Numbers that a compiled model can be solved with; anything else is refused by name before a solve."""

from __future__ import annotations

from dataclasses import fields, replace
from math import isfinite

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.layout import Short
from tanshi.equilibrium.engine.model import ModelError
from tanshi.equilibrium.engine.solution import Solution
from tanshi.equilibrium.engine.structure import COBB_DOUGLAS, GENERAL, LEONTIEF, Array, Parameters
from tanshi.errors import Message
from tanshi.numerics.compiled import compiled
from tanshi.numerics.given import is_number, is_whole

LARGEST = float(np.finfo(np.float64).max)
NAMES = tuple(field.name for field in fields(Parameters))
"""Of the arrays of parameters."""
UNKNOWNS = ("activities", "commodities", "consumers", "auxiliaries")
"""What two models with the same unknowns have alike."""


def numbers_of(c: Compiled, p: Parameters) -> Parameters:
    """The parameters as compiled loops read them: arrays of real numbers, each of the model's own shape.

    Raises
    ------
    ModelError
        naming the array that is none, or of another shape, or has no meaning in the model.
    """
    if not isinstance(p, Parameters):
        raise ModelError("parameters are {name}; a changed copy of compiled.default is expected", name=type(p).__name__)
    other = {}
    for name in NAMES:
        given, shape = getattr(p, name), getattr(c.default, name).shape
        if not _as_it_is(given, shape):
            other[name] = _reals(Message("{name} of the parameters", name=name), given, shape)
    p = replace(p, **other) if other else p
    check_parameters(c, p)
    return p


def point_of(c: Compiled, start: object) -> Array:
    """A start as an array of real numbers, one for each unknown; the benchmark where none is given.

    Raises
    ------
    ModelError
        for anything else.
    """
    if start is None:
        return c.start
    if isinstance(start, np.ndarray) and _as_it_is(start, c.start.shape):
        return start
    return _reals(Message("the start"), start, c.start.shape)


def check_search(c: Compiled, tolerance: object, iterations: object, near: Solution | None) -> None:
    """Refuse a tolerance or a number of steps without meaning, and a neighbour that is of another model.

    Raises
    ------
    ModelError
        naming what was given.
    """
    if not (is_number(tolerance) and isfinite(tolerance) and tolerance >= 0):
        raise ModelError("the tolerance is {tolerance!r}; a number >= 0 is expected", tolerance=tolerance)
    if not is_whole(iterations):
        raise ModelError(
            "the number of iterations is {iterations!r}; a whole number >= 0 is expected", iterations=iterations
        )
    if near is None or near.compiled is c:
        return
    if any(getattr(near.compiled, part) != getattr(c, part) for part in UNKNOWNS):
        raise ModelError("near is an equilibrium of another model; one of this compiled model is expected")


def check_share(smallest: object) -> None:
    """Refuse a smallest step that is no share of the way.

    Raises
    ------
    ModelError
        naming it.
    """
    if not (is_number(smallest) and 0 < smallest <= 1):
        raise ModelError("the smallest step is {smallest!r}; a share above 0 is expected", smallest=smallest)


def _as_it_is(given: object, shape: tuple[int, ...]) -> bool:
    return (
        isinstance(given, np.ndarray)
        and given.dtype == np.float64
        and given.shape == shape
        and given.flags.c_contiguous
    )


def _reals(what: str, given: object, shape: tuple[int, ...]) -> Array:
    try:
        values = np.asarray(given)
    except ValueError:  # of rows that differ in length
        values = np.asarray(None)
    if values.dtype.kind not in "iuf":
        raise ModelError("{what} is not made of real numbers", what=what)
    if values.shape != shape:
        raise ModelError(
            "{what} has shape {found}; the model's is {expected}", what=what, found=values.shape, expected=shape
        )
    return np.ascontiguousarray(values, dtype=np.float64)


def check_parameters(c: Compiled, p: Parameters) -> None:
    """Refuse parameters that have no meaning in the model.

    Raises
    ------
    ModelError
        naming the account, leaf, nest or variable and the number.
    """
    signed, branch = p.sigma * c.node_sign, c.layout.trees.branch
    leaves = p.quantity, p.reference, p.alpha, p.beta
    others = p.tax_rate, p.endowment, p.income_share, p.coefficient
    if _sound(leaves, p.sigma, signed, p.augment, branch, p.lower, p.upper, others):
        return
    for name in ("quantity", "reference", "alpha", "beta"):
        values = getattr(p, name)
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if bad.size:
            raise ModelError(
                "{name} of {leaf} is {values:g}; it must be finite and >= 0",
                name=name,
                leaf=_leaf(c, bad[0]),
                values=values[bad[0]],
            )
    for name in ("sigma", "augment"):
        values = getattr(p, name)
        bad = np.flatnonzero(~np.isfinite(values) | (values <= 0 if name == "augment" else values < 0))
        if bad.size:
            must = Message("positive") if name == "augment" else Message("finite and >= 0")
            raise ModelError(
                "{name} of {node} is {values:g}; it must be {must}",
                name=name,
                node=node_name(c, bad[0]),
                values=values[bad[0]],
                must=must,
            )
    moved = np.flatnonzero(np.where(signed == 0, 0, np.where(signed == 1, 1, 2)) != c.branch)
    if moved.size:
        raise ModelError(
            "the elasticity of {node} moved to or from 0 or 1, where the formula is another: compile "
            "the model with the new elasticity",
            node=node_name(c, moved[0]),
        )
    bad = np.flatnonzero(~np.isfinite(p.tax_rate))
    if bad.size:
        raise ModelError(
            "a tax rate of {leaf} is {tax_rate:g}", leaf=_leaf(c, c.tax_leaf[bad[0]]), tax_rate=p.tax_rate[bad[0]]
        )
    bad = np.flatnonzero(~np.isfinite(p.endowment))
    if bad.size:
        owner = f"'{c.consumers[int(c.endow_owner[bad[0]]) - c.income_slice.start]}'"
        good = f"'{c.commodities[int(c.endow_price_var[bad[0]]) - c.price_slice.start]}'"
        raise ModelError(
            "the endowment of {good} of consumer {owner} is {endowment:g}",
            good=good,
            owner=owner,
            endowment=p.endowment[bad[0]],
        )
    bad = np.flatnonzero(~np.isfinite(p.income_share))
    if bad.size:
        raise ModelError(
            "an income share of {variable_name} is not finite",
            variable_name=c.variable_name(int(c.share_payer[bad[0]])),
        )
    bad = np.flatnonzero(~np.isfinite(p.coefficient))
    if bad.size:
        equation = c.equation_name(int(c.term_row[bad[0]]))
        raise ModelError(
            "a coefficient of the {equation} is {coefficient:g}", equation=equation, coefficient=p.coefficient[bad[0]]
        )
    bad = np.flatnonzero(~(p.lower <= p.upper))
    if bad.size:
        where = c.variable_name(int(bad[0]))
        raise ModelError(
            "the {where} has lower bound {lower:g} above upper bound {upper:g}",
            where=where,
            lower=p.lower[bad[0]],
            upper=p.upper[bad[0]],
        )


@compiled
def _sound(
    leaves: tuple[Array, ...],
    sigma: Array,
    signed: Array,
    augment: Array,
    branch: Short,
    lower: Array,
    upper: Array,
    others: tuple[Array, ...],
) -> bool:
    """Whether leaves, nests and bounds are as they must be; what is wrong is left to say to the checks one by one."""
    faults = 0
    for values in leaves:
        for value in values:
            faults += (value < 0.0) | (value > LARGEST) | (value != value)
    sound = faults == 0
    for i in range(sigma.size):
        formula = LEONTIEF if signed[i] == 0.0 else COBB_DOUGLAS if signed[i] == 1.0 else GENERAL
        if not (sigma[i] >= 0.0 and isfinite(sigma[i]) and formula == branch[i]):
            return False
        if not (isfinite(augment[i]) and augment[i] > 0.0):
            return False
    for i in range(lower.size):
        sound &= lower[i] <= upper[i]
    for values in others:
        for k in range(values.size):
            sound &= isfinite(values[k])
    return sound


def _leaf(c: Compiled, number: int) -> str:
    owner, side, address = next(key for key, at in c.leaf_at.items() if at == number)
    return Message("'{address}' in the {side} of '{owner}'", address=address, side=side, owner=owner)


def node_name(c: Compiled, number: int) -> str:
    """A nest in words: its name, and whose it is."""
    tree = int(np.searchsorted(c.tree_root, number, side="right")) - 1
    side = c.tree_side[tree]
    owner = (c.consumers if side == "demand" else c.activities)[c.tree_owner[tree]]
    name = next((n for (_, _, n), at in c.node_at.items() if at == number), "")
    return Message("nest '{name}' in the {side} of '{owner}'", name=name, side=side, owner=owner)
