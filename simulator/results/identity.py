"""What a run is: the parameters, seed, data and code that determine its bytes, and the id made of them."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any

import numpy as np

from tanshi.version import __version__

_PACKAGES = ("numpy", "scipy", "numba", "mesa", "torch", "torchdiffeq", "pandas", "pyarrow")


@dataclass(frozen=True)
class RunKey:
    """What determines a run's bytes.

    Parameters
    ----------
    scenario, parameters, seed
        Name, plain data of the whole scenario, and seed.
    data, code
        Hashes of the economy's figures by value, and of the source that a run reaches
        (`tanshi.simulator.machine.source`).
    plugins
        Rules from outside that it uses, each with distribution, version and hash of its source
        (`tanshi.simulator.machine.marks`).
    """

    scenario: str
    parameters: Mapping[str, Any]
    seed: int
    data: str
    code: str
    plugins: Sequence[Mapping[str, str]] = ()

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits, equal for equal parameters, seed, data and code."""
        content: list[Any] = [self.scenario, dict(self.parameters), int(self.seed), self.data, self.code]
        if self.plugins:
            content.append([dict(one) for one in self.plugins])
        text = json.dumps(plain(content), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of this program, of Python and of the packages that compute, read without importing them."""
    return {"tanshi": __version__, "python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


@lru_cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def plain(value: Any) -> Any:
    """Plain JSON data: NumPy's numbers and arrays become Python's; paths, NaN and infinity become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
