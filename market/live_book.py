"""An order book fed one order at a time: price-time priority, the maker's price, orders that can be withdrawn."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass

from tanshi.errors import Message
from tanshi.market.orders import BUY, SELL, OrderError
from tanshi.numerics.given import is_whole


@dataclass(frozen=True)
class Trade:
    """One fill of the live book; prices in ticks, quantities in lots."""

    buyer: int
    seller: int
    quantity: int
    price: int
    maker: int
    taker: int


class OrderBook:
    """A continuous double auction, one order at a time.

    It trades as ``ContinuousAuction`` does a whole day's orders at once. An order that would trade with its own
    account's standing order is refused.

    Examples
    --------
    >>> book = OrderBook()
    >>> first, _ = book.add(account=1, side=1, price=100, quantity=5)
    >>> _, trades = book.add(account=2, side=-1, price=98, quantity=3)
    >>> (trades[0].price, trades[0].quantity, book.best_bid, book.depth(1))
    (100, 3, 100, [(100, 2)])
    >>> book.cancel(first)
    2
    """

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self._left: dict[int, int] = {}  # lots that stand, by order
        self._of: dict[int, tuple[int, int, int]] = {}  # account, side, price
        self._queue: dict[int, dict[int, deque[int]]] = {BUY: {}, SELL: {}}
        self._heap: dict[int, list[int]] = {BUY: [], SELL: []}  # prices, best first
        self._next = 0

    def add(
        self, account: int, side: int, price: int, quantity: int, *, immediate: bool = False
    ) -> tuple[int, list[Trade]]:
        """Send an order; returns its number and the trades that it made at once.

        Parameters
        ----------
        side
            1 to buy, -1 to sell.
        price, quantity
            Ticks and lots.
        immediate
            Let nothing of it stand (immediate or cancel).

        Raises
        ------
        OrderError
            for numbers that are no order, or an order that meets its own account's.
        """
        given: tuple[tuple[str, object], ...] = (("account", account), ("price", price), ("quantity", quantity))
        for name, value in given:
            least = 1 if name == "quantity" else 0
            if not is_whole(value, least):
                raise OrderError(
                    "order: {name} is {value!r}; a whole number >= {least} is expected",
                    name=Message(name),
                    value=value,
                    least=least,
                )
        account, price, quantity = int(account), int(price), int(quantity)
        _check_side(side)
        number, left, made = self._next, quantity, []
        reach = self._crossing(side, price)
        if any(self._of[n][0] == account for n in reach):
            raise OrderError("order: account {account} would trade with itself", account=account)
        self._next += 1
        while left and (maker := self._best(-side, price, side)) is not None:
            lots = min(left, self._left[maker])
            owner, _, at = self._of[maker]
            pair = (account, owner) if side == BUY else (owner, account)
            made.append(Trade(*pair, lots, at, maker, number))
            left -= lots
            self._take(maker, lots)
        if left and not immediate:
            self._left[number], self._of[number] = left, (account, side, price)
            if price not in self._queue[side]:
                self._queue[side][price] = deque()
                heapq.heappush(self._heap[side], -price if side == BUY else price)
            self._queue[side][price].append(number)
        self.trades += made
        return number, made

    def cancel(self, order: int) -> int:
        """Withdraw what stands of an order; returns how many lots that were."""
        left = self._left.pop(order, 0)
        self._of.pop(order, None)
        return left

    @property
    def best_bid(self) -> int | None:
        """Highest price bid, ticks; None where nobody bids."""
        return self._top(BUY)

    @property
    def best_ask(self) -> int | None:
        """Lowest price asked, ticks; None where nobody offers."""
        return self._top(SELL)

    def depth(self, side: int, levels: int = 5) -> list[tuple[int, int]]:
        """Best prices of a side with the lots that stand there.

        Raises
        ------
        OrderError
            for a side that is none.
        """
        _check_side(side)
        lots: dict[int, int] = {}
        for number, left in self._left.items():
            _, mine, price = self._of[number]
            if mine == side:
                lots[price] = lots.get(price, 0) + left
        return sorted(lots.items(), reverse=side == BUY)[:levels]

    def _crossing(self, side: int, price: int) -> list[int]:
        other = self._queue[-side]
        meets = [p for p in other if (p <= price if side == BUY else p >= price)]
        return [n for p in meets for n in other[p] if n in self._left]

    def _top(self, side: int) -> int | None:
        heap, queue = self._heap[side], self._queue[side]
        while heap:
            price = -heap[0] if side == BUY else heap[0]
            while queue[price] and queue[price][0] not in self._left:
                queue[price].popleft()
            if queue[price]:
                return price
            del queue[price]
            heapq.heappop(heap)
        return None

    def _best(self, of: int, limit: int, taker: int) -> int | None:
        price = self._top(of)
        if price is None or (price > limit if taker == BUY else price < limit):
            return None
        return self._queue[of][price][0]

    def _take(self, order: int, lots: int) -> None:
        self._left[order] -= lots
        if not self._left[order]:
            del self._left[order]
            del self._of[order]


def _check_side(side: int) -> None:
    if side not in (BUY, SELL):
        raise OrderError("order: side is {side!r}; 1 buys, -1 sells", side=side)
