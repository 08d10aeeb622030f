"""What firms look ahead to: a plan made in January and at news, and what it says in every period.

The plan is Rubin's equilibrium between bounds (`tanshi.agents.planning`) on the economy's own path
(`tanshi.simulator.run.ahead.foresight`), from where the economy and everybody's accounts stand. Only what is
announced is foreseen: the rules as they are known, growth as it is assumed, no draw of chance, and no stability
reserve to come, unless the scenario says so (`tanshi.simulator.run.ahead.reserve`).

Prices of the plan are means of their years. Within a year a firm expects the price to rise at the rate at which the
market carries a bank over, and values an allowance of next year at its own rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.bank import CarryCurve, Temper
from tanshi.agents.outlook import Outlook
from tanshi.agents.planning import Answer, Plan, Prospect, plan, tangent_path
from tanshi.equilibrium.province.physical import Flows
from tanshi.errors import Message, TanshiError
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.state import prices as star_prices
from tanshi.simulator.run.ahead.estimates import as_seen, misjudged, seen
from tanshi.simulator.run.ahead.foresight import Foreseen, Standing, YearsAhead
from tanshi.simulator.run.ahead.joint import part_of_market, takes_price, with_outside, with_supply_outside
from tanshi.simulator.run.ahead.known import carry_limits, known_policy, lowest_banks
from tanshi.simulator.run.ahead.lives import most_alive
from tanshi.simulator.run.ahead.reserve import foreseen_reserve
from tanshi.simulator.run.ahead.steps import fed_from_reserve, steps_ahead, steps_of_all, unsold
from tanshi.simulator.run.ahead.surprises import felt
from tanshi.simulator.run.ground.annual import growing_on
from tanshi.simulator.run.ground.border import price_outside
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.public.entrants import entrants_ahead, out_of_reserve
from tanshi.simulator.run.public.steps import auctioned
from tanshi.simulator.run.straying import believed, surrounding
from tanshi.simulator.run.world import State, World

TOLERANCE = 1e-4
"""Relative move of the plan's prices at which it has converged: a tick at 100 yuan/t."""
STRAYING = 1e-3
"""The same where surroundings stray: a month's news moves prices by fifty times as much, and the plan with them."""
EXACT = 1e-10
"""The same where the scenario asks for a price to a millionth of a yuan."""
UNSETTLED = 1e-3
"""Relative move of prices above which a plan has not converged and is told of."""
ITERATIONS = 25
"""Paths of the economy that a plan may ask for."""
BEHIND = 3
"""Years after the bank runs out that the next plan looks at again."""
SPENT = 1e-6
"""Mt under which a bank has run out."""


UNSETTLED_MESSAGE = (
    "scenario {scenario}, {year}: firms' expectations did not settle in {tries} tries. Prices expected last, yuan/t: "
    "{before}; those that would clear the years then: {after}. Shorten banking.horizon, loosen the cap's decline, or "
    "set banking.unsettled to go_on to trade on the closest path found"
)


class UnsettledPlanError(TanshiError, ValueError):
    """Expectations that did not converge, where the scenario says to stop then."""


@dataclass(frozen=True)
class Carriers:
    """Who may hold the bank: the firms that trade.

    Attributes
    ----------
    asked : (m,) float
        Return that each asks for a year.
    size : (m,) float
        Yearly emissions, Mt.
    horizon : (m,) int64
        Years that each looks ahead.
    """

    asked: Floats
    size: Floats
    horizon: NDArray[np.int64]


def plans(w: World, s: State) -> bool:
    """Whether firms look ahead this year."""
    rule = w.scenario.banking
    return bool(rule.allowed and rule.horizon > 0 and s.policy.started(s.year) and s.policy.mask(s.year).any())


def look_ahead(w: World, s: State) -> None:
    """Make a new plan for the year that begins, or at news; without foresight there is none."""
    if not plans(w, s):
        s.market.outlook = None
    elif not w.shared:  # who trades with others plans with them
        s.market.outlook = _given(w, s) if takes_price(w, s) else make_plan([(w, s)])[0]


def _given(w: World, s: State) -> Outlook:
    """The outlook of firms that take their price from outside: that price, by year, and nothing to bank.

    In a market beside which the province is small what an allowance will be worth is in its price already: nobody in
    the province gains by knowing next year's, and who needs allowances later buys them later. So a price that rises or
    falls fast, as a real one did, makes no firm hoard.
    """
    years = range(s.year, s.year + w.scenario.banking.horizon + 1)
    price = np.array([price_outside(w.scenario.market.link, year) for year in years])
    nothing, nobody = np.zeros(len(price)), np.zeros(1)
    return Outlook(s.year, price, nothing, nothing, np.zeros(1, np.int64), nobody, 0.0, 0, nothing, nothing, nothing)


@dataclass(frozen=True)
class _View:
    """What the firms of one province look at: its years, what was foreseen of them, who holds a bank, the least one."""

    ahead: YearsAhead
    before: Foreseen | None
    carriers: Carriers
    low: Floats


def make_plan(members: Sequence[tuple[World, State]]) -> list[Outlook]:
    """The plan of the firms of a province, or of several that trade in one market; an outlook for each.

    Everybody foresees the same prices; the bank is held by all firms alike, in proportion to what they emit.
    """
    w, s = members[0]
    known = [known_policy(*member) for member in members]
    last = min(max(_last_year(*member) for member in members), *(policy.baseline.years[-1] for policy in known))
    years, exact = range(s.year, last + 1), w.scenario.coupling.tolerance < 1e-5
    views = [_view(*member, policy, years, exact) for member, policy in zip(members, known, strict=True)]
    carriers, sizes = _joined([view.carriers for view in views]), [float(view.carriers.size.sum()) for view in views]
    whole, low = sum(sizes), sum_of([view.low for view in views])
    curve = CarryCurve.of(carriers.asked, carriers.size, temper_of(w), float(-low.min()) / max(whole, SPENT))
    part = part_of_market(w, s, whole)

    def rates(bank: Floats) -> tuple[Floats, Floats]:
        rate, steep = curve.at(bank * part / whole)
        return rate, steep * part / whole

    def all_of(answers: Sequence[Answer]) -> Answer:
        if len(answers) == 1:
            here = answers[0]
            return here if part == 1.0 else lambda prices: with_outside(w, s, years, here, prices)

        def together(prices: Floats) -> tuple[Floats, Floats]:
            found = [answer(prices) for answer in answers]
            return sum_of([one[0] for one in found]), sum_of([one[1] for one in found])

        return together

    start, carry = _first_guess(s, years, carriers)
    prospect = _prospect_of_all(members, known, years, carry, views)
    near = TOLERANCE if w.surroundings is None else STRAYING
    tolerance, before = EXACT if exact else near, [view.before for view in views if view.before is not None]
    if part < 1.0:
        prospect = with_supply_outside(w, s, years, prospect, part)
    if len(before) == len(views):  # what is at hand by now, on the answers of last time: a path near the one sought
        told = [as_seen(*member, one) for member, one in zip(members, before, strict=True)]
        start = plan(prospect, all_of(told), start, tolerance=tolerance, iterations=ITERATIONS, rates=rates).price
    asked = all_of([as_seen(*member, view.ahead) for member, view in zip(members, views, strict=True)])

    def again(within: Prospect, begin: Floats) -> Plan:
        return plan(within, asked, begin, tolerance=tolerance, iterations=ITERATIONS, rates=rates)

    prospect, made = fed_from_reserve(members, known, years, prospect, again, again(prospect, start))
    if made.gap > UNSETTLED and w.scenario.banking.unsettled == "stop":
        raise UnsettledPlanError(_unsettled(w, years, made))
    horizons = np.unique(carriers.horizon)
    following = np.array([_next_price(prospect, made, int(h)) for h in horizons])
    common = made.carry, horizons, following, made.gap, made.iterations
    rest, found = float(made.bank[0]) * (1.0 - part), []
    for member, view, size in zip(members, views, sizes, strict=True):
        starts = replace(member[1].economy.starts, **view.ahead.remembered())
        path, own = view.ahead.foreseen, part * (size / whole)
        one = Outlook(s.year, made.price, made.bank * own, *common, path.at, path.emissions, path.slope, rest)
        if part == 1.0 and len(members) == 1:
            emitted, driven = felt(*member, view.ahead)
            one = replace(one, felt=emitted, low=prospect.low, high=prospect.high)
            starts = replace(starts, driven=driven)
        member[1].economy.starts = starts
        found.append(one)
    return found


def _view(w: World, s: State, policy: Policy, years: range, exact: bool) -> _View:
    before = None if exact else _foreseen(s, years)
    ahead = YearsAhead(
        w.province,
        growing_on(w.economy.growth, years[-1]),
        policy,
        w.adjustment,
        _standing(w, s),
        len(years),
        lambda p, later: surrounding(w, s, p, now=False, later=later),
        before,
        entrants_ahead(w, s, policy),
        s.economy.starts,
        s.announced.ahead,
        rebases=w.surroundings is not None and not exact,
    )
    return _View(ahead, before, _carriers(s), lowest_banks(w, s, policy, years))


def _joined(carriers: Sequence[Carriers]) -> Carriers:
    columns = (tuple(getattr(one, name) for one in carriers) for name in ("asked", "size", "horizon"))
    return Carriers(*(np.concatenate(column) for column in columns))


def _prospect_of_all(
    members: Sequence[tuple[World, State]], known: Sequence[Policy], years: range, carry: Floats, views: Sequence[_View]
) -> Prospect:
    """What all provinces together have, and may carry over."""
    each = [_prospect(*m, p, years, carry, v.low) for m, p, v in zip(members, known, views, strict=True)]
    if len(each) == 1:
        return each[0]
    supply, low, high = (sum_of([getattr(one, name) for one in each]) for name in ("supply", "low", "high"))
    steps = steps_of_all([one.steps for one in each])
    opening, reserve = sum(one.opening for one in each), foreseen_reserve(members, known, years)
    return replace(each[0], supply=supply, low=low, high=high, opening=opening, steps=steps, reserve=reserve)


def sum_of(arrays: Sequence[Floats]) -> Floats:
    """The sum of some arrays, in their order; of one it is that one."""
    return reduce(np.add, arrays)


def _foreseen(s: State, years: range) -> Foreseen | None:
    """What last January's plan found of these years; None where none was made, or rules are news, or follow output."""
    before = s.market.outlook
    if before is None or before.year + 1 != years[0] or s.period > 0 or len(before.at) < 3:
        return None
    if any(s.policy.standard(year) for year in years) or not (before.emissions > 0).all():
        return None
    return Foreseen(before.year, before.at, before.emissions, before.slope).window(years[0], len(years))


def _unsettled(w: World, years: range, made: Plan) -> str:
    def path(prices: Floats) -> str:
        return ", ".join(f"{year}: {price:,.1f}" for year, price in zip(years, prices, strict=True))

    return Message(
        UNSETTLED_MESSAGE,
        scenario=w.scenario.name,
        year=years[0],
        tries=made.iterations,
        before=path(made.at),
        after=path(made.price),
    )


def _last_year(w: World, s: State) -> int:
    """The last year that the most far-sighted firm looks at, or needs to."""
    rule, before = w.scenario.banking, s.market.outlook
    last = s.year + rule.horizon
    if rule.beyond == "end":
        last = min(last, w.scenario.years.end)
    lending = any(w.scenario.compliance.lends(year) for year in range(s.year, last + 1))
    if before is not None and before.year < s.year and not lending:
        # Years after the bank has run out move nothing before it.
        spent = np.flatnonzero(before.bank[:-1] <= SPENT)
        if len(spent):
            last = min(last, max(before.year + int(spent[0]), s.year) + BEHIND)
    return last


def _standing(w: World, s: State) -> Standing:
    economy, n = s.economy, w.periods_per_year
    begun = s.period > 0
    return Standing(
        s.year,
        1.0 - s.period / n,
        economy.parameters,
        economy.effective,
        economy.start,
        s.market.forest_income,
        economy.effective_tax,
        Flows(economy.flow_sum / n, economy.x_sum / n) if begun else None,
        economy.decision_sum / n if begun else None,
        s.market.across.rate,
    )


def _carriers(s: State) -> Carriers:
    firms = s.firms
    active = s.policy.mask(s.year)[firms.sector]
    size = firms.shares()[0] * s.policy.baseline.at(s.year)[firms.sector]
    return Carriers(((1.0 + firms.discount_rate) / firms.belief)[active], size[active], firms.horizon[active])


def _first_guess(s: State, years: range, carriers: Carriers) -> tuple[Floats, Floats]:
    """The last plan carried on, or the reference path levelled out, and the typical firm's rate."""
    n, before = len(years), s.market.outlook
    typical = float(np.average(carriers.asked, weights=carriers.size)) - 1.0
    if before is None or s.year - before.year >= len(before.price):
        # What clears every year by itself, levelled out at the typical rate.
        growth: Floats = np.asarray((1.0 + typical) ** np.arange(n), np.float64)
        alone = star_prices(s.announced.star(np.array(years) + 0.5))
        levelled = np.asarray(float(np.mean(alone / growth)) * growth, np.float64)
        return levelled, np.full(n, typical)
    price, carry = before.price[s.year - before.year :], before.carry[s.year - before.year :]
    more = max(n - len(price), 0)
    later: Floats = np.asarray(price[-1] * (1.0 + typical) ** np.arange(1, more + 1), np.float64)
    carried = np.asarray(np.concatenate((carry, np.full(more, carry[-1]))), np.float64)
    return np.concatenate((price, later))[:n], carried[:n]


def _prospect(w: World, s: State, policy: Policy, years: range, carry: Floats, low: Floats) -> Prospect:
    """What is known of supply: what is at hand is the opening bank, what is still to come that of later years."""
    n = len(years)
    supply = np.array([policy.tonnes(year, whole=True) for year in years])  # the rest: see `YearsAhead`
    supply[0] = 0.0
    if n > 1 and s.market.advances.any():
        supply[1] -= float(s.market.advances.sum()) / TONNES
    high = np.full(n, np.inf)
    limited = [w.scenario.banking.carries_at(year) for year in years]
    trading = s.policy.mask(s.year)[s.firms.sector]
    for place in np.flatnonzero(limited):
        high[place] = float(carry_limits(w, s, years[place])[trading].sum()) / TONNES
    if w.scenario.banking.life is not None:
        high = np.maximum(np.minimum(high, most_alive(w, s, policy, years)), low)
    opening, steps = _at_hand(w, s), steps_ahead(w, s, policy, years)
    if steps:  # what is auctioned stands among the steps
        supply[1:] -= [auctioned(policy, year, whole=True) for year in years[1:]]
        opening -= unsold(w, s)
    reserve = foreseen_reserve([(w, s)], [policy], years)
    return Prospect(supply, opening, low, high, carry, *s.policy.collar(s.year), steps, reserve)


def _at_hand(w: World, s: State) -> float:
    """Allowances that can serve this year or be banked, less what is owed for emissions so far, Mt."""
    mask = s.policy.mask(s.year)
    if not w.agents_trade:
        cap = s.policy.tonnes(s.year)
        brought = s.market.banked + s.market.across.imported + out_of_reserve(s)
        return cap + brought - float((s.economy.accrued - s.economy.earned)[mask].sum())
    trading = np.flatnonzero(mask[s.firms.sector])
    held, registry = s.registry.held, s.registry
    others = held[len(s.firms) :].sum() - (held[w.outside] if w.open else 0)
    units = held[trading].sum() + others - registry.obligations[trading].sum()
    units += (s.market.granted - s.market.given)[trading].sum()
    units += sum(int(year.credits[trading].sum()) for year in s.market.open)
    emitted: Floats = seen(w, s) * s.market.to_date + misjudged(w, s)
    return (float(units) - float(emitted[trading].sum())) / TONNES


def _next_price(prospect: Prospect, made: Plan, horizon: int) -> float:
    """The price of next year that a firm expects who looks some years ahead; 0 where it looks at this one only."""
    years = len(made.price)
    if horizon == 0 or years == 1:
        return 0.0
    if horizon + 1 >= years:
        return float(made.price[1])
    nearer = replace(prospect.less_reserve(made.bank), carry=made.carry).first(horizon + 1)
    cut = slice(0, horizon + 1)
    return float(tangent_path(nearer, made.emissions[cut], made.slope[cut], made.at[cut])[0][1])


# -- in a period -------------------------------------------------------------------------------------------


def temper_of(w: World) -> Temper:
    """How the scenario's firms take risks."""
    firms = w.scenario.firms
    return Temper(firms.risk_aversion, firms.price_volatility, firms.position_limit)


def rise(w: World, s: State) -> float:
    """Mean price of the rest of the year over the coming period's, as firms expect it; 1 without foresight."""
    outlook, n = s.market.outlook, w.periods_per_year
    if outlook is None:
        return 1.0
    return float(np.mean((1.0 + float(outlook.carry[0])) ** (np.arange(n - s.period) / n)))


def values(w: World, s: State) -> Floats:
    """What each firm holds an allowance of next year for, in the middle of the coming period, (firms,) yuan/t."""
    return np.asarray(plain_values(w, s) * believed(s), np.float64)


def plain_values(w: World, s: State) -> Floats:
    """The same without beliefs about scarcity to come."""
    outlook, firms = s.market.outlook, s.firms
    if outlook is None:
        return np.zeros(len(firms))
    place = np.searchsorted(outlook.horizons, firms.horizon)
    expected = outlook.following[np.minimum(place, len(outlook.following) - 1)]
    centre = (s.period + 0.5) / w.periods_per_year
    worth = firms.belief * expected * (1.0 + firms.discount_rate) ** -(1.5 - centre)
    return np.asarray(worth, np.float64)


def value_of(w: World, s: State) -> float:
    """What all firms together hold an allowance of next year for, in the middle of the coming period, yuan/t.

    At the rate at which the plan is carried over they hold what it says, whoever of them it is.
    """
    outlook = s.market.outlook
    if outlook is None:
        return 0.0
    centre = (s.period + 0.5) / w.periods_per_year
    return float(outlook.following[-1]) * float((1.0 + outlook.carry[0]) ** -(1.5 - centre))
