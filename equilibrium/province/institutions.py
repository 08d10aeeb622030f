"""Income and spending of households, enterprises and government, and investment.

Households own labour and a share of capital; enterprises own the rest of capital, resources and free permits.
Income taxes, dividends are fixed shares of income; other transfers are fixed in foreign exchange.  Households
save a fixed share, enterprises save what is left, and all saving buys investment goods.  Government's real
demand is fixed and a lump-sum tax on households, the auxiliary variable ``household tax``, balances its
budget.
"""

from __future__ import annotations

from collections.abc import Mapping

from tanshi.equilibrium.engine import Activity, Auxiliary, Consumer, Endowment, Leaf, Nest, Term
from tanshi.equilibrium.engine.nest import Tree, benchmark_value
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import PERMIT, PERMITS_USED, permit_of, used_of
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.production import FUELS, commodity
from tanshi.equilibrium.province.tables import cell, total
from tanshi.equilibrium.province.trade import FX, LINE

INVEST, INV = "INVEST", "INV"
HOUSEHOLD_TAX, CURRENT_ACCOUNT = "household tax", "current account"


def investment(accounts: Accounts) -> Activity:
    """The activity that turns goods into investment, stock changes included, in fixed proportions."""
    goods = [Leaf(commodity(g), v, name=g) for g in accounts.commodities if (v := _buys(accounts, g, "SAV")) > 0]
    return Activity(INVEST, Leaf(INV, sum(g.quantity for g in goods)), Nest(0.0, tuple(goods), name="goods"))


def _buys(accounts: Accounts, good: str, buyer: str) -> float:
    return cell(accounts.sam, f"C_{good}", buyer)


def _spending(accounts: Accounts, buyer: str, goods: list[str]) -> list[Tree]:
    return [Leaf(commodity(g), v, name=g) for g in goods if (v := _buys(accounts, g, buyer)) > 0]


def _from_outside(accounts: Accounts, account: str) -> float:
    """Net payment that an account receives from the rest of China and the rest of the world, yi yuan."""
    sam = accounts.sam
    return sum(cell(sam, account, out) - cell(sam, out, account) for out in ("ROC", "ROW"))


def households(accounts: Accounts, capital: Mapping[str, float]) -> Consumer:
    """Households: CES demand over energy and other goods, a saving share, labour, capital, transfers."""
    sam, e = accounts.sam, accounts.elasticities
    energy = [g for g in accounts.commodities if g in FUELS or g == "ELEC"]
    other = [g for g in accounts.commodities if g not in energy and g != "GEN"]
    consumption = Nest(
        cell(e, "HH", "household"),
        (
            Nest(cell(e, "HH", "household_energy"), tuple(_spending(accounts, "HH", energy)), name="energy"),
            Nest(cell(e, "HH", "household_other"), tuple(_spending(accounts, "HH", other)), name="goods"),
        ),
        name="consumption",
    )
    income = total(sam.loc["HH"])
    saving = Leaf(INV, cell(sam, "SAV", "HH"), name="saving")
    owned = cell(sam, "HH", "CAP") / total(sam["CAP"])
    endowments = [Endowment("LAB", cell(sam, "HH", "LAB"))]
    endowments += [Endowment(name, owned * stock) for name, stock in capital.items()]
    received = cell(sam, "HH", "GOV") + _from_outside(accounts, "HH")
    endowments += [Endowment(FX, received), Endowment(FX, -1.0, HOUSEHOLD_TAX)]
    return Consumer(
        "HH",
        Nest(1.0, (consumption, saving), name="welfare"),
        tuple(endowments),
        {"GOV": cell(sam, "YTAX_H", "HH") / income},
        income=income,
    )


def enterprises(accounts: Accounts, capital: Mapping[str, float], closure: Closure) -> Consumer:
    """Enterprises: capital, resources, permits; taxes, dividends, lending abroad; the rest is saved."""
    sam = accounts.sam
    income = total(sam.loc["ENT"])
    owned = cell(sam, "ENT", "CAP") / total(sam["CAP"])
    endowments = [Endowment(name, owned * stock) for name, stock in capital.items()]
    of_rents = cell(sam, "ENT", "RES") / total(sam["RES"])
    for code in accounts.activities:
        rent = cell(sam, "RES", f"A_{code}")
        if rent > 0:
            endowments.append(Endowment(f"RES_{code}", of_rents * rent))
    line = cell(sam, "A_ELEC", "ROC") + cell(sam, "A_ELEC", "ROW")
    endowments.append(Endowment(LINE, line * closure.line_headroom))
    endowments.append(Endowment(PERMIT, 1.0, PERMITS_USED))
    endowments += [Endowment(permit_of(s, closure.own_quotas), 1.0, used_of(s)) for s in closure.own_quotas]
    endowments.append(Endowment(FX, cell(sam, "ENT", "GOV")))
    lent = -_from_outside(accounts, "SAV")
    endowments.append(Endowment(FX, -lent, CURRENT_ACCOUNT))
    saved = cell(sam, "SAV", "ENT") - lent
    return Consumer(
        "ENT",
        Leaf(INV, saved, name="saving"),
        tuple(endowments),
        {r: cell(sam, a, "ENT") / (income - lent) for r, a in (("GOV", "YTAX_E"), ("HH", "HH"))},
        income=income - lent,
    )


def government(accounts: Accounts) -> Consumer:
    """Government: taxes, resource royalties, transfers; real purchases and saving in fixed proportion."""
    sam = accounts.sam
    goods = _spending(accounts, "GOV", list(accounts.commodities))
    saving = cell(sam, "SAV", "GOV")
    demand = Nest(0.0, (*goods, *((Leaf(INV, saving, name="saving"),) if saving > 0 else ())), name="government")
    of_rents = cell(sam, "GOV", "RES") / total(sam["RES"])
    endowments = [
        Endowment(f"RES_{code}", of_rents * rent)
        for code in accounts.activities
        if (rent := cell(sam, "RES", f"A_{code}")) > 0 and of_rents > 0
    ]
    outside = _from_outside(accounts, "GOV")
    paid = cell(sam, "HH", "GOV") + cell(sam, "ENT", "GOV")
    endowments += [
        Endowment(FX, outside - paid),
        Endowment(FX, 1.0, HOUSEHOLD_TAX),
        Endowment(PERMIT, 0.0, PERMITS_USED),
    ]
    return Consumer("GOV", demand, tuple(endowments))


def government_budget(consumer: Consumer) -> Auxiliary:
    """Real government demand stays at its target (the benchmark times the second coefficient's change)."""
    value = benchmark_value(consumer.demand)
    terms = (Term(1.0, (("income", "GOV"),)), Term(-value, (("index", "GOV"),)))
    return Auxiliary(HOUSEHOLD_TAX, terms, value=0.0, scale=value)


def current_account(closure: Closure) -> Auxiliary:
    """What closes the balance with the outside.

    Fixed: net lending stays at the benchmark's (times a growth factor, the first coefficient) and internal
    prices adjust.  Flexible: real investment stays and lending adjusts.
    """
    if closure.external_saving == "fixed":
        terms = (Term(-1.0), Term(1.0, (("aux", CURRENT_ACCOUNT),)))
    else:
        terms = (Term(-1.0), Term(1.0, (("level", INVEST),)))
    return Auxiliary(CURRENT_ACCOUNT, terms, value=1.0)
