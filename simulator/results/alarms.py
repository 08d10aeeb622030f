"""What went wrong in a run's market without stopping it, in words: said in the run's first lines and in its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from statistics import fmean
from typing import Any

MISS = 0.01
"""Distance between the market's price and the economy's, as part of it, above which a year is told of."""
SHORT = 1e-3
"""Part of the year's obligation left uncovered above which a year is told of."""
STRAY = 0.05
"""Distance between a year's mean price and the one at which the economy and the firms' plan clear the year, as part of
it, above which a year is told of: S5 as it stands is 0.02 % away, with random bids 4 %."""

FROZEN = (
    "{year}: nothing was traded and firms lacked {short:,.0f} t. Venue {venue}, bidders {bidders}: where the price may "
    "move little in a period and nobody trades at it, it stands still; set market.limits.untraded to quotation and "
    "market.limits.days to the trading days of a period, or choose another venue"
)
SURPLUS = (
    "{year}: firms lacked {short:,.0f} t while others kept {banked:,.0f} t. Venue {venue}, bidders {bidders}: they did "
    "not meet"
)
MISSED = (
    "{year}: the price missed the economy's by up to {gap:,.2f} yuan/t, {share:.1%} of it, when the rounds of a period "
    "were up: raise coupling.iterations, or take a uniform-price venue"
)
STRAYED = (
    "{year}: the mean price, {price:,.1f} yuan/t, is {share:.0%} off the {plan:,.1f} at which the economy and firms' "
    "plans clear the year. Venue {venue}, bidders {bidders}: what they bid does not lead there; take scheduled or "
    "truthful bidders at a uniform price, and fewer intermediaries"
)
SHORT_SIGHTED = (
    "firms look ahead to {year} only, since later years of this economy have no equilibrium without new policy either: "
    "growth drives a sector out; a smaller dynamics.productivity_growth or banking.horizon would change that"
)
UNPLANNED = "{year}: firms' expectations did not settle; they traded on the closest path found (banking.unsettled)"


def alarms(
    periods: Sequence[Mapping[str, Any]],
    settlements: Sequence[Mapping[str, Any]],
    *,
    venue: str,
    bidders: str,
    unplanned: Sequence[int] = (),
    seen_to: int | None = None,
    strays: bool = False,
) -> list[str]:
    """Return a line for every year that went wrong, one cause a line.

    Parameters
    ----------
    periods, settlements
        The run's rows of periods, and of years' compliance.
    venue, bidders
        What is at fault, by name.
    unplanned
        Years whose plan did not converge.
    seen_to
        The year to which firms can look, where that is less than their horizon.
    strays
        Whether shocks and beliefs from outside move prices away from plans.
    """
    told = [] if seen_to is None else [SHORT_SIGHTED.format(year=seen_to)]
    for row in settlements:
        year, short = int(row["year"]), float(row.get("shortfall_t", 0))
        mine = [period for period in periods if period["year"] == year]
        if short > SHORT * max(float(row.get("owed_t", 0)), 1.0):
            banked = float(row.get("banked_t", 0))
            names = {"year": year, "short": short, "banked": banked, "venue": venue, "bidders": bidders}
            if not any(period["volume_t"] for period in mine):
                told.append(FROZEN.format(**names))
            elif banked > short:
                told.append(SURPLUS.format(**names))
        worst = max(mine, key=lambda period: period["gap"] / max(period["price"], 1.0), default=None)
        if worst is not None and worst["gap"] > MISS * max(worst["price"], 1.0):
            share = worst["gap"] / max(worst["price"], 1.0)
            told.append(MISSED.format(year=year, gap=worst["gap"], share=share))
        price, plan = _mean_price(mine), _expected_price(mine)
        off = abs(price / plan - 1.0) if plan > 0.0 else 0.0
        if off > STRAY and not strays:
            told.append(STRAYED.format(year=year, price=price, plan=plan, share=off, venue=venue, bidders=bidders))
        if year in unplanned:
            told.append(UNPLANNED.format(year=year))
    return told


def _mean_price(rows: Sequence[Mapping[str, Any]]) -> float:
    return fmean(row["price"] for row in rows) if rows else 0.0


def _expected_price(rows: Sequence[Mapping[str, Any]]) -> float:
    """Mean over a year's periods of the price that its latest plan says clears it, yuan/t; 0 where none was made."""
    plans = [float(row.get("plan_price", nan)) for row in rows]
    return fmean(plans) if plans and all(map(isfinite, plans)) else 0.0
