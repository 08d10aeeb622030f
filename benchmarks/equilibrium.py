"""Side by side: one equilibrium after a carbon price, and a path of eleven years, beside CasADi and cgelab.

The economy is drawn at random and balances: n sectors with Leontief materials, coal with its permits, a nest of energy
and value added, constant-elasticity transformation of output into home sales and exports, Armington imports, one
household, wages as numeraire.  The carbon price goes from 0 to 0.1 and every solver starts from the benchmark.

1. The engine of this project: the model as data, 4n + 6 unknowns, of which most are eliminated.
2. CasADi's Newton on the same economics written out in 9n + 5 equations: the compiled SX function, its sparse exact
   Jacobian and the fastest of its linear solvers.
3. Ipopt as CasADi ships it, on the same equations as a square feasibility problem.
4. cgelab's `solve_period` on the same economy.  Its nests, carbon price and closure allow the same economics: a tenth
   of final demand is bought by government from a direct tax, in the household's value shares, so that who spends the
   carbon revenue changes nothing.  It solves two outer unknowns by finite differences around inner loops.

All agree before the clock starts.  Run from the project's folder: ``python benchmarks/equilibrium.py``; CasADi and
cgelab are optional (``pip install casadi cgelab``).  One thread; processor time, the solvers in turn.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
# Before this file's own folder, in which a module has the name of the project's package.
sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.drawn_economy import Economy, Floats, draw_economy
from benchmarks.turns import clock
from tanshi.equilibrium.engine import (
    Activity,
    Auxiliary,
    Commodity,
    Compiled,
    Consumer,
    Endowment,
    Leaf,
    Model,
    Nest,
    Parameters,
    Solution,
    Term,
    compile_model,
    solve,
)


def optional(name: str) -> Any:
    """A module, or None where it is not installed."""
    return import_module(name) if find_spec(name) else None


ca, cgelab = optional("casadi"), optional("cgelab")

CARBON_PRICE = 0.1
VALUE_ADDED, ENERGY, ARMINGTON, TRANSFORMATION = 0.8, 0.4, 2.0, 2.0  # elasticities
TOLERANCE, AGREEMENT = 1e-10, 1e-8
LINEAR_SOLVERS = ("mumps", "csparse", "qr", "lapacklu")  # symbolicqr: a minute to build at 40 sectors, 100 times slower
TURN = 10  # solves of one solver before the next
GOVERNMENT_SHARE = 0.1  # of final demand, in cgelab's economy
YEARS, LABOUR_GROWTH, DEPRECIATION, STEADY_GROWTH, PRICE_STEP = 11, 0.01, 0.05, 0.03, 0.02


@dataclass
class Answer:
    """An equilibrium in everybody's terms."""

    values: Floats  # prices of home goods, supplies, capital and currency; levels; income and emissions
    residual: float


@dataclass
class Row:
    """One line of the table."""

    name: str
    unknowns: int
    build: float  # s
    best: float  # s
    middle: float  # s
    residual: float


# -- this project's engine ---------------------------------------------------------------------------------------------


def engine_model(e: Economy) -> Model:
    """The economy as data."""
    activities = []
    for j in range(e.n):
        coal = Nest(0.0, (Leaf("Q0", e.use[0, j]), Leaf("CO2", e.use[0, j] * e.intensity[j], price=0.0)), name="coal")
        value_added = Nest(VALUE_ADDED, (Leaf("L", e.labour[j]), Leaf("K", e.capital[j])), name="value added")
        materials = [Leaf(f"Q{i}", e.use[i, j]) for i in range(1, e.n) if e.use[i, j] > 0]
        activities.append(
            Activity(
                f"X{j}",
                Nest(TRANSFORMATION, (Leaf(f"D{j}", e.home[j]), Leaf("FX", e.exports[j]))),
                Nest(0.0, (*materials, Nest(ENERGY, (coal, value_added), name="energy and value added"))),
            )
        )
        supply = Nest(ARMINGTON, (Leaf(f"D{j}", e.home[j]), Leaf("FX", e.imports[j])))
        activities.append(Activity(f"A{j}", Leaf(f"Q{j}", e.home[j] + e.imports[j]), supply))
    emissions = float(e.use[0] @ e.intensity)
    owned = (Endowment("L", e.labour.sum()), Endowment("K", e.capital.sum()), Endowment("CO2", 1.0, "emissions"))
    household = Consumer("H", Nest(1.0, tuple(Leaf(f"Q{i}", v) for i, v in enumerate(e.final))), owned)
    permits = Auxiliary(
        "emissions",
        (Term(emissions), Term(-1.0, (("aux", "emissions"),))),
        value=emissions,
        pairs_price="CO2",
        scale=emissions,
    )
    carbon = Commodity("CO2", price=0.0, lower=0.0, upper=0.0)
    return Model(tuple(activities), (household,), "L", commodities=(carbon,), auxiliaries=(permits,))


def engine_answer(s: Solution, n: int) -> Answer:
    price, level = s.price, s.level
    values = [price[f"D{j}"] for j in range(n)] + [price[f"Q{j}"] for j in range(n)] + [price["K"], price["FX"]]
    values += [level[f"X{j}"] for j in range(n)] + [level[f"A{j}"] for j in range(n)]
    return Answer(np.array([*values, s.income["H"], s.auxiliary["emissions"]]), s.residual)


def at_carbon_price(c: Compiled, price: float) -> Parameters:
    p = c.default.copy()
    number = c.price_index["CO2"]
    p.lower[number] = p.upper[number] = price
    return p


# -- CasADi ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """The economy written out: unknowns, parameters (carbon price, labour, capital) and equations."""

    x: Any
    p: Any
    g: Any
    start: Floats
    given: Floats


def write_out(e: Economy) -> Written:
    """9n + 5 equations, each divided by its benchmark size; levels and prices are one in the benchmark."""
    n = e.n
    x, p = ca.SX.sym("x", 9 * n + 5), ca.SX.sym("p", 3)
    level, output_price, value_added, energy, home_price, price, supply, imports, exports = (
        x[k * n : (k + 1) * n] for k in range(9)
    )
    wage, rent, currency, income, emissions = (x[9 * n + k] for k in range(5))
    carbon, labour_stock, capital_stock = p[0], p[1], p[2]
    coal_use, material = e.use[0], ca.sparsify(ca.DM(np.vstack([np.zeros(n), e.use[1:]])))
    out, made, added = e.home + e.exports, e.home + e.imports, e.labour + e.capital
    bundle = added + coal_use
    w, theta = e.labour / added, coal_use / bundle
    armington, cet = e.home / made, e.home / out
    one = 1 - VALUE_ADDED, 1 - ENERGY, 1 - ARMINGTON, 1 + TRANSFORMATION
    coal_price = price[0] + e.intensity * carbon
    coal = level * coal_use * (energy / coal_price) ** ENERGY
    capital = level * e.capital * (energy / value_added) ** ENERGY * (value_added / rent) ** VALUE_ADDED
    own_labour, own_capital = float(e.labour.sum()), float(e.capital.sum())
    emitted, spent = float(coal_use @ e.intensity), float(e.final.sum())
    needed = ca.mtimes(material, level) + e.final * income / price
    needed[0] += ca.sum1(coal)
    g = ca.vertcat(
        output_price - (ca.mtimes(material.T, price) + bundle * energy) / out,  # zero profit
        output_price - (cet * home_price ** one[3] + (1 - cet) * currency ** one[3]) ** (1 / one[3]),
        value_added - (w * wage ** one[0] + (1 - w) * rent ** one[0]) ** (1 / one[0]),
        energy - (theta * coal_price ** one[1] + (1 - theta) * value_added ** one[1]) ** (1 / one[1]),
        price - (armington * home_price ** one[2] + (1 - armington) * currency ** one[2]) ** (1 / one[2]),
        supply - needed / made,  # markets of goods
        imports - supply * (price / currency) ** ARMINGTON,
        exports - level * (currency / output_price) ** TRANSFORMATION,
        level * (home_price / output_price) ** TRANSFORMATION - supply * (price / home_price) ** ARMINGTON,
        wage - 1,  # numeraire; its market is left to Walras' law
        capital_stock - ca.sum1(capital) / own_capital,
        (ca.dot(e.exports, exports) - ca.dot(e.imports, imports)) / float(e.exports.sum()),
        income - (own_labour * labour_stock * wage + own_capital * capital_stock * rent + emitted * carbon * emissions)
        / spent,
        emissions - ca.dot(e.intensity, coal) / emitted,
    )  # fmt: skip
    return Written(x, p, g, np.ones(9 * n + 5), np.array([0.0, 1.0, 1.0]))


def casadi_answer(e: Economy, x: Floats, residual: float) -> Answer:
    n = e.n
    block = x[: 9 * n].reshape(9, n)
    tail = [x[9 * n + 3] * e.final.sum(), x[9 * n + 4] * float(e.use[0] @ e.intensity)]
    values = np.concatenate([block[4], block[5], x[9 * n + 1 : 9 * n + 3], block[0], block[6], tail])
    return Answer(values, residual)


def newton(written: Written, linear_solver: str) -> Any:
    problem = {"x": written.x, "p": written.p, "g": written.g}
    return ca.rootfinder("newton", "newton", problem, {"linear_solver": linear_solver, "abstol": TOLERANCE})


def ipopt(written: Written) -> Any:
    problem = {"x": written.x, "p": written.p, "g": written.g, "f": ca.SX(0)}
    options = {
        "print_time": False,
        "calc_lam_p": False,
        "ipopt.print_level": 0,
        "ipopt.sb": "yes",
        "ipopt.tol": TOLERANCE,
        "ipopt.constr_viol_tol": TOLERANCE,
        "ipopt.warm_start_init_point": "yes",
        "ipopt.nlp_scaling_method": "none",  # the equations are relative already
        "ipopt.hessian_approximation": "limited-memory",  # nothing to minimise: Newton on the equations
    }
    return ca.nlpsol("ipopt", "ipopt", problem, options)


# -- cgelab ------------------------------------------------------------------------------------------------------------


def cgelab_economy(e: Economy) -> Any:
    """The same economy as a social accounting matrix with cgelab's own nests."""
    width = len(str(e.n - 1))
    names = [f"{j:0{width}}" for j in range(e.n)]  # cgelab sorts accounts by name
    cells: list[tuple[str, str, float]] = []
    for j, name in enumerate(names):
        a, c = f"a_{name}", f"c_{name}"
        cells += [(f"c_{other}", a, e.use[i, j]) for i, other in enumerate(names) if e.use[i, j] > 0]
        cells += [("f_lab", a, e.labour[j]), ("f_cap", a, e.capital[j]), (a, c, e.home[j] + e.exports[j])]
        cells += [("row", c, e.imports[j]), (c, "row", e.exports[j])]
        cells += [(c, "hh", (1 - GOVERNMENT_SHARE) * e.final[j]), (c, "gov", GOVERNMENT_SHARE * e.final[j])]
    cells += [("hh", "f_lab", e.labour.sum()), ("hh", "f_cap", e.capital.sum())]
    cells += [("gov", "hh", GOVERNMENT_SHARE * e.final.sum()), ("s_i", "s_i", 0.0)]
    matrix = cgelab.SAM.from_long(pd.DataFrame(cells, columns=["row", "col", "value"]), name="drawn")
    spec = cgelab.ModelSpec(
        households=["hh"], numeraire_factor="f_lab", margins=False,
        sigma_va=VALUE_ADDED, sigma_armington=ARMINGTON, export_rule="cet", sigma_cet=TRANSFORMATION,
        energy=[f"c_{names[0]}"], sigma_vae=ENERGY,
    )  # fmt: skip
    economy = cgelab.calibrate(matrix, spec)
    burnt = pd.DataFrame([e.use[0] * e.intensity], index=[f"c_{names[0]}"], columns=[f"a_{name}" for name in names])
    return cgelab.add_emissions(economy, intermediate=burnt)


def cgelab_answer(e: Economy, period: Any) -> Answer:
    made = e.home + e.imports
    values = [period.p_domestic, period.pq, [period.factor_prices[1], period.exchange_rate]]
    values += [period.X / (e.home + e.exports), period.absorption / made]
    income = float(period.hh_income.sum()) + period.government["carbon_production"]
    return Answer(np.concatenate([*values, [income, cgelab.emissions(period)["total"]]]), period.residual)


# -- one equilibrium ---------------------------------------------------------------------------------------------------


def agree(name: str, answer: Answer, ours: Answer) -> None:
    """Refuse to time a solver that finds another equilibrium."""
    apart = float(np.abs(answer.values / ours.values - 1).max())
    if not apart <= AGREEMENT:
        raise SystemExit(f"{name} and the engine differ by {apart:.1e} (relative); allowed {AGREEMENT:.0e}")


@dataclass
class Entry:
    """A solver that has found the equilibrium and is to be timed."""

    name: str
    unknowns: int
    build: float  # s
    work: Callable[[], Any]
    residual: float


def one_equilibrium(n: int, repeat: int) -> list[Row]:
    """All solvers on one economy; the engine first."""
    e = draw_economy(n)
    begun = time.process_time()
    compiled = compile_model(engine_model(e))
    base = solve(compiled)
    built = time.process_time() - begun
    priced = at_carbon_price(compiled, CARBON_PRICE)
    work: Callable[[], Any] = partial(solve, compiled, priced, base.x)
    ours = engine_answer(work(), n)
    entries = [Entry("Tanshi", compiled.n, built, work, ours.residual)]
    if ca is not None:
        entries += casadi_entries(e, ours)
    rows = timed(entries, repeat)
    rows[1:] = sorted(rows[1:], key=lambda row: row.best)
    if ca is None:
        rows += [missing("CasADi Newton"), missing("CasADi Ipopt")]
    if cgelab is None:
        return [*rows, missing("cgelab")]
    begun = time.process_time()
    economy = cgelab_economy(e)
    closure = cgelab.Closure(government="saving_rate", foreign_saving_unit="foreign_currency")
    start = cgelab.solve_period(economy, closure)
    built = time.process_time() - begun
    shock = cgelab.Scenario(name="carbon price", carbon_price=CARBON_PRICE)
    work = partial(cgelab.solve_period, economy, closure, shock, warm_start=start)
    answer = cgelab_answer(e, work())
    agree("cgelab", answer, ours)
    return [*rows, *timed([Entry("cgelab", start.z.size, built, work, answer.residual)], max(3, repeat // 4))]


def timed(entries: Sequence[Entry], repeat: int) -> list[Row]:
    """The solvers' times, taken in turn."""
    times = clock([one.work for one in entries], repeat, TURN)
    return [Row(o.name, o.unknowns, o.build, *mine, o.residual) for o, mine in zip(entries, times, strict=True)]


def casadi_entries(e: Economy, ours: Answer) -> list[Entry]:
    """CasADi's Newton with each linear solver, and its Ipopt."""
    written = write_out(e)
    equations = ca.Function("equations", [written.x, written.p], [written.g])
    given = np.array([CARBON_PRICE, 1.0, 1.0])

    def checked(name: str, x: Any) -> float:
        x = np.array(x).ravel()
        answer = casadi_answer(e, x, float(np.abs(np.array(equations(x, given))).max()))
        agree(name, answer, ours)
        return answer.residual

    entries: list[Entry] = []
    for linear_solver in LINEAR_SOLVERS:
        begun = time.process_time()
        work: Callable[[], Any] = partial(newton(written, linear_solver), written.start, given)
        built = time.process_time() - begun
        residual = checked(f"CasADi Newton ({linear_solver})", work())
        entries.append(Entry(f"CasADi Newton {linear_solver}", written.start.size, built, work, residual))
    begun = time.process_time()
    work = partial(ipopt(written), x0=written.start, p=given, lbg=0, ubg=0)
    built = time.process_time() - begun
    residual = checked("CasADi Ipopt", work()["x"])
    return [*entries, Entry("CasADi Ipopt", written.start.size, built, work, residual)]


def missing(name: str) -> Row:
    return Row(name, 0, 0.0, 0.0, 0.0, 0.0)


# -- a path of years ---------------------------------------------------------------------------------------------------


def next_capital(capital: float, real: float) -> float:
    """Capital next year, benchmark 1: investment is a fixed share of real final demand."""
    return (1 - DEPRECIATION) * capital + (STEADY_GROWTH + DEPRECIATION) * real


def engine_path(e: Economy, compiled: Compiled, start: Floats) -> list[float]:
    """Capital year by year; each year starts from the last year's equilibrium."""
    labour, owned = compiled.endow_at["H", "L", ""], compiled.endow_at["H", "K", ""]
    x, capital = start, [1.0]
    for year in range(YEARS):
        p = at_carbon_price(compiled, year * PRICE_STEP)
        p.endowment[labour] *= (1 + LABOUR_GROWTH) ** year
        p.endowment[owned] *= capital[-1]
        solution = solve(compiled, p, x)
        x = solution.x
        capital.append(next_capital(capital[-1], solution.real["H"]))
    return capital


def casadi_path(e: Economy, solver: Any, written: Written) -> list[float]:
    """The same path with CasADi's Newton."""
    n, share = e.n, e.final / e.final.sum()
    x, capital = written.start, [1.0]
    for year in range(YEARS):
        given = np.array([year * PRICE_STEP, (1 + LABOUR_GROWTH) ** year, capital[-1]])
        x = np.array(solver(x, given)).ravel()
        real = x[9 * n + 3] / np.exp(share @ np.log(x[5 * n : 6 * n]))
        capital.append(next_capital(capital[-1], float(real)))
    return capital


def path(n: int, repeat: int) -> None:
    """Print the time of a recursive path."""
    e = draw_economy(n)
    compiled = compile_model(engine_model(e))
    start = solve(compiled).x
    work: Callable[[], list[float]] = partial(engine_path, e, compiled, start)
    ours = work()
    print(f"\n{YEARS} years at {n} sectors, labour and capital growing, carbon price up {PRICE_STEP} a year\n")
    print(f"{'':26}{'best ms':>10}{'median ms':>11}{'ratio':>8}")
    works = {"Tanshi": work}
    for linear_solver in LINEAR_SOLVERS[:2] if ca is not None else ():
        written = write_out(e)
        work = partial(casadi_path, e, newton(written, linear_solver), written)
        apart = float(np.abs(np.array(work()) / ours - 1).max())
        if not apart <= AGREEMENT:
            raise SystemExit(f"the paths of capital differ by {apart:.1e} (relative); allowed {AGREEMENT:.0e}")
        works[f"CasADi Newton {linear_solver}"] = work
    times = clock([*works.values()], repeat, TURN)
    for name, (best, middle) in zip(works, times, strict=True):
        print(f"{name:26}{best * 1e3:10.2f}{middle * 1e3:11.2f}{best / times[0][0]:8.2f}")
    if ca is None:
        print(f"{'CasADi Newton':26}{'not installed':>21}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of one equilibrium beside CasADi and cgelab.")
    parser.add_argument("--sectors", type=int, nargs="+", default=[10, 40, 110])
    parser.add_argument("--repeat", type=int, default=20, help="solves timed; cgelab gets a quarter")
    given = parser.parse_args()
    print(f"A carbon price of {CARBON_PRICE} from the benchmark; ratio: time over Tanshi's. One thread.\n")
    heads = f"{'unknowns':>9}{'build s':>9}{'best ms':>10}{'median ms':>11}{'ratio':>8}{'residual':>10}"
    print(f"{'sectors':>7}  {'':26}{heads}")
    for n in given.sectors:
        rows = one_equilibrium(n, given.repeat)
        for row in rows:
            if row.unknowns == 0:
                print(f"{n:7}  {row.name:26}{'not installed':>21}")
                continue
            print(
                f"{n:7}  {row.name:26}{row.unknowns:9}{row.build:9.2f}{row.best * 1e3:10.2f}{row.middle * 1e3:11.2f}"
                f"{row.best / rows[0].best:8.2f}{row.residual:10.0e}"
            )
    path(40, given.repeat)


if __name__ == "__main__":
    main()
