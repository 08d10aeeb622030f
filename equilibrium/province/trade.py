"""Trade: goods are sold at home or out of the province, and bought at home or from outside.

Supply = CES(own sales, CES(imports, inflow from other provinces)); output = CET(own sales, CET(exports,
outflow to other provinces)).  Border prices are given (a small open economy); that of a covered good rises by
``theta`` times the change of its own carbon cost share, the auxiliary variable ``border.<good>``: what rivals pay.

Of some goods the province is no small seller.  What it sends to other provinces meets a demand that slopes:

    X = X0 N (P_X / border)^(-epsilon)

where N is the size of that demand.  It is an activity that makes foreign exchange of the good and of a fixed factor
that the rest of the country owns; the factor's share is large, so that epsilon is nearly constant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tanshi.equilibrium.engine import Activity, Auxiliary, Consumer, Endowment, Leaf, Nest, Tax, Term
from tanshi.equilibrium.engine.nest import Tree, leaves
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.border import border_taxes
from tanshi.equilibrium.province.carbon import (
    PERMIT,
    TAX,
    YUAN_PER_TONNE,
    EmittingFlow,
    benchmark_quota,
    permit_of,
    sector_of,
    tax_of,
)
from tanshi.equilibrium.province.classes import HEAT, HEAT_GOOD, coal_fired, is_generation
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.tables import cell, total

FX = "FX"
Vintages = Mapping[str, tuple[tuple[str, float], ...]]
"""Activity -> its vintages as (name in the engine, share of the benchmark)."""

POWER_EXPORT, LINE, DISPATCHED = "EXPORT_ELEC", "LINE", "X_ELEC"


TAX_RATES = "tax rates"
"""What multiplies the rates of the taxes that take up government's revenue, where that is not a lump sum."""
REST = "REST"
"""The rest of the country as an owner of its own demand."""
GOODS_SHARE = 0.1
"""Share of the good in the activity that sells it outside; the smaller, the more constant the elasticity."""
QUOTA = "quota"
WITHOUT_QUOTA = ("ELEC", "GENN")
"""Distribution and non-fossil generation get no output-based quota: the benchmark is one of thermal power."""


def makes_quotas(activity: Activity) -> bool:
    """Whether an activity can receive quotas for its output."""
    return any(leaf.address == QUOTA for leaf in leaves(activity.output))


def own(good: str) -> str:
    """Commodity: the good made in the province and sold in it."""
    return f"D_{good}"


def supply(good: str) -> str:
    """Commodity: the good as its users in the province buy it."""
    return f"C_{good}"


def border(accounts: Accounts, good: str) -> str | None:
    """Auxiliary variable that multiplies the border price of a coverable good."""
    return f"border.{good}" if good in accounts.coverable else None


def sold(good: str) -> str:
    """Commodity: the good as other provinces buy it, where their demand slopes."""
    return f"O_{good}"


def demand_of(good: str) -> str:
    """Commodity: the size of other provinces' demand for a good."""
    return f"DEMAND_{good}"


def sloped(accounts: Accounts, closure: Closure) -> dict[str, float]:
    """Goods whose demand in the rest of the country slopes, and its elasticity (above 0)."""
    table = accounts.elasticities
    if closure.outside == "flat" or "outside_demand" not in table.columns:
        return {}
    found = {str(g): float(table["outside_demand"][g]) for g in accounts.sectors}
    return {g: e for g, e in found.items() if not math.isnan(e) and cell(accounts.sam, f"A_{g}", "ROC") > 0}


def outside_sales(accounts: Accounts, good: str, elasticity: float) -> Activity:
    """The activity that sells a good to other provinces at a price that falls with what they buy."""
    outflow = cell(accounts.sam, f"A_{good}", "ROC") + (cell(accounts.sam, f"A_{good}", "ROW") if good == "ELEC" else 0)
    rest = outflow * (1.0 - GOODS_SHARE) / GOODS_SHARE
    return Activity(
        f"SOLD_{good}",
        Leaf(FX, outflow + rest, name="sold", terms=border(accounts, good)),
        Nest(elasticity * (1.0 - GOODS_SHARE), (Leaf(sold(good), outflow), Leaf(demand_of(good), rest)), name="demand"),
    )


def rest_of_country(sales: tuple[Activity, ...]) -> tuple[Consumer, ...]:
    """Owner of the fixed factors of outside demand: what they earn stays outside."""
    owned = [leaf for a in sales for leaf in leaves(a.inputs) if leaf.commodity.startswith("DEMAND_")]
    if not owned:
        return ()
    income = sum(leaf.quantity for leaf in owned)
    endowments = tuple(Endowment(leaf.commodity, leaf.quantity) for leaf in owned)
    return (Consumer(REST, Leaf(FX, income, name="demand"), endowments, income=income),)


def border_prices(accounts: Accounts, closure: Closure) -> dict[tuple[str, str], tuple[tuple[str, object], ...]]:
    """Good and way over the border to the atoms whose product is the price of a unit there."""
    out: dict[tuple[str, str], tuple[tuple[str, object], ...]] = {}
    slopes = sloped(accounts, closure)
    for good in accounts.sectors:
        name = border(accounts, good)
        inside = (("price", FX), *((("aux", name),) if name is not None else ()))
        out[good, "exports"] = out[good, "imports"] = (("price", FX),)
        out[good, "inflow"] = inside
        out[good, "outflow"] = (("price", sold(good)),) if good in slopes else inside
    return out


def armington(accounts: Accounts, good: str, closure: Closure) -> Activity:
    """The activity that supplies a good from own sales, imports and inflow."""
    sam, e = accounts.sam, accounts.elasticities
    account = f"C_{good}"
    imports, tariff = cell(sam, "ROW", account), cell(sam, "TARIFF", account)
    inflow, home = cell(sam, "ROC", account), cell(sam, f"A_{good}", account)
    outside: list[Tree] = []
    if imports > 0:
        taxes = (Tax(tariff / imports, "GOV"), *border_taxes(accounts, closure, good, "imports"))
        outside.append(Leaf(FX, imports, name="ROW", taxes=taxes))
    if inflow > 0:
        charged = border_taxes(accounts, closure, good, "inflow")
        outside.append(Leaf(FX, inflow, name="ROC", terms=border(accounts, good), taxes=charged))
    children: list[Tree] = [Leaf(own(good), home)] if home > 0 else []
    if len(outside) == 2:
        children.append(Nest(cell(e, good, "inflow"), tuple(outside), name="inflow"))
    else:
        children += outside
    bought = home + imports + tariff + inflow
    return Activity(
        f"ARM_{good}",
        Leaf(supply(good), bought),
        Nest(cell(e, good, "armington"), tuple(children), name="supply"),
    )


def output_tree(accounts: Accounts, activity: str, share: float, closure: Closure, rates: str | None = None) -> Nest:
    """What an activity makes: own sales, exports, outflow, joint by-product gas, quotas given for output.

    Parameters
    ----------
    share
        Part of the benchmark activity that this vintage stands for.
    rates
        Auxiliary variable that multiplies the rate of a tax on production, or None.
    """
    sam, e = accounts.sam, accounts.elasticities
    account = f"A_{activity}"
    tax = cell(sam, "PTAX", account) / total(sam.loc[account])
    taxes = (Tax(tax, "GOV", rates if tax > 0 else None),) if tax else ()
    main: list[Tree] = []
    if is_generation(activity):
        good = HEAT_GOOD if activity == HEAT else "GEN"
        main.append(Leaf(good, cell(sam, account, f"C_{good}") * share, taxes=taxes))
        body: Tree = main[0]
    else:
        home = cell(sam, account, f"C_{activity}") * share
        exports, outflow = (cell(sam, account, x) * share for x in ("ROW", "ROC"))
        if activity == "ELEC":  # power leaves over lines of limited capacity
            outside: list[Tree] = [Leaf(DISPATCHED, exports + outflow, taxes=taxes)]
        else:
            outside = []
            abroad, away = (taxes + border_taxes(accounts, closure, activity, way) for way in ("exports", "outflow"))
            if exports > 0:
                outside.append(Leaf(FX, exports, name="ROW", taxes=abroad))
            if outflow > 0:
                if activity in sloped(accounts, closure):
                    outside.append(Leaf(sold(activity), outflow, name="ROC", taxes=away))
                else:
                    outside.append(Leaf(FX, outflow, name="ROC", taxes=away, terms=border(accounts, activity)))
        if home > 0:
            main.append(Leaf(own(activity), home, taxes=taxes))
        if len(outside) == 2:
            main.append(Nest(cell(e, activity, "outflow"), tuple(outside), name="outflow"))
        else:
            main += outside
        body = Nest(cell(e, activity, "cet"), tuple(main), name="destination") if len(main) > 1 else main[0]
    joint: list[Tree] = [body]
    gas = cell(sam, account, "C_BPG") * share
    if gas > 0:
        joint.append(Leaf("BPG", gas, taxes=taxes))
    if sector_of(activity) in accounts.coverable and activity not in WITHOUT_QUOTA:
        given = benchmark_quota(accounts, activity) * share
        price = accounts.carbon_price * YUAN_PER_TONNE if given > 0 else 0.0
        joint.append(Leaf(PERMIT, given, price=price, name=QUOTA))
    return Nest(0.0, tuple(joint), name="output")


def power_export(accounts: Accounts, closure: Closure) -> Activity:
    """Power sent out of the province needs line capacity; a line's scarcity rent goes to its owners."""
    account = "A_ELEC"
    outflow = cell(accounts.sam, account, "ROC") + cell(accounts.sam, account, "ROW")
    slopes = "ELEC" in sloped(accounts, closure)
    beyond = (sold("ELEC"), None) if slopes else (FX, border(accounts, "ELEC"))
    sale = Leaf(
        beyond[0], outflow, name="ROC", terms=beyond[1], taxes=border_taxes(accounts, closure, "ELEC", "outflow")
    )
    return Activity(
        POWER_EXPORT,
        sale,
        Nest(0.0, (Leaf(DISPATCHED, outflow), Leaf(LINE, outflow, price=0.0)), name="dispatch"),
    )


def border_unit(accounts: Accounts, good: str, closure: Closure) -> float:
    """What a unit delivered takes of what those generate whose carbon cost its border price bears."""
    if good != "ELEC" or closure.border_cost == "average":
        return 1.0
    return cell(accounts.sam, "C_GEN", f"A_{good}") / total(accounts.sam.loc[f"A_{good}"])


def border_equation(
    accounts: Accounts, good: str, closure: Closure, flows: tuple[EmittingFlow, ...], vintages: Vintages
) -> Auxiliary:
    """Border = 1 + theta (carbon cost share - benchmark's carbon cost share) of a covered good.

    With output Q of the good's own activity and permits G given for output, all in the price of foreign
    exchange: ``(border - 1 + theta k0) P_FX Q = theta p (E - G)``.

    Power's price can bear the marginal cost instead (``Closure.border_cost``): what coal-fired units, which set it,
    bear for a unit of what they generate, times what a unit delivered takes of it; Q is then their output.
    """
    name = border(accounts, good)
    assert name is not None
    theta, permit = closure.border_pass_through, permit_of(good, closure.own_quotas)
    sam = accounts.sam
    members = [a for a in accounts.activities if sector_of(a) == good]
    made, per_unit = [good], border_unit(accounts, good, closure)
    terms: list[Term] = []
    if good == "ELEC" and closure.border_cost == "marginal":
        made = members = [a for a in coal_fired(accounts.activities) if a != HEAT]
    output = sum(total(sam.loc[f"A_{a}"]) for a in made)
    share0 = per_unit * sum(cell(sam, PERMIT, f"A_{a}") for a in members) / output
    for maker in made:
        for vintage, part in vintages[maker]:
            quantity = total(sam.loc[f"A_{maker}"]) * part
            level, price = ("level", vintage), ("price", FX)
            terms.append(Term(quantity, (("aux", name), price, level)))
            terms.append(Term(quantity * (theta * share0 - 1.0), (price, level)))
    for member in members:
        for vintage, part in vintages[member]:
            for flow in flows:
                if flow.activity == member:
                    atoms = (("price", permit), ("level", vintage), ("unit", (vintage, flow.permit)))
                    terms.append(Term(-theta * per_unit, atoms))
                    if closure.taxed:
                        paid = (("price", TAX), ("level", vintage), ("unit", (vintage, tax_of(flow.permit))))
                        terms.append(Term(-theta * per_unit, paid))
            if member not in WITHOUT_QUOTA:  # quotas lower the cost that a rival abroad bears
                earned = theta * per_unit * benchmark_quota(accounts, member) * part
                terms.append(Term(earned, (("price", permit), ("level", vintage))))
    return Auxiliary(name, tuple(terms), scale=output)
