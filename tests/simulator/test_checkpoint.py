"""A state saved and loaded is the same state, bit for bit, and a stranger's file runs nothing."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanshi.simulator.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from tanshi.simulator.machine.disk import StoreError


def state() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "period": 30,
        "price": 0.1 + 0.2,
        "limits": (float("inf"), float("-inf"), -0.0),
        "accounts": {"held": rng.integers(0, 2**62, 7), "names": np.array(["ELEC", "钢铁"])},
        "order": np.asfortranarray(rng.random((3, 4))),
        "scalar": np.float32(0.1),
        "flags": [True, None, "text", np.bool_(False)],
        "bank": {2023: 5, 2024: {"vintage": np.int64(2**62)}},
        "empty": {"array": np.zeros((0, 3)), "list": [], "dict": {}},
        "random": rng.bit_generator.state,
    }  # fmt: skip


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.generic):
        return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())
    return repr(one) == repr(other)


def test_a_state_comes_back_exactly(tmp_path: Path) -> None:
    loaded = load_checkpoint(save_checkpoint(tmp_path / "state.npz", state()))
    assert same(loaded, state())
    assert loaded["order"].flags.f_contiguous


def test_a_random_stream_continues_where_it_was_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    rng.random(5)
    path = save_checkpoint(tmp_path / "state.npz", {"random": rng.bit_generator.state})
    other = np.random.default_rng()
    other.bit_generator.state = load_checkpoint(path)["random"]
    assert other.random(3).tolist() == rng.random(3).tolist()


def test_equal_states_write_equal_bytes(tmp_path: Path) -> None:
    one, two = (save_checkpoint(tmp_path / name, state()).read_bytes() for name in ("a.npz", "b.npz"))
    assert one == two


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), {1.5: 2}, b"bytes", lambda: 0])
def test_a_value_that_cannot_be_saved_is_named_by_its_place(tmp_path: Path, value: Any) -> None:
    with pytest.raises(CheckpointError, match=r"state\['market'\]\['book'\]"):
        save_checkpoint(tmp_path / "state.npz", {"market": {"book": value}})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_checkpoint(tmp_path / "state.npz", {"period": 1})

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        save_checkpoint(path, {"period": 2})
    assert load_checkpoint(path) == {"period": 1}
    assert list(tmp_path.iterdir()) == [path]


def _pickled() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, __tree__=np.array([{"a": 1}], dtype=object))
    return stream.getvalue()


def _npz(**arrays: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _tree(text: str) -> bytes:
    return _npz(__tree__=np.frombuffer(text.encode(), dtype=np.uint8))


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", _pickled(), _npz(a=np.zeros(2)), _tree("{"),
     _tree('["array","gone"]'), _tree('["value",3]'), _tree('["call","os.system"]')],
)  # fmt: skip
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state\.npz"):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        load_checkpoint(tmp_path / "gone.npz")
