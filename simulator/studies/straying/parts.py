"""What may stray in a run, part by part, and where the moments of the price then come from."""

from __future__ import annotations

from collections.abc import Mapping

from tanshi.language import mark

STILL, EMERGED, FITTED = mark("no shocks"), mark("drivers and trade"), mark("with g")
PARTS: Mapping[str, Mapping[str, object]] = {
    STILL: {},
    EMERGED: {"shocks.drivers": "estimated"},
    FITTED: {"shocks.drivers": "estimated", "shocks.belief": "network"},
}
"""What strays: nothing; drivers, trade, beliefs of fixed spread; beliefs with the spread of real markets too."""

ORIGIN: Mapping[str, str] = {
    STILL: mark("emerges: firms' own shocks and bids"),
    EMERGED: mark("emerges: drivers estimated from monthly series, no price among them; news about the cap assumed"),
    FITTED: mark("fitted: beliefs bring what drivers leave of the spread of real carbon prices"),
}
