"""A bank in place of a cap path: the holders' rate and the sum of caps that give two printed prices.

While allowances are kept from one year to the next, their price grows by the real rate that owners ask for keeping them
(Hotelling 1931; Rubin 1996). Two prices then fix both unknowns: their growth is the rate, and what the economy emits
along the whole path of prices is the sum of the caps. When the allowances are issued moves nothing, so long as nobody
would have to borrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tanshi.equilibrium.engine import Parameters
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.studies.yearly import Yearly

Array = NDArray[np.float64]
NOTHING = 0.5
"""Mt, below which a bank counts as empty."""


@dataclass(frozen=True)
class HeldBank:
    """What two prices say where a bank is held between them, on the path of one equilibrium a year.

    Attributes
    ----------
    rate
        The holders' real rate, 1/year.
    cumulated
        Sum of the caps that the path of prices asks for, Mt.
    years
        From the policy's first to the last.
    price, covered, co2, cap, bank
        By year: yuan/t; emissions of the traded sectors and of the province; the scenario's own caps, and what would be
        kept of them at the year's end, Mt.
    """

    rate: float
    cumulated: float
    years: tuple[int, ...]
    price: Array
    covered: Array
    co2: Array
    cap: Array
    bank: Array

    @property
    def stated(self) -> float:
        """Sum of the scenario's own caps, Mt."""
        return float(self.cap.sum())

    @property
    def peak(self) -> int:
        """Year of the highest emissions of the province."""
        return self.years[int(self.co2.argmax())]

    @property
    def held(self) -> tuple[int, ...]:
        """Years at whose ends something is kept."""
        return tuple(year for year, kept in zip(self.years, self.bank, strict=True) if kept > NOTHING)


def held_bank(scenario: Scenario, printed: Mapping[int, float]) -> HeldBank:
    """Solve for the rate and the sum of caps.

    Parameters
    ----------
    scenario
        Who trades, and the caps whose bank is shown.
    printed
        Year -> price of two years, yuan/t.

    Raises
    ------
    ValueError
        Where there are not two prices.
    EquilibriumError
        Where a year has no equilibrium at its price.
    """
    if len(printed) != 2:
        raise ValueError(f"two prices fix the rate and the sum of caps, got {len(printed)}")
    (first, one), (last, other) = sorted(printed.items())
    rate = (other / one) ** (1.0 / (last - first)) - 1.0
    yearly = Yearly.of(scenario)
    model, policy = yearly.model, yearly.policy

    def price(year: int) -> float:
        if not policy.started(year):
            return float(model.accounts.carbon_price)
        return float(one * (1.0 + rate) ** (year - first))

    def regime(p: Parameters, year: int) -> None:
        policy.prepare(model, p, year)
        model.hold_price(p, price(year))

    path = [y for y in yearly.path(regime) if policy.started(y.year)]
    covered = np.array([float(y.emissions[policy.mask(y.year)].sum()) for y in path])
    cap = np.array([policy.tonnes(y.year) for y in path])
    return HeldBank(
        rate=rate,
        cumulated=float(covered.sum()),
        years=tuple(y.year for y in path),
        price=np.array([price(y.year) for y in path]),
        covered=covered,
        co2=np.array([sum(yearly.accounts.emissions(y.flows).values()) for y in path]),
        cap=cap,
        bank=np.cumsum(cap - covered),
    )
