"""A state as plain arrays, numbers and texts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields
from typing import Any

import numpy as np

from tanshi.agents.outlook import Outlook
from tanshi.agents.population import Population
from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.physical import Flows
from tanshi.market.new_entrants import EntrantsReserve
from tanshi.market.registry import Registry
from tanshi.market.sales import Sales
from tanshi.market.vintages import OpenYear
from tanshi.simulator.run.ground.border import Across
from tanshi.simulator.run.ground.starts import Starts
from tanshi.simulator.run.world import (
    Announced,
    Calendar,
    EconomyState,
    Log,
    MarketState,
    State,
    YearClosed,
)


def plain(state: State) -> dict[str, Any]:
    """The whole state as plain arrays, numbers and texts; a copy.

    What is announced is left out: the calendar says it (`tanshi.simulator.run.shock.recall`).
    """
    market = {f.name: deepcopy(getattr(state.market, f.name)) for f in fields(MarketState)[2:]}
    market["outlook"] = None if state.market.outlook is None else _plain(state.market.outlook)
    market["open"] = [_plain(year) for year in state.market.open]
    market["sales"] = _plain(state.market.sales)
    market["entrants"] = _plain(state.market.entrants)
    market["across"] = _plain(state.market.across)
    return {
        "calendar": _plain(state.calendar),
        "market": market | {"firms": state.firms.state(), "registry": state.registry.state()},
        "economies": [
            _plain(economy) | {"parameters": _plain(economy.parameters), "starts": _plain(economy.starts)}
            for economy in state.economies
        ],
        "log": _plain(state.log) | {"years": [_plain(y) | {"flows": _plain(y.flows)} for y in state.log.years]},
    }  # fmt: skip


def restored(saved: Mapping[str, Any], announced: Announced) -> State:
    """The state that `plain` gave; ``announced`` is what was known by then."""
    market, log = dict(saved["market"]), deepcopy(dict(saved["log"]))
    firms, registry = Population.restore(market.pop("firms")), Registry.restore(market.pop("registry"))
    seen = market.pop("outlook")
    market["outlook"] = None if seen is None else Outlook(**seen)
    market["open"] = tuple(OpenYear(**year) for year in market.get("open", ()))
    market["sales"] = Sales(**market["sales"])
    market["entrants"] = EntrantsReserve(**market.pop("entrants", {}))
    market["across"] = Across(**market.pop("across", {}))
    log["years"] = [YearClosed(**{**row, "flows": Flows(**row["flows"])}) for row in log["years"]]
    economies = [deepcopy(dict(economy)) for economy in saved["economies"]]
    for economy in economies:
        given = economy["parameters"].items()
        economy["parameters"] = Parameters(**{name: np.asarray(value) for name, value in given})
        economy["starts"] = Starts(**economy.get("starts", {}))
    return State(
        Calendar(**saved["calendar"]),
        announced,
        MarketState(firms, registry, **deepcopy(market)),
        tuple(EconomyState(**economy) for economy in economies),
        Log(**log),
    )


def _plain(part: Any) -> dict[str, Any]:
    return {f.name: deepcopy(getattr(part, f.name)) for f in fields(part)}
