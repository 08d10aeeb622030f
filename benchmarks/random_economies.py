"""How many random economies and shocks does the solver solve?

    python benchmarks/random_economies.py [NUMBER] [SIZE] [FIRST]

Each economy is balanced by construction (2 to 5 goods, 2 or 3 factors, random nests, taxes, permits, sluggish
choices, an idle technology, one feedback; see ``tests/equilibrium/engine/made_up.py``); its endowments and
efficiencies are shocked by ``exp(SIZE N(0, 1))``, its taxes and its cap with them. Prints the share that reaches a
relative residual of 1e-9 and, for every other one, the equation that failed and how far the shock was walked.

A shock can leave no equilibrium: a household whose foreign debt is more than it earns, a budget that no tax can close.
Where the solver fails, Newton therefore begins again from many points drawn around the benchmark; only an economy in
which one of them arrives is known to have an equilibrium that the solver missed.

Every solution is counted again from the model's data, by code that shares nothing with the engine
(``tests/equilibrium/engine/recount.py``): profits, markets, incomes, conditions, bounds.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from tanshi.equilibrium.engine import (
    Compiled,
    EquilibriumError,
    Parameters,
    UndeterminedWarning,
    compile_model,
    solve,
    solve_by_steps,
)
from tests.equilibrium.engine.made_up import Features, random_economy, random_shock
from tests.equilibrium.engine.recount import faults, with_numbers

TOLERANCE = 1e-9
STARTS = 150


def elsewhere(compiled: Compiled, shock: Parameters) -> bool:
    """Whether Newton arrives at an equilibrium from some point around the benchmark."""
    rng = np.random.default_rng(1)
    for _ in range(STARTS):
        start = compiled.start * np.exp(rng.uniform(0.2, 1.5) * rng.standard_normal(compiled.n))
        start[compiled.numeraire_row] = compiled.numeraire_price
        try:
            solve(compiled, shock, start, tolerance=TOLERANCE, corners=False)
        except EquilibriumError:
            continue
        return True
    return False


def main(number: int = 10_000, size: float = 0.3, first: int = 0) -> None:
    warnings.simplefilter("ignore", UndeterminedWarning)
    start = time.perf_counter()
    failures: dict[int, str] = {}
    iterations: Counter[int] = Counter()
    silent = broke = missed = 0
    for seed in range(first, first + number):
        rng = np.random.default_rng(seed)
        model = random_economy(rng, Features.random(rng))
        compiled = compile_model(model)
        shock = random_shock(rng, compiled, size)
        try:
            solution = solve_by_steps(compiled, shock, tolerance=TOLERANCE)
        except EquilibriumError as error:
            failures[seed] = str(error)
            if elsewhere(compiled, shock):
                missed += 1
                failures[seed] += "; MISSED: another start finds one"
            elif "less than nothing" in str(error):
                broke += 1
            continue
        iterations[solution.iterations] += 1
        wrong = faults(with_numbers(model, shock), solution, calibrated=model)
        if wrong or solution.residual > TOLERANCE or solution.walras > 1e-8:
            silent += 1
            print(
                f"economy {seed}: wrong without a word: {solution.residual:.1e}, Walras {solution.walras:.1e}, {wrong}"
            )
    for seed, message in failures.items():
        print(f"economy {seed}: {message}")
    solved = sum(iterations.values())
    typical = sum(n * k for n, k in iterations.items()) / max(solved, 1)
    print(f"{number} economies, shocks of size {size:g}: {solved / number:.3%} solved to {TOLERANCE:g}")
    print(f"{len(failures)} refused by name; {silent} wrong without a word (must be 0)")
    print(f"  {broke} with a consumer who owes more than it has, from {STARTS} other starts too")
    print(f"  {len(failures) - broke - missed} in which {STARTS} other starts arrive nowhere either")
    print(f"  {missed} missed: {solved / max(solved + missed, 1):.3%} of economies known to have an equilibrium solved")
    print(f"{typical:.1f} Newton steps in the mean; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(*(float(a) if i == 1 else int(a) for i, a in enumerate(sys.argv[1:4])))
