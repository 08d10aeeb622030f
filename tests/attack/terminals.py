"""Terminals of four encodings: every command's words arrive, and nothing steers the terminal."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

from tanshi.simulator.cli.app import main
from tanshi.simulator.machine.terminal import plain
from tests.attack.attempt import Case, Defect, Dice

ENCODINGS = ("gbk", "cp1252", "ascii", "utf-8", "gb18030", "latin-1", "cp437", "big5", "shift_jis", "cp866")
SIGNS = "aé碳₂≥–\x1b[2J\x07\x00\u202e\u2028\ud800\U0001f600%{}[red]\\\"'\n\t\x9b\u200b"
COMMANDS = (
    *(["params"], ["params", "cap"], ["--help"], ["run", "--help"], ["sweep", "--help"], ["--version"], ["doctor"]),
    *(["new", "--help"], ["params", "--lang", "zh"]),
)
TAKES_WORDS = (
    *(["run"], ["run", "S1", "--set"], ["run", "S1", "--years"], ["params"], ["sweep"], ["calibrate"], ["report"]),
    *(["query", "nowhere"], ["analyse"], ["compact"], ["live"], ["dashboard"], ["new", "economy"], ["--lang"], []),
    *(["run", "S1", "--firms"], ["run", "S1", "--out"], ["sinks", "--set"], ["fans"], ["run", "--scheduler"]),
)


def text(dice: Dice) -> str:
    """Signs that a terminal may not have, or may obey."""
    return "".join(dice.choice(SIGNS) for _ in range(dice.choice((1, 3, 10, 60))))


def said_by(words: list[str], encoding: str) -> tuple[int, str]:
    """What a command writes to a pipe of an encoding, both streams together."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        code = main(words)
        sys.stdout.flush()
    return code, raw.getvalue().decode(encoding)


def attack(case: Case) -> None:
    """One command in one encoding, or words that no command takes, or signs made plain."""
    dice = case.dice
    encoding = dice.choice(ENCODINGS)
    odd = text(dice)
    kind = dice.randrange(10)
    if kind == 0:
        words = list(dice.choice(COMMANDS))
    elif kind < 8:
        words = [*dice.choice(TAKES_WORDS), odd if dice.random() < 0.7 else f"--{odd}"]
    else:
        case.tried = f"plain {odd!r} in {encoding}"
        made = plain(odd.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), encoding)
        made.encode(encoding)
        return
    case.tried = f"{words} in {encoding}"
    here = Path.cwd()
    os.chdir(case.folder)
    try:
        code, said = said_by(words, encoding)
    finally:
        os.chdir(here)
    if code not in (0, 1, 2):
        raise Defect(f"exit code {code}")
    if steering := {sign for sign in said if not (sign.isprintable() or sign in "\n\r\u2028")}:
        raise Defect(f"signs that steer a terminal: {steering!r} in {said[:300]!r}")
