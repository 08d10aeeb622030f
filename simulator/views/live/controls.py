"""The controls beside the market: the next auction, one after another, and the rules by which it begins anew."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import solara

from tanshi.language import mark, say, translate
from tanshi.simulator.views.live.market import sectors_of
from tanshi.simulator.views.live.room import Room
from tanshi.simulator.views.sectors import sector_name

BIDDERS = {
    "truthful": mark("Truthful bidders"),
    "scheduled": mark("Bidders by the calendar"),
    "hesitant": mark("Hesitant bidders"),
    "zip": mark("Learning bidders (ZIP)"),
    "zic": mark("Random bidders (ZI-C)"),
}
WEIGHT = mark("weight, %")
NO_BIDDER = mark("At least one kind of bidders must have a weight above zero.")
NO_SECTOR = mark("At least one sector must trade.")


@solara.component_vue("controls.vue")
def Form(
    levers: list[dict[str, Any]],
    sectors: list[dict[str, Any]],
    words: dict[str, str],
    moment: str,
    over: bool,
    asks: bool,
    event_step: Callable[[Any], None],
    event_restart: Callable[[str], None],
) -> None:
    """The form itself, in the browser."""


@solara.component
def Controls(room: Room, news: int) -> None:
    """The form of a room; ``news`` changes when the market did."""
    trouble, set_trouble = solara.use_state("")
    market = room.market

    def step(*_: Any) -> None:
        room.step()

    def restart(said: str) -> None:
        asked = json.loads(said)
        chosen = [code for code in sectors_of(room.scenario) if code in asked["sectors"]]
        positions = {name: float(value) for name, value in asked["positions"].items()}
        if not chosen:
            set_trouble(translate(NO_SECTOR))
        elif not any(positions[name] for name in BIDDERS):
            set_trouble(translate(NO_BIDDER))
        else:
            set_trouble("")
            room.restart(positions, chosen)

    Form(
        levers=levers(room),
        sectors=[
            {"code": code, "name": sector_name(code), "on": code in room.sectors} for code in sectors_of(room.scenario)
        ],
        words=words(room),
        moment=f"{id(market)} {len(market.moment.rows)} {market.over}",
        over=market.over,
        asks=room.begun and bool(market.games),
        event_step=step,
        event_restart=restart,
    )
    if trouble:
        solara.HTML(tag="p", unsafe_innerHTML=trouble, classes=["refused"], attributes={"role": "alert"})


def levers(room: Room) -> list[dict[str, Any]]:
    """The sliders, where they stand exactly: what is shown is what the run uses."""
    at = room.positions
    below, year = say("% below the baseline"), say("% a year")
    offered = [
        ("tightness", say("Cap in the first year"), below, 30.0, 0.5),
        ("decline", say("Fall of the cap each later year"), year, 10.0, 0.25),
        *((name, translate(words), translate(WEIGHT), 100.0, 5.0) for name, words in BIDDERS.items()),
    ]
    return [
        {"name": name, "label": label, "unit": unit, "low": min(0.0, at[name]), "high": max(high, at[name]),
         "step": step, "value": at[name]}
        for name, label, unit, high, step in offered
    ]  # fmt: skip


def words(room: Room) -> dict[str, str]:
    """What the form says."""
    path = say("The cap follows the path of its file until its sliders are moved.")
    return {
        "step": say("Next auction"),
        "play": say("One after another"),
        "pause": say("Pause"),
        "rules": say("Rules"),
        "hint": say("They count when the market begins anew; the seed stays."),
        "path": path if room.scenario.cap.by_path else "",
        "sectors": say("Sectors that trade"),
        "restart": say("Begin anew"),
        "changed": say("The rules above are not in use yet: begin anew."),
        "lose": say("Begin anew? The seats and their scores so far are lost."),
        "refused": say("Expected a number from [low] to [high]. The slider stays at [now]."),
    }
