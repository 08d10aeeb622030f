"""Who trades, and how firms differ and bid."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

import tanshi.plugins as plugins
from tanshi.errors import Message
from tanshi.scenarios.fields import Group, in_unit, refuse


class Strategies(Group):
    """Shares of firms by bidding strategy; they sum to 1, and a strategy that is not named has none.

    A strategy from outside (`tanshi.plugins`) is a further field.
    """

    model_config = ConfigDict(extra="allow")

    truthful: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that bid what an allowance is worth to them."""
    zic: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Zero-intelligence constrained firms: random bids that never lose money (Gode and Sunder 1993)."""
    zip: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that move one quote toward the price last paid (Cliff and Bruten 1997)."""
    scheduled: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that bring more of their needs to market the nearer the compliance date."""
    hesitant: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that trade what is certain and worth a trade; what is uncertain they keep, until the last auction."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        shares = self.as_dict()
        for name in sorted(set(shares) - set(type(self).model_fields) - set(plugins.known("strategy"))):
            fields = ", ".join([*type(self).model_fields, *plugins.known("strategy")])
            raise refuse(
                Message("one of the fields {fields}", fields=fields),
                Message("the field {name!r}", name=name),
                f"firms.strategies.{name}",
            )
        given: dict[str, Any] = dict(shares)
        for name, share in given.items():  # those from outside; the program's own have been looked at
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise refuse("a number >= 0 and <= 1 [fraction]", repr(share), f"firms.strategies.{name}")
        total = sum(shares.values())
        if abs(total - 1) > 1e-9:
            got = " + ".join(f"{name} {share:g}" for name, share in shares.items()) + f" = {total:g}"
            hint = "A scenario that extends another keeps its shares: name each share that changes."
            raise refuse("shares that sum to 1", got, "firms.strategies", hint)
        return self

    def as_dict(self) -> dict[str, float]:
        """Return strategy -> share of firms, in the order of the schema."""
        return self.model_dump()


class Firms(Group):
    """Who trades, and how firms differ."""

    number: Annotated[int, in_unit("firms", "assumed", ge=8, le=10_000_000)] = 600
    """Firms of the eight energy-intensive sectors together, one at least in each; the same firms in every scenario,
    trading or not."""
    strategies: Strategies = Strategies(scheduled=1.0)
    size_sigma: Annotated[Annotated[float, Field(ge=0, le=3)] | None, in_unit("s.d. of log", "measured")] = None
    """Log-normal spread of firm size in every sector; null: the economy's own, sector by sector."""
    intensity_sigma: Annotated[Annotated[float, Field(ge=0, le=3)] | None, in_unit("s.d. of log", "assumed")] = None
    """Log-normal spread of emissions per output around the sector's; null: the economy's own."""
    cost_sigma: Annotated[Annotated[float, Field(ge=0, le=3)] | None, in_unit("s.d. of log", "literature")] = None
    """Log-normal spread of marginal abatement cost around the sector's; null: the economy's own."""
    shock_sigma: Annotated[float, in_unit("s.d. of log", "assumed", ge=0, le=0.5)] = 0.05
    """Long-run spread of a firm's own shock to emissions."""
    shock_persistence: Annotated[float, in_unit("1/month", "assumed", ge=0, lt=1)] = 0.8
    """Part of a firm's shock that lasts from one month to the next."""
    discount_rate: Annotated[float, in_unit("1/year", "assumed", ge=0, le=1)] = 0.08
    """Rate at which the typical firm discounts the price it expects; real, since prices are of 2022."""
    discount_sigma: Annotated[float, in_unit("s.d. of log", "assumed", ge=0, le=2)] = 0.1
    """Log-normal spread of that rate between firms."""
    belief_sigma: Annotated[float, in_unit("s.d. of log", "assumed", ge=0, le=0.3)] = 0.005
    """Log-normal spread of the price that firms expect around the one that their plan gives."""
    horizon_spread: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms look `banking.horizon` years ahead or less, evenly down to this part less."""
    risk_aversion: Annotated[float, in_unit("-", "assumed", ge=1e-6, le=1e6)] = 10.0
    """How much more gain a firm asks for the farther it leans from its plan: times the variance of the price, the
    relative gain for leaning by a year's emissions. Toward 0 whoever values the bank most holds all of it."""
    price_volatility: Annotated[float, in_unit("s.d. of log", "measured", ge=0.001, le=5)] = 0.25
    """Standard deviation of the log of next year's price, as firms see it (China's national market: 25 to 27 %)."""
    position_limit: Annotated[float, in_unit("fraction", "assumed", ge=0, le=100)] = 0.25
    """Most that a firm leans to either side of its planned bank, as part of its yearly emissions."""
    reserve: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Allowances a firm that does not look ahead (`banking.horizon` 0) keeps beyond its need at the price it expects,
    as part of its yearly emissions."""
    reserve_width: Annotated[float, in_unit("fraction", "assumed", ge=0.001, le=1)] = 0.5
    """How far above the expected price, as part of it, a firm sells its whole reserve."""
    learning: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.5
    """Weight of the newest price in what firms expect; the rest is what they expected before."""
    urgency: Annotated[float, in_unit("-", "assumed", ge=0, le=20)] = 5.0
    """By a part t of the year `scheduled` firms want to have covered t to this power of their needs; 0: all at once. At
    5 the last quarter holds 75 % of a year's volume in S5, and 73 % in the national market (2022-2024)."""
    caution: Annotated[float, in_unit("s.d.", "assumed", ge=0, le=10)] = 5.0
    """Standard deviations of what it may still emit that a `hesitant` firm keeps out of the market. At 5 the months of
    S5 come nearest to the national market's of what was tried (0 to 6); no price entered the choice."""
    trade_cost: Annotated[float, in_unit("yuan", "assumed", ge=0, le=10_000_000)] = 50.0
    """What a trade costs a `hesitant` firm, such as staff, approvals and fees; it waits until the risk of waiting on
    exceeds it."""
    intermediaries: Annotated[int, in_unit("traders", "assumed", ge=0, le=100_000)] = 0
    """Traders without obligations, who hold allowances while the price is below what they expect."""
    intermediary_capacity: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.02
    """Most allowances that all intermediaries together hold, as part of the year's cap."""
