"""The page of the reproduction: identity first, then every claim with its verdict, figures, statistics, uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tanshi.simulator.studies.reproduction.claims import PAPERS, USES, Claim
from tanshi.simulator.studies.reproduction.families import DATA, PAPER, WORDS
from tanshi.simulator.studies.reproduction.study import Reproduction
from tanshi.simulator.studies.reproduction.uncertainty import Share
from tanshi.simulator.studies.reproduction.verdicts import IN_SHAPE, NOT, REPRODUCED, VERDICTS, Finding
from tanshi.simulator.views.reports.blocks import Block, Code, Grid, Heading, Paragraph, Picture, Points
from tanshi.simulator.views.reproduction.conflict import bank_blocks, conflict_blocks
from tanshi.simulator.views.reproduction.draws import BADGES, percent, uncertainty
from tanshi.simulator.views.reproduction.tables import clouds_grid, costs_grid, effects_grid, prices_grid

TITLE = "Both papers, claim by claim"
FAMILIES = (
    ("Clean power", "grows by 2 % a year from 2022; no plan", "the paper has no path; the rate is ours",
     "as observed to 2023, from capacity to 2025, then the province's plan of February 2026"),
    ("Construction", "buys what it bought in 2022", "nothing observed after the paper's time",
     "buys 6 % less cement a year, as from 2022 to 2024"),
    ("Energy efficiency (AEEI)", "1 % a year, in power too", "printed; no sector is excepted",
     "1 %, in power 0.3 %: priors, one year does not determine them"),
    ("Productivity", "calibrated to 272 Mtce in 2030", "ours", "fitted to GDP of 2023"),
    ("Capital", "one stock, fully used, mobile", "eq. 19, section 2.5", "vintage: what is installed stays"),
    ("Prices outside", "given", "sections 2.2 and 2.5", "other provinces buy less where it is dearer"),
    ("Limits on plant", "coke, metals, cement: policies of 2019 to 2022", "ours", "the same"),
    ("S1's cap", "falls by 0.5 % a year against the frozen baseline", "policy continued; the rate is the benchmarks'",
     "the same"),
    ("S4's and S5's cap", "by year; two of three spans calibrated, one chosen for the year of the peak",
     "eq. 13; no path is printed", "1 % a year, the upper end of the benchmarks' yearly change; stated"),
    ("Market clearing", "every year by itself", "eq. 14", "firms look 20 years ahead and bank"),
    ("Allowances", "S4 and S5 sell 5 % from 2026 and 10 % from 2029; paper-S5-free gives all away, as Table 1 reads",
     "section 3: from wholly free to partly paid; how much: ours", "free; S5-paid sells as much beside"),
)  # fmt: skip
"""What the families stand on, and whose each assumption of the paper's family is."""
USE_WORDS = {
    "calibrated": "on the paper's assumptions a target of 'calibrate paper', or chosen with the print in view, so that"
    " agreement shows that it can be reached, no more; on data nothing of the paper is a target",
    "held-out": "never used to calibrate",
    "by construction": "put in, so that agreement shows nothing",
    "outside": "nothing computed here could bear it out",
}
GROUPS = {
    "huo": (
        ("Abstract", ("Abstract",)), ("Set-up: sections 1 and 2, Table 1", ("1.1", "2.3", "2.4", "2.5", "Table 1")),
        ("Figure 3: energy consumption", ("Figure 3",)), ("Figure 4: trading volume", ("Figure 4",)),
        ("Figure 5: carbon price", ("Figure 5",)), ("Figure 6: emissions", ("Figure 6", "Figures 3 and 6")),
        ("Traditional model and hybrid", ("hybrid",)), ("Conclusions (4.1)", ("4.1",)),
    ),
    "yang": (
        ("Abstract", ("Abstract",)), ("Theory: sections 1.1 to 1.3", ("1.1", "1.2.2", "1.3")),
        ("Abatement costs: section 2", ("2",)), ("Demand prices: section 3", ("3.1", "3.2.1", "3.2.2")),
        ("Policies: section 4", ("4.1", "4.2")), ("Conclusions and discussion: section 5", ("5.1", "5.2")),
    ),
}  # fmt: skip


def number(value: float | None, unit: str = "") -> str:
    """A number in up to four digits; a year as it is.

    Examples
    --------
    >>> number(0.00012), number(277.82), number(2028.0, "year"), number(None)
    ('0.00012', '277.8', '2028', '')
    """
    if value is None:
        return ""
    if unit == "year":
        return f"{value:.0f}"
    if unit.startswith("%"):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 0.01 or value == 0 else f"{value:.2g}"


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit; a year by itself.

    Examples
    --------
    >>> quantity(272.0, "Mtce"), quantity(2028.0, "year"), quantity(None, "Mt")
    ('272 Mtce', '2028', '')
    """
    if value is None:
        return ""
    return f"{number(value, unit)} {'' if unit == 'year' else unit}".strip()


def blocks_of(result: Reproduction, pictures: dict[str, bytes], command: str) -> list[Block]:
    """The whole page.

    Parameters
    ----------
    pictures
        Name -> PNG.
    command
        As the user typed it, to run it again.
    """
    return [
        Heading(TITLE, 1),
        Paragraph(
            "Huo et al. (2026), Journal of Electric Power Science and Technology 41(1), 233-242 (five scenarios of"
            " Shanxi's"
            " carbon market); Yang et al. (2021), Journal of Zhejiang A&F University 38(1), 173-183 (demand prices"
            " of forest"
            " sinks). Everything on this page is computed by one command from this repository; simulated, not observed."
        ),
        Code(command),
        *_families(),
        *_in_short(result),
        *_identity(result),
        *_first(result, pictures),
        *_physical(result),
        *uncertainty(result),
        *_second(result, pictures),
        *_again(result),
    ]


def _identity(result: Reproduction) -> Iterator[Block]:
    yield Heading("An identity, on data")
    found = result.evidence.identity
    if found is None:
        yield Paragraph("The runs do not reach 2030, so that the identity of CO2 and energy cannot be set out.")
        return
    yield Points(found.words()[:-1])
    yield Grid(
        ("Clean power and exports", "Clean power 2030, TWh", "Exports 2030, TWh", "Most CO2 at 272 Mtce, against 2022"),
        [(c.name, f"{c.clean_twh:.0f}", f"{c.export_twh:.0f}", f"{100 * c.most:+.1f} %") for c in found.cases],
        frozenset({1, 2, 3}),
        stack=True,
    )
    yield Paragraph(found.words()[-1], "said")
    yield Paragraph(
        "Clean power: the province's plan (nonfossil_path.csv); exports: Xinhua, and the assumed growth of lines;"
        " carbon: raw"
        " coal's factor in every tonne of fossil energy, more than any mix has. The plan was fixed before any ratio"
        " was looked"
        " at. A reader who holds that exports will grow faster than they ever did, or that the plan will not be"
        " built, may"
        " call the claims below not reproduced instead.",
        "note",
    )


def _families() -> Iterator[Block]:
    yield Heading("Two columns")
    yield Paragraph(
        "Every claim of the first paper is judged twice. On the paper's assumptions (paper-S1 to paper-S5): what it"
        " prints, or a model of its kind implies. On data (S1 to S5): an economy fitted to 2022 and 2023 as observed,"
        " and policies that are stated, none of them fitted to the paper."
    )
    yield Grid(("What", "On the paper's assumptions", "Whose", "On data"), list(FAMILIES), stack=True)


def _in_short(result: Reproduction) -> Iterator[Block]:
    yield Heading("In short")
    rows = []
    columns = (("huo", PAPER, result.paper.findings), ("huo", DATA, result.findings), ("yang", "", result.findings))
    for paper, family, findings in columns:
        pairs = [(c, f) for c, f in zip(result.claims, findings, strict=True) if c.paper == paper]
        title = f"{PAPERS[paper]}, {WORDS[family]}" if family else PAPERS[paper]
        for use in (*USES, ""):
            found = [f.verdict for c, f in pairs if use in ("", c.use)]
            if found:
                rows.append((title, use or "all", *(str(found.count(v) or "") for v in VERDICTS), str(len(found))))
    yield Grid(("Paper", "Use", *VERDICTS, "claims"), rows, frozenset(range(2, 3 + len(VERDICTS))), stack=True)
    yield Points([f"{use}: {said}." for use, said in USE_WORDS.items()])
    yield Paragraph(
        "A claim is one published number, figure or sentence of results; scenarios/claims/ lists them, each with the"
        " rule that"
        " judges it. Claims repeated by abstract, results and conclusions are judged each time. S2 and S3 allocate,"
        " S4 and S5"
        " trade, as in the paper's Table 1; its results' text names them otherwise."
    )


def _pairs(result: Reproduction, paper: str) -> list[tuple[Claim, Finding]]:
    return [(c, f) for c, f in zip(result.claims, result.findings, strict=True) if c.paper == paper]


def _group(claim: Claim) -> str:
    """Where a claim of the page belongs: a figure, a table, or its section."""
    if claim.paper == "yang":
        return claim.section
    if claim.section in ("Abstract", "1.1", "2.3", "2.4", "2.5", "4.1"):
        return claim.section
    if claim.rule in ("same_trend", "first_year", "smoother", "realism", "bend", "between_years", "disturbance") or (
        claim.claim.startswith("The hybrid")
    ):
        return "hybrid"
    return claim.place


def _claims(result: Reproduction, paper: str) -> Iterator[Block]:
    """The claims that stand by themselves, in groups; the cells of tables have tables of their own."""
    pairs = [(c, f) for c, f in _pairs(result, paper) if not c.id.startswith("yang-t")]
    last = ""
    groups: dict[str, list[tuple[Claim, Finding]]] = {}
    for claim, finding in pairs:
        place = _group(claim)
        # What the text says between two figures belongs to the one before.
        last = last if place == "text" and last else place
        groups.setdefault(last, []).append((claim, finding))
    for title, places in GROUPS[paper]:
        here = [pair for place in places for pair in groups.get(place, [])]
        if not here:
            continue
        yield Heading(title, 3)
        if paper == "huo":
            heads = ["Claim", "Printed", "On the paper's assumptions", "Verdict", "On data", "Verdict",
                     "Holds in draws, on data", "Reasons"]  # fmt: skip
            other = {c.id: f for c, f in zip(result.claims, result.paper.findings, strict=True)}
            told = {one.id: one.sentence for one in result.explanations}
            rows = [_two(c, other[c.id], f, result.shares, told.get(c.id, "")) for c, f in here]
        else:
            heads = ["Claim", "Printed", "Ours", "5 to 95 % of seeds", "Verdict", "Reason"]
            rows = [_row(c, f) for c, f in here]
        yield Grid(heads, rows, stack=True, badges=BADGES)


def _two(claim: Claim, paper: Finding, data: Finding, shares: Mapping[str, Share], told: str) -> list[str]:
    """A claim of the first paper in both columns."""
    said, printed = _said(claim)
    held = percent(shares[claim.id].holds) if claim.id in shares else ""
    reasons = [f"On the paper's assumptions: {paper.reason}", f"On data: {data.reason}"]
    if paper.reason == data.reason:
        reasons = [data.reason]
    numbers = [quantity(f.ours, f.unit or claim.unit) for f in (paper, data)]
    reason = " ".join(filter(None, (*reasons, told)))
    return [said, printed, numbers[0], paper.verdict, numbers[1], data.verdict, held, reason]


def _said(claim: Claim) -> tuple[str, str]:
    """What a claim says and where, and the printed value."""
    where = f"p. {claim.page}" + (f", {claim.place}" if claim.place != "text" else "")
    said = f"{claim.claim} ({claim.id}; {where}; {claim.use})"
    return said, "" if claim.published is None else f"{claim.published:g} {claim.unit.replace('year', '')}".strip()


def _row(claim: Claim, finding: Finding) -> list[str]:
    unit = finding.unit or claim.unit
    band = ""
    if finding.low is not None and finding.high is not None and finding.low != finding.high:
        band = f"{number(finding.low, unit)} to {number(finding.high, unit)}"
    said, printed = _said(claim)
    return [said, printed, quantity(finding.ours, unit), band, finding.verdict, finding.reason]


def _first(result: Reproduction, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading(PAPERS["huo"])
    if result.multiplier is not None:
        yield Paragraph(
            f"Level of emissions: the print is at {result.paper.multiplier or float('nan'):.2f} times ours on the"
            f" paper's assumptions and {result.multiplier:.2f} times on data. This multiplier is the printed emissions"
            " of S1 in 2030 (1.79 Gt) over ours of the same scenario and year; it is the only way in which the print's"
            " level appears here, and nothing is fitted to it."
        )
    yield from _claims(result, "huo")
    yield Heading("Figures 3 to 6", 3)
    yield Paragraph(
        "Circles are printed, diamonds are what is known of 2023 to 2025. Full ones: the mean price of the national"
        " market, in which power alone trades (2025: estimate). Open ones are estimates: CO2 and energy are the"
        " accounts of 2022 moved by observed output (thermal power, coal, coke, steel, cement, metals; all others by"
        " real GDP), savings of fuel per output left out, so that they are high rather"
        " than low; no inventory or yearbook of the"
        " province after 2022 is at hand. Volume is that of the national market times the province's 7 % of what it"
        " covers. Volumes here are what firms trade; what government sells to them is left out."
    )
    for n in (3, 4, 5, 6):
        for ending, family in (("_paper", PAPER), ("", DATA)):
            name = f"huo_figure_{n}{ending}"
            told = f"Figure {n} of Huo et al. 2026 beside the printed values, {WORDS[family]}"
            yield Picture(name, told, pictures[name])
    yield from conflict_blocks(result, pictures)
    yield from bank_blocks(result, pictures)
    if result.evidence.effects is not None:
        yield Heading("Why emissions move as they do", 3)
        yield Paragraph(
            "Logarithmic mean Divisia index on the path of one equilibrium a year; effects and households add up to"
            " the change."
            " Coal-fired, gas-fired and clean generation are activities of their own, so that clean power shows under"
            " composition."
        )
        yield effects_grid(result.evidence.effects)
        yield Picture("effects", "Contributions to the change of emissions", pictures["effects"])


def _physical(result: Reproduction) -> Iterator[Block]:
    yield Heading("What the statistics say")
    heads = ("Quantity", "Unit", "Observed", "Printed", "Ours", "What it says", "Source")
    yield Grid(heads, [list(map(str, row)) for row in result.physical.itertuples(index=False)], stack=True)


def _second(result: Reproduction, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading(PAPERS["yang"])
    yield Paragraph(
        "The units behind the paper are not published. What can be checked is what follows from its printed tables:"
        " Table 3"
        " from Table 2 by eq. 7, Tables 4 and 5 from Table 3, Figures 3 and 4 from Table 2. Draws of the economy do"
        " not touch"
        " these claims, and no seed does."
    )
    yield from _claims(result, "yang")
    findings = {c.id: f for c, f in zip(result.claims, result.findings, strict=True)}
    if any(c.id.startswith("yang-t2") for c in result.claims):
        yield Heading("Table 2: abatement costs, as printed", 3)
        yield Paragraph(
            "Lowest and highest of each cell, yuan/t; an input here. 303.03 is 10,000/33: a boundary of the method.",
            "note",
        )
        yield costs_grid()
    if result.evidence.sinks is not None:
        tables = result.evidence.sinks.tables
        count = [f.verdict for i, f in findings.items() if i.startswith("yang-t3")]
        yield Heading("Table 3: demand prices", 3)
        yield Paragraph(
            f"Printed / by eq. 7 from Table 2, yuan/t. {count.count(REPRODUCED)} of {len(count)} cells agree to the"
            f" digits"
            f" printed; * rounding of Table 2 explains the difference ({count.count(IN_SHAPE)}); ** no rounding does"
            f" ({count.count(NOT)}).",
            "note",
        )
        yield prices_grid(tables["table3_recomputed"])
        for by, n in (("sector", 4), ("province", 5)):
            yield Heading(f"Table {n}: clouds by {by}", 3)
            yield Paragraph(
                "Ex / En / He, yuan/t: as printed, and by the standard backward generators from Table 3.", "note"
            )
            yield clouds_grid(tables["tables4_5_recomputed"], by)
        yield Heading("Figures 1 to 4", 3)
        for n, name in enumerate(
            ("clouds_sectors", "clouds_provinces", "policies_sectors", "policies_provinces"), start=1
        ):
            yield Picture(f"yang_figure_{n}", f"Figure {n} of Yang et al. 2021 from its printed tables", pictures[name])


def _again(result: Reproduction) -> Iterator[Block]:
    yield Heading("What this rests on")
    p = result.evidence.hybrid.parameters["S1"]
    chosen: Sequence[tuple[str, str]] = [
        (f"{group}.{name}", f"{value}")
        for group in ("cap", "dynamics", "closure", "coupling")
        for name, value in dict(p[group]).items()
    ]
    seeds = "one seed" if result.seeds == 1 else f"{result.seeds} seeds"
    yield Paragraph(
        f"Both families with {seeds} each; median, and 5 to 95 % over them. Fields that all scenarios share ('tanshi"
        " params' says what each means, its source and status):"
    )
    yield Grid(("Field", "Value"), chosen)
