"""How much of its needs a firm brings to market in a period, by the deadline of the year that they belong to.

When a year ends, firms have covered a part of what they need for it; the rest waits, a fixed number of tonnes that all
firms together neither lack nor have too much of. It is brought in the months up to the deadline, beside a part of what
the new year asks for. Since either part comes to nothing at the market's price, the price does not depend on when a
year falls due; who trades when does. In a linked market the outside takes the other side of both parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tanshi.agents.strategies.scheduled import LEAST, urgency
from tanshi.market.apportion import apportion
from tanshi.market.orders import Floats, Ints, Mask
from tanshi.market.venue import Fills
from tanshi.market.vintages import OpenYear
from tanshi.simulator.run.world import State, World


def booked(s: State) -> Ints:
    """All that is booked of years that have ended, credits included, (firms,) t."""
    return _of_open_years(s, lambda year: year.owed)


def open_obligations(s: State) -> Ints:
    """Allowances that firms still have to surrender for years that have ended, (firms,) t."""
    return _of_open_years(s, lambda year: year.owed - year.credits)


def in_the_market(s: State) -> Mask:
    """Firms that buy and sell, (firms,): their sector trades, or did and they still owe, or can sell what is left."""
    trading = s.policy.mask(s.year)[s.firms.sector]
    older = s.registry.holdings[: s.year - s.registry.first_vintage, : len(s.firms)].any(axis=0)
    return np.asarray(trading | (open_obligations(s) > 0) | (older & trading.any()))


def bound(s: State) -> Ints:
    """Free quotas of the year of firms whose sector does not trade, (firms,) t: nobody sells or surrenders them."""
    return np.where(s.policy.mask(s.year)[s.firms.sector], 0, s.market.given)


def booked_credits(s: State) -> Ints:
    """Credits booked of years that have ended, by kind, (kinds, firms) t; where there are several kinds."""
    return sum((year.of_kinds for year in s.market.open), np.zeros((s.registry.kinds, len(s.firms)), np.int64))


def put_off(s: State) -> Ints:
    """All that waits for a deadline still to come, purchases above zero, (firms,) t."""
    return _of_open_years(s, lambda year: year.waiting)


def _of_open_years(s: State, tonnes: Callable[[OpenYear], Ints]) -> Ints:
    return sum((tonnes(year) for year in s.market.open), np.zeros(len(s.firms), np.int64))


def urgency_for(w: World, s: State, year: int) -> float:
    """Part of what is still needed for a year that a firm bidding by the calendar brings in the coming period."""
    n = w.periods_per_year
    span = 1.0 + w.scenario.compliance.months(year) / 12.0
    passed = s.year - year + s.period / n
    return urgency(passed / span, (passed + 1.0 / n) / span, w.scenario.firms.urgency)


def waiting(w: World, s: State) -> tuple[Floats, Floats]:
    """What of earlier years is brought in the coming period, and all that waits, (firms,) t; empty where nothing is."""
    if not any(year.waiting.any() for year in s.market.open):
        return np.zeros(0), np.zeros(0)
    late = np.zeros(w.firms)
    for year in s.market.open:
        late += max(urgency_for(w, s, year.year), LEAST) * year.waiting
    return late, put_off(s).astype(np.float64)


def note_traded(w: World, s: State, fills: Fills) -> None:
    """Take what firms have traded off what they need at the market's price, and off what waits."""
    if not (w.scenario.compliance.later and w.agents_trade):
        return
    firms, lot = w.firms, w.scenario.market.lot
    bought, sold = (np.bincount(side, fills.quantity, w.accounts) for side in (fills.buyer, fills.seller))
    got = (bought - sold)[:firms] * lot
    late, aside = waiting(w, s)
    if len(late):
        part = max(urgency_for(w, s, s.year), LEAST)
        brought = late + part * (s.market.needed - aside)
        some = np.abs(brought) >= lot
        done = np.where(some, got / np.where(some, brought, 1.0), 1.0).clip(0.0, 1.0)
        s.market.open = tuple(
            replace(year, waiting=_less(w, year.waiting, max(urgency_for(w, s, year.year), LEAST) * done))
            for year in s.market.open
        )
    s.market.needed = s.market.needed - got


def matched(tonnes: Ints) -> Ints:
    """Return what may wait: purchases and sales that add up to nothing, the larger side cut in proportion.

    What rounding and the tick of the price leave over on one side waits for nobody: it is bid for with the new year's
    needs.

    Examples
    --------
    >>> matched(np.array([6, -2, -3, 0])).tolist()
    [5, -2, -3, 0]
    """
    buys, sells = np.maximum(tonnes, 0), np.maximum(-tonnes, 0)
    both = min(int(buys.sum()), int(sells.sum()))
    return apportion(both, buys) - apportion(both, sells) if both else np.zeros_like(tonnes)


def may_wait(w: World, tonnes: Ints) -> Ints:
    """Return what may wait: as `matched` says, or all of it where the outside takes the other side."""
    return tonnes if w.open else matched(tonnes)


def _less(w: World, tonnes: Ints, part: Floats) -> Ints:
    return may_wait(w, tonnes - np.rint(part * tonnes).astype(np.int64))
