"""The price of several provinces without firms: what they need together is what they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.market.orders import Floats
from tanshi.market.sales import Sales
from tanshi.numerics.units import TONNES
from tanshi.simulator.run.ahead.joint import MetTogether, meet_one_another, shared_out
from tanshi.simulator.run.ahead.outlook import rise
from tanshi.simulator.run.coupling import Agreement, asking, left_of, without_book
from tanshi.simulator.run.credits import used_credits
from tanshi.simulator.run.economics import Answer
from tanshi.simulator.run.ground.forest import rule_of
from tanshi.simulator.run.public.steps import in_steps
from tanshi.simulator.run.together.steps import Ladder, Left, met_in_steps
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs
from tanshi.simulator.run.world import State, World
from tanshi.simulator.run.year import granted


def equilibrium_prices(w: JointWorld, s: JointState) -> list[Agreement]:
    """The common price of the rest of the year, and what each province buys of the others."""
    remaining = 1.0 - s.period / w.periods_per_year
    weight, mean = w.members[0].adjustment(remaining)[1], rise(w.members[0], s.members[0])
    across, policies = [m.market.across for m in s.members], [m.policy for m in s.members]
    asks = [asking(*pair, remaining, weight) for pair in pairs(w, s)]

    def meet(left: Floats | Left, bounds: tuple[float, float]) -> MetTogether[Answer]:
        return meet_one_another(
            asks,
            left,
            start=s.members[0].market.expected * mean,
            bounds=bounds,
            remaining=remaining,
            due=np.array([one.due for one in across]),
            rates=np.array([one.rate for one in across]),
            offsets=[rule_of(policy, s.year) for policy in policies] if policies[0].offset_share(s.year) > 0 else [],
        )

    left, ladder = np.array([left_of(*pair) for pair in pairs(w, s)]), Ladder.of(policies, s.year)
    found = met_in_steps(ladder, left, meet, lambda one: one.price, policies[0].collar(s.year))
    price = found.price / mean  # what was found is the mean of the rest of the year
    parts = zip(found.answers, found.credits.tolist(), found.incomes.tolist(), found.rates.tolist(),
                found.imported.tolist(), across, strict=True)  # fmt: skip
    return [
        without_book(price, answer, credits, income, rate * remaining - one.due, imported)
        for answer, credits, income, rate, imported, one in parts
    ]


def level(w: JointWorld, s: JointState) -> None:
    """When a year without firms ends, let who emitted more than planned buy of who has allowances left.

    The flow between auctions leaves some tonnes beside what was agreed; they change hands at the last price, and are
    paid for with the coming year's.
    """
    _close_steps(w, s)
    left = np.array([left_over(*pair) for pair in pairs(w, s)])
    for (_, m), tonnes in zip(pairs(w, s), shared_out(-left).tolist(), strict=True):
        across, paid = m.market.across, tonnes * m.market.price * YUAN_PER_TONNE
        m.market.across = replace(
            across, imported=across.imported + tonnes, paid=across.paid + paid, due=across.due + paid
        )


def left_over(w: World, s: State) -> float:
    """Allowances that are left of the year and of what was banked before, Mt; below zero: that lack."""
    own = float((granted(w, s) - s.economy.accrued)[s.policy.mask(s.year)].sum())
    steps = (s.market.sales.beyond - s.market.sales.withheld) / TONNES
    return own + used_credits(s) + s.market.across.imported + s.market.banked + steps


def _close_steps(w: JointWorld, s: JointState) -> None:
    """Note what the governments sold in the year beyond what they meant to auction, or less, where supply has steps."""
    if not in_steps(w.scenario):
        return
    for m in s.members:
        m.market.sales = Sales()
    ladder = Ladder.of([m.policy for m in s.members], s.year)
    rows = s.members[0].log.periods[-w.periods_per_year :]
    price = float(np.average([row["price"] for row in rows]))
    least, most = ladder.between(price)
    needed = float(ladder.volume.sum()) - sum(left_over(*pair) for pair in pairs(w, s))
    sold = ladder.taken(min(max(needed, least), most))
    for m, amount, volume in zip(s.members, sold.tolist(), ladder.volume.tolist(), strict=True):
        moved = round((amount - volume) * TONNES)
        m.market.sales = Sales(sold=round(amount * TONNES), beyond=max(moved, 0), withheld=max(-moved, 0))
