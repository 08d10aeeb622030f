"""What files of scenarios, sweeps and calibrations may say, as trees: real fields, values near and beyond bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tanshi.scenarios.draws import scenario_fields
from tanshi.scenarios.figures import Figure, catalogue
from tanshi.scenarios.load import library
from tanshi.simulator.results.variables import CATALOGUE
from tanshi.simulator.studies.sweeps.sweep import VARIABLES
from tests.attack.attempt import Dice
from tests.attack.rules import limits, numbers_in, special

Tree = dict[str, Any]


class Raw(str):
    """A scalar written into the file as it stands."""


NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 24, 100, 2022, 2023, 2030, 2060, 2**31, 2**63 - 1, 2**63, -(2**63), 10**18, 10**400),
    *(0.0, -0.0, 0.05, 0.5, 1.0, 1.5, -0.1, 1e-12, 5e-324, 1e17, 1e18, 1e300, 1.7976931348623157e308, 0.1 + 0.2),
)
ODD = (
    *(".nan", ".inf", "-.inf", "~", "null", "true", "false", "yes", "0x1F", "0o17", "1_000", "1e3", "1e999", "12:30"),
    *('""', "''", '"a\\u001b[2J"', '"\\0"', "!!int ''", '!!float ""', "!!int abc", "!!bool maybe", "!!null x"),
    *("!!str 5", "!!binary aGk=", "!!timestamp 2001-01-01", "2001-01-01", "!!set {a}", "!!python/name:os.system"),
    *("&a 1", "*a", "[]", "{}", "[1, 2]", "{a: 1}", "[[[[]]]]", "|\n  text", ">\n  text", "5%", "1,5", "١٢", "碳市"),
    *("S1", "none", "trading", "tps", "agents", "../../etc/passwd", "/etc/passwd", "x" * 5000, "9" * 5000, "-", "?"),
    *("!<tag:yaml.org,2002:int> 3", "!!float 1e400", "!!int 1e3", "? a", "@", "`", "%", "- - -", "{", "[", '"'),
    *("\t1", "a: b: c", "#", "!", "!!omap [a: 1]", "!!pairs [a: 1]", "!!int [1]", "!!float {a: 1}", "!!str [1]"),
)  # fmt: skip
WORDS = (
    *("a", "S1", "", "name", "title", "extends", "seed", "firms", "cap.tightness", "economy.controls.gdp", "碳", "x y"),
    *("__class__", "model_fields", "0", "null", "true", "*", "firms.*", "[", "a.b.c.d", "figures", "x" * 300),
)


SECTORS = ("AGR", "OIL", "GAS", "CEMENT", "TRADE", "model_fields", "__class__", "model_config", "copy", "ELEC ", "电力")
"""Sectors that an economy may have, that none has, and names of the program's own."""


@lru_cache(maxsize=1)
def fields() -> tuple[str, ...]:
    """Every field of a scenario."""
    return tuple(scenario_fields())


@lru_cache(maxsize=1)
def figures() -> Mapping[str, Figure]:
    """Every figure of the template's economy."""
    return catalogue("shanxi_2022")


def path(dice: Dice) -> str:
    """The path of a field or a figure, mostly a real one."""
    if not dice.oddly(0.4):
        return dice.choice(fields() if dice.random() < 0.7 else tuple(figures()))
    real = dice.choice(fields())
    if real.startswith(("sectors.", "cap.by_sector.")) and dice.random() < 0.5:
        return real.replace(real.split(".")[-2 if real.count(".") == 2 else 1], dice.choice(SECTORS), 1)
    return str(dice.choice((real.rsplit(".", 1)[0], real + "x", real[1:], dice.choice(WORDS), "figures." + real)))


def continuous(dice: Dice) -> str:
    """The path of what can take any number of a range, mostly."""
    if dice.oddly(0.3):
        return path(dice)
    rows = [name for name, row in scenario_fields().items() if row.kind == "a number" and row.default is not None]
    return dice.choice(tuple(figures()) if dice.random() < 0.5 else rows)


def bounds_of(field: str) -> list[float]:
    """The numbers in a field's bounds."""
    row = scenario_fields().get(field)
    return numbers_in(limits(row)) if row is not None else []


def value(dice: Dice, field: str = "") -> Any:
    """A value for a field: its default, a choice, a bound, a neighbour of one, or something odd."""
    row, figure = scenario_fields().get(field), figures().get(field)
    if dice.oddly(1.0):
        near = [n for b in bounds_of(field) for n in (b, b + 1, b - 1, b * (1 + 1e-15), b * (1 - 1e-15), b / 2)]
        return dice.choice((*near, *NUMBERS)) if dice.random() < 0.6 else Raw(dice.choice(ODD))
    if figure is not None:
        return figure.value * dice.uniform(0.8, 1.2)
    if found := special(row, dice):
        return found[0]
    if row is None:
        return round(dice.uniform(0, 2), dice.randrange(4))
    if row.choices:
        return dice.choice(row.choices)
    if row.kind.startswith("true"):
        return dice.choice((True, False))
    if row.default is None or not isinstance(row.default, int | float) or dice.random() < 0.3:
        return row.default
    low, high = [*bounds_of(field), 0.0, 1.0][:2]
    chosen = float(dice.choice((row.default * dice.uniform(0.7, 1.3), low, high, (low + high) / 2)))
    return round(chosen) if "whole" in row.kind else chosen


def scenario(dice: Dice) -> Tree:
    """A scenario that changes a few fields of another one."""
    tree: Tree = {} if dice.oddly(0.2) else {"extends": dice.choice(library())}
    if dice.oddly(0.3):
        tree["extends"] = dice.choice(("mine.yaml", "S9", "../S1", "loop.yaml", "", 1, None))
    for _ in range(dice.choice((0, 1, 1, 2, 3, 8))):
        put(tree, path(dice), dice)
    return tree


def put(tree: Tree, field: str, dice: Dice) -> None:
    """Set a field of a tree, in its group, or under its dotted path where the case is odd."""
    steps = [field] if dice.oddly(0.1) else ["figures", field] if field in figures() else field.split(".")
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            return
    tree[steps[-1]] = value(dice, field)


def distribution(dice: Dice, field: str) -> Tree:
    """How one parameter varies."""
    row = scenario_fields().get(field)
    usual = ["values", "variants", "variants"]
    if row is None or row.kind.startswith("a number"):
        usual += ["uniform", "loguniform", "triangular", "normal", *(["published"] if row is None else [])] * 2
    kind = dice.of(usual, ("uniform", "loguniform", "triangular", "normal", "published"))
    if kind == "published":
        out: Tree = {kind: dice.of((True,), (False, 1, "yes"))}
    elif kind == "values":
        out = {kind: [value(dice, field) for _ in range(dice.randrange(1, 5))]}
    elif kind == "variants":
        names = [dice.of(("low", "middle", "high"), WORDS) for _ in range(dice.randrange(1, 4))]
        out = {kind: {name: {p: value(dice, p) for p in [path(dice)] * dice.randrange(3)} for name in names}}
    else:
        out = {kind: _numbers(dice, field, kind)}
    for name, make in FURTHER.items():
        if dice.oddly(0.3) or (name in ("title", "levels", "beyond_range") and dice.random() < 0.2):
            out[name] = make(dice)
    return out


def _numbers(dice: Dice, field: str, kind: str) -> list[Any]:
    size = (3 if kind == "triangular" else 2) if not dice.oddly(0.1) else dice.randrange(5)
    figure = figures().get(field)
    if figure is not None and figure.value:
        good = [figure.value * dice.uniform(0.9, 1.1) for _ in range(size)]
    else:
        low, high = [*bounds_of(field), 0.0, 1.0][:2]
        good = [low + (high - low) * dice.uniform(0.3, 0.6) for _ in range(size)]
    if kind == "normal" and len(good) == 2:
        good[1] = abs(good[0]) / 50
    numbers = [dice.choice(NUMBERS) if dice.oddly(0.4) else number for number in good]
    return numbers if kind == "normal" or dice.oddly(0.3) else sorted(numbers)


FURTHER: Mapping[str, Callable[[Dice], Any]] = {
    "relative": lambda dice: dice.of((True,), (False, Raw("yes"))),
    "complement": path,
    "fields": lambda dice: [dice.of((path(dice),), ("*", "firms.*", "economy.*")) for _ in range(dice.randrange(3))],
    "levels": lambda dice: dice.of((2, 3), (1000, 1001, 0, -1, 2.5)),
    "beyond_range": lambda dice: dice.choice((True, False)),
    "title": lambda dice: dice.of(("mine",), WORDS),
    "uniform": lambda _: [0.1, 0.2],
}


def _common(dice: Dice) -> Tree:
    tree: Tree = {"title": dice.of(("mine", "碳"), ("", "x" * 201))}
    if dice.random() < 0.15:
        tree["set"] = {name: value(dice, name) for name in (path(dice) for _ in range(dice.randrange(1, 4)))}
    if dice.random() < 0.3:
        tree["seeds"] = [dice.of((1, 2, 3), (2**63 - 1, 0, -1, 1.5, "1")) for _ in range(dice.of((1, 2), (0, 4)))]
    return tree


def _some(dice: Dice, kind: Callable[[Dice], str] = path) -> list[str]:
    return [kind(dice) for _ in range(dice.of((1, 2, 3), (0, 1, 6)))]


def sweep(dice: Dice) -> Tree:
    """A sweep of a few parameters."""
    tree = _common(dice)
    tree["scenarios"] = dice.of((["S1"], ["S5"], ["S1", "S5"]), (["S1", "S1"], ["S9"], [], ["mine.yaml"], "S1", [None]))
    tree["parameters"] = {field: distribution(dice, field) for field in _some(dice)}
    if dice.random() < 0.7:
        tree["design"] = {"method": dice.of(("grid", "lhs"), ("morris", "sobol", "other")),
                          "samples": dice.of((2, 4, 8, 16), (3, 10**6, 10**9, 0, -1)),
                          "levels": dice.of((2, 4), (3, 100, 101, 4.0))}  # fmt: skip
    if dice.random() < 0.3:
        row: Tree = {"variable": dice.of(VARIABLES[:5], ("none", "")), "over": dice.of(("year", "sum"), ("min", 1))}
        if dice.random() < 0.5:
            row["year"] = dice.of((2022, 2025, 2030), (2001, 2061, 2025.0))
        tree["outputs"] = {dice.of(("price", "mine"), WORDS): row}
    return tree


def targets(dice: Dice) -> Tree:
    """A calibration of a few parameters to a few numbers."""
    tree = _common(dice)
    tree["targets"] = {
        f"t{n}": {"scenario": dice.of(("S1", "S5"), ("S9", "mine.yaml", "", 5)),
                  "variable": dice.of(tuple(CATALOGUE)[:8], ("none", "")),
                  "year": dice.of((2022, 2025, 2030), (2031, 1e3, 0)), "value": dice.of((5, 100.5), NUMBERS),
                  "tolerance": dice.of((0.05, 1), (0, 1e-300, 2, -1)), "source": dice.of(("a source",), ("", None))}
        for n in range(dice.of((1, 2), (0, 4)))
    }  # fmt: skip
    tree["parameters"] = {}
    for field in _some(dice, continuous):
        low, high = (_numbers(dice, field, "uniform") * 2)[:2] or (0, 1)
        row: Tree = {"lower": low, "upper": high, "source": "a source"}
        for name in ("relative", "fields", "title"):
            if dice.oddly(0.3):
                row[name] = FURTHER[name](dice)
        if isinstance(low, float) and isinstance(high, float) and dice.random() < 0.8:
            row["start"] = dice.of(((low + high) / 2,), NUMBERS)
        tree["parameters"][field] = row
    return tree


TREES: Mapping[str, Callable[[Dice], Tree]] = {"scenario": scenario, "sweep": sweep, "targets": targets}
