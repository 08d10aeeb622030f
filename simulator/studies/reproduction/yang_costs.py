"""Rules for what the second paper reads off its Table 2: only that table can bear it out, so it is read again.

The units behind the table are not published. Where the table bears a sentence out, the verdict is still ``not
testable``, since the printed numbers are an input here; where it contradicts the sentence, the verdict is ``not
reproduced``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.simulator.studies.reproduction.claims import NAMES, Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.verdicts import NOT, UNTESTABLE, Finding, rule


def _read(borne_out: bool, said: str) -> Finding:
    if borne_out:
        return Finding(UNTESTABLE, f"{said} The printed table bears the sentence out; its data are not published.")
    return Finding(NOT, f"{said} The printed table does not bear the sentence out.")


@rule("costs_differ")
def costs_differ(claim: Claim, e: Evidence) -> Finding:
    """Highest cost over lowest in Table 2."""
    table = published.abatement_costs()
    ratio = float(table["highest"].max() / table["lowest"].min())
    return _read(ratio > 2, f"Table 2 runs from {table['lowest'].min():,.2f} to {table['highest'].max():,.2f} yuan/t.")


@rule("costs_rise")
def costs_rise(claim: Claim, e: Evidence) -> Finding:
    """How many cells rise from one year to the next."""
    table = published.abatement_costs().set_index(["sector", "province", "year"]).sort_index()
    told, share = [], []
    for end in ("lowest", "highest"):
        steps = table[end].unstack("year").diff(axis=1).iloc[:, 1:]
        up, down = int((steps > 0).to_numpy().sum()), int((steps < 0).to_numpy().sum())
        share.append(up / steps.size)
        told.append(f"{up} of {steps.size} yearly steps of the {end} cost go up, {down} down")
    mean = table.groupby("year")[["lowest", "highest"]].mean()
    text = (
        "; ".join(told)
        + "; means by year "
        + ", ".join(f"{low:,.0f} to {high:,.0f}" for low, high in mean.itertuples(index=False))
    )
    rising = bool((mean.diff().iloc[1:] > 0).to_numpy().all())
    return _read(rising and min(share) > 0.5, text + " yuan/t.")


@rule("near_zero")
def near_zero(claim: Claim, e: Evidence) -> Finding:
    """Whether lowest costs lie near 0."""
    table = published.abatement_costs()
    least, median = float(table["lowest"].min()), float(table["lowest"].median())
    near = least < 0.1 * float(table["highest"].median())
    return _read(near, f"The least of the lowest costs in Table 2 is {least:,.2f}, their median {median:,.2f} yuan/t.")


@rule("lowest_cost")
def lowest_cost(claim: Claim, e: Evidence) -> Finding:
    """The province with the smallest lowest cost in every sector."""
    table = published.abatement_costs()
    name = claim.get("province")
    cells = table.groupby(["sector", "province"])["lowest"]
    least, mean = cells.min().unstack("province"), cells.mean().unstack("province")
    by_min = bool((least[name] <= least.min(axis=1) + 1e-9).all())
    by_mean = bool((mean[name] <= mean.min(axis=1) + 1e-9).all())
    said = (
        f"{name}'s lowest cost of the three years is the smallest in every sector: {'yes' if by_min else 'no'}, with"
        f" ties at"
        f" 303.03; the mean over the years: {'yes' if by_mean else 'no'}."
    )
    return _read(by_min, said)


@rule("cost_order")
def cost_order(claim: Claim, e: Evidence) -> Finding:
    """Groups with higher costs than others, by the means of lowest and of highest costs."""
    table = published.abatement_costs()
    if within := claim.words("within"):
        table = table[table["sector"].isin(within)]
    means = table.groupby(claim.get("by"))[["lowest", "highest"]].mean()
    high, low = claim.words("higher"), claim.words("than")
    right = {end: bool(means[end].loc[high].min() > means[end].loc[low].max()) for end in ("lowest", "highest")}
    parts = [f"{NAMES.get(str(n), n)} {row['lowest']:,.0f} to {row['highest']:,.0f}" for n, row in means.iterrows()]
    words = " and ".join(f"{end} costs: {'yes' if good else 'no'}" for end, good in right.items())
    return _read(all(right.values()), f"Means of lowest and highest costs: {', '.join(parts)} yuan/t; by {words}.")


@rule("unit_share")
def unit_share(claim: Claim, e: Evidence) -> Finding:
    """The share of a sector's sampled units in some provinces, which the made-up survey takes over."""
    counts = published.unit_counts()
    here = counts[counts["sector"] == claim.get("sector")].set_index("province")["units"]
    share = float(here[claim.words("provinces")].sum() / here.sum())
    said = f"{100 * share:.0f} % of the sector's units stand there, " + _row(here) + "."
    verdict = "reproduced" if share >= claim.number("least") else NOT
    return Finding(verdict, said, 100 * share, 100 * share, 100 * share, "%")


def _row(counts: pd.Series) -> str:
    return ", ".join(f"{name} {int(np.round(count))}" for name, count in counts.items())
