"""China's national market as its plans have it: units' benchmarks, what is topped up, given early, carried, fined.

Numbers stand in two tables beside this file, each with its article and source; `status` says whether the text was
seen (verified), is a draft, or is told from memory (recalled).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, floor
from pathlib import Path
from typing import Literal, NamedTuple

from tanshi.market.law.entitlement import ROUNDING, Rule, RuleError

Class = Literal["coal_I", "coal_II", "coal_III", "gas"]
INDUSTRY = ("steel", "cement", "aluminium")
_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _benchmarks() -> dict[tuple[int, str, str], tuple[float, str]]:
    with (_HERE / "china_benchmarks.csv").open(encoding="utf-8", newline="") as lines:
        return {
            (int(row["year"]), row["class"], row["product"]): (float(row["value"]), row["per"])
            for row in csv.DictReader(lines)
        }


class Said(NamedTuple):
    """What the plans say on one point, and where."""

    value: float
    article: str
    source: str
    status: str


@lru_cache(maxsize=1)
def _plan() -> tuple[dict[str, str], ...]:
    with (_HERE / "china_plan.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def said(rule: str, year: int, sector: str = "power") -> Said | None:
    """What the plans say of a year on one point; None where they say nothing.

    Parameters
    ----------
    rule
        The beginning of a rule's name in ``china_plan.csv``.
    sector
        ``power``, or one of ``INDUSTRY``.

    Examples
    --------
    >>> said("allowances topped up to", 2024).value
    0.8
    """
    of = {sector, "all", "industry" if sector in INDUSTRY else sector}
    for row in _plan():
        if row["rule"].startswith(rule) and row["sector"] in of and int(row["first"]) <= year <= int(row["last"]):
            return Said(float(row["value"]), row["article"], row["source"], row["status"])
    return None


def _value(rule: str, year: int, sector: str = "power") -> float | None:
    found = said(rule, year, sector)
    return None if found is None else found.value


def _stated(rule: str, year: int, sector: str = "power") -> float:
    """The same where the plans have to say something.

    Raises
    ------
    RuleError
        Naming rule, sector and year.
    """
    found = said(rule, year, sector)
    if found is None:
        raise RuleError("the plans say nothing on '{rule}' of {sector} in {year}", rule=rule, sector=sector, year=year)
    return found.value


def benchmark(year: int, kind: Class, product: str = "electricity") -> float:
    """Benchmark of a class of plant: t CO2 per MWh (supplied to 2022, generated from 2023), or per GJ of heat.

    Raises
    ------
    RuleError
        For a year without a plan, or an unknown class.
    """
    name = ("gas" if kind == "gas" else "coal") if product == "heat" else kind
    found = _benchmarks().get((year, name, product))
    if found is None:
        years = sorted({y for y, _, _ in _benchmarks()})
        raise RuleError(
            "no benchmark of {kind} in {year}; the plans reach from {first} to {last}",
            kind=kind, year=year, first=years[0], last=years[-1],
        )  # fmt: skip
    return found[0]


@dataclass(frozen=True)
class Unit:
    """A generating unit and a year of its figures.

    Attributes
    ----------
    kind
        Class of plant.
    generated, supplied : float
        MWh generated, which counts from 2023; MWh supplied, which counted before.
    heat : float
        GJ.
    load : float
        Load factor, a fraction.
    verified : float
        t CO2.
    air_cooled : bool
        Air cooling gave 5 % more to 2022.
    heat_ratio : float
        Part of the energy that went to heat, to 2022.
    """

    kind: Class
    generated: float = 0.0
    supplied: float = 0.0
    heat: float = 0.0
    load: float = 1.0
    verified: float = 0.0
    air_cooled: bool = False
    heat_ratio: float = 0.0


def load_correction(year: int, kind: Class, load: float) -> float:
    """Correction for low load: conventional coal only, below 85 % to 2022, 65 % in 2023-2024, 50 % from 2025.

    Examples
    --------
    >>> round(load_correction(2023, "coal_I", 0.60), 6), load_correction(2024, "coal_I", 0.65)
    (1.061364, 1.0)
    """
    if kind not in ("coal_I", "coal_II"):
        return 1.0
    percent = 100.0 * load
    if year >= 2025:
        if percent >= 50.0:
            return 1.0
        curve = 7.254 - 0.633 * (1 - exp(-percent / 29.822)) - 5.643 * (1 - exp(-percent / 6.871))
        return round(curve, 6)
    steep = 1.015 ** (16.0 - 20.0 * load)
    if year >= 2023:
        return steep if load < 0.65 else 1.0
    if load >= 0.85:
        return 1.0
    if load >= 0.80:
        return 1.0 + 0.0014 * (85.0 - percent)
    return 1.007 + 0.0016 * (80.0 - percent) if load >= 0.75 else steep


def unit_allowance(year: int, unit: Unit) -> float:
    """Allowances of a unit by its output and benchmarks, t, before rounding."""
    power, warm = benchmark(year, unit.kind), benchmark(year, unit.kind, "heat")
    correction = load_correction(year, unit.kind, unit.load)
    made = unit.generated
    if year <= 2020 and unit.heat > 0:  # recalled: in the first plan the correction was for units of power alone
        correction = 1.0
    if year < 2023:  # recalled: cooling 1.05 in air, heat supply 1 - 0.22 x heat ratio (gas 1 - 0.6 x)
        made = unit.supplied
        correction *= 1.05 if unit.air_cooled else 1.0
        correction *= 1.0 - (0.6 if unit.kind == "gas" else 0.22) * unit.heat_ratio
    return made * power * correction + unit.heat * warm


class FirmYear(NamedTuple):
    """A power firm's year under the plan, whole tonnes, and what counts at its margin.

    Attributes
    ----------
    by_benchmark, gas_topped, topped, allowance : int
        By output; what gas units got on top; what the firm got on top; all together.
    owed, gap : int
        To be surrendered, and what of it the allowances do not cover.
    per_tonne, per_mwh : float
        dA/dE of the firm (to 2022: part of a tonne that is not owed), and its mean allowances per MWh.
    """

    by_benchmark: int
    gas_topped: int
    topped: int
    allowance: int
    owed: int
    gap: int
    per_tonne: float
    per_mwh: float


def firm(year: int, units: Sequence[Unit]) -> FirmYear:
    """What a power firm is given and owes: gas units first, then the firm as a whole.

    From 2023 gas units are topped up to their verified emissions and the firm to 80 % of its own, and all is owed. To
    2022 the firm owed no more than its allowances and 20 % of its verified emissions, gas units no more than theirs.

    Examples
    --------
    >>> firm(2024, [Unit("coal_I", generated=884956, verified=1_000_000)]).topped
    100000
    """
    given = [unit_allowance(year, unit) for unit in units]
    return settle(year, units, given)


def settle(year: int, units: Sequence[Unit], given: Sequence[float]) -> FirmYear:
    """The same from allowances by benchmark that are known, unit by unit (t)."""
    whole = [_down(amount) for amount in given]
    verified = sum(unit.verified for unit in units)
    base, top = sum(whole), _value("allowances topped up to", year)
    output = sum(unit.generated if year >= 2023 else unit.supplied for unit in units)
    rate = sum(given) / output if output > 0 else 0.0
    if top is None:
        most = _stated("gap owed at most", year)
        gas = sum(max(unit.verified - a, 0.0) for unit, a in zip(units, whole, strict=True) if unit.kind == "gas")
        free = base + _down(most * verified)
        owed = min(_down(verified - gas), free)
        capped = verified - gas > free
        return FirmYear(base, 0, 0, base, owed, max(owed - base, 0), 1.0 - most if capped else 0.0, rate)
    full = [max(a, _down(unit.verified)) if unit.kind == "gas" else a for unit, a in zip(units, whole, strict=True)]
    least, owed = _down(top * verified), _down(verified)
    topped = max(least - sum(full), 0)
    allowance = sum(full) + topped
    return FirmYear(
        base, sum(full) - base, topped, allowance, owed, max(owed - allowance, 0),
        top if topped else 0.0, 0.0 if topped else rate,
    )  # fmt: skip


def industry(year: int, sector: str, balance: float | None = None) -> Rule:
    """The rule of steel, cement or aluminium: verified emissions in 2024, a band around the balance value from 2025.

    Parameters
    ----------
    balance
        t CO2 per unit of output at which the sector's allowances equal its emissions.

    Raises
    ------
    RuleError
        For another sector, or a year without a plan.
    """
    if sector not in INDUSTRY:
        raise RuleError("expected one of {known}, got {sector}", known=", ".join(INDUSTRY), sector=sector)
    if year == 2024:
        return Rule("verified")
    slope = _stated("slope of the band", year, sector)
    most, least = _stated("largest surplus", year, sector), _stated("largest deficit", year, sector)
    return Rule("band", balance, slope=slope, surplus=most, deficit=least)


def in_advance(year: int, sector: str = "power", *, verified_before: float = 0.0, by_benchmark: float = 0.0) -> int:
    """What is given before verification, whole tonnes.

    Parameters
    ----------
    verified_before
        Verified emissions of the year before, t, which count from 2023.
    by_benchmark
        Output of the plan's base year (2018, 2021) times the benchmark, t, which counted before.

    Examples
    --------
    >>> in_advance(2024, verified_before=1789.70)
    1252
    """
    part = _stated("in advance", year, sector)
    return _down(part * (by_benchmark if year < 2023 else verified_before))


def carried(held: int, *, sold: float, bought: float, late: bool = False, sector: str = "power") -> int:
    """Allowances of 2019 to 2024 that a firm takes into 2025, once, at the end of 2025.

    Those of steel, cement and aluminium, which are of 2024 alone, are not valid for 2025 (draft plan).

    Parameters
    ----------
    held
        t of these vintages at the end of 2025.
    sold, bought
        t from 1 January 2024 to 31 December 2025; what was traded before does not count.
    late
        Whether the firm was late for 2023 or 2024: then nothing is carried.

    Examples
    --------
    >>> carried(70_000, sold=45_000, bought=15_001)
    54998
    """
    if late:
        return 0
    base, multiple = (_stated(what, 2024, sector) for what in ("carry-over: base", "carry-over: multiple"))
    return min(held, _down(base + multiple * max(sold - bought, 0.0)))


class Fine(NamedTuple):
    """What a firm that surrenders too little pays, yuan from least to most, and t cut from its next allocation."""

    least: float
    most: float
    cut: int


def fine(year: int, missing: int, month_price: float = 0.0, *, refuses: bool = True) -> Fine:
    """The fine for a compliance year: per firm to 2022 (deadlines before May 2024), five to ten times the price since.

    Parameters
    ----------
    year
        Compliance year.
    missing
        t not surrendered.
    month_price
        Mean price of the month before the deadline, yuan/t.
    refuses
        Whether the firm does not make good in time, so that its next allocation is cut.

    Examples
    --------
    >>> fine(2021, 5_000), fine(2024, 5_000, 60.0)
    (Fine(least=20000.0, most=30000.0, cut=5000), Fine(least=1500000.0, most=3000000.0, cut=5000))
    """
    if missing <= 0:
        return Fine(0.0, 0.0, 0)
    due = year + int(_value("deadline", year) or 1)  # the year in which it falls due
    cut = missing if refuses and (_value("missing tonnes cut", min(due, 2060)) or 0.0) > 0 else 0
    if due < 2024:
        return Fine(_stated("fine: least", due), _stated("fine: most", due), cut)
    low, high = _stated("fine: least multiple", due), _stated("fine: most multiple", due)
    return Fine(low * month_price * missing, high * month_price * missing, cut)


def _down(amount: float) -> int:
    return floor(amount + ROUNDING)
