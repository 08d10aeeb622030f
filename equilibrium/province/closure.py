"""Closures of the province model: each option says what adjusts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tanshi.errors import TanshiError


class ClosureError(TanshiError, ValueError):
    """An impossible combination of closure options, with the reason."""


@dataclass(frozen=True)
class Closure:
    """What is fixed and what adjusts.

    The price level of the rest of China is the numeraire and the exchange rate is fixed.  Investment follows
    saving.  Real government demand is fixed and a lump-sum tax on households adjusts.

    Attributes
    ----------
    capital
        ``mobile``: one rental rate clears one provincial capital market.
        ``vintage``: installed capital stays in its sector with little room to substitute, last year's
        investment is mobile and chooses freely (putty-clay).
    external_saving
        ``fixed``: the current account is fixed in foreign currency; internal prices adjust.
        ``flexible``: the current account adjusts; real investment is fixed.
    border_pass_through
        Share theta of a covered good's own carbon cost that rivals in the rest of China pay too, 0 to 1: nothing in a
        province alone with its policy. What of the cost is passed on beyond that follows from outside demand.
    old_elasticity_factor
        Elasticities of installed capital as a share of those of new capital (vintage only).
        Source: 0.12 in IMF-ENV.
    new_capital_share
        Share of the benchmark's capital that is mobile new investment (vintage only).
    line_headroom
        Capacity of the outgoing power lines over the benchmark's export, >= 1.
    own_quotas
        Sectors whose quotas bind themselves alone: each has a permit of its own, not traded with the others, and so
        a shadow price of its own.
    border_cost
        Whose carbon cost the border price of power bears: that of all generation (``average``), or of the coal-fired
        units that set the price (``marginal``): p e under lump sums, p (e - B) under a standard.
    recycling
        What holds government's real demand, and so takes up what permits earn it: a lump sum to households
        (``lump_sum``), or all rates alike of production taxes (``output``), of the tax on wages (``labour``), of the
        taxes on wages and on enterprises' capital (``income``).
    labour_supply
        Elasticity of labour supply to the wage after tax (uncompensated, in the benchmark), >= 0; 0: fixed.
    outside
        ``sloped``: the rest of the country buys less coal, coke, steel and power where they are dearer, by the
        elasticities ``outside_demand``; ``flat``: it buys any amount at its own price.
    capacity
        Sectors whose output plant limits, and their capacity over the benchmark's output, >= 1.
    clean_cost
        What non-fossil power beyond the plan costs with storage and curtailment, yuan/kWh; None: there is none.
    miners_wage
        Part of the benchmark's real wage below which that of coal mining does not fall: its labour cannot work
        elsewhere, and who finds no work at that wage is without; None: one market and one wage of all labour.
    taxed, border_adjusted
        Whether emissions may be taxed, and whether what crosses the border may be charged its carbon cost, or given it
        back (`tanshi.equilibrium.province.border`); neither is, until a regime says so.
    """

    capital: Literal["mobile", "vintage"] = "mobile"
    external_saving: Literal["fixed", "flexible"] = "fixed"
    border_pass_through: float = 0.0
    old_elasticity_factor: float = 0.12
    new_capital_share: float = 0.095
    line_headroom: float = 1.1
    own_quotas: tuple[str, ...] = ()
    border_cost: Literal["average", "marginal"] = "average"
    recycling: Literal["lump_sum", "output", "labour", "income"] = "lump_sum"
    labour_supply: float = 0.0
    outside: Literal["sloped", "flat"] = "sloped"
    capacity: tuple[tuple[str, float], ...] = ()
    clean_cost: float | None = None
    miners_wage: float | None = None
    taxed: bool = False
    border_adjusted: bool = False

    @property
    def sells_time(self) -> bool:
        """Whether households sell time for a wage less its tax: they choose how much, or the tax may change."""
        return self.labour_supply > 0 or self.recycling in ("labour", "income")

    def __post_init__(self) -> None:
        if self.capital not in ("mobile", "vintage"):
            raise ClosureError("capital is 'mobile' or 'vintage', not '{capital}'", capital=self.capital)
        if self.external_saving not in ("fixed", "flexible"):
            raise ClosureError(
                "external_saving is 'fixed' or 'flexible', not '{external_saving}'",
                external_saving=self.external_saving,
            )
        if not 0 <= self.border_pass_through <= 1:
            raise ClosureError(
                "border_pass_through lies between 0 and 1, not {border_pass_through}",
                border_pass_through=self.border_pass_through,
            )
        if not 0 <= self.old_elasticity_factor <= 1:
            raise ClosureError(
                "old_elasticity_factor lies between 0 and 1, not {old_elasticity_factor}",
                old_elasticity_factor=self.old_elasticity_factor,
            )
        if not 0 < self.new_capital_share < 1:
            raise ClosureError(
                "new_capital_share lies between 0 and 1, not {new_capital_share}",
                new_capital_share=self.new_capital_share,
            )
        if self.border_cost not in ("average", "marginal"):
            raise ClosureError(
                "border_cost is 'average' or 'marginal', not '{border_cost}'", border_cost=self.border_cost
            )
        if self.recycling not in ("lump_sum", "output", "labour", "income"):
            raise ClosureError(
                "recycling is 'lump_sum', 'output', 'labour' or 'income', not '{recycling}'", recycling=self.recycling
            )
        if not 0 <= self.labour_supply <= 2:
            raise ClosureError(
                "labour_supply lies between 0 and 2, not {labour_supply}", labour_supply=self.labour_supply
            )
        if self.outside not in ("sloped", "flat"):
            raise ClosureError("outside is 'sloped' or 'flat', not '{outside}'", outside=self.outside)
        for sector, headroom in self.capacity:
            if not headroom >= 1:
                raise ClosureError(
                    "capacity of {sector}: expected at least what was made in the benchmark (1), found {headroom:g}",
                    sector=sector,
                    headroom=headroom,
                )
        if self.clean_cost is not None and not self.clean_cost > 0:
            raise ClosureError("clean_cost is a cost above 0 yuan/kWh, not {clean_cost:g}", clean_cost=self.clean_cost)
        if self.miners_wage is not None and not 0 < self.miners_wage <= 1:
            raise ClosureError(
                "miners_wage lies above 0 and up to 1, the benchmark's real wage, not {miners_wage:g}",
                miners_wage=self.miners_wage,
            )
        if self.miners_wage is not None and self.sells_time:
            raise ClosureError(
                "miners_wage does not go with labour_supply above 0 or with recycling into labour or income taxes:"
                " miners are without work, not at leisure"
            )
        if self.line_headroom < 1:
            raise ClosureError("line_headroom below 1 contradicts the benchmark, in which the power was exported")
