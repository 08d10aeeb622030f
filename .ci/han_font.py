"""Make the font of Chinese signs that figures use from Droid Sans Fallback (Debian: fonts-droid-fallback).

    python .ci/han_font.py DroidSansFallbackFull.ttf simulator/views/charts/fonts/TanshiHan.ttf

Kept: the 6,763 signs of GB 2312, its punctuation and full-width forms. Dropped: hinting, layout
tables, all other signs, Latin letters among them, which figures take from DejaVu Sans.
"""

from __future__ import annotations

import sys

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "Tanshi Han"
FULL_WIDTH = {*range(0x3000, 0x3040), *range(0xFF00, 0xFFF0)}


def gb2312() -> set[int]:
    """Code points of the national standard GB 2312."""
    found = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def main(source: str, target: str) -> None:
    """Read the whole font, write the part."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True, glyph_names=False)
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "vhea", "vmtx"]
    part = subset.Subsetter(options)
    part.populate(unicodes=(gb2312() | FULL_WIDTH) & set(font.getBestCmap()))
    part.subset(font)
    for record in font["name"].names:
        said = {1: FAMILY, 3: f"{FAMILY}, from Droid Sans Fallback 1.00c", 4: FAMILY, 6: FAMILY.replace(" ", "")}
        if record.nameID in said:
            record.string = said[record.nameID]
    font.save(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
