"""Sectors by the name that the reader's language has for them, and by their colour in every figure."""

from __future__ import annotations

from tanshi.language import spoken
from tanshi.simulator.results.variables import SECTORS

SECTOR_COLOURS = {
    "ELEC": "#0072B2", "STEEL": "#D55E00", "NFM": "#CC79A7", "NMM": "#E69F00", "COKE": "#000000", "CHEM": "#56B4E9",
    "PAPER": "#009E73", "AIR": "#A79B00", "GOV": "#888888", "INT": "#BBBBBB", "OUT": "#7A5C3E", "OTH": "#7A5C3E",
    "AGR": "#117733", "COAL": "#663333", "OGAS": "#882255", "OMIN": "#DDCC77", "LIGHT": "#CC6677", "MACH": "#332288",
    "CONS": "#8C6D31", "TRAN": "#44AA99", "SERV": "#AA4499",
}  # fmt: skip
"""One colour a trader's sector: Okabe and Ito's with a dark yellow, then Tol's muted ones for other sectors with firms.

References
----------
Okabe, M. and Ito, K. (2008): Color Universal Design. University of Tokyo.
Tol, P. (2021): Colour Schemes. SRON technical note SRON/EPS/TN/09-002, issue 3.2.
"""


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
