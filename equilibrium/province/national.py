"""Gross domestic product from three sides, and the welfare measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.engine.nest import benchmark_value, leaves
from tanshi.equilibrium.province.carbon import PERMIT
from tanshi.equilibrium.province.institutions import CURRENT_ACCOUNT, INV, INVEST, WORK
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.trade import FX, LINE, POWER_EXPORT, REST


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
    levied = (s.flow * s.terms * price)[c.tax_leaf] * s.tax
    tariffs = float(levied[~_on_wages(solution)].sum()) - _output_taxes(solution)
    dispatched = _margin(accounts, solution)
    production = value[outputs].sum() - paid[inputs].sum() + tariffs + dispatched
    income = _factor_income(solution) + _output_taxes(solution) + tariffs
    return {"expenditure": float(expenditure), "production": float(production), "income": float(income)}


def _output_taxes(solution: Solution) -> float:
    c, s = solution.compiled, solution.state
    on_output = (c.leaf_sign[c.tax_leaf] < 0) & ~_on_wages(solution)
    value = (s.flow * s.terms * s.x[c.leaf_price_var])[c.tax_leaf] * s.tax
    return float(value[on_output].sum())


def _on_wages(solution: Solution) -> NDArray[np.bool_]:
    """Taxes that are part of the wage already."""
    c = solution.compiled
    wage = c.leaf_at.get((WORK, "output", "LAB"), -1)
    return np.asarray(c.tax_leaf == wage)


def _margin(accounts: PhysicalAccounts, solution: Solution) -> float:
    """Value added of sending power out: the line's rent and the border price's premium."""
    c, s = solution.compiled, solution.state
    value = s.flow * s.terms * s.x[c.leaf_price_var]
    out = c.leaf_at[(POWER_EXPORT, "output", "ROC")]
    used = [
        i for (owner, side, name), i in c.leaf_at.items() if owner == POWER_EXPORT and side == "inputs" and name != LINE
    ]
    return float(value[out] - value[used].sum())


def endowment_values(solution: Solution) -> NDArray[np.float64]:
    """What each endowment is worth, in the order of the compiled model's, yi yuan/yr."""
    c = solution.compiled
    scale = np.where(c.endow_aux_var >= 0, solution.x[c.endow_aux_var], 1.0)
    return np.asarray(solution.parameters.endowment * scale * solution.x[c.endow_price_var])


def _factor_income(solution: Solution) -> float:
    c = solution.compiled
    names = [c.commodities[i - c.price_slice.start] for i in c.endow_price_var]
    factor = np.array([n == LINE or n.startswith(("LAB", PERMIT, "CAP", "RES_", "PLANT_")) for n in names])
    wages = solution.flow(WORK, "LAB") * solution.price["LAB"] if WORK in c.activity_index else 0.0
    return float(endowment_values(solution)[factor].sum()) + wages


def equivalent_variation(solution: Solution, reference: Solution) -> float:
    """What households would pay at the reference's prices for the change, yi yuan/yr (gain positive)."""
    c = reference.compiled
    h = c.consumers.index("HH")
    spending = float(reference.x[c.income_index["HH"]]) * float(reference.evaluator.values.kept[h])
    return spending * (solution.real["HH"] / reference.real["HH"] - 1.0)


@dataclass(frozen=True)
class Welfare:
    """What a year yields, at the benchmark's prices, yi yuan/yr.

    Attributes
    ----------
    consumption
        What households' utility from goods, and from leisure where they choose it, costs.
    government
        Government's purchases.
    saving
        All saving that is invested, in units of investment goods of fixed composition.
    """

    consumption: float
    government: float
    saving: float

    @property
    def total(self) -> float:
        """The sum, by which regimes of one year are ranked.

        Equivalent variation counts households' own saving and leaves out what enterprises keep; where rents of permits
        are kept and saved it shows a loss that nobody bears.
        """
        return self.consumption + self.government + self.saving


def lent_outside(solution: Solution) -> float:
    """Net lending to the rest of the country and abroad, yi yuan/yr.

    Where external saving is flexible it moves: what is consumed on credit is no gain.
    """
    at = solution.compiled.endow_at["ENT", FX, CURRENT_ACCOUNT]
    return -float(solution.parameters.endowment[at]) * solution.auxiliary[CURRENT_ACCOUNT]


def surplus_outside(solution: Solution) -> float:
    """What buyers in the rest of the country have of coal, coke, steel and power beyond what they pay, yi yuan/yr.

    It is what outside demand's fixed factors earn there, at border prices that stay; nothing where outside demand is
    flat. A province whose power is dear to do without lets others pay a part of its carbon price: what it gains so is
    lost here, and the two together are what abatement costs.
    """
    at = solution.compiled.income_index.get(REST)
    return 0.0 if at is None else float(solution.x[at])


def welfare(solution: Solution) -> Welfare:
    """What an equilibrium yields in its year."""
    c = solution.compiled
    demands = {h.name: h.demand for h in c.model.consumers}
    invest = next(a for a in c.model.activities if a.name == INVEST)
    values = {name: benchmark_value(tree) for name, tree in demands.items()}
    saved = c.leaf_at[("HH", "demand", "saving")]
    own = float(c.default.quantity[saved])
    part = 1.0 - own / values["HH"]
    ratio = float(solution.state.flow[saved]) / own
    consumed = (solution.real["HH"] / ratio ** (1.0 - part)) ** (1.0 / part)  # utility is consumption^part saving^rest
    of_state = [leaf.quantity for leaf in leaves(demands["GOV"]) if leaf.commodity != INV]
    return Welfare(
        part * values["HH"] * consumed,
        sum(of_state) * solution.real["GOV"],
        benchmark_value(invest.inputs) * solution.level[INVEST],
    )
