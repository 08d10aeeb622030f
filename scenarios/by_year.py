"""A rule that changes over the years: one value for all of them, or a value from each named year on.

Three forms are written in a file::

    share: 0.95                                         # every year
    share: {2023: 0.95, 2026: 0.9}                      # each holds until the next year named
    share: {2023: 1.0, 2030: 0.8, between: even}        # in equal steps from one to the next
    share: {from: 2023, value: 0.95, growth: -0.03}     # growing, from the last year named on
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tanshi.errors import Message

T = TypeVar("T")
FIRST, LAST = 2002, 2060
"""Years that a rule may name."""
WORDS = ("from", "value", "growth", "between")
"""What may stand in such a rule beside years."""
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True)
class ByYear(Generic[T]):
    """A rule by year.

    Attributes
    ----------
    steps
        Year from which a value holds, and the value, ascending; a year of None: every year.
    growth
        Relative change a year after the last year named.
    between
        What holds between two named years: the earlier's value, or equal steps to the later's.

    Examples
    --------
    >>> rule = ByYear(((2023, 1.0), (2026, 0.7)))
    >>> rule.at(2022), rule.at(2025), rule.at(2040)
    (None, 1.0, 0.7)
    >>> ByYear(((2023, 1.0), (2026, 0.7)), between="even").at(2024)
    0.9
    """

    steps: tuple[tuple[int | None, T], ...]
    growth: float = 0.0
    between: Literal["hold", "even"] = "hold"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        """What pydantic need know of it: `Reading` checks what a file says, `AS_A_FILE_SAYS` writes it out."""
        return core_schema.is_instance_schema(cls)

    @property
    def years(self) -> tuple[int, ...]:
        """The years named."""
        return tuple(year for year, _ in self.steps if year is not None)

    def at(self, year: int, start: int | None = None) -> T | None:
        """The value of a year; None before the first year named.

        Parameters
        ----------
        start
            Year from which a value for all years grows.
        """
        before = [(named, value) for named, value in self.steps if named is None or named <= year]
        if not before:
            return None
        named, number = before[-1]
        value: Any = number  # only numbers grow, and go in steps
        later = self.steps[len(before) : len(before) + 1]
        if later and self.between == "even" and named is not None:
            (then, goal) = later[0]
            moved: T = value + (year - named) / ((then or 0) - named) * (goal - value)
            return moved
        since = year - (named if named is not None else year if start is None else start)
        grown: T = value * (1 + self.growth) ** since if self.growth and not later else value
        return grown

    def plain(self) -> Any:
        """The rule as a file says it."""
        if len(self.steps) == 1 and self.steps[0][0] is None and not self.growth and self.between == "hold":
            return self.steps[0][1]
        words: dict[str, Any] = {str(year): value for year, value in self.steps if year is not None}
        if self.steps[0][0] is None:
            words["value"] = self.steps[0][1]
        return words | {k: v for k, v in (("growth", self.growth), ("between", self.between)) if v not in (0.0, "hold")}


NOTHING: ByYear[float] = ByYear(((None, 0.0),))
"""Zero in every year."""


def is_by_year(value: object) -> bool:
    """Whether a mapping of a file is a rule by year, one statement as a whole.

    Examples
    --------
    >>> is_by_year({"2023": 0.9, "growth": -0.02}), is_by_year({"growth": {"2023": -0.02}})
    (True, False)
    """
    if not isinstance(value, Mapping) or not ("value" in value or any(str(key).isdecimal() for key in value)):
        return False
    return all(str(key).isdecimal() or key in WORDS for key in value)


class Reading:
    """Reads a rule by year of numbers within bounds, or of words.

    Parameters
    ----------
    choices
        Words that are allowed; none for numbers.
    **bounds
        ``gt``, ``ge``, ``lt``, ``le``.
    """

    def __init__(self, *choices: str, kind: Literal["number", "whole", "truth"] = "number", **bounds: float) -> None:
        self.choices, self.bounds, self.whole, self.truth = choices, bounds, kind == "whole", kind == "truth"
        limits = " and ".join(f"{_SIGNS[name]} {limit:g}" for name, limit in bounds.items())
        number = "true or false" if self.truth else "a whole number" if self.whole else "a number"
        self.one = "one of " + ", ".join(choices) if choices else f"{number} {limits}".rstrip()
        self.kind = f"{self.one}, or one by year"

    def __call__(self, given: Any) -> ByYear[Any] | None:
        """Read what a file says.

        Raises
        ------
        PydanticCustomError
            Naming the year or word that is wrong.
        """
        if given is None or isinstance(given, ByYear):
            return given
        if not isinstance(given, Mapping):
            return ByYear(((None, self._value(given, "")),))
        if not given:
            raise _wrong("", self.kind, "an empty group")
        steps: dict[int | None, Any] = {}
        for key, value in given.items():
            if key in WORDS:
                continue
            year = self._year(str(key), str(key))
            if year in steps:
                raise _wrong(str(key), Message("each year once"), Message("{year} twice", year=year))
            steps[year] = self._value(value, str(key))
        if "value" in given:
            first = self._year(given["from"], "from") if "from" in given else None
            if steps:
                hint = Message("Write years with values, or from, value and growth.")
                raise _wrong("value", Message("one of the two forms of a rule by year"), "both", hint)
            steps[first] = self._value(given["value"], "value")
        elif "from" in given:
            raise _wrong("from", Message("a value that holds from then on"), "no `value`")
        if not steps:
            raise _wrong("", Message("a year with its value"), "none")
        growth, between = given.get("growth", 0.0), given.get("between", "hold")
        if not _number(growth) or growth <= -1 or (growth and (self.choices or self.whole or self.truth)):
            raise _wrong("growth", Message("a number > -1 [1/year], where values are numbers"), repr(growth))
        if between not in ("hold", "even") or (between == "even" and (self.choices or self.truth)):
            raise _wrong("between", Message("hold, or even where values are numbers"), repr(between))
        return ByYear(tuple(sorted(steps.items(), key=lambda step: step[0] or 0)), float(growth), between)

    def _year(self, given: Any, key: str) -> int:
        text = str(given)
        if isinstance(given, bool) or not text.isdecimal() or not FIRST <= int(text) <= LAST:
            raise _wrong(key, Message("a year from {first} to {last}", first=FIRST, last=LAST), repr(given))
        return int(text)

    def _value(self, given: Any, key: str) -> Any:
        if self.choices:
            if given not in self.choices:
                raise _wrong(key, self.one, repr(given))
            return given
        if self.truth:
            if not isinstance(given, bool):
                raise _wrong(key, self.one, repr(given))
            return given
        signs = {
            "gt": lambda v, b: v > b,
            "ge": lambda v, b: v >= b,
            "lt": lambda v, b: v < b,
            "le": lambda v, b: v <= b,
        }
        fits = _number(given) and all(signs[name](given, limit) for name, limit in self.bounds.items())
        if not fits or (self.whole and int(given) != given):
            raise _wrong(key, self.one, repr(given))
        return int(given) if self.whole else float(given)


def _number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < float("inf")


def _wrong(key: str, expected: str, got: str, hint: str = "") -> PydanticCustomError:
    context = {"key": key, "expected": expected, "got": got, "hint": hint}
    return PydanticCustomError("by_year", "expected {expected}, got {got}", context)


def _plain(rule: ByYear[Any] | None) -> Any:
    return None if rule is None else rule.plain()


AS_A_FILE_SAYS = PlainSerializer(_plain)
"""How a rule by year is written out."""


def numbers(**bounds: float) -> PlainValidator:
    """Let a field hold a number within bounds, by year."""
    return PlainValidator(Reading(kind="number", **bounds))


def words(*choices: str) -> PlainValidator:
    """Let a field hold one of some words, by year."""
    return PlainValidator(Reading(*choices))
