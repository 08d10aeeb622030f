"""The commands that begin something of one's own: an economy, a scenario, a sweep, a table to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli.outputs import writable_folder

new = typer.Typer(
    help="Begin something of your own: economy, scenario, sweep, table.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new file.")]


@new.command(
    epilog="Examples:\n\n"
    "tanshi new table example.csv    (the layout, filled with Shanxi 2022)\n\n"
    "tanshi new economy hebei_2022 --table hebei.xlsx --unit wanyuan\n\n"
    "tanshi new economy hebei_2022 --table hebei.csv --map mine.csv --gdp 41988"
)
def economy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new economy, such as hebei_2022.")],
    table: Annotated[Path, typer.Option(metavar="FILE.csv|FILE.xlsx", help="Input-output table, statistics layout.")],
    template: Annotated[
        str, typer.Option("--from", metavar="ECONOMY", help="Economy whose figures stand in where the table has none.")
    ] = "shanxi_2022",
    out: Annotated[
        Path | None,
        typer.Option(
            callback=writable_folder, metavar="DIR", help="Where the economy's folder is made. Default: economies."
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAP.csv", help="Columns code, sector, share. Default: China's 42 sectors."),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="wanyuan|yi", help="Unit of money. Default: as the table says.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook. Default: the first with a table.")] = None,
    gdp: Annotated[
        float | None, typer.Option(help="GDP of 2022, yi yuan: a table of an earlier year is scaled to it.")
    ] = None,
) -> None:
    """Make an economy's folder from an input-output table, and say which of its figures are estimates."""
    from tanshi.simulator.own_region.folder import checklist, make_economy, sector_lines

    made = make_economy(name, table, template=template, out=out, mapping=mapping, unit=unit, sheet=sheet, gdp=gdp)
    print(f"{made.folder} is made; its accounts balance.")
    print("\n".join(f"  {line}" for line in made.lines))
    print("\nSectors of the table in the model's (also in sector_map.csv):")
    print("\n".join(f"  {line}" for line in sector_lines(made.went)))
    print("\nEstimates to replace by figures of the region, the most important first:")
    print("\n".join(f"  [ ] {line}" for line in checklist()))
    print(f"\nThe list is also in {made.folder / 'README.md'}.")
    word = name if out is None else made.folder
    print(f"To run it: tanshi run S1 --set economy={word}")


@new.command(epilog="Example:\n\ntanshi new scenario mine")
def scenario(name: Name) -> None:
    """Write a commented scenario to begin with."""
    _begin("scenario", name, "run")


@new.command(epilog="Example:\n\ntanshi new sweep mine")
def sweep(name: Name) -> None:
    """Write a commented sweep to begin with."""
    _begin("sweep", name, "sweep")


@new.command(epilog="Example:\n\ntanshi new table example.xlsx")
def table(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.xlsx", help="File to write.")],
    template: Annotated[str, typer.Option("--from", metavar="ECONOMY", help="Economy to print.")] = "shanxi_2022",
    unit: Annotated[str, typer.Option(metavar="wanyuan|yi", help="Unit of money.")] = "yi",
) -> None:
    """Write an economy as an input-output table, to see the layout that `new economy` reads."""
    from tanshi.simulator.own_region.layout import statistics_table, write_table
    from tanshi.simulator.run.economy import economy as load

    path = write_table(statistics_table(load(template).accounts, template), file, unit)
    print(f"{path} is written; to make an economy of it: tanshi new economy NAME --table {path}")


def _begin(kind: str, name: str, command: str) -> None:
    from tanshi import scenarios
    from tanshi.simulator.machine.disk import write_file

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if path.exists():
        raise UserError("The file is there already.", [Problem("a new name", f"the file {path}")])
    template = Path(scenarios.__file__).parent / "templates" / f"{kind}.yaml"
    write_file(path, template.read_bytes())
    print(f"{path} is written; to run it: tanshi {command} {path}")
