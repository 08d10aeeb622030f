"""One market period, phase by phase.

The period opens with the market and closes with the flow: what the auction decides is what accrues until the next
one, so with one period a year and no drift the hybrid is the general equilibrium itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.abatement import emission_rate
from tanshi.agents.expectations import adapt
from tanshi.agents.strategies.zip import learn
from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.carbon import COVERABLE
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.allocation import grandfather, split
from tanshi.market.compliance import capped_obligation, settle_year, verify
from tanshi.market.orders import Orders
from tanshi.simulator.run.book import TONNES, Book, equilibrium_price, tangent_of
from tanshi.simulator.run.coupling import Agreement, agree
from tanshi.simulator.run.credits import book_credits, expect_credits, note_credits
from tanshi.simulator.run.grants import adjust, earn, give, history_of, note_output
from tanshi.simulator.run.record import context_of, fill_rows, period_row
from tanshi.simulator.run.rules import advance_limit, after_reserve, build_installations, carry_limit, fine
from tanshi.simulator.run.shock import announce_shock, shock_is_due

if TYPE_CHECKING:
    from tanshi.simulator.model import CarbonMarket

Array = NDArray[np.float64]


def one_period(m: CarbonMarket) -> Agreement:
    """Run one period: the six phases, with the year's opening before the first and its closing after the last.

    Returns what the market agreed on, for whoever watches.
    """
    open_period(m)
    expect(m)
    agreement = trade_and_equilibrate(m)
    settle(m, agreement)
    solution, response = respond(m, agreement)
    state = jump(m, agreement, solution, response)
    drift(m, agreement, solution, state)
    if m.state.period == m.periods_per_year:
        close_year(m)
    return agreement


def open_period(m: CarbonMarket) -> None:
    """Bring the coming period to where orders can be placed: a new year's allowances, a policy just announced.

    Once a period: who wants to see what a firm holds before the auction may call it first.
    """
    if m.state.opened:
        return
    if m.state.period == 0:
        open_year(m)
    if shock_is_due(m):
        announce_shock(m)
    if m.scenario.market.mode == "agents":
        adjust(m)
    m.state.opened = True


# -- the year ----------------------------------------------------------------------------------------------


def open_year(m: CarbonMarket) -> None:
    """Set the year's policy on the economy and hand out the year's allowances."""
    s, policy, population = m.state, m.policy, m.population
    policy.prepare(m.province, s.parameters, s.year)
    if m.scenario.market.mode == "equilibrium":
        return
    units = np.rint(policy.caps(s.year) * TONNES).astype(np.int64)
    free, auctioned = after_reserve(m, *split(units, policy.auctioned_share(s.year)))
    m.registry.period = len(s.periods)
    give(m, free)
    if not policy.standard(s.year):
        m.registry.issue(m.government, int(auctioned[policy.mask(s.year)].sum()), s.year)
    newly = policy.mask(s.year) & ~(policy.mask(s.year - 1) if s.year > m.scenario.years.start else False)
    if m.scenario.banking.allowed and newly.any():  # firms enter with the reserve they want to hold
        start = np.where(newly, m.scenario.firms.reserve * policy.baseline.at(s.year) * TONNES, 0.0)
        reserves = grandfather(np.rint(start).astype(np.int64), history_of(m), population.sector)
        m.registry.issue(np.arange(len(population)), reserves, m.registry.first_vintage)


def close_year(m: CarbonMarket) -> None:
    """Verify what accrued, surrender, penalise, bank; then the economy moves on."""
    s = m.state
    if m.scenario.market.mode == "agents":
        _settle_firms(m)
        build_installations(m)
    else:
        caps, mask = m.policy.caps(s.year), m.policy.mask(s.year)
        cover = caps + note_credits(m)
        sales = {c: float((cover[i] - s.accrued[i]) * TONNES) for i, c in enumerate(COVERABLE) if mask[i]}
        left = sum(sales.values())  # a surplus finds no buyer, a shortfall is bought off at the ceiling
        sales = {c: v - left * caps[COVERABLE.index(c)] / caps[mask].sum() for c, v in sales.items()}
        s.settlements.append({"year": s.year, "net_sales_t": sales, "surplus_t": left})
        moved = round(sum(max(v, 0.0) for v in sales.values()))  # the least trade that equalises the sectors
        s.periods[-1] |= {"volume_t": moved, "turnover_yuan": moved * s.price}
        s.banked = max(s.banked + left / TONNES, 0.0) if m.scenario.banking.allowed else 0.0
    m.close_accounts()


def _settle_firms(m: CarbonMarket) -> None:
    s, population, market = m.state, m.population, m.scenario.market
    mask = m.policy.mask(s.year)
    verified = verify(s.to_date, population.sector, len(COVERABLE))
    trading = np.flatnonzero(mask[population.sector])
    owed, gap = verified[trading], m.scenario.allocation.gap_cap
    if gap is not None and m.policy.started(s.year):
        owed = capped_obligation(owed, s.granted[trading], gap)
    done = settle_year(
        m.registry,
        s.year,
        trading,
        verified[trading],
        penalty=fine(m),
        government=m.government,
        extinguishes=m.scenario.penalty.extinguishes,
        banking=m.scenario.banking.allowed,
        carry=carry_limit(m, m.registry.held),
        advance=advance_limit(m, trading, owed),
        owed=owed,
        offset_share=m.policy.offset_share(s.year),
    )
    s.advances[trading] += done.borrowed
    idle = np.flatnonzero(~mask[population.sector])
    m.registry.expire(idle, m.registry.held[idle], latest=s.year)  # free quotas that bind nobody end with the year
    m.registry.check()
    s.settlements.append(
        {
            "year": s.year,
            "verified_t": int(done.verified.sum()),
            "owed_t": int(owed.sum()),
            "surrendered_t": int(done.surrendered.sum()),
            "offsets_t": int(done.offsets.sum()),
            "shortfall_t": int(done.shortfall.sum()),
            "penalty_yuan": int(done.penalty.sum()) * market.tick,
            "banked_t": int(m.registry.held[trading].sum()),
            "expired_t": int(done.expired[trading].sum()),
            "borrowed_t": int(done.borrowed.sum()),
            "reserve_t": s.reserve,
            "installations": int(population.built.sum()),
        }
    )


# -- the six phases ----------------------------------------------------------------------------------------


def expect(m: CarbonMarket) -> None:
    """Firms update the price they expect at the compliance date from where the drift is heading."""
    s, population = m.state, m.population
    if s.year == m.scenario.years.start and s.period == 0:
        population.expected_price = np.full(len(population), s.expected)
    population.expected_price = adapt(population.expected_price, s.expected, m.scenario.firms.learning)
    draws = population.draws(m.scenario.seed, len(s.periods))
    firms = m.scenario.firms
    population.move_shocks(draws, firms.shock_sigma, firms.shock_persistence, 12.0 / m.periods_per_year)


def trade_and_equilibrate(m: CarbonMarket) -> Agreement:
    """Find the price at which the order book and the economy agree."""
    s = m.state
    remaining = 1.0 - s.period / m.periods_per_year
    if m.scenario.market.mode == "equilibrium":
        return equilibrium_price(m, remaining)
    book = Book(m, remaining)
    weight = m.adjustment(remaining)[1]  # firms expect the price to hold and technique to follow it to year end
    market, coupling = m.scenario.market, m.scenario.coupling

    def orders(response: CarbonResponse, step: float) -> Orders:
        placed = book(response, step)
        expect_credits(m, book.credits)  # the economy of the next trial pays for them
        return placed

    agreement = agree(
        lambda price: m.economy_at(price, weight),
        orders,
        book.venue,
        start=s.expected,
        lowest=book.lowest * market.tick,
        highest=book.highest * market.tick,
        tick=market.tick,
        tolerance=coupling.tolerance,
        iterations=coupling.iterations,
        rng=book.lots,
    )
    if book.credits is not None and s.period == m.periods_per_year - 1:
        book_credits(m, book.credits)
    return agreement


def settle(m: CarbonMarket, agreement: Agreement) -> None:
    """Book the final fills."""
    s, market = m.state, m.scenario.market
    s.price = agreement.price
    fills = agreement.clearing.fills
    if not len(fills):
        return
    m.registry.settle(fills, m.government)
    units = fills.quantity * market.lot
    if m.policy.started(s.year):
        np.add.at(s.net_sold, fills.seller, units)
        np.subtract.at(s.net_sold, fills.buyer, units)
    s.trades.append(fill_rows(m, fills))


def respond(m: CarbonMarket, agreement: Agreement) -> tuple[Solution, CarbonResponse]:
    """Technique moves toward what the price asks; firms' shares move with it.

    Returns the economy of this period: choices at the mean effective price of the period, emissions paid at the
    market's price.
    """
    s = m.state
    length = 1.0 / m.periods_per_year
    at_end, mean = m.adjustment(length)
    solution, response = m.economy_at(agreement.price, mean)
    mask = m.policy.mask(s.year)
    paid = np.where(mask, agreement.price, s.effective)
    for sector, price in m.province.own_prices(solution).items():  # quotas that bind their own sector alone
        paid[COVERABLE.index(sector)] = price
    s.effective = s.effective + at_end * (paid - s.effective)
    if m.scenario.market.mode == "agents":
        m.population.respond(emission_rate(m.population, tangent_of(agreement.response), agreement.price))
        draws = m.population.draws(m.scenario.seed, len(s.periods))
        learn(m.population, agreement.orders, agreement.price, m.scenario.market.tick, draws)
        if m.policy.standard(s.year):
            earned = np.where(mask, response.allocation, 0.0) * length * TONNES
            earn(m, grandfather(np.rint(earned).astype(np.int64), history_of(m), m.population.sector))
        note_output(m)
    return solution, response


def jump(m: CarbonMarket, agreement: Agreement, solution: Solution, response: CarbonResponse) -> Array:
    """The continuous state is reset to what the market and the economy came to."""
    outputs = m.accounts.coverable_outputs(Flows(solution.state.flow, solution.x))
    return m.packed(m.state.year, agreement.price, response.emissions, outputs)


def drift(m: CarbonMarket, agreement: Agreement, solution: Solution, z: Array) -> None:
    """The state flows to the next auction; tonnes accrue along its path."""
    s, n = m.state, m.periods_per_year
    t0, t1 = s.year + s.period / n, s.year + (s.period + 1) / n
    mask = m.policy.mask(s.year)
    context = context_of(m, mask, z)
    collar = m.policy.collar(s.year)
    carried = m.flow.carry(z[None], t0, t1, m.star, context, substeps=m.substeps, collar=collar)
    accrued = carried.accrued()[0]
    accrued = np.where(mask, accrued, 0.0)
    s.accrued = s.accrued + accrued
    s.to_date = s.to_date + accrued[m.population.sector] * m.population.shares()[0] * TONNES
    m.population.emissions = s.to_date
    m.population.holdings = m.registry.held[: len(m.population)]
    s.periods.append(period_row(m, agreement, solution, z, context))
    s.carried = carried.end[0]
    s.expected = float(carried.price[-1, 0])
    s.flow_sum = s.flow_sum + solution.state.flow
    s.x_sum = s.x_sum + solution.x
    s.welfare_sum += solution.real["HH"]
    s.start = solution.x
    s.period += 1
    s.opened, s.by_hand = False, {}
