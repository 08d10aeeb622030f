"""Regimes at equal cuts: the rankings of the literature on tradable standards, and what welfare counts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.closure import Closure, ClosureError
from tanshi.equilibrium.province.institutions import TIME, WORK
from tanshi.equilibrium.province.national import Welfare, lent_outside, surplus_outside, welfare
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.cli.app import main
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.welfare.equal_cut import REGIMES, Found, at_cut, compare_at
from tanshi.simulator.studies.welfare.yield_of_years import RATES, PathWorth, path_worth, worth_table
from tanshi.simulator.studies.welfare.yield_of_years import main as worth_of
from tanshi.simulator.studies.yearly import Yearly

FILES = {path.stem: path for path in REGIMES}
CUTS = (0.05, 0.1, 0.2)


@cache
def found(regime: str, cut: float, labour: float = 0.0, outside: str = "flat") -> Found:
    change = {"closure.labour_supply": labour, "closure.outside": outside}
    return at_cut(load_scenario(FILES[regime], change), cut)


# -- Goulder, Long, Qu and Zhang (2023), labour fixed ------------------------------------------------------


@pytest.mark.parametrize("cut", CUTS)
def test_a_standard_costs_more_than_cap_and_trade(cut: float) -> None:
    assert found("standard", cut).cost > found("cap", cut).cost + 10


@pytest.mark.parametrize("cut", CUTS)
def test_one_benchmark_costs_less_than_one_for_each_class(cut: float) -> None:
    saved = 1 - found("standard_pooled", cut).cost / found("standard", cut).cost
    assert saved > 0.2  # 34 % in their model of the nation


@pytest.mark.parametrize("cut", CUTS)
def test_auctioning_with_a_tax_cut_costs_less_than_lump_sums(cut: float) -> None:
    assert found("auction_output", cut).cost < min(found("cap", cut).cost, found("auction", cut).cost)


@pytest.mark.parametrize("cut", CUTS)
def test_a_tax_on_the_wages_of_fixed_labour_distorts_nothing(cut: float) -> None:
    one, other = found("auction_labour", cut), found("auction", cut)
    assert one.cost == pytest.approx(other.cost, abs=1e-5)
    assert one.price == pytest.approx(other.price, rel=1e-7)


# -- labour that answers the wage --------------------------------------------------------------------------


@pytest.mark.parametrize("cut", CUTS)
def test_where_labour_answers_a_lower_tax_on_wages_is_worth_more_than_lump_sums(cut: float) -> None:
    gain = [found("auction", cut, e).cost - found("auction_labour", cut, e).cost for e in (0.06, 0.2)]
    assert gain[1] > gain[0] > 0.5


def test_the_elasticity_of_labour_supply_is_the_one_asked_for() -> None:
    """A little more wage after tax, all else as it was: households' own answer, from their demand alone."""
    for supply in (0.06, 0.2, 0.5):
        model = Province(economy("shanxi_2022").accounts, Closure(labour_supply=supply))
        c = model.compiled
        s = model.solve(model.parameters())
        endowment, prices = s.parameters.endowment, c.price_index
        owned = {good: endowment[i] for (owner, good, aux), i in c.endow_at.items() if owner == "HH" and not aux}
        step, labour = 1e-4, []
        for wage in (1 - step, 1 + step):
            x = s.x.copy()
            x[prices[TIME]] *= wage
            x[c.income_index["HH"]] += owned[TIME] * (x[prices[TIME]] - s.x[prices[TIME]])
            flow = s.evaluator.state(x).flow
            labour.append(owned[TIME] - float(flow[c.leaf_at[("HH", "demand", "leisure")]]))
        assert (np.log(labour[1]) - np.log(labour[0])) / (2 * step) == pytest.approx(supply, rel=1e-3)
        assert labour[0] == pytest.approx(s.flow(WORK, TIME), rel=1e-2)


# -- what is counted ---------------------------------------------------------------------------------------


def test_rents_that_enterprises_keep_are_saved_and_not_lost() -> None:
    """Who owns the permits moves money between consumption and saving; a year's yield hardly changes."""
    kept, sold = found("cap", 0.1), found("auction", 0.1)
    assert sold.ev - kept.ev > 20 * abs(sold.cost - kept.cost)
    assert sold.groups["rural"] > sold.groups["urban"] > kept.groups["urban"]  # money paid by head
    assert kept.after.saving > kept.before.saving > sold.after.saving
    assert kept.after.government == pytest.approx(kept.before.government, rel=1e-8)


@pytest.mark.parametrize("labour", [0.0, 0.2])
def test_in_the_benchmark_a_year_yields_what_the_accounts_spend(labour: float) -> None:
    accounts = economy("shanxi_2022").accounts
    model = Province(accounts, Closure(labour_supply=labour))
    year = welfare(model.solve(model.parameters()))
    goods = [f"C_{g}" for g in accounts.commodities]
    leisure = model.compiled.leaf_at.get(("HH", "demand", "leisure"))
    free = 0.0 if leisure is None else float(model.compiled.default.quantity[leisure])
    assert year.consumption == pytest.approx(accounts.sam.loc[goods, "HH"].sum() + free)
    assert year.saving == pytest.approx(accounts.sam.loc[goods, "SAV"].sum())
    assert year.government == pytest.approx(accounts.sam.loc[goods, "GOV"].sum())


def test_at_given_terms_of_trade_every_regime_costs_something_and_more_cut_costs_more() -> None:
    for regime in FILES:
        costs = [found(regime, cut).cost for cut in CUTS]
        assert 0 < costs[0] < costs[1] < costs[2], regime


def test_where_outside_demand_slopes_buyers_elsewhere_pay_a_part_of_production_taxes() -> None:
    """Lower ones then are worth less than they seem: they make exports cheaper."""
    gains = {
        outside: found("auction", 0.1, 0.0, outside).cost - found("auction_output", 0.1, 0.0, outside).cost
        for outside in ("flat", "sloped")
    }
    assert gains["flat"] > 1 > gains["sloped"]


CLOSURES = {
    "sloped": Closure(),
    "sloped, installed": Closure(capital="vintage"),
    "lending adjusts": Closure(external_saving="flexible", outside="flat"),
}


@pytest.mark.parametrize("closure", CLOSURES.values(), ids=CLOSURES)
def test_a_tonne_less_costs_its_price_once_lending_and_buyers_elsewhere_are_counted(closure: Closure) -> None:
    """The envelope theorem: with other taxes in place a little more than the price, whoever bears it."""
    model = Province(economy("shanxi_2022").accounts, closure)

    def priced(price: float) -> Solution:
        p = model.parameters()
        model.cover(p, ("ELEC",))
        model.hold_price(p, price)
        return model.solve(p)

    for price in (50.0, 100.0, 200.0):
        low, high = priced(price - 0.5), priced(price + 0.5)
        cut = model.emissions(low)["ELEC"] - model.emissions(high)["ELEC"]
        at_home = welfare(low).total - welfare(high).total
        whole = at_home + sum(of(low) - of(high) for of in (lent_outside, surplus_outside))
        assert price < 100.0 * whole / cut < price + 35.0
    assert abs(100.0 * at_home / cut / price - 1.0) > 0.2  # what is consumed at home says something else


def test_the_table_tells_what_buyers_elsewhere_bear_where_their_demand_slopes() -> None:
    table = compare_at([load_scenario(FILES["cap"], {"closure.outside": way}) for way in ("flat", "sloped")], [0.2])
    assert table["outside"].iloc[0] == 0.0
    assert table["outside"].iloc[1] < -1.0
    assert table["lent"].abs().max() < 1e-6


def test_whoever_has_the_rents_a_cut_costs_the_same_once_lending_is_counted() -> None:
    """Enterprises lend what they are given, and households that are paid it consume on credit."""
    adjusts = {"closure.external_saving": "flexible", "closure.outside": "flat"}
    kept, paid = (at_cut(load_scenario(FILES[name], adjusts), 0.1) for name in ("cap", "auction"))
    assert kept.lent > 30.0
    assert paid.lent < -30.0
    assert paid.cost == pytest.approx(kept.cost, rel=0.1)


# -- bad input ---------------------------------------------------------------------------------------------


def test_a_cut_that_no_standard_makes_is_named() -> None:
    with pytest.raises(UserError, match="No standard makes the cut") as caught:
        at_cut(load_scenario(FILES["standard"]), 0.97)
    assert "97%" in str(caught.value)
    with pytest.raises(UserError, match="share between 0 and 1"):
        at_cut(load_scenario(FILES["cap"]), 10.0)


def test_a_cut_that_leaves_no_economy_is_named() -> None:
    with pytest.raises(UserError, match="No equilibrium makes the cut") as caught:
        at_cut(load_scenario(FILES["cap"]), 0.9999)
    assert "cap: expected a cut that leaves" in str(caught.value)


def test_a_scenario_without_a_cap_is_named() -> None:
    with pytest.raises(UserError, match="no cap to tighten") as caught:
        at_cut(load_scenario("tax-100"), 0.05)
    assert "a sector that trades in 2023" in str(caught.value)


def test_a_sector_that_is_bound_alone_answers_to_its_own_quota_and_not_to_the_market() -> None:
    """Power trades a tenth less; what four sectors may emit without trade costs extra, and power's price stays near."""
    bound = at_cut(load_scenario("S2", {"allocation.binding": True}), 0.1)
    free = at_cut(load_scenario("S2"), 0.1)
    assert bound.cost > free.cost + 1.0
    assert bound.price == pytest.approx(free.price, rel=0.5)


def test_options_of_closure_that_do_not_exist_are_named() -> None:
    with pytest.raises(ClosureError, match="recycling is"):
        Closure(recycling="bonfire")  # type: ignore[arg-type]
    with pytest.raises(ClosureError, match="labour_supply lies"):
        Closure(labour_supply=-1.0)


def test_the_command_prints_and_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [str(FILES[name]) for name in ("cap", "standard")]
    assert main(["regimes", *files, "--cut", "0.1", "--out", "regimes.csv"]) == 0
    assert "Cap and trade, lump sums" in capsys.readouterr().out
    assert len((tmp_path / "regimes.csv").read_text().splitlines()) == 3
    assert main(["regimes", *files, "--cut", "1.5"]) == 2


# -- over years --------------------------------------------------------------------------------------------


def test_what_is_saved_counts_once_and_patience_values_it_more() -> None:
    """Investment that is thrown away in the last year takes from the worth of a path what it would have left."""
    scenario = load_scenario("S5", {"years.end": 2024})
    path = path_worth(scenario)
    worth = [path.worth(rate) for rate in (0.03, 0.05, 0.08)]
    assert worth == sorted(worth, reverse=True)
    consumed = sum(y.consumption + y.government for y in path.years)
    total = sum(y.total for y in path.years)
    endless = replace(path, capital=0.0).worth(1e-9)
    assert endless == pytest.approx(consumed, rel=1e-6)
    assert endless < total  # never the sum of consumption, government and investment
    left = path.worth(0.05) - replace(path, capital=0.0).worth(0.05)
    stock = path.capital / 1.05**3
    assert left == pytest.approx(sum(stock * ((1 - path.depreciation) / 1.05) ** t for t in range(2000)), rel=1e-9)


def test_a_yuan_next_year_is_worth_less_by_the_rate_and_a_stock_that_wears_out_is_an_annuity() -> None:
    """At 5 %: 110, of which nothing is lent, and 115 less 10 of debt; then 8 a year that fall by 5 % each year."""
    path = PathWorth((Welfare(100.0, 10.0, 40.0), Welfare(105.0, 10.0, 40.0)), 8.0, 0.05, (0.0, -10.0), (0.0, 0.0))
    # 110 + 105 / 1.05; the stock is worth 8 (1 + .95 / 1.05 + ...) = 84 when the third year begins
    assert path.worth(0.05) == pytest.approx(110.0 + 100.0 + 84.0 / 1.05**2)


def test_what_is_consumed_on_credit_is_no_gain() -> None:
    years = Welfare(100.0, 10.0, 40.0), Welfare(102.0, 10.0, 38.0)
    assert Found(0.1, 50.0, *years, ev=0.0, gdp=0.0, lent=-3.0).cost == 3.0


def test_what_a_path_leaves_is_what_the_next_year_begins_with() -> None:
    short, longer = (load_scenario("S5", {"years.end": year}) for year in (2023, 2024))
    yearly = Yearly.of(longer)
    begun, owned = yearly.path()[-1].solution.parameters.endowment, yearly.model.compiled.endow_at
    capital = sum(begun[i] for (_, name, times), i in owned.items() if name.startswith("CAP") and not times)
    assert path_worth(short).capital == pytest.approx(capital, rel=1e-9)


def test_a_tighter_cap_on_power_is_borne_by_its_buyers_elsewhere_too() -> None:
    loose, tight = (load_scenario("S1", {"years.end": 2023, "cap.tightness": part}) for part in (0.02, 0.2))
    table = worth_table([loose, tight])
    assert (table["outside"][: len(RATES)] == 0.0).all()
    assert (table["outside"][len(RATES) :] < -1.0).all()


def test_a_path_under_a_tighter_cap_is_worth_less_at_every_rate(tmp_path: Path) -> None:
    short = {"years.end": 2024, "policy_start": 2023}
    scenarios = [load_scenario("S1", short), load_scenario("S5", short)]
    change = worth_table(scenarios).set_index(["scenario", "rate"])["change"]
    assert change["S1"].abs().max() == 0.0
    assert (change["S5"] < 0.0).all()
    out = tmp_path / "worth.csv"
    assert worth_of(["S1", "--out", str(out)]) == 0
    assert out.read_text().splitlines()[0] == "scenario,rate,worth,change,outside"
