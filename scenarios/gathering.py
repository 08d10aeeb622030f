"""The economies of a market as a file names them: short names written out, years and fitted values followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tanshi.errors import Message
from tanshi.scenarios.document import Document, Mark, overlay
from tanshi.scenarios.errors import Problem

FIELD = "economies"
OWN = "by_economy"


def economies_of(values: Mapping[str, Any]) -> list[str]:
    """The economies that a document names: those of its market, or the one it is about; what is no text is left out."""
    several = values.get(FIELD)
    if isinstance(several, list) and several:
        return [name for name in several if isinstance(name, str)]
    one = values.get("economy", "shanxi_2022")
    return [one] if isinstance(one, str) else []


def gather_economies(document: Document, library: Path) -> None:
    """Write out short names, and make of a market of one economy the plain scenario that it is.

    ``shanxi`` stands for ``shanxi_2022`` where there is no other economy of that name.
    """
    values = document.values
    several = values.get(FIELD)
    if not isinstance(several, list) or not all(isinstance(name, str) for name in several):
        return
    known = _known()
    values[FIELD] = names = [_whole(name, known) for name in several]
    if isinstance(own := values.get(OWN), dict):
        values[OWN] = {_whole(name, known) if isinstance(name, str) else name: said for name, said in own.items()}
    _drop_inherited(document, names)
    _no_other(document, names, known, library)
    if len(names) == 1:
        values["economy"] = names[0]
        said = values.pop(OWN, {})
        del values[FIELD]
        if isinstance(said, dict) and set(said) <= set(names) and isinstance(inside := said.get(names[0], {}), dict):
            marks = {keys[2:]: mark for keys, mark in document.marks.items() if keys[:1] == (OWN,) and len(keys) > 2}
            overlay(document, inside, {key: mark for key, mark in marks.items() if key})
        elif said:
            values[OWN] = said  # refused by the schema
    elif names:
        values["economy"] = names[0]


def _drop_inherited(document: Document, names: list[str]) -> None:
    """Forget what a scenario further down says of an economy that the one on top has no more."""
    own, marks = document.values.get(OWN), document.marks
    if not isinstance(own, dict):
        return
    top = marks.get((FIELD,), Mark("")).file
    for name in [name for name in own if name not in names]:
        said = {keys[1]: mark.file for keys, mark in marks.items() if len(keys) == 2 and keys[0] == OWN}
        files = {file for short, file in said.items() if _whole(short, _known()) == name}
        if files and top not in files:
            del own[name]


def _no_other(document: Document, names: list[str], known: list[str], library: Path) -> None:
    """Tell where the document speaks of one economy and means others; what a built-in scenario says gives way."""
    one, mark = document.values.get("economy"), document.marks.get(("economy",), Mark(""))
    mine = bool(mark.file) and Path(mark.file).resolve().parent != library.resolve()
    if names and isinstance(one, str) and mine and _whole(one, known) not in names:
        expected = Message("one of the economies of the market, {names}, or none", names=", ".join(names))
        hint = Message("To run one of them alone, give --set economies=[NAME].")
        document.problems.append(Problem(expected, one, mark.file, mark.line, "economy", hint))


def _known() -> list[str]:
    """Economies that a name can mean without a path."""
    import tanshi.plugins as plugins
    from tanshi.scenarios.economy import ECONOMIES  # reads no table

    return sorted({path.name for path in ECONOMIES.iterdir() if path.is_dir()} | {*plugins.known("economy")})


def _whole(name: str, known: list[str]) -> str:
    """The name of an economy with its year, where only one is called so.

    Examples
    --------
    >>> _whole("shanxi", ["china_2017", "shanxi_2022"]), _whole("shanxi", ["shanxi_2017", "shanxi_2022"])
    ('shanxi_2022', 'shanxi')
    """
    if name in known:
        return name
    called = [one for one in known if re.fullmatch(rf"{re.escape(name)}_\d{{4}}", one)]
    return called[0] if len(called) == 1 else name
