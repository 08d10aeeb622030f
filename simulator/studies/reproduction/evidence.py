"""What the rules look at: runs, and what else was computed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tanshi.simulator.studies.compare import Comparison
from tanshi.simulator.studies.reproduction.identity import Identity
from tanshi.simulator.studies.reproduction.runs import Runs
from tanshi.simulator.studies.sinks.study import SinksResult


@dataclass(frozen=True)
class Evidence:
    """All that the rules may look at; a part that was not computed is None.

    Attributes
    ----------
    hybrid
        S1 to S5 as the program runs them, over the seeds.
    traditional
        The same without firms and drift: one equilibrium a year.
    binding
        S2 and S3 with quotas that bind their sectors.
    comparison
        The variants under a shock, and their moments.
    identity
        CO2 per energy, and what physical data say of it.
    sinks
        Tables of the second paper's chain.
    effects
        Why emissions change; scenario, from, to, effect, mt.
    variants
        Beside the five: entry with power under S1's cap, one cap for all, a part of the quotas sold or none.
    """

    hybrid: Runs
    traditional: Runs | None = None
    binding: Runs | None = None
    comparison: Comparison | None = None
    identity: Identity | None = None
    sinks: SinksResult | None = None
    effects: pd.DataFrame | None = None
    variants: Runs | None = None
