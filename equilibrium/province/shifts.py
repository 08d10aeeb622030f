"""Three instruments that move a province's path as a whole: productivity, energy efficiency, demand outside.

Each is a shift in logarithms, and 0 changes nothing. They enter where growth from year to year does
(`tanshi.equilibrium.province.dynamics`), so that a shift of one year stays in every later one:

- productivity: output per labour and capital, in all but non-fossil power;
- efficiency: energy services per unit of energy, in every sector and in generation;
- demand outside: the size of the rest of the country's demand, good by good where it slopes
  (`tanshi.equilibrium.province.trade`); where it is flat, the price that it pays for what it buys
  (`tanshi.equilibrium.province.surroundings`).

Complex numbers pass through.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Parameters
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.surroundings import Entry, entries

INSTRUMENTS = ("productivity", "efficiency", "outside_demand")
ARRAYS = ("augment", "endowment", "coefficient")
"""The parameters that they are entered in."""

_OUTSIDE = ("power_demand", "steel_demand", "cement_demand")


def shift(province: Province, p: Parameters, logs: NDArray[np.float64] | NDArray[np.complex128]) -> None:
    """Enter shifts into parameters, which are written to.

    Parameters
    ----------
    logs : (3,)
        Logarithms, in the order of `INSTRUMENTS`.
    """
    for log, name in zip(logs, INSTRUMENTS, strict=True):
        if log == 0.0:
            continue
        for entry in _entries(province)[name]:
            values = getattr(p, entry.array)
            if entry.base is None:
                values[entry.places] *= np.exp(entry.power * log)
            else:
                values[entry.places] -= np.array(entry.base) * (np.exp(entry.power * log) - 1.0)


@lru_cache(maxsize=8)
def _entries(province: Province) -> Mapping[str, tuple[Entry, ...]]:
    """Where each of `INSTRUMENTS` enters a province."""
    c, known = province.compiled, entries(province)
    energy = [at for (_, side, kind), at in c.node_at.items() if side == "inputs" and kind == "energy"]
    outside = [entry for name in _OUTSIDE for entry in known[name]]
    coal = c.price_index.get("DEMAND_COAL")
    if coal is not None:
        outside.append(Entry("endowment", np.flatnonzero(c.endow_price_var == coal)))
    return {
        "productivity": known["productivity"],
        "efficiency": (Entry("augment", np.array(energy, dtype=np.int64)),),
        "outside_demand": tuple(outside),
    }
