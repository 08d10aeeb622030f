"""The second paper's rules on its own tables, and on tables made to say the contrary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tanshi.agents.sinks import published
from tanshi.simulator.studies.reproduction import yang_costs, yang_policies
from tanshi.simulator.studies.reproduction.claims import Claim, all_claims
from tanshi.simulator.studies.reproduction.evidence import Evidence
from tanshi.simulator.studies.reproduction.verdicts import (
    CONSTRUCTED,
    IN_SHAPE,
    NOT,
    REPRODUCED,
    UNTESTABLE,
    judge,
)
from tanshi.simulator.studies.sinks.settings import Settings
from tanshi.simulator.studies.sinks.study import SinksResult, run_sinks

Make = Callable[..., Evidence]
Say = Callable[..., Claim]


@pytest.fixture(scope="module")
def sinks() -> SinksResult:
    return run_sinks(None, replace(Settings(), replications=0), None)


def changed(sinks: SinksResult, name: str, **columns: object) -> SinksResult:
    return replace(sinks, tables=dict(sinks.tables) | {name: sinks.tables[name].assign(**columns)})


def test_table_3_agrees_in_22_cells_and_four_no_rounding_explains(evidence: Make, sinks: SinksResult) -> None:
    e = evidence({}, sinks=sinks)
    verdicts = [judge(claim, e).verdict for claim in all_claims() if claim.rule == "table3"]
    assert [verdicts.count(v) for v in (REPRODUCED, IN_SHAPE, NOT)] == [22, 10, 4]


def test_expectations_are_the_means_and_no_generator_gives_the_printed_entropies(
    evidence: Make, sinks: SinksResult
) -> None:
    e = evidence({}, sinks=sinks)
    found = {claim.id: judge(claim, e).verdict for claim in all_claims() if claim.rule == "cloud"}
    assert all((verdict == REPRODUCED) == name.endswith("expectation") for name, verdict in found.items())


def test_units_are_unpublished_and_the_boundary_is_named(evidence: Make) -> None:
    cells = [claim for claim in all_claims() if claim.rule == "unpublished_units"]
    assert {judge(claim, evidence({})).verdict for claim in cells} == {UNTESTABLE}
    named = [claim for claim in cells if "10,000/33" in judge(claim, evidence({})).reason]
    assert len(named) >= 15


def test_the_survey_counts_are_put_in(evidence: Make, sinks: SinksResult) -> None:
    e = evidence({}, sinks=sinks)
    assert {judge(claim, e).verdict for claim in all_claims() if claim.rule == "survey"} == {CONSTRUCTED}
    wrong = next(replace(c, published=c.value + 1) for c in all_claims() if c.id == "yang-02")
    assert judge(wrong, e).verdict == NOT


def test_means_and_orders_of_demand_prices(evidence: Make, claim: Say, sinks: SinksResult) -> None:
    e = evidence({}, sinks=sinks)
    assert judge(claim("mean_price", 631.0, "yuan/t", by="sector", name="thermal_power"), e).verdict == REPRODUCED
    assert judge(claim("mean_price", 575.0, "yuan/t", by="sector", name="steel"), e).verdict == NOT
    assert judge(claim("price_order", by="sector", higher="chemicals", than="steel"), e).verdict == REPRODUCED
    assert judge(claim("price_order", by="sector", higher="steel", than="chemicals"), e).verdict == NOT
    assert judge(claim("price_spread", by="province", least=2), e).verdict == REPRODUCED
    assert judge(claim("price_spread", by="province", least=20), e).verdict == NOT


def test_prices_go_with_costs_unless_the_table_is_turned_round(evidence: Make, claim: Say, sinks: SinksResult) -> None:
    say = claim("correlation")
    assert judge(say, evidence({}, sinks=sinks)).verdict == IN_SHAPE
    table = sinks.tables["table3_recomputed"]
    together = table["lowest"].rank() + table["highest"].rank()
    for values, verdict in ((together, REPRODUCED), (-together, NOT)):
        assert judge(say, evidence({}, sinks=changed(sinks, "table3_recomputed", recomputed=values))).verdict == verdict


def test_clouds_by_every_generator_by_some_or_by_none(evidence: Make, claim: Say, sinks: SinksResult) -> None:
    e = evidence({}, sinks=sinks)
    wide = {"by": "sector", "figure": "entropy", "end": "largest"}
    assert judge(claim("widest", name="chemicals", **wide), e).verdict == REPRODUCED
    assert judge(claim("widest", name="steel", **wide), e).verdict == NOT
    thin = {"by": "sector", "figure": "hyper_entropy", "end": "smallest"}
    assert judge(claim("widest", name="steel", **thin), e).verdict == IN_SHAPE  # one generator finds three figures
    assert (
        judge(
            claim("narrower", by="province", lower="Shanghai,Beijing", than="Guangdong,Hubei", figure="entropy"), e
        ).verdict
        == REPRODUCED
    )
    assert (
        judge(claim("narrower", by="province", lower="Guangdong", than="Shanghai", figure="entropy"), e).verdict == NOT
    )
    assert judge(claim("gathered", name="thermal_power", low=500, high=700), e).verdict == IN_SHAPE
    assert judge(claim("gathered", name="thermal_power", low=100, high=300), e).verdict == NOT


def test_slopes_have_their_sign_or_the_other(evidence: Make, claim: Say, sinks: SinksResult) -> None:
    e = evidence({}, sinks=sinks)
    for instrument, sign in (("omega_s", "up"), ("subsidy", "up"), ("omega_d", "down")):
        other = "down" if sign == "up" else "up"
        assert judge(claim("slope", instrument=instrument, sign=sign), e).verdict == REPRODUCED
        assert judge(claim("slope", instrument=instrument, sign=other), e).verdict == NOT
    most = {"by": "sector", "instruments": "omega_s,subsidy"}
    assert judge(claim("most_sensitive", name="chemicals", **most), e).verdict == REPRODUCED
    assert judge(claim("most_sensitive", name="steel", **most), e).verdict == NOT


def test_a_policy_moves_the_price_much_or_little(evidence: Make, claim: Say, sinks: SinksResult) -> None:
    e = evidence({}, sinks=sinks)
    assert judge(claim("hardly_moves", by="sector", instrument="omega_d", most=0.05), e).verdict == REPRODUCED
    assert judge(claim("hardly_moves", by="province", instrument="omega_s", most=0.05), e).verdict == NOT
    assert judge(claim("moves", most=0.05), e).verdict == REPRODUCED
    assert judge(claim("moves", most=0.5), e).verdict == NOT
    assert judge(claim("flattens", by="sector", instrument="omega_d"), e).verdict == REPRODUCED
    table = sinks.tables["policy_lines"]
    straight = changed(sinks, "policy_lines", demand_price=600.0 - table["level"])
    assert judge(claim("flattens", by="sector", instrument="omega_d"), evidence({}, sinks=straight)).verdict == NOT


def test_equation_3_gives_the_signs_except_where_a_sink_costs_more_than_abating(evidence: Make, claim: Say) -> None:
    e = evidence({})
    verdicts = {
        (instrument, sign): judge(claim("net_benefit", instrument=instrument, sign=sign), e).verdict
        for instrument in ("omega_s", "tax", "subsidy") for sign in ("up", "down")
    }  # fmt: skip
    assert verdicts == {
        ("omega_s", "up"): IN_SHAPE, ("omega_s", "down"): IN_SHAPE,
        ("tax", "up"): NOT, ("tax", "down"): REPRODUCED,
        ("subsidy", "up"): REPRODUCED, ("subsidy", "down"): NOT,
    }  # fmt: skip


def test_choice_bounds_weights_and_levels(evidence: Make, claim: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    e = evidence({}, sinks=object())
    assert judge(claim("choice"), e).verdict == REPRODUCED
    assert judge(claim("bounded"), e).verdict == IN_SHAPE
    assert judge(claim("tax_and_choice"), e).verdict == NOT
    assert judge(claim("weight", 5.0, "%", field="omega_s", scale=100), e).verdict == REPRODUCED
    assert judge(claim("weight", 6.0, "%", field="omega_s", scale=100), e).verdict == NOT
    assert judge(claim("far_above", price=27.76, least=3), e).verdict == REPRODUCED
    assert judge(claim("far_above", price=500, least=3), e).verdict == NOT
    monkeypatch.setattr(
        yang_policies, "choose", lambda *given: pd.DataFrame({"buys": [True, True], "sinks_t": [1.0, 2.0]})
    )
    assert judge(claim("choice"), e).verdict == NOT


def test_table_2_bears_sentences_out_or_it_does_not(
    evidence: Make, claim: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = evidence({})
    says = {
        "costs_differ": claim("costs_differ"), "costs_rise": claim("costs_rise"), "near_zero": claim("near_zero"),
        "lowest_cost": claim("lowest_cost", province="Shanghai"),
        "cost_order": claim("cost_order", by="sector", higher="steel,chemicals", than="thermal_power"),
    }  # fmt: skip
    before = {name: judge(say, e).verdict for name, say in says.items()}
    assert before == {"costs_differ": UNTESTABLE, "costs_rise": UNTESTABLE, "near_zero": NOT, "lowest_cost": UNTESTABLE,
                      "cost_order": NOT}  # fmt: skip
    table = published.abatement_costs()
    power = (table["sector"] == "thermal_power").to_numpy()
    turned = table.assign(
        lowest=np.where(table["province"] == "Shanghai", 9.0, 1.0) + np.where(power, 0.0, 20.0),
        highest=np.where(power, 60.0, 62.0) - table["year"],
    )
    monkeypatch.setattr(yang_costs.published, "abatement_costs", lambda: turned)
    after = {name: judge(say, e).verdict for name, say in says.items()}
    assert after == {"costs_differ": UNTESTABLE, "costs_rise": NOT, "near_zero": UNTESTABLE, "lowest_cost": NOT,
                     "cost_order": UNTESTABLE}  # fmt: skip
    monkeypatch.setattr(yang_costs.published, "abatement_costs", lambda: table.assign(lowest=100.0, highest=110.0))
    assert judge(says["costs_differ"], e).verdict == NOT


def test_most_chemical_units_stand_in_two_provinces(evidence: Make, claim: Say) -> None:
    here = {"sector": "chemicals", "provinces": "Shanghai,Beijing"}
    assert judge(claim("unit_share", least=0.5, **here), evidence({})).verdict == REPRODUCED
    assert judge(claim("unit_share", least=0.9, **here), evidence({})).verdict == NOT
