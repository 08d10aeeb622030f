"""Weights of the drift that were changed after training, or made to run code: refused, whatever was changed."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np

from tanshi.simulator.drift.weights import load
from tests.attack.attempt import Case, Defect
from tests.attack.damage import ODD_VALUES, spoil_bytes, spoil_json

OWN = Path(load.__code__.co_filename).parent / "default"


class _Code:
    """What a pickle would run when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("import builtins; builtins.owned = True",))


def attack(case: Case) -> None:
    """Change card or arrays; with a new checksum too, as somebody would who means it."""
    dice = case.dice
    folder = Path(shutil.copytree(OWN, case.folder / "weights", ignore=shutil.ignore_patterns("members")))
    card, arrays = folder / "card.json", folder / "weights.npz"
    do = dice.randrange(5)
    case.tried = f"weights, way {do}"
    if do == 0:
        spoil_bytes(arrays, dice)
    elif do == 1:
        spoil_bytes(card, dice)
    elif do == 2:
        spoil_json(card, dice)
    else:
        with np.load(arrays) as stored:
            held = {name: stored[name] for name in stored.files}
        name = dice.choice(sorted(held))
        if do == 3:
            held[name] = np.array([_Code()], dtype=object)
        else:
            held[name] = dice.choice((held[name][..., :1], held[name].ravel(), held[name] * np.nan, np.array(["x"])))
        stream = io.BytesIO()
        np.savez(stream, **held)
        arrays.write_bytes(stream.getvalue())
        said = json.loads(card.read_text(encoding="utf-8"))
        said["sha256"] = hashlib.sha256(stream.getvalue()).hexdigest()
        if dice.random() < 0.3:
            said[dice.choice(sorted(said))] = dice.choice(ODD_VALUES[:10])
        card.write_text(json.dumps(said), encoding="utf-8")
    before = arrays.read_bytes() if arrays.is_file() else b""
    load(folder)
    if "owned" in vars(__builtins__ if not isinstance(__builtins__, dict) else object):
        raise Defect("weights ran code")
    if do == 0 and before != (OWN / "weights.npz").read_bytes():
        raise Defect("changed arrays were accepted under the old checksum")
