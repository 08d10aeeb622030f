"""A scenario made ready to run: its world, and the state that it opens in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import tanshi.plugins as plugins
from tanshi.agents.population import Population, build, firm_counts
from tanshi.equilibrium.province.province import Province
from tanshi.errors import Message
from tanshi.market.registry import Registry
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.together import refuse_several
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.weights import load, load_default, untrained
from tanshi.simulator.machine.memory import keep_memory
from tanshi.simulator.run.ahead.reference_path import first_known
from tanshi.simulator.run.credits import bargaining_prices
from tanshi.simulator.run.ground.annual import Baseline, carry
from tanshi.simulator.run.ground.economy import Economy, economy, province_of
from tanshi.simulator.run.ground.followed import Followed, baseline_of, follow
from tanshi.simulator.run.ground.margins import Spread
from tanshi.simulator.run.ground.plant_classes import PLANT, has_classes, part_firms, spread_of
from tanshi.simulator.run.ground.policy import Policy
from tanshi.simulator.run.ground.region import Region
from tanshi.simulator.run.ground.series import generated
from tanshi.simulator.run.ground.surroundings import surroundings_of
from tanshi.simulator.run.world import Announced, Calendar, EconomyState, MarketState, State, World

MANY_FIRMS = 50_000
"""From this number on arrays are so large that fetching their memory anew costs as much as the arithmetic."""

OPENING_VINTAGE = 2021
"""Vintage of the reserves that firms bring into the first year they trade."""


def begin(scenario: Scenario, drift: Flow | None = None) -> tuple[World, State]:
    """The world of a scenario and its state before the first period.

    Parameters
    ----------
    scenario : Scenario
    drift
        Flow, optional
        Another flow than the scenario's own, for training and tests.

    Raises
    ------
    EquilibriumError
        Naming the year in which the reference path has no equilibrium.
    """
    refuse_several(scenario)
    world, firms, policy = stand(scenario, drift)
    return world, opening(world, firms, policy, first_known(scenario, world.economy, policy))


def stand(
    scenario: Scenario, drift: Flow | None = None, *, shared: bool = False, of_market: int | None = None
) -> tuple[World, Population, Policy]:
    """The world of a scenario, its firms and its rules.

    Parameters
    ----------
    shared
        Whether firms of other provinces trade in its auctions.
    of_market
        Seed of a market of several provinces, by which what comes from beyond all of them is drawn; None in a market
        of one. The accounts of several may be of earlier years than the run's first.
    """
    region, flow = _region(scenario, carried=of_market is not None), drift
    baseline = baseline_of(scenario)
    followed = None
    if flow is None:
        flow = flow_of(scenario, region.province.sectors)
    if scenario.drift.input == "trajectories":
        followed = _follow(scenario, region, flow, baseline)
        if followed is not None:
            baseline, region = baseline_of(scenario, followed), replace(region, growth=followed.growing(region.growth))
        flow = Flow(untrained(region.province.sectors), "none")  # the network has said what it had to say
    traditional = scenario.market.mode == "equilibrium" and (scenario.drift.mode == "none" or followed is not None)
    periods_per_year = 1 if traditional else scenario.market.periods_per_year
    firms = _firms(scenario, region.economy)
    if len(firms) >= MANY_FIRMS:
        keep_memory()
    offsets = scenario.offsets.share > 0
    world = World(
        scenario=scenario,
        economies=(region,),
        flow=flow,
        periods_per_year=periods_per_year,
        adjustment_rate=None if traditional else scenario.coupling.adjustment_rate,
        firms=len(firms),
        bargaining=bargaining_prices(scenario, region.economy, firms) if offsets else None,
        surroundings=surroundings_of(scenario, region.province),
        followed=followed,
        shared=shared,
        of_market=of_market,
    )
    rules = Policy(scenario, baseline, annual=periods_per_year == 1)
    if world.agents_trade and has_classes(scenario, region.economy, rules):
        said = scenario.firms.intensity_sigma
        own = region.economy.firm_parameter("intensity_sigma")["ELEC"]
        within = np.full(len(PLANT), said) if said is not None else spread_of(region.economy, own)
        part_firms(firms, region.economy, rules, scenario.seed, within)
    outputs = firms.normalised(firms.output_share * firms.benchmark)
    power = firms.sector == region.province.sectors.index("ELEC")
    gas = power & (firms.kind == PLANT.index("GENG"))
    spread = Spread(firms.sector, firms.shares()[0], outputs, gas) if world.agents_trade else None
    policy = Policy(scenario, baseline, annual=periods_per_year == 1, spread=spread)
    for year in range(scenario.policy_start, scenario.years.end + 1):
        policy.tilts(year)  # a rule whose margin no economy can count is refused before anything is run
    return world, firms, policy


def flow_of(scenario: Scenario, sectors: tuple[str, ...]) -> Flow:
    """The drift that a scenario names, with its weights, for an economy with these sectors.

    Raises
    ------
    WeightsError
        Where the weights were trained for other sectors.
    """
    drift = scenario.drift
    if drift.mode == "none":
        return Flow(untrained(sectors), "none")
    if drift.mode not in plugins.BUILT_IN["drift"]:
        flow: Flow = plugins.load("drift", drift.mode)(scenario)
        return flow
    weights = load_default(sectors) if drift.weights is None else load(drift.weights, sectors)
    return Flow(weights, drift.mode, drift.on_blow_up)


def _follow(scenario: Scenario, region: Region, flow: Flow, baseline: Baseline) -> Followed | None:
    """The world without new policy that follows the drift's series; None in a run of the benchmark year alone."""
    if scenario.years.start == scenario.years.end:
        return None
    series = generated(scenario, flow, region.province, baseline)
    return follow(scenario.economy, scenario.closure, scenario.dynamics, series, scenario.figures)


def _region(scenario: Scenario, *, carried: bool = False) -> Region:
    """The economy of a scenario, compiled; ``carried`` where the run may begin later than its accounts."""
    built = economy(scenario.economy, scenario.figures)
    model, accounts = province_of(scenario)
    strangers = [s for s in scenario.carbon_tax.sectors if s not in model.taxable]
    if strangers:
        among = Message("sectors that emit: {sectors}", sectors=", ".join(model.taxable))
        found = Problem(among, ", ".join(strangers), field="carbon_tax.sectors")
        raise UserError("The economy '{name}' cannot tax a sector.", [found], name=scenario.economy)
    _check_border(scenario, model)
    growth = built.growth(scenario.dynamics, scenario.years.start, scenario.years.end, carried)
    return Region(built, model, accounts, growth)


def _check_border(scenario: Scenario, model: Province) -> None:
    goods = model.border.goods if model.border is not None else ()
    strangers = [s for s in scenario.border_adjustment.sectors if s not in goods]
    if strangers and model.border is not None:
        among = Message("goods that cross the border and whose makers emit: {goods}", goods=", ".join(goods))
        found = Problem(among, ", ".join(strangers), field="border_adjustment.sectors")
        raise UserError("The economy '{name}' cannot adjust a good at its border.", [found], name=scenario.economy)


def _firms(scenario: Scenario, home: Economy) -> Population:
    firms, parameter = scenario.firms, home.firm_parameter
    weights = parameter("number_weight")
    return build(
        firm_counts(firms.number, weights, minimum=min(2, max(1, firms.number // len(weights)))),
        scenario.seed,
        size_sigma=parameter("size_sigma") if firms.size_sigma is None else firms.size_sigma,
        intensity_sigma=parameter("intensity_sigma") if firms.intensity_sigma is None else firms.intensity_sigma,
        cost_sigma=parameter("cost_sigma") if firms.cost_sigma is None else firms.cost_sigma,
        discount_rate=firms.discount_rate,
        discount_sigma=firms.discount_sigma,
        belief_sigma=firms.belief_sigma,
        horizon=scenario.banking.horizon,
        horizon_spread=firms.horizon_spread,
        strategies=firms.strategies.as_dict(),
    )


def opening(w: World, firms: Population, policy: Policy, announced: Announced) -> State:
    """The state before the first period."""
    region, years, n = w.economy, w.scenario.years, len(firms)
    price, compiled = region.province.accounts.carbon_price, region.province.compiled
    effective = np.zeros(len(w.sectors))
    effective[w.sectors.index("ELEC")] = price
    parameters, start = carry(region.province, region.growth, region.economy.base_year, years.start)
    first = min(OPENING_VINTAGE, years.start - 1)  # what is in the bank at first is of the year before
    vintages = years.end - first + 1 + w.scenario.compliance.next_vintage  # the year after may lend to the last one
    market = MarketState(
        firms=firms,
        registry=Registry(
            w.accounts,
            first,
            vintages,
            w.scenario.market.lot,
            mirror=w.outside if w.shared else None,
            kinds=max(len(list(w.scenario.offsets.kinds.said())), 1),
        ),
        price=price,
        expected=price,
        carried=announced.star(float(years.start)),
        to_date=np.zeros(n),
        net_sold=np.zeros(w.accounts, np.int64),
        advances=np.zeros(n, np.int64),
        granted=np.zeros(n, np.int64),
        given=np.zeros(n, np.int64),
        made=np.zeros(n),
        verified=np.zeros(n, np.int64),
        late=np.zeros(n, np.bool_),
    )
    home = EconomyState(
        parameters=parameters,
        start=start,
        effective=effective,
        accrued=np.zeros(len(w.sectors)),
        january=effective.copy(),
        earned=np.zeros_like(effective),
        effective_tax=np.zeros(len(region.province.taxable)),
        flow_sum=np.zeros(compiled.n_leaves),
        decision_sum=np.zeros(compiled.n_leaves),
        x_sum=np.zeros(compiled.n),
        groups_sum=np.zeros((2, 0 if region.economy.groups is None else len(region.economy.groups.names))),
    )
    return State(Calendar(years.start), announced, market, (home,))
