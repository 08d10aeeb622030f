"""The Chinese signs of a page, from the font that comes with the program: a reader without one sees no boxes."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata

from tanshi.simulator.machine.disk import StoreError, write_file
from tanshi.simulator.studies.compiling import kept
from tanshi.simulator.views.charts.style import HAN, HAN_FILE

SIGNS = re.compile("[\u2e80-\U0010ffff]")
"""Chinese signs and their punctuation; before them in Unicode stand those that every system has."""


def font_face(text: str) -> str:
    """A style that holds the font's part with the signs of a text; empty where the text has none of them.

    The same text gives the same bytes.
    """
    wanted = sorted(map(ord, set(SIGNS.findall(text))))
    if not wanted:
        return ""
    held = base64.b64encode(_part(wanted)).decode("ascii")
    source = f'src: url(data:font/ttf;base64,{held}) format("truetype");'
    return f'@font-face {{ font-family: "{HAN}"; font-weight: 100 900; {source} }}\n'


def _part(wanted: Sequence[int]) -> bytes:
    """The font's part with some signs; that of the last page is remembered, since many pages have the same few.

    Cutting it out takes three tenths of a second, half of it to import what cuts.
    """
    key = hashlib.sha256(repr((wanted, metadata.version("fonttools"))).encode() + HAN_FILE.read_bytes()).digest()
    last = kept() / "signs"
    with suppress(OSError):
        known = last.read_bytes()
        if known.startswith(key):
            return known[len(key) :]
    part = _cut(wanted)
    with suppress(StoreError):  # what cannot be kept is cut out every time
        write_file(last, key + part)
    return part


def _cut(wanted: Sequence[int]) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(HAN_FILE, recalcTimestamp=False)
    part = subset.Subsetter(subset.Options(notdef_outline=True, glyph_names=False))
    part.populate(unicodes=set(wanted) & set(font.getBestCmap()))
    part.subset(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
