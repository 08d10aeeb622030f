"""Small inputs and what studies make of them, worked out by hand."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from tanshi.simulator.drift.history import PriceHistory
from tanshi.simulator.drift.weights import untrained
from tanshi.simulator.studies.batches.compact import kind_of
from tanshi.simulator.studies.batches.workers import Cluster
from tanshi.simulator.studies.calibration import calibrate as calibrating
from tanshi.simulator.studies.learning import judgement
from tanshi.simulator.studies.learning.generate import _volatility
from tanshi.simulator.studies.reproduction import huo_numbers, verdicts, yang_policies
from tanshi.simulator.studies.reproduction.claims import IDENTITY
from tanshi.simulator.studies.reproduction.huo_orders import _gap
from tanshi.simulator.studies.reproduction.verdicts import NOT, NOT_JOINTLY, REPRODUCED, Finding
from tanshi.simulator.studies.sweeps.indices import _ranks
from tanshi.simulator.studies.sweeps.stress import nearest_setting
from tanshi.simulator.studies.tables import spoiling
from tanshi.simulator.studies.validation import accounts as validating
from tests.sectors import SECTORS, STATE_SIZE


class Seen(Exception):
    """What was to be seen has been."""


def stub(**parts: Any) -> Any:
    return cast(Any, SimpleNamespace(**parts))


def test_distances_are_relative_and_whole_where_there_is_nothing_to_relate_to() -> None:
    assert _gap(np.array([3.0, 2.0, 0.0]), np.array([2.0, 0.0, 0.0])).tolist() == [0.5, 1.0, 0.0]


def test_a_season_that_is_known_is_forecast_without_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # The log price reverts at 3 a year to a yearly cosine of 0.4: x = 0.4 (3 cos + 2 pi sin) / (9 + 4 pi^2) about 4.
    monkeypatch.setattr(judgement, "fit_price", lambda past, draws: stub(rate=3.0, season=(0.4, 0.0)))
    t = 2013.0 + np.arange(60) / 12
    angle = 2 * np.pi * t
    x = 4.0 + 0.4 * (3.0 * np.cos(angle) + 2 * np.pi * np.sin(angle)) / (9.0 + 4 * np.pi**2)
    history = PriceHistory(t, np.floor(t + 1e-9).astype(np.int64), np.expm1(x), 1 / 12, "made up", cast(Any, None))
    found = judgement.real_price_skill(history, months=(1, 3)).set_index(["method", "months"])["rmse"]
    assert found[("OU + season", 1)] < 1e-4
    assert found[("OU + season", 3)] < 1e-3
    assert found[("OU", 3)] > 0.01


def test_new_year_adds_what_the_reference_moved_by_in_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    # 24 months, the reference rising by 1 a month: a year ago it was lower by 12, at first it was what it is.
    n = 24
    star = np.arange(n, dtype=float)[:, None] * np.ones(STATE_SIZE)
    data = stub(
        runs=1, run=np.zeros(n, np.intp), t=2023.0 + np.arange(n) / 12, star=star, r=np.zeros((n, STATE_SIZE)),
        regime=np.full(n, 2), covered=np.ones((n, 8), bool), market=np.zeros((n, 8)),
    )  # fmt: skip

    def steps(times: Any, stars: np.ndarray, year_before: np.ndarray) -> Any:
        raise Seen((stars - year_before)[:, 0].tolist())

    monkeypatch.setattr(judgement, "new_year_steps", steps)
    rivals = stub(ou=untrained(SECTORS), seasonal=lambda r0, times: 0.0)
    with pytest.raises(Seen) as caught:
        judgement._forecast_errors(data, [], rivals, 0.0, 3000.0, 1)
    assert caught.value.args[0] == [float(min(k, 12)) for k in range(n)]


def claim(**more: Any) -> Any:
    given = {"variable": "gdp", "scenario": "S5", "by": "", "instrument": "tax"}
    parts: dict[str, Any] = {"value": 50.0, "depends": "", "use": "", "note": "", "number": lambda name: 0.02}
    years = {"from": 2022, "to": 2030}
    return stub(get=lambda name, default="": given.get(name, default), year=lambda name: years[name], **parts | more)


def test_a_change_from_200_to_300_is_a_half() -> None:
    words = next(iter(huo_numbers.WORDS))
    evidence = stub(hybrid=stub(at=lambda scenario, variable, year: np.array([{2022: 200.0, 2030: 300.0}[year]])))
    one = claim()
    one.get = lambda name, default="": {"variable": words, "scenario": "S5"}.get(name, default)
    found = huo_numbers.change(one, evidence)
    assert found.ours == pytest.approx(50.0)
    assert found.verdict == REPRODUCED


def test_weights_without_a_fit_of_prices_have_no_volatility() -> None:
    assert _volatility({}) == 0.0
    assert _volatility({"price_fit": {"volatility": 0.3}}) == 0.3


def test_a_calibration_of_two_scenarios_by_three_seeds_announces_its_most_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Six runs a point; every correction, and two points for each of two parameters.
    def runs(task: Any, workers: Any, progress: Any, most: int) -> Any:
        raise Seen(most)

    monkeypatch.setattr(calibrating, "Scaling", stub(of=lambda task: stub(start=np.zeros(2))))
    monkeypatch.setattr(calibrating, "PathModel", lambda task: stub())
    monkeypatch.setattr(calibrating, "RunModel", runs)
    monkeypatch.setattr(calibrating, "MOST_CORRECTIONS", 5)
    free = {"a": stub(only_if_needed=False), "b": stub(only_if_needed=False)}
    task = stub(
        scenarios=("S1", "S5"), factors=("a", "b"), spec=stub(seeds=(1, 2, 3), parameters=free, targets=("t",))
    )  # fmt: skip
    with pytest.raises(Seen) as caught:
        calibrating.calibrate(task)
    assert caught.value.args == (54,)


def test_only_what_fails_with_the_identity_is_not_jointly_reproducible(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = stub(excluded=True, sentence="CO2 and energy exclude each other.")
    for raw, expected in ((NOT, NOT_JOINTLY), (REPRODUCED, REPRODUCED)):
        monkeypatch.setattr(verdicts, "judge_raw", lambda claim, evidence, raw=raw: Finding(raw, "Because."))
        found = verdicts.judge(claim(depends=IDENTITY), stub(identity=identity))
        assert found.verdict == expected
    assert verdicts.judge(claim(), stub(identity=None)).verdict == REPRODUCED


def test_just_more_than_half_of_a_fall_in_its_first_fifth_is_steep_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yang_policies, "RANGES", {"tax": (0.0, 10.0)})
    for early, verdict in ((49.5, REPRODUCED), (50.5, NOT)):
        line = pd.DataFrame({"name": "A", "demand_price": [100.0, early, 0.0], "level": [0.0, 2.0, 10.0]})
        monkeypatch.setattr(yang_policies, "_lines", lambda e, instrument, by, line=line: line)
        assert yang_policies.flattens(claim(), stub()).verdict == verdict


def test_a_table_is_written_with_five_digits_of_its_smallest_output(monkeypatch: pytest.MonkeyPatch) -> None:
    # 0.001 yi yuan in yi yuan: eight decimals.
    def notation(rng: Any, digits: int) -> Any:
        raise Seen(digits)

    monkeypatch.setattr(spoiling, "UNITS", (("yi yuan", 1e8),))
    monkeypatch.setattr(spoiling, "grid", lambda table: [["", ""], ["a", 0.001]])
    monkeypatch.setattr(spoiling, "_notation", notation)
    found = set()
    for seed in range(20):
        with pytest.raises(Seen) as caught:
            spoiling.written_table(stub(output=pd.Series([0.001, 5.0])), np.random.default_rng(seed))
        found.add(caught.value.args[0])
    assert found == {8, 9}


def test_a_cluster_of_four_workers_is_kept_busy_with_eight_tasks() -> None:
    for workers, tasks in ((4, 8), (1, 2), (0, 2)):
        assert cast(Any, Cluster.window).fget(stub(workers=workers, asked=float("inf"))) == tasks


def test_capital_is_what_investment_keeps_up_and_lets_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    # 30 a year are invested where a tenth of capital wears out or is added: capital is 300, of a product of 100 three
    # times as much. GDP grows from 100 to 100 x 1.04^8, energy not at all.
    rows = ["LAB", "CAP", "RES", "PTAX", "PERMIT", "TARIFF", "SAV", "C_STEEL"]
    sam = pd.DataFrame(0.0, index=rows, columns=["A_STEEL", "SAV", "HH", "ENT", "GOV"])
    sam.loc[["LAB", "CAP"], "A_STEEL"] = [60.0, 40.0]
    sam.loc["C_STEEL", "SAV"] = 30.0
    sam.loc["SAV", ["HH", "ENT", "GOV"]] = [20.0, 8.0, 2.0]
    seen = pd.DataFrame({"quantity": ["GDP real growth"], "difference": [0.01], "met": [True]})
    years = {2022: {"gdp": 100.0, "energy": 10.0}, 2030: {"gdp": 100.0 * 1.04**8, "energy": 10.0}}
    monkeypatch.setattr(validating, "path", lambda: years)
    monkeypatch.setattr(validating, "confronted", lambda: seen)
    monkeypatch.setattr(validating, "_accounts", lambda: stub(sam=sam))
    rates = stub(dynamics=stub(depreciation=0.06, capital_growth=0.04))
    monkeypatch.setattr(validating, "load_scenarios", lambda names: [rates])
    told = [[str(value) for value in vars(point).values()] for point in validating._growth()]
    found = {row[1]: row for row in told}
    assert "3.00" in found["capital over output"]
    assert "4.0%" in found["growth of GDP 2022 to 2030, a year"]
    assert "0.300" in found["saving over GDP"]


def test_an_interval_of_a_rank_correlation_holds_what_it_is_of() -> None:
    # Eight points: Spearman's r of the same order but for one exchange is 1 - 6 * 2 / (8 * 63), its interval around it.
    unit = np.arange(8.0)[:, None] / 8
    (found,) = _ranks(["x"], unit, np.array([1.0, 0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]))
    assert found.value == pytest.approx(1 - 12 / 504)
    width = 1.959964 / np.sqrt(5)
    assert (found.low, found.high) == pytest.approx(
        (np.tanh(np.arctanh(found.value) - width), np.tanh(np.arctanh(found.value) + width))
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_few_points_in_perfect_order_are_no_certainty(sign: float) -> None:
    """Four points are in order in one of twelve cases where nothing ties them; thirty never are."""
    (four,), (thirty,) = (_ranks(["x"], np.arange(n)[:, None] / n, sign * np.arange(n)) for n in (4, 30))
    assert four.value == thirty.value == pytest.approx(sign)
    assert four.low < 0.0 < four.high
    assert 0.99 < sign * (thirty.low if sign > 0 else thirty.high) < 1.0


def test_kilns_that_burn_too_much_coal_are_no_match(monkeypatch: pytest.MonkeyPatch) -> None:
    process = pd.Series({"NMM": 13.5, "CHEM": 20.0, "NFM": 3.0, "STEEL": 2.0})
    figures = stub(value=lambda table, key: {"co2_low": 530.0, "co2_high": 600.0}[key])
    monkeypatch.setattr(validating, "economy", lambda name: stub(figures=figures))
    for kiln, right in ((4.5, True), (3.0, False), (7.0, False)):
        fuel = pd.DataFrame({"activity": ["NMM"], "commodity": ["COAL"], "mtce": [kiln], "co2_mt": [550.0]})
        monkeypatch.setattr(validating, "_accounts", lambda fuel=fuel: stub(fuel=fuel, process_co2=process))
        assert right in vars(validating._carbon()[0]).values()
        assert (not right) not in vars(validating._carbon()[0]).values()


def test_what_holds_at_every_point_is_enough_where_every_point_is_asked_for() -> None:
    # The price is the floor's place, whatever the weather: the target of one half holds everywhere from there on.
    lever, weather = stub(name="floor"), stub(name="weather")
    target: Any = lambda values: values["price"] >= 0.5  # noqa: E731
    found, share = nearest_setting(
        [lever, weather], [lever], {"price": lambda flat: flat[:, 0]}, [target],
        np.array([0.2]), 1.0, points=16,
    )  # fmt: skip
    assert found is not None
    assert found.tolist() == pytest.approx([0.5], abs=1e-3)
    assert share == 1.0


def test_a_parameter_can_be_moved_to_the_ends_of_its_range_and_no_further() -> None:
    # A range of 0 to 10 with a half of 5, at 4; the target moves by a tenth of its tolerance over the whole of it.
    scaling = stub(low=np.array([0.0]), high=np.array([10.0]), half=np.array([5.0]), scaled=lambda slopes, free: slopes)
    found = stub(scaling=scaling, free=(0,), theta=np.array([4.0]), slopes=np.array([[0.05]]), distances=np.zeros(1))
    assert vars(calibrating.Calibrated)["intervals"].fget(found).tolist() == [pytest.approx([0.0, 10.0])]


def test_a_target_at_the_edge_of_its_tolerance_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    # A first round whose worst target lies exactly one tolerance off needs no second, with more parameters.
    rounds: list[list[int]] = []

    class Fitted(Exception):
        pass

    def fit(path: Any, scaling: Any, free: list[int], *rest: Any) -> np.ndarray:
        rounds.append(free)
        return np.zeros(2)

    def rounded(*given: Any) -> Any:
        raise Fitted

    scaling = stub(start=np.zeros(2), distance=lambda values: values)
    monkeypatch.setattr(calibrating, "Scaling", stub(of=lambda task: scaling))
    monkeypatch.setattr(calibrating, "PathModel", lambda task: stub(values=lambda theta: np.array([1.0, -0.5])))
    monkeypatch.setattr(calibrating, "RunModel", lambda *given: nullcontext(stub()))
    monkeypatch.setattr(calibrating, "fit_path", fit)
    monkeypatch.setattr(calibrating, "check_on_path", lambda *given: None)
    monkeypatch.setattr(calibrating, "_round", rounded)
    free = {"a": stub(only_if_needed=False), "b": stub(only_if_needed=True)}
    task = stub(spec=stub(parameters=free, targets={"t": 0, "u": 0}, seeds=[1]), factors=[0, 1], scenarios=[0])
    with pytest.raises(Fitted):
        calibrating.calibrate(cast(Any, task), whole=False)
    assert rounds == [[0]]


def test_a_run_of_several_provinces_is_called_by_all_of_them() -> None:
    several = kind_of({"economy": "shanxi_2022", "economies": ["shanxi_2022", "shandong_2017"], "title": "Both"})
    assert (several["title"], several["economy"]) == ("Both", "shanxi_2022, shandong_2017")
    assert kind_of({"economy": "shanxi_2022", "economies": []})["economy"] == "shanxi_2022"
