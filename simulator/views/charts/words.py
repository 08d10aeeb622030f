"""Words that stand beside figures: tables in Markdown, numbers of weeks, last values, names that are cut."""

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


def start_of(text: str, most: int) -> str:
    """A text, or its beginning where it is longer than ``most`` letters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def number_in(form: str, value: float) -> str:
    """A value in a form; with two digits where it would read as nothing and is not.

    Examples
    --------
    >>> [number_in("{:,.0f}", value) for value in (1871.2, 0.075, 0.0)]
    ['1,871', '0.075', '0']
    """
    text = form.format(value)
    return text if value == 0 or any(sign in "123456789" for sign in text) else f"{value:.2g}"
