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
        "tanshi link S1 --set market.link.to=price --set market.link.observed=china --out link.csv\n\n"
        "tanshi link three-provinces    (a common market beside three closed ones, and why welfare differs)",
    )(link)


def link(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO|FILE", help="One whose market.link is not closed, or of several economies."),
    ],
    settings: Settings = None,
    out: Annotated[
        Path | None, typer.Option(callback=writable_file, metavar="FILE.csv", help="Write the table, by year, there.")
    ] = None,
) -> None:
    """Run a scenario as it is linked to a wider market, and closed: prices, tonnes and cost side by side, by sector.

    A sector that buys beyond the border pays there and abates less; what it saves in all is its gain from the link. A
    scenario of several economies is laid beside each of them closed, with the terms of what each wins or loses.
    """
    from tanshi.scenarios.load import load_scenario
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.studies.linking import beside_observed, link_against_closed, observed_words, words

    changes = read_settings(settings)
    if load_scenario(scenario, changes).economies:
        _join(scenario, changes, out)
        return
    table, linked, _ = link_against_closed(scenario, changes)
    first = int(linked.parameters["policy_start"])
    print(words(table, first, int(table["year"].max())))
    print(f"\n{observed_words(beside_observed(linked))}")
    if out:
        write_file(out, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
        print(say("{file}: the table by year.", file=out))


def _join(scenario: str, changes: dict[str, object], out: Path | None) -> None:
    """Lay a common market of several provinces beside closed ones."""
    from tanshi.simulator.machine.disk import write_file
    from tanshi.simulator.studies.welfare import joining

    found = joining.joined_against_closed(scenario, changes)
    print(joining.words(found, int(found.joint.parameters["policy_start"])))
    if out:
        write_file(out, found.table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
        print(say("{file}: the table by year.", file=out))
