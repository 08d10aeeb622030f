"""Forecasts over many periods from one state, without the simulator: what the flow alone says of the future.

What the market will hold is not known ahead. Two hidden quantities follow rules that are: the price that technique has
adjusted to, and the price that firms expect; they are rolled on with the forecast itself. The bank stays as it is, the
balance moves with the forecast's emissions, the cap is announced, the calendar runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.state import PRICE, Array, Context, emission_rates


def forecast(
    flow: Flow,
    z0: Array,
    times: Array,
    stars: Array,
    context: Context,
    *,
    tightness: Array | None = None,
    yearly: Array | None = None,
    adjustment: float | None = 2.0,
    learning: float = 0.5,
    substeps: int = 1,
    disturb: Callable[[Array, float], Array] | None = None,
) -> Array:
    """States at `times` (n + 1,) years, the first of them `z0` (batch, 17) itself.

    Parameters
    ----------
    stars
        (n + 1, 17) or (n + 1, batch, 17) reference path as announced at the start.
    context
        The market at the start.
    tightness
        (n + 1,) announced tightness of the cap; by default as at the start.
    yearly
        (n + 1, 17) what New Year adds on arrival at each time, see `new_year_steps`; by default nothing.
    adjustment
        Rate at which technique follows the price, 1/yr; None: at once.
    learning
        Weight of the newest price in what firms expect.
    disturb
        Given the states (batch, 17) after a step and its length (years), the states with noise.

    Returns
    -------
    Array
        (n + 1, batch, 17).
    """
    stars = stars[:, None, :] if stars.ndim == 2 else stars
    z = np.array(z0, dtype=float)
    out = np.empty((len(times), *z.shape))
    out[0] = z
    wide = partial(_wide, batch=len(z))
    plus_one = np.exp(z[:, PRICE])
    technique = plus_one * (1.0 - wide(context.technique_gap))
    expected = np.exp(z[:, PRICE] - wide(context.expectation_gap))
    balance = wide(context.balance)
    rates = emission_rates(z)[:, context.covered].sum(axis=1)
    for k in range(len(times) - 1):
        t0, t1 = float(times[k]), float(times[k + 1])
        left = float(np.floor(t0 + 1e-6)) + 1.0 - t0
        now = replace(
            context,
            time_to_compliance=wide(left),
            cap_tightness=wide(context.cap_tightness if tightness is None else tightness[k]),
            reference_slope=wide(stars[k + 1, :, PRICE] - stars[k, :, PRICE]) / (t1 - t0),
            technique_gap=1.0 - technique / plus_one,
            expectation_gap=np.log(plus_one / expected),
            balance=balance,
            bank_ratio=wide(context.bank_ratio),
            period_length=wide(t1 - t0),
        )
        r = flow.path(z - stars[k], t0, t1, now, substeps)[-1]
        reference = stars[k].copy()
        if flow.mode != "none":
            reference[:, PRICE] = stars[k + 1][:, PRICE]
        z = r + reference
        if yearly is not None:
            z = z + yearly[k + 1]
        z = z if disturb is None else disturb(z, t1 - t0)
        out[k + 1] = z
        plus_one = np.exp(z[:, PRICE])
        weight = 1.0 if adjustment is None else 1.0 - np.exp(-adjustment * (t1 - t0))
        technique = technique + weight * (plus_one - technique)
        expected = expected + learning * (plus_one - expected)
        after = emission_rates(z)[:, context.covered].sum(axis=1)
        if context.covered.any():
            balance = balance - max(left - (t1 - t0), 0.0) * (after / rates - 1.0)
        rates = after
    return out


def new_year_steps(times: Array, stars: Array, year_before: Array) -> Array:
    """What New Year adds to emissions and output, (n, 17): what their reference has moved by in a year.

    Parameters
    ----------
    times
        (n,) years.
    stars, year_before
        (n, 17) the reference at these times and a year earlier.
    """
    steps = stars - year_before
    steps[:, PRICE] = 0.0
    begins = np.abs(times - np.round(times)) < 1e-6
    begins[0] = False
    return np.asarray(steps * begins[:, None])


def _wide(x: float | Array, batch: int) -> Array:
    """A number of its own for every path, shape ``(batch,)``."""
    return np.broadcast_to(np.asarray(x, dtype=float), (batch,)).copy()
