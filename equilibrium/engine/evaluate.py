"""Residuals and the exact Jacobian of a compiled model at one set of parameters."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tanshi.equilibrium.engine import derivatives, kernels
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.state import Numbers, State, Values
from tanshi.equilibrium.engine.structure import Array, Parameters

__all__ = ["Evaluator", "Numbers", "State"]

USED = ("quantity", "alpha", "beta", "sigma", "tax_rate", "endowment", "income_share", "coefficient", "lower", "upper")
"""Parameters that kernels use as they are, in the order of ``Values``."""
TURNED = ("reference", "augment")
"""Parameters of which kernels use what follows from them."""
NOTHING = np.empty(0)


class Evaluator:
    """Residual and Jacobian of one compiled model at one set of parameters.

    Parameters, but for bounds, may be complex (complex-step differentiation); the Jacobian is for real ones.
    """

    def __init__(self, compiled: Compiled, parameters: Parameters) -> None:
        self.c, self.p = compiled, parameters
        self.given = _prepared(compiled, parameters)

    @cached_property
    def values(self) -> Values:
        """Parameters as the kernels use them."""
        return Values(*map(self.given.__getitem__, self.c.values_parts))

    def state(self, x: Numbers) -> State:
        """Evaluate all nests, flows and residuals at ``x`` (shape ``(n,)``, real or complex)."""
        x = np.ascontiguousarray(x)
        kind = complex if x.dtype.kind == "c" or self.given.dtype.kind == "c" else float
        x = x if x.dtype == kind else x.astype(kind)
        if x.shape != self.c.start.shape:  # compiled loops look at no bounds
            raise ValueError(f"a point has shape {x.shape}; the model's is {self.c.start.shape}")
        at = self.c.packed
        parts = self.c.state_parts
        found = np.empty(parts[-1].stop, kind)
        kernels.evaluate(at, self.given, x, found)
        return State(*map(found.__getitem__, parts))

    def jacobian_data(self, s: State) -> Array:
        """Values of the Jacobian at ``compiled.structure`` (rows divided by their scale)."""
        return self.system(s, NOTHING, NOTHING)[0]

    def system(self, s: State, of_variable: Array, of_equation: Array) -> tuple[Array, bool]:
        """The Jacobian of the complementarity system whose paired rows have these slopes; whether it is finite."""
        return derivatives.jacobian(self.c.packed, self.given, _whole(s), of_variable, of_equation)

    def flow_change(self, s: State, dx: Array) -> Array:
        """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
        return derivatives.flow_change(self.c.packed, self.given, _whole(s), dx)


def _whole(s: State) -> Array:
    """The array in which all of a state lies."""
    base = s.x.base
    return base if base is not None and all(part.base is base for part in s) else np.concatenate(s)


def _prepared(c: Compiled, p: Parameters) -> Numbers:
    """Parameters in one type of number, with what follows from them alone, as ``Values`` lie in one array."""
    given: list[Numbers] = [np.asarray(getattr(p, name)) for name in (*USED, *TURNED)]
    for name, values in zip((*USED, *TURNED), given, strict=True):
        if values.shape != (expected := getattr(c.default, name).shape):
            raise ValueError(f"{name} has shape {values.shape}; the model's is {expected}")
    kind = complex if any(values.dtype.kind == "c" for values in given) else float
    found = np.empty(c.values_parts[-1].stop, kind)
    used = given[: len(USED)]
    np.concatenate(used, out=found[: sum(values.size for values in used)], casting="unsafe")
    reference, augment = (np.ascontiguousarray(values, kind) for values in given[-2:])
    kernels.shares(c.packed, reference, augment, found)
    return found
