"""Carbon in the trees: what emits, what a permit costs, who owns the permits.

Permits are a commodity ``PERMIT`` in Mt CO2, priced in yi yuan per Mt (yuan/t / 100).  Every emitting flow
carries a permit leaf in fixed proportion; its quantity is the sector's coverage (0 or 1) times the flow's
CO2.  Choices follow ``alpha p + beta`` while ``p`` is paid, so that technique can lag behind price.
"""

from __future__ import annotations

from dataclasses import dataclass

from tanshi.equilibrium.engine import Auxiliary, Commodity, Leaf, Nest, Term
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.classes import is_generation
from tanshi.equilibrium.province.tables import cell, rows, total

PERMIT = "PERMIT"
PERMITS_USED = "permits"


TAX, TAX_PAID = "PERMIT_TAX", "carbon tax"
"""Commodity: what a tax on emissions buys, one yi yuan a unit, and the auxiliary variable of how much is paid."""


def tax_of(permit: str) -> str:
    """Address of the tax of an emitting flow beside its permit's."""
    return f"{permit}.tax"


def permit_of(sector: str, own_quotas: tuple[str, ...]) -> str:
    """Commodity: the permit that a sector needs, the common one or its own."""
    return f"{PERMIT}_{sector}" if sector in own_quotas else PERMIT


def used_of(sector: str) -> str:
    """Auxiliary variable: permits used by a sector whose quotas are its own."""
    return f"{PERMITS_USED}_{sector}"


YUAN_PER_TONNE = 0.01
"""One yuan per tonne in yi yuan per Mt."""


def sector_of(activity: str) -> str:
    """Sector of the carbon market that an activity belongs to: generation belongs to ELEC."""
    return "ELEC" if is_generation(activity) else activity


def activities_of(accounts: Accounts, sector: str) -> tuple[str, ...]:
    """The activities of a sector of the carbon market."""
    return tuple(a for a in accounts.activities if sector_of(a) == sector)


@dataclass(frozen=True)
class EmittingFlow:
    """One flow whose CO2 is counted: a fuel in an activity, or (``leaf`` None) the activity's own process.

    ``co2`` is Mt per benchmark year of the whole activity.
    """

    activity: str
    leaf: str | None
    permit: str
    co2: float
    mtce: float
    commodity: str
    use: str


def emitting_flows(accounts: Accounts) -> tuple[EmittingFlow, ...]:
    """All emitting flows of production in the benchmark (households' are counted elsewhere, never priced)."""
    flows = []
    for row in rows(accounts.fuel):
        if row.activity == "HH" or row.use == "feedstock":
            continue
        leaf = str(row.commodity) if row.use == "energy" else f"{row.commodity}.reductant"
        flows.append(
            EmittingFlow(
                str(row.activity),
                leaf,
                f"{leaf}.co2",
                float(row.co2_mt),
                float(row.mtce),
                str(row.commodity),
                str(row.use),
            )
        )
    for activity, mt in accounts.process_co2.items():
        if mt > 0:
            flows.append(EmittingFlow(str(activity), None, "process.co2", float(mt), 0.0, "", "process"))
    return tuple(flows)


def priced_in_benchmark(accounts: Accounts, activity: str) -> bool:
    """Whether the activity needs permits at a price in the benchmark."""
    paid = cell(accounts.sam, PERMIT, f"A_{activity}") > 0
    thermal = is_generation(activity) and bool((accounts.fuel["activity"] == activity).any())
    return paid or (accounts.by_output > 0 and accounts.carbon_price > 0 and thermal)


def benchmark_quota(accounts: Accounts, activity: str) -> float:
    """Permits that an activity's output earned in the benchmark, Mt."""
    if accounts.by_output == 0.0 or not priced_in_benchmark(accounts, activity):
        return 0.0
    return accounts.by_output * total(accounts.fuel.loc[accounts.fuel["activity"] == activity, "co2_mt"])


def permit_leaf(accounts: Accounts, flow: EmittingFlow, share: float, permit: str = PERMIT) -> Leaf:
    """The permit that an emitting flow needs; free and unasked for where the benchmark does not price it."""
    priced = priced_in_benchmark(accounts, flow.activity)
    price = accounts.carbon_price * YUAN_PER_TONNE
    return Leaf(
        permit,
        flow.co2 * share if priced else 0.0,
        price=price if priced else 0.0,
        name=flow.permit,
        decision=(1.0, 0.0),
    )


def tax_leaf(flow: EmittingFlow) -> Leaf:
    """The tax on an emitting flow; nothing until a regime says otherwise, so that plant was built without it."""
    return Leaf(TAX, 0.0, price=0.0, name=tax_of(flow.permit), decision=(1.0, 0.0))


def with_permit(
    accounts: Accounts, fuel: Leaf, flow: EmittingFlow, share: float, permit: str = PERMIT, taxed: bool = False
) -> Nest:
    """A fuel with its permit, and its tax where there is one, in fixed proportion."""
    taxes = (tax_leaf(flow),) if taxed else ()
    return Nest(0.0, (fuel, permit_leaf(accounts, flow, share, permit), *taxes), name=f"{fuel.address}+co2")


def permit_commodity(accounts: Accounts, name: str = PERMIT, priced: bool = True) -> Commodity:
    """A permit, held at the benchmark's price (nothing where it is not ``priced``) until a regime says otherwise."""
    price = accounts.carbon_price * YUAN_PER_TONNE if priced else 0.0
    return Commodity(name, price=price, lower=price, upper=price)


def permit_account(used: float, quota_makers: tuple[str, ...]) -> Auxiliary:
    """Permits used under the cap: ``0 <= cap - used - quotas``, orthogonal to the price above its floor.

    The cap is the first coefficient.  Used permits are whatever clears the permit market beyond the quotas
    that come with output; their value goes to the owners in fixed shares, so the account pays out exactly
    what it receives.  Quotas count against an absolute cap (the coefficients of ``quota_makers``), not under
    a standard.
    """
    quotas = tuple(Term(0.0, (("level", name),)) for name in quota_makers)
    return Auxiliary(
        PERMITS_USED,
        (Term(used), Term(-1.0, (("aux", PERMITS_USED),)), *quotas),
        value=used,
        pairs_price=PERMIT,
        scale=max(used, 1.0),
    )


def tax_account() -> Auxiliary:
    """What is paid as a tax on emissions: whatever clears its market at a price of one."""
    terms = (Term(0.0), Term(-1.0, (("aux", TAX_PAID),)))
    return Auxiliary(TAX_PAID, terms, value=0.0, pairs_price=TAX, scale=1.0)


def own_account(sector: str, used: float) -> Auxiliary:
    """Permits used by a sector under a quota of its own: ``0 <= quota - used``, orthogonal to its shadow price.

    The quota is the first coefficient; until a regime sets it the price is held at the benchmark's.
    """
    name = used_of(sector)
    terms = (Term(used), Term(-1.0, (("aux", name),)))
    return Auxiliary(name, terms, value=used, pairs_price=permit_of(sector, (sector,)), scale=max(used, 1.0))
