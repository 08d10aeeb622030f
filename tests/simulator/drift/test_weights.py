"""Stored weights: the same after a round trip, refused when they belong to another model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanshi.simulator.drift import weights as stored
from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.state import Context
from tanshi.simulator.drift.weights import Weights, WeightsError, load, load_default, save
from tests.sectors import SECTORS, STATE_SIZE

Make = Callable[..., Weights]


def path(weights: Weights) -> np.ndarray:
    r = np.random.default_rng(0).normal(0, 0.2, (4, STATE_SIZE))
    return Flow(weights, "neural").path(r, 2023.0, 2023.5, Context(np.ones(8, dtype=bool), 0.2), 8)


def change_card(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def test_weights_predict_the_same_after_a_round_trip(tmp_path: Path, make_weights: Make) -> None:
    save(make_weights(activation="silu"), tmp_path)
    back = load(tmp_path)
    np.testing.assert_array_equal(path(back), path(make_weights(activation="silu")))
    assert back.card == {"trained": True}


def test_the_same_weights_give_the_same_bytes(tmp_path: Path, make_weights: Make) -> None:
    for name in ("a", "b"):
        save(make_weights(), tmp_path / name)
    for file in ("weights.npz", "card.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["card.json", "weights.npz"]


def test_an_economy_with_other_sectors_is_refused_by_their_names(tmp_path: Path, make_weights: Make) -> None:
    save(make_weights(), tmp_path)
    assert load(tmp_path, SECTORS).sectors == SECTORS
    for others in (SECTORS[:-1], SECTORS[::-1]):
        said = f"trained for the sectors .*, AIR, this economy has {', '.join(others)};"
        with pytest.raises(WeightsError, match=said):
            load(tmp_path, others)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"version": 99}, "version 99, this model has 2"),
        ({"state_size": 5}, "state_size 5, this model has 17"),
        ({"sectors": ["ELEC"]}, "state_size 17, this model has 3"),
        ({"sectors": []}, "does not name the sectors"),
        ({"sectors": 8}, "does not name the sectors"),
        ({"price_features": []}, "price_features"),
        ({"activation": "step"}, "unknown activation"),
        ({"layers": 7}, "damaged"),
        ({"sha256": "0"}, "checksum"),
    ],
)
def test_weights_of_another_model_are_refused(
    changes: dict[str, Any], text: str, tmp_path: Path, make_weights: Make
) -> None:
    save(make_weights(), tmp_path)
    change_card(tmp_path, **changes)
    with pytest.raises(WeightsError, match=text):
        load(tmp_path)


def test_pickled_objects_are_never_unpacked(tmp_path: Path, make_weights: Make) -> None:
    save(make_weights(), tmp_path)
    np.savez(tmp_path / "weights.npz", rate=np.array([{"a": 1}], dtype=object))
    digest = hashlib.sha256((tmp_path / "weights.npz").read_bytes()).hexdigest()
    change_card(tmp_path, sha256=digest)
    with pytest.raises(WeightsError, match="damaged"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b"[]"])
def test_a_damaged_card_is_refused(content: bytes, tmp_path: Path, make_weights: Make) -> None:
    save(make_weights(), tmp_path)
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(WeightsError):
        load(tmp_path)


def test_absent_default_weights_name_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_DEFAULT", tmp_path)
    with pytest.raises(WeightsError, match="drift mode 'ou' or 'none'"):
        load_default()


def test_a_network_of_another_shape_or_a_rate_of_zero_is_refused(make_weights: Make) -> None:
    good = make_weights()
    with pytest.raises(WeightsError, match="state of 5 components"):
        Weights(good.sectors, np.ones(5), good.rate_ou, (0, 0), good.bound, good.price, good.sector)
    with pytest.raises(WeightsError, match="above zero"):
        Weights(good.sectors, 0 * good.rate, good.rate_ou, (0, 0), good.bound, good.price, good.sector)
    with pytest.raises(WeightsError, match="sector network"):
        Weights(good.sectors, good.rate, good.rate_ou, (0, 0), good.bound, good.price, good.price)
