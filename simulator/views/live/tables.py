"""Tables and lines of text of the page, as HTML; every number with its unit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from tanshi.market.orders import BUY
from tanshi.numerics.units import MILLION, TONNES
from tanshi.simulator.run.seat import Ticket
from tanshi.simulator.views.live.game import Game
from tanshi.simulator.views.live.market import LiveMarket, when
from tanshi.simulator.views.live.panel import full_name
from tanshi.simulator.views.live.score import Score


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """An HTML table whose first column names the row."""
    columns = "".join(f'<th scope="col">{escape(word)}</th>' for word in head)
    top = f"<thead><tr>{columns}</tr></thead>" if any(head) else ""
    lines = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        f'<p class="table-title">{escape(caption)}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"{top}<tbody>{lines}</tbody></table></div>"
    )


def number(value: float, digits: int = 0) -> str:
    """A number with thin groups and a true minus sign.

    Examples
    --------
    >>> number(-12345.6, 1), number(-0.01)
    ('−12,345.6', '0')
    """
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def strip(m: LiveMarket) -> list[tuple[str, str]]:
    """The last auction in one line: what, and how much."""
    moment = m.moment
    rows = moment.rows
    last = rows[-1]
    change = f" ({100 * (last['price'] / rows[-2]['price'] - 1):+.1f} %)".replace("-", "−") if len(rows) > 1 else ""
    rate = sum(last[f"emissions_{s}"] for s in moment.trading)
    return [
        ("Auction", when(moment.year, moment.period, m.periods_per_year)),
        ("Price", f"{last['price']:,.2f} yuan/t{change}"),
        ("Traded", f"{last['volume_t'] / TONNES:,.2f} Mt CO₂"),
        ("Emissions of trading sectors", f"{rate:,.1f} Mt CO₂ a year"),
        ("Cap of the year" if moment.capped else "Allowances of the year", f"{moment.cap:,.1f} Mt CO₂"),
    ]


def rules(m: LiveMarket) -> str:
    """The rules of this run, those that the sliders move."""
    s = m.world.scenario
    mix = ", ".join(f"{100 * share:.0f} % {name}" for name, share in s.firms.strategies.as_dict().items() if share > 0)
    trading = [full_name(sector) for sector in s.coverage.sectors("trading")]
    first, yearly = 100 * s.cap.tightness, 100 * s.cap.decline
    cap = f"the cap lies {first:g} % below the frozen baseline and falls by {yearly:g} % a year"
    if s.cap.by_path:
        cap = "the cap follows the path of its file"
    return (
        f"Scenario {s.name}, seed {s.seed}, {len(m.population):,} firms. From {s.policy_start} {cap};"
        f" {len(trading)} {'sector trades' if len(trading) == 1 else 'sectors trade'}: {', '.join(trading)}."
        f" Firms' bidding: {mix}."
    )


def book_table(m: LiveMarket) -> str:
    """The orders of the last auction in figures, and how well the economy agreed with it."""
    agreement, lot = m.moment.agreement, m.world.scenario.market.lot
    orders, filled = agreement.orders, agreement.clearing.filled
    rows = [
        (name, f"{int(side.sum()):,}", number(orders.quantity[side].sum() * lot), number(filled[side].sum() * lot))
        for name, side in (("bids", orders.side > 0), ("offers", orders.side < 0))
    ]
    gap = "exactly" if agreement.gap < 1e-9 else f"to {agreement.gap:.2g} yuan/t"
    words = f"The auction and the economy agreed on the price {gap}, after {agreement.iterations} rounds."
    return table(("", "orders", "quantity, t", "filled, t"), rows, "Orders of the last auction") + f"<p>{words}</p>"


def extremes(m: LiveMarket, count: int = 5) -> str:
    """The firms that lack most, and those that hold most beyond their need."""
    moment, population = m.moment, m.population
    spare = moment.held - moment.emitted - moment.ahead
    active = np.flatnonzero(np.isin(np.array(population.sectors)[population.sector], moment.trading))
    order = active[np.argsort(spare[active], kind="stable")]
    lacking = [row for row in order if spare[row] < 0][:count]
    able = [row for row in order[::-1] if spare[row] > 0][:count]
    rows = [
        (
            firm_name(m, int(row)), number(moment.held[row]), number(moment.emitted[row] + moment.ahead[row]),
            number(spare[row]), m.firms[row].strategy,
        )
        for row in (*lacking, *able)
    ]  # fmt: skip
    head = ("firm", "held, t", "need, t", "spare, t", "bids")
    lack = f"Firms that lack most ({len(lacking)})" if lacking else "No firm lacks allowances"
    can = f"firms that can spare most ({len(able)})" if able else "no firm can spare any"
    return table(head, rows, f"{lack}; {can}")


def firm_name(m: LiveMarket, row: int) -> str:
    """A firm by its sector and its number in it."""
    sector = int(m.population.sector[row])
    first, last = m.population.start[sector : sector + 2]
    return f"{full_name(m.population.sectors[sector])}, firm {row - int(first) + 1} of {int(last - first)}"


def ticket_words(ticket: Ticket) -> str:
    """An order in words."""
    word = "buy" if ticket.side == BUY else "sell"
    return f"{word} {number(ticket.tonnes)} t at {ticket.price:,.2f} yuan/t"


def last_move(game: Game) -> str:
    """What came of the last auction for the seat, beside what the firm would have done."""
    move = game.moves[-1]
    n = game.market.periods_per_year
    if move.tickets is None:
        orders = "The firm bid by itself."
    elif not move.tickets:
        orders = "You stayed out."
    else:
        orders = "; ".join(f"{ticket_words(t)}: {number(filled)} t filled" for t, filled in move.tickets) + "."
    fines = f" You paid {move.person.penalty / MILLION:,.3f} million yuan of penalty." if move.person.penalty else ""
    return (
        f"{when(move.year, move.period, n)}: {orders} In all you {_traded(move.person.bought, move.price)};"
        f" the firm itself {_traded(move.firm.bought, move.own_price)}.{fines}"
    )


def _traded(bought: int, price: float) -> str:
    if bought == 0:
        return "traded nothing"
    return f"{'bought' if bought > 0 else 'sold'} {abs(bought):,} t at {price:,.2f} yuan/t"


def score_table(found: Sequence[Score]) -> str:
    """The score: one row a year for both sides and the difference."""
    head = (
        "year", "your net purchases", "firm's", "your penalty", "firm's", "your position's worth", "firm's",
        "your cost", "firm's cost", "you saved",
    )  # fmt: skip
    rows = []
    for score in found:
        pairs = (("paid", 2), ("penalty", 2), ("worth", 2), ("cost", 2))
        cells = [number(getattr(side, name) / MILLION, d) for name, d in pairs for side in (score.you, score.firm)]
        name = score.name if score.whole else f"{score.name}, so far"
        rows.append((name, *cells, number(score.saved / MILLION, 2)))
    return table(head, rows, "Score, million yuan (the firm: the same run with the firm bidding by itself)")


def verdict(found: Sequence[Score]) -> str:
    """The score in one sentence."""
    saved = found[-1].saved / MILLION
    if abs(saved) < 5e-4:
        return "So far your costs are exactly those that the firm would have had by itself."
    where = "below" if saved > 0 else "above"
    return f"So far your costs are {abs(saved):,.3f} million yuan {where} those that the firm would have had by itself."
