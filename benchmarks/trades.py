"""Ten million fills in a dataset, summarised with DuckDB: the queries of the documentation and their seconds.

python benchmarks/trades.py [ROWS]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from tanshi.simulator.machine.disk import write_table
from tanshi.simulator.results.variables import FIRM_SECTORS
from tanshi.simulator.studies.query import query

RUNS = 200
QUERIES = {
    "volume and mean price by run and year": """
        select run, year, sum(quantity_t) / 1e6 as mt, sum(quantity_t * price) / sum(quantity_t) as yuan_per_t
        from trades group by run, year order by run, year""",
    "who sells to whom, mean over the runs": """
        select seller_sector, buyer_sector, sum(quantity_t) / 1e6 / count(distinct run) as mt_per_run
        from trades group by seller_sector, buyer_sector order by mt_per_run desc""",
    "5, 50 and 95 % of the yearly volume over the runs": """
        select year, quantile_cont(mt, [0.05, 0.5, 0.95]) as mt from
        (select run, year, sum(quantity_t) / 1e6 as mt from trades group by run, year) group by year order by year""",
}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    rng = np.random.default_rng(1)
    sectors = pd.Categorical.from_codes(rng.integers(0, len(FIRM_SECTORS), rows), list(FIRM_SECTORS))
    run = np.sort(rng.integers(0, RUNS, rows))
    frame = pd.DataFrame(
        {
            "run": pd.Categorical.from_codes(run, [f"S5-p{n:03d}" for n in range(RUNS)]),
            "scenario": pd.Categorical.from_codes(np.zeros(rows, int), ["S5"]),
            "seed": 1,
            "year": rng.integers(2022, 2031, rows),
            "period": rng.integers(1, 13, rows),
            "buyer": rng.integers(0, 600, rows),
            "seller": rng.integers(0, 600, rows),
            "buyer_sector": sectors,
            "seller_sector": sectors[::-1],
            "price": np.round(rng.normal(100, 15, rows), 2),
            "quantity_t": rng.integers(1, 5000, rows),
        }
    )
    folder = Path(tempfile.mkdtemp(prefix="tanshi-trades-"))
    try:
        (folder / "dataset").mkdir()
        write_table(folder / "dataset" / "trades.parquet", frame)
        few = frame.iloc[:1]
        for name in ("runs", "annual", "periods"):
            write_table(folder / "dataset" / f"{name}.parquet", few)
        size = (folder / "dataset" / "trades.parquet").stat().st_size / 2**20
        print(f"{rows:,} fills of {RUNS} runs, {size:.0f} MiB")
        for name, sql in QUERIES.items():
            begun = time.perf_counter()
            answer = query(folder, sql)
            print(f"{time.perf_counter() - begun:6.2f} s  {len(answer):5} rows  {name}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
