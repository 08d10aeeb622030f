"""Planning ahead: how many allowances firms want to bank when they look a number of years ahead.

A firm that may bank sells today only if today's price exceeds what it expects tomorrow, discounted. Over a horizon of
H years without doubt the price it plans with rises at its discount rate as long as it holds a bank, and the bank it
wants covers what the coming years lack at those prices. The horizon rolls on every year. Finite horizons explain
observed banks and prices better than infinite ones: Quemin and Trotignon (2021), Emissions trading with rolling
horizons, Journal of Economic Dynamics and Control 125:104099. The rule for prices is Hotelling's, as shown for permits
by Rubin (1996), A model of intertemporal emission trading, banking, and borrowing, Journal of Environmental Economics
and Management 31:269-286.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.market.orders import Floats


@dataclass(frozen=True)
class Outlook:
    """What firms expect of the years ahead, next year first.

    Attributes
    ----------
    cap : (years,) float
        Allowances to come, any unit; the same below.
    emissions : (years, sectors) float
        At the prices in `at`.
    slope : (sectors,) or (years, sectors) float
        Change of emissions per yuan/t, not positive.
    at : (sectors,) or (years, sectors) float
        Prices at which `emissions` are stated, yuan/t.
    """

    cap: Floats
    emissions: Floats
    slope: Floats
    at: Floats

    def needs(self, price: float, rate: float) -> tuple[Floats, Floats]:
        """Return each year's emissions beyond the cap on a path that rises at `rate` from today's price.

        Returns
        -------
        need, slope : (years,) float
            The second is the change with today's price.
        """
        growth = (1.0 + rate) ** np.arange(1, len(self.cap) + 1)[:, None]
        slope = np.broadcast_to(self.slope, self.emissions.shape)
        rate_of = self.emissions + slope * (price * growth - self.at)
        alive = rate_of > 0
        need = np.where(alive, rate_of, 0.0).sum(axis=1) - self.cap
        return need, np.where(alive, slope * growth, 0.0).sum(axis=1)


def planned_bank(outlook: Outlook, price: float, rate: float) -> tuple[float, float]:
    """Return the bank wanted at the end of this year if today's price is `price`, and its change with that price.

    What is lacking up to some year, taken over the year where it is largest: until then the bank is positive and the
    price rises at the discount rate; there it is used up. Zero where no such year exists.

    Parameters
    ----------
    outlook : Outlook
    price : float
        Yuan/t.
    rate : float
        Discount rate, per year.

    Examples
    --------
    Emissions of 100 - p under a cap of 50 next year, at 5 %: at 29.27 today 19.27 are wanted.

    >>> one = Outlook(np.array([50.0]), np.array([[100.0]]), np.array([-1.0]), np.zeros(1))
    >>> round(planned_bank(one, 29.268293, 0.05)[0], 4)
    19.2683
    """
    if not len(outlook.cap):
        return 0.0, 0.0
    need, slope = outlook.needs(price, rate)
    lacking = np.cumsum(need)
    worst = int(np.argmax(lacking))
    if lacking[worst] <= 0:
        return 0.0, 0.0
    return float(lacking[worst]), float(slope[: worst + 1].sum())
