"""The page of the reproduction: identity first, then every claim with its verdict, figures, statistics, uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tanshi.errors import said
from tanshi.language import in_a_row, mark, say, spoken, translate
from tanshi.simulator.studies.reproduction.claims import PAPERS, USES, Claim
from tanshi.simulator.studies.reproduction.families import DATA, PAPER, WORDS
from tanshi.simulator.studies.reproduction.study import Reproduction
from tanshi.simulator.studies.reproduction.uncertainty import Share
from tanshi.simulator.studies.reproduction.verdicts import IN_SHAPE, NOT, REPRODUCED, VERDICTS, Finding
from tanshi.simulator.views.reports.blocks import Block, Code, Grid, Heading, Paragraph, Picture, Points
from tanshi.simulator.views.reproduction.conflict import bank_blocks, conflict_blocks
from tanshi.simulator.views.reproduction.draws import badges, percent, uncertainty
from tanshi.simulator.views.reproduction.tables import clouds_grid, costs_grid, effects_grid, prices_grid
from tanshi.simulator.views.reproduction.words import FAMILIES, GROUPS, TITLE, USE_NAMES, USE_WORDS
from tanshi.simulator.views.sinks.panels import group_of


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
        Heading(translate(TITLE), 1),
        Paragraph(
            say(
                "Huo et al. (2026), Journal of Electric Power Science and Technology 41(1), 233-242 (five scenarios of"
                " Shanxi's carbon market); Yang et al. (2021), Journal of Zhejiang A&F University 38(1), 173-183"
                " (demand prices of forest sinks). Everything on this page is computed by one command from this"
                " repository; simulated, not observed."
            )
        ),
        *([Paragraph(say("Claims are quoted in English, as are the reasons."), "note")] if spoken() != "en" else []),
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
    yield Heading(say("An identity, on data"))
    found = result.evidence.identity
    if found is None:
        yield Paragraph(say("The runs do not reach 2030, so that the identity of CO2 and energy cannot be set out."))
        return
    yield Points(found.words()[:-1])
    yield Grid(
        (
            say("Clean power and exports"),
            say("Clean power 2030, TWh"),
            say("Exports 2030, TWh"),
            say("Most CO2 at 272 Mtce, against 2022"),
        ),
        [(said(c.name), f"{c.clean_twh:.0f}", f"{c.export_twh:.0f}", f"{100 * c.most:+.1f} %") for c in found.cases],
        frozenset({1, 2, 3}),
        stack=True,
    )
    yield Paragraph(found.words()[-1], "said")
    yield Paragraph(
        say(
            "Clean power: the province's plan (nonfossil_path.csv); exports: Xinhua, and the assumed growth of lines;"
            " carbon: raw coal's factor in every tonne of fossil energy, more than any mix has. The plan was fixed"
            " before any ratio was looked at. A reader who holds that exports will grow faster than they ever did, or"
            " that the plan will not be built, may call the claims below not reproduced instead."
        ),
        "note",
    )


def _families() -> Iterator[Block]:
    yield Heading(say("Two columns"))
    yield Paragraph(
        say(
            "Every claim of the first paper is judged twice. On the paper's assumptions (paper-S1 to paper-S5): what"
            " it prints, or a model of its kind implies. On data (S1 to S5): an economy fitted to 2022 and 2023 as"
            " observed, and policies that are stated, none of them fitted to the paper."
        )
    )
    heads = (say("What"), say("On the paper's assumptions"), say("Whose"), say("On data"))
    yield Grid(heads, [[translate(words) for words in row] for row in FAMILIES], stack=True)


def _in_short(result: Reproduction) -> Iterator[Block]:
    yield Heading(say("In short"))
    rows = []
    columns = (("huo", PAPER, result.paper.findings), ("huo", DATA, result.findings), ("yang", "", result.findings))
    for paper, family, findings in columns:
        pairs = [(c, f) for c, f in zip(result.claims, findings, strict=True) if c.paper == paper]
        title = in_a_row([PAPERS[paper], translate(WORDS[family])]) if family else PAPERS[paper]
        for use in (*USES, ""):
            found = [f.verdict for c, f in pairs if use in ("", c.use)]
            if found:
                rows.append((title, _use(use), *(str(found.count(v) or "") for v in VERDICTS), str(len(found))))
    heads = (say("Paper"), say("Use"), *map(translate, VERDICTS), say("claims"))
    yield Grid(heads, rows, frozenset(range(2, 3 + len(VERDICTS))), stack=True)
    yield Points([say("{use}: {words}.", use=_use(use), words=translate(words)) for use, words in USE_WORDS.items()])
    yield Paragraph(
        say(
            "A claim is one published number, figure or sentence of results; scenarios/claims/ lists them, each with"
            " the rule that judges it. Claims repeated by abstract, results and conclusions are judged each time. S2"
            " and S3 allocate, S4 and S5 trade, as in the paper's Table 1; its results' text names them otherwise."
        )
    )


def _use(use: str) -> str:
    """What was made of a claim; of all of them where none is named."""
    return translate(USE_NAMES[use]) if use else say("all")


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
        yield Heading(translate(title), 3)
        if paper == "huo":
            heads = [say("Claim"), say("Printed"), say("On the paper's assumptions"), say("Verdict"), say("On data"),
                     say("Verdict"), say("Holds in draws, on data"), say("Reasons")]  # fmt: skip
            other = {c.id: f for c, f in zip(result.claims, result.paper.findings, strict=True)}
            told = {one.id: said(one.sentence) for one in result.explanations}
            rows = [_two(c, other[c.id], f, result.shares, told.get(c.id, "")) for c, f in here]
        else:
            heads = [
                say("Claim"),
                say("Printed"),
                say("Ours"),
                say("5 to 95 % of seeds"),
                say("Verdict"),
                say("Reason"),
            ]
            rows = [_row(c, f) for c, f in here]
        yield Grid(heads, rows, stack=True, badges=badges())


def _two(claim: Claim, paper: Finding, data: Finding, shares: Mapping[str, Share], told: str) -> list[str]:
    """A claim of the first paper in both columns."""
    words, printed = _said(claim)
    held = percent(shares[claim.id].holds) if claim.id in shares else ""
    reasons = [
        say("On the paper's assumptions: {reason}", reason=said(paper.reason)),
        say("On data: {reason}", reason=said(data.reason)),
    ]
    if paper.reason == data.reason:
        reasons = [said(data.reason)]
    numbers = [quantity(f.ours, f.unit or claim.unit) for f in (paper, data)]
    reason = " ".join(filter(None, (*reasons, told)))
    return [words, printed, numbers[0], translate(paper.verdict), numbers[1], translate(data.verdict), held, reason]


def _said(claim: Claim) -> tuple[str, str]:
    """What a claim says and where, and the printed value."""
    where = say("p. {page}", page=claim.page) + (f", {claim.place}" if claim.place != "text" else "")
    words = f"{claim.claim} ({claim.id}; {where}; {_use(claim.use)})"
    return words, "" if claim.published is None else f"{claim.published:g} {claim.unit.replace('year', '')}".strip()


def _row(claim: Claim, finding: Finding) -> list[str]:
    unit = finding.unit or claim.unit
    band = ""
    if finding.low is not None and finding.high is not None and finding.low != finding.high:
        band = say("{low} to {high}", low=number(finding.low, unit), high=number(finding.high, unit))
    words, printed = _said(claim)
    ours = quantity(finding.ours, unit)
    return [words, printed, ours, band, translate(finding.verdict), said(finding.reason)]


def _first(result: Reproduction, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading(PAPERS["huo"])
    if result.multiplier is not None:
        yield Paragraph(
            say(
                "Level of emissions: the print is at {paper:.2f} times ours on the paper's assumptions and {data:.2f}"
                " times on data. This multiplier is the printed emissions of S1 in 2030 (1.79 Gt) over ours of the"
                " same scenario and year; it is the only way in which the print's level appears here, and nothing is"
                " fitted to it.",
                paper=result.paper.multiplier or float("nan"),
                data=result.multiplier,
            )
        )
    yield from _claims(result, "huo")
    yield Heading(say("Figures 3 to 6"), 3)
    yield Paragraph(
        say(
            "Circles are printed, diamonds are what is known of 2023 to 2025. Full ones: the mean price of the"
            " national market, in which power alone trades, in prices of 2022. Open ones are estimates: CO2 and energy"
            " are the accounts of 2022 moved by observed output (thermal power, coal, coke, steel, cement, metals; all"
            " others by real GDP), savings of fuel per output left out, so that they are high rather than low; no"
            " inventory or yearbook of the province after 2022 is at hand. Volume is that of the national market times"
            " the province's 7 % of what it covers. Volumes here are what firms trade; what government sells to them"
            " is left out."
        )
    )
    for n in (3, 4, 5, 6):
        for ending, family in (("_paper", PAPER), ("", DATA)):
            name = f"huo_figure_{n}{ending}"
            told = say(
                "Figure {n} of Huo et al. 2026 beside the printed values, {how}", n=n, how=translate(WORDS[family])
            )
            yield Picture(name, told, pictures[name])
    yield from conflict_blocks(result, pictures)
    yield from bank_blocks(result, pictures)
    if result.evidence.effects is not None:
        yield Heading(say("Why emissions move as they do"), 3)
        yield Paragraph(
            say(
                "Logarithmic mean Divisia index on the path of one equilibrium a year; effects and households add up"
                " to the change. Coal-fired, gas-fired and clean generation are activities of their own, so that clean"
                " power shows under composition."
            )
        )
        yield effects_grid(result.evidence.effects)
        yield Picture("effects", say("Contributions to the change of emissions"), pictures["effects"])


def _physical(result: Reproduction) -> Iterator[Block]:
    yield Heading(say("What the statistics say"))
    heads = (
        say("Quantity"),
        say("Unit"),
        say("Observed"),
        say("Printed"),
        say("Ours"),
        say("What it says"),
        say("Source"),
    )
    yield Grid(heads, [list(map(str, row)) for row in result.physical.itertuples(index=False)], stack=True)


def _second(result: Reproduction, pictures: dict[str, bytes]) -> Iterator[Block]:
    yield Heading(PAPERS["yang"])
    yield Paragraph(
        say(
            "The units behind the paper are not published. What can be checked is what follows from its printed"
            " tables: Table 3 from Table 2 by eq. 7, Tables 4 and 5 from Table 3, Figures 3 and 4 from Table 2. Draws"
            " of the economy do not touch these claims, and no seed does."
        )
    )
    yield from _claims(result, "yang")
    findings = {c.id: f for c, f in zip(result.claims, result.findings, strict=True)}
    if any(c.id.startswith("yang-t2") for c in result.claims):
        yield Heading(say("Table 2: abatement costs, as printed"), 3)
        yield Paragraph(
            say(
                "Lowest and highest of each cell, yuan/t; an input here. 303.03 is 10,000/33: a boundary of the method."
            ),
            "note",
        )
        yield costs_grid()
    if result.evidence.sinks is not None:
        tables = result.evidence.sinks.tables
        count = [f.verdict for i, f in findings.items() if i.startswith("yang-t3")]
        yield Heading(say("Table 3: demand prices"), 3)
        yield Paragraph(
            say(
                "Printed / by eq. 7 from Table 2, yuan/t. {agree} of {cells} cells agree to the digits printed; *"
                " rounding of Table 2 explains the difference ({rounding}); ** no rounding does ({odd}).",
                agree=count.count(REPRODUCED),
                cells=len(count),
                rounding=count.count(IN_SHAPE),
                odd=count.count(NOT),
            ),
            "note",
        )
        yield prices_grid(tables["table3_recomputed"])
        for by, n in (("sector", 4), ("province", 5)):
            yield Heading(say("Table {n}: clouds by {by}", n=n, by=group_of(by)), 3)
            yield Paragraph(
                say("Ex / En / He, yuan/t: as printed, and by the standard backward generators from Table 3."), "note"
            )
            yield clouds_grid(tables["tables4_5_recomputed"], by)
        yield Heading(say("Figures 1 to 4"), 3)
        for n, name in enumerate(
            ("clouds_sectors", "clouds_provinces", "policies_sectors", "policies_provinces"), start=1
        ):
            told = say("Figure {n} of Yang et al. 2021 from its printed tables", n=n)
            yield Picture(f"yang_figure_{n}", told, pictures[name])


def _again(result: Reproduction) -> Iterator[Block]:
    yield Heading(say("What this rests on"))
    p = result.evidence.hybrid.parameters["S1"]
    chosen: Sequence[tuple[str, str]] = [
        (f"{group}.{name}", f"{value}")
        for group in ("cap", "dynamics", "closure", "coupling")
        for name, value in dict(p[group]).items()
    ]
    told = mark(
        "Both families with {seeds} seeds each; median, and 5 to 95 % over them. Fields that all scenarios share"
        " ('tanshi params' says what each means, its source and status):"
    )
    if result.seeds == 1:
        told = mark(
            "Both families with one seed each. Fields that all scenarios share ('tanshi params' says what each means,"
            " its source and status):"
        )
    yield Paragraph(say(told, seeds=result.seeds))
    yield Grid((say("Field"), say("Value")), chosen)
