"""Memory, likelihood and paths: what they know, that they have no direction, that training finds what is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

pytest.importorskip("torch")

from tanshi.simulator.drift.markets.closes import Closes, real_markets
from tanshi.simulator.drift.markets.fit_network import HeadConfig, adapt_last_stage, fit_networks
from tanshi.simulator.drift.markets.fit_recursion import fit_recursion
from tanshi.simulator.drift.markets.forecast import changes, forecast_prices, mixed, shipped
from tanshi.simulator.drift.markets.garch import fit_garch
from tanshi.simulator.drift.markets.likelihood import log_density, weeks_of
from tanshi.simulator.drift.markets.memory import bounce, remember
from tanshi.simulator.drift.markets.paths import changes_ahead, start_of
from tanshi.simulator.drift.markets.rivals import persistence
from tanshi.simulator.drift.state import Array


def market(changes: Array, name: str = "made") -> Closes:
    n = changes.size + 1
    week = np.datetime64("2012-01-06") + 7 * np.arange(n)
    return Closes(name, "", week, np.r_[3.0, 3.0 + np.cumsum(changes)], np.ones(n, dtype=bool))


def clustered(n: int, seed: int) -> Array:
    """GARCH(1,1) with Student tails: 0.15 and 0.8, five degrees of freedom, a usual week of 4 %."""
    rng = np.random.default_rng(seed)
    variance, out = 0.0016, np.empty(n)
    for k in range(n):
        out[k] = np.sqrt(variance * 3 / 5) * rng.standard_t(5)
        variance = 0.05 * 0.0016 + 0.15 * out[k] ** 2 + 0.8 * variance
    return out


@pytest.fixture(scope="module")
def made() -> dict[str, Closes]:
    return {f"m{k}": market(clustered(600, k), f"m{k}") for k in range(4)}


def test_the_memory_of_a_week_knows_nothing_later() -> None:
    closes = real_markets()["Beijing"]
    whole, cut = remember(closes), remember(closes.upto(300))
    assert np.array_equal(whole.moves[:301], cut.moves)
    assert np.array_equal(whole.scale[:301], cut.scale)
    assert np.array_equal(whole.still[:301], cut.still)


def test_the_network_in_numpy_is_the_network_that_torch_trained(made: dict[str, Closes]) -> None:
    from tanshi.simulator.drift.markets import fit_network

    weeks = weeks_of(made)
    network = fit_networks(weeks, HeadConfig(steps=30, fewest=30, members=1))[0].network
    head = fit_network._Head(8, 0).take(network)
    torch_density = head.log_density(fit_network._rows(weeks)).detach().numpy()
    assert np.allclose(log_density(network, weeks), torch_density, atol=1e-10)


def test_the_density_is_one_over_all_changes(made: dict[str, Closes]) -> None:
    network, weeks = shipped().vintages[-1].networks[0], weeks_of(made)
    one = weeks.some(np.arange(weeks.row.size) == 100)
    grid = np.arange(-2.0, 2.0, 1e-4)
    rows = weeks.some(np.zeros(weeks.row.size, dtype=bool))
    memory = remember(market(clustered(600, 0))).at(100, grid.size)
    many = replace(rows, memory=memory, change=grid, gap=np.ones(grid.size), weight=np.ones(grid.size))
    assert float(np.exp(log_density(network, many)).sum() * 1e-4) == pytest.approx(1.0, abs=5e-3)
    assert np.isfinite(log_density(network, one)).all()


def test_training_finds_that_volatility_clusters_and_repeats_with_its_seed(made: dict[str, Closes]) -> None:
    weeks, fresh = weeks_of(made), weeks_of({"new": market(clustered(3000, 99), "new")})
    config = HeadConfig(members=1, steps=90, fewest=60, patience=20)
    first, again = fit_networks(weeks, config)[0].network, fit_networks(weeks, config)[0].network
    for name, value in first.arrays().items():
        assert np.array_equal(value, again.arrays()[name])
    sd = float(weeks.change.std())
    constant = float(np.mean(student.logpdf(fresh.change, 4, scale=sd / np.sqrt(2))))
    assert float(log_density(first, fresh).mean()) > constant + 0.02
    assert float(log_density(fit_recursion(weeks), fresh).mean()) > constant + 0.02
    calm, wild = np.argsort(fresh.memory.moves[:, 0])[[50, -50]]
    sigma, _ = first.width(fresh.memory)
    assert sigma[wild] > 1.5 * sigma[calm]


def test_paths_have_no_direction_and_widen_no_faster_than_their_weeks() -> None:
    closes = real_markets()["EU"]
    drawn = changes_ahead(
        shipped().vintages[-1].networks[0], start_of(closes), [1, 13], np.random.default_rng(0), 20_000
    )
    spread = drawn.std(axis=1)
    assert np.abs(np.median(drawn, axis=1)).max() < 0.05 * spread[1]
    assert spread[0] < spread[1] < 2.0 * np.sqrt(13) * spread[0]


def test_quotes_that_stray_and_return_widen_less_over_months() -> None:
    rng = np.random.default_rng(1)
    noise = 0.05 * rng.standard_normal(501)
    closes = market(0.01 * rng.standard_normal(500) + np.diff(noise))
    assert bounce(closes) < -0.3
    assert bounce(market(0.05 * rng.standard_normal(500))) > -0.1
    start = start_of(closes)
    spread = shipped().vintages[-1].networks[0]
    taken = changes_ahead(spread, start, [26], rng, 4000).std()
    kept = changes_ahead(spread, replace(start, bounce=0.0), [26], rng, 4000).std()
    assert taken < 0.8 * kept


def test_garch_on_a_garch_is_found() -> None:
    found = fit_garch(market(clustered(4000, 7)))
    assert found.alpha == pytest.approx(0.15, abs=0.05)
    assert found.beta == pytest.approx(0.80, abs=0.08)
    assert found.freedom == pytest.approx(5.0, abs=1.2)
    drawn = found.changes(1, np.random.default_rng(0), 20_000)
    assert drawn.std() == pytest.approx(np.sqrt(found.variance) / 100, rel=0.05)


def test_persistence_mirrors_the_markets_own_changes() -> None:
    closes = real_markets()["NZ"]
    drawn = persistence(closes, 4, np.random.default_rng(0), 5000)
    x, at = closes.log_close, np.flatnonzero(closes.traded[:-4])
    assert set(np.round(np.abs(drawn), 12)) <= set(np.round(np.abs(x[at + 4] - x[at]), 12))
    assert abs(np.sign(drawn).mean()) < 0.05


def test_a_forecast_takes_weights_that_saw_nothing_after_it() -> None:
    weights = shipped()
    for vintage in weights.vintages[1:]:
        week = np.datetime64(vintage.until)
        assert weights.known(week).until <= str(week + 1)
        assert weights.known(week - 8).until < vintage.until


def test_the_mixture_lies_between_its_parts_and_prices_are_prices() -> None:
    closes = real_markets()["CHN"]
    drawn = changes(shipped(), closes, [1, 13], np.random.default_rng(0), 2000)
    spreads = [d.std(axis=1) for d in drawn.values()]
    whole = mixed(drawn, 1000).std(axis=1)
    assert (np.min(spreads, axis=0) < whole).all()
    assert (whole < np.max(spreads, axis=0)).all()
    prices = forecast_prices(closes, 13, np.random.default_rng(0))
    assert prices.shape == (1000,)
    assert (prices > 0).all()
    again = forecast_prices(closes, 13, np.random.default_rng(0))
    assert np.array_equal(prices, again)


def test_the_last_stage_follows_a_market_that_is_calmer_than_its_memory_says() -> None:
    network = shipped().vintages[-1].networks[0]
    rng = np.random.default_rng(3)
    weeks = weeks_of({"calm": market(0.03 * rng.standard_normal(400), "calm")})
    adapted = adapt_last_stage(network, weeks)
    assert float(log_density(adapted, weeks).mean()) > float(log_density(network, weeks).mean())
    for name in ("direct", "hidden", "out"):
        assert np.array_equal(getattr(adapted, name), getattr(network, name))
