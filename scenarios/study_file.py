"""The file of a sweep or a calibration against its form: every field that does not fit, with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from tanshi.errors import Message
from tanshi.scenarios.document import Document, named_document
from tanshi.scenarios.errors import UserError, did_you_mean, shorten
from tanshi.scenarios.factors import add_problem
from tanshi.scenarios.fields import Group
from tanshi.scenarios.schema import Scenario

Form = TypeVar("Form", bound=Group)


@dataclass(frozen=True)
class Kind(Generic[Form]):
    """One kind of file of a study.

    Parameters
    ----------
    word
        What it is called where one cannot be found.
    folder
        Where those lie that come with the program.
    form
        What it should be.
    group_of, why_needed
        As `read_form`.
    error
        What refuses it.
    cannot
        The head of a refusal, with ``count`` for the number of mistakes.
    """

    word: str
    folder: Path
    form: type[Form]
    group_of: Callable[[Sequence[str]], type[Group]]
    error: type[UserError]
    cannot: str
    why_needed: Callable[[str], str] = lambda _: ""

    def read(self, name_or_path: str | Path) -> tuple[Path, Document, Form]:
        """The file's place, the document for what is still wrong with it, and what it says; refused where no form."""
        path, document = named_document(name_or_path, self.folder, self.word)
        spec = read_form(document, self.form, self.group_of, self.why_needed)
        if spec is None or document.problems:
            raise self.refusal(document)
        return path, document, spec

    def refusal(self, document: Document) -> UserError:
        """An error that tells each of the document's mistakes once, in the order of the file."""
        unique = list(dict.fromkeys(sorted(document.problems, key=lambda p: (p.file, p.line or 0))))
        count = Message("1 problem") if len(unique) == 1 else Message("{number} problems", number=len(unique))
        return self.error(self.cannot, unique, count=count)

    def refuse(self, document: Document) -> None:
        """Refuse a document with mistakes, as `refusal`."""
        if document.problems:
            raise self.refusal(document)


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
        elif item["type"] in ("model_type", "dict_type"):
            fields = list(group_of(keys).model_fields) if item["type"] == "model_type" else []
            expected = Message("a group with the fields {fields}", fields=", ".join(fields))
            add_problem(document, keys, expected if fields else "a group of fields", shorten(item["input"]))
        elif item["type"] == "literal_error":
            choices = re.findall(r"'([^']*)'", item["ctx"]["expected"])
            expected = Message("one of {fields}", fields=", ".join(choices))
            add_problem(document, keys, expected, shorten(item["input"]), did_you_mean(str(item["input"]), choices))
        else:
            expected = str(item["msg"]).removeprefix("Input should be ").removeprefix("Value should ")
            add_problem(document, keys, expected, "nothing" if item["input"] is None else shorten(item["input"]))
    return None


def check_variable(document: Document, keys: tuple[str, ...], variable: str, variables: Collection[str]) -> None:
    """Note a variable that no run has."""
    if variable not in variables:
        add_problem(document, keys, "an annual variable", repr(variable), did_you_mean(variable, list(variables)))


def check_year(document: Document, keys: tuple[str, ...], scenario: Scenario, year: int) -> bool:
    """Note a year that a scenario does not run through; whether it does."""
    start, end = scenario.years.start, scenario.years.end
    if start <= year <= end:
        return True
    expected = Message("a year of {name}, {start} to {end}", name=scenario.name, start=start, end=end)
    add_problem(document, keys, expected, str(year))
    return False
