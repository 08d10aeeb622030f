"""Training: it learns what is there, the same each time, and survives being killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torchdiffeq")

from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.history import PriceHistory
from tanshi.simulator.drift.preparation import TrainConfig, paper_config, starting_weights
from tanshi.simulator.drift.state import KINDS, Context
from tanshi.simulator.drift.train import Progress, Trained, shoot, shots, train, train_ensemble
from tanshi.simulator.drift.trajectories import read_trajectories
from tanshi.simulator.drift.weights import Weights, load, load_ensemble, save, save_ensemble
from tests.sectors import STATE_SIZE

QUICK = TrainConfig(epochs=4, window=5, stride=6, hidden=(6,), refit=False)


def predictions(weights: Weights) -> np.ndarray:
    r = np.random.default_rng(0).normal(0, 0.1, (6, STATE_SIZE))
    return Flow(weights, "neural").path(r, 2024.0, 2024.5, Context(np.arange(8) < 5, 0.2, 0.12, 0.5), 12)


@pytest.fixture(scope="module")
def nonlinear(make_table: Callable[..., pd.DataFrame]) -> Trained:
    table = make_table(4, 96, noise=0.03)
    return train(table, None, TrainConfig(epochs=40, refit=False))


def test_on_nonlinear_dynamics_the_network_beats_mean_reversion_on_held_out_years(nonlinear: Trained) -> None:
    neural, ou = nonlinear.errors["neural"], nonlinear.errors["ou_trajectories"]
    price, emissions = KINDS.index("price"), KINDS.index("emissions")
    assert neural[-1, price] < 0.7 * ou[-1, price]
    assert neural[-1, emissions] < 0.98 * ou[-1, emissions]
    assert neural[-1, price] < 0.7 * nonlinear.errors["none"][-1, price]


def test_on_linear_dynamics_there_is_next_to_nothing_for_the_network_to_find(
    make_table: Callable[..., pd.DataFrame],
) -> None:
    result = train(make_table(4, 96, nonlinear=False), None, TrainConfig(epochs=15, refit=False))
    ratio = result.errors["neural"] / result.errors["ou_trajectories"]
    assert ratio.min() > 0.9
    assert ratio.max() < 1.1


def test_the_loss_falls_and_the_best_epoch_is_kept(nonlinear: Trained) -> None:
    held = [p.validation for p in nonlinear.losses if p.validation is not None]
    assert nonlinear.epochs == int(np.argmin(held)) + 1
    assert min(held) < 0.8 * held[0]


def test_the_same_seed_gives_the_same_predictions_and_another_does_not(
    make_table: Callable[..., pd.DataFrame],
) -> None:
    table = make_table(1, 60)
    first, again = (predictions(train(table, None, QUICK).weights) for _ in range(2))
    np.testing.assert_allclose(first, again, atol=1e-6)
    other = predictions(train(table, None, replace(QUICK, seed=1)).weights)
    assert np.abs(first - other).max() > 1e-6


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path, make_table: Callable[..., pd.DataFrame]) -> None:
    table, config = make_table(1, 60), replace(QUICK, refit=True)
    whole = train(table, None, config)

    def kill(step: Progress) -> None:
        if step.epoch == 1:
            raise KeyboardInterrupt

    for _ in range(2):  # once in each stage
        with pytest.raises(KeyboardInterrupt):
            train(table, None, config, progress=kill, checkpoint=tmp_path / "drift.npz")
    seen: list[Progress] = []
    resumed = train(table, None, config, progress=seen.append, checkpoint=tmp_path / "drift.npz")
    assert len(seen) < len(whole.losses)
    np.testing.assert_array_equal(predictions(resumed.weights), predictions(whole.weights))


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path, make_table: Callable[..., pd.DataFrame]) -> None:
    table = make_table(1, 60)
    train(table, None, QUICK, checkpoint=tmp_path / "drift.npz")
    with pytest.raises(ValueError, match="other data or settings"):
        train(table, None, replace(QUICK, seed=5), checkpoint=tmp_path / "drift.npz")
    (tmp_path / "drift.npz").write_bytes(b"not an archive")
    with pytest.raises(ValueError, match="not a training checkpoint"):
        train(table, None, QUICK, checkpoint=tmp_path / "drift.npz")


def test_reversion_and_season_of_the_price_come_from_history_and_stay(
    make_table: Callable[..., pd.DataFrame], make_history: Callable[..., PriceHistory]
) -> None:
    history = make_history(5.0, 8, 52, 0, season=(1.0, 0.5))
    result = train(make_table(1, 60), history, QUICK)
    assert result.price is not None
    assert result.weights.rate[0] == result.weights.rate_ou[0] == result.price.rate
    assert result.weights.season == result.price.season
    assert result.weights.rate[1] != result.weights.rate_ou[1]


def test_trained_weights_and_their_card_survive_storage(
    tmp_path: Path, make_table: Callable[..., pd.DataFrame], make_history: Callable[..., PriceHistory]
) -> None:
    result = train(make_table(1, 60), make_history(5.0, 4, 12, 0), QUICK)
    save(result.weights, tmp_path)
    back = load(tmp_path)
    np.testing.assert_array_equal(predictions(back), predictions(result.weights))
    assert back.card["data"]["scenarios"] == ["A", "B", "C"]
    assert back.card["split"]["windows"]["test"] > 0
    low, high = back.card["ranges"]["price"]["bank_ratio"]
    assert low < 0.1 < 0.3 < high


def test_a_network_starts_silent_with_rates_from_the_trajectories(
    make_table: Callable[..., pd.DataFrame],
) -> None:
    weights, _ = starting_weights(read_trajectories(make_table(12, 60, nonlinear=False)), None, TrainConfig())
    np.testing.assert_array_equal(predictions(weights), predictions(replace(weights, bound=0 * weights.bound)))
    np.testing.assert_allclose(weights.rate, 3.0, rtol=0.3)


def test_too_few_periods_or_settings_out_of_range_are_refused(
    make_table: Callable[..., pd.DataFrame],
) -> None:
    with pytest.raises(ValueError, match="window of 6 steps"):
        train(make_table(1, 24), None)
    with pytest.raises(ValueError, match="at least 10 distinct times"):
        train(make_table(1, 6), None)
    with pytest.raises(ValueError, match="at least 1"):
        TrainConfig(window=0)
    with pytest.raises(ValueError, match="learning rate"):
        TrainConfig(learning_rate=-1.0)


def test_multiple_shooting_integrates_as_torchdiffeq_does(make_table: Callable[..., pd.DataFrame]) -> None:
    import torch
    import torchdiffeq

    from tanshi.simulator.drift.network import Drift
    from tanshi.simulator.drift.trajectories import windows

    data = read_trajectories(make_table(1, 24))
    weights, _ = starting_weights(data, None, replace(QUICK, hidden=(6, 6)))
    rng = np.random.default_rng(0)
    for head in (weights.price, weights.sector):
        head.layers[-1][0][:] = rng.normal(0, 0.3, head.layers[-1][0].shape)
    drift, part = Drift(weights), shots(data, windows(data, 1, 3))
    with torch.no_grad():
        ours = shoot(drift, part, 4)[:, 0]
        for k in range(len(ours)):
            length = float(part.t[k, 1] - part.t[k, 0])

            def slope(t: torch.Tensor, r: torch.Tensor, k: int = k) -> torch.Tensor:
                market = part.market[k : k + 1, 0].clone()
                market[:, 2] = (market[:, 2] - t).clamp(min=0.0)
                return drift(part.t[k : k + 1, 0] + t, r, part.covered[k : k + 1], market)

            span = torch.tensor([0.0, length], dtype=torch.float64)
            theirs = torchdiffeq.odeint(slope, part.r[k : k + 1, 0], span, rtol=1e-10, atol=1e-12)[-1][0]
            theirs = theirs + part.moved[k, 0]
            theirs = theirs + part.jumped[k, 0] * (part.r[k, 1] - theirs)
            assert float((ours[k] - theirs).abs().max()) < 1e-5


def test_nothing_is_learnt_from_the_jump_of_quantities_at_new_year(make_table: Callable[..., pd.DataFrame]) -> None:
    table = make_table(1, 48, nonlinear=False)
    stepped = table.copy()
    for name in ("emissions", "output"):
        columns = [c for c in table if c.startswith(f"{name}_")]
        stepped[columns] = stepped[columns].mul(np.exp(0.5 * (stepped["year"] - 2023)), axis=0)
        reference = [f"star_{c}" for c in columns]
        stepped[reference] = stepped[reference].mul(np.exp(0.5 * (stepped["year"] - 2023)), axis=0)
    one, other = (starting_weights(read_trajectories(t), None, QUICK)[0] for t in (table, stepped))
    np.testing.assert_allclose(one.rate, other.rate, rtol=1e-9)


def test_an_ensemble_is_sorted_by_how_well_it_validates_and_each_member_resumes(
    tmp_path: Path, make_table: Callable[..., pd.DataFrame]
) -> None:
    table = make_table(1, 60)
    done = train_ensemble(table, None, QUICK, 3, checkpoint=tmp_path / "drift.npz")
    assert [d.validation for d in done] == sorted(d.validation for d in done)
    assert np.abs(predictions(done[0].weights) - predictions(done[1].weights)).max() > 1e-6
    seen: list[int] = []
    again = train_ensemble(
        table, None, QUICK, 3, checkpoint=tmp_path / "drift.npz", progress=lambda k, _: seen.append(k)
    )
    assert not seen  # all of it was there
    np.testing.assert_array_equal(predictions(again[0].weights), predictions(done[0].weights))
    save_ensemble([d.weights for d in done], tmp_path / "out")
    save_ensemble([d.weights for d in done[:2]], tmp_path / "out")
    assert len(load_ensemble(tmp_path / "out")) == 2
    np.testing.assert_array_equal(predictions(load(tmp_path / "out")), predictions(done[0].weights))
    with pytest.raises(ValueError, match="at least one member"):
        train_ensemble(table, None, QUICK, 0)


def test_the_papers_variant_learns_whole_trajectories_by_the_network_alone(
    make_table: Callable[..., pd.DataFrame],
) -> None:
    table = make_table(2, 60)
    done = train(table, None, paper_config(epochs=12, refit=False, hidden=(12,)))
    assert done.weights.form == "paper"
    assert done.weights.activation == "relu"
    assert (done.weights.rate == 0).all()
    held = [p.training for p in done.losses]
    assert min(held) < 0.8 * held[0]
    assert done.weights.card["split"]["windows"]["training"] == 6  # one whole trajectory a run
    with pytest.raises(ValueError, match="unknown variant"):
        TrainConfig(variant="transformer")
