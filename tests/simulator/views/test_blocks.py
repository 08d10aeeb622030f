"""A page of blocks: both forms hold the same text, and none of it can break the page."""

from __future__ import annotations

from tanshi.simulator.views.reports.blocks import Code, Grid, Heading, Paragraph, Picture, Points, as_html, as_markdown

BLOCKS = [
    Heading("Title", 1),
    Paragraph("5 < 6 & *stars*", "said"),
    Points(["one", "two_three"]),
    Code("tanshi"),
    Grid(("Name", "Value"), [("a|b", "reproduced"), ("c", "2")], frozenset({1}), True, {"reproduced": "good"}),
    Picture("figure", "A figure", b"png"),
]


def test_html_is_escaped_and_holds_its_pictures() -> None:
    page = as_html("Title", BLOCKS)
    assert "5 &lt; 6 &amp; *stars*" in page
    assert 'src="data:image/png;base64,cG5n"' in page
    assert '<span class="badge good">reproduced</span>' in page
    assert 'data-head="Value">2' in page
    assert "<pre>tanshi</pre>" in page


def test_markdown_escapes_what_would_be_a_sign_and_names_its_pictures() -> None:
    text = as_markdown(BLOCKS, "images")
    assert text.startswith("# Title\n")
    assert "> 5 \\< 6 & \\*stars\\*" in text
    assert "- two\\_three" in text
    assert "    tanshi" in text
    assert "| a\\|b | **reproduced** |" in text
    assert "|---|---:|" in text
    assert "![A figure](images/figure.png)" in text
