"""The wider market in the province's venue: what it brings to an auction, what crosses the border, what it is paid.

Allowances and cash move in the registry, where the outside has an account. A price from outside is on offer for any
amount, so what the account lacks when it sells is issued to it then, and what it buys it holds. The rest of a nation
is given its cap in January, and surrenders what it has emitted when the year is over.

What is paid outside is taken out of the economy as a transfer, which exports have to earn: in every period at the rate
at which the year's payments, as far as they are made or foreseen, are spread over what is left of the year. When a
year's last period has been cleared all that was paid is in the economy's accounts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.agents.abatement import Demand
from tanshi.agents.bank import wanted_bank
from tanshi.agents.outside import curve_orders, price_taking_orders
from tanshi.agents.strategies import Situation
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.market.orders import Floats, Ints, Orders
from tanshi.market.venue import Fills
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ahead.joint import linked, meets_supply, takes_price
from tanshi.simulator.run.ahead.outlook import rise, temper_of, value_of
from tanshi.simulator.run.coupling import Agreement
from tanshi.simulator.run.ground.border import price_outside, rest_of_nation
from tanshi.simulator.run.waiting import waiting
from tanshi.simulator.run.world import State, World

# -- in an auction -----------------------------------------------------------------------------------------


def orders_outside(w: World, s: State, book: Orders, levels: Ints, price: float, situation: Situation) -> Orders:
    """What the outside brings to the period's auction beside everybody else's orders.

    Parameters
    ----------
    book
        All other orders.
    levels
        The ladder of prices, ticks.
    price
        Trial price, yuan/t.
    situation
        The firms': the outside brings as large a part of what it wants as they do.
    """
    market = w.scenario.market
    lowest, highest = int(levels[0]), int(levels[-1])
    if takes_price(w, s):
        quoted = min(max(round(price_outside(market.link, s.year) / market.tick), lowest, 1), highest)
        return price_taking_orders(book, w.outside, quoted, lowest)
    if not meets_supply(w, s):
        return Orders.empty()
    held = int(s.registry.held[w.outside])
    late, aside = (float(tonnes.sum()) for tonnes in waiting(w, s))  # of firms' needs for earlier years
    wanted = _wanted_outside(w, s, levels.astype(np.float64) * market.tick, price) + aside
    wanted = wanted * _part_brought(w, situation) - late
    return curve_orders(wanted, held, w.outside, levels, float(market.lot))


def _part_brought(w: World, situation: Situation) -> float:
    """Part of what it wants for the year that the outside brings now: firms' own, where they bid by the calendar."""
    by_calendar = float(w.scenario.firms.strategies.scheduled)
    return 1.0 - by_calendar + by_calendar * situation.urgency


def _wanted_outside(w: World, s: State, prices: Floats, trial: float) -> Floats:
    """Purchases that the rest of the nation wants for the year at each price, t, sales negative."""
    rest, remaining = rest_of_nation(w.scenario.market.link, s.year), max(1.0 - s.period / w.periods_per_year, 0.0)
    mean = rise(w, s)
    emitted = np.array([rest.emissions(p * mean) for p in prices.tolist()])
    need = (s.market.across.emitted + remaining * emitted) * TONNES - float(s.registry.held[w.outside])
    outlook = s.market.outlook
    if outlook is None:
        return np.asarray(need)
    size, planned = np.array([rest.emissions(trial) * TONNES]), np.array([outlook.outside * TONNES])
    wish = wanted_bank(planned, size, np.array([value_of(w, s)]), trial, temper_of(w))
    kept = np.clip(wish.level[0] + wish.slope[0] * (prices - trial), wish.least[0], wish.most[0])
    return np.asarray(need + kept)


def still_to_pay(s: State, wanted: Demand, active: Ints, price: float, government: int) -> float:
    """Yi yuan that firms count on paying outside this year, by what they want at a price and do not buy from others."""
    tonnes = np.maximum(wanted.at(price)[active], -s.registry.held[active].astype(np.float64)).sum()
    return float(price * (tonnes - s.registry.held[government]) / TONNES * YUAN_PER_TONNE)


def deliver_outside(w: World, s: State, fills: Fills) -> None:
    """Issue to the outside what it sells beyond what it holds, where it takes any amount at a price."""
    if not takes_price(w, s) or not len(fills):
        return
    sold = int(fills.quantity[fills.seller == w.outside].sum()) * w.scenario.market.lot
    lacking = sold - int(s.registry.held[w.outside])
    if lacking <= 0:
        return
    s.registry.issue(w.outside, lacking, s.year)


def offer_old_vintages(w: World, s: State, year: int, firms: Ints, owed: Ints) -> None:
    """Let the outside hold as many allowances of a year's or older vintages as the province lacks when it falls due.

    Firms that have bought or been given younger ones exchange them, tonne for tonne: in a market that trades both at
    one price nobody is short for the vintage's sake.

    Parameters
    ----------
    owed
        (firms,) t of allowances to be surrendered for the year.
    """
    if not takes_price(w, s):
        return
    held = s.registry.holdings[: year - s.registry.first_vintage + 1]
    lacking = int(owed.sum()) - int(held[:, firms].sum()) - int(held[:, w.outside].sum())
    younger = int(s.registry.held[firms].sum()) - int(held[:, firms].sum())
    s.registry.issue(w.outside, max(min(lacking, younger), 0), year)


def note_payment(w: World, s: State, agreement: Agreement) -> None:
    """Note what crossed the border in a period, and at what yearly rate the economy pays for it from now on."""
    if not linked(w, s):
        return
    n = w.periods_per_year
    if w.agents_trade:
        bought, yuan = _crossed(w, agreement.clearing.fills)
        imported, paid = bought / TONNES, yuan / TONNES * YUAN_PER_TONNE
    else:  # evenly over what is left of the year
        imported = agreement.imported / (n - s.period)
        paid = agreement.across / (n - s.period)
    last = s.period == n - 1 and not w.scenario.compliance.later  # what is bought next year is owed for this one
    later = 0.0 if last else agreement.across - paid
    across = s.market.across
    remaining = 1.0 - s.period / n
    s.market.across = replace(
        across,
        imported=across.imported + imported,
        paid=across.paid + paid,
        due=across.due + paid,
        rate=(across.due + paid + later) / remaining,
        held=across.held - (imported if meets_supply(w, s) and not w.agents_trade else 0.0),
    )


def _crossed(w: World, fills: Fills) -> tuple[int, float]:
    """Tonnes bought outside less sold there in some fills, and yuan paid less received."""
    tonnes, sign = fills.quantity * w.scenario.market.lot, np.zeros(len(fills), np.int64)
    sign[fills.seller == w.outside] = 1
    sign[fills.buyer == w.outside] = -1
    return int((sign * tonnes).sum()), float((sign * fills.price * tonnes).sum()) * w.scenario.market.tick


def settle_after_the_end(w: World, s: State, fills: Fills) -> None:
    """Settle fills after the run's last period, when the economy's accounts are closed.

    The last year's row has them beside what crossed the border in the year, as its fills and its payments have it.
    """
    deliver_outside(w, s, fills)
    s.registry.settle(fills, w.government)
    note_after_the_end(w, s, fills)


def note_after_the_end(w: World, s: State, fills: Fills) -> None:
    """Note in the last year's row what fills after the run's last period have brought across the border."""
    if linked(w, s):
        bought, yuan = _crossed(w, fills)
        row = s.log.settlements[-1]
        before = row.get("imported_after_t", 0), row.get("paid_after_yuan", 0.0)
        sums = {"imported_after_t": before[0] + bought, "paid_after_yuan": before[1] + yuan}
        s.log.settlements[-1] = row | sums
        due = s.market.across.due + yuan / TONNES * YUAN_PER_TONNE
        s.market.across = replace(s.market.across, due=due)


def orders_at(w: World, s: State, book: Orders, price: int) -> Orders:
    """What the outside sells and buys at one price, in ticks, when a run is closed."""
    if not linked(w, s):
        return Orders.empty()
    quote = price_taking_orders(book, w.outside, price, price)
    if takes_price(w, s):
        return quote
    held = int(s.registry.held[w.outside]) // w.scenario.market.lot
    most = np.where(quote.side < 0, np.minimum(quote.quantity, held), quote.quantity)
    return replace(quote, quantity=most).take(most > 0)


def pay_outside(w: World, s: State, price: float) -> None:
    """Close a period: what the economy has paid outside is due no more, and the rest of the nation has emitted."""
    if not linked(w, s):
        return
    length = 1.0 / w.periods_per_year
    across = s.market.across
    emitted = across.emitted
    if meets_supply(w, s):
        emitted += length * rest_of_nation(w.scenario.market.link, s.year).emissions(price)
    s.market.across = replace(across, due=across.due - length * across.rate, emitted=emitted)


# -- in a year ---------------------------------------------------------------------------------------------


def open_outside(w: World, s: State) -> None:
    """Give the rest of the nation its allowances of the year, and its bank when the policy begins."""
    if not linked(w, s):
        return
    s.market.across = replace(s.market.across, imported=0.0, paid=0.0)
    if not meets_supply(w, s):
        return
    link, begins = w.scenario.market.link, s.year == w.scenario.policy_start
    given = rest_of_nation(link, s.year).cap
    brought = link.bank if begins and w.scenario.banking.allowed else 0.0
    if not w.agents_trade:
        s.market.across = replace(s.market.across, held=s.market.across.held + given + brought)
        return
    s.registry.issue(w.outside, round(given * TONNES), s.year)
    s.registry.issue(w.outside, round(brought * TONNES), s.registry.first_vintage)


def close_outside(w: World, s: State) -> dict[str, float]:
    """Let the rest of the nation surrender for its emissions; returns what crossed the border in the year.

    Before anything expires, as the firms do.
    """
    if not linked(w, s):
        return {}
    across, out = s.market.across, {}
    if meets_supply(w, s):
        out = _surrender_outside(w, s)
    s.market.across = replace(s.market.across, emitted=0.0)
    return {"imported_t": round(across.imported * TONNES), "paid_outside_yuan": across.paid / YUAN_PER_TONNE * TONNES,
            **out}  # fmt: skip


def _surrender_outside(w: World, s: State) -> dict[str, float]:
    across = s.market.across
    owed = round(across.emitted * TONNES)
    if not w.agents_trade:
        left = across.held - across.emitted
        s.market.across = replace(across, held=max(left, 0.0) if w.scenario.banking.allowed else 0.0)
        return {"outside_owed_t": owed, "outside_short_t": round(max(-left, 0.0) * TONNES),
                "outside_bank_t": round(s.market.across.held * TONNES)}  # fmt: skip
    account, registry = w.outside, s.registry
    registry.oblige(account, owed)
    usable = int(registry.holdings[: s.year - registry.first_vintage + 1, account].sum())
    registry.surrender(account, min(owed, usable), latest=s.year)
    short = owed - min(owed, usable)
    registry.extinguish(account, short)
    return {"outside_owed_t": owed, "outside_short_t": short, "outside_bank_t": int(registry.held[account])}
