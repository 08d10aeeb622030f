"""Rules for the second paper's policies: choice (eq. 1 to 4), bargaining price (eq. 7), lines of Figures 3 and 4."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.agents.sinks.bargaining import Policy, lowest_tax
from tanshi.agents.sinks.choice import Instruments, choose, net_benefit_with_policy
from tanshi.agents.sinks.surfaces import RANGES
from tanshi.numerics.bargaining import bargaining_factor
from tanshi.simulator.studies.reproduction.claims import NAMES, Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.verdicts import (
    IN_SHAPE,
    NOT,
    REPRODUCED,
    Finding,
    listed,
    measured,
    rule,
)
from tanshi.simulator.studies.reproduction.yang_tables import recomputed, tables_of

WORDS = {"omega_s": "offset share", "omega_d": "tax rate", "subsidy": "subsidy"}


def _lines(e: Evidence, instrument: str, by: str = "") -> pd.DataFrame:
    table = tables_of(e).tables["policy_lines"]
    table = table[(table["instrument"] == instrument) & table["defined"]]
    return table[table["by"] == by] if by else table


def _moves(e: Evidence, instrument: str, by: str) -> pd.Series:
    """Highest less lowest demand price over the simulated range, by group, yuan/t; the tax from 1 % on."""
    table = _lines(e, instrument, by)
    if instrument == "omega_d":
        table = table[table["level"] >= Policy().omega_d - 1e-12]
    prices = table.groupby("name", sort=False)["demand_price"]
    return prices.max() - prices.min()


@rule("slope", "sinks")
def slope(claim: Claim, e: Evidence) -> Finding:
    """The sign of the price's slope along an instrument, wherever eq. 7 is defined."""
    instrument, up = claim.get("instrument"), claim.get("sign") == "up"
    table = _lines(e, instrument, claim.get("by"))
    slopes = table["slope"].to_numpy(np.float64)
    # At a share of 0 the price is flat: a bound of the range, not a counter-example.
    inner = slopes[(table["level"] > 0).to_numpy()]
    right = inner > 0 if up else inner < 0
    share = 100 * float(right.mean())
    outside = len(tables_of(e).tables["policy_lines"].query("instrument == @instrument and not defined"))
    said = (
        f"Along the {WORDS[instrument]} the price moves that way at {share:.0f} % of {len(inner)} points of"
        f" {table['name'].nunique()} groups"
        + (
            f"; at {outside} points eq. 7 is not defined, since the price would pass the highest cost"
            if outside
            else ""
        )
        + "."
    )
    if share == 100.0:
        return measured(REPRODUCED, said, [share], "%")
    return measured(IN_SHAPE if share > 50 else NOT, said, [share], "%")


@rule("most_sensitive", "sinks")
def most_sensitive(claim: Claim, e: Evidence) -> Finding:
    """The group whose price moves most over the range of each instrument."""
    by, name = claim.get("by"), claim.get("name")
    told, right = [], []
    for instrument in claim.words("instruments"):
        moves = _moves(e, instrument, by).sort_values(ascending=False)
        right.append(moves.index[0] == name)
        row = ", ".join(f"{NAMES.get(str(n), n)} {v:,.2f}" for n, v in moves.items())
        told.append(f"{WORDS[instrument]}: {row}")
    said = f"Yuan/t that the price moves over the simulated range: {'; '.join(told)}."
    if all(right):
        return Finding(REPRODUCED, said)
    return Finding(IN_SHAPE if any(right) else NOT, said)


@rule("hardly_moves", "sinks")
def hardly_moves(claim: Claim, e: Evidence) -> Finding:
    """An instrument that moves every group's price by a small part only, from the base case on."""
    by = claim.get("by")
    share = 100 * (_moves(e, claim.get("instrument"), by) / recomputed(e, by)).max()
    said = (
        f"From 1 to 20 % the {WORDS[claim.get('instrument')]} moves no group's price by more than {share:.2g} %;"
        f" towards 0 eq. 7 diverges."
    )
    return measured(REPRODUCED if share <= 100 * claim.number("most") else NOT, said, [share], "%")


@rule("moves", "sinks")
def moves(claim: Claim, e: Evidence) -> Finding:
    """How far any policy moves the price: clear where some group's moves by more than a small part."""
    shares = {
        (instrument, by): 100 * (_moves(e, instrument, by) / recomputed(e, by))
        for instrument in RANGES for by in ("sector", "province")
    }  # fmt: skip
    best = max(shares, key=lambda key: float(shares[key].max()))
    most = float(shares[best].max())
    each = {i: max(float(shares[i, by].max()) for by in ("sector", "province")) for i in RANGES}
    words = ", ".join(f"{WORDS[i]} {v:.2g} %" for i, v in each.items())
    said = (
        f"Over the simulated ranges the price of the group that moves most changes by: {words}, each instrument alone."
    )
    return measured(REPRODUCED if most > 100 * claim.number("most") else NOT, said, [most], "%")


@rule("flattens", "sinks")
def flattens(claim: Claim, e: Evidence) -> Finding:
    """A fall that is steep at first and flat later: most of it in the first fifth of the range."""
    table = _lines(e, claim.get("instrument"), claim.get("by"))
    parts = []
    for _, line in table.groupby("name", sort=False):
        price, level = line["demand_price"].to_numpy(np.float64), line["level"].to_numpy(np.float64)
        early = level <= level[0] + 0.2 * (RANGES[claim.get("instrument")][1] - level[0])
        whole = price[0] - price[-1]
        parts.append(100 * (price[0] - price[early][-1]) / whole if whole else 0.0)
    ours = float(min(parts))
    said = f"At least {ours:.0f} % of the fall comes in the first fifth of the range in every group."
    return measured(REPRODUCED if ours > 50 else NOT, said, [ours], "%")


@rule("bounded", "sinks")
def bounded(claim: Claim, e: Evidence) -> Finding:
    """Whether eq. 7 stays between the lowest and the highest cost over the ranges that the paper simulates."""
    inside = float(bargaining_factor(Policy().omega_s, Policy().omega_d, Policy().subsidy))
    worst = lowest_tax(RANGES["omega_s"][1], RANGES["subsidy"][1])
    said = (
        f"In the base case the price is the lowest cost plus {inside:.4%} of the spread. Below a tax of"
        f" {100 * worst:.2g} % (at the"
        " largest share and subsidy), inside the simulated range of 0 to 20 %, eq. 7 passes the highest cost."
    )
    return Finding(IN_SHAPE if 0 <= inside <= 1 else NOT, said)


@rule("choice")
def choice(claim: Claim, e: Evidence) -> Finding:
    """What firms choose on either side of the price of sinks."""
    made = choose([1e6, 1e6], [1e5, 1e5], [20.0, 40.0], [1e3, 1e3], [50.0, 50.0], Instruments(30.0, 0.05, 0.0, 0.0))
    buys = made["buys"].tolist()
    said = (
        f"At 30 yuan/t a firm that abates for 20 {'buys' if buys[0] else 'abates'}, one that abates for 40"
        f" {'buys' if buys[1] else 'abates'}."
    )
    return Finding(REPRODUCED if buys == [False, True] else NOT, said)


def _benefit(cost: float, **change: float) -> float:
    fields = {"sink_price": 30.0, "offset_share": 0.05, "tax": 10.0, "subsidy": 5.0} | change
    return float(net_benefit_with_policy(1e6, 1e5, cost, 1e3, 50.0, Instruments(**fields)))


@rule("net_benefit")
def net_benefit(claim: Claim, e: Evidence) -> Finding:
    """The sign of eq. 3's slope in an instrument, for firms that abate cheaply and dearly."""
    field = {"omega_s": "offset_share"}.get(claim.get("instrument"), claim.get("instrument"))
    step, base = {"offset_share": (0.05, 0.05), "tax": (5.0, 10.0), "subsidy": (5.0, 5.0)}[field]
    sign = 1.0 if claim.get("sign") == "up" else -1.0
    costs = (10.0, 20.0, 40.0, 300.0)
    gains = {cost: sign * (_benefit(cost, **{field: base + step}) - _benefit(cost)) for cost in costs}
    wrong = [f"{cost:g}" for cost, gain in gains.items() if gain <= 0]
    if not wrong:
        return Finding(
            REPRODUCED, f"By eq. 3 it does at abatement costs of {listed([f'{c:g}' for c in costs])} yuan/t."
        )
    said = (
        f"By eq. 3 it does only where a sink less its subsidy (25 yuan/t here) costs less than abating: not at"
        f" {listed(wrong)}"
        " yuan/t."
    )
    return Finding(IN_SHAPE if len(wrong) < len(costs) else NOT, said)


@rule("tax_and_choice")
def tax_and_choice(claim: Claim, e: Evidence) -> Finding:
    """Whether the tax of eq. 3 changes who buys sinks."""
    low, high = (
        choose([1e6] * 3, [1e5] * 3, [10.0, 26.0, 300.0], [1e3] * 3, [50.0] * 3, Instruments(30.0, 0.05, tax, 5.0))[
            "sinks_t"
        ]
        for tax in (0.0, 500.0)
    )
    same = bool((low == high).all())
    said = (
        "In eq. 3 the tax falls on what is still emitted, the same whether tonnes are offset or abated: demand is"
        f" {'the same' if same else 'another'} at a tax of 0 and of 500 yuan/t. Only eq. 7 makes the price fall with"
        f" it."
    )
    return Finding(NOT if same else REPRODUCED, said)


@rule("weight")
def weight(claim: Claim, e: Evidence) -> Finding:
    """A weight of eq. 7 in the base case."""
    ours = float(getattr(Policy(), claim.get("field"))) * claim.number("scale", 1.0)
    return measured(
        REPRODUCED if abs(ours - claim.value) < 1e-9 else NOT, f"The base case here has {ours:g} {claim.unit}.", [ours]
    )


@rule("far_above")
def far_above(claim: Claim, e: Evidence) -> Finding:
    """Demand prices against the markets' price."""
    mean = float(published.demand_prices()["demand_price"].mean())
    ratio = mean / claim.number("price")
    said = (
        f"The mean demand price of Table 3 is {mean:,.0f} yuan/t, {ratio:.0f} times the pilots' mean of"
        f" {claim.number('price'):g}."
    )
    return measured(REPRODUCED if ratio >= claim.number("least") else NOT, said, [ratio], "times")
