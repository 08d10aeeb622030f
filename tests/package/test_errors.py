"""One class tells what a person can mend from a defect; every message can be said in another language."""

from __future__ import annotations

import ast
import builtins
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.equilibrium.engine.names import UnknownNameError
from tanshi.equilibrium.engine.solution import EquilibriumError
from tanshi.errors import Message, TanshiError, said, speak_by
from tanshi.market.ledger import OverdrawnError
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.cli.app import main

ROOM = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOM / "tools"))
import messages  # noqa: E402

DEFECTS = {
    "UnbalancedError": "an identity of the registry's book does not hold: never by what a person gave",
    "Superseded": "no fault: a newer question of the dashboard takes an older one's place",
}
"""Exceptions of the product that no person can mend, with the reason."""


def test_every_exception_of_the_product_is_a_persons_to_mend_or_named_a_defect() -> None:
    trees = messages.sources()
    own = {n.name for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    python = {n for n, c in vars(builtins).items() if isinstance(c, type) and issubclass(c, BaseException)}
    python -= {name for name in python if name.endswith("Warning")}
    exceptions = messages.family(trees, *python) & own
    assert exceptions - messages.family(trees) == DEFECTS.keys()
    assert len(exceptions) > 40


PUT_TOGETHER = """
class StoreError(TanshiError): ...
raise StoreError(f"{path} is broken")
raise StoreError("table " + name)
raise StoreError("table %s" % name)
raise StoreError("table {}".format(name))
Problem("a number", f"nothing in {name}")
Problem("a number", "-1", hint="Take " + name)
UserError("No.", [Problem(f"one of {names}", "none")])
raise StoreError("{why}", why=f"table {name}")
"""
WHOLE = """
class StoreError(TanshiError): ...
raise StoreError("{path} is broken", path=path)
Problem("a number", f"{x:g}", f"run {name}")
print(f"table {x}")
"""


def test_a_message_that_is_put_together_is_found_and_a_template_a_number_or_a_place_is_not() -> None:
    assert sorted(line for _, line in messages.faults({"a.py": ast.parse(PUT_TOGETHER)})) == [*range(3, 11)]
    assert not [*messages.faults({"a.py": ast.parse(WHOLE)})]


PASSED_ON = """
def refuse(expected, got, at="", *, hint=""):
    raise UserError("No.", [Problem(expected, got, field=at, hint=hint)])
def both(self, what):
    refuse(what, "none")
refuse(f"a year after {start}", "2020")
refuse("a year", f"{year} and no other", "years.end")
refuse("a year", "2020", hint=f"Take {year} or later.")
self.both(f"one of {names}")
refuse(Message("a year after {start}", start=start), f"{year}", f"run {name}")
refuse(f"{name}.csv", "none")
"""


def test_a_message_put_together_is_found_where_another_function_passes_it_on() -> None:
    assert sorted(line for _, line in messages.faults({"a.py": ast.parse(PASSED_ON)})) == [6, 7, 8, 9]


def test_no_message_of_the_product_is_put_together() -> None:
    assert messages.main() == 0


def in_chinese(template: str) -> str:
    words = {
        "The scenario {name} cannot be used.": "情景 {name} 无法使用。",
        "expected {expected}, got {got}": "应为{expected},实为{got}",
        "a number from {least} to {most}": "{least} 到 {most} 之间的数",
        "Did you mean {word}?": "是否指 {word}?",
        "row {row}": "第 {row} 行",
    }
    return words.get(template, template)


def test_an_error_its_problems_and_their_hints_are_said_by_a_translation_of_their_templates() -> None:
    hint = Message("Did you mean {word}?", word="cap")
    problem = Problem(Message("a number from {least} to {most}", least=0, most=1), "2", "my.yaml", 3, "cap.rate", hint)
    error = UserError("The scenario {name} cannot be used.", [problem], name="S5")
    fault = Fault("co2", Message("a number from {least} to {most}", least=0, most=9), "x", row=4)
    english = str(error)
    assert english == (
        "The scenario S5 cannot be used.\n"
        "  my.yaml:3: cap.rate: expected a number from 0 to 1, got 2. Did you mean cap?"
    )
    speak_by(in_chinese)
    try:
        assert str(error) == "情景 S5 无法使用。\n  my.yaml:3: cap.rate: 应为0 到 1 之间的数,实为2. 是否指 cap?"
        assert str(fault) == "第 4 行, column co2: 应为0 到 9 之间的数,实为x"
        assert said(Message("{why}!", why=hint)) == "是否指 cap?!"
    finally:
        speak_by(None)
    assert str(error) == english


def test_braces_in_what_a_person_gave_are_left_alone() -> None:
    assert str(TanshiError("{path} is broken", path="{0}{name}.csv")) == "{0}{name}.csv is broken"
    assert str(TanshiError("taken as it stands: {0}")) == "taken as it stands: {0}"


@pytest.mark.parametrize(
    "error",
    [
        UserError("{n} faults.", [Problem("a", "b")], n=1),
        SinksError("{n} rows.", [Fault("co2", "a", "b", 2)], n=1),
        OverdrawnError("account {first} lacks", np.array([3]), first=3),
        EquilibriumError(Message("worst is {name}", name="PD"), "PD", 0.5, final=True),
        UnknownNameError("no {what}", what="leaf"),
        TanshiError("{path}: {error}", path=Path("x"), error=OSError(2, "gone")),
    ],
)
def test_an_error_comes_out_of_a_worker_as_it_was(error: TanshiError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.message.template == error.message.template
    assert again.__dict__.keys() == error.__dict__.keys()


def test_a_defect_in_our_own_rooms_is_seen_and_a_mistake_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tanshi.market.ledger import UnbalancedError
    from tanshi.simulator.cli import app

    def broken(*_: object) -> None:
        raise UnbalancedError("the book does not balance")

    def mistaken(*_: object) -> None:
        raise OverdrawnError("account {first} lacks", np.array([3]), first=3)

    monkeypatch.setattr(app, "_check_first_word", broken)
    with pytest.raises(UnbalancedError):
        main(["run"])
    monkeypatch.setattr(app, "_check_first_word", mistaken)
    assert main(["run"]) == 2
    assert capsys.readouterr().err == "Error: account 3 lacks\n"


def test_importing_the_errors_loads_nothing() -> None:
    code = "import sys; import tanshi.errors; assert not {'numpy', 'pandas', 'scipy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOM, check=False).returncode == 0
