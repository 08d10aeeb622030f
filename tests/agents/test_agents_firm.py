"""The Mesa face of a firm."""

from __future__ import annotations

import gc
import weakref

import mesa
import numpy as np
import pytest
from mesa.datacollection import DataCollector

from tanshi.agents.firm import Firm, enrol, release
from tanshi.agents.population import build


class Market(mesa.Model):  # type: ignore[misc]
    """A model with firms and nothing else."""

    def __init__(self, firms: int = 3) -> None:
        super().__init__(rng=1)
        self.population = build({"ELEC": firms, "STEEL": 2}, 1)
        enrol(self, self.population)


def test_firm_is_a_view_of_its_row() -> None:
    model = Market()
    firm = list(model.agents)[1]
    firm.expected_price = 71.5
    assert model.population.expected_price.tolist() == [0, 71.5, 0, 0, 0]
    model.population.share[1] = 0.25
    assert firm.share == 0.25
    assert (firm.sector, firm.strategy) == ("ELEC", "truthful")
    with pytest.raises(ValueError, match="'lucky' is not among"):
        firm.strategy = "lucky"


def test_agent_sets_select_sum_and_set_through_the_rows() -> None:
    model = Market()
    steel = model.agents.select(lambda firm: firm.sector == "STEEL")
    assert len(steel) == 2
    assert sum(steel.get("share")) == pytest.approx(1.0)
    model.agents.set("emissions", 10.0)
    assert (model.population.emissions == 10.0).all()
    model.agents.do(lambda firm: setattr(firm, "emissions", firm.emissions + firm.row))
    assert model.population.emissions.tolist() == [10, 11, 12, 13, 14]


def test_recorded_history_does_not_change_when_the_arrays_do() -> None:
    model = Market()
    collector = DataCollector(agent_reporters={"holdings": "holdings", "price": "expected_price"})
    for period in range(3):
        model.population.holdings[:] = period
        model.population.expected_price[:] = 50.0 + period
        collector.collect(model)
        model.step()  # newer Mesa counts time, older ones steps
    recorded = collector.get_agent_vars_dataframe()
    assert recorded["holdings"].groupby("Step").mean().tolist() == [0, 1, 2]
    assert recorded["price"].groupby("Step").mean().tolist() == [50, 51, 52]


def test_thousand_finished_models_leave_nothing_behind() -> None:
    def living() -> int:
        gc.collect()
        return sum(type(thing) is Firm for thing in gc.get_objects())  # isinstance would ask proxies what they are

    before, table = living(), len(getattr(mesa.Agent, "_ids", ()))
    last = None
    for _ in range(1000):
        model = Market(firms=2)
        last = weakref.ref(model)
        release(model)
        release(model)
    del model
    assert living() == before
    assert last is not None
    assert last() is None
    assert len(getattr(mesa.Agent, "_ids", ())) == table


def test_release_is_harmless_where_mesa_keeps_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Market()
    monkeypatch.delattr(mesa.Agent, "_ids", raising=False)
    release(model)
    assert len(model.agents) == 5
    assert np.isfinite(model.population.share).all()
