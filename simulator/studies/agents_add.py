"""What the firms add to the equilibrium: a scenario as it stands, and with one thing at a time taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket

SCENARIO = "S5"
LATER = 10.0
"""Urgency with which needs are brought where a year falls due a year later: as much comes in the last quarter."""
HESITANT = {"firms.strategies.scheduled": 0.0, "firms.strategies.hesitant": 1.0}
TAKEN: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "differences in cost": {"firms.cost_sigma": 0.0},
    "differences in patience and belief": {"firms.discount_sigma": 0.0, "firms.belief_sigma": 0.0},
    "planning": {"banking.horizon": 0},
    "reluctance (risk aversion a hundredth)": {"firms.risk_aversion": 0.1},
    "calendar (needs brought at once)": {"firms.urgency": 0.0},
    "bidding by the calendar (firms that hesitate instead)": HESITANT,
    "firms' own shocks": {"firms.shock_sigma": 0.0},
    "the drift between auctions": {"drift.mode": "none"},
    "the one-price venue (listed agreement instead)": {"market.venue": "listed_agreement"},
    "the year's own deadline (31 December of the next instead)": {
        "compliance.deadline": 12,
        "compliance.closing": "run",
        "firms.urgency": LATER,
    },
    "all trade at one venue (blocks of 3,000 t beside it)": {"market.blocks": 1.0, "market.block_size": 3000},
    "all firms (equilibrium that banks)": {"market.mode": "equilibrium"},
    "all firms and banking (traditional CGE)": {
        "market.mode": "equilibrium",
        "drift.mode": "none",
        "banking.horizon": 0,
    },
}
"""What is taken away, and the changes that take it."""
SEEN = (5.7, 1.8, 1.2, 2.3, 2.2, 1.6, 1.8, 3.5, 7.0, 17.6, 21.9, 33.4)
"""Share of a year's volume by month in China's national market, %, mean of 2022 to 2024, listed and block trades.

Summed from the daily bulletins of the Shanghai Environment and Energy Exchange."""
BY_MONTH = {
    SCENARIO: "nothing",
    f"{SCENARIO}, firms that hesitate": "bidding by the calendar (firms that hesitate instead)",
    f"{SCENARIO}, due a year later": "the year's own deadline (31 December of the next instead)",
}
"""Rows of the table of months, and whose they are."""
SEEDS = 6
SAME = 2e-3
"""Part of a number below which a change of it is told as none."""


@dataclass(frozen=True)
class Outcome:
    """What a run comes to, over the years under the policy.

    Attributes
    ----------
    price, last_price
        Mean over the years of their time means, and that of the last one, yuan/t.
    emissions
        Of all years, Mt.
    volume
        Mt a year.
    gains
        From trade, million yuan a year; NaN without firms.
    welfare
        Money metric of the last year, billion yuan.
    months
        (12,) share of volume by month, %; empty where a year has less than twelve periods or nothing is traded.
    jump
        Largest rise of the price from one period to the next beyond the carry, %; NaN without planning.
    alarms
        Years and causes that the run tells of.
    efficiency
        Gains from trade realised, at the orders' limits, of the largest possible, %; NaN without firms.
    blocks
        Part of the volume agreed in blocks, %.
    """

    price: float
    last_price: float
    emissions: float
    volume: float
    gains: float
    welfare: float
    months: tuple[float, ...]
    jump: float
    alarms: int
    efficiency: float = float("nan")
    blocks: float = 0.0


def outcome(changes: Mapping[str, Any], scenario: str = SCENARIO) -> Outcome:
    """Run a scenario with some changes."""
    model = CarbonMarket(load_scenario(scenario, dict(changes))).run()
    result, log, first = model.result(), model.state.log, model.world.scenario.policy_start
    n = model.world.periods_per_year
    rows = [row for row in log.periods if row["year"] >= first]
    volume = np.array([float(row["volume_t"]) for row in rows]).reshape(-1, n).sum(axis=0)
    shares = 100.0 * _by_month(volume) / volume.sum() if n >= 12 and volume.sum() > 0 else np.zeros(0)
    price = np.array([row["price"] for row in rows])
    carry = np.array([row["plan_carry"] for row in rows])[:-1]
    excess = price[1:] / price[:-1] - 1.0 - ((1.0 + carry) ** (1.0 / n) - 1.0)
    gains = [sum(row["gains_yuan"].values()) for row in log.settlements if "gains_yuan" in row]

    def of(name: str) -> np.ndarray:
        series = result.series(name)
        return np.asarray(series[series.index >= first].to_numpy(), np.float64)

    mean = of("Price|Carbon|Time Mean")
    return Outcome(
        float(mean.mean()),
        float(mean[-1]),
        float(of("Emissions|CO2").sum()),
        float(of("Carbon Market|Trading Volume").mean()),
        float(np.mean(gains)) / 1e6 if gains else float("nan"),
        float(of("Welfare|Money Metric")[-1]),
        tuple(shares.tolist()),
        100.0 * float(excess.max()) if excess.size and np.isfinite(excess).all() else float("nan"),
        len(result.meta["alarms"]),
        _efficiency(rows),
        100.0 * sum(row.get("block_t", 0) for row in rows) / max(float(volume.sum()), 1.0),
    )


def _by_month(volume: np.ndarray) -> np.ndarray:
    """A year's volume by period to its volume by month, a period being of the month in which its middle lies.

    Examples
    --------
    >>> _by_month(np.ones(52))[:4]
    array([4., 5., 4., 4.])
    """
    month = (12 * (np.arange(len(volume)) + 0.5) / len(volume)).astype(int)
    return np.bincount(month, volume, 12)


def _efficiency(rows: Sequence[Mapping[str, Any]]) -> float:
    gained = np.array([row["surplus_buyers_yuan"] + row["surplus_sellers_yuan"] for row in rows])
    some = np.array([row["efficiency"] > 0.0 for row in rows]) & (gained > 0.0)
    if not some.any():
        return float("nan")
    possible = gained[some] / np.array([row["efficiency"] for row in rows])[some]
    return 100.0 * float(gained[some].sum() / possible.sum())


def bands(seeds: Sequence[int]) -> np.ndarray:
    """Lowest, median and highest mean price of each year over some seeds, (years, 3), yuan/t."""
    paths = []
    for seed in seeds:
        result = CarbonMarket(load_scenario(SCENARIO, {"seed": seed})).run().result()
        paths.append(result.series("Price|Carbon|Time Mean").to_numpy())
    return np.asarray(np.quantile(np.array(paths), (0.0, 0.5, 1.0), axis=0).T, np.float64)


def agents_add_page() -> str:
    """The whole page."""
    found = {name: outcome(changes) for name, changes in TAKEN.items()}
    base, weekly = found["nothing"], outcome({"market.periods_per_year": 52})
    years = range(2022, 2031)
    parts = [
        "# What the firms add\n",
        f"Written by `make pages` from the program itself: {SCENARIO} as it stands, and with one thing at a time taken"
        " away. Prices are means over time, emissions those of all eight years; welfare is the money metric of the last"
        " year.\n",
        "| taken away | price 2023-2030, yuan/t | price 2030 | CO2 2023-2030, Mt | volume, Mt/yr | gains from trade,"
        " million yuan/yr | gains realised of those possible, % | welfare 2030, billion yuan |"
        " largest rise beyond the carry, % | alarms |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_row(name, o) for name, o in found.items()),
        "",
        "What each of them adds, the run as it stands against the one without it:\n",
        *(f"- {_told(name, o, base)}." for name, o in found.items() if name != "nothing"),
        "",
        "## Volume by month\n",
        "Share of a year's volume, %. Real: China's national market, mean of 2022 to 2024, listed and block trades.\n",
        "| | " + " | ".join(str(month) for month in range(1, 13)) + " |",
        "|---|" + "---|" * 12,
        "| real | " + " | ".join(f"{share:.1f}" for share in SEEN) + " |",
        *(
            f"| {told} | " + " | ".join(f"{share:.1f}" for share in found[name].months) + " |"
            for told, name in BY_MONTH.items()
        ),
        f"| {SCENARIO}, weekly periods | " + " | ".join(f"{share:.1f}" for share in weekly.months) + " |",
        "",
        f"The last quarter holds {sum(base.months[9:]):.0f} % of the model's volume and {sum(SEEN[9:]):.0f} % of the"
        f" real one. In weekly periods the mean price is {weekly.price:.1f} yuan/t in place of {base.price:.1f}, volume"
        f" {weekly.volume:.1f} Mt a year in place of {base.volume:.1f}, and no rise exceeds the carry by more than"
        f" {weekly.jump:.2f} % ({base.jump:.2f} % in months).\n",
        "## Chance\n",
        f"Mean price of each year over {SEEDS} seeds, yuan/t.\n",
        "| | " + " | ".join(str(year) for year in years) + " |",
        "|---|" + "---|" * len(years),
    ]
    table = bands(range(1, SEEDS + 1))
    for name, column in zip(("lowest", "median", "highest"), table.T, strict=True):
        parts.append(f"| {name} | " + " | ".join(f"{price:.1f}" for price in column) + " |")
    return "\n".join(parts).rstrip() + "\n"


def _row(name: str, o: Outcome) -> str:
    def told(value: float, form: str) -> str:
        return "-" if np.isnan(value) else format(value, form)

    cells = (
        *(f"{o.price:.1f}", f"{o.last_price:.1f}", f"{o.emissions:,.0f}", f"{o.volume:.1f}"),
        *(told(o.gains, ",.0f"), told(o.efficiency, ".1f"), f"{o.welfare:.3f}", told(o.jump, ".2f"), str(o.alarms)),
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def _told(name: str, o: Outcome, base: Outcome) -> str:
    """What a thing adds, in words; what adds nothing is said to."""
    moved = []
    for what, mine, theirs in (
        ("the mean price", base.price, o.price),
        ("the price of 2030", base.last_price, o.last_price),
        ("emissions", base.emissions, o.emissions),
        ("volume", base.volume, o.volume),
        ("gains from trade", base.gains, o.gains),
    ):
        if np.isfinite(mine) and np.isfinite(theirs) and abs(mine - theirs) > SAME * abs(theirs):
            moved.append(f"{what} {100.0 * (mine / theirs - 1.0):+.1f} %" if theirs else f"{what} from nothing")
    told = ", ".join(moved) if moved else "nothing of these"
    if o.alarms > base.alarms:
        told += f"; the run without it does not work as a market ({o.alarms} alarms)"
    return f"{name[0].upper()}{name[1:]}: {told}"
