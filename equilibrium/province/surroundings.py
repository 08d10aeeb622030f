"""What the province does not decide: fuel prices, demand outside, productivity, wind, sun and water, as multipliers.

A multiplier of 1 changes nothing. Each enters as a parameter of the equilibrium, so that the economy answers; nothing
of what the equilibrium itself finds can be set here.

- demand of the rest of the country, where it slopes (`tanshi.equilibrium.province.trade`): its size N;
- where it is flat, the price that a covered good fetches outside: a demand n times as large pays n^`PRICE_ANSWER` as
  much;
- the price of coal outside: a price m times as high is the demand m^epsilon, with epsilon of that demand;
- power sent out, where its demand is flat: that price, and what the lines may carry;
- productivity: output per labour and capital in all but non-fossil power;
- availability: what wind, sun and water yield.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.engine.structure import Index
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.tables import cell
from tanshi.equilibrium.province.trade import FX, LINE, border

NAMES = ("fuel_price", "power_demand", "steel_demand", "cement_demand", "productivity", "availability")
PRICE_ANSWER = 0.25
"""How much of a change of demand outside a flat border price takes up, in logarithms: assumed."""

_OUTSIDE = {"power_demand": ("ELEC",), "steel_demand": ("STEEL", "COKE"), "cement_demand": ("NMM",)}
"""Goods that other provinces buy more of; coke goes to their steelworks."""


@dataclass(frozen=True)
class Entry:
    """Where a multiplier m enters: ``array[places] *= m ** power``; of a border price, ``base (m ** power - 1)`` less.

    Attributes
    ----------
    array
        Name of the engine's parameter.
    places
        Addresses in it.
    power
        Of the multiplier.
    base
        Quantities by which a border price's coefficient counts; None elsewhere.
    """

    array: str
    places: Index
    power: float = 1.0
    base: tuple[float, ...] | None = None


def surrounded(province: Province, p: Parameters, multipliers: Mapping[str, float]) -> Parameters:
    """Parameters under other surroundings; ``p`` itself stays.

    Raises
    ------
    ValueError
        For a multiplier that is not above 0, a name that is none of `NAMES`, or one that enters this province nowhere.
    """
    known = entries(province)
    changed: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
    for name, m in multipliers.items():
        if name not in NAMES:
            raise ValueError(f"surroundings: no such name {name!r}; expected {', '.join(NAMES)}")
        if not (np.isfinite(m) and m > 0):
            raise ValueError(f"surroundings: {name} is {m}, a number above 0 is expected")
        if m == 1.0:
            continue
        if not known[name]:
            raise ValueError(f"surroundings: {name} enters this province nowhere: demand outside is flat")
        for entry in known[name]:
            values = changed.setdefault(entry.array, getattr(p, entry.array).copy())
            if entry.base is None:
                values[entry.places] *= m**entry.power
            else:
                values[entry.places] -= np.array(entry.base) * (m**entry.power - 1.0)
    return replace(p, **changed) if changed else p


def nudged(province: Province, p: Parameters, name: str, step: complex) -> Parameters:
    """Parameters in whose surroundings one logarithm is larger by a step, to the first order; ``p`` itself stays."""
    changed: dict[str, Any] = {}  # complex, where the engine holds numbers
    for entry in entries(province)[name]:
        values = changed.setdefault(entry.array, getattr(p, entry.array).astype(complex))
        more = values[entry.places] if entry.base is None else -np.array(entry.base)
        values[entry.places] += entry.power * step * more
    return replace(p, **changed)


@lru_cache(maxsize=8)
def entries(province: Province) -> Mapping[str, tuple[Entry, ...]]:
    """Where each of `NAMES` enters a province; empty where it does not."""
    c = province.compiled

    def owned(commodity: str) -> Index:
        at = c.price_index.get(commodity)
        return np.flatnonzero(c.endow_price_var == at) if at is not None else np.zeros(0, np.int64)

    def nests(kind: str) -> Index:
        found = [at for (owner, side, name), at in c.node_at.items()
                 if side == "inputs" and name == kind and owner.split(":")[0] != "GENN"]  # fmt: skip
        return np.array(found, dtype=np.int64)

    out: dict[str, tuple[Entry, ...]] = {}
    coal = owned("DEMAND_COAL")
    elasticity = _elasticity(province, "COAL")
    out["fuel_price"] = (Entry("endowment", coal, elasticity),) if coal.size and elasticity > 0 else ()
    for name, goods in _OUTSIDE.items():
        found: list[Entry] = []
        for good in goods:
            size = owned(f"DEMAND_{good}")
            if size.size:
                found.append(Entry("endowment", size))
            else:
                found += [Entry("endowment", owned(LINE))] if good == "ELEC" else []
                found += _border(province, good)
        out[name] = tuple(found)
    out["productivity"] = (Entry("augment", nests("value added")),)
    out["availability"] = (Entry("endowment", owned("RES_GENN")),)
    return out


def _elasticity(province: Province, good: str) -> float:
    table = province.accounts.elasticities
    return cell(table, good, "outside_demand") if "outside_demand" in table.columns else 0.0


def _border(province: Province, good: str) -> list[Entry]:
    """Terms of a good's border equation in which the benchmark's border price of 1 stands, and their quantities."""
    c, name = province.compiled, border(province.accounts, good)
    if name is None:
        return []
    aux, foreign = c.aux_index[name], c.price_index[FX]
    quantity: dict[int, float] = {}
    places: dict[int, int] = {}
    for term in np.flatnonzero(c.term_row == aux):
        atoms = sorted(int(a) for a in c.term_atom[term] if a != c.one)
        levels = [a for a in atoms if a < c.level_slice.stop]
        if len(levels) != 1 or foreign not in atoms:
            continue
        rest = [a for a in atoms if a not in (levels[0], foreign)]
        if not rest:
            places[levels[0]] = int(term)
        elif len(rest) == 1 and len(atoms) == 3:
            quantity[levels[0]] = float(c.default.coefficient[term])
    shared = sorted(set(places) & set(quantity))
    at = np.array([places[k] for k in shared], dtype=np.int64)
    return [Entry("coefficient", at, PRICE_ANSWER, tuple(quantity[k] for k in shared))] if shared else []
