"""Tables and lines of text of the page, as HTML; every number with its unit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from tanshi.language import clauses, listed, mark, say, translate
from tanshi.market.orders import BUY
from tanshi.numerics.units import MILLION, TONNES
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.run.seat import Ticket
from tanshi.simulator.views.live.game import Game
from tanshi.simulator.views.live.market import LiveMarket, when
from tanshi.simulator.views.live.panel import full_name
from tanshi.simulator.views.live.score import Score, scores

BIDDERS = {
    "truthful": mark("truthful"),
    "scheduled": mark("scheduled"),
    "hesitant": mark("hesitant"),
    "zip": mark("learning (zip)"),
    "zic": mark("random (zic)"),
}


def bidder(strategy: str) -> str:
    """How a firm of a strategy bids, in a word; that of a guest by its name."""
    return translate(BIDDERS[strategy]) if strategy in BIDDERS else strategy


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
        (say("Auction"), when(moment.year, moment.period, m.periods_per_year)),
        (say("Price"), say("{price:,.2f} yuan/t{change}", price=last["price"], change=change)),
        (say("Traded"), say("{volume:,.2f} Mt CO₂", volume=last["volume_t"] / TONNES)),
        (say("Emissions of trading sectors"), say("{rate:,.1f} Mt CO₂ a year", rate=rate)),
        (
            say("Cap of the year") if moment.capped else say("Allowances of the year"),
            say("{cap:,.1f} Mt CO₂", cap=moment.cap),
        ),
    ]


def rules(m: LiveMarket) -> str:
    """The rules of this run, those that the sliders move."""
    s = m.world.scenario
    mix = listed([f"{100 * v:.0f} % {bidder(name)}" for name, v in s.firms.strategies.as_dict().items() if v > 0])
    trading = [_since(s, sector) for sector in s.ever("trading")]
    first, yearly = 100 * s.cap.tightness, 100 * s.cap.decline
    cap = say(
        "the cap lies {first:g} % below the frozen baseline and falls by {yearly:g} % a year",
        first=first,
        yearly=yearly,
    )
    if s.cap.by_path:
        cap = say("the cap follows the path of its file")
    return say(
        "Scenario {name}, seed {seed}, {firms:,} firms. From {start} {cap}; sectors that trade: {sectors}. Firms'"
        " bidding: {mix}.",
        name=s.name, seed=s.seed, firms=len(m.population), start=s.policy_start, cap=cap, sectors=listed(trading),
        mix=mix,
    )  # fmt: skip


def _since(scenario: Scenario, sector: str) -> str:
    """A sector that trades, with the first year in which it does where that is later than the policy."""
    years = range(scenario.policy_start, scenario.years.end + 1)
    first = next(year for year in years if scenario.statuses(year)[sector] == "trading")
    name = full_name(sector)
    return name if first == scenario.policy_start else say("{sector} (from {year})", sector=name, year=first)


def book_table(m: LiveMarket) -> str:
    """The orders of the last auction in figures, and how well the economy agreed with it."""
    agreement, lot = m.moment.agreement, m.world.scenario.market.lot
    orders, filled = agreement.orders, agreement.clearing.filled
    rows = [
        (name, f"{int(side.sum()):,}", number(orders.quantity[side].sum() * lot), number(filled[side].sum() * lot))
        for name, side in ((say("bids"), orders.side > 0), (say("offers"), orders.side < 0))
    ]
    gap = say("exactly") if agreement.gap < 1e-9 else say("to {gap:.2g} yuan/t", gap=agreement.gap)
    words = say(
        "The auction and the economy agreed on the price {gap}, after {rounds} rounds.",
        gap=gap,
        rounds=agreement.iterations,
    )
    return (
        table(("", say("orders"), say("quantity, t"), say("filled, t")), rows, say("Orders of the last auction"))
        + f"<p>{words}</p>"
    )


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
            number(spare[row]), bidder(m.firms[row].strategy),
        )
        for row in (*lacking, *able)
    ]  # fmt: skip
    head = (say("firm"), say("held, t"), say("need, t"), say("spare, t"), say("bids"))
    lack = say("Firms that lack most ({count})", count=len(lacking)) if lacking else say("No firm lacks allowances")
    can = say("firms that can spare most ({count})", count=len(able)) if able else say("no firm can spare any")
    return table(head, rows, f"{lack}; {can}")


def firm_name(m: LiveMarket, row: int) -> str:
    """A firm by its sector and its number in it."""
    sector = int(m.population.sector[row])
    first, last = m.population.start[sector : sector + 2]
    return say(
        "{sector}, firm {number} of {count}", sector=full_name(m.population.sectors[sector]),
        number=row - int(first) + 1, count=int(last - first),
    )  # fmt: skip


def ticket_words(ticket: Ticket) -> str:
    """An order in words."""
    word = say("buy") if ticket.side == BUY else say("sell")
    return say("{word} {tonnes} t at {price:,.2f} yuan/t", word=word, tonnes=number(ticket.tonnes), price=ticket.price)


def last_move(game: Game) -> str:
    """What came of the last auction for the seat, beside what the firm would have done."""
    move = game.moves[-1]
    n = game.market.periods_per_year
    if move.tickets is None:
        orders = say("The firm bid by itself.")
    elif not move.tickets:
        orders = say("You stayed out.")
    else:
        filled_each = clauses(
            say("{order}: {tonnes} t filled", order=ticket_words(t), tonnes=number(filled))
            for t, filled in move.tickets
        )
        orders = say("{sentence}.", sentence=filled_each)
    fine = move.person.penalty / MILLION
    fines = say(" You paid {fine:,.3f} million yuan of penalty.", fine=fine) if fine else ""
    return say(
        "{when}: {orders} In all you {yours}; the firm itself {its}.{fines}", when=when(move.year, move.period, n),
        orders=orders, yours=_traded(move.person.bought, move.price),
        its=_traded(move.firm.bought, move.own_price), fines=fines,
    )  # fmt: skip


def _traded(bought: int, price: float) -> str:
    if bought == 0:
        return say("traded nothing")
    template = mark("bought {tonnes:,} t at {price:,.2f} yuan/t")
    if bought < 0:
        template = mark("sold {tonnes:,} t at {price:,.2f} yuan/t")
    return say(template, tonnes=abs(bought), price=price)


def score_table(found: Sequence[Score]) -> str:
    """The score: one row a year for both sides and the difference."""
    head = (
        say("year"), say("your net purchases"), say("firm's"), say("your penalty"), say("firm's"),
        say("your position's worth"), say("firm's"), say("your cost"), say("firm's cost"), say("you saved"),
    )  # fmt: skip
    rows = []
    for score in found:
        pairs = (("paid", 2), ("penalty", 2), ("worth", 2), ("cost", 2))
        cells = [number(getattr(side, name) / MILLION, d) for name, d in pairs for side in (score.you, score.firm)]
        name = say("All") if score.name == "All" else score.name
        name = name if score.whole else say("{name}, so far", name=name)
        rows.append((name, *cells, number(score.saved / MILLION, 2)))
    return table(head, rows, say("Score, million yuan (the firm: the same run with the firm bidding by itself)"))


def ranking_rows(m: LiveMarket, played: Sequence[Game]) -> tuple[list[str], list[list[str]]]:
    """The table of scores of several seats, in the order given: its heads and rows."""
    heads = [say("seat"), say("firm"), say("cost, million yuan"), say("firm by itself"), say("saved, million yuan"),
             say("saved, yuan per t that it emits a year")]  # fmt: skip
    rows = []
    for place, game in enumerate(played, start=1):
        score = scores(game)[-1]
        rows.append(
            [f"{place}. {game.name}", firm_name(m, game.row), number(score.you.cost / MILLION, 2),
             number(score.firm.cost / MILLION, 2), number(score.saved / MILLION, 2),
             number(score.saved / max(game.yearly, 1.0), 2)]
        )  # fmt: skip
    return heads, rows


def ranking(m: LiveMarket, played: Sequence[Game]) -> str:
    """The table of scores of a lesson."""
    heads, rows = ranking_rows(m, played)
    return table(heads, rows, say("Scores so far (the firm: the same run in which every firm bids by itself)"))


def verdict(found: Sequence[Score]) -> str:
    """The score in one sentence."""
    saved = found[-1].saved / MILLION
    if abs(saved) < 5e-4:
        return say("So far your costs are exactly those that the firm would have had by itself.")
    template = mark(
        "So far your costs are {saved:,.3f} million yuan above those that the firm would have had by itself."
    )
    if saved > 0:
        template = mark(
            "So far your costs are {saved:,.3f} million yuan below those that the firm would have had by itself."
        )
    return say(template, saved=abs(saved))
