"""The state that drifts: 17 logarithms, always in the same places.

``z = (log(price + 1 yuan), log emission rate of 8 sectors, log output of 8 sectors)``; a coverage mask says
which of the sectors take part. Keeping every sector's place, covered or not, lets one set of weights serve
every scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SECTORS = ("ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR")
SECTOR_COUNT = len(SECTORS)
STATE_SIZE = 1 + 2 * SECTOR_COUNT
PRICE = 0
EMISSIONS = slice(1, 1 + SECTOR_COUNT)
OUTPUT = slice(1 + SECTOR_COUNT, STATE_SIZE)
KINDS = ("price", "emissions", "output")
KIND_OF = np.repeat(np.arange(3), (1, SECTOR_COUNT, SECTOR_COUNT))  # (17,) index into KINDS

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
        (8,) true where the sector counts, order of `SECTORS`; the same for every row of a batch.
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
        if covered.shape != (SECTOR_COUNT,):
            raise ValueError(f"coverage needs {SECTOR_COUNT} entries ({' '.join(SECTORS)}), got shape {covered.shape}")
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


def pack(price: ArrayLike, emissions: ArrayLike, output: ArrayLike) -> Array:
    """State (..., 17) of price (...), yuan/t, emission rates and output (..., 8), annual and positive.

    Raises
    ------
    ValueError
        If a price is below 0 or an emission rate or output is not above 0.
    """
    price, emissions, output = (np.asarray(x, dtype=float) for x in (price, emissions, output))
    if not (price >= 0).all():
        raise ValueError("carbon prices must be zero or more")
    if not ((emissions > 0).all() and (output > 0).all()):
        raise ValueError("emission rates and output must be above zero in all eight sectors, covered or not")
    return np.concatenate([np.log1p(price)[..., None], np.log(emissions), np.log(output)], axis=-1)


def prices(z: Array) -> Array:
    """Carbon price, yuan/t, of states (..., 17).

    A logarithm of price + 1 may dip below zero, the price may not.
    """
    return np.maximum(np.expm1(z[..., PRICE]), 0.0)


def emission_rates(z: Array) -> Array:
    """Emission rates (..., 8) of states (..., 17), in the units that were packed (Mt CO2/yr)."""
    return np.asarray(np.exp(z[..., EMISSIONS]))


def outputs(z: Array) -> Array:
    """Output (..., 8) of states (..., 17), in the units that were packed."""
    return np.asarray(np.exp(z[..., OUTPUT]))


def active(covered: Mask) -> Mask:
    """(..., 17) true for the price and for both components of the covered sectors."""
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
        out[:] = (0.0, 0.0, varying[0], np.count_nonzero(context.covered) / SECTOR_COUNT, *varying[1:])
    else:
        for place, value in zip((2, *range(4, len(CONTEXT_FEATURES))), varying, strict=True):
            out[..., place] = value
        out[..., 3] = np.count_nonzero(context.covered) / SECTOR_COUNT
    angle = (2 * np.pi) * when
    out[..., 0] = np.sin(angle)
    out[..., 1] = np.cos(angle)
    out[..., 5] = np.maximum(context.time_to_compliance - (when - t0), 0.0)
    return out


def network_features(r: Array, covered: Mask, context: Array) -> tuple[Array, Array]:
    """Raw features of the price network (n, 9) and of the sector network (n, 8, 9).

    Parameters
    ----------
    r
        (n, 17) residuals.
    covered
        (n, 8).
    context
        (n, 11) in the order of `CONTEXT_FEATURES`.
    """
    count = np.maximum(covered.sum(axis=1, keepdims=True), 1)
    means = [(r[:, part] * covered).sum(axis=1, keepdims=True) / count for part in (EMISSIONS, OUTPUT)]
    price = np.concatenate([r[:, :1], *means, context], axis=1)
    by_sector = [np.repeat(r[:, :1], SECTOR_COUNT, axis=1), r[:, EMISSIONS], r[:, OUTPUT]]
    spread = np.repeat(context[:, None, :], SECTOR_COUNT, axis=1)
    return price, np.concatenate([np.stack(by_sector, axis=-1), spread], axis=-1)
