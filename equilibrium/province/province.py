"""The province at work: regimes set on the compiled model, equilibria solved, physical accounts read off.

Money is in yi yuan, energy in Mtce, CO2 in Mt, prices of carbon in yuan/t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import (
    Compiled,
    EquilibriumError,
    Parameters,
    Solution,
    compile_model,
    solve,
    solve_by_steps,
)
from tanshi.equilibrium.engine.sensitivity import flow_response, response_to_price_bound
from tanshi.equilibrium.engine.structure import Array, Index
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.border import addresses
from tanshi.equilibrium.province.carbon import (
    PERMIT,
    PERMITS_USED,
    YUAN_PER_TONNE,
    emitting_flows,
    permit_of,
    sector_of,
    tax_of,
    used_of,
)
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.model import province_model
from tanshi.equilibrium.province.production import vintages
from tanshi.equilibrium.province.trade import FX, QUOTA, border, border_unit

TRACE = 1e-9
"""Part of the permits of a flow that is still asked for where none is, so that what they once cost is not forgotten."""


@dataclass(frozen=True)
class CarbonResponse:
    """Emissions of the coverable sectors and how they answer the carbon price.

    Attributes
    ----------
    price
        Carbon price, yuan/t.
    emissions
        Mt/yr, in the order of ``Province.sectors``.
    slope
        Mt/yr per yuan/t, same shape.
    allocation
        Mt/yr of permits given for output, same shape.
    allocation_slope
        Mt/yr per yuan/t of the permits given for output, same shape.
    change
        Change of every variable of the equilibrium per yuan/t.
    """

    price: float
    emissions: Array
    slope: Array
    allocation: Array
    allocation_slope: Array
    change: Array

    def at(self, price: float) -> CarbonResponse:
        """The same tangents read at another price, yuan/t."""
        step = price - self.price
        return replace(
            self,
            price=price,
            emissions=np.maximum(self.emissions + step * self.slope, 0.0),
            allocation=self.allocation + step * self.allocation_slope,
        )


@dataclass(frozen=True)
class Quota:
    """Address of one vintage's output-based quota.

    Attributes
    ----------
    earner, sector
        Which of ``Province.earners`` and ``Province.sectors`` the vintage belongs to.
    level
        Variable of the vintage's activity level.
    output
        Benchmark output at level 1, yi yuan.
    border_term
        -1 where the border price does not look at this vintage.
    """

    leaf: int
    earner: int
    sector: int
    level: int
    output: float
    permit_term: int
    border_term: int


class Province:
    """A province under one closure: the compiled model with the addresses that policies and growth change."""

    def __init__(self, accounts: Accounts, closure: Closure, numeraire: str = FX) -> None:
        self.accounts, self.closure, self.sectors = accounts, closure, accounts.coverable
        self.compiled: Compiled = compile_model(province_model(accounts, closure, numeraire))
        self.parts = vintages(accounts, closure)
        c = self.compiled
        self.permit_var = c.price_index[PERMIT]
        self.own = closure.own_quotas
        self.own_vars = {s: c.price_index[permit_of(s, self.own)] for s in self.own}
        self.permit_vars = {self.permit_var, *self.own_vars.values()}
        self.cap_term = int(np.flatnonzero(c.term_row == c.aux_index[PERMITS_USED])[0])
        self.border = addresses(c, accounts) if closure.border_adjusted else None
        self._emission_sources()
        self._quota_leaves()
        self._sources_of_permits()

    # -- addresses -----------------------------------------------------------------------------------------

    def _emission_sources(self) -> None:
        """Every vintage's emitting flows: leaf (-1: process), activity level, Mt CO2 per unit, permit."""
        c = self.compiled
        leaf, level, co2, sector, permit, owner, at_permit = [], [], [], [], [], [], []
        for flow in emitting_flows(self.accounts):
            for name, share in self.parts[flow.activity]:
                owner.append(flow.activity)
                permit.append(c.leaf_at[(name, "inputs", flow.permit)])
                at_permit.append((name, "inputs", flow.permit))
                sector.append(sector_of(flow.activity))
                level.append(c.activity_index[name])
                if flow.leaf is None:
                    leaf.append(-1)
                    co2.append(flow.co2 * share)
                else:
                    at = c.leaf_at[(name, "inputs", flow.leaf)]
                    leaf.append(at)
                    co2.append(flow.co2 * share / c.default.quantity[at])
        self.source_leaf, self.source_level = np.array(leaf), np.array(level)
        self.source_co2, self.source_sector = np.array(co2), np.array(sector)
        self.source_activity = np.array(owner)
        self.permit_leaf = np.array(permit)
        self.taxable = tuple(dict.fromkeys(str(s) for s in sector))
        self.source_place = np.array([self.taxable.index(str(s)) for s in sector])
        self.tax_leaf = np.array(
            [c.leaf_at[o, side, tax_of(a)] for o, side, a in at_permit] if self.closure.taxed else []
        )
        self.sector_index = np.array([self.sectors.index(s) if s in self.sectors else -1 for s in sector])
        self.coverable = np.flatnonzero(self.sector_index >= 0)
        self.coverable_sector = self.sector_index[self.coverable]
        self.coverable_leaf = self.permit_leaf[self.coverable]
        self.fuel_source = np.flatnonzero(self.source_leaf >= 0)

    def _quota_leaves(self) -> None:
        """Quotas given for output: leaf, who earns them, benchmark output at level 1, the terms that count them."""
        c = self.compiled
        permits = {c.activities[a]: i for i, a in self._level_terms(PERMITS_USED)}
        self.quotas: list[Quota] = []
        earners: list[str] = []
        for activity, names in self.parts.items():
            sector = sector_of(activity)
            for name, _ in names:
                at = c.leaf_at.get((name, "output", QUOTA))
                if at is None:
                    continue
                if activity not in earners:
                    earners.append(activity)
                border_name = border(self.accounts, sector)
                assert border_name is not None
                counted = {c.activities[a]: i for i, a in self._level_terms(border_name)}
                made = sum(
                    float(c.default.quantity[i])
                    for (o, side, address), i in c.leaf_at.items()
                    if o == name and side == "output" and address != QUOTA
                )
                place, who = self.sectors.index(sector), earners.index(activity)
                level = c.activity_index[name]
                self.quotas.append(Quota(at, who, place, level, made, permits[name], counted.get(name, -1)))
        self.earners = tuple(earners)
        self.earner_sector = np.array([self.sectors.index(sector_of(a)) for a in earners])
        self.border_unit = np.array([border_unit(self.accounts, s, self.closure) for s in self.sectors])
        self.quota_output = np.zeros(len(earners))
        for quota in self.quotas:
            self.quota_output[quota.earner] += quota.output
        self.quota_leaf, self.quota_earner, self.quota_sector, self.quota_permit, self.quota_border = (
            np.array([getattr(quota, name) for quota in self.quotas], np.int64)
            for name in ("leaf", "earner", "sector", "permit_term", "border_term")
        )
        self.quota_made = np.array([quota.output for quota in self.quotas])
        self.at_border = np.flatnonzero(self.quota_border >= 0)
        of_source = [self.earners.index(a) if a in self.earners else -1 for a in self.source_activity]
        self.earning_source = np.flatnonzero(np.array(of_source) >= 0)
        self.source_earner = np.array(of_source)[self.earning_source]

    def _level_terms(self, auxiliary: str) -> list[tuple[int, int]]:
        """Terms of an auxiliary equation whose atoms are an activity level, or that and the permit price."""
        c = self.compiled
        found = []
        for i in np.flatnonzero(c.term_row == c.aux_index[auxiliary]):
            atoms = [int(a) for a in c.term_atom[i] if a != c.one and a not in self.permit_vars]
            if len(atoms) == 1 and atoms[0] < c.level_slice.stop:
                found.append((int(i), atoms[0]))
        return found

    def _sources_of_permits(self) -> None:
        c = self.compiled
        self.owner_enterprises = c.endow_at[("ENT", PERMIT, PERMITS_USED)]
        self.owner_government = c.endow_at[("GOV", PERMIT, PERMITS_USED)]
        self.transfer_enterprises = c.endow_at[("ENT", FX, "")]
        self.transfer_households = c.endow_at[("HH", FX, "")]
        self.transfer_government = c.endow_at[("GOV", FX, "")]

    # -- regimes -------------------------------------------------------------------------------------------

    def parameters(self) -> Parameters:
        """A fresh copy of the benchmark's parameters, to be changed by the methods below."""
        return self.compiled.default.copy()

    def cover(self, p: Parameters, covered: Mapping[str, bool] | frozenset[str] | tuple[str, ...]) -> None:
        """Let the named sectors need permits, and no other.

        Raises
        ------
        ValueError
            for a sector that cannot be covered.
        """
        names = {s for s in covered if not isinstance(covered, Mapping) or covered[s]}
        unknown = sorted(names - set(self.sectors))
        if unknown:
            raise ValueError(f"sectors {', '.join(unknown)} cannot be covered; choose from {', '.join(self.sectors)}")
        needed = np.array([sector in names for sector in self.source_sector.tolist()])
        fuel = np.where(self.source_leaf >= 0, p.quantity[self.source_leaf], 1.0)
        whole = self.source_co2 * fuel
        self.ask_permits(p, self.permit_leaf, np.where(needed, whole, 0.0), whole)

    def ask_permits(self, p: Parameters, leaf: Index, asked: Array, whole: Array) -> None:
        """Set how many permits flows need, and leave the point alone from which techniques depart.

        A nest is calibrated to values: what a permit cost in the benchmark, or in the year in which plant was built,
        stays in it when fewer are asked for, or none (a trace then keeps its value).
        """
        value = p.quantity[leaf] * p.reference[leaf]
        known = np.real(value) > 0
        kept = np.where(known & (np.real(asked) < TRACE * np.real(whole)), TRACE * whole, asked)
        moved = known & (kept != p.quantity[leaf])
        p.reference[leaf] = np.where(moved, value / np.where(moved, kept, 1.0), p.reference[leaf])
        p.quantity[leaf] = kept

    def give_quotas(self, p: Parameters, rates: Array, *, absolute: bool | NDArray[np.bool_]) -> None:
        """Give permits for output: ``rates`` Mt per benchmark year's output of each of ``earners``.

        Under an absolute cap the quotas come out of the cap; under a performance standard they are the cap. Either may
        hold for each earner by itself.
        """
        out_of_cap = np.broadcast_to(absolute, (len(self.earners),))
        if rates.shape != (len(self.earners),):
            raise ValueError(f"{len(self.earners)} rates are needed, one for each of {', '.join(self.earners)}")
        each = self.quota_earner
        sizes = rates[each] * self.quota_made / self.quota_output[each]
        p.quantity[self.quota_leaf] = sizes
        p.coefficient[self.quota_permit] = np.where(out_of_cap[each], -sizes, 0.0)
        passed_on = self.closure.border_pass_through * self.border_unit[self.quota_sector] * sizes
        p.coefficient[self.quota_border[self.at_border]] = passed_on[self.at_border]
        if self.border is not None:
            for quota, size in zip(self.quotas, sizes, strict=True):
                if quota.level in self.border.quotas:
                    p.coefficient[self.border.quotas[quota.level]] = size

    def return_tonnes(self, p: Parameters, shares: Array) -> None:
        """Give permits for emissions: ``shares`` is dA/dE of each of ``earners``; a tonne then costs p (1 - dA/dE).

        With ``give_quotas``, from which a unit of output earns p dA/dQ, this is the margin of any rule of allocation.
        It holds until ``cover`` says anew who needs permits. What is returned is not counted under an absolute cap,
        whose tonnes are given once.

        Raises
        ------
        ValueError
            For shares above one, with which a tonne more would pay, or below minus one.
        """
        if shares.shape != (len(self.earners),) or not ((shares >= -1.0) & (shares <= 1.0)).all():
            raise ValueError(f"shares from -1 to 1 are needed, one for each of {', '.join(self.earners)}; got {shares}")
        at = self.permit_leaf[self.earning_source]
        whole = p.quantity[at].copy()
        self.ask_permits(p, at, whole * (1.0 - shares[self.source_earner]), whole)

    def benchmark_quotas(self, p: Parameters) -> None:
        """Give what the benchmark's policy gives for output, out of its cap: nothing, where it gave lump sums."""
        for quota in self.quotas:
            p.quantity[quota.leaf] = self.compiled.default.quantity[quota.leaf]
            p.coefficient[quota.permit_term] = -p.quantity[quota.leaf]
            if self.border is not None and quota.level in self.border.quotas:
                p.coefficient[self.border.quotas[quota.level]] = p.quantity[quota.leaf]
            if quota.border_term >= 0:
                p.coefficient[quota.border_term] = self.compiled.default.coefficient[quota.border_term]

    def hold_price(self, p: Parameters, price: float) -> None:
        """Hold the carbon price at ``price`` yuan/t; permits used adjust."""
        p.lower[self.permit_var] = p.upper[self.permit_var] = price * YUAN_PER_TONNE

    def cap_emissions(self, p: Parameters, cap: float, floor: float = 0.0, ceiling: float | None = None) -> None:
        """Cap covered emissions (less output-based quotas), Mt/yr; the price moves within its bounds."""
        if cap < 0:
            raise ValueError(f"a cap of {cap:g} Mt is negative")
        if ceiling is not None and ceiling < floor:
            raise ValueError(f"price ceiling {ceiling:g} below price floor {floor:g}")
        p.coefficient[self.cap_term] = cap
        p.lower[self.permit_var] = floor * YUAN_PER_TONNE
        p.upper[self.permit_var] = inf if ceiling is None else ceiling * YUAN_PER_TONNE

    def own_quota(self, p: Parameters, sector: str, quota: float | None, ceiling: float = inf) -> None:
        """Bind a sector with a permit of its own to ``quota`` Mt/yr, at a shadow price up to ``ceiling`` yuan/t.

        None frees it: nothing is asked for and the price is zero.
        """
        c = self.compiled
        term = int(np.flatnonzero(c.term_row == c.aux_index[used_of(sector)])[0])
        variable = self.own_vars[sector]
        p.coefficient[term] = 0.0 if quota is None else quota
        p.lower[variable] = 0.0
        p.upper[variable] = 0.0 if quota is None else ceiling * YUAN_PER_TONNE

    def own_prices(self, solution: Solution) -> dict[str, float]:
        """Shadow prices of the sectors with permits of their own, yuan/t."""
        return {s: float(solution.x[i]) / YUAN_PER_TONNE for s, i in self.own_vars.items()}

    def auction(self, p: Parameters, share: float) -> None:
        """Give the value of permits to government (``share``) and to enterprises (the rest)."""
        p.endowment[self.owner_government] = share
        p.endowment[self.owner_enterprises] = 1.0 - share

    def paying_forest_owners(self, p: Parameters, amount: float) -> Parameters:
        """Parameters under which enterprises pay households, who own the forests, ``amount`` yi yuan/yr for credits.

        ``p`` itself stays, so that what grows from year to year does not grow by a year's payment.
        """
        if amount == 0.0:
            return p
        q = p.copy()
        q.endowment[self.transfer_enterprises] -= amount
        q.endowment[self.transfer_households] += amount
        return q

    def supporting(self, p: Parameters, amount: float) -> Parameters:
        """Parameters under which government pays enterprises ``amount`` yi yuan/yr; ``p`` itself stays."""
        q, at = p.copy(), [self.transfer_government, self.transfer_enterprises]
        q.endowment[at] += np.array([-amount, amount])
        return q

    def paying_outside(self, p: Parameters, amount: float) -> Parameters:
        """Parameters under which ``amount`` yi yuan/yr leave the province for permits bought outside it.

        Who owns permits is paid for all that are used, bought ones as well: the owners pay the amount on, in the
        parts in which they own permits. It is a transfer to the rest of the country, which the balance of trade has to
        earn. Below zero it comes in. ``p`` itself stays.
        """
        if amount == 0.0:
            return p
        q, public = p.copy(), float(p.endowment[self.owner_government])
        q.endowment[self.transfer_enterprises] -= (1.0 - public) * amount
        q.endowment[self.transfer_government] -= public * amount
        return q

    def adjust(self, p: Parameters, weight: float, last: Array) -> None:
        """Let choices follow ``weight`` x price + (1 - weight) x ``last`` (yuan/t, by coverable sector)."""
        p.alpha[self.coverable_leaf] = weight
        p.beta[self.coverable_leaf] = (1 - weight) * last[self.coverable_sector] * YUAN_PER_TONNE

    # -- solving -------------------------------------------------------------------------------------------

    def solve(
        self, p: Parameters, start: Array | None = None, tolerance: float = 1e-10, near: Solution | None = None
    ) -> Solution:
        """Solve, by homotopy from the benchmark if the direct way fails; ``near`` as in the engine's ``solve``.

        Raises
        ------
        EquilibriumError
            naming the worst equation.
        """
        try:
            return solve(self.compiled, p, start, tolerance=tolerance, near=near, corners=False)
        except EquilibriumError:
            return solve_by_steps(self.compiled, p, tolerance=tolerance, corners=False)

    # -- readings ------------------------------------------------------------------------------------------

    def emissions(self, solution: Solution) -> dict[str, float]:
        """CO2 by sector of the carbon market and by other sector, production only, Mt/yr."""
        amounts = self._source_emissions(solution.state.flow, solution.x)
        return {str(s): float(amounts[self.source_sector == s].sum()) for s in dict.fromkeys(self.source_sector)}

    def _source_emissions(self, flow: Array, levels: Array) -> Array:
        """Mt by source, of flows and levels or of their changes."""
        amounts = levels[self.source_level]
        amounts[self.fuel_source] = flow[self.source_leaf[self.fuel_source]]
        return np.asarray(amounts * self.source_co2)

    def _by_sector(self, flow: Array, levels: Array) -> Array:
        """Mt by sector of the carbon market."""
        amounts = self._source_emissions(flow, levels)[self.coverable]
        return np.asarray(np.bincount(self.coverable_sector, amounts, len(self.sectors)), np.float64)

    def earned_on(self, flow: Array, levels: Array) -> tuple[Array, Array]:
        """Emissions (Mt/yr) and output (1 in the benchmark) of each of ``earners``: what a benchmark is a ratio of."""
        amounts = self._source_emissions(flow, levels)[self.earning_source]
        made = np.zeros(len(self.earners))
        for quota in self.quotas:
            made[quota.earner] += levels[quota.level] * quota.output / self.quota_output[quota.earner]
        return np.bincount(self.source_earner, amounts, len(self.earners)).astype(np.float64), made

    def coverable_emissions(self, solution: Solution) -> Array:
        """Emissions of the coverable sectors, Mt/yr."""
        return self._by_sector(solution.state.flow, solution.x)

    def coverable_change(self, flow: Array, levels: Array) -> Array:
        """Change of the coverable sectors' emissions, Mt/yr, for changes of all flows and of all variables."""
        return self._by_sector(flow, levels)

    def response(self, solution: Solution, returned: Array | None = None) -> CarbonResponse:
        """Emissions and their slope at the price the solution was held at.

        Parameters
        ----------
        returned
            dA/dE of each of ``earners``, where ``return_tonnes`` gave permits for emissions.
        """
        dx = response_to_price_bound(solution, PERMIT) * YUAN_PER_TONNE
        flow, dflow = solution.state.flow, flow_response(solution, dx)
        emissions, slope = self._by_sector(flow, solution.x), self._by_sector(dflow, dx)
        allocation, more = self.granted(flow, solution.x, returned), self.granted(dflow, dx, returned)
        price = float(solution.x[self.permit_var]) / YUAN_PER_TONNE
        return CarbonResponse(price, emissions, slope, allocation, more, dx)

    def granted(self, flow: Array, levels: Array, returned: Array | None = None) -> Array:
        """Permits that output and emissions bring each sector, Mt/yr, of flows and levels or of their changes."""
        total: Array = np.bincount(self.quota_sector, flow[self.quota_leaf], len(self.sectors)).astype(np.float64)
        if returned is not None:
            back = self._source_emissions(flow, levels)[self.earning_source] * returned[self.source_earner]
            return total + np.bincount(self.earner_sector[self.source_earner], back, len(self.sectors))
        return total
