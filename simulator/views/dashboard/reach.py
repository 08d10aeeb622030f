"""Where a what-if leaves what the model can answer: changes far greater than those its figures were taken from."""

from __future__ import annotations

from collections.abc import Sequence

from tanshi.language import say
from tanshi.simulator.results.variables import emissions_of
from tanshi.simulator.views.dashboard.answer import Answer
from tanshi.simulator.views.sectors import sector_name
from tanshi.simulator.views.words import percent

LEFT = 0.5
"""Part of the reference's emissions below which a sector has left what elasticities can tell: they are taken from
changes of some tens of per cent (assumed)."""
AT_ONCE = 0.15
"""Part of a sector's emissions that goes in one year without which nothing has been seen to go: China's power sector
has never shrunk by more than a few per cent in a year (assumed)."""
DEAR = 500.0
"""Yuan of 2022 per t beyond which no market of China has been, several times the highest price by 2025 (about 100)."""
SMALL = 1.0
"""Mt a year below which a sector's share says nothing of the whole."""


def beyond(before: Answer, after: Answer, sectors: Sequence[str]) -> list[str]:
    """What of an answer is not to be relied on, a sentence each; nothing where all lies within reach.

    Parameters
    ----------
    sectors
        Those that may trade, whose emissions are looked at.
    """
    out = []
    for code in sectors:
        base, now = before.values[emissions_of(code)], after.values[emissions_of(code)]
        if max(base) < SMALL:
            continue
        fallen = min(range(len(now)), key=lambda k: now[k] / max(base[k], 1e-9))
        rest = now[fallen] / max(base[fallen], 1e-9)
        if rest < LEFT:
            out.append(
                say(
                    "Beyond what the model can answer: {sector} emits {share} of the reference in {year}. Its"
                    " elasticities are taken from far smaller changes: read the direction, not the number.",
                    sector=sector_name(code),
                    share=percent(rest),
                    year=after.years[fallen],
                )
            )
            continue
        drops = [1.0 - now[k] / now[k - 1] if now[k - 1] > 0 else 0.0 for k in range(1, len(now))]
        usual = [1.0 - base[k] / base[k - 1] if base[k - 1] > 0 else 0.0 for k in range(1, len(base))]
        worst = max(range(len(drops)), key=lambda k: drops[k] - max(usual[k], 0.0), default=None)
        if worst is not None and drops[worst] > AT_ONCE and drops[worst] > 2 * max(usual[worst], 0.0):
            out.append(
                say(
                    "Faster than plants are replaced: emissions of {sector} fall by {share} in {year} alone.",
                    sector=sector_name(code),
                    share=percent(drops[worst]),
                    year=after.years[worst + 1],
                )
            )
    dearest = max(after.values["Price|Carbon"])
    if dearest > DEAR:
        out.append(say("A price of {price:,.0f} yuan/t is beyond anything that was ever observed here.", price=dearest))
    return out
