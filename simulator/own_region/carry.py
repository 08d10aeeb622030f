"""Carry an input-output table to another year by measured drivers of quantity and price.

    output'_j = output_j q_j p_j,   use'_ij = use_ij p_i q_j

Technique stays, prices move: what output earns beyond dearer inputs is value added, so that a boom's prices raise
it.  Where jobs are known, wages follow pay and jobs and surplus takes the rest; elsewhere value added keeps its
proportions, which the backcast of 2012 to 2017 bears out (wages by pay alone do worse).  Output and value added are
then brought to the broad sectors' value added of the year, which is measured, and final uses to the expenditure
shares.  Rows and columns that no longer agree are balanced by RAS; trade takes what is left.

References
----------
Bacharach, M. (1970). Biproportional Matrices and Input-Output Change. Cambridge University Press.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.balance_ras import ras
from tanshi.equilibrium.province.tables import entry, total
from tanshi.language import mark
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.national.table import NationalTable
from tanshi.scenarios.national.words import FINAL

BUILT = "CONS"
"""Construction is used where it is built."""
Bound = str
"""Which figure of a driver: ``value``, ``low`` or ``high``."""


@dataclass(frozen=True)
class Drivers:
    """What moved between two years.

    Attributes
    ----------
    first, last
        The years.
    quantity, price
        By sector, last year over first.
    contracts
        (good, user) -> price ratio of a good that one user buys under other terms.
    shares
        Value added over output of the last year, where it is known.
    pay, jobs
        Wage bill per job, last year over first, and jobs by sector where they are known.
    added
        Value added of the last year by broad sector (primary, secondary, tertiary), yi yuan.
    spending
        Household, government, fixed_investment and stocks over gross domestic product in the last year.
    """

    first: int
    last: int
    quantity: pd.Series
    price: pd.Series
    contracts: Mapping[tuple[str, str], float]
    shares: Mapping[str, float]
    pay: float
    jobs: Mapping[str, float]
    added: Mapping[str, float]
    spending: Mapping[str, float]


def drivers(table: pd.DataFrame, first: int, last: int, sectors: list[str], bound: Bound = "value") -> Drivers:
    """Drivers of a span of years from rows ``first, last, kind, item, value, low, high``.

    Raises
    ------
    UserError
        Naming every driver that is missing or not above zero.
    """
    rows = table[(table["first"] == first) & (table["last"] == last)]
    known = {(str(k), str(i)): float(v) for k, i, v in zip(rows["kind"], rows["item"], rows[bound], strict=True)}
    need = [(k, s) for k in ("quantity", "price") for s in sectors]
    need += [("pay", "all")]
    need += [("value_added", b) for b in ("primary", "secondary", "tertiary")] + [("spending", f) for f in FINAL]
    problems = [
        Problem("a number above 0", f"{known.get(key, 'nothing')}", field=f"drivers {first}-{last}, {' '.join(key)}")
        for key in need
        if not known.get(key, 0.0) > 0.0
    ]
    if problems:
        raise UserError("The table cannot be carried to another year.", problems)

    def of(kind: str, items: list[str]) -> dict[str, float]:
        return {item: known[kind, item] for item in items}

    quantity, price = (pd.Series(of(kind, sectors)) for kind in ("quantity", "price"))
    added = of("value_added", ["primary", "secondary", "tertiary"])
    contracts = {(i.split()[0], i.split()[1]): v for (k, i), v in known.items() if k == "contract"}
    shares, jobs = ({i: v for (k, i), v in known.items() if k == kind} for kind in ("added_share", "jobs"))
    pay = known["pay", "all"]
    return Drivers(first, last, quantity, price, contracts, shares, pay, jobs, added, of("spending", list(FINAL)))


def carry(table: NationalTable, moved: Drivers, broad: Mapping[str, str]) -> NationalTable:
    """The table of the last year.

    Parameters
    ----------
    table
        The first year's, in the model's sectors.
    broad
        Broad sector of each sector.
    """
    names = table.sectors
    q, p = moved.quantity[names], moved.price[names]
    use = table.use.mul(p, axis=0).mul(q, axis=1)
    for (good, user), ratio in moved.contracts.items():
        use.loc[good, user] *= ratio / p[good]
    output: pd.Series = table.output * q * p
    added: pd.Series = output - use.sum(axis=0)
    low = added <= 0.1 * table.value_added.sum(axis=0) * q * p  # inputs dearer than what is made: the old share stays
    added = added.where(~low, table.value_added.sum(axis=0) * q * p)
    for sector, share in moved.shares.items():
        added[sector] = share * entry(output, sector)
    for name, value in moved.added.items():
        members = [s for s in names if broad[s] == name]
        scale = value / total(added[members])
        added[members] *= scale
        output[members] *= scale
    final = _spending(table, moved, p, sum(moved.added.values()))
    columns: pd.Series = output - added
    rows = use.sum(axis=1)
    built = max(entry(output, BUILT) - total(final.loc[BUILT, list(FINAL)]), 0.0)
    rows = rows * (total(columns) - built) / (total(rows) - entry(rows, BUILT))
    rows[BUILT] = built
    use = ras(use.clip(lower=0.0), rows, columns)
    paid = _payments(table, moved, added, output)
    demand: pd.Series = use.sum(axis=1) + final[list(FINAL)].sum(axis=1)
    return replace(table, use=use, final=_trade(table, final, output, demand), value_added=paid, output=output)


def _payments(table: NationalTable, moved: Drivers, added: pd.Series, output: pd.Series) -> pd.DataFrame:
    """Value added by kind: where jobs are known, wages by pay and jobs, production tax with output, and the rest."""
    old = table.value_added
    paid = old * (added / old.sum(axis=0))
    for s, jobs in moved.jobs.items():
        labour = float(old[s]["labour"]) * moved.pay * jobs
        tax = float(old[s]["production_tax"]) * entry(output, s) / entry(table.output, s)
        rest, before = entry(added, s) - labour - tax, float(old[s]["depreciation"] + old[s]["surplus"])
        if rest > 0.0 and before > 0.0:
            grown = {r: float(old[s][r]) * rest / before for r in ("depreciation", "surplus")}
            paid[s] = pd.Series({"labour": labour, "production_tax": tax, **grown})
    return paid


def _spending(table: NationalTable, moved: Drivers, price: pd.Series, gdp: float) -> pd.DataFrame:
    """Final use by good in the old proportions at new prices, scaled to the year's totals."""
    final = pd.DataFrame(index=table.final.index)
    for role in FINAL:
        goods = table.final[role] * price
        if role == "stocks":
            goods = goods.clip(lower=0.0)
        final[role] = goods * (moved.spending[role] * gdp / total(goods))
    return final


def _trade(table: NationalTable, final: pd.DataFrame, output: pd.Series, demand: pd.Series) -> pd.DataFrame:
    """Gross trade: foreign trade and two-way trade as shares of output, the larger direction balances."""
    old, out = table.final, final.copy()
    for role in ("export", "import"):
        out[role] = old[role] / table.output * output
    both = np.minimum(old["outflow"], old["inflow"]) / table.output * output
    net = output - demand - out["export"] + out["import"]
    out["outflow"] = both + net.clip(lower=0.0)
    out["inflow"] = both + (-net).clip(lower=0.0)
    return out


BLOCKS = (
    mark("intermediate use"), mark("energy rows"), mark("other rows"), mark("household"), mark("government"),
    mark("investment"), mark("value added"), mark("gross output"), mark("outflow"), mark("inflow"),
)  # fmt: skip
ENERGY = ("COAL", "OGAS", "COKE", "ELEC")


def errors(found: NationalTable, official: NationalTable) -> pd.DataFrame:
    """How far a carried table is from the official one, by block.

    Returns
    -------
    DataFrame
        Index ``BLOCKS``: ``cells`` compared, ``official`` money in them (yi yuan), ``found`` money, ``error``: sum
        of absolute differences over official money, ``correlation`` of the cells, ``worst`` cell.
    """
    pairs = {
        "intermediate use": (found.use, official.use),
        "energy rows": (found.use.loc[list(ENERGY)], official.use.loc[list(ENERGY)]),
        "other rows": (found.use.drop(index=list(ENERGY)), official.use.drop(index=list(ENERGY))),
        "value added": (found.value_added, official.value_added),
        "gross output": (found.output.to_frame("output"), official.output.to_frame("output")),
        "investment": (found.final[["fixed_investment", "stocks"]], official.final[["fixed_investment", "stocks"]]),
    }
    for role in ("household", "government", "outflow", "inflow"):
        pairs[role] = (found.final[[role]], official.final[[role]])
    rows = []
    for block in BLOCKS:
        a, b = pairs[block]
        x, y = a.to_numpy(dtype=float).ravel(), b.loc[a.index, a.columns].to_numpy(dtype=float).ravel()
        worst = int(np.abs(x - y).argmax())
        i, j = divmod(worst, a.shape[1])
        row, column = str(a.index[i]), str(a.columns[j])
        where = f"{row} into {column}" if block in BLOCKS[:3] else row if a.shape[1] == 1 else f"{row} {column}"
        correlation = float(np.corrcoef(x, y)[0, 1])
        rows.append(
            (block, len(x), y.sum(), x.sum(), float(np.abs(x - y).sum() / np.abs(y).sum()), correlation,
             f"{where}: {x[worst]:.0f} for {y[worst]:.0f}")
        )  # fmt: skip
    columns = ["block", "cells", "official", "found", "error", "correlation", "worst"]
    return pd.DataFrame(rows, columns=columns).set_index("block")
