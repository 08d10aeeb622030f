"""What closes the province's accounts, and what moves its economy from year to year."""

from __future__ import annotations

from typing import Annotated, Literal

from tanshi.scenarios.fields import Group, in_unit


class Closure(Group):
    """What adjusts so that the accounts of the province close."""

    border_pass_through: Annotated[float, in_unit("fraction", "assumed", ge=0, le=1)] = 0.0
    """Share theta of a covered good's carbon cost that rivals beyond the border pay too; report 0 and 1."""
    border_cost: Annotated[Literal["average", "marginal"], in_unit("-", "assumed")] = "average"
    """Carbon cost of power that its border price bears: average of all generation, or marginal: of the coal-fired units
    that set the price, p e under lump sums and p (e - B) under a standard."""
    capital: Annotated[Literal["vintage", "mobile"], in_unit("-", "assumed")] = "vintage"
    """vintage: installed capital stays in its sector and new investment moves; mobile: all capital moves."""
    installed_elasticity: Annotated[float, in_unit("fraction", "literature", ge=0, le=1)] = 0.12
    """Elasticities of installed capital as part of those of new (IMF-ENV: 0.12); where capital is `vintage`."""
    external_saving: Annotated[Literal["fixed", "flexible"], in_unit("-", "assumed")] = "fixed"
    """fixed: internal prices adjust to a given capital inflow; flexible: the inflow adjusts."""
    recycling: Annotated[Literal["lump_sum", "output", "labour", "income"], in_unit("-", "assumed")] = "lump_sum"
    """What takes up government's revenue from allowances: lump_sum: households; output, labour, income: lower rates of
    production taxes, of the tax on wages, of the taxes on wages and enterprises."""
    labour_supply: Annotated[float, in_unit("-", "literature", ge=0, le=2)] = 0.0
    """Elasticity of labour supply to the wage after tax (China: 0.06, its towns 0.2); 0: labour is fixed."""
    outside: Annotated[Literal["sloped", "flat"], in_unit("-", "literature")] = "sloped"
    """sloped: other provinces buy less coal, coke, steel and power where they are dearer; flat: any amount."""
    capacity_limits: Annotated[bool, in_unit("-", "assumed")] = True
    """Whether plant and permits limit coal, coke, metals and cement, to the economy's `capacity_*` parameters."""
    clean_cost: Annotated[float | None, in_unit("CNY_2022/kWh", "literature", gt=0, le=5)] = None
    """Cost of non-fossil power beyond the plan with storage and curtailment; nothing: the plan is the limit."""
    miners_wage: Annotated[float | None, in_unit("fraction", "assumed", gt=0, le=1)] = None
    """Part of 2022's real wage below which coal mining's cannot fall; miners have no other work. Nothing: one wage."""


class Dynamics(Group):
    """What moves the economy from one year to the next."""

    labour_growth: Annotated[float, in_unit("1/year", "assumed", ge=-0.1, le=0.1)] = -0.003
    """Growth of the labour force: population fell by 0.98 per mille in 2022, and it ages."""
    productivity_growth: Annotated[float, in_unit("1/year", "assumed", ge=-0.1, le=0.2)] = 0.02
    """Growth of the productivity of labour and capital."""
    aeei: Annotated[float, in_unit("1/year", "literature", ge=-0.1, le=0.1)] = 0.01
    """Autonomous energy efficiency improvement: growth of the service got from a unit of energy."""
    aeei_power: Annotated[float, in_unit("1/year", "literature", ge=-0.1, le=0.1)] = 0.003
    """The same in power generation, where less is left to gain."""
    depreciation: Annotated[float, in_unit("1/year", "literature", ge=0, le=0.5)] = 0.05
    """Part of the capital that wears out."""
    capital_growth: Annotated[float, in_unit("1/year", "assumed", ge=0, le=0.2)] = 0.045
    """Growth of capital that the benchmark's investment gives; with depreciation it fixes the stock."""
    resource_growth: Annotated[float, in_unit("1/year", "assumed", ge=-0.2, le=0.2)] = 0.0
    """Growth of what coal, gas, ores and land can yield, and of gas-fired plant: the coal plan is flat."""
    public_growth: Annotated[float, in_unit("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of real government demand."""
    external_growth: Annotated[float, in_unit("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of transfers and of net lending to the rest of the country."""
    line_growth: Annotated[float, in_unit("1/year", "assumed", ge=-0.1, le=0.2)] = 0.03
    """Growth of the outgoing power lines' capacity."""
    outside_carbon: Annotated[float, in_unit("CNY_2022/t CO2", "assumed", ge=0, le=2000)] = 0.0
    """Carbon price that users of coal in the rest of the country pay by 2030, rising evenly: they buy less coal."""
    fade: Annotated[float, in_unit("1/year", "assumed", ge=0, le=0.5)] = 0.04
    """Share by which all rates of change but that of labour decline each year after 2030."""
