"""Rules from outside: installed or registered, imported only where a scenario names them, and part of the run's id."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

import tanshi.plugins as plugins
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Market, Scenario, Strategies
from tanshi.simulator.machine.marks import differing, marks
from tanshi.simulator.model import simulate
from tanshi.simulator.run.ground.economy import economy
from tanshi.simulator.studies.batches.batch import run_batch, run_key
from tests.package.installs import ROOT, Environment, copy_of_the_checkout, wheel_of

PLUGIN = ROOT / "docs" / "plugin"
SMALL = {"years.end": 2023, "firms.number": 40, "market.periods_per_year": 2, "banking.horizon": 0}


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with no rule from outside, and leaves none."""
    monkeypatch.setattr(plugins, "_registered", {})
    plugins._brought.cache_clear()
    yield
    plugins._brought.cache_clear()


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The worked plug-in's modules, as if they lay beside the user's script."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    from importlib import import_module

    yield SimpleNamespace(
        venue=import_module("tanshi_posted_price.venue").PostedPrice,
        strategy=import_module("tanshi_posted_price.strategy").shading,
        drift=import_module("tanshi_posted_price.drift").half_life,
    )
    for name in [name for name in sys.modules if name.startswith("tanshi_posted_price")]:
        del sys.modules[name]


def bring(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str, str, str]) -> None:
    """Entry points of distributions: group, name, value, distribution."""

    real = metadata.entry_points

    def entry_points(**asked: str) -> Any:
        group, found = asked.get("group", ""), []
        if not group.startswith("tanshi."):  # Numba looks for its own
            return real(**asked)
        for of, name, value, whose in points:
            if of == group:
                module, _, attribute = value.partition(":")
                dist = SimpleNamespace(name=whose, version="1.0")
                found.append(SimpleNamespace(name=name, module=module, attr=attribute, dist=dist))
        return found

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    plugins._brought.cache_clear()


def scenario(**fields: object) -> Scenario:
    return load_scenario("S1", {**SMALL, **fields})


def test_names_of_the_program_are_those_of_the_schema() -> None:
    own = get_args(Market.model_fields["venue"].annotation)
    assert plugins.BUILT_IN["venue"] == set(own)
    assert plugins.BUILT_IN["strategy"] == set(Strategies.model_fields)
    assert plugins.BUILT_IN["drift"] == {"neural", "ou", "none"}
    assert plugins.BUILT_IN["economy"] == {p.name for p in (ROOT / "scenarios" / "economies").iterdir() if p.is_dir()}


def test_a_registered_venue_trades_at_its_price(example: Any) -> None:
    plugins.register("venue", "posted_price", example.venue)
    run = simulate(scenario(**{"market.venue": "posted_price"}))
    assert run.parameters["market"]["venue"] == "posted_price"
    opening = economy("shanxi_2022").accounts.carbon_price  # the close before the first day, which nothing moves
    assert run.periods["price"].to_numpy() == pytest.approx(opening, abs=0.005)


def test_a_registered_strategy_asks_for_a_better_price_and_trades_less(example: Any) -> None:
    plugins.register("strategy", "shading", example.strategy)
    mix = {"firms.strategies.scheduled": 0.0, "firms.strategies.shading": 1.0}
    careful = simulate(scenario(**mix)).series("Carbon Market|Trading Volume")[2023]
    truthful = simulate(scenario(**{"firms.strategies.scheduled": 0.0, "firms.strategies.truthful": 1.0}))
    assert 0 < careful < truthful.series("Carbon Market|Trading Volume")[2023]


def test_a_registered_drift_carries_the_gaps(example: Any) -> None:
    plugins.register("drift", "half_life", example.drift)
    run = simulate(scenario(**{"drift.mode": "half_life"}))
    held = simulate(scenario(**{"drift.mode": "none"}))
    assert run.series("Price|Carbon")[2023] != held.series("Price|Carbon")[2023]


def test_an_economy_from_outside_is_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "scenarios" / "economies" / "shanxi_2022", tmp_path / "elsewhere")
    plugins.register("economy", "elsewhere", tmp_path / "elsewhere")
    away, home = simulate(scenario(economy="elsewhere")), simulate(scenario())
    assert away.series("Price|Carbon").tolist() == home.series("Price|Carbon").tolist()


def test_nothing_is_imported_before_a_scenario_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text("raise RuntimeError('imported unasked')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    bring(monkeypatch, ("tanshi.venues", "loud", "loud:Loud", "loud-rules"))
    assert plugins.known("venue") == ("loud",)
    simulate(scenario())
    named = scenario(**{"market.venue": "loud"})  # read and known by its source, still not imported
    (mark,) = run_key(named).plugins
    assert (mark["distribution"], mark["version"]) == ("loud-rules", "1.0")
    assert "loud" not in sys.modules


def test_one_that_fails_to_import_is_told_in_one_message_before_the_first_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tanshi.simulator.cli import main

    (tmp_path / "broken_rules.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    bring(monkeypatch, ("tanshi.venues", "broken", "broken_rules:Venue", "broken-rules"))
    assert main(["run", "S1", "--set", "market.venue=broken", "--out", "out"]) == 2
    said = capsys.readouterr().err.lstrip()
    assert said == (
        "Error: Cannot import the venue 'broken' of broken-rules 1.0 (broken_rules:Venue): ModuleNotFoundError: No"
        " module named 'no_such_package'. Choose another venue, or mend or uninstall it.\n"
    )
    assert not (tmp_path / "out").exists()


def test_two_of_one_name_are_refused_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(
        monkeypatch,
        ("tanshi.drifts", "mine", "a:drift", "first-rules"),
        ("tanshi.drifts", "mine", "b:drift", "other-rules"),
    )
    simulate(scenario())  # unnamed they disturb nobody
    with pytest.raises(plugins.PluginError, match=r"'mine' is brought by first-rules 1\.0 and other-rules 1\.0"):
        run_key(scenario(**{"drift.mode": "mine"}))


def test_names_that_are_taken_or_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, ("tanshi.venues", "theirs", "a:Venue", "a-rules"))
    for kind, name, why in (
        ("venue", "mcafee", "the program's own"),
        ("venue", "theirs", "already the venue 'theirs' of a-rules 1.0"),
        ("venue", "two words", "letters, digits"),
        ("tariff", "mine", "no kind 'tariff'"),
    ):
        with pytest.raises(plugins.PluginError, match=why):
            plugins.register(kind, name, object())  # type: ignore[arg-type]


def test_an_unknown_name_lists_those_from_outside_too(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, ("tanshi.strategies", "shading", "a:shading", "a-rules"))
    with pytest.raises(UserError, match="scheduled, hesitant, shading, got the field 'shadding'"):
        scenario(**{"firms.strategies.shadding": 0.5})


def test_another_source_is_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tanshi.simulator.machine import marks as room
    from tanshi.simulator.machine.source import module

    monkeypatch.syspath_prepend(str(tmp_path))
    bring(monkeypatch, ("tanshi.venues", "mine", "my_venue:Venue", "my-rules"))
    ids = []
    for text in ("class Venue: ...\n", "# a comment\nclass Venue: ...\n", "class Venue: x = 1\n"):
        (tmp_path / "my_venue.py").write_text(text)
        module.cache_clear()
        room._of_package.cache_clear()
        ids.append(run_key(scenario(**{"market.venue": "mine"})).id)
    assert ids[0] == ids[1] != ids[2]
    assert run_key(scenario()).plugins == ()


def test_what_only_this_process_knows_is_refused_before_workers_begin(example: Any, tmp_path: Path) -> None:
    plugins.register("venue", "mine", lambda day: example.venue(day))
    chosen = scenario(**{"market.venue": "mine"})
    with pytest.raises(UserError, match="Workers cannot compute with what only this process knows"):
        run_batch([chosen], tmp_path / "two", seeds=2, workers=2)
    assert not (tmp_path / "two").exists()
    assert len(run_batch([chosen], tmp_path / "one", seeds=2, workers=1).runs) == 2


def test_workers_import_what_lies_in_a_module_and_compute_the_same(example: Any, tmp_path: Path) -> None:
    plugins.register("venue", "mine", example.venue)
    chosen = scenario(**{"market.venue": "mine"})
    here = run_batch([chosen], tmp_path / "one", seeds=2, workers=1)
    there = run_batch([chosen], tmp_path / "two", seeds=2, workers=2)
    for one, two in zip(here.runs, there.runs, strict=True):
        assert one.annual.equals(two.annual)
        assert one.meta["id"] == two.meta["id"]


def test_a_worker_with_another_source_stops_the_batch(example: Any) -> None:
    plugins.register("venue", "mine", example.venue)
    (mark,) = marks([("venue", "mine")])
    assert differing([mark]) == ""
    assert "another one on a worker" in differing([{**mark, "source": "0123456789abcdef"}])


def test_the_worked_plug_in_is_installed_and_runs_on_workers(tmp_path: Path) -> None:
    env = Environment(tmp_path / "env")
    env.install(str(wheel_of(copy_of_the_checkout(tmp_path / "checkout"), tmp_path / "wheel")))
    shutil.copytree(PLUGIN, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
    env.install(str(tmp_path / "plugin"))
    words = ("--years", "2022-2022", "--firms", "24", "--set", "market.periods_per_year=1", "--seeds", "2", "--workers")
    rules = ("market.venue=posted_price", "drift.mode=half_life", "firms.strategies.shading=0.5",
             "firms.strategies.truthful=0.5", "firms.strategies.scheduled=0", "banking.horizon=0")  # fmt: skip
    chosen = [word for rule in rules for word in ("--set", rule)]
    env.tanshi("run", "S1", *words, "2", *chosen, "--out", "out", cwd=tmp_path)
    record = json.loads((tmp_path / "out" / "S1-seed1" / "run.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in record["plugins"]] == ["half_life", "shading", "posted_price"]
    assert {(one["distribution"], one["version"]) for one in record["plugins"]} == {("tanshi-posted-price", "1.0")}
    assert all(len(one["source"]) == 16 for one in record["plugins"])
