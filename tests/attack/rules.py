"""What fields that take more than one number may say: rules by year, lists, names of economies; whole or odd."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tanshi import plugins
from tanshi.scenarios.parameters import Parameter
from tests.attack.attempt import Dice

BY_YEAR = ", or one by year"
LIST = "a list of "
YEARS = tuple(str(year) for year in range(2022, 2036))
ODD_YEARS = (
    "2001",
    "2061",
    "02024",
    "２０２４",
    "-1",
    "2024.5",
    "1e3",
    "value",
    "growth",
    "between",
    "",
    "9" * 400,
    "\x00",
)
GROWTHS = (0.0, -0.02, 0.05)
ODD_GROWTHS = (-1, -1.5, 1e308, "x", None, [0.1], {"2023": -0.02})


def limits(row: Parameter) -> str:
    """The bounds of a field in words, wherever its description has them."""
    return row.bounds or (row.kind.removesuffix(BY_YEAR) if " or null" not in row.kind else "")


def numbers_in(words: str) -> list[float]:
    """The numbers among some words."""
    return [float(word) for word in words.replace("and", "").split() if word[0] in "-0123456789"]


def middle(row: Parameter, dice: Dice) -> float:
    """A number that a field may well take: its default moved, a bound, or something between."""
    low, high = [*numbers_in(limits(row)), 0.0, 1.0][:2]
    if row.name.startswith("cap.of_year") or ("year" in row.unit and "whole" in row.kind):
        low, high = 2022.0, 2030.0
    near: list[float] = [low, high, (low + high) / 2, low + (high - low) * dice.random()]
    if isinstance(row.default, int | float) and not isinstance(row.default, bool):
        near.append(row.default * dice.uniform(0.7, 1.3))
    found = dice.choice(near)
    return round(found) if "whole" in row.kind else found


def rule(row: Parameter, dice: Dice) -> Any:
    """A rule by year: one value for all years, or some years with theirs, what grows and what lies between."""
    words = row.kind.removesuffix(BY_YEAR)
    choices = words.removeprefix("one of ").split(", ") if words.startswith("one of ") else []

    def one() -> Any:
        return dice.choice(choices) if choices else middle(row, dice)

    if dice.random() < 0.4:
        return one()
    years = [dice.of(YEARS, ODD_YEARS) for _ in range(dice.of((1, 2, 3), (0, 1, 40)))]
    said: dict[str, Any] = {year: one() for year in sorted(years)}
    if dice.random() < 0.15 or dice.oddly(0.2):
        said["value"] = one()
    if dice.random() < 0.2 or dice.oddly(0.2):
        said["growth"] = dice.of(GROWTHS, ODD_GROWTHS)
    if dice.random() < 0.2 or dice.oddly(0.2):
        said["between"] = dice.of(("even", "hold"), ("", "steps", 1, None))
    return said


def several(row: Parameter, dice: Dice) -> Any:
    """A list of what a field lists."""
    words = row.kind.removeprefix(LIST).split(", ")
    usual: list[Callable[[], Any]] = [lambda: dice.choice(words)]
    if words[0].startswith("a whole"):
        usual = [lambda: dice.choice((1, 6, 12)), lambda: dice.choice((2022, 2025, 2030))]
    elif words[0] == "a number":
        usual = [lambda: dice.choice((0.25, 0.5, 1.0))]
    elif words[0] == "a text":
        usual = [lambda: dice.choice(("ELEC", "STEEL", "AGR", "OIL", "SERV"))]
    one = dice.choice(usual)
    return [dice.of((one(),), (None, -1, "x", 13, [1], 10**30)) for _ in range(dice.of((0, 1, 2, 3), (0, 200)))]


@lru_cache(maxsize=1)
def economies() -> tuple[str, ...]:
    """Every economy that comes with the program."""
    return tuple(sorted(plugins.BUILT_IN["economy"]))


def special(row: Parameter | None, dice: Dice) -> tuple[Any, ...]:
    """What a field with more than one number, word or truth says, alone in a tuple; empty for a plain field."""
    if row is None:
        return ()
    if row.name == "economy":
        return (dice.choice(economies()),)
    if row.kind.endswith(BY_YEAR):
        return (rule(row, dice),)
    if row.kind.startswith(LIST):
        return (several(row, dice),)
    if row.kind.startswith(("a number or null", "a whole number or null")):
        return (dice.choice((None, middle(row, dice), middle(row, dice))),)
    return ()
