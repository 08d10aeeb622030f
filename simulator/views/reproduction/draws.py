"""How far the verdicts hold over the draws: the part of the reproduction's page about uncertainty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

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


def uncertainty(result: Reproduction) -> Iterator[Block]:
    """What was drawn, in which mode, which orders hold in how many draws, and every claim's share."""
    yield Heading("How far the verdicts hold")
    draws = result.draws
    if draws is None:
        yield Paragraph("No draws were asked for.")
        return
    lost = f" {len(draws.failed)} of them have no equilibrium and are left out." if draws.failed else ""
    if draws.refused:
        usual = Counter(_without_amount(reason) for reason in draws.refused.values()).most_common(1)[0][0]
        lost += (
            f" {len(draws.refused)} more points were drawn and passed over, since their figures give no balanced"
            f" accounts"
            f" (mostly: {usual})."
        )
    yield Paragraph(
        f"{draws.asked} draws by a Latin hypercube over {len(draws.factors)} parameters:"
        f" {', '.join(_small(title) for title in draws.factors)}. Ranges: the sweeps elasticities and weak_cells.{lost}"
        " Nothing is calibrated anew in a draw, so that calibrated numbers scatter; orders and shapes are what the"
        " draws"
        " are for."
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
    said = (
        f"Of {len(holding)} held-out orders and shapes that hold, {len(holding) - len(weak)} hold in at least"
        f" {percent(ENOUGH)} of the draws."
    )
    yield Paragraph(said + (f" The others: {_named(weak)}." if weak else ""), "said")
    turned = [(claim, share) for claim, finding, share in orders if not finding.holds and share.holds > 1 - ENOUGH]
    if turned:
        yield Paragraph(f"Do not hold in the main runs, and do in more than a tenth of the draws: {_named(turned)}.")
    rows = [
        (
            f"{claim.claim} ({claim.id})",
            finding.verdict,
            percent(share.holds),
            percent(share.same),
            str(share.draws),
            "" if share.agreement is None else f"{percent(share.agreement)} of {share.checked}",
        )
        for claim, finding, share in ((*main[name], share) for name, share in result.shares.items())
    ]
    heads = ("Claim", "Verdict", "Holds in", "Same verdict in", "Draws", "Modes agree in")
    yield Grid(heads, rows, frozenset({2, 3, 4, 5}), stack=True, badges=BADGES)
    yield Paragraph("Holds: reproduced or reproduced in shape, physical data left out of account.", "note")


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
    told = "they agree on every claim in every draw"
    if apart:
        told = f"they agree in all but on {', '.join(apart)}, where the share of draws in which they do is given"
    return (
        "Mode of the draws: fewer firms (200) in an auction twice a year, who look half as far (10 years), no drift,"
        " one seed; cheaper than the program's own mode (monthly, with drift). On the first"
        f" {few} draws (at most {CHECKED}) both were run:"
        f" {told}. S2 and S3 were run on the same draws and judged by the same rules."
    )


def _named(pairs: Sequence[tuple[Claim, Share]]) -> str:
    return "; ".join(f"{claim.claim.rstrip('.')} ({claim.id}, {percent(share.holds)})" for claim, share in pairs)


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{100 * share:.0f} %"
