"""Folders and files whose names have spaces, Chinese and signs: runs, reports and questions work there as anywhere."""

from __future__ import annotations

import os
from pathlib import Path

from tanshi.scenarios.load import load_scenario, load_scenarios
from tanshi.simulator.studies.batches.batch import run_batch
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.query import query
from tanshi.simulator.views.dashboard.folder import open_batch
from tanshi.simulator.views.dashboard.tables import Tables
from tests.attack.attempt import Case, Defect
from tests.attack.room import TINY
from tests.attack.terminals import said_by

SIGNS = "ab 碳市é'#%&+,;=@[]{}()$!~^`.-_ÅЖ日本\u202f\U0001f600"
"""Signs that both Linux and Windows let stand in a name."""


def attack(case: Case) -> None:
    """A run in an oddly named place, from an oddly named file, and everything that reads it."""
    dice = case.dice
    name = "".join(dice.choice(SIGNS) for _ in range(dice.randrange(1, 20))).strip(" .") or "x"
    place = case.folder / name / "results out"
    place.parent.mkdir()
    case.tried = repr(name)
    file = place.parent / f"{name}.yaml"
    file.write_text("extends: S5\nname: mine\ntitle: 我的\n", encoding="utf-8")
    here = Path.cwd()
    if dice.random() < 0.3:
        os.chdir(place.parent)
        file = Path(file.name)
        place = Path(place.name)
    try:
        if load_scenario(file).title != "我的":
            raise Defect("another file was read")
        done = run_batch(load_scenarios([file], TINY), place, workers=1)
        if done.failed or len(query(place, "select distinct run from annual")) != 1:
            raise Defect("the run is not there")
        compact(place)
        if len(query(place, "select run from runs")) != 1 or Tables().bands(open_batch(place)).empty:
            raise Defect("the gathered run is not there")
        if dice.random() < 0.05:
            code, said = said_by(["report", str(place)], "utf-8")
            if code or not (place / "report.html").is_file():
                raise Defect(said[:300])
    finally:
        os.chdir(here)
