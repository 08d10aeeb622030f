"""Results of the province as functions of a state, for derivatives: emissions, GDP, welfare."""

from __future__ import annotations

import numpy as np

from tanshi.equilibrium.engine.evaluate import State
from tanshi.equilibrium.engine.sensitivity import Parameter
from tanshi.equilibrium.province.carbon import PERMIT
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.province import Province


class Results:
    """Readers that pass complex numbers through, so that ``engine.sensitivity`` can differentiate them."""

    def __init__(self, accounts: PhysicalAccounts) -> None:
        self.accounts, self.province = accounts, accounts.province

    def emissions(self, s: State) -> complex:
        """CO2 of production, Mt/yr."""
        p = self.province
        return complex((np.where(p.source_leaf >= 0, s.flow[p.source_leaf], s.x[p.source_level]) * p.source_co2).sum())

    def gdp(self, s: State) -> complex:
        """Real gross domestic product at benchmark prices, yi yuan/yr."""
        a = self.accounts
        return complex(
            s.flow[a.final_leaves].sum()
            + s.flow[a.investment_leaves].sum()
            + s.flow[a.export_leaves].sum()
            - s.flow[a.import_leaves].sum()
        )

    def welfare(self, s: State) -> complex:
        """Real demand of households, 1 in the benchmark."""
        return complex(s.real[self.province.compiled.consumers.index("HH")])


def carbon_price(province: Province) -> Parameter:
    """The carbon price (yi yuan per Mt) as a parameter, where it is held."""
    return Parameter("lower", province.compiled.price_index[PERMIT])


def cap(province: Province) -> Parameter:
    """The cap (Mt/yr) as a parameter."""
    return Parameter("coefficient", province.cap_term)


def elasticities(province: Province) -> dict[str, Parameter]:
    """Elasticities of all named nests that are neither 0 nor 1, by ``owner.nest`` (signed: negative for outputs)."""
    c = province.compiled
    return {
        f"{owner}.{name}": Parameter("sigma", node)
        for (owner, _, name), node in c.node_at.items()
        if c.branch[node] == 2
    }
