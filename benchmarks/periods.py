"""How far a year's results hang on the number of auctions: mean price, emissions, welfare and volume, S5, certainty.

Run from the project's folder: ``OMP_NUM_THREADS=1 python -m benchmarks.periods [YEARS]``. With and without looking
ahead, inertia off (``coupling.adjustment_rate`` null) and on. What is left without inertia is the economy's own bend:
a price that rises through a year is answered otherwise than its mean.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tanshi.scenarios.load import load_scenario
from tanshi.simulator.stepping import simulate

CERTAIN: dict[str, Any] = {
    "drift.mode": "none",
    "firms.shock_sigma": 0.0,
    "firms.discount_sigma": 0.0,
    "firms.belief_sigma": 0.0,
    "firms.strategies": {"truthful": 1.0, "zic": 0.0, "zip": 0.0, "scheduled": 0.0},
}
COUNTS = (1, 2, 4, 12, 52)
SHOWN = ("Price|Carbon|Time Mean", "Emissions|CO2", "Welfare|Money Metric", "Carbon Market|Trading Volume")


def main(last: int) -> None:
    """Print one table for each horizon and speed of adjustment, the last year's values."""
    for horizon in (0, 20):
        for rate in (None, 2.0):
            print(f"\nhorizon {horizon} years, inertia {'off' if rate is None else rate}; {last}\n")
            print(f"{'auctions a year':>16}" + "".join(f"{name.split('|')[-1]:>18}" for name in SHOWN))
            for count in COUNTS:
                change = {"market.periods_per_year": count, "coupling.adjustment_rate": rate, "years.end": last}
                result = simulate(load_scenario("S5", CERTAIN | change | {"banking.horizon": horizon}))
                print(f"{count:16}" + "".join(f"{result.series(name)[last]:18.3f}" for name in SHOWN), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2026)
