"""Value added of the power technologies of the new region."""

from __future__ import annotations

import pandas as pd

from tanshi.equilibrium.province.balance_power import GENERATION
from tanshi.equilibrium.province.tables import entry, total
from tanshi.scenarios.national.table import NationalTable

TECHNOLOGIES = ("ELEC", *GENERATION)
LEAST_CAPITAL = 0.3
"""Share of value added that a plant's capital needs, since allowances come out of it."""


def plants(template: pd.DataFrame, new: NationalTable) -> tuple[pd.DataFrame, list[str]]:
    """The template's technologies with shares of value added that give the table's labour and tax for power as a whole.

    Returns
    -------
    DataFrame, notes
        The table ``power`` by technology, all else as in the template.
    """
    technologies = template.set_index("activity").loc[list(TECHNOLOGIES)].copy()
    columns = ["labour", "capital", "production_tax"]
    before = technologies[columns].astype(float)
    share = technologies["value_added_share"].astype(float)
    added = new.value_added["ELEC"]
    value = total(added)
    for column in ("labour", "production_tax"):
        mean = total(share * before[column])
        technologies[column] = before[column] * max(entry(added, column), 0.0) / value / mean
    technologies["capital"] = 1.0 - technologies["labour"] - technologies["production_tax"]
    fossil = technologies.loc[["GENC", "GENG"], "capital"] < LEAST_CAPITAL
    if fossil.any() or (technologies["capital"] <= 0.0).any():
        technologies[columns] = before
        return technologies, [
            "Power's surplus would not pay its allowances: the template's shares of value added are used."
        ]
    return technologies, []
