"""How far shadow prices move when the data are a little wrong: a parametric bootstrap.

Every replication multiplies each unit's output and CO2 by the exponential of a normal error, estimates the
frontiers again and notes each unit's price. The band is where most of a unit's prices lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tanshi.agents.sinks.distance import Choices, shadow_prices
from tanshi.agents.sinks.errors import Fault, ProgrammeError, SinksError
from tanshi.agents.sinks.units import Units
from tanshi.agents.streams import stream
from tanshi.market.orders import Floats


@dataclass(frozen=True)
class Band:
    """Quantiles of each unit's price over the replications.

    Attributes
    ----------
    low, high : (units,) float
        Yuan/t.
    replications : int
        How many had a solution.
    """

    low: Floats
    high: Floats
    replications: int


def noise_band(
    units: Units,
    by: Sequence[str],
    choices: Choices,
    *,
    noise: float = 0.05,
    replications: int = 20,
    seed: int = 2021,
    shares: tuple[float, float] = (0.05, 0.95),
    progress: Callable[[int, int], None] | None = None,
) -> Band:
    """Estimate again with error in output and CO2.

    Parameters
    ----------
    noise
        Standard deviation of the logarithm of the error, 0 to 0.5.
    replications
        2 at least.
    shares
        Which quantiles are given.

    Raises
    ------
    SinksError
        For noise or a number outside its range, or where fewer than half of the replications have a solution.
    """
    if not 0 <= noise <= 0.5:
        raise SinksError("The band cannot be drawn.", [Fault("noise", "0 to 0.5", str(noise))])
    if replications < 2:
        raise SinksError("The band cannot be drawn.", [Fault("replications", "2 or more", str(replications))])
    drawn: list[Floats] = []
    for n in range(replications):
        luck = stream(seed, "sinks", "noise band", n)
        errors = np.exp(noise * luck.normal(0.0, 1.0, (len(units), 2)))
        try:
            again = units.with_outputs(units.output * errors[:, 0], units.co2 * errors[:, 1])
            drawn.append(shadow_prices(again, by, choices)["shadow_price"].to_numpy(np.float64))
        except ProgrammeError:
            continue
        finally:
            if progress is not None:
                progress(n + 1, replications)
    if 2 * len(drawn) < replications:
        raise ProgrammeError(
            "With {noise:.0%} noise only {number_of_drawn} of {replications} replications have a "
            "solution: the prices of these units hang on the last digits of the data.",
            noise=noise,
            number_of_drawn=len(drawn),
            replications=replications,
        )
    # A quantile that is a draw itself: no mean between a finite and an infinite price.
    low, high = np.quantile(np.array(drawn), shares, axis=0, method="nearest")
    return Band(low, high, len(drawn))
