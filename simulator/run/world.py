"""A run as two values: the world, which does not change, and the state, which every period moves on.

All that happens in a run is a function of the two: what the rules, economies and accounts are, and where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshi.agents.outlook import Outlook
from tanshi.agents.population import Population
from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import Province
from tanshi.market.new_entrants import EntrantsReserve
from tanshi.market.registry import Registry
from tanshi.market.sales import Sales
from tanshi.market.vintages import OpenYear
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.drivers.process import DRIVERS
from tanshi.simulator.drift.flow import COUNTERS, Flow
from tanshi.simulator.drift.reference import Reference
from tanshi.simulator.run.ground.border import Across
from tanshi.simulator.run.ground.followed import Followed
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.ground.region import Region
from tanshi.simulator.run.ground.starts import Starts
from tanshi.simulator.run.ground.surroundings import Surroundings

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class World:
    """What does not change in the course of a run.

    Attributes
    ----------
    scenario : Scenario
    economies : tuple[Region, ...]
        One; several provinces in a market are several worlds.
    flow : Flow
        The drift between auctions.
    periods_per_year : int
        1 in the traditional model, whatever the scenario says.
    adjustment_rate : float or None
        k of q' = k (p - q), per year; None where technique follows at once.
    firms : int
        Number of firms; their accounts in the registry are 0 to ``firms - 1``.
    bargaining : (firms,) float or None
        What each firm would pay for an offset credit, up to a common factor; None without offsets.
    surroundings, followed
        What strays around the run, and the series that the economy follows without new policy; None: nothing.
    shared, of_market
        Whether firms of other provinces trade in its auctions (`run.together`); seed of a market of several, or None.
    reports : bool
        Whether what moves nothing and only reports tell is worked out: gains from trade, what households have by group.
    """

    scenario: Scenario
    economies: tuple[Region, ...]
    flow: Flow
    periods_per_year: int
    adjustment_rate: float | None
    firms: int
    bargaining: Array | None = None
    surroundings: Surroundings | None = None
    followed: Followed | None = None
    shared: bool = False
    of_market: int | None = None
    reports: bool = True

    @property
    def open(self) -> bool:
        """Whether anything crosses the border of this market."""
        return self.shared or self.scenario.market.link.open

    @property
    def economy(self) -> Region:
        """The economy whose carbon market this is."""
        return self.economies[0]

    @property
    def province(self) -> Province:
        """The compiled model of that economy."""
        return self.economies[0].province

    @property
    def sectors(self) -> tuple[str, ...]:
        """Sectors that carbon trading may cover, as the economy has them: the order of everything by sector."""
        return self.province.sectors

    @property
    def government(self) -> int:
        """Government's account in the registry; traders without obligations follow it."""
        return self.firms

    @property
    def forestry(self) -> int:
        """Forest owners' account, the last one; only where there are offsets."""
        return self.accounts - 1

    @property
    def outside(self) -> int:
        """Account of the wider market, after the traders without obligations; only where there is one."""
        return self.firms + 1 + self.scenario.firms.intermediaries

    @property
    def accounts(self) -> int:
        """Number of accounts in the registry."""
        return self.outside + self.open + (self.scenario.offsets.share > 0)

    @property
    def agents_trade(self) -> bool:
        """Whether the price comes from firms' trade."""
        return bool(self.scenario.market.mode == "agents")

    @property
    def substeps(self) -> int:
        """Steps of the drift in one period."""
        return max(1, math.ceil(24 / self.periods_per_year))

    @property
    def periods_in_all(self) -> int:
        """Market periods of the whole run."""
        return (self.scenario.years.end - self.scenario.years.start + 1) * self.periods_per_year

    def adjustment(self, years: float) -> tuple[float, float]:
        """Weight of the current price in what drives technique after ``years``, and its mean over them.

        q' = k (p - q) gives 1 - exp(-k t) at the end, and 1 - (1 - exp(-k t)) / (k t) on average.
        """
        k = self.adjustment_rate
        if k is None:
            return 1.0, 1.0
        return 1.0 - math.exp(-k * years), 1.0 - (1.0 - math.exp(-k * years)) / (k * years)


@dataclass
class Calendar:
    """Where the run stands in time.

    Attributes
    ----------
    year, period : int
        The next period to run; periods count from 0.
    opened : bool
        Whether its allowances and announcements are out (`tanshi.simulator.run.period.open_period`).
    finished : bool
        Whether the last period has been run.
    """

    year: int
    period: int = 0
    opened: bool = False
    finished: bool = False


@dataclass(frozen=True)
class Announced:
    """What everybody knows of the rules by now.

    Attributes
    ----------
    policy : Policy
    star : Reference
        The reference path that it leads to.
    ahead : dict[int, Array]
        Year to that path's equilibrium: with one period a year the path is the run itself.
    """

    policy: Policy
    star: Reference
    ahead: Mapping[int, Array]


@dataclass
class MarketState:
    """Firms, their accounts, and where the market stands.

    Attributes
    ----------
    firms : Population
    registry : Registry
    price, expected : float
        Last close, and where the drift says that the market is heading, yuan/t.
    carried : (17,) float
        State of the drift just before the next auction.
    to_date : (firms,) float
        t emitted this year.
    net_sold : (accounts,) int
        t sold less t bought in the years that count for the carry-over limit.
    verified, late : (firms,)
        t verified for the year before; who surrendered too little in a year that counts for the carry-over limit.
    advances : (firms,) int
        t borrowed from the coming year's allocation.
    granted, given, made : (firms,)
        t of free allowances due for the year, and those of them already given; output of the year, in usual outputs of
        a period, where allocation is adjusted to it.
    credits : float
        Mt of offset credits that are expected to be surrendered for the year.
    forest_income : float
        Yi yuan a year that enterprises pay for them.
    reserve, sales, entrants : int, Sales, EntrantsReserve
        t in the stability reserve; the year's auctions; the reserve for new entrants.
    banked : float
        Mt carried over where the economy finds the price itself.
    across : Across
        What has crossed the border of the market; nothing where it is closed.
    belief : float
        What all firms believe scarcity to come is beyond what they expect, a logarithm.
    own_belief : (firms,) float
        The same of each firm beside it; empty where nothing strays.
    belief_trail : float array
        What beliefs take their spread from (`tanshi.simulator.drift.markets.unexplained`); empty without a network.
    news : float
        By how much what strays is about to move the price, a logarithm: where the next auction begins to look for it.
    outlook : Outlook or None
        What firms plan with; None where they do not look ahead.
    open : tuple[OpenYear, ...]
        Years that have ended and are not yet surrendered for.
    needed : (firms,) float
        t that firms still want to buy at the last price; noted only where years fall due after their end.
    by_hand : dict[int, (n, 3) int]
        Row of a firm to its orders for the coming period, in place of its strategy's (`tanshi.simulator.run.seat`).
    """

    firms: Population
    registry: Registry
    price: float
    expected: float
    carried: Array
    to_date: Array
    net_sold: NDArray[np.int64]
    advances: NDArray[np.int64]
    granted: NDArray[np.int64]
    given: NDArray[np.int64]
    made: Array
    late: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    verified: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    credits: float = 0.0
    forest_income: float = 0.0
    reserve: int = 0
    sales: Sales = field(default_factory=Sales)
    entrants: EntrantsReserve = field(default_factory=EntrantsReserve)
    banked: float = 0.0
    across: Across = field(default_factory=Across)
    belief: float = 0.0
    own_belief: Array = field(default_factory=lambda: np.zeros(0))
    belief_trail: Array = field(default_factory=lambda: np.zeros(0))
    news: float = 0.0
    outlook: Outlook | None = None
    open: tuple[OpenYear, ...] = ()
    needed: Array = field(default_factory=lambda: np.zeros(0))
    by_hand: dict[int, NDArray[np.int64]] = field(default_factory=dict)


@dataclass
class EconomyState:
    """Where one economy stands.

    Attributes
    ----------
    parameters : Parameters
        Of the year, with the policy's coverage and quotas.
    start, starts
        Its last equilibrium, from which the next is sought, and others where they lie nearer.
    effective : (8,) float
        Yuan/t, the price that technique has adjusted to, by sector.
    accrued : (8,) float
        Mt emitted this year along the drift's path.
    drivers : (7,) float
        What moves the economy from outside, logarithms (`tanshi.simulator.drift.drivers`).
    halvings : int
        Times that the coming period's shock has been halved.
    january, earned : (8,) float
        Yuan/t, `effective` when the year began; Mt of allowances that the year's output and emissions have brought.
    border_paid : (ways,) float
        Yi yuan that border adjustment has brought this year on each way over the border; empty where there is none.
    flow_sum, decision_sum, x_sum, welfare_sum, groups_sum
        Sums over the year's periods of flows, of prices that choices followed, of variables, of real demand, and,
        (2, groups) in yi yuan, of the money metric and income of every group of households.
    """

    parameters: Parameters
    start: Array
    effective: Array
    accrued: Array
    january: Array
    flow_sum: Array
    decision_sum: Array
    x_sum: Array
    welfare_sum: float = 0.0
    drivers: Array = field(default_factory=lambda: np.zeros(len(DRIVERS)))
    halvings: int = 0
    effective_tax: Array = field(default_factory=lambda: np.zeros(0))
    border_paid: Array = field(default_factory=lambda: np.zeros(0))
    earned: Array = field(default_factory=lambda: np.zeros(8))
    groups_sum: Array = field(default_factory=lambda: np.zeros((2, 0)))
    starts: Starts = field(default_factory=Starts)


@dataclass(frozen=True)
class YearClosed:
    """What a year comes to, from which its annual variables are read.

    Attributes
    ----------
    year, flows, welfare
        Mean flows of the year, and mean real demand of households, 1 in the benchmark.
    accrued, covered : (8,) float, (8,) bool
        Mt emitted along the drift's path, and which sectors traded at the year's end.
    cap : float
        Allowances of the year for these sectors, Mt; under a standard what their output has earned.
    groups : (2, groups) float
        Mean money metric and income of every group of households, yi yuan; empty without any.
    """

    year: int
    flows: Flows
    welfare: float
    accrued: Array
    covered: NDArray[np.bool_]
    cap: float
    groups: Array = field(default_factory=lambda: np.zeros((2, 0)))


@dataclass
class Log:
    """What the run leaves behind.

    Attributes
    ----------
    periods : list
        A row a period (`tanshi.simulator.run.record.period_row`).
    trades : list
        A period's fills as columns.
    credit_trades : list
        The booked auctions of credits: year, price (yuan/t), tonnes bought by sector.
    settlements : list
        A row a year's compliance.
    gains : list
        A year and what trade was worth to every firm in it: (firms,) yuan, not a number where it does not trade.
    closing : list
        A row for each trading period after the run's last, up to the last deadline.
    years : list[YearClosed]
    drift : dict[str, int]
        What the drift counted (`tanshi.simulator.drift.flow.COUNTERS`).
    halved : int
        Periods redone with a part of their shock.
    """

    periods: list[dict[str, Any]] = field(default_factory=list)
    trades: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    credit_trades: list[dict[str, Any]] = field(default_factory=list)
    settlements: list[dict[str, Any]] = field(default_factory=list)
    gains: list[dict[str, Any]] = field(default_factory=list)
    closing: list[dict[str, Any]] = field(default_factory=list)
    years: list[YearClosed] = field(default_factory=list)
    drift: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    halved: int = 0


@dataclass
class State:
    """Everything that changes from period to period; with the world it is the whole run.

    Arrays of the parts are replaced, not written into, but for the registry's balances and the firms' columns.
    """

    calendar: Calendar
    announced: Announced
    market: MarketState
    economies: tuple[EconomyState, ...]
    log: Log = field(default_factory=Log)

    @property
    def year(self) -> int:
        """Year of the next period to run."""
        return self.calendar.year

    @property
    def period(self) -> int:
        """The next period to run, from 0 in every year."""
        return self.calendar.period

    @property
    def number(self) -> int:
        """Periods run so far: the number of the next one in the whole run."""
        return len(self.log.periods) + len(self.log.closing)

    @property
    def economy(self) -> EconomyState:
        """The economy whose carbon market this is."""
        return self.economies[0]

    @property
    def policy(self) -> Policy:
        """The rules as far as they are known."""
        return self.announced.policy

    @property
    def firms(self) -> Population:
        """The firms, a row each."""
        return self.market.firms

    @property
    def registry(self) -> Registry:
        """Everybody's accounts."""
        return self.market.registry

    def copy(self) -> State:
        """The same state once more, to go its own way."""
        market, log = self.market, self.log
        return State(
            replace(self.calendar),
            self.announced,
            replace(market, firms=market.firms.copy(), registry=market.registry.copy(), by_hand=dict(market.by_hand)),
            tuple(replace(economy) for economy in self.economies),
            Log(*(type(part)(part) for part in (getattr(log, f.name) for f in fields(Log)))),
        )

    def become(self, other: State) -> None:
        """Take another state's values; who looks at the firms goes on looking at the same ones."""
        for item in fields(Population):
            setattr(self.firms, item.name, getattr(other.firms, item.name))
        self.calendar, self.announced = other.calendar, other.announced
        self.economies, self.log = other.economies, other.log
        self.market = replace(other.market, firms=self.firms)
