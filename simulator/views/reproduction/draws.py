"""How far the verdicts hold over the draws: the part of the reproduction's page about uncertainty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tanshi.language import clauses, in_a_row, mark, say, translate
from tanshi.simulator.studies.reproduction.claims import Claim
from tanshi.simulator.studies.reproduction.study import Reproduction
from tanshi.simulator.studies.reproduction.uncertainty import CHECKED, Share
from tanshi.simulator.studies.reproduction.verdicts import (
    CONSTRUCTED,
    IN_SHAPE,
    NOT,
    NOT_JOINTLY,
    REPRODUCED,
    UNTESTABLE,
)
from tanshi.simulator.views.reports.blocks import Block, Grid, Heading, Paragraph

BADGES = {
    REPRODUCED: "good", IN_SHAPE: "fair", CONSTRUCTED: "flat", NOT_JOINTLY: "other", NOT: "bad", UNTESTABLE: "flat",
}  # fmt: skip
ENOUGH = 0.9
"""Share of draws in which an order must hold to be called robust."""


def badges() -> dict[str, str]:
    """Verdicts as they are said, and the colour class of each."""
    return {translate(verdict): colour for verdict, colour in BADGES.items()}


def uncertainty(result: Reproduction) -> Iterator[Block]:
    """What was drawn, in which mode, which orders hold in how many draws, and every claim's share."""
    yield Heading(say("How far the verdicts hold"))
    draws = result.draws
    if draws is None:
        yield Paragraph(say("No draws were asked for."))
        return
    lost = ""
    if draws.failed:
        lost = say(" {count} of them have no equilibrium and are left out.", count=len(draws.failed))
    if draws.refused:
        usual = Counter(_without_amount(reason) for reason in draws.refused.values()).most_common(1)[0][0]
        lost += say(
            " {count} more points were drawn and passed over, since their figures give no balanced accounts (mostly:"
            " {usual}).",
            count=len(draws.refused),
            usual=usual,
        )
    yield Paragraph(
        say(
            "{draws} draws by a Latin hypercube over {count} parameters: {names}. Ranges: the sweeps elasticities and"
            " weak_cells.{lost} Nothing is calibrated anew in a draw, so that calibrated numbers scatter; orders and"
            " shapes are what the draws are for.",
            draws=draws.asked,
            count=len(draws.factors),
            names=in_a_row(_small(translate(title)) for title in draws.factors),
            lost=lost,
        )
    )
    yield Paragraph(_modes(list(result.shares.values())))
    main = {c.id: (c, f) for c, f in zip(result.claims, result.findings, strict=True)}
    orders = [
        (claim, finding, share)
        for claim, finding, share in ((*main[name], share) for name, share in result.shares.items())
        if claim.kind in ("order", "shape") and claim.use == "held-out"
    ]
    holding = [(claim, share) for claim, finding, share in orders if finding.holds]
    weak = [pair for pair in holding if pair[1].holds < ENOUGH]
    words = say(
        "Of {count} held-out orders and shapes that hold, {enough} hold in at least {share} of the draws.",
        count=len(holding),
        enough=len(holding) - len(weak),
        share=percent(ENOUGH),
    )
    yield Paragraph(words + (say(" The others: {names}.", names=_named(weak)) if weak else ""), "said")
    turned = [(claim, share) for claim, finding, share in orders if not finding.holds and share.holds > 1 - ENOUGH]
    if turned:
        told = mark("Do not hold in the main runs, and do in more than a tenth of the draws: {names}.")
        yield Paragraph(say(told, names=_named(turned)))
    rows = [
        (
            f"{claim.claim} ({claim.id})",
            translate(finding.verdict),
            percent(share.holds),
            percent(share.same),
            str(share.draws),
            ""
            if share.agreement is None
            else say("{share} of {count}", share=percent(share.agreement), count=share.checked),
        )
        for claim, finding, share in ((*main[name], share) for name, share in result.shares.items())
    ]
    heads = (
        say("Claim"), say("Verdict"), say("Holds in"), say("Same verdict in"), say("Draws"), say("Modes agree in"),
    )  # fmt: skip
    yield Grid(heads, rows, frozenset({2, 3, 4, 5}), stack=True, badges=badges())
    yield Paragraph(say("Holds: reproduced or reproduced in shape, physical data left out of account."), "note")


def _small(title: str) -> str:
    """A title within a sentence: its first letter small, unless an abbreviation begins it."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _without_amount(reason: str) -> str:
    """A reason in common: its amount left out."""
    return re.sub(r" [\d.,e+]+ yi yuan", "", reason)


def _modes(shares: Sequence[Share]) -> str:
    """How the cheap mode of the draws compares with the program's own."""
    checked = [share for share in shares if share.agreement is not None]
    apart = [f"{share.id} ({percent(share.agreement or 0.0)})" for share in checked if share.agreement != 1.0]
    few = max((share.checked for share in checked), default=0)
    told = say("they agree on every claim in every draw")
    if apart:
        told = say(
            "they agree in all but on {names}, where the share of draws in which they do is given",
            names=in_a_row(apart),
        )
    return say(
        "Mode of the draws: fewer firms (200) in an auction twice a year, who look half as far (10 years), no drift,"
        " one seed; cheaper than the program's own mode (monthly, with drift). On the first {few} draws (at most"
        " {most}) both were run: {told}. S2 and S3 were run on the same draws and judged by the same rules.",
        few=few,
        most=CHECKED,
        told=told,
    )


def _named(pairs: Sequence[tuple[Claim, Share]]) -> str:
    return clauses(f"{claim.claim.rstrip('.')} ({claim.id}, {percent(share.holds)})" for claim, share in pairs)


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{100 * share:.0f} %"
