"""Published tables from a folder outside the project: read by one command each, balanced, run, and told in a table."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.facts.money import FOLDER
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.national.sheet import TEXTS, WORKBOOKS
from tanshi.scenarios.national.units import units_said
from tanshi.scenarios.national.year import years_in
from tanshi.simulator.own_region.benchmark import Totals
from tanshi.simulator.own_region.folder import Given, make_economy
from tanshi.simulator.stepping import simulate

RUN = {"firms.number": 40, "market.periods_per_year": 4}
YEARS = 2
"""Years of each run, the benchmark with them."""


@dataclass(frozen=True)
class Tried:
    """What became of one published table.

    Parameters
    ----------
    file
        Its name.
    year, sectors, gdp
        As read; GDP in yi yuan of that year.
    given, co2
        Emissions given on the command line, and of the accounts, Mt.
    factor
        What tonnes were multiplied by to meet them.
    price, change
        Of S5 in its second year, yuan/t, and its emissions against S1's, %.
    seconds
        Of reading and balancing.
    refused
        The message where it was refused.
    """

    file: str
    year: int = 0
    sectors: int = 0
    gdp: float = float("nan")
    given: float = float("nan")
    co2: float = float("nan")
    factor: float = float("nan")
    price: float = float("nan")
    change: float = float("nan")
    seconds: float = float("nan")
    refused: str = ""


def tables_in(folder: Path) -> list[Path]:
    """Files that may hold a table, by name."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in (*TEXTS, *WORKBOOKS) and p.is_file())


def try_tables(folder: Path, progress: Callable[[str, int, int], None] | None = None) -> Iterator[Tried]:
    """Make an economy of every table in a folder and run S1 and S5 on it.

    Energy, emissions and power of the region and year are those of ``scenarios/facts/energy_totals.csv``, where the
    file's name has a region and year of it. A text without a unit is taken to be in 10^4 yuan, as China publishes.
    """
    totals = pd.read_csv(FOLDER / "energy_totals.csv")
    files = tables_in(folder)
    with tempfile.TemporaryDirectory() as out:
        for n, file in enumerate(files):
            if progress is not None:
                progress(file.name, n, len(files))
            yield _tried(file, f"t{n}", totals, Path(out))


def _tried(file: Path, name: str, totals: pd.DataFrame, out: Path) -> Tried:
    known = _totals(file, totals)
    given = Totals() if known is None else Totals(known["energy_mtce"], known["co2_mt"], known["generation_twh"])
    unit = None if _says_unit(file) else "wanyuan"
    begun = time.perf_counter()
    try:
        made = make_economy(name, file, Given(unit=unit, totals=given), out=out)
    except UserError as error:
        return Tried(file.name, refused=" ".join(str(error).split())[:400])
    seconds = time.perf_counter() - begun
    accounts = build_accounts(load_economy(made.folder).tables())
    co2 = float(accounts.fuel["co2_mt"].sum() + accounts.process_co2.sum())
    said = " ".join(made.lines)
    factor = re.search(r"Tonnes of fuel were multiplied by ([\d.]+)", said)
    read = re.search(r"GDP ([\d,.]+) yi yuan", said)
    price, change = _runs(made.folder, made.year)
    return Tried(
        file.name, made.year, made.went.drop_duplicates(["code", "name"]).shape[0],
        float(read[1].replace(",", "")) if read else float("nan"),
        given.co2 if given.co2 is not None else float("nan"), co2, float(factor[1]) if factor else float("nan"),
        price, change, seconds,
    )  # fmt: skip


def _says_unit(file: Path) -> bool:
    return file.suffix.lower() in WORKBOOKS or bool(units_said([file.read_bytes()[:400].decode("utf-8", "ignore")]))


def _totals(file: Path, totals: pd.DataFrame) -> dict[str, float] | None:
    words = file.stem.replace("_", " ").lower()
    years = years_in(words)
    for row in totals.to_dict("records"):
        if str(row["region"]) in words and int(row["year"]) in years:
            return {str(k): float(row[k]) for k in ("energy_mtce", "co2_mt", "generation_twh")}
    return None


def _runs(folder: Path, year: int) -> tuple[float, float]:
    """Price of S5 in its second year, and by how many per cent it emits less than S1 then."""
    emitted: dict[str, float] = {}
    price = float("nan")
    for name in ("S1", "S5"):
        own = {"economy": str(folder), "years.end": year + YEARS - 1, **RUN}
        annual = simulate(load_scenario(name, own)).annual
        last = annual[annual["year"] == year + YEARS - 1].set_index("variable")["value"]
        emitted[name], price = float(last["Emissions|CO2"]), float(last["Price|Carbon"])
    return price, 100.0 * (emitted["S5"] / emitted["S1"] - 1.0)
