"""The hybrid model: firms that trade, an economy in equilibrium, a drift between auctions, one Mesa step a period."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from typing import Any

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.agents.firm import enrol, release
from tanshi.agents.population import Population, build, firm_counts
from tanshi.equilibrium.engine import EquilibriumError, Parameters, Solution
from tanshi.equilibrium.province.carbon import COVERABLE, YUAN_PER_TONNE
from tanshi.equilibrium.province.dynamics import advance
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.province import CarbonResponse
from tanshi.market.registry import Registry
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.drift.flow import COUNTERS, Flow
from tanshi.simulator.drift.reference import Reference, reference
from tanshi.simulator.drift.state import pack
from tanshi.simulator.drift.weights import load, load_default, untrained
from tanshi.simulator.machine.memory import keep_memory
from tanshi.simulator.results.accounting import economy_variables
from tanshi.simulator.results.costs import cost_variables, offset_variables, purchases_of
from tanshi.simulator.results.tables import RunResult, annual_table, market_variables
from tanshi.simulator.results.variables import region_of
from tanshi.simulator.run.annual import annual_path, frozen_baseline
from tanshi.simulator.run.credits import bargaining_prices, cost_of_credits, with_credits
from tanshi.simulator.run.economy import economy, province
from tanshi.simulator.run.period import one_period
from tanshi.simulator.run.policy import Policy
from tanshi.simulator.run.record import trade_table
from tanshi.simulator.run.rules import installed
from tanshi.simulator.run.shock import recall

Array = NDArray[np.float64]
MANY_FIRMS = 50_000
"""From this number on arrays are so large that fetching their memory anew costs as much as the arithmetic."""

OPENING_VINTAGE = 2021
"""Vintage of the reserves that firms bring into the first year they trade."""


@dataclass
class State:
    """Everything that changes from period to period; with the scenario it is the whole run.

    Attributes
    ----------
    year, period : the next period to run; periods count from 0.
    price : last close, yuan/t; ``expected`` the price where the drift says the market is heading.
    effective : (8,) yuan/t, the price that technique has adjusted to, by sector.
    carried : (17,) state of the drift just before the next auction.
    accrued : (8,) Mt emitted this year along the drift's path; ``to_date`` the same by firm, t.
    flow_sum, x_sum, welfare_sum : running sums over the year's periods.
    banked : Mt carried over where the economy finds the price itself.
    net_sold : (accounts,) t sold less t bought since the policy began.
    advances : (firms,) t borrowed from the coming year's allocation.
    emitted : (8,) part of each sector's emissions that firms' own installations let through.
    granted, given : (firms,) t of free allowances due for the year, and those of them already given.
    made : (firms,) output of the year, in usual outputs of a period, where allocation is adjusted to it.
    credits : Mt of offset credits that are expected to be surrendered for the year.
    forest_income : yi yuan a year that enterprises pay forest owners for them.
    credit_trades : the booked auctions of credits: year, price (yuan/t), tonnes bought by sector.
    reserve : t in the stability reserve.
    opened : whether the coming period's allowances and announcements are out

    (``tanshi.simulator.run.period.open_period``).
    by_hand : row of a firm to its orders for the coming period, which replace its strategy's (``run.seat``).
    """

    year: int
    period: int
    price: float
    expected: float
    effective: Array
    carried: Array
    accrued: Array
    to_date: Array
    parameters: Parameters
    start: Array
    flow_sum: Array
    x_sum: Array
    net_sold: NDArray[np.int64]
    advances: NDArray[np.int64]
    emitted: Array
    granted: NDArray[np.int64]
    given: NDArray[np.int64]
    made: Array
    credits: float = 0.0
    forest_income: float = 0.0
    credit_trades: list[dict[str, Any]] = field(default_factory=list)
    reserve: int = 0
    welfare_sum: float = 0.0
    banked: float = 0.0
    finished: bool = False
    opened: bool = False
    by_hand: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    periods: list[dict[str, Any]] = field(default_factory=list)
    trades: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    annual: dict[str, dict[int, float]] = field(default_factory=dict)
    settlements: list[dict[str, Any]] = field(default_factory=list)


class CarbonMarket(mesa.Model):  # type: ignore[misc]
    """One run of one scenario.

    ``step`` runs one market period; ``run`` runs all.  Firms are Mesa agents, each a view of one row of
    ``population``.

    Parameters
    ----------
    scenario : the policy, economy and settings.
    drift : another flow than the scenario's own (for training and tests).
    """

    def __init__(self, scenario: Scenario, drift: Flow | None = None) -> None:
        super().__init__(rng=scenario.seed)
        self.scenario = scenario
        self.economy = economy(scenario.economy, scenario.figures)
        own = scenario.coverage.sectors("allocated") if scenario.allocation.binding else ()
        self.province, self.accounts = province(scenario.economy, scenario.closure, scenario.figures, own)
        traditional = scenario.market.mode == "equilibrium" and scenario.drift.mode == "none"
        self.periods_per_year = 1 if traditional else scenario.market.periods_per_year
        self.adjustment_rate = None if traditional else scenario.coupling.adjustment_rate
        years = scenario.years
        self.growth = self.economy.growth(scenario.dynamics, years.start, years.end)
        baseline = frozen_baseline(
            scenario.economy, scenario.closure, scenario.dynamics, years.start, years.end, scenario.figures
        )
        self.policy = Policy(scenario, baseline, annual=self.periods_per_year == 1)
        self.flow = drift if drift is not None else flow_of(scenario)
        self.population = self._build_population()
        if scenario.offsets.share > 0:
            self.bargaining = bargaining_prices(scenario, self.economy, self.population)
        if len(self.population) >= MANY_FIRMS:
            keep_memory()
        self.firms = enrol(self, self.population)
        self.government = len(self.population)
        accounts = self.government + 1 + scenario.firms.intermediaries + (scenario.offsets.share > 0)
        self.forestry = accounts - 1  # where there are offsets
        self.registry = Registry(accounts, OPENING_VINTAGE, years.end - OPENING_VINTAGE + 1, scenario.market.lot)
        self.substeps = max(1, math.ceil(24 / self.periods_per_year))
        self.last: Solution
        self._nearby: tuple[int, float, Array] = (-1, 0.0, np.zeros(0))
        self._ahead: dict[int, Array] = {}  # by year: with one period a year the reference path is the run itself
        self.star = self.reference_path()
        self.state = self._opening()

    # -- building ------------------------------------------------------------------------------------------

    def _build_population(self) -> Population:
        firms = self.scenario.firms
        parameter = self.economy.firm_parameter
        weights = parameter("number_weight")
        return build(
            firm_counts(firms.number, weights, minimum=min(2, max(1, firms.number // len(weights)))),
            self.scenario.seed,
            size_sigma=parameter("size_sigma") if firms.size_sigma is None else firms.size_sigma,
            intensity_sigma=parameter("intensity_sigma") if firms.intensity_sigma is None else firms.intensity_sigma,
            cost_sigma=parameter("cost_sigma") if firms.cost_sigma is None else firms.cost_sigma,
            discount_rate=firms.discount_rate,
            strategies=self.scenario.firms.strategies.as_dict(),
        )

    def reference_path(self) -> Reference:
        """z*(t): the equilibrium-only path of the frozen baseline, and from ``policy_start`` on of the policy.

        Before its start nobody knows the policy: all scenarios of an economy move alike until then.
        """
        s, baseline = self.scenario, self.policy.baseline
        years = range(s.years.start, s.years.end + 1)
        nodes = np.array([year + 0.5 for year in years])
        frozen = np.full(len(nodes), self.province.accounts.carbon_price)
        path = reference(nodes, pack(frozen, baseline.emissions, baseline.outputs))
        if s.policy_start > s.years.end:
            return path
        return self.announce(path, float(s.policy_start))

    def announce(self, path: Reference, when: float) -> Reference:
        """The path after the policy as it is now known was announced at ``when`` (years)."""
        years = range(self.scenario.years.start, self.scenario.years.end + 1)
        nodes = np.array([year + 0.5 for year in years])

        def cap(year: int) -> float:
            return float(self.policy.caps(year, whole=True)[self.policy.mask(year)].sum())

        def regime(p: Parameters, year: int) -> None:
            self.policy.prepare(self.province, p, year)
            self.set_cap(p, year, cap(year))

        def solve(p: Parameters, year: int, start: Array | None) -> Solution:
            if self.policy.offset_share(year) == 0:
                return self.province.solve(p, start)
            rule = self.scenario.offsets

            def under(credits: float) -> Solution:
                self.set_cap(p, year, cap(year), credits)
                paying = self.province.paying_forest_owners(p, cost_of_credits(rule, credits))
                return self.province.solve(paying, start)

            return with_credits(rule, under, self.permit_price, lambda x: self.covered_emissions(x, year))[1]

        solved = annual_path(self.province, self.accounts, self.growth, years, regime, solve)
        self._ahead = {y.year: y.solution.x for y in solved}
        prices = np.array([self.permit_price(y.solution) for y in solved])
        states = [self.packed(y.year, p, y.emissions, y.outputs) for p, y in zip(prices, solved, strict=True)]
        values = np.array(states)
        if when >= nodes[-1]:  # nothing is known beyond the last year: its equilibrium holds to the end
            nodes, values = np.append(nodes, years[-1] + 1.0), np.concatenate([values, values[-1:]])
        return path.announced(when, nodes, values)

    def _opening(self) -> State:
        s, model = self.scenario, self.province
        price = model.accounts.carbon_price
        effective = np.zeros(len(COVERABLE))
        effective[COVERABLE.index("ELEC")] = price
        leaves = model.compiled.n_leaves
        return State(
            year=s.years.start,
            period=0,
            price=price,
            expected=price,
            effective=effective,
            carried=self.star(float(s.years.start)),
            accrued=np.zeros(len(COVERABLE)),
            to_date=np.zeros(len(self.population)),
            parameters=model.parameters(),
            start=model.compiled.start.copy(),
            flow_sum=np.zeros(leaves),
            x_sum=np.zeros(model.compiled.n),
            net_sold=np.zeros(self.registry.accounts, np.int64),
            advances=np.zeros(len(self.population), np.int64),
            emitted=np.ones(len(COVERABLE)),
            granted=np.zeros(len(self.population), np.int64),
            given=np.zeros(len(self.population), np.int64),
            made=np.zeros(len(self.population)),
        )

    # -- rules shared by the phases ------------------------------------------------------------------------

    def set_cap(self, p: Parameters, year: int, cap: float, credits: float = 0.0) -> None:
        """Let the economy find the price itself, under a cap and credits (Mt/yr) within the scenario's price bounds."""
        standard = self.policy.standard(year)
        self.province.cap_emissions(p, (0.0 if standard else max(cap, 0.0)) + credits, *self.policy.collar(year))

    def permit_price(self, solution: Solution) -> float:
        """Permit price of an equilibrium, yuan/t."""
        return float(solution.x[self.province.permit_var]) / YUAN_PER_TONNE

    def covered_emissions(self, solution: Solution, year: int) -> float:
        """Emissions of the sectors that trade in a year, Mt/yr."""
        emissions = self.province.emissions(solution)
        return sum(emissions[s] for s in self.policy.trading(year))

    def packed(self, year: int, price: float, emissions: Array, outputs: Array) -> Array:
        """The continuous state, (17,), of a price (yuan/t), emissions (Mt/yr) and outputs by sector.

        Raises
        ------
        EquilibriumError
            naming year and sector where one emits or makes nothing: the state holds logarithms.
        """
        nothing = np.flatnonzero((emissions <= 0) | (outputs <= 0))
        if nothing.size:
            name, sector = self.scenario.name, COVERABLE[nothing[0]]
            raise EquilibriumError(
                f"scenario {name}, {year}: at {price:,.0f} yuan/t the sector {sector} stands still, and a logarithm of "
                "nothing is no state to go on from: loosen cap.tightness or cap.decline, or lower penalty.price"
            )
        return pack(price, emissions, outputs)

    def adjustment(self, years: float) -> tuple[float, float]:
        """Weight of the current price in what drives technique after ``years``, and its mean over them.

        q' = k (p - q) gives 1 - exp(-k t) at the end, and 1 - (1 - exp(-k t)) / (k t) on average.
        """
        k = self.adjustment_rate
        if k is None:
            return 1.0, 1.0
        return 1.0 - math.exp(-k * years), 1.0 - (1.0 - math.exp(-k * years)) / (k * years)

    @property
    def periods_in_all(self) -> int:
        """Market periods of the whole run."""
        return (self.scenario.years.end - self.scenario.years.start + 1) * self.periods_per_year

    def economy_at(self, price: float, weight: float) -> tuple[Solution, CarbonResponse]:
        """The economy at a carbon price (yuan/t), technique following ``weight`` of it and the rest of the past."""
        p = self.state.parameters
        self.province.hold_price(p, price)
        self.province.adjust(p, weight, self.state.effective)
        paying = self.province.paying_forest_owners(p, self.state.forest_income)
        near = self.last if self._nearby[0] == len(self.state.periods) else None
        self.last = self._solve(paying, self._guess(price), near)
        response = installed(self.province.response(self.last), self.state.emitted)
        self._nearby = (len(self.state.periods), price, response.change)
        return self.last, response

    def economy_under(self, cap: float, weight: float, credits: float = 0.0) -> Solution:
        """The economy under a cap and offset credits (Mt/yr) with its own permit price."""
        p = self.state.parameters
        self.set_cap(p, self.state.year, cap, credits)
        self.province.adjust(p, weight, self.state.effective)
        start = self._ahead.get(self.state.year, self.state.start) if self.periods_per_year == 1 else self.state.start
        self.last = self._solve(self.province.paying_forest_owners(p, self.state.forest_income), start)
        self._nearby = (len(self.state.periods), self.permit_price(self.last), np.zeros_like(self.last.x))
        return self.last

    def _guess(self, price: float) -> Array:
        """Where to start: the period's last equilibrium carried to the new price, or the last period's."""
        period, at, change = self._nearby
        if period != len(self.state.periods):
            return self.state.start
        start = self.last.x + change * (price - at)
        strict = self.last.compiled.positive
        start[strict] = np.where(start[strict] > 0, start[strict], self.last.x[strict])
        return start

    def _solve(self, p: Parameters, start: Array, near: Solution | None = None) -> Solution:
        try:
            return self.province.solve(p, start, near=near)
        except EquilibriumError as error:
            when = f"scenario {self.scenario.name}, {self.state.year}, period {self.state.period + 1}"
            raise EquilibriumError(f"{when}: {error}", error.equation, error.residual) from error

    # -- running -------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Run one market period.

        Raises
        ------
        EquilibriumError
            when the economy has no equilibrium; nothing of the period is booked then.
        """
        if self.state.finished:
            raise RuntimeError("the run is finished")
        one_period(self)

    def run(self, until: int | None = None) -> CarbonMarket:
        """Run to the end, or until ``until`` periods have been run in all."""
        while not self.state.finished and (until is None or len(self.state.periods) < until):
            self.step()
        return self

    def close_accounts(self) -> None:
        """Turn the year's sums into annual variables and move the economy to the next year."""
        state, n = self.state, self.periods_per_year
        flows = Flows(state.flow_sum / n, state.x_sum / n)
        values = economy_variables(
            self.accounts, flows, state.welfare_sum / n, state.accrued, self.policy.mask(state.year)
        )
        for name, value in values.items():
            state.annual.setdefault(name, {})[state.year] = value
        if state.year == self.scenario.years.end:
            state.finished = True
            return
        state.parameters = advance(self.province, state.parameters, flows, self.last, self.growth, state.year)
        state.year, state.period = state.year + 1, 0
        state.flow_sum, state.x_sum, state.welfare_sum = np.zeros_like(flows.leaf), np.zeros_like(flows.x), 0.0
        state.accrued, state.to_date = np.zeros(len(COVERABLE)), np.zeros(len(self.population))

    def result(self) -> RunResult:
        """The run's tables so far."""
        state, s = self.state, self.scenario
        periods = pd.DataFrame(state.periods)
        trades = trade_table(self)
        years = sorted(next(iter(state.annual.values())))
        net_sales = None
        if s.market.mode == "equilibrium":
            net_sales = {r["year"]: r["net_sales_t"] for r in state.settlements}
        market = market_variables(
            periods, trades, years=years, opening_price=self.province.accounts.carbon_price, net_sales_t=net_sales
        )
        values = {**state.annual, **market}
        if s.offsets.share > 0:
            values |= self._offset_variables(values, trades)
        return RunResult(
            scenario=s.name,
            seed=s.seed,
            annual=annual_table(s.name, s.seed, values, region_of(s.economy)),
            periods=periods,
            trades=trades,
            parameters=s.model_dump(mode="json"),
            meta=self.diagnostics(),
        )

    def _offset_variables(
        self, annual: Mapping[str, Mapping[int, float]], trades: pd.DataFrame
    ) -> dict[str, dict[int, float]]:
        """Volume and price of offsets, and what the market costs each sector."""
        years = sorted(annual["Price|Carbon"])
        if self.scenario.market.mode == "agents":
            used = {int(row["year"]): row["offsets_t"] / 1e6 for row in self.state.settlements}
            purchases = purchases_of(trades)
        else:
            used = {int(row["year"]): float(row["bought_t"].sum()) / 1e6 for row in self.state.credit_trades}
            purchases = {
                (row["year"], sector): -tonnes * annual["Price|Carbon"][row["year"]]
                for row in self.state.settlements
                for sector, tonnes in row["net_sales_t"].items()
            }
        values = offset_variables(self.state.credit_trades, used, years)
        baseline = {year: self.policy.baseline.at(year).tolist() for year in years}
        return values | cost_variables({**annual, **values}, purchases, baseline, self.province.accounts.carbon_price)

    def diagnostics(self) -> dict[str, Any]:
        """Worst residuals, iterations, firms by sector, and how often the drift's network was out of range."""
        rows = self.state.periods
        settled = max(self.scenario.coupling.tolerance, self.scenario.market.tick)
        return {
            "worst_residual": max((r["residual"] for r in rows), default=0.0),
            "worst_walras": max((r["walras"] for r in rows), default=0.0),
            "iterations": int(sum(r["iterations"] for r in rows)),
            "unsettled_periods": int(sum(r["gap"] > settled * (1 + 1e-9) for r in rows)),
            "firms": {s: int(n) for s, n in zip(self.population.sectors, self.population.counts, strict=True)},
            "settlements": [{k: v for k, v in r.items() if k != "net_sales_t"} for r in self.state.settlements],
            "drift": {"mode": self.flow.mode, **self._drift_counts()},
        }

    def _drift_counts(self) -> dict[str, int]:
        return {name: int(getattr(self.flow, name)) for name in COUNTERS}

    # -- saving --------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """The whole state of the run as plain arrays, numbers and texts (see ``checkpoint``); a copy."""
        state = {f.name: deepcopy(getattr(self.state, f.name)) for f in fields(State) if f.name != "parameters"}
        state["parameters"] = {f.name: getattr(self.state.parameters, f.name).copy() for f in fields(Parameters)}
        return {
            "state": state,
            "population": self.population.state(),
            "registry": self.registry.state(),
            "flow": self._drift_counts(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up a run where ``save`` left it; the model must have been made for the same scenario."""
        state = deepcopy(dict(saved["state"]))
        state["parameters"] = Parameters(**{k: np.asarray(v) for k, v in state["parameters"].items()})
        self.state = State(**state)
        kept = Population.restore(saved["population"])
        for item in fields(Population):  # the firms keep looking at the same population
            setattr(self.population, item.name, getattr(kept, item.name))
        self.registry = Registry.restore(saved["registry"])
        self._nearby = (-1, 0.0, np.zeros(0))  # what this model solved last is not what the saved one did
        recall(self)
        for name, count in saved["flow"].items():
            setattr(self.flow, name, count)

    def forget(self) -> None:
        """Let a finished model be collected (Mesa 3.3 would keep it for ever)."""
        release(self)


def flow_of(scenario: Scenario) -> Flow:
    """The drift that a scenario names, with its weights."""
    drift = scenario.drift
    if drift.mode == "none":
        return Flow(untrained(), "none")
    weights = load_default() if drift.weights is None else load(drift.weights)
    return Flow(weights, drift.mode, drift.on_blow_up)


def simulate(scenario: Scenario, drift: Flow | None = None) -> RunResult:
    """Run a scenario from its first to its last year.

    Raises
    ------
    EquilibriumError
        naming year, period and the worst equation when the economy has no equilibrium.
    """
    model = CarbonMarket(scenario, drift)
    try:
        return model.run().result()
    finally:
        model.forget()
