"""An economy ready to run: its figures, balanced accounts, province model, growth and firms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from equilibrium.province.accounts import Accounts
from equilibrium.province.balance import build_accounts
from equilibrium.province.carbon import COVERABLE
from equilibrium.province.closure import Closure
from equilibrium.province.dynamics import Growth
from equilibrium.province.physical import PhysicalAccounts
from equilibrium.province.province import Province
from scenarios.economy import ECONOMIES, Figures, load_economy
from scenarios.errors import Problem, UserError
from scenarios.schema import Closure as ClosureFields
from scenarios.schema import Dynamics
from simulator.identity import hash_files


@dataclass(frozen=True)
class Economy:
    """One region's benchmark.

    Attributes
    ----------
    data : hash of the economy's files.
    """

    name: str
    figures: Figures
    accounts: Accounts
    data: str

    def growth(self, dynamics: Dynamics, first_year: int, last_year: int) -> Growth:
        """Rates of change of a scenario, with the economy's own path of non-fossil power.

        Raises
        ------
        UserError
            if the run does not start in the benchmark year, or the path ends before ``last_year``.
        """
        path = self.figures.nonfossil_path.set_index("year")["twh"]
        first, end = int(path.index.min()), int(path.index.max())
        if first_year != first:
            problem = Problem(f"{first}, the year of its accounts", str(first_year), field="years.start")
            raise UserError(f"a run of the economy '{self.name}' starts in its benchmark year", [problem])
        if last_year > end:
            problem = Problem(f"a last year up to {end}", str(last_year), field="years.end")
            raise UserError(f"the economy '{self.name}' has no non-fossil power path beyond {end}", [problem])
        return Growth(
            labour=dynamics.labour_growth,
            productivity=dynamics.productivity_growth,
            aeei=dynamics.aeei,
            aeei_power=dynamics.aeei_power,
            depreciation=dynamics.depreciation,
            benchmark_capital_growth=dynamics.capital_growth,
            public=dynamics.public_growth,
            external=dynamics.external_growth,
            lines=dynamics.line_growth,
            resources=dynamics.resource_growth,
            nonfossil={int(y): float(v) / float(path.loc[first]) for y, v in path.items()},  # type: ignore[call-overload]
        )

    def firm_parameter(self, name: str) -> dict[str, float]:
        """A parameter of the firms' population by sector."""
        table = self.figures.population
        rows = table[table["parameter"] == name]
        return {s: float(rows.loc[rows["sector"] == s, "value"].iloc[0]) for s in COVERABLE}


@lru_cache(maxsize=4)
def economy(name: str) -> Economy:
    """Load an economy and balance its accounts, once a process."""
    figures = load_economy(name)
    return Economy(name, figures, build_accounts(figures.tables()), hash_files(ECONOMIES / name, ("*",)))


@lru_cache(maxsize=8)
def province(name: str, fields: ClosureFields) -> tuple[Province, PhysicalAccounts]:
    """The compiled province model of an economy under a closure, once a process."""
    closure = Closure(
        capital=fields.capital,
        external_saving=fields.external_saving,
        border_pass_through=fields.border_pass_through,
    )
    built = Province(economy(name).accounts, closure)
    return built, PhysicalAccounts(built)


def sector_shares(values: Mapping[str, float]) -> dict[str, float]:
    """Values scaled to add up to one."""
    total = sum(values.values())
    return {k: v / total for k, v in values.items()}
