"""What belief brings of a price's moves: what real markets do, less what drivers have brought, and no direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tanshi.simulator.drift.markets.closes import real_markets
from tanshi.simulator.drift.markets.forecast import shipped
from tanshi.simulator.drift.markets.memory import Memory, remember
from tanshi.simulator.drift.markets.paths import Start, changes_ahead
from tanshi.simulator.drift.markets.spread import Network
from tanshi.simulator.drift.markets.unexplained import Trail, anchored

KEPT = 0.5 ** (1.0 / 26.0)
V_IN_SCALES = 3.0
"""Variance of an average week in squares of the market's slow scale, about; that of a normal law would be 1.57."""


@pytest.fixture(scope="module")
def home() -> Memory:
    closes = real_markets()["CHN"]
    return remember(closes).at(len(closes) - 1, 1)


@pytest.fixture(scope="module")
def network(home: Memory) -> Network:
    return anchored(shipped().vintages[-1].networks[0], home)


def long_run(network: Network, home: Memory) -> float:
    """Mean size of a week's move in the last of eight years, on paths that the level was not found on."""
    paths = changes_ahead(network, Start(home, 1.0, 0.0), [416], np.random.default_rng(5), 600, whole=True)
    return float(np.abs(np.diff(paths, axis=0))[-52:].mean())


def test_a_calm_market_stays_as_calm_as_it_was_where_the_likelihood_of_weeks_alone_lets_it_grow_wild(
    network: Network, home: Memory
) -> None:
    assert long_run(network, home) == pytest.approx(float(home.scale[0]), rel=0.06)
    assert long_run(shipped().vintages[-1].networks[0], home) > 1.4 * float(home.scale[0])


def market(network: Network, home: Memory, noise: float, months: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Monthly changes of a price that belief and drivers of a known weekly s.d. move, and the part belief has left."""
    rng = np.random.default_rng(seed)
    trail, price = Trail(home) if noise == 0.0 else Trail.beside_drivers(network, home), 4.6
    changes, left = np.empty(months), np.empty(months)
    for month in range(months):
        trail = trail.step(network, 4, KEPT, rng)
        left[month] = trail.left(V_IN_SCALES * float(home.scale[0]) ** 2)
        changes[month] = trail.moves.sum() + 2.0 * noise * rng.standard_normal()
        known, price = price, price + changes[month]
        trail = replace(trail, foreseen=known).after(price)
    return changes, left


def test_belief_brings_what_drivers_leave(network: Network, home: Memory) -> None:
    scale = float(home.scale[0])
    alone = market(network, home, 0.0, 300, 1)
    beside = market(network, home, scale, 300, 1)  # a variance of one scale squared, of the three that are there
    wild = market(network, home, 2.0 * scale, 60, 1)
    assert (alone[1] == 1.0).all()
    assert beside[1][100:].mean() == pytest.approx(1.0 - 1.0 / V_IN_SCALES, abs=0.05)
    assert (wild[1][24:] == 0.0).all()  # drivers alone bring more than an average week of real markets has
    spread = [changes.std() for changes, _ in (alone, beside)]
    assert spread[1] < 1.05 * spread[0]  # added up they would spread a sixth more


def test_beside_drivers_belief_comes_in_spells(network: Network, home: Memory) -> None:
    """Drivers as wide as a usual week leave nothing of a calm one, and much of a wild one: moves come in groups."""
    noise = 1.4 * float(home.scale[0])
    sizes = [np.abs(market(network, home, noise, 96, seed)[0]) for seed in range(12)]
    plain = [np.abs(noise * np.random.default_rng(seed).standard_normal(96)) for seed in range(12)]
    grouped, none = (np.mean([np.corrcoef(x[1:], x[:-1])[0, 1] for x in each]) for each in (sizes, plain))
    assert grouped > none + 0.05
    quiet = replace(home, moves=0.3 * home.moves)
    trail = Trail.beside_drivers(network, home)
    assert not replace(trail, memory=quiet).step(network, 4, KEPT, np.random.default_rng(1)).moves.any()
    loud = replace(home, moves=3.0 * home.moves)
    assert replace(trail, memory=loud).step(network, 4, KEPT, np.random.default_rng(1)).moves.any()


def test_after_a_wild_month_belief_strays_more_whatever_made_it_wild(network: Network, home: Memory) -> None:
    quiet = Trail(home, moves=np.full(4, 0.001), foreseen=4.6)
    after = {price: quiet.after(price + 0.004).memory for price in (4.6, 4.85)}
    calm, wild = (float(network.width(after[price])[0][0]) for price in (4.6, 4.85))
    assert wild > 1.5 * calm


def test_the_mean_of_what_an_allowance_is_believed_to_be_worth_does_not_stray(network: Network, home: Memory) -> None:
    worth = []
    for seed in range(60):
        for sign in (1.0, -1.0):
            rng, trail, belief = np.random.default_rng(seed), Trail(home), 0.0
            for _ in range(3):
                trail = trail.step(network, 13, KEPT, rng, sign)
                belief = KEPT**13 * belief + float(KEPT ** np.arange(12, -1, -1) @ trail.moves)
            worth.append((belief, trail.compensator))
    belief, compensator = np.array(worth).T
    assert np.exp(belief).mean() > 1.004  # symmetrical in logarithms, and so not in yuan
    assert np.exp(belief - compensator).mean() == pytest.approx(1.0, abs=0.008)


def test_the_mirror_image_is_the_same_market_upside_down_and_a_trail_survives_as_numbers(
    network: Network, home: Memory
) -> None:
    one, other = (Trail(home).step(network, 5, KEPT, np.random.default_rng(3), sign) for sign in (1.0, -1.0))
    assert np.array_equal(one.moves, -other.moves)
    assert one.compensator == other.compensator
    assert np.array_equal(Trail.of(one.array()).array(), one.array(), equal_nan=True)
    assert Trail(home).after(4.0).array().tolist()[:7] == Trail(home).array().tolist()[:7]  # nothing traded yet
