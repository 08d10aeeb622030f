"""Income and spending of households, enterprises and government, and investment.

Households own labour and a share of capital; enterprises own the rest of capital, resources and free permits.
Income taxes, dividends are fixed shares of income; other transfers are fixed in foreign exchange.  Households
save a fixed share, enterprises save what is left, and all saving buys investment goods.  Government's real
demand is fixed and a lump-sum tax on households, the auxiliary variable ``household tax``, balances its
budget; or all rates of some taxes alike, the auxiliary variable ``tax rates``, do (``Closure.recycling``).
"""

from __future__ import annotations

from collections.abc import Mapping

from tanshi.equilibrium.engine import Activity, Auxiliary, Consumer, Endowment, Leaf, Nest, Tax, Term
from tanshi.equilibrium.engine.expressions import condition, index, price
from tanshi.equilibrium.engine.nest import Tree, benchmark_value
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.carbon import PERMIT, PERMITS_USED, TAX, TAX_PAID, permit_of, used_of
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.production import FUELS, MINERS, commodity, plant_of
from tanshi.equilibrium.province.tables import cell, total
from tanshi.equilibrium.province.trade import FX, LINE, TAX_RATES

INVEST, INV = "INVEST", "INV"
HOUSEHOLD_TAX, CURRENT_ACCOUNT = "household tax", "current account"
WORK, TIME = "WORK", "TIME"
MINERS_AT_WORK = "miners at work"
LEISURE = 0.1
"""Leisure over working time, which is the income elasticity of labour supply with its sign turned; surveys of it lie
between 0 and 0.2 (Blundell and MaCurdy 1999, Labor supply, Handbook of Labor Economics 3A; recalled)."""


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


def wage_tax(accounts: Accounts) -> float:
    """Rate of households' income tax in the benchmark."""
    return cell(accounts.sam, "YTAX_H", "HH") / total(accounts.sam.loc["HH"])


def work(accounts: Accounts, closure: Closure) -> Activity:
    """The activity that turns households' time into labour: what it earns is the wage less its tax."""
    labour, rate = cell(accounts.sam, "HH", "LAB"), wage_tax(accounts)
    changed = TAX_RATES if closure.recycling in ("labour", "income") else None
    return Activity(
        WORK,
        Leaf("LAB", labour, taxes=(Tax(rate, "GOV", changed),)),
        Leaf(TIME, labour * (1.0 - rate)),
    )


def leisure_elasticity(spent: float, leisure: float, time: float, income: float, supply: float) -> float:
    """Elasticity of substitution between consumption and leisure that gives an elasticity of labour supply.

    Leisure is ``a M phi(w) / w``: a fixed part of full income M, of which a CES share phi goes to leisure. Its
    elasticity to the wage w is ``s + (1 - sigma)(1 - phi) - 1``, s the part of time in full income; that of labour is
    minus leisure over labour times this.

    Parameters
    ----------
    spent, leisure
        Benchmark values of consumption and of leisure, yi yuan.
    time, income
        Values of all time and of full income.
    supply
        The elasticity asked for.
    """
    ratio, phi = leisure / (time - leisure), leisure / (spent + leisure)
    return 1.0 - (1.0 - time / income - supply / ratio) / (1.0 - phi)


def households(accounts: Accounts, capital: Mapping[str, float], closure: Closure) -> Consumer:
    """Households: CES demand over energy and other goods, a saving share, labour, capital, transfers.

    Where they sell time, a fixed or chosen part of it, the income tax on wages is taken off the wage and the rest of it
    is a share of their income; leisure, which they choose with a labour supply that answers the wage, is consumed.
    """
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
    income, labour, rate = total(sam.loc["HH"]), cell(sam, "HH", "LAB"), wage_tax(accounts)
    saving = Leaf(INV, cell(sam, "SAV", "HH"), name="saving")
    tax = rate
    miners = cell(sam, "LAB", "A_COAL") if closure.miners_wage is not None else 0.0
    endowments = [Endowment("LAB", labour - miners)]
    if miners > 0:
        endowments.append(Endowment(MINERS, miners, MINERS_AT_WORK))
    if closure.sells_time:
        net = labour * (1.0 - rate)
        leisure = LEISURE * net if closure.labour_supply > 0 else 0.0
        endowments = [Endowment(TIME, net + leisure)]
        tax = rate * (income - labour) / (income - rate * labour + leisure)
        income += leisure - rate * labour
        if leisure > 0:
            spent = benchmark_value(consumption)
            sigma = leisure_elasticity(spent, leisure, net + leisure, income, closure.labour_supply)
            consumption = Nest(
                sigma, (consumption, Leaf(TIME, leisure, name="leisure")), name="consumption and leisure"
            )
    owned = cell(sam, "HH", "CAP") / total(sam["CAP"])
    endowments += [Endowment(name, owned * stock) for name, stock in capital.items()]
    received = cell(sam, "HH", "GOV") + _from_outside(accounts, "HH")
    endowments.append(Endowment(FX, received))
    if closure.recycling == "lump_sum":
        endowments.append(Endowment(FX, -1.0, HOUSEHOLD_TAX))
    return Consumer(
        "HH",
        Nest(1.0, (consumption, saving), name="welfare"),
        tuple(endowments),
        {"GOV": tax},
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
    for sector, headroom in closure.capacity:
        endowments.append(Endowment(plant_of(sector), total(sam.loc[f"A_{sector}"]) * headroom))
    endowments.append(Endowment(PERMIT, 1.0, PERMITS_USED))
    endowments += [Endowment(permit_of(s, closure.own_quotas), 1.0, used_of(s)) for s in closure.own_quotas]
    endowments.append(Endowment(FX, cell(sam, "ENT", "GOV")))
    lent = -_from_outside(accounts, "SAV")
    endowments.append(Endowment(FX, -lent, CURRENT_ACCOUNT))
    saved = cell(sam, "SAV", "ENT") - lent
    taxed = _capital_tax(accounts, capital, closure)
    endowments += [Endowment(name, -services, TAX_RATES) for name, services in taxed.items()]
    kept = income - lent - sum(taxed.values())
    paid = {"HH": cell(sam, "HH", "ENT")} | ({} if taxed else {"GOV": cell(sam, "YTAX_E", "ENT")})
    return Consumer(
        "ENT",
        Leaf(INV, saved, name="saving"),
        tuple(endowments),
        {receiver: amount / kept for receiver, amount in sorted(paid.items())},
        income=kept,
    )


def _capital_tax(accounts: Accounts, capital: Mapping[str, float], closure: Closure) -> dict[str, float]:
    """Services of capital that government takes as enterprises' income tax, where its rate is to change."""
    if closure.recycling != "income":
        return {}
    sam = accounts.sam
    owned = cell(sam, "ENT", "CAP") / total(sam["CAP"])
    rate = cell(sam, "YTAX_E", "ENT") / (owned * sum(capital.values()))
    return {name: rate * owned * stock for name, stock in capital.items()}


def government(accounts: Accounts, capital: Mapping[str, float], closure: Closure) -> Consumer:
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
    endowments += [Endowment(FX, outside - paid), Endowment(PERMIT, 0.0, PERMITS_USED)]
    if closure.taxed:
        endowments.append(Endowment(TAX, 1.0, TAX_PAID))
    if closure.recycling == "lump_sum":
        endowments.append(Endowment(FX, 1.0, HOUSEHOLD_TAX))
    taxed = _capital_tax(accounts, capital, closure)
    endowments += [Endowment(name, services, TAX_RATES) for name, services in taxed.items()]
    return Consumer("GOV", demand, tuple(endowments))


def miners_at_work(floor: float) -> Auxiliary:
    """Part of the miners who are employed: all of them, or as many as leave the real wage at its floor."""
    return condition(MINERS_AT_WORK, floor * index("HH"), price(MINERS), value=1.0, lower=0.0, upper=1.0)


def adjusts(closure: Closure) -> str:
    """Auxiliary variable that balances government's budget."""
    return HOUSEHOLD_TAX if closure.recycling == "lump_sum" else TAX_RATES


def government_budget(consumer: Consumer, closure: Closure) -> Auxiliary:
    """Real government demand stays at its target (the benchmark times the second coefficient's change)."""
    value = benchmark_value(consumer.demand)
    terms = (Term(1.0, (("income", "GOV"),)), Term(-value, (("index", "GOV"),)))
    start = 0.0 if closure.recycling == "lump_sum" else 1.0
    return Auxiliary(adjusts(closure), terms, value=start, scale=value)


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
