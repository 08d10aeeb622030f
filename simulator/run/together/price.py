"""The price of several provinces without firms: what they need together is what they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.simulator.run.ahead.joint import meet_one_another, shared_out
from tanshi.simulator.run.ahead.outlook import rise
from tanshi.simulator.run.coupling import Agreement, asking, left_of, without_book
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs
from tanshi.simulator.run.world import State, World
from tanshi.simulator.run.year import granted


def equilibrium_prices(w: JointWorld, s: JointState) -> list[Agreement]:
    """The common price of the rest of the year, and what each province buys of the others."""
    remaining = 1.0 - s.period / w.periods_per_year
    weight, mean = w.members[0].adjustment(remaining)[1], rise(w.members[0], s.members[0])
    across = [m.market.across for m in s.members]
    found = meet_one_another(
        [asking(*pair, remaining, weight) for pair in pairs(w, s)],
        np.array([left_of(*pair) for pair in pairs(w, s)]),
        start=s.members[0].market.expected * mean,
        bounds=s.members[0].policy.collar(s.year),
        remaining=remaining,
        due=np.array([one.due for one in across]),
        rates=np.array([one.rate for one in across]),
    )
    price = found.price / mean  # what was found is the mean of the rest of the year
    return [
        without_book(price, answer, 0.0, 0.0, rate * remaining - one.due, imported)
        for answer, rate, imported, one in zip(
            found.answers, found.rates.tolist(), found.imported.tolist(), across, strict=True
        )
    ]


def level(w: JointWorld, s: JointState) -> None:
    """When a year without firms ends, let who emitted more than planned buy of who has allowances left.

    The flow between auctions leaves some tonnes beside what was agreed; they change hands at the last price, and are
    paid for with the coming year's.
    """
    left = np.array([left_over(*pair) for pair in pairs(w, s)])
    for (_, m), tonnes in zip(pairs(w, s), shared_out(-left).tolist(), strict=True):
        across, paid = m.market.across, tonnes * m.market.price * YUAN_PER_TONNE
        m.market.across = replace(
            across, imported=across.imported + tonnes, paid=across.paid + paid, due=across.due + paid
        )


def left_over(w: World, s: State) -> float:
    """Allowances that are left of the year and of what was banked before, Mt; below zero: that lack."""
    own = float((granted(w, s) - s.economy.accrued)[s.policy.mask(s.year)].sum())
    return own + s.market.across.imported + s.market.banked
