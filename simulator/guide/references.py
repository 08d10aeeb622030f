"""References written from the program's own tables: fields of a scenario, variables of results, sources of data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from tanshi.scenarios.calibrated import STATUS, calibrated, fitted_values
from tanshi.scenarios.fields import Status
from tanshi.scenarios.parameters import Parameter, describe_parameters
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.results.variables import (
    CATALOGUE,
    FURTHER,
    HOUSEHOLD_GROUPS,
    OTHER_SECTORS,
    SECTORS,
    Variable,
)
from tanshi.simulator.run.ground.economy import economy

WRITTEN = "Written by `make pages` from the program itself"
BUILT_IN = "shanxi_2022"
PLACE = "<Sector>"
MOST = 12
"""Sources named of one table."""
STATUSES: Mapping[Status, str] = {
    "law": "follows a rule in force",
    "measured": "from data",
    "literature": "from published work",
    "calibrated": "found by `calibrate`, so that targets are met",
    "assumed": "chosen here: vary it before relying on it",
    "setting": "describes the run, not the world",
}


def parameters_page() -> str:
    """Every field of a scenario: what may stand there, its default, status and meaning."""
    parts = [
        "# Parameters\n",
        f"{WRITTEN}; `tanshi params WORD` finds them on the command line, with the economy's own figures beside"
        " them. A field goes into a scenario's file or after `--set`.\n",
        "| status | what it says |\n|---|---|",
        *(f"| {status} | {meaning} |" for status, meaning in STATUSES.items()),
        "",
    ]
    fitted = fitted_values(BUILT_IN)
    groups: dict[str, list[Parameter]] = {}
    for row in describe_parameters():
        groups.setdefault(row.name.split(".")[0] if "." in row.name else "", []).append(row)
    for group, rows in groups.items():
        about = (type(Scenario.model_fields[group].default).__doc__ or "") if group else "Fields that stand alone."
        parts += [f"## {group or 'scenario'}\n", " ".join(about.split()) + "\n"]
        parts += ["| field | may be | default | status | meaning |", "|---|---|---|---|---|"]
        parts += [_parameter(row, fitted) for row in rows]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _parameter(row: Parameter, fitted: Mapping[str, float]) -> str:
    default, status = _value(row.default), str(row.status)
    if row.name in fitted:
        default, status = f"`{fitted[row.name]:g}` (other economies: {default})", STATUS
    return f"| `{row.name}` | {_cell(row.expectation)} | {default} | {status} | {_cell(row.description)} |"


def variables_page() -> str:
    """Every variable of a run's annual table with unit and meaning."""
    parts = [
        "# Variables\n",
        f"{WRITTEN}. The names are those of `annual.parquet` and `iamc.csv`, in the manner of the integrated-assessment"
        " community: parts separated by `|`, one unit each.\n",
        "| variable | unit | meaning |",
        "|---|---|---|",
    ]
    parts += [_variable(v) for v in CATALOGUE.values()]
    groups = [v for v in FURTHER.values() if _of_households(v.name)]
    parts += [
        "\n## Groups of households\n",
        "Where the economy has a table `households`: groups meet the year's prices with their own incomes and"
        " purchases, which add up to the household's. An economy has town and country, or classes by income, never"
        " both.\n",
        "| variable | unit | meaning |",
        "|---|---|---|",
        *map(_variable, groups),
        "\n## Firms of other sectors\n",
        f"Where a scenario covers firms of a sector beyond the eight; for `{PLACE}` stands"
        f" {', '.join(SECTORS[code].name for code in OTHER_SECTORS)}.\n",
        "| variable | unit | meaning |",
        "|---|---|---|",
    ]
    own = SECTORS[OTHER_SECTORS[0]].name
    patterns = [v for v in FURTHER.values() if v not in groups and own in v.name]
    parts += [_variable(replace(v, name=v.name.replace(own, PLACE))) for v in patterns]
    return "\n".join(parts) + "\n"


def _variable(v: Variable) -> str:
    return f"| <code>{_cell(v.name)}</code> | {v.unit} | {_cell(v.meaning)} |"


def _of_households(name: str) -> bool:
    return any(f"|{group} Households|" in name for group in HOUSEHOLD_GROUPS.values())


def data_page(name: str = BUILT_IN) -> str:
    """Every table of an economy with the sources of its rows and their status."""
    figures = economy(name).figures
    parts = [
        "# Data sources\n",
        f"{WRITTEN}, for the economy `{name}`. Every figure stands in a CSV file below `scenarios/economies/{name}`"
        " with its source and status in the same row; `tanshi params economy` lists them one by one.\n",
    ]
    tables = figures.tables()
    statuses = sorted({str(word) for table in tables.values() for word in table["status"]})
    parts += ["| table | " + " | ".join(statuses) + " |", "|---|" + "---|" * len(statuses)]
    for table_name, table in tables.items():
        counts = table["status"].value_counts()
        cells = [str(int(counts[word])) if word in counts else "" for word in statuses]
        parts.append(f"| [{table_name}](#{table_name}) | " + " | ".join(cells) + " |")
    for table_name, table in tables.items():
        parts += [f"\n## {table_name}\n", "| rows | status | source |", "|---|---|---|"]
        counted = Counter(zip(table["source"].astype(str), table["status"].astype(str), strict=True)).most_common()
        parts += [f"| {rows} | {status} | {_cell(source)} |" for (source, status), rows in counted[:MOST]]
        if more := counted[MOST:]:
            parts.append(f"| {sum(rows for _, rows in more)} | | {len(more)} more |")
    if fitted := calibrated(name):
        parts += ["\n## calibrated\n", "Fitted to stated targets; they hold where a scenario says nothing itself.\n"]
        parts += ["| field or figure | value | before | range | source |", "|---|---|---|---|---|"]
        parts += [
            f"| `{row.field}` | {row.value:g} | {row.start:g} | {row.low:g} to {row.high:g} | {_cell(row.source)} |"
            for row in fitted
        ]
    return "\n".join(parts) + "\n"


def _value(value: object) -> str:
    if value is None:
        return "`null`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" and value != {} and value != [] else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "&#124;")
