"""The reproduction on disk: claims and tables as CSV, figures, one HTML page, and the page of the docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from tanshi.errors import said
from tanshi.language import in_a_row, mark, say, translate
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.studies.reproduction.claims import PAPERS
from tanshi.simulator.studies.reproduction.families import DATA, PAPER, WORDS
from tanshi.simulator.studies.reproduction.study import Reproduction
from tanshi.simulator.studies.reproduction.verdicts import VERDICTS
from tanshi.simulator.views.charts.style import png, save
from tanshi.simulator.views.reports.blocks import Block, Heading, Picture, as_html, as_markdown
from tanshi.simulator.views.reproduction.draws import ENOUGH
from tanshi.simulator.views.reproduction.figures import huo_figures
from tanshi.simulator.views.reproduction.page import blocks_of
from tanshi.simulator.views.reproduction.words import TITLE
from tanshi.simulator.views.sinks.page import cloud_figure, policy_figure

DIGITS = "%.8g"


def claims_table(result: Reproduction) -> pd.DataFrame:
    """Every claim with its finding and, where there are draws, how far it holds."""
    told = {one.id: one.sentence for one in result.explanations}
    claimed = ("section", "page", "place", "kind", "use", "claim", "published", "unit")
    rows = [
        {
            "id": c.id,
            "paper": PAPERS[c.paper],
            **{name: getattr(c, name) for name in claimed},
            "ours": f.ours,
            "ours_low": f.low,
            "ours_high": f.high,
            "ours_unit": f.unit or c.unit,
            "verdict": f.verdict,
            "reason": f.reason,
            "ours_paper": p.ours if c.paper == "huo" else None,
            "verdict_paper": p.verdict if c.paper == "huo" else "",
            "reason_paper": p.reason if c.paper == "huo" else "",
            "it_would_take": told.get(c.id, ""),
            "rule": c.rule,
            "arguments": "; ".join(f"{name}={value}" for name, value in c.arguments),
        }
        for c, f, p in zip(result.claims, result.findings, result.paper.findings, strict=True)
    ]
    table = pd.DataFrame(rows)
    if result.shares:
        shares = _share_table(result).rename(columns={"holds": "holds_in_draws", "same": "same_verdict_in_draws"})
        table = table.merge(shares, on="id", how="left")
    return table


def _share_table(result: Reproduction) -> pd.DataFrame:
    return pd.DataFrame([asdict(share) for share in result.shares.values()])


def write_reproduction(result: Reproduction, folder: Path, command: str) -> tuple[list[Block], dict[str, bytes]]:
    """Write tables, figures and the page; the blocks and pictures for further forms of it.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    tables: dict[str, pd.DataFrame] = {"physical": result.physical}
    figures = huo_figures(result)
    sinks = result.evidence.sinks
    if sinks is not None:
        for by, plural in (("sector", "sectors"), ("province", "provinces")):
            figures[f"clouds_{plural}"] = cloud_figure(sinks, by)
            figures[f"policies_{plural}"] = policy_figure(sinks, by)
        tables |= {f"yang_{name}": sinks.tables[name] for name in ("table3_recomputed", "tables4_5_recomputed")}
    if result.evidence.effects is not None:
        tables["effects"] = result.evidence.effects
    if result.draws is not None:
        tables |= {"draw_verdicts": result.draws.verdicts, "draw_shares": _share_table(result)}
    pictures = {name: png(figure) for name, figure in figures.items()}
    blocks = blocks_of(result, pictures, command)
    write_file(folder / "claims.csv", _csv(claims_table(result)))
    for name, table in tables.items():
        write_file(folder / "tables" / f"{name}.csv", _csv(table))
    for name, figure in figures.items():
        save(figure, folder / "figures", name)
    write_file(
        folder / "reproduction.html", as_html(say("Tanshi: {title}", title=translate(TITLE).lower()), blocks).encode()
    )
    return blocks, pictures


def write_page(page: Path, blocks: Sequence[Block], pictures: Mapping[str, bytes]) -> None:
    """Write the page as Markdown, each paper's claims as a page of their own, and the pictures into ``images`` there.

    Raises
    ------
    tanshi.simulator.machine.disk.StoreError
        Where the disk refuses.
    """
    for block in blocks:
        if isinstance(block, Picture):
            write_file(page.parent / "images" / f"reproduction_{block.name}.png", block.png)
    named = [
        Picture(f"reproduction_{block.name}", block.alt, block.png) if isinstance(block, Picture) else block
        for block in blocks
    ]
    parts = by_paper(named)
    for paper, part in parts.items():
        text = as_markdown(part, "images")
        if not paper:
            links = (f"[{PAPERS[name]}]({page.stem}_{name}.md)" for name in parts if name)
            head, below, rest = text.partition("\n\n")
            text = below.join((head, say("Claim by claim: {pages}.", pages=in_a_row(links)), rest))
        write_file(page.with_name(f"{page.stem}_{paper}.md") if paper else page, text.encode())


def by_paper(blocks: Sequence[Block]) -> dict[str, list[Block]]:
    """The blocks of the first page (under the empty name), and of a page for every paper, whose title is its own.

    Sections after a paper's belong to it, but for the last, which is about all of them.
    """
    titles = {title: name for name, title in PAPERS.items()}
    last = max((n for n, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 2), default=0)
    out: dict[str, list[Block]] = {"": []}
    here = ""
    for n, block in enumerate(blocks):
        if isinstance(block, Heading) and block.level == 2:
            here = "" if n == last else titles.get(block.text, here)
        if here and isinstance(block, Heading):
            block = Heading(block.text, 1 if block.text in titles else 2)
        out.setdefault(here, []).append(block)
    return out


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, float_format=DIGITS, lineterminator="\n").encode()


def summary_lines(result: Reproduction) -> list[str]:
    """What the terminal shows: the identity first, then the verdicts counted."""
    lines = list(result.evidence.identity.words()) if result.evidence.identity is not None else []
    lines.append("")
    for paper, title in PAPERS.items():
        for family, findings in ((PAPER, result.paper.findings), (DATA, result.findings)):
            found = [f.verdict for c, f in zip(result.claims, findings, strict=True) if c.paper == paper]
            if found and (paper == "huo" or family == DATA):
                named = [
                    say("{count} {verdict}", count=found.count(v), verdict=translate(v)) for v in VERDICTS if v in found
                ]
                counts = say(", ").join(named)
                told = mark("{title}: {claims} claims: {counts}.")
                if paper == "huo":
                    told = mark("{title}: {claims} claims {column}: {counts}.")
                column = translate(WORDS[family])
                lines.append(say(told, title=title, claims=len(found), column=column, counts=counts))
    lines += [f"{one.id}: {said(one.sentence)}" for one in result.explanations]
    if result.multiplier is not None:
        lines.append(
            say(
                "Multiplier of the printed level of emissions, on data: {times:.2f} (S1, 2030, print over ours).",
                times=result.multiplier,
            )
        )
    if result.draws is not None:
        main = {c.id: f.holds for c, f in zip(result.claims, result.findings, strict=True)}
        weak = [f"{s.id} ({100 * s.holds:.0f} %)" for s in result.shares.values() if main[s.id] and s.holds < ENOUGH]
        told = mark(
            "Claims that hold in the main runs, and hold in fewer than {share:.0f} % of {draws} draws: {names}."
        )
        names = in_a_row(weak) or say("none")
        lines.append(say(told, share=100 * ENOUGH, draws=result.draws.used, names=names))
    return lines
