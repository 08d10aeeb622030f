"""The province model: one page of data on the engine."""

from __future__ import annotations

from tanshi.equilibrium.engine import Commodity, Model
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.border import border_conditions
from tanshi.equilibrium.province.carbon import (
    TAX,
    benchmark_quota,
    emitting_flows,
    own_account,
    permit_account,
    permit_commodity,
    permit_of,
    priced_in_benchmark,
    sector_of,
    tax_account,
)
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.institutions import (
    current_account,
    enterprises,
    government,
    government_budget,
    households,
    investment,
    miners_at_work,
    work,
)
from tanshi.equilibrium.province.production import (
    IDLE_RENT,
    activity,
    beyond_plan,
    capital,
    may_idle,
    plant_of,
    vintages,
)
from tanshi.equilibrium.province.tables import cell
from tanshi.equilibrium.province.trade import (
    FX,
    LINE,
    armington,
    border_equation,
    border_prices,
    makes_quotas,
    outside_sales,
    power_export,
    rest_of_country,
    sloped,
)


def capital_stocks(accounts: Accounts, closure: Closure) -> dict[str, float]:
    """Benchmark capital services by kind of capital, yi yuan."""
    stocks: dict[str, float] = {}
    for code, parts in vintages(accounts, closure).items():
        payment = cell(accounts.sam, "CAP", f"A_{code}")
        for name, share in parts:
            if payment > 0:
                kind = capital(name, closure)
                stocks[kind] = stocks.get(kind, 0.0) + payment * share
    return stocks


def province_model(accounts: Accounts, closure: Closure, numeraire: str = FX) -> Model:
    """The whole province as an engine model that replicates ``accounts``.

    Parameters
    ----------
    accounts
        Balanced benchmark accounts (yi yuan, Mtce, Mt CO2).
    closure
        What is fixed and what adjusts.
    numeraire
        Commodity whose price is one; the rest of China's price level unless a test asks for another.
    """
    flows = emitting_flows(accounts)
    parts = vintages(accounts, closure)
    stocks = capital_stocks(accounts, closure)
    makers = [activity(accounts, a, n, share, closure, flows) for a, names in parts.items() for n, share in names]
    suppliers = [armington(accounts, good, closure) for good in accounts.sectors]
    state = government(accounts, stocks, closure)
    sold = (work(accounts, closure),) if closure.sells_time else ()
    sales = tuple(outside_sales(accounts, good, e) for good, e in sloped(accounts, closure).items())
    if closure.clean_cost is not None:
        suppliers.append(beyond_plan(accounts, closure.clean_cost))
    own = closure.own_quotas
    # clean plant that nobody asks for is curtailed
    clean = [Commodity("RES_GENN", lower=IDLE_RENT)] if cell(accounts.sam, "RES", "A_GENN") > 0 else []
    priced = [f for f in flows if priced_in_benchmark(accounts, f.activity)]
    used = sum(f.co2 for f in priced if sector_of(f.activity) not in own)
    given = sum(benchmark_quota(accounts, a) for a in parts)
    used = used - given if used - given > 1e-9 * used else 0.0  # all of them followed output: none is left
    alone = {s: sum(f.co2 for f in priced if sector_of(f.activity) == s) for s in own}
    return Model(
        activities=(*makers, *suppliers, power_export(accounts, closure), *sales, investment(accounts), *sold),
        consumers=(
            households(accounts, stocks, closure),
            enterprises(accounts, stocks, closure),
            state,
            *rest_of_country(sales),
        ),
        numeraire=numeraire,
        commodities=(
            Commodity(FX),
            permit_commodity(accounts),
            *((Commodity(TAX, price=1.0, lower=1.0, upper=1.0),) if closure.taxed else ()),
            Commodity(LINE, price=0.0, free=True),
            *(Commodity(plant_of(sector), price=0.0, free=True) for sector, _ in closure.capacity),
            *clean,
            Commodity("BPG", lower=IDLE_RENT),  # gas that nobody burns is flared
            *(Commodity(kind, lower=IDLE_RENT) for kind in stocks if may_idle(accounts, kind.removeprefix("CAP_"))),
            *(permit_commodity(accounts, permit_of(s, own), alone[s] > 0) for s in own),
        ),
        auxiliaries=(
            permit_account(used, tuple(a.name for a in makers if makes_quotas(a))),
            government_budget(state, closure),
            current_account(closure),
            *(border_equation(accounts, g, closure, flows, parts) for g in accounts.coverable),
            *(own_account(s, alone[s]) for s in own),
            *((tax_account(),) if closure.taxed else ()),
            *border_conditions(accounts, closure, flows, parts, border_prices(accounts, closure)),
            *(() if closure.miners_wage is None else (miners_at_work(closure.miners_wage),)),
        ),
    )
