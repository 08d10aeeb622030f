"""People read the program in their language, and miss no word and no sign of it."""

from __future__ import annotations

import ast
import importlib
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tanshi import language
from tanshi.errors import Message
from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli import main
from tanshi.simulator.results.variables import CATALOGUE, SETTLED
from tanshi.simulator.views.vocabulary import unit_name
from tests.package.installs import ROOT

sys.path.append(str(ROOT / ".ci"))
catalogue, mistakes, sentences = (importlib.import_module(name) for name in ("catalogue", "mistakes", "sentences"))
LISTS = sorted((ROOT / "tanshi/locale").glob("*/LC_MESSAGES/*.po"))


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.speak("en")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_language_but_english_has_its_list() -> None:
    assert {path.parent.parent.name for path in LISTS} == set(language.LANGUAGES) - {"en"}


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.parent.parent.name)
def test_no_message_is_missing_and_none_is_of_no_use(path: Path) -> None:
    with path.open("rb") as opened:
        words = {str(m.id): str(m.string) for m in read_po(opened, locale=path.parent.parent.name) if m.id}
    said = {template for template, _ in catalogue.said()}
    assert said - set(words) == set(), "run python .ci/catalogue.py and translate what it adds"
    assert set(words) - said == set(), "run python .ci/catalogue.py"
    assert [template for template, translated in words.items() if not translated] == []


def test_units_of_results_and_of_their_sums_over_years_are_said_in_chinese() -> None:
    units = {variable.unit for variable in (*CATALOGUE.values(), *SETTLED.values())}
    language.speak("zh")
    told = {unit: unit_name(unit) for one in units for unit in (one, one.removesuffix("/yr"))}
    assert [unit for unit, words in told.items() if words == unit] == ["%"]
    assert told["million CNY_2022"] == "百万元（2022 年价）", "10^6 yuan"
    assert told["billion CNY_2022/yr"] == "十亿元/年（2022 年价）", "10^9 yuan, where 亿元 are 10^8"
    assert told["Mtce"] == "百万吨标准煤", "10^6 t, where 万吨 are 10^4"


def test_no_words_of_an_error_bypass_the_list() -> None:
    assert [f"{one.file}:{one.line}: {one.words}" for one in mistakes.unspoken()] == []


def test_no_sentence_of_the_rooms_that_users_meet_bypasses_the_list() -> None:
    listed = {template for template, _ in catalogue.said()}
    assert [f"{file}:{line}: {text}" for file, line, text in sentences.unlisted(listed)] == []


def test_a_sentence_that_nobody_translates_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    source = '"""What a room is for, in words."""\nTITLE = "what the firms pay"\n' + (
        'def told(n: int) -> str:\n    """Say so many firms in words."""\n    say("so many firms pay it")\n'
        '    return f"{n} of the firms pay"\n'
    )
    monkeypatch.setattr(sentences, "sources", lambda: {"simulator/views/words.py": ast.parse(source)})
    assert [text for _, _, text in sentences.unlisted(())] == ["what the firms pay", "{} of the firms pay"]
    assert [text for _, _, text in sentences.unlisted({"what the firms pay"})] == ["{} of the firms pay"]


NAMED = ("set_xlabel", "set_ylabel", "set_title", "set_label", "suptitle")
"""Calls by which a picture is written on."""


def written_on(source: str) -> list[str]:
    """Words that a picture's axes, legends and titles have whatever is spoken."""
    found: list[str] = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        words = [key.value for key in call.keywords if key.arg in ("label", "xlabel", "ylabel")]
        words += call.args[:1] if name in NAMED else []
        found += [str(w.value) for w in words if isinstance(w, ast.Constant) and re.search("[A-Za-z]", str(w.value))]
    return found


def test_axes_and_legends_of_pictures_are_said() -> None:
    assert written_on('axes.plot(x, y, label="cap"); axes.set_xlabel("Mt"); axes.set_ylabel(say("Mt"))') == [
        "cap",
        "Mt",
    ]
    for path in sorted((ROOT / "simulator").rglob("*.py")):
        assert written_on(path.read_text("utf-8")) == [], path.name


def test_words_inside_formatted_texts_are_listed() -> None:
    source = 'print(f"{name:<20} {say(\'closed\'):>14} {translate(word)}")\nmark("first")'
    assert list(catalogue.spoken_in(source)) == ["closed", "first"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('raise UserError("no {what}", what="such plant")', ["such plant"]),
        ('words = "a year" if late else f"the year {year}"\nraise UserError("no {what}", what=words)', ["a year", "f"]),
        ('def refuse(why: str):\n    raise UserError("no: {why}", why=why)\n\nrefuse("it is late")', ["it is late"]),
        ('def why() -> str:\n    return "it is late"\n\nraise UserError("no: {why}", why=why())', ["it is late"]),
        ('raise UserError("no {what}", what=Message("such plant"), code="S1")', []),
    ],
)
def test_words_that_would_stay_english_are_found(source: str, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ast.parse("class UserError(TanshiError): ...\n" + source)
    monkeypatch.setattr(mistakes, "sources", lambda: {"somewhere.py": tree})
    mistakes.texts.cache_clear()
    found = [one.words.removeprefix(mistakes.PUT_TOGETHER) for one in mistakes.unspoken()]
    mistakes.texts.cache_clear()
    assert [word[: len(begun)] for word, begun in zip(found, told, strict=True)] == told


def test_a_message_within_a_message_is_translated_with_it() -> None:
    language.speak("zh")
    whole = UserError("{last}; the path from the benchmark was walked to {done:.1%} of the shock",
                      last=UserError("no equilibrium: {poor}", poor=Message("loss")), done=0.5)  # fmt: skip
    assert str(whole) == "没有均衡：亏损；从基准期出发的路径已走完冲击的 50.0%"


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.parent.parent.name)
def test_a_translation_says_the_same_fields(path: Path) -> None:
    with path.open("rb") as opened:
        words = {str(m.id): str(m.string) for m in read_po(opened, locale=path.parent.parent.name) if m.id}
    assert {t for t, translated in words.items() if fields(t) != fields(translated)} == set()


OPPOSITES = (
    (r"\bbuy(?:s|ers?)?\b|\bbought\b", "[买购]", r"\bsell(?:s|ers?)?\b|\bsold\b", "[卖售]"),
    (r"\bmillion\b", "百万", r"\bbillion\b", "十亿"),
    (r"\bimports?\b", "进口|入", r"\bexports?\b", "出口|出|送"),
    (r"\brises? from\b", "[升涨]", r"\bfalls? from\b", "[降跌]"),
    (r"}.* higher\W*$", "高", r"}.* lower\W*$", "低"),
)
"""A word and its opposite, and a sign that a Chinese message has which says one of them alone."""


@pytest.mark.parametrize(("word", "sign", "opposite", "other"), OPPOSITES, ids=[each[1] for each in OPPOSITES])
def test_no_word_is_told_in_chinese_as_its_opposite(word: str, sign: str, opposite: str, other: str) -> None:
    with (language.CATALOGUES / "zh/LC_MESSAGES/tanshi.po").open("rb") as opened:
        words = {str(m.id): str(m.string) for m in read_po(opened, locale="zh") if m.id}
    of_one = {text for text in words if re.search(word, text, re.I) and not re.search(opposite, text, re.I)}
    of_other = {text for text in words if re.search(opposite, text, re.I) and not re.search(word, text, re.I)}
    assert of_one
    assert of_other
    assert [text for text in of_one if not re.search(sign, words[text])] == []
    assert [text for text in of_other if not re.search(other, words[text])] == []


def test_the_compiled_list_says_what_the_list_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "tanshi.mo").write_bytes(language.compiled_catalogue(language.CATALOGUES / "zh/LC_MESSAGES/tanshi.po"))
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language._catalogue.cache_clear()
    language.speak("zh")
    assert language.say("firms in {sectors} trade allowances", sectors="钢铁业") == "钢铁业的企业交易配额"
    language._catalogue.cache_clear()


def test_the_environment_chooses_and_english_is_spoken_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(language.VARIABLE, raising=False)
    assert language.speak() == "en"
    monkeypatch.setenv(language.VARIABLE, "zh")
    assert language.speak() == "zh"
    assert language.speak("en") == "en"


@pytest.mark.parametrize("words", [["--lang", "fr", "params"], ["params", "--lang=fr"], ["params", "--lang"]])
def test_a_language_that_is_not_spoken_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "There is no such language." in said
    assert "en (English) or zh (中文)" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["sweep", "cap", "--points", "4"], ["run", "--firms", "x"], ["run", "S1", "--workers", "0"],
        ["new", "scenario"], ["run", "--out"], ["params", "--overwrite=1"], ["check", "S1", "S2"],
    ],
)  # fmt: skip
def test_words_that_do_not_fit_a_command_are_refused_in_the_language(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "zh", *words]) == 2
    refused = capsys.readouterr().err.splitlines()[0]
    assert re.search(r"[\u4e00-\u9fff]{2}", refused.removeprefix("错误：")), refused
    assert not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", refused), refused


def test_a_word_that_no_list_holds_is_said_as_it_is() -> None:
    language.speak("zh")
    assert language.translate("Zhang's own {title}") == "Zhang's own {title}"
