"""The border of the market, where a scenario opens it: what lies beyond it in a year, and what has crossed it."""

from __future__ import annotations

from dataclasses import dataclass

from tanshi.agents.outside import RestOfNation
from tanshi.errors import TanshiError
from tanshi.scenarios.link import Link


@dataclass(frozen=True)
class Across:
    """What has crossed the border.

    Attributes
    ----------
    rate
        Yi yuan a year that leave the province for allowances in the current period, in the economy's accounts.
    due
        Yi yuan that have been paid for allowances and are not yet in these accounts.
    imported, paid
        Mt bought outside less sold there this year, and yi yuan paid for them less received.
    emitted
        Mt that the rest of the nation has emitted this year.
    held
        Mt of allowances that the rest of the nation holds, where no registry says it.
    """

    rate: float = 0.0
    due: float = 0.0
    imported: float = 0.0
    paid: float = 0.0
    emitted: float = 0.0
    held: float = 0.0


def price_outside(link: Link, year: int) -> float:
    """Price of a year outside, yuan/t."""
    price = link.price_at(year)
    if price is None:  # refused when the scenario was read
        raise TanshiError("the price outside in {year} is not said", year=year)
    return price


def rest_of_nation(link: Link, year: int) -> RestOfNation:
    """The rest of the nation in a year."""
    emissions = None if link.emissions is None else link.emissions.at(year)
    cap = None if link.cap is None else link.cap.at(year)
    if emissions is None or cap is None:  # refused when the scenario was read
        raise TanshiError("what the rest of the nation emits in {year} is not said", year=year)
    return RestOfNation(emissions, cap, link.response)
