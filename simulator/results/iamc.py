"""Export in the wide form of the Integrated Assessment Modeling Consortium: one row a variable.

References
----------
Huppmann, D. et al. (2021): pyam: Analysis and visualisation of integrated assessment and macro-energy
scenarios. Open Research Europe 1:74.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tanshi.errors import Message
from tanshi.scenarios.extras import need
from tanshi.simulator.machine.disk import write_file
from tanshi.simulator.results.bands import MIDDLE, NAMES, ends
from tanshi.simulator.results.tables import RunResult, with_equivalent_variation
from tanshi.simulator.results.together import with_sums
from tanshi.simulator.results.variables import KNOWN
from tanshi.version import __version__

MODEL = f"Tanshi {__version__}"
LABELS = ("Model", "Scenario", "Region", "Variable", "Unit")


def iamc_table(results: Sequence[RunResult], model: str = MODEL) -> pd.DataFrame:
    """The wide table: scenarios in the order given, variables in the catalogue's, years as columns.

    A scenario that was run with several seeds comes as its median and its band over the seeds (`bands.ends`), then
    seed by seed; which one it is stands in the scenario's name, since the form has no column for it.
    """
    annual = with_equivalent_variation(results)
    counts = annual.groupby("scenario")["seed"].nunique()
    several = annual["scenario"].map(counts) > 1
    label = annual["scenario"].where(~several, annual["scenario"] + " (seed " + annual["seed"].astype(str) + ")")
    tables = [annual.assign(label=label, place=annual["seed"].map(_places(results)))]
    keys = ["scenario", "region", "variable", "unit", "year"]
    for scenario, own in annual[several].groupby("scenario", sort=False):
        for order, at in enumerate((MIDDLE, *ends(int(counts[scenario])))):
            band = own.groupby(keys)["value"].quantile(at)
            tables.append(_labelled(band.reset_index(), NAMES[at], order - 3))
    long = pd.concat([table for table in tables if len(table)], ignore_index=True)
    wide = long.pivot(
        index=["scenario", "place", "label", "region", "variable", "unit"], columns="year", values="value"
    )
    table = wide.reset_index()
    scenario_order = {name: n for n, name in enumerate(dict.fromkeys(r.scenario for r in results))}
    variable_order = {name: n for n, name in enumerate(KNOWN)}
    table["_scenario"] = table["scenario"].map(scenario_order)
    table["_variable"] = table["variable"].map(variable_order)
    table = table.sort_values(["_scenario", "place", "_variable"], kind="stable")
    years = sorted(int(year) for year in wide.columns)
    out = table[["label", "region", "variable", "unit", *years]].reset_index(drop=True)
    out.insert(0, "Model", model)
    out.columns = pd.Index([*LABELS, *(str(year) for year in years)])
    return out


def _labelled(table: pd.DataFrame, name: str, place: int) -> pd.DataFrame:
    return table.assign(label=table["scenario"] + f" ({name})", place=place)


def _places(results: Sequence[RunResult]) -> dict[int, int]:
    """Seed to its place in the order given."""
    return {seed: n for n, seed in enumerate(dict.fromkeys(result.seed for result in results))}


def write_iamc(
    folder: Path | str, results: Sequence[RunResult], *, xlsx: bool = False, model: str = MODEL, joint: bool = False
) -> list[Path]:
    """Write ``iamc.csv``, and ``iamc.xlsx`` where asked, into `folder`; each is replaced whole.

    Parameters
    ----------
    joint
        Whether rows of all regions added up stand beside each region's (`tanshi.simulator.results.together.summed`).

    Raises
    ------
    StoreError
        Where the disk refuses, or a workbook is asked and openpyxl is not installed.
    """
    place = Path(folder)
    table = iamc_table(with_sums(results) if joint else results, model)
    text = table.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    written = [write_file(place / "iamc.csv", text.encode("utf-8"))]
    if xlsx:
        written.append(write_file(place / "iamc.xlsx", _workbook(table)))
    return written


def _workbook(table: pd.DataFrame) -> bytes:
    need("excel", "The workbook cannot be written.", otherwise=Message("Or leave the workbook out."))
    import openpyxl  # type: ignore[import-untyped, import-not-found, unused-ignore]

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.append([str(name) for name in table.columns])
    for row in table.itertuples(index=False, name=None):
        sheet.append([None if value != value else value for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def variable_definitions() -> str:
    """The catalogue in the form of nomenclature-iamc, as it stands in ``definitions/variable/variables.yaml``."""

    def quoted(text: str) -> str:
        # The form allows neither colons nor semicolons in its texts.
        return "'" + text.replace(";", ",").replace(":", ",").replace("'", "''") + "'"

    lines = ["# The variables of Tanshi's results, one unit each, in the form of nomenclature-iamc.", ""]
    for variable in KNOWN.values():
        lines += [
            f"- {quoted(variable.name)}:",
            f"    description: {quoted(variable.meaning)}",
            f"    unit: {quoted(variable.unit)}",
        ]
    return "\n".join(lines) + "\n"
