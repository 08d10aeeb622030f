"""Why emissions changed: scale, composition, fuel mix, intensity, carbon content; they add up exactly.

With output Q, shares S_i, energy per output I_i, fuel shares M_if and carbon per energy C_if, emissions are
``E = sum Q S_i I_i M_if C_if`` (process CO2: ``Q S_i P_i``).  The additive logarithmic mean Divisia index gives each
factor ``sum L(E1, E0) ln(factor1 / factor0)`` with the logarithmic mean ``L(a, b) = (a - b) / ln(a / b)``.

References
----------
Ang, B. W. (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33, 867-871.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.equilibrium.engine.structure import Array
from tanshi.equilibrium.province.carbon import emitting_flows
from tanshi.equilibrium.province.physical import Flows, PhysicalAccounts

EFFECTS = ("scale", "composition", "intensity", "fuel mix", "carbon content")


@dataclass(frozen=True)
class Decomposition:
    """Contributions to a change of emissions, Mt CO2/yr; the effects and households add up to ``change``."""

    change: float
    effects: dict[str, float]
    households: float


def logarithmic_mean(a: Array, b: Array) -> Array:
    """L(a, b) = (a - b) / ln(a / b), and a where the two are equal; 0 where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(a / b)
        mean = np.where(np.abs(ratio) > 1e-12, (a - b) / ratio, a)
    return np.where((a > 0) & (b > 0), mean, 0.0)


class Emitters:
    """Emissions of production as products of factors, read from flows."""

    def __init__(self, accounts: PhysicalAccounts) -> None:
        self.accounts = accounts
        province = accounts.province
        self.flows = emitting_flows(province.accounts)
        self.codes = tuple(province.accounts.activities)
        c = province.compiled
        self.leaves = [
            [] if f.leaf is None else [c.leaf_at[(name, "inputs", f.leaf)] for name, _ in province.parts[f.activity]]
            for f in self.flows
        ]
        self.activity = np.array([self.codes.index(f.activity) for f in self.flows])
        self.process = np.array([f.leaf is None for f in self.flows])

    def factors(self, f: Flows) -> tuple[Array, Array]:
        """Emissions of every source, shape ``(sources,)`` Mt, and its five factors, shape ``(5, sources)``."""
        accounts, c = self.accounts, self.accounts.province.compiled
        level = np.array([self._level(f, a) for a in self.codes])
        output = level * np.array([accounts.benchmark_output(a) for a in self.codes])
        energy, carbon = np.empty(len(self.flows)), np.empty(len(self.flows))
        for k, flow in enumerate(self.flows):
            if flow.leaf is None:
                energy[k], carbon[k] = 0.0, flow.co2 * level[self.activity[k]]
                continue
            index = f.leaf[self.leaves[k]].sum() / c.default.quantity[self.leaves[k]].sum()
            energy[k], carbon[k] = flow.mtce * index, flow.co2 * index
        total = np.zeros(len(self.codes))
        np.add.at(total, self.activity, energy)
        mine, q = output[self.activity], output.sum()
        of_activity = total[self.activity]
        burnt = ~self.process
        one = np.ones(len(self.flows))
        with np.errstate(divide="ignore", invalid="ignore"):
            factors = np.array(
                [
                    np.full(len(self.flows), q),
                    mine / q,
                    np.where(burnt, of_activity / mine, one),
                    np.where(burnt, energy / of_activity, one),
                    np.where(burnt, carbon / energy, carbon / mine),
                ]
            )
        return carbon, factors

    def _level(self, f: Flows, activity: str) -> float:
        province = self.accounts.province
        at = province.compiled.activity_index
        return sum(share * float(f.x[at[name]]) for name, share in province.parts[activity])


def decompose(accounts: PhysicalAccounts, before: Flows, after: Flows) -> Decomposition:
    """Decompose the change of emissions from ``before`` to ``after`` (two years, or two scenarios of one year).

    Process CO2 follows output: its part falls under scale and composition.  A source that appears or vanishes goes
    to the fuel mix.
    """
    emitters = Emitters(accounts)
    e0, x0 = emitters.factors(before)
    e1, x1 = emitters.factors(after)
    both = (e0 > 0) & (e1 > 0)
    weight = logarithmic_mean(e1, e0)
    effects = {}
    for name, old, new in zip(EFFECTS, x0, x1, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            effects[name] = float((weight * np.log(new / old))[both].sum())
    effects["fuel mix"] += float((e1 - e0)[~both].sum())
    home = accounts.emissions(after)["HH"] - accounts.emissions(before)["HH"]
    return Decomposition(float((e1 - e0).sum()) + home, effects, home)
