"""What holds in government's auctions beyond their supply: the least price by past ones, and who may buy how much."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tanshi.market.containment import Step
from tanshi.market.orders import Ints
from tanshi.market.primary import PrimaryAuction
from tanshi.market.venue import Venue
from tanshi.simulator.run.ground.past_prices import mean_of_means, periods_in
from tanshi.simulator.run.world import State, World


def reserve_price(w: World, s: State) -> float:
    """Price below which government sells nothing in the coming period, yuan/t."""
    rule = w.scenario.auctions
    if not s.policy.started(s.year):
        return 0.0
    if rule.reserve_multiple is None:
        return rule.least_price(s.year)
    spans = [periods_in(months, w.periods_per_year) for months in rule.of_months]
    return rule.by_past_prices(mean_of_means(s.log.periods, spans, s.market.price), s.year)


def under_sale_rules(venue: Venue, worlds: Sequence[World], on_sale: Sequence[list[Step]]) -> Venue:
    """A venue in which government's auctions keep to their rules; the same where there are none.

    Parameters
    ----------
    worlds, on_sale
        Of each province whose orders are in the book, in the order in which its accounts are numbered there.
    """
    rule, lot = worlds[0].scenario.auctions, worlds[0].scenario.market.lot
    lots = [(step.name, int(step.amount) // lot) for steps in on_sale for step in steps]
    offered, limited = sum(number for _, number in lots), rule.one_bidder is not None or rule.bidders == "obliged"
    if not offered or not (rule.all_or_nothing or limited):
        return venue
    limits = [_most(w, offered) for w in worlds]
    first = np.cumsum([0, *(w.accounts for w in worlds[:-1])])
    sellers = first + [w.government for w in worlds]
    whole = sum(number for name, number in lots if name == "base") if rule.all_or_nothing else 0
    return PrimaryAuction(venue, sellers, np.concatenate(limits) if limited else None, whole)


def _most(w: World, offered: int) -> Ints:
    """Lots that each account of a province may buy of what is offered, tiers that come at a price among it."""
    rule, traders = w.scenario.auctions, w.scenario.firms.intermediaries
    of_one = offered if rule.one_bidder is None else math.floor(rule.one_bidder * offered + 1e-9)
    most = np.full(w.accounts, offered, np.int64)
    most[: w.firms] = of_one
    most[w.government + 1 : w.government + 1 + traders] = 0 if rule.bidders == "obliged" else of_one
    return most
