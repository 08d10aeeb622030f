"""What the seat cost beside what the firm would have spent by itself, year by year, and the game's log.

The cost of a stretch of time is what was paid for allowances, less what was got for them, plus penalties, less the
rise in the worth of the position: allowances beyond the year's need (or lacking), at the price of the run in which the
firm plays itself. Both sides are valued at that one price, so that nobody gains by moving the price of what he holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tanshi.market.orders import BUY
from tanshi.simulator.views.live.game import Game, Move, Side

LOG_COLUMNS = (
    "year", "period", "orders_by", "side", "limit_yuan_per_t", "ordered_t", "filled_t", "price_yuan_per_t",
    "price_firm_itself_yuan_per_t",
    *(f"{who}_{what}" for who in ("you", "firm_itself")
      for what in ("bought_t", "paid_yuan", "penalty_yuan", "held_t", "owed_t", "ahead_t", "cash_yuan", "cost_yuan")),
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """One side of a year's score, yuan: net purchases, penalties, worth of the position at the end, and the cost."""

    paid: float
    penalty: float
    worth: float
    cost: float


@dataclass(frozen=True)
class Score:
    """A year of the game, or all of it.

    Attributes
    ----------
    name
        The year, or "All".
    whole
        Whether the year is settled.
    you, firm
        The person's account, and that of the firm by itself.
    """

    name: str
    whole: bool
    you: Account
    firm: Account

    @property
    def saved(self) -> float:
        """Yuan that the person spent less than the firm would have."""
        return self.firm.cost - self.you.cost


def scores(game: Game) -> list[Score]:
    """One score a year, and one of the whole game at the end where there is more than a year."""
    moves = game.moves
    years = sorted({move.year for move in moves})
    out = [_score(game, str(year), [i for i, move in enumerate(moves) if move.year == year]) for year in years]
    return out if len(out) < 2 else [*out, _score(game, "All", list(range(len(moves))))]


def ranked(games: Sequence[Game]) -> list[Game]:
    """Seats in which an auction was held, the one that saved most first; equal ones by name."""
    played = [game for game in games if game.moves]
    return sorted(played, key=lambda game: (-scores(game)[-1].saved, game.name))


def spent(game: Game) -> tuple[list[float], list[float]]:
    """Cost since the seat was taken by the end of each period, yuan: the person's, and the firm's by itself."""
    spans = [list(range(i + 1)) for i in range(len(game.moves))]
    person = [_account(game, span, _person).cost for span in spans]
    return person, [_account(game, span, _firm).cost for span in spans]


def _score(game: Game, name: str, span: list[int]) -> Score:
    last = game.moves[span[-1]]
    whole = last.period == game.market.periods_per_year
    return Score(name, whole, _account(game, span, _person), _account(game, span, _firm))


def _person(move: Move) -> Side:
    return move.person


def _firm(move: Move) -> Side:
    return move.firm


def _account(game: Game, span: list[int], side: Callable[[Move], Side]) -> Account:
    moves = [game.moves[i] for i in span]
    paid, penalty = sum(side(m).paid for m in moves), sum(side(m).penalty for m in moves)
    if span[0]:
        earlier = game.moves[span[0] - 1]
        before = side(earlier).stand.spare * earlier.own_price
    else:
        before = game.opening.spare * game.opening_price
    worth = side(moves[-1]).stand.spare * moves[-1].own_price
    return Account(paid, penalty, worth, paid + penalty - (worth - before))


def log_csv(game: Game) -> str:
    """The game as CSV: a row for each order, or for a period without orders; costs are since the seat was taken."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(LOG_COLUMNS)
    for i, move in enumerate(game.moves):
        span = list(range(i + 1))
        sides: list[object] = []
        for get in (_person, _firm):
            side = get(move)
            cost = _account(game, span, get).cost
            sides += [side.bought, f"{side.paid:.2f}", f"{side.penalty:.2f}", side.stand.held, f"{side.stand.owed:.0f}",
                      f"{side.stand.ahead:.0f}", f"{side.stand.cash:.2f}", f"{cost:.2f}"]  # fmt: skip
        by = "the firm itself" if move.tickets is None else "you"
        orders: list[tuple[object, ...]] = [
            ("buy" if t.side == BUY else "sell", f"{t.price:.2f}", f"{t.tonnes:.0f}", filled)
            for t, filled in move.tickets or ()
        ] or [("", "", "", "")]
        prices = f"{move.price:.2f}", f"{move.own_price:.2f}"
        writer.writerows([move.year, move.period, by, *order, *prices, *sides] for order in orders)
    return stream.getvalue()
