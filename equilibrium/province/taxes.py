"""A tax on emissions, set on a compiled province (`Closure.taxed`) and read off its equilibria.

The tax stands with every emitting flow in fixed proportion, as its permit does, and choices follow it as slowly as they
follow a permit's price. What it brings is government's.
"""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.engine.structure import Array
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.province import Province


def set_tax(model: Province, p: Parameters, rates: Array) -> None:
    """Tax the emissions of each of ``model.taxable``, yuan/t.

    Raises
    ------
    ValueError
        For a model without a tax, or rates of other sectors.
    """
    if not model.closure.taxed or rates.shape != (len(model.taxable),):
        raise ValueError(f"a model with a tax and {len(model.taxable)} rates are needed; got {rates.shape}")
    whole = _of_a_yuan(model, p)
    model.ask_permits(p, model.tax_leaf, rates[model.source_place] * whole, whole)


def follow_tax(model: Province, p: Parameters, weight: float, last: Array) -> None:
    """Let choices follow ``weight`` x rate + (1 - weight) x ``last`` (yuan/t, by ``model.taxable``).

    A sector that is no longer taxed follows at once. A model without a tax stays as it is.
    """
    if not model.closure.taxed:
        return
    asked = p.quantity[model.tax_leaf]
    before = last[model.source_place] * _of_a_yuan(model, p)
    p.alpha[model.tax_leaf] = weight
    p.beta[model.tax_leaf] = (1 - weight) * np.divide(before, asked, out=np.zeros_like(asked), where=asked > 0)


def tax_paid(model: Province, flow: Array) -> Array:
    """What each of ``model.taxable`` pays, yi yuan/yr.

    Parameters
    ----------
    flow
        Of all leaves.
    """
    if not model.closure.taxed:
        return np.zeros(len(model.taxable))
    return np.bincount(model.source_place, flow[model.tax_leaf], len(model.taxable)).astype(np.float64)


def _of_a_yuan(model: Province, p: Parameters) -> Array:
    """What one yuan/t of tax asks of every source's flow, yi yuan."""
    fuel = np.where(model.source_leaf >= 0, p.quantity[model.source_leaf], 1.0)
    return np.asarray(model.source_co2 * fuel * YUAN_PER_TONNE)
