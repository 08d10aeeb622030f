"""Trained drift as plain arrays: `weights.npz` and `card.json`, read without torch and without unpickling."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tanshi.errors import TanshiError
from tanshi.simulator.drift.mean_reversion import PriceFit
from tanshi.simulator.drift.state import (
    FEATURE_COUNT,
    KINDS,
    PRICE_FEATURES,
    SECTOR_FEATURES,
    Array,
    size_of,
)

VERSION = 2
ACTIVATIONS = ("tanh", "silu", "relu")
FORMS = ("bounded", "paper")
INITIAL_RATE = 2.0
"""Reversion of emission and output residuals before anything is fitted, per year: a half-life of four
months."""
_DEFAULT = Path(__file__).parent / "default"

Layers = tuple[tuple[Array, Array], ...]


class WeightsError(TanshiError, ValueError):
    """Weights are absent, damaged, or made for another version or state."""


@dataclass(frozen=True)
class Head:
    """One multilayer perceptron with its input scaling.

    Attributes
    ----------
    layers
        ((in, out) matrix, (out,) offset) of each layer; the activation stands between layers, none after the
        last.
    mean, sd
        (14,) z-score of the features.
    low, high
        (14,) trained range of the raw features; outside it the network is switched off.
    """

    layers: Layers
    mean: Array
    sd: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Weights:
    """Everything the flow needs.

    Attributes
    ----------
    sectors
        Whose emissions and output drift, in the order of the state.
    rate
        (1 + 2 sectors,) K, 1/yr, beside the network; 0 in the form `paper`, whose network is alone.
    rate_ou
        (1 + 2 sectors,) K, 1/yr, fitted without the network: what mode `ou` uses.
    season
        (c, d) of b(t) = c cos(2 pi t) + d sin(2 pi t), 1/yr, price only.
    bound
        (3,) s, 1/yr, the largest the network can add to the price, emission and output drift; in the form
        `paper` no limit, only the unit of the network's output.
    price, sector
        The two networks; one sector network serves all sectors.
    activation
        One of `ACTIVATIONS`.
    form
        `bounded`: ``-K r + b + s tanh(f)``. `paper`: ``s f`` alone, the form of Huo et al. (2026), eq. 2.
    card
        Data, split, errors, ranges, versions.
    """

    sectors: tuple[str, ...]
    rate: Array
    rate_ou: Array
    season: tuple[float, float]
    bound: Array
    price: Head
    sector: Head
    activation: str = "tanh"
    form: str = "bounded"
    card: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("rate", "rate_ou"):
            value = getattr(self, name)
            if value.shape != (self.size,):
                raise WeightsError(
                    "weights have a state of {size} components, their {count} sectors need {state_size}",
                    size=value.size,
                    count=len(self.sectors),
                    state_size=self.size,
                )
            least = 0.0 if name == "rate" and self.form == "paper" else 1e-300
            if not (np.isfinite(value).all() and (value >= least).all()):
                raise WeightsError("{name}: reversion rates must be finite and above zero", name=name)
        if self.form not in FORMS:
            raise WeightsError("unknown form {form!r}; known: {forms}", form=self.form, forms=", ".join(FORMS))
        if self.bound.shape != (len(KINDS),) or not (self.bound >= 0).all():
            raise WeightsError("bound needs three numbers, zero or more")
        if self.activation not in ACTIVATIONS:
            raise WeightsError(
                "unknown activation {activation!r}; known: {activations}",
                activation=self.activation,
                activations=", ".join(ACTIVATIONS),
            )
        if [w.shape[1] for w, _ in self.price.layers[:-1]] != [w.shape[1] for w, _ in self.sector.layers[:-1]]:
            raise WeightsError("the price and the sector network need hidden layers of the same sizes")
        for name, head, outputs in (("price", self.price, 1), ("sector", self.sector, 2)):
            sizes = [FEATURE_COUNT, *(w.shape[1] for w, _ in head.layers)]
            fits = all(
                w.shape == (a, b) and o.shape == (b,)
                for (w, o), (a, b) in zip(head.layers, pairwise(sizes), strict=True)
            )
            scales = all(x.shape == (FEATURE_COUNT,) for x in (head.mean, head.sd, head.low, head.high))
            if len(head.layers) < 2 or not fits or not scales or sizes[-1] != outputs:
                raise WeightsError(
                    "{name} network: layers do not fit {feature_count} features and {outputs} outputs",
                    name=name,
                    feature_count=FEATURE_COUNT,
                    outputs=outputs,
                )

    @property
    def size(self) -> int:
        """Components of the state."""
        return size_of(len(self.sectors))


def untrained(
    sectors: tuple[str, ...], fit: PriceFit | None = None, *, rate: float = INITIAL_RATE, hidden: int = 1
) -> Weights:
    """Weights whose network adds nothing: the price reverts as in `fit`, the rest at `rate` (1/yr).

    Without `fit` the price reverts at `rate` too and has no season.
    """
    rates = np.full(size_of(len(sectors)), float(rate))
    if fit is not None:
        rates[0] = fit.rate

    def silent(outputs: int) -> Head:
        layers = (
            (np.zeros((FEATURE_COUNT, hidden)), np.zeros(hidden)),
            (np.zeros((hidden, outputs)), np.zeros(outputs)),
        )
        wide = np.full(FEATURE_COUNT, np.inf)
        return Head(layers, np.zeros(FEATURE_COUNT), np.ones(FEATURE_COUNT), -wide, wide)

    season = fit.season if fit is not None else (0.0, 0.0)
    card = {"trained": False, "note": "no network: mean reversion and season only"}
    return Weights(sectors, rates, rates.copy(), season, np.zeros(len(KINDS)), silent(1), silent(2), card=card)


def save(weights: Weights, folder: str | Path) -> None:
    """Write `weights.npz`, then `card.json` with its checksum, each beside and renamed into place."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "rate": weights.rate,
        "rate_ou": weights.rate_ou,
        "season": np.array(weights.season),
        "bound": weights.bound,
    }
    for name, head in (("price", weights.price), ("sector", weights.sector)):
        arrays |= {f"{name}_{part}": getattr(head, part) for part in ("mean", "sd", "low", "high")}
        for k, (matrix, offset) in enumerate(head.layers):
            arrays |= {f"{name}_matrix_{k}": matrix, f"{name}_offset_{k}": offset}
    content = npz(arrays)
    card = {
        "version": VERSION,
        "state_size": weights.size,
        "sectors": list(weights.sectors),
        "price_features": list(PRICE_FEATURES),
        "sector_features": list(SECTOR_FEATURES),
        "activation": weights.activation,
        "form": weights.form,
        "layers": len(weights.price.layers),
        "sha256": hashlib.sha256(content).hexdigest(),
        "training": dict(weights.card),
    }
    write(folder / "weights.npz", content)
    write(folder / "card.json", (json.dumps(card, indent=2) + "\n").encode())


def load(folder: str | Path, sectors: tuple[str, ...] | None = None) -> Weights:
    """Weights from `folder`, for an economy with these sectors; None takes them for what they say.

    Raises
    ------
    WeightsError
        If a file is absent or damaged, or was made for another version or feature list, or for other sectors.
    """
    folder = Path(folder)
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        content = (folder / "weights.npz").read_bytes()
    except FileNotFoundError as missing:
        raise WeightsError(
            "no drift weights in {folder}: {name} is absent", folder=folder, name=Path(str(missing.filename)).name
        ) from missing
    except (OSError, ValueError) as problem:
        raise WeightsError(
            "drift weights in {folder} cannot be read: {problem}", folder=folder, problem=problem
        ) from problem
    if not isinstance(card, dict):
        raise WeightsError("{folder}: a JSON object was expected", folder=folder / "card.json")
    named = card.get("sectors")
    if not (isinstance(named, list) and named and all(isinstance(name, str) for name in named)):
        raise WeightsError("{folder}: the card does not name the sectors; retrain", folder=folder)
    if sectors is not None and tuple(named) != sectors:
        raise WeightsError(
            "{folder}: weights were trained for the sectors {found}, this economy has {sectors}; "
            "train on it, or choose drift mode 'none'",
            folder=folder,
            found=", ".join(named),
            sectors=", ".join(sectors),
        )
    expected = {
        "version": VERSION,
        "state_size": size_of(len(named)),
        "price_features": list(PRICE_FEATURES),
        "sector_features": list(SECTOR_FEATURES),
    }
    for name, value in expected.items():
        if card.get(name) != value:
            raise WeightsError(
                "{folder}: weights were made for {name} {found}, this model has {value}; retrain",
                folder=folder,
                name=name,
                found=card.get(name),
                value=value,
            )
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise WeightsError(
            "{folder}: weights.npz does not belong to card.json (checksum differs); retrain", folder=folder
        )
    try:
        arrays = _arrays(content)
        c, d = (float(x) for x in arrays["season"])
        return Weights(
            sectors=tuple(named),
            rate=arrays["rate"],
            rate_ou=arrays["rate_ou"],
            season=(c, d),
            bound=arrays["bound"],
            price=_head(arrays, "price", int(card["layers"])),
            sector=_head(arrays, "sector", int(card["layers"])),
            activation=str(card["activation"]),
            form=str(card["form"]),
            card=card["training"],
        )
    except WeightsError:
        raise
    except (KeyError, IndexError, OverflowError, zipfile.BadZipFile, TypeError, ValueError) as problem:
        raise WeightsError(
            "{folder}: weights.npz is damaged ({problem}); retrain", folder=folder, problem=problem
        ) from problem


@lru_cache(maxsize=4)
def _arrays(content: bytes) -> Mapping[str, Array]:
    """The arrays of an .npz archive, not to be written to: one run after another takes the same weights."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _head(arrays: Mapping[str, Array], name: str, depth: int) -> Head:
    layers = tuple((arrays[f"{name}_matrix_{k}"], arrays[f"{name}_offset_{k}"]) for k in range(depth))
    mean, sd, low, high = (arrays[f"{name}_{part}"] for part in ("mean", "sd", "low", "high"))
    return Head(layers, mean, sd, low, high)


def save_ensemble(members: Sequence[Weights], folder: str | Path) -> None:
    """Write the first member into `folder`, where a run looks, and every one into ``members/0``, ``members/1``."""
    folder = Path(folder)
    for number, member in enumerate(members):
        save(member, folder / "members" / str(number))
    save(members[0], folder)
    for old in sorted((folder / "members").iterdir()):  # of an earlier, larger ensemble
        if old.name.isdecimal() and int(old.name) >= len(members):
            shutil.rmtree(old)


def load_ensemble(folder: str | Path) -> list[Weights]:
    """All members in `folder`, the one that runs use first; that one alone where no others were kept.

    Raises
    ------
    WeightsError
        See `load`.
    """
    folder = Path(folder)
    numbers = [int(f.name) for f in (folder / "members").glob("*") if f.name.isdecimal()]
    return [load(folder / "members" / str(n)) for n in sorted(numbers)] or [load(folder)]


def content_hash(folder: str | Path) -> str:
    """Sixteen hexadecimal digits of the weights that a run would take from `folder`: part of the run's id.

    Raises
    ------
    WeightsError
        If there is no card.
    """
    try:
        card = (Path(folder) / "card.json").read_bytes()
    except OSError as missing:
        raise WeightsError("no drift weights in {folder}: card.json is absent", folder=folder) from missing
    return hashlib.sha256(card).hexdigest()[:16]  # the card holds the checksum of the weights


def default_hash() -> str:
    """The same of the weights that come with the program; empty where none have been made yet."""
    return content_hash(_DEFAULT) if (_DEFAULT / "card.json").is_file() else ""


def load_default(sectors: tuple[str, ...] | None = None) -> Weights:
    """The weights that come with the model, as `load` takes them.

    Raises
    ------
    WeightsError
        If none have been made yet.
    """
    if not (_DEFAULT / "card.json").exists():
        raise WeightsError(
            "the drift has no trained network yet (nothing in {default}); train one and save it "
            "there, or choose drift mode 'ou' or 'none'",
            default=_DEFAULT,
        )
    return load(_DEFAULT, sectors)


def npz(arrays: Mapping[str, Array]) -> bytes:
    """Bytes of an .npz archive; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.ascontiguousarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write beside and rename: a killed process leaves the old file or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    os.replace(beside, path)
