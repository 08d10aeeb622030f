"""Production nests.

    Q      = Leontief(process permits, CES(resource, CES(energy, other)))
    other  = Leontief(materials, CES(capital, labour))
    energy = CES(electricity, CES(coal, oil products and coke, gas, by-product gas))

Every fuel that is burnt stands with its permit in fixed proportion.  Coke as reductant of iron, coking coal
and chemical feedstock are materials.  The distributor of power buys generation in fixed proportion to what it
delivers.
"""

from __future__ import annotations

from tanshi.equilibrium.engine import Activity, Leaf, Nest
from tanshi.equilibrium.engine.nest import Tree, benchmark_value
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import (
    EmittingFlow,
    permit_leaf,
    permit_of,
    sector_of,
    tax_leaf,
    with_permit,
)
from tanshi.equilibrium.province.classes import CLASSES, HEAT_GOOD
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.tables import cell, total
from tanshi.equilibrium.province.trade import TAX_RATES, output_tree, supply

FUELS = ("COAL", "COKE", "OGAS", "BPG")
SPECIFIC = ("GENG", *CLASSES[1:])
"""Plant that keeps its own capital, since nobody builds it anew: beside the first class, a knife edge otherwise."""

IDLE_RENT = 1e-12
"""Price of installed capital of which part stands idle (1 in the benchmark): nothing, to an account's last digit."""

BEYOND, BEYOND_UNIT = "GENN:beyond", 100.0
BEYOND_GOODS = {"MACH": 0.15, "SERV": 0.1}
"""Upkeep of wind and solar plant, share of the levelised cost (recalled: a quarter; IRENA 2023)."""
SMALLEST = 1e-9  # yi yuan: a flow below a tenth of a yuan is no flow


def vintages(accounts: Accounts, closure: Closure) -> dict[str, tuple[tuple[str, float], ...]]:
    """Names and benchmark shares of each activity's vintages."""
    if closure.capital == "mobile":
        return {a: ((a, 1.0),) for a in accounts.activities}
    new = closure.new_capital_share
    return {a: ((a, 1.0),) if a in SPECIFIC else ((a, 1.0 - new), (f"{a}:new", new)) for a in accounts.activities}


def capital(activity: str, closure: Closure) -> str:
    """The capital that a vintage uses: one mobile stock, or the installed stock of its own sector."""
    if activity in SPECIFIC or (closure.capital == "vintage" and not activity.endswith(":new")):
        return f"CAP_{activity}"
    return "CAP"


MINERS = "LAB_COAL"


def labour_of(code: str, closure: Closure) -> str:
    """The labour that an activity employs: one for all, or the miners' own, who cannot work elsewhere."""
    return MINERS if code == "COAL" and closure.miners_wage is not None else "LAB"


def may_idle(accounts: Accounts, code: str) -> bool:
    """Whether a high carbon price can put an activity's plant out of use."""
    return sector_of(code) in accounts.coverable


def commodity(code: str) -> str:
    """Commodity name in the engine of a good as its users buy it."""
    return code if code in ("GEN", "BPG", HEAT_GOOD) else supply(code)


def activity(
    accounts: Accounts, code: str, name: str, share: float, closure: Closure, flows: tuple[EmittingFlow, ...]
) -> Activity:
    """One vintage of one activity."""
    rigid = closure.old_elasticity_factor if closure.capital == "vintage" and name == code else 1.0
    return Activity(
        name,
        output_tree(accounts, code, share, closure, TAX_RATES if closure.recycling == "output" else None),
        inputs_tree(accounts, code, name, share, closure, flows, rigid),
        complementary=name != code or may_idle(accounts, code),  # no new investment, or plant that stands idle
    )


def inputs_tree(
    accounts: Accounts,
    code: str,
    name: str,
    share: float,
    closure: Closure,
    flows: tuple[EmittingFlow, ...],
    rigid: float,
) -> Nest:
    """The input tree of an activity at ``share`` of its benchmark, its elasticities times ``rigid``."""
    sam, e = accounts.sam, accounts.elasticities
    account = f"A_{code}"
    mine = {f.leaf: f for f in flows if f.activity == code}
    permit = permit_of(sector_of(code), closure.own_quotas)
    materials: list[Tree] = []
    burnt: list[Tree] = []
    electricity: list[Tree] = []
    for good in accounts.commodities:
        bought = cell(sam, f"C_{good}", account) * share
        if bought <= SMALLEST:
            continue
        if good == "ELEC":
            electricity.append(Leaf(commodity(good), bought, name=good))
            continue
        if good in FUELS:
            energy = accounts.fuel_value.get((good, code, "energy"), 0.0) * share
            reductant = accounts.fuel_value.get((good, code, "reductant"), 0.0) * share
            if energy > SMALLEST:
                leaf = Leaf(commodity(good), energy, name=good)
                burnt.append(with_permit(accounts, leaf, mine[good], share, permit, closure.taxed))
            if reductant > SMALLEST:
                leaf = Leaf(commodity(good), reductant, name=f"{good}.reductant")
                flow = mine[f"{good}.reductant"]
                materials.append(with_permit(accounts, leaf, flow, share, permit, closure.taxed))
            rest = bought - energy - reductant
            if rest > 1e-6 * bought:
                materials.append(Leaf(commodity(good), rest, name=f"{good}.material"))
            continue
        materials.append(Leaf(commodity(good), bought, name=good))
    factors: list[Tree] = []
    labour, stock = (cell(sam, x, account) * share for x in ("LAB", "CAP"))
    if stock > 0:
        factors.append(Leaf(capital(name, closure), stock, name="CAP"))
    if labour > 0:
        factors.append(Leaf(labour_of(code, closure), labour, name="LAB"))
    own_plant = capital(name, closure) != "CAP" and code in CLASSES
    capital_labour = cell(e, code, "plant_labour") if own_plant else cell(e, code, "capital_labour") * rigid
    value_added = Nest(capital_labour, tuple(factors), name="value added")
    other = Nest(0.0, (*materials, value_added), name="other")
    body: Nest = other
    fuels = Nest(cell(e, code, "fuels") * rigid, tuple(burnt), name="fuels") if burnt else None
    energy_children = (*electricity, *((fuels,) if fuels else ()))
    if energy_children:
        energy_nest = Nest(cell(e, code, "electricity_fuels") * rigid, energy_children, name="energy")
        body = Nest(cell(e, code, "energy_other") * rigid, (energy_nest, other), name="body")
    rent = cell(sam, "RES", account) * share
    if rent > 0:
        theta = rent / (rent + benchmark_value(body))
        sigma = cell(e, code, "resource_supply") * theta / (1.0 - theta)
        body = Nest(sigma, (Leaf(f"RES_{code}", rent, name="RES"), body), name="resource")
    own = [f for f in flows if f.activity == code and f.leaf is None]
    process = [permit_leaf(accounts, f, share, permit) for f in own]
    process += [tax_leaf(f) for f in own] if closure.taxed else []
    plant = [Leaf(plant_of(code), _output(accounts, code) * share, price=0.0)] if code in dict(closure.capacity) else []
    return Nest(0.0, (body, *process, *plant), name="inputs")


def beyond_plan(accounts: Accounts, cost: float) -> Activity:
    """Non-fossil power beyond the plan: capital, machines and services at a levelised cost, no site's rent.

    Parameters
    ----------
    cost
        With storage and curtailment, yuan/kWh; what the benchmark's plant earns a kWh is the unit.

    Raises
    ------
    ClosureError
        If it would have paid in the benchmark already, in which nobody built it.
    """
    earned = total(accounts.sam.loc["A_GENN"])  # yi yuan
    now = 0.1 * earned / cell(accounts.power, "GENN", "twh")  # yuan/kWh
    if cost <= now:
        raise ClosureError(
            "clean_cost: expected above the {now:.3f} yuan/kWh earned in the benchmark, found {cost:g}",
            now=now,
            cost=cost,
        )
    spent = cost / now * BEYOND_UNIT
    goods = [Leaf(commodity(g), share * spent) for g, share in BEYOND_GOODS.items()]
    inputs = Nest(0.0, (Leaf("CAP", (1.0 - sum(BEYOND_GOODS.values())) * spent), *goods), name="inputs")
    return Activity(BEYOND, Leaf("GEN", BEYOND_UNIT), inputs, level=0.0, complementary=True)


def plant_of(sector: str) -> str:
    """Commodity: capacity of a sector's plant, in benchmark output."""
    return f"PLANT_{sector}"


def _output(accounts: Accounts, code: str) -> float:
    return total(accounts.sam.loc[f"A_{code}"])
