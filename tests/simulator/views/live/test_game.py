"""The seat is scored against the same run in which the firm bids by itself."""

from __future__ import annotations

import csv
import html
import io
import re

import numpy as np
import pytest

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run.period import one_period
from tanshi.simulator.run.seat import Ticket
from tanshi.simulator.views.live import tables
from tanshi.simulator.views.live.debrief import debrief, price_picture
from tanshi.simulator.views.live.game import Game, take_seat
from tanshi.simulator.views.live.market import LiveMarket, largest_first
from tanshi.simulator.views.live.room import Room
from tanshi.simulator.views.live.score import LOG_COLUMNS, log_csv, ranked, scores
from tanshi.simulator.views.live.seat_pictures import firm_demand

SMALL = {"firms.number": 24, "years.end": 2024, "market.periods_per_year": 4, "drift.mode": "ou"}


def seat(sector: str = "STEEL", **settings: object) -> Game:
    market = LiveMarket(load_scenario("S5", {**SMALL, **settings}))
    return take_seat(market, int(largest_first(market, sector)[0]))


def play(game: Game) -> Game:
    while game.market.running:
        game.market.step()
    return game


def test_a_seat_of_a_sector_that_does_not_trade_yet_begins_with_its_first_year() -> None:
    game = seat()
    assert (game.market.state.year, game.market.state.period) == (2023, 0)
    assert int(game.market.registry.held[game.row]) > game.opening.held


def test_a_newcomer_sees_what_abatement_will_cost_it_before_its_first_auction() -> None:
    """In the year before, its sector bore no price, so that its last answer to one says nothing."""
    game = seat("STEEL", **{"cap.tightness": 0.15})
    need = firm_demand(game)
    assert need.slope[0] < 0.0
    assert 0.0 < need.marginal_cost(0.0, 1000.0)[0] < 1000.0


def test_where_the_firm_bids_by_itself_the_seat_is_the_ordinary_run_and_saves_nothing() -> None:
    game = seat()
    game.delegates = True
    play(game)
    ordinary = CarbonMarket(game.market.world.scenario).run()
    assert game.market.registry.cash.tolist() == ordinary.registry.cash.tolist()
    assert game.twin.state.registry.held.tolist() == ordinary.registry.held.tolist()
    assert [score.saved for score in scores(game)] == [0.0, 0.0, 0.0]
    assert tables.verdict(scores(game)).startswith("So far your costs are exactly those")


def test_who_places_the_firms_own_orders_saves_nothing() -> None:
    """One round of the fixed point: over several the firm itself answers each trial price anew."""
    game = seat(**{"coupling.iterations": 1})
    market, twin = game.market, game.twin.state
    tick = market.world.scenario.market.tick
    while market.running:
        orders = one_period(market.world, twin.copy()).agreement.orders
        own = orders.take(orders.account == game.row)
        tickets = [Ticket(int(s), round(p * tick, 2), float(q))
                   for s, p, q in zip(own.side, own.price, own.quantity, strict=True)]  # fmt: skip
        assert game.place(tickets) == {}
        market.step()
    assert [score.saved for score in scores(game)] == [0.0, 0.0, 0.0]
    assert any(move.person.bought for move in game.moves)


def test_staying_out_of_a_tight_market_costs_the_penalty() -> None:
    game = play(
        seat(**{"cap.tightness": 0.15, "banking.allowed": False, "banking.horizon": 0, "penalty.price": 4000.0})
    )
    year = scores(game)[0]
    assert year.you.paid == 0.0
    assert year.you.penalty > 0.0
    missing = year.you.penalty / 4000.0
    assert missing == pytest.approx(round(missing))
    assert scores(game)[-1].saved < 0.0


def test_the_years_add_up_to_the_whole_game() -> None:
    game = seat()
    game.place([Ticket(1, 150.0, 40_000.0)])
    play(game)
    *years, whole = scores(game)
    for side in ("you", "firm"):
        for part in ("paid", "penalty", "cost"):
            total = sum(getattr(getattr(year, side), part) for year in years)
            assert getattr(getattr(whole, side), part) == pytest.approx(total, abs=1e-3)
    last = game.moves[-1].person.stand
    assert whole.you.paid + whole.you.penalty == pytest.approx(game.opening.cash - last.cash, abs=0.01)


def test_both_sides_are_valued_at_the_price_without_the_person() -> None:
    """Who drives the price up gains nothing on what he holds by that alone."""
    game = seat()
    game.place([Ticket(1, 900.0, 3_000_000.0)])
    game.market.step()
    move = game.moves[0]
    assert move.price > move.own_price + 1.0
    gained = move.person.stand.spare - game.opening.spare
    assert scores(game)[0].you.cost == pytest.approx(move.person.paid - gained * move.own_price, abs=1.0)


def test_orders_hold_for_one_auction_and_their_fills_are_noted() -> None:
    game = seat()
    price = game.market.state.market.price
    game.place([Ticket(1, round(12 * price, 2), 1_000.0), Ticket(1, 1.0, 500.0)])
    game.market.step()
    game.market.step()
    first, second = game.moves
    assert first.tickets == ((Ticket(1, round(12 * price, 2), 1_000.0), 1_000), (Ticket(1, 1.0, 500.0), 0))
    assert first.person.bought == 1_000
    assert first.person.paid == pytest.approx(1_000 * first.price)
    assert second.tickets == ()
    assert second.person.bought == 0


def test_a_refused_order_leaves_earlier_ones_standing() -> None:
    game = seat()
    assert game.place([Ticket(1, 700.0, 100.0)]) == {}
    assert 0 in game.place([Ticket(1, 200.005, 100.0)])
    game.market.step()
    assert game.moves[0].person.bought == 100


def test_the_log_has_a_row_for_every_order_and_every_idle_auction() -> None:
    game = seat()
    game.place([Ticket(1, 300.0, 1_000.0), Ticket(1, 1.0, 500.0)])
    play(game)
    rows = list(csv.DictReader(io.StringIO(log_csv(game))))
    assert tuple(rows[0]) == LOG_COLUMNS
    assert len(rows) == 2 + 7
    assert [row["filled_t"] for row in rows[:3]] == ["1000", "0", ""]
    assert float(rows[-1]["you_cost_yuan"]) == pytest.approx(scores(game)[-1].you.cost, abs=0.01)
    assert {row["orders_by"] for row in rows} == {"you"}


def test_the_largest_firm_comes_first() -> None:
    market = LiveMarket(load_scenario("S5", SMALL))
    share = market.population.share[largest_first(market, "ELEC")]
    assert np.all(np.diff(share) <= 0)
    assert share.sum() == pytest.approx(1.0)


def lesson() -> tuple[LiveMarket, list[Game]]:
    market = Room(load_scenario("S5", {**SMALL, "years.end": 2023}), shared=True).market
    rows = [int(largest_first(market, sector)[1]) for sector in ("ELEC", "STEEL", "NMM")]
    return market, [take_seat(market, row, name) for row, name in zip(rows, "ABC", strict=True)]


def test_seats_taken_together_are_measured_against_one_run_without_people() -> None:
    market, games = lesson()
    assert len(market.twins) == 1
    for game in games[:2]:
        game.delegates = True
    while market.running:
        market.step()  # C stays out
    ordinary = CarbonMarket(market.world.scenario).run()
    assert games[0].twin.state.registry.cash.tolist() == ordinary.registry.cash.tolist()
    assert all(len(game.moves) == 4 for game in games)
    table = {game.name: scores(game)[-1] for game in games}
    heads, rows = tables.ranking_rows(market, ranked(games))
    assert len(heads) == len(rows[0])
    for game, row in zip(ranked(games), rows, strict=True):
        emitted = float(game.twin.state.firms.emissions[game.row]) or game.yearly
        assert game.yearly == pytest.approx(emitted, rel=0.2)  # what it emits in a year, so that firms can be compared
        assert float(row[-1].replace("−", "-").replace(",", "")) == pytest.approx(
            table[game.name].saved / game.yearly, abs=0.006
        )
    assert [game.name for game in ranked(games)] == sorted("ABC", key=lambda name: -table[name].saved)
    assert table["C"].you.paid == 0.0
    for game in games:
        for move, other in zip(game.moves, games[0].moves, strict=True):
            assert (move.price, move.own_price) == (other.price, other.own_price)


def test_allowances_and_money_go_from_seat_to_seat() -> None:
    """What one seat buys dear another sells: what all pay is what all get, in the registry of the one market."""
    market, (buyer, seller, _) = lesson()
    before = market.registry.cash.sum()
    price = round(3.0 * market.state.market.price, 1)
    assert buyer.place([Ticket(+1, price, 3000.0)]) == {}
    assert seller.place([Ticket(-1, round(0.3 * market.state.market.price, 1), 3000.0)]) == {}
    market.step()
    assert buyer.moves[-1].person.bought == 3000
    assert seller.moves[-1].person.bought == -3000
    assert buyer.moves[-1].person.paid == -seller.moves[-1].person.paid > 0
    assert market.registry.cash.sum() == before


def test_a_seat_is_for_one_and_latecomers_begin_where_the_market_is() -> None:
    market, games = lesson()
    with pytest.raises(ValueError, match="somebody sits there"):
        take_seat(market, games[0].row, "D")
    market.step()
    late = take_seat(market, int(largest_first(market, "CHEM")[0]), "D")
    assert len(market.twins) == 2
    market.step()
    assert (len(late.moves), len(games[0].moves)) == (1, 2)
    assert late.twin is not games[0].twin


def test_the_debrief_holds_every_seat_its_orders_and_pictures_and_asks_nobody() -> None:
    market, games = lesson()
    price = round(3.0 * market.state.market.price, 1)
    assert games[1].place([Ticket(+1, price, 1000.0)]) == {}
    market.step()
    assert 0.0 < np.diff(price_picture(games[1]).axes[0].get_xlim())[0] < 1.1  # one auction: its year, no century
    said = debrief(market, games)
    for game in games:
        assert f"{game.name}: {tables.firm_name(market, game.row)}" in html.unescape(said)
    assert f"buy 1,000 t at {price:,.2f} yuan/t (1,000)" in said
    row = next(row for row in re.findall(r"<tr.*?</tr>", said, re.S) if "buy 1,000 t at" in row)
    *_, yours, its, _ = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
    move = games[1].moves[-1]
    assert (yours, its) == (tables.number(move.person.bought), tables.number(move.firm.bought))
    assert yours != its
    assert said.count("<img") == 1 + len(games)
    assert set(re.findall(r'(?:src|href)="(\w+):', said)) == {"data"}
    assert "<script" not in said
    alone = debrief(market, games[:1])
    assert "<h2>Scores</h2>" not in alone
