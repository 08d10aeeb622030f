"""The benchmark accounts of a province and the gate that lets only balanced ones through.

A social accounting matrix (SAM) is read ``sam.loc[receiver, payer]``: the column pays the row.
Every account must receive what it pays. Nothing here repairs a difference: the gate names the accounts that
are off.

References
----------
Pyatt, G. and Round, J. (1985). Social Accounting Matrices: A Basis for Planning. World Bank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from tanshi.errors import Message, TanshiError

BALANCE_TOLERANCE = 1e-9
"""Largest accepted difference of an account, relative to its larger total."""

MAY_BE_EMPTY = ("PERMIT",)
"""Accounts that may have no payments: where all allowances followed output, nobody paid for one on balance."""

SIGNED_CELLS = (("PTAX", "A_AGR"),)
"""Cells that may be negative: agriculture is a net receiver of production subsidies."""


class UnbalancedAccount(TanshiError, ValueError):
    """An account receives other than it pays, or a payment has no meaning (missing, infinite, wrong sign)."""


class UnknownSector(TanshiError, ValueError):
    """Firms of a sector that the accounts do not have, or no firms where they are needed."""


@dataclass(frozen=True)
class Accounts:
    """Benchmark year of one province: money, energy, carbon.

    Attributes
    ----------
    sectors, activities, commodities
        Codes: 17 sectors; activities (sectors, coal-fired GENC or its classes, GENG, GENN); commodities (sectors, GEN,
        BPG and, with classes, HEAT).
    sam
        Square table, ``sam.loc[receiver, payer]`` in yi yuan (10^8 yuan) a year.
    fuel
        One row per commodity (COAL COKE OGAS BPG), activity (or ``HH``) and use (``energy | reductant |
        feedstock``): ``mtce`` (Mtce), ``value`` (yi yuan, purchaser), ``tco2_per_tce``, ``co2_mt`` (Mt). The
        emission factor of coke as reductant is net of the carbon that leaves with blast-furnace gas;
        feedstock emits nothing here.
    process_co2
        Mt CO2 by activity that does not come from fuel.
    power
        A row for each activity of generation with ``twh`` and ``capacity_gw``; ``attrs`` carries totals.
    physical
        Named physical constants, see :mod:`tanshi.equilibrium.province.balance_energy`.
    elasticities
        Row per activity or commodity code (and ``HH``), column per elasticity; NaN where it has no meaning.
    carbon_price
        Carbon price that power paid in the benchmark year, yuan/t CO2.
    tell_moved
        Makes `moved`, which few ask for and which takes a tenth of a second.
    plant_growth
        Yearly growth of plant that nobody builds anew, by activity; the rest of such plant grows as resources do.
    by_output
        Part of the benchmark's allowances that followed output at each activity's own intensity, 0 (lump sums: every
        tonne costs the price) to 1 (a standard: what a unit of output costs in permits comes back with it). The
        permits that ``sam`` shows are those of the rest.
    coverable
        Sectors that carbon trading may cover: those for whose firms the economy has figures, in their order. Whatever
        is said by sector of the carbon market has this length and this order.
    """

    sectors: tuple[str, ...]
    activities: tuple[str, ...]
    commodities: tuple[str, ...]
    sam: pd.DataFrame
    fuel: pd.DataFrame
    process_co2: pd.Series
    power: pd.DataFrame
    physical: Mapping[str, float]
    elasticities: pd.DataFrame
    carbon_price: float
    tell_moved: Callable[[], pd.DataFrame]
    plant_growth: Mapping[str, float] = field(default_factory=dict)
    by_output: float = 0.0
    coverable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_balance(self.sam)
        if unknown := [s for s in self.coverable if s not in self.sectors]:
            raise UnknownSector(
                "population: {unknown} have firms and are no sectors of the accounts; those are {sectors}",
                unknown=", ".join(unknown),
                sectors=", ".join(self.sectors),
            )
        if self.coverable and "ELEC" not in self.coverable:
            raise UnknownSector("population: power (ELEC) has no firms, and it is who trades in the benchmark year")

    @cached_property
    def moved(self) -> pd.DataFrame:
        """What the builder moved: ``item, kind (control | fuel | cell), before, after, ratio, reason``."""
        return self.tell_moved()

    @cached_property
    def fuel_value(self) -> Mapping[tuple[str, str, str], float]:
        """Commodity, activity and use -> what is paid for the fuel, yi yuan, where any is."""
        paid: dict[tuple[str, str, str], float] = {}
        cells = (map(str, self.fuel[column]) for column in ("commodity", "activity", "use"))
        for *cell, value in zip(*cells, map(float, self.fuel["value"]), strict=True):
            key = (cell[0], cell[1], cell[2])
            paid[key] = paid.get(key, 0.0) + value
        return paid


def check_balance(sam: pd.DataFrame, tolerance: float = BALANCE_TOLERANCE) -> None:
    """Refuse a SAM with an account that does not balance.

    Parameters
    ----------
    sam
        Square table, ``sam.loc[receiver, payer]``, any currency unit.
    tolerance
        Largest accepted ``|receipts - payments| / max(receipts, payments)`` of an account.

    Raises
    ------
    UnbalancedAccount
        With the name, receipts and payments of every account that is off, or of every impossible cell.
    """
    if list(sam.index) != list(sam.columns):
        odd = sorted(set(sam.index) ^ set(sam.columns)) or ["same names in another order"]
        raise UnbalancedAccount("rows and columns of a SAM are the same accounts; not so: {odd}", odd=", ".join(odd))
    if sam.index.has_duplicates:
        twice = sorted(set(sam.index[sam.index.duplicated()]))
        raise UnbalancedAccount("accounts named twice: {twice}", twice=", ".join(twice))
    values = sam.to_numpy(dtype=float)
    names = [str(name) for name in sam.index]
    broken = [f"{names[j]} pays {names[i]} {values[i, j]}" for i, j in np.argwhere(~np.isfinite(values))]
    allowed = set(SIGNED_CELLS)
    broken += [
        Message("{payer} pays {receiver} {value:.6g}", payer=names[j], receiver=names[i], value=values[i, j])
        for i, j in np.argwhere(values < 0)
        if (names[i], names[j]) not in allowed
    ]
    if broken:
        raise UnbalancedAccount("payments must be finite and not negative: {broken}", broken="; ".join(broken))
    receipts, payments = values.sum(axis=1), values.sum(axis=0)
    scale = np.maximum(np.abs(receipts), np.abs(payments))
    gap = np.abs(receipts - payments)
    off = np.flatnonzero(gap > tolerance * scale)
    if off.size:
        worst = off[np.argsort(-gap[off] / scale[off])]
        lines = [
            Message(
                "{name}: receives {receipts:.9g}, pays {payments:.9g}, off by {gap:.3g}",
                name=names[i],
                receipts=receipts[i],
                payments=payments[i],
                gap=gap[i] / scale[i],
            )
            for i in worst
        ]
        raise UnbalancedAccount(
            "unbalanced accounts (limit {tolerance:g}, relative): {lines}", tolerance=tolerance, lines="; ".join(lines)
        )
    empty = [names[i] for i in np.flatnonzero(scale == 0) if names[i] not in MAY_BE_EMPTY]
    if empty:
        raise UnbalancedAccount("accounts without any payment: {empty}", empty=", ".join(empty))
