"""What a scenario may say: every field with its unit, default, bounds, meaning and status.

Values are frozen, unknown fields are refused and types are strict (the text "600" is no number). The line
under a field is its description, shown by ``tanshi params``. Status words: ``law`` (follows a rule in
force), ``measured`` (from data), ``literature`` (from published work), ``assumed`` (chosen here: vary it
before relying on it), ``calibrated`` (fitted to stated targets), ``setting`` (describes the run, not the world).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

import tanshi.plugins as plugins
from tanshi.errors import Message
from tanshi.numerics.bargaining import bargaining_factor
from tanshi.plugins import Kind
from tanshi.scenarios.by_year import AS_A_FILE_SAYS, NOTHING, ByYear, numbers, words
from tanshi.scenarios.cap import Cap, check_years
from tanshi.scenarios.fields import Group
from tanshi.scenarios.fields import in_unit as _in
from tanshi.scenarios.fields import refuse as _refuse
from tanshi.scenarios.sectors import Sectors, check_sectors, status_of

SectorCoverage = Literal["none", "allocated", "trading"]
OwnVenue = Literal[
    "call_auction", "pay_as_clear", "continuous", "mcafee", "listed_agreement", "block_agreement", "one_way_auction"
]


def _or_from_outside(kind: Kind) -> Any:
    """Let a field hold, besides the words that it allows, the name of a rule from outside (`tanshi.plugins`)."""

    def check(value: Any, own: ValidatorFunctionWrapHandler) -> Any:
        try:
            return own(value)
        except ValidationError:
            if isinstance(value, str) and value in plugins.known(kind):
                return value
            raise

    return WrapValidator(check)


_AS_IS = PlainSerializer(str, return_type=str)


class Years(Group):
    """The years a run covers, both ends included."""

    start: Annotated[int, _in("year", "setting", ge=2002, le=2060)] = 2022
    """First year, the economy's benchmark."""
    end: Annotated[int, _in("year", "setting", ge=2002, le=2060)] = 2030
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
        """Return sector code -> coverage for every sector, in the order of the schema."""
        return self.model_dump()

    def sectors(self, *kinds: SectorCoverage) -> tuple[str, ...]:
        """Return the sectors of the given kinds, in the order of the schema.

        Examples
        --------
        >>> Coverage(ELEC="trading", STEEL="allocated").sectors("trading", "allocated")
        ('ELEC', 'STEEL')
        """
        return tuple(sector for sector, kind in self.as_dict().items() if kind in kinds)


_Benchmark = Annotated[Annotated[float, Field(ge=0, le=5)] | None, _in("fraction", "assumed")]
CLASSES_OF_PLANT = ("coal_I", "coal_II", "coal_III", "gas", "heat")
"""Classes of thermal plant that may have a benchmark of their own."""


class Benchmarks(Group):
    """Allowances per output of each sector in the policy's first year, as part of what it emitted per output in 2022.

    They hold under a standard (`cap.regime: tps`); a sector without one keeps what the cap gives it. In power they are
    given by class of plant; `ELEC` holds for classes without one of their own.
    """

    ELEC: _Benchmark = None
    """Power (电力)."""
    STEEL: _Benchmark = None
    """Iron and steel (钢铁)."""
    NFM: _Benchmark = None
    """Non-ferrous metals (有色金属)."""
    NMM: _Benchmark = None
    """Building materials (建材)."""
    COKE: _Benchmark = None
    """Petrochemicals (石化): coking and oil refining (炼焦、石油加工)."""
    CHEM: _Benchmark = None
    """Petrochemicals (石化): chemicals (化工)."""
    PAPER: _Benchmark = None
    """Paper (造纸)."""
    AIR: _Benchmark = None
    """Aviation (航空)."""
    coal_I: _Benchmark = None
    """Conventional coal units above 300 MW (常规燃煤机组, 300 MW 等级以上); published 2023: 0.996 of their mean."""
    coal_II: _Benchmark = None
    """Conventional coal units of 300 MW and below (300 MW 等级及以下); published 2023: 0.992 of their mean."""
    coal_III: _Benchmark = None
    """Unconventional coal (非常规燃煤机组): gangue, slurry, fluidised beds; published 2023: 0.992 of their mean."""
    gas: _Benchmark = None
    """Gas-fired units (燃气机组)."""
    heat: _Benchmark = None
    """Heat from coal-fired units, with the power that is tied to it (供热)."""
    pooled: Annotated[bool, _in("-", "assumed")] = False
    """true: one benchmark for a kWh of all thermal power, the mean of the classes' at the baseline's output."""
    decline: Annotated[float, _in("1/year", "assumed", ge=0, lt=1)] = 0.0
    """Part of every benchmark that is taken away in each later year."""

    def at(self, sector: str, years_of_policy: int) -> float | None:
        """Return the benchmark of a sector or class of plant after some years, or None where it has none.

        Examples
        --------
        >>> Benchmarks(STEEL=0.98, decline=0.5).at("STEEL", 1)
        0.49
        """
        first: float | None = self.model_dump()[sector]
        return None if first is None else first * (1 - self.decline) ** years_of_policy


class Allocation(Group):
    """How the cap is handed to its owners."""

    method: Annotated[Literal["grandfathered", "output_based"], _in("-", "assumed")] = "grandfathered"
    """grandfathered: lump sums by past emissions; output_based: a benchmark times output."""
    auctioned_share: Annotated[ByYear[float], numbers(ge=0, le=1), AS_A_FILE_SAYS, _in("fraction", "law")] = NOTHING
    """Share of the cap that government sells instead of giving it away, by year: 0.1 or {2025: 0.05, 2028: 0.1}."""
    binding: Annotated[bool, _in("-", "assumed")] = False
    """true: an allocated sector keeps to its quota at its own shadow price; false: it binds nobody."""
    in_advance: Annotated[Annotated[float, Field(ge=0, le=1)] | None, _in("fraction", "law")] = None
    """Part of a firm's free allowances given in January by what it usually makes (China: 0.7); before the year's last
    market period the rest follows, or is taken back, by what it has made. null: all in January, for good."""
    benchmarks: Benchmarks = Benchmarks()
    gap_cap: Annotated[Annotated[float, Field(ge=0, le=1)] | None, _in("fraction", "law")] = None
    """Largest gap between what a firm emits and its free allowances, as part of the former: it is topped up to the rest
    and owes all (China from 2023: 0.2); null: none. `sectors.<S>.limits.deficit` says it for one sector, by year."""


class Price(Group):
    """The collar that government puts around the carbon price."""

    floor: Annotated[float, _in("yuan/t CO2", "assumed", ge=0, le=2000)] = 0.0
    """Lowest price, in prices of 2022."""
    ceiling: Annotated[Annotated[float, Field(gt=0, le=1_000_000)] | None, _in("yuan/t CO2", "assumed")] = None
    """Highest price, in prices of 2022; null: none."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.ceiling is not None and self.ceiling < self.floor:
            got = Message(
                "a ceiling of {ceiling:g} under a floor of {floor:g} yuan/t", ceiling=self.ceiling, floor=self.floor
            )
            raise _refuse("a ceiling not below the floor", got, "price.ceiling")
        return self


class Penalty(Group):
    """What an uncovered tonne costs at the end of the year; paid to government."""

    price: Annotated[float, _in("yuan/t CO2", "assumed", gt=0, le=1_000_000)] = 1000.0
    """Payment for a tonne that no surrendered allowance covers."""
    multiple: Annotated[Annotated[float, Field(ge=0, le=100)] | None, _in("-", "law")] = None
    """Payment as a multiple of the year's last month's mean price (China: 5 to 10); null: `price`. Bids end at `price`
    in either case."""
    extinguishes: Annotated[bool, _in("-", "assumed")] = True
    """true: the payment ends the obligation; false: the missing tonnes are owed in the next year too."""
    per_firm: Annotated[ByYear[float] | None, numbers(ge=0), AS_A_FILE_SAYS, _in("yuan", "law")] = None
    """Fine of a firm that surrenders too little, however much, such as {2021: 25000, 2024: 0}; where it is above zero
    it takes the place of a payment by tonne (China before May 2024: 20,000 to 30,000)."""
    make_good: Annotated[ByYear[str] | None, words("none", "owed", "cut"), AS_A_FILE_SAYS, _in("-", "law")] = None
    """What becomes of the missing tonnes. none: nothing; owed: they are owed next year too; cut: next year's free
    allowances are fewer by as many (China until 2025); null: as `extinguishes` says."""


class Banking(Group):
    """What becomes of allowances left over at the end of the year."""

    allowed: Annotated[bool, _in("-", "law")] = True
    """true: they stay valid in later years; false: they expire."""
    carry_base: Annotated[Annotated[int, Field(ge=0, le=10_000_000_000)] | None, _in("t CO2", "law")] = None
    """Allowances any firm may keep (China: 10,000), to which `carry_multiple` adds; null: no limit."""
    carry_at: Annotated[list[int], _in("year", "law")] = Field(default_factory=lambda: [2025])
    """Years at whose ends the limit is applied (China: once, at the end of 2025); an empty list: every year."""
    carry_window: Annotated[list[int], _in("year", "law", max_length=2)] = Field(default_factory=lambda: [2024, 2025])
    """First and last year whose net sales count for `carry_multiple`; an empty list: all since the policy began."""
    carry_vintage: Annotated[int, _in("year", "law", ge=2002, le=2060)] = 2024
    """Last vintage that the limit concerns, where it is applied in named years; later ones stay valid."""
    carry_late: Annotated[bool, _in("-", "law")] = False
    """Whether a firm may keep anything that surrendered too little in a year of the window."""
    carry_multiple: Annotated[float, _in("-", "law", ge=0, le=100)] = 1.5
    """Further allowances a firm may keep, as a multiple of what it has sold net in `carry_window`."""
    borrow_share: Annotated[float, _in("fraction", "law", ge=0, le=1)] = 0.0
    """Part of a firm's gap that it may cover from next year's free allocation (China 2021-2022: 0.5)."""
    borrow_threshold: Annotated[float, _in("fraction", "law", ge=0, le=1)] = 0.1
    """Smallest gap, as part of what is owed, from which a firm may borrow."""
    horizon: Annotated[int, _in("years", "assumed", ge=0, le=30)] = 20
    """Years ahead that the most far-sighted firms look, rolling on; 0: every year clears by itself."""
    beyond: Annotated[Literal["last_rule", "end"], _in("-", "assumed")] = "last_rule"
    """What firms expect after the run's last year. last_rule: growth and the cap's rule go on; end: a bank is worth
    nothing then."""
    unsettled: Annotated[Literal["go_on", "stop"], _in("-", "setting")] = "go_on"
    """What happens where firms' expectations do not settle. go_on: they trade on the closest path found, and the run
    says so; stop: the run ends with the last two paths."""
    opening: Annotated[float, _in("fraction", "assumed", ge=0, le=5)] = 0.0
    """Allowances of earlier years that firms bring with them when the policy begins, or when their sector begins to
    trade later, as part of their yearly emissions."""

    @model_validator(mode="before")
    @classmethod
    def _no_horizon_of_its_own(cls, given: Any) -> Any:
        """Where nothing can be kept nobody looks ahead, also in what is written down of the scenario."""
        if isinstance(given, dict) and given.get("allowed") is False:
            return {"horizon": 0, **given}
        return given

    @model_validator(mode="after")
    def _window_of_years(self) -> Self:
        if self.carry_window and (len(self.carry_window) != 2 or self.carry_window[0] > self.carry_window[1]):
            hint = "Such as [2024, 2025], or an empty list."
            raise _refuse("a first and a last year", str(self.carry_window), "banking.carry_window", hint)
        return self

    def carries_at(self, year: int) -> bool:
        """Whether the carry-over limit is applied at the end of a year."""
        return self.carry_base is not None and (not self.carry_at or year in self.carry_at)

    def counts_sales(self, year: int) -> bool:
        """Whether a year's net sales count for the carry-over limit."""
        return not self.carry_window or self.carry_window[0] <= year <= self.carry_window[1]

    @model_validator(mode="after")
    def _nothing_to_plan_for(self) -> Self:
        if not self.allowed and self.horizon > 0:
            hint = "Where nothing can be kept there is nothing to look ahead for: set banking.horizon to 0."
            raise _refuse(
                "no horizon where banking is not allowed",
                Message("{horizon} years", horizon=self.horizon),
                "banking.horizon",
                hint,
            )
        return self


class Offsets(Group):
    """Forest credits that firms may surrender in place of allowances, and what forestry asks for them."""

    share: Annotated[float, _in("fraction", "law", ge=0, le=1)] = 0.0
    """Largest part of what a firm has to surrender that credits may cover (China: 0.05); 0: there are none."""
    potential: Annotated[float, _in("Mt CO2/yr", "assumed", ge=1e-6, le=10_000)] = 10.0
    """Credits that forestry could offer in a year at any price."""
    median_cost: Annotated[float, _in("yuan/t CO2", "assumed", ge=0.01, le=100_000)] = 60.0
    """Price at which it offers half of them; costs are log-normal, cheap land comes first."""
    spread: Annotated[float, _in("s.d. of log", "assumed", ge=0.01, le=5)] = 0.6
    """Spread of that cost: the smaller, the more elastic the supply around the median cost."""
    level: Annotated[Annotated[float, Field(ge=0, le=1_000_000)] | None, _in("yuan/t CO2", "assumed")] = None
    """Mean of what firms would pay for a credit, to which their bargaining prices are scaled; null: the price of an
    allowance. Nobody bids more than that price in either case."""
    bargaining_tax: Annotated[float, _in("fraction", "literature", gt=0, le=1)] = 0.01
    """Carbon tax rate in the bargaining price (Yang et al. 2021, eq. 7); it moves bids and is paid by nobody."""
    bargaining_subsidy: Annotated[float, _in("yuan/t CO2", "literature", ge=0, le=1000)] = 20.0
    """Subsidy for a tonne in the bargaining price (the same); it moves bids and is paid by nobody."""

    @model_validator(mode="after")
    def _supply_for_somebody(self) -> Self:
        if self.model_fields_set and "share" not in self.model_fields_set:
            given = ", ".join(sorted(self.model_fields_set))
            hint = "Without a share nobody may surrender a credit; China's is 0.05."
            raise _refuse(
                "a share as soon as offsets are described", Message("{given} alone", given=given), "offsets.share", hint
            )
        return self

    @model_validator(mode="after")
    def _bargaining_price_defined(self) -> Self:
        factor = float(bargaining_factor(self.share, self.bargaining_tax, self.bargaining_subsidy))
        if factor > 1:
            hint = "Raise the tax rate, or lower the share or the subsidy, by which it falls."
            expected = "a bargaining price (Yang et al. 2021, eq. 7) not above the highest abatement cost"
            raise _refuse(
                expected, Message("{factor:.3g} of the way to it", factor=factor), "offsets.bargaining_tax", hint
            )
        return self


class StabilityReserve(Group):
    """A reserve that takes allowances out of an oversupplied market and gives them back to a scarce one."""

    on: Annotated[bool, _in("-", "law")] = False
    """true: the rule of the European Union after 2023, scaled; false: none."""
    scale: Annotated[float, _in("-", "assumed", gt=0, le=100)] = 0.2
    """Size of the market over that of the European Union, whose thresholds are 400, 833 and 1,096 Mt."""


class Market(Group):
    """Where the price comes from, and the rules of the venue."""

    mode: Annotated[Literal["agents", "equilibrium"], _in("-", "setting")] = "agents"
    """agents: the firms' auction; equilibrium: the permit condition of the general equilibrium itself."""
    venue: Annotated[OwnVenue, _or_from_outside("venue"), _AS_IS, _in("-", "assumed")] = "call_auction"
    """call_auction: sealed, one price; pay_as_clear: the same at the highest accepted ask; continuous; mcafee: trade
    reduction; China's listed_agreement and block_agreement; one_way_auction: each seller auctions to the highest
    bidders."""
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
    """Shares of firms by bidding strategy; they sum to 1, and a strategy that is not named has none.

    A strategy from outside (`tanshi.plugins`) is a further field.
    """

    model_config = ConfigDict(extra="allow")

    truthful: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that bid what an allowance is worth to them."""
    zic: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Zero-intelligence constrained firms: random bids that never lose money (Gode and Sunder 1993)."""
    zip: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that move one quote toward the price last paid (Cliff and Bruten 1997)."""
    scheduled: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms that bring more of their needs to market the nearer the compliance date."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        shares = self.as_dict()
        for name in sorted(set(shares) - set(type(self).model_fields) - set(plugins.known("strategy"))):
            fields = ", ".join([*type(self).model_fields, *plugins.known("strategy")])
            raise _refuse(
                Message("one of the fields {fields}", fields=fields),
                Message("the field {name!r}", name=name),
                f"firms.strategies.{name}",
            )
        given: dict[str, Any] = dict(shares)
        for name, share in given.items():  # those from outside; the program's own have been looked at
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise _refuse("a number >= 0 and <= 1 [fraction]", repr(share), f"firms.strategies.{name}")
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

    number: Annotated[int, _in("firms", "assumed", ge=8, le=10_000_000)] = 600
    """Firms of the eight energy-intensive sectors together, one at least in each; the same firms in every scenario,
    trading or not."""
    strategies: Strategies = Strategies(scheduled=1.0)
    size_sigma: Annotated[Annotated[float, Field(ge=0, le=3)] | None, _in("s.d. of log", "measured")] = None
    """Log-normal spread of firm size in every sector; null: the economy's own, sector by sector."""
    intensity_sigma: Annotated[Annotated[float, Field(ge=0, le=3)] | None, _in("s.d. of log", "assumed")] = None
    """Log-normal spread of emissions per output around the sector's; null: the economy's own."""
    cost_sigma: Annotated[Annotated[float, Field(ge=0, le=3)] | None, _in("s.d. of log", "literature")] = None
    """Log-normal spread of marginal abatement cost around the sector's; null: the economy's own."""
    shock_sigma: Annotated[float, _in("s.d. of log", "assumed", ge=0, le=0.5)] = 0.05
    """Long-run spread of a firm's own shock to emissions."""
    shock_persistence: Annotated[float, _in("1/month", "assumed", ge=0, lt=1)] = 0.8
    """Part of a firm's shock that lasts from one month to the next."""
    discount_rate: Annotated[float, _in("1/year", "assumed", ge=0, le=1)] = 0.08
    """Rate at which the typical firm discounts the price it expects; real, since prices are of 2022."""
    discount_sigma: Annotated[float, _in("s.d. of log", "assumed", ge=0, le=2)] = 0.1
    """Log-normal spread of that rate between firms."""
    belief_sigma: Annotated[float, _in("s.d. of log", "assumed", ge=0, le=0.3)] = 0.005
    """Log-normal spread of the price that firms expect around the one that their plan gives."""
    horizon_spread: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Firms look `banking.horizon` years ahead or less, evenly down to this part less."""
    risk_aversion: Annotated[float, _in("-", "assumed", ge=1e-6, le=1e6)] = 10.0
    """How much more gain a firm asks for the farther it leans from its plan: times the variance of the price, the
    relative gain for leaning by a year's emissions. Toward 0 whoever values the bank most holds all of it."""
    price_volatility: Annotated[float, _in("1/year", "measured", ge=0.001, le=5)] = 0.25
    """Standard deviation of the log of next year's price, as firms see it (China's national market: 25 to 27 %)."""
    position_limit: Annotated[float, _in("fraction", "assumed", ge=0, le=100)] = 0.25
    """Most that a firm leans to either side of its planned bank, as part of its yearly emissions."""
    reserve: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Allowances a firm that does not look ahead (`banking.horizon` 0) keeps beyond its need at the price it expects,
    as part of its yearly emissions."""
    reserve_width: Annotated[float, _in("fraction", "assumed", ge=0.001, le=1)] = 0.5
    """How far above the expected price, as part of it, a firm sells its whole reserve."""
    learning: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.5
    """Weight of the newest price in what firms expect; the rest is what they expected before."""
    urgency: Annotated[float, _in("-", "assumed", ge=0, le=20)] = 4.0
    """By a part t of the year `scheduled` firms want to have covered t to this power of their needs; 0: all at once. At
    4 the last quarter holds 68 % of a year's volume in S5, and 68 to 90 % in the national market (2021-2024)."""
    intermediaries: Annotated[int, _in("traders", "assumed", ge=0, le=100_000)] = 0
    """Traders without obligations, who hold allowances while the price is below what they expect."""
    intermediary_capacity: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.02
    """Most allowances that all intermediaries together hold, as part of the year's cap."""


class Coupling(Group):
    """How the auction and the general equilibrium come to one price within a period."""

    iterations: Annotated[int, _in("rounds", "setting", ge=1, le=1000)] = 8
    """Most rounds of the fixed point in one period."""
    tolerance: Annotated[float, _in("yuan/t CO2", "setting", gt=0, le=10)] = 0.005
    """The fixed point is reached when the price moves by less."""
    adjustment_rate: Annotated[Annotated[float, Field(ge=0.001, le=1000)] | None, _in("1/year", "assumed")] = 2.0
    """Speed k of the price q behind substitution toward the market's p: q' = k (p - q). null: at once."""


class Drift(Group):
    """What carries emissions and price forward between auctions."""

    mode: Annotated[Literal["neural", "ou", "none"], _or_from_outside("drift"), _AS_IS, _in("-", "setting")] = "neural"
    """neural: mean reversion and a trained network; ou: mean reversion alone; none: nothing moves."""
    weights: Annotated[Annotated[str, Field(min_length=1)] | None, _in("-", "setting")] = None
    """Folder of trained weights, as `train --out` leaves it; null: the weights that come with the program."""
    on_blow_up: Annotated[Literal["ou", "stop"], _in("-", "setting")] = "ou"
    """ou: where the network blows up, the period goes on with mean reversion alone; stop: the run ends."""


if TYPE_CHECKING:
    SectorCode = str
else:
    SectorCode = Literal[tuple(Coverage.model_fields)]


class Shock(Group):
    """A change of policy in the middle of a year, which nobody knows of before its first period."""

    year: Annotated[Annotated[int, Field(ge=2002, le=2060)] | None, _in("year", "setting")] = None
    """Year of the shock; null: none."""
    period: Annotated[int, _in("-", "setting", ge=1, le=366)] = 1
    """Market period of that year from which it is announced and holds, counted from 1."""
    cap_cut: Annotated[float, _in("fraction", "assumed", ge=0, lt=1)] = 0.0
    """Part of the cap taken away: of what is left of the shock's year, and of every later year."""
    sectors: Annotated[list[SectorCode], _in("-", "setting", default_factory=list)]
    """Sectors that trade from then on."""


DriverChoice = Literal["none", "estimated"]
Redrawn = Literal[
    "fuel_price", "power_demand", "steel_demand", "cement_demand", "productivity", "availability", "cap_news", "belief"
]
_OneDriver = Annotated[Annotated[DriverChoice, Field()] | None, _in("-", "setting")]


class Shocks(Group):
    """Common shocks from outside the province, beside the firms' own; ``shocks: estimated`` turns all on."""

    drivers: Annotated[DriverChoice, _in("-", "measured")] = "none"
    """estimated: mean reversion, season, correlation and jumps of monthly series; none: the surroundings stay still."""
    fuel_price: _OneDriver = None
    """Price of coal beyond the province; null, here and below: as `shocks.drivers` says."""
    power_demand: _OneDriver = None
    """What the rest of the country asks of power."""
    steel_demand: _OneDriver = None
    """What it asks of steel, and of coke for it."""
    cement_demand: _OneDriver = None
    """What it asks of cement."""
    productivity: _OneDriver = None
    """Output per labour and capital; its spread is assumed."""
    availability: _OneDriver = None
    """What wind, sun and water yield; estimated for the sun, assumed alike for the others."""
    cap_news: _OneDriver = None
    """News about the cap to come: what firms believe an allowance kept will be worth; its spread is assumed."""
    belief: Annotated[Literal["none", "network"], _in("-", "calibrated")] = "none"
    """network: what firms believe an allowance kept will be worth strays with the spread learnt from real carbon
    markets, shared by all, in place of `cap_news`; it moves what they bank, and never a cleared price."""
    own_belief: Annotated[float, _in("fraction", "assumed", ge=0, le=2)] = 0.5
    """Spread of a firm's own belief beside the shared one, as part of it; where there are shared beliefs."""
    belief_half_life: Annotated[float, _in("years", "assumed", gt=0, le=20)] = 0.5
    """Years after which half of a belief that the network moved is gone."""
    redrawn: Annotated[list[Redrawn], _in("-", "setting", default_factory=list)]
    """Drivers drawn by `shocks.redraw_seed` in place of the run's seed: who brings how much of the variance."""
    redraw_seed: Annotated[int, _in("-", "setting", ge=0, le=2**63 - 1)] = 0
    """Seed of those."""

    @model_validator(mode="before")
    @classmethod
    def _all_at_once(cls, given: Any) -> Any:
        return {"drivers": given} if isinstance(given, str) else given

    def seed_of(self, name: str, seed: int) -> int:
        """Seed by which a driver is drawn in a run of some seed."""
        return self.redraw_seed if name in self.redrawn else seed

    def on(self, name: str) -> bool:
        """Whether a driver moves.

        Examples
        --------
        >>> Shocks(drivers="estimated", fuel_price="none", redrawn=[]).on("fuel_price")
        False
        """
        own: str | None = getattr(self, name)
        return (own or self.drivers) == "estimated"

    @property
    def any(self) -> bool:
        """Whether anything strays."""
        return self.belief != "none" or any(self.on(name) for name in list(type(self).model_fields)[1:8])


class Closure(Group):
    """What adjusts so that the accounts of the province close."""

    border_pass_through: Annotated[float, _in("fraction", "assumed", ge=0, le=1)] = 0.0
    """Share theta of a covered good's carbon cost that rivals beyond the border pay too; report 0 and 1."""
    border_cost: Annotated[Literal["average", "marginal"], _in("-", "assumed")] = "average"
    """Carbon cost of power that its border price bears: average of all generation, or marginal: of the coal-fired units
    that set the price, p e under lump sums and p (e - B) under a standard."""
    capital: Annotated[Literal["vintage", "mobile"], _in("-", "assumed")] = "vintage"
    """vintage: installed capital stays in its sector and new investment moves; mobile: all capital moves."""
    installed_elasticity: Annotated[float, _in("fraction", "literature", ge=0, le=1)] = 0.12
    """Elasticities of installed capital as part of those of new (IMF-ENV: 0.12); where capital is `vintage`."""
    external_saving: Annotated[Literal["fixed", "flexible"], _in("-", "assumed")] = "fixed"
    """fixed: internal prices adjust to a given capital inflow; flexible: the inflow adjusts."""
    recycling: Annotated[Literal["lump_sum", "output", "labour", "income"], _in("-", "assumed")] = "lump_sum"
    """What takes up government's revenue from allowances: lump_sum: households; output, labour, income: lower rates of
    production taxes, of the tax on wages, of the taxes on wages and enterprises."""
    labour_supply: Annotated[float, _in("-", "literature", ge=0, le=2)] = 0.0
    """Elasticity of labour supply to the wage after tax (China: 0.06, its towns 0.2); 0: labour is fixed."""
    outside: Annotated[Literal["sloped", "flat"], _in("-", "literature")] = "sloped"
    """sloped: other provinces buy less coal, coke, steel and power where they are dearer; flat: any amount."""
    capacity_limits: Annotated[bool, _in("-", "assumed")] = True
    """Whether plant and permits limit coal, coke, metals and cement, to the economy's `capacity_*` parameters."""
    clean_cost: Annotated[float | None, _in("CNY_2022/kWh", "literature", gt=0, le=5)] = None
    """Cost of non-fossil power beyond the plan with storage and curtailment; nothing: the plan is the limit."""
    miners_wage: Annotated[float | None, _in("fraction", "assumed", gt=0, le=1)] = None
    """Part of 2022's real wage below which coal mining's cannot fall; miners have no other work. Nothing: one wage."""


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
    resource_growth: Annotated[float, _in("1/year", "assumed", ge=-0.2, le=0.2)] = 0.0
    """Growth of what coal, gas, ores and land can yield, and of gas-fired plant: the coal plan is flat."""
    public_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of real government demand."""
    external_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of transfers and of net lending to the rest of the country."""
    line_growth: Annotated[float, _in("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of the outgoing power lines' capacity."""
    outside_carbon: Annotated[float, _in("CNY_2022/t CO2", "assumed", ge=0, le=2000)] = 0.0
    """Carbon price that users of coal in the rest of the country pay by 2030, rising evenly: they buy less coal."""
    fade: Annotated[float, _in("1/year", "assumed", ge=0, le=0.5)] = 0.04
    """Share by which all rates of change but that of labour decline each year after 2030."""


RESERVED = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})
"""Names that no file or folder has on Windows."""


class Scenario(Group):
    """One policy on one economy over a span of years, ready to run."""

    name: Annotated[str, _in("-", "setting", pattern=r"^\w[\w.-]{0,63}$")]
    """Short name for tables and folders; where none is given, the file's own."""
    title: Annotated[str, _in("-", "setting", max_length=200)] = ""
    """What the scenario is, in a few words."""
    extends: Annotated[None, _in("-", "setting")] = None
    """Scenario whose fields hold where this one says nothing: a built-in name, or a file beside this one."""
    economy: Annotated[str, _in("-", "setting", pattern=r"^[^\s].{0,254}$")] = "shanxi_2022"
    """Name of the economy, or the path of its folder of figures."""
    figures: Annotated[dict[str, float], _in("-", "assumed")] = Field(default_factory=dict)
    """Figures of the economy to change, by path, such as ``economy.elasticities.ELEC.armington: 2.5``."""
    years: Years = Years()
    policy_start: Annotated[int, _in("year", "law", ge=2002, le=2060)] = 2023
    """Year from which the policy holds; before it all scenarios are the same."""
    seed: Annotated[int, _in("-", "setting", ge=0, le=2**63 - 1)] = 1
    """Seed of every random stream of the run."""
    coverage: Coverage = Coverage()
    sectors: Sectors = Sectors()
    cap: Cap = Cap()
    allocation: Allocation = Allocation()
    price: Price = Price()
    penalty: Penalty = Penalty()
    banking: Banking = Banking(carry_at=[2025], carry_window=[2024, 2025])
    offsets: Offsets = Offsets()
    stability_reserve: StabilityReserve = StabilityReserve()
    market: Market = Market()
    firms: Firms = Firms()
    coupling: Coupling = Coupling()
    drift: Drift = Drift()
    closure: Closure = Closure()
    dynamics: Dynamics = Dynamics()
    shock: Shock = Shock(sectors=[])
    shocks: Shocks = Shocks(redrawn=[])

    def from_outside(self) -> set[tuple[Kind, str]]:
        """The rules from outside that this scenario names (`tanshi.plugins`)."""
        chosen: set[tuple[Kind, str]] = {("venue", self.market.venue), ("drift", self.drift.mode)}
        chosen |= {("strategy", name) for name, share in self.firms.strategies.as_dict().items() if share > 0}
        if self.economy in plugins.known("economy"):
            chosen.add(("economy", self.economy))
        return {(kind, name) for kind, name in chosen if name not in plugins.BUILT_IN[kind]}

    @field_validator("name")
    @classmethod
    def _a_folder_everywhere(cls, name: str) -> str:
        if name.endswith(".") or name.split(".")[0].upper() in RESERVED:
            hint = "Windows keeps such names for itself, and results lie in a folder of this name."
            raise _refuse("a name that a folder can have on every system", repr(name), "name", hint)
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
            raise _refuse(
                Message("a year after the benchmark {start}", start=years.start), str(policy_start), "policy_start"
            )
        return policy_start

    @field_validator("allocation")
    @classmethod
    def _benchmarks_of_a_standard(cls, allocation: Allocation, info: ValidationInfo) -> Allocation:
        cap = info.data.get("cap")
        own = allocation.benchmarks
        given = [s for s in (*Coverage.model_fields, *CLASSES_OF_PLANT) if own.at(s, 0) is not None]
        given += ["pooled power"] if own.pooled else []
        standard = cap is None or (
            cap.regime == "tps" if cap.kind is None else "intensity" in dict(cap.kind.steps).values()
        )
        if given and not standard:
            hint = "Under an absolute cap the tonnes are given: set cap.regime to tps, or leave the benchmarks out."
            expected = "cap.regime tps where benchmarks are given"
            raise _refuse(
                expected,
                Message("absolute and benchmarks of {given}", given=", ".join(given)),
                "allocation.benchmarks",
                hint,
            )
        return allocation

    @field_validator("penalty")
    @classmethod
    def _above_the_floor(cls, penalty: Penalty, info: ValidationInfo) -> Penalty:
        price = info.data.get("price")
        if price is not None and penalty.price <= price.floor:
            hint = "Nobody buys an allowance that costs as much as the penalty."
            expected = Message("more than the price floor of {floor:g} yuan/t", floor=price.floor)
            raise _refuse(expected, f"{penalty.price:g}", "penalty.price", hint)
        return penalty

    @field_validator("shock")
    @classmethod
    def _shock_within_the_policy(cls, shock: Shock, info: ValidationInfo) -> Shock:
        if shock.year is None:
            if shock.cap_cut > 0 or shock.sectors:
                raise _refuse("a year for the shock", "null", "shock.year")
            return shock
        years, start, market = (info.data.get(name) for name in ("years", "policy_start", "market"))
        if years is not None and start is not None and not start <= shock.year <= years.end:
            raise _refuse(
                Message("a year of the policy, {start} to {end}", start=start, end=years.end),
                str(shock.year),
                "shock.year",
            )
        if market is not None and shock.period > market.periods_per_year:
            expected: str = Message(
                "one of the {periods_per_year} periods of a year", periods_per_year=market.periods_per_year
            )
            raise _refuse(expected, str(shock.period), "shock.period")
        coverage, allocation = info.data.get("coverage"), info.data.get("allocation")
        if allocation is not None and (allocation.in_advance is not None or allocation.gap_cap is not None):
            hint = "A shock withdraws and gives allowances in the middle of a year; set them to null."
            expected = "no allocation.in_advance and no allocation.gap_cap beside a shock"
            raise _refuse(expected, "both", "shock.year", hint)
        sectors = info.data.get("sectors")
        if sectors is not None and sectors.methods_said:
            hint = "A timetable says its changes by year: put them there, and leave the shock out."
            raise _refuse("no shock beside methods or limits of sectors", "both", "shock.year", hint)
        again = [s for s in shock.sectors if coverage is not None and coverage[s] == "trading"]
        if again:
            raise _refuse("sectors that do not trade yet", ", ".join(again), "shock.sectors")
        return shock

    def statuses(self, year: int) -> dict[str, str]:
        """Status of every sector in a year of the policy: outside, given free quotas, or trading."""
        return {s: status_of(rules, self.coverage[s], year) for s, rules in self.sectors.as_dict().items()}

    def ever(self, *kinds: str) -> tuple[str, ...]:
        """Sectors that have one of the statuses in some year of the run's policy, in the order of the schema."""
        years = range(self.policy_start, self.years.end + 1)
        found = {s for year in years for s, kind in self.statuses(year).items() if kind in kinds}
        return tuple(s for s in Coverage.model_fields if s in found)

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
