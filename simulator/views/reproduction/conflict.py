"""Where the printed numbers pull against each other, and a bank in place of a cap path: tables and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tanshi.errors import said
from tanshi.language import mark, say, spoken, translate
from tanshi.simulator.studies.reproduction.conflict import PEAK, RATIO, Case, Conflict
from tanshi.simulator.studies.reproduction.held_bank import NOTHING, HeldBank
from tanshi.simulator.studies.reproduction.identity import S1_2030, S5_PEAK
from tanshi.simulator.studies.reproduction.physical import S5_PRICES
from tanshi.simulator.studies.reproduction.runs import Array, Runs
from tanshi.simulator.studies.reproduction.study import BANKING, Reproduction
from tanshi.simulator.views.charts import style
from tanshi.simulator.views.reports.blocks import Block, Grid, Heading, Paragraph, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFLICT, BANK = "conflict", "held_bank"
"""Names of the figures."""
CAPITAL_COST, HURDLE = (0.05, 0.09), (0.12, 0.35)
"""Real rates that firms pay for capital, and that they ask of projects of their own, 1/year; recalled."""


def figures_of(result: Reproduction) -> dict[str, Figure]:
    """The figures by name, of what was computed."""
    out: dict[str, Figure] = {}
    if result.conflict is not None:
        out[CONFLICT] = conflict_figure(result.conflict)
    beside = result.paper.evidence.variants
    if result.bank is not None and beside is not None and BANKING in beside:
        out[BANK] = bank_figure(result.bank, result.paper.evidence.hybrid, beside)
    return out


# -- claims in conflict ------------------------------------------------------------------------------------


def conflict_blocks(result: Reproduction, pictures: Mapping[str, bytes]) -> Iterator[Block]:
    """The curve and what single assumptions bring."""
    found = result.conflict
    if result.unsolved:
        told = mark("Claims in conflict, and a held bank, could not be drawn: {why}.")
        yield Paragraph(say(told, why=said(result.unsolved)), "note")
    if found is None:
        return
    yield Heading(say("Claims in conflict"), 3)
    yield Paragraph(
        say(
            "On the path of one equilibrium a year, always with 272 Mtce of S1 in 2030 and both printed prices of S5:"
            " each row has its own growth of productivity, and its own growth of S5's cap before 2026 and after 2028."
            " The paper's family is the row of 2.5 % a year."
        )
    )
    spans = [
        (
            f"{100 * case.middle:+.1f} %",
            *_spans(case),
            *_levels(case),
            f"{case.ratio:.3f}",
            str(case.peak),
            _steady(case),
        )
        for case in found.spans
    ]
    heads = (say("S5's cap, 2026 to 2028, a year"), say("2024 and 2025"), say("2029 and 2030"), say("S5's CO2 in 2027"),
             "2028", "2029", "2030", say("Highest over S1's 2030"), say("Highest in"),
             say("Rises to 2028, falls after"))  # fmt: skip
    yield Grid(heads, spans, frozenset(range(1, 9)), stack=True)
    told = say("S5's emissions over S1's of 2030, for other caps in the middle years")
    yield Picture(CONFLICT, told, pictures[CONFLICT])
    yield Paragraph(said_of(found))
    yield Paragraph(say("The same with one assumption of the family changed, S5's middle span at 2.5 % a year:"))
    others = [
        (translate(case.name), f"{100 * case.productivity:.2f} %", f"{100 * case.rise:+.1f} %", f"{case.ratio:.3f}",
         str(case.peak), _steady(case))
        for case in found.assumptions
    ]  # fmt: skip
    others += [(translate(name), "", say("out of reach"), "", "", "") for name in found.out_of_reach]
    least = say("more than {rise:+.1f} %", rise=100 * (S1_2030 / S5_PEAK - 1))
    others.append((say("printed"), "", least, f"{RATIO:.3f}", str(PEAK), say("yes")))
    titles = (say("On the paper's assumptions"), say("Productivity, a year"), say("S1's CO2 to 2030"),
              say("S5's highest over S1's 2030"), say("Highest in"), say("Rises to 2028, falls after"))  # fmt: skip
    yield Grid(titles, others, frozenset(range(1, 5)), stack=True)


def said_of(found: Conflict) -> str:
    """What the curve says, in sentences."""
    price = S5_PRICES[max(S5_PRICES)]
    words = say(
        "At the printed price of 2030, {price:g} yuan/t, S5 emits {least:.3f} of S1's 2030 in that year. A peak in"
        " {peak} stands above that, so that with these prices the printed {ratio:.2f} is out of reach by {short:.2f}"
        " at least; the faster the cap falls before {peak}, the nearer the ratio comes to that bound, until the last"
        " year is the highest.",
        price=price,
        least=found.least,
        peak=PEAK,
        ratio=RATIO,
        short=found.least - RATIO,
    )
    if found.asked_price is not None:
        told = mark(" S5 would emit {ratio:.2f} of S1's 2030 there at {price:.0f} yuan/t.")
        words += say(told, ratio=RATIO, price=found.asked_price)
    return words


def _spans(case: Case) -> tuple[str, str]:
    return f"{100 * case.early:+.2f} %", f"{100 * case.late:+.2f} %"


def _levels(case: Case) -> tuple[str, ...]:
    return tuple(f"{case.s5[case.years.index(year)]:.3f}" for year in (2027, 2028, 2029, 2030))


def _steady(case: Case) -> str:
    return say("yes") if case.steady else say("no")


def conflict_figure(found: Conflict) -> Figure:
    """S5's emissions by year over S1's of the last year, a line for each growth of the cap in the middle span."""
    figure, axes = style.frame(
        say("Peak and level pull apart: S5 under other caps from 2026 to 2028"),
        say("S5's CO₂ over S1's of 2030, %; energy of 2030 and both prices as printed in every line"),
        say("Source: Tanshi, one equilibrium a year, the paper's assumptions. Filled: the year of the highest value."),
    )
    import matplotlib

    shades = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, len(found.spans)))
    ends = []
    for case, colour in zip(found.spans, shades, strict=True):
        values = 100.0 * case.s5 / case.s1[-1]
        axes.plot(case.years, values, color=colour, linewidth=2.0, marker="o", markersize=4, markerfacecolor="white")
        top = case.years.index(case.peak)
        axes.plot(case.peak, values[top], marker="o", markersize=9, color=colour, zorder=6)
        place = case.years.index(PEAK)
        ends.append((case, colour, float(values[place])))
    bottom, height = axes.get_ylim()
    axes.set_ylim(min(bottom, 100 * RATIO - 0.9), height + 0.2)
    axes.axhline(100 * RATIO, color=style.GREY, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.plot([PEAK], [100 * RATIO], marker="o", markersize=11, markerfacecolor="none", markeredgewidth=1.8,
              markeredgecolor=style.INK, linestyle="", zorder=7)  # fmt: skip
    told = say("printed: {ratio:.2f}, in {year}", ratio=RATIO, year=PEAK)
    axes.annotate(told, (PEAK, 100 * RATIO), xytext=(-11, 7), ha="right",
                  textcoords="offset points", fontsize=8.5, color=style.INK)  # fmt: skip
    for case, colour, value in ends:
        above = value > 100 * RATIO
        axes.annotate(
            say("{rate:+.1f} %/yr", rate=100 * case.middle), (PEAK, value), xytext=(0, 8 if above else -8), ha="center",
            va="bottom" if above else "top", textcoords="offset points", fontsize=8.5, color=colour,
        )  # fmt: skip
    axes.set_xlim(found.spans[0].years[0] - 0.15, found.spans[0].years[-1] + 0.3)
    axes.locator_params(axis="x", integer=True, nbins=10)
    return figure


# -- a held bank -------------------------------------------------------------------------------------------


def bank_blocks(result: Reproduction, pictures: Mapping[str, bytes]) -> Iterator[Block]:
    """The variant with a bank beside the family's cap path."""
    bank, beside, own = result.bank, result.paper.evidence.variants, result.paper.evidence.hybrid
    if bank is None or beside is None or BANKING not in beside:
        return
    yield Heading(say("A held bank instead of a cap path"), 3)
    yield Paragraph(
        say(
            "Eq. 14 clears every year, so that in paper-S5 the cap path carries the price. In paper-banking what is"
            " not used is kept. On the path of one equilibrium a year the two printed prices then fix two unknowns:"
            " the holders' real rate, {rate:.2f} % a year, and the sum of the caps of {first} to {last}, {sum:,.0f} Mt"
            " (the scenario's file states {stated:,.0f}). Full runs with firms, median over the seeds, prices as means"
            " over the year's auctions:",
            rate=100 * bank.rate,
            first=bank.years[0],
            last=bank.years[-1],
            sum=bank.cumulated,
            stated=bank.stated,
        )
    )
    names = ((say("cap path"), own, "S5"), (say("bank"), beside, BANKING))
    paths = {
        title: [
            _middle(monthly_mean(runs, name)),
            *(_middle(runs.path(name, v)) for v in ("emissions", "volume", "bank")),
        ]
        for title, runs, name in names
    }
    measures = (say("Price, yuan/t"), say("CO2, Mt"), say("Volume, Mt"))
    heads = [say("Year"), *(f"{what}, {title}" for what in measures for title in paths),
             say("Bank at the year's end, Mt"), say("the same, one equilibrium a year")]  # fmt: skip
    rows = []
    for n, year in enumerate(own.years):
        if year not in bank.years:
            continue
        cells = [f"{paths[title][k][n]:,.1f}" for k in range(3) for title in paths]
        kept = bank.bank[bank.years.index(year)]
        rows.append([str(year), *cells, f"{paths[say('bank')][3][n]:,.1f}", f"{max(float(kept), 0.0):,.1f}"])
    yield Grid(heads, rows, frozenset(range(1, 9)), stack=True)
    yield Picture(BANK, say("Price, emissions and bank of a cap path and of a held bank"), pictures[BANK])
    yield Paragraph(said_of_bank(bank, own, beside))


def monthly_mean(runs: Runs, scenario: str) -> Array:
    """Mean price over the auctions of each year, (seeds, years)."""
    return np.asarray(runs.monthly[scenario].mean(axis=2))


def _middle(values: Array) -> Array:
    return np.asarray(np.median(values, axis=0))


def said_of_bank(bank: HeldBank, own: Runs, beside: Runs) -> str:
    """What the variant shows, in sentences."""
    kept = _middle(beside.path(BANKING, "bank"))
    held = [year for year, mt in zip(own.years, kept, strict=True) if mt > NOTHING]
    co2, volume = (_middle(beside.path(BANKING, v)) for v in ("emissions", "volume"))
    peak = own.years[int(co2.argmax())]
    late = slice(own.years.index(2026), None)
    grows = bool((np.diff(volume[late]) > 0).all())
    ratio = float(co2.max() / _middle(own.path("S1", "emissions"))[-1])
    (first, one), (last, _) = sorted(S5_PRICES.items())
    reached = [one * (1 + rate) ** (last - first) for rate in (*CAPITAL_COST, *HURDLE)]
    told = mark("The peak of {peak} does not survive: emissions are highest in {year}, at {ratio:.2f} of S1's 2030;"
                " {peak} stands {above:+.2f} % over {last}.")  # fmt: skip
    if peak == PEAK:
        told = mark("The peak of {peak} survives: emissions are highest in {year}, at {ratio:.2f} of S1's 2030; {peak}"
                    " stands {above:+.2f} % over {last}.")  # fmt: skip
    above = 100 * (co2[own.years.index(PEAK)] / co2[-1] - 1)
    lines = [
        say("A bank is held from {first} to {last}.", first=held[0], last=held[-1])
        if held
        else say("A bank is held in no year."),
        say(told, peak=PEAK, year=peak, ratio=ratio, above=above, last=last),
        say("The volume grows in every year from 2026.") if grows
        else say("The volume does not grow in every year from 2026."),
        say(
            "Two prices alone cannot tell a bank from a cap path: two numbers are met by two unknowns either way, the"
            " growth of the cap in two spans of years, or a rate and a sum. What would tell them apart is not printed:"
            " the prices of other years, the bank itself, or how prices of today answer news of later years."
        ),
        say(
            "A rate of {rate:.1f} % lies above what capital costs ({cheap:.0f} to {dear:.0f} %, recalled), at which"
            " {one:g} yuan/t in {first} would become {a:.0f} to {b:.0f} in {last}, and at the low end of the hurdle"
            " rates that firms ask of projects ({least:.0f} to {most:.0f} %, recalled), at which it would become"
            " {c:.0f} to {d:.0f}.",
            rate=100 * bank.rate, cheap=100 * CAPITAL_COST[0], dear=100 * CAPITAL_COST[1], one=one, first=first,
            last=last, least=100 * HURDLE[0], most=100 * HURDLE[1], a=reached[0], b=reached[1], c=reached[2],
            d=reached[3],
        ),
    ]  # fmt: skip
    return ("" if spoken() == "zh" else " ").join(lines)


def bank_figure(bank: HeldBank, own: Runs, beside: Runs) -> Figure:
    """Price, emissions and bank of both, in three panels."""
    figure, axes = style.panels(
        3, say("The printed prices by a cap path and by a held bank, S5 on the paper's assumptions"),
        say("median over the seeds"),
        say("Source: Tanshi, full runs with firms; prices are means over the year's auctions. Circles: printed."),
        bottom=0.24, gap=0.065, left=0.06,
    )  # fmt: skip
    years = np.array(own.years)
    pairs = (
        (say("cap path (paper-S5)"), own, "S5", style.PALETTE[4]),
        (say("held bank (paper-banking)"), beside, BANKING, style.PALETTE[5]),
    )
    for title, runs, name, colour in pairs:
        given = (monthly_mean(runs, name), runs.path(name, "emissions"), runs.path(name, "bank"))
        for axis, values in zip(axes, given, strict=True):
            axis.plot(years, _middle(values), color=colour, linewidth=2.0, marker="o", markersize=4, label=title)
    for year, price in S5_PRICES.items():
        axes[0].plot(year, price, marker="o", markersize=11, markerfacecolor="none", markeredgewidth=1.6,
                     markeredgecolor=style.INK, linestyle="", zorder=7)  # fmt: skip
    for axis, title in zip(
        axes, (say("price, yuan/t"), say("CO₂, Mt"), say("bank at the year's end, Mt")), strict=True
    ):
        axis.set_title(title, fontsize=9, loc="left", color=style.INK)
        axis.set_xticks(years[::2])
    axes[0].set_ylim(bottom=0)
    style.legend_of(figure, axes[0])
    return figure
