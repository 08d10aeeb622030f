"""The Chinese signs of a page, from the font that comes with the program: a reader without one sees no boxes."""

from __future__ import annotations

import base64
import io

from tanshi.simulator.views.charts.style import HAN, HAN_FILE

FIRST = 0x2E80
"""Where Chinese signs and their punctuation begin in Unicode; before it stand those that every system has."""


def font_face(text: str) -> str:
    """A style that holds the font's part with the signs of a text; empty where the text has none of them.

    The same text gives the same bytes.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont

    wanted = {ord(sign) for sign in text if ord(sign) >= FIRST}
    if not wanted:
        return ""
    font = TTFont(HAN_FILE, recalcTimestamp=False)
    wanted &= set(font.getBestCmap())
    part = subset.Subsetter(subset.Options(notdef_outline=True, glyph_names=False))
    part.populate(unicodes=wanted)
    part.subset(font)
    out = io.BytesIO()
    font.save(out)
    held = base64.b64encode(out.getvalue()).decode("ascii")
    source = f'src: url(data:font/ttf;base64,{held}) format("truetype");'
    return f'@font-face {{ font-family: "{HAN}"; font-weight: 100 900; {source} }}\n'
