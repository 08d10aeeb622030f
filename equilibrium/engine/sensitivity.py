"""Derivatives of an equilibrium by the implicit function theorem.

At a solution ``phi(x, theta) = 0``, so ``dx / dtheta = - phi_x^-1 phi_theta``.  ``phi_x`` is the exact Jacobian; the
derivative with respect to a parameter, of the equations and of a result alike, is a complex step through them, exact to
rounding.  Forward: one solve a parameter, any result.  Adjoint: one solve a result, any parameter.  Along: any
direction of all parameters at once, so that the change of one equilibrium can be carried into the next.

References
----------
Squire, W. and Trapp, G. (1998), Using complex variables to estimate derivatives of real functions, SIAM Review 40,
110-112.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tanshi.equilibrium.engine.admissible import NAMES, node_name
from tanshi.equilibrium.engine.diagnose import edges
from tanshi.equilibrium.engine.evaluate import Evaluator, Numbers, State
from tanshi.equilibrium.engine.model import ModelError
from tanshi.equilibrium.engine.names import UnknownNameError, nearest
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution, complementarity_slopes
from tanshi.equilibrium.engine.structure import GENERAL, Array, Parameters
from tanshi.errors import Message, row_of
from tanshi.numerics.given import is_whole

STEP = 1e-30

Result = Callable[[State], complex]
"""A number read off a state, written so that complex numbers pass through (sums, products, powers; no ``abs``)."""


@dataclass(frozen=True)
class Parameter:
    """One number of ``Parameters``: the array's name and the place in it.

    ``sigma`` of nests with elasticity 0 or 1 are exact branches and have no derivative here.
    """

    array: str
    index: int


def _refuse_kinks(solution: Solution) -> None:
    """Refuse derivatives where they are none.

    Raises
    ------
    EquilibriumError
        where unknowns can move by themselves, or where something is just about to run out or to begin.
    """
    c = solution.compiled
    if solution.undetermined:
        raise EquilibriumError(
            Message(
                "no derivative: this equilibrium is one of many, in which {unknowns} can move together",
                unknowns=row_of(solution.undetermined[:6]),
            )
        )
    edge = np.flatnonzero(edges(solution))
    if edge.size:
        raise EquilibriumError(
            Message(
                "no derivative: the {variable} stands at its bound and the {equation} holds as well, so that it "
                "differs from one side to the other; move a number a little",
                variable=c.variable_name(int(c.paired_var[edge[0]])),
                equation=c.equation_name(int(c.paired_row[edge[0]])),
            )
        )


def _refuse_unknown(solution: Solution, parameter: Parameter) -> None:
    """Refuse what is no number of the parameters, and what the formulas depend on by a branch.

    Raises
    ------
    ModelError
        naming it.
    """
    c, array, index = solution.compiled, parameter.array, parameter.index
    if array not in NAMES:
        raise UnknownNameError(
            "no array {array!r} of parameters: {nearest}", array=array, nearest=nearest(array, NAMES)
        )
    size = getattr(c.default, array).size
    if not is_whole(index) or index >= size:
        raise ModelError(
            "{array} has {size} numbers, counted from 0; there is no number {index!r}",
            array=array,
            size=size,
            index=index,
        )
    if array == "sigma" and c.branch[index] != GENERAL:
        raise ModelError(
            "the elasticity of {node} is {sigma:g}, where the formula is another: it has no derivative there",
            node=node_name(c, index),
            sigma=solution.parameters.sigma[index],
        )


def _perturbed(solution: Solution, parameter: Parameter, x: Numbers) -> State:
    """The state at ``x`` (complex) with an imaginary step in one parameter."""
    p = solution.parameters
    values = getattr(p, parameter.array).astype(complex)
    values[parameter.index] += 1j * STEP
    return Evaluator(solution.compiled, replace(p, **{parameter.array: values})).state(x)


def _equations(solution: Solution, parameter: Parameter) -> Array:
    """Derivative of the complementarity system with respect to a parameter."""
    c = solution.compiled
    state = _perturbed(solution, parameter, solution.x.astype(complex))
    change = state.residual.imag / STEP
    rows, _, of_equation = complementarity_slopes(solution)
    change[rows] *= of_equation
    if parameter.array in ("lower", "upper"):
        mine = rows[c.pair[rows] == parameter.index]
        change[mine] = _bound_slope(solution, parameter, mine)
    return np.asarray(change)


def _bound_slope(solution: Solution, parameter: Parameter, rows: Array) -> float:
    """Derivative of a complementarity row with respect to the bound that it holds its variable at."""
    p, i = solution.parameters, parameter.index
    if p.lower[i] == p.upper[i]:
        return -1.0
    at = solution.x[i]
    bound = getattr(p, parameter.array)[i]
    del rows
    return -1.0 if abs(at - bound) <= 1e-9 * max(1.0, abs(bound)) else 0.0


def forward(solution: Solution, parameter: Parameter) -> Array:
    """Change of all variables per unit of a parameter, shape ``(n,)``.

    Raises
    ------
    ModelError, UnknownNameError
        for what is no parameter, or an elasticity of 0 or 1.
    EquilibriumError
        where there is no derivative: one equilibrium of many, or a bound that just begins or ceases to hold.
    """
    _refuse_unknown(solution, parameter)
    _refuse_kinks(solution)
    return -solution.solver(_equations(solution, parameter))


def along(solution: Solution, directions: Sequence[Parameters]) -> list[State]:
    """The equilibrium moved an imaginary step in whole directions of its parameters.

    Parameters
    ----------
    directions
        The solution's own parameters, each with ``STEP`` times a direction as imaginary part; the bounds of
        variables stay real.

    Returns
    -------
    A state for each direction, whose imaginary parts over ``STEP`` are the derivatives of all that it holds.
    """
    solver = solution.solver
    rows, _, of_equation = complementarity_slopes(solution)
    moved = []
    for parameters in directions:
        evaluator = Evaluator(solution.compiled, parameters)
        change = evaluator.state(solution.x.astype(complex)).residual.imag / STEP
        change[rows] *= of_equation
        moved.append(evaluator.state(solution.x - 1j * STEP * solver(change)))
    return moved


def derivative(solution: Solution, result: Result, parameter: Parameter) -> float:
    """Total derivative of a result with respect to a parameter; raises as ``forward`` does."""
    x = solution.x + 1j * STEP * forward(solution, parameter)
    return float(np.imag(result(_perturbed(solution, parameter, x))) / STEP)


def gradient(solution: Solution, result: Result, parameters: Sequence[Parameter]) -> Array:
    """Total derivatives of one result with respect to many parameters, by the adjoint system.

    Returns
    -------
    shape ``(len(parameters),)``

    Raises
    ------
    ModelError, UnknownNameError, EquilibriumError
        as ``forward``.
    """
    for parameter in parameters:
        _refuse_unknown(solution, parameter)
    _refuse_kinks(solution)
    c = solution.compiled
    evaluator = solution.evaluator
    slope = np.empty(c.n)
    for i in range(c.n):
        x = solution.x.astype(complex)
        x[i] += 1j * STEP
        slope[i] = np.imag(result(evaluator.state(x))) / STEP
    adjoint = np.linalg.solve(solution.system_jacobian().T, slope)
    out = np.empty(len(parameters))
    for k, parameter in enumerate(parameters):
        direct = np.imag(result(_perturbed(solution, parameter, solution.x.astype(complex)))) / STEP
        out[k] = direct - adjoint @ _equations(solution, parameter)
    return out


def response_to_price_bound(solution: Solution, commodity: str) -> Array:
    """Derivative of all variables with respect to the price at which ``commodity`` is held.

    The price must be held by its bounds (lower = upper), as in an equilibrium at a given carbon price.

    Returns
    -------
    dx : shape ``(n,)``, change of every variable per unit of the price.

    Raises
    ------
    ValueError
        if the price is not held.
    """
    c, p = solution.compiled, solution.parameters
    variable = c.price_index[commodity]
    rows = np.flatnonzero(c.pair == variable)
    if rows.size != 1 or p.lower[variable] != p.upper[variable]:
        raise ValueError(f"the price of '{commodity}' is not held at one value")
    right = np.zeros(c.n)
    right[rows[0]] = 1.0
    return solution.solver(right)


def flow_response(solution: Solution, dx: Array) -> Array:
    """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
    return solution.evaluator.flow_change(solution.state, dx)
