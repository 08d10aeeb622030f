"""From one year to the next: capital, labour, productivity, energy efficiency, resources, vintages.

    K(t+1) = (1 - depreciation) K(t) + I(t)            capital in units of its benchmark services
    a(t+1) = a(t) (1 + g)                              productivity; energy efficiency (AEEI)

The benchmark's investment adds ``depreciation + benchmark_capital_growth`` to its capital: with everything
exogenous growing at that rate and no other change, the economy grows in balance.

With vintages, the year's installed and new capital together become next year's installed capital, whose
technique is the mean of what both used (putty-clay: what is built stays as it was built).

Complex numbers pass through, so that a path of years can be differentiated (``simulator.tangent``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from equilibrium.engine import Parameters, Solution
from equilibrium.engine.compile import Index
from equilibrium.province.institutions import CURRENT_ACCOUNT, HOUSEHOLD_TAX, INVEST
from equilibrium.province.physical import Flows
from equilibrium.province.production import SPECIFIC
from equilibrium.province.province import Province
from equilibrium.province.tables import cell
from equilibrium.province.trade import FX, LINE

NOTHING_MADE = 1e-9  # of the benchmark's output


@dataclass(frozen=True)
class Growth:
    """Rates of change a year, and given paths.

    Attributes
    ----------
    labour, productivity, aeei, aeei_power : rates of growth; ``aeei_power`` holds for generation.
    depreciation : share of capital that wears out in a year.
    benchmark_capital_growth : growth of capital that the benchmark's investment gives.
    public : real government demand; external : transfers, and net lending abroad; lines : capacity of the
        outgoing power lines; resources : coal, gas, ores, land.
    nonfossil : year -> index of non-fossil capacity's yearly output, 1 in the benchmark year.
    """

    labour: float = 0.0
    productivity: float = 0.0
    aeei: float = 0.0
    aeei_power: float = 0.0
    depreciation: float = 0.05
    benchmark_capital_growth: float = 0.045
    public: float = 0.0
    external: float = 0.0
    lines: float = 0.0
    resources: float = 0.0
    nonfossil: Mapping[int, float] = field(default_factory=dict)


def advance(province: Province, p: Parameters, flows: Flows, last: Solution, growth: Growth, year: int) -> Parameters:
    """Parameters of ``year + 1`` from those of ``year`` and what the year brought.

    Parameters
    ----------
    flows : mean flows of the year.
    last : the year's last equilibrium, whose prices value the vintages.
    """
    q = p.copy()
    _capital(province, q, flows, growth)
    _scale_endowments(province, q, growth, year)
    _technology(province, q, growth)
    if province.closure.capital == "vintage":
        _install(province, q, flows, last)
    return q


def _endowments_of(province: Province, name: str) -> Index:
    c = province.compiled
    return np.asarray(np.flatnonzero(c.endow_price_var == c.price_index[name]), dtype=np.int64)


def _capital(province: Province, q: Parameters, flows: Flows, growth: Growth) -> None:
    c, accounts = province.compiled, province.accounts
    invested = flows.x[c.activity_index[INVEST]]  # 1 in the benchmark
    total = float(accounts.sam["CAP"].sum() - sum(cell(accounts.sam, "CAP", f"A_{a}") for a in SPECIFIC))
    added = (growth.depreciation + growth.benchmark_capital_growth) * total * invested
    kept = 1.0 - growth.depreciation
    if province.closure.capital == "mobile":
        rows = _endowments_of(province, "CAP")
        stock = q.endowment[rows].sum()
        q.endowment[rows] *= (kept * stock + added) / stock
        return
    rows = _endowments_of(province, "CAP")
    q.endowment[rows] *= added / q.endowment[rows].sum()
    for activity, names in province.parts.items():
        if activity in SPECIFIC or (names[0][0], "inputs", "CAP") not in c.leaf_at:
            continue
        (_, _), (new, _) = names
        rows = _endowments_of(province, f"CAP_{activity}")
        installed = q.endowment[rows].sum()  # plant that stood idle is still there
        built = flows.leaf[c.leaf_at[(new, "inputs", "CAP")]]
        q.endowment[rows] *= kept * (installed + built) / installed


def _scale_endowments(province: Province, q: Parameters, growth: Growth, year: int) -> None:
    c = province.compiled
    q.endowment[_endowments_of(province, "LAB")] *= 1 + growth.labour
    q.endowment[_endowments_of(province, LINE)] *= 1 + growth.lines
    for name in c.commodities:
        if name.startswith("RES_") and name != "RES_GENN":
            q.endowment[_endowments_of(province, name)] *= 1 + growth.resources
    for activity in SPECIFIC:
        q.endowment[_endowments_of(province, f"CAP_{activity}")] *= 1 + growth.resources
    path = growth.nonfossil
    clean = path[year + 1] / path[year] if path else 1 + growth.resources
    q.endowment[_endowments_of(province, "RES_GENN")] *= clean
    transfers = [i for i in _endowments_of(province, FX) if c.endow_aux_var[i] < 0]
    q.endowment[transfers] *= 1 + growth.external
    terms = np.flatnonzero(c.term_row == c.aux_index[CURRENT_ACCOUNT])
    q.coefficient[terms[0]] *= 1 + growth.external
    budget = np.flatnonzero(c.term_row == c.aux_index[HOUSEHOLD_TAX])
    q.coefficient[budget[1]] *= 1 + growth.public


def _technology(province: Province, q: Parameters, growth: Growth) -> None:
    for (owner, side, name), node in province.compiled.node_at.items():
        if side != "inputs":
            continue
        activity = owner.split(":")[0]
        if name == "value added" and activity != "GENN":  # what wind and sun yield is in the path of capacity
            q.augment[node] *= 1 + growth.productivity
        elif name == "energy":
            q.augment[node] *= 1 + (growth.aeei_power if activity.startswith("GEN") else growth.aeei)


def _install(province: Province, q: Parameters, flows: Flows, last: Solution) -> None:
    """Next year's installed technique: what both vintages used, at the year's last prices.

    The installed vintage keeps its benchmark output at level 1, so process CO2 and border terms, which are
    tied to levels, keep their meaning.
    """
    c = province.compiled
    addresses: dict[str, list[tuple[str, str, int]]] = {}
    for (owner, side, address), i in c.leaf_at.items():
        addresses.setdefault(owner, []).append((side, address, i))
    for names in province.parts.values():
        if len(names) == 1:
            continue
        (old, _), (new, _) = names
        mine = [(side, i, c.leaf_at[(new, side, a)]) for side, a, i in addresses[old] if a != "quota"]
        made = sum(flows.leaf[i] + flows.leaf[j] for side, i, j in mine if side == "output")
        benchmark = sum(float(c.default.quantity[i]) for side, i, _ in mine if side == "output")
        if np.real(made) <= NOTHING_MADE * benchmark:  # a sector that stood still keeps the technique it had
            continue
        unit = benchmark / made
        for _, i, j in mine:
            q.quantity[i] = (flows.leaf[i] + flows.leaf[j]) * unit
            q.reference[i] = last.state.decision[i] if np.real(q.quantity[i]) > 0 else 0.0
    for (owner, side, name), node in c.node_at.items():
        if side == "inputs" and name in ("value added", "energy") and f"{owner}:new" in c.activity_index:
            q.augment[node] /= last.parameters.augment[node]  # what was used is the new point of departure
