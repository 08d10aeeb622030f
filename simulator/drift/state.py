"""The state that drifts: 1 + 2n logarithms of a price and n sectors, always in the same places.

``z = (log(price + 1 yuan), log emission rate of each sector, log output of each sector)``, in the order in which the
economy has its sectors; a coverage mask says which of them take part. Keeping every sector's place, covered or not,
lets one set of weights serve every scenario of an economy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PRICE = 0
KINDS = ("price", "emissions", "output")

CONTEXT_FEATURES = (
    "season_sin",
    "season_cos",
    "bank_ratio",
    "coverage_share",
    "cap_tightness",
    "time_to_compliance",
    "reference_slope",
    "technique_gap",
    "expectation_gap",
    "balance",
    "period_length",
)
MARKET = tuple(f for f in CONTEXT_FEATURES if f not in ("season_sin", "season_cos", "coverage_share"))
"""What a market's context holds beside its coverage: the fields of `Context`, in order."""
PRICE_FEATURES = ("price", "mean_emissions", "mean_output", *CONTEXT_FEATURES)
SECTOR_FEATURES = ("price", "emissions", "output", *CONTEXT_FEATURES)
FEATURE_COUNT = len(PRICE_FEATURES)


@dataclass(frozen=True)
class Context:
    """What the market looks like while the state flows, constant over one period but for the calendar.

    All but ``covered`` are scalars or (batch,).

    Attributes
    ----------
    covered
        (sectors,) true where the sector counts; the same for every row of a batch.
    bank_ratio
        Banked allowances over a year's allocation.
    cap_tightness
        One minus the cap over baseline emissions of the covered sectors.
    time_to_compliance
        Years from the start of the flow to the compliance date; runs down as time passes, never below 0.
    reference_slope
        Rise of the reference path's log price over the period, 1/yr: known, since the policy is announced.
    technique_gap
        Part of the market's price (plus 1 yuan) that technique has not adjusted to, mean over covered sectors.
    expectation_gap
        Log of the market's price over the price that firms expect.
    balance
        Allowances held less what the year still needs at the present rate, over a year's allocation.
    period_length
        Years from one auction to the next.
    """

    covered: Mask
    bank_ratio: float | Array = 0.0
    cap_tightness: float | Array = 0.0
    time_to_compliance: float | Array = 0.0
    reference_slope: float | Array = 0.0
    technique_gap: float | Array = 0.0
    expectation_gap: float | Array = 0.0
    balance: float | Array = 0.0
    period_length: float | Array = 1 / 12

    def __post_init__(self) -> None:
        covered = np.asarray(self.covered)
        if covered.ndim != 1:
            raise ValueError(f"coverage needs one entry for each sector, got shape {covered.shape}")
        object.__setattr__(self, "covered", covered.astype(bool))

    @property
    def market(self) -> tuple[float | Array, ...]:
        """The values in the order of `MARKET`."""
        return (
            self.bank_ratio,
            self.cap_tightness,
            self.time_to_compliance,
            self.reference_slope,
            self.technique_gap,
            self.expectation_gap,
            self.balance,
            self.period_length,
        )


def size_of(sectors: int) -> int:
    """Components of the state of so many sectors.

    Examples
    --------
    >>> size_of(8)
    17
    """
    return 1 + 2 * sectors


@lru_cache
def quantities(size: int) -> tuple[slice, slice]:
    """Where emissions and where output stand in a state of so many components.

    Examples
    --------
    >>> quantities(5)
    (slice(1, 3, None), slice(3, 5, None))
    """
    sectors = (size - 1) // 2
    return slice(1, 1 + sectors), slice(1 + sectors, size)


@lru_cache
def kind_of(size: int) -> NDArray[np.intp]:
    """Which of `KINDS` each component of a state of so many is; not to be written to.

    Examples
    --------
    >>> kind_of(5).tolist()
    [0, 1, 1, 2, 2]
    """
    sectors = (size - 1) // 2
    kinds = np.repeat(np.arange(len(KINDS)), (1, sectors, sectors))
    kinds.setflags(write=False)
    return kinds


def pack(price: ArrayLike, emissions: ArrayLike, output: ArrayLike) -> Array:
    """State (..., 1 + 2n) of price (...), yuan/t, emission rates and output (..., n), annual and positive.

    Raises
    ------
    ValueError
        If a price is below 0 or an emission rate or output is not above 0.
    """
    price, emissions, output = (np.asarray(x, dtype=float) for x in (price, emissions, output))
    if not (price >= 0).all():
        raise ValueError("carbon prices must be zero or more")
    if not ((emissions > 0).all() and (output > 0).all()):
        raise ValueError("emission rates and output must be above zero in every sector, covered or not")
    return np.concatenate([np.log1p(price)[..., None], np.log(emissions), np.log(output)], axis=-1)


def prices(z: Array) -> Array:
    """Carbon price, yuan/t, of states (..., 1 + 2n).

    A logarithm of price + 1 may dip below zero, the price may not.
    """
    return np.maximum(np.expm1(z[..., PRICE]), 0.0)


def emission_rates(z: Array) -> Array:
    """Emission rates (..., n) of states (..., 1 + 2n), in the units that were packed (Mt CO2/yr)."""
    return np.asarray(np.exp(z[..., quantities(z.shape[-1])[0]]))


def outputs(z: Array) -> Array:
    """Output (..., n) of states (..., 1 + 2n), in the units that were packed."""
    return np.asarray(np.exp(z[..., quantities(z.shape[-1])[1]]))


def active(covered: Mask) -> Mask:
    """(..., 1 + 2n) true for the price and for both components of the covered sectors."""
    covered = np.asarray(covered, dtype=bool)
    return np.concatenate([np.ones((*covered.shape[:-1], 1), dtype=bool), covered, covered], axis=-1)


def context_features(t: ArrayLike, context: Context, t0: float) -> Array:
    """Context features at times `t` (n,), years: (n, 11), or (n, batch, 11) when the context differs by row."""
    t = np.asarray(t, dtype=float)
    varying = context.market
    plain = all(isinstance(x, float) for x in varying)  # the usual case, and broadcasting is slow
    batch = () if plain else np.broadcast_shapes(*(np.shape(x) for x in varying))
    when = t.reshape(t.shape + (1,) * len(batch))
    out = np.empty((*t.shape, *batch, len(CONTEXT_FEATURES)))
    if plain:
        out[:] = (0.0, 0.0, varying[0], np.count_nonzero(context.covered) / context.covered.size, *varying[1:])
    else:
        for place, value in zip((2, *range(4, len(CONTEXT_FEATURES))), varying, strict=True):
            out[..., place] = value
        out[..., 3] = np.count_nonzero(context.covered) / context.covered.size
    angle = (2 * np.pi) * when
    out[..., 0] = np.sin(angle)
    out[..., 1] = np.cos(angle)
    out[..., 5] = np.maximum(context.time_to_compliance - (when - t0), 0.0)
    return out


def network_features(r: Array, covered: Mask, context: Array) -> tuple[Array, Array]:
    """Raw features of the price network (rows, features) and of the sector network (rows, n, features).

    Parameters
    ----------
    r
        (rows, 1 + 2n) residuals.
    covered
        (rows, n).
    context
        (rows, 11) in the order of `CONTEXT_FEATURES`.
    """
    count = np.maximum(covered.sum(axis=1, keepdims=True), 1)
    emissions, output = quantities(r.shape[1])
    means = [(r[:, part] * covered).sum(axis=1, keepdims=True) / count for part in (emissions, output)]
    price = np.concatenate([r[:, :1], *means, context], axis=1)
    sectors = covered.shape[1]
    by_sector = [np.repeat(r[:, :1], sectors, axis=1), r[:, emissions], r[:, output]]
    spread = np.repeat(context[:, None, :], sectors, axis=1)
    return price, np.concatenate([np.stack(by_sector, axis=-1), spread], axis=-1)
