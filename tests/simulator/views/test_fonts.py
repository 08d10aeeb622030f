"""Chinese stands in a figure as Chinese, from the font that comes with the program."""

from __future__ import annotations

import importlib
import logging
import sys

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from tanshi.simulator.views.charts import style
from tests.package.installs import ROOT

sys.path.append(str(ROOT / ".ci"))
gb2312 = importlib.import_module("han_font").gb2312


def covered() -> set[int]:
    latin = TTFont(font_manager.findfont("DejaVu Sans", fallback_to_default=False)).getBestCmap()
    return set(latin) | set(TTFont(style.HAN_FILE).getBestCmap())


def test_the_fonts_hold_every_sign_of_gb2312() -> None:
    han = {sign for sign in gb2312() if 0x4E00 <= sign <= 0x9FFF}
    assert len(han) == 6763
    assert han - covered() == set()


def test_of_its_other_signs_only_numbers_in_circles_an_arc_and_single_angle_brackets_are_missing() -> None:
    assert gb2312() - covered() <= {0x2312, 0x3008, 0x3009, *range(0x2460, 0x24A0), *range(0x3220, 0x322A)}


def test_the_fonts_hold_every_sign_of_the_translations() -> None:
    words = (ROOT / "tanshi/locale/zh/LC_MESSAGES/tanshi.po").read_text("utf-8")
    assert {ord(sign) for sign in words if sign.isprintable()} - covered() == set()


def drawn(title: str) -> bytes:
    figure, _ = style.frame(title, "元/吨", "来源")
    figure.axes[0].set_xlabel(title)  # after the frame, as charts do
    return style.png(figure)


def test_chinese_is_drawn_without_a_warning_bold_titles_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):  # a missing glyph warns, and a warning fails the test
        assert drawn("碳价") != drawn("配额")
    assert caplog.text == ""


def test_what_the_users_matplotlib_is_set_to_moves_no_byte() -> None:
    before = drawn("碳价，山西")
    with mpl.rc_context({"font.family": "monospace", "font.sans-serif": ["Helvetica"], "axes.unicode_minus": False}):
        assert drawn("碳价，山西") == before


def test_a_pdf_holds_its_fonts_and_is_the_same_each_time() -> None:
    def made() -> bytes:
        figure, axes = style.frame("碳价", "元/吨", "来源")
        axes.plot(np.arange(3.0))
        return style.pdf(figure)

    assert b"TanshiHan" in made()
    assert b"FontFile2" in made()
    assert made() == made()
