"""The page on published and spoilt tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tanshi.simulator.studies.tables.fuzz import Tally
from tanshi.simulator.studies.tables.published import Tried

HEAD = """# Other people's tables

Written by `python -m tanshi.simulator.studies.tables`. The published tables stay outside the project: the study reads
them from the folder given by `--tables`, each by what `tanshi new economy NAME --table FILE` does, with energy,
emissions and power of its region and year (`scenarios/facts/energy_totals.csv`, from yearbooks and inventories,
recalled), and runs S1 and S5 for two years with 40 firms.
"""
PUBLISHED = """
## Published tables

{read} of {all} were read, balanced and run; emissions of the benchmark are within {worst:.1e} of what was given.

{head}
{rows}
"""
COLUMNS = (
    *("file", "year", "sectors", "GDP read, yi yuan", "CO2 given, Mt", "CO2 of the accounts", "factor on tonnes"),
    *("S5 price, 2nd year, yuan/t", "S5 to S1, CO2 %", "s"),
)
ROW = (
    "| {t.file} | {t.year} | {t.sectors} | {t.gdp:,.1f} | {t.given:,.1f} | {t.co2:,.1f} | {t.factor:.2f} "
    "| {t.price:.1f} | {t.change:+.2f} | {t.seconds:.1f} |"
)
FACTOR = """
*Factor on tonnes* is what the tonnes that money alone suggests (the template's, times the ratio of money in prices of
2022) had to be multiplied by. It would be 1 if every yuan of fuel bought as much as in Shanxi 2022: how far it is from
1 is how wrong a region's energy would be without totals of its own.
"""
SPOILT = """
## Spoilt files

{number:,} tables and as many price files were written in units, layouts, notations and encodings drawn at random, a
third of them spoilt after that (a cell, row or column lost, doubled or changed, a file cut or its bytes changed), and
read back.

{head}
{rows}
"""
JUDGED = (
    *("files", "read as written", "read, spoilt cells differ", "read, content unknown", "refused"),
    *("wrong by a factor", "wrong dates", "tracebacks", "most lines in a refusal"),
)
OUTCOMES = (
    *("read", "read but for spoilt cells", "read, content unknown", "refused", "wrong by a factor", "wrong dates"),
    "tracebacks",
)


def page(tried: Sequence[Tried], tallies: Mapping[str, Tally]) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    if tried:
        good = [t for t in tried if not t.refused]
        gaps = [abs(t.co2 / t.given - 1.0) for t in good if t.given == t.given]
        rows = [
            f"| {t.file} | refused: {t.refused} |" + " |" * 8 if t.refused else ROW.format(t=t).replace("nan", "-")
            for t in tried
        ]
        worst = max(gaps, default=0.0)
        parts.append(
            PUBLISHED.format(read=len(good), all=len(tried), worst=worst, head=_head(COLUMNS), rows="\n".join(rows))
        )
        parts.append(FACTOR)
    if tallies:
        number = max(sum(t.outcomes.values()) for t in tallies.values())
        rows = [
            f"| {kind} | " + " | ".join(f"{t.outcomes[o]:,}" for o in OUTCOMES) + f" | {t.lines} |"
            for kind, t in tallies.items()
        ]
        parts.append(SPOILT.format(number=number, head=_head(JUDGED), rows="\n".join(rows)))
    return "".join(parts)


def _head(names: Sequence[str]) -> str:
    return f"| {' | '.join(names)} |\n|{'---|' + '--:|' * (len(names) - 1)}"
