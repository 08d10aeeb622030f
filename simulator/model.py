"""The hybrid model: firms that trade, an economy in equilibrium, a drift between auctions, one Mesa step a period."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.firm import enrol, release
from agents.population import Population, build, firm_counts
from equilibrium.engine import EquilibriumError, Parameters, Solution
from equilibrium.province.carbon import COVERABLE, YUAN_PER_TONNE
from equilibrium.province.dynamics import advance
from equilibrium.province.physical import Flows
from equilibrium.province.province import CarbonResponse
from market.call_auction import CallAuction
from market.registry import Registry
from scenarios.schema import Scenario
from simulator.accounting import economy_variables
from simulator.annual import annual_path, frozen_baseline
from simulator.drift.flow import Flow
from simulator.drift.reference import Reference, reference
from simulator.drift.state import pack
from simulator.drift.weights import load_default, untrained
from simulator.economy import economy, province
from simulator.period import one_period
from simulator.policy import Policy
from simulator.results import RunResult, annual_table, market_variables

Array = NDArray[np.float64]
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
    welfare_sum: float = 0.0
    banked: float = 0.0
    finished: bool = False
    periods: list[dict[str, Any]] = field(default_factory=list)
    trades: list[pd.DataFrame] = field(default_factory=list)
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
        self.economy = economy(scenario.economy)
        self.province, self.accounts = province(scenario.economy, scenario.closure)
        traditional = scenario.market.mode == "equilibrium" and scenario.drift.mode == "none"
        self.periods_per_year = 1 if traditional else scenario.market.periods_per_year
        self.adjustment_rate = None if traditional else scenario.coupling.adjustment_rate
        years = scenario.years
        self.growth = self.economy.growth(scenario.dynamics, years.start, years.end)
        self.policy = Policy(
            scenario, frozen_baseline(scenario.economy, scenario.closure, scenario.dynamics, years.start, years.end)
        )
        self.flow = drift if drift is not None else _flow(scenario)
        self.venue = CallAuction(scenario.market.k, scenario.market.ties)
        self.population = self._build_population()
        self.firms = enrol(self, self.population)
        self.government = len(self.population)
        self.registry = Registry(
            self.government + 1, OPENING_VINTAGE, years.end - OPENING_VINTAGE + 1, scenario.market.lot
        )
        self.substeps = max(1, math.ceil(24 / self.periods_per_year))
        self.star = self._reference_path()
        self.state = self._opening()

    # -- building ------------------------------------------------------------------------------------------

    def _build_population(self) -> Population:
        firms = self.scenario.firms
        weights = self.economy.firm_parameter("number_weight")
        return build(
            firm_counts(firms.number, weights, minimum=min(2, max(1, firms.number // len(weights)))),
            self.scenario.seed,
            size_sigma=firms.size_sigma,
            intensity_sigma=firms.intensity_sigma,
            cost_sigma=firms.cost_sigma,
            discount_rate=firms.discount_rate,
            strategies=self.scenario.firms.strategies.as_dict(),
        )

    def _reference_path(self) -> Reference:
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

        def regime(p: Parameters, year: int) -> None:
            self.policy.prepare(self.province, p, year)
            self.set_cap(p, year, float(self.policy.caps(year)[self.policy.mask(year)].sum()))

        solved = annual_path(self.province, self.accounts, self.growth, years, regime)
        prices = np.array([y.solution.x[self.province.permit_var] / YUAN_PER_TONNE for y in solved])
        values = pack(prices, np.array([y.emissions for y in solved]), np.array([y.outputs for y in solved]))
        return path.announced(float(s.policy_start), nodes, values)

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
        )

    # -- rules shared by the phases ------------------------------------------------------------------------

    def set_cap(self, p: Parameters, year: int, cap: float) -> None:
        """Let the economy find the price itself, under a cap (Mt/yr) within the scenario's price bounds."""
        standard = self.policy.standard(year)
        self.province.cap_emissions(p, 0.0 if standard else max(cap, 0.0), *self.policy.collar(year))

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
        self.last = self._solve(p)
        return self.last, self.province.response(self.last)

    def economy_under(self, cap: float, weight: float) -> Solution:
        """The economy under a cap (Mt/yr) with its own permit price."""
        p = self.state.parameters
        self.set_cap(p, self.state.year, cap)
        self.province.adjust(p, weight, self.state.effective)
        return self._solve(p)

    def _solve(self, p: Parameters) -> Solution:
        try:
            return self.province.solve(p, self.state.start)
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
        trades = pd.concat(state.trades, ignore_index=True) if state.trades else _no_trades()
        years = sorted(next(iter(state.annual.values())))
        net_sales = None
        if s.market.mode == "equilibrium":
            net_sales = {r["year"]: r["net_sales_t"] for r in state.settlements}
        market = market_variables(
            periods, trades, years=years, opening_price=self.province.accounts.carbon_price, net_sales_t=net_sales
        )
        return RunResult(
            scenario=s.name,
            seed=s.seed,
            annual=annual_table(s.name, s.seed, {**state.annual, **market}),
            periods=periods,
            trades=trades,
            parameters=s.model_dump(mode="json"),
            meta=self.diagnostics(),
        )

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
            "drift": {"evaluated": self.flow.evaluated, "switched_off": self.flow.switched_off},
        }

    # -- saving --------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """The whole state of the run as plain arrays, numbers and texts (see ``simulator.checkpoint``)."""
        state = {f.name: getattr(self.state, f.name) for f in fields(State)}
        state["parameters"] = {f.name: getattr(self.state.parameters, f.name) for f in fields(Parameters)}
        state["trades"] = [{c: table[c].to_list() for c in table} for table in self.state.trades]
        return {
            "state": state,
            "population": self.population.state(),
            "registry": self.registry.state(),
            "flow": {"evaluated": self.flow.evaluated, "switched_off": self.flow.switched_off},
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up a run where ``save`` left it; the model must have been made for the same scenario."""
        state = dict(saved["state"])
        state["parameters"] = Parameters(**{k: np.asarray(v) for k, v in state["parameters"].items()})
        state["trades"] = [pd.DataFrame(table) for table in state["trades"]]
        self.state = State(**state)
        kept = Population.restore(saved["population"])
        for item in fields(Population):  # the firms keep looking at the same population
            setattr(self.population, item.name, getattr(kept, item.name))
        self.registry = Registry.restore(saved["registry"])
        self.flow.evaluated, self.flow.switched_off = saved["flow"]["evaluated"], saved["flow"]["switched_off"]

    def forget(self) -> None:
        """Let a finished model be collected (Mesa 3.3 would keep it for ever)."""
        release(self)


def _flow(scenario: Scenario) -> Flow:
    mode = scenario.drift.mode
    if mode == "neural":
        return Flow(load_default(), "neural")
    if mode == "ou":
        return Flow(load_default(), "ou")
    return Flow(untrained(), "none")


def _no_trades() -> pd.DataFrame:
    from simulator.results import TRADE_COLUMNS

    types = {"year": "int64", "period": "int64", "buyer": "int64", "seller": "int64", "quantity_t": "int64"}
    frame = pd.DataFrame({c: pd.Series(dtype=types.get(c, "object")) for c in TRADE_COLUMNS})
    return frame.astype({"seed": "int64", "price": "float64"})


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
