"""The command that tells what a link to a wider market brings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import say
from tanshi.simulator.cli.outputs import writable_file
from tanshi.simulator.cli.sweep import Settings, read_settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        name="link",
        epilog="Examples:\n\n"
        "tanshi link china-2019-2030\n\n"
        "tanshi link S1 --set market.link.to=price --set market.link.observed=china --out link.csv",
    )(link)


def link(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|FILE", help="One whose market.link is not closed.")],
    settings: Settings = None,
    out: Annotated[
        Path | None, typer.Option(callback=writable_file, metavar="FILE.csv", help="Write the table, by year, there.")
    ] = None,
) -> None:
    """Run a scenario as it is linked to a wider market, and closed: prices, tonnes and cost side by side, by sector.

    A sector that buys beyond the border pays there and abates less; what it saves in all is its gain from the link.
    """
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.studies.linking import beside_observed, link_against_closed, observed_words, words

    table, linked, _ = link_against_closed(scenario, read_settings(settings))
    first = int(linked.parameters["policy_start"])
    print(words(table, first, int(table["year"].max())))
    print(f"\n{observed_words(beside_observed(linked))}")
    if out:
        write_file(out, table.to_csv(index=False).encode("utf-8"))
        print(say("{file}: the table by year.", file=out))
