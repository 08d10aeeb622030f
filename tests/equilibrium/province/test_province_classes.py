"""Classes of coal units: the accounts they make up, what each earns, how load moves between them and what stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tanshi.equilibrium.engine import Solution
from tanshi.equilibrium.province.accounts import Accounts
from tanshi.equilibrium.province.balance import build_accounts
from tanshi.equilibrium.province.classes import CLASSES, HEAT, UnitClassError, class_table, split_coal
from tanshi.equilibrium.province.closure import Closure
from tanshi.equilibrium.province.province import Province
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.figures import with_changes

FIGURES = load_economy("shanxi_2022")
COAL = (*CLASSES, HEAT)


@cache
def whole() -> Accounts:
    """The accounts with one coal plant."""
    return build_accounts({name: table for name, table in FIGURES.tables().items() if name != "coal_classes"})


def rows() -> pd.DataFrame:
    assert FIGURES.coal_classes is not None
    return FIGURES.coal_classes.copy()


def changed(values: Mapping[str, float]) -> Accounts:
    return build_accounts(with_changes(FIGURES, {f"economy.coal_classes.{k}": v for k, v in values.items()}).tables())


@cache
def rigid(capital: str) -> Province:
    """A province whose plant burns what it burns: only dispatch can answer."""
    accounts = build_accounts(FIGURES.tables())
    e = accounts.elasticities.copy()
    e.loc[[*COAL, "GENG", "GENN"], ["energy_other", "fuels", "electricity_fuels"]] = 0.0
    return Province(replace(accounts, elasticities=e), Closure(capital=capital))  # type: ignore[arg-type]


def standard(model: Province, price: float, rates: np.ndarray) -> Solution:
    p = model.parameters()
    model.cover(p, ("ELEC",))
    model.give_quotas(p, np.where(model.earner_sector == 0, rates, 0.0), absolute=False)
    model.hold_price(p, price)
    return model.solve(p, tolerance=1e-12)


def own_intensities(model: Province) -> np.ndarray:
    """Emissions per output of every class where nothing is priced."""
    s = standard(model, 0.0, np.zeros(len(model.earners)))
    emissions, made = model.earned_on(s.state.flow, s.x)
    return np.asarray(emissions / made)


def pooled(model: Province) -> np.ndarray:
    """One rate for a kWh of all thermal power but heat."""
    own = own_intensities(model)
    twh = np.array([float(model.accounts.power["twh"].get(a, 0.0)) for a in model.earners])
    one = np.array([a.startswith("GEN") and a != HEAT for a in model.earners])
    return np.where(one, own[one].sum() * twh / twh[one].sum(), own)


def output(model: Province, s: Solution) -> dict[str, float]:
    made = model.earned_on(s.state.flow, s.x)[1]
    return dict(zip(model.earners, made.tolist(), strict=True))


# -- the accounts ------------------------------------------------------------------------------------------


def test_classes_make_up_the_one_coal_plant() -> None:
    one, many = whole(), build_accounts(FIGURES.tables())
    mine = [f"A_{a}" for a in COAL]
    others = [a for a in one.sam.index if a != "A_GENC"]
    paid = one.sam["A_GENC"].drop("A_GENC")
    assert many.sam[mine].sum(axis=1)[paid.index].to_numpy() == pytest.approx(paid.to_numpy(), rel=1e-12, abs=1e-9)
    same = [a for a in others if a not in ("C_GEN", "A_ELEC")]
    assert np.allclose(many.sam.loc[same, same], one.sam.loc[same, same], rtol=1e-12)
    for column in ("mtce", "co2_mt", "value"):
        amounts = [a.fuel.loc[a.fuel["activity"].isin(["GENC", *COAL]), column].sum() for a in (one, many)]
        assert amounts[1] == pytest.approx(amounts[0], rel=1e-12), column
    assert many.power["twh"].sum() == pytest.approx(one.power["twh"].sum(), rel=1e-12)
    assert many.power.loc[list(COAL), "capacity_gw"].sum() == pytest.approx(one.power["capacity_gw"]["GENC"])


def test_who_burns_more_for_a_kwh_earns_less_for_its_plant() -> None:
    a = build_accounts(FIGURES.tables())
    rent = {k: a.sam.loc["CAP", f"A_{k}"] / a.sam.loc[f"A_{k}"].sum() for k in CLASSES}
    assert rent["GENC1"] > rent["GENC2"] > 0
    coal = a.fuel[a.fuel["commodity"] == "COAL"].set_index("activity")["mtce"]
    rate = {k: coal[k] / a.power["twh"][k] for k in CLASSES}
    assert rate["GENC2"] / rate["GENC1"] == pytest.approx(1.087)
    assert rate["GENC3"] / rate["GENC1"] == pytest.approx(1.137)


ENDS = [
    {f"{row['class']}.{item}": row[end] for row in rows().to_dict("records") if row["item"] == item}
    for item in ("intensity", "fuel_price", "tied_to_heat", "hours_limit", "capacity_growth")
    for end in ("low", "high")
] + [
    {"GENC1.capacity_share": 1 - two - three, "GENC2.capacity_share": two, "GENC3.capacity_share": three}
    for two, three in ((0.12, 0.14), (0.24, 0.28))
]


@pytest.mark.parametrize("change", ENDS, ids=lambda c: " ".join(f"{k}={v:g}" for k, v in c.items()))
def test_every_end_of_a_recalled_range_makes_accounts_that_the_model_replicates(change: dict[str, float]) -> None:
    model = Province(changed(change), Closure(capital="vintage"))
    s = model.solve(model.parameters())
    assert s.iterations == 0
    assert s.residual < 1e-9


# -- dispatch ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_where_each_class_s_benchmark_is_its_own_intensity_dispatch_does_not_move(capital: str) -> None:
    model = rigid(capital)
    own = own_intensities(model)
    free, priced = (standard(model, price, own) for price in (0.0, 300.0))
    assert output(model, priced) == pytest.approx(output(model, free), rel=1e-8)


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_one_benchmark_moves_load_to_the_efficient(capital: str) -> None:
    model = rigid(capital)
    one = pooled(model)
    before, after = (output(model, standard(model, price, one)) for price in (0.0, 100.0))
    change = {k: after[k] / before[k] - 1 for k in CLASSES}
    assert change["GENC1"] - change["GENC2"] > 0.02  # all coal loses load to gas, whose by-product gas owes nothing
    assert change["GENC2"] < -0.01
    assert change["GENC3"] < change["GENC1"]


def test_no_class_runs_for_longer_than_it_can() -> None:
    """A subsidy without end brings a class that is not built anew to its limit and no further."""
    model = rigid("vintage")
    rates = np.where(np.array(model.earners) == "GENC2", 3.0, 1.0) * own_intensities(model)
    made = [output(model, standard(model, price, rates))["GENC2"] for price in (0.0, 100.0, 200.0, 400.0)]
    assert made == sorted(made)
    assert 1.2 < made[-1] < 1.25


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_heat_is_served_whatever_coal_power_does(capital: str) -> None:
    model = rigid(capital)
    nothing = np.zeros(len(model.earners))
    before, after = (standard(model, price, nothing) for price in (0.0, 250.0))
    delivered = after.level["ELEC"] / before.level["ELEC"] if capital == "mobile" else None
    coal = [output(model, s) for s in (before, after)]
    heat = coal[1][HEAT] / coal[0][HEAT]
    power = sum(coal[1][k] for k in CLASSES) / sum(coal[0][k] for k in CLASSES)
    assert heat > power + 0.02
    if delivered is not None:
        assert heat == pytest.approx(delivered, rel=1e-9)  # in proportion to what is delivered: nothing takes its place


# -- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "name", "value", "said"),
    [
        ("capacity_share", "GENC2", 0.3, r"add up to 1 .*GENC1 0.66 \+ GENC2 0.3 \+ GENC3 0.18 = 1.14"),
        ("hours_limit", "GENC3", 0.9, "hours_limit of GENC3 above 1 expected, found 0.9"),
        ("intensity", "GENC1", 0.0, "intensity of GENC1 between 0 and 5 expected, found 0"),
        ("tied_to_heat", "GENC2", 1.2, "tied_to_heat of GENC2 between 0 and 1"),
        ("intensity", "GENC2", 1.6, "GENC2 pays more for coal and permits than its power earns"),
    ],
)
def test_figures_that_make_no_coal_plant_are_named(item: str, name: str, value: float, said: str) -> None:
    table = rows()
    table.loc[(table["class"] == name) & (table["item"] == item), "value"] = value
    with pytest.raises(UnitClassError, match=said):
        split_coal(whole(), table)


def test_a_class_without_its_figures_is_named() -> None:
    table = rows()
    with pytest.raises(UnitClassError, match="GENC3"):
        class_table(table[table["class"] != "GENC3"])
