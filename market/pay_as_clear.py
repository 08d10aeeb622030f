"""Pay-as-clear at the highest accepted ask: one price for all, set by the dearest seller that is needed.

How wholesale power is priced from the merit order of offers (marginal pricing): sellers are ranked by what they ask,
those that are needed are accepted, and everybody pays and receives what the last of them asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from tanshi.market.call_auction import CallAuction
from tanshi.market.crossing import Crossing


@dataclass(frozen=True)
class PayAsClear(CallAuction):
    """Clear a book at the highest accepted ask.

    The lots that trade, and who is served at the margin, are those of the call auction; the price is a_m, the limit of
    the ask that holds the last lot to trade. Where supply is rationed a bid above it goes unserved: scarcity raises no
    price here, which is what sets the rule apart from the call auction's lowest balancing price (k = 0).

    Without trade it points where the call auction would.
    """

    def _price(self, found: Crossing) -> int | None:
        return super()._price(found) if found.ask is None else found.ask
