"""Tables and price files written at random: none may end in a traceback, none be ten times wrong in silence."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.equilibrium.province.balance import build_accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.prices.read import read_prices
from tanshi.simulator.own_region.layout import statistics_table
from tanshi.simulator.studies.tables.spoiling import Written, written_prices, written_table

CLOSE = 0.02
"""Largest accepted relative difference of a sector's output, or of the price of a day."""
FACTOR = 3.0
"""From this ratio on a value is wrong by a unit and not by a spoilt cell."""


@dataclass
class Tally:
    """What became of the files.

    Parameters
    ----------
    outcomes
        Read, refused, tables of unknown content that were read, wrong cells, wrong by a factor, tracebacks.
    worst
        A few files that were read wrongly or ended in a traceback, each as what was done and what came out.
    lines
        Most lines in one refusal.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[str, str]] = field(default_factory=list)
    lines: int = 0


def fuzz(number: int, seed: int = 1, progress: Callable[[int, int], None] | None = None) -> dict[str, Tally]:
    """Write, spoil and read ``number`` tables and as many price files.

    Returns
    -------
    dict
        A tally each for ``tables`` and ``prices``.
    """
    table = statistics_table(build_accounts(load_economy("shanxi_2022").tables()), "a region")
    tallies = {"tables": Tally(), "prices": Tally()}
    with tempfile.TemporaryDirectory() as folder:
        for n in range(number):
            for kind, tally in tallies.items():
                rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, n, len(kind)])))
                made = written_table(table, rng) if kind == "tables" else written_prices(rng)
                path = Path(folder) / f"file{made.suffix}"
                path.write_bytes(made.content)
                _judge(tally, made, path, _outputs if kind == "tables" else _closes)
            if progress is not None:
                progress(n + 1, number)
    return tallies


def _outputs(path: Path) -> pd.Series:
    return read_table(path).output


def _closes(path: Path) -> pd.Series:
    frame = read_prices(path).frame
    return pd.Series(frame["close"].to_numpy(), index=frame["date"])


def _judge(tally: Tally, made: Written, path: Path, read: Callable[[Path], pd.Series]) -> None:
    try:
        found = read(path)
    except UserError as error:
        tally.outcomes["refused"] += 1
        tally.lines = max(tally.lines, len(error.problems))
        return
    except Exception as error:
        tally.outcomes["tracebacks"] += 1
        tally.worst.append((made.how, f"{type(error).__name__}: {error}"))
        return
    if made.truth is None:
        tally.outcomes["read, content unknown"] += 1
        return
    outcome, told = _compared(found, made.truth)
    tally.outcomes[outcome] += 1
    if outcome != "read":
        tally.worst.append((made.how, told))


def _compared(found: pd.Series, truth: pd.Series) -> tuple[str, str]:
    """Whether values are what was written; one spoilt cell of a price file is a spoilt cell."""
    if isinstance(truth.index, pd.DatetimeIndex):
        both = found.index.intersection(truth.index)
        ratio = (found.loc[both] / truth.loc[both]).to_numpy(dtype=float)
        lost = 1.0 - len(both) / max(len(found), 1)
    else:
        ratio = np.sort(found.to_numpy(dtype=float)) / np.sort(truth.to_numpy(dtype=float))[-len(found) :]
        lost = 0.0
    if lost > 0.05 or not len(ratio):
        return "wrong dates", f"{lost:.0%} of the dates were never written"
    middle = float(np.median(ratio))
    if not 1.0 / FACTOR < middle < FACTOR:
        return "wrong by a factor", f"median {middle:.4g} times what was written"
    wrong = np.abs(ratio - 1.0) > CLOSE
    if wrong.any():
        return (
            "read but for spoilt cells",
            f"{int(wrong.sum())} of {len(ratio)} values differ, up to {ratio[wrong].max():.3g}",
        )
    return "read", ""
