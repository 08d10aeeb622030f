"""The market's door: own firms, the competitive benchmark with banking, every venue, a live book; public names."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tanshi.market as door
from tanshi.market import (
    VENUES,
    ContinuousAuction,
    CurveError,
    Curves,
    Market,
    OrderBook,
    OrderError,
    Orders,
    VenueError,
    linear_curves,
    solve,
    step_curves,
)

TWO = linear_curves([120, 120], [2, 1], ["A", "B"])  # marginal costs 240 - 2e and 120 - e


def test_two_firms_trade_to_one_marginal_cost() -> None:
    day = Market(TWO, [60, 60]).trade()
    assert (day.price, day.volume) == (80.0, 20.0)
    assert day.emissions.tolist() == [80.0, 40.0]
    assert day.cost.tolist() == [3200.0, 1600.0]
    assert set(day.trades["buyer"]) == {"A"}


@pytest.mark.parametrize("venue", [name for name in VENUES if name != "block_agreement"])
@pytest.mark.parametrize("lot", [1.0, 0.1])
def test_every_venue_brings_truthful_firms_close_to_least_cost(venue: str, lot: float) -> None:
    """At one price nearly all is saved that can be; where limits are paid, a part; nobody loses by trading."""
    rng = np.random.default_rng(5)
    curves = linear_curves(rng.uniform(50, 150, 20), rng.uniform(0.5, 3.0, 20))
    free = rng.dirichlet(np.ones(20)) * 0.7 * curves.baseline.sum()
    free = np.minimum(free, 1.2 * curves.baseline)
    alone = curves.expense(np.maximum(curves.baseline - free, 0.0))
    cap = float(free.sum())
    least = solve(curves, [cap])
    market = Market(curves, free, venue, lot=lot)
    day = market.trade()
    saved = (alone.sum() - day.cost.sum()) / (alone.sum() - least.cost.sum())
    assert saved > (0.95 if market.uniform else 0.4)
    assert day.price is not None
    if market.uniform:
        assert day.price == pytest.approx(least.price[0], rel=0.02)
    assert (day.cost - alone).max() < curves.choke * lot  # a lot may be bought a little above its worth
    market.registry.check()


def test_blocks_are_of_a_hundred_thousand_tonnes() -> None:
    big = linear_curves([1e6, 1e6], [2e-4, 1e-4], ["A", "B"])
    day = Market(big, [4e5, 8e5], "block_agreement").trade()
    assert day.volume >= 1e5
    assert Market(TWO, [60, 60], "block_agreement").trade().volume == 0


@pytest.mark.parametrize("allocation", ["proportional", "equal", "one firm"])
def test_the_price_is_the_shadow_price_whatever_the_allocation(allocation: str) -> None:
    """Montgomery (1972), with curves of five steps; the dual of the least-cost programme by HiGHS."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(7)
    base = rng.uniform(50, 150, 20).round(1)
    width = (rng.dirichlet(np.ones(5), 20) * 0.6 * base[:, None]).round(2)
    cost = np.sort(rng.uniform(5, 150, (20, 5)), axis=1).round(2)
    curves = step_curves(base, width, cost)
    cap = 0.77 * base.sum()
    programme = linprog(
        cost.ravel(), A_ub=-np.ones((1, 100)), b_ub=[-(base.sum() - cap)], bounds=[(0, w) for w in width.ravel()]
    )
    dual = float(-programme.ineqlin.marginals[0])
    least = solve(curves, [cap])
    assert least.price[0] == pytest.approx(dual, rel=1e-9)
    assert least.cost.sum() == pytest.approx(programme.fun, rel=1e-9)
    weights = {"proportional": base, "equal": np.ones(20), "one firm": np.eye(20)[4]}[allocation]
    market = Market(curves, weights / weights.sum() * cap, lot=0.01)
    day = market.trade()
    assert day.price == pytest.approx(dual, abs=0.02)
    assert day.cost.sum() == pytest.approx(programme.fun, rel=1e-3)
    assert market.surrender(day.emissions).max() <= 0.02


# -- competitive benchmark ----------------------------------------------------------------------------------


def test_rubins_two_periods() -> None:
    one = linear_curves([100.0], [1.0])
    found = solve(one, [90.0, 50.0], rate=0.05)
    assert found.price == pytest.approx([29.26829268292683, 30.731707317073173], rel=1e-12)
    assert found.bank == pytest.approx([19.268292682926827, 0.0], abs=1e-9)
    assert solve(one, [50.0, 90.0], rate=0.05).price == pytest.approx([50.0, 10.0])  # no borrowing


@pytest.mark.parametrize("seed", range(20))
def test_the_bank_is_positive_only_while_the_price_grows_at_the_rate(seed: int) -> None:
    """Complementarity, the caps kept over every run of years, and the least cost of all paths that borrow nothing."""
    rng = np.random.default_rng(seed)
    n, years = 4, 6
    curves = linear_curves(rng.uniform(50, 150, n), rng.uniform(0.5, 3.0, n))
    caps = rng.uniform(0.4, 1.1, years) * curves.baseline.sum()
    found = solve(curves, caps, rate=0.04, bank=float(rng.uniform(0, 30)))
    growth = found.price[1:] - 1.04 * found.price[:-1]
    assert (found.bank >= 0).all()
    assert growth.max() <= 1e-9 * found.price.max()
    assert np.abs(growth[found.bank[:-1] > 1e-6]).max(initial=0.0) < 1e-9 * found.price.max()
    assert found.price[-1] == pytest.approx(0.0, abs=1e-12) or found.bank[-1] == pytest.approx(0.0, abs=1e-6)
    assert found.emissions == pytest.approx(curves.emissions(found.price), rel=1e-9)


def test_a_year_of_no_cap_at_all_and_caps_out_of_reach() -> None:
    assert solve(TWO, 1000.0, 3).price.tolist() == [0.0, 0.0, 0.0]
    short = step_curves([10.0], [[3.0]], [[5.0]])
    with pytest.raises(CurveError, match="allow 6 t; with everything abated that can be, 7 t are left"):
        solve(short, [6.0])


# -- a live book --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_a_live_book_trades_as_the_continuous_auction_does_a_day_at_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 200
    side = rng.choice([-1, 1], n)
    price, lots = rng.integers(90, 111, n), rng.integers(1, 20, n)
    account = np.arange(n)
    whole = ContinuousAuction().clear(Orders(account, side.astype(np.int8), price, lots, np.arange(n)))
    book = OrderBook()
    for row in range(n):
        book.add(int(account[row]), int(side[row]), int(price[row]), int(lots[row]))
    fills = whole.fills
    assert [(t.buyer, t.seller, t.quantity, t.price) for t in book.trades] == list(
        zip(fills.buyer.tolist(), fills.seller.tolist(), fills.quantity.tolist(), fills.price.tolist(), strict=True)
    )
    assert (book.best_bid, book.best_ask) == whole.interval


def test_orders_of_a_live_book_can_be_withdrawn_or_refuse_to_stand() -> None:
    book = OrderBook()
    first, _ = book.add(1, 1, 100, 5)
    book.add(2, 1, 100, 5)
    assert book.cancel(first) == 5
    assert book.cancel(first) == 0
    _, trades = book.add(3, -1, 95, 8, immediate=True)
    assert [(t.buyer, t.quantity, t.price) for t in trades] == [(2, 5, 100)]
    assert (book.best_bid, book.best_ask, book.depth(-1)) == (None, None, [])
    book.add(4, -1, 101, 2)
    with pytest.raises(OrderError, match="account 4 would trade with itself"):
        book.add(4, 1, 102, 1)
    with pytest.raises(OrderError, match="quantity is 0"):
        book.add(5, 1, 100, 0)
    with pytest.raises(OrderError, match=r"price is 1\.5"):
        book.add(5, 1, 1.5, 1)  # type: ignore[arg-type]


# -- refusals and names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: linear_curves([100], [-1]), "slopes must be positive"),
        (lambda: Curves(np.array([10.0]), np.array([[0, 5.0]]), np.array([[9.0, 3.0]]), ["mill"]), "'mill' falls"),
        (lambda: Curves(np.array([10.0]), np.array([[0, 50.0]]), np.array([[0, 3.0]])), "'firm 0' abates more than"),
        (lambda: Curves(np.array([10.0]), np.array([[0, np.nan]]), np.array([[0, 3.0]])), "not finite"),
        (lambda: solve(TWO, [100.0, 90.0], 3), "2 caps for 3 years"),
        (lambda: solve(TWO, [-1.0]), "caps and bank are finite and >= 0"),
        (lambda: Market(TWO, [60, 60, 60]), "allocation of shape"),
        (lambda: solve(TWO, 60, 2.5), r"for 2\.5 years"),  # type: ignore[arg-type]
        (lambda: solve(TWO, 60, -1), "for -1 years"),
        (lambda: solve(TWO, [[60, 50], [40, 30]]), r"caps of shape \(2, 2\)"),
        (lambda: solve(TWO, "many"), "caps: numbers are expected, found 'many'"),  # type: ignore[arg-type]
        (lambda: solve(TWO, 60, 2, np.inf), "rate inf"),
        (lambda: solve(TWO, 60, 2, "high"), "the rate: a number is expected, found 'high'"),  # type: ignore[arg-type]
        (lambda: solve(TWO, 60, bank=np.inf), "bank inf"),
        (lambda: solve([1, 2], 60), "curves are list; Curves are expected"),  # type: ignore[arg-type]
        (lambda: linear_curves([], []), "there is no firm"),
        (lambda: linear_curves(["much"], [1]), "baselines: numbers are expected"),
        (lambda: linear_curves([1, 2, 3], [1, 2]), r"baselines of shape \(3,\) and slopes of shape \(2,\)"),
        (lambda: step_curves([10], [[1, 2]], [[1, 2, 3]]), r"widths of shape \(1, 2\) and costs of shape \(1, 3\)"),
        (lambda: step_curves([10], [[1], [1, 2]], [[1, 2]]), "widths: numbers are expected"),
        (lambda: Market([1, 2], 60), "curves are list"),  # type: ignore[arg-type]
        (lambda: Market(TWO, [np.inf, 60]), "tonnes >= 0, one a firm"),
        (lambda: Market(TWO, [1e30, 60]), "tonnes >= 0, one a firm"),
        (lambda: Market(TWO, 60, close=np.nan), "a close of nan yuan/t"),
        (lambda: Market(TWO, 60, "listed_agreement", close=-5), r"a close of -5\.0 yuan/t"),
        (lambda: Market(TWO, 60, seed=-1), "a seed of -1"),
        (lambda: Market(TWO, 60, tick=np.inf), "both must be positive"),
        (lambda: Market(TWO, 60, tick="fine"), "the tick: a number is expected"),  # type: ignore[arg-type]
        (lambda: Market(TWO, [60, 60], tick=0.0), "both must be positive"),
        (lambda: Market(TWO, [60, 60], "bazaar"), "venues: 'bazaar' is unknown"),
    ],
)
def test_what_means_nothing_is_refused_in_words(make: object, message: str) -> None:
    with pytest.raises((CurveError, VenueError), match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize(
    ("order", "message"),
    [
        ((2, 1, 8000, 5), "row 1 has account 2; accounts are 0 to 1"),
        ((-1, 1, 8000, 5), "row 1 has account -1"),
        ((1, 0, 8000, 5), "row 1 has side 0"),
        ((1, 1, -1, 5), "row 1 has price -1"),
        ((1, 1, 8000, 0), "row 1 has quantity 0"),
        ((1, 1, 8000, -5), "row 1 has quantity -5"),
    ],
)
def test_orders_of_nobody_or_of_nothing_are_refused_before_anything_moves(
    venue: str, order: tuple[int, ...], message: str
) -> None:
    market = Market(TWO, [60, 60], venue)
    account, side, price, quantity = zip((0, -1, 7000, 5), order, strict=True)
    book = Orders(*(np.array(column) for column in (account, side, price, quantity, (0, 1))))
    with pytest.raises(OrderError, match=message):
        market.trade(book)
    with pytest.raises(OrderError, match="orders are list; Orders are expected"):
        market.trade([order])  # type: ignore[arg-type]
    assert (market.registry.held.tolist(), market.registry.cash.tolist()) == ([60, 60, 0], [0, 0, 0])


def test_a_live_book_takes_whole_numbers_of_numpy() -> None:
    book = OrderBook()
    book.add(np.int64(1), 1, np.int64(100), np.int64(5))  # type: ignore[arg-type]
    assert book.depth(1) == [(100, 5)]
    with pytest.raises(OrderError, match="side is 3"):
        book.depth(3)


PUBLIC = """
VENUES Benchmark CallAuction Clearing ContinuousAuction CurveError Curves Day Fills Market OrderBook OrderError Orders
Registry Session Trade Venue VenueError from_yuan linear_curves open_venue screen solve step_curves
"""


def test_public_names_are_kept_described_and_typed() -> None:
    assert set(door.__all__) >= set(PUBLIC.split()), "a public name went without a word in the change log"
    for name in door.__all__:
        thing = getattr(door, name)
        assert thing.__doc__, name
        if inspect.isfunction(thing):
            assert "return" in thing.__annotations__, name
