"""Households by group, and miners who keep their wage or lose their work: what was missing and is there now."""

from __future__ import annotations

from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.incidence import incidence
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.validation.accounts import REGION
from tanshi.simulator.studies.validation.point import Point
from tanshi.simulator.studies.welfare.equal_cut import REGIMES, at_cut

CUT, PRICE, FLOOR = 0.1, 150.0, 0.98


def points() -> list[Point]:
    """Rows of the table."""
    return [*_groups(), _miners()]


def _groups() -> list[Point]:
    files = {path.stem: path for path in REGIMES}
    kept, paid = (at_cut(load_scenario(files[name]), CUT).groups for name in ("cap", "auction"))
    words = [
        f"{way}: urban {found['urban']:+.2f} %, rural {found['rural']:+.2f} %"
        for way, found in (("kept by enterprises", kept), ("paid by head", paid))
    ]
    based = economy(REGION)
    groups = based.groups
    assert groups is not None
    model = Province(based.accounts, Closure())
    p = model.parameters()
    model.cover(p, ("ELEC",))
    model.hold_price(p, PRICE)
    gap = incidence(model.solve(p), groups).gap
    return [
        Point(
            14,
            f"welfare of town and country at a cut of {CUT:.0%} of power, rents of permits",
            "shown; money paid by head favours the country, which earns less",
            "one household",
            "; ".join(words),
            paid["rural"] - paid["urban"] > kept["rural"] - kept["urban"],
            "by construction",
            "purchases of 2017 and incomes per head of 2023 give the shares; within groups all are alike, and the five"
            " classes of the yearbook are not there",
        ),
        Point(
            14,
            f"the groups' welfare together against the one household's, {PRICE:g} yuan/t on power",
            "equal to 0.1 %",
            "-",
            f"{abs(gap):.1e}",
            abs(gap) < 1e-3,
            "by construction",
            "groups meet the equilibrium's prices and do not move them: a term of second order",
        ),
    ]


def _miners() -> Point:
    based = economy(REGION)
    at_work = {}
    for floor in (FLOOR, 1.0):
        model = Province(based.accounts, Closure(capital="vintage", miners_wage=floor))
        p = model.parameters()
        model.cover(p, ("ELEC",))
        model.hold_price(p, PRICE)
        at_work[floor] = model.solve(p).auxiliary["miners at work"]
    return Point(
        14,
        f"miners at work where {PRICE:g} yuan/t falls on power and their real wage cannot fall below {FLOOR:g}, 1",
        "fewer than all; fewer the higher the floor",
        "no such option",
        ", ".join(f"{100 * share:.2f} %" for share in at_work.values()),
        at_work[1.0] < at_work[FLOOR] <= 1.0,
        "assumed",
        "`closure.miners_wage`; other provinces take most of the coal that is not burnt here, so few jobs are lost",
    )
