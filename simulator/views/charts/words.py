"""Words that stand beside figures: tables in Markdown, numbers of weeks, names cut to their ends."""

from __future__ import annotations

from collections.abc import Sequence

from tanshi.language import mark, say


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""A table of texts in Markdown.

    Examples
    --------
    >>> print(markdown_table(["variable", "2030"], [["Price|Carbon", "99.4"]]))
    | variable | 2030 |
    |---|---|
    | Price\|Carbon | 99.4 |
    """
    top = "| " + " | ".join(heads) + " |\n|" + "---|" * len(heads)
    return top + "\n" + "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def weeks_ahead(weeks: Sequence[int]) -> str:
    """Numbers of weeks in words.

    Examples
    --------
    >>> weeks_ahead([1]), weeks_ahead([1, 4, 13])
    ('1 week', '1, 4, 13 weeks')
    """
    told = mark("1 week") if list(weeks) == [1] else mark("{weeks} weeks")
    return say(told, weeks=", ".join(map(str, weeks)))


def end_of(text: str, most: int = 26) -> str:
    """A text, or its end where it is longer than ``most`` letters."""
    return text if len(text) <= most else "…" + text[-(most - 1) :]
