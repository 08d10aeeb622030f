"""A change of a compiled model's numbers by name: endowments, taxes, elasticities, efficiencies, bounds."""

from __future__ import annotations

from math import inf, isfinite, isnan

import numpy as np

from tanshi.equilibrium.engine.compile import compile_model
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.homotopy import solve_by_steps
from tanshi.equilibrium.engine.model import Model, ModelError
from tanshi.equilibrium.engine.names import UnknownNameError, nearest
from tanshi.equilibrium.engine.solution import Solution
from tanshi.equilibrium.engine.structure import Array, Parameters
from tanshi.errors import Message, both
from tanshi.numerics.given import is_number


class Counterfactual:
    """Numbers of a model, changed one by one by name, and the equilibrium that they give.

    The model's own numbers stay as they are. Calls can be chained.

    Parameters
    ----------
    model
        The model, or its compiled form, which many counterfactuals may share.
    like
        A counterfactual to begin from, rather than the benchmark.

    Examples
    --------
    >>> from tanshi.equilibrium import Activity, Consumer, Counterfactual, Endowment, Leaf, Model, Nest, Tax
    >>> taxed = Leaf("PX", 100, taxes=(Tax(0.0, "RA"),))
    >>> model = Model(
    ...     activities=(
    ...         Activity("X", taxed, Nest(1, (Leaf("PL", 50), Leaf("PK", 50)))),
    ...         Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30)))),
    ...     ),
    ...     consumers=(
    ...         Consumer(
    ...             "RA",
    ...             Nest(1, (Leaf("PX", 100), Leaf("PY", 50))),
    ...             (Endowment("PL", 70), Endowment("PK", 80)),
    ...         ),
    ...     ),
    ...     numeraire="PL",
    ... )
    >>> s = Counterfactual(model).endow("RA", "PL", 77).tax("X", "PX", 0.1).solve()
    >>> round(s.price["PX"], 6)
    1.170932
    """

    def __init__(self, model: Model | Compiled, like: Counterfactual | None = None) -> None:
        self.compiled = model if isinstance(model, Compiled) else compile_model(model)
        start = self.compiled.default if like is None else like.parameters
        self.parameters: Parameters = start.copy()

    def endow(self, consumer: str, commodity: str, quantity: float, multiplier: str = "") -> Counterfactual:
        """Let a consumer own ``quantity`` of a commodity (of the endowment scaled by ``multiplier``, where named)."""
        at = self.compiled.endow_at
        if not multiplier and (consumer, commodity, "") not in at:
            found = [key for key in at if key[:2] == (consumer, commodity)]
            multiplier = found[0][2] if len(found) == 1 else ""
        self.parameters.endowment[at[consumer, commodity, multiplier]] = _number(Message("an endowment"), quantity)
        return self

    def tax(
        self, owner: str, leaf: str, rate: float, *, side: str | None = None, receiver: str | None = None
    ) -> Counterfactual:
        """Set the rate of the tax on a leaf; ``receiver`` tells taxes on one leaf apart.

        Raises
        ------
        ModelError
            where the leaf has no such tax (write one of rate 0 into the model), or several and no receiver is named.
        """
        c = self.compiled
        number = c.leaf(owner, leaf, side)
        taxes = c.leaves[number].taxes
        first = int(np.searchsorted(c.tax_leaf, number))
        mine = [first + k for k, tax in enumerate(taxes) if receiver is None or tax.receiver == receiver]
        if len(mine) != 1:
            if not taxes:
                told = "'{leaf}' of '{owner}' has no tax; write one of rate 0 into the model"
                raise ModelError(told, leaf=leaf, owner=owner)
            raise ModelError(
                "the tax on '{leaf}' of '{owner}' is not one: there are taxes paid to {receivers}",
                leaf=leaf,
                owner=owner,
                receivers=", ".join(f"'{tax.receiver}'" for tax in taxes),
            )
        self.parameters.tax_rate[mine[0]] = _number(Message("a tax rate"), rate)
        return self

    def sigma(self, owner: str, nest: str, value: float, side: str = "inputs") -> Counterfactual:
        """Set the elasticity of a named nest: of substitution, or of transformation in an output."""
        self.parameters.sigma[self.compiled.node_at[owner, side, nest]] = _number(Message("an elasticity"), value)
        return self

    def efficiency(self, owner: str, nest: str, value: float, side: str = "inputs") -> Counterfactual:
        """Set the efficiency of a named nest relative to the benchmark."""
        self.parameters.augment[self.compiled.node_at[owner, side, nest]] = _number(Message("an efficiency"), value)
        return self

    def quantity(self, owner: str, leaf: str, value: float, side: str | None = None) -> Counterfactual:
        """Set the benchmark quantity of a leaf per unit of its owner (a calibration, not a flow)."""
        self.parameters.quantity[self.compiled.leaf(owner, leaf, side)] = _number(Message("a quantity"), value)
        return self

    def coefficient(self, auxiliary: str, term: int, value: float) -> Counterfactual:
        """Set the coefficient of a term of an auxiliary's equation, counted from 0."""
        rows = np.flatnonzero(self.compiled.term_row == self.compiled.aux_index[auxiliary])
        if not 0 <= term < rows.size:
            raise ModelError(
                "auxiliary '{auxiliary}' has the terms 0 to {size}; there is no term {term}",
                auxiliary=auxiliary,
                size=rows.size - 1,
                term=term,
            )
        self.parameters.coefficient[rows[term]] = _number(Message("a coefficient"), value)
        return self

    def bound(self, name: str, lower: float = -inf, upper: float = inf, *, kind: str | None = None) -> Counterfactual:
        """Let a level, price or auxiliary move between bounds alone.

        ``kind`` is ``level``, ``price`` or ``auxiliary``, for a name that an activity shares with a commodity.
        """
        at = self._variable(name, kind)
        about = Message("a bound of '{name}'", name=name)
        lower, upper = (_number(about, given, finite=False) for given in (lower, upper))
        natural = 0.0 if at < self.compiled.price_slice.stop else -inf
        self.parameters.lower[at], self.parameters.upper[at] = max(lower, natural), upper
        return self

    def fix(self, name: str, value: float, *, kind: str | None = None) -> Counterfactual:
        """Hold a level, price or auxiliary at a value; its equation no longer has to hold. ``kind`` as in ``bound``."""
        value = _number(Message("a fixed value of '{name}'", name=name), value)
        return self.bound(name, value, value, kind=kind)

    def unfix(self, name: str, *, kind: str | None = None) -> Counterfactual:
        """Give a level, price or auxiliary back the bounds that the model gives it. ``kind`` as in ``bound``."""
        at = self._variable(name, kind)
        for field in ("lower", "upper"):
            getattr(self.parameters, field)[at] = getattr(self.compiled.default, field)[at]
        return self

    def _variable(self, name: str, kind: str | None) -> int:
        c = self.compiled
        kinds = {"level": c.activity_index, "price": c.price_index, "auxiliary": c.aux_index, "income": c.income_index}
        if kind is not None and kind not in kinds:
            raise UnknownNameError(
                "no kind of variable {kind!r}: {nearest}", kind=kind, nearest=nearest(kind, list(kinds)[:3])
            )
        found = [k for k, index in kinds.items() if name in index and kind in (None, k)]
        if len(found) == 1:
            return kinds[found[0]][name]
        if found:
            raise ModelError(
                "'{name}' names more than one thing, the {kinds}: say which with kind, as in kind={first!r}",
                name=name,
                kinds=both([c.variable_name(kinds[k][name]) for k in found]),
                first=found[0],
            )
        raise UnknownNameError(
            "no level, price or auxiliary {name!r}: {nearest}",
            name=name,
            nearest=nearest(name, (*c.activities, *c.commodities, *c.auxiliaries)),
        )

    def solve(self, start: Solution | Array | None = None, *, tolerance: float = 1e-10) -> Solution:
        """The equilibrium, by homotopy from the benchmark where it is far.

        Raises
        ------
        ModelError, EquilibriumError
            as ``solve``.
        """
        x = start.x if isinstance(start, Solution) else start
        return solve_by_steps(self.compiled, self.parameters, start=x, tolerance=tolerance)


def _number(what: str, value: object, finite: bool = True) -> float:
    if not is_number(value):
        raise ModelError("{what} of {value!r}: a number is expected", what=what, value=value)
    if not isfinite(value) and (finite or isnan(value)):
        raise ModelError("{what} of {value!r}: a finite number is expected", what=what, value=value)
    return float(value)
