"""Check an ``iamc.csv`` against the definitions beside this file, and write it in dollars of 2010 where asked.

    python definitions/validate.py results/DIR/iamc.csv
    python definitions/validate.py results/DIR/iamc.csv --usd-2010 results/DIR/iamc_usd_2010.csv

Needs ``pip install pyam-iamc nomenclature-iamc``, which Tanshi itself does not.

References
----------
Huppmann, D. et al. (2021): pyam: Analysis and visualisation of integrated assessment and macro-energy scenarios.
Open Research Europe 1:74.
"""

import argparse
from pathlib import Path

import nomenclature
import pyam

GDP_DEFLATOR_2022 = 1.3525
"""China's GDP deflator 2022, 2010 = 1: nominal growth 41.21 to 120.47 trillion yuan over real growth of 2.161 (National
Bureau of Statistics; recalled, not checked)."""
CNY_PER_USD_2010 = 6.7695
"""Mean exchange rate of 2010 (State Administration of Foreign Exchange; recalled, not checked)."""
USD_2010_PER_CNY_2022 = 1.0 / (GDP_DEFLATOR_2022 * CNY_PER_USD_2010)


def main() -> None:
    """Validate, and convert where asked; a table that breaks the definitions ends with the reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--usd-2010", type=Path, metavar="FILE")
    given = parser.parse_args()
    frame = pyam.IamDataFrame(str(given.table))
    definition = nomenclature.DataStructureDefinition(Path(__file__).parent, dimensions=["region", "variable"])
    definition.validate(frame)
    print(f"{given.table}: {len(frame.variable)} variables of {len(frame.scenario)} scenarios follow the definitions.")
    if given.usd_2010:
        for unit in [unit for unit in frame.unit if "CNY_2022" in unit]:
            frame.convert_unit(unit, unit.replace("CNY_2022", "USD_2010"), factor=USD_2010_PER_CNY_2022, inplace=True)
        frame.to_csv(given.usd_2010)
        print(f"{given.usd_2010}: 1 CNY_2022 = {USD_2010_PER_CNY_2022:.4f} USD_2010.")


if __name__ == "__main__":
    main()
