"""One market period, phase by phase.

The period opens with the market and closes with the flow: what the auction decides is what accrues until the next
one, so with one period a year and no drift the hybrid is the general equilibrium itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.expectations import adapt
from tanshi.agents.strategies.zip import learn
from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.physical import Flows
from tanshi.market.allocation import grandfather
from tanshi.market.venue import Fills
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.flow import COUNTERS, Flow
from tanshi.simulator.run.across.trade import deliver_outside, note_payment, pay_outside
from tanshi.simulator.run.ahead.believing import believe
from tanshi.simulator.run.ahead.estimates import learn_verified
from tanshi.simulator.run.ahead.joint import takes_price
from tanshi.simulator.run.ahead.outlook import look_ahead, rise
from tanshi.simulator.run.ahead.surprises import take_in, tells
from tanshi.simulator.run.book import Book, abated
from tanshi.simulator.run.compliance.events import meet_deadlines
from tanshi.simulator.run.coupling import Agreement, Economy, Placed, equilibrium_price
from tanshi.simulator.run.credits import book_credits
from tanshi.simulator.run.economics import Answer, Lived, at_price, lived_at, packed
from tanshi.simulator.run.grants import adjust, by_benchmark, earn, history_of, note_output
from tanshi.simulator.run.ground.border import price_outside
from tanshi.simulator.run.public.auctions import release_by_past_prices, settle_sales
from tanshi.simulator.run.public.border import note_border
from tanshi.simulator.run.record import Tonnes, context_of, fill_rows, period_row
from tanshi.simulator.run.shock import announce_shock, shock_is_due
from tanshi.simulator.run.straying import log_multipliers, settle_shock, stray, survived
from tanshi.simulator.run.waiting import note_traded
from tanshi.simulator.run.world import Announced, State, World
from tanshi.simulator.run.year import close_year, open_year

Array = NDArray[np.float64]
MOST_NEWS = 0.5
"""Logarithm by which news may move the first price that an auction tries."""


@dataclass(frozen=True)
class Said:
    """What opens a period in one province of a market of several.

    Attributes
    ----------
    news
        What is known once a shock has been announced; None where none is.
    reserve
        t that this province's part of the stability reserve takes from the year's supply (negative: gives back), and
        what of it stays valid then; None: it has no part, or finds it by itself.
    """

    news: Announced | None = None
    reserve: tuple[int, int] | None = None


@dataclass(frozen=True)
class Period:
    """What one period came to, for whoever watches.

    Attributes
    ----------
    agreement
        What the market agreed on.
    closing
        The economy at the price paid, technique as far as it has followed: what is emitted and accounted.
    """

    agreement: Agreement
    closing: Lived


def run_until(w: World, s: State, periods: int | None = None) -> Period | None:
    """Run until ``periods`` have been run in all, or to the end; returns the last of them."""
    last = None
    while not s.calendar.finished and (periods is None or s.number < periods):
        last = one_period(w, s)
    return last


def one_period(w: World, s: State) -> Period:
    """Run one period, or leave the state as it was.

    A shock from outside that no equilibrium survives is halved, and the period redone.

    Raises
    ------
    EquilibriumError
        Where the economy has no equilibrium; nothing of the period has happened then.
    """
    return survived(s, lambda: _phases(w, s), lambda state: [state], strays=w.surroundings is not None)


def _phases(w: World, s: State) -> Period:
    """The six phases, with the year's opening before the first and its closing after the last."""
    open_period(w, s)
    expect(w, s)
    agreement = trade_and_equilibrate(w, s)
    settle(w, s, agreement)
    closing = live(w, s, agreement)
    end_period(w, s, closing)
    return Period(agreement, closing)


def live(w: World, s: State, agreement: Agreement) -> Lived:
    """The period itself once allowances have changed hands: technique responds, the state jumps and flows on."""
    closing = respond(w, s, agreement)
    z = jump(w, s, agreement, closing)
    drift(w, s, agreement, closing.solution, z)
    return closing


def end_period(w: World, s: State, closing: Lived) -> None:
    """Close the year where the period was its last; else settle what falls due."""
    if s.period == w.periods_per_year:
        close_year(w, s, closing)
    elif w.agents_trade:
        meet_deadlines(w, s)


def open_period(w: World, s: State, said: Said | None = None) -> None:
    """Bring the coming period to where orders can be placed: a new year's allowances, a policy just announced.

    Once a period: who wants to see what a firm holds before the auction may call it first.

    Parameters
    ----------
    said
        What a market of several provinces has found for all of them.
    """
    if s.calendar.opened:
        return
    surprise, plan, belief = stray(w, s), s.market.outlook, s.market.belief
    if s.period == 0:
        open_year(w, s, None if said is None else said.reserve)  # plans with January's weather
    else:
        take_in(w, s, surprise)
    if shock_is_due(w, s):
        announce_shock(w, s, None if said is None else said.news)
    if learn_verified(w, s) and s.period > 0:  # news: January's plan knows it already
        look_ahead(w, s)
    if w.agents_trade:
        adjust(w, s)
        release_by_past_prices(w, s)
    believe(w, s)
    s.market.news = 0.0 if w.surroundings is None else tells(plan, s.market.outlook, s.year) + s.market.belief - belief
    s.calendar.opened = True


# -- the six phases ----------------------------------------------------------------------------------------


def expect(w: World, s: State) -> None:
    """Firms update the price they expect at the compliance date from where the drift is heading."""
    population = s.firms
    if s.year == w.scenario.years.start and s.period == 0:
        population.expected_price = np.full(len(population), s.market.expected)
    population.expected_price = adapt(population.expected_price, s.market.expected, w.scenario.firms.learning)
    draws = population.draws(w.scenario.seed, s.number)
    firms = w.scenario.firms
    population.move_shocks(draws, firms.shock_sigma, firms.shock_persistence, 12.0 / w.periods_per_year)


def trade_and_equilibrate(w: World, s: State) -> Agreement:
    """Find the price at which the order book and the economy agree."""
    remaining = 1.0 - s.period / w.periods_per_year
    if not w.agents_trade:
        return equilibrium_price(w, s, remaining)
    book, across = Book(w, s, remaining), s.market.across
    news = float(np.exp(np.clip(s.market.news, -MOST_NEWS, MOST_NEWS)))
    start = price_outside(w.scenario.market.link, s.year) if takes_price(w, s) else s.market.expected * news
    expected = s.market.credits, s.market.forest_income, across.rate * remaining - across.due
    economy = economy_of(w, s, remaining)
    found = book.agree(economy, start, expected)
    for _ in range(w.scenario.market.limits.days - 1):
        if found.clearing.volume or found.price == book.close:
            break
        book = Book(w, s, remaining, found.price)  # the day after, within limits around the new close
        found = book.agree(economy, found.price, expected)
    if w.scenario.compliance.later:
        s.market.needed = book.demand(found.response).at(found.price)
    return found


def economy_of(w: World, s: State, remaining: float) -> Economy:
    """The economy that firms meet in an auction, as a function of the period's price."""
    weight = w.adjustment(remaining)[1]  # technique follows the price to year end
    mean = rise(w, s)  # firms expect the price to rise as fast as a bank is carried, or to hold where they do not plan
    across = s.market.across

    def economy(price: float, last: Answer | None, placed: Placed | None) -> Answer:
        # The economy of the next trial pays for what firms count on in this one.
        income = None if placed is None or placed.credits is None else placed.credits.payment
        paid = None if placed is None or placed.across is None else (across.due + placed.across) / remaining
        near, start = (None, start_of(w, s, price * mean)) if last is None else (last.near, None)
        answer = at_price(w, s, price * mean, weight, income=income, across=paid, near=near, start=start)
        return answer.as_mean_of(price)

    return economy


def start_of(w: World, s: State, price: float) -> Array | None:
    """Where a period's first trial price finds the economy: as January's plan foresaw it, or as the year goes on."""
    starts = s.economy.starts
    if s.period == 0:
        return starts.planned(s.year, price)
    return starts.next_trial(s.number, price, log_multipliers(w, s, now=False))


def settle(w: World, s: State, agreement: Agreement) -> None:
    """Book the final fills, and in the year's last period what the auction of credits brought."""
    note_agreement(w, s, agreement)
    fills = agreement.clearing.fills
    deliver_outside(w, s, fills)
    if w.agents_trade:
        settle_sales(w, s, fills)
    else:
        s.registry.settle(fills, w.government)
    note_fills(w, s, fills)


def note_agreement(w: World, s: State, agreement: Agreement) -> None:
    """Note the price, and what is paid for credits and beyond the border."""
    s.market.price = agreement.price
    s.market.credits, s.market.forest_income = agreement.credits, agreement.forest_income
    starts = s.economy.starts
    before = starts.trial if s.period > 0 and starts.number == s.number - 1 else np.zeros(0)
    near = agreement.answer.near
    s.economy.starts = replace(
        starts, trial=near.solution.x, trial_before=before, trial_price=near.price, trial_change=near.change,
        trial_logs=log_multipliers(w, s, now=False), number=s.number,
    )  # fmt: skip
    if agreement.plan is not None and s.period == w.periods_per_year - 1:
        book_credits(w, s, agreement.plan)
    note_payment(w, s, agreement)


def note_fills(w: World, s: State, fills: Fills) -> None:
    """Note fills that have been delivered: who still needs what, what was sold in the years that count, the record."""
    note_traded(w, s, fills)
    if not len(fills):
        return
    units = fills.quantity * w.scenario.market.lot
    if s.policy.started(s.year) and w.scenario.banking.counts_sales(s.year):
        s.market.net_sold = s.market.net_sold.copy()
        np.add.at(s.market.net_sold, fills.seller, units)
        np.subtract.at(s.market.net_sold, fills.buyer, units)
    s.log.trades.append(fill_rows(w, s, fills))


def respond(w: World, s: State, agreement: Agreement) -> Lived:
    """Technique moves toward what the price asks; firms' shares move with it.

    Returns the economy of this period: choices at the mean effective price of the period, emissions paid at the
    market's price.
    """
    length = 1.0 / w.periods_per_year
    at_end, mean = w.adjustment(length)
    closing = lived_at(w, s, agreement.price, mean, agreement.answer)
    pay_outside(w, s, agreement.price)
    s.economy.parameters = closing.parameters
    mask = s.policy.mask(s.year)
    paid = np.where(mask, agreement.price, s.economy.effective)
    for sector, price in w.province.own_prices(closing.solution).items():  # quotas that bind their own sector alone
        paid[w.sectors.index(sector)] = price
    s.economy.effective = s.economy.effective + at_end * (paid - s.economy.effective)
    if w.province.closure.taxed:
        rates = s.policy.taxes(w.province, s.year)
        s.economy.effective_tax = s.economy.effective_tax + at_end * (rates - s.economy.effective_tax)
    earned = np.where(s.policy.follows(s.year), closing.allocation, 0.0)
    s.economy.earned = s.economy.earned + length * earned
    if w.agents_trade:
        s.firms.respond(abated(s, closing.emissions))
        draws = s.firms.draws(w.scenario.seed, s.number)
        learn(s.firms, agreement.orders, agreement.price, w.scenario.market.tick, draws)
        # Of allowances by output alone; the rest is known after the year.
        plain = s.policy.by_rate(s.year) & ~s.policy.by_emissions(s.year) & mask
        if plain.any():
            earned = np.where(plain, by_benchmark(s, closing.allocation, closing.emissions), 0.0) * length * TONNES
            earn(s, grandfather(np.rint(earned).astype(np.int64), history_of(s), s.firms.sector))
        note_output(w, s)
    return closing


def jump(w: World, s: State, agreement: Agreement, closing: Lived) -> Array:
    """The continuous state is reset to what the market and the economy came to."""
    solution = closing.solution
    outputs = w.economy.accounts.coverable_outputs(Flows(solution.state.flow, solution.x))
    return packed(w.scenario.name, w.sectors, s.year, agreement.price, closing.emissions, outputs)


def drift(w: World, s: State, agreement: Agreement, solution: Solution, z: Array, market: Tonnes | None = None) -> None:
    """The state flows to the next auction; tonnes accrue along its path.

    Parameters
    ----------
    market
        What all have and need who trade in the auction, where firms of other provinces do too.
    """
    n = w.periods_per_year
    t0, t1 = s.year + s.period / n, s.year + (s.period + 1) / n
    mask = s.policy.mask(s.year)
    context = context_of(w, s, mask, z, market)
    collar = s.policy.collar(s.year)
    before = counts(w.flow)
    carried = w.flow.carry(z[None], t0, t1, s.announced.star, context, substeps=w.substeps, collar=collar)
    after, noted = counts(w.flow), s.log.drift
    s.log.drift = {name: noted[name] + after[name] - before[name] for name in COUNTERS}
    accrued = carried.accrued()[0]
    accrued = np.where(mask, accrued, 0.0)
    s.economy.accrued = s.economy.accrued + accrued
    s.market.to_date = s.market.to_date + accrued[s.firms.sector] * s.firms.shares()[0] * TONNES
    s.firms.emissions = s.market.to_date
    s.firms.holdings = s.registry.held[: len(s.firms)]
    s.log.periods.append(period_row(w, s, agreement, solution, z, context))
    s.market.carried = carried.end[0]
    s.market.expected = float(carried.price[-1, 0])
    s.economy.flow_sum = s.economy.flow_sum + solution.state.flow
    s.economy.decision_sum = s.economy.decision_sum + solution.state.decision
    s.economy.x_sum = s.economy.x_sum + solution.x
    s.economy.welfare_sum += solution.real["HH"]
    if w.economy.baskets is not None and w.reports:
        felt = w.economy.baskets.felt(solution)
        s.economy.groups_sum = s.economy.groups_sum + np.array([felt.metric, sum(felt.income.values())])
    s.economy.start = solution.x
    note_border(w, s, solution)
    settle_shock(w, s)
    s.calendar.period += 1
    s.calendar.opened, s.market.by_hand = False, {}


def counts(flow: Flow) -> dict[str, int]:
    """What a flow has counted since it was made, by name."""
    return {name: int(getattr(flow, name)) for name in COUNTERS}
