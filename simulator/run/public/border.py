"""What government earns and gives back at the border, added up over a year's periods."""

from __future__ import annotations

from typing import Any

import numpy as np

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.border import border_paid
from tanshi.simulator.run.world import State, World

YUAN_OF_YI = 1e8


def note_border(w: World, s: State, solution: Solution) -> None:
    """Add a period's charges and rebates, yi yuan."""
    at = w.province.border
    if at is None:
        return
    length = 1.0 / w.periods_per_year
    paid = np.array(list(border_paid(at, solution).values()))
    before = s.economy.border_paid
    s.economy.border_paid = length * paid if before.size == 0 else before + length * paid


def border_of_the_year(w: World, s: State) -> dict[str, Any]:
    """What goes into the year's row of compliance; the sum begins anew."""
    at = w.province.border
    if at is None:
        return {}
    paid = s.economy.border_paid * YUAN_OF_YI
    s.economy.border_paid = np.zeros(0)
    rows = [(good, way, float(yuan)) for (good, way), yuan in zip(at.taxes, paid.tolist(), strict=True)]
    charged = {good: sum(yuan for g, way, yuan in rows if g == good and way in ("imports", "inflow"))
               for good in at.goods}  # fmt: skip
    back = {good: -sum(yuan for g, way, yuan in rows if g == good and way in ("exports", "outflow"))
            for good in at.goods}  # fmt: skip
    return {"border_charged_yuan": charged, "border_given_back_yuan": back}
