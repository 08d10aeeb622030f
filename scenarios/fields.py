"""What every section of a scenario is made of: frozen groups, fields with unit and status, and how one is refused."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

import tanshi.plugins as plugins
from tanshi.plugins import Kind

Status = Literal["law", "measured", "literature", "assumed", "calibrated", "setting"]
"""How a default is known; `calibrated` is what an economy's own calibration found (`tanshi.scenarios.calibrated`)."""


class Group(BaseModel):
    """A frozen group of fields that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def changed(self, *names: str) -> list[str]:
        """Those of some fields that say something else than by default."""
        fields = type(self).model_fields
        return [name for name in names if getattr(self, name) != fields[name].get_default(call_default_factory=True)]


class OfSectors(Group):
    """A group with a field for each sector: those of the built-in economies, and any that another economy has firms of.

    The type of a field for a further sector is that of ``__pydantic_extra__``; whether there is such a sector the
    economy says (`tanshi.scenarios.named_sectors`, and the run that opens it).
    """

    model_config = ConfigDict(extra="allow")

    def further(self) -> tuple[str, ...]:
        """Sectors named here beside those of the built-in economies."""
        return tuple(self.model_extra or {})

    def named(self) -> tuple[str, ...]:
        """All fields, in the order of the schema, then the further sectors as named."""
        return (*type(self).model_fields, *self.further())

    def of(self, name: str) -> Any:
        """What is said of a sector; None of one that is not named. A name is data, never one of the program's own."""
        further = self.model_extra or {}
        return further[name] if name in further else self.__dict__.get(name)


def in_unit(unit: str, status: Status, **bounds: Any) -> Any:
    """Annotate a field with its unit (``-``: none), status and bounds."""
    return Field(json_schema_extra={"unit": unit, "status": status}, **bounds)


def refuse(expected: str, got: str, at: str, hint: str = "") -> PydanticCustomError:
    """Build an error that concerns several fields; `at` is the one where the reader should look first."""
    context = {"expected": expected, "got": got, "at": at, "hint": hint}
    return PydanticCustomError("several_fields", "expected {expected}, got {got}", context)


def or_from_outside(kind: Kind) -> Any:
    """Let a field hold, besides the words that it allows, the name of a rule from outside (`tanshi.plugins`)."""

    def check(value: Any, own: ValidatorFunctionWrapHandler) -> Any:
        try:
            return own(value)
        except ValidationError:
            if isinstance(value, str) and value in plugins.known(kind):
                return value
            raise

    return WrapValidator(check)


AS_IS = PlainSerializer(str, return_type=str)
"""Writes such a name as the text that it is."""
