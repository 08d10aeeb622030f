"""Days of a venue that limits how far the price may move in one, and what the close is where nothing was traded."""

from __future__ import annotations

from typing import Annotated, Literal

from tanshi.scenarios.fields import Group, in_unit


class PriceLimits(Group):
    """Trading days under price limits, for ``listed_agreement`` and ``block_agreement``."""

    untraded: Annotated[Literal["close", "quotation"], in_unit("-", "law")] = "close"
    """The close of a day without a trade. close: that of the day before, as in China's national market, so that a price
    at which nobody trades stands still; quotation: the highest bid above it, or the lowest offer below it, as the Korea
    Exchange takes its special quotations."""
    days: Annotated[int, in_unit("1", "assumed", ge=1, le=31)] = 1
    """Trading days in a period of which nothing needs to be traded on the first ones: orders that found nobody come
    again the day after, within limits around the new close. A month has some 20, a week 5."""
