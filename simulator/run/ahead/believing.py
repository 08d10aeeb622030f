"""What firms believe of scarcity to come, beyond what they plan with: shared by all, and each one's own.

The shared belief is news about the cap, or what drivers and trade leave unexplained of how real carbon prices stray
(`tanshi.simulator.drift.markets.unexplained`); its exponential has a mean of 1. Own beliefs are differences from it:
who disagrees trades, but since nobody can bank less than nothing, disagreement alone would raise what all together
bank (Miller 1977). So they are centred until firms together want the bank that they would want without them.

References
----------
Miller, E. M. (1977): Risk, uncertainty, and divergence of opinion. Journal of Finance 32, 1151-1168.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.agents.bank import common_part
from tanshi.agents.streams import stream
from tanshi.equilibrium.province.surroundings import NAMES
from tanshi.market.orders import Floats
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.markets.unexplained import Trail
from tanshi.simulator.run.ahead.known import lent
from tanshi.simulator.run.ahead.outlook import plain_values, temper_of, value_of
from tanshi.simulator.run.ground.surroundings import Surroundings
from tanshi.simulator.run.straying import NEWS, common_seed, sign_of, years_strayed
from tanshi.simulator.run.world import State, World


def believe(w: World, s: State) -> None:
    """Shared and own beliefs of the coming period, logarithms: own ones spread by a part of what the shared moves.

    What the network learnt from prices has news about caps in it, so that it takes the place of the driver.
    """
    around = w.surroundings
    if around is None or s.year == w.scenario.years.start:
        return
    if not (around.moving[NEWS] or around.network is not None):
        return
    asked, market, length = w.scenario.shocks, s.market, 1.0 / w.periods_per_year
    kept = float(0.5 ** (length / asked.belief_half_life))
    before = market.belief
    if around.network is None:
        news = float(s.economy.drivers[NEWS])
        market.belief = news - sign_of(w) ** 2 * float(around.drivers.variances(years_strayed(w, s))[NEWS]) / 2.0
        moved = market.belief - kept * before
    else:
        moved = _follow(w, s, around)
    spread = asked.own_belief * abs(moved)
    own = market.own_belief if market.own_belief.size else np.zeros(w.firms)
    draws = sign_of(w) * stream(w.scenario.seed, "beliefs", "own", s.number).standard_normal(w.firms)
    market.own_belief = _centred(w, s, kept * own + spread * draws)


def _follow(w: World, s: State, around: Surroundings) -> float:
    """Move the shared belief on by the steps of the period's weeks; returns what they come to."""
    assert around.network is not None
    assert around.memory is not None
    market, asked, first, n = s.market, w.scenario.shocks, s.period, w.periods_per_year
    log_price = float(np.log1p(market.price))
    if market.belief_trail.size:
        trail = Trail.of(market.belief_trail).after(log_price)
    else:
        driven = around.moving[: len(NAMES)].any()
        trail = Trail.beside_drivers(around.network, around.memory) if driven else Trail(around.memory)
    belief = market.belief + trail.compensator
    weeks = max(round(52 * (first + 1) / n) - round(52 * first / n), 1)
    kept = float(0.5 ** (1.0 / (52.0 * asked.belief_half_life)))
    rng = stream(asked.seed_of("belief", common_seed(w)), "beliefs", "shared", s.number)
    after = trail.step(around.network, weeks, kept, rng, sign_of(w))
    fading = kept ** np.arange(weeks - 1, -1, -1)
    market.belief = kept**weeks * belief + float(fading @ after.moves) - after.compensator
    carry = 0.0 if market.outlook is None else float(np.log1p(market.outlook.carry[0])) / n
    back = (kept**weeks - 1.0) * belief - (after.compensator - trail.compensator)
    known = market.belief_trail.size > 0
    market.belief_trail = replace(after, foreseen=log_price + carry + back if known else np.nan).array()
    return float(after.moves.sum())


def _centred(w: World, s: State, own: Floats) -> Floats:
    """Own beliefs less what all of them have in common, by what firms would bank."""
    market, firms = s.market, s.firms
    active = s.policy.mask(s.year)[firms.sector]
    size = np.where(active, firms.shares()[0] * s.policy.baseline.at(s.year)[firms.sector], 0.0) * TONNES
    whole = float(size.sum())
    if whole <= 0.0:
        return own
    if market.outlook is None:  # a reserve that shrinks as its price rises over what it is worth
        return np.asarray(own + np.log(size @ np.exp(-own) / whole), np.float64)
    planned = size * (float(market.outlook.bank[0]) * TONNES / whole)
    return own - common_part(own, planned, size, plain_values(w, s), value_of(w, s), temper_of(w), lent(w, s))
