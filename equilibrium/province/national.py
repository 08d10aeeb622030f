"""Gross domestic product from three sides, and the welfare measure."""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import PERMIT
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.trade import LINE, POWER_EXPORT


def nominal_gdp(accounts: PhysicalAccounts, solution: Solution) -> dict[str, float]:
    """GDP at current prices by expenditure, production and income, yi yuan/yr; the three are one number.

    Returns
    -------
    dict with keys ``expenditure``, ``production``, ``income``.
    """
    c, s = solution.compiled, solution.state
    price = s.x[c.leaf_price_var]
    value = s.flow * s.terms * price  # before taxes
    paid = s.flow * s.paid
    final = accounts.final_leaves + accounts.investment_leaves
    expenditure = value[final].sum() + value[accounts.export_leaves].sum() - value[accounts.import_leaves].sum()
    outputs = [i for numbers in accounts.out_leaves.values() for i in numbers]
    inputs = [i for numbers in accounts.in_leaves.values() for i in numbers]
    tariffs = float((s.flow * s.terms * price)[c.tax_leaf] @ s.tax) - _output_taxes(solution)
    dispatched = _margin(accounts, solution)
    production = value[outputs].sum() - paid[inputs].sum() + tariffs + dispatched
    income = _factor_income(solution) + _output_taxes(solution) + tariffs
    return {"expenditure": float(expenditure), "production": float(production), "income": float(income)}


def _output_taxes(solution: Solution) -> float:
    c, s = solution.compiled, solution.state
    on_output = c.leaf_sign[c.tax_leaf] < 0
    value = (s.flow * s.terms * s.x[c.leaf_price_var])[c.tax_leaf] * s.tax
    return float(value[on_output].sum())


def _margin(accounts: PhysicalAccounts, solution: Solution) -> float:
    """Value added of sending power out: the line's rent and the border price's premium."""
    c, s = solution.compiled, solution.state
    value = s.flow * s.terms * s.x[c.leaf_price_var]
    out = c.leaf_at[(POWER_EXPORT, "output", "ROC")]
    used = [
        i for (owner, side, name), i in c.leaf_at.items() if owner == POWER_EXPORT and side == "inputs" and name != LINE
    ]
    return float(value[out] - value[used].sum())


def _factor_income(solution: Solution) -> float:
    c, p = solution.compiled, solution.parameters
    owned = p.endowment * np.where(c.endow_aux_var >= 0, solution.x[c.endow_aux_var], 1.0)
    names = [c.commodities[i - c.price_slice.start] for i in c.endow_price_var]
    factor = np.array([n in ("LAB", LINE) or n.startswith((PERMIT, "CAP", "RES_")) for n in names])
    return float((owned * solution.x[c.endow_price_var])[factor].sum())


def equivalent_variation(solution: Solution, reference: Solution) -> float:
    """What households would pay at the reference's prices for the change, yi yuan/yr (gain positive)."""
    c = reference.compiled
    h = c.consumers.index("HH")
    spending = float(reference.x[c.income_index["HH"]]) * float(reference.evaluator.values.kept[h])
    return spending * (solution.real["HH"] / reference.real["HH"] - 1.0)
