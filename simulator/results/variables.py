"""The names of what is reported of a year, with unit and meaning, and the sectors' display names.

The names follow the usage of the Integrated Assessment Modeling Consortium: parts separated by ``|``, one
unit each.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import PurePath

from tanshi.scenarios.link import OTHERS, OUTSIDE
from tanshi.scenarios.schema import Coverage

REGION = "China|Shanxi"
"""Region of the built-in economy."""
#: The scenario against which volumes, emissions, welfare and GDP of the others are compared.
REFERENCE = "S1"
EV = "Welfare|Equivalent Variation"
MONEY_METRIC = "Welfare|Money Metric"
#: What a year yields: regimes are ranked by it, since rents that enterprises keep are saved and not lost.
YIELD = "Welfare|Consumption and Saving"


HEADS = "Income|Per Capita"
#: Groups of households as an economy's `households.csv` calls them, and in the names of what they have: town and
#: country, or the five classes by income of the yearbooks.
HOUSEHOLD_GROUPS = {
    "urban": "Urban", "rural": "Rural", "low": "Low-Income", "lower_middle": "Lower-Middle-Income",
    "middle": "Middle-Income", "upper_middle": "Upper-Middle-Income", "high": "High-Income",
}  # fmt: skip

COUNTRIES = frozenset({
    "austria", "belgium", "bulgaria", "china", "croatia", "cyprus", "czechia", "denmark", "estonia", "finland",
    "france", "germany", "greece", "hungary", "india", "indonesia", "ireland", "italy", "japan", "kazakhstan",
    "latvia", "lithuania", "luxembourg", "malta", "netherlands", "norway", "poland", "portugal", "romania",
    "slovakia", "slovenia", "spain", "sweden", "switzerland", "vietnam",
})  # fmt: skip
"""Countries of one word whose name is a region of its own, not one of China's."""


def region_of(economy: str) -> str:
    """The region of an economy by its name, or its folder's: words without the year.

    Examples
    --------
    >>> region_of("shanxi_2022"), region_of("economies/inner_mongolia_2022"), region_of("china_2017")
    ('China|Shanxi', 'China|Inner Mongolia', 'China')
    >>> region_of("belgium_2020")
    'Belgium'
    """
    words = [word for word in re.split(r"[_\-\s]+", PurePath(economy).name) if word and not word.isdigit()]
    if len(words) == 1 and words[0].casefold() in COUNTRIES:
        return words[0].capitalize()
    return "China|" + (" ".join(word.capitalize() for word in words) or PurePath(economy).name)


@dataclass(frozen=True)
class Sector:
    """A sector's code in the accounts and its display names."""

    code: str
    name: str
    chinese: str


SECTORS: dict[str, Sector] = {
    code: Sector(code, name, chinese)
    for code, name, chinese in (
        ("AGR", "Agriculture", "农林牧渔业"),
        ("COAL", "Coal Mining", "煤炭采选业"),
        ("OGAS", "Oil and Gas", "油气开采与燃气供应业"),
        ("OMIN", "Other Mining", "其他采矿业"),
        ("LIGHT", "Light Industry", "轻工业"),
        ("PAPER", "Paper", "造纸印刷业"),
        ("COKE", "Coking and Oil Refining", "炼焦与石油加工业"),
        ("CHEM", "Chemicals", "化学工业"),
        ("NMM", "Building Materials", "建材业"),
        ("STEEL", "Iron and Steel", "钢铁业"),
        ("NFM", "Non-Ferrous Metals", "有色金属业"),
        ("MACH", "Machinery", "机械制造业"),
        ("ELEC", "Power", "电力热力业"),
        ("CONS", "Construction", "建筑业"),
        ("AIR", "Aviation", "航空运输业"),
        ("TRAN", "Other Transport", "其他交通运输业"),
        ("SERV", "Services", "服务业"),
    )
}
#: The sectors of which built-in economies have firms: every table has their names, covered or not.
FIRM_SECTORS = tuple(Coverage.model_fields)
#: The others: what concerns firms of theirs is in the tables of an economy that has some.
OTHER_SECTORS = tuple(code for code in SECTORS if code not in FIRM_SECTORS)
TRADING_SECTORS = (*FIRM_SECTORS, *OTHER_SECTORS)
"""All sectors whose firms may trade, in the order of tables and figures."""
#: Who may appear in a fill: the sectors with firms, and government where it sells allowances.
TRADERS = (*FIRM_SECTORS, "GOV")
#: Code of traders without obligations; their net sales are reported where a scenario has them.
INTERMEDIARIES = "INT"

#: First words of what carbon policy costs.
COST = "Cost|Carbon"

#: Parts of energy consumption, which add up to it; power sent out is a negative import.
ENERGY_PARTS = ("Coal", "Oil Products and Coke", "Gas", "Non-Fossil Power", "Other Uses and Losses", "Net Power Import")
POWER_SENT = "Trade|Secondary Energy|Electricity|Volume"
"""Power sold to other provinces less bought there, TWh/yr: its one measure in physical units."""
GENERATION, CAPACITY = "Secondary Energy|Electricity", "Capacity|Electricity"
#: Kinds of power plant, and those of which capacity is told beside the sum of the last.
KINDS = ("Coal", "Gas", "Non-Fossil")
CLEAN = ("Wind", "Solar", "Other")
POWER_PRICE = "Price|Secondary Energy|Electricity"
CUMULATIVE = "Cumulative Emissions|CO2"
CAP, COVERED, BANK = "Carbon Market|Cap", "Carbon Market|Covered Emissions", "Carbon Market|Bank"
#: Where allowances changed hands: sold by government in the auction, or from one trader to another.
VENUES = ("Primary Auction", "Secondary Market")
COMPLIANCE = "Carbon Market|Compliance"
ALLOCATION = "Carbon Market|Free Allowances"
#: Classes of power plant that have benchmarks of their own, from the largest units down, in words.
PLANT_CLASSES = {
    "coal_I": "Coal above 300 MW", "coal_III": "Unconventional Coal", "coal_II": "Coal up to 300 MW", "gas": "Gas",
}  # fmt: skip
#: What a link to a wider market brings: net payments out of the province, and what lies beyond the border.
LINK = "Carbon Market|Link"
PAID_OUTSIDE, OUTSIDE_EMISSIONS, OUTSIDE_BANK = f"{LINK}|Payment", f"{LINK}|Emissions Outside", f"{LINK}|Bank Outside"
REVENUE = "Revenue|Government|Carbon"
TAX_RATE, TAXED, TAX_REVENUE = "Carbon Tax|Rate", "Carbon Tax|Emissions", "Revenue|Government|Carbon Tax"
"""Names of what a tax on emissions comes to."""
BORDER = "Revenue|Government|Border Adjustment"
CHARGED, GIVEN_BACK = "Border Adjustment|Charged", "Border Adjustment|Given Back"
"""Names of what border adjustment comes to."""
CREDIT_KINDS = {"ccer": "CCER", "forestry": "Forestry", "other": "Other"}
"""Kinds of offset credits (`tanshi.scenarios.credit_kinds`), in words."""
ENTRANTS = "Carbon Market|New Entrants Reserve"
SET_ASIDE, FROM_RESERVE, LEFT_AUCTIONED, LEFT_TO_STABILITY, LEFT_CANCELLED, IN_RESERVE = (
    f"{ENTRANTS}|{part}" for part in ("Set Aside", "Given", "Auctioned", "Stability Reserve", "Cancelled", "Held")
)
"""Names of what a reserve for new entrants comes to."""
#: Whose yield it is; together `YIELD`.
YIELDS = ("Households", "Leisure", "Government", "Saving")


@dataclass(frozen=True)
class Variable:
    """One named quantity of a year: its unit and what it counts."""

    name: str
    unit: str
    meaning: str


def emissions_of(sector: str) -> str:
    """Name of the emissions of a sector code, or of ``HH`` for households."""
    return "Emissions|CO2|" + ("Households" if sector == "HH" else SECTORS[sector].name)


def group_of(variable: str, group: str) -> str:
    """Name of a variable of a group of households, which stands before the last word: behind, it were part of a sum."""
    of, _, what = variable.rpartition("|")
    return f"{of}|{HOUSEHOLD_GROUPS[group]} Households|{what}"


def net_sales_of(sector: str) -> str:
    """Name of the net sales of allowances of a sector, ``GOV``, ``INT``, the market outside (``OUT``), or ``OTH``."""
    others = {"GOV": "Government", INTERMEDIARIES: "Intermediaries", OUTSIDE: "Rest of the Nation"}
    others[OTHERS] = "Other Provinces"
    seller = others[sector] if sector in others else SECTORS[sector].name
    return f"Trade|Emissions Allowances|{seller} [Volume]"


def allocation_of(sector: str, kind: str = "") -> str:
    """Name of the free allowances of a sector for a year, or of a class of its plant (`PLANT_CLASSES`)."""
    return "|".join((ALLOCATION, SECTORS[sector].name, *((PLANT_CLASSES[kind],) if kind else ())))


def kind_of_credit(kind: str, what: str) -> str:
    """Name of the ``Volume`` or the ``Price`` of a kind of offset credits."""
    return f"Carbon Market|Credits by Kind|{CREDIT_KINDS[kind]}|{what}"


def border_of(sector: str) -> str:
    """Name of what government earns, less what it gives back, at the border by a good."""
    return f"{BORDER}|{SECTORS[sector].name}"


def verified_of(kind: str) -> str:
    """Name of what a class of power plant emitted."""
    return f"Carbon Market|Verified Emissions|{SECTORS['ELEC'].name}|{PLANT_CLASSES[kind]}"


def with_firms(variables: Container[str]) -> tuple[str, ...]:
    """Sectors that have firms in a table of these variables, in the order of `TRADING_SECTORS`.

    Examples
    --------
    >>> with_firms({"Trade|Emissions Allowances|Machinery [Volume]"})[-2:]
    ('AIR', 'MACH')
    """
    return (*FIRM_SECTORS, *(code for code in OTHER_SECTORS if net_sales_of(code) in variables))


def offsets_of(sector: str | None = None) -> str:
    """Name of the offset credits bought by a sector, or by all."""
    return "Carbon Market|Offsets|Volume" + ("" if sector is None else f"|{SECTORS[sector].name}")


SUPPORT = "Carbon Market|Offsets|Support"
"""What government pays for credits, where it does."""


def cost_of(sector: str | None = None, part: str = "") -> str:
    """Name of what carbon policy costs a sector, or all; ``part`` is Allowances, Offsets or Abatement.

    The sectors add up to the whole, and so do a sector's parts; the parts of the whole have a name of their own, since
    what stands under one name is added up once.
    """
    if part and sector is None:
        return f"{COST} by Part|{part}"
    return "|".join(word for word in (COST, SECTORS[sector].name if sector else "", part) if word)


def gains_of(sector: str | None = None) -> str:
    """Name of what trade in allowances was worth to a sector's firms, or to all."""
    return "Carbon Market|Gains from Trade" + ("" if sector is None else f"|{SECTORS[sector].name}")


def auctions_of(sector: str | None = None) -> str:
    """Name of what government earns by auctions from a sector, the intermediaries (``INT``), or all."""
    if sector is None:
        return f"{REVENUE}|Auctions"
    return f"{REVENUE}|Auctions|{'Intermediaries' if sector == INTERMEDIARIES else SECTORS[sector].name}"


def yield_of(part: str) -> str:
    """Name of what a year yields to one of ``YIELDS``."""
    return f"{YIELD}|{part}"


def value_added_of(sector: str) -> str:
    """Name of a sector's real value added."""
    return f"Value Added|{SECTORS[sector].name}"


_COSTS = (
    ("", "allowances bought less sold, offsets bought, and abatement"),
    ("Allowances", "paid for allowances less received"),
    ("Offsets", "paid for forest credits, less what government pays for them"),
    ("Abatement", "area below a straight line of marginal cost from the frozen baseline to the year"),
)


_GAINS = "cost of the same cut if each firm kept to its own quota, less the cost with trade"
_MILLION = "million CNY_2022/yr"
_VENUES = ("allowances that government sold", "allowances that traders sold to one another")


def _power() -> list[tuple[str, str, str]]:
    """What is made, installed and paid in power."""
    made, installed = "TWh/yr", "GW"
    paid = "mean payment of power plants in 2022 moved by the price of generation, carbon's cost in it"
    grown = "capacity of 2022, as the capital of these plants that is in use has grown"
    return [
        (GENERATION, made, "generation in the province, heat plants at their power"),
        *((f"{GENERATION}|{kind}", made, "generation by kind of plant") for kind in KINDS),
        (POWER_SENT, made, "power sold to other provinces less bought there"),
        (CAPACITY, installed, "sum of the kinds"),
        *((f"{CAPACITY}|{kind}", installed, grown) for kind in KINDS[:-1]),
        (f"{CAPACITY}|{KINDS[-1]}", installed, "as built by 2025 and planned from then on, given to the model"),
        *((f"{CAPACITY}|{KINDS[-1]}|{kind}", installed, "as built and planned") for kind in CLEAN),
        (POWER_PRICE, "CNY_2022/MWh", paid),
    ]


def _of_firms(sectors: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """What is told of sectors only because they have firms."""
    mt = "Mt CO2/yr"
    return [
        *((auctions_of(s), _MILLION, "paid in auctions") for s in sectors),
        *((net_sales_of(s), mt, "sold less bought; all sellers add up to zero") for s in sectors),
        *((offsets_of(s), mt, "credits bought by the sector's firms") for s in sectors),
        *((cost_of(s, part), _MILLION, words) for s in sectors for part, words in _COSTS),
        *((cost_of(s, "Tax"), _MILLION, "paid as a tax on emissions") for s in sectors),
        *((allocation_of(s), mt, "given free for the year") for s in sectors),
        *((gains_of(s), _MILLION, _GAINS) for s in sectors),
    ]


def _rules() -> list[tuple[str, str, str]]:
    """What the market's rules come to: cap, bank, compliance, public revenue."""
    mt, million = "Mt CO2/yr", _MILLION
    return [
        (CAP, mt, "allowances of the year for sectors that trade; under a standard what output has earned"),
        (COVERED, mt, "emissions of sectors that trade"),
        (BANK, "Mt CO2", "allowances that are carried over at the year's end"),
        (f"{COMPLIANCE}|Obligations", mt, "what was to be surrendered"),
        (f"{COMPLIANCE}|Surrendered", mt, "allowances and credits surrendered for the year"),
        (f"{COMPLIANCE}|Shortfall", mt, "what was not, with what was still owed from earlier years"),
        (f"{COMPLIANCE}|Advances", mt, "taken in advance from the coming year's allowances"),
        (REVENUE, million, "auctions and penalties"),
        (
            auctions_of(),
            million,
            "allowances that government sold, without firms the auctioned share at the year's price",
        ),
        *((auctions_of(s), million, "paid in auctions") for s in (*FIRM_SECTORS, INTERMEDIARIES)),
        (f"{REVENUE}|Penalties", million, "paid for what was not surrendered"),
    ]


def _given() -> list[tuple[str, str, str]]:
    """What a timetable gives free, beside what classes of power plant emit."""
    mt, power = "Mt CO2/yr", "ELEC"
    return [
        *(
            (allocation_of(s), mt, "given free for the year, where a timetable says by what method")
            for s in FIRM_SECTORS
        ),
        *((allocation_of(power, k), mt, "given free to plant of the class, its heat included") for k in PLANT_CLASSES),
        *((verified_of(k), mt, "emitted by plant of the class, its heat included") for k in PLANT_CLASSES),
    ]


def _border() -> list[tuple[str, str, str]]:
    """What border adjustment comes to."""
    return [
        (CHARGED, _MILLION, "charged on what is bought outside for its carbon cost"),
        (GIVEN_BACK, _MILLION, "given back for what is sold outside"),
        (BORDER, _MILLION, "charged less given back; not in the revenue of the market"),
        *((border_of(s), _MILLION, "charged less given back") for s in SECTORS),
    ]


def _kinds() -> list[tuple[str, str, str]]:
    """What is told of each kind of offset credits, where there are several."""
    return [
        *(
            (kind_of_credit(k, "Volume"), "Mt CO2/yr", "credits of the kind issued and sold to firms")
            for k in CREDIT_KINDS
        ),
        *((kind_of_credit(k, "Price"), "CNY_2022/t CO2", "their price, 0 where none was sold") for k in CREDIT_KINDS),
    ]


def _entrants() -> list[tuple[str, str, str]]:
    """What a reserve for new entrants comes to; with what it held before, what is set aside is the sum of the rest."""
    mt = "Mt CO2/yr"
    return [
        (SET_ASIDE, mt, "part of the year's cap kept for new entrants"),
        (FROM_RESERVE, mt, "given out of the reserve to sectors whose output has grown"),
        (LEFT_AUCTIONED, mt, "left over by the year before and auctioned"),
        (LEFT_TO_STABILITY, mt, "left over by the year before and moved to the stability reserve"),
        (LEFT_CANCELLED, mt, "left over by the year before and cancelled"),
        (IN_RESERVE, "Mt CO2", "what the reserve holds after the year"),
    ]


def _of_groups() -> list[tuple[str, str, str]]:
    """What groups of households have of a year."""
    money = "billion CNY_2022/yr"
    told = (
        (MONEY_METRIC, money, "utility from goods, leisure and saving, as what it costs at the benchmark's prices"),
        (HEADS, "CNY_2022/yr", "income before tax, lump sums in it, per head of the benchmark year"),
        (EV, money, f"money metric less that of {REFERENCE} in the same year"),
    )
    return [(group_of(name, group), unit, meaning) for name, unit, meaning in told for group in HOUSEHOLD_GROUPS]


def _catalogue() -> dict[str, Variable]:
    price, mt, mtce, money = "CNY_2022/t CO2", "Mt CO2/yr", "Mtce/yr", "billion CNY_2022/yr"
    rows = [
        ("Price|Carbon", price, "volume-weighted mean of the year's trades (no trade: the close), deflated"),
        ("Price|Carbon|Year-End", price, "close of the year's last period, deflated"),
        ("Price|Carbon|Time Mean", price, "mean of the year's periods, each counted alike, deflated"),
        ("Emissions|CO2", mt, "combustion and process, territorial: exported power included"),
        *((emissions_of(s), mt, "direct emissions, combustion and process") for s in (*SECTORS, "HH")),
        (CUMULATIVE, "Mt CO2", "sum over the years since the run's first"),
        (
            "Energy Consumption",
            mtce,
            "fossil supply net of outflow + non-fossil power - net power export, power at coal equivalent",
        ),
        *((f"Energy Consumption|{part}", mtce, "part of the total") for part in ENERGY_PARTS[:-1]),
        (f"Energy Consumption|{ENERGY_PARTS[-1]}", mtce, "at coal equivalent, below 0 where more is sent out"),
        ("Fuel Combustion", mtce, "what is burnt in the province"),
        *_power(),
        ("Carbon Market|Trading Volume", mt, "gross fills"),
        *((f"Carbon Market|Trading Volume|{venue}", mt, words) for venue, words in zip(VENUES, _VENUES, strict=True)),
        ("Carbon Market|Net Transfers", mt, "sum of the firms' absolute net positions of the year, halved"),
        ("Carbon Market|Turnover", _MILLION, "value of the fills, deflated"),
        *((f"Carbon Market|Turnover|{v}", _MILLION, words) for v, words in zip(VENUES, _VENUES, strict=True)),
        *_rules(),
        *((net_sales_of(s), mt, "sold less bought; all sellers add up to zero") for s in (*TRADERS, INTERMEDIARIES)),
        (net_sales_of(OUTSIDE), mt, "bought outside the province less sold there"),
        (net_sales_of(OTHERS), mt, "bought in the other provinces of the market less sold there"),
        (PAID_OUTSIDE, _MILLION, "paid outside the province for allowances less received from there"),
        (OUTSIDE_EMISSIONS, mt, "what the rest of the nation's covered firms emit"),
        (OUTSIDE_BANK, "Mt CO2", "allowances that they carry over at the year's end"),
        ("Price|Carbon|Offsets", price, "price of forest credits in the year's auction, 0 where none was sold"),
        (offsets_of(), mt, "credits issued and sold to firms, the sum of the sectors"),
        *((offsets_of(s), mt, "credits bought by the sector's firms") for s in FIRM_SECTORS),
        ("Carbon Market|Offsets|Surrendered", mt, "credits surrendered in place of allowances"),
        (SUPPORT, _MILLION, "paid by government for credits to those who bought them, a tax spared among it"),
        *((cost_of(s, part), _MILLION, words) for s in (None, *FIRM_SECTORS) for part, words in _COSTS),
        ("GDP|MER", money, "real, Laspeyres at 2022 prices"),
        *((value_added_of(s), money, "real, at 2022 prices") for s in SECTORS),
        (TAX_RATE, price, "rate of the tax on emissions of the sectors that pay it"),
        (TAXED, mt, "emissions of those sectors"),
        (TAX_REVENUE, _MILLION, "paid for them; not in the revenue of the market"),
        *((cost_of(s, "Tax"), _MILLION, "paid as a tax on emissions") for s in (None, *FIRM_SECTORS)),
        *_given(),
        *_border(),
        *_entrants(),
        *_kinds(),
        *((gains_of(s), _MILLION, _GAINS) for s in (None, *FIRM_SECTORS)),
        (MONEY_METRIC, money, "what the households' utility of the year costs at 2022 prices"),
        (YIELD, money, "consumption with leisure where it is chosen, government and real saving, at 2022 prices"),
        *((yield_of(part), money, "part of what the year yields, at 2022 prices") for part in YIELDS),
        (EV, money, f"money metric less that of {REFERENCE} in the same year"),
    ]
    return {name: Variable(name, unit, meaning) for name, unit, meaning in rows}


CATALOGUE: dict[str, Variable] = _catalogue()
COMPARED = {MONEY_METRIC: EV} | {group_of(MONEY_METRIC, g): group_of(EV, g) for g in HOUSEHOLD_GROUPS}
"""Money metrics, and the names of what they are more than in the reference run."""
COMPARISONS = frozenset(COMPARED.values())  # a single run cannot know them
FURTHER = {name: Variable(name, unit, told) for name, unit, told in (*_of_firms(OTHER_SECTORS), *_of_groups())}
"""Names that only runs with firms of `OTHER_SECTORS`, or with groups of households, have; they come last."""
KNOWN: dict[str, Variable] = CATALOGUE | FURTHER  # every name that a run may have, in order
#: Names of the offset market; runs without offsets do not have them.
OFFSETS = frozenset(name for name in CATALOGUE if "|Offsets" in name and not name.startswith(COST))
#: Names that only some runs have.
OPTIONAL = (
    frozenset({net_sales_of(INTERMEDIARIES), TAX_RATE, TAXED, TAX_REVENUE})
    | frozenset(name for s in (None, *FIRM_SECTORS) for name in (cost_of(s, "Tax"), gains_of(s)))
    | frozenset({net_sales_of(OUTSIDE), net_sales_of(OTHERS), PAID_OUTSIDE, OUTSIDE_EMISSIONS, OUTSIDE_BANK})
    | OFFSETS
    | frozenset(name for name, _, _ in (*_given(), *_border(), *_entrants(), *_kinds()))
)
#: What the records say of a year's obligations; outputs of sweeps beside the annual variables.
SETTLED: dict[str, Variable] = {
    name: Variable(name, unit, meaning)
    for name, unit, meaning in (
        ("Compliance|Shortfall", "%", "part of the year's obligation that firms left unsurrendered"),
        ("Compliance|Penalty", _MILLION, "paid for it"),
    )
}
