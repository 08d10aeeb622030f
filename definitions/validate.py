"""Check an ``iamc.csv`` against the definitions beside this file, and write it in dollars of 2010 where asked.

    python definitions/validate.py results/DIR/iamc.csv
    python definitions/validate.py results/DIR/iamc.csv --usd-2010 results/DIR/iamc_usd_2010.csv
    python definitions/validate.py --add-region "China|Hebei"          (a region of one's own, once)

Needs ``pip install pyam-iamc nomenclature-iamc``, which Tanshi itself does not.

References
----------
Huppmann, D. et al. (2021): pyam: Analysis and visualisation of integrated assessment and macro-energy scenarios.
Open Research Europe 1:74.
"""

import argparse
import logging
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

GDP_DEFLATOR_2022 = 1.3525
"""China's GDP deflator 2022, 2010 = 1: nominal growth 41.21 to 120.47 trillion yuan over real growth of 2.161 (National
Bureau of Statistics; recalled, not checked)."""
CNY_PER_USD_2010 = 6.7695
"""Mean exchange rate of 2010 (State Administration of Foreign Exchange; recalled, not checked)."""
USD_2010_PER_CNY_2022 = 1.0 / (GDP_DEFLATOR_2022 * CNY_PER_USD_2010)
FOLDER = Path(__file__).parent
OWN_REGIONS = FOLDER / "region" / "own.yaml"


def main() -> None:
    """Validate, and convert where asked; a table that breaks the definitions ends with the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", help="a table in the IAMC form, .csv or .xlsx")
    parser.add_argument("--usd-2010", type=Path, metavar="FILE", help="write it in dollars of 2010 as well")
    parser.add_argument("--add-region", action="append", default=[], metavar="'China|NAME'", help="define a region")
    given = parser.parse_args()
    for region in given.add_region:
        add_region(region)
    if given.table is not None:
        validate(given.table, given.usd_2010)
    elif not given.add_region:
        parser.error("a table, or --add-region")


def add_region(name: str) -> None:
    """Define a region of one's own in ``region/own.yaml``."""
    if not re.fullmatch(r"[^|:'\"\n#]+(\|[^|:'\"\n#]+)?", name.strip()):
        stop(f"expected a region such as 'China|Hebei', got {name!r}")
    text = OWN_REGIONS.read_text(encoding="utf-8") if OWN_REGIONS.is_file() else "- Own regions:\n"
    if any(f"- {name.strip()}:" in file.read_text(encoding="utf-8") for file in (FOLDER / "region").glob("*.yaml")):
        print(f"{name} is defined already.")
        return
    country, _, part = name.strip().partition("|")
    described = f"{part}, {country}" if part else country
    OWN_REGIONS.write_text(f"{text}    - {name.strip()}:\n        description: {described}\n", encoding="utf-8")
    print(f"{name} is defined now, in {OWN_REGIONS}.")


def validate(table: Path, usd_2010: Path | None) -> None:
    """Check a table; end with one line a cause where it breaks the definitions."""
    try:
        import nomenclature
        import pyam
    except ImportError as error:
        stop(f"expected the package {error.name}; install it: pip install pyam-iamc nomenclature-iamc")
    if not table.is_file():
        stop(f"{table}: expected a table in the IAMC form, got no such file")
    logging.getLogger("pyam").setLevel(logging.ERROR)
    logging.getLogger("nomenclature").setLevel(logging.CRITICAL)
    try:
        frame = pyam.IamDataFrame(str(table))
    except Exception as error:  # a table of another form fails in as many ways as there are forms
        stop(
            f"{table}: expected a table in the IAMC form (Model, Scenario, Region, Variable, Unit, years), got {error}"
        )
    try:
        definition = nomenclature.DataStructureDefinition(FOLDER, dimensions=["region", "variable"])
    except Exception as error:  # an odd character in a file of definitions comes as a group of errors
        causes = getattr(error, "exceptions", (error,))
        stop("\n  ".join([f"{FOLDER}: expected definitions that nomenclature reads:", *map(str, causes)]))
    problems = [*unknown_regions(frame, definition), *unknown_variables(frame, definition)]
    if problems:
        stop("\n  ".join([f"{table} does not follow the definitions:", *problems]))
    definition.validate(frame)
    print(f"{table}: {len(frame.variable)} variables of {len(frame.scenario)} scenarios follow the definitions.")
    if usd_2010:
        for unit in [unit for unit in frame.unit if "CNY_2022" in unit]:
            frame.convert_unit(unit, unit.replace("CNY_2022", "USD_2010"), factor=USD_2010_PER_CNY_2022, inplace=True)
        frame.to_csv(usd_2010)
        print(f"{usd_2010}: 1 CNY_2022 = {USD_2010_PER_CNY_2022:.4f} USD_2010.")


def unknown_regions(frame: Any, definition: Any) -> list[str]:
    """A line for every region that is not defined, with the command that defines it."""
    lost = [region for region in frame.region if region not in definition.region]
    told = (
        'expected a defined region, got {region}. To define it: python definitions/validate.py --add-region "{region}"'
    )
    return [told.format(region=region) for region in lost]


def unknown_variables(frame: Any, definition: Any) -> list[str]:
    """One line for variables that are not defined, one for those in another unit."""
    lines = []
    lost = [v for v in frame.variable if v not in definition.variable]
    if lost:
        lines.append(f"expected defined variables, got {len(lost)} others: {', '.join(map(str, lost[:5]))}")
    units = {str(v): u for v, u in zip(frame.unit_mapping, frame.unit_mapping.values(), strict=True)}
    other = [f"{v} in {u}" for v, u in units.items() if v in definition.variable and u != definition.variable[v].unit]
    if other:
        lines.append(f"expected the defined units, got {len(other)} others: {', '.join(other[:5])}")
    return lines


def stop(message: str) -> NoReturn:
    """End with a message, as the commands do for a user's mistake."""
    print(f"Error: {message}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
