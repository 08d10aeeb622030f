"""What a person sees at the command line: help, one message for a mistake, a telling exit code."""

import io
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

import tanshi
from tanshi.market.ledger import RegistryError
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.cli import app as cli

ROOT = Path(__file__).parents[2]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """Stand in for the batch: note what the command line asks for, and leave no results."""
    noted: list[SimpleNamespace] = []

    def run_batch(
        scenarios: Sequence[Scenario],
        out: Path,
        *,
        overwrite: bool,
        progress: Callable[[str, int, int], None],
        **more: object,
    ) -> SimpleNamespace:
        progress(scenarios[0].name, 1, 2)
        noted.append(SimpleNamespace(scenarios=scenarios, out=out, overwrite=overwrite, **more))
        return SimpleNamespace(runs=[], failed={})

    stand_in = types.ModuleType("tanshi.simulator.studies.batches.batch")
    stand_in.run_batch = run_batch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tanshi.simulator.studies.batches.batch", stand_in)
    monkeypatch.setitem(sys.modules, "tanshi.simulator.studies", types.ModuleType("tanshi.simulator.studies"))
    monkeypatch.setattr(cli, "_show", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    return noted


def test_without_a_command_the_five_scenarios_run(calls: list[SimpleNamespace]) -> None:
    assert cli.main([]) == 0
    assert [scenario.name for scenario in calls[0].scenarios] == ["S1", "S2", "S3", "S4", "S5"]
    assert calls[0].out.parent == Path("results")


def test_every_option_reaches_the_scenarios(calls: list[SimpleNamespace]) -> None:
    words = "run S1 S5 --seed 7 --years 2022-2025 --firms 40 --out here --overwrite"
    assert cli.main([*words.split(), "--market", "equilibrium", "--drift", "none"]) == 0
    (call,) = calls
    assert (call.out, call.overwrite) == (Path("here"), True)
    assert [scenario.name for scenario in call.scenarios] == ["S1", "S5"]
    for scenario in call.scenarios:
        assert (scenario.seed, scenario.firms.number) == (7, 40)
        assert (scenario.years.start, scenario.years.end) == (2022, 2025)
        assert (scenario.market.mode, scenario.drift.mode) == ("equilibrium", "none")


def test_options_not_given_leave_the_file_as_it_is(calls: list[SimpleNamespace]) -> None:
    Path("mine.yaml").write_text("extends: S4\nseed: 9\nfirms: {number: 33}\nmarket: {mode: equilibrium}\n")
    assert cli.main(["run", "mine.yaml"]) == 0
    (scenario,) = calls[0].scenarios
    assert (scenario.name, scenario.seed, scenario.firms.number) == ("mine", 9, 33)
    assert scenario.market.mode == "equilibrium"


def test_a_failed_run_exits_with_1(calls: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SimpleNamespace(runs=[], failed={"S1": "no equilibrium in 2027"})
    monkeypatch.setattr(
        sys.modules["tanshi.simulator.studies.batches.batch"], "run_batch", lambda *args, **options: failed
    )
    assert cli.main(["run", "S1"]) == 1


MISTAKES = {
    "an unknown command": ("rum", ["'rum'", "Did you mean run?"]),
    "a command like none": ("xyzzy", ["one of run, ", "--help"]),
    "a scenario for a command": ("S1", ["tanshi run S1"]),
    "a file for a command": ("mine.yaml", ["tanshi run mine.yaml"]),
    "an option without a command": ("--seed 7", ["tanshi run --seed 7"]),
    "an unknown option": ("run --sede 7", ["No such option: --sede", "--seed", "run --help lists what it takes"]),
    "an option without its value": ("run --seeds", ["--seeds", "requires an argument"]),
    "a missing folder": ("analyse", ["Missing argument 'DIR'", "analyse --help"]),
    "a new thing of no kind": ("new scenrio x", ["No such command 'scenrio'", "new --help"]),
    "a port too high for the live market": ("live --port 99999", ["--port: expected a port from 1 to 65535, got 99"]),
    "a port too low for the dashboard": ("dashboard --port 0", ["--port: expected a port from 1 to 65535, got 0"]),
    "a table that is not there": ("new economy x --table no.csv", ["Error: The table cannot be read.", "no.csv"]),
    "a bad name for an economy": ("new economy x/y --table no.csv", ["Error: The economy cannot be made.", "NAME"]),
    "an unknown scenario": ("run S9", ["S1, S2, S3, S4, S5", "'S9'", "Did you mean S5?"]),
    "two unknown scenarios": ("run S9 S0", ["2 problems", "'S9'", "'S0'"]),
    "a missing file": ("run none.yaml", ["none.yaml: expected a YAML file, got no file of that name"]),
    "a negative number of firms": ("run --firms -5", ["--firms: firms.number", ">= 8", "got -5"]),
    "a word for a number of firms": ("run --firms many", ["--firms", "integer"]),
    "too few firms": ("run S5 --firms 3", ["--firms: firms.number", ">= 8", "got 3"]),
    "a negative seed": ("run --seed -1", ["--seed: seed: expected a whole number >= 0", "got -1"]),
    "reversed years": ("run --years 2030-2022", ["--years: years.end", "2030 to 2022", "Swap them"]),
    "one year": ("run --years 2022", ["--years: expected two years such as 2022-2030, got '2022'"]),
    "years out of reach": ("run --years 1990-2300", ["--years: years.start", "--years: years.end"]),
    "an unknown market": ("run --market agent", ["--market: market.mode", "Did you mean agents?"]),
    "an unknown drift": ("run --drift neurl", ["--drift: drift.mode", "Did you mean neural?"]),
    "an unknown field to show": ("params firmz", ["'firmz'", "Did you mean firms?"]),
    "a bad file": ("run bad.yaml", ["bad.yaml:2: firms.number", "'many'", "bad.yaml:3: seed: expected each"]),
    "a binary file": ("run bin.yaml", ["bin.yaml:2: expected text in UTF-8"]),
    "an empty file": ("run empty.yaml", ["empty.yaml: expected fields", "an empty file"]),
    "unsafe YAML": ("run unsafe.yaml", ["unsafe.yaml:1: seed", "os.system"]),
    "results in a file": ("run S1 --out bad.yaml", ["--out: expected a folder that can be written, got bad.yaml"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_and_exit_code_2(
    mistake: str, calls: list[SimpleNamespace], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.yaml").write_text("seed: 1\nfirms: {number: many}\nseed: 2\n")
    Path("bin.yaml").write_bytes(bytes(range(256)))
    Path("empty.yaml").write_text("")
    Path("unsafe.yaml").write_text("seed: !!python/object/apply:os.system ['touch owned']\n")
    words, parts = MISTAKES[mistake]
    assert cli.main(words.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert shown.err.startswith("Error: ")
    assert shown.err.count("Error") == 1
    for part in parts:
        assert part in shown.err
    assert not calls
    assert not Path("results").exists()
    assert not Path("owned").exists()


def test_a_refusal_of_our_own_rooms_is_a_message(
    calls: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise RegistryError("account 3 holds 5 t, asked for 7 t")

    monkeypatch.setattr(sys.modules["tanshi.simulator.studies.batches.batch"], "run_batch", refuse)
    assert cli.main(["run", "S1"]) == 2
    assert "account 3 holds 5 t" in capsys.readouterr().err


def test_a_defect_is_not_passed_off_as_the_users_mistake(
    calls: list[SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: object, **options: object) -> None:
        raise ValueError("operands could not be broadcast together")

    monkeypatch.setattr(sys.modules["tanshi.simulator.studies.batches.batch"], "run_batch", break_down)
    with pytest.raises(ValueError, match="broadcast"):
        cli.main(["run", "S1"])


def test_params_lists_every_field_with_unit_default_and_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["params"]) == 0
    shown = capsys.readouterr().out
    assert "coverage.STEEL" in shown
    assert "钢铁" in shown
    line = next(line for line in shown.splitlines() if "firms.number" in line)
    assert "600" in line
    assert ">= 8 and <= 10000000 [firms]" in line


def test_params_shows_only_what_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["params", "penalty"]) == 0
    shown = capsys.readouterr().out
    assert "penalty.price" in shown
    assert "firms.number" not in shown


def test_params_prefers_a_part_of_the_name_and_says_what_else_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["params", "cap"]) == 0
    shown = capsys.readouterr().out
    assert "cap.tightness" in shown
    assert "closure.capital" not in shown
    assert re.search(r"\d+ fields and figures have 'cap' as a part of the name\. \d+ .* params cap --text", shown)
    assert cli.main(["params", "capit"]) == 0
    assert "closure.capital" in capsys.readouterr().out


def test_params_finds_a_word_anywhere_when_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["params", "cap", "--text"]) == 0
    shown = capsys.readouterr().out
    assert "closure.capital" in shown
    assert "have 'cap' somewhere." in shown


def test_params_says_that_a_word_stands_in_the_texts_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["params", "frozen baseline"]) == 2
    assert 'params "frozen baseline" --text' in capsys.readouterr().err
    assert cli.main(["params", "frozen baseline", "--text"]) == 0
    assert "cap.tightness" in capsys.readouterr().out


def door(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100"}
    command = [sys.executable, str(ROOT / "run.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_help_names_the_commands_and_shows_examples() -> None:
    general, of_run = door("--help"), door("run", "--help")
    assert general.returncode == of_run.returncode == 0
    assert "params" in general.stdout
    assert "five scenarios" in general.stdout
    assert "tanshi run S1 S5 --seed 7" in of_run.stdout


def test_help_in_chinese_leaves_no_english_of_the_library_of_commands_and_breaks_no_name() -> None:
    said = door("sweep", "-h", "--lang", "zh").stdout
    assert all(word in said for word in ("用法：", "[必填]", "显示本说明并退出。", "weak_cells"))
    assert not re.search("Usage|Show|required|default", said)
    assert "[默认：5]" in door("reproduce", "-h", "--lang", "zh").stdout


def test_help_loads_no_numerical_library() -> None:
    code = (
        "import sys, run\nrun.main(['run', '--help'])\n"
        "print([name for name in ('numpy', 'torch', 'pandas', 'mesa') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_door_passes_the_exit_code_on_and_shows_no_traceback() -> None:
    done = door("run", "S9")
    assert done.returncode == 2
    assert "Did you mean S5?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_door_asks_for_one_thread_before_numpy_is_loaded() -> None:
    code = (
        "import run, os, sys; before = 'numpy' in sys.modules;"
        "run.main(['--version']); print(before, os.environ['OPENBLAS_NUM_THREADS'])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    assert done.stdout.split()[-2:] == ["False", "1"]


def test_the_version_is_said_by_the_command_the_old_door_and_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    said = capsys.readouterr().out
    assert said == f"tanshi {tanshi.__version__}\n"
    for door in ([str(ROOT / "run.py")], ["-m", "tanshi"]):
        done = subprocess.run(
            [sys.executable, *door, "--version"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == said


def test_usage_names_the_command_whichever_door_was_taken() -> None:
    done = subprocess.run(
        [sys.executable, "run.py", "run", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Usage: tanshi run " in done.stdout
    assert "run.py" not in done.stdout


def test_every_picture_and_page_says_which_version_made_it() -> None:
    from PIL import Image

    from tanshi.simulator.views.charts.style import png, sheet, svg
    from tanshi.simulator.views.reports.page import page

    figure = sheet()
    assert Image.open(io.BytesIO(png(figure))).text["Software"] == f"Tanshi {tanshi.__version__}"  # type: ignore[attr-defined]
    assert f"Tanshi {tanshi.__version__}" in svg(figure).decode()
    assert f'<meta name="generator" content="Tanshi {tanshi.__version__}">' in page("a report", [])
