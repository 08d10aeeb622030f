"""A model as a page of text, a solution as a table."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from tanshi.equilibrium.engine.expressions import Expression, evaluate, written
from tanshi.equilibrium.engine.found import Found
from tanshi.equilibrium.engine.model import Auxiliary, Commodity, Model
from tanshi.equilibrium.engine.nest import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def listing(model: Model) -> str:
    """The whole model in words: every tree, market, budget and condition, with the equations that follow.

    Examples
    --------
    >>> from tanshi.equilibrium import Activity, Consumer, Endowment, Leaf
    >>> household = Consumer("H", Leaf("bread", 10), (Endowment("labour", 10),))
    >>> print(listing(Model((Activity("bakery", Leaf("bread", 10), Leaf("labour", 10)),), (household,), "labour")))
    activity bakery: cost >= revenue where it stands still, = where it runs
      out  bread  10
      in   labour  10
    consumer H: spends what it owns and is paid
      owns labour  10
      buys bread  10
    market bread, labour (numeraire): supply = demand
    """
    lines: list[str] = []
    for activity in model.activities:
        corner = " (may shut down)" if activity.complementary else ""
        level = "" if activity.level == 1.0 else f", level {activity.level:g}"
        lines.append(f"activity {activity.name}{level}{corner}: cost >= revenue where it stands still, = where it runs")
        lines += _headed("out", render(activity.output, sign=-1)) + _headed("in", render(activity.inputs))
    for consumer in model.consumers:
        lines.append(f"consumer {consumer.name}: spends what it owns and is paid")
        for endowment in consumer.endowments:
            scaled = f" * aux({endowment.multiplier})" if endowment.multiplier else ""
            lines.append(f"  owns {endowment.commodity}  {endowment.quantity:.6g}{scaled}")
        lines += [f"  needs {good} first  {quantity:.6g}" for good, quantity in consumer.subsistence.items()]
        lines += [f"  gives {other}  {share:.6g} of its income" for other, share in consumer.income_shares.items()]
        lines += _headed("buys", render(consumer.demand))
    plain = [_market(model, c) for c in model.all_commodities()]
    lines.append(f"market {', '.join(text for text, bound in plain if not bound)}: supply = demand")
    lines += [f"market {text}: {bound}" for text, bound in plain if bound]
    lines += [_condition(x) for x in model.auxiliaries]
    return "\n".join(lines)


def _headed(head: str, text: str) -> list[str]:
    first, *rest = text.split("\n")
    return [f"  {head:4} {first}", *(f"       {line}" for line in rest)]


def _market(model: Model, c: Commodity) -> tuple[str, str]:
    name = f"{c.name} (numeraire)" if c.name == model.numeraire else c.name
    if not (c.free or c.lower > 0 or c.upper < inf):
        return name, ""
    ceiling = f", and <= where it is {c.upper:g}" if c.upper < inf else ""
    return name, f"supply >= demand where the price is {c.lower:g}, = above it{ceiling}"


def _condition(x: Auxiliary) -> str:
    where = f" or the price of {x.pairs_price} is at a bound" if x.pairs_price else ""
    bounds = [f">= {x.lower:g}"] if x.lower > -inf else []
    bounds += [f"<= {x.upper:g}"] if x.upper < inf else []
    return f"auxiliary {x.name}{(' ' + ', '.join(bounds)) if bounds else ''}: {written(x.terms)} = 0{where}"


def table(s: Found) -> pd.DataFrame:
    """All unknowns of a solution: kind, name, value, benchmark, and the change in per cent."""
    import pandas as pd

    c = s.compiled
    kinds = ("level", "price", "income", "auxiliary")
    slices = (c.level_slice, c.price_slice, c.income_slice, c.aux_slice)
    names = (c.activities, c.commodities, c.consumers, c.auxiliaries)
    index = pd.MultiIndex.from_tuples(
        [(kind, name) for kind, of in zip(kinds, names, strict=True) for name in of], names=["kind", "name"]
    )
    order = np.concatenate([np.arange(part.start, part.stop) for part in slices])
    value, start = s.x[order], c.start[order]
    change = np.full(order.size, np.nan)
    np.divide(100.0 * (value - start), start, out=change, where=start != 0)
    return pd.DataFrame({"value": value, "benchmark": start, "change, %": change}, index=index)


def flows(s: Found) -> pd.DataFrame:
    """All flows of a solution by owner, side and leaf: commodity, quantity, price, tax, value at user prices."""
    import pandas as pd

    c, state = s.compiled, s.state
    rows = []
    for (owner, side, leaf), i in c.leaf_at.items():
        commodity = c.leaves[i].commodity
        price, quantity = float(s.x[c.leaf_price_var[i]]), float(state.flow[i]) * float(state.terms[i])
        tax = price * quantity * float(state.tax_sum[i])
        sign = float(c.leaf_sign[i])
        rows.append((owner, side, leaf, commodity, quantity, price, tax, price * quantity + sign * tax))
    columns = ["owner", "side", "leaf", "commodity", "quantity", "price", "tax", "value"]
    return pd.DataFrame(rows, columns=columns).set_index(columns[:3]).sort_index()


def report(s: Found, columns: Mapping[str, Expression | float]) -> dict[str, float]:
    """Numbers of a report by name, each a formula at a solution."""
    return {name: evaluate(s, formula) for name, formula in columns.items()}


def shown(s: Found, most: int = 60) -> str:
    """A solution as text: how it was found, then all unknowns, or the first of many."""
    found = f"equilibrium: {s.compiled.n} unknowns, residual {s.residual:.0e}, {s.iterations} Newton steps"
    if s.undetermined:
        found += f"; one of many: {', '.join(s.undetermined[:4])} can move"
    rows = table(s)
    text = rows.head(most).to_string(float_format=lambda v: f"{v:.6g}", na_rep="")
    return f"{found}\n{text}" + (f"\n... {len(rows) - most} more" if len(rows) > most else "")
