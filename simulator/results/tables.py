"""What a run returns: the names, units and long tables of its results.

Every number that leaves the simulator carries a name of `CATALOGUE`. The names follow the usage of the
Integrated Assessment Modeling Consortium (variables separated by ``|``, one unit each). Tonnes are whole
numbers until the last division by a million, so that net sales of all sectors add up to zero, but for that
division's rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.errors import Message, TanshiError
from tanshi.language import mark
from tanshi.numerics.units import MILLION, TONNES
from tanshi.scenarios.link import OTHERS, OUTSIDE
from tanshi.simulator.results.variables import (
    CATALOGUE,
    COMPARED,
    COMPARISONS,
    ENERGY_PARTS,
    EV,
    INTERMEDIARIES,
    KNOWN,
    OPTIONAL,
    OTHER_SECTORS,
    REFERENCE,
    REGION,
    SECTORS,
    TRADERS,
    VENUES,
    emissions_of,
    net_sales_of,
)


class ResultError(TanshiError, ValueError):
    """A result table breaks its contract: an unknown name, a missing year, a sum that does not add up."""


ANNUAL_COLUMNS = ("scenario", "seed", "region", "variable", "unit", "year", "value")
PERIOD_COLUMNS = ("scenario", "seed", "year", "period", "price", "volume_t", "turnover_yuan")
TRADE_COLUMNS = (
    "scenario", "seed", "year", "period",
    "buyer", "seller", "buyer_sector", "seller_sector", "price", "quantity_t",
)  # fmt: skip


_FILLED = "year {year}: fills add up to {filled} t, the periods' volume to {volume} t"
_NO_REGION = "the run {scenario} has no region {region!r}; it has {known}"
_WHICH_REGION = "{variable} of the run {scenario} stands there for several regions: name one of {known}"
_STRANGERS = "year {year}: fills of sectors without firms: {strangers}"
TOGETHER = "together"
"""What a run's diagnostics call the regions of the market of which this one is a part."""
_Sold = tuple[int, tuple[float, float]]


@dataclass(frozen=True)
class RunResult:
    """The results of one run.

    Parameters
    ----------
    scenario, seed
        Name of the scenario and the seed of the run.
    annual
        One row per variable and year, columns `ANNUAL_COLUMNS`.
    periods
        One row per market period, at least `PERIOD_COLUMNS`: price in yuan/t, volume in t, turnover in
        yuan.
    trades
        One row per fill, `TRADE_COLUMNS`: firms as integers, sectors as codes, price in yuan/t, quantity in
        whole t.
    parameters
        The scenario as plain data (`title` and `coverage` are read by the views).
    meta
        Diagnostics of the run as plain data: residuals, iterations, sources and status of the figures.
    """

    scenario: str
    seed: int
    annual: pd.DataFrame
    periods: pd.DataFrame
    trades: pd.DataFrame
    parameters: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The scenario's title, or its name where it has none."""
        return str(self.parameters.get("title") or self.scenario)

    @property
    def coverage(self) -> dict[str, str]:
        """Sector code to ``none | allocated | trading``."""
        return {str(k): str(v) for k, v in dict(self.parameters.get("coverage") or {}).items()}

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that the tables tell of, in their order; one but where several provinces trade together.

        None where the run is of one region and its years are not read.
        """
        if "regions" in self.meta:
            return tuple(self.meta["regions"])
        return tuple(dict.fromkeys(self.annual["region"].astype(str))) if "region" in self.annual else ()

    def of(self, region: str, name: str = "") -> RunResult:
        """The same run as one of its regions saw it, in the form of a run of that region alone.

        What the others bought and sold there stands under the code ``OTH``. Of a run of one region it is that run.

        Parameters
        ----------
        name
            What to call it; by default the scenario with the region.

        Raises
        ------
        ResultError
            For a region that the run does not have.
        """
        known = self.regions
        if region not in known:
            raise ResultError(_NO_REGION, scenario=self.scenario, region=region, known=", ".join(known))
        if len(known) == 1:
            return self
        name = name or f"{self.scenario}: {region.rpartition('|')[2]}"
        mine = dict(self.meta["regions"][region])
        rest = {key: value for key, value in self.meta.items() if key not in mine and key != "regions"}
        annual, periods = (table[table["region"] == region] for table in (self.annual, self.periods))
        return RunResult(
            name,
            self.seed,
            annual.assign(scenario=name).reset_index(drop=True),
            periods.drop(columns="region").assign(scenario=name).reset_index(drop=True),
            self._fills_of(region, name, dict(mine["parameters"].get("firms") or {})),
            mine.pop("parameters"),
            rest | mine | {TOGETHER: list(known)},
        )

    def _fills_of(self, region: str, name: str, firms: Mapping[str, Any]) -> pd.DataFrame:
        """A region's fills; all others together have the number after its own, whether these traded or not."""
        trades = self.trades
        home, away = trades["buyer_region"] == region, trades["seller_region"] == region
        own = trades[home | away].assign(scenario=name)
        numbers = pd.concat([trades.loc[home, "buyer"], trades.loc[away, "seller"]])
        known = int(firms.get("number") or 0) + int(firms.get("intermediaries") or 0) + 1  # the one is government
        others = max(known, int(numbers.max()) + 1) if len(own) else known
        for side, here in (("buyer", home), ("seller", away)):
            kept = here[own.index]
            own[side] = own[side].where(kept, others)
            own[f"{side}_sector"] = own[f"{side}_sector"].where(kept, OTHERS)
        return own[list(TRADE_COLUMNS)].reset_index(drop=True)

    def series(self, variable: str, region: str | None = None) -> pd.Series[float]:
        """One variable by year; empty where the run does not hold it.

        Parameters
        ----------
        region
            Which one's; to be said where the run has several, since nothing is added up over regions unasked.

        Raises
        ------
        ResultError
            Where it has to be said and was not.
        """
        rows = self.annual[self.annual["variable"] == variable]
        if region is not None:
            rows = rows[rows["region"] == region]
        elif len(regions := dict.fromkeys(rows["region"])) > 1:
            raise ResultError(_WHICH_REGION, scenario=self.scenario, variable=variable, known=", ".join(regions))
        return pd.Series(rows["value"].to_numpy(float), index=rows["year"].to_numpy(int), name=variable).sort_index()


def annual_table(
    scenario: str, seed: int, values: Mapping[str, Mapping[int, float]], region: str = REGION
) -> pd.DataFrame:
    """The long annual table of one run, in the catalogue's order.

    Parameters
    ----------
    values
        Variable name to year to value, in the catalogue's units. Every variable but the comparisons must be
        there for every year.

    Raises
    ------
    ResultError
        For an unknown or missing variable, a missing year, or a value that is not finite.
    """
    unknown = [name for name in values if name not in KNOWN]
    missing = [name for name in CATALOGUE if name not in values and name not in COMPARISONS | OPTIONAL]
    if unknown or missing:
        parts = [Message("unknown variables: {unknown}", unknown=", ".join(unknown))] * bool(unknown)
        parts += [Message("missing variables: {missing}", missing=", ".join(missing))] * bool(missing)
        raise ResultError("annual results of {scenario}: {parts}", scenario=scenario, parts="; ".join(parts))
    years = sorted({int(year) for series in values.values() for year in series})
    shown = [variable for variable in KNOWN.values() if variable.name in values]
    table = np.array([[float(values[v.name].get(year, np.nan)) for year in years] for v in shown]).reshape(
        len(shown), len(years)
    )
    for row, column in np.argwhere(~np.isfinite(table)).tolist():
        raise ResultError(
            "annual results of {scenario}: {name} has no finite value in {years}",
            scenario=scenario,
            name=shown[row].name,
            years=years[column],
        )
    columns: dict[str, Any] = {
        "scenario": scenario,
        "seed": int(seed),
        "region": region,
        "variable": np.repeat(np.array([v.name for v in shown], dtype=object), len(years)),
        "unit": np.repeat(np.array([v.unit for v in shown], dtype=object), len(years)),
        "year": np.tile(np.array(years, dtype=np.int64), len(shown)),
        "value": table.ravel() + 0.0,
    }
    return pd.DataFrame(columns)


def market_variables(
    periods: pd.DataFrame,
    trades: pd.DataFrame,
    *,
    years: Sequence[int],
    opening_price: float,
    deflator: Mapping[int, float] | None = None,
    net_sales_t: Mapping[int, Mapping[str, float]] | None = None,
    sectors: Sequence[str] = (),
) -> dict[str, dict[int, float]]:
    """The market's annual variables from its periods and fills.

    Parameters
    ----------
    periods, trades
        Tables of one run as in `RunResult`.
    years
        Years to report. A year without periods has no trade, and its price is the close before it.
    opening_price
        Close before the first period, yuan/t.
    deflator
        Year to price level (2022 = 1); by default prices are already those of 2022.
    net_sales_t
        Only for a run without firms (the market solved as a complementarity): year to sector code to net
        sales in t. The volume is then that of `periods` and net transfers are those between sectors.
    sectors
        Sectors with firms; those of the built-in economies have their place in any case.

    Returns
    -------
    dict
        Variable name to year to value, ready for `annual_table`.

    Raises
    ------
    ResultError
        Where fills and periods disagree on a year's volume, or somebody trades who has no firms.
    """
    accounts, _ = _places(trades["buyer"], trades["seller"])
    places, names = _places(trades["buyer_sector"], trades["seller_sector"])
    present = [code for code in (INTERMEDIARIES, OUTSIDE, OTHERS) if code in {*names, *_sellers(net_sales_t)}]
    traders = [*TRADERS, *present, *(s for s in sectors if s in OTHER_SECTORS)]
    absent = OPTIONAL - {net_sales_of(code) for code in present}
    out: dict[str, dict[int, float]] = {name: {} for name in CATALOGUE if _is_market(name) and name not in absent}
    close = float(opening_price)
    period_years, order = periods["year"].to_numpy(), np.argsort(periods["period"].to_numpy(), kind="stable")
    volumes, turnovers, closes = (periods[name].to_numpy() for name in ("volume_t", "turnover_yuan", "price"))
    fill_years, quantities = trades["year"].to_numpy(), trades["quantity_t"].to_numpy(np.int64)
    sellers, prices = trades["seller_sector"].to_numpy(), trades["price"].to_numpy(np.float64)
    for year in years:
        level = float(deflator[year]) if deflator is not None else 1.0
        rows = order[period_years[order] == year]
        volume, turnover = int(volumes[rows].sum()), float(turnovers[rows].sum())
        close = float(closes[rows[-1]]) if len(rows) else close
        if net_sales_t is None:
            fills = np.flatnonzero(fill_years == year)
            filled = int(quantities[fills].sum())
            if filled != volume:
                raise ResultError(_FILLED, year=year, filled=filled, volume=volume)
            moved = int(np.abs(_net(accounts[:, fills], quantities[fills])).sum()) / 2
            sold = _sold(places[:, fills], quantities[fills], names)
            primary, paid = _by_venue(*(column[fills] for column in (sellers, prices, quantities)))
        else:
            sold = {name: float(net) for name, net in net_sales_t.get(year, {}).items()}
            moved = float(np.abs(np.array([*sold.values()])).sum()) / 2
            primary, paid = 0, (0.0, turnover)
        if strangers := sorted(name for name in sold if name not in traders):
            raise ResultError(_STRANGERS, year=year, strangers=", ".join(strangers))
        out["Price|Carbon"][year] = (turnover / volume if volume else close) / level
        out["Price|Carbon|Year-End"][year] = close / level
        out["Price|Carbon|Time Mean"][year] = (float(closes[rows].mean()) if len(rows) else close) / level
        out["Carbon Market|Trading Volume"][year] = volume / TONNES
        out["Carbon Market|Net Transfers"][year] = moved / TONNES
        out["Carbon Market|Turnover"][year] = turnover / level / MILLION
        for venue, tonnes, yuan in zip(VENUES, (primary, volume - primary), paid, strict=True):
            out[f"Carbon Market|Trading Volume|{venue}"][year] = tonnes / TONNES
            out[f"Carbon Market|Turnover|{venue}"][year] = yuan / level / MILLION
        for sector in traders:
            out.setdefault(net_sales_of(sector), {})[year] = float(sold.get(sector, 0)) / TONNES
    return out


def _sold(places: NDArray[np.intp], quantity: NDArray[np.int64], names: Sequence[str]) -> dict[str, float]:
    """Tonnes sold less bought by everybody who took part in some fills."""
    net = _net(places, quantity, len(names)).tolist()
    took_part = np.bincount(places.ravel(), minlength=len(names))
    return {name: tonnes for name, tonnes, n in zip(names, net, took_part, strict=True) if n}


def _sellers(net_sales_t: Mapping[int, Mapping[str, float]] | None) -> set[str]:
    """Sellers of a run without firms."""
    return {code for sold in (net_sales_t or {}).values() for code in sold}


def _by_venue(sellers: NDArray[Any], prices: NDArray[np.float64], quantities: NDArray[np.int64]) -> _Sold:
    """Tonnes that government sold, and yuan paid to government and to others."""
    public, value = sellers == "GOV", prices * quantities
    return int(quantities[public].sum()), (float(value[public].sum()), float(value[~public].sum()))


def _places(buyer: pd.Series[Any], seller: pd.Series[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """Numbers from 0 for whoever traded, (2, fills) buyers above sellers, and the names they stand for."""
    places, names = pd.factorize(pd.concat([buyer, seller], ignore_index=True))
    return places.reshape(2, -1), [str(name) for name in names]


def _net(traders: NDArray[np.intp], quantity: NDArray[np.int64], count: int = 0) -> NDArray[np.int64]:
    """Tonnes sold less bought by each place of ``traders`` (2, fills), buyers above sellers."""
    net = np.zeros(max(count, int(traders.max(initial=-1)) + 1), dtype=np.int64)
    np.subtract.at(net, traders[0], quantity)
    np.add.at(net, traders[1], quantity)
    return net


def _is_market(name: str) -> bool:
    """Whether a name is that of something told by periods and fills alone."""
    told = ("Price|Carbon", "Carbon Market|Trading Volume", "Carbon Market|Net Transfers", "Carbon Market|Turnover")
    return name.startswith((*told, "Trade|Emissions Allowances"))


def net_positions(buyer: pd.Series[Any], seller: pd.Series[Any], quantity_t: pd.Series[Any]) -> pd.Series[int]:
    """Tonnes sold less tonnes bought of every account (firm or sector) that traded; they add up to zero."""
    place, accounts = pd.factorize(pd.concat([buyer, seller], ignore_index=True), sort=True)
    return pd.Series(_net(place.reshape(2, -1), np.asarray(quantity_t, dtype=np.int64), len(accounts)), index=accounts)


def with_equivalent_variation(results: Iterable[RunResult], reference: str = REFERENCE) -> pd.DataFrame:
    """The annual tables of a batch in one, with welfare compared to the reference run.

    At 2022 prices the equivalent variation between two runs is the difference of their money metrics, so a
    run can be stored without knowing the others. Without a reference run in the batch the comparison is
    left out.
    """
    results, unit = list(results), CATALOGUE[EV].unit
    base = {
        (r.seed, place, name): r.series(name, place)
        for r in results
        if r.scenario == reference
        for place in r.regions
        for name in COMPARED
    }
    frames: list[pd.DataFrame] = []
    for result in results:
        frames.append(result.annual)
        for region, (name, compared) in product(result.regions, COMPARED.items()):
            own, before = result.series(name, region), base.get((result.seed, region, name))
            if before is None or not len(before) or not len(own) or len(result.series(compared, region)):
                continue
            change = (own - before.reindex(own.index)).dropna()
            frames.append(
                pd.DataFrame({"year": change.index, "value": change.to_numpy()}).assign(
                    scenario=result.scenario, seed=result.seed, region=region, variable=compared, unit=unit
                )[list(ANNUAL_COLUMNS)]
            )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(ANNUAL_COLUMNS))


def identity_gaps(result: RunResult) -> dict[str, float]:
    """Worst gap of every identity of a run's annual table, in the total's unit; rounding only in a sound run.

    Net transfers may not exceed the gross volume; that line is the excess, at least zero.
    """
    wide = result.annual.pivot(index="year", columns="variable", values="value")
    sectors = wide[[emissions_of(s) for s in (*SECTORS, "HH")]].sum(axis=1)
    energy = wide[[f"Energy Consumption|{part}" for part in ENERGY_PARTS]].sum(axis=1)
    sellers = [net_sales_of(s) for s in (*TRADERS, INTERMEDIARIES, OUTSIDE, OTHERS, *OTHER_SECTORS)]
    sales = wide[[name for name in sellers if name in wide]].sum(axis=1)
    excess = wide["Carbon Market|Net Transfers"] - wide["Carbon Market|Trading Volume"]
    return {
        mark("emissions by sector, Mt"): float((sectors - wide["Emissions|CO2"]).abs().max()),
        mark("energy by fuel, Mtce"): float((energy - wide["Energy Consumption"]).abs().max()),
        mark("net sales of sectors, Mt"): float(sales.abs().max()),
        mark("net transfers above volume, Mt"): float(max(excess.max(), 0.0)),
    }
