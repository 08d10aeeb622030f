"""An economy ready to run: its figures, balanced accounts, province model, growth and firms."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.dynamics import Growth
from tanshi.equilibrium.province.incidence import Groups, household_groups
from tanshi.equilibrium.province.physical import PhysicalAccounts
from tanshi.equilibrium.province.province import Province
from tanshi.errors import Message, row_of
from tanshi.language import mark
from tanshi.scenarios.calibrated import calibrated
from tanshi.scenarios.economy import Figures, load_economy
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.figures import with_changes
from tanshi.scenarios.schema import Closure as ClosureFields
from tanshi.scenarios.schema import Dynamics, Scenario
from tanshi.scenarios.schema.compliance import MOST_AHEAD

PROVENANCE = (mark("Table"), mark("Status of its rows"), mark("Most frequent source"))
"""Heads of what is said of an economy's tables."""
UNCOUNTED = {"source", "status"}
"""Columns of an economy's tables that say where a figure comes from."""

PRICE_REACHED = 2030
"""Year by which the rest of the country pays its carbon price whole."""


def _so_many(count: int, status: str) -> str:
    return Message(mark("{count} {status}"), count=count, status=Message(status))


@dataclass(frozen=True)
class Economy:
    """One region's benchmark.

    Attributes
    ----------
    data
        Hash of the economy's files.
    """

    name: str
    figures: Figures
    accounts: Accounts
    data: str

    def growth(self, dynamics: Dynamics, first_year: int, last_year: int, carried: bool = False) -> Growth:
        """Rates of change of a scenario, with the economy's own path of non-fossil power.

        Parameters
        ----------
        carried
            Whether the run may begin later than the accounts (`tanshi.simulator.run.ground.annual.carry`).

        Raises
        ------
        UserError
            if the run does not start in the benchmark year, or the path ends before ``last_year``.
        """
        check_years(self.name, first_year, last_year, carried)
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
            outside=self.numbered("outside_growth_"),
            outside_size=self._coal_outside(dynamics.outside_carbon, first_year, last_year),
            capacity=self.numbered(CAPACITY).get("growth", 0.0),
            construction=self.numbered("construction_").get("shift", 0.0),
            fade=dynamics.fade,
            nonfossil=dict(self._nonfossil),
            plant=dict(self.accounts.plant_growth),
        )

    @property
    def base_year(self) -> int:
        """Year of the accounts."""
        return min(self._nonfossil)

    @cached_property
    def _nonfossil(self) -> Mapping[int, float]:
        """Non-fossil power by year over its first year's."""
        path = self.figures.nonfossil_path
        twh = dict(zip(path["year"].astype(int).tolist(), path["twh"].astype(float).tolist(), strict=True))
        return {year: value / twh[min(twh)] for year, value in twh.items()}

    @cached_property
    def clean_capacity(self) -> Mapping[int, Mapping[str, float]]:
        """GW of every kind of non-fossil plant by year, as the economy's path has them."""
        rows = self.figures.nonfossil_path.to_dict("records")
        return {int(r["year"]): {str(k).removesuffix("_gw"): float(v) for k, v in r.items() if str(k).endswith("_gw")}
                for r in rows}  # fmt: skip

    def _coal_outside(self, price: float, first: int, last: int) -> dict[str, dict[int, float]]:
        """Size of the rest of the country's demand for coal where it pays a carbon price, reached evenly by 2030.

        Nothing is paid in the years that carry older accounts to the run's first; firms may look beyond its last.
        """
        if price == 0.0:
            return {}
        how = self.numbered("outside_coal_")
        if not {"cost", "response"} <= set(how):
            problem = Problem(
                "the parameters outside_coal_cost and outside_coal_response", "none", f"{self.name}/parameters.csv"
            )
            raise UserError("Nothing says how the rest of the country answers a carbon price on coal.", [problem])
        years = range(self.base_year, last + MOST_AHEAD + 1)
        paid = {y: price * min(max(y - first, 0) / max(PRICE_REACHED - first, 1), 1.0) for y in years}
        return {"COAL": {y: (1.0 + how["cost"] * p) ** -how["response"] for y, p in paid.items()}}

    def numbered(self, prefix: str) -> dict[str, float]:
        """Parameters of the economy whose names begin with a prefix, by what follows it."""
        table = self.figures.parameters
        names = zip(table["parameter"].astype(str), table["value"].astype(float), strict=True)
        return {name.removeprefix(prefix): value for name, value in names if name.startswith(prefix)}

    def provenance(self) -> list[dict[str, str]]:
        """Where the figures come from: a row per table with how many of its rows have which status."""
        rows = []
        for name, table in self.figures.tables().items():
            counts = table["status"].value_counts()
            status = row_of([_so_many(count, str(word)) for word, count in counts.items()])
            source = str(table["source"].mode().iloc[0])
            rows.append(dict(zip(PROVENANCE, (name, status, source), strict=True)))
        if fitted := calibrated(self.name):
            told = Message("fitted to stated targets; calibration.json beside it says to which, and how well")
            rows.append(dict(zip(PROVENANCE, ("calibrated", _so_many(len(fitted), "calibrated"), told), strict=True)))
        return rows

    def firm_parameter(self, name: str) -> dict[str, float]:
        """A parameter of the firms' population by sector."""
        return {s: self._population[s, name] for s in self.accounts.coverable}

    @cached_property
    def groups(self) -> Groups | None:
        """Its households by group, such as town and country; None where the economy has no table of them.

        Raises
        ------
        HouseholdGroupsError
            Where the table and the accounts do not fit.
        """
        table = self.figures.households
        return None if table is None else household_groups(self.accounts, table)

    @cached_property
    def _population(self) -> Mapping[tuple[str, str], float]:
        """The firms' parameters by sector and name."""
        table = self.figures.population
        keys = zip(table["sector"].astype(str), table["parameter"].astype(str), strict=True)
        return dict(zip(keys, table["value"].astype(float).tolist(), strict=True))


def economy(name: str, changes: Mapping[str, float] | None = None) -> Economy:
    """Load an economy, change the figures a scenario changes, and balance its accounts; kept by value.

    Parameters
    ----------
    changes
        Path of a figure -> its value, as in ``Scenario.figures``.

    Raises
    ------
    UserError
        For an economy or a figure that does not exist.
    ValueError
        One of the balance's kinds, where the changed figures have no balance.
    """
    return _economy(name, _by_value(changes))


def province(
    name: str,
    fields: ClosureFields,
    changes: Mapping[str, float] | None = None,
    own_quotas: tuple[str, ...] = (),
    taxed: bool = False,
    border_adjusted: bool = False,
) -> tuple[Province, PhysicalAccounts]:
    """The compiled province model of an economy under a closure; kept by value.

    Parameters
    ----------
    own_quotas
        Sectors whose quotas bind themselves alone.
    taxed
        Whether emissions may be taxed.
    border_adjusted
        Whether what crosses the border may be charged, or given back, its carbon cost.
    """
    return _province(name, fields, _by_value(changes), own_quotas, taxed, border_adjusted)


def province_of(scenario: Scenario) -> tuple[Province, PhysicalAccounts]:
    """The compiled province of a scenario, with all that its rules ask of a model.

    Raises
    ------
    UserError
        Where its economy does not exist or its closure cannot be.
    """
    return province(scenario.economy, scenario.closure, scenario.figures, *asked_by_rules(scenario))


def asked_by_rules(scenario: Scenario) -> tuple[tuple[str, ...], bool, bool]:
    """What a scenario's rules ask of a model: sectors with quotas of their own, a tax, a charge at the border."""
    own = scenario.ever("allocated") if scenario.allocation.binding else ()
    return own, scenario.carbon_tax.any, scenario.border_adjustment.any


def check_years(name: str, first_year: int, last_year: int, carried: bool = False) -> None:
    """Refuse years that an economy's own paths do not reach.

    Parameters
    ----------
    carried
        Whether the run may begin later than the accounts.

    Raises
    ------
    UserError
        if the run does not start in the benchmark year, or the path ends before ``last_year``.
    """
    years = _files(name).nonfossil_path["year"]
    first, end = int(years.min()), int(years.max())
    if first_year < first or (first_year > first and not carried):
        problem = Problem(
            Message("{first}, the year of its accounts", first=first), str(first_year), field="years.start"
        )
        raise UserError("A run of the economy '{name}' starts in its benchmark year.", [problem], name=name)
    if last_year > end:
        problem = Problem(Message("a last year up to {end}", end=end), str(last_year), field="years.end")
        raise UserError(
            "The economy '{name}' has no non-fossil power path beyond {end}.", [problem], name=name, end=end
        )


def data_version(name: str) -> str:
    """Hash of an economy's figures, by value: what a file says of their sources moves no number."""
    return _data_version(name)


CAPACITY = "capacity_"
"""How parameters of an economy begin that say what plant of a sector can make, over the benchmark's output."""
Changes = tuple[tuple[str, float], ...]


def _by_value(changes: Mapping[str, float] | None) -> Changes:
    return tuple(sorted((changes or {}).items()))


# The caches are small: a sweep over figures makes a new economy every run, and a worker's memory must stay flat.
@lru_cache(maxsize=4)
def _files(name: str) -> Figures:
    return load_economy(name)


@lru_cache(maxsize=4)
def _data_version(name: str) -> str:
    digest = hashlib.sha256()
    for table, frame in _files(name).tables().items():
        figures = frame.drop(columns=[column for column in frame.columns if column in UNCOUNTED])
        cells = ([_plain(cell) for cell in row] for row in figures.itertuples(index=False, name=None))
        content = [table, list(figures.columns), list(cells)]
        digest.update(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\0")
    return digest.hexdigest()[:16]


def _plain(cell: object) -> str | float | None:
    """A cell by its value: 1, 1.0 and 1e0 are one."""
    if isinstance(cell, str):
        return cell
    number = float(cell)  # type: ignore[arg-type]
    return None if math.isnan(number) else number


@lru_cache(maxsize=4)
def _economy(name: str, changes: Changes) -> Economy:
    figures = with_changes(_files(name), dict(changes))
    _refuse_small_plant(name, figures)
    return Economy(name, figures, build_accounts(figures.tables()), data_version(name))


def _refuse_small_plant(name: str, figures: Figures) -> None:
    """Refuse plant that could not make what was made in the benchmark, whether a closure looks at it or not."""
    table = figures.parameters
    limits = table[table["parameter"].str.startswith(CAPACITY) & (table["parameter"] != f"{CAPACITY}growth")]
    problems = [
        Problem("at least 1, what was made in the benchmark", f"{value:g}", field=f"economy.parameters.{limit}")
        for limit, value in zip(limits["parameter"], limits["value"].astype(float), strict=True)
        if not value >= 1.0
    ]
    if problems:
        raise UserError("Plant of the economy '{name}' is too small.", problems, name=name)


@lru_cache(maxsize=8)
def _province(
    name: str, fields: ClosureFields, changes: Changes, own_quotas: tuple[str, ...], taxed: bool, border_adjusted: bool
) -> tuple[Province, PhysicalAccounts]:
    limits = _economy(name, changes).numbered("capacity_")
    limits.pop("growth", None)
    try:
        closure = Closure(
            capital=fields.capital,
            external_saving=fields.external_saving,
            border_pass_through=fields.border_pass_through,
            old_elasticity_factor=fields.installed_elasticity,
            own_quotas=own_quotas,
            border_cost=fields.border_cost,
            recycling=fields.recycling,
            labour_supply=fields.labour_supply,
            outside=fields.outside,
            capacity=tuple(limits.items()) if fields.capacity_limits else (),
            clean_cost=fields.clean_cost,
            miners_wage=fields.miners_wage,
            taxed=taxed,
            border_adjusted=border_adjusted,
        )
        built = Province(_economy(name, changes).accounts, closure)
    except ClosureError as error:
        problem = Problem("options and parameters of the economy that fit its benchmark", str(error), field="closure")
        raise UserError("The province '{name}' cannot be built.", [problem], name=name) from error
    return built, PhysicalAccounts(built)
