"""Border adjustment: who sells into the province pays its carbon cost, who sells out of it gets that cost back.

The carbon cost of a unit of a good is what its own makers bear for it, by permits and taxes, less what output earns
them in permits; with ``power`` the same of the electricity that they use, too:

    a Q = p (E - G) + t E + a_ELEC Z

in the price of foreign exchange, Q the output, Z the electricity used. On each way over the border a tax (below zero a
rebate) is levied that comes to ``share x a`` for a unit, whatever the unit's price is there; government has it, or pays
it. Makers take ``a`` as given, so that at a share of one their sales outside bear no direct carbon cost and yet every
tonne costs its price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Auxiliary, Compiled, Parameters, Solution, Tax, Term
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import (
    TAX,
    YUAN_PER_TONNE,
    EmittingFlow,
    benchmark_quota,
    permit_of,
    priced_in_benchmark,
    sector_of,
    tax_of,
)
from tanshi.equilibrium.province.classes import HEAT
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.tables import cell, total

Vintages = Mapping[str, tuple[tuple[str, float], ...]]
WAYS = ("exports", "outflow", "imports", "inflow")
"""Ways over the border: to abroad and to other provinces, from abroad and from there."""


def cost_of(good: str) -> str:
    """Auxiliary variable: the carbon cost of a unit of a good, yi yuan per yi yuan of the benchmark."""
    return f"carbon cost.{good}"


def rate_of(good: str, way: str) -> str:
    """Auxiliary variable: the rate of the tax on a way over the border, as part of the price there."""
    return f"border tax.{good}.{way}"


def adjustable(accounts: Accounts) -> tuple[str, ...]:
    """Goods whose makers emit and that cross the border."""
    emit = {sector_of(str(a)) for a in accounts.fuel["activity"] if a != "HH"}
    emit |= {str(a) for a, mt in accounts.process_co2.items() if mt > 0}
    return tuple(g for g in accounts.sectors if g in emit and any(crosses(accounts, g, way) for way in WAYS))


def crosses(accounts: Accounts, good: str, way: str) -> bool:
    """Whether a good goes this way; power leaves all by one line."""
    sam, made, bought = accounts.sam, f"A_{good}", f"C_{good}"
    if good == "ELEC" and way in ("exports", "outflow"):
        return way == "outflow" and cell(sam, made, "ROC") + cell(sam, made, "ROW") > 0
    at = {"exports": (made, "ROW"), "outflow": (made, "ROC"), "imports": ("ROW", bought), "inflow": ("ROC", bought)}
    return cell(sam, *at[way]) > 0


def border_taxes(accounts: Accounts, closure: Closure, good: str, way: str) -> tuple[Tax, ...]:
    """The tax on a good's way over the border; none where the closure has no border adjustment.

    What is paid out is a tax below zero; both are written with a rate of one, so that the variable is the rate.
    """
    if not closure.border_adjusted or good not in adjustable(accounts) or not crosses(accounts, good, way):
        return ()
    return (Tax(1.0 if way in ("imports", "inflow") else -1.0, "GOV", rate_of(good, way)),)


def border_conditions(
    accounts: Accounts,
    closure: Closure,
    flows: tuple[EmittingFlow, ...],
    vintages: Vintages,
    price_at: Mapping[tuple[str, str], tuple[tuple[str, object], ...]],
) -> tuple[Auxiliary, ...]:
    """The equations of costs and rates; none where the closure has no border adjustment.

    Parameters
    ----------
    price_at
        Good and way to the atoms whose product is the price of a unit there.
    """
    if not closure.border_adjusted:
        return ()
    out: list[Auxiliary] = []
    goods = adjustable(accounts)
    for good in goods:
        out.append(_cost(accounts, closure, flows, vintages, good, "ELEC" in goods and good != "ELEC"))
        for way in WAYS:
            if (good, way) in price_at and crosses(accounts, good, way):
                name = rate_of(good, way)
                terms = (Term(0.0, (("aux", cost_of(good)),)), Term(-1.0, (("aux", name), *price_at[good, way])))
                out.append(Auxiliary(name, terms, value=0.0))
    return tuple(out)


def _cost(
    accounts: Accounts,
    closure: Closure,
    flows: tuple[EmittingFlow, ...],
    vintages: Vintages,
    good: str,
    power: bool,
) -> Auxiliary:
    """The equation of a good's carbon cost; heat is not power and bears its own."""
    output, permit, name = total(accounts.sam.loc[f"A_{good}"]), permit_of(good, closure.own_quotas), cost_of(good)
    members = [a for a in accounts.activities if sector_of(a) == good and a != HEAT]
    terms: list[Term] = []
    borne = 0.0
    for vintage, part in vintages[good]:
        terms.append(Term(output * part, (("aux", name), ("price", "FX"), ("level", vintage))))
        if power and cell(accounts.sam, "C_ELEC", f"A_{good}") > 0:
            atoms = (("aux", cost_of("ELEC")), ("level", vintage), ("unit", (vintage, "ELEC")))
            terms.append(Term(0.0, atoms))
    for member in members:
        priced = priced_in_benchmark(accounts, member)
        for vintage, part in vintages[member]:
            for flow in (f for f in flows if f.activity == member):
                level = ("level", vintage)
                terms.append(Term(-1.0, (("price", permit), level, ("unit", (vintage, flow.permit)))))
                borne += flow.co2 * part if priced else 0.0
                if closure.taxed:
                    terms.append(Term(-1.0, (("price", TAX), level, ("unit", (vintage, tax_of(flow.permit))))))
            earned = benchmark_quota(accounts, member) * part
            borne -= earned
            terms.append(Term(earned, (("price", permit), ("level", vintage))))
    value = borne * accounts.carbon_price * YUAN_PER_TONNE / output
    return Auxiliary(name, tuple(terms), value=value, scale=output)


@dataclass(frozen=True)
class Addresses:
    """Where a compiled model keeps the parameters of its border adjustment.

    Attributes
    ----------
    goods
        Those that may be adjusted.
    cost : dict
        Good to the variable of its carbon cost.
    shares : dict
        Good and way to the term that holds the share adjusted.
    power : dict
        Good to the terms that hold whether the power in it counts.
    taxes : dict
        Good and way to the numbers of the taxes on what crosses.
    quotas : dict
        Level of a vintage to the term of its sector's cost that holds what its output earns in permits.
    """

    goods: tuple[str, ...]
    cost: dict[str, int]
    shares: dict[tuple[str, str], int]
    power: dict[str, list[int]]
    taxes: dict[tuple[str, str], NDArray[np.int64]]
    quotas: dict[int, int]


def addresses(c: Compiled, accounts: Accounts) -> Addresses:
    """Find them."""
    goods = tuple(g for g in adjustable(accounts) if cost_of(g) in c.aux_index)
    cost = {g: int(c.aux_index[cost_of(g)]) for g in goods}
    shares: dict[tuple[str, str], int] = {}
    taxed: dict[tuple[str, str], NDArray[np.int64]] = {}
    power: dict[str, list[int]] = {}
    quotas: dict[int, int] = {}
    for good in goods:
        terms = [int(i) for i in np.flatnonzero(c.term_row == cost[good])]
        power[good] = [i for i in terms if good != "ELEC" and "ELEC" in goods and cost["ELEC"] in c.term_atom[i]]
        for i in terms:
            quotas |= {int(a): i for a in _level_alone(c, i)}
        for way in WAYS:
            if rate_of(good, way) in c.aux_index:
                variable = c.aux_index[rate_of(good, way)]
                shares[good, way] = int(np.flatnonzero(c.term_row == variable)[0])
                taxed[good, way] = np.flatnonzero(c.tax_aux_var == variable)
    return Addresses(goods, cost, shares, power, taxed, quotas)


def _level_alone(c: Compiled, term: int) -> list[int]:
    """The activity level of a term that is a price times a level: what output earns in permits."""
    atoms = [int(a) for a in c.term_atom[term] if a != c.one]
    levels = [a for a in atoms if a < c.level_slice.stop and c.level_slice.start <= a]
    return levels if len(atoms) == 2 and len(levels) == 1 and c.price_slice.start <= min(
        a for a in atoms if a != levels[0]) < c.price_slice.stop else []  # fmt: skip


def adjust(at: Addresses, p: Parameters, shares: Mapping[tuple[str, str], float], *, power: bool) -> None:
    """Adjust what crosses the border, by good and way; nothing else is.

    Parameters
    ----------
    shares
        Good and way to the part of the carbon cost that is charged or given back, 0 to 1.
    power
        Whether the cost of the electricity in a good counts too.

    Raises
    ------
    ValueError
        For a good or way that cannot be adjusted.
    """
    strange = [f"{good} {way}" for good, way in shares if (good, way) not in at.shares]
    if strange:
        raise ValueError(f"nothing of {', '.join(strange)} crosses the border with a carbon cost")
    for where, term in at.shares.items():
        p.coefficient[term] = shares.get(where, 0.0)
    for terms in at.power.values():
        p.coefficient[terms] = -1.0 if power else 0.0


def border_paid(at: Addresses, solution: Solution) -> dict[tuple[str, str], float]:
    """What government earns on each way, yi yuan/yr; below zero what it gives back."""
    c, s = solution.compiled, solution.state
    value = s.flow[c.tax_leaf] * s.terms[c.tax_leaf] * s.x[c.leaf_price_var[c.tax_leaf]] * s.tax
    return {where: float(value[taxes].sum()) for where, taxes in at.taxes.items()}


def crossing(at: Addresses, solution: Solution) -> dict[tuple[str, str], float]:
    """What crosses on each way, yi yuan/yr at the benchmark's prices."""
    c = solution.compiled
    return {where: float(solution.state.flow[c.tax_leaf[taxes]].sum()) for where, taxes in at.taxes.items()}
