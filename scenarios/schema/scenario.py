"""One scenario: its groups of fields, and what holds across them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

import tanshi.plugins as plugins
from tanshi.errors import Message
from tanshi.plugins import Kind
from tanshi.scenarios.auctions import Auctions, check_auctions
from tanshi.scenarios.border_adjustment import BorderAdjustment, check_border
from tanshi.scenarios.cap import Cap, check_years
from tanshi.scenarios.carbon_tax import CarbonTax, check_tax
from tanshi.scenarios.containment import Containment, StabilityReserve, check_source, check_triggers
from tanshi.scenarios.fields import Group, OfSectors, in_unit, refuse
from tanshi.scenarios.folder_names import is_kept
from tanshi.scenarios.link import check_link
from tanshi.scenarios.new_entrants import NewEntrants, check_entrants
from tanshi.scenarios.schema.allocation import CLASSES_OF_PLANT, Allocation
from tanshi.scenarios.schema.calendar import Compliance
from tanshi.scenarios.schema.compliance import Banking, Penalty
from tanshi.scenarios.schema.coupling import Coupling, Drift
from tanshi.scenarios.schema.coverage import Coverage
from tanshi.scenarios.schema.economy import Closure, Dynamics
from tanshi.scenarios.schema.firms import Firms
from tanshi.scenarios.schema.market import Market, Price
from tanshi.scenarios.schema.offsets import Offsets, check_spared
from tanshi.scenarios.schema.shocks import Shock, Shocks
from tanshi.scenarios.sectors import BY_RATE, Sectors, check_sectors, check_sold, status_of
from tanshi.scenarios.together import Economies, OfEconomies, check_together, member_values


class Years(Group):
    """The years a run covers, both ends included."""

    start: Annotated[int, in_unit("year", "setting", ge=2002, le=2060)] = 2022
    """First year, the economy's benchmark."""
    end: Annotated[int, in_unit("year", "setting", ge=2002, le=2060)] = 2030
    """Last year; the economy says how far its own paths reach."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            got = Message("{start} to {end}", start=self.start, end=self.end)
            hint = Message("Swap them: start {end}, end {start}.", start=self.start, end=self.end)
            raise refuse("a last year not before the first", got, "years.end", hint)
        return self


class Scenario(Group):
    """One policy on one economy over a span of years, ready to run."""

    name: Annotated[str, in_unit("-", "setting", pattern=r"^\w[\w.-]{0,63}$")]
    """Short name for tables and folders; where none is given, the file's own."""
    title: Annotated[str, in_unit("-", "setting", max_length=200)] = ""
    """What the scenario is, in a few words."""
    extends: Annotated[None, in_unit("-", "setting")] = None
    """Scenario whose fields hold where this one says nothing: a built-in name, or a file beside this one."""
    economy: Annotated[str, in_unit("-", "setting", pattern=r"^[^\s].{0,254}$")] = "shanxi_2022"
    """Name of the economy, or the path of its folder of figures."""
    economies: Economies = Field(default_factory=list)
    """Economies that trade in one carbon market in place of `economy`, such as [shanxi, inner_mongolia, shandong];
    those of earlier accounts are carried to the latest year among them."""
    by_economy: OfEconomies = Field(default_factory=dict)
    """What holds in one of them alone, such as {shandong_2017: {cap: {decline: 0.012}}}."""
    figures: Annotated[dict[str, float], in_unit("-", "assumed")] = Field(default_factory=dict)
    """Figures of the economy to change, by path, such as ``economy.elasticities.ELEC.armington: 2.5``."""
    years: Years = Years()
    policy_start: Annotated[int, in_unit("year", "law", ge=2002, le=2060)] = 2023
    """Year from which the policy holds; before it all scenarios are the same."""
    seed: Annotated[int, in_unit("-", "setting", ge=0, le=2**63 - 1)] = 1
    """Seed of every random stream of the run."""
    coverage: Coverage = Coverage()
    sectors: Sectors = Sectors()
    cap: Cap = Cap()
    new_entrants: NewEntrants = NewEntrants(closes=[])
    allocation: Allocation = Allocation()
    price: Price = Price()
    penalty: Penalty = Penalty()
    banking: Banking = Banking(carry_at=[2025], carry_window=[2024, 2025])
    compliance: Compliance = Compliance()
    offsets: Offsets = Offsets()
    auctions: Auctions = Auctions(months=[1], shares=[], of_months=[6.0])
    stability_reserve: StabilityReserve = StabilityReserve()
    containment: Containment = Containment()
    market: Market = Market()
    firms: Firms = Firms()
    coupling: Coupling = Coupling()
    drift: Drift = Drift()
    closure: Closure = Closure()
    dynamics: Dynamics = Dynamics()
    shock: Shock = Shock(sectors=[])
    shocks: Shocks = Shocks(redrawn=[])
    carbon_tax: CarbonTax = CarbonTax(sectors=[])
    border_adjustment: BorderAdjustment = BorderAdjustment(sectors=[])

    @property
    def all_economies(self) -> tuple[str, ...]:
        """The economies that the run is about: those of its market in the order of their names, or the one."""
        return tuple(sorted(self.economies)) or (self.economy,)

    def member(self, economy: str) -> Scenario:
        """The scenario of one of several economies, with what holds in it alone and draws of its own."""
        return Scenario.model_validate(member_values(self, economy))

    def from_outside(self) -> set[tuple[Kind, str]]:
        """The rules from outside that this scenario names (`tanshi.plugins`)."""
        chosen: set[tuple[Kind, str]] = {("venue", self.market.venue), ("drift", self.drift.mode)}
        chosen |= {("strategy", name) for name, share in self.firms.strategies.as_dict().items() if share > 0}
        chosen |= {("economy", name) for name in self.all_economies if name in plugins.known("economy")}
        return {(kind, name) for kind, name in chosen if name not in plugins.BUILT_IN[kind]}

    @field_validator("name")
    @classmethod
    def _a_folder_everywhere(cls, name: str) -> str:
        if is_kept(name):
            hint = "Windows keeps such names for itself, and results lie in a folder of this name."
            raise refuse("a name that a folder can have on every system", repr(name), "name", hint)
        return name

    # Checks across groups sit on the later field, so that they run even where some other field is wrong.
    @field_validator("sectors")
    @classmethod
    def _a_rule_for_every_year(cls, sectors: Sectors, info: ValidationInfo) -> Sectors:
        years, start, coverage = (info.data.get(name) for name in ("years", "policy_start", "coverage"))
        if years is not None and start is not None and coverage is not None:
            check_sectors(sectors, coverage.as_dict(), start, years.end)
        return sectors

    @field_validator("cap")
    @classmethod
    def _a_cap_for_every_year(cls, cap: Cap, info: ValidationInfo) -> Cap:
        years, start = info.data.get("years"), info.data.get("policy_start")
        if years is not None and start is not None:
            check_years(cap, years.start, start, years.end)
        return cap

    @field_validator("policy_start")
    @classmethod
    def _after_the_benchmark(cls, policy_start: int, info: ValidationInfo) -> int:
        years = info.data.get("years")
        if years is not None and policy_start <= years.start:
            raise refuse(
                Message("a year after the benchmark {start}", start=years.start), str(policy_start), "policy_start"
            )
        return policy_start

    @field_validator("allocation")
    @classmethod
    def _benchmarks_of_a_standard(cls, allocation: Allocation, info: ValidationInfo) -> Allocation:
        cap = info.data.get("cap")
        own = allocation.benchmarks
        given = [s for s in (*Coverage.model_fields, *CLASSES_OF_PLANT, *own.further()) if own.at(s, 0) is not None]
        given += ["pooled power"] if own.pooled else []
        standard = cap is None or (
            cap.regime == "tps" if cap.kind is None else "intensity" in dict(cap.kind.steps).values()
        )
        if given and not standard:
            hint = "Under an absolute cap the tonnes are given: set cap.regime to tps, or leave the benchmarks out."
            expected = "cap.regime tps where benchmarks are given"
            raise refuse(
                expected,
                Message("absolute and benchmarks of {given}", given=", ".join(given)),
                "allocation.benchmarks",
                hint,
            )
        return allocation

    @field_validator("compliance")
    @classmethod
    def _something_to_keep(cls, compliance: Compliance, info: ValidationInfo) -> Compliance:
        banking = info.data.get("banking")
        if banking is None or not compliance.later:
            return compliance
        if not banking.allowed:
            hint = "Allowances that end with their year cannot wait for a later day: allow banking, or set it to 0."
            raise refuse("banking.allowed true beside a later deadline", "false", "compliance.deadline", hint)
        if compliance.closing == "run" and (banking.horizon == 0 or banking.beyond == "end"):
            hint = "Where an allowance is worth nothing after the run no price can be found: take last_price."
            raise refuse("firms that look beyond the run's last year", "none", "compliance.closing", hint)
        return compliance

    @field_validator("penalty")
    @classmethod
    def _above_the_floor(cls, penalty: Penalty, info: ValidationInfo) -> Penalty:
        price = info.data.get("price")
        if price is not None and penalty.price <= price.floor:
            hint = "Nobody buys an allowance that costs as much as the penalty."
            expected = Message("more than the price floor of {floor:g} yuan/t", floor=price.floor)
            raise refuse(expected, f"{penalty.price:g}", "penalty.price", hint)
        return penalty

    @field_validator("auctions", "containment")
    @classmethod
    def _within_reach_of_bids(cls, given: Auctions | Containment, info: ValidationInfo) -> Auctions | Containment:
        price, penalty, reserve = (info.data.get(name) for name in ("price", "penalty", "stability_reserve"))
        if price is not None and penalty is not None:
            top = min(penalty.price, penalty.price if price.ceiling is None else price.ceiling)
            check_triggers(given.triggers(), top)
        if isinstance(given, Containment) and reserve is not None:
            check_source(given, reserve)
        return given

    @field_validator("market")
    @classmethod
    def _linked_in_every_year(cls, market: Market, info: ValidationInfo) -> Market:
        years, start, price, penalty = (info.data.get(name) for name in ("years", "policy_start", "price", "penalty"))
        if years is not None and start is not None and price is not None and penalty is not None:
            highest = penalty.price if price.ceiling is None else min(price.ceiling, penalty.price)
            check_link(market.link, start, years.end, price.floor, highest)
        if info.data.get("auctions") is not None:
            check_auctions(info.data["auctions"], market.mode, market.venue, market.blocks)
        compliance = info.data.get("compliance")
        if market.link.to == "supply" and compliance is not None and compliance.later:
            hint = "The rest of the nation surrenders when the year ends: set compliance.deadline to 0."
            raise refuse("deadlines at the year's end beside a link to a supply", "later ones", "market.link.to", hint)
        stepped = [name for name in ("auctions", "containment") if name in info.data and info.data[name].triggers()]
        if market.link.open and market.mode == "equilibrium" and stepped:
            hint = "Let firms find the price (market.mode: agents), or close the market."
            expected = "a closed market where supply in steps meets no firms"
            raise refuse(expected, Message("a link beside {names}", names=", ".join(stepped)), "market.link.to", hint)
        return market

    @field_validator("shock")
    @classmethod
    def _shock_within_the_policy(cls, shock: Shock, info: ValidationInfo) -> Shock:
        if shock.year is None:
            if shock.cap_cut > 0 or shock.sectors:
                raise refuse("a year for the shock", "null", "shock.year")
            return shock
        years, start, market = (info.data.get(name) for name in ("years", "policy_start", "market"))
        if years is not None and start is not None and not start <= shock.year <= years.end:
            raise refuse(
                Message("a year of the policy, {start} to {end}", start=start, end=years.end),
                str(shock.year),
                "shock.year",
            )
        if market is not None and shock.period > market.periods_per_year:
            expected: str = Message(
                "one of the {periods_per_year} periods of a year", periods_per_year=market.periods_per_year
            )
            raise refuse(expected, str(shock.period), "shock.period")
        coverage, allocation = info.data.get("coverage"), info.data.get("allocation")
        if allocation is not None and (allocation.in_advance is not None or allocation.gap_cap is not None):
            hint = "A shock withdraws and gives allowances in the middle of a year; set them to null."
            expected = "no allocation.in_advance and no allocation.gap_cap beside a shock"
            raise refuse(expected, "both", "shock.year", hint)
        sectors = info.data.get("sectors")
        if sectors is not None and sectors.methods_said:
            hint = "A timetable says its changes by year: put them there, and leave the shock out."
            raise refuse("no shock beside methods or limits of sectors", "both", "shock.year", hint)
        again = [s for s in shock.sectors if coverage is not None and coverage[s] == "trading"]
        if again:
            raise refuse("sectors that do not trade yet", ", ".join(again), "shock.sectors")
        return shock

    def statuses(self, year: int) -> dict[str, str]:
        """Status of every sector in a year of the policy: outside, given free quotas, or trading."""
        told = self._told(year)
        if self.carbon_tax.beside_market != "instead":
            return told
        return {s: "none" if self.carbon_tax.pays(s, year) else kind for s, kind in told.items()}

    def _lives_foreseen(self) -> None:
        """Refuse a life of allowances of which nobody could say ahead how many will be alive."""
        if self.banking.life is None:
            return
        if self.market.link.open:
            raise refuse("a closed market where allowances have a life", "a link", "banking.life")
        if self.banking.horizon == 0:
            return
        for year in range(self.policy_start, self.years.end + 1):
            if following := self.following(year):
                got = Message("{sectors} by output or emissions in {year}", sectors=", ".join(following), year=year)
                hint = "How many allowances a year will bring is not known ahead there: set banking.horizon to 0."
                raise refuse("allowances in tonnes, where firms plan with their life", got, "banking.life", hint)

    def following(self, year: int) -> list[str]:
        """Sectors that trade in a year and whose allowances follow what they make or emit."""
        fixed = self.in_tonnes(year)
        return [s for s, kind in self.statuses(year).items() if kind == "trading" and s not in fixed]

    def in_tonnes(self, year: int) -> list[str]:
        """Sectors that trade in a year under a cap in tonnes, which follow neither output nor emissions."""
        usual = "benchmark" if self.cap.standard(year) else "history"
        found = []
        for sector, kind in self.statuses(year).items():
            path = self.sectors[sector].method
            method = (None if path is None else path.at(year)) or usual
            if kind == "trading" and method not in BY_RATE:
                found.append(sector)
        return found

    def _told(self, year: int) -> dict[str, str]:
        """The same whatever tax there is."""
        named = dict.fromkeys((*self.coverage.as_dict(), *self.sectors.as_dict()))
        return {s: status_of(self.sectors[s], self.coverage[s], year) for s in named}

    @model_validator(mode="after")
    def _one_price_of_a_tonne(self) -> Self:
        check_tax(self.carbon_tax, self._told, self.policy_start, self.years.end)
        check_border(self.border_adjustment, self.policy_start)
        trading = lambda year: [s for s, kind in self.statuses(year).items() if kind == "trading"]  # noqa: E731
        check_spared(self.offsets, self.carbon_tax.pays, trading, self.policy_start, self.years.end)
        last, shocked = self.years.end, self.shock.year is not None
        self._lives_foreseen()
        check_sold(self.sectors, self.following, self.policy_start, last)
        check_entrants(self.new_entrants, self.in_tonnes, self.stability_reserve.on, shocked, self.policy_start, last)
        return self

    @model_validator(mode="after")
    def _a_market_of_several(self) -> Self:
        if self.economies or self.by_economy:
            check_together(self, self._unheard_of_together())
        return self

    def _unheard_of_together(self) -> dict[str, bool]:
        """Fields of which a market of several economies knows nothing, and whether they say something here."""
        return {
            "market.link.to": self.market.link.to == "supply",
            "market.limits.days": self.market.limits.days > 1,
            "banking.life": self.banking.life is not None,
        }

    def ever(self, *kinds: str) -> tuple[str, ...]:
        """Sectors that have one of the statuses in some year of the run's policy, in the order of the schema."""
        years = range(self.policy_start, self.years.end + 1)
        found = {s for year in years for s, kind in self.statuses(year).items() if kind in kinds}
        return tuple(s for s in self.statuses(self.policy_start) if s in found)

    def further_sectors(self) -> dict[str, tuple[str, ...]]:
        """Field to the sectors that it names beside those of the built-in economies."""
        groups: dict[str, OfSectors] = {
            "coverage": self.coverage,
            "sectors": self.sectors,
            "cap.by_sector": self.cap.by_sector,
            "allocation.benchmarks": self.allocation.benchmarks,
        }
        return {field: names for field, group in groups.items() if (names := group.further())}

    def cap_share(self, year: int) -> float:
        """Return a year's cap as a fraction of the frozen baseline, 1 - mu_t; 1 before the policy.

        Raises
        ------
        ValueError
            For a year whose cap is in tonnes, of which the scenario alone does not know what part they are.
        """
        if year < self.policy_start:
            return 1.0
        amount = self.cap.amount(year, self.policy_start)
        if amount is None or amount.unit != "share":
            raise ValueError(f"the cap of {year} is no fraction of the frozen baseline")
        return amount.value
