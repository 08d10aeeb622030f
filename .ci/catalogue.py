"""The words to translate: what the source says, in a list of translations (``.po``) for each language.

    python .ci/catalogue.py

New words are added untranslated, those that nobody says any more are dropped. A test fails while words are missing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from ruamel.yaml import YAML
from typer.main import get_command

sys.path.insert(0, str(Path(__file__).parent))

from mistakes import PLAIN, PUT_TOGETHER, is_word, texts

from tanshi.scenarios.parameters import describe_parameters
from tanshi.simulator.cli.app import app
from tanshi.simulator.cli.language import help_words
from tools.messages import name_of, nodes

ROOT = Path(__file__).parent.parent
ROOMS = ("agents", "equilibrium", "market", "scenarios", "simulator", "tanshi")
SPEAKS = ("say", "mark", "translate")
REGIONS = ("China", "Shanxi", "Shandong", "Inner Mongolia")
GROUPS = ("Urban", "Rural")
TITLED = ("library", "regimes", "calibration", "sweeps", "templates")
"""Folders of study files whose titles, and those of their parameters, are said."""


def said() -> Iterator[tuple[str, str]]:
    """Every template in the source, and where it stands."""
    for room in ROOMS:
        for path in sorted((ROOT / room).glob("*.py" if room == "tanshi" else "**/*.py")):
            source = path.read_text("utf-8")
            if "tanshi.language import" not in source:
                continue  # such a file says nothing, or with a word of its own
            for words in spoken_in(source):
                yield words, path.relative_to(ROOT).as_posix()
    for path in sorted(path for room in TITLED for path in (ROOT / "scenarios" / room).glob("*.yaml")):
        for title in titles(YAML(typ="safe").load(path.read_text("utf-8"))):
            yield title, path.relative_to(ROOT).as_posix()
    for words in GROUPS:
        yield words, "scenarios/economies"
    yield from mistakes()
    for words in help_words(get_command(app)):
        yield words, "simulator/cli"
    for row in describe_parameters():
        yield row.description, "scenarios/schema"
        if is_word(row.kind):
            yield row.kind, "scenarios/parameters"
    for region in REGIONS:
        yield region, "scenarios/economies"


def titles(part: Any) -> Iterator[str]:
    """Every title in a study file."""
    if isinstance(part, dict):
        if isinstance(part.get("title"), str):
            yield part["title"]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from titles(one)


def spoken_in(source: str) -> Iterator[str]:
    """Templates that a file says, in their order; also those inside formatted texts, where a tokenizer finds none."""
    calls = [n for n in nodes(ast.parse(source)) if isinstance(n, ast.Call) and name_of(n) in SPEAKS and n.args]
    for call in sorted(calls, key=lambda call: (call.args[0].lineno, call.args[0].col_offset)):
        match call.args[0]:
            case ast.Constant(value=str(words)) if words:
                yield words


def mistakes() -> Iterator[tuple[str, str]]:
    """Templates of what is said of a person's mistakes, and phrases that fill them."""
    for one in texts():
        if is_word(one.words) and not one.words.startswith(PUT_TOGETHER) and not (one.field and one.file in PLAIN):
            yield one.words, one.file


def renewed(language: str, known: Catalog | None) -> Catalog:
    """The list of a language with the words of the source, and what is known of them."""
    never = datetime(2026, 1, 1, tzinfo=UTC)  # a list that is made again without a change is the same file
    out = Catalog(
        locale=language, project="Tanshi", version=" ", charset="utf-8", header_comment="# Words of Tanshi",
        fuzzy=False, creation_date=never, revision_date=never, last_translator="Tanshi developers",
        language_team="none", msgid_bugs_address="none",
    )  # fmt: skip
    places: dict[str, list[tuple[str, None]]] = {}
    for words, place in said():
        found = places.setdefault(words, [])
        if (place, None) not in found:
            found.append((place, None))
    for words, where in places.items():
        old = known.get(words) if known is not None else None
        out.add(words, old.string if old is not None else "", locations=where)
        out[words].flags.discard("python-format")
    return out


def main() -> None:
    """Renew the lists of all languages."""
    for path in sorted((ROOT / "tanshi/locale").glob("*/LC_MESSAGES/*.po")):
        language = path.parent.parent.name
        with path.open("rb") as opened:
            known = read_po(opened, locale=language)
        new = renewed(language, known)  # the list stays as it is where the source cannot be read
        with path.open("wb") as opened:
            write_po(opened, new, width=118, include_lineno=False)


if __name__ == "__main__":
    main()
