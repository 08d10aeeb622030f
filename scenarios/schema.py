"""What a scenario may say: every field with its unit, default, bounds, meaning and status.

Values are frozen, unknown fields are refused and types are strict (the text "600" is no number). The line
under a field is its description, shown by ``python run.py params``. Status words: ``law`` (follows a rule in
force), ``measured`` (from data), ``literature`` (from published work), ``assumed`` (chosen here: vary it
before relying on it), ``setting`` (describes the run, not the world).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

Status = Literal["law", "measured", "literature", "assumed", "setting"]
SectorCoverage = Literal["none", "allocated", "trading"]


def _in(unit: str, status: Status, **bounds: Any) -> Any:
    """Annotate a field with its unit (``-``: none), status and bounds."""
    return Field(json_schema_extra={"unit": unit, "status": status}, **bounds)


def _refuse(expected: str, got: str, at: str, hint: str = "") -> PydanticCustomError:
    """Build an error that concerns several fields; `at` is the one where the reader should look first."""
    context = {"expected": expected, "got": got, "at": at, "hint": hint}
    return PydanticCustomError("several_fields", "expected {expected}, got {got}", context)


class Group(BaseModel):
    """A frozen group of fields that refuses fields it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Years(Group):
    """The years a run covers, both ends included."""

    start: Annotated[int, _in("year", "setting", ge=2022, le=2060)] = 2022
    """First year, the economy's benchmark."""
    end: Annotated[int, _in("year", "setting", ge=2022, le=2060)] = 2030
    """Last year; the economy says how far its own paths reach."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            got, hint = f"{self.start} to {self.end}", f"Swap them: start {self.end}, end {self.start}."
            raise _refuse("a last year not before the first", got, "years.end", hint)
        return self


class Coverage(Group):
    """Treatment of each energy-intensive sector: outside, given free quotas, or trading."""

    ELEC: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Power (电力)."""
    STEEL: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Iron and steel (钢铁)."""
    NFM: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Non-ferrous metals (有色金属)."""
    NMM: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Building materials (建材)."""
    COKE: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Petrochemicals (石化): coking and oil refining (炼焦、石油加工)."""
    CHEM: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Petrochemicals (石化): chemicals (化工)."""
    PAPER: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Paper (造纸)."""
    AIR: Annotated[SectorCoverage, _in("-", "setting")] = "none"
    """Aviation (航空)."""

    def __getitem__(self, sector: str) -> SectorCoverage:
        return self.as_dict()[sector]

    def as_dict(self) -> dict[str, SectorCoverage]:
        """Return sector code -> coverage for all eight sectors, in the order of the schema."""
        return self.model_dump()

    def sectors(self, *kinds: SectorCoverage) -> tuple[str, ...]:
        """Return the sectors of the given kinds, in the order of the schema.

        Examples
        --------
        >>> Coverage(ELEC="trading", STEEL="allocated").sectors("trading", "allocated")
        ('ELEC', 'STEEL')
        """
        return tuple(sector for sector, kind in self.as_dict().items() if kind in kinds)


class Cap(Group):
    """How many allowances there are."""

    regime: Annotated[Literal["absolute", "tps"], _in("-", "assumed")] = "absolute"
    """absolute: tonnes for the year; tps: a tradable performance standard, tonnes per unit of output."""
    tightness: Annotated[float, _in("fraction", "assumed", ge=0, lt=1)] = 0.05
    """Reduction against each covered sector's frozen baseline in the first year of the policy."""
    decline: Annotated[float, _in("1/year", "assumed", ge=0, lt=1)] = 0.03
    """Part of the cap that is taken away in each later year."""
    over_allocation: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Allowances issued on top, part of the frozen baseline; slack first phases of markets had them."""

    def share(self, years_of_policy: int) -> float:
        """Return the cap as a fraction of the frozen baseline.

        Parameters
        ----------
        years_of_policy
            Years since the start of the policy; 0 in its first year.

        Returns
        -------
        float
            1 - mu = (1 - tightness) (1 - decline)^years_of_policy + over_allocation.

        Examples
        --------
        >>> round(Cap(tightness=0.05, decline=0.03).share(1), 6)
        0.9215
        """
        return (1 - self.tightness) * (1 - self.decline) ** years_of_policy + self.over_allocation


class Allocation(Group):
    """How the cap is handed to its owners."""

    method: Annotated[Literal["grandfathered", "output_based"], _in("-", "assumed")] = "grandfathered"
    """grandfathered: lump sums by past emissions; output_based: a benchmark times output."""
    auctioned_share: Annotated[float, _in("fraction", "law", ge=0, le=1)] = 0.0
    """Share of the cap that government sells instead of giving it away."""
    binding: Annotated[bool, _in("-", "assumed")] = False
    """true: an allocated sector keeps to its quota at its own shadow price; false: it binds nobody."""


class Price(Group):
    """The collar that government puts around the carbon price."""

    floor: Annotated[float, _in("yuan/t CO2", "assumed", ge=0)] = 0.0
    """Lowest price, in prices of 2022."""
    ceiling: Annotated[Annotated[float, Field(gt=0)] | None, _in("yuan/t CO2", "assumed")] = None
    """Highest price, in prices of 2022; null: none."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.ceiling is not None and self.ceiling < self.floor:
            got = f"a ceiling of {self.ceiling:g} under a floor of {self.floor:g} yuan/t"
            raise _refuse("a ceiling not below the floor", got, "price.ceiling")
        return self


class Penalty(Group):
    """What an uncovered tonne costs at the end of the year; paid to government."""

    price: Annotated[float, _in("yuan/t CO2", "assumed", gt=0)] = 1000.0
    """Payment for a tonne that no surrendered allowance covers."""
    extinguishes: Annotated[bool, _in("-", "assumed")] = True
    """true: the payment ends the obligation; false: the missing tonnes are owed in the next year too."""


class Banking(Group):
    """What becomes of allowances left over at the end of the year."""

    allowed: Annotated[bool, _in("-", "law")] = True
    """true: they stay valid in later years; false: they expire."""


class Market(Group):
    """Where the price comes from, and the rules of the venue."""

    mode: Annotated[Literal["agents", "equilibrium"], _in("-", "setting")] = "agents"
    """agents: the firms' auction; equilibrium: the permit condition of the general equilibrium itself."""
    venue: Annotated[Literal["call_auction"], _in("-", "assumed")] = "call_auction"
    """call_auction: a sealed double auction at one price, once a period."""
    tick: Annotated[float, _in("yuan/t CO2", "law", ge=1e-9, le=10)] = 0.01
    """Smallest step of a price."""
    lot: Annotated[int, _in("t CO2", "law", ge=1, le=1_000_000)] = 1
    """Smallest quantity of an order."""
    k: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.5
    """Where among the prices that clear the auction its price is set: 0 the lowest, 1 the highest."""
    ties: Annotated[Literal["price_time", "pro_rata", "random"], _in("-", "assumed")] = "pro_rata"
    """Who is served among orders at the marginal price."""
    periods_per_year: Annotated[int, _in("1/year", "setting", ge=1, le=366)] = 12
    """Auctions a year: 12 monthly, 52 weekly, 1 for theory."""


class Strategies(Group):
    """Shares of firms by bidding strategy; they sum to 1, and a strategy that is not named has none."""

    truthful: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that bid what an allowance is worth to them."""
    zic: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Zero-intelligence constrained firms: random bids that never lose money (Gode and Sunder 1993)."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        shares = self.as_dict()
        total = sum(shares.values())
        if abs(total - 1) > 1e-9:
            got = " + ".join(f"{name} {share:g}" for name, share in shares.items()) + f" = {total:g}"
            hint = "A scenario that extends another keeps its shares: name each share that changes."
            raise _refuse("shares that sum to 1", got, "firms.strategies", hint)
        return self

    def as_dict(self) -> dict[str, float]:
        """Return strategy -> share of firms, in the order of the schema."""
        return self.model_dump()


class Firms(Group):
    """Who trades, and how firms differ."""

    number: Annotated[int, _in("firms", "assumed", ge=1, le=10_000_000)] = 600
    """Firms of all trading sectors together."""
    strategies: Strategies = Strategies(truthful=0.5, zic=0.5)
    size_sigma: Annotated[float, _in("s.d. of log", "measured", ge=0, le=3)] = 0.91
    """Log-normal spread of firm size, as that of the capacity of Shanxi's coal-fired plants."""
    intensity_sigma: Annotated[float, _in("s.d. of log", "assumed", ge=0, le=3)] = 0.2
    """Log-normal spread of emissions per output around the sector's."""
    cost_sigma: Annotated[float, _in("s.d. of log", "assumed", ge=0, le=3)] = 0.5
    """Log-normal spread of marginal abatement cost around the sector's."""
    shock_sigma: Annotated[float, _in("s.d. of log", "assumed", ge=0, le=1)] = 0.05
    """Long-run spread of a firm's own shock to emissions."""
    shock_persistence: Annotated[float, _in("1/month", "assumed", ge=0, lt=1)] = 0.8
    """Part of a firm's shock that lasts from one month to the next."""
    discount_rate: Annotated[float, _in("1/year", "assumed", ge=0, le=1)] = 0.08
    """Rate at which firms discount the price they expect."""
    reserve: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.03
    """Allowances a firm keeps beyond its need at the price it expects, as part of its yearly emissions."""
    reserve_width: Annotated[float, _in("fraction", "assumed", gt=0, le=1)] = 0.5
    """How far above the expected price, as part of it, a firm sells its whole reserve."""
    learning: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.5
    """Weight of the newest price in what firms expect; the rest is what they expected before."""


class Coupling(Group):
    """How the auction and the general equilibrium come to one price within a period."""

    iterations: Annotated[int, _in("rounds", "setting", ge=1, le=1000)] = 8
    """Most rounds of the fixed point in one period."""
    tolerance: Annotated[float, _in("yuan/t CO2", "setting", gt=0, le=10)] = 0.005
    """The fixed point is reached when the price moves by less."""
    adjustment_rate: Annotated[Annotated[float, Field(gt=0, le=1000)] | None, _in("1/year", "assumed")] = 2.0
    """Speed k of the price q behind substitution toward the market's p: q' = k (p - q). null: at once."""


class Drift(Group):
    """What carries emissions and price forward between auctions."""

    mode: Annotated[Literal["neural", "ou", "none"], _in("-", "setting")] = "neural"
    """neural: mean reversion and a trained network; ou: mean reversion alone; none: nothing moves."""


class Closure(Group):
    """What adjusts so that the accounts of the province close."""

    border_pass_through: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.5
    """Share theta of a covered good's carbon cost that its price beyond the border bears; report 0 and 1."""
    capital: Annotated[Literal["vintage", "mobile"], _in("-", "assumed")] = "vintage"
    """vintage: installed capital stays in its sector and new investment moves; mobile: all capital moves."""
    external_saving: Annotated[Literal["fixed", "flexible"], _in("-", "assumed")] = "fixed"
    """fixed: internal prices adjust to a given capital inflow; flexible: the inflow adjusts."""


class Dynamics(Group):
    """What moves the economy from one year to the next."""

    labour_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.1)] = -0.003
    """Growth of the labour force: population fell by 0.98 per mille in 2022, and it ages."""
    productivity_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.02
    """Growth of the productivity of labour and capital."""
    aeei: Annotated[float, _in("1/year", "literature", ge=-0.1, le=0.1)] = 0.01
    """Autonomous energy efficiency improvement: growth of the service got from a unit of energy."""
    aeei_power: Annotated[float, _in("1/year", "literature", ge=-0.1, le=0.1)] = 0.003
    """The same in power generation, where less is left to gain."""
    depreciation: Annotated[float, _in("1/year", "literature", ge=0, le=0.5)] = 0.05
    """Part of the capital that wears out."""
    capital_growth: Annotated[float, _in("1/year", "assumed", ge=0, le=0.2)] = 0.045
    """Growth of capital that the benchmark's investment gives; with depreciation it fixes the stock."""
    resource_growth: Annotated[float, _in("1/year", "assumed", ge=-0.2, le=0.2)] = 0.02
    """Growth of what coal, gas, ores and land can yield, and of gas-fired plant."""
    public_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of real government demand."""
    external_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of transfers and of net lending to the rest of the country."""
    line_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of the outgoing power lines' capacity."""


class Scenario(Group):
    """One policy on one economy over a span of years, ready to run."""

    name: Annotated[str, _in("-", "setting", pattern=r"^\w[\w.-]{0,63}$")]
    """Short name for tables and folders; where none is given, the file's own."""
    title: Annotated[str, _in("-", "setting", max_length=200)] = ""
    """What the scenario is, in a few words."""
    extends: Annotated[None, _in("-", "setting")] = None
    """Scenario whose fields hold where this one says nothing: a built-in name, or a file beside this one."""
    economy: Annotated[str, _in("-", "setting", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "shanxi_2022"
    """Name of the economy, a folder of figures."""
    years: Years = Years()
    policy_start: Annotated[int, _in("year", "law", ge=2022, le=2060)] = 2023
    """Year from which the policy holds; before it all scenarios are the same."""
    seed: Annotated[int, _in("-", "setting", ge=0, le=2**63 - 1)] = 1
    """Seed of every random stream of the run."""
    coverage: Coverage = Coverage()
    cap: Cap = Cap()
    allocation: Allocation = Allocation()
    price: Price = Price()
    penalty: Penalty = Penalty()
    banking: Banking = Banking()
    market: Market = Market()
    firms: Firms = Firms()
    coupling: Coupling = Coupling()
    drift: Drift = Drift()
    closure: Closure = Closure()
    dynamics: Dynamics = Dynamics()

    # Checks across groups sit on the later field, so that they run even where some other field is wrong.
    @field_validator("policy_start")
    @classmethod
    def _after_the_benchmark(cls, policy_start: int, info: ValidationInfo) -> int:
        years = info.data.get("years")
        if years is not None and policy_start <= years.start:
            raise _refuse(f"a year after the benchmark {years.start}", str(policy_start), "policy_start")
        return policy_start

    @field_validator("penalty")
    @classmethod
    def _above_the_floor(cls, penalty: Penalty, info: ValidationInfo) -> Penalty:
        price = info.data.get("price")
        if price is not None and penalty.price <= price.floor:
            hint = "Nobody buys an allowance that costs as much as the penalty."
            expected = f"more than the price floor of {price.floor:g} yuan/t"
            raise _refuse(expected, f"{penalty.price:g}", "penalty.price", hint)
        return penalty

    @field_validator("firms")
    @classmethod
    def _a_firm_in_every_sector(cls, firms: Firms, info: ValidationInfo) -> Firms:
        coverage = info.data.get("coverage")
        trading = coverage.sectors("trading") if coverage is not None else ()
        if firms.number < len(trading):
            expected = f"at least one firm for each of the {len(trading)} trading sectors"
            raise _refuse(expected, str(firms.number), "firms.number")
        return firms

    def cap_share(self, year: int) -> float:
        """Return a year's cap as a fraction of the frozen baseline, 1 - mu_t; 1 before the policy."""
        return 1.0 if year < self.policy_start else self.cap.share(year - self.policy_start)
