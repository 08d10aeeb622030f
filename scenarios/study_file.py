"""The file of a sweep or a calibration against its form: every field that does not fit, with its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from tanshi.errors import Message
from tanshi.scenarios.document import Document
from tanshi.scenarios.errors import Problem, UserError, did_you_mean, shorten
from tanshi.scenarios.factors import add_problem
from tanshi.scenarios.fields import Group

Form = TypeVar("Form", bound=Group)
Refusal = TypeVar("Refusal", bound=UserError)


def read_form(
    document: Document,
    form: type[Form],
    group_of: Callable[[Sequence[str]], type[Group]],
    why_needed: Callable[[str], str] = lambda _: "",
) -> Form | None:
    """Read a document as a form, noting its mistakes in it; None where there are any.

    Parameters
    ----------
    document
        The file as it was read.
    form
        What it should be.
    group_of
        Finds the group that stands under these keys, whose fields are then named.
    why_needed
        A hint for a field that is missing; empty for none.
    """
    if document.problems and not document.values:
        return None
    try:
        return form.model_validate(document.values)
    except ValidationError as error:
        found: list[dict[str, Any]] = [dict(item) for item in error.errors(include_url=False)]
    for item in found:
        keys = tuple(str(step) for step in item["loc"])
        if item["type"] == "extra_forbidden":
            fields = list(group_of(keys[:-1]).model_fields)
            expected: str = Message("one of {fields}", fields=", ".join(fields))
            add_problem(document, keys, expected, repr(keys[-1]), did_you_mean(keys[-1], fields))
        elif item["type"] == "missing":
            add_problem(document, keys, "a value", "nothing", why_needed(keys[-1]))
        else:
            expected = str(item["msg"]).removeprefix("Input should be ").removeprefix("Value should ")
            add_problem(document, keys, expected, "nothing" if item["input"] is None else shorten(item["input"]))
    return None


def refusal(kind: type[Refusal], template: str, problems: Sequence[Problem]) -> Refusal:
    """An error that tells each mistake once, in the order of the file; ``count`` in the template is their number."""
    unique = list(dict.fromkeys(sorted(problems, key=lambda p: (p.file, p.line or 0))))
    count = Message("1 problem") if len(unique) == 1 else Message("{number} problems", number=len(unique))
    return kind(template, unique, count=count)
