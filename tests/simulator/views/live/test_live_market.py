"""The run behind the page: levers, what it shows of each auction, and what it does when the economy has no answer."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest

from tanshi.equilibrium.engine import EquilibriumError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.model import CarbonMarket
from tanshi.simulator.run import period
from tanshi.simulator.views.live import pictures, seat_pictures, tables
from tanshi.simulator.views.live.controls import levers
from tanshi.simulator.views.live.game import take_seat
from tanshi.simulator.views.live.market import LiveMarket, largest_first, lever_positions, varied
from tanshi.simulator.views.live.panel import source_of
from tanshi.simulator.views.live.room import Room

SMALL = {"firms.number": 24, "years.end": 2023, "market.periods_per_year": 4, "banking.horizon": 0, "drift.mode": "ou"}


@pytest.fixture(scope="module")
def market() -> LiveMarket:
    found = LiveMarket(load_scenario("S5", {**SMALL, "cap.tightness": 0.15}))
    take_seat(found, int(largest_first(found, "STEEL")[0]))
    found.step()
    return found


def test_without_levers_the_live_market_is_the_scenario() -> None:
    live, ordinary = LiveMarket(load_scenario("S5", SMALL)), CarbonMarket(load_scenario("S5", SMALL)).run()
    while live.running:
        live.step()
    live.step()
    assert [row["price"] for row in live.state.log.periods] == [row["price"] for row in ordinary.state.log.periods]


def test_the_levers_move_the_cap_the_coverage_and_the_mix() -> None:
    scenario = varied(
        load_scenario("S5", SMALL),
        {"tightness": 12.0, "decline": 4.0, "truthful": 25, "zip": 75, "zic": 0, "scheduled": 0},
        ("STEEL", "PAPER", "ELEC"),
    )
    assert (scenario.cap.tightness, scenario.cap.decline) == (0.12, 0.04)
    assert scenario.coverage.sectors("trading") == ("ELEC", "STEEL", "PAPER")
    assert scenario.coverage["AIR"] == "none"
    shares = {name: share for name, share in scenario.firms.strategies.as_dict().items() if share > 0}
    assert shares == {"truthful": 0.25, "zip": 0.75}


def test_the_scenarios_own_sectors_chosen_again_change_nothing_and_others_keep_what_is_said_of_the_rest() -> None:
    own = load_scenario("S4", {**SMALL, "coverage.STEEL": "allocated", "coverage.AIR": "trading"})
    assert varied(own, {}, own.coverage.sectors("trading")[::-1]) == own
    assert varied(own, {}, ("ELEC",)).coverage["STEEL"] == "allocated"


def test_sliders_left_where_they_stood_keep_a_scenario_that_lies_between_their_steps() -> None:
    mix = {"truthful": 1 / 3, "zic": 2 / 3, "scheduled": 0.0}
    third = {**{f"firms.strategies.{name}": part for name, part in mix.items()}, "cap.tightness": 0.0517}
    own = load_scenario("S5", {**SMALL, **third})
    assert varied(own, lever_positions(own)) == own
    assert varied(own, {**lever_positions(own), "decline": 5.0}).cap.tightness == 0.0517


def test_what_the_controls_show_is_what_the_run_uses() -> None:
    """Also between the steps of a slider: 4.928 is shown as 4.928, and not as 5."""
    room = Room(load_scenario("S5", {**SMALL, "cap.tightness": 0.04928}))
    shown = {lever["name"]: lever["value"] for lever in levers(room)}
    assert shown["tightness"] == 4.928
    room.restart({**shown, "tightness": 7.3}, ("ELEC", "AIR"))
    shown = {lever["name"]: lever["value"] for lever in levers(room)}
    used = room.market.world.scenario
    assert (shown["tightness"], shown["decline"]) == (100 * used.cap.tightness, 100 * used.cap.decline)
    assert room.sectors == used.coverage.sectors("trading") == ("ELEC", "AIR")


def test_every_window_of_a_room_hears_of_every_auction_until_it_is_closed() -> None:
    room, heard = Room(load_scenario("S5", SMALL), shared=True), []
    room.watch(lambda: heard.append("first"))
    close = room.watch(lambda: heard.append("second"))
    room.step()
    close()
    room.step()
    assert heard == ["first", "second", "first"]
    assert room.begun


def test_weights_that_are_all_zero_keep_the_scenarios_bidders() -> None:
    own = load_scenario("S5", SMALL)
    assert varied(own, {"truthful": 0, "scheduled": 0, "zip": 0, "zic": 0}) == own


def test_a_run_that_a_reset_replaced_is_forgotten() -> None:
    old = weakref.ref(LiveMarket(load_scenario("S5", SMALL)))
    gc.collect()
    assert old() is None


def test_a_tighter_cap_makes_a_dearer_market() -> None:
    def last(tightness: float) -> float:
        live = LiveMarket(load_scenario("S5", SMALL), tightness=tightness)
        while live.running:
            live.step()
        return float(live.state.market.price)

    assert last(15.0) > last(2.0) + 10.0


def test_a_period_without_equilibrium_stops_the_run_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveMarket(load_scenario("S5", SMALL))

    def fail(*_: object, **__: object) -> None:
        raise EquilibriumError("no prices clear the markets", "goods", 1.0)

    monkeypatch.setattr(period, "at_price", fail)
    live.step()
    assert not live.running
    assert "no prices clear the markets" in live.trouble
    assert live.moment.period == 1


@pytest.mark.parametrize("name", [name for name in dir(pictures) if name.endswith("_picture")])
def test_every_picture_is_drawn_with_a_seat_taken(market: LiveMarket, name: str) -> None:
    assert source_of(getattr(pictures, name)(market)).startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize("draw", [seat_pictures.cost_picture, seat_pictures.wants_picture])
def test_the_seats_own_pictures_are_drawn(market: LiveMarket, draw: object) -> None:
    assert callable(draw)
    assert source_of(draw(market.games[0])).startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize("settings", [{"market.mode": "equilibrium"}, {"allocation.auctioned_share": 1.0},
                                      {"market.venue": "continuous"}])  # fmt: skip
def test_pictures_stand_other_markets(settings: dict[str, object]) -> None:
    live = LiveMarket(load_scenario("S5", {**SMALL, **settings}))
    for _ in range(4):
        live.step()
    for draw in (pictures.book_picture, pictures.trades_picture, pictures.flows_picture, pictures.price_picture):
        assert len(source_of(draw(live))) > 1000


def test_the_firms_cost_curve_meets_what_it_lacks_at_its_marginal_cost(market: LiveMarket) -> None:
    need = seat_pictures.firm_demand(market.games[0])
    cost = float(need.marginal_cost(0.0, 1000.0)[0])
    emitted = need.level[0] + need.slope[0] * (cost - need.anchor)
    assert emitted + need.fixed[0] == pytest.approx(0.0, abs=1.0)


def test_the_cap_is_drawn_and_named_once_the_policy_holds() -> None:
    live = LiveMarket(load_scenario("S5", {**SMALL, "market.periods_per_year": 1, "banking.horizon": 0}))
    before, after = [], []
    for found in (before, after):
        (axes,) = pictures.emissions_picture(live).axes
        found += [text.get_text() for text in axes.get_legend().get_texts()]
        found += [name for name, _ in tables.strip(live)]
        live.step()
    assert "cap" not in before
    assert "Allowances of the year" in before
    assert "cap" in after
    assert "Cap of the year" in after


def test_firms_are_said_to_lack_only_where_they_do() -> None:
    live = LiveMarket(load_scenario("S5", SMALL))
    live.moment = replace(live.moment, held=live.moment.held * 0 + 10**9)
    assert "No firm lacks allowances; firms that can spare most (4)" in tables.extremes(live)
    live.moment = replace(live.moment, held=live.moment.held * 0)
    text = tables.extremes(live)
    assert "Firms that lack most (4); no firm can spare any" in text
    assert text.count("<td>") == 4 * 4  # four firms of power, four columns beside the name


def test_tables_say_units_and_escape_nothing_of_their_own(market: LiveMarket) -> None:
    text = seat_pictures.position_table(market.games[0]) + tables.extremes(market) + tables.rules(market)
    assert "yuan/t" in text
    assert "held, t" in text
    assert "钢铁业" in text
    assert tables.table(("a",), [("<b>",)], "c").count("&lt;b&gt;") == 1
