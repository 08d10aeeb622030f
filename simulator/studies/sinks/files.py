"""Results of the forest sinks as files of a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from tanshi.simulator.studies.batches.folders import claim_folder
from tanshi.simulator.studies.sinks.study import SinksResult

RECORD = "sinks.json"
#: Column to its unit, which a file's header carries.
UNITS = (
    dict.fromkeys(
        (
            "shadow_price", "lowest_price", "highest_price", "band_low", "band_high", "true_price", "lowest", "highest",
            "recomputed", "printed", "difference", "demand_price", "bid", "price", "expectation", "entropy",
            "hyper_entropy", "printed_expectation", "printed_entropy", "printed_hyper_entropy",
        ),
        "yuan_per_t",
    )
    | dict.fromkeys(("inefficiency", "true_inefficiency"), "means")
    | {"quantity": "t_per_year"}
)  # fmt: skip


def files_of(result: SinksResult, figures: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files of a result by name: tables as CSV, figures as PNG, the settings as JSON."""
    out = {
        f"{name}.csv": table.rename(columns=_with_unit)
        .to_csv(index=False, float_format="%.10g", lineterminator="\n")
        .encode()
        for name, table in result.tables.items()
    }
    out |= {f"{name}.png": content for name, content in figures.items()}
    record = {"units": result.source or "published ranges and made-up survey", "settings": asdict(result.settings)}
    out[RECORD] = (json.dumps(record | {"words": result.words}, indent=1, ensure_ascii=False) + "\n").encode()
    return out


def _with_unit(column: str) -> str:
    return f"{column}_{UNITS[column]}" if column in UNITS else column


def claim(folder: Path | str, *, overwrite: bool = False) -> Path:
    """Ask for the place of the results before the work is done; see `claim_folder`."""
    return claim_folder(folder, RECORD, overwrite=overwrite)
