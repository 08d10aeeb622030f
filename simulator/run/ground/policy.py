"""A scenario's rules in the terms of the economy and the market: who is covered, how many allowances there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.border import adjust
from tanshi.equilibrium.province.classes import HEAT, is_generation
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.taxes import set_tax
from tanshi.errors import TanshiError
from tanshi.market.new_entrants import EntrantsReserve
from tanshi.numerics.units import TONNES
from tanshi.scenarios.cap import Amount
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sectors import BY_RATE
from tanshi.simulator.run.ground.annual import Baseline
from tanshi.simulator.run.ground.margins import PLAIN, Spread, Tilt, gas_apart, refuse_to_pay, tilt, topped_up
from tanshi.simulator.run.ground.strangers import CLASS_OF, refuse_strangers

Array = NDArray[np.float64]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Policy:
    """The rules of one scenario."""

    scenario: Scenario
    baseline: Baseline
    shocked: bool = False
    """Whether the scenario's mid-year shock has been announced."""
    annual: bool = False
    """Whether there is one period a year: a cut is averaged over its year then, and sectors enter with the next."""
    spread: Spread | None = field(default=None, repr=False, compare=False)
    """How firms differ, where there are any: limits hold for each."""
    parts: Mapping[int, float] = field(default_factory=dict, repr=False, compare=False)
    """By year, the province's part of a market of several: of what is said in tonnes for all of them."""
    _known: dict[tuple[str, int], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _further: list[Policy] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse sectors and classes of plant that the economy does not have."""
        refuse_strangers(self.scenario, self.baseline)

    def kinds(self, year: int) -> dict[str, str]:
        """Coverage by sector: before the policy starts power trades, as in the benchmark; not to be written to."""
        return self.once("kinds", year, lambda: self._kinds_of(year))

    def _kinds_of(self, year: int) -> dict[str, str]:
        told = self.scenario.statuses(year) if self.started(year) else {"ELEC": "trading"}
        kinds: dict[str, str] = {s: told.get(s, "none") for s in self.baseline.sectors}
        averaged = self.annual and year == self.scenario.shock.year
        if self.started(year) and self.after_shock(year) and not averaged:
            kinds |= dict.fromkeys(self.scenario.shock.sectors, "trading")
        return kinds

    def after_shock(self, year: int) -> bool:
        """Whether the shock is known and holds in at least a part of the year."""
        shock = self.scenario.shock
        return self.shocked and shock.year is not None and year >= shock.year

    def trading(self, year: int) -> tuple[str, ...]:
        """Sectors that must surrender, and trade."""
        return tuple(s for s, kind in self.kinds(year).items() if kind == "trading")

    def binding(self, year: int) -> tuple[str, ...]:
        """Sectors that keep to free quotas of their own, without trade."""
        if not self.scenario.allocation.binding:
            return ()
        return tuple(s for s, kind in self.kinds(year).items() if kind == "allocated")

    def mask(self, year: int) -> NDArray[np.bool_]:
        """Trading sectors as a mask in the order of the baseline's sectors; not to be written to, since it is kept."""
        return self._once("trading", year, lambda: [self.kinds(year)[s] == "trading" for s in self.baseline.sectors])

    def caps(self, year: int, *, whole: bool = False) -> Array:
        """Allowances of the year by sector, Mt: (1 - mu) of the frozen baseline; zero for uncovered sectors.

        Without what is set aside for new entrants. Not to be written to, since it is kept.

        Parameters
        ----------
        whole
            In the year of a shock, as if it had held from January: the rate at which allowances now come.
        """
        here = "caps whole" if whole else "caps"
        return self._once(here, year, lambda: self._caps_of(year, whole) * (1.0 - self.part_aside(year)))

    def part_aside(self, year: int) -> Array:
        """Part of each sector's cap that is set aside for new entrants: of tonnes that trade, (8,)."""
        share = self.scenario.new_entrants.share_of(year) if self.started(year) else 0.0
        return np.where(self.mask(year) & ~self.by_rate(year), share, 0.0)

    def set_aside(self, year: int) -> Array:
        """What of the year's caps is set aside for new entrants, (8,) Mt."""
        return np.asarray(self._caps_of(year, whole=True) * self.part_aside(year))

    def whole_cap(self, year: int) -> float:
        """Allowances of all that trade in a year, what is set aside for new entrants among them, Mt."""
        return float((self.caps(year, whole=True) + self.set_aside(year))[self.mask(year)].sum())

    def _caps_of(self, year: int, whole: bool) -> Array:
        kinds = self.kinds(year)
        covered = np.array([kinds[s] != "none" for s in self.baseline.sectors])
        rate = self.by_rate(year)
        caps = np.zeros(len(self.baseline.sectors))
        if rate.any():
            caps = np.where(covered & rate, self._of_sectors(self._wanted(year)), 0.0)
        if (covered & ~rate).any():
            caps = np.where(covered & ~rate, self._absolute(year, covered & ~rate), caps)
        if not self.after_shock(year):
            return caps
        shock = self.scenario.shock
        part = 1.0 if whole or year != shock.year else self.part_after_shock
        new = np.array([s in shock.sectors for s in self.baseline.sectors])
        return np.asarray(caps * np.where(new, part * (1.0 - shock.cap_cut), 1.0 - part * shock.cap_cut))

    def _absolute(self, year: int, covered: NDArray[np.bool_]) -> Array:
        """Allowances of a year in tonnes, Mt by sector: its own cap where it has one, else its part of the whole."""
        amount, base = self._amount(year), self.baseline.at(year)
        if amount.unit == "share":
            return np.asarray(self._shares(year) * self._measured(year))
        own = np.array([self._own(sector, year, np.nan) for sector in self.baseline.sectors])
        given = covered & ~np.isnan(own)
        rest = np.where(covered & ~given, base, 0.0)
        left = max(amount.value - float(own[given].sum()), 0.0)
        return np.where(given, own, left * rest / rest.sum() if rest.sum() > 0 else 0.0)

    def _amount(self, year: int) -> Amount:
        if not self.started(year):
            return Amount(1.0, "share")
        amount = self.scenario.cap.amount(year, self.scenario.policy_start)
        if amount is None:  # refused when the scenario was read, unless it is beyond what was checked
            raise TanshiError("the cap of {year} is not said", year=year)
        return amount

    def _own(self, sector: str, year: int, otherwise: float) -> float:
        cap, start = self.scenario.cap, self.scenario.policy_start
        own = cap.of_sector(sector, year, start) if self.started(year) else None
        return otherwise if own is None else own

    def _shares(self, year: int) -> Array:
        """Caps as fractions of what they are measured on, by sector."""
        common = self._amount(year).value
        return np.array([self._own(sector, year, common) for sector in self.baseline.sectors])

    def _measured(self, year: int) -> Array:
        """Emissions that a year's cap is a fraction of, Mt by sector: the frozen baseline's of that year or another."""
        other = self.scenario.cap.of_year
        return self.baseline.at(other if other is not None and self.started(year) else year)

    def _wanted(self, year: int) -> Array:
        """Allowances at the frozen baseline's output of each activity that earns them, Mt.

        The baseline's own emissions of the year times the cap's share of them; under a standard, where the scenario
        names the benchmark of a class or of its sector, that part of what the class emitted per output in the
        benchmark year. Pooled, thermal power without heat shares them by kWh.
        """
        base, named = self.baseline, self.scenario.allocation.benchmarks
        emissions, made = base.earning(year)
        other, rate, amount = self.scenario.cap.of_year, self.by_rate(year), self._amount(year)
        if not rate.any():
            return np.asarray(amount.value * emissions if amount.unit == "share" else emissions)
        whole = self.by_emissions(year)  # around what is emitted
        common = amount.value if amount.unit == "share" else 1.0
        apart = np.array([self._own(s, year, common) for s in self.baseline.sectors])
        shares = np.where(whole, 1.0, np.where(rate, apart, common))[self.baseline.earners]
        if other is not None:
            before, then = base.earning(other)
            emissions = np.divide(before, then, out=np.zeros_like(then), where=then > 0) * made
        wanted = np.asarray(shares * emissions)
        since = year - self.scenario.policy_start
        for i, (activity, place) in enumerate(zip(base.activities, base.earners, strict=True)):
            if not rate[place]:
                continue
            own = self._benchmark(self.baseline.sectors[place], activity, year, since)
            if own is not None:
                wanted[i] = own * base.earning_emissions[0][i] * made[i]
        if named.pooled:
            power = np.where(np.array([is_generation(a) and a != HEAT for a in base.activities]), base.twh * made, 0.0)
            wanted = np.where(power > 0, wanted[power > 0].sum() * power / power.sum(), wanted)
        return wanted

    def _benchmark(self, sector: str, activity: str, year: int, since: int) -> float | None:
        """Benchmark of an activity as part of the benchmark year's emissions per output; None where none is said."""
        rules, named = self.scenario.sectors[sector], self.scenario.allocation.benchmarks
        kind = CLASS_OF.get(activity)
        path = getattr(self.scenario.sectors.ELEC.classes, kind) if kind is not None else None
        for said in (path, rules.benchmark):
            if said is not None and (value := said.at(year)) is not None:
                return float(value)
        own = named.at(kind, since) if kind is not None else None
        return named.at(sector, since) if own is None else own

    def _of_sectors(self, amounts: Array) -> Array:
        """Sums by sector of amounts of those who can earn quotas."""
        return np.bincount(self.baseline.earners, amounts, len(self.baseline.sectors)).astype(np.float64)

    def rates(self, year: int) -> Array:
        """Allowances for output, Mt per benchmark year's output of each activity that earns them.

        A cap of all of the frozen baseline is a standard that is not tightened: whoever emits per output what the
        baseline does in that year needs no allowance, whatever is demanded and however much clean power there is.
        Not to be written to, since it is kept.
        """
        return self._once("rates", year, lambda: self._rates_of(year))

    def _rates_of(self, year: int) -> Array:
        counted = self.divided_by_output(year)
        tilts = self.tilts(year)
        band = np.array([one.earned for one in tilts])
        if not self.started(year) or not (counted.any() or band.any()):
            return np.zeros(len(self.baseline.earners))
        wanted, made = self._wanted(year), self.baseline.earning(year)[1]
        sums = self._of_sectors(wanted)
        caps = np.where(self.mask(year) & counted, self.caps(year, whole=True), 0.0)
        share = np.divide(caps, sums, out=np.zeros_like(caps), where=sums > 0)
        share = (share * np.array([one.kept for one in tilts]))[self.baseline.earners]
        rates: Array = np.divide(share * wanted, made, out=np.zeros_like(made), where=made > 0)
        if band.any():
            here = np.where(self.mask(year), band, 0.0)[self.baseline.earners]
            per = np.divide(self.baseline.earning(year)[0], made, out=np.zeros_like(made), where=made > 0)
            rates = rates + here * per
        return rates

    # -- by sector -----------------------------------------------------------------------------------------

    def method(self, sector: str, year: int) -> str:
        """How a sector's free allowances are counted in a year."""
        if not self.started(year):
            return "history"
        said = self.scenario.sectors[sector].method
        own = None if said is None else said.at(year)
        if own is not None:
            return own
        if self.scenario.cap.standard(year):
            return "benchmark"
        return "output" if self.scenario.allocation.method == "output_based" else "history"

    def by_rate(self, year: int) -> NDArray[np.bool_]:
        """Sectors whose allowances follow what they make or emit, (8,); the others divide a cap in tonnes."""
        return self._once("by_rate", year, lambda: [self.method(s, year) in BY_RATE for s in self.baseline.sectors])

    def divided_by_output(self, year: int) -> NDArray[np.bool_]:
        """Sectors whose firms get free allowances by output, (8,); in the others by past emissions."""
        counted = ("output", "benchmark")
        return self._once("output", year, lambda: [self.method(s, year) in counted for s in self.baseline.sectors])

    def by_emissions(self, year: int) -> NDArray[np.bool_]:
        """Sectors whose firms get what they emit, or a band around it, (8,)."""
        counted = ("verified", "band")
        return self._once("emissions", year, lambda: [self.method(s, year) in counted for s in self.baseline.sectors])

    def once(self, name: str, year: int, found: Callable[[], Made]) -> Made:
        """What is worked out once for a year, by a name."""
        if (name, year) not in self._known:
            self._known[name, year] = found()
        made: Made = self._known[name, year]
        return made

    def _once(self, name: str, year: int, found: Callable[[], Any]) -> NDArray[Any]:
        """The same of an array, such as a yes or no for each sector; not to be written to."""

        def made() -> NDArray[Any]:
            array = np.asarray(found())
            array.setflags(write=False)
            return array

        return self.once(name, year, made)

    def limits(self, sector: str, year: int) -> tuple[float | None, float | None, float | None]:
        """Slope of a sector's band, and its firms' largest surplus and deficit as parts of verified emissions."""
        if not self.started(year):
            return None, None, None
        rule, common = self.scenario.sectors[sector].limits, self.scenario.allocation.gap_cap
        slope, surplus, deficit = (
            None if path is None else path.at(year) for path in (rule.slope, rule.surplus, rule.deficit)
        )
        return slope, surplus, common if deficit is None else deficit

    def around_emissions(self, year: int) -> NDArray[np.bool_]:
        """Trading sectors in which what a firm emits moves what it is given, (8,)."""

        def found() -> NDArray[np.bool_]:
            gas = self.gas_deficit(year) is not None
            limited = [(s == "ELEC" and gas) or any(limit is not None for limit in self.limits(s, year)[1:])
                       for s in self.baseline.sectors]  # fmt: skip
            told: NDArray[np.bool_] = (np.array(limited) | self.by_emissions(year)) & self.mask(year)
            return told if self.started(year) else np.zeros_like(told)

        return self._once("around", year, found)

    def tilts(self, year: int) -> tuple[Tilt, ...]:
        """What each sector's rule counts at its margin beyond lump sums and plain benchmarks."""
        around, sectors = self.around_emissions(year), self.baseline.sectors
        return self.once(
            "tilts", year, lambda: tuple(self._tilt(i, s, year) if around[i] else PLAIN for i, s in enumerate(sectors))
        )

    def _tilt(self, place: int, sector: str, year: int) -> Tilt:
        method, base = self.method(sector, year), float(self.baseline.at(year)[place])
        rate = float(self.caps(year, whole=True)[place]) / base if base > 0 else 1.0
        part: float | None = rate
        if method == "band":
            per, made = self.band(sector, year), float(self.baseline.output(year)[place])
            part = None if per is None or base <= 0 else per * made / base
        spread = None if self.spread is None else self.spread.of(place)
        slope, surplus, deficit = self.limits(sector, year)
        own: Array | float | None = deficit
        gas = self.gas_deficit(year) if sector == "ELEC" and method == "benchmark" else None
        if gas is not None:
            mine, names = self.baseline.earners == place, np.array(self.baseline.activities)
            amounts = self.baseline.earning(year)[0][mine], self._wanted(year)[mine]
            here, spread = gas_apart(names[mine] == "GENG", *amounts, self.spread, place)
            own = topped_up(deficit, gas, here)
        return refuse_to_pay(tilt(method, part, slope, surplus, own, spread), sector, year)

    def gas_deficit(self, year: int) -> float | None:
        """Largest deficit of gas-fired plant, where it has one of its own."""
        path = self.scenario.sectors.ELEC.gas_deficit
        return path.at(year) if path is not None and self.started(year) else None

    def band(self, sector: str, year: int) -> float | None:
        """Benchmark of a band, Mt per benchmark year's output; None: the sector's balance value."""
        said = self.scenario.sectors[sector].benchmark
        part = None if said is None else said.at(year)
        return None if part is None else part * float(self.baseline.emissions[0][self.baseline.sectors.index(sector)])

    def returned(self, year: int) -> Array | None:
        """Allowances that a tonne emitted brings, for each activity that earns quotas; None where none does."""
        shares = self._once("returned", year, lambda: [one.returned for one in self.tilts(year)])
        return shares[self.baseline.earners] if shares.any() else None

    def fixed(self, year: int, *, whole: bool = False) -> Array:
        """Tonnes that a cap gives trading sectors whatever they make and emit, (8,) Mt."""
        return np.where(self.mask(year) & ~self.by_rate(year), self.caps(year, whole=whole), 0.0)

    def tonnes(self, year: int, *, whole: bool = False) -> float:
        """The same, all together, Mt."""
        return float(self.caps(year, whole=whole)[self.mask(year) & ~self.by_rate(year)].sum())

    def follows(self, year: int) -> NDArray[np.bool_]:
        """Trading sectors whose allowances of the economy's response come on top of a cap in tonnes, (8,)."""
        return self._once("follows", year, lambda: self.mask(year) & self.by_rate(year))

    def auctioned(self, year: int) -> Array:
        """Share of each sector's cap that government sells, (8,)."""
        common, names = self.auctioned_share(year), self.baseline.sectors
        own = [self.scenario.sectors[s].sold(year, common) if self.started(year) else common for s in names]
        return np.where([self.method(s, year) == "auction" for s in names], 1.0, own)

    @property
    def part_after_shock(self) -> float:
        """Part of the shock's year in which it holds."""
        return 1.0 - (self.scenario.shock.period - 1) / self.scenario.market.periods_per_year

    def started(self, year: int) -> bool:
        """Whether the scenario's policy holds; before it, all scenarios of an economy are its benchmark's policy."""
        return year >= self.scenario.policy_start

    def standard(self, year: int) -> bool:
        """Whether nothing in the market is a cap in tonnes: allowances of all that trade follow output or emissions."""
        if not self.started(year):
            return False
        trading = self.mask(year)
        return bool(self.by_rate(year)[trading].all()) if trading.any() else self.scenario.cap.standard(year)

    def sold(self, year: int) -> float:
        """Share of all tonnes under a cap that government sells."""

        def found() -> float:
            fixed = self.fixed(year)
            if not self.scenario.sectors.methods_said or fixed.sum() <= 0:
                return self.auctioned_share(year)
            return float((fixed * self.auctioned(year)).sum() / fixed.sum())

        return self.once("sold", year, found)

    def auctioned_share(self, year: int) -> float:
        """Share of the cap that government sells."""
        return (self.scenario.allocation.auctioned_share.at(year) or 0.0) if self.started(year) else 0.0

    def offset_share(self, year: int) -> float:
        """Largest part of the year's obligation that offset credits may cover."""
        return self.scenario.offsets.share_of(year) if self.started(year) else 0.0

    def collar(self, year: int) -> tuple[float, float]:
        """Lowest price, and the highest that anybody bids (the ceiling or the penalty), yuan/t."""
        price, penalty = self.scenario.price, self.scenario.penalty.price
        if not self.started(year):
            return 0.0, penalty
        if self.scenario.carbon_tax.any and not self.mask(year).any():
            return 0.0, 0.0  # a tax alone: nothing is traded
        return price.floor, penalty if price.ceiling is None else min(price.ceiling, penalty)

    def taxes(self, model: Province, year: int) -> Array:
        """Rate of the tax on emissions of each sector that a model can tax, yuan/t."""
        tax = self.scenario.carbon_tax
        rate = tax.rate_of(year) if self.started(year) else 0.0
        return np.array([rate if tax.pays(sector, year) else 0.0 for sector in model.taxable])

    def prepare(self, model: Province, p: Parameters, year: int, beyond: EntrantsReserve | None = None) -> None:
        """Set the year's coverage, quotas and ownership of permits on the economy's parameters.

        Parameters
        ----------
        beyond
            The reserve for new entrants after its January, which brings allowances beyond the caps.
        """
        binding = self.binding(year)
        model.cover(p, (*self.trading(year), *binding))
        if model.closure.taxed:
            set_tax(model, p, self.taxes(model, year))
        if model.border is not None:
            rule = self.scenario.border_adjustment
            adjust(
                model.border, p, rule.parts(model.border.shares, year) if self.started(year) else {}, power=rule.power
            )
        for sector in model.own:
            quota = float(self.caps(year)[self.baseline.sectors.index(sector)]) if sector in binding else None
            model.own_quota(p, sector, quota, self.scenario.penalty.price)
        sold, rates = self.sold(year), self.rates(year)
        fixed = self.fixed(year) * TONNES
        if beyond is not None and fixed.sum() > 0:
            sold = float((fixed.sum() * sold + beyond.auctioned) / (fixed.sum() + beyond.out))
            more = np.divide(beyond.given, fixed, out=np.zeros_like(fixed), where=fixed > 0)
            rates = rates * (1.0 + more)[self.baseline.earners]
        model.auction(p, sold)
        if not self.started(year):
            model.benchmark_quotas(p)
            return
        model.give_quotas(p, rates, absolute=~self.by_rate(year)[self.baseline.earners])
        returned = self.returned(year)
        if returned is not None:
            model.return_tonnes(p, returned)

    def reaching(self, baseline: Baseline) -> Policy:
        """The same rules over the years of another baseline; kept, since every plan asks for them."""
        if not self._further or self._further[-1].baseline is not baseline:
            self._further[:] = [replace(self, baseline=baseline)]
        return self._further[-1]
