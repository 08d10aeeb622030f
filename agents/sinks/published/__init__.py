"""Tables 1 to 5 of the second paper, as printed.

References
----------
Yang, H., Long, F., Zhu, Z., Pan, R. and Shen, Y. (2021): Demand price simulation of forest carbon sink of
enterprises based on offset mechanism. Journal of Zhejiang A&F University 38(1): 173-183 (in Chinese).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

SECTORS = ("thermal_power", "steel", "chemicals")
PROVINCES = ("Shanghai", "Beijing", "Guangdong", "Hubei")
YEARS = (1, 2, 3)
_HERE = Path(__file__).parent


def unit_counts() -> pd.DataFrame:
    """Table 1: sector, province, units."""
    return pd.read_csv(_HERE / "table1.csv")


def abatement_costs() -> pd.DataFrame:
    """Table 2: sector, year (1 to 3 for 2012 to 2014), province, lowest and highest marginal cost, yuan/t."""
    return pd.read_csv(_HERE / "table2.csv")


def demand_prices() -> pd.DataFrame:
    """Table 3: sector, year, province, demand price, yuan/t."""
    return pd.read_csv(_HERE / "table3.csv")


def cloud_figures() -> pd.DataFrame:
    """Tables 4 and 5: by (sector or province), name, expectation, entropy, hyper-entropy, all yuan/t."""
    return pd.read_csv(_HERE / "tables4_5.csv")
