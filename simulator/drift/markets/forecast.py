"""The forecast of a real carbon price that is shipped: an equal mixture of four, none of which claims a direction.

Persistence, GARCH with Student tails on the market's own past, the pooled recursion, and the network g. The weights of
the last two are kept by vintage: those of a day saw no price after it, so that a forecast made for any past week can be
judged honestly. Without a vintage before the week the oldest one serves.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tanshi.simulator.drift.markets.closes import Closes
from tanshi.simulator.drift.markets.paths import changes_ahead, start_of
from tanshi.simulator.drift.markets.rivals import persistence
from tanshi.simulator.drift.markets.spread import Network, Recursion
from tanshi.simulator.drift.state import Array
from tanshi.simulator.drift.weights import WeightsError, npz, write

FOLDER = Path(__file__).parent.parent / "default"
COMPONENTS = ("persistence", "GARCH-t", "recursion", "network")
WITHOUT_NETWORK = COMPONENTS[:3]
OWN_GARCH = 104
"""Weeks with a trade that a market needs for a GARCH of its own; before, the recursion stands in for it."""

_FILE, _CARD = "markets.npz", "markets.json"
VERSION = 1


@dataclass(frozen=True)
class Vintage:
    """Weights that saw no week which ended on ``until`` (YYYY-MM-DD) or later."""

    until: str
    recursion: Recursion
    networks: tuple[Network, ...]


@dataclass(frozen=True)
class MarketWeights:
    """All vintages, the oldest first, and the card that says where they come from."""

    vintages: tuple[Vintage, ...]
    card: Mapping[str, Any] = field(default_factory=dict)

    def known(self, week: np.datetime64) -> Vintage:
        """The newest vintage that saw no week after ``week``, else the oldest."""
        older = [v for v in self.vintages if np.datetime64(v.until) <= week + np.timedelta64(1, "D")]
        return older[-1] if older else self.vintages[0]


def changes(
    weights: MarketWeights,
    closes: Closes,
    weeks: Sequence[int],
    rng: np.random.Generator,
    count: int,
) -> dict[str, Array]:
    """(len(weeks), count) sampled changes of the log price by each of `COMPONENTS`, from the last row of ``closes``."""
    vintage, start = weights.known(closes.week[-1]), start_of(closes)
    from_past = np.stack([persistence(closes, h, rng, count) for h in weeks])
    recursion = changes_ahead(vintage.recursion, start, weeks, rng, count)
    # Each network of the ensemble draws its part of the paths.
    parts = np.array_split(np.arange(count), len(vintage.networks))
    drawn = [changes_ahead(n, start, weeks, rng, part.size) for n, part in zip(vintage.networks, parts, strict=True)]
    if int(closes.traded.sum()) >= OWN_GARCH:
        from tanshi.simulator.drift.markets.garch import fit_garch

        garch = fit_garch(closes).changes(max(weeks), rng, count)[np.asarray(weeks) - 1]
    else:
        garch = changes_ahead(vintage.recursion, start, weeks, rng, count)
    return dict(zip(COMPONENTS, (from_past, garch, recursion, np.concatenate(drawn, axis=1)), strict=True))


def mixed(components: Mapping[str, Array], count: int, names: Sequence[str] = COMPONENTS) -> Array:
    """(weeks, count) equally likely values of the equal mixture of the named components, ascending.

    They are evenly spaced quantiles of all draws together, so that thinning adds no chance of its own.
    """
    return thinned(np.concatenate([components[name] for name in names], axis=1), count)


def thinned(draws: Array, count: int) -> Array:
    """(weeks, count) evenly spaced quantiles of draws (weeks, n)."""
    return np.asarray(np.quantile(draws, (np.arange(count) + 0.5) / count, axis=1).T)


def forecast_prices(
    closes: Closes, weeks: int, rng: np.random.Generator, count: int = 1000, weights: MarketWeights | None = None
) -> Array:
    """(count,) sampled closes ``weeks`` after the last of ``closes``: the shipped forecast."""
    drawn = changes(weights or shipped(), closes, [weeks], rng, count)
    return np.asarray(np.exp(closes.log_close[-1] + rng.permutation(mixed(drawn, count)[0])))


def save_markets(weights: MarketWeights, folder: Path) -> None:
    """Write ``markets.npz`` and ``card.json``."""
    arrays: dict[str, Array] = {}
    for vintage in weights.vintages:
        arrays |= {f"{vintage.until}.recursion.{k}": v for k, v in vintage.recursion.arrays().items()}
        for number, network in enumerate(vintage.networks):
            arrays |= {f"{vintage.until}.network{number}.{k}": v for k, v in network.arrays().items()}
    content = npz(arrays)
    stamp = {"version": VERSION, "sha256": hashlib.sha256(content).hexdigest()}
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / _FILE, content)
    write(folder / _CARD, (json.dumps({**stamp, "training": dict(weights.card)}, indent=1) + "\n").encode())


def load_markets(folder: str | Path) -> MarketWeights:
    """Weights from a folder.

    Raises
    ------
    WeightsError
        If there are none, or they are of another kind.
    """
    place = Path(folder)
    try:
        content = (place / _FILE).read_bytes()
        card = json.loads((place / _CARD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(
            "{place} holds no weights of real markets ({file}, {card}): make them with `tanshi train --only markets`",
            place=place,
            file=_FILE,
            card=_CARD,
        ) from None
    except (OSError, ValueError) as problem:
        raise WeightsError("{place} cannot be read: {problem}", place=place / _CARD, problem=problem) from None
    if not isinstance(card, dict) or card.get("version") != VERSION:
        raise WeightsError(
            "{place}: weights of version {version} are expected; train them again", place=place / _CARD, version=VERSION
        )
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise WeightsError(
            "{place}: {file} does not belong to {card} (checksum differs); train them again",
            place=place,
            file=_FILE,
            card=_CARD,
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: np.asarray(stored[name], dtype=float) for name in stored.files}
    found: dict[str, dict[str, dict[str, Array]]] = {}
    try:
        for name, value in arrays.items():
            until, part, field_name = name.split(".")
            found.setdefault(until, {}).setdefault(part, {})[field_name] = value
        vintages = tuple(
            Vintage(
                until,
                Recursion.of(parts["recursion"]),
                tuple(Network.of(parts[k]) for k in sorted(parts) if k.startswith("network")),
            )
            for until, parts in sorted(found.items())
        )
    except (KeyError, ValueError) as problem:
        raise WeightsError(
            "{place}/{file} holds weights of another state: {problem}", place=place, file=_FILE, problem=problem
        ) from None
    if not vintages or not all(v.networks for v in vintages):
        raise WeightsError("{place}/{file} holds no complete vintage", place=place, file=_FILE)
    return MarketWeights(vintages, card["training"])


@lru_cache(maxsize=1)
def shipped() -> MarketWeights:
    """The weights that come with the program."""
    return load_markets(FOLDER)
