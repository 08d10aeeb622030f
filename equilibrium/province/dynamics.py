"""From one year to the next: capital, labour, productivity, energy efficiency, resources, vintages.

    K(t+1) = (1 - depreciation) K(t) + I(t)            capital in units of its benchmark services
    a(t+1) = a(t) (1 + g)                              productivity; energy efficiency (AEEI)

The benchmark's investment adds ``depreciation + benchmark_capital_growth`` to its capital: with everything
exogenous growing at that rate and no other change, the economy grows in balance.

With vintages, the year's installed and new capital together become next year's installed capital, whose
technique is the mean of what both used (putty-clay: what is built stays as it was built).

Complex numbers pass through, so that a path of years can be differentiated (``tanshi.simulator.studies.tangent``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Parameters, Solution
from tanshi.equilibrium.engine.structure import Index
from tanshi.equilibrium.province.institutions import CURRENT_ACCOUNT, INVEST, TIME, adjusts
from tanshi.equilibrium.province.physical import Flows
from tanshi.equilibrium.province.production import MINERS, SPECIFIC
from tanshi.equilibrium.province.province import Province
from tanshi.equilibrium.province.shifts import shift
from tanshi.equilibrium.province.tables import cell
from tanshi.equilibrium.province.trade import FX, LINE

Numbers = NDArray[np.float64] | NDArray[np.complex128]
NOTHING_MADE = 1e-9  # of the benchmark's output


@dataclass(frozen=True)
class Growth:
    """Rates of change a year, and given paths.

    Attributes
    ----------
    labour, productivity, aeei, aeei_power
        Rates of growth; ``aeei_power`` holds for generation.
    depreciation
        Share of capital that wears out in a year.
    benchmark_capital_growth
        Growth of capital that the benchmark's investment gives.
    public
        Real government demand; external : transfers, and net lending abroad; lines : capacity of the
        outgoing power lines; resources : coal, gas, ores, land.
    outside
        Good -> growth of other provinces' demand for it.
    outside_size
        Good -> year -> index of the size of that demand, beside its growth.
    capacity
        Plant that limits a sector's output.
    construction
        Quantity of construction in a unit of investment; other goods make up for it.
    fade_from, fade
        Year from which all rates but population's decline, and by what share a year.
    nonfossil
        Year -> index of non-fossil capacity's yearly output, 1 in the benchmark year.
    plant
        Growth of plant that nobody builds anew, by activity, where it is not that of resources.
    shifts
        Year -> what it adds to productivity, efficiency and demand outside beside the rates, logarithms
        (`tanshi.equilibrium.province.shifts`); it stays in later years.
    """

    labour: float = 0.0
    productivity: float = 0.0
    aeei: float = 0.0
    aeei_power: float = 0.0
    depreciation: float = 0.05
    benchmark_capital_growth: float = 0.045
    public: float = 0.0
    external: float = 0.0
    lines: float = 0.0
    resources: float = 0.0
    outside: Mapping[str, float] = field(default_factory=dict)
    outside_size: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    capacity: float = 0.0
    construction: float = 0.0
    fade_from: int = 2030
    fade: float = 0.0
    nonfossil: Mapping[int, float] = field(default_factory=dict)
    plant: Mapping[str, float] = field(default_factory=dict)
    shifts: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def after(self, year: int) -> Growth:
        """The rates from ``year`` to the next: from ``fade_from`` on they decline."""
        if self.fade == 0.0 or year < self.fade_from:
            return self
        left = (1.0 - self.fade) ** (year - self.fade_from + 1)
        faded = {name: getattr(self, name) * left for name in FADING}
        return replace(self, **faded, outside={good: rate * left for good, rate in self.outside.items()})


FADING = ("productivity", "aeei", "aeei_power", "public", "external", "lines", "resources", "capacity", "construction")
"""Rates that nothing sustains for ever."""


def advance(
    province: Province,
    p: Parameters,
    flows: Flows,
    last: Solution,
    growth: Growth,
    year: int,
    decision: Numbers | None = None,
) -> Parameters:
    """Parameters of ``year + 1`` from those of ``year`` and what the year brought.

    Parameters
    ----------
    flows
        Mean flows of the year.
    last
        The year's last equilibrium.
    decision
        (leaves,) prices at which the mean flows were chosen, the mean over the year's equilibria of the prices
        that choices followed (``Solution.state.decision``); by default those of ``last``, the year's only one. Flows
        and prices have to be of the same time: a plant that was chosen at low prices and is valued at high ones would
        be taken for one that saves nothing when the price is high.
    """
    q, growth = p.copy(), growth.after(year)
    _capital(province, q, flows, growth)
    _scale_endowments(province, q, growth, year)
    _technology(province, q, growth)
    if province.closure.capital == "vintage":
        _install(province, q, flows, last.state.decision if decision is None else decision, last.parameters)
    if year + 1 in growth.shifts:
        shift(province, q, np.array(growth.shifts[year + 1]))
    return q


@dataclass(frozen=True)
class _Addresses:
    """What grows in a province's parameters, looked up once.

    Attributes
    ----------
    capital
        Services of all capital but the technologies' own, yi yuan of the benchmark.
    installed
        By sector with vintages of its own capital: endowments of the installed, leaf of the new one's capital.
    vintages
        Sectors with two vintages.
    old, new, vintage
        Leaves of the installed and of the new ones, and whose they are.
    made, vintage_made
        Places of outputs among them, and whose they are.
    built, equipment
        Leaves of investment: construction, and all other goods.
    productive, efficient, efficient_power, renewed
        Nests of value added, of energy, of energy in generation, and
        those of installed vintages that start every year anew.
    """

    capital: float
    mobile: Index
    installed: tuple[tuple[Index, int], ...]
    labour: Index
    lines: Index
    resources: Index
    plant: tuple[tuple[str, Index], ...]
    outside: tuple[tuple[str, Index], ...]
    plants: Index
    nonfossil: Index
    transfers: Index
    external_term: int
    public_term: int
    vintages: tuple[str, ...]
    old: Index
    new: Index
    vintage: Index
    made: Index
    vintage_made: Index
    built: Index
    equipment: Index
    productive: Index
    efficient: Index
    efficient_power: Index
    renewed: Index


@lru_cache(maxsize=8)
def _addresses(province: Province) -> _Addresses:
    c, accounts = province.compiled, province.accounts

    def owned(*names: str) -> Index:
        return np.flatnonzero(np.isin(c.endow_price_var, [c.price_index[name] for name in names]))

    def nests(*kinds: str) -> dict[int, str]:
        found = {at: (owner, name) for (owner, side, name), at in c.node_at.items() if side == "inputs"}
        return {at: owner for at, (owner, name) in found.items() if name in kinds}

    def term(auxiliary: str, number: int) -> int:
        return int(np.flatnonzero(c.term_row == c.aux_index[auxiliary])[number])

    def activity(owner: str) -> str:
        return owner.split(":")[0]

    specific = sum(cell(accounts.sam, "CAP", f"A_{a}") for a in SPECIFIC if a in province.parts)
    pairs = [(sector, names[0][0], names[1][0]) for sector, names in province.parts.items() if len(names) == 2]
    addresses: dict[str, list[tuple[str, str, int]]] = {}
    for (owner, side, address), at in c.leaf_at.items():
        addresses.setdefault(owner, []).append((side, address, at))
    installed = [
        (i, new, *leaf) for i, (_, old, new) in enumerate(pairs) for leaf in addresses[old] if leaf[1] != "quota"
    ]
    made = [place for place, (_, _, side, _, _) in enumerate(installed) if side == "output"]
    resources = [n for n in c.commodities if n.startswith("RES_") and n != "RES_GENN"]
    transfers = owned(FX)
    energy = nests("energy")
    return _Addresses(
        capital=float(accounts.sam["CAP"].sum() - specific),
        mobile=owned("CAP"),
        installed=tuple(
            (owned(f"CAP_{sector}"), c.leaf_at[(new, "inputs", "CAP")])
            for sector, old, new in pairs
            if sector not in SPECIFIC and (old, "inputs", "CAP") in c.leaf_at
        ),
        labour=owned(*(n for n in (TIME, "LAB", MINERS) if n in c.commodities)),
        lines=owned(LINE),
        resources=owned(*resources),
        plant=tuple((a, owned(f"CAP_{a}")) for a in SPECIFIC if a in province.parts),
        outside=tuple((n.removeprefix("DEMAND_"), owned(n)) for n in c.commodities if n.startswith("DEMAND_")),
        plants=owned(*(n for n in c.commodities if n.startswith("PLANT_"))),
        nonfossil=owned("RES_GENN"),
        transfers=transfers[c.endow_aux_var[transfers] < 0],
        external_term=term(CURRENT_ACCOUNT, 0),
        public_term=term(adjusts(province.closure), 1),
        vintages=tuple(sector for sector, _, _ in pairs),
        old=_places(at for *_, at in installed),
        new=_places(c.leaf_at[(new, side, a)] for _, new, side, a, _ in installed),
        vintage=_places(i for i, *_ in installed),
        made=_places(made),
        vintage_made=_places(installed[place][0] for place in made),
        built=_places(at for side, a, at in addresses[INVEST] if side == "inputs" and a == "CONS"),
        equipment=_places(at for side, a, at in addresses[INVEST] if side == "inputs" and a != "CONS"),
        # what wind and sun yield is in the path of capacity
        productive=_places(at for at, owner in nests("value added").items() if activity(owner) != "GENN"),
        efficient=_places(at for at, owner in energy.items() if not activity(owner).startswith("GEN")),
        efficient_power=_places(at for at, owner in energy.items() if activity(owner).startswith("GEN")),
        renewed=_places(
            at for at, owner in nests("value added", "energy").items() if f"{owner}:new" in c.activity_index
        ),
    )


def _places(found: Iterable[int]) -> Index:
    return np.fromiter(found, dtype=np.int64)


def _capital(province: Province, q: Parameters, flows: Flows, growth: Growth) -> None:
    c, at = province.compiled, _addresses(province)
    invested = flows.x[c.activity_index[INVEST]]  # 1 in the benchmark
    added = (growth.depreciation + growth.benchmark_capital_growth) * at.capital * invested
    kept = 1.0 - growth.depreciation
    stock = q.endowment[at.mobile].sum()
    if province.closure.capital == "mobile":
        q.endowment[at.mobile] *= (kept * stock + added) / stock
        return
    q.endowment[at.mobile] *= added / stock
    for rows, leaf in at.installed:
        installed = q.endowment[rows].sum()  # plant that stood idle is still there
        q.endowment[rows] *= kept * (installed + flows.leaf[leaf]) / installed


def _scale_endowments(province: Province, q: Parameters, growth: Growth, year: int) -> None:
    at = _addresses(province)
    q.endowment[at.labour] *= 1 + growth.labour
    q.endowment[at.lines] *= 1 + growth.lines
    q.endowment[at.resources] *= 1 + growth.resources
    for activity, rows in at.plant:
        q.endowment[rows] *= 1 + growth.plant.get(activity, growth.resources)
    for good, rows in at.outside:
        q.endowment[rows] *= 1 + growth.outside.get(good, 0.0)
        if size := growth.outside_size.get(good):
            q.endowment[rows] *= size[year + 1] / size[year]
    q.endowment[at.plants] *= 1 + growth.capacity
    path = growth.nonfossil
    q.endowment[at.nonfossil] *= path[year + 1] / path[year] if path else 1 + growth.resources
    q.endowment[at.transfers] *= 1 + growth.external
    q.coefficient[at.external_term] *= 1 + growth.external
    q.coefficient[at.public_term] *= 1 + growth.public


def _technology(province: Province, q: Parameters, growth: Growth) -> None:
    at = _addresses(province)
    q.augment[at.productive] *= 1 + growth.productivity
    q.augment[at.efficient] *= 1 + growth.aeei
    q.augment[at.efficient_power] *= 1 + growth.aeei_power
    if growth.construction != 0.0:  # less is built for a unit of capital, more is equipment
        built, other = q.quantity[at.built].sum(), q.quantity[at.equipment].sum()
        q.quantity[at.built] *= 1 + growth.construction
        q.quantity[at.equipment] *= 1 - growth.construction * built / other


def _install(province: Province, q: Parameters, flows: Flows, decision: Numbers, used_with: Parameters) -> None:
    """Next year's installed technique: what both vintages used, at the prices at which they chose it.

    The installed vintage keeps its benchmark output at level 1, so process CO2 and border terms, which are
    tied to levels, keep their meaning.
    """
    c, at = province.compiled, _addresses(province)
    used = flows.leaf[at.old] + flows.leaf[at.new]
    made = np.zeros(len(at.vintages), used.dtype)
    np.add.at(made, at.vintage_made, used[at.made])
    benchmark = np.zeros(len(at.vintages))
    np.add.at(benchmark, at.vintage_made, c.default.quantity[at.old[at.made]])
    runs = np.real(made) > NOTHING_MADE * benchmark  # a sector that stood still keeps the technique it had
    here = runs[at.vintage]
    old, part = at.old[here], (benchmark / np.where(runs, made, 1.0))[at.vintage]
    q.quantity[old] = (used * part)[here]
    q.reference[old] = np.where(np.real(q.quantity[old]) > 0, decision[old], 0.0)
    q.augment[at.renewed] /= used_with.augment[at.renewed]  # what was used is the new point of departure
