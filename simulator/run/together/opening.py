"""What opens a period in all provinces of a market alike: a shock announced to all, one stability reserve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.market.apportion import apportion
from tanshi.numerics.units import TONNES
from tanshi.simulator.drift.state import Array
from tanshi.simulator.run.period import Said
from tanshi.simulator.run.public.entrants import to_stability
from tanshi.simulator.run.rules import circulating, reserve_of, valid
from tanshi.simulator.run.shock import is_announced, shock_is_due, time_of_shock
from tanshi.simulator.run.together.path import announced_together, first_known
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs
from tanshi.simulator.run.world import Announced


def announced_to_all(w: JointWorld, s: JointState) -> list[Announced]:
    """What is known in each province from now on where a shock is due; empty where none is."""
    if not w.together or not shock_is_due(w.members[0], s.members[0]):
        return []
    policies = [replace(m.policy, shocked=True) for m in s.members]
    return announced_together(w.members, policies, [m.announced.star for m in s.members], time_of_shock(w.members[0]))


def recall_together(w: JointWorld, s: JointState) -> None:
    """Bring a restored state to what had been announced by then."""
    announced = is_announced(w.members[0], s.members[0])
    if announced == s.members[0].policy.shocked:
        return
    policies = [replace(m.policy, shocked=announced) for m in s.members]
    if announced:
        paths = [m.announced.star for m in s.members]
        known = announced_together(w.members, policies, paths, time_of_shock(w.members[0]))
    else:
        known = first_known(w.members, policies)
    for m, one in zip(s.members, known, strict=True):
        m.announced = one


def said_to_each(w: JointWorld, s: JointState, news: list[Announced]) -> list[Said]:
    """What each province opens the period with."""
    moved: list[tuple[int, int] | None] = [None] * len(s.members)
    reserve = w.scenario.stability_reserve
    if reserve.on and w.together and w.agents_trade and s.period == 0 and s.begun:
        moved = list(reserve_of_all(s, w))
    known: list[Announced | None] = [*news] or [None] * len(s.members)
    return [Said(one, part) for one, part in zip(known, moved, strict=True)]


def reserve_of_all(s: JointState, w: JointWorld) -> list[tuple[int, int]]:
    """What the one stability reserve moves in January: each province's part, and what of it stays valid, t.

    By the allowances in circulation in all provinces; taken from each in proportion to its supply of the year, given
    back out of what each province's part holds, what new entrants have left included.
    """
    rule, year = w.scenario.stability_reserve, s.year
    held = np.array([m.market.reserve + to_stability(m) for m in s.members])
    supply = np.array([_supply(m.policy.caps(year)[m.policy.mask(year)]) for m in s.members])
    moved = reserve_of(rule, year).movement(sum(circulating(*pair) for pair in pairs(w, s)), int(held.sum()))
    moved = min(moved, int(supply.sum()))
    parts = apportion(moved, supply) if moved >= 0 else -apportion(-moved, held)
    after = held + parts
    stays = valid(rule, year, int(after.sum()), sum(m.market.sales.sold for m in s.members))
    keeps = apportion(stays, after) if stays else np.zeros_like(after)
    return list(zip(parts.tolist(), keeps.tolist(), strict=True))


def _supply(caps: Array) -> int:
    return int(np.rint(caps * TONNES).astype(np.int64).sum())
