"""Regimes of carbon pricing at one cut of emissions: what each costs, from scenario files alone.

For every scenario the tightness of its cap or standard is sought at which the sectors that trade emit ``1 - cut`` times
what they emit where nothing is priced.  One equilibrium of the benchmark year's economy: no growth, no firms, nothing
banked.  Regimes are ranked by what a year yields (``province.national.welfare``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from scipy.optimize import brentq

from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.province.carbon import YUAN_PER_TONNE
from tanshi.equilibrium.province.incidence import incidence
from tanshi.equilibrium.province.institutions import MINERS_AT_WORK
from tanshi.equilibrium.province.national import Welfare, equivalent_variation, lent_outside, surplus_outside, welfare
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import Province
from tanshi.errors import Message
from tanshi.language import mark, say, translate
from tanshi.scenarios import regimes
from tanshi.scenarios.cap import NO_PATH
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.together import refuse_several
from tanshi.simulator.run.ground.annual import Baseline, year_of
from tanshi.simulator.run.ground.economy import economy, province_of
from tanshi.simulator.run.ground.policy import Policy

REGIMES = tuple(
    Path(regimes.__file__).parent / f"{name}.yaml"
    for name in (
        *("cap", "auction", "auction_output", "auction_labour", "auction_income"),
        *("standard", "standard_pooled"),
    )
)
"""Scenario files of the regimes that are compared where none is named."""
SOMETIMES = {"lent": mark("Lent outside"), "outside": mark("Buyers outside")}
"""Columns that are shown where something moves in them: where external saving is flexible, or outside demand slopes."""
SHOWN = 0.05  # yi yuan
LOOSEST, TIGHTEST, STEPS = -0.3, 0.6, 18
"""Tightness between which, in how many steps, the cut is looked for; below zero where rebates let output grow."""


@dataclass(frozen=True)
class Found:
    """A scenario at the cut asked for.

    Attributes
    ----------
    tightness
        Of its cap or standard.
    price
        yuan/t.
    before, after
        What the year yields where nothing is priced and under the scenario.
    ev
        Equivalent variation of households, yi yuan.
    gdp
        Change of real GDP, %.
    groups
        Change of the welfare of groups of households, % of what it is where nothing is priced; none where the economy
        has no table of them. What balances government's budget is paid to every head alike.
    lent
        What is lent outside more, yi yuan; nothing where external saving is fixed.
    outside
        What buyers in the rest of the country have more of the province's coal, coke, steel and power, yi yuan; less,
        where they pay a part of the cost. Nothing where outside demand is flat.
    miners
        Part of the miners who are at work, where ``closure.miners_wage`` keeps a floor under their wage.
    """

    tightness: float
    price: float
    before: Welfare
    after: Welfare
    ev: float
    gdp: float
    groups: Mapping[str, float] = field(default_factory=dict)
    lent: float = 0.0
    outside: float = 0.0
    miners: float | None = None

    @property
    def cost(self) -> float:
        """What the year yields less, and what is lent outside less, yi yuan."""
        return self.before.total - self.after.total - self.lent


def at_cut(scenario: Scenario, cut: float) -> Found:
    """The scenario with the tightness that cuts its trading sectors' emissions by ``cut``.

    Raises
    ------
    UserError
        Where no tightness does, the cut is no share, no sector trades, or no equilibrium cuts so much.
    EquilibriumError
        With the worst equation, where there is none even without a price.
    """
    if not 0.0 < cut < 1.0:
        problem = Problem("a share between 0 and 1", f"{cut:g}", field="cut")
        raise UserError("A cut is a part of what is emitted where nothing is priced.", [problem])
    year = scenario.policy_start
    model, accounts = province_of(scenario)
    free = _unpriced(model)
    base = Baseline.of(model, [year_of(model, accounts, year, free)])
    mask = Policy(scenario, base, annual=True).mask(year)
    if not mask.any():
        problem = Problem(
            Message("a sector that trades in {year}; an auctioned cap costs what a tax at its price does", year=year),
            "none",
            field=scenario.name,
        )
        raise UserError("There is no cap to tighten.", [problem])
    target = (1.0 - cut) * float(base.at(year)[mask].sum())
    tried: dict[float, Solution] = {}

    def gap(tightness: float) -> float:
        if tightness not in tried:
            tried[tightness] = _regime(scenario, model, base, tightness)
        return float(model.coverable_emissions(tried[tightness])[mask].sum()) - target

    given = not scenario.cap.standard(scenario.policy_start)
    found = cut if given else float(brentq(gap, *_bracket(gap, scenario, cut), xtol=1e-10))
    try:
        gap(found)
    except EquilibriumError as error:
        problem = Problem("a cut that leaves an economy in which all markets clear", f"{cut:.4g}", field=scenario.name)
        raise UserError("No equilibrium makes the cut.", [problem]) from error
    after = tried[found]
    real = [accounts.real_gdp(Flows(s.state.flow, s.x))["gdp"] for s in (free, after)]
    return Found(
        tightness=found,
        price=float(after.x[model.permit_var]) / YUAN_PER_TONNE,
        before=welfare(free),
        after=welfare(after),
        ev=equivalent_variation(after, free),
        gdp=100.0 * (real[1] / real[0] - 1.0),
        groups=_groups(scenario, free, after),
        lent=lent_outside(after) - lent_outside(free),
        outside=surplus_outside(after) - surplus_outside(free),
        miners=after.auxiliary[MINERS_AT_WORK] if scenario.closure.miners_wage is not None else None,
    )


def _groups(scenario: Scenario, free: Solution, after: Solution) -> dict[str, float]:
    groups = economy(scenario.economy, scenario.figures).groups
    if groups is None:
        return {}
    old, new = (incidence(solution, groups).metric for solution in (free, after))
    return dict(zip(groups.names, (100.0 * (new / old - 1.0)).tolist(), strict=True))


def _unpriced(model: Province) -> Solution:
    p = model.parameters()
    model.cover(p, model.sectors)
    model.hold_price(p, 0.0)
    return model.solve(p)


def _regime(scenario: Scenario, model: Province, base: Baseline, tightness: float) -> Solution:
    cap = scenario.cap.model_copy(update={"tightness": tightness, "decline": 0.0, "over_allocation": 0.0, **NO_PATH})
    policy = Policy(scenario.model_copy(update={"cap": cap}), base, annual=True)
    year = scenario.policy_start
    p: Parameters = model.parameters()
    policy.prepare(model, p, year)
    given = policy.tonnes(year)
    model.cap_emissions(p, given)
    return model.solve(p)


def _bracket(gap: Callable[[float], float], scenario: Scenario, cut: float) -> tuple[float, float]:
    """Two neighbouring steps of tightness between which the cut is reached."""
    last = None
    for tightness in np.linspace(LOOSEST, TIGHTEST, STEPS + 1).tolist():
        try:
            above = gap(tightness) > 0
        except EquilibriumError:
            if last is None:  # so loose a standard subsidises output without end
                continue
            break
        if not above and last is not None:
            return last, tightness
        if above:
            last = tightness
    problem = Problem(
        Message("a cut that a tightness up to {tightest:g} of the standard reaches", tightest=TIGHTEST),
        f"{cut:.0%}",
        field=scenario.name,
    )
    raise UserError("No standard makes the cut.", [problem])


def compare_at(scenarios: Sequence[Scenario], cuts: Sequence[float]) -> pd.DataFrame:
    """Every scenario at every cut, one row each, money in yi yuan a year; ``cost`` is what regimes are ranked by."""
    rows = []
    for scenario in scenarios:
        refuse_several(scenario)
    for cut in cuts:
        for scenario in scenarios:
            found = at_cut(scenario, cut)
            parts = {
                part: getattr(found.after, part) - getattr(found.before, part)
                for part in ("consumption", "government", "saving")
            }
            rows.append(
                {
                    "cut": cut,
                    "regime": scenario.name,
                    "title": scenario.title,
                    "tightness": found.tightness,
                    "price": found.price,
                    "cost": found.cost,
                    **parts,
                    "ev": found.ev,
                    "lent": found.lent,
                    "outside": found.outside,
                    "gdp": found.gdp,
                    **{f"welfare {name}": change for name, change in found.groups.items()},
                    **({} if found.miners is None else {"miners at work": found.miners}),
                }
            )
    return pd.DataFrame(rows)


def overtakes(one: Scenario, other: Scenario, cuts: Sequence[float]) -> float | None:
    """First of the cuts from which ``one`` costs more than ``other`` after it cost less; None where it never does."""
    less = False
    for cut in cuts:
        cheaper = at_cut(one, cut).cost < at_cut(other, cut).cost
        if less and not cheaper:
            return cut
        less = less or cheaper
    return None


def render(table: pd.DataFrame) -> Table:
    """The comparison for the terminal."""
    groups = [str(name) for name in table.columns if str(name).startswith("welfare ")]
    heads = [f"{translate(name.removeprefix('welfare ').capitalize())} %" for name in groups]
    moved = {name: told for name, told in SOMETIMES.items() if table[name].abs().max() >= SHOWN}
    columns = (
        say("Cost yi yuan"), say("Consumption"), say("Saving"), *(say(told) for told in moved.values()), say("EV"),
        *heads, say("GDP %"), say("Price yuan/t"), say("Tightness"),
    )  # fmt: skip
    title = say("Regimes at equal cuts")
    shown = Table(say("Cut"), say("Regime"), *columns, box=SIMPLE_HEAD, title=title, title_justify="left")
    for row in table.to_dict("records"):
        numbers = [f"{row[k]:.1f}" for k in ("cost", "consumption", "saving", *moved, "ev")]
        numbers += [f"{row[name]:+.2f}" for name in groups]
        numbers += [f"{row['gdp']:.2f}", f"{row['price']:.1f}", f"{row['tightness']:.4f}"]
        shown.add_row(f"{row['cut']:.0%}", translate(str(row["title"])) or str(row["regime"]), *numbers)
    return shown
