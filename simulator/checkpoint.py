"""The whole state of a run as one file: nested dictionaries of arrays, numbers and text, read back exactly.

Arrays go into an ``.npz`` as they are; everything else becomes JSON kept beside them in the same file.
Nothing is ever unpickled, so a checkpoint from a stranger can hold no code.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tanshi.simulator.machine.disk import StoreError, write_file

_TREE = "__tree__"


class CheckpointError(StoreError):
    """A state that cannot be written, or a file that is no checkpoint."""


def save_checkpoint(path: Path | str, state: Mapping[str, Any]) -> Path:
    """Write a state to `path`; the file is there whole or not at all.

    Parameters
    ----------
    state
        Nested dictionaries (text or whole-number keys), lists and tuples of arrays, NumPy and Python
        numbers, text, booleans and None.

    Raises
    ------
    CheckpointError
        For a value of any other kind; its place is named.
    StoreError
        Where the disk refuses.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    tree = json.dumps(_encode(state, arrays, "state"), ensure_ascii=True, separators=(",", ":"))
    arrays[_TREE] = np.frombuffer(tree.encode("ascii"), dtype=np.uint8)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return write_file(path, stream.getvalue())


def load_checkpoint(path: Path | str) -> dict[str, Any]:
    """Read a state back exactly as it was saved.

    Raises
    ------
    CheckpointError
        Where the file is missing or no checkpoint.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        state = _decode(json.loads(arrays[_TREE].tobytes().decode("ascii")), arrays)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is no checkpoint of a run: {error}") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path} is no checkpoint of a run: it holds no dictionary")
    return state


def _encode(value: Any, arrays: dict[str, np.ndarray[Any, Any]], place: str) -> list[Any]:
    # Each node is [kind, payload], so that a tuple stays a tuple and a NumPy scalar keeps its type.
    if value is None or type(value) in (bool, int, float, str):
        return ["value", value]
    if isinstance(value, Mapping):
        strange = [key for key in value if type(key) not in (str, int)]
        if strange:
            raise CheckpointError(f"{place}: the key {strange[0]!r} is neither text nor a whole number")
        return ["dict", [[key, _encode(item, arrays, f"{place}[{key!r}]")] for key, item in value.items()]]
    if type(value) in (list, tuple):
        items = [_encode(item, arrays, f"{place}[{n}]") for n, item in enumerate(value)]
        return ["list" if isinstance(value, list) else "tuple", items]
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise CheckpointError(f"{place}: an array of Python objects cannot be saved")
        name = f"a{len(arrays)}"
        arrays[name] = array
        return ["array" if isinstance(value, np.ndarray) else "scalar", name]
    raise CheckpointError(
        f"{place}: a {type(value).__name__} cannot be saved; give arrays, numbers, text, lists, dictionaries"
    )


def _decode(node: Any, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    kind, payload = node
    if kind == "value":
        return payload
    if kind == "dict":
        return {key: _decode(item, arrays) for key, item in payload}
    if kind == "list":
        return [_decode(item, arrays) for item in payload]
    if kind == "tuple":
        return tuple(_decode(item, arrays) for item in payload)
    if kind == "array":
        return arrays[payload]
    if kind == "scalar":
        return arrays[payload][()]
    raise ValueError(f"unknown kind {kind!r}")
