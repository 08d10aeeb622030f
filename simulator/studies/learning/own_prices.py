"""A price file of the user's own, of any market: its scale, and the network's last stage.

The memory of a forecast keeps updating by itself, so that the scale of the new market is the file's own.
What is fitted are the two constants of each network: how wide a week is beside that scale, and how often it is still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.errors import Message
from tanshi.language import mark, say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.prices.read import PriceFile
from tanshi.simulator.drift.history import HistoryError
from tanshi.simulator.drift.markets.closes import Closes, closes_of
from tanshi.simulator.drift.markets.forecast import MarketWeights, Vintage, changes, forecast_prices, mixed, shipped
from tanshi.simulator.drift.markets.likelihood import weeks_of
from tanshi.simulator.drift.markets.memory import remember
from tanshi.simulator.machine.terminal import flush_left
from tanshi.simulator.studies.learning.market_scores import by_horizon, score
from tanshi.simulator.studies.learning.real_prices import DRAWS, SAMPLES
from tanshi.simulator.studies.learning.rolling import HORIZONS, TEST_SHARE, tasks

QUANTILES = (0.05, 0.10, 0.50, 0.90, 0.95)
MOVING = 0.1
"""Least part of the weeks held out in which a price moves: in the thinnest of the nine real markets it is a half."""
ASLEEP = 13
"""Weeks without a move at a file's end after which the outlook is told to start from a stale price."""
METHODS = {"persistence": mark("persistence"), "shipped": mark("shipped"), "adapted": mark("adapted")}
"""What forecast, as it is stored, and what is said of it."""


@dataclass(frozen=True)
class OwnMarket:
    """What a price file made of the weights.

    Attributes
    ----------
    closes
        The file on its weeks.
    weights
        The shipped ones of the newest vintage, the last stage fitted to all of the file.
    held_out
        Method (persistence, shipped, adapted), weeks, crps, in80, forecasts; the last 30 % of the file, the last
        stage fitted on what lies before.
    outlook
        Weeks, and the quantiles of the close so many weeks after the last.
    """

    closes: Closes
    weights: MarketWeights
    held_out: pd.DataFrame
    outlook: pd.DataFrame


def learn_own_prices(prices: PriceFile, seed: int = 1) -> OwnMarket:
    """Adapt the shipped weights to a price file, judge them on its end, and look ahead.

    Raises
    ------
    UserError
        For prices that are neither daily nor weekly, too few to hold anything out, or hardly moving where they are.
    """
    try:
        closes = closes_of(Path(prices.file).stem, prices.frame)
    except HistoryError as error:
        problem = Problem("daily or weekly prices", str(error), prices.file)
        raise UserError("The price file cannot be used.", [problem]) from error
    early = int((1.0 - TEST_SHARE) * len(closes))
    _check_moving(closes, early, prices.file)
    base = shipped()
    adapted = adapt(base, closes.upto(early - 1))
    held_out = _held_out(base, adapted, closes)
    weights = adapt(base, closes)
    rng = np.random.default_rng(seed)
    outlook = pd.DataFrame(
        [
            {"weeks": weeks, **{f"{q:.0%}": v for q, v in zip(QUANTILES, np.quantile(
                forecast_prices(closes, weeks, rng, 4 * SAMPLES, weights), QUANTILES), strict=True)}}
            for weeks in HORIZONS
        ]
    )  # fmt: skip
    return OwnMarket(closes, weights, held_out, outlook)


def _check_moving(closes: Closes, early: int, file: str) -> None:
    """Refuse a price that stands still where forecasts of it would be judged: any of them is right there."""
    moved = np.diff(closes.log_close[early - 1 :]) != 0.0
    if moved.mean() >= MOVING:
        return
    last = closes.week[last_move(closes)]
    got = Message("a price that moved in {moved} of the last {weeks} weeks, at last in the week to {last}",
                  moved=int(moved.sum()), weeks=moved.size, last=str(last))  # fmt: skip
    hint = Message("A price that nobody moves is no market's. Leave out the rows after {last}, or give another series.",
                   last=str(last))  # fmt: skip
    problem = Problem("a price that moves in one week of ten or more", got, file, hint=hint)
    raise UserError("The price file cannot be used.", [problem])


def last_move(closes: Closes) -> int:
    """The last row whose close differs from the one before; 0 where none does."""
    moves = np.flatnonzero(np.diff(closes.log_close))
    return int(moves[-1]) + 1 if moves.size else 0


def adapt(base: MarketWeights, closes: Closes) -> MarketWeights:
    """The newest vintage before the file's last week, its networks' constants fitted to the file."""
    from tanshi.simulator.drift.markets.fit_network import adapt_last_stage

    vintage = base.known(closes.week[-1])
    weeks = weeks_of({closes.market: closes})
    networks = tuple(adapt_last_stage(network, weeks) for network in vintage.networks)
    card = {
        **base.card,
        "adapted": {
            "market": closes.market,
            "from": str(closes.week[0]),
            "to": str(closes.week[-1]),
            "weeks": int(weeks.row.size),
            "scale": round(float(remember(closes).scale[-1]), 5),
            "base": vintage.until,
        },
    }
    return MarketWeights((Vintage(vintage.until, vintage.recursion, networks),), card)


def lines(own: OwnMarket) -> list[str]:
    """What was found, in plain words."""
    card = own.weights.card["adapted"]
    head = mark(
        "{market}: {weeks} weeks from {first} to {last}, {traded} with a trade; a usual week moves the price by"
        " {scale:.1f} %."
    )
    span = {"first": card["from"], "last": card["to"], "traded": int(own.closes.traded.sum())}
    told = [
        say(head, market=card["market"], weeks=len(own.closes), scale=100 * card["scale"], **span),
        say(
            "Last 30 % of the file, forecasts from its past alone (CRPS of the log price; share within the 80 % band):"
        ),
    ]
    for row in own.held_out.to_dict("records"):
        told.append(
            say(
                "  {weeks:>2} weeks, {method} {crps:.4f}  {held:.0f} %  ({forecasts} forecasts)",
                weeks=row["weeks"],
                method=flush_left(translate(METHODS[row["method"]]), 12),
                crps=row["crps"],
                held=100 * row["in80"],
                forecasts=row["forecasts"],
            )
        )
    still = len(own.closes) - 1 - last_move(own.closes)
    if still >= ASLEEP:
        stale = mark(
            "The price has not moved for {weeks} weeks, since the week to {last}: it may be no market's price any more."
        )
        told.append(say(stale, weeks=still, last=str(own.closes.week[last_move(own.closes)])))
    last = float(np.exp(own.closes.log_close[-1]))
    told.append(say("From {last:.2f} on, quantiles of the close:", last=last))
    for row in own.outlook.to_dict("records"):
        ends = ", ".join(f"{k} {v:.2f}" for k, v in row.items() if k != "weeks")
        told.append(say("  {weeks:>2} weeks: {ends}", weeks=row["weeks"], ends=ends))
    return told


def _held_out(base: MarketWeights, adapted: MarketWeights, closes: Closes) -> pd.DataFrame:
    planned: dict[int, list[tuple[int, int]]] = {}
    for task in tasks(closes):
        planned.setdefault(task.origin, []).append((task.weeks, task.target))
    rows: list[dict[str, object]] = []
    for origin, own in planned.items():
        past = closes.upto(origin)
        drawn = {
            name: changes(weights, past, HORIZONS, np.random.default_rng(origin), DRAWS)
            for name, weights in (("shipped", base), ("adapted", adapted))
        }
        values = {name: mixed(found, SAMPLES) for name, found in drawn.items()}
        values["persistence"] = mixed(drawn["shipped"], SAMPLES, ["persistence"])
        _add(rows, values, own, closes, origin)
    return by_horizon(pd.DataFrame(rows)).sort_values(["weeks", "method"])[
        ["method", "weeks", "crps", "in80", "forecasts"]
    ]


def _add(
    rows: list[dict[str, object]],
    values: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    own: Sequence[tuple[int, int]],
    closes: Closes,
    origin: int,
) -> None:
    ties = np.random.default_rng(origin + 1)
    for weeks, target in own:
        outcome = float(closes.log_close[target] - closes.log_close[origin])
        for name, found in values.items():
            row = score(found[HORIZONS.index(weeks)], outcome, ties)
            rows.append({"method": name, "market": closes.market, "weeks": weeks, **row})
