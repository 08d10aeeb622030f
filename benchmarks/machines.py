"""Whether a run hangs on the machine: the same scenario under other BLAS kernels and a plain Numba target.

Each row is a child process of its own.  OPENBLAS_CORETYPE chooses the kernels that OpenBLAS would choose on another
processor, NUMBA_CPU_NAME=generic compiles loops without this processor's own instructions.  Prices are whole ticks and
volumes whole lots: they agree exactly, or they differ.

    python benchmarks/machines.py [scenario]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOM = Path(__file__).resolve().parents[1]
MACHINES: dict[str, dict[str, str]] = {
    "this machine": {},
    "OpenBLAS as on Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "OpenBLAS as on Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "Numba for any processor": {"NUMBA_CPU_NAME": "generic"},
}
CHILD = """
import json, sys
from threadpoolctl import threadpool_info
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.stepping import simulate
run = simulate(load_scenario(sys.argv[1]))
kernels = sorted({item["architecture"] for item in threadpool_info() if item["user_api"] == "blas"})
print(json.dumps({"price": run.periods["price"].tolist(), "volume": run.periods["volume_t"].tolist(),
                  "annual": run.annual["value"].tolist(), "kernels": kernels}))
"""


def ran(scenario: str, settings: dict[str, str], cache: str) -> dict[str, Any]:
    """Prices, volumes and annual values of a run in a process of its own."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **settings}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOM), os.environ.get("PYTHONPATH"))))
    if "NUMBA_CPU_NAME" in settings:
        environment["NUMBA_CACHE_DIR"] = cache  # loops kept for this processor are not loops for any
    done = subprocess.run([sys.executable, "-c", CHILD, scenario], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(scenario: str) -> int:
    """Print a row a machine; returns how many differ in some price or volume."""
    print(f"{scenario}: differences from this machine's run\n")
    print(f"{'':28}{'BLAS kernels':>24}{'prices':>8}{'volumes':>9}{'largest relative, annual':>26}")
    first, strange = None, 0
    with tempfile.TemporaryDirectory() as cache:
        for name, settings in MACHINES.items():
            found = ran(scenario, settings, cache)
            first = first or found
            prices, volumes = (
                sum(a != b for a, b in zip(first[key], found[key], strict=True)) for key in ("price", "volume")
            )
            pairs = zip(first["annual"], found["annual"], strict=True)
            largest = max(abs(a - b) / max(abs(a), 1e-9) for a, b in pairs)
            print(f"{name:28}{', '.join(found['kernels']):>24}{prices:>8}{volumes:>9}{largest:>26.1e}", flush=True)
            strange += bool(prices or volumes)
    print(f"\nperiods: {len(first['price']) if first else 0}; machines that differ: {strange}")
    return strange


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "S5"))
