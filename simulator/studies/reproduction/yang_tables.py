"""Rules for the second paper's tables: the survey, Table 3 recomputed, means, clouds; Table 2 is its own witness.

Yang et al. (2021), sections 2 and 3. The units behind Table 2 are not published: what the paper says of abatement costs
can only be read off that table again, and its verdict says whether the table bears the sentence out, in words.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.agents.sinks.survey import UNITS_PER_FIRM
from tanshi.simulator.studies.reproduction.claims import NAMES, Claim
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.verdicts import (
    IN_SHAPE,
    NOT,
    REPRODUCED,
    UNTESTABLE,
    Finding,
    listed,
    measured,
    rule,
)
from tanshi.simulator.studies.sinks.study import SinksResult

HALF_DIGIT = 0.00005
"""Half of the last digit that Tables 4 and 5 print, yuan/t."""


def tables_of(e: Evidence) -> SinksResult:
    """The second paper's chain, which every rule here needs."""
    assert e.sinks is not None
    return e.sinks


def names(words: list[str]) -> str:
    """Sectors and provinces as the pages call them."""
    return listed([NAMES.get(word, word) for word in words])


def recomputed(e: Evidence, by: str) -> pd.Series:
    """Mean demand price by sector or province, recomputed by eq. 7 from Table 2, yuan/t."""
    table = tables_of(e).tables["table3_recomputed"]
    return table.groupby(by, sort=False)["recomputed"].mean()


@rule("survey", "sinks")
def survey(claim: Claim, e: Evidence) -> Finding:
    """Counts of the made-up survey."""
    table = tables_of(e).tables["survey"]
    year = table[table["year"] == table["year"].min()]
    what = claim.get("what")
    if what == "cell":
        year = year[(year["sector"] == claim.get("sector")) & (year["province"] == claim.get("province"))]
    ours = {"units per firm": UNITS_PER_FIRM, "firms": year["firm"].nunique()}.get(what, len(year))
    said = f"The made-up survey has {ours} {claim.unit}."
    return measured(REPRODUCED if ours == round(claim.value) else NOT, said, [float(ours)])


@rule("unpublished_units")
def unpublished_units(claim: Claim, e: Evidence) -> Finding:
    """A number that only unpublished data could bear out."""
    said = (
        "The units' inputs and outputs are not published; the printed cost is an input here, and the survey is"
        " made to meet it."
    )
    floor = 10_000 / 33
    if abs(claim.value - floor) < 0.011:
        said += f" It is {floor:.2f} = 10,000/33, which 15 cells of 36 share: a boundary of the method."
    return Finding(UNTESTABLE, said)


@rule("table3", "sinks")
def table3(claim: Claim, e: Evidence) -> Finding:
    """One cell of Table 3 by eq. 7 from Table 2."""
    table = tables_of(e).tables["table3_recomputed"]
    here = table[
        (table["sector"] == claim.get("sector"))
        & (table["year"] == claim.year("year"))
        & (table["province"] == claim.get("province"))
    ].iloc[0]
    said = (
        f"Eq. 7 gives {here['recomputed']:,.2f} yuan/t from Table 2, the print less that is {here['difference']:+.4f}."
    )
    reasons = {
        "agrees": (REPRODUCED, "It agrees to the digits printed."),
        "rounding": (IN_SHAPE, "The rounding of Table 2 explains the rest."),
        "unexplained": (NOT, "No rounding of Table 2 explains that."),
    }
    verdict, reason = reasons[str(here["verdict"])]
    return measured(verdict, f"{said} {reason}", [float(here["recomputed"])])


@rule("cloud", "sinks")
def cloud(claim: Claim, e: Evidence) -> Finding:
    """A figure of Table 4 or 5 by the backward generators, from the cells of Table 3."""
    table = tables_of(e).tables["tables4_5_recomputed"]
    here = table[table["name"] == claim.get("name")].set_index("generator")
    figure = claim.get("figure")
    found = {str(name): float(value) for name, value in here[figure].items()}
    told = ", ".join(f"{name} {value:,.4g}" if np.isfinite(value) else f"{name} none" for name, value in found.items())
    hit = [
        name for name, value in found.items() if np.isfinite(value) and abs(value - claim.value) <= HALF_DIGIT + 1e-9
    ]
    ours = found["first moment"]
    if hit:
        said = f"{listed(hit).capitalize()}: {found[hit[0]]:,.4f}."
        if figure == "expectation":
            said = f"The plain mean of the cells of Table 3 is {ours:,.4f}."
        return measured(REPRODUCED, said, [found[hit[0]]])
    said = f"None of the standard backward generators gives it from the printed Table 3: {told}."
    return Finding(NOT, said, ours if np.isfinite(ours) else None)


@rule("mean_price", "sinks")
def mean_price(claim: Claim, e: Evidence) -> Finding:
    """The mean demand price of a sector or province, to the yuan."""
    ours = float(recomputed(e, claim.get("by")).loc[claim.get("name")])
    said = f"Eq. 7 and Table 2 give a mean of {ours:,.2f} yuan/t."
    return measured(REPRODUCED if abs(ours - claim.value) <= 1.0 else NOT, said, [ours])


@rule("price_order", "sinks")
def price_order(claim: Claim, e: Evidence) -> Finding:
    """Mean demand prices of some groups above those of others."""
    mean = recomputed(e, claim.get("by"))
    high, low = claim.words("higher"), claim.words("than")
    gap = 100 * (float(mean[high].min()) / float(mean[low].max()) - 1)
    told = ", ".join(f"{NAMES.get(str(n), n)} {v:,.0f}" for n, v in mean.items())
    said = f"Mean demand prices by eq. 7: {told} yuan/t."
    return measured(REPRODUCED if gap > 0 else NOT, said, [gap], "%")


@rule("price_spread", "sinks")
def price_spread(claim: Claim, e: Evidence) -> Finding:
    """The highest mean demand price over the lowest."""
    mean = recomputed(e, claim.get("by"))
    ratio = float(mean.max() / mean.min())
    ends = f"{mean.idxmax()} {mean.max():,.0f}, {mean.idxmin()} {mean.min():,.0f}"
    said = f"The highest mean is {ratio:.1f} times the lowest ({ends} yuan/t)."
    return measured(REPRODUCED if ratio >= claim.number("least") else NOT, said, [ratio], "times")


@rule("correlation", "sinks")
def correlation(claim: Claim, e: Evidence) -> Finding:
    """Rank correlation of demand prices with abatement costs over the cells."""
    table = tables_of(e).tables["table3_recomputed"]
    low, high = (float(table["recomputed"].corr(table[c], method="spearman")) for c in ("lowest", "highest"))
    said = (
        f"Rank correlation over {len(table)} cells: {low:.2f} with the lowest cost and {high:.2f} with the highest; at"
        " the paper's weights eq. 7 is the lowest cost and next to nothing of the spread."
    )
    return measured(
        REPRODUCED if min(low, high) > 0.5 else IN_SHAPE if min(low, high) > 0 else NOT, said, [low], "rank"
    )


def _clouds(e: Evidence, by: str, figure: str) -> pd.DataFrame:
    """A figure of the clouds by generator and name; ``thickness`` is hyper-entropy over entropy."""
    table = tables_of(e).tables["tables4_5_recomputed"]
    table = table[table["by"] == by].copy()
    for prefix in ("", "printed_"):
        table[f"{prefix}thickness"] = table[f"{prefix}hyper_entropy"] / table[f"{prefix}entropy"]
    return table.pivot(index="generator", columns="name", values=figure)


def _printed(e: Evidence, by: str, figure: str) -> pd.Series:
    return _clouds(e, by, f"printed_{figure}").iloc[0]


@rule("widest", "sinks")
def widest(claim: Claim, e: Evidence) -> Finding:
    """The largest or smallest figure of the clouds; by how many generators, and in the print."""
    by, figure, name = claim.get("by"), claim.get("figure"), claim.get("name")
    table = _clouds(e, by, figure)
    largest = claim.get("end") == "largest"

    def pick(row: pd.Series) -> str:
        return str(row.idxmax() if largest else row.idxmin())

    usable = table[np.isfinite(table).all(axis=1)]
    right = [g for g, row in usable.iterrows() if pick(row) == name]
    words = {"entropy": "entropy En", "hyper_entropy": "hyper-entropy He"}[figure]
    found = "; ".join(f"{g}: {NAMES.get(pick(row), pick(row))}" for g, row in usable.iterrows())
    printed = pick(_printed(e, by, figure))
    said = (
        f"The {claim.get('end')} {words} from Table 3: {found or 'no generator finds one in every group'}; in the"
        f" printed table: {NAMES.get(printed, printed)}."
    )
    if len(right) == len(table):
        return Finding(REPRODUCED, said)
    return Finding(IN_SHAPE if right else NOT, said)


@rule("narrower", "sinks")
def narrower(claim: Claim, e: Evidence) -> Finding:
    """Some clouds narrower or thinner than others; by how many generators, and in the print."""
    by, figure = claim.get("by"), claim.get("figure")
    low, high = claim.words("lower"), claim.words("than")
    table = _clouds(e, by, figure)[[*low, *high]]
    usable = table[np.isfinite(table).all(axis=1)]
    right = [str(g) for g, row in usable.iterrows() if row[low].max() < row[high].min()]
    printed = _printed(e, by, figure)
    in_print = bool(printed[low].max() < printed[high].min())
    said = (
        f"It holds by {len(right)} of the {len(usable)} generators that find the figure in every group"
        f" ({listed(right) if right else 'none'}); the printed table {'bears' if in_print else 'does not bear'} it out."
    )
    if len(right) == len(table):
        return Finding(REPRODUCED, said)
    return Finding(IN_SHAPE if right else NOT, said)


@rule("gathered", "sinks")
def gathered(claim: Claim, e: Evidence) -> Finding:
    """Whether a window holds more drops of the printed cloud than its neighbours of the same width."""
    from tanshi.agents.sinks.cloud import Cloud, drops

    table = published.cloud_figures().set_index("name")
    made = Cloud(*(float(table[f].loc[claim.get("name")]) for f in ("expectation", "entropy", "hyper_entropy")))
    x, _ = drops(made, 20_000, 2021, "gathered")
    low, high = claim.number("low"), claim.number("high")
    step = (high - low) / 2
    share = {at: float(((x >= low + at) & (x < high + at)).mean()) for at in (-step, 0.0, step)}
    cells = published.demand_prices()
    inside = cells[cells["sector"] == claim.get("name")]["demand_price"].between(low, high)
    said = (
        f"{100 * share[0.0]:.0f} % of the drops of the printed cloud lie between {low:g} and {high:g} yuan/t,"
        f" {100 * share[-step]:.0f} and {100 * share[step]:.0f} % in the windows beside; of the {len(inside)} cells of"
        f" Table 3 {int(inside.sum())} do."
    )
    ours = 100 * share[0.0]
    if share[0.0] < max(share.values()):
        return measured(NOT, said, [ours], "%")
    return measured(REPRODUCED if share[0.0] > 0.5 else IN_SHAPE, said, [ours], "%")
