"""What the seat shows of its firm: position in figures, cost of abatement, what it would want at each price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tanshi.agents.abatement import Demand
from tanshi.language import say
from tanshi.numerics.units import MILLION
from tanshi.simulator.run.book import Book
from tanshi.simulator.run.rules import fine
from tanshi.simulator.run.seat import admitted
from tanshi.simulator.views.charts.style import GREY, INK, PALETTE
from tanshi.simulator.views.live.game import Game, stand
from tanshi.simulator.views.live.market import when
from tanshi.simulator.views.live.panel import key, panel
from tanshi.simulator.views.live.tables import number, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def firm_demand(game: Game) -> Demand:
    """The firm's net purchases at each price for the coming period, as it would see them itself."""
    m = game.market
    book = Book(m.world, m.state, 1.0 - m.state.period / m.periods_per_year)
    return book.demand(game.response).take(np.array([game.row]))


def position_table(game: Game) -> str:
    """Holdings, needs, money and prices before the coming auction."""
    m, row = game.market, game.row
    now = stand(m.world, m.state, row, m.moment.agreement)
    bounds = admitted(m.world, m.state, row)
    cost = float(firm_demand(game).marginal_cost(bounds.lowest, bounds.highest)[0])
    state = m.state
    tick, due = m.world.scenario.market.tick, say("for a tonne that nothing covers at year end")
    rows = [
        (
            say("allowances held"),
            say("{tonnes} t", tonnes=number(now.held)),
            say("all can be sold; after compliance the rest is banked"),
        ),
        (say("emitted this year"), say("{tonnes} t", tonnes=number(now.owed)), say("to be surrendered at year end")),
        (say("rest of the year"), say("{tonnes} t", tonnes=number(now.ahead)), say("expected at the last price")),
        (say("spare, or lacking"), say("{tonnes} t", tonnes=number(now.spare)), say("held less the year's need")),
        (
            say("cash"),
            say("{value} million yuan", value=number((now.cash - game.opening.cash) / MILLION, 3)),
            say("since you sat down"),
        ),
        (
            say("last price"),
            say("{price:,.2f} yuan/t", price=state.market.price),
            when(m.moment.year, m.moment.period, m.periods_per_year),
        ),
        (
            say("expected price"),
            say("{price:,.2f} yuan/t", price=m.population.expected_price[row]),
            say("at the compliance date, by the firm"),
        ),
        (say("marginal abatement cost"), say("{price:,.2f} yuan/t", price=cost), say("of complying without any trade")),
        (say("penalty"), say("{price:,.2f} yuan/t", price=fine(m.world, m.state, m.state.year) * tick), due),
        (
            say("limits"),
            say("{low:,.2f} to {high:,.2f} yuan/t", low=bounds.lowest, high=bounds.highest),
            say("prices that the auction admits"),
        ),
    ]
    coming = when(state.year, state.period + 1, m.periods_per_year)
    return table(("", "", ""), rows, say("Your position before the auction of {coming}", coming=coming))


def cost_picture(game: Game) -> Figure:
    """What a further tonne of abatement costs the firm in the rest of the year."""
    need, top = firm_demand(game), _highest(game)
    price = np.linspace(0.0, top, 80)
    emitted = np.maximum(need.level[0] + need.slope[0] * (price - need.anchor), 0.0)
    figure, axes = panel(say("cut below emissions without a price, t CO₂"), say("yuan per t CO₂"))
    axes.plot(emitted[0] - emitted, price, color=INK, linewidth=2, label=say("marginal abatement cost"))
    missing = float(emitted[0] + need.fixed[0])
    if 0 < missing < 1.5 * float(emitted[0] - emitted[-1]):
        axes.axvline(missing, color=PALETTE[4], linewidth=1.4, label=say("cut needed without trade"))
    _prices(game, axes)
    axes.set_xlim(0, max(axes.get_xlim()[1], 1.0))
    axes.set_ylim(0, top)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    key(axes)
    return figure


def wants_picture(game: Game) -> Figure:
    """How much the firm would want to buy or sell at each price, its reserve for next year included."""
    need, top = firm_demand(game), _highest(game)
    price = np.linspace(0.0, top, 160)
    wants = np.maximum(need.at(price)[:, 0], -float(game.market.registry.held[game.row]))
    figure, axes = panel(say("t CO₂, sales left of zero, purchases right"), say("yuan per t CO₂"))
    axes.plot(wants, price, color=PALETTE[5], linewidth=2, label=say("what it would want"))
    axes.axvline(0, color=GREY, linewidth=0.8)
    _prices(game, axes)
    axes.set_ylim(0, top)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}".replace("-", "−"))
    key(axes)
    return figure


def _highest(game: Game) -> float:
    m = game.market
    return 2.0 * max(m.state.market.price, float(m.population.expected_price[game.row]), 1.0)


def _prices(game: Game, axes: Axes) -> None:
    m = game.market
    axes.axhline(m.state.market.price, color=PALETTE[3], linewidth=1.2, linestyle=":", label=say("last price"))
    axes.axhline(m.population.expected_price[game.row], color=PALETTE[2], linewidth=1.2, linestyle="--",
                 label=say("expected price"))  # fmt: skip
