"""The page of the guide on attacks: what is tried, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.attack.attempt import DEFECT, DONE, REFUSED, Tally

WHAT: Mapping[str, str] = {
    "scenario": "scenario files along the schema, then broken in structure, text or encoding; bases, circles, links",
    "sweep": "sweep files the same way; what is accepted is drawn at its ends and between",
    "targets": "calibration files the same way",
    "values": "one to three numeric fields at or beside their bounds, a short run, its prices and emissions checked",
    "timetables": "random rules by sector and year, all others beside them; books exact after every period, to the end",
    "damage": "stored results cut, changed by hand, lost in part, with new hashes too; six readers",
    "terminals": "every command's words in ten encodings; signs that steer a terminal in names and options",
    "pages": "foreign hosts and origins to both pages, climbing paths, scripts in every field of the dashboard",
    "questions": "SQL that writes, reads other files, reaches out or changes settings",
    "outputs": "places that cannot be written, for every command that writes",
    "places": "folders and files named with spaces, Chinese, quotes, signs; run, gather, ask, report",
    "weights": "weights changed after training, with the right checksum too, or holding code",
}
PAGE = """# Attacks and endurance

`make attack` tries to break the program for 15 minutes (`ARGS="--minutes 60"` for longer) with cases drawn from a seed
that it prints; nothing but this machine is asked. A case ends *done*, *refused* in a message that a person can use, or
as a *defect*: a traceback, a message without end, a wrong answer. A defect names the command
that tries its case again. A minute of it is part of the tests.

{minutes:g} minutes with seed {seed}:

{table}

{endurance}"""
MARK = "## Endurance"
HEAD = "| kind | what is tried | cases | done | refused | defects | slowest, CPU s |\n|---|---|--:|--:|--:|--:|--:|\n"


def table(tallies: Mapping[str, Tally]) -> str:
    """One row a kind."""
    return HEAD + "\n".join(
        f"| {name} | {WHAT[name]} | {t.cases:,} | {t.outcomes[DONE]:,} | {t.outcomes[REFUSED]:,} "
        f"| {t.outcomes[DEFECT]:,} | {t.slowest:.1f} |"
        for name, t in tallies.items()
    )


def page(tallies: Mapping[str, Tally], minutes: float, seed: int) -> str:
    """The page with a new table of attacks; what it says of endurance stays."""
    from tests.attack.attempt import ROOT

    before = ROOT / "docs/attack.md"
    old = before.read_text(encoding="utf-8") if before.is_file() else ""
    endurance = MARK + old.split(MARK, 1)[1] if MARK in old else ""
    return PAGE.format(minutes=minutes, seed=seed, table=table(tallies), endurance=endurance)
