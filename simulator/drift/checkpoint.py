"""Training state between epochs: one .npz renamed into place; a kill loses an epoch at most."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tanshi.errors import TanshiError
from tanshi.simulator.drift.state import Array
from tanshi.simulator.drift.weights import npz, write


class CheckpointError(TanshiError, ValueError):
    """A file that is no checkpoint of this training."""


@dataclass(frozen=True)
class Checkpoint:
    """`epoch` epochs done, `best_epoch` the best; `arrays`: parameters and optimiser moments."""

    epoch: int
    best_epoch: int
    best_loss: float
    arrays: Mapping[str, Array]


def keep(file: Path, mark: str, state: Checkpoint) -> None:
    """Write `state` of the training with fingerprint `mark` (hexadecimal)."""
    counts = np.array([state.epoch, state.best_epoch, state.best_loss], dtype=float)
    file.parent.mkdir(parents=True, exist_ok=True)
    stamp = np.frombuffer(bytes.fromhex(mark), dtype=np.uint8).astype(float)
    write(file, npz({"counts": counts, "mark": stamp, **state.arrays}))


def resume(file: Path, mark: str) -> Checkpoint | None:
    """The state in `file`, or None if there is no such file.

    Raises
    ------
    CheckpointError
        If the file is no checkpoint, or belongs to a training with other data or settings.
    """
    if not file.exists():
        return None
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        same = bytes(arrays.pop("mark").astype(np.uint8)).hex() == mark
        epoch, best_epoch, best_loss = (float(x) for x in arrays.pop("counts"))
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as problem:
        raise CheckpointError(
            "{file} is not a training checkpoint ({problem}); delete it or name another", file=file, problem=problem
        ) from problem
    if not same:
        raise CheckpointError(
            "{file} belongs to a training with other data or settings; delete it or name another", file=file
        )
    return Checkpoint(int(epoch), int(best_epoch), best_loss, arrays)
