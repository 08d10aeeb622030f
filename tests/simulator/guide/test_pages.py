"""The guide tells the truth: its commands run and print what it says, its references are the program's own.

Where one of these fails after a change that was meant, ``make pages`` makes the pages anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from tanshi.scenarios.fields import Status
from tanshi.simulator.guide.execute import ROOT, fences
from tanshi.simulator.guide.pages import DOCS, EXECUTED, GALLERY, WRITTEN, main
from tanshi.simulator.guide.references import STATUSES
from tanshi.simulator.views.charts.plots import FIGURES
from tests.simulator.guide.walk import Walk, steps

ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
SMALL = """
from tanshi.simulator import simulate
small = dict(years={"end": 2025}, firms={"number": 40}, market={"periods_per_year": 2}, banking={"horizon": 0})
five = simulate("S1", **small) + simulate("S5", **small)
s5 = five["S5"]
"""


def text_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WRITTEN)
def test_references_are_those_of_the_program(name: str) -> None:
    assert text_of(name) == WRITTEN[name](), f"make pages PAGES={name}"


STEPS = {name: steps(text_of(name)) for name in EXECUTED if name != "gallery"}


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Walk]:
    return {name: Walk(tmp_path_factory.mktemp(name), of_page) for name, of_page in STEPS.items()}


@pytest.mark.parametrize(("name", "step"), [(name, step.title) for name, of_page in STEPS.items() for step in of_page])
def test_every_command_and_every_line_of_code_prints_what_the_page_says(
    name: str, step: str, walks: dict[str, Walk]
) -> None:
    (text,) = (one.text for one in STEPS[name] if one.title == step)
    assert walks[name].take(step) == text, f"make pages PAGES={name}"


def test_the_gallerys_code_draws_every_figure(tmp_path: Path) -> None:
    first, *others = [fence for fence in fences(text_of("gallery")) if fence.kind == "python"]
    assert "simulate" in first.body
    blocks = [fence for fence in others if fence.title]
    assert [fence.body.split("(")[0] for fence in others if not fence.title] == ["five.plot.save"]
    elsewhere = {"revenue", "price_fan"}  # S1 to S5 sell no allowances, and one seed has no bands: said on the page
    assert [block.title for block in blocks] == [name for name in FIGURES if name not in elsewhere]
    assert all(f"`{name}`" in text_of("gallery") for name in elsewhere)
    code = "".join(block.body.replace("2030", "2025") for block in blocks)
    done = subprocess.run([sys.executable, "-c", SMALL + code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for block in blocks:
        assert f"(images/gallery/{block.title}.png)" in text_of("gallery")
        assert (GALLERY / f"{block.title}.png").read_bytes().startswith(b"\x89PNG")


def test_every_status_of_a_field_is_explained() -> None:
    assert set(STATUSES) == set(get_args(Status))


def test_every_command_of_the_program_is_in_the_reference() -> None:
    from typer.testing import CliRunner

    from tanshi.simulator.cli.app import app

    listed = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    names = set(re.findall(r"^\W*([a-z]+) {2,}\S", listed, re.MULTILINE))
    names -= {"help", "lang", "version"}
    assert {"run", "sweep", "report"} <= names
    page = text_of("commands")
    assert all(f"## {name}" in page for name in names)


def test_options_of_the_reference_are_those_of_the_help() -> None:
    from typer.testing import CliRunner

    from tanshi.simulator.cli.app import app

    section = text_of("commands").split("## run\n")[1].split("\n## ")[0]
    shown = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    told = set(re.findall(r"`(--[a-z-]+)|<code>(--[a-z-]+)", section))
    assert {one or two for one, two in told} == set(re.findall(r"(--[a-z-]+) ", shown)) - {"--help"}


def test_the_code_named_beside_an_equation_is_there() -> None:
    """``run/coupling.agree``: a file that ends so, and in it something of that name."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+)\.([A-Za-z_][\w.]*)`", text_of("model"))
    assert len(named) > 50
    for module, name in named:
        texts = [path.read_text("utf-8") for path in files if path.as_posix().endswith(f"/{module}.py")]
        made = r"" if name == "py" else rf"(?m)^\s*(?:def|class) {name.split('.')[-1]}\b"
        assert any(re.search(made, text) for text in texts), f"{module}.{name}"


def test_pages_by_an_unknown_name_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tutorail"]) == 2
    assert "tutorial" in capsys.readouterr().err


def test_the_guide_asks_no_other_machine_for_anything() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings
    assert "http" not in settings
