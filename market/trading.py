"""Firms of one's own on a venue: truthful orders from their curves, a clearing, and a registry that books it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tanshi.errors import Message
from tanshi.market.curves import CurveError, Curves, real, reals
from tanshi.market.orders import Floats, Ints, OrderError, Orders
from tanshi.market.registry import Registry
from tanshi.market.venue import Clearing
from tanshi.market.venues import Day, one_price, open_venue
from tanshi.numerics.given import is_whole

LEVELS = 400  # prices at which a schedule is asked for in one look
MOST = 2.0**62  # lots, or ticks
YEAR = 1  # the only vintage of a market of one year


@dataclass(frozen=True)
class Session:
    """What one session of a market came to.

    Attributes
    ----------
    price : float | None
        Yuan/t; None without trade.
    volume : float
        Tonnes.
    trades : DataFrame
        A row a fill: buyer, seller, tonnes, yuan/t.
    emissions
        (n,) t
        What each firm emits with what it then holds: up to its baseline, or its holding where that is less.
    cost
        (n,) yuan
        Abatement, plus allowances bought, less allowances sold.
    clearing : Clearing
        In lots and ticks, as the venue made it.
    """

    price: float | None
    volume: float
    trades: pd.DataFrame
    emissions: Floats
    cost: Floats
    clearing: Clearing


class Market:
    """Firms with abatement curves, allowances and a venue.

    Parameters
    ----------
    curves
        What abatement costs each firm.
    allocation
        (n,) t, or one number for all together, shared out by baseline.
    venue
        A name of ``VENUES``.
    tick, lot
        yuan/t and t.
    close
        yuan/t; yesterday's price, where the venue limits today's by it. The competitive price when None.
    seed
        Of the order in which firms arrive, and of what a venue draws lots for.

    Examples
    --------
    >>> from tanshi.market import linear_curves
    >>> day = Market(linear_curves([120, 120], [2, 1], ["A", "B"]), [60, 60]).trade()
    >>> day.price, day.volume, day.emissions.tolist()
    (80.0, 20.0, [80.0, 40.0])
    """

    def __init__(
        self,
        curves: Curves,
        allocation: npt.ArrayLike,
        venue: str = "call_auction",
        *,
        tick: float = 0.01,
        lot: float = 1.0,
        close: float | None = None,
        seed: int = 0,
    ) -> None:
        if not isinstance(curves, Curves):
            raise CurveError("curves are {found}; Curves are expected", found=type(curves).__name__)
        tick, lot = real(Message("the tick"), tick), real(Message("the lot"), lot)
        if not (0 < tick < np.inf and 0 < lot < np.inf):
            raise CurveError("a tick of {tick} and a lot of {lot}: both must be positive", tick=tick, lot=lot)
        self.curves, self.tick, self.lot, self.name = curves, tick, lot, venue
        given = reals(Message("the allocation"), allocation)
        if given.ndim == 0:
            given = given * curves.baseline / curves.baseline.sum()
        if given.shape != (len(curves),) or not ((given >= 0) & (given < MOST * lot)).all():
            raise CurveError(
                "an allocation of shape {shape} for {number_of_curves} firms; tonnes >= 0, one a firm",
                shape=given.shape,
                number_of_curves=len(curves),
            )
        if close is not None and not (0 < (close := real(Message("the close"), close)) < MOST * tick):
            raise CurveError("a close of {close} yuan/t: a price above 0 is expected", close=close)
        if not is_whole(seed):
            raise CurveError("a seed of {seed!r}: a whole number >= 0 is expected", seed=seed)
        self.allocation = _lots(given, lot)
        self.house = len(curves)  # the account of whoever runs the venue: what sellers do not get of the price
        self.registry = Registry(len(curves) + 1, YEAR, 1)
        self.registry.issue(np.arange(len(curves)), self.allocation, YEAR)
        self.rng = np.random.Generator(np.random.Philox(seed))
        competitive = self._competitive() if close is None else close / tick
        self.venue = open_venue(venue, Day(max(1, round(competitive)), lot=lot))

    def _competitive(self) -> float:
        """Price in ticks at which emissions are what is held."""
        from tanshi.market.competitive import solve

        return float(solve(self.curves, [float(self.registry.held.sum()) * self.lot]).price[0]) / self.tick

    def orders(self, levels: Ints) -> Orders:
        """Truthful orders: every lot at a price no worse than what abating it instead would cost.

        Parameters
        ----------
        levels
            Prices in ticks, ascending, at which the schedule is told.
        """
        wanted = np.rint(self.curves.emissions(levels * self.tick) / self.lot).astype(np.int64)  # (levels, n)
        net = wanted - self.registry.held[: self.house]
        more = np.maximum(net, 0)
        less = np.maximum(-net, 0)
        arrival = self.rng.permutation(len(self.curves))
        rows: list[tuple[int, int, int, int, int]] = []
        for firm in range(len(self.curves)):
            bids = more[:, firm] - np.append(more[1:, firm], 0)  # wanted at this level and no longer at the next
            asks = less[:, firm] - np.concatenate([[0], less[:-1, firm]])
            rows += [(firm, 1, int(levels[k]), int(bids[k]), int(arrival[firm])) for k in np.flatnonzero(bids)]
            rows += [(firm, -1, int(levels[k]), int(asks[k]), int(arrival[firm])) for k in np.flatnonzero(asks)]
        table = np.array(rows, np.int64).reshape(-1, 5)
        return Orders(table[:, 0], table[:, 1].astype(np.int8), table[:, 2], table[:, 3], table[:, 4])

    def _levels(self) -> Ints:
        """Every tick near the price that the market points to, and coarser ones up to where nobody buys."""
        top = int(np.ceil(self.curves.choke / self.tick)) + 1
        low, high = 1, top
        limits = getattr(self.venue, "limits", None)
        if limits is not None:
            low, high = max(low, limits.lowest), min(high, limits.highest)
        grid = _grid(low, high)
        centre = min(max(round(self._competitive()), low), high)
        near = np.arange(max(low, centre - LEVELS // 2), min(high, centre + LEVELS // 2) + 1)
        steps = np.unique(np.rint(self.curves.cost.ravel() / self.tick).astype(np.int64))
        steps = steps[(steps >= low) & (steps <= high)]
        return np.unique(np.concatenate([grid, near, steps]))

    def trade(self, orders: Orders | None = None) -> Session:
        """One session: truthful orders, or those given, clear on the venue and are booked.

        Raises
        ------
        OrderError
            for orders of nobody, or of nothing; before anything has moved.

        Notes
        -----
        Where a venue lets an order's own limit be paid (``continuous`` and the agreements), truthful firms get what
        they ask for and no more.
        """
        book = self.orders(self._levels()) if orders is None else self._admitted(orders)
        cleared = self.venue.clear(book, self.rng)
        before = self.registry.cash
        self.registry.settle(cleared.fills, self.house)
        fills = cleared.fills
        trades = pd.DataFrame(
            {
                "buyer": [self.curves.names[i] for i in fills.buyer.tolist()],
                "seller": [self.curves.names[i] for i in fills.seller.tolist()],
                "tonnes": fills.quantity * self.lot,
                "price": fills.price * self.tick,
            }
        )
        emissions = np.minimum(self.curves.baseline, self.registry.held[: self.house] * self.lot)
        paid = (before - self.registry.cash)[: self.house] * self.tick * self.lot
        return Session(
            None if cleared.price is None else round(cleared.price * self.tick, 10),
            cleared.volume * self.lot,
            trades,
            emissions,
            self.curves.expense(self.curves.baseline - emissions) + paid,
            cleared,
        )

    def _admitted(self, orders: Orders) -> Orders:
        """Orders of somebody else, refused as a whole where one of them is none."""
        if not isinstance(orders, Orders):
            raise OrderError("orders are {found}; Orders are expected", found=type(orders).__name__)
        faults = (
            ("account", (orders.account < 0) | (orders.account >= self.house)),
            ("side", np.abs(orders.side) != 1),
            ("price", orders.price < 0),
            ("quantity", orders.quantity < 1),
        )
        for name, fault in faults:
            if fault.any():
                row = int(np.flatnonzero(fault)[0])
                raise OrderError(
                    "orders: row {row} has {name} {value}; accounts are 0 to {last}, sides 1 and -1, prices whole "
                    "ticks >= 0, quantities lots >= 1",
                    row=row,
                    name=Message(name),
                    value=int(getattr(orders, name)[row]),
                    last=self.house - 1,
                )
        return orders

    @property
    def uniform(self) -> bool:
        """Whether an order's limit does not set what its owner pays."""
        return one_price(self.name, self.venue)

    def surrender(self, emissions: npt.ArrayLike) -> Floats:
        """Oblige firms for what they emitted and surrender what they hold; tonnes each then still owes."""
        firms = np.arange(len(self.curves))
        self.registry.oblige(firms, _lots(np.asarray(emissions, np.float64), self.lot))
        owed, held = self.registry.obligations, self.registry.held
        self.registry.surrender(firms, np.minimum(owed, held)[: self.house])
        self.registry.check()
        return np.asarray(self.registry.obligations[: self.house] * self.lot, np.float64)


def _grid(low: int, high: int) -> Ints:
    return np.unique(np.rint(np.linspace(low, high, min(LEVELS, high - low + 1))).astype(np.int64))


def _lots(tonnes: Floats, lot: float) -> Ints:
    """Whole lots that add up to the whole of them: what is cut off goes to the largest remainders."""
    exact = tonnes / lot
    lots = np.floor(exact + 1e-9).astype(np.int64)
    short = round(float(exact.sum())) - int(lots.sum())
    lots[np.argsort(lots - exact, kind="stable")[: max(short, 0)]] += 1
    return lots
