"""Every field of a scenario as a row: name, unit, default, bounds, meaning and status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tanshi.errors import Message
from tanshi.scenarios.by_year import ByYear, Reading
from tanshi.scenarios.meanings import meaning
from tanshi.scenarios.schema import Scenario

_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", NoneType: "null"}


@dataclass(frozen=True)
class Parameter:
    """One field of a scenario.

    Parameters
    ----------
    name
        Dotted path, such as ``firms.number``.
    kind
        What may stand there, in words: ``a whole number``, ``one of trading, none``.
    default
        Value where a scenario says nothing; None for `name`, which is then the file's.
    unit, status, description
        As written in the schema.
    bounds
        Limits in words, such as ``>= 0 and < 1``; empty where there are none.
    choices
        The words allowed; empty for numbers and free text.
    """

    name: str
    kind: str
    default: object
    unit: str
    status: str
    description: str
    bounds: str
    choices: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What may stand in the field, with bounds, as a phrase for a message."""
        kind = Message(self.kind)
        if not self.bounds:
            return kind
        low, _, high = self.bounds.partition(" and ")
        told = "{kind} {low} and {high}" if high else "{kind} {low}"
        return Message(told, kind=kind, low=low, high=high)

    @property
    def expectation(self) -> str:
        """What may stand in the field, with bounds and unit, as a phrase for a message."""
        return (
            self.allowed if self.unit == "-" else Message("{said} [{unit}]", said=self.allowed, unit=Message(self.unit))
        )


def describe_parameters() -> Iterator[Parameter]:
    """Yield every field of a scenario in the order of the schema.

    Examples
    --------
    >>> rows = {row.name: row for row in describe_parameters()}
    >>> rows["firms.number"].expectation
    'a whole number >= 8 and <= 10000000 [firms]'
    >>> rows["cap.tightness"].default
    0.05
    """
    yield from _walk(Scenario, Scenario(name="any"), "")


def _walk(group: type[BaseModel], defaults: BaseModel, prefix: str) -> Iterator[Parameter]:
    for name, info in group.model_fields.items():
        default = getattr(defaults, name)
        if isinstance(default, BaseModel):
            yield from _walk(type(default), default, f"{prefix}{name}.")
        else:
            plain = default.plain() if isinstance(default, ByYear) else default
            yield _row(prefix + name, info, None if info.is_required() else plain, meaning(group, name))


def _row(name: str, info: FieldInfo, default: object, described: str) -> Parameter:
    extra: dict[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    reading = next((f for item in info.metadata if isinstance(f := getattr(item, "func", None), Reading)), None)
    if reading is not None:
        extra_words = str(extra["unit"]), str(extra["status"])
        return Parameter(name, reading.kind, default, *extra_words, described, "", ())
    kind, metadata, choices = _read(info.annotation)
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    limits = [
        f"{sign} {limit}"
        for item in (*info.metadata, *metadata)
        for key, sign in signs.items()
        if (limit := getattr(item, key, None)) is not None
    ]
    unit, status = str(extra["unit"]), str(extra["status"])
    return Parameter(name, kind, default, unit, status, described, " and ".join(limits), choices)


def _read(annotation: Any) -> tuple[str, tuple[Any, ...], tuple[str, ...]]:
    """Return an annotation in words, the bounds inside it and the words it allows."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        choices = tuple(str(choice) for choice in arguments)
        return ("one of " if len(choices) > 1 else "") + ", ".join(choices), (), choices
    if origin is Annotated:
        kind, metadata, choices = _read(arguments[0])
        inner = [item for field in arguments[1:] for item in getattr(field, "metadata", ())]
        return kind, (*metadata, *inner), choices
    if origin in (Union, UnionType):
        parts = [_read(argument) for argument in arguments]
        return " or ".join(part[0] for part in parts), tuple(item for part in parts for item in part[1]), ()
    if origin is list:
        kind, _, choices = _read(arguments[0])
        return "a list of " + kind.removeprefix("one of "), (), choices
    if origin is dict:
        inside = get_origin(arguments[1]) is dict
        return "a group of economies with fields" if inside else "a group of paths and numbers", (), ()
    return _KINDS[annotation], (), ()
