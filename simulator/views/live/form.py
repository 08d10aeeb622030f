"""What a person types into the order form, read as orders or refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tanshi.language import mark, say
from tanshi.market.orders import BUY, SELL
from tanshi.simulator.run.seat import Ticket

SIDES = {mark("buy"): BUY, mark("sell"): SELL}


@dataclass(frozen=True)
class Line:
    """One line of the form, as typed: ``buy`` or ``sell``, yuan/t, t."""

    side: str = "buy"
    price: str = ""
    tonnes: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was typed."""
        return not self.price.strip() and not self.tonnes.strip()


def read_lines(lines: Sequence[Line]) -> tuple[list[Ticket], list[int], dict[int, str]]:
    """The orders of a form.

    Returns
    -------
    tickets : of the lines that can be read; blank lines are none.
    origin : line of each ticket.
    faults : line -> why it cannot be read.

    Examples
    --------
    >>> read_lines([Line("buy", "95.5", "12,000"), Line()])
    ([Ticket(side=1, price=95.5, tonnes=12000.0)], [0], {})
    >>> read_lines([Line("sell", "cheap", "5")])[2]
    {0: "the price: expected a number of yuan/t, got 'cheap'"}
    """
    tickets: list[Ticket] = []
    origin: list[int] = []
    faults: dict[int, str] = {}
    for i, line in enumerate(lines):
        if line.blank:
            continue
        price, tonnes = _number(line.price), _number(line.tonnes)
        if price is None:
            faults[i] = say("the price: expected a number of yuan/t, got {got!r}", got=line.price.strip())
        elif tonnes is None:
            faults[i] = say("the quantity: expected a number of t, got {got!r}", got=line.tonnes.strip())
        else:
            tickets.append(Ticket(SIDES[line.side], price, tonnes))
            origin.append(i)
    return tickets, origin, faults


def _number(text: str) -> float | None:
    """A number as people type it, with commas or blanks between thousands."""
    try:
        return float(text.strip().replace(",", "").replace(" ", "").replace("\u202f", ""))
    except ValueError:
        return None
