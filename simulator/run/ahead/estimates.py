"""What firms take their emissions for until somebody has verified them.

A year's emissions are known from `compliance.verification` on. Before that a firm goes by its own measurements: they
are off by a factor of its own and by one that all firms share, as where a common method or a mild winter misleads
everybody. It bids and plans by them, and when they are corrected, it makes up for the difference by the deadline.
In April 2006 the verified emissions of the European Union's first year came out below what had been thought, and the
price fell by half within a week.

References
----------
Ellerman and Buchner (2008), Over-allocation or abatement? A preliminary analysis of the EU ETS based on the 2005-06
emissions data, Environmental and Resource Economics 41:267-287.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.agents.planning import Answer
from tanshi.agents.streams import stream
from tanshi.market.orders import Floats
from tanshi.market.vintages import OpenYear, known_after
from tanshi.simulator.run.straying import common_seed
from tanshi.simulator.run.waiting import may_wait
from tanshi.simulator.run.world import State, World


def estimates(w: World, year: int) -> bool:
    """Whether firms go by estimates of a year's emissions until they are verified.

    Of a year that is surrendered for at its own end they know what they emit: nobody could make up for anything.
    """
    rule = w.scenario.compliance
    return w.agents_trade and rule.misjudged and rule.months(year) > rule.verification


def known_from(w: World, year: int) -> int:
    """Number of market periods of the run after which a year's emissions are known."""
    return known_after(year, w.scenario.compliance.verification, w.scenario.years.start, w.periods_per_year)


def seen(w: World, s: State) -> Floats | float:
    """Return emissions of the year as firms see them, over what they are, (firms,); 1 where they know them.

    The error is that of the year: who measures too much expects as much too much of the months to come.
    """
    return 1.0 + _factor(w, s, s.year) if estimates(w, s.year) else 1.0


def as_seen(w: World, s: State, answer: Answer) -> Answer:
    """The answers of the years, the first one as all firms together see it."""
    part = seen(w, s)
    if not isinstance(part, np.ndarray):
        return answer
    size = np.where(s.policy.mask(s.year), s.policy.baseline.at(s.year), 0.0)[s.firms.sector] * s.firms.shares()[0]
    of_all = float(np.average(part, weights=size))

    def told(prices: Floats) -> tuple[Floats, Floats]:
        emissions, slope = answer(prices)
        part = np.ones(len(prices))
        part[0] = of_all
        return part * emissions, part * slope

    return told


def misjudged(w: World, s: State) -> Floats | float:
    """T by which firms take the emissions of the year that has ended for more than they are, (firms,); 0 if known."""
    newest = s.market.open[-1] if s.market.open else None
    if newest is None or not estimates(w, newest.year) or s.number >= known_from(w, newest.year):
        return 0.0
    return _off(w, s, newest)


def learn_verified(w: World, s: State, *, at_last: bool = False) -> bool:
    """Where a year's emissions become known now, let firms make up by its deadline for what they had wrong.

    Parameters
    ----------
    at_last
        Whatever the date: nothing more is emitted and no period is to come.

    Returns
    -------
    Whether there was such news.
    """
    newest = s.market.open[-1] if s.market.open else None
    if newest is None or not estimates(w, newest.year):
        return False
    if s.number > known_from(w, newest.year) or (s.number < known_from(w, newest.year) and not at_last):
        return False
    less = np.rint(_off(w, s, newest)).astype(np.int64)
    s.market.open = (*s.market.open[:-1], replace(newest, waiting=may_wait(w, newest.waiting - less)))
    return True


def _off(w: World, s: State, newest: OpenYear) -> Floats:
    return np.asarray(_factor(w, s, newest.year) * np.where(newest.owed > 0, s.market.verified, 0))


def _factor(w: World, s: State, year: int) -> Floats:
    """How far each firm's estimate of a year lies above the truth, as part of it, (firms,)."""
    rule, seed = w.scenario.compliance, w.scenario.seed
    own = rule.estimate_error * s.firms.draws(seed, year).normal("estimate")[:, 0]
    common = rule.estimate_common * float(stream(common_seed(w), "all", "estimate", year).standard_normal())
    return np.expm1(own + common)
