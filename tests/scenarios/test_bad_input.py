"""Every mistake in a scenario is told at once: file, line, field, what was expected, what was found."""

from pathlib import Path

import pytest

from tanshi.scenarios.errors import Problem, ScenarioError
from tanshi.scenarios.load import load_scenario


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems_of(text: str | bytes, name: str = "mine.yaml") -> tuple[Problem, ...]:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ScenarioError) as caught:
        load_scenario(name)
    return caught.value.problems


# text of the file, line, field, part of what was expected, part of what was got, part of the hint
CASES = {
    "a tagged whole number without digits": ('seed: !!int ""\n', 1, "seed", "YAML int", "''", ""),
    "a tagged number without digits": ('cap: {tightness: !!float ""}\n', 1, "cap.tightness", "YAML float", "''", ""),
    "a title that would steer the terminal": ('title: "\\e[31m"\n', 1, "title", "control", "x1b", ""),
    "an anchor twice": ("seed: &a 1\ntitle: &a b\n", 2, "", "each anchor once", "&a on lines 1 and 2", ""),
    "an unknown field": ("seed: 1\nsede: 2\n", 2, "sede", "one of the fields", "'sede'", "mean seed?"),
    "a field in the wrong group": ("number: 5\n", 1, "number", "fields name", "'number'", "firms.number"),
    "an unknown field of a group": ("cap:\n  declin: 0\n", 2, "cap.declin", "decline", "declin", "decline"),
    "an unknown sector": ("coverage:\n  STEAL: none\n", 2, "coverage.STEAL", "ELEC", "STEAL", "STEEL"),
    "a sector's English name": ("coverage: {POWER: none}\n", 1, "coverage.POWER", "ELEC", "POWER", "ELEC"),
    "a sector that cannot be covered": ("coverage: {AGR: none}\n", 1, "coverage.AGR", "ELEC", "AGR", ""),
    "an unknown coverage": ("coverage: {ELEC: trade}\n", 1, "coverage.ELEC", "none", "'trade'", "trading"),
    "a number in quotes": ("firms:\n  number: '600'\n", 2, "firms.number", "whole number", "'600'", "quotes"),
    "a text for a number": ("cap: {decline: fast}\n", 1, "cap.decline", "a number >= 0", "'fast'", ""),
    "a percentage": ("cap: {decline: 3%}\n", 1, "cap.decline", "[1/year]", "'3%'", "fraction"),
    "half a firm": ("firms: {number: 1.5}\n", 1, "firms.number", "whole number", "1.5", ""),
    "a yes for true": ("banking: {allowed: yes}\n", 1, "banking.allowed", "true or false", "'yes'", "true"),
    "a number for true": ("banking: {allowed: 1}\n", 1, "banking.allowed", "true or false", "1", ""),
    "true for a number": ("seed: true\n", 1, "seed", "whole number", "true", ""),
    "a number for a group": ("seed: 2\ncap: -5\n", 2, "cap", "tightness", "-5", ""),
    "a list for a group": ("years: [2022, 2030]\n", 1, "years", "start, end", "[2022, 2030]", ""),
    "an empty group": ("firms:\n", 1, "firms", "number", "nothing", "leave it out"),
    "reversed years": ("years:\n  start: 2030\n  end: 2022\n", 3, "years.end", "not before", "2030 to 2022", "Swap"),
    "years before the data": ("years: {start: 1990}\n", 1, "years.start", ">= 2002", "1990", ""),
    "a policy before the benchmark": ("policy_start: 2022\n", 1, "policy_start", "after", "2022", ""),
    "a negative number of firms": ("firms: {number: -5}\n", 1, "firms.number", ">= 8", "-5", ""),
    "no firms": ("firms: {number: 0}\n", 1, "firms.number", ">= 8", "0", ""),
    "too few firms": ("extends: S5\nfirms: {number: 3}\n", 2, "firms.number", ">= 8", "3", ""),
    "a negative cap": ("cap: {tightness: 1.2}\n", 1, "cap.tightness", "< 1", "1.2", ""),
    "a negative reduction": ("cap: {tightness: -0.1}\n", 1, "cap.tightness", ">= 0", "-0.1", ""),
    "shares that miss one": (
        "firms:\n  strategies: {truthful: 0.5, zic: 0.4}\n",
        2,
        "firms.strategies",
        "sum to 1",
        "= 0.9",
        "",
    ),
    "an inherited share": (
        "extends: S1\nfirms:\n  strategies: {zic: 1}\n",
        3,
        "firms.strategies",
        "sum to 1",
        "= 2",
        "extends",
    ),
    "an unknown strategy": (
        "firms: {strategies: {honest: 1}}\n",
        1,
        "firms.strategies.honest",
        "truthful",
        "honest",
        "",
    ),
    "a share of offsets above one": ("offsets: {share: 1.2}\n", 1, "offsets.share", "<= 1", "1.2", ""),
    "a negative supply of offsets": (
        "offsets: {share: 0.05, potential: -1}\n",
        1,
        "offsets.potential",
        ">= 1e-06",
        "-1",
        "",
    ),
    "a free supply of offsets": (
        "offsets: {share: 0.05, median_cost: 0}\n",
        1,
        "offsets.median_cost",
        ">= 0.01",
        "0",
        "",
    ),
    "a supply of offsets that nobody may use": (
        "offsets:\n  potential: 5\n",
        1,
        "offsets.share",
        "a share",
        "potential alone",
        "0.05",
    ),
    "a bargaining price beyond the highest cost": (
        "offsets: {share: 0.5, bargaining_tax: 0.0001}\n",
        1,
        "offsets.bargaining_tax",
        "not above",
        "5.25",
        "lower",
    ),
    "benchmarks under an absolute cap": (
        "allocation: {benchmarks: {ELEC: 0.9}}\n",
        1,
        "allocation.benchmarks",
        "cap.regime tps",
        "absolute",
        "tps",
    ),
    "a negative benchmark": (
        "allocation: {benchmarks: {ELEC: -0.9}}\n",
        1,
        "allocation.benchmarks.ELEC",
        ">= 0",
        "-0.9",
        "",
    ),
    "more than all in advance": ("allocation: {in_advance: 1.1}\n", 1, "allocation.in_advance", "<= 1", "1.1", ""),
    "a gap above all emissions": ("allocation: {gap_cap: 2}\n", 1, "allocation.gap_cap", "<= 1", "2", ""),
    "a shock while allocation is adjusted": (
        "extends: S1\nallocation: {in_advance: 0.7}\nshock: {year: 2025, cap_cut: 0.1}\n",
        3,
        "shock.year",
        "no allocation.in_advance",
        "both",
        "null",
    ),
    "not a number": ("price: {floor: .nan}\n", 1, "price.floor", "a number >= 0", "nan", ""),
    "an endless number": ("price: {floor: .inf}\n", 1, "price.floor", "a number >= 0", "inf", ""),
    "a ceiling under a floor": ("price: {floor: 9, ceiling: 8}\n", 1, "price.ceiling", "below", "8", ""),
    "a penalty under the floor": (
        "price: {floor: 90}\npenalty: {price: 50}\n",
        2,
        "penalty.price",
        "more than",
        "50",
        "Nobody buys",
    ),
    "a name with a space": ("name: my run\n", 1, "name", "a text", "'my run'", "no spaces"),
    "a name that leaves its folder": ("name: ../up\n", 1, "name", "a text", "'../up'", "Use letters"),
    "a duplicate field": ("seed: 1\nfirms: {}\nseed: 2\n", 3, "seed", "once", "lines 1 and 3", ""),
    "a duplicate sector": (
        "coverage:\n  ELEC: none\n  ELEC: trading\n",
        3,
        "coverage.ELEC",
        "once",
        "lines 2 and 3",
        "",
    ),
    "a tag that would run code": (
        "seed: !!python/object/apply:os.system ['ls']\n",
        1,
        "seed",
        "without tags",
        "os.system",
        "never",
    ),
    "a tag of one's own": ("firms: !mine {number: 3}\n", 1, "firms", "without tags", "!mine", ""),
    "an alias": ("cap: &a {decline: 0.1}\nprice: *a\n", 2, "price", "plain values", "alias", "extends"),
    "an alias to itself": ("cap: &a\n  decline: *a\n", 2, "cap.decline", "plain values", "alias", ""),
    "a merge key": ("firms:\n  <<: {number: 3}\n", 2, "firms", "plain fields", "<<", "extends"),
    "a list as a name": ("? [a, b]\n: 1\n", 1, "", "a field's name", "a list", ""),
    "an endless integer": ("seed: " + "9" * 5000 + "\n", 1, "seed", "YAML int", "9999", ""),
    "a figure beyond all numbers": (
        "figures: {economy.controls.gdp: 1" + "0" * 400 + "}\n",
        1,
        "figures.economy.controls.gdp",
        "YAML int",
        "1000",
        "",
    ),
    "a tagged non-number": ("seed: !!int abc\n", 1, "seed", "YAML int", "'abc'", ""),
    "an unclosed list": ("seed: 1\ncap: [1\n", 3, "", "valid YAML", "expected ','", ""),
    "a tab": ("firms:\n\tnumber: 3\n", 2, "", "valid YAML", "\\t", "spaces, not tabs"),
    "two documents": ("seed: 1\n---\nseed: 2\n", 2, "", "valid YAML", "another document", ""),
    "a control character": ("seed: \x00\n", None, "", "valid YAML", "#x0000", ""),
    "a thousandfold nesting": ("a: " + "[" * 20_000, None, "", "nesting", "thousands", ""),
    "an empty file": ("", None, "", "fields such as `extends: S1`", "an empty file", ""),
    "only a comment": ("# nothing\n", None, "", "fields such as", "an empty file", ""),
    "a list": ("- S1\n", 1, "", "fields such as", "a list", ""),
    "a word": ("S1\n", 1, "", "fields such as", "'S1'", ""),
    "a binary file": (b"extends: S1\n\x89PNG\xff\xfe", 2, "", "text in UTF-8", "0x89", "UTF-8"),
    "a file in GBK": ("title: 碳市\n".encode("gbk"), 1, "", "text in UTF-8", "byte", "UTF-8"),
    "an enormous file": (b"#" * 1_000_001, None, "", "at most 1,000,000 bytes", "1,000,001 bytes", ""),
    "an unknown base": ("seed: 1\nextends: S9\n", 2, "extends", "S1, S2, S3, S4, S5", "'S9'", "S5?"),
    "a base that is no name": ("extends: [S4]\n", 1, "extends", "the name of", "['S4']", ""),
    "a file that extends itself": ("extends: mine.yaml\n", 1, "extends", "to an end", "mine.yaml -> mine.yaml", ""),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("folder")
def test_a_mistake_is_told_with_its_place_and_what_was_expected(case: str) -> None:
    text, line, field, expected, got, hint = CASES[case]
    problems = problems_of(text)
    assert len(problems) == 1, problems
    problem = problems[0]
    assert (problem.file, problem.line, problem.field) == ("mine.yaml", line, field)
    assert expected in problem.expected
    assert got in problem.got
    assert hint in problem.hint
    assert len(str(problem)) < 450


def test_a_tag_runs_no_code(folder: Path) -> None:
    problems_of("seed: !!python/object/apply:os.system ['touch owned']\n")
    assert not (folder / "owned").exists()


@pytest.mark.usefixtures("folder")
def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines() -> None:
    problems = problems_of(
        "seed: -1\nyears: {start: 2030, end: 2022}\ncap: {tightnes: 0.1}\ncoverage: {STEAL: trading}\n"
        "seed: 2\nprice: !!x 3\nfirms: {number: none, strategies: {zic: 2}}\n"
    )
    assert [(problem.line, problem.field) for problem in problems] == [
        (1, "seed"), (2, "years.end"), (3, "cap.tightnes"), (4, "coverage.STEAL"), (5, "seed"), (6, "price"),
        (7, "firms.number"), (7, "firms.strategies.zic"),
    ]  # fmt: skip


def test_a_mistake_is_told_where_it_stands_in_a_chain_of_files(folder: Path) -> None:
    (folder / "base.yaml").write_text("extends: S4\n\nfirms:\n  number: many\n  cost_sigma: 0.4\n")
    problems = problems_of("extends: base.yaml\nfirms:\n  cost_sigma: -1\n")
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [
        ("base.yaml", 4, "firms.number"),
        ("mine.yaml", 3, "firms.cost_sigma"),
    ]


def test_a_circle_of_files_names_every_step(folder: Path) -> None:
    (folder / "other.yaml").write_text("seed: 3\nextends: mine.yaml\n")
    (problem,) = problems_of("extends: other.yaml\n")
    assert (problem.file, problem.line) == ("other.yaml", 2)
    assert problem.got == "mine.yaml -> other.yaml -> mine.yaml"


@pytest.mark.parametrize(
    ("name", "near"), [("S9", "S5"), ("s4", "S4"), ("", ""), ("baseline", ""), ("x" * 5000, ""), ("a\0b", "")]
)
def test_an_unknown_scenario_names_those_there_are(name: str, near: str) -> None:
    with pytest.raises(ScenarioError, match="S1, S2, S3, S4, S5") as caught:
        load_scenario(name)
    assert caught.value.problems[0].hint == (f"Did you mean {near}?" if near else "")


def test_a_missing_file_names_the_one_beside_it(folder: Path) -> None:
    (folder / "mine.yaml").write_text("extends: S1\n")
    with pytest.raises(ScenarioError, match=r"mien\.yaml: .* no file of that name\. Did you mean mine\.yaml"):
        load_scenario("mien.yaml")


def test_a_folder_is_no_scenario(folder: Path) -> None:
    (folder / "some").mkdir()
    with pytest.raises(ScenarioError, match="some: expected a YAML file, got a folder"):
        load_scenario("some")


def test_a_wrong_override_names_its_option() -> None:
    with pytest.raises(ScenarioError, match=r"--firms: firms\.number: expected a whole number .* got -5"):
        load_scenario("S1", {"firms.number": -5}, {"firms.number": "--firms"})


def test_an_unknown_override_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"override: firms\.numbr: .* Did you mean number\?"):
        load_scenario("S1", {"firms.numbr": 5})


def test_a_link_that_leads_to_itself_is_no_file(folder: Path) -> None:
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")
    (problem,) = problems_of("extends: loop.yaml\n")
    assert (problem.line, problem.field, problem.got) == (1, "extends", "'loop.yaml'")


def test_of_very_many_mistakes_the_first_are_told_and_all_are_counted(folder: Path) -> None:
    Path("mine.yaml").write_text("".join(f"f{i}: 1\n" for i in range(2_000)))
    with pytest.raises(ScenarioError) as caught:
        load_scenario("mine.yaml")
    told = str(caught.value).splitlines()
    assert told[0].endswith("2,000 problems.")
    assert [line.split(":")[1] for line in told[1:-1]] == [str(n) for n in range(1, 21)]
    assert told[-1] == "  and 1,980 more."
