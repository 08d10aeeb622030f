"""The commands that begin something of one's own: an economy, a scenario, a sweep, a table to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshi.errors import Message
from tanshi.language import mark, say
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli.outputs import writable_file, writable_folder
from tanshi.simulator.machine.terminal import quoted

new = typer.Typer(
    help="Begin something of your own: economy, scenario, sweep, table.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
Name = Annotated[Path, typer.Argument(metavar="NAME", callback=writable_file, help="Name of the new file.")]


@new.command(
    epilog="Examples:\n\n"
    "tanshi new table example.csv    (the layout, filled with Shanxi 2022)\n\n"
    "tanshi new economy hebei_2022 --table hebei.xlsx --unit wanyuan\n\n"
    "tanshi new economy shanxi_2017 --table shanxi.xls --energy 200.6 --co2 485\n\n"
    "tanshi new economy hebei_2022 --table hebei.csv --map mine.csv --base-year 2022 --gdp 41988"
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
        typer.Option("--map", metavar="MAP.csv", help="Columns code, sector, share. Default: known classifications."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="UNIT", help="wanyuan, yi, 百万元, 'million euro'. Default: as the table says."),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook. Default: the only one with a table.")] = None,
    year: Annotated[int | None, typer.Option(help="Year of the table. Default: as title or file name say.")] = None,
    base_year: Annotated[int | None, typer.Option(help="Year of the accounts. Default: that of the table.")] = None,
    gdp: Annotated[
        float | None, typer.Option(help="GDP of that year in its prices, yi yuan: all money is scaled to it.")
    ] = None,
    energy: Annotated[float | None, typer.Option(help="Energy consumption of that year, Mtce.")] = None,
    co2: Annotated[float | None, typer.Option(help="Emissions of that year, combustion and process, Mt CO2.")] = None,
    power: Annotated[float | None, typer.Option(help="Power generated in that year, TWh.")] = None,
    nonfossil: Annotated[float | None, typer.Option(help="Non-fossil share of generation, such as 0.12.")] = None,
    decimal: Annotated[str | None, typer.Option(metavar=".|,", help="Decimal mark. Default: found.")] = None,
    imports: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Imports by user, where the table is of home-made goods alone.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Yuan in one unit of the table's currency.")] = None,
    calibrated_from: Annotated[
        str | None, typer.Option(metavar="ECONOMY", help="Take over the fitted values of another economy.")
    ] = None,
    source: Annotated[str, typer.Option(help="What the table is and who published it, for the sources.")] = "",
) -> None:
    """Make an economy's folder from an input-output table, and say which of its figures are estimates."""
    from tanshi.simulator.own_region.benchmark import Totals
    from tanshi.simulator.own_region.folder import Given, make_economy, sector_lines
    from tanshi.simulator.own_region.todo import checklist

    totals = Totals(energy, co2, power, nonfossil)
    given = Given(
        unit, sheet, year, decimal, imports, rate, mapping, base_year, gdp, totals, calibrated_from, source
    )  # fmt: skip
    made = make_economy(name, table, given, template=template, out=out)
    print(say("{folder} is made; its accounts balance.", folder=made.folder))
    print("\n".join(f"  {line}" for line in made.lines))
    print("\n" + say("Sectors of the table in the model's (also in sector_map.csv):"))
    print("\n".join(f"  {line}" for line in sector_lines(made.went)))
    told = mark("To do: estimates to replace by figures of the region, the most important first, and a calibration:")
    print("\n" + say(told))
    print("\n".join(f"  [ ] {line}" for line in checklist()))
    print("\n" + say("The list is also in {file}.", file=made.folder / "README.md"))
    word = name if out is None else made.folder
    command = f"tanshi run S1 S5 --set economy={word}"
    print(say("To run it: {command}", command=command))
    if made.year != 2022:
        told = mark("Scenarios that say no years of their own begin in {year} there, their policy in {next}.")
        print(say(told, year=made.year, next=made.year + 1))
    if made.calibrated_from is None:
        print(say("Its growth, efficiency and cap are assumptions: not calibrated. See the end of the list."))
    else:
        told = mark("Its growth, efficiency and cap are those fitted to {other}, not to this region.")
        print(say(told, other=made.calibrated_from))


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
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.xlsx", callback=writable_file, help="File to write.")],
    template: Annotated[str, typer.Option("--from", metavar="ECONOMY", help="Economy to print.")] = "shanxi_2022",
    unit: Annotated[str, typer.Option(metavar="wanyuan|yi", help="Unit of money.")] = "yi",
) -> None:
    """Write an economy as an input-output table, to see the layout that `new economy` reads."""
    from tanshi.simulator.own_region.layout import statistics_table, write_table
    from tanshi.simulator.run.ground.economy import economy as load

    path = write_table(statistics_table(load(template).accounts, template), file, unit)
    told = mark("{path} is written; to make an economy of it: {command}")
    command = f"tanshi new economy NAME --table {path}"
    print(say(told, path=path, command=command))


@new.command(epilog="Example:\n\ntanshi new accounts --tables ~/published --out derived")
def accounts(
    tables: Annotated[Path, typer.Option(metavar="FOLDER", help="Holds the published tables; nothing is copied.")],
    out: Annotated[
        Path,
        typer.Option(callback=writable_folder, metavar="DIR", help="New folder for what is derived from them."),
    ],
) -> None:
    """Derive Shanxi's accounts anew from the official tables of 2012 and 2017, and test the method on them."""
    from tanshi.simulator.own_region.derived import derive

    print("\n".join(derive(tables, out)))


def _begin(kind: str, name: Path, command: str) -> None:
    from tanshi import scenarios
    from tanshi.simulator.machine.disk import write_file

    path = name if name.suffix in (".yaml", ".yml") else name.with_name(f"{name.name}.yaml")
    if path.exists():
        raise UserError("The file is there already.", [Problem("a new name", Message("the file {path}", path=path))])
    template = Path(scenarios.__file__).parent / "templates" / f"{kind}.yaml"
    write_file(path, template.read_bytes())
    told = mark("{path} is written; to run it: {command}")
    typed = f"tanshi {command} {quoted(str(path))}"
    print(say(told, path=path, command=typed))
