"""Large and sparse models side by side: a Ramsey economy of many periods, and many regions under one cap on CO2.

Both are written once, as data of this project's engine.  CasADi solves the same equations in the same unknowns: a
translator turns any model of activities and consumers (nests without sluggish choices; terms of auxiliaries in prices,
levels and the like) into its symbols, with its exact sparse Jacobian and MUMPS.

    python benchmarks/large.py [--periods 30 100 300 800] [--regions 10 31] [--repeat 5]

All agree before the clock starts.  One thread.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.turns import clock
from tanshi.equilibrium.engine import Compiled, Leaf, Model, Parameters, compile_model, solve
from tanshi.equilibrium.engine.nest import Tree, benchmark_value
from tests.equilibrium.engine.large_models import cut_co2, less_capital, ramsey, regions

AGREEMENT = 1e-7
TURN = 5  # solves of one solver before the other


# -- the same equations in CasADi's symbols -----------------------------------------------------------------


class Written:
    """A model's equations as CasADi symbols, in the compiled model's unknowns; markets of free goods bind."""

    def __init__(self, ca: Any, c: Compiled) -> None:
        self.unit = np.where(c.start > 0, c.start, 1.0)  # MUMPS needs unknowns of one size
        self.y = ca.SX.sym("y", c.n)
        self.x = self.y * self.unit
        self.owned = ca.SX.sym("owned", c.default.endowment.size)
        at = {**c.activity_index, **c.price_index, **c.income_index, **c.aux_index}
        rows: list[Any] = [0.0] * c.n
        number = 0
        for activity in c.model.activities:
            i = at[activity.name]
            for tree, sign in ((activity.inputs, 1), (activity.output, -1)):
                cost = self._uses(ca, tree, sign, self.x[i], at, rows)
                rows[i] += sign * cost
        for consumer in c.model.consumers:
            h = at[consumer.name]
            index = self._index(ca, consumer.demand, 1, at)
            self._spread(ca, consumer.demand, 1, self.x[h] / benchmark_value(consumer.demand) / index, at, rows)
            rows[h] += self.x[h]
            for endowment in consumer.claims():
                amount = self.owned[number] * (self.x[at[endowment.multiplier]] if endowment.multiplier else 1.0)
                rows[at[endowment.commodity]] += amount
                rows[h] -= amount * self.x[at[endowment.commodity]]
                number += 1
        for auxiliary in c.model.auxiliaries:
            for term in auxiliary.terms:
                product: Any = term.coefficient
                for _, name in term.atoms:
                    product *= self.x[at[str(name)]]
                rows[at[auxiliary.name]] += product
        rows[c.numeraire_row] = self.x[c.numeraire_row] - c.numeraire_price
        self.residual = ca.vertcat(*[row / scale for row, scale in zip(rows, c.scale, strict=True)])

    def _index(self, ca: Any, tree: Tree, sign: int, at: dict[str, int]) -> Any:
        if isinstance(tree, Leaf):
            return self.x[at[tree.commodity]] / tree.price if tree.price else None
        total, sigma = benchmark_value(tree, sign), sign * tree.sigma
        if tree.sigma == 0.0:
            return sum(
                child.quantity * self.x[at[child.commodity]] / total
                if isinstance(child, Leaf)
                else benchmark_value(child, sign) / total * self._index(ca, child, sign, at)
                for child in tree.children
            )
        parts = [(benchmark_value(k, sign) / total, self._index(ca, k, sign, at)) for k in tree.children]
        if sigma == 1.0:
            return ca.exp(sum(theta * ca.log(ratio) for theta, ratio in parts))
        return sum(theta * ratio ** (1 - sigma) for theta, ratio in parts) ** (1 / (1 - sigma))

    def _uses(self, ca: Any, tree: Tree, sign: int, level: Any, at: dict[str, int], rows: list[Any]) -> Any:
        self._spread(ca, tree, sign, level, at, rows)
        if isinstance(tree, Leaf):
            return tree.quantity * self.x[at[tree.commodity]]
        return benchmark_value(tree, sign) * self._index(ca, tree, sign, at)

    def _spread(self, ca: Any, tree: Tree, sign: int, amount: Any, at: dict[str, int], rows: list[Any]) -> None:
        if isinstance(tree, Leaf):
            rows[at[tree.commodity]] -= sign * amount * tree.quantity
            return
        index = self._index(ca, tree, sign, at) if tree.sigma else None
        for child in tree.children:
            share = amount
            if tree.sigma:
                share = amount * (index / self._index(ca, child, sign, at)) ** (sign * tree.sigma)
            self._spread(ca, child, sign, share, at, rows)


def newton(ca: Any, written: Written) -> Callable[[Any, Any], Any]:
    """CasADi's Newton with MUMPS on the written equations."""
    problem = {"x": written.y, "p": written.owned, "g": written.residual}
    options = {"linear_solver": "mumps", "abstol": 1e-10, "max_iter": 60}
    solver = ca.rootfinder("solver", "newton", problem, options)
    return lambda x, owned: np.array(solver(x / written.unit, owned)).ravel() * written.unit


def row(name: str, model: Model, change: Callable[[Compiled], Parameters], repeat: int) -> None:
    """Print one model's times."""
    begin = time.process_time()
    c = compile_model(model)
    build = time.process_time() - begin
    p = change(c)
    ours = solve(c, p)
    x0 = np.where(c.start > 0, c.start, 1e-3)
    if find_spec("casadi") is None:
        ((best, middle),) = clock([lambda: solve(c, p)], repeat, TURN)
        print(f"{_line(name, c, build, best, middle, ours.iterations)}   CasADi is not installed")
        return
    ca = import_module("casadi")
    begin = time.process_time()
    written = Written(ca, c)
    solver = newton(ca, written)
    theirs = time.process_time() - begin
    found = solver(x0, p.endowment)
    apart = float(np.abs(found / np.where(ours.x == 0, 1.0, ours.x) - 1).max())
    if not apart <= AGREEMENT:
        raise SystemExit(f"{name}: the solutions differ by {apart:.1e} (relative); allowed {AGREEMENT:.0e}")
    works = [lambda: solve(c, p), lambda: solver(x0, p.endowment)]
    (best, middle), (peer, peer_middle) = clock(works, repeat, TURN)
    line = _line(name, c, build, best, middle, ours.iterations)
    print(f"{line}{theirs:9.2f}{peer * 1e3:10.2f}{peer_middle * 1e3:10.2f}{best / peer:8.2f}")


def _line(name: str, c: Compiled, build: float, best: float, middle: float, iterations: int) -> str:
    return f"{name:26}{c.n:8}{build:8.2f}{best * 1e3:10.2f}{middle * 1e3:10.2f}{iterations:5}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Large sparse models beside CasADi's Newton with MUMPS.")
    parser.add_argument("--periods", type=int, nargs="*", default=[30, 100, 300, 800])
    parser.add_argument("--regions", type=int, nargs="*", default=[10, 31])
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    heads = f"{'':26}{'unknowns':>8}{'build s':>8}{'best ms':>10}{'median':>10}{'its':>5}"
    print(f"{heads}{'CasADi s':>9}{'best ms':>10}{'median':>10}{'ratio':>8}")
    for periods in given.periods:
        row(f"Ramsey, {periods} periods", ramsey(periods), less_capital, given.repeat)
    for number in given.regions:
        row(f"{number} regions of 17 sectors", regions(number), cut_co2, given.repeat)


if __name__ == "__main__":
    main()
