"""What an expert checks first, for any province and closure, each with its figure, its limit and what is worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tanshi.equilibrium.engine import EquilibriumError, ModelError, Parameters, Solution
from tanshi.equilibrium.engine import checks as engine
from tanshi.equilibrium.engine.checks import Check
from tanshi.equilibrium.engine.evaluate import Evaluator
from tanshi.equilibrium.province.accounts import BALANCE_TOLERANCE, Accounts
from tanshi.equilibrium.province.carbon import PERMIT, PERMITS_USED, YUAN_PER_TONNE, used_of
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.dynamics import Growth, advance
from tanshi.equilibrium.province.national import nominal_gdp
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import total
from tanshi.equilibrium.province.trade import sloped
from tanshi.errors import Message

PRICES = (0.0, 55.0, 100.0, 184.0)  # yuan/t
GROWTH, YEARS = 0.04, 8
STEP, IDLE = 0.02, 1e-9  # yuan/t between prices whose emissions are compared; a level or rent that counts as nothing
FOUNDATIONS = (Message("every unknown has an equation of its own"), Message("benchmark replicates at zero iterations"))


def check_province(accounts: Accounts, closure: Closure) -> Iterator[Check]:
    """All checks, one after the other; a model that cannot even be solved fails its check by name."""
    yield balanced(accounts)
    try:
        model = Province(accounts, closure)
    except (ModelError, ValueError) as error:
        yield Check(Message("the model is well formed"), np.nan, 0.0, str(error))
        return
    checks: tuple[tuple[str, Callable[[Province], Check]], ...] = (
        (FOUNDATIONS[0], lambda m: engine.square(m.compiled)),
        (FOUNDATIONS[1], lambda m: engine.benchmark(m.compiled)),
        (Message("energy and CO2 of the benchmark"), physical_controls),
        (Message("Jacobian against the complex step"), exact_jacobian),
        (Message("every tonne of by-product gas has a place"), gas_places),
        (Message("emissions add up to the permits that are used"), tonnes),
        (Message("Walras' law on every solve"), walras),
        (Message("every account receives what it pays"), money),
        (Message("GDP from three sides"), gdp),
        (Message("homogeneity: LAB instead of FX as numeraire"), homogeneity),
        (Message("tax at the permit price gives the capped emissions"), tax_equals_cap),
        (Message("a slack cap has a price of zero (yuan/t)"), slack_cap),
        (Message("emissions of a standard equal what output earns"), standard),
        (Message("slope of emissions against differences"), slope),
        (Message("balanced growth over {years} years", years=YEARS), balanced_growth),
        (Message("energy efficiency identity"), efficiency),
    )
    for name, check in checks:
        try:
            found = check(model)
        except (EquilibriumError, ModelError, ValueError, np.linalg.LinAlgError) as error:
            found = Check(name, np.nan, 0.0, str(error))
        yield Check(name, found.figure, found.limit, found.detail)
        if name in FOUNDATIONS and not found.passed:
            yield Check(
                Message("all other checks"), np.nan, 0.0, Message("not asked, since this fails: {name}", name=name)
            )
            return


def balanced(accounts: Accounts) -> Check:
    """Every account of the SAM receives what it pays, whatever its size."""
    receipts, payments = accounts.sam.to_numpy(dtype=float).sum(axis=1), accounts.sam.to_numpy(dtype=float).sum(axis=0)
    size = np.maximum(np.abs(receipts), np.abs(payments))
    gap = np.abs(receipts - payments) / np.where(size > 0, size, 1.0)
    order = np.argsort(-gap)
    worst = [str(accounts.sam.index[i]) for i in order if gap[i] > BALANCE_TOLERANCE or i == order[0]]
    detail = Message("accounts {names}", names=", ".join(worst))
    return Check(Message("every account of the SAM balances"), float(gap.max()), BALANCE_TOLERANCE, detail)


def physical_controls(model: Province) -> Check:
    """Energy consumption and CO2 of the benchmark are those of the energy balance."""
    accounts = model.accounts
    reader, s = PhysicalAccounts(model), model.solve(model.parameters())
    flows = Flows(s.state.flow, s.x)
    energy, co2 = reader.energy(flows)["total"], sum(reader.emissions(flows).values())
    counted = total(accounts.fuel["co2_mt"]) + total(accounts.process_co2)
    gaps = (abs(energy / accounts.physical["energy_consumption_mtce"] - 1), abs(co2 / counted - 1))
    return Check("", max(gaps), 1e-9, Message("{energy:.1f} Mtce, {co2:.1f} Mt", energy=energy, co2=co2))


def exact_jacobian(model: Province) -> Check:
    """At a random point, with every sector covered, quotas and sluggish choices."""
    rng = np.random.default_rng(1)
    p = model.parameters()
    model.cover(p, model.sectors)
    model.give_quotas(p, rng.uniform(0.5, 2.0, len(model.earners)), absolute=True)
    model.adjust(p, 0.5, rng.uniform(20, 90, len(model.sectors)))
    x = model.compiled.start * np.exp(0.1 * rng.standard_normal(model.compiled.n))
    x[model.compiled.start == 0] = 0.1
    return engine.exact_jacobian(model.compiled, p, x)


def _at_price(model: Province, price: float, tolerance: float = 1e-11) -> Solution:
    p = model.parameters()
    model.cover(p, model.sectors)
    _lump_sums(model, p)
    model.hold_price(p, price)
    return model.solve(p, tolerance=tolerance)


def _lump_sums(model: Province, p: Parameters) -> None:
    """No permits for output, whatever the benchmark's policy gave."""
    model.give_quotas(p, np.zeros(len(model.earners)), absolute=False)


def _price(yuan: float) -> Message:
    return Message("{price:,g} yuan/t", price=yuan)


def _worst(found: list[tuple[Check, str]]) -> Check:
    check, case = max(found, key=lambda pair: pair[0].figure)
    return Check(check.name, check.figure, check.limit, Message("{worst} at {case}", worst=check.detail, case=case))


def _largest(gaps: Mapping[Message, float], limit: float) -> Check:
    worst = max(gaps, key=lambda case: gaps[case])
    return Check("", gaps[worst], limit, worst)


def gas_places(model: Province) -> Check:
    """By-product gas is burnt on its site or in power, or flared: never more than is made, by nobody else."""
    accounts, found = PhysicalAccounts(model), []
    for price in PRICES:
        s = _at_price(model, price)
        gas = accounts.by_product_gas(Flows(s.state.flow, s.x))
        found.append(
            (
                max(-gas["flared"], 0.0) / gas["made"],
                Message(
                    "{flared:.2f} of {made:.1f} Mtce flared at {price:g} yuan/t",
                    flared=gas["flared"],
                    made=gas["made"],
                    price=price,
                ),
            )
        )
    worst, case = max(found)
    return Check("", worst, 1e-9, case)


def walras(model: Province) -> Check:
    """The market left out clears at every carbon price."""
    return _worst([(engine.walras(_at_price(model, p)), _price(p)) for p in PRICES])


def tonnes(model: Province) -> Check:
    """What sectors emit by their fuels and processes is what clears the markets of permits, at every carbon price."""
    reader, gaps = PhysicalAccounts(model), {}
    for price in PRICES:
        s = _at_price(model, price)
        emitted = reader.emissions(Flows(s.state.flow, s.x))
        counted = sum(emitted[sector] for sector in model.sectors)
        cleared = s.auxiliary[PERMITS_USED] + sum(s.auxiliary[used_of(sector)] for sector in model.own)
        shown = Message("{part:.1f} of {whole:.1f} Mt", part=cleared, whole=sum(emitted.values()))
        gaps[Message("{worst} at {case}", worst=shown, case=_price(price))] = abs(cleared / counted - 1)
    return _largest(gaps, 1e-9)


def money(model: Province) -> Check:
    """Every yuan has a payer and a receiver at every carbon price."""
    return _worst([(engine.every_payment_is_received(_at_price(model, p)), _price(p)) for p in PRICES])


def gdp(model: Province) -> Check:
    """Expenditure, production and income are one number."""
    reader, gaps = PhysicalAccounts(model), {}
    for price in PRICES:
        sides = nominal_gdp(reader, _at_price(model, price))
        for side, called in (("production", Message("by production")), ("income", Message("by income"))):
            gaps[Message("{worst} at {case}", worst=called, case=_price(price))] = abs(
                sides[side] / sides["expenditure"] - 1
            )
    return _largest(gaps, 1e-9)


def homogeneity(model: Province) -> Check:
    """In units of wages every real result is the same, the carbon price being restated."""
    other = Province(model.accounts, model.closure, "LAB")
    one = _at_price(model, 120.0, 1e-12)
    two = _at_price(other, 120.0 / one.price["LAB"], 1e-12)
    size = np.maximum(np.abs(one.state.flow), 1e-6 * np.abs(one.state.flow).max())
    gap = np.abs(two.state.flow - one.state.flow) / size
    worst = int(gap.argmax())
    owner, _, leaf = next(key for key, at in model.compiled.leaf_at.items() if at == worst)
    return Check("", float(gap.max()), 1e-8, Message("'{leaf}' of '{owner}'", leaf=leaf, owner=owner))


def _traded(model: Province, solution: Solution) -> float:
    """Emissions of the sectors that share the one permit, Mt; a sector with a permit of its own is not among them."""
    emitted = model.emissions(solution)
    return sum(emitted[sector] for sector in model.sectors if sector not in model.own)


def _cap(model: Province, share: float) -> tuple[Parameters, float]:
    free = _traded(model, _at_price(model, 0.0))
    p = model.parameters()
    model.cover(p, model.sectors)
    _lump_sums(model, p)
    model.cap_emissions(p, share * free)
    return p, share * free


def tax_equals_cap(model: Province) -> Check:
    """The price that a cap finds, held as a tax, gives back the cap."""
    gaps = {}
    for share in (0.95, 0.85, 0.7):
        p, cap = _cap(model, share)
        price = model.solve(p, tolerance=1e-11).price[PERMIT] / YUAN_PER_TONNE
        gaps[_price(round(price, 1))] = abs(_traded(model, _at_price(model, price)) / cap - 1)
    return _largest(gaps, 1e-8)


def slack_cap(model: Province) -> Check:
    """A cap above what is emitted for nothing costs nothing."""
    p, cap = _cap(model, 1.05)
    return Check("", model.solve(p).price[PERMIT] / YUAN_PER_TONNE, 1e-6, Message("cap {cap:.0f} Mt", cap=cap))


def standard(model: Province) -> Check:
    """Under a tradable performance standard emissions are what output earns, no more and no less."""
    p = model.parameters()
    model.cover(p, model.sectors)
    free = _at_price(model, 0.0)
    emissions, made = model.earned_on(free.state.flow, free.x)
    trades = np.array([model.sectors[place] not in model.own for place in model.earner_sector])
    model.give_quotas(p, np.where(trades, 0.9 * emissions / made, 0.0), absolute=False)
    model.cap_emissions(p, 0.0)
    s = model.solve(p)
    emitted = _traded(model, s)
    earned = sum(float(s.state.flow[quota.leaf]) for quota in model.quotas)
    price = s.price[PERMIT] / YUAN_PER_TONNE
    return Check("", abs(earned / emitted - 1), 1e-8, _price(round(price, 1)))


def slope(model: Province) -> Check:
    """The implicit derivative of every sector's emissions by the price against differences of fourth order.

    Where slopes pass through zero central ones are not exact enough. Where plant starts or fills up between the ends
    there is no derivative to compare, and a price beside it is asked.
    """
    gaps = {}
    for price in PRICES[1:]:
        for beside in (0.0, 1.0, 2.0):
            ends = [_at_price(model, price + beside + d * STEP, 1e-13) for d in (-2, -1, 1, 2)]
            if np.array_equal(ends[0].x > IDLE, ends[-1].x > IDLE):
                break
        found = model.response(_at_price(model, price + beside, 1e-13)).slope
        low, below, above, high = (model.response(s).emissions for s in ends)
        quotient = (8.0 * (above - below) - (high - low)) / (12.0 * STEP)
        gap = np.abs(found - quotient) / np.maximum(np.abs(quotient), 1e-3 * np.abs(quotient).max())
        steepest = model.sectors[int(gap.argmax())]
        gaps[Message("{worst} at {case}", worst=steepest, case=_price(price + beside))] = float(gap.max())
    return _largest(gaps, 1e-6)


def balanced_growth(model: Province) -> Check:
    """Everything exogenous grows alike: prices stay, real demand grows at that rate."""
    g = GROWTH
    growth = Growth(
        labour=g,
        benchmark_capital_growth=g,
        public=g,
        external=g,
        lines=g,
        resources=g,
        capacity=g,
        outside=dict.fromkeys(sloped(model.accounts, model.closure), g),
    )
    p, gaps = model.parameters(), {}
    first = s = model.solve(p, tolerance=1e-12)
    prices = model.compiled.price_slice
    for year in range(YEARS + 1):
        s = model.solve(p, s.x, tolerance=1e-12)
        apart = np.abs(s.x[prices] - first.x[prices])
        real = np.abs(s.state.real / ((1 + g) ** year * first.state.real) - 1)
        good, who = model.compiled.commodities[int(apart.argmax())], model.compiled.consumers[int(real.argmax())]
        gaps[Message("price of '{name}', year {year}", name=good, year=year)] = float(apart.max())
        gaps[Message("demand of '{name}', year {year}", name=who, year=year)] = float(real.max())
        p = advance(model, p, Flows(s.state.flow, s.x), s, growth, year)
    return _largest(gaps, 1e-8)


def efficiency(model: Province) -> Check:
    """Efficiency 1 + g multiplies energy per output by (1 + g)^(sigma - 1) (c'/c)^sigma at given prices.

    Asked of every activity whose body is all of its cost (no resource beside it).
    """
    c, g, gaps = model.compiled, 0.05, {}
    p = model.parameters()
    nodes = {owner: node for (owner, side, name), node in c.node_at.items() if (side, name) == ("inputs", "energy")}
    for node in nodes.values():
        p.augment[node] *= 1 + g
    before, after = Evaluator(c, c.default).state(c.start), Evaluator(c, p).state(c.start)
    for owner, node in nodes.items():
        if (owner, "inputs", "resource") in c.node_at:
            continue
        body = c.node_at[(owner, "inputs", "body")]
        cost = float(np.exp(after.log_item[c.n_leaves + body] - before.log_item[c.n_leaves + body]))
        sigma = float(p.sigma[body])
        within = np.flatnonzero((c.path == node).any(axis=1) & (c.default.quantity > 0))
        ratio = after.quantity[within] / before.quantity[within]
        gap = np.abs(ratio / ((1 + g) ** (sigma - 1) * cost**sigma) - 1)
        gaps[Message("activity '{name}'", name=owner)] = float(gap.max())
    return _largest(gaps, 1e-10)
