"""Residuals and the exact Jacobian of a compiled model at one set of parameters."""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine import derivatives, kernels
from tanshi.equilibrium.engine.compiled import Compiled
from tanshi.equilibrium.engine.state import Numbers, State, Values
from tanshi.equilibrium.engine.structure import Array, Parameters

__all__ = ["Evaluator", "Numbers", "State"]

NUMERIC = (
    "quantity",
    "reference",
    "alpha",
    "beta",
    "sigma",
    "augment",
    "tax_rate",
    "endowment",
    "income_share",
    "coefficient",
)
"""What may be complex: all parameters but the bounds of variables."""


class Evaluator:
    """Residual and Jacobian of one compiled model at one set of parameters.

    Parameters may be complex (complex-step differentiation); the Jacobian is for real ones.
    """

    def __init__(self, compiled: Compiled, parameters: Parameters) -> None:
        self.c, self.p = compiled, parameters
        self.values = _values(compiled, parameters)
        self._kind = self.values.quantity.dtype

    def state(self, x: Numbers) -> State:
        """Evaluate all nests, flows and residuals at ``x`` (shape ``(n,)``, real or complex)."""
        x = np.asarray(x, dtype=complex if np.iscomplexobj(x) else self._kind)
        if x.shape != self.c.start.shape:  # compiled loops look at no bounds
            raise ValueError(f"a point has shape {x.shape}; the model's is {self.c.start.shape}")
        return kernels.evaluate(self.c.layout.trees, self.c.layout.balances, self.values, x)

    def jacobian_data(self, s: State) -> Array:
        """Values of the Jacobian at ``compiled.structure`` (rows divided by their scale)."""
        return derivatives.jacobian(*self.c.layout, self.values, s)

    def flow_change(self, s: State, dx: Array) -> Array:
        """Change of every leaf's flow for a change ``dx`` of the variables, shape ``(leaves,)``."""
        return derivatives.flow_change(self.c.layout.trees, self.c.layout.responses, self.values, s, dx)


def _values(c: Compiled, p: Parameters) -> Values:
    """Parameters in one type of number, with what follows from them alone."""
    given: dict[str, Numbers] = {name: np.asarray(getattr(p, name)) for name in NUMERIC}
    kind = np.dtype(complex if any(values.dtype.kind == "c" for values in given.values()) else float)
    n = {name: values if values.dtype == kind else values.astype(kind) for name, values in given.items()}
    for name, values in n.items():
        if values.shape != getattr(c.default, name).shape:
            raise ValueError(f"{name} has shape {values.shape}; the model's is {getattr(c.default, name).shape}")
    node_value, share, log_reference, log_augment = kernels.shares(
        c.layout.trees, n["quantity"], n["reference"], n["augment"]
    )
    n["sigma"] = n["sigma"] * c.node_sign  # transformation is substitution with the sign turned
    kept = np.ones(len(c.consumers), dtype=node_value.dtype)
    if c.share_payer.size:
        np.subtract.at(kept, c.share_payer - c.income_slice.start, n["income_share"])
    return Values(
        n["quantity"],
        n["alpha"],
        n["beta"],
        n["sigma"],
        n["tax_rate"],
        n["endowment"],
        n["income_share"],
        n["coefficient"],
        share,
        log_reference,
        log_augment,
        kept,
        kept / node_value[c.layout.trees.root],
    )
