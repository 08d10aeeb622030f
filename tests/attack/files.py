"""Files of scenarios, sweeps and calibrations, written along the schema and then broken in structure or in text."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tanshi.scenarios.draws import drawn, vary
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep_load import load_sweep
from tanshi.scenarios.targets_load import load_calibration
from tanshi.simulator.results.variables import CATALOGUE
from tanshi.simulator.studies.sweeps.sweep import VARIABLES
from tests.attack.attempt import Case, Defect, Dice
from tests.attack.trees import ODD, TREES, WORDS, Raw, Tree, value

INSERTED = (
    b"\t",
    b"\0",
    b"\r",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"!!int ",
    b"\xff",
    b"{[" * 50,
    b"\xe2\x80\xa8",
    b"\x1b[2J",
)


def groups_of(tree: Any) -> list[Any]:
    """Every mapping and list of a tree."""
    inner = list(tree.values()) if isinstance(tree, dict) else tree
    return [tree] + [found for item in inner if isinstance(item, dict | list) for found in groups_of(item)]


def spoil_tree(tree: Tree, dice: Dice) -> None:
    """Break the structure: a field lost, added, renamed, made a list or a group, put where it does not belong."""
    group = dice.choice(groups_of(tree))
    keys: Sequence[Any] = list(group) if isinstance(group, dict) else range(len(group))
    if not keys:
        return
    key, do = dice.choice(keys), dice.randrange(8)
    if do == 0:
        del group[key]
    elif do == 1:
        group[key] = Raw(dice.choice(ODD))
    elif do == 2:
        group[key] = [group[key]] * dice.choice((1, 2, 50))
    elif do == 3:
        group[key] = {dice.choice(WORDS): group[key]}
    elif do == 4 and isinstance(group, dict):
        group[dice.choice(WORDS)] = group.pop(key)
    elif do == 5 and isinstance(group, dict):
        group[dice.choice(WORDS)] = value(dice)
    elif do == 6:
        group[key] = copy.deepcopy(dice.choice(groups_of(tree)))
    else:
        group[key] = value(dice)


def written(thing: Any, outermost: bool = True) -> str:
    """A tree as YAML."""
    if isinstance(thing, Raw):
        return str(thing)
    if isinstance(thing, dict):
        inner = [f"{_key(key)}: {written(item, outermost=False)}" for key, item in thing.items()]
        return "\n".join(inner) if outermost else "{" + ", ".join(inner) + "}"
    if isinstance(thing, list):
        return "[" + ", ".join(written(item, outermost=False) for item in thing) + "]"
    return json.dumps(thing, ensure_ascii=False)


def _key(key: str) -> str:
    """A field's name, in quotes where it would be something else."""
    return key if key.replace(".", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)


def spoil_text(text: bytes, dice: Dice) -> bytes:
    """Break the text: cut, bytes changed or doubled, lines in another order, another encoding, something put in."""
    do, at = dice.randrange(7), dice.randrange(len(text) + 1)
    if do == 0:
        return text[:at]
    if do == 1:
        return text[:at] + bytes([dice.randrange(256)]) + text[at + 1 :]
    if do == 2:
        return text[:at] + text[max(0, at - 40) :]
    if do == 3:
        lines = text.split(b"\n")
        dice.shuffle(lines)
        return b"\n".join(lines)
    if do == 4:
        other = dice.choice(("utf-16", "gbk", "latin-1", "utf-8-sig"))
        return text.decode("utf-8", "replace").encode(other, "replace")
    if do == 5:
        return text + b"\n" + dice.choice(ODD).encode() + b"\n"
    return text[:at] + dice.choice(INSERTED) + text[at:]


def file_of(kind: str, dice: Dice) -> bytes:
    """The bytes of one file."""
    tree = TREES[kind](dice)
    while dice.oddly(0.6):
        spoil_tree(tree, dice)
    text = written(tree).encode()
    while dice.oddly(0.3):
        text = spoil_text(text, dice)
    return text


def beside(folder: Path, dice: Dice) -> None:
    """Files that the file may extend or name: a base, a circle, a link to itself, a folder, nothing."""
    mine, loop = folder / "mine.yaml", folder / "loop.yaml"
    kind = dice.randrange(5)
    if kind == 0:
        mine.write_text("extends: S5\ncap: {tightness: 0.02}\n", encoding="utf-8")
    elif kind == 1:
        mine.write_text("extends: mine.yaml\n", encoding="utf-8")
    elif kind == 2:
        mine.mkdir()
    elif kind == 3:
        mine.write_bytes(file_of("scenario", dice))
    try:
        loop.symlink_to(loop)
    except OSError:  # Windows lets only some people make links
        loop.write_text("extends: loop.yaml\n", encoding="utf-8")


def read_scenario(file: Path, dice: Dice) -> None:
    """Read a scenario; what is accepted must be what it says when it is read back."""
    found = load_scenario(file)
    if Scenario.model_validate_json(found.model_dump_json()) != found:
        raise Defect("an accepted scenario is another one when it is read back")


def read_sweep(file: Path, dice: Dice) -> None:
    """Read a sweep; what is accepted can be drawn at its ends and anywhere between."""
    plan = load_sweep(file, VARIABLES)
    for base in plan.scenarios:
        original = {name: figure.value for name, figure in catalogue(base.economy).items()}
        for unit in ([0.0] * len(plan.factors), [1.0] * len(plan.factors), [dice.random() for _ in plan.factors]):
            _, overrides = drawn(plan.factors, unit, base, original)
            try:
                vary(base, overrides)
            except ValueError:  # fields that do not go together: said when that point is drawn
                continue


def read_targets(file: Path, dice: Dice) -> None:
    """Read a calibration; what is accepted starts within its ranges."""
    task = load_calibration(file, tuple(CATALOGUE))
    for start, factor in zip(task.starts, task.factors, strict=True):
        low, high = factor.draw.uniform or (start, start)
        if not low <= start <= high:
            raise Defect(f"{factor.name} starts at {start}, outside {low} to {high}")


READERS = {"scenario": read_scenario, "sweep": read_sweep, "targets": read_targets}


def attack_file(kind: str) -> Callable[[Case], None]:
    """The attack on files of a kind."""

    def attack(case: Case) -> None:
        content = file_of(kind, case.dice)
        case.tried = f"{kind}: {content!r}"
        file = case.folder / "case.yaml"
        file.write_bytes(content)
        beside(case.folder, case.dice)
        READERS[kind](file, case.dice)

    return attack
