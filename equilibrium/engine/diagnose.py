"""Why there is no equilibrium, or why what was found is none: in words, with the account that is to blame."""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.complementarity import Conditions, fischer_burmeister
from tanshi.equilibrium.engine.evaluate import Evaluator, State
from tanshi.equilibrium.engine.solution import EquilibriumError, Solution, conditions, system
from tanshi.equilibrium.engine.structure import Array, Index, Mask
from tanshi.errors import Message

GONE = 1e-5  # of its benchmark: an activity that has been driven out
BROKE = 1e-9  # of benchmark income that may be missing
LEAK = 1e-7  # of the largest income: value that nobody pays or receives
FLAT = 1e-11  # of the largest change of equations that a change of unknowns may bring and still count as none
EDGE = 1e-9  # of their sizes: a variable at its bound whose equation holds as well
STILL = 1e-6  # of its size in the benchmark: an unknown that is as good as nothing
MOVES = 1e-3  # of the largest component: unknowns that take part


def failure(evaluator: Evaluator, state: State, phi: Array, steps: int, tolerance: float) -> EquilibriumError:
    """The error that says how far Newton came and what most likely stands in the way."""
    c = evaluator.c
    head = Message("no equilibrium found after {steps} Newton steps: ", steps=steps)
    broken = np.flatnonzero(~np.isfinite(phi))
    if broken.size:
        strange = np.flatnonzero(~np.isfinite(state.x))
        cause: str = ""
        if strange.size:
            at = int(strange[0])
            cause = Message("the {name} is {value}; ", name=c.variable_name(at), value=state.x[at])
        name = c.equation_name(int(broken[0]))
        return EquilibriumError(
            Message("{head}{cause}worst is the {name}, which has no finite value", head=head, cause=cause, name=name),
            name,
            np.inf,
        )
    hint = _hint(evaluator, state) if steps else ""
    if float(np.abs(phi).max()) <= tolerance:  # where prices explode, small gaps elsewhere add up to a large one here
        name = c.equation_name(c.numeraire_row)
        if isinstance(name, Message):
            plain = name.template.replace("numeraire price", "market").replace("numeraire income", "income")
            name = Message(plain, **name.fields)
        gap = float(abs(state.imbalance))
        unpaid = leak(evaluator, state)
        cause = unpaid or Message(
            "all other equations hold, but the {name} is out of balance by {gap:.3g}{hint}",
            name=name,
            gap=gap,
            hint=hint,
        )
        return EquilibriumError(Message("{head}{cause}", head=head, cause=cause), name, gap, final=bool(unpaid))
    worst = int(np.argmax(np.abs(phi)))
    name = c.equation_name(worst)
    return EquilibriumError(
        Message(
            "{head}worst is the {name} with relative residual {phi:.3g} (tolerance {tolerance:g}){hint}",
            head=head,
            name=name,
            phi=phi[worst],
            tolerance=tolerance,
            hint=hint,
        ),
        name,
        float(abs(phi[worst])),
    )


def leak(evaluator: Evaluator, state: State) -> str:
    """Value that a bound leaves without payer or receiver, in words; nothing where there is none.

    A price held above what clears its market pays the owners for what nobody buys; a level held away from zero profit
    earns what nobody is paid. Walras' law then cannot hold.
    """
    c = evaluator.c
    own = np.flatnonzero(c.pair == np.arange(c.n))
    own = own[own < c.price_slice.stop]
    if not own.size:
        return ""
    value = state.x[own] * state.residual[own] * c.scale[own]
    largest = float(np.abs(state.x[c.income_slice]).max())
    worst = int(np.argmax(np.abs(value)))
    if not abs(value[worst]) > LEAK * max(largest, 1e-300):
        return ""
    row = int(own[worst])
    held, worth = c.variable_name(row), float(abs(value[worst]))
    if row < c.level_slice.stop:
        return Message(
            "the {held} is held at its bound {bound:.6g}, which leaves a {word} of {worth:.6g} that nobody owns. Give "
            "the activity a capacity with an owner (with_capacity)",
            held=held,
            bound=state.x[row],
            word=Message("profit") if value[worst] < 0 else Message("loss"),
            worth=worth,
        )
    return Message(
        "the {held} is held at its bound {bound:.6g}, at which its owners are paid {word} (worth {worth:.6g}). Ration "
        "it: an Auxiliary with pairs_price='{name}' that multiplies the endowments of '{name}'",
        held=held,
        bound=state.x[row],
        word=Message("for what nobody buys") if value[worst] > 0 else Message("less than what is bought"),
        worth=worth,
        name=c.commodities[row - c.price_slice.start],
    )


def _hint(evaluator: Evaluator, state: State) -> str:
    """Words on what has been driven to nothing or into debt where the search ended."""
    c = evaluator.c
    poor = broke(c, state)
    if poor:
        return Message("; where the search ended {poor}", poor=poor)
    level = state.x[c.level_slice]
    gone = np.flatnonzero((level < GONE * c.start[c.level_slice]) & ~c.bounded[c.level_slice])
    if gone.size:
        names = ", ".join(f"'{c.activities[i]}'" for i in gone[:4])
        return Message("; {names} was driven out: let it shut down with complementary=True", names=names)
    return ""


def broke(c: Compiled, state: State) -> str:
    """Consumers who have less than nothing to spend, in words; nothing where there are none."""
    income = state.x[c.income_slice]
    if (income >= 0.0).all():
        return ""
    poor = np.flatnonzero(income < -BROKE * np.maximum(np.abs(c.scale[c.income_slice]), np.abs(income).max() * 1e-3))
    if not poor.size:
        return ""
    first = int(poor[0])
    owed = next(h for h in c.model.consumers if h.name == c.consumers[first]).subsistence
    told = "consumer '{name}' has {income:.6g} to spend: less than nothing"
    if owed:
        told = "consumer '{name}' has {income:.6g} to spend after its subsistence: less than nothing"
    return Message(told, name=c.consumers[first], income=income[first])


def edges(solution: Solution) -> Mask:
    """Which of the paired variables stand at a bound although their equation holds as well."""
    c, p = solution.compiled, solution.parameters
    holds = np.abs(solution.state.residual[c.paired_row]) < EDGE
    if not holds.any():
        return holds
    x, lower, upper = solution.x[c.paired_var], p.lower[c.paired_var], p.upper[c.paired_var]
    return np.asarray((np.minimum(np.abs(x - lower), np.abs(x - upper)) < EDGE) & holds & (lower < upper))


def on_the_edge(solution: Solution) -> Conditions | None:
    """The system where what is at a bound although its equation holds may leave it; None without such a pair."""
    edge = edges(solution)
    if not edge.any():
        return None
    at = conditions(solution.evaluator, solution.state, fischer_burmeister)
    return at._replace(of_variable=np.where(edge, 0.0, at.of_variable), of_equation=np.where(edge, 1.0, at.of_equation))


def undetermined(solution: Solution, at: Conditions | None = None) -> tuple[str, ...]:
    """Unknowns that can move together without any equation noticing; empty where the equilibrium is locally unique."""
    c = solution.compiled
    at = conditions(solution.evaluator, solution.state, fischer_burmeister) if at is None else at
    data = system(solution.evaluator, solution.state, at)
    if not np.isfinite(data).all():
        return ()
    unit = np.maximum(np.abs(solution.x), STILL * np.where(c.start != 0, np.abs(c.start), 1.0))
    direction = _flattest(c, data * unit[c.structure_col], c.structure_row, c.structure_col)
    if direction is None:
        return ()
    moving = np.flatnonzero(np.abs(direction) > MOVES * np.abs(direction).max())
    return tuple(c.variable_name(int(i)) for i in moving)


def _flattest(c: Compiled, data: Array, row: Index, col: Index) -> Array | None:
    """Direction in which the system does not change, found by its singular values; None where there is none."""
    size = np.zeros(c.n)
    np.maximum.at(size, row, np.abs(data))
    matrix = np.zeros((c.n, c.n))
    matrix[row, col] = data / np.where(size > 0, size, 1.0)[row]
    _, values, right = np.linalg.svd(matrix)
    return np.asarray(right[-1]) if values[-1] <= FLAT * values[0] else None
