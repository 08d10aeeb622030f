"""Sectors by the name that the reader's language has for them."""

from __future__ import annotations

from tanshi.language import spoken
from tanshi.simulator.results.variables import SECTORS


def sector_name(code: str) -> str:
    """A sector's name in the language that is spoken; the code itself where there is no such sector.

    Examples
    --------
    >>> sector_name("STEEL"), sector_name("GOV")
    ('Iron and Steel', 'GOV')
    """
    if code not in SECTORS:
        return code
    return SECTORS[code].chinese if spoken() == "zh" else SECTORS[code].name
