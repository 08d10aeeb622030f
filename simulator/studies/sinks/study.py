"""Forest sinks from start to end: units or the published ranges in, tables out.

Without a file of units the ranges of abatement cost are those of Yang et al. (2021), Table 2; the recomputed
tables stand beside the printed ones, and a made-up survey with known prices shows what the estimator does. With
a file, everything follows from the units' own estimated prices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tanshi.agents.sinks import published
from tanshi.agents.sinks.bargaining import Policy, demand_price
from tanshi.agents.sinks.choice import choose
from tanshi.agents.sinks.cloud import BACKWARD
from tanshi.agents.sinks.comparison import compare_clouds, compare_demand_prices
from tanshi.agents.sinks.distance import shadow_prices
from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.agents.sinks.noise import noise_band
from tanshi.agents.sinks.supply import cost_spread, offset_bid, province_spread
from tanshi.agents.sinks.surfaces import lines, mean_costs, slopes_at, surfaces
from tanshi.agents.sinks.survey import draw_survey
from tanshi.agents.sinks.units import GROUPS, Units, out_of_scale, read_units
from tanshi.errors import Message, said
from tanshi.language import clauses, mark, say, translate
from tanshi.simulator.studies.sinks.settings import Settings
from tanshi.simulator.studies.sinks.units import about, read_file

#: Columns that make a cell of the range table, of those that the units have.
CELL = ("sector", "year", "province")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SinksResult:
    """What was computed.

    Attributes
    ----------
    settings
    source : str
        Name of the units' file, or empty for the published ranges and the made-up survey.
    tables
        Mapping
        Name to table, as written to ``<name>.csv``.
    words : tuple of str
        What came out, a sentence each.
    """

    settings: Settings
    source: str
    tables: Mapping[str, pd.DataFrame]
    words: tuple[str, ...]


def run_sinks(
    units: Path | str | None = None, settings: Settings | None = None, progress: Progress | None = None
) -> SinksResult:
    """Compute all tables.

    Parameters
    ----------
    units
        CSV file; by default the published ranges and a made-up survey.
    progress
        Called with the name of the stage, steps done and steps in all.

    Raises
    ------
    UserError
        For units or settings that cannot be used; nothing has been written.
    """
    chosen = settings or Settings()
    with about(str(units) if units is not None else "made-up survey"):
        if units is None:
            return _published(chosen, progress)
        return _own(read_file(units), Path(units).name, chosen, progress)


def _published(settings: Settings, progress: Progress | None) -> SinksResult:
    survey = draw_survey(settings.design)
    priced = _prices(read_units(survey), settings, progress)
    for name in ("true_inefficiency", "true_price"):
        priced[name] = survey[name].to_numpy()
    priced["relative_error"] = priced["shadow_price"] / priced["true_price"] - 1
    ranges = published.abatement_costs()
    table3 = compare_demand_prices(settings.policy)
    clouds = compare_clouds()
    tables = {
        "table3_recomputed": table3,
        "tables4_5_recomputed": clouds,
        "survey": survey,
        "shadow_prices": priced,
        **_chain(ranges, settings),
        "choice": _choice(read_units(survey), priced, settings),
        "province_spread": province_spread(ranges),
    }
    words = [*_table3_words(table3, settings), *_cloud_words(clouds), *_survey_words(priced, settings)]
    return SinksResult(settings, "", tables, (*words, *_choice_words(tables["choice"])))


def _own(units: Units, source: str, settings: Settings, progress: Progress | None) -> SinksResult:
    priced = _prices(units, settings, progress)
    ranges = _ranges(priced)
    tables = {"shadow_prices": priced, **_chain(ranges, settings), "choice": _choice(units, priced, settings)}
    finite = np.isfinite(priced["shadow_price"])
    words = [
        say(
            "{units:,} units, {frontiers} frontiers: shadow prices {low:,.2f} to {high:,.2f} yuan/t; {edge} on "
            "a boundary, "
            "{many} not unique.",
            units=len(units),
            frontiers=priced["frontier"].nunique(),
            low=priced.loc[finite, "shadow_price"].min(),
            high=priced.loc[finite, "shadow_price"].max(),
            edge=int((priced["boundary"] != "").sum()),
            many=int(priced["non_unique"].sum()),
        )
    ]
    told = out_of_scale(units, settings.output_unit)
    doubts = [say("CHECK THE UNITS: {line}", line=said(line)) for line in told]
    return SinksResult(settings, source, tables, (*doubts, *words, *_choice_words(tables["choice"])))


def _prices(units: Units, settings: Settings, progress: Progress | None) -> pd.DataFrame:
    """Shadow prices with their band."""
    there = [name for name in ("sector", "year") if name in units.groups.columns]
    asked = settings.frontier.strip()
    by = [] if asked == "all" else [part.strip() for part in asked.split(",")] if asked else there

    def tell(stage: str) -> Callable[[int, int], None] | None:
        return None if progress is None else lambda done, total: progress(stage, done, total)

    priced = shadow_prices(units, by, settings.choices, progress=tell(mark("shadow prices")))
    if settings.replications:
        band = noise_band(
            units, by, settings.choices,
            noise=settings.noise, replications=settings.replications, seed=settings.seed,
            progress=tell(mark("noise band")),
        )  # fmt: skip
        priced["band_low"], priced["band_high"] = band.low, band.high
    return priced


def _ranges(priced: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest price of each cell, of the prices that are finite and greater than 0."""
    cell = [name for name in CELL if name in priced.columns]
    usable = np.isfinite(priced["shadow_price"]) & (priced["shadow_price"] > 0)
    groups = priced.assign(all="all units").groupby(cell or ["all"], sort=False)
    kept = priced.loc[usable].assign(all="all units").groupby(cell or ["all"], sort=False)["shadow_price"]
    out = pd.DataFrame({"lowest": kept.min(), "highest": kept.max(), "units": kept.size()})
    out = out.reindex(groups.size().index)
    out["left_out"] = groups.size() - out["units"].fillna(0).astype(int)
    if out["lowest"].isna().any():
        name = out.index[out["lowest"].isna()][0]
        fault = Fault(
            "shadow_price", "a finite price > 0 at least once in each cell", Message("none in {name}", name=name)
        )
        raise SinksError("The range of abatement costs cannot be found.", [fault])
    return out.astype({"units": int}).reset_index()


def _chain(ranges: pd.DataFrame, settings: Settings) -> dict[str, pd.DataFrame]:
    """From ranges of cost to demand prices, clouds, policy surfaces, supply and bids."""
    prices = ranges.assign(demand_price=demand_price(ranges["lowest"], ranges["highest"], settings.policy))
    prices["bid"] = offset_bid(prices["demand_price"], settings.level, settings.expected_price)
    by = [name for name in ("sector", "province") if name in ranges.columns] or [str(ranges.columns[0])]
    groups = {name: mean_costs(ranges, name) for name in by}

    def each(make: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        parts = [make(some, settings.policy) for some in groups.values()]
        for name, part in zip(groups, parts, strict=True):
            part.insert(0, "by", name)
        return pd.concat(parts, ignore_index=True)

    forestry = settings.forestry
    offer = np.linspace(0, max(4 * forestry.median_cost, 1.2 * settings.expected_price), 121)
    return {
        "demand_prices": prices,
        "clouds": _clouds(prices, by),
        "policy_lines": each(lines),
        "policy_surfaces": each(surfaces),
        "policy_slopes": each(slopes_at),
        "supply": pd.DataFrame({"price": offer, "quantity": forestry.quantity(offer)}),
        "cost_spread": pd.concat(
            [cost_spread(ranges, name).rename(columns={name: "name"}).assign(by=name) for name in by], ignore_index=True
        ),
    }


def _clouds(prices: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Clouds of the demand prices by each backward generator, where a group has two cells or more."""
    rows = []
    for column in by:
        for name, cells in prices.groupby(column, sort=False)["demand_price"]:
            for generator, backward in BACKWARD.items():
                if len(cells) > 1:
                    found = backward(cells.to_numpy(np.float64))
                    rows.append(
                        (column, name, generator, found.expectation, found.entropy, found.hyper_entropy, len(cells))
                    )
    columns = ["by", "name", "generator", "expectation", "entropy", "hyper_entropy", "cells"]
    return pd.DataFrame(rows, columns=columns)


def _choice(units: Units, priced: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Who buys; U is the value of output, E the intermediate input, q a share of the emissions."""
    out = choose(
        units.output * settings.output_unit,
        units.inputs[:, -1] * settings.output_unit,
        np.maximum(priced["shadow_price"].to_numpy(np.float64), 0.0),
        units.co2,
        settings.reduction * units.co2,
        settings.instruments,
    )
    names = units.groups.reset_index(drop=True)
    return pd.concat([names[[n for n in GROUPS if n in names.columns]], out], axis=1)


def _table3_words(table: pd.DataFrame, settings: Settings) -> list[str]:
    count = table["verdict"].value_counts()
    defaults = settings.policy == Policy()
    out = [
        say(
            "Table 3 recomputed: {agree} of {cells} cells agree to 0.01 yuan/t, {rounding} within the rounding "
            "of Table "
            "2, {odd} that no rounding explains.",
            agree=count.get("agrees", 0),
            cells=len(table),
            rounding=count.get("rounding", 0),
            odd=count.get("unexplained", 0),
        )
        + ("" if defaults else " " + say("The weights are other than the paper's."))
    ]
    if defaults:
        odd = table[table["verdict"] == "unexplained"]
        form = mark("{sector}, year {year}, {province} {gap:+.3f}")
        named = [
            say(form, sector=_name(r.sector), year=r.year, province=_name(r.province), gap=r.difference)
            for r in odd.itertuples()
        ]
        out.append(say("Those are {cells} (printed less recomputed, yuan/t).", cells=clauses(named)))
    return out


NAMES = {
    "thermal_power": mark("Thermal power"), "steel": mark("Steel"), "chemicals": mark("Chemicals"),
    "Shanghai": mark("Shanghai"), "Beijing": mark("Beijing"), "Guangdong": mark("Guangdong"), "Hubei": mark("Hubei"),
    "parametric": mark("parametric"), "crs": mark("constant returns"), "vrs": mark("variable returns"),
}  # fmt: skip
"""Sectors, provinces and methods as tables name them, and what is said of them."""


def _name(name: object) -> str:
    return translate(NAMES[str(name)]) if str(name) in NAMES else str(name)


def _cloud_words(clouds: pd.DataFrame) -> list[str]:
    plain = clouds[clouds["generator"] == "first moment"]
    same = (plain["expectation"].round(4) - plain["printed_expectation"]).abs() < 1e-9
    near = (
        clouds[["entropy", "hyper_entropy"]] - clouds[["printed_entropy", "printed_hyper_entropy"]].to_numpy()
    ).abs()
    hit = int((near.max(axis=1, skipna=False) < 0.05).sum())
    return [
        say(
            "Tables 4 and 5: {same} of {expectations} expectations are the plain means of Table 3, exactly; of "
            "the {pairs} "
            "pairs of entropy and hyper-entropy that the backward generators give, {hit} are the printed ones.",
            same=int(same.sum()),
            expectations=len(plain),
            pairs=len(clouds),
            hit=hit,
        )
    ]


def _survey_words(priced: pd.DataFrame, settings: Settings) -> list[str]:
    error = priced["relative_error"].abs()
    return [
        say(
            "Made-up survey ({rows:,} rows, {noise:.0%} noise, {method}): the estimated shadow price is off "
            "its true one by "
            "{middle:.2g} in the median, {high:.2g} at the 95th percentile (relative).",
            rows=len(priced),
            noise=settings.survey_noise,
            method=_name(settings.method),
            middle=error.median(),
            high=error.quantile(0.95),
        )
    ]


def _choice_words(choice: pd.DataFrame) -> list[str]:
    buyers = int(choice["buys"].sum())
    return [
        say(
            "{buyers:,} of {units:,} units buy sinks, {sinks:,.0f} t, and abate {abated:,.0f} t.",
            buyers=buyers,
            units=len(choice),
            sinks=choice["sinks_t"].sum(),
            abated=choice["abated_t"].sum(),
        )
    ]
